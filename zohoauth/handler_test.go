package zohoauth_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/zohoscim/zohoscim/datacenter"
	"github.com/zohoscim/zohoscim/zohoauth"
	"github.com/zohoscim/zohoscim/zohoauth/zohoauthtest"
)

// site is a web service with a Handler, and one browser.
type site struct {
	zoho    *zohoauthtest.Server
	handler *zohoauth.Handler
	tokens  []*zohoauth.Token
	failed  []error
	save    error
}

func newSite(t *testing.T, o *zohoauth.HandlerOptions) *site {
	t.Helper()
	const redirect = "https://app.example/zoho/callback"
	s := &site{zoho: newServer(t, &zohoauthtest.Options{DC: datacenter.JP, RedirectURL: redirect})}
	if o == nil {
		o = &zohoauth.HandlerOptions{DC: datacenter.JP}
	}
	opts := *o
	opts.OnFailure = func(_ context.Context, err error) { s.failed = append(s.failed, err) }
	flow := newFlow(t, newConfig(t, s.zoho, &zohoauth.ConfigOptions{RedirectURL: redirect}), nil)
	var err error
	s.handler, err = zohoauth.NewHandler(flow, func(_ context.Context, tok *zohoauth.Token) error {
		s.tokens = append(s.tokens, tok)
		return s.save
	}, &opts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// begin starts a consent and returns the consent URL and the browser's cookie.
func (s *site) begin(t *testing.T) (string, *http.Cookie) {
	t.Helper()
	w := httptest.NewRecorder()
	s.handler.Start(w, httptest.NewRequest("GET", "https://app.example/zoho", nil))
	resp := w.Result()
	cookies := resp.Cookies()
	if resp.StatusCode != http.StatusSeeOther || len(cookies) != 1 {
		t.Fatalf("status %d, %d cookies", resp.StatusCode, len(cookies))
	}
	return resp.Header.Get("Location"), cookies[0]
}

// call sends a callback.
func (s *site) call(query string, c *http.Cookie, language string) *httptest.ResponseRecorder {
	w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "https://app.example/zoho/callback?"+query, nil)
	if c != nil {
		r.AddCookie(c)
	}
	r.Header.Set("Accept-Language", language)
	s.handler.ServeHTTP(w, r)
	return w
}

func TestHandler(t *testing.T) {
	s := newSite(t, &zohoauth.HandlerOptions{DC: datacenter.JP, Return: "/settings"})
	address, cookie := s.begin(t)
	if cookie.Name != "__Host-zohoauth" || !cookie.Secure || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode ||
		cookie.Path != "/" || cookie.Domain != "" || cookie.MaxAge < 590 || cookie.MaxAge > 600 || len(cookie.Value) < 26 {
		t.Errorf("cookie %+v", cookie)
	}
	callback := accept(t, s.zoho, address)
	w := s.call(callback.Encode(), cookie, "fr, ja;q=0.9, en;q=0.8")
	if w.Code != http.StatusOK || len(s.tokens) != 1 || s.zoho.Verify(s.tokens[0].AccessToken.Reveal()) != nil {
		t.Fatalf("status %d, %d tokens", w.Code, len(s.tokens))
	}
	page := w.Body.String()
	for _, want := range []string{`lang="ja"`, "Zohoに接続しました", `<a href="/settings">続ける</a>`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
	for name, want := range map[string]string{
		"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
		"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Content-Language": "ja", "Vary": "Accept-Language",
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if csp := w.Header().Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'; style-src 'sha256-") ||
		strings.Contains(csp, "unsafe") || !strings.Contains(csp, "frame-ancestors 'none'") {
		t.Errorf("policy %q", csp)
	}
	if c := w.Result().Cookies(); len(c) != 1 || c[0].MaxAge >= 0 || c[0].Value != "" {
		t.Errorf("the cookie was not deleted: %v", c)
	}
	for _, secret := range []string{callback.Get("code"), callback.Get("state"), cookie.Value,
		s.tokens[0].AccessToken.Reveal(), s.tokens[0].RefreshToken.Reveal()} {
		if strings.Contains(page, secret) {
			t.Error("the page shows a secret")
		}
	}
	if w := s.call(callback.Encode(), cookie, "en"); w.Code != http.StatusBadRequest || len(s.tokens) != 1 {
		t.Errorf("the same callback again: status %d", w.Code)
	}
}

func TestHandlerFailures(t *testing.T) {
	tests := []struct {
		name   string
		edit   func(s *site, q url.Values, c *http.Cookie) *http.Cookie
		status int
		page   string
		err    error
		reason string
	}{
		{"no cookie", func(*site, url.Values, *http.Cookie) *http.Cookie { return nil }, 400, "start again", zohoauth.ErrState, "another browser"},
		{"other cookie", func(_ *site, _ url.Values, c *http.Cookie) *http.Cookie { c.Value = strings.Repeat("A", 26); return c }, 400, "start again", zohoauth.ErrState, "another session"},
		{"no state", func(_ *site, q url.Values, c *http.Cookie) *http.Cookie { q.Del("state"); return c }, 400, "start again", zohoauth.ErrState, "required"},
		{"empty state", func(_ *site, q url.Values, c *http.Cookie) *http.Cookie { q.Set("state", ""); return c }, 400, "start again", zohoauth.ErrState, "as Microsoft's URL sends it"},
		{"denied", func(_ *site, q url.Values, c *http.Cookie) *http.Cookie { q.Set("error", "access_denied"); return c }, 403, "Access was refused", zohoauth.ErrAccessDenied, "the user pressed Reject"},
		{"foreign", func(_ *site, q url.Values, c *http.Cookie) *http.Cookie {
			q.Set("accounts-server", "https://evil.example")
			return c
		}, 400, "set up", zohoauth.ErrForeignHost, "mix-up"},
		{"data center", func(_ *site, q url.Values, c *http.Cookie) *http.Cookie {
			q.Set("location", "eu")
			q.Set("accounts-server", "https://accounts.zoho.eu")
			return c
		}, 400, "another data center", zohoauth.ErrWrongDataCenter, "not the agreed one"},
		{"long", func(_ *site, q url.Values, c *http.Cookie) *http.Cookie {
			q.Set("x", strings.Repeat("x", 9000))
			return c
		}, 400, "start again", zohoauth.ErrCallback, "bounded"},
		{"client", func(s *site, _ url.Values, c *http.Cookie) *http.Cookie {
			s.zoho.FailNext(zohoauthtest.Fault{Error: "invalid_client"})
			return c
		}, 502, "set up", zohoauth.ErrInvalidClient, "wrong secret"},
		{"down", func(s *site, _ url.Values, c *http.Cookie) *http.Cookie {
			s.zoho.FailNext(zohoauthtest.Fault{Status: 503})
			return c
		}, 502, "few minutes", zohoauth.ErrUnavailable, "Zoho is down"},
		{"save", func(s *site, _ url.Values, c *http.Cookie) *http.Cookie { s.save = errors.New("disk full"); return c }, 500, "few minutes", zohoauth.ErrStore, "our own failure"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite(t, nil)
			address, cookie := s.begin(t)
			q := accept(t, s.zoho, address)
			cookie = tt.edit(s, q, cookie)
			w := s.call(q.Encode(), cookie, "de")
			if w.Code != tt.status || !strings.Contains(strings.ToLower(w.Body.String()), strings.ToLower(tt.page)) {
				t.Errorf("status %d, want %d (%s):\n%s", w.Code, tt.status, tt.reason, w.Body)
			}
			if len(s.failed) != 1 || !errors.Is(s.failed[0], tt.err) {
				t.Errorf("OnFailure got %v, want %v", s.failed, tt.err)
			}
			if loc := w.Header().Get("Location"); loc != "" {
				t.Errorf("redirected to %q", loc)
			}
		})
	}
}

func TestHandlerMethods(t *testing.T) {
	s := newSite(t, nil)
	for _, method := range []string{"POST", "HEAD", "PUT", "OPTIONS"} {
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, httptest.NewRequest(method, "https://app.example/zoho/callback?state=x", nil))
		if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET" {
			t.Errorf("%s: status %d, Allow %q", method, w.Code, w.Header().Get("Allow"))
		}
	}
	w := httptest.NewRecorder()
	s.handler.Start(w, httptest.NewRequest("DELETE", "https://app.example/zoho", nil))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("Start: status %d", w.Code)
	}
}

// TestHandlerUnbound: a consent without a session, of a command line program, is
// finished without a cookie; one with a session is not.
func TestHandlerUnbound(t *testing.T) {
	zoho := newServer(t, jp)
	flow := newFlow(t, newConfig(t, zoho, nil), nil)
	got := 0
	h, err := zohoauth.NewHandler(flow, func(context.Context, *zohoauth.Token) error { got++; return nil }, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, session := range []string{"", "browser"} {
		c := start(t, flow, datacenter.JP, &zohoauth.StartOptions{Session: session})
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/callback?"+accept(t, zoho, c.URL).Encode(), nil))
	}
	if got != 1 {
		t.Errorf("%d consents finished, want 1", got)
	}
}

func TestHandlerErrors(t *testing.T) {
	flow := newFlow(t, newConfig(t, newServer(t, nil), nil), nil)
	deliver := func(context.Context, *zohoauth.Token) error { return nil }
	for _, path := range []string{"settings", "//evil.example", "https://evil.example", `/\evil.example`, "/a b", "/\r\n", "javascript:x"} {
		_, err := zohoauth.NewHandler(flow, deliver, &zohoauth.HandlerOptions{Return: path})
		if !errors.Is(err, zohoauth.ErrConfig) {
			t.Errorf("Return %q: %v", path, err)
		}
	}
	if _, err := zohoauth.NewHandler(nil, deliver, nil); !errors.Is(err, zohoauth.ErrConfig) {
		t.Errorf("no flow: %v", err)
	}
	if _, err := zohoauth.NewHandler(flow, nil, nil); !errors.Is(err, zohoauth.ErrConfig) {
		t.Errorf("no function: %v", err)
	}
}

// FuzzHandler: whatever the query, cookie and language, an answer is a page
// without any of them, and never a redirect.
func FuzzHandler(f *testing.F) {
	for _, q := range []string{"", "state=&code=x", "error=access_denied&state=x", "state=x&state=y", "%zz", "state=<script>", "a;b"} {
		f.Add(q, "ja;q=0.5,en", "cookie")
	}
	cfg, err := zohoauth.NewConfig("1000.C", zohoauth.NewSecret("s"), &zohoauth.ConfigOptions{
		RedirectURL: "https://app.example/cb", HTTPClient: &http.Client{Transport: roundTripper(
			func(*http.Request) (*http.Response, error) { return nil, errors.New("spy") })}})
	if err != nil {
		f.Fatal(err)
	}
	flow, err := zohoauth.NewFlow(cfg, nil)
	if err != nil {
		f.Fatal(err)
	}
	h, err := zohoauth.NewHandler(flow, func(context.Context, *zohoauth.Token) error { return nil }, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, query, language, cookie string) {
		const marker = "zqxjk"
		w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/cb", nil)
		r.URL.RawQuery = query + "&x=" + marker
		r.Header["Accept-Language"] = []string{language}
		r.AddCookie(&http.Cookie{Name: "__Host-zohoauth", Value: cookie})
		h.ServeHTTP(w, r)
		page := w.Body.String()
		if w.Code < 400 || w.Header().Get("Location") != "" || strings.Contains(page, marker) ||
			strings.Count(page, "<") != 19 { // the page's own tags
			t.Fatalf("status %d:\n%s", w.Code, page)
		}
	})
}
