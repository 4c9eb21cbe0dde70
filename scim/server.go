package scim

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// Server is a SCIM service provider (RFC 7644) as an [http.Handler]. It owns
// the protocol; resources are kept by a [Store]. It is safe for concurrent
// use.
type Server struct {
	store  Store
	auth   Authenticator
	types  []*ResourceType
	base   *url.URL // "" host: derived from the request
	limits Limits
	profile
	hooks     Hooks
	observer  Observer
	cursors   *cursorBox // nil: pages by index only
	log       *slog.Logger
	discovery map[string][]byte // static documents by path
}

// ServerOptions are the optional settings of a [Server].
type ServerOptions struct {
	// Types are the resource types served; nil is [UserType] and [GroupType].
	Types []*ResourceType

	// BaseURL is where the server is reached from outside, such as
	// "https://example.com/scim/v2", or only its path, "/scim/v2", if the
	// host of each request is the right one for locations. Its path is cut
	// from requests that have it, so that the server can be mounted with or
	// without [http.StripPrefix].
	BaseURL string

	// Limits bound what a request can cost.
	Limits Limits

	// Strict takes RFC 7644 at its word and refuses what provisioning
	// clients are known to send instead: "False" for a boolean, capital
	// operations, unquoted filter values, messages without schemas.
	Strict bool

	// RefuseUnknown answers an attribute that no schema names with an error.
	// By default it is dropped, on POST, PUT and PATCH alike.
	RefuseUnknown bool

	// CanonicalOnly refuses a text that is none of its attribute's
	// canonicalValues (RFC 7643 section 7). By default they are suggestions:
	// Entra compares what it sent with what it gets, and sends types of its own.
	CanonicalOnly bool

	// Hooks are called around each write.
	Hooks Hooks

	// Observer is told of each request; nil for nobody.
	Observer Observer

	// CursorKeys protect the cursors of RFC 9865, each of 16 random bytes or
	// more: the first one makes them, all read them, so that a key can be
	// replaced. Servers that answer for one another share them. Without one a
	// random key is made here, and a cursor is good for this Server alone.
	CursorKeys []Secret

	// CursorTimeout is how long a cursor is good for; 0 is an hour. If it is
	// negative there are no cursors: for a [Store] without [Query.Cursor].
	CursorTimeout time.Duration

	// Logger gets faults of the server and its store, with ids and without
	// attribute values, credentials or query strings, and each request at
	// debug level, as an [Observer] sees it. Nil is silent.
	Logger *slog.Logger
}

// NewServer returns a service provider over a store. Both arguments are
// required: there is no server without an authenticator. Nil options are the
// defaults.
func NewServer(store Store, auth Authenticator, o *ServerOptions) (*Server, error) {
	var opts ServerOptions
	if o != nil {
		opts = *o
	}
	if store == nil || auth == nil {
		return nil, &Error{Kind: KindInvalidOption, Detail: "a server needs a store and an authenticator"}
	}
	base, err := url.Parse(strings.TrimRight(opts.BaseURL, "/"))
	if err != nil || base.RawQuery != "" || base.Fragment != "" || base.User != nil ||
		(base.Host == "") != (base.Scheme == "") || base.Path != "" && base.Path[0] != '/' {
		return nil, &Error{Kind: KindInvalidOption, Path: "BaseURL", Detail: "give an absolute URL or a path that begins with a slash, without query"}
	}
	s := &Server{
		store: store, auth: auth, types: slices.Clone(opts.Types), base: base, limits: opts.Limits.withDefaults(),
		profile: profile{!opts.Strict, opts.RefuseUnknown, opts.CanonicalOnly}, hooks: opts.Hooks, observer: opts.Observer, log: opts.Logger,
	}
	if s.types == nil {
		s.types = []*ResourceType{UserType(), GroupType()}
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if err := s.checkTypes(); err != nil {
		return nil, err
	}
	if s.cursors, err = newCursorBox(opts.CursorKeys, opts.CursorTimeout); err != nil {
		return nil, err
	}
	return s, s.describe()
}

func (s *Server) checkTypes() error {
	seen := map[string]bool{}
	for _, t := range s.types {
		if t == nil || seen[t.name] || seen[foldASCII(t.endpoint)] {
			return &Error{Kind: KindInvalidOption, Path: "Types", Detail: "a resource type is nil or there twice"}
		}
		seen[t.name], seen[foldASCII(t.endpoint)] = true, true
	}
	return nil
}

// call is one request on its way through the server.
type call struct {
	*Server
	w    http.ResponseWriter
	r    *http.Request
	base string // absolute base URL for locations
	path string // below the base URL

	failed Kind // of the error that was answered
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{Server: s, w: w, r: r}
	c.locate()
	defer c.observe()()
	defer c.recover()
	subject, err := s.auth.Authenticate(c.r)
	if err != nil {
		c.refuseCaller(err)
		return
	}
	c.r = c.r.WithContext(WithSubject(c.r.Context(), subject))
	if err := c.route(); err != nil {
		c.fail(err)
	}
}

// refuseCaller answers a request that was not authenticated. What the
// authenticator says about it stays on this side.
func (c *call) refuseCaller(err error) {
	var e *Error
	if errors.As(err, &e) && (e.Kind == KindUnavailable || e.Kind == KindRateLimited) {
		c.fail(&Error{Kind: e.Kind, RetryAfter: e.RetryAfter, cause: err})
		return
	}
	challenge := `Bearer realm="scim"`
	if c.r.Header.Get("Authorization") != "" {
		challenge += `, error="invalid_token"` // RFC 6750 section 3.1
	}
	c.w.Header().Set("WWW-Authenticate", challenge)
	c.fail(&Error{Kind: KindUnauthorized, cause: err})
}

// recover answers 500 for a panic of a store or hook. The request's
// goroutine must not take the process with it.
func (c *call) recover() {
	p := recover()
	if p == nil {
		return
	}
	if p == http.ErrAbortHandler {
		panic(p) // net/http's own way to end a request
	}
	c.log.ErrorContext(c.r.Context(), "scim: panic while answering", "method", c.r.Method, "stack", string(debug.Stack()))
	c.fail(&Error{Kind: KindInternal})
}

// locate finds the request's path below the base URL and the base URL itself.
func (c *call) locate() {
	c.path = c.r.URL.Path
	if below, ok := strings.CutPrefix(c.path, c.Server.base.Path); ok && (below == "" || below[0] == '/') {
		c.path = below
	}
	c.path = strings.TrimSuffix(c.path, "/")
	if c.Server.base.Host != "" {
		c.base = c.Server.base.String()
		return
	}
	scheme := "http"
	if c.r.TLS != nil {
		scheme = "https"
	}
	c.base = scheme + "://" + c.r.Host + c.Server.base.Path
}

// route finds the endpoint and the method.
func (c *call) route() error {
	if body, ok := c.discovery[foldASCII(c.path)]; ok || strings.HasPrefix(foldASCII(c.path), "/schemas/") || strings.HasPrefix(foldASCII(c.path), "/resourcetypes/") {
		return c.discover(body, ok)
	}
	if c.r.Method == http.MethodPut || c.r.Method == http.MethodPost || c.r.Method == http.MethodPatch {
		if err := c.checkContentType(); err != nil {
			return err
		}
	}
	endpoint, id, _ := strings.Cut(strings.TrimPrefix(c.path, "/"), "/")
	for _, t := range c.types {
		if !strings.EqualFold("/"+endpoint, t.endpoint) {
			continue
		}
		switch {
		case id == "":
			return c.collection(t)
		case id == ".search":
			return c.methods(map[string]func() error{http.MethodPost: func() error { return c.search(t) }})
		case !strings.Contains(id, "/"):
			return c.resource(Ref{t, id})
		}
	}
	switch foldASCII(c.path) {
	case "":
		all := func() error { return c.list(c.types...) }
		return c.methods(map[string]func() error{http.MethodGet: all, http.MethodHead: all})
	case "/.search":
		return c.methods(map[string]func() error{http.MethodPost: func() error { return c.search(c.types...) }})
	case "/me":
		return c.me()
	case "/bulk":
		if c.limits.BulkOperations < 0 {
			return &Error{Kind: KindUnknown, Status: http.StatusNotImplemented, Detail: "this service provider has no bulk requests; see /ServiceProviderConfig"}
		}
		return c.methods(map[string]func() error{http.MethodPost: c.bulk})
	}
	return &Error{Kind: KindNotFound, Detail: "there is no such endpoint; see /ResourceTypes"}
}

func (c *call) collection(t *ResourceType) error {
	list := func() error { return c.list(t) }
	return c.methods(map[string]func() error{
		http.MethodGet: list, http.MethodHead: list,
		http.MethodPost: func() error { return c.write(Ref{t, ""}) },
	})
}

func (c *call) resource(ref Ref) error {
	get := func() error { return c.get(ref) }
	write := func() error { return c.write(ref) }
	return c.methods(map[string]func() error{
		http.MethodGet: get, http.MethodHead: get,
		http.MethodPut: write, http.MethodPatch: write, http.MethodDelete: write,
	})
}

func (c *call) methods(m map[string]func() error) error {
	if do, ok := m[c.r.Method]; ok {
		return do()
	}
	allowed := []string{http.MethodOptions}
	for method := range m {
		allowed = append(allowed, method)
	}
	slices.Sort(allowed)
	c.w.Header().Set("Allow", strings.Join(allowed, ", "))
	if c.r.Method == http.MethodOptions {
		c.w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return &Error{Kind: KindMethodNotAllowed}
}

func (c *call) checkContentType() error {
	kind, _, _ := strings.Cut(c.r.Header.Get("Content-Type"), ";")
	switch strings.ToLower(strings.TrimSpace(kind)) {
	case "application/scim+json", "application/json", "text/json", "":
		return nil
	}
	return &Error{Kind: KindInvalidSyntax, Status: http.StatusUnsupportedMediaType, Path: "Content-Type", Detail: "send application/scim+json"}
}

// body reads the request's body up to the limit.
func (c *call) body() ([]byte, error) {
	limit := c.limits.BodyBytes
	tooLarge := &Error{Kind: KindTooLarge, Detail: fmt.Sprintf("the body is larger than the service provider's maxPayloadSize (%d bytes)", limit)}
	if c.r.ContentLength > limit {
		return nil, tooLarge
	}
	data, err := io.ReadAll(io.LimitReader(c.r.Body, limit+1))
	var outer *http.MaxBytesError
	switch {
	case int64(len(data)) > limit || errors.As(err, &outer):
		return nil, tooLarge
	case err != nil:
		return nil, &Error{Kind: KindInvalidSyntax, Detail: "the body ended early"}
	}
	return data, nil
}

// answer writes a body of JSON.
func (c *call) answer(status int, body []byte) {
	h := c.w.Header()
	h.Set("Content-Type", "application/scim+json")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	c.w.WriteHeader(status)
	if c.r.Method != http.MethodHead {
		// The client is gone if this fails; there is no one to tell.
		_, _ = c.w.Write(body)
	}
}

// etag names the version of the resource, if its store keeps one.
func (c *call) etag(version string) {
	if version != "" {
		c.w.Header().Set("ETag", version)
	}
}

func (c *call) noContent() {
	c.w.WriteHeader(http.StatusNoContent)
}

// reference returns the absolute URL of what a link refers to, "" if its
// type is not one of this service provider's.
func (c *call) reference(l Link) string {
	for _, t := range c.types {
		if t.name == l.Type {
			return c.location(t, l.Value)
		}
	}
	return ""
}

// location returns the absolute URL of a resource.
func (c *call) location(t *ResourceType, id string) string {
	return c.base + t.endpoint + "/" + url.PathEscape(id)
}
