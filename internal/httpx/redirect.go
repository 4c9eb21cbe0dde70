package httpx

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// maxRedirects is net/http's own limit.
const maxRedirects = 10

// errManyRedirects is the cause when a service redirects in circles.
var errManyRedirects = fmt.Errorf("the service redirected %d times", maxRedirects)

// guard is the transport below every attempt. It refuses redirects as soon as
// their headers are here, so that neither net/http nor the caller's transport
// sees the target. It has no CloseIdleConnections on purpose: go-retryablehttp
// calls that after each failure, and the connections serve others too.
type guard struct{ base http.RoundTripper }

// RoundTrip implements [http.RoundTripper].
func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := g.base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if err := checkRedirect(req, resp); err != nil {
		_ = resp.Body.Close()
		return nil, &Error{Kind: KindRedirect, Err: err}
	}
	return resp, nil
}

// checkRedirect returns why the redirect that resp asks for must not be followed.
func checkRedirect(req *http.Request, resp *http.Response) error {
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return nil
	}
	location := resp.Header.Get("Location")
	if location == "" {
		return nil // net/http returns such an answer as it is
	}
	to, err := req.URL.Parse(location)
	switch {
	case err != nil:
		return errors.New("refused redirect: its Location is not a URL") // the cause would quote it
	case to.User != nil:
		return errors.New("refused redirect: its Location has user information")
	case req.Method != http.MethodGet && req.Method != http.MethodHead:
		return fmt.Errorf("refused redirect (status %d) to %q: only GET and HEAD follow one; configure the address it names if it is the right one", resp.StatusCode, origin(to))
	case origin(to) != origin(req.URL):
		return fmt.Errorf("refused redirect (status %d) to another origin, %q: configure that address if it is the right one", resp.StatusCode, origin(to))
	}
	return nil
}

// origin returns scheme, host and port of u in one spelling (RFC 6454 section 4).
func origin(u *url.URL) string {
	scheme, port := strings.ToLower(u.Scheme), u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[scheme]
	}
	return scheme + "://" + strings.ToLower(u.Hostname()) + ":" + port
}

// follow limits the redirects that guard let pass; own, the caller's policy, may
// refuse more.
func follow(own func(*http.Request, []*http.Request) error) func(*http.Request, []*http.Request) error {
	return func(req *http.Request, via []*http.Request) error {
		if len(via) >= maxRedirects {
			return &Error{Kind: KindRedirect, Err: errManyRedirects}
		}
		if own != nil {
			return own(req, via)
		}
		return nil
	}
}
