package zohoauth_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/zohoscim/zohoscim/zohoauth"
)

// api is a fake API behind a client, and what it saw.
type api struct {
	status  []int // of the next answers, 200 after that
	schemes []string
	tokens  []string
	bodies  []string
	to      string // for redirects
}

func (a *api) RoundTrip(r *http.Request) (*http.Response, error) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	body := ""
	if r.Body != nil {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		body = string(b)
	}
	a.schemes, a.tokens, a.bodies = append(a.schemes, scheme), append(a.tokens, token), append(a.bodies, body)
	status := 200
	if len(a.status) > 0 {
		status, a.status = a.status[0], a.status[1:]
	}
	return &http.Response{StatusCode: status, Header: http.Header{"Location": {a.to}}, Body: http.NoBody, Request: r}, nil
}

func TestClient(t *testing.T) {
	tests := []struct {
		name, method, url string
		body              io.Reader
		opts              zohoauth.ClientOptions
		status            []int
		to                string
		sent, want        int // requests, and the status that comes back; 0: ErrForeignHost
		reason            string
	}{
		{name: "api domain", method: "GET", url: "https://www.zohoapis.jp/crm", sent: 1, want: 200, reason: "the default"},
		{name: "port", method: "GET", url: "https://www.zohoapis.jp:443/crm", sent: 1, want: 200, reason: "the same origin"},
		{name: "scheme", method: "GET", url: "https://www.zohoapis.jp/crm", opts: zohoauth.ClientOptions{Scheme: zohoauth.SchemeZoho}, sent: 1, want: 200, reason: "product APIs"},
		{name: "other data center", method: "GET", url: "https://www.zohoapis.com/crm", reason: "not the token's"},
		{name: "other host", method: "GET", url: "https://evil.example/", reason: "not the token's"},
		{name: "http", method: "GET", url: "http://www.zohoapis.jp/", reason: "in the clear"},
		{name: "other port", method: "GET", url: "https://www.zohoapis.jp:8443/", reason: "another origin"},
		{name: "user", method: "GET", url: "https://www.zohoapis.jp@evil.example/", reason: "another host"},
		{name: "origins", method: "GET", url: "https://one.zoho.jp/scim", opts: zohoauth.ClientOptions{Origins: []string{"https://one.zoho.jp"}}, sent: 1, want: 200, reason: "as configured"},
		{name: "only origins", method: "GET", url: "https://www.zohoapis.jp/", opts: zohoauth.ClientOptions{Origins: []string{"https://one.zoho.jp"}}, reason: "not configured"},
		{name: "401 get", method: "GET", url: "https://www.zohoapis.jp/", status: []int{401}, sent: 2, want: 200, reason: "repeated with another token"},
		{name: "401 put", method: "PUT", url: "https://www.zohoapis.jp/", body: strings.NewReader("x"), status: []int{401}, sent: 2, want: 200, reason: "repeated with its body"},
		{name: "401 twice", method: "GET", url: "https://www.zohoapis.jp/", status: []int{401, 401}, sent: 2, want: 401, reason: "once only"},
		{name: "401 post", method: "POST", url: "https://www.zohoapis.jp/", body: strings.NewReader("x"), status: []int{401}, sent: 1, want: 401, reason: "not safe to repeat"},
		{name: "401 patch", method: "PATCH", url: "https://www.zohoapis.jp/", status: []int{401}, sent: 1, want: 401, reason: "not safe to repeat"},
		{name: "401 stream", method: "PUT", url: "https://www.zohoapis.jp/", body: io.MultiReader(strings.NewReader("x")), status: []int{401}, sent: 1, want: 401, reason: "the body cannot be read again"},
		{name: "403", method: "GET", url: "https://www.zohoapis.jp/", status: []int{403}, sent: 1, want: 403, reason: "not about the token"},
		{name: "redirect", method: "GET", url: "https://www.zohoapis.jp/", status: []int{302}, to: "https://evil.example/", sent: 1, reason: "the token stays"},
		{name: "redirect port", method: "GET", url: "https://www.zohoapis.jp/", status: []int{307}, to: "https://www.zohoapis.jp:8443/", sent: 1, reason: "the token stays"},
		{name: "redirect down", method: "POST", url: "https://www.zohoapis.jp/", body: strings.NewReader("x"), status: []int{308}, to: "http://www.zohoapis.jp/", sent: 1, reason: "the token stays"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t, jp)
			src := newSource(t, s, newConfig(t, s, nil), zohoauth.NewMemoryStore(), nil)
			a := &api{status: tt.status, to: tt.to}
			tt.opts.HTTPClient = &http.Client{Transport: a}
			c, err := zohoauth.NewClient(src, &tt.opts)
			if err != nil {
				t.Fatal(err)
			}
			req, err := http.NewRequestWithContext(t.Context(), tt.method, tt.url, tt.body)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := c.Do(req)
			got := 0
			if err == nil {
				got = resp.StatusCode
				_ = resp.Body.Close()
			}
			if got != tt.want || len(a.tokens) != tt.sent || got == 0 && !errors.Is(err, zohoauth.ErrForeignHost) {
				t.Fatalf("status %d after %d requests, %v; want %d after %d (%s)", got, len(a.tokens), err, tt.want, tt.sent, tt.reason)
			}
			scheme := "Bearer"
			if tt.opts.Scheme != "" {
				scheme = tt.opts.Scheme
			}
			for i := range a.tokens {
				if a.schemes[i] != scheme || a.bodies[i] != a.bodies[0] {
					t.Errorf("request %d: scheme %q, body %q", i, a.schemes[i], a.bodies[i])
				}
			}
			if len(a.tokens) == 2 && a.tokens[0] == a.tokens[1] {
				t.Error("repeated with the refused token")
			}
			if req.Header.Get("Authorization") != "" {
				t.Error("the caller's request was changed")
			}
		})
	}
}

func TestNewClientErrors(t *testing.T) {
	s := newServer(t, jp)
	src := newSource(t, s, newConfig(t, s, nil), zohoauth.NewMemoryStore(), nil)
	for reason, o := range map[string]*zohoauth.ClientOptions{
		"scheme": {Scheme: "Basic"}, "path": {Origins: []string{"https://one.zoho.jp/scim"}}, "plain": {Origins: []string{"http://one.zoho.jp"}},
		"user": {Origins: []string{"https://a@one.zoho.jp"}}, "no scheme": {Origins: []string{"one.zoho.jp"}}, "empty": {Origins: []string{""}},
	} {
		if _, err := zohoauth.NewClient(src, o); !errors.Is(err, zohoauth.ErrConfig) {
			t.Errorf("%s: %v", reason, err)
		}
	}
	if _, err := zohoauth.NewClient(nil, nil); !errors.Is(err, zohoauth.ErrConfig) {
		t.Errorf("no source: %v", err)
	}
	// A request that fails has its body closed all the same.
	c, err := zohoauth.NewClient(src, nil)
	if err != nil {
		t.Fatal(err)
	}
	body := &closer{Reader: bytes.NewReader(nil)}
	req, err := http.NewRequestWithContext(t.Context(), "POST", "https://evil.example/", body)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Transport.RoundTrip(req); err == nil || !body.closed {
		t.Errorf("%v, closed %v", err, body.closed)
	}
}

type closer struct {
	io.Reader
	closed bool
}

func (c *closer) Close() error { c.closed = true; return nil }
