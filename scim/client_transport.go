package scim

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/zohoscim/zohoscim/internal/httpx"
)

// clientTransport adds the credential. It lies below the repetitions, so
// that each attempt has a fresh token, and is the last to see where a
// request goes.
type clientTransport struct {
	base         http.RoundTripper
	cred         Credential
	scheme, host string // of the base URL
}

// RoundTrip implements [http.RoundTripper].
func (t *clientTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	if !t.sameOrigin(req.URL) {
		return nil, clientUnsent(req, errors.New("the request is for another origin than the base URL"))
	}
	first, err := t.authorized(req)
	if err != nil {
		return nil, clientUnsent(req, err)
	}
	resp, err := t.base.RoundTrip(first)
	if err != nil {
		return nil, err
	}
	resp.Request = first
	if resp.StatusCode != http.StatusUnauthorized || !clientReplayable(req) || !t.cred.rejected(first.Header) {
		return resp, nil
	}
	return t.again(req, resp)
}

// again sends a request that was refused with 401 once more, unless the
// credential is still the same.
func (t *clientTransport) again(req *http.Request, refused *http.Response) (*http.Response, error) {
	second, err := t.authorized(req)
	if err == nil && req.GetBody != nil {
		second.Body, err = req.GetBody()
	}
	if err != nil {
		_ = refused.Body.Close()
		return nil, clientUnsent(req, err)
	}
	if second.Header.Get("Authorization") == refused.Request.Header.Get("Authorization") {
		return refused, nil
	}
	clientDrain(refused.Body)
	resp, err := t.base.RoundTrip(second)
	if err != nil {
		return nil, err
	}
	resp.Request = second
	return resp, nil
}

// authorized returns a copy of req with the credential: a transport must not
// change what it is given.
func (t *clientTransport) authorized(req *http.Request) (*http.Request, error) {
	out := req.WithContext(req.Context())
	out.Header = req.Header.Clone()
	if err := t.cred.authorize(req.Context(), out.Header); err != nil {
		return nil, err
	}
	return out, nil
}

func (t *clientTransport) sameOrigin(u *url.URL) bool {
	if u.Scheme == t.scheme && u.Host == t.host {
		return true
	}
	base := &url.URL{Host: t.host}
	return u.Scheme == t.scheme && strings.EqualFold(u.Hostname(), base.Hostname()) &&
		clientPort(u.Port(), t.scheme) == clientPort(base.Port(), t.scheme)
}

func clientPort(port, scheme string) string {
	if port != "" {
		return port
	}
	return map[string]string{"https": "443", "http": "80"}[scheme]
}

// clientUnsent makes err final: httpx does not repeat after one of its own.
func clientUnsent(req *http.Request, err error) error {
	if req.Body != nil {
		_ = req.Body.Close()
	}
	return &httpx.Error{Kind: httpx.KindRequest, Err: err}
}

func clientReplayable(req *http.Request) bool {
	return req.Body == nil || req.Body == http.NoBody || req.GetBody != nil
}

// clientDrain reads what little is left of a body, so that the connection
// can be used again, and closes it.
func clientDrain(body io.ReadCloser) {
	_, _ = io.CopyN(io.Discard, body, 64<<10)
	_ = body.Close()
}

// clientHTTP returns a copy of an HTTP client with its transport named, or
// the default one.
func clientHTTP(given *http.Client) *http.Client {
	if given != nil {
		c := *given
		if c.Transport == nil {
			c.Transport = http.DefaultTransport
		}
		return &c
	}
	return httpx.NewHTTPClient()
}
