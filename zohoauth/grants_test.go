package zohoauth_test

import (
	"errors"
	"io/fs"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zohoscim/zohoscim/datacenter"
	"github.com/zohoscim/zohoscim/zohoauth"
	"github.com/zohoscim/zohoscim/zohoauth/zohoauthtest"
)

func TestSelfClient(t *testing.T) {
	s := newServer(t, jp)
	c := newConfig(t, s, nil)
	tok, err := c.ExchangeSelfClient(t.Context(), datacenter.JP, zohoauth.NewSecret(s.SelfClientCode()))
	if err != nil || s.Verify(tok.AccessToken.Reveal()) != nil || tok.RefreshToken.IsZero() {
		t.Fatalf("%v, %v", tok, err)
	}
	if _, err := c.Refresh(t.Context(), tok); err != nil {
		t.Error(err)
	}
	_, err = c.ExchangeSelfClient(t.Context(), datacenter.JP, zohoauth.NewSecret("1000.x"))
	wantError(t, err, zohoauth.ErrCodeRejected)
	_, err = c.ExchangeSelfClient(t.Context(), datacenter.JP, zohoauth.NewSecret(s.SelfClientCode("ZohoCRM.org.READ")))
	wantError(t, err, zohoauth.ErrMissingScope)
}

func TestClientCredentials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, &zohoauthtest.Options{DC: datacenter.JP, SOID: "ZohoOne.600"})
		c, store := newConfig(t, s, nil), zohoauth.NewMemoryStore()
		_, err := c.ClientCredentials(t.Context(), datacenter.JP, "")
		if e := wantError(t, err, zohoauth.ErrRefused); e.Code != "missing_org_info" || !strings.Contains(e.Detail, "soid") {
			t.Error(err)
		}
		_, err = c.ClientCredentials(t.Context(), datacenter.JP, "a b")
		wantError(t, err, zohoauth.ErrConfig)
		tok, err := c.ClientCredentials(t.Context(), datacenter.JP, "ZohoOne.600")
		if err != nil || !tok.RefreshToken.IsZero() {
			t.Fatal(err)
		}
		if err := zohoauth.SaveToken(t.Context(), store, "org", tok); err != nil {
			t.Fatal(err)
		}
		src, err := zohoauth.NewTokenSource(c, store, "org", nil)
		if err != nil {
			t.Fatal(err)
		}
		old := need(t, s, src)
		time.Sleep(2 * time.Hour)
		if need(t, s, src) == old {
			t.Error("the old token")
		}
		for range 600 { // the limit holds here, too
			if tok, err := src.TokenContext(t.Context()); err == nil {
				src.Invalidate(tok.AccessToken)
			} else {
				wantError(t, err, zohoauth.ErrRateLimited)
			}
			time.Sleep(time.Second)
		}
		checkWindows(t, s)
	})
}

func TestRevoke(t *testing.T) {
	page := zohoauthtest.Fault{Status: 400, Body: "<html>"}
	tests := []struct {
		name   string
		opts   zohoauthtest.Options
		answer func(path string) *zohoauthtest.Fault // nil: the server's own
		gone   bool                                  // revoked before
		want   error
		live   int
		reason string
	}{
		{name: "older endpoint", reason: "documented by every product"},
		{name: "newer endpoint", opts: zohoauthtest.Options{OneRevoke: true}, reason: "documented by the Accounts page"},
		{name: "again", gone: true, reason: "RFC 7009 section 2.2: an unknown token is no error"},
		{name: "again, newer only", opts: zohoauthtest.Options{OneRevoke: true}, gone: true, reason: "the older endpoint may go one day"},
		{name: "down", answer: func(string) *zohoauthtest.Fault { return &zohoauthtest.Fault{Status: 503} }, want: zohoauth.ErrUnavailable, live: 1, reason: "not known"},
		{name: "both 400", answer: func(string) *zohoauthtest.Fault { return &page }, live: 1, reason: "both say that it is unknown"},
		{name: "client", answer: func(path string) *zohoauthtest.Fault {
			if path == "/oauth/v2/revoke/token" {
				return &zohoauthtest.Fault{Status: 400, Error: "invalid_client_secret"}
			}
			return &page
		}, want: zohoauth.ErrInvalidClient, live: 1, reason: "the client is blamed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.opts.DC = datacenter.JP
			s := newServer(t, &tt.opts)
			base := s.Client().Transport
			hc := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				if tt.answer != nil && strings.Contains(r.URL.Path, "revoke") {
					return faulty(tt.answer(r.URL.Path), r), nil
				}
				return base.RoundTrip(r)
			})}
			c := newConfig(t, s, &zohoauth.ConfigOptions{HTTPClient: hc})
			tok := grant(t, s, c, datacenter.JP)
			if tt.gone {
				s.Revoke()
			}
			err := c.Revoke(t.Context(), tok)
			if !errors.Is(err, tt.want) {
				t.Errorf("%v, want %v (%s)", err, tt.want, tt.reason)
			}
			if n := s.Grants(); n != tt.live {
				t.Errorf("%d grants are live, want %d (%s)", n, tt.live, tt.reason)
			}
		})
	}
}

// TestReplaceToken: 50 consents leave one grant, which works, and a source that
// runs all the time never fails.
func TestReplaceToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, jp)
		c, store := newConfig(t, s, nil), zohoauth.NewMemoryStore()
		src := newSource(t, s, c, store, nil)
		for range 50 {
			tok, err := src.TokenContext(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if s.Verify(tok.AccessToken) != nil { // an API answers 401
				src.Invalidate(tok.AccessToken)
			}
			need(t, s, src)
			if err := c.ReplaceToken(t.Context(), store, "org", grant(t, s, c, datacenter.JP)); err != nil {
				t.Fatal(err)
			}
			if n := s.Grants(); n != 1 {
				t.Fatalf("%d grants are live", n)
			}
			time.Sleep(10 * time.Minute)
		}
	})
}

// TestReplaceTokenFails: the old grant lives until the new one is saved.
func TestReplaceTokenFails(t *testing.T) {
	s := newServer(t, jp)
	c := newConfig(t, s, nil)
	full := false
	store := &brokenStore{TokenStore: zohoauth.NewMemoryStore(), put: func() error {
		if full {
			return errors.New("no space left on device")
		}
		return nil
	}}
	old := grant(t, s, c, datacenter.JP)
	if err := c.ReplaceToken(t.Context(), store, "org", old); err != nil {
		t.Fatal(err)
	}
	full = true
	wantError(t, c.ReplaceToken(t.Context(), store, "org", grant(t, s, c, datacenter.JP)), zohoauth.ErrStore)
	if _, err := c.Refresh(t.Context(), old); err != nil {
		t.Errorf("the old grant: %v", err)
	}
}

func TestDisconnect(t *testing.T) {
	s := newServer(t, jp)
	c, store := newConfig(t, s, nil), zohoauth.NewMemoryStore()
	src := newSource(t, s, c, store, nil)
	src.Invalidate(need(t, s, src))
	need(t, s, src) // leaves a record
	if err := c.Disconnect(t.Context(), store, "org"); err != nil || s.Grants() != 0 {
		t.Fatalf("%v, %d grants", err, s.Grants())
	}
	for _, key := range []string{"org", "requests/org"} {
		if _, err := store.Get(t.Context(), key); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", key, err)
		}
	}
	if err := c.Disconnect(t.Context(), store, "org"); err != nil {
		t.Errorf("again: %v", err)
	}
}

func TestUser(t *testing.T) {
	s := newServer(t, &zohoauthtest.Options{DC: datacenter.JP, User: zohoauthtest.User{ZUID: 9007199254740993, Email: "user1@example.com"}})
	c := newConfig(t, s, &zohoauth.ConfigOptions{Scopes: []string{datacenter.ScopeSCIM, "AaaServer.profile.READ"}})
	got, err := c.User(t.Context(), grant(t, s, c, datacenter.JP))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&zohoauth.User{ID: "9007199254740993", Email: "user1@example.com"}, got); diff != "" {
		t.Error(diff)
	}
	plain := newConfig(t, s, nil)
	_, err = plain.User(t.Context(), grant(t, s, plain, datacenter.JP))
	wantError(t, err, zohoauth.ErrRefused)
}

func TestServerInfo(t *testing.T) {
	s := newServer(t, nil)
	own, err := datacenter.Custom("https://accounts.example.org", "")
	if err != nil {
		t.Fatal(err)
	}
	c := newConfig(t, s, &zohoauth.ConfigOptions{Custom: map[datacenter.DC]datacenter.Endpoints{datacenter.SG: own}})
	got, err := c.ServerInfo(t.Context(), datacenter.US)
	if err != nil {
		t.Fatal(err)
	}
	want := &zohoauth.ServerInfo{
		Agreed:  []datacenter.DC{"ae", "au", "ca", "eu", "in", "jp", "sa", "uk", "us"},
		Differs: []datacenter.DC{"sg"}, Unknown: []string{"inec"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
