package zohoauth

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"
)

// begin returns what a caller has to do: use the token, fail with the error, or
// wait for the flight, with the token (if any) to fall back on.
func (s *TokenSource) begin(ctx context.Context) (*Token, *flight, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, tok := time.Now(), s.state.tok
	if tok == nil || s.state.held() || tok.expiredAt(wall(now)) || tok.AccessToken.Equal(s.rejected) {
		tok = nil
	} else if !s.due(tok, wall(now)) && (!s.state.unsaved || now.Before(s.saveAt)) {
		return tok, nil, nil
	}
	if s.flight == nil {
		if now.Before(s.retryAt) {
			if tok != nil {
				return tok, nil, nil
			}
			return nil, nil, s.lastErr
		}
		s.flight = &flight{done: make(chan struct{})}
		go s.run(context.WithoutCancel(ctx), s.flight, s.state, s.rejected)
	}
	return tok, s.flight, nil
}

// due reports whether it is time to refresh t.
func (s *TokenSource) due(t *Token, now time.Time) bool {
	from, until := s.span(t)
	return now.Before(from) || !now.Before(until)
}

// span returns the time in which t needs no refresh. A token from the future was
// issued under a wrong clock, which makes its expiry worthless.
func (s *TokenSource) span(t *Token) (from, until time.Time) {
	life := t.Expiry.Sub(t.Issued)
	lead := min(s.opts.EarlyRefresh, life/4) + time.Duration(s.jitter*float64(life/10))
	return t.Issued.Add(-defaultEarly), t.Expiry.Add(-lead)
}

// outcome is how a flight ended.
type outcome struct {
	state     state
	err       error // for the callers
	notSaved  error // what kept the token from being saved
	refreshed bool  // the token came from Zoho
}

// run is the goroutine of a flight.
func (s *TokenSource) run(ctx context.Context, f *flight, st state, rejected Secret) {
	o := s.fly(ctx, st, rejected)
	f.tok, f.err = o.state.tok, o.err
	lost := s.land(&o, rejected)
	if o.err != nil {
		f.err = o.err // with what land added
	}
	close(f.done)
	if s.opts.OnRefresh != nil && o.refreshed && o.notSaved == nil && o.err == nil {
		s.opts.OnRefresh(ctx, o.state.tok)
	}
	if s.opts.OnLoss != nil && lost {
		s.opts.OnLoss(ctx, o.err)
	}
}

// fly does the work of a flight, alone among all processes if the store can see
// to that.
func (s *TokenSource) fly(ctx context.Context, st state, rejected Secret) (o outcome) {
	o.state = st
	// A transport or a store that panics must not leave the callers waiting, nor
	// end the program from a goroutine that nobody can guard.
	defer func() {
		if v := recover(); v != nil {
			o.err = &Error{Kind: KindUnavailable, Op: "token", Detail: "the HTTP client or the token store panicked"}
			s.warn(ctx, "a refresh panicked", o.err)
		}
	}()
	unlock, alone, err := s.lock(ctx)
	if err != nil {
		o.err = err
		return o
	}
	defer unlock()
	work, cancel := context.WithTimeout(ctx, workTimeout)
	defer cancel()
	o.state, o.err = s.renew(work, st, rejected, alone)
	o.refreshed = o.err == nil && o.state.unsaved
	if o.state.unsaved { // also after a failed refresh: it may be an older token's turn
		if o.state, o.notSaved = s.save(ctx, o.state); o.err == nil && o.state.held() {
			o.err = o.notSaved
		}
	}
	return o
}

// lock takes the lock of the key. Without one, alone says whether that is how
// this store is, or a failure that others may not share.
func (s *TokenSource) lock(ctx context.Context) (unlock func(), alone bool, err error) {
	nothing := func() {}
	l, ok := s.store.(Locker)
	if !ok {
		return nothing, false, nil
	}
	wait, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	release, err := l.Lock(wait, s.key, lockTTL)
	switch {
	case err == nil:
		return func() {
			if err := release(); err != nil {
				s.warn(ctx, "the lock of a token cannot be given up", err)
			}
		}, false, nil
	case errors.Is(err, errors.ErrUnsupported):
		return nothing, false, nil
	case wait.Err() != nil, errors.Is(err, ErrInsecureStore):
		return nil, false, storeError("lock", "", err)
	}
	s.warn(ctx, "token store cannot be locked", err)
	return nothing, true, nil
}

// land ends the flight: it sets the state and when to try again, and reports
// whether the grant was lost by it. The pauses are measured by the monotonic
// clock: a wall clock that is set back must not make them long.
func (s *TokenSource) land(o *outcome, rejected Secret) (lost bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state, s.flight = o.state, nil
	s.failures = min(s.failures+1, maxFailures)
	if o.err == nil && s.rejected.Equal(rejected) {
		s.rejected = Secret{} // dealt with; what came now is the newest there is
	}
	switch now := time.Now(); {
	case o.err != nil:
		o.err = s.withConsentURL(o.err)
		s.lastErr, s.retryAt = o.err, now.Add(pause(o.err, s.failures))
	case o.notSaved != nil:
		s.saveAt = now.Add(pause(o.notSaved, s.failures))
	default:
		s.failures = 0
	}
	s.publish()
	lost = needsPerson(o.err) && !s.lost
	s.lost = s.lost && o.err != nil || lost
	return lost
}

// publish prepares the state's token for the short way. The caller holds s.mu.
func (s *TokenSource) publish() {
	t := s.state.tok
	if t == nil || s.state.unsaved || t.AccessToken.Equal(s.rejected) {
		s.ready.Store(nil)
		return
	}
	from, until := s.span(t)
	now := time.Now()
	r := &ready{tok: t.OAuth2(), from: from, until: until, end: now.Sub(s.born) + until.Sub(wall(now))}
	r.checked.Store(int64(now.Sub(s.born) - recheck))
	s.ready.Store(r)
}

// withConsentURL completes the error of a lost grant.
func (s *TokenSource) withConsentURL(err error) error {
	var e *Error
	if s.opts.ConsentURL == "" || !errors.As(err, &e) || e.Kind != KindConsentRequired {
		return err
	}
	c := *e
	c.ConsentURL = s.opts.ConsentURL
	return &c
}

// needsPerson reports whether only a person can end the failure.
func needsPerson(err error) bool {
	return errors.Is(err, ErrConsentRequired) || errors.Is(err, ErrInvalidClient) || errors.Is(err, ErrMissingScope)
}

// renew brings the state up to date: from the store if that is enough, else from
// Zoho. The state it returns is right with an error, too.
func (s *TokenSource) renew(ctx context.Context, st state, rejected Secret, alone bool) (state, error) {
	stored, err := LoadToken(ctx, s.store, s.key)
	switch {
	case errors.Is(err, ErrConsentRequired):
		return state{}, err // deleted: logged out
	case err != nil && st.tok == nil:
		return st, err
	case err != nil:
		s.warn(ctx, "token store cannot be read; the grant in memory is used", err)
		alone = true
	case st.tok == nil || !st.unsaved || stored.Issued.After(st.tok.Issued):
		st = state{tok: stored, safe: stored.RefreshToken}
	}
	if err := s.cfg.checkToken("load", st.tok); err != nil {
		return state{}, err // not a token that may be handed out
	}
	now := wall(time.Now())
	if !s.due(st.tok, now) && !st.tok.expiredAt(now) && !st.tok.AccessToken.Equal(rejected) {
		return st, nil
	}
	next, err := s.refresh(ctx, st.tok, alone)
	if err != nil {
		return st, err
	}
	return state{tok: next, unsaved: true, safe: st.safe}, nil
}

// refresh asks Zoho, if the limit allows it, after noting so in the store: a
// process that is killed now has spent the request all the same.
func (s *TokenSource) refresh(ctx context.Context, t *Token, alone bool) (*Token, error) {
	now := time.Now()
	rec, err := loadRecord(ctx, s.store, s.key, t)
	if err == nil {
		refused := rec.take(now)
		// What was refused is kept as well, with the times that take put right.
		if err = rec.save(ctx, s.store, s.key); refused != nil {
			refused.Op, refused.DC = "refresh", t.DC
			return nil, refused
		}
	}
	if err != nil {
		s.warn(ctx, "the count of token requests cannot be kept", err)
	}
	if alone = alone || err != nil; alone && !s.sentAt.IsZero() && now.Sub(s.sentAt) <= window {
		return nil, &Error{Kind: KindRateLimited, Op: "refresh", DC: t.DC, Until: wall(s.sentAt).Add(window + time.Second),
			Detail: "the token store cannot count requests: one in 10 minutes is sent"}
	}
	s.sentAt = now
	next, failed := s.cfg.Refresh(ctx, t)
	if rec != nil && rec.refuse(failed, now) {
		save, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTimeout)
		defer cancel()
		if err := rec.save(save, s.store, s.key); err != nil {
			s.warn(ctx, "a refusal of Zoho cannot be kept", err)
		}
	}
	return next, failed
}

// save puts a new token into the store. The flight's time may be used up by now,
// which must not cost the token.
func (s *TokenSource) save(ctx context.Context, st state) (state, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTimeout)
	defer cancel()
	if err := SaveToken(ctx, s.store, s.key, st.tok); err != nil {
		s.warn(ctx, "token cannot be saved; it is kept in memory", err)
		return st, err
	}
	return state{tok: st.tok, safe: st.tok.RefreshToken}, nil
}

func (s *TokenSource) warn(ctx context.Context, msg string, err error) {
	s.cfg.logger.LogAttrs(ctx, slog.LevelWarn, msg, slog.String("key", s.key), slog.Any("err", err))
}

// pause is how long to leave Zoho and the store alone after a number of failures.
// What needs a person is looked for often: that costs a reading of the store
// only, because Config.Refresh remembers what Zoho refused, and until when.
func pause(err error, failures int) time.Duration {
	if errors.Is(err, ErrConsentRequired) {
		return firstPause
	}
	p := min(firstPause<<(failures-1), longPause)
	return p/2 + rand.N(p/2)
}
