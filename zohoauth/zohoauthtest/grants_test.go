package zohoauthtest_test

import (
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/zohoscim/zohoscim/datacenter"
	"github.com/zohoscim/zohoscim/zohoauth/zohoauthtest"
)

// send sends a request and returns status and JSON, nil for what is none.
func (r *rig) send(method, address string, header http.Header, pairs ...string) (int, map[string]any) {
	r.t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	req, err := http.NewRequestWithContext(r.t.Context(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header = header.Clone()
	if req.Header == nil {
		req.Header = http.Header{}
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := r.c.Do(req)
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
		v = nil
	}
	return resp.StatusCode, v
}

func text(v any) string { s, _ := v.(string); return s }

func basic(id, secret string) http.Header {
	return http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+secret))}}
}

func TestRevokeEndpoints(t *testing.T) {
	const older, newer = jpAccounts + "/oauth/v2/token/revoke", jpAccounts + "/oauth/v2/revoke/token"
	good := basic(zohoauthtest.DefaultClientID, zohoauthtest.DefaultClientSecret)
	r := newRig(t, jp)
	v := r.grant()
	access, refresh := text(v["access_token"]), text(v["refresh_token"])
	for _, tt := range []struct {
		reason, url string
		header      http.Header
		pairs       []string
		status      int
	}{
		{"older: unknown", older, nil, []string{"token", "x"}, 400},
		{"newer: no client", newer, nil, []string{"token", refresh}, 400},
		{"newer: wrong secret", newer, basic(zohoauthtest.DefaultClientID, "x"), []string{"token", refresh}, 400},
		{"newer: wrong kind", newer, good, []string{"token", access}, 400},
		{"newer: access", newer, good, []string{"token", access, "token_type", "access_token"}, 200},
		{"older: refresh", older, nil, []string{"token", refresh}, 200},
		{"newer: gone", newer, good, []string{"token", refresh}, 400},
	} {
		status, v := r.send("POST", tt.url, tt.header, tt.pairs...)
		if status != tt.status || tt.reason == "older: refresh" && v["status"] != "success" || tt.reason == "older: unknown" && v != nil {
			t.Errorf("%s: status %d, %v", tt.reason, status, v)
		}
	}
	if r.s.Verify(access) == nil || r.s.Grants() != 0 {
		t.Error("live after revocation")
	}
}

func TestClientCredentialsGrant(t *testing.T) {
	r := newRig(t, &zohoauthtest.Options{DC: datacenter.JP, SOID: "ZohoOne.1"})
	for _, tt := range []struct{ soid, scope, want string }{
		{"ZohoOne.1", "A.READ", ""}, {"", "A.READ", "missing_org_info"}, {"ZohoOne.2", "A.READ", "invalid_soid"}, {"ZohoOne.1", "", "invalid_scope"},
	} {
		_, v := r.send("POST", jpAccounts+"/oauth/v2/token", basic(zohoauthtest.DefaultClientID, zohoauthtest.DefaultClientSecret),
			"grant_type", "client_credentials", "scope", tt.scope, "soid", tt.soid)
		if text(v["error"]) != tt.want || tt.want == "" && (v["refresh_token"] != nil || r.s.Verify(text(v["access_token"])) != nil) {
			t.Errorf("soid %q: %v", tt.soid, v)
		}
	}
}

func TestAnswerOptions(t *testing.T) {
	r := newRig(t, &zohoauthtest.Options{DC: datacenter.JP, ErrorStatus: 400, Rotate: true, Omit: []string{"scope", "api_domain", "expires_in", "token_type"}})
	v := r.grant()
	if len(v) != 2 {
		t.Errorf("answer with %d members", len(v))
	}
	next := r.refresh(jpAccounts, v["refresh_token"])
	if text(next["refresh_token"]) == "" || next["refresh_token"] == v["refresh_token"] {
		t.Error("not rotated")
	}
	status, e := r.send("POST", jpAccounts+"/oauth/v2/token", nil, "grant_type", "refresh_token", "refresh_token", text(v["refresh_token"]),
		"client_id", zohoauthtest.DefaultClientID, "client_secret", zohoauthtest.DefaultClientSecret)
	if status != 400 || e["error"] != "invalid_code" {
		t.Errorf("the old refresh token: status %d, %v", status, e["error"])
	}
	if r.s.Grants() != 1 {
		t.Errorf("%d grants", r.s.Grants())
	}
}

func TestCodeThrottle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, &zohoauthtest.Options{DC: datacenter.JP, CodeThrottle: true})
		word := func() string {
			u, err := r.s.Consent(t.Context(), authURL(jpAccounts))
			if err != nil {
				t.Fatal(err)
			}
			return u.Query().Get("error")
		}
		for range 10 {
			if w := word(); w != "" {
				t.Error(w)
			}
		}
		if w := word(); w != "access_denied" {
			t.Errorf("the eleventh: %q", w)
		}
		time.Sleep(10 * time.Minute)
		if w := word(); w != "" {
			t.Error(w)
		}
	})
}

func TestDeviceEndpoints(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil)
		const us = "https://accounts.zoho.com"
		begin := func() map[string]any {
			_, v := r.send("POST", us+"/oauth/v3/device/code", nil, "client_id", zohoauthtest.DefaultClientID, "grant_type", "device_request",
				"scope", datacenter.ScopeSCIM, "access_type", "offline", "prompt", "consent")
			return v
		}
		poll := func(accounts string, v map[string]any) map[string]any {
			time.Sleep(5 * time.Second)
			_, a := r.send("POST", accounts+"/oauth/v3/device/token", nil, "client_id", zohoauthtest.DefaultClientID,
				"client_secret", zohoauthtest.DefaultClientSecret, "grant_type", "device_token", "code", text(v["device_code"]))
			return a
		}
		v := begin()
		if v["interval"] != 5000.0 || v["expires_in"] != 300000.0 {
			t.Errorf("%v", v)
		}
		if a := poll(us, v); a["error"] != "authorization_pending" {
			t.Errorf("%v", a["error"])
		}
		r.s.SetUser(datacenter.EU)
		if err := r.s.ApproveDevice(text(v["user_code"])); err != nil {
			t.Fatal(err)
		}
		if a := poll(us, v); a["error"] != "other_dc" || a["user_location"] != "eu" {
			t.Errorf("%v", a)
		}
		if a := poll("https://accounts.zoho.eu", v); r.s.Verify(text(a["access_token"])) != nil || a["refresh_token"] == nil {
			t.Errorf("%v", a["error"])
		}
		v = begin()
		if err := r.s.RejectDevice(text(v["user_code"])); err != nil {
			t.Fatal(err)
		}
		if a := poll(us, v); a["error"] != "access_denied" {
			t.Errorf("%v", a["error"])
		}
		v = begin()
		time.Sleep(5 * time.Minute)
		if a := poll(us, v); a["error"] != "expired" {
			t.Errorf("%v", a["error"])
		}
		if r.s.ApproveDevice(text(v["user_code"])) == nil || r.s.ApproveDevice("") == nil {
			t.Error("a code that is not open was approved")
		}
	})
}

// TestLoopbackHosts: every data center has a port of its own, and consent leads
// from one to the other.
func TestLoopbackHosts(t *testing.T) {
	r := newRig(t, &zohoauthtest.Options{DC: datacenter.EU, Loopback: true})
	seen := []string{r.s.URL()}
	for _, dc := range datacenter.All() {
		if u := r.s.URLFor(dc); u == "" || slices.Contains(seen, u) {
			t.Errorf("%s is at %q", dc, u)
		} else {
			seen = append(seen, u)
		}
	}
	u, err := r.s.Consent(t.Context(), authURL(r.s.URLFor(datacenter.US)))
	if err != nil {
		t.Fatal(err)
	}
	if q := u.Query(); q.Get("location") != "eu" || q.Get("accounts-server") != r.s.URLFor(datacenter.EU) {
		t.Errorf("sent back with %v", q)
	}
	if v := r.exchange(r.s.URLFor(datacenter.EU), u.Query().Get("code")); v["error"] != nil {
		t.Error(v["error"])
	}
}
