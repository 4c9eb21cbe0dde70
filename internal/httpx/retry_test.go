package httpx_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/zohoscim/zohoscim/internal/httpx"
)

func TestRepeat(t *testing.T) {
	for _, tt := range []struct {
		name   string
		status int // 0: the connection ends without an answer
		after  string
		want   [3]int64 // attempts with Never, IfRefused, Always
		reason string
	}{
		{"ok", 200, "", [3]int64{1, 1, 1}, "done"},
		{"client error", 400, "", [3]int64{1, 1, 1}, "the request is wrong and stays so"},
		{"client error that asks", 400, "1", [3]int64{1, 1, 1}, "Retry-After means nothing here"},
		{"conflict", 409, "", [3]int64{1, 1, 1}, "an answer"},
		{"rate limited", 429, "", [3]int64{1, 4, 4}, "429 was not done"},
		{"rate limited for 1 s", 429, "1", [3]int64{1, 4, 4}, "429 was not done"},
		{"server error", 500, "", [3]int64{1, 1, 4}, "a POST may have worked"},
		{"not implemented", 501, "", [3]int64{1, 1, 1}, "nor will it be in a second"},
		{"bad gateway", 502, "", [3]int64{1, 1, 4}, "a POST may have worked behind the gateway"},
		{"unavailable", 503, "", [3]int64{1, 1, 4}, "a proxy may say this after passing a POST on"},
		{"unavailable for 1 s", 503, "1", [3]int64{1, 4, 4}, "the service itself refused"},
		{"unavailable, garbage", 503, "soon", [3]int64{1, 1, 4}, "as without Retry-After"},
		{"gateway timeout", 504, "1", [3]int64{1, 1, 4}, "a POST may have worked"},
		{"version", 505, "", [3]int64{1, 1, 1}, "permanent"},
		{"broken connection", 0, "", [3]int64{1, 1, 4}, "a POST may have worked"},
	} {
		for rep, want := range tt.want {
			t.Run(fmt.Sprint(tt.name, "/", rep), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := newService(func(w http.ResponseWriter, _ *http.Request) {
						if tt.status == 0 {
							panic(http.ErrAbortHandler)
						}
						if tt.after != "" {
							w.Header().Set("Retry-After", tt.after)
						}
						w.WriteHeader(tt.status)
						io.WriteString(w, "the SCIM error")
					})
					defer s.net.Close()
					got := send(t, s.client(t, nil), newRequest(t.Context(), t, http.MethodPost, "https://a.example/Users", "{}"), httpx.Repeat(rep))
					wantAnswer := fmt.Sprint(tt.status, " the SCIM error")
					if tt.status == 0 {
						wantAnswer = "error: no usable answer"
					}
					if got != wantAnswer || s.count.Load() != want {
						t.Errorf("got %q after %d attempts, want %q after %d (%s)", got, s.count.Load(), wantAnswer, want, tt.reason)
					}
				})
			})
		}
	}
}

func TestRetryAfterWaits(t *testing.T) {
	jitter := 3500 * time.Millisecond // 0.5 + 1 + 2 s: all waits at their ceilings
	for _, tt := range []struct {
		after    string
		attempts int64
		min, max time.Duration
		reason   string
	}{
		{"", 4, 0, jitter, "back-off of its own"},
		{"0", 4, 0, jitter, "now is still not at once"},
		{"90", 4, 270 * time.Second, 270 * time.Second, "exactly what was asked"},
		{"600", 4, 30 * time.Minute, 30 * time.Minute, "the longest wait by default"},
		{"601", 1, 0, 0, "longer than the maximum"},
		{"315360000", 1, 0, 0, "10 years"},
		{"9223372036854775807", 1, 0, 0, "does not fit in a Duration"},
		{"99999999999999999999999", 1, 0, 0, "does not fit in 64 bits"},
		{"Fri, 31 Dec 1999 23:59:59 GMT", 4, 0, jitter, "a date in the past"},
		{"Fri, 31 Dec 2100 23:59:59 GMT", 1, 0, 0, "a date far in the future"},
		{"-1", 4, 0, jitter, "negative: ignored"},
		{"1e3", 4, 0, jitter, "garbage: ignored"},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newService(func(w http.ResponseWriter, _ *http.Request) {
				if tt.after != "" {
					w.Header().Set("Retry-After", tt.after)
				}
				w.WriteHeader(http.StatusTooManyRequests)
			})
			defer s.net.Close()
			begin := time.Now()
			got := send(t, s.client(t, nil), newRequest(t.Context(), t, http.MethodPost, "https://a.example/", "{}"), httpx.IfRefused)
			took := time.Since(begin)
			if got != "429 " || s.count.Load() != tt.attempts || took < tt.min || took > tt.max {
				t.Errorf("Retry-After %q: got %q, %d attempts in %v, want %d in %v to %v (%s)",
					tt.after, got, s.count.Load(), took, tt.attempts, tt.min, tt.max, tt.reason)
			}
		})
	}
}

func TestContextEndsWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "300")
			w.WriteHeader(http.StatusTooManyRequests)
		})
		defer s.net.Close()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		time.AfterFunc(7*time.Second, cancel)
		begin := time.Now()
		_, err := s.client(t, nil).Do(newRequest(ctx, t, http.MethodGet, "https://a.example/", ""), httpx.Always)
		if !errors.Is(err, httpx.ErrCanceled) || !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want the context's end", err)
		}
		if took := time.Since(begin) - 7*time.Second; took < 0 || took > 100*time.Millisecond {
			t.Errorf("returned %v after the context's end", took)
		}
	})
}

func TestDeadlineBeforeRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "300")
			w.WriteHeader(http.StatusTooManyRequests)
			io.WriteString(w, "slow down")
		})
		defer s.net.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		begin := time.Now()
		got := send(t, s.client(t, nil), newRequest(ctx, t, http.MethodGet, "https://a.example/", ""), httpx.Always)
		if got != "429 slow down" || time.Since(begin) != 0 {
			t.Errorf("got %q after %v, want the answer at once: the wait has no chance", got, time.Since(begin))
		}
	})
}

func TestContextEndsAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		defer s.net.Close()
		why := errors.New("the cycle was stopped")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, why)
		defer cancel()
		_, err := s.client(t, nil).Do(newRequest(ctx, t, http.MethodGet, "https://a.example/", ""), httpx.Always)
		if !errors.Is(err, httpx.ErrCanceled) || !errors.Is(err, context.DeadlineExceeded) || s.count.Load() != 1 {
			t.Errorf("got %v after %d attempts", err, s.count.Load())
		}
	})
}

func TestBudget(t *testing.T) {
	for _, tt := range []struct {
		name   string
		down   http.HandlerFunc
		extra  int64
		reason string
	}{
		{"unavailable", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }, 100, "500 tokens at 5"},
		{"broken", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 100, "500 tokens at 5"},
		{"timeout", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, 50, "500 tokens at 10"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newService(tt.down)
				defer s.net.Close()
				hc := s.net.Client()
				hc.Timeout = 10 * time.Second
				c := s.client(t, &httpx.Options{Client: hc})
				do := func(n int) (extra int64) {
					before := s.count.Load()
					for range n {
						send(t, c, newRequest(t.Context(), t, http.MethodGet, "https://a.example/", ""), httpx.Always)
					}
					return s.count.Load() - before - int64(n)
				}
				if got := do(200); got != tt.extra {
					t.Errorf("%d extra requests to a dead service, want %d (%s)", got, tt.extra, tt.reason)
				}
				s.net.Handle("a.example", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { s.count.Add(1) }))
				if got := do(50); got != 0 {
					t.Errorf("%d extra requests to a live service", got)
				}
				s.net.Handle("a.example", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					s.count.Add(1)
					tt.down(w, r)
				}))
				if got, want := do(50), tt.extra/10; got != want {
					t.Errorf("%d extra requests after 50 successes, want %d", got, want)
				}
			})
		})
	}
}

// TestAnswerWithEndedContext: an answer that is here is not lost to a context that
// ends at the same time.
func TestAnswerWithEndedContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	hc := &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) {
		cancel()
		return &http.Response{StatusCode: http.StatusTooManyRequests, Body: io.NopCloser(strings.NewReader("slow down"))}, nil
	})}
	c, err := httpx.New(&httpx.Options{Client: hc})
	if err != nil {
		t.Fatal(err)
	}
	if got := send(t, c, newRequest(ctx, t, http.MethodGet, "https://a.example/", ""), httpx.Always); got != "429 slow down" {
		t.Errorf("got %q, want the answer", got)
	}
}

// TestFailureKeepsConnections: a failed request does not close the idle
// connections that others use.
func TestFailureKeepsConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/busy" {
				w.Header().Set("Retry-After", "300")
				w.WriteHeader(http.StatusTooManyRequests)
			}
		})
		defer s.net.Close()
		c := s.client(t, nil)
		var reused []bool
		trace := &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) { reused = append(reused, i.Reused) }}
		ctx, cancel := context.WithCancel(httptrace.WithClientTrace(t.Context(), trace))
		defer cancel()
		time.AfterFunc(time.Second, cancel)
		got := send(t, c, newRequest(ctx, t, http.MethodGet, "https://a.example/busy", ""), httpx.Always)
		after := httptrace.WithClientTrace(t.Context(), trace)
		got += send(t, c, newRequest(after, t, http.MethodGet, "https://a.example/", ""), httpx.Always)
		if diff := cmp.Diff([]bool{false, true}, reused); diff != "" || got != "error: context ended200 " {
			t.Errorf("got %q, reused connections (-want +got):\n%s", got, diff)
		}
	})
}
