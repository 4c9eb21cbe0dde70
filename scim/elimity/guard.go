package elimity

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"

	elimity "github.com/elimity-com/scim"
	elimityerrors "github.com/elimity-com/scim/errors"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/zohoscim/zohoscim/scim"
	"github.com/zohoscim/zohoscim/scim/filter"
)

// GuardOptions are the optional settings of a [Guard].
type GuardOptions struct {
	// BodyBytes is the longest body that is read; more is answered with 413.
	// 0 is 1 MiB.
	BodyBytes int64

	// Filter bounds filters; what is longer or deeper is answered with 400. Nil
	// is that package's defaults.
	Filter *filter.Options

	// Logger gets panics of the server and its handlers, without bodies or
	// query strings. Nil is silent.
	Logger *slog.Logger
}

// Guard is elimity's server with what it leaves to its users: every request
// is authenticated, bodies and filters are bounded, a body must be one strict
// JSON text, a panic is answered with 500, and the maps of handlers are
// copied, so that handlers need not be safe for concurrent use. It is for
// services that keep that server. The subject is in the context of the
// requests that handlers get.
type Guard struct {
	next http.Handler
	auth scim.Authenticator
	o    GuardOptions
	// types are compiled on this side too, to refuse filters that would make
	// elimity's validator panic.
	types []*scim.ResourceType
}

// NewGuard returns a guarded elimity server.
func NewGuard(args *elimity.ServerArgs, auth scim.Authenticator, o *GuardOptions, opts ...elimity.ServerOption) (*Guard, error) {
	if args == nil || auth == nil {
		return nil, &scim.Error{Kind: scim.KindInvalidOption, Detail: "give the server's arguments and an authenticator"}
	}
	g := &Guard{auth: auth}
	if o != nil {
		g.o = *o
	}
	if g.o.BodyBytes <= 0 {
		g.o.BodyBytes = 1 << 20
	}
	own := *args
	own.ResourceTypes = nil
	mu := &sync.RWMutex{}
	for _, t := range args.ResourceTypes {
		ours, err := ResourceType(t)
		if err != nil {
			return nil, err
		}
		g.types = append(g.types, ours)
		if t.Handler != nil {
			t.Handler = handler{t.Handler, mu, g.log}
		}
		own.ResourceTypes = append(own.ResourceTypes, t)
	}
	server, err := elimity.NewServer(&own, opts...)
	if err != nil {
		return nil, scim.NewError(scim.KindInvalidOption, "the arguments do not make a server", err)
	}
	g.next = server
	return g, nil
}

// ServeHTTP implements [http.Handler].
func (g *Guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	subject, err := g.auth.Authenticate(r)
	if err != nil {
		w.Header().Set("WWW-Authenticate", "Bearer")
		fail(w, refusal(err), &scim.Error{Detail: "the credentials are missing or cannot be checked"})
		return
	}
	if err := g.checkFilter(r); err != nil {
		fail(w, http.StatusBadRequest, err)
		return
	}
	body, err := g.body(w, r)
	if err != nil {
		status := http.StatusBadRequest
		if errors.Is(err, scim.ErrTooLarge) {
			status = http.StatusRequestEntityTooLarge
		}
		fail(w, status, err)
		return
	}
	r = r.WithContext(scim.WithSubject(r.Context(), subject))
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	out := &recorder{}
	err = guard(func() error { g.next.ServeHTTP(out, r); return nil })
	if err == nil && out.status == 0 {
		out.status = http.StatusOK
	}
	if err != nil {
		g.log(r, err)
		fail(w, http.StatusInternalServerError, &scim.Error{Detail: "internal error"})
		return
	}
	for name, values := range out.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(out.status)
	_, _ = w.Write(out.body.Bytes()) // the client has gone, and nobody else can be told
}

func (g *Guard) log(r *http.Request, err error) {
	if g.o.Logger != nil {
		g.o.Logger.ErrorContext(r.Context(), "scim: elimity's server failed", "method", r.Method, "error", err)
	}
}

// refusal is the status of a request that is not authenticated.
func refusal(err error) int {
	switch {
	case errors.Is(err, scim.ErrUnavailable):
		return http.StatusServiceUnavailable
	case errors.Is(err, scim.ErrRateLimited):
		return http.StatusTooManyRequests
	}
	return http.StatusUnauthorized
}

// checkFilter refuses filters that are too large, and those that a resource
// type does not have.
func (g *Guard) checkFilter(r *http.Request) error {
	text := r.URL.Query().Get("filter")
	if strings.TrimSpace(text) == "" {
		return nil
	}
	e, err := filter.Parse(text, g.o.Filter)
	if err != nil {
		return scim.NewError(scim.KindInvalidFilter, err.Error(), err)
	}
	for _, t := range g.types {
		if strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/v2"), "/") == t.Endpoint() {
			_, err := t.CompileFilter(e)
			return err
		}
	}
	return nil
}

// body reads a body that is bounded and, if there is one, strict JSON.
func (g *Guard) body(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, g.o.BodyBytes))
	var tooLong *http.MaxBytesError
	switch {
	case errors.As(err, &tooLong):
		return nil, &scim.Error{Kind: scim.KindTooLarge, Detail: "the body is longer than " + strconv.FormatInt(g.o.BodyBytes, 10) + " bytes"}
	case err != nil:
		return nil, scim.NewError(scim.KindInvalidSyntax, "the body could not be read to its end", err)
	case len(data) > 0 && !jsontext.Value(data).IsValid():
		return nil, &scim.Error{Kind: scim.KindInvalidSyntax, Detail: "the body is not one strict JSON text: no name twice, all of it UTF-8"}
	}
	return data, nil
}

// fail answers with an error (RFC 7644 section 3.12).
func fail(w http.ResponseWriter, status int, err error) {
	var e *scim.Error
	if !errors.As(err, &e) {
		e = &scim.Error{Detail: http.StatusText(status)}
	}
	detail := e.Detail
	if e.Path != "" {
		detail = e.Path + ": " + detail
	}
	raw, err := json.Marshal(elimityerrors.ScimError{ScimType: elimityerrors.ScimType(e.ScimType()), Detail: detail, Status: status})
	if err != nil {
		http.Error(w, http.StatusText(status), status)
		return
	}
	w.Header().Set("Content-Type", "application/scim+json")
	w.WriteHeader(status)
	_, _ = w.Write(raw) // the client has gone, and nobody else can be told
}
