package provision

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestRunEveryFortyMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, nil)
		f.source.set(many(3)...)
		began := time.Now()
		var starts []time.Duration
		ctx, cancel := context.WithCancel(t.Context())
		f.ended = func(r *Report, err error) {
			starts = append(starts, r.Began.Sub(began))
			switch len(starts) {
			case 2: // the service fails for one cycle
				f.breakWith(func(http.Handler) http.Handler {
					return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
				})
				f.source.set(append(many(3), user("4", nil))...)
			case 3:
				if err == nil {
					t.Error("the third cycle did not fail")
				}
				f.breakWith(nil)
			case 4:
				cancel()
			}
		}
		if err := f.engine.Run(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("Run ended with %v", err)
		}
		if diff := cmp.Diff([]time.Duration{0, 40 * time.Minute, 80 * time.Minute, 80*time.Minute + 6*time.Hour}, starts); diff != "" {
			t.Errorf("starts of cycles:\n%s", diff)
		}
		f.wantUsers("user1@example.com true", "user2@example.com true", "user3@example.com true", "user4@example.com true")
		f.client.CloseIdleConnections()
	})
}

func TestLongCycleDoesNotPileUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, func(j *Job) { j.Workers = 1 })
		f.source.set(user("1", nil))
		f.breakWith(func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				time.Sleep(25 * time.Second)
				h.ServeHTTP(w, r)
			})
		})
		f.job.Interval = "10s"
		f.restart()
		began := time.Now()
		var starts []time.Duration
		ctx, cancel := context.WithCancel(t.Context())
		f.ended = func(r *Report, _ error) {
			starts = append(starts, r.Began.Sub(began))
			if len(starts) == 3 {
				cancel()
			}
		}
		_ = f.engine.Run(ctx)
		// The first cycle takes 75 s: two questions whether the target is empty,
		// and a create. The next ones send nothing.
		if diff := cmp.Diff([]time.Duration{0, 75 * time.Second, 85 * time.Second}, starts); diff != "" {
			t.Errorf("starts of cycles:\n%s", diff)
		}
		f.client.CloseIdleConnections()
	})
}

func TestCyclesDoNotOverlap(t *testing.T) {
	f := newFixture(t, nil)
	f.source.set(user("1", nil))
	var inner error
	f.breakWith(func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if inner == nil {
				_, inner = f.engine.Cycle(t.Context())
			}
			h.ServeHTTP(w, r)
		})
	})
	f.cycle()
	if !errors.Is(inner, ErrRunning) {
		t.Errorf("a second cycle: %v", inner)
	}
}
