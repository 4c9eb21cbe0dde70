package zohoauth

import (
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/oauth2"
)

// The schemes of the Authorization field that Zoho's services take.
const (
	// SchemeBearer is that of RFC 6750, which Zoho One's SCIM endpoint takes.
	SchemeBearer = "Bearer"
	// SchemeZoho is the one in the documents of Zoho's product APIs.
	SchemeZoho = "Zoho-oauthtoken"
)

// ClientOptions are the choices of [NewClient]. Nil or zero means the defaults.
type ClientOptions struct {
	// Scheme stands before the token: SchemeBearer (the default) or SchemeZoho.
	Scheme string

	// Origins are where the token may go, such as "https://one.zoho.jp". Nil
	// means the API domain of the token and nothing else.
	Origins []string

	// HTTPClient sends the requests; nil means one that gives a request a
	// minute. It is copied.
	HTTPClient *http.Client
}

// NewClient returns an HTTP client that puts the tokens of ts into its requests.
//
// A request to another origin than those of the options fails with
// [ErrForeignHost] before anything is sent, a redirect to one as well. After a
// 401 the token is given up ([TokenSource.Invalidate]) and the request repeated
// once, with another token, if that is safe: for GET, HEAD, OPTIONS, PUT and
// DELETE whose body, if any, can be read again. Other 401s come back as they are,
// and the next request has a new token.
func NewClient(ts *TokenSource, o *ClientOptions) (*http.Client, error) {
	var opts ClientOptions
	if o != nil {
		opts = *o
	}
	bad := func(detail string) (*http.Client, error) {
		return nil, &Error{Kind: KindConfig, Op: "config", Detail: detail}
	}
	if ts == nil {
		return bad("a client needs a TokenSource")
	}
	switch opts.Scheme {
	case "":
		opts.Scheme = SchemeBearer
	case SchemeBearer, SchemeZoho:
	default:
		return bad("Scheme is SchemeBearer or SchemeZoho")
	}
	t := &transport{source: ts, scheme: opts.Scheme}
	for _, raw := range opts.Origins {
		u, err := url.Parse(raw)
		if err != nil || origin(u) == "" || strings.TrimSuffix(raw, "/") != u.Scheme+"://"+u.Host {
			return bad("Origins are a scheme and a host each, https or loopback, without a path")
		}
		t.origins = append(t.origins, origin(u))
	}
	hc := &http.Client{Timeout: requestTimeout}
	if opts.HTTPClient != nil {
		c := *opts.HTTPClient
		hc = &c
	}
	if t.base = hc.Transport; t.base == nil {
		t.base = http.DefaultTransport
	}
	hc.Transport = t
	return hc, nil
}

// transport authorizes requests.
type transport struct {
	base    http.RoundTripper
	source  *TokenSource
	scheme  string
	origins []string // nil: the token's API domain
}

// RoundTrip implements [http.RoundTripper].
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	tok, err := t.token(r)
	if err != nil {
		closeBody(r)
		return nil, err
	}
	resp, err := t.base.RoundTrip(t.authorized(r, r.Body, tok))
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		return resp, err
	}
	t.source.Invalidate(tok.AccessToken)
	body, ok := again(r)
	if !ok {
		return resp, nil
	}
	next, err := t.token(r)
	if err != nil || next.AccessToken == tok.AccessToken {
		if body != nil {
			_ = body.Close() // it was not read
		}
		return resp, nil // the 401 says more than the failure to get another token
	}
	// The connection can be used again if little is left.
	_, _ = io.CopyN(io.Discard, resp.Body, 4<<10)
	_ = resp.Body.Close()
	return t.base.RoundTrip(t.authorized(r, body, next))
}

// token returns the token for r, if it may go where r goes.
func (t *transport) token(r *http.Request) (*oauth2.Token, error) {
	to := origin(r.URL)
	if t.origins != nil && !slices.Contains(t.origins, to) {
		return nil, foreign()
	}
	tok, err := t.source.TokenContext(r.Context())
	if err != nil || t.origins != nil {
		return tok, err
	}
	api, _ := tok.Extra("api_domain").(string)
	u, err := url.Parse(api)
	if err != nil || api == "" || origin(u) == "" || origin(u) != to {
		return nil, foreign()
	}
	return tok, nil
}

// foreign is the error for a request that must not see the token. It does not
// name the host: a URL may come from anywhere.
func foreign() error {
	return &Error{Kind: KindForeignHost, Op: "request", Detail: "the token is not for this origin: see ClientOptions.Origins"}
}

// authorized returns a copy of r with the token: a RoundTripper must not change
// its request.
func (t *transport) authorized(r *http.Request, body io.ReadCloser, tok *oauth2.Token) *http.Request {
	c := r.Clone(r.Context())
	c.Body = body
	c.Header.Set("Authorization", t.scheme+" "+tok.AccessToken)
	return c
}

// again returns the body for a second try of r, and whether one is safe.
func again(r *http.Request) (io.ReadCloser, bool) {
	switch r.Method {
	case "", http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPut, http.MethodDelete:
	default:
		return nil, false
	}
	if r.Body == nil || r.Body == http.NoBody {
		return r.Body, true
	}
	if r.GetBody == nil {
		return nil, false
	}
	body, err := r.GetBody()
	return body, err == nil
}

func closeBody(r *http.Request) {
	if r.Body != nil {
		_ = r.Body.Close() // RoundTripper's duty; there is nothing to do about an error
	}
}

// origin returns scheme, host and port of u (RFC 6454), "" if a token must not
// travel that way.
func origin(u *url.URL) string {
	if u.User != nil || u.Hostname() == "" {
		return ""
	}
	host, port := strings.ToLower(u.Hostname()), u.Port()
	switch {
	case u.Scheme == "https" && port == "":
		port = "443"
	case u.Scheme == "https":
	case u.Scheme == "http" && loopback(host):
		if port == "" {
			port = "80"
		}
	default:
		return ""
	}
	return u.Scheme + "://" + host + ":" + port
}

// loopback reports whether host is this machine.
func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}
