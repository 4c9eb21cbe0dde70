package scim

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
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
	store   Store
	auth    Authenticator
	types   []*ResourceType
	base    *url.URL // "" host: derived from the request
	baseURL string   // base as text
	limits  Limits
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
		store: store, auth: auth, types: slices.Clone(opts.Types), base: base, baseURL: base.String(), limits: opts.Limits.withDefaults(),
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
	path string // below the base URL

	// The absolute base URL for locations: a scheme with "://" and a host, or
	// all of a configured one in the first, and the path.
	scheme, host, basePath string

	failed  Kind // of the error that was answered
	ctx     subjectContext
	headers [6]string // values of the answer's header fields
	used    int       // of headers
	mask    *mask     // of the answer
	in      task      // of a write that is a request of its own
	out     rendering
	small   [2048]byte // an answer that fits leaves in one write
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
	c.ctx = subjectContext{c.r.Context(), subject}
	c.r = c.r.WithContext(&c.ctx)
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
		c.scheme = c.baseURL
		return
	}
	c.scheme, c.host, c.basePath = "http://", c.r.Host, c.Server.base.Path
	if c.r.TLS != nil {
		c.scheme = "https://"
	}
}

// absoluteBase returns the absolute base URL for locations.
func (c *call) absoluteBase() string { return c.scheme + c.host + c.basePath }

// route finds the endpoint and the method.
func (c *call) route() error {
	endpoint, id, _ := strings.Cut(strings.TrimPrefix(c.path, "/"), "/")
	for _, t := range c.types {
		if !strings.EqualFold(endpoint, t.endpoint[1:]) || strings.Contains(id, "/") {
			continue
		}
		if err := c.checkContentType(); err != nil {
			return err
		}
		switch id {
		case "":
			return c.collection(t)
		case ".search":
			return c.searchOnly(t)
		}
		return c.resource(Ref{t, id})
	}
	if body, ok := c.discovery[foldASCII(c.path)]; ok || strings.HasPrefix(foldASCII(c.path), "/schemas/") || strings.HasPrefix(foldASCII(c.path), "/resourcetypes/") {
		return c.discover(body, ok)
	}
	if err := c.checkContentType(); err != nil {
		return err
	}
	switch foldASCII(c.path) {
	case "":
		all := func() error { return c.list(c.types...) }
		return c.methods(map[string]func() error{http.MethodGet: all, http.MethodHead: all})
	case "/.search":
		return c.searchOnly(c.types...)
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

func (c *call) searchOnly(types ...*ResourceType) error {
	if c.r.Method != http.MethodPost {
		return c.otherMethod(http.MethodPost)
	}
	return c.search(types...)
}

func (c *call) collection(t *ResourceType) error {
	switch c.r.Method {
	case http.MethodGet, http.MethodHead:
		return c.list(t)
	case http.MethodPost:
		return c.write(Ref{t, ""})
	}
	return c.otherMethod(http.MethodGet, http.MethodHead, http.MethodPost)
}

func (c *call) resource(ref Ref) error {
	switch c.r.Method {
	case http.MethodGet, http.MethodHead:
		return c.get(ref)
	case http.MethodPut, http.MethodPatch, http.MethodDelete:
		return c.write(ref)
	}
	return c.otherMethod(http.MethodGet, http.MethodHead, http.MethodPut, http.MethodPatch, http.MethodDelete)
}

func (c *call) methods(m map[string]func() error) error {
	if do, ok := m[c.r.Method]; ok {
		return do()
	}
	return c.otherMethod(slices.Collect(maps.Keys(m))...)
}

// otherMethod answers a method that is none of an endpoint's.
func (c *call) otherMethod(allowed ...string) error {
	allowed = append(allowed, http.MethodOptions)
	slices.Sort(allowed)
	c.w.Header().Set("Allow", strings.Join(allowed, ", "))
	if c.r.Method == http.MethodOptions {
		c.w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return &Error{Kind: KindMethodNotAllowed}
}

// checkContentType refuses a body that says it is not JSON.
func (c *call) checkContentType() error {
	if c.r.Method != http.MethodPut && c.r.Method != http.MethodPost && c.r.Method != http.MethodPatch {
		return nil
	}
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
	if c.r.ContentLength > limit {
		return nil, tooLarge(limit)
	}
	data, err := readBody(c.r.Body, c.r.ContentLength, limit)
	switch {
	case err == nil && int64(len(data)) <= limit:
		return data, nil
	case int64(len(data)) > limit || isTooLarge(err):
		return nil, tooLarge(limit)
	default:
		return nil, &Error{Kind: KindInvalidSyntax, Detail: "the body ended early"}
	}
}

func tooLarge(limit int64) error {
	return &Error{Kind: KindTooLarge, Detail: fmt.Sprintf("the body is larger than the service provider's maxPayloadSize (%d bytes)", limit)}
}

// isTooLarge reports whether a reader around this server had enough.
func isTooLarge(err error) bool {
	var outer *http.MaxBytesError
	return errors.As(err, &outer)
}

// readBody reads a body up to one byte more than the limit. What a client
// announces is believed in part: memory is used as bytes come.
func readBody(body io.Reader, announced, limit int64) ([]byte, error) {
	const first = 16 << 10
	data := make([]byte, 0, min(max(announced, 511), first)+1)
	for {
		n, err := body.Read(data[len(data):min(int64(cap(data)), limit+1)])
		data = data[:len(data)+n]
		switch {
		case err == io.EOF:
			return data, nil
		case err != nil || int64(len(data)) > limit:
			return data, err
		case len(data) == cap(data):
			data = slices.Grow(data, len(data))
		}
	}
}

// answer writes a body of JSON.
func (c *call) answer(status int, body ...[]byte) {
	if !c.begin(status) {
		return
	}
	for _, part := range body {
		// The client is gone if this fails; there is no one to tell.
		_, _ = c.w.Write(part)
	}
}

// begin writes the header of an answer and reports whether a body follows.
func (c *call) begin(status int) bool {
	c.header("Content-Type", "application/scim+json")
	c.header("X-Content-Type-Options", "nosniff")
	c.header("Cache-Control", "no-store")
	c.w.WriteHeader(status)
	return c.r.Method != http.MethodHead
}

// header sets a field by its canonical name. The values of one answer lie in
// one array.
func (c *call) header(name, value string) {
	if c.used == len(c.headers) {
		c.w.Header()[name] = []string{value}
		return
	}
	c.headers[c.used] = value
	c.used++
	c.w.Header()[name] = c.headers[c.used-1 : c.used : c.used]
}

// etag names the version of the resource, if its store keeps one.
func (c *call) etag(version string) {
	if version != "" {
		c.header("Etag", version)
	}
}

func (c *call) noContent() {
	c.w.WriteHeader(http.StatusNoContent)
}

// location returns the absolute URL of a resource.
func (c *call) location(t *ResourceType, id string) string {
	return c.scheme + c.host + c.basePath + t.endpoint + "/" + url.PathEscape(id)
}

// prefix returns the absolute URL of a type's resources up to the id.
func (c *call) prefix(t *ResourceType) string {
	return c.scheme + c.host + c.basePath + t.endpoint + "/"
}

// surroundings returns what an answer adds to resources of a type, some of
// which have links or owners.
func (c *call) surroundings(t *ResourceType, linked bool) surroundings {
	s := surroundings{prefix: c.prefix(t)}
	if linked {
		s.refs = make([]prefix, 0, len(c.types))
		for _, t := range c.types {
			s.refs = append(s.refs, prefix{t.name, c.prefix(t)})
		}
	}
	return s
}
