package zohoauth_test

import (
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/zohoscim/zohoscim/datacenter"
	"github.com/zohoscim/zohoscim/zohoauth"
)

// The client that testdata/oidc/server.js registers.
const (
	foreignClient   = "1000.FOREIGN"
	foreignSecret   = "foreign-client-secret"
	foreignRedirect = "http://127.0.0.1:9004/callback"
)

// TestForeignServer walks code with PKCE, refresh with rotation, revocation and a
// wrong secret against an authorization server that is not ours, so that the
// fake and this package cannot share a mistake.
func TestForeignServer(t *testing.T) {
	server := os.Getenv("ZOHOSCIM_TEST_OIDC")
	if server == "" {
		t.Skip("ZOHOSCIM_TEST_OIDC is not set to the URL of a foreign server: testdata/oidc/run.sh starts one")
	}
	cfg := foreignConfig(t, server, foreignSecret)
	flow := newFlow(t, cfg, nil)
	consent := func() url.Values { return walkForeign(t, start(t, flow, datacenter.US, nil).URL) }

	tok, err := flow.HandleCallback(t.Context(), consent())
	if err != nil {
		t.Fatal(err)
	}
	first, err := cfg.Refresh(t.Context(), tok)
	if err != nil {
		t.Fatal(err)
	}
	if first.RefreshToken.Equal(tok.RefreshToken) || first.AccessToken.Equal(tok.AccessToken) {
		t.Error("the server did not rotate, so this proves nothing")
	}
	// The chain works from a store, too.
	store := newDirStore(t, t.TempDir()+"/tokens")
	if err := zohoauth.SaveToken(t.Context(), store, "k", first); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		src, err := zohoauth.NewTokenSource(cfg, store, "k", nil)
		if err != nil {
			t.Fatal(err)
		}
		at, err := src.TokenContext(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		src.Invalidate(at.AccessToken)
		if next, err := src.TokenContext(t.Context()); err != nil || next.AccessToken == at.AccessToken {
			t.Fatalf("after Invalidate: %v", err)
		}
	}
	last, err := zohoauth.LoadToken(t.Context(), store, "k")
	if err != nil {
		t.Fatal(err)
	}
	if err := cfg.Revoke(t.Context(), last); err != nil {
		t.Fatal(err)
	}
	_, err = cfg.Refresh(t.Context(), last)
	wantError(t, err, zohoauth.ErrConsentRequired)

	_, err = foreignConfig(t, server, "wrong").Refresh(t.Context(), last)
	wantError(t, err, zohoauth.ErrInvalidClient)

	code := zohoauth.NewSecret(consent().Get("code"))
	_, err = cfg.Exchange(t.Context(), datacenter.US, code, zohoauth.NewSecret(strings.Repeat("x", 43)))
	wantError(t, err, zohoauth.ErrCodeRejected) // not the verifier of this consent
}

func foreignConfig(t *testing.T, server, secret string) *zohoauth.Config {
	t.Helper()
	own, err := datacenter.Custom(server, "")
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := zohoauth.NewConfig(foreignClient, zohoauth.NewSecret(secret), &zohoauth.ConfigOptions{
		RedirectURL: foreignRedirect,
		Custom:      map[datacenter.DC]datacenter.Endpoints{datacenter.US: own},
		HTTPClient:  foreignHTTP,
	})
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// foreignHTTP keeps no connection: the leak check would find it.
var foreignHTTP = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

var (
	formAction = regexp.MustCompile(`<form[^>]* action="([^"]+)"`)
	formHidden = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]+)"`)
)

// walkForeign is a browser and a user: it signs in, consents, and returns the
// query of the callback.
func walkForeign(t *testing.T, address string) url.Values {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	var callback url.Values
	browser := &http.Client{Jar: jar, Transport: foreignHTTP.Transport, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), foreignRedirect) {
			callback = r.URL.Query()
			return http.ErrUseLastResponse
		}
		return nil
	}}
	get := func(method, address string, form url.Values) string {
		req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		if form != nil {
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		resp, err := browser.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		page, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(page)
	}
	page := get(http.MethodGet, address, nil)
	for range 3 { // signing in, consenting, and one to spare
		if callback != nil {
			return callback
		}
		form := formAction.FindStringSubmatch(page)
		if form == nil {
			t.Fatalf("no form in the page:\n%s", page)
		}
		fields := url.Values{"login": {"user1"}, "password": {"any"}}
		for _, m := range formHidden.FindAllStringSubmatch(page, -1) {
			fields.Set(m[1], m[2])
		}
		page = get(http.MethodPost, html.UnescapeString(form[1]), fields)
	}
	if callback == nil {
		t.Fatalf("no callback, but:\n%s", page)
	}
	return callback
}
