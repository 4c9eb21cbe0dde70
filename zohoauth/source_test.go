package zohoauth_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zohoscim/zohoscim/datacenter"
	"github.com/zohoscim/zohoscim/zohoauth"
	"github.com/zohoscim/zohoscim/zohoauth/zohoauthtest"
)

// need returns a token or fails the test, and checks that it is live.
func need(t testing.TB, s *zohoauthtest.Server, src *zohoauth.TokenSource) string {
	t.Helper()
	tok, err := src.TokenContext(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Verify(tok.AccessToken); err != nil {
		t.Fatalf("handed out: %v", err)
	}
	return tok.AccessToken
}

// refreshes counts the token requests since a moment.
func refreshes(s *zohoauthtest.Server, before int) int { return s.TokenRequests() - before }

// TestRefreshStorm has 1,000 callers wait for one refresh, half of the time with
// a caller that started it and gives up.
func TestRefreshStorm(t *testing.T) {
	for _, cancelled := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := newServer(t, jp)
			src := newSource(t, s, newConfig(t, s, nil), zohoauth.NewMemoryStore(), nil)
			need(t, s, src)
			time.Sleep(2 * time.Hour)
			before := s.TokenRequests()
			s.SetLatency(time.Second)

			leader, cancel := context.WithCancel(t.Context())
			defer cancel()
			var wg sync.WaitGroup
			wg.Go(func() {
				began := time.Now()
				_, err := src.TokenContext(leader)
				if cancelled != errors.Is(err, context.Canceled) {
					t.Errorf("leader: %v", err)
				}
				if cancelled && time.Since(began) > 600*time.Millisecond {
					t.Errorf("the leader waited %v after its context ended", time.Since(began))
				}
			})
			synctest.Wait()
			var tokens sync.Map
			for range 1000 {
				wg.Go(func() {
					tok, err := src.TokenContext(t.Context())
					if err != nil {
						t.Error(err)
						return
					}
					tokens.Store(tok.AccessToken, true)
				})
			}
			if cancelled {
				time.Sleep(500 * time.Millisecond)
				cancel()
			}
			wg.Wait()
			if n := refreshes(s, before); n != 1 {
				t.Errorf("%d token requests, want 1", n)
			}
			n := 0
			tokens.Range(func(any, any) bool { n++; return true })
			if n != 1 {
				t.Errorf("%d different tokens, want 1", n)
			}
		})
	}
}

// TestStormFails has all callers share one failure and its pause.
func TestStormFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, jp)
		src := newSource(t, s, newConfig(t, s, nil), zohoauth.NewMemoryStore(), nil)
		time.Sleep(2 * time.Hour)
		before := s.TokenRequests()
		s.FailNext(zohoauthtest.Fault{Status: 503, Delay: time.Second})
		var wg sync.WaitGroup
		for range 1000 {
			wg.Go(func() {
				_, err := src.TokenContext(t.Context())
				if !errors.Is(err, zohoauth.ErrUnavailable) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		_, err := src.TokenContext(t.Context())
		wantError(t, err, zohoauth.ErrUnavailable)
		if n := refreshes(s, before); n != 1 {
			t.Errorf("%d token requests, want 1", n)
		}
		time.Sleep(5 * time.Second)
		need(t, s, src)
	})
}

// TestRefreshIsEarly runs a day with a caller per minute: no token is refused,
// one refresh an hour suffices, and each comes early.
func TestRefreshIsEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, jp)
		src := newSource(t, s, newConfig(t, s, nil), zohoauth.NewMemoryStore(), nil)
		before := s.TokenRequests()
		last := need(t, s, src)
		changed := time.Now()
		for range 24 * 60 {
			time.Sleep(time.Minute)
			if tok := need(t, s, src); tok != last {
				age := time.Since(changed)
				if age < 49*time.Minute-time.Second || age > 56*time.Minute {
					t.Errorf("refreshed at the age of %v", age)
				}
				last, changed = tok, time.Now()
			}
		}
		if n := refreshes(s, before); n < 24 || n > 30 {
			t.Errorf("%d refreshes in a day", n)
		}
	})
}

// TestRefreshSpread has sources with tokens of one age refresh at different times.
func TestRefreshSpread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, &zohoauthtest.Options{DC: datacenter.JP, NoThrottle: true})
		const sources = 1000
		var all [sources]*zohoauth.TokenSource
		tok := grant(t, s, newConfig(t, s, nil), datacenter.JP)
		for i := range all {
			c, store := newConfig(t, s, nil), zohoauth.NewMemoryStore()
			if err := zohoauth.SaveToken(t.Context(), store, "org", tok); err != nil {
				t.Fatal(err)
			}
			src, err := zohoauth.NewTokenSource(c, store, "org", nil)
			if err != nil {
				t.Fatal(err)
			}
			all[i] = src
		}
		var minutes [61]int
		before := s.TokenRequests()
		for m := range 56 {
			for _, src := range all {
				if _, err := src.TokenContext(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			minutes[m] = s.TokenRequests() - before
			before = s.TokenRequests()
			time.Sleep(time.Minute)
		}
		used, total := 0, 0
		for _, n := range minutes {
			if n > 0 {
				used++
			}
			total += n
		}
		if used < 6 || total != sources {
			t.Errorf("%d refreshes in %d different minutes, want %d in at least 6: %v", total, used, sources, minutes)
		}
	})
}

// TestClockSkew has 1,000 sources whose token was stored by a machine with a clock
// that is up to 5 minutes wrong: none hands it out after its end.
func TestClockSkew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, &zohoauthtest.Options{DC: datacenter.JP, NoThrottle: true})
		c := newConfig(t, s, nil)
		tok := grant(t, s, c, datacenter.JP)
		end := time.Now().Add(time.Hour)
		var all [1000]*zohoauth.TokenSource
		for i := range all {
			skew := time.Duration(i-500) * 5 * time.Minute / 500
			stored := *tok
			stored.Issued, stored.Expiry = tok.Issued.Add(skew), tok.Expiry.Add(skew)
			store := zohoauth.NewMemoryStore()
			if err := zohoauth.SaveToken(t.Context(), store, "org", &stored); err != nil {
				t.Fatal(err)
			}
			var err error
			if all[i], err = zohoauth.NewTokenSource(newConfig(t, s, nil), store, "org", nil); err != nil {
				t.Fatal(err)
			}
		}
		for range 130 {
			for i, src := range all {
				got, err := src.TokenContext(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if got.AccessToken == tok.AccessToken.Reveal() && !time.Now().Before(end) {
					t.Fatalf("source %d: handed out %v after its end", i, time.Since(end))
				}
			}
			time.Sleep(30 * time.Second)
		}
	})
}

// TestEarlyRefreshFails: a token that still works is used, for as long as it does.
func TestEarlyRefreshFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, jp)
		src := newSource(t, s, newConfig(t, s, nil), zohoauth.NewMemoryStore(), nil)
		old := need(t, s, src)
		time.Sleep(56 * time.Minute)
		s.FailNext(zohoauthtest.Fault{Status: 500}, zohoauthtest.Fault{Delay: 20 * time.Second, Status: 500})
		if need(t, s, src) != old {
			t.Error("the refresh was to fail")
		}
		time.Sleep(10 * time.Second)
		began := time.Now()
		if need(t, s, src) != old {
			t.Error("the second refresh was to fail")
		}
		if d := time.Since(began); d > 3*time.Second {
			t.Errorf("waited %v for a refresh that was not urgent", d)
		}
		time.Sleep(2 * time.Minute)
		if need(t, s, src) == old {
			t.Error("the third refresh was to work")
		}
	})
}

// TestNoExpiredToken: with Zoho down, the error comes before an expired token.
func TestNoExpiredToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, jp)
		down := atomic.Bool{}
		base := s.Client().Transport
		hc := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			if down.Load() {
				return nil, errors.New("network is unreachable")
			}
			return base.RoundTrip(r)
		})}
		src := newSource(t, s, newConfig(t, s, &zohoauth.ConfigOptions{HTTPClient: hc}), zohoauth.NewMemoryStore(), nil)
		down.Store(true)
		for range 90 {
			tok, err := src.TokenContext(t.Context())
			if err == nil {
				if err := s.Verify(tok.AccessToken); err != nil {
					t.Fatal(err)
				}
			} else {
				wantError(t, err, zohoauth.ErrUnavailable)
			}
			time.Sleep(time.Minute)
		}
		down.Store(false)
		time.Sleep(6 * time.Minute)
		need(t, s, src)
	})
}

func TestInvalidate(t *testing.T) {
	s := newServer(t, jp)
	src := newSource(t, s, newConfig(t, s, nil), zohoauth.NewMemoryStore(), nil)
	first := need(t, s, src)
	src.Invalidate("")
	src.Invalidate("another")
	if need(t, s, src) != first {
		t.Error("a foreign token invalidated the current one")
	}
	s.ExpireAccess()
	before := s.TokenRequests()
	var wg sync.WaitGroup
	for range 50 { // 50 requests failed with the same token
		wg.Go(func() {
			src.Invalidate(first)
			if tok, err := src.TokenContext(t.Context()); err != nil || tok.AccessToken == first {
				t.Errorf("the invalid token came again, or %v", err)
			}
		})
	}
	wg.Wait()
	need(t, s, src)
	if n := refreshes(s, before); n != 1 {
		t.Errorf("%d refreshes, want 1", n)
	}
}

// TestConsentAgain: a lost grant is one request, and the next consent ends it
// without a restart.
func TestConsentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, jp)
		c, store := newConfig(t, s, nil), zohoauth.NewMemoryStore()
		src := newSource(t, s, c, store, nil)
		s.Revoke()
		time.Sleep(2 * time.Hour)
		before := s.TokenRequests()
		for range 300 {
			_, err := src.TokenContext(t.Context())
			wantError(t, err, zohoauth.ErrConsentRequired)
			time.Sleep(time.Second)
		}
		if n := refreshes(s, before); n != 1 {
			t.Errorf("%d requests with a lost grant, want 1", n)
		}
		if err := zohoauth.SaveToken(t.Context(), store, "org", grant(t, s, c, datacenter.JP)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		need(t, s, src)
	})
}

func TestTokenContextEnded(t *testing.T) {
	s := newServer(t, jp)
	src := newSource(t, s, newConfig(t, s, nil), zohoauth.NewMemoryStore(), nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := src.TokenContext(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := src.Token(); err != nil {
		t.Error(err)
	}
}

// TestInvalidateInFlight: a flight that began before Invalidate must not bring
// the refused token to those who join it.
func TestInvalidateInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, jp)
		var slow atomic.Bool
		store := &brokenStore{TokenStore: zohoauth.NewMemoryStore(), put: func() error {
			if slow.Load() {
				time.Sleep(2 * time.Second)
				return errors.New("no space left on device")
			}
			return nil
		}}
		src := newSource(t, s, newConfig(t, s, nil), store, nil)
		old := need(t, s, src)
		slow.Store(true)
		src.Invalidate(old)
		tok := need(t, s, src)       // not saved
		time.Sleep(10 * time.Second) // time to try again
		go func() { _, _ = src.TokenContext(t.Context()) }()
		synctest.Wait() // the flight is saving tok
		s.ExpireAccess()
		src.Invalidate(tok)
		if need(t, s, src) == tok {
			t.Error("the refused token came again")
		}
	})
}

// TestSameTokenAgain: a server that answers a refresh with the refused token
// costs one request for each refusal.
func TestSameTokenAgain(t *testing.T) {
	s := newServer(t, jp)
	src := newSource(t, s, newConfig(t, s, nil), zohoauth.NewMemoryStore(), nil)
	tok := need(t, s, src)
	s.FailNext(zohoauthtest.Fault{Body: `{"access_token":"` + tok + `","expires_in":3600}`})
	src.Invalidate(tok)
	before := s.TokenRequests()
	if need(t, s, src) != tok || refreshes(s, before) != 1 {
		t.Errorf("%d requests", refreshes(s, before))
	}
}

// TestTokenFromTheFuture: a token that was stored under a wrong clock is not
// trusted, because its expiry is wrong too.
func TestTokenFromTheFuture(t *testing.T) {
	s := newServer(t, jp)
	c, store := newConfig(t, s, nil), zohoauth.NewMemoryStore()
	tok := *grant(t, s, c, datacenter.JP)
	tok.Issued, tok.Expiry = tok.Issued.Add(24*time.Hour), tok.Expiry.Add(24*time.Hour)
	if err := zohoauth.SaveToken(t.Context(), store, "org", &tok); err != nil {
		t.Fatal(err)
	}
	src, err := zohoauth.NewTokenSource(c, store, "org", nil)
	if err != nil {
		t.Fatal(err)
	}
	if need(t, s, src) == tok.AccessToken.Reveal() {
		t.Error("a token with a wrong expiry was handed out")
	}
}
