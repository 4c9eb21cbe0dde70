package zohoauth_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"

	"github.com/zohoscim/zohoscim/datacenter"
	"github.com/zohoscim/zohoscim/zohoauth"
	"github.com/zohoscim/zohoscim/zohoauth/zohoauthtest"
)

// TestStorms has 200 storms of 1,000 callers each. The endpoint is slow, fails or
// panics; in half of the storms the caller who started the refresh gives up. Each
// storm is one request, and nobody fails for another's sake.
func TestStorms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, jp)
		var mode atomic.Value
		base := s.Client().Transport
		hc := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			time.Sleep(time.Second)
			switch mode.Load() {
			case "fails":
				return nil, errors.New("connection refused")
			case "panics":
				panic("a transport")
			}
			return base.RoundTrip(r)
		})}
		mode.Store("slow")
		src := newSource(t, s, newConfig(t, s, &zohoauth.ConfigOptions{HTTPClient: hc}), zohoauth.NewMemoryStore(), nil)
		need(t, s, src)
		sent := make(map[string]int)
		for n := range 200 {
			time.Sleep(2 * time.Hour)
			kind := []string{"slow", "slow", "fails", "panics"}[n%4]
			mode.Store(kind)
			before := s.TokenRequests()
			storm(t, src, n/4%2 == 1, kind == "slow")
			got := refreshes(s, before)
			sent[kind] += got
			if kind == "slow" && got != 1 || got > 1 {
				t.Fatalf("storm %d (%s): %d requests", n, kind, got)
			}
		}
		checkWindows(t, s)
		t.Logf("requests that arrived: %v", sent)
	})
}

// storm has 1,000 callers ask at once.
func storm(t *testing.T, src *zohoauth.TokenSource, cancelled, works bool) {
	t.Helper()
	leader, cancel := context.WithCancel(t.Context())
	defer cancel()
	var wg sync.WaitGroup
	wg.Go(func() {
		_, err := src.TokenContext(leader)
		if cancelled != errors.Is(err, context.Canceled) || !cancelled && works != (err == nil) {
			t.Errorf("leader: %v", err)
		}
	})
	synctest.Wait()
	began := time.Now()
	for i := range 1000 {
		wg.Go(func() {
			ctx := t.Context()
			if i%10 == 0 { // some have less time than the refresh takes
				var stop context.CancelFunc
				ctx, stop = context.WithTimeout(ctx, 300*time.Millisecond)
				defer stop()
			}
			_, err := src.TokenContext(ctx)
			switch {
			case i%10 == 0:
				if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 400*time.Millisecond {
					t.Errorf("a caller with 300 ms: %v after %v", err, time.Since(began))
				}
			case works != (err == nil), !works && !errors.Is(err, zohoauth.ErrUnavailable):
				t.Error(err)
			}
		})
	}
	if cancelled {
		time.Sleep(100 * time.Millisecond)
		cancel()
	}
	wg.Wait()
}

// TestNotify: OnRefresh hears of each token from Zoho, OnLoss once of each loss,
// and the error says where to consent.
func TestNotify(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, jp)
		c, store := newConfig(t, s, nil), zohoauth.NewMemoryStore()
		var mu sync.Mutex // callers do not wait for the functions
		var events []string
		note := func(e string) { mu.Lock(); defer mu.Unlock(); events = append(events, e) }
		src := newSource(t, s, c, store, &zohoauth.TokenSourceOptions{
			ConsentURL: "https://app.example/zoho",
			OnRefresh:  func(_ context.Context, tok *zohoauth.Token) { note("refresh " + string(tok.DC)) },
			OnLoss: func(_ context.Context, err error) {
				note(fmt.Sprint("loss ", errors.Is(err, zohoauth.ErrConsentRequired)))
			},
		})
		need(t, s, src) // from the store: no event
		time.Sleep(2 * time.Hour)
		need(t, s, src)
		s.Revoke()
		for range 20 {
			time.Sleep(time.Hour)
			_, err := src.TokenContext(t.Context())
			if e := wantError(t, err, zohoauth.ErrConsentRequired); e.ConsentURL != "https://app.example/zoho" {
				t.Fatalf("consent at %q", e.ConsentURL)
			}
		}
		if err := c.ReplaceToken(t.Context(), store, "org", grant(t, s, c, datacenter.JP)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		need(t, s, src)
		s.Revoke()
		time.Sleep(2 * time.Hour)
		_, err := src.TokenContext(t.Context())
		wantError(t, err, zohoauth.ErrConsentRequired)
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		if got, want := fmt.Sprint(events), "[refresh jp loss true refresh jp loss true]"; got != want {
			t.Errorf("events %s, want %s", got, want)
		}
	})
}

// TestBudgetSurvives: a restart, with a new Config each time, changes nothing
// about Zoho's limit.
func TestBudgetSurvives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, jp)
		store := zohoauth.NewMemoryStore()
		newSource(t, s, newConfig(t, s, nil), store, nil)
		limited := 0
		for range 60 { // restarts, 30 s apart
			src, err := zohoauth.NewTokenSource(newConfig(t, s, nil), store, "org", nil)
			if err != nil {
				t.Fatal(err)
			}
			tok, err := src.TokenContext(t.Context())
			if err == nil {
				src.Invalidate(tok.AccessToken)
				_, err = src.TokenContext(t.Context())
			}
			if err != nil {
				e := wantError(t, err, zohoauth.ErrRateLimited)
				if d := time.Until(e.Until); d <= 0 || d > 11*time.Minute {
					t.Errorf("limited for %v", d)
				}
				limited++
			}
			time.Sleep(30 * time.Second)
		}
		checkWindows(t, s)
		if limited == 0 || limited > 40 {
			t.Errorf("limited %d times of 60", limited)
		}
		for _, r := range s.Requests() {
			if r.Outcome == "Access Denied" {
				t.Error("Zoho's own limit was met")
			}
		}
	})
}

// TestLimitSurvives: what Zoho said about its limit is known to the next process.
func TestLimitSurvives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, jp)
		store := zohoauth.NewMemoryStore()
		newSource(t, s, newConfig(t, s, nil), store, nil)
		time.Sleep(2 * time.Hour)
		s.FailNext(zohoauthtest.Fault{Error: "Access Denied"})
		for range 3 {
			src, err := zohoauth.NewTokenSource(newConfig(t, s, nil), store, "org", nil)
			if err != nil {
				t.Fatal(err)
			}
			_, err = src.TokenContext(t.Context())
			wantError(t, err, zohoauth.ErrRateLimited)
		}
		if n := s.TokenRequests(); n != 2 { // with the exchange
			t.Errorf("%d token requests, want 2", n)
		}
	})
}

// TestCannotCount: with a store that cannot keep the count, a source sends one
// request in 10 minutes.
func TestCannotCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, jp)
		store := &brokenStore{TokenStore: zohoauth.NewMemoryStore(), count: func() error { return errors.New("read-only") }}
		src := newSource(t, s, newConfig(t, s, nil), store, nil)
		before := s.TokenRequests()
		for range 3600 {
			if tok, err := src.TokenContext(t.Context()); err == nil {
				src.Invalidate(tok.AccessToken)
			} else {
				wantError(t, err, zohoauth.ErrRateLimited)
			}
			time.Sleep(time.Second)
		}
		if n := refreshes(s, before); n < 3 || n > 6 {
			t.Errorf("%d requests in an hour", n)
		}
	})
}

// TestTokenCost: a token that is there costs no allocation, and at most half of
// what oauth2.ReuseTokenSource takes with 64 callers at once.
func TestTokenCost(t *testing.T) {
	s := newServer(t, jp)
	src := newSource(t, s, newConfig(t, s, nil), zohoauth.NewMemoryStore(), nil)
	need(t, s, src)
	if n := testing.AllocsPerRun(1000, func() { _, _ = src.Token() }); n != 0 {
		t.Errorf("Token: %v allocations", n)
	}
	if n := testing.AllocsPerRun(1000, func() { _, _ = src.TokenContext(t.Context()) }); n != 0 {
		t.Errorf("TokenContext: %v allocations", n)
	}
	if testing.Short() || raceEnabled {
		return // the time says nothing
	}
	tok, err := src.Token()
	if err != nil {
		t.Fatal(err)
	}
	reuse := oauth2.ReuseTokenSource(tok, nil)
	ours, theirs := time.Hour, time.Hour
	for range 20 { // interleaved, because the machine has other work too
		ours, theirs = min(ours, cost(src)), min(theirs, cost(reuse))
	}
	ratio := float64(ours) / float64(theirs)
	t.Logf("%v a call, oauth2.ReuseTokenSource %v: ratio %.2f", ours, theirs, ratio)
	if ratio > 0.5 {
		t.Errorf("ratio %.2f, want at most 0.5", ratio)
	}
}

// cost returns the time of a Token call with 64 callers at once.
func cost(src oauth2.TokenSource) time.Duration {
	const calls = 64 * 2000
	began := time.Now()
	if err := parallelToken(calls, src); err != nil {
		return time.Hour
	}
	return time.Since(began) / calls
}

func parallelToken(calls int, src oauth2.TokenSource) error {
	var wg sync.WaitGroup
	var failed atomic.Value
	for range 64 {
		wg.Go(func() {
			for range calls / 64 {
				if _, err := src.Token(); err != nil {
					failed.Store(err)
					return
				}
			}
		})
	}
	wg.Wait()
	err, _ := failed.Load().(error)
	return err
}

func BenchmarkToken(b *testing.B) {
	s := newServer(b, jp)
	src := newSource(b, s, newConfig(b, s, nil), zohoauth.NewMemoryStore(), nil)
	tok, err := src.Token()
	if err != nil {
		b.Fatal(err)
	}
	for name, ts := range map[string]oauth2.TokenSource{"ours": src, "reuse": oauth2.ReuseTokenSource(tok, nil)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			if err := parallelToken(b.N, ts); err != nil {
				b.Error(err)
			}
		})
	}
}
