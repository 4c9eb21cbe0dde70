package scim

import (
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/zohoscim/zohoscim/internal/httpx"
)

// Client sends requests to one service provider (RFC 7644 section 3). It is
// safe for concurrent use; make one for each service provider and keep it,
// because its connections and its budget for repetitions are shared.
//
// A request that fails is repeated as far as that cannot double its effect:
// GET, PUT, DELETE, searches and a PATCH with If-Match after lost connections,
// 429 and 5xx; POST and other PATCHes only after the service provider refused
// them with 429, or 503 with Retry-After. [Endpoint.Create] says what is done
// about a create whose answer was lost.
//
// The credential goes to the origin (scheme, host and port) of the base URL
// only. A GET follows a redirect to the same origin; every other redirect is
// an error before anything is sent there.
type Client struct {
	base      string // without a slash at the end
	userAgent string
	cred      Credential
	http      *httpx.Client
	idle      *http.Client // only to close its idle connections
	profile   Profile
	state     clientState

	users  *Endpoint[*User]
	groups *Endpoint[*Group]
}

// ClientOptions are the optional parts of a [Client]. The zero value of each
// field is its default.
type ClientOptions struct {
	// Profile says how the service provider deviates from RFC 7644, such as
	// [ProfileZohoOne]. The zero Profile is the RFC.
	Profile Profile

	// HTTPClient sends each attempt; its Timeout is for one attempt with its
	// body. It is copied, not changed. It must not repeat requests itself:
	// a POST that it sends twice can make two users, and its attempts
	// multiply with MaxAttempts. Nil means a client with timeouts of
	// 5 s to connect, 5 s for TLS, 30 s for the header and 60 s in total.
	HTTPClient *http.Client

	// UserAgent is sent in each request; "" is "zohoscim".
	UserAgent string

	// MaxAttempts is how often a request is sent at most; 0 is 4.
	MaxAttempts int

	// MaxRetryAfter is the longest Retry-After that is waited for; 0 is
	// 10 minutes. A longer one ends the request with [ErrRateLimited] or
	// [ErrUnavailable], and [Error.RetryAfter] says how long it is.
	MaxRetryAfter time.Duration

	// MaxResponseBytes bounds the size of an answer; 0 is 64 MiB.
	MaxResponseBytes int64

	// Logger gets a record for each repetition, without query strings,
	// credentials and attribute values. Nil is silent.
	Logger *slog.Logger
}

// NewClient returns a client for the service provider at a base URL, such as
// "https://example.com/scim/v2", to which the endpoints of the resource types
// are appended. The base URL is https; http is taken for a loopback host
// only, because the credential is sent in the clear. It has no user
// information, query or fragment. Nothing is sent before the first request.
func NewClient(baseURL string, cred Credential, o *ClientOptions) (*Client, error) {
	var opts ClientOptions
	if o != nil {
		opts = *o
	}
	base, err := clientBase(baseURL)
	if err != nil {
		return nil, &Error{Kind: KindInvalidOption, Path: "baseURL", Detail: err.Error()}
	}
	if cred == nil {
		return nil, &Error{Kind: KindInvalidOption, Path: "cred", Detail: "a client needs a credential"}
	}
	if err := cred.check(); err != nil {
		return nil, &Error{Kind: KindInvalidOption, Path: "cred", Detail: err.Error()}
	}
	if strings.ContainsFunc(opts.UserAgent, clientControl) {
		return nil, &Error{Kind: KindInvalidOption, Path: "UserAgent", Detail: "the user agent has a control character"}
	}
	c := &Client{base: base.String(), userAgent: opts.UserAgent, cred: cred}
	if c.userAgent == "" {
		c.userAgent = "zohoscim"
	}
	if c.profile, err = opts.Profile.check(); err != nil {
		return nil, err
	}
	c.state = clientState{turn: make(chan struct{}, 1), rooted: len(c.profile.Roots) == 0}
	if c.profile.Config != nil {
		c.state.features = configFeatures(c.profile.Config)
	}
	if err := c.connect(base, &opts); err != nil {
		return nil, err
	}
	c.users = newEndpoint(c, UserType(), newUserView, (*User).Resource)
	c.groups = newEndpoint(c, GroupType(), newGroupView, (*Group).Resource)
	return c, nil
}

// connect makes what sends the requests.
func (c *Client) connect(base *url.URL, o *ClientOptions) (err error) {
	c.idle = clientHTTP(o.HTTPClient)
	sender := *c.idle
	sender.Transport = &clientTransport{base: c.idle.Transport, cred: c.cred, scheme: base.Scheme, host: base.Host}
	c.http, err = httpx.New(&httpx.Options{
		Client: &sender, MaxAttempts: o.MaxAttempts, MaxRetryAfter: o.MaxRetryAfter,
		MaxResponseBytes: o.MaxResponseBytes, Rate: c.profile.RequestsPerSecond, Logger: o.Logger,
	})
	if err != nil {
		return &Error{Kind: KindInvalidOption, Detail: "an option is out of range", cause: err}
	}
	return nil
}

// Users returns the endpoint of users (RFC 7643 section 4.1) as the typed
// view [User].
func (c *Client) Users() *Endpoint[*User] { return c.users }

// Groups returns the endpoint of groups (RFC 7643 section 4.2) as the typed
// view [Group].
func (c *Client) Groups() *Endpoint[*Group] { return c.groups }

// Resources returns the endpoint of a resource type, such as one with
// extensions of the service provider's own. Keep it: it is compiled at each
// call.
func (c *Client) Resources(t *ResourceType) *Endpoint[*Resource] {
	same := func(r *Resource) (*Resource, error) {
		if r == nil {
			return nil, &Error{Kind: KindInvalidValue, Detail: "the resource is nil", unsent: true}
		}
		return r, nil
	}
	return newEndpoint(c, t, same, same)
}

// CloseIdleConnections closes connections that are kept for later requests.
// With [ClientOptions.HTTPClient] these are that client's.
func (c *Client) CloseIdleConnections() {
	if c.idle != nil {
		c.idle.CloseIdleConnections()
	}
}

// clientBase checks a base URL. Its errors do not quote it: it may hold a
// password or a token.
func clientBase(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return nil, errors.New("the base URL is malformed")
	case u.User != nil:
		return nil, errors.New("the base URL has user information: give it as the credential")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.HasSuffix(s, "#"):
		return nil, errors.New("the base URL has a query or a fragment")
	case u.Hostname() == "" || u.Opaque != "":
		return nil, errors.New("the base URL has no host: write it as https://example.com/scim/v2")
	case u.Scheme == "http" && !clientLoopback(u.Hostname()):
		return nil, errors.New("the base URL is http, which would show the credential to the network: use https")
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, errors.New("the base URL is not https")
	}
	path := strings.TrimRight(u.EscapedPath(), "/")
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "." || segment == ".." {
			return nil, errors.New("the path of the base URL has a dot segment")
		}
	}
	return url.Parse(u.Scheme + "://" + u.Host + path)
}

func clientLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsLoopback()
}
