package provision

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func (f *fixture) staged() (out []string) {
	f.t.Helper()
	err := f.engine.Staged(f.t.Context(), func(s StagedDelete) error { out = append(out, s.Key); return nil })
	if err != nil {
		f.t.Fatal(err)
	}
	return out
}

func TestStagedDeletes(t *testing.T) {
	trip := func(t *testing.T) *fixture {
		f := newFixture(t, nil)
		f.source.set(many(20)...)
		f.cycle()
		f.source.set(many(10)...)
		if report, requests := f.fails(ErrTooManyDeletes); len(requests) != 0 || report.Users.Staged != 10 {
			t.Errorf("%v %+v", requests, report.Users)
		}
		if s := f.status(); s.Code != JobQuarantine || s.Quarantine.Reason != TooManyDeletes || len(f.staged()) != 10 {
			t.Errorf("status %s, staged %v", jsonOf(s), f.staged())
		}
		f.fails(ErrTooManyDeletes) // and again
		f.restart()
		return f
	}
	t.Run("allowed", func(t *testing.T) {
		f := trip(t)
		if err := f.engine.AllowDeletes(t.Context()); err != nil {
			t.Fatal(err)
		}
		if report, _ := f.cycle(); report.Users.Disabled != 10 {
			t.Errorf("%+v", report.Users)
		}
		if s := f.status(); s.Quarantine != nil || s.SynchronizedEntryCountByType[User] != 10 || len(f.staged()) != 0 {
			t.Errorf("status %s", jsonOf(s))
		}
	})
	t.Run("those that were not listed are not allowed", func(t *testing.T) {
		f := trip(t)
		if err := f.engine.AllowDeletes(t.Context()); err != nil {
			t.Fatal(err)
		}
		f.source.set(many(5)...)
		if report, _ := f.fails(ErrTooManyDeletes); report.Users.Disabled != 0 {
			t.Errorf("%+v", report.Users)
		}
	})
	t.Run("rejected", func(t *testing.T) {
		f := trip(t)
		if err := f.engine.RejectDeletes(t.Context()); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, requests := f.cycle(); len(requests) != 0 {
				t.Errorf("they are left alone: %v", requests)
			}
		}
		f.source.set(many(20)...) // they are back, and looked after again
		f.cycle()
		f.source.set(many(19)...)
		if report, _ := f.cycle(); report.Users.Disabled != 1 {
			t.Errorf("%+v", report.Users)
		}
	})
	t.Run("forced", func(t *testing.T) {
		f := trip(t)
		if err := f.engine.Restart(t.Context(), ForceDeletes); err != nil {
			t.Fatal(err)
		}
		if report, _ := f.cycle(); report.Users.Disabled != 10 {
			t.Errorf("%+v", report.Users)
		}
		f.source.set(many(3)...)
		f.fails(ErrTooManyDeletes) // once only
		f.source.set()
		f.fails(ErrSourceFailed)
	})
}

// Deletes that are few in each cycle can be too many in a day.
func TestDeletesOfADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, func(j *Job) { j.MaxDeletes = 3 })
		f.source.set(many(40)...)
		f.cycle()
		for n := 37; n >= 34; n -= 3 {
			time.Sleep(40 * time.Minute)
			f.source.set(many(n)...)
			f.cycle()
		}
		f.source.set(many(31)...)
		f.fails(ErrTooManyDeletes)
		time.Sleep(24 * time.Hour)
		if report, _ := f.cycle(); report.Users.Disabled != 3 {
			t.Errorf("%+v", report.Users)
		}
		f.client.CloseIdleConnections()
	})
}

func TestMaxCreates(t *testing.T) {
	f := newFixture(t, func(j *Job) { j.MaxCreates = 5 })
	f.source.set(many(30)...)
	if _, requests := f.fails(&Error{Code: CodeTooManyCreates}); requests["POST"] > 5 {
		t.Errorf("%v", requests)
	}
	if s := f.status(); s.Quarantine == nil || s.Quarantine.Reason != TooManyCreates {
		t.Errorf("status %s", jsonOf(s))
	}
}

func TestPauseAndResume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, nil)
		f.source.set(many(50)...)
		var seen atomic.Int32
		f.breakWith(func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if seen.Add(1) == 10 {
					// From another process: a running cycle notices it.
					other, err := New(f.job, f.source, f.client, f.state, nil)
					if err != nil {
						t.Error(err)
					} else if err := other.Pause(context.Background()); err != nil {
						t.Error(err)
					}
				}
				time.Sleep(2 * time.Second)
				h.ServeHTTP(w, r)
			})
		})
		f.fails(ErrPaused)
		f.breakWith(nil)
		f.restart() // a pause survives
		if _, requests := f.fails(ErrPaused); len(requests) != 0 {
			t.Errorf("sent %v", requests)
		}
		if s := f.status(); s.Code != JobPaused || !s.Running {
			t.Errorf("status %s", jsonOf(s))
		}
		if got := len(f.users()); got == 0 || got == 50 {
			t.Errorf("%d users when it was paused", got)
		}
		if err := f.engine.Resume(t.Context()); err != nil {
			t.Fatal(err)
		}
		f.cycle()
		if got := len(f.users()); got != 50 {
			t.Errorf("%d users", got)
		}
		if s := f.status(); s.Code != JobActive || s.Running {
			t.Errorf("status %s", jsonOf(s))
		}
		f.client.CloseIdleConnections()
	})
}

func TestRestart(t *testing.T) {
	for _, tt := range []struct {
		reason string
		what   []Reset
		check  func(t *testing.T, f *fixture)
	}{
		{"the watermark: everything is read, links are kept", []Reset{ResetWatermark}, func(t *testing.T, f *fixture) {
			if _, requests := f.cycle(); len(requests) != 0 || f.source.cursors[1] != "" {
				t.Errorf("%v, cursors %q", requests, f.source.cursors)
			}
		}},
		{"the usual three", nil, func(t *testing.T, f *fixture) {
			if _, requests := f.cycle(); len(requests) != 0 || f.source.cursors[1] != "" {
				t.Errorf("%v, cursors %q", requests, f.source.cursors)
			}
		}},
		{"links too: the accounts are not the job's any more", []Reset{ResetFull}, func(t *testing.T, f *fixture) {
			if report, _ := f.fails(ErrConflict); report.Users.Failed != 3 || report.Managed != 0 {
				t.Errorf("%s", jsonOf(report))
			}
		}},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			f := newFixture(t, nil)
			f.source.delta, f.source.next = true, "c1"
			f.source.set(many(3)...)
			f.cycle()
			if err := f.engine.Restart(t.Context(), tt.what...); err != nil {
				t.Fatal(err)
			}
			tt.check(t, f)
		})
	}
	f := newFixture(t, nil)
	if err := f.engine.Restart(t.Context(), "Everything"); !errors.Is(err, ErrInvalidJob) {
		t.Errorf("an unknown reset: %v", err)
	}
}

// Escrows that are reset are tried at once.
func TestRestartEscrows(t *testing.T) {
	f := newFixture(t, nil)
	f.source.set(user("1", nil))
	f.breakWith(func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			h.ServeHTTP(w, r)
		})
	})
	if _, err := f.engine.Cycle(t.Context()); err == nil {
		t.Fatal("the create was refused")
	}
	f.breakWith(nil)
	if report, _ := f.cycle(); report.Users.Created != 0 || report.Escrowed != 1 {
		t.Errorf("%s", jsonOf(report))
	}
	if err := f.engine.Restart(t.Context(), ResetEscrows); err != nil {
		t.Fatal(err)
	}
	if report, _ := f.cycle(); report.Users.Created != 1 || report.Escrowed != 0 {
		t.Errorf("%s", jsonOf(report))
	}
}

// Two engines on one state: one works, and when it dies the other takes over
// as soon as the lease has run out.
func TestTwoEngines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, nil)
		f.source.set(many(20)...)
		dying := &crashState{State: f.state, at: 8}
		first, err := New(f.job, f.source, f.client, dying, nil)
		if err != nil {
			t.Fatal(err)
		}
		f.breakWith(func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				time.Sleep(100 * time.Millisecond)
				h.ServeHTTP(w, r)
			})
		})
		began := time.Now()
		died := make(chan error)
		go func() {
			_, err := first.Cycle(t.Context())
			died <- err
		}()
		time.Sleep(50 * time.Millisecond)
		if _, err := f.engine.Cycle(t.Context()); !errors.Is(err, ErrRunning) {
			t.Errorf("while the first works, the second gets %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ran := make(chan error)
		f.ended = func(*Report, error) { cancel() }
		go func() { ran <- f.engine.Run(ctx) }()
		if err := <-died; err == nil {
			t.Error("the first did not die")
		}
		<-ran
		if took := time.Since(began); took > 2*leaseTime+time.Second {
			t.Errorf("the second took over after %s", took)
		}
		f.under.Wait()
		if got := len(f.users()); got != 20 {
			t.Errorf("%d users", got)
		}
		f.client.CloseIdleConnections()
	})
}

// A process that was stopped for longer than its lease does nothing more when
// it wakes up.
func TestLostLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, func(j *Job) { j.Workers = 1 })
		f.source.set(many(200)...)
		var seen atomic.Int32
		f.breakWith(func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if seen.Add(1) == 10 { // another has the lease
					f.state.mu.Lock()
					f.state.leases[f.job.Name] = memoryLease{token: 99, until: time.Now().Add(time.Hour)}
					f.state.mu.Unlock()
				}
				h.ServeHTTP(w, r)
			})
		})
		f.fails(ErrStateFailed)
		if n := seen.Load(); n > 30 {
			t.Errorf("%d requests after the lease was lost", n-10)
		}
		f.client.CloseIdleConnections()
	})
}

func TestClockJumps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, nil)
		f.source.set(user("1", nil))
		f.cycle()
		for _, jump := range []time.Duration{-24 * time.Hour, 24 * time.Hour} {
			j := newJournal(f.state, f.job.Name)
			job, err := j.loadJob(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			job.Began = time.Now().Add(-jump) // the clock has jumped since
			if err := j.saveJob(t.Context(), job); err != nil {
				t.Fatal(err)
			}
			wait, err := f.engine.untilNext(t.Context())
			if err != nil || wait > f.engine.interval {
				t.Errorf("after a jump of %s the next cycle is in %s, %v", jump, wait, err)
			}
		}
		f.client.CloseIdleConnections()
	})
}
