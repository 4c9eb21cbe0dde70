package zohoauthtest_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/zohoscim/zohoscim/datacenter"
	"github.com/zohoscim/zohoscim/zohoauth/zohoauthtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The fake is tested with a raw HTTP client: it and the package zohoauth must not
// agree on a mistake.
type rig struct {
	t *testing.T
	s *zohoauthtest.Server
	c *http.Client
}

func newRig(t *testing.T, o *zohoauthtest.Options) *rig {
	t.Helper()
	s, err := zohoauthtest.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return &rig{t, s, s.Client()}
}

const (
	usAccounts = "https://accounts.zoho.com"
	jpAccounts = "https://accounts.zoho.jp"
	verifier   = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" // RFC 7636 appendix B
)

// authURL is a consent URL with changes, pairs of name and value; the value "-"
// removes a parameter.
func authURL(accounts string, changes ...string) string {
	q := url.Values{
		"access_type": {"offline"}, "prompt": {"consent"}, "response_type": {"code"}, "state": {"st"},
		"client_id": {zohoauthtest.DefaultClientID}, "scope": {"A.ALL,B.READ"}, "redirect_uri": {zohoauthtest.DefaultRedirectURL},
	}
	for i := 0; i < len(changes); i += 2 {
		if q.Set(changes[i], changes[i+1]); changes[i+1] == "-" {
			q.Del(changes[i])
		}
	}
	return accounts + "/oauth/v2/auth?" + q.Encode()
}

// code consents and returns the code.
func (r *rig) code(authURL string) string {
	r.t.Helper()
	u, err := r.s.Consent(r.t.Context(), authURL)
	if err != nil {
		r.t.Fatal(err)
	}
	return u.Query().Get("code")
}

// post sends a token request and returns the status and the answer, nil if it is
// not JSON.
func (r *rig) post(accounts string, pairs ...string) (int, map[string]any) {
	r.t.Helper()
	form := url.Values{"client_id": {zohoauthtest.DefaultClientID}, "client_secret": {zohoauthtest.DefaultClientSecret}}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	resp, err := r.c.Post(accounts+"/oauth/v2/token", "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	var v map[string]any
	if json.Unmarshal(body, &v) != nil {
		return resp.StatusCode, nil
	}
	return resp.StatusCode, v
}

func (r *rig) exchange(accounts, code string, pairs ...string) map[string]any {
	r.t.Helper()
	_, v := r.post(accounts, append([]string{"grant_type", "authorization_code", "code", code, "redirect_uri", zohoauthtest.DefaultRedirectURL}, pairs...)...)
	return v
}

func (r *rig) refresh(accounts string, token any) map[string]any {
	r.t.Helper()
	s, _ := token.(string)
	status, v := r.post(accounts, "grant_type", "refresh_token", "refresh_token", s)
	if status != 200 {
		r.t.Errorf("status %d: Zoho's errors have 200", status)
	}
	return v
}

// grant is a first consent of a user in JP.
func (r *rig) grant() map[string]any {
	r.t.Helper()
	return r.exchange(jpAccounts, r.code(authURL(jpAccounts)))
}

var jp = &zohoauthtest.Options{DC: datacenter.JP}

func TestAnswerForm(t *testing.T) {
	for _, legacy := range []bool{false, true} {
		r := newRig(t, &zohoauthtest.Options{DC: datacenter.JP, LegacyUnits: legacy})
		v := r.grant()
		access, _ := v["access_token"].(string)
		if scope, ok := r.s.Scope(access); !ok || scope != "A.ALL B.READ" {
			t.Errorf("scope %q, %v", scope, ok)
		}
		for _, name := range []string{"access_token", "refresh_token"} {
			if s, _ := v[name].(string); len(s) != len("1000.")+32+1+32 {
				t.Errorf("%s has %d characters", name, len(s))
			}
			delete(v, name)
		}
		want := map[string]any{"scope": "A.ALL B.READ", "api_domain": "https://www.zohoapis.jp", "token_type": "Bearer", "expires_in": 3600.0}
		if legacy {
			want["expires_in"], want["expires_in_sec"] = 3600000.0, 3600.0
		}
		if diff := cmp.Diff(want, v); diff != "" {
			t.Error(diff)
		}
	}
}

// TestMultiDC: consent starts in US, ends in JP, and everything after is there.
func TestMultiDC(t *testing.T) {
	r := newRig(t, jp)
	u, err := r.s.Consent(t.Context(), authURL(usAccounts))
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	if q.Get("location") != "jp" || q.Get("accounts-server") != jpAccounts || q.Get("state") != "st" || !strings.HasSuffix(u.RawQuery, "&") {
		t.Errorf("callback has location %q, accounts-server %q", q.Get("location"), q.Get("accounts-server"))
	}
	if v := r.exchange(usAccounts, q.Get("code")); v["error"] != "invalid_client" {
		t.Errorf("exchange in US: %v", v["error"])
	}
	v := r.exchange(jpAccounts, q.Get("code"))
	if v["error"] != nil {
		t.Fatalf("exchange in JP: %v", v["error"])
	}
	if v := r.refresh(usAccounts, v["refresh_token"]); v["error"] != "invalid_client" {
		t.Errorf("refresh in US: %v", v["error"])
	}
	if v := r.refresh(jpAccounts, v["refresh_token"]); v["error"] != nil || v["refresh_token"] != nil {
		t.Errorf("refresh in JP: error %v; it must bring no refresh token", v["error"])
	}
}

func TestConsentRefused(t *testing.T) {
	tests := []struct{ name, accounts, key, value, reason string }{
		{"client", jpAccounts, "client_id", "1000.OTHER", "not registered"},
		{"response type", jpAccounts, "response_type", "token", "not of a server's client"},
		{"redirect", jpAccounts, "redirect_uri", zohoauthtest.DefaultRedirectURL + "/x", "not the registered one"},
		{"scope", jpAccounts, "scope", "-", "required"},
		{"challenge", jpAccounts, "code_challenge_method", "S512", "no such method"},
		{"china", "https://accounts.zoho.com.cn", "state", "s", "a user of JP is unknown there"},
	}
	r := newRig(t, jp)
	for _, tt := range tests {
		if _, err := r.s.Consent(t.Context(), authURL(tt.accounts, tt.key, tt.value, "code_challenge", "c")); err == nil {
			t.Errorf("%s: accepted (%s)", tt.name, tt.reason)
		}
	}
	u, err := r.s.Reject(t.Context(), authURL(jpAccounts))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(url.Values{"error": {"access_denied"}, "state": {"st"}}, u.Query()); diff != "" {
		t.Error(diff)
	}
}

func TestRefreshTokenRules(t *testing.T) {
	tests := []struct {
		name    string
		changes []string
		want    bool
		reason  string
	}{
		{"first", []string{"prompt", "-"}, true, "the first consent"},
		{"again", []string{"prompt", "-"}, false, "a later one without prompt=consent"},
		{"again with prompt", nil, true, "a later one with it"},
		{"online", []string{"access_type", "-"}, false, "no offline access"},
		{"other scope", []string{"prompt", "-", "scope", "C.ALL"}, true, "the first consent to this scope"},
	}
	r := newRig(t, jp)
	for _, tt := range tests {
		v := r.exchange(jpAccounts, r.code(authURL(jpAccounts, tt.changes...)))
		if got := v["refresh_token"] != nil; got != tt.want || v["access_token"] == nil {
			t.Errorf("%s: refresh token %v, want %v (%s)", tt.name, got, tt.want, tt.reason)
		}
	}
}

func TestCodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, jp)
		sum := sha256.Sum256([]byte(verifier))
		challenge := base64.RawURLEncoding.EncodeToString(sum[:])
		pkce := authURL(jpAccounts, "code_challenge", challenge, "code_challenge_method", "S256")

		code := r.code(authURL(jpAccounts))
		if v := r.exchange(jpAccounts, code); v["error"] != nil {
			t.Error(v["error"])
		}
		for reason, v := range map[string]map[string]any{
			"used":           r.exchange(jpAccounts, code),
			"unknown":        r.exchange(jpAccounts, "1000.x"),
			"no verifier":    r.exchange(jpAccounts, r.code(pkce)),
			"wrong verifier": r.exchange(jpAccounts, r.code(pkce), "code_verifier", challenge),
		} {
			if v["error"] != "invalid_code" {
				t.Errorf("%s: %v", reason, v["error"])
			}
		}
		if v := r.exchange(jpAccounts, r.code(pkce), "code_verifier", verifier); v["error"] != nil {
			t.Errorf("with the verifier: %v", v["error"])
		}
		if v := r.exchange(jpAccounts, r.code(authURL(jpAccounts)), "redirect_uri", "https://other.example/"); v["error"] != "invalid_redirect_uri" {
			t.Errorf("other redirect: %v", v["error"])
		}
		code = r.code(authURL(jpAccounts))
		time.Sleep(time.Minute)
		if v := r.exchange(jpAccounts, code); v["error"] != "invalid_code" {
			t.Errorf("after a minute: %v", v["error"])
		}
	})
}

func TestClientErrors(t *testing.T) {
	r := newRig(t, &zohoauthtest.Options{DC: datacenter.JP, Secrets: map[datacenter.DC]string{
		datacenter.JP: zohoauthtest.DefaultClientSecret, datacenter.EU: "another"}})
	tests := []struct {
		name, accounts string
		pairs          []string
		status         int
		want           any
	}{
		{"id", jpAccounts, []string{"grant_type", "refresh_token", "client_id", "x"}, 200, "invalid_client"},
		{"secret", jpAccounts, []string{"grant_type", "refresh_token", "client_secret", "x"}, 200, "invalid_client_secret"},
		{"secret of another place", "https://accounts.zoho.eu", []string{"grant_type", "refresh_token"}, 200, "invalid_client_secret"},
		{"not enabled", usAccounts, []string{"grant_type", "refresh_token"}, 200, "invalid_client"},
		{"grant type", jpAccounts, []string{"grant_type", "password"}, 200, "invalid_client"},
		{"no grant type", jpAccounts, nil, 400, nil},
		{"refresh token", jpAccounts, []string{"grant_type", "refresh_token", "refresh_token", "x"}, 200, "invalid_code"},
	}
	for _, tt := range tests {
		if status, v := r.post(tt.accounts, tt.pairs...); status != tt.status || v["error"] != tt.want {
			t.Errorf("%s: status %d, error %v", tt.name, status, v["error"])
		}
	}
	for name, target := range map[string]string{
		"query": jpAccounts + "/oauth/v2/token?client_secret=x", "other path": jpAccounts + "/oauth/v2/other",
	} {
		resp, err := r.c.Post(target, "application/x-www-form-urlencoded", strings.NewReader("grant_type=refresh_token"))
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode/100 != 4 {
			t.Errorf("%s: status %d", name, resp.StatusCode)
		}
	}
	if _, err := r.c.Get("https://zoho.example/"); err == nil {
		t.Error("the client reached another host")
	}
}

func TestThrottle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, jp)
		token := r.grant()["refresh_token"]
		for i := range 10 {
			if v := r.refresh(jpAccounts, token); v["error"] != nil {
				t.Fatalf("request %d: %v", i+1, v["error"])
			}
		}
		for range 9 {
			want := map[string]any{"error": "Access Denied", "status": "failure",
				"error_description": "You have made too many requests continuously. Please try again after some time."}
			if diff := cmp.Diff(want, r.refresh(jpAccounts, token)); diff != "" {
				t.Fatal(diff)
			}
			time.Sleep(time.Minute)
		}
		if v := r.refresh(jpAccounts, r.grant()["refresh_token"]); v["error"] != nil {
			t.Errorf("another refresh token: %v", v["error"])
		}
		time.Sleep(time.Minute)
		if v := r.refresh(jpAccounts, token); v["error"] != nil {
			t.Errorf("after 10 minutes: %v", v["error"])
		}
		r.s.SetThrottle(false)
		for range 20 {
			if v := r.refresh(jpAccounts, token); v["error"] != nil {
				t.Fatalf("without throttle: %v", v["error"])
			}
		}
	})
}

func TestLiveTokens(t *testing.T) {
	r := newRig(t, &zohoauthtest.Options{DC: datacenter.JP, NoThrottle: true})
	first := r.grant()
	access, _ := first["access_token"].(string)
	for range 9 {
		r.refresh(jpAccounts, first["refresh_token"])
	}
	if err := r.s.Verify(access); err != nil {
		t.Errorf("with 10 live tokens: %v", err)
	}
	r.refresh(jpAccounts, first["refresh_token"])
	if r.s.Verify(access) == nil {
		t.Error("the eleventh did not end the first")
	}
	for range 20 {
		r.grant()
	}
	if v := r.refresh(jpAccounts, first["refresh_token"]); v["error"] != "invalid_code" {
		t.Errorf("after 20 more consents: %v", v["error"])
	}
}

func TestKnobs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, jp)
		r.s.SetLifetime(time.Minute)
		v := r.grant()
		access, _ := v["access_token"].(string)
		if v["expires_in"] != 60.0 || r.s.Verify(access) != nil {
			t.Error("lifetime of a minute")
		}
		time.Sleep(time.Minute)
		if r.s.Verify(access) == nil {
			t.Error("live after its end")
		}
		fresh, _ := r.refresh(jpAccounts, v["refresh_token"])["access_token"].(string)
		r.s.ExpireAccess()
		if r.s.Verify(fresh) == nil || r.s.Verify("") == nil {
			t.Error("live after ExpireAccess")
		}
		r.s.Revoke()
		if v := r.refresh(jpAccounts, v["refresh_token"]); v["error"] != "invalid_code" {
			t.Errorf("after Revoke: %v", v["error"])
		}
		r.s.FailNext(zohoauthtest.Fault{Status: 503, Body: "<html>", Delay: time.Second}, zohoauthtest.Fault{Pass: true, Delay: time.Second})
		r.s.SetLatency(time.Second)
		began := time.Now()
		if status, v := r.post(jpAccounts); status != 503 || v != nil || time.Since(began) != 2*time.Second {
			t.Errorf("status %d after %v", status, time.Since(began))
		}
		if status, _ := r.post(jpAccounts); status != 400 || time.Since(began) != 4*time.Second {
			t.Errorf("status %d after %v", status, time.Since(began))
		}
		last := r.s.Requests()[r.s.TokenRequests()]
		if last.Time.IsZero() || last.DC != datacenter.JP || r.s.TokenRequests() != 5 {
			t.Errorf("log: %+v, %d token requests", last, r.s.TokenRequests())
		}
	})
}

func TestNewErrors(t *testing.T) {
	for _, o := range []*zohoauthtest.Options{{DC: "inec"}, {Lifetime: time.Millisecond}} {
		if _, err := zohoauthtest.New(o); err == nil {
			t.Errorf("accepted %+v", o)
		}
	}
}

func TestLoopback(t *testing.T) {
	r := newRig(t, &zohoauthtest.Options{DC: datacenter.JP, Loopback: true})
	u, err := r.s.Consent(t.Context(), authURL(r.s.URL()))
	if err != nil {
		t.Fatal(err)
	}
	if got := u.Query().Get("accounts-server"); got != r.s.URL() {
		t.Errorf("accounts-server %q", got)
	}
	if v := r.exchange(jpAccounts, u.Query().Get("code")); v["error"] != nil {
		t.Error(v["error"])
	}
}
