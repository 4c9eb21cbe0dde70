package zohoauth

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/zohoscim/zohoscim/datacenter"
)

// Handler is the redirect URL of a web service: mount it there, and mount
// [Handler.Start] where an administrator begins. It binds each consent to the
// browser that started it by a cookie, checks the callback as
// [Flow.HandleSessionCallback] does, hands the token over, and answers with a
// small page in English or Japanese. The page loads nothing from elsewhere, runs
// no script, and shows no part of the request.
//
// A consent that [Flow.Start] began without a session, as a command line program
// does for its one user, is bound to no browser and finishes here as well.
//
// It never redirects but to the consent page at Zoho, which only Start does. Who
// may begin a consent is the service's own decision: put its authentication
// before Start. It is safe for concurrent use.
type Handler struct {
	flow    *Flow
	deliver func(ctx context.Context, t *Token) error
	opts    HandlerOptions
	cookie  string
	secure  bool
	path    string // of the redirect URL
}

// HandlerOptions are the choices of [NewHandler]. Nil or zero means the defaults.
type HandlerOptions struct {
	// DC is where consent starts, as in [Flow.Start]: zero is datacenter.US for
	// users of any data center but China's.
	DC datacenter.DC

	// AnyDC is that of StartOptions.
	AnyDC bool

	// Return is a path of the service, such as "/settings", that the page links
	// to. It is fixed, and never taken from a request. Empty: no link.
	Return string

	// OnFailure is called with the error of each consent that did not work,
	// before the page is sent. Most are a user's: see [ErrState] and
	// [ErrAccessDenied].
	OnFailure func(ctx context.Context, err error)
}

// NewHandler returns a Handler that finishes the consents of flow and calls
// deliver with each token before the user sees that it worked. deliver saves the
// token, with [Config.ReplaceToken] or [SaveToken]. If it fails, the user is told
// to start again; its error is logged only.
func NewHandler(flow *Flow, deliver func(ctx context.Context, t *Token) error, o *HandlerOptions) (*Handler, error) {
	var opts HandlerOptions
	if o != nil {
		opts = *o
	}
	bad := func(detail string) (*Handler, error) {
		return nil, &Error{Kind: KindConfig, Op: "config", Detail: detail}
	}
	if flow == nil || deliver == nil {
		return bad("a Handler needs a Flow and a function that takes the token")
	}
	if !localPath(opts.Return) {
		return bad(`HandlerOptions.Return has to be a path of this service, such as "/settings"`)
	}
	u, err := url.Parse(flow.cfg.redirectURL)
	if err != nil {
		return bad("the redirect URL is not a URL")
	}
	h := &Handler{flow: flow, deliver: deliver, opts: opts, cookie: "zohoauth", secure: u.Scheme == "https", path: u.Path}
	if h.path == "" {
		h.path = "/"
	}
	if h.secure {
		// The prefix keeps other hosts of the domain from setting it (RFC 6265bis
		// section 4.1.3), at the price of the path: it has to be "/".
		h.cookie, h.path = "__Host-"+h.cookie, "/"
	}
	return h, nil
}

// localPath reports whether p is empty or a path on this host. What browsers
// read as another host, "//host" and "/\host", is not.
func localPath(p string) bool {
	if p == "" {
		return true
	}
	u, err := url.Parse(p)
	return err == nil && u.Host == "" && u.Scheme == "" && strings.HasPrefix(p, "/") &&
		!strings.HasPrefix(p, "//") && !strings.ContainsRune(p, '\\') && printable(p)
}

// Start begins a consent and redirects the browser to Zoho. It takes GET and
// POST, without parameters.
func (h *Handler) Start(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		h.refuse(w, r, http.MethodGet+", "+http.MethodPost)
		return
	}
	session := rand.Text()
	c, err := h.flow.Start(r.Context(), h.opts.DC, &StartOptions{AnyDC: h.opts.AnyDC, Session: session})
	if err != nil {
		h.fail(w, r, err)
		return
	}
	http.SetCookie(w, h.bind(session, time.Until(c.Expires)))
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	http.Redirect(w, r, c.URL, http.StatusSeeOther)
}

// bind returns the cookie of a consent: nothing but its browser has the value,
// and a page of another site can send it with a navigation only, which the
// callback is.
func (h *Handler) bind(session string, life time.Duration) *http.Cookie {
	c := &http.Cookie{
		Name: h.cookie, Value: session, Path: h.path, MaxAge: int(life / time.Second),
		HttpOnly: true, Secure: h.secure, SameSite: http.SameSiteLaxMode,
	}
	if session == "" {
		c.MaxAge = -1 // delete it
	}
	return c
}

// maxQuery bounds the query of a callback, in bytes.
const maxQuery = 8 << 10

// ServeHTTP takes the callback. Only GET is a callback.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		h.refuse(w, r, http.MethodGet)
		return
	}
	if err := h.finish(w, r); err != nil {
		h.fail(w, r, err)
		return
	}
	h.page(w, r, http.StatusOK, pageDone)
}

// finish takes the callback to its end.
func (h *Handler) finish(w http.ResponseWriter, r *http.Request) error {
	if len(r.URL.RawQuery) > maxQuery {
		return &Error{Kind: KindCallback, Op: "callback", Detail: "the query is too long"}
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return &Error{Kind: KindCallback, Op: "callback", Detail: "the query cannot be read"}
	}
	var session string
	if c, err := r.Cookie(h.cookie); err == nil {
		session = c.Value
		http.SetCookie(w, h.bind("", 0))
	}
	// A code works once: a user who closes the window must not cost the grant.
	ctx := context.WithoutCancel(r.Context())
	t, err := h.flow.HandleSessionCallback(ctx, session, query)
	if err != nil {
		return err
	}
	if err := h.deliver(ctx, t); err != nil {
		return &Error{Kind: KindStore, Op: "save", DC: t.DC, Err: err}
	}
	return nil
}

// fail answers with the page for err, and logs it.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	kind := KindUnavailable
	if e := (*Error)(nil); errors.As(err, &e) {
		kind = e.Kind
	}
	h.flow.cfg.logger.LogAttrs(r.Context(), slog.LevelWarn, "zoho consent failed", slog.String("kind", string(kind)), slog.Any("err", err))
	status, p := failure(kind)
	if h.opts.OnFailure != nil {
		h.opts.OnFailure(r.Context(), err)
	}
	h.page(w, r, status, p)
}

// refuse answers a method that has no meaning here.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, allow string) {
	w.Header().Set("Allow", allow)
	h.page(w, r, http.StatusMethodNotAllowed, pageRestart)
}
