package zohoauth_test

import (
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zohoscim/zohoscim/datacenter"
	"github.com/zohoscim/zohoscim/zohoauth"
	"github.com/zohoscim/zohoscim/zohoauth/zohoauthtest"
)

func TestFirstConsent(t *testing.T) {
	for _, dc := range datacenter.All() {
		t.Run(string(dc), func(t *testing.T) {
			s := newServer(t, &zohoauthtest.Options{DC: dc})
			tok := grant(t, s, newConfig(t, s, nil), dc)
			if tok.DC != dc || tok.APIDomain != dc.Endpoints().API {
				t.Errorf("token is of %s with %s", tok.DC, tok.APIDomain)
			}
			if err := s.Verify(tok.AccessToken.Reveal()); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff([]string{datacenter.ScopeSCIM}, tok.Scopes); diff != "" {
				t.Error(diff)
			}
			if tok.RefreshToken.IsZero() || tok.ClientID != zohoauthtest.DefaultClientID {
				t.Error("the refresh token or the client id is missing")
			}
		})
	}
}

// TestCallback edits a good callback, row by row.
func TestCallback(t *testing.T) {
	tests := []struct {
		name   string
		user   datacenter.DC // JP if empty
		start  datacenter.DC // "any" if empty
		opts   *zohoauth.StartOptions
		edit   func(url.Values)
		want   error
		dc     datacenter.DC // of the error
		reason string
	}{
		{name: "good", reason: "started anywhere, ended in the user's data center"},
		{name: "good pinned", start: datacenter.JP, reason: "started and ended in JP"},
		{name: "good any", start: datacenter.EU, opts: &zohoauth.StartOptions{AnyDC: true}, reason: "AnyDC allows another end"},
		{name: "trailing slash", edit: set("accounts-server", "https://accounts.zoho.jp/"), reason: "Zoho's values have both forms"},
		{name: "extra parameter", edit: set("foo", "bar"), reason: "RFC 6749 section 4.1.2: unknown parameters are ignored"},
		{name: "no server", edit: del("accounts-server"), reason: "location alone names a data center of the table"},
		{name: "no location", edit: del("location"), reason: "accounts-server alone does too"},
		{name: "neither, pinned", start: datacenter.JP, edit: del("location", "accounts-server"), reason: "a client of one data center"},
		{name: "neither, any", edit: del("location", "accounts-server"), want: zohoauth.ErrCallback, reason: "nothing says whose code it is"},

		{name: "no state", edit: del("state"), want: zohoauth.ErrState, reason: "a forged callback has none"},
		{name: "empty state", edit: set("state", ""), want: zohoauth.ErrState, reason: "empty is never a match"},
		{name: "other state", edit: set("state", "AAAAAAAAAAAAAAAAAAAAAAAAAA"), want: zohoauth.ErrState, reason: "never started"},
		{name: "two states", edit: add("state", "x"), want: zohoauth.ErrState, reason: "which one counts must not be a guess"},
		{name: "unexpected session", opts: &zohoauth.StartOptions{Session: "a", AnyDC: true}, start: datacenter.JP, want: zohoauth.ErrState, reason: "bound to a session, finished without"},

		{name: "denied", edit: only("error", "access_denied"), want: zohoauth.ErrAccessDenied, reason: "Zoho's documented error"},
		{name: "denied, no state", edit: func(q url.Values) { clear(q); q.Set("error", "access_denied") }, want: zohoauth.ErrState, reason: "the state comes first"},
		{name: "other error", edit: only("error", "server_error"), want: zohoauth.ErrRefused, reason: "any other word"},
		{name: "error beside code", edit: set("error", "access_denied"), want: zohoauth.ErrAccessDenied, reason: "an error wins"},
		{name: "empty error", edit: set("error", ""), want: zohoauth.ErrRefused, reason: "an error without a word is one"},
		{name: "no code", edit: del("code"), want: zohoauth.ErrCallback, reason: "nothing to exchange"},
		{name: "empty code", edit: set("code", ""), want: zohoauth.ErrCallback, reason: "nothing to exchange"},
		{name: "two codes", edit: add("code", "1000.a.b"), want: zohoauth.ErrCallback, reason: "doubled"},
		{name: "long code", edit: set("code", strings.Repeat("a", 5000)), want: zohoauth.ErrCallback, reason: "not of Zoho's making"},
		{name: "spaced code", edit: set("code", "a b"), want: zohoauth.ErrCallback, reason: "not of Zoho's making"},
		{name: "two servers", edit: add("accounts-server", "https://accounts.zoho.jp"), want: zohoauth.ErrCallback, reason: "doubled, though equal"},
		{name: "two locations", edit: add("location", "us"), want: zohoauth.ErrCallback, reason: "doubled"},

		{name: "foreign server", edit: set("accounts-server", "https://accounts.zoho.jp.evil.example"), want: zohoauth.ErrForeignHost, reason: "suffix trick"},
		{name: "userinfo", edit: set("accounts-server", "https://accounts.zoho.jp@evil.example"), want: zohoauth.ErrForeignHost, reason: "userinfo trick"},
		{name: "port", edit: set("accounts-server", "https://accounts.zoho.jp:8443"), want: zohoauth.ErrForeignHost, reason: "another service on the host"},
		{name: "http", edit: set("accounts-server", "http://accounts.zoho.jp"), want: zohoauth.ErrForeignHost, reason: "the secret would travel in clear"},
		{name: "path", edit: set("accounts-server", "https://accounts.zoho.jp/x"), want: zohoauth.ErrForeignHost, reason: "not the table's URL"},
		{name: "empty server", edit: set("accounts-server", ""), want: zohoauth.ErrForeignHost, reason: "there, but no host"},
		{name: "unknown code", edit: set("location", "inec"), want: zohoauth.ErrWrongDataCenter, reason: "in serverinfo, hosts unknown"},
		{name: "upper-case code", edit: set("location", "JP"), want: zohoauth.ErrWrongDataCenter, reason: "wire input is matched exactly"},
		{name: "empty location", edit: set("location", ""), want: zohoauth.ErrWrongDataCenter, reason: "there, but no code"},
		{name: "mismatch", edit: set("location", "us"), want: zohoauth.ErrWrongDataCenter, dc: datacenter.US, reason: "both known, but two"},
		{name: "wrong iss", edit: set("iss", "https://accounts.zoho.com"), want: zohoauth.ErrForeignHost, reason: "RFC 9207"},
		{name: "good iss", edit: set("iss", "https://accounts.zoho.jp"), reason: "RFC 9207"},

		{name: "pinned elsewhere", start: datacenter.US, want: zohoauth.ErrWrongDataCenter, dc: datacenter.JP, reason: "the error names the one to use"},
		{name: "china", user: datacenter.CN, start: datacenter.CN, reason: "starts and ends in China"},
		{name: "into china", edit: place("cn", "https://accounts.zoho.com.cn"), want: zohoauth.ErrWrongDataCenter, dc: datacenter.CN, reason: "China is not of the global set"},
		{name: "out of china", user: datacenter.CN, start: datacenter.CN, opts: &zohoauth.StartOptions{AnyDC: true},
			edit: place("jp", "https://accounts.zoho.jp"), want: zohoauth.ErrWrongDataCenter, dc: datacenter.JP, reason: "nor does its set include others"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			user := tt.user
			if user == "" {
				user = datacenter.JP
			}
			s := newServer(t, &zohoauthtest.Options{DC: user})
			f := newFlow(t, newConfig(t, s, nil), nil)
			q := accept(t, s, start(t, f, tt.start, tt.opts).URL)
			if tt.edit != nil {
				tt.edit(q)
			}
			tok, err := f.HandleCallback(t.Context(), q)
			if tt.want == nil {
				if err != nil {
					t.Fatalf("%v (%s)", err, tt.reason)
				}
				if tok.DC != user {
					t.Errorf("token of %s", tok.DC)
				}
				return
			}
			e := wantError(t, err, tt.want)
			if e.DC != tt.dc {
				t.Errorf("error names %q, want %q (%s)", e.DC, tt.dc, tt.reason)
			}
			if n := s.TokenRequests(); n != 0 {
				t.Errorf("%d token requests for a refused callback (%s)", n, tt.reason)
			}
			if _, err := f.HandleCallback(t.Context(), q); tt.want != zohoauth.ErrState && !errors.Is(err, zohoauth.ErrState) {
				t.Errorf("second use of the state: %v", err)
			}
		})
	}
}

func set(k, v string) func(url.Values) { return func(q url.Values) { q.Set(k, v) } }
func add(k, v string) func(url.Values) { return func(q url.Values) { q.Add(k, v) } }
func del(keys ...string) func(url.Values) {
	return func(q url.Values) {
		for _, k := range keys {
			q.Del(k)
		}
	}
}

// only leaves the state and one more parameter.
func only(k, v string) func(url.Values) {
	return func(q url.Values) {
		maps.DeleteFunc(q, func(name string, _ []string) bool { return name != "state" })
		q.Set(k, v)
	}
}

func place(location, server string) func(url.Values) {
	return func(q url.Values) { q.Set("location", location); q.Set("accounts-server", server) }
}

func TestReject(t *testing.T) {
	s := newServer(t, jp)
	f := newFlow(t, newConfig(t, s, nil), nil)
	u, err := s.Reject(t.Context(), start(t, f, datacenter.JP, nil).URL)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.HandleCallback(t.Context(), u.Query())
	wantError(t, err, zohoauth.ErrAccessDenied)
}

func TestSession(t *testing.T) {
	s := newServer(t, jp)
	f := newFlow(t, newConfig(t, s, nil), nil)
	begin := func(session string) url.Values {
		return accept(t, s, start(t, f, datacenter.JP, &zohoauth.StartOptions{Session: session}).URL)
	}
	if _, err := f.HandleSessionCallback(t.Context(), "a", begin("a")); err != nil {
		t.Error(err)
	}
	for _, tt := range []struct{ started, finished, reason string }{
		{"a", "b", "another user's session"},
		{"a", "", "no session"},
		{"", "a", "a flow of no session must not slip into one"},
	} {
		_, err := f.HandleSessionCallback(t.Context(), tt.finished, begin(tt.started))
		if !errors.Is(err, zohoauth.ErrState) {
			t.Errorf("%s: %v", tt.reason, err)
		}
	}
}

// TestReplay sends one callback many times at once: the code travels once.
func TestReplay(t *testing.T) {
	s := newServer(t, jp)
	f := newFlow(t, newConfig(t, s, nil), nil)
	q := accept(t, s, start(t, f, "", nil).URL)
	var wg sync.WaitGroup
	results := make(chan error, 200)
	for range cap(results) {
		wg.Go(func() {
			_, err := f.HandleCallback(t.Context(), q)
			results <- err
		})
	}
	wg.Wait()
	close(results)
	good := 0
	for err := range results {
		if err == nil {
			good++
		} else if !errors.Is(err, zohoauth.ErrState) {
			t.Error(err)
		}
	}
	if good != 1 || s.TokenRequests() != 1 {
		t.Errorf("%d accepted, %d token requests, want 1 and 1", good, s.TokenRequests())
	}
}

func TestStateExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, jp)
		f := newFlow(t, newConfig(t, s, nil), nil)
		c := start(t, f, datacenter.JP, nil)
		if d := time.Until(c.Expires); d != 10*time.Minute {
			t.Errorf("expires in %v", d)
		}
		time.Sleep(10 * time.Minute)
		_, err := f.HandleCallback(t.Context(), accept(t, s, c.URL))
		wantError(t, err, zohoauth.ErrState)
	})
}

func TestCodeExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, jp)
		f := newFlow(t, newConfig(t, s, nil), nil)
		q := accept(t, s, start(t, f, datacenter.JP, nil).URL)
		time.Sleep(time.Minute)
		_, err := f.HandleCallback(t.Context(), q)
		wantError(t, err, zohoauth.ErrCodeRejected)
	})
}

func TestPendingIsBounded(t *testing.T) {
	s := newServer(t, jp)
	f := newFlow(t, newConfig(t, s, nil), &zohoauth.FlowOptions{MaxPending: 2})
	first := start(t, f, datacenter.JP, nil)
	second := start(t, f, datacenter.JP, nil)
	start(t, f, datacenter.JP, nil)
	_, err := f.HandleCallback(t.Context(), accept(t, s, first.URL))
	wantError(t, err, zohoauth.ErrState)
	if _, err := f.HandleCallback(t.Context(), accept(t, s, second.URL)); err != nil {
		t.Error(err)
	}
}

func TestStartFresh(t *testing.T) {
	s := newServer(t, jp)
	f := newFlow(t, newConfig(t, s, nil), nil)
	seen := make(map[string]bool)
	for range 100 {
		u, err := url.Parse(start(t, f, datacenter.JP, nil).URL)
		if err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		if len(q.Get("state")) < 26 || len(q.Get("code_challenge")) != 43 || q.Get("code_challenge_method") != "S256" {
			t.Fatalf("state or challenge is weak: %d, %d characters", len(q.Get("state")), len(q.Get("code_challenge")))
		}
		seen[q.Get("state")], seen[q.Get("code_challenge")] = true, true
	}
	if len(seen) != 200 {
		t.Errorf("%d different states and challenges in 100 starts", len(seen))
	}
}

// TestExchangeRequest looks at the bytes: everything in the body, nothing in the
// address, no Authorization.
func TestExchangeRequest(t *testing.T) {
	var got *http.Request
	var form url.Values
	hc := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		got = r
		form, err = url.ParseQuery(string(body))
		if err != nil {
			return nil, err
		}
		return &http.Response{StatusCode: 200, Header: http.Header{}, Request: r,
			Body: io.NopCloser(strings.NewReader(`{"access_token":"a","refresh_token":"r","expires_in":3600}`))}, nil
	})}
	c, err := zohoauth.NewConfig("1000.C", zohoauth.NewSecret("every"), &zohoauth.ConfigOptions{
		HTTPClient: hc, RedirectURL: "https://app.example/cb",
		Secrets: map[datacenter.DC]zohoauth.Secret{datacenter.CA: zohoauth.NewSecret("canada")},
	})
	if err != nil {
		t.Fatal(err)
	}
	tok, err := c.Exchange(t.Context(), datacenter.CA, zohoauth.NewSecret("1005.x"), zohoauth.NewSecret("v"))
	if err != nil {
		t.Fatal(err)
	}
	if got.Method != "POST" || got.URL.String() != "https://accounts.zohocloud.ca/oauth/v2/token" || got.Header.Get("Authorization") != "" {
		t.Errorf("%s %s", got.Method, got.URL)
	}
	want := url.Values{
		"grant_type": {"authorization_code"}, "code": {"1005.x"}, "code_verifier": {"v"},
		"redirect_uri": {"https://app.example/cb"}, "client_id": {"1000.C"}, "client_secret": {"canada"},
	}
	if diff := cmp.Diff(want, form); diff != "" {
		t.Error(diff)
	}
	if tok.APIDomain != "https://www.zohoapis.ca" {
		t.Errorf("API domain %q: without api_domain it follows from the data center", tok.APIDomain)
	}
}

// stateOf returns a query with the state of a consent URL.
func stateOf(t testing.TB, authURL string) url.Values {
	t.Helper()
	u, err := url.Parse(authURL)
	if err != nil {
		t.Fatal(err)
	}
	return url.Values{"state": {u.Query().Get("state")}}
}
