package zohoauth_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zohoscim/zohoscim/zohoauth"
	"github.com/zohoscim/zohoscim/zohoauth/zohoauthtest"
)

// TestBudget: whatever happens, at most 10 requests in 10 minutes.
func TestBudget(t *testing.T) {
	for name, fault := range map[string]zohoauthtest.Fault{
		"server error": {Status: 500}, "page": {Body: "<html>"}, "cut": {Drop: true},
		"refused": {Error: "general_error"}, "client": {Error: "invalid_client"},
		"consent": {Error: "invalid_code"}, "limited": {Error: "Access Denied", Status: 400},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newServer(t, jp)
				src := newSource(t, s, newConfig(t, s, nil), zohoauth.NewMemoryStore(), nil)
				time.Sleep(2 * time.Hour)
				for range 10_000 {
					s.FailNext(fault)
				}
				for range 3600 {
					if _, err := src.TokenContext(t.Context()); err == nil {
						t.Fatal("no error")
					}
					time.Sleep(time.Second)
				}
				checkWindows(t, s)
			})
		})
	}
}

// checkWindows fails if any 10 minutes saw more than 10 token requests.
func checkWindows(t *testing.T, s *zohoauthtest.Server) {
	t.Helper()
	var at []time.Time
	for _, r := range s.Requests() {
		if r.Path == "/oauth/v2/token" {
			at = append(at, r.Time)
		}
	}
	for i := 10; i < len(at); i++ {
		if d := at[i].Sub(at[i-10]); d <= 10*time.Minute {
			t.Fatalf("11 token requests in %v", d)
		}
	}
}

// TestInvalidateLoop: a server that answers 401 to everything costs 10 requests
// in 10 minutes, not one per call.
func TestInvalidateLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, jp)
		src := newSource(t, s, newConfig(t, s, nil), zohoauth.NewMemoryStore(), nil)
		limited := 0
		for range 1000 {
			tok, err := src.TokenContext(t.Context())
			if err != nil {
				wantError(t, err, zohoauth.ErrRateLimited)
				limited++
			} else {
				src.Invalidate(tok.AccessToken)
			}
			time.Sleep(3 * time.Second)
		}
		checkWindows(t, s)
		if limited == 0 {
			t.Error("the limit was never met")
		}
	})
}

// TestRateLimit: Zoho's own limit is remembered until its end, and is not a
// reason to consent again.
func TestRateLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, jp)
		src := newSource(t, s, newConfig(t, s, nil), zohoauth.NewMemoryStore(), nil)
		time.Sleep(2 * time.Hour)
		s.FailNext(zohoauthtest.Fault{Error: "Access Denied"})
		_, err := src.TokenContext(t.Context())
		e := wantError(t, err, zohoauth.ErrRateLimited)
		if errors.Is(err, zohoauth.ErrConsentRequired) || errors.Is(err, zohoauth.ErrAccessDenied) {
			t.Error("a rate limit must not look like a lost grant")
		}
		if d := time.Until(e.Until); d != 10*time.Minute {
			t.Errorf("limited for %v", d)
		}
		before := s.TokenRequests()
		for time.Now().Before(e.Until.Add(-time.Second)) {
			time.Sleep(time.Second)
			_, err := src.TokenContext(t.Context())
			wantError(t, err, zohoauth.ErrRateLimited)
		}
		if n := refreshes(s, before); n != 0 {
			t.Errorf("%d requests while limited", n)
		}
		time.Sleep(6 * time.Minute)
		need(t, s, src)
	})
}

// TestLimitIsShared: a second source of the same Config knows of the limit.
func TestLimitIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, jp)
		c, store := newConfig(t, s, nil), zohoauth.NewMemoryStore()
		one := newSource(t, s, c, store, nil)
		two, err := zohoauth.NewTokenSource(c, store, "org", nil)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Hour)
		s.FailNext(zohoauthtest.Fault{Error: "Access Denied"})
		for _, src := range []*zohoauth.TokenSource{one, two} {
			_, err := src.TokenContext(t.Context())
			wantError(t, err, zohoauth.ErrRateLimited)
		}
		if n := s.TokenRequests(); n != 2 { // with the exchange
			t.Errorf("%d token requests, want 2", n)
		}
	})
}
