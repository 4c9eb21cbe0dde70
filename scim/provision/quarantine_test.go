package provision

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zohoscim/zohoscim/mapping"
)

// The examples are those of "Application provisioning in quarantine status".
func TestQuarantineVerdicts(t *testing.T) {
	for _, tt := range []struct {
		reason                 string
		fail, references, well int
		want                   Reason
	}{
		{"4,000 failures are below the minimum", 4000, 0, 0, ""},
		{"45,000 are more than 40,000", 45000, 0, 1000000, BaseEscrowThreshold},
		{"30,000 of 35,000 are more than 40 %", 30000, 0, 5000, EscrowProportionThreshold},
		{"20,000 of 120,000 are not", 20000, 0, 100000, ""},
		{"61,000 with those that lack references", 30000, 31000, 1000000, TotalEscrowThreshold},
		{"exactly 40 %", 4000, 2000, 4000, ""},
		{"40,000 is not more than 40,000", 40000, 0, 1000000, ""},
	} {
		if got := (Thresholds{}).verdict(tt.fail, tt.references, tt.well); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.reason, got, tt.want)
		}
	}
	own := Thresholds{Minimum: 10, Proportion: 0.1}
	if got := own.verdict(10, 0, 50); got != EscrowProportionThreshold {
		t.Errorf("a threshold of one's own: %q", got)
	}
}

func TestRetryTimes(t *testing.T) {
	first := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var got []time.Duration
	for tries := range 6 {
		got = append(got, retryTime(first, tries+1, false).Sub(first))
	}
	hours := []time.Duration{6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 48 * time.Hour, 72 * time.Hour, 96 * time.Hour}
	if diff := cmp.Diff(hours, got); diff != "" {
		t.Error(diff)
	}
	if soon := retryTime(first, 1, true); soon != first {
		t.Errorf("what the service failed at is tried in the next cycle, not at %s", soon)
	}
}

// An object that the service refuses is tried 6, 12 and 24 hours later, then
// daily, and given up after 28 days. Nothing else is held up by it.
func TestEscrow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, nil)
		f.source.delta = true
		f.source.set(user("1", mapping.Record{"userPrincipalName": "taken@example.com"}), user("2", nil))
		began := time.Now()
		var tries []time.Duration
		f.breakWith(func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPost && strings.Contains(readAll(r), "taken@") {
					tries = append(tries, time.Since(began).Truncate(time.Hour))
					w.WriteHeader(http.StatusBadRequest)
					return
				}
				h.ServeHTTP(w, r)
			})
		})
		pruned := 0
		for time.Since(began) < 30*24*time.Hour {
			report, _ := f.engine.Cycle(t.Context())
			pruned += report.Pruned
			f.source.set() // no change from now on
			time.Sleep(40 * time.Minute)
		}
		if len(tries) < 28 || len(tries) > 32 {
			t.Fatalf("%d tries: %v", len(tries), tries)
		}
		if diff := cmp.Diff([]time.Duration{0, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 48 * time.Hour}, tries[:5]); diff != "" {
			t.Error(diff)
		}
		if last := tries[len(tries)-1]; last > 28*24*time.Hour || pruned != 1 {
			t.Errorf("last try after %s, %d given up", last, pruned)
		}
		f.wantUsers("user2@example.com true")
		f.client.CloseIdleConnections()
	})
}

// A disable that fails has its times too, and is not counted as done.
func TestEscrowedDisable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, nil)
		f.source.set(many(3)...)
		f.cycle()
		f.source.set(many(2)...)
		began := time.Now()
		var tries []time.Duration
		f.breakWith(func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPatch {
					tries = append(tries, time.Since(began).Truncate(time.Hour))
					w.WriteHeader(http.StatusBadRequest)
					return
				}
				h.ServeHTTP(w, r)
			})
		})
		for time.Since(began) < 49*time.Hour {
			_, _ = f.engine.Cycle(t.Context())
			time.Sleep(40 * time.Minute)
		}
		if diff := cmp.Diff([]time.Duration{0, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 48 * time.Hour}, tries); diff != "" {
			t.Error(diff)
		}
		f.breakWith(nil)
		time.Sleep(24 * time.Hour)
		f.cycle()
		f.wantUsers("user1@example.com true", "user2@example.com true", "user3@example.com false")
		f.client.CloseIdleConnections()
	})
}

// A refused credential puts the job into quarantine: few cycles, and none
// after 28 days. A restart enables it again.
func TestQuarantine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, nil)
		f.source.set(user("1", nil))
		var forbidden atomic.Bool
		forbidden.Store(true)
		f.breakWith(func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if forbidden.Load() {
					w.WriteHeader(http.StatusForbidden)
					return
				}
				h.ServeHTTP(w, r)
			})
		})
		began := time.Now()
		var starts []time.Duration
		f.ended = func(r *Report, _ error) { starts = append(starts, r.Began.Sub(began).Round(time.Hour)) }
		ctx, cancel := context.WithCancel(t.Context())
		ran := make(chan error)
		go func() { ran <- f.engine.Run(ctx) }()
		time.Sleep(40 * 24 * time.Hour)
		if diff := cmp.Diff([]time.Duration{0, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 48 * time.Hour}, starts[:5]); diff != "" {
			t.Errorf("cycles in quarantine:\n%s", diff)
		}
		if last := starts[len(starts)-1]; last != 28*24*time.Hour {
			t.Errorf("the last cycle was after %s", last)
		}
		s := f.status()
		if s.Code != JobDisabled || s.Quarantine.Reason != QuarantineException || s.Quarantine.Error.Code != CodeInvalidCredentials {
			t.Errorf("status %s", jsonOf(s))
		}
		forbidden.Store(false)
		if err := f.engine.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		if s := f.status(); s.Code != JobActive || s.Quarantine != nil || s.LastSuccessfulExecution == nil {
			t.Errorf("status %s", jsonOf(s))
		}
		cancel()
		if err := <-ran; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		f.wantUsers("user1@example.com true")
		f.client.CloseIdleConnections()
	})
}

func (f *fixture) status() *JobStatus {
	f.t.Helper()
	s, err := f.engine.Status(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	return s
}

// A service that fails at everything is left in peace, and nothing is held
// against the objects.
func TestServiceDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, nil)
		f.source.set(many(500)...)
		f.breakWith(func(http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
		})
		report, requests := f.failsWithRequests(&Error{Code: CodeUnavailable})
		if report.Users.Failed > 100 || requests > 600 {
			t.Errorf("%d objects were tried with %d requests", report.Users.Failed, requests)
		}
		if s := f.status(); s.Quarantine == nil || s.Quarantine.Reason != QuarantineException {
			t.Errorf("status %s", jsonOf(s))
		}
		f.breakWith(nil)
		time.Sleep(6 * time.Hour)
		f.cycle()
		if got := len(f.users()); got != 500 {
			t.Errorf("%d users", got)
		}
		if s := f.status(); s.Quarantine != nil {
			t.Errorf("status %s", jsonOf(s))
		}
		f.client.CloseIdleConnections()
	})
}

// failsWithRequests counts the requests that reach the service in a cycle that
// must fail.
func (f *fixture) failsWithRequests(want error) (*Report, int64) {
	f.t.Helper()
	var n atomic.Int64
	f.mu.Lock()
	inner := f.around
	f.around = func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			n.Add(1)
			inner(h).ServeHTTP(w, r)
		})
	}
	f.mu.Unlock()
	report, err := f.engine.Cycle(f.t.Context())
	if !errors.Is(err, want) {
		f.t.Fatalf("the cycle ended with %v, want %v", err, want)
	}
	return report, n.Load()
}

func TestSourceFailsForHours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, nil)
		f.source.err = errors.New("connection lost")
		for range 9 {
			f.fails(ErrSourceFailed)
			if s := f.status(); s.Quarantine != nil {
				t.Fatalf("a source that fails for a short time is no reason: %s", jsonOf(s))
			}
			time.Sleep(40 * time.Minute)
		}
		f.fails(ErrSourceFailed)
		if s := f.status(); s.Quarantine == nil || s.Quarantine.Reason != IngestionInterrupted || s.CountSuccessiveCompleteFailures != 10 {
			t.Errorf("status %s", jsonOf(s))
		}
		f.client.CloseIdleConnections()
	})
}

// One account that the service protects is no reason to stop.
func TestForbiddenObject(t *testing.T) {
	f := newFixture(t, nil)
	f.source.set(many(30)...)
	f.cycle()
	protected := f.link(User, "7").ID
	f.breakWith(func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, protected) {
				w.WriteHeader(http.StatusForbidden)
				return
			}
			h.ServeHTTP(w, r)
		})
	})
	objects := many(30)
	for i := range objects {
		objects[i].Record["jobTitle"] = "Lead"
	}
	f.source.set(objects...)
	if report, _ := f.fails(&Error{Code: CodeInsufficientRights}); report.Users.Updated != 29 || report.Users.Failed != 1 {
		t.Errorf("%+v", report.Users)
	}
}
