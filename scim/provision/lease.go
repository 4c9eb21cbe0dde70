package provision

import (
	"context"
	"sync"
	"time"
)

// leaseTime is how long a job stays with an engine that does not answer any
// more, before another may take it over.
const leaseTime = 15 * time.Second

// session is the time for which an engine holds its job: that of a cycle, and
// of on-demand runs beside it. While it lasts no other engine works on the
// job.
type session struct {
	*journal
	users int                // runs that use it; the engine's lock guards it
	stop  context.CancelFunc // ends the renewal
	ended chan struct{}      // the renewal has ended

	runsMu sync.Mutex
	runs   map[int]cancelRun // to be ended when the lease is lost
	next   int

	freshMu sync.Mutex
	fresh   []string // keys of objects that got an account
	many    bool     // more than fresh holds
}

// cancelRun ends a run; a pause ends only cycles.
type cancelRun struct {
	cancel context.CancelCauseFunc
	cycle  bool
}

// maxFresh is how many new accounts are remembered for those who wait for
// them. If there are more, all who wait are looked at.
const maxFresh = 10000

// joined notes that an object got an account.
func (s *session) joined(key string) {
	s.freshMu.Lock()
	defer s.freshMu.Unlock()
	if len(s.fresh) == maxFresh {
		s.many = true
		return
	}
	s.fresh = append(s.fresh, key)
}

// takeFresh returns the keys that got an account since the last call.
func (s *session) takeFresh() (keys []string, many bool) {
	s.freshMu.Lock()
	defer s.freshMu.Unlock()
	keys, many = s.fresh, s.many
	s.fresh, s.many = nil, false
	return keys, many
}

// open joins the engine's session or begins one. ctx2 ends with ctx and with
// the lease; done must be called, and returns the error of the last write.
func (e *Engine) open(ctx context.Context, cycle bool) (s *session, ctx2 context.Context, done func() error, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.session == nil {
		if e.session, err = e.begin(ctx); err != nil {
			return nil, nil, nil, err
		}
	}
	s = e.session
	s.users++
	ctx2, leave := s.join(ctx, cycle)
	return s, ctx2, func() error {
		leave()
		err := s.sync(ctx)
		e.mu.Lock()
		defer e.mu.Unlock()
		if s.users--; s.users == 0 {
			e.session = nil
			s.close(ctx)
		}
		return err
	}, nil
}

// join returns a context that ends with ctx and with the lease.
func (s *session) join(ctx context.Context, cycle bool) (_ context.Context, leave func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	s.runsMu.Lock()
	defer s.runsMu.Unlock()
	s.next++
	id := s.next
	s.runs[id] = cancelRun{cancel, cycle}
	return ctx, func() {
		s.runsMu.Lock()
		defer s.runsMu.Unlock()
		delete(s.runs, id)
		cancel(nil)
	}
}

// lost ends all runs.
func (s *session) lost(err error) {
	s.runsMu.Lock()
	defer s.runsMu.Unlock()
	for _, run := range s.runs {
		run.cancel(&Error{Code: CodeStateFailed, Detail: "the lease on the job was lost; what another process does now is not disturbed", Err: err})
	}
}

// pause ends the cycle.
func (s *session) pause() {
	s.runsMu.Lock()
	defer s.runsMu.Unlock()
	for _, run := range s.runs {
		if run.cycle {
			run.cancel(&Error{Code: CodePaused, Detail: "the job was paused"})
		}
	}
}

// begin takes the lease and starts its renewal.
func (e *Engine) begin(ctx context.Context) (*session, error) {
	token, held, err := e.state.Lease(ctx, e.job.Name, 0, leaseTime)
	if err != nil {
		return nil, stateError(err)
	}
	if !held {
		return nil, &Error{Code: CodeRunning, Detail: "another process is working on this job; if it has died, its lease ends by itself"}
	}
	s := &session{journal: newJournal(e.state, e.job.Name), runs: map[int]cancelRun{}, ended: make(chan struct{})}
	s.lease, s.token = e.job.Name, token
	renewal, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	if err := s.load(ctx); err != nil {
		close(s.ended)
		s.close(ctx)
		return nil, err
	}
	go s.renew(renewal)
	return s, nil
}

// renew keeps the lease until the session ends or the lease is lost.
func (s *session) renew(ctx context.Context) {
	defer close(s.ended)
	last := time.Now()
	tick := time.NewTicker(leaseTime / 5)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		_, held, err := s.state.Lease(ctx, s.lease, s.token, leaseTime)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil && held:
			last = time.Now()
			if row, err := s.get(ctx, tableControl, rowPause); err == nil && row != nil {
				s.pause()
			}
		case err == nil || time.Since(last) > leaseTime*3/5:
			s.lost(err)
			return
		}
	}
}

// close gives the lease back. One that cannot be given back ends by itself.
func (s *session) close(ctx context.Context) {
	s.stop()
	<-s.ended
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaseTime)
	defer cancel()
	_, _, _ = s.state.Lease(ctx, s.lease, s.token, 0)
}
