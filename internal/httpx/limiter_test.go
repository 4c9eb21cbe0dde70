package httpx_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zohoscim/zohoscim/internal/httpx"
)

func TestRate(t *testing.T) {
	for _, row := range []struct {
		reason   string
		rate     float64
		requests int
		min, max time.Duration
	}{
		{"no limit before the first refusal", 0, 1000, 0, 0},
		{"25 a second: the first goes at once, the rest 40 ms apart", 25, 251, 10 * time.Second, 10 * time.Second},
		{"less than one a second", 0.5, 3, 4 * time.Second, 4 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newService(func(http.ResponseWriter, *http.Request) {})
			defer s.net.Close()
			c := s.client(t, &httpx.Options{Rate: row.rate})
			begin := time.Now()
			var wg sync.WaitGroup
			for range row.requests {
				wg.Go(func() { send(t, c, newRequest(t.Context(), t, "GET", "https://a.example/", ""), httpx.Always) })
			}
			wg.Wait()
			if took := time.Since(begin); took < row.min || took > row.max {
				t.Errorf("%s: %d requests took %v, want %v to %v", row.reason, row.requests, took, row.min, row.max)
			}
		})
	}
}

// A service that takes 50 requests a second, refuses the rest, and is asked by
// 16 workers at once: what it refuses ends almost as soon as it begins, and most
// of what it can do is used.
func TestRateIsLearned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const perSecond, seconds = 50, 120
		var mu sync.Mutex
		var since time.Time
		taken, done, refused := 0, 0, 0
		s := newService(func(w http.ResponseWriter, _ *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			if time.Since(since) >= time.Second {
				since, taken = time.Now(), 0
			}
			if taken++; taken > perSecond {
				refused++
				w.Header().Set("Retry-After", "1")
				w.WriteHeader(http.StatusTooManyRequests)
				return
			}
			done++
		})
		defer s.net.Close()
		c := s.client(t, &httpx.Options{MaxAttempts: 100})
		ctx, cancel := context.WithTimeout(t.Context(), seconds*time.Second)
		defer cancel()
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				for ctx.Err() == nil {
					resp, err := c.Do(newRequest(ctx, t, "POST", "https://a.example/", "{}"), httpx.IfRefused)
					if err == nil {
						resp.Body.Close()
					}
					<-time.After(time.Millisecond) // without it the bubble's clock would stand still
				}
			})
		}
		wg.Wait()
		t.Logf("%d done, %d refused in %d s", done, refused, seconds)
		if done < perSecond*seconds/2 || refused > done/10 {
			t.Errorf("%d done and %d refused in %d s of %d a second", done, refused, seconds, perSecond)
		}
	})
}

func TestRateRefusal(t *testing.T) {
	if _, err := httpx.New(&httpx.Options{Rate: -1}); err == nil {
		t.Error("a negative rate was taken")
	}
	synctest.Test(t, func(t *testing.T) {
		s := newService(func(http.ResponseWriter, *http.Request) {})
		defer s.net.Close()
		c := s.client(t, &httpx.Options{Rate: 0.01})
		send(t, c, newRequest(t.Context(), t, "GET", "https://a.example/", ""), httpx.Always)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin := time.Now()
		_, err := c.Do(newRequest(ctx, t, "POST", "https://a.example/", "{}"), httpx.IfRefused)
		var e *httpx.Error
		if !errors.As(err, &e) || e.Kind != httpx.KindCanceled || e.Attempts != 0 || time.Since(begin) != 0 || s.count.Load() != 1 {
			t.Errorf("a turn after the deadline: %v after %v, %d requests", err, time.Since(begin), s.count.Load())
		}
	})
}

func TestAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(func(http.ResponseWriter, *http.Request) {})
		defer s.net.Close()
		c := s.client(t, nil)
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		for _, row := range []struct {
			reason   string
			ctx      context.Context
			attempts int
			want     bool
		}{
			{"one more", t.Context(), 1, true},
			{"a wait of up to 4 s", t.Context(), 4, true},
			{"there was none", t.Context(), 0, true},
			{"the context ended", ended, 1, false},
		} {
			if got := c.Again(row.ctx, row.attempts, nil); got != row.want {
				t.Errorf("%s: %v", row.reason, got)
			}
		}
		n := 3 // so many were paid for above
		for ; c.Again(t.Context(), 1, nil); n++ {
		}
		if n != 100 {
			t.Errorf("the budget paid for %d, want 100", n)
		}
	})
}
