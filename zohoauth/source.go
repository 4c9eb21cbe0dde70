package zohoauth

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/oauth2"
)

// TokenSource hands out access tokens that work, for as long as the grant in its
// store lasts. It is safe for concurrent use and made for many callers:
//
//   - One refresh serves all callers that need it. It runs detached from them:
//     each caller's own context is honoured at once, and none can spoil it for
//     the others.
//   - A refresh begins early, while the old token still works, and at a time
//     that differs between processes. Callers then wait for it three seconds at
//     most and get the old token. An expired token is never handed out.
//   - Before asking Zoho, the store is read again: a token that another process
//     got, or a user's new consent, is adopted.
//   - After a failure all callers get the same error until it is time to try
//     again: seconds at first, 5 minutes at most. While a rate limit holds (see
//     Error.Until) only the store is asked.
//   - A new token is saved before it is first used. If saving fails, what matters
//     is whether the refresh token changed. With the old one (Zoho's way) the
//     stored grant is still good, so the new access token is used and saving is
//     tried again later. A new one is held back with [ErrStore] until it is
//     saved: it must not be lost by a restart.
//
// Deleting the stored token is logging out: from the next refresh on, and after
// Invalidate at once, callers get [ErrConsentRequired].
type TokenSource struct {
	cfg    *Config
	store  TokenStore
	key    string
	early  time.Duration
	jitter float64 // of this source's refresh times, in [0, 1)

	mu       sync.Mutex
	state    state
	rejected Secret // an access token that a server refused
	flight   *flight
	failures int       // since the last success
	retryAt  time.Time // no flight before this time, after lastErr
	lastErr  error
	saveAt   time.Time // the next attempt to save an unsaved token
}

// state is the grant as this process knows it.
type state struct {
	tok     *Token // nil: not read yet, or none there
	unsaved bool   // tok is newer than the store
	safe    Secret // the refresh token that the store is known to hold
}

// held reports whether the token must not be used before it is saved.
func (s state) held() bool { return s.unsaved && !s.tok.RefreshToken.Equal(s.safe) }

// flight is one refresh, shared by its callers.
type flight struct {
	done chan struct{} // closed when tok and err are set
	tok  *Token
	err  error
}

// TokenSourceOptions are the choices of [NewTokenSource]. Nil or zero means the
// defaults.
type TokenSourceOptions struct {
	// EarlyRefresh is how long before its end a token is refreshed at the
	// latest; a random tenth of its life comes on top. At most a quarter of the
	// life counts. Default 5 minutes, which also covers clocks that differ.
	EarlyRefresh time.Duration
}

const (
	defaultEarly = 5 * time.Minute

	// patience is how long a caller waits for a refresh that is not urgent.
	patience = 3 * time.Second

	// flightTimeout bounds a refresh with its reading of the store; saving has a
	// time of its own, because by then there is something to lose.
	flightTimeout = 75 * time.Second
	saveTimeout   = 15 * time.Second

	// The pauses after failures.
	firstPause  = 5 * time.Second
	longPause   = 5 * time.Minute
	maxFailures = 8 // firstPause doubled this often is above longPause
)

var _ oauth2.TokenSource = (*TokenSource)(nil)

// NewTokenSource returns a source for the grant that store keeps under key (see
// [SaveToken]). Nothing is read or sent before the first token is asked for.
// Make one source per grant and process, and share it.
func NewTokenSource(cfg *Config, store TokenStore, key string, o *TokenSourceOptions) (*TokenSource, error) {
	var opts TokenSourceOptions
	if o != nil {
		opts = *o
	}
	switch {
	case cfg == nil, store == nil, key == "":
		return nil, &Error{Kind: KindConfig, Op: "config", Detail: "a TokenSource needs a Config, a TokenStore and a key"}
	case opts.EarlyRefresh < 0:
		return nil, &Error{Kind: KindConfig, Op: "config", Detail: "EarlyRefresh must not be negative"}
	case opts.EarlyRefresh == 0:
		opts.EarlyRefresh = defaultEarly
	}
	return &TokenSource{cfg: cfg, store: store, key: key, early: opts.EarlyRefresh, jitter: rand.Float64()}, nil
}

// Token is [TokenSource.TokenContext] with a background context, for packages
// that take an [oauth2.TokenSource]. It waits as long as a refresh takes, at
// most about a minute and a half.
func (s *TokenSource) Token() (*oauth2.Token, error) {
	return s.TokenContext(context.Background())
}

// TokenContext returns an access token that is good for at least 30 seconds
// more, or a twentieth of its life if that is less. ctx bounds the waiting of
// this caller only. Its Extra is that of [Token.OAuth2].
//
// [ErrConsentRequired], [ErrMissingScope] and [ErrInvalidClient] need a person;
// [ErrRateLimited], [ErrUnavailable] and [ErrStore] pass with time.
func (s *TokenSource) TokenContext(ctx context.Context) (*oauth2.Token, error) {
	if err := ctx.Err(); err != nil {
		return nil, &Error{Kind: KindCanceled, Op: "token", Err: err}
	}
	for {
		tok, f, err := s.begin(ctx)
		switch {
		case err != nil:
			return nil, err
		case f != nil:
			tok, err = f.wait(ctx, tok)
		}
		if err != nil {
			return nil, err
		}
		// The flight may have begun before Invalidate was called for its token,
		// and a token of seconds may have ended while waiting.
		if f == nil || !s.refused(tok) && !tok.expiredAt(wall(time.Now())) {
			return tok.OAuth2(), nil
		}
	}
}

// wait waits for the flight's token. With a token to fall back on it waits only
// so long, and a failure does not matter.
func (f *flight) wait(ctx context.Context, fallback *Token) (*Token, error) {
	var enough <-chan time.Time
	if fallback != nil {
		t := time.NewTimer(patience)
		defer t.Stop()
		enough = t.C
	}
	select {
	case <-f.done:
		if f.err == nil || fallback == nil {
			return f.tok, f.err
		}
	case <-enough:
	case <-ctx.Done():
		return nil, &Error{Kind: KindCanceled, Op: "token", Err: ctx.Err()}
	}
	return fallback, nil
}

// Invalidate tells the source that a server answered 401 to accessToken, so that
// the next caller waits for another one. A token that is no longer the current
// one is ignored: many requests may fail at once, one refresh is enough.
func (s *TokenSource) Invalidate(accessToken string) {
	refused := NewSecret(accessToken)
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.state.tok; t != nil && !refused.IsZero() && t.AccessToken.Equal(refused) {
		s.rejected = refused
	}
}

// refused reports whether t is the token that Invalidate named.
func (s *TokenSource) refused(t *Token) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.rejected.IsZero() && t.AccessToken.Equal(s.rejected)
}

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

// due reports whether it is time to refresh t. A token from the future was
// issued under a wrong clock, which makes its expiry worthless.
func (s *TokenSource) due(t *Token, now time.Time) bool {
	life := t.Expiry.Sub(t.Issued)
	lead := min(s.early, life/4) + time.Duration(s.jitter*float64(life/10))
	return !now.Before(t.Expiry.Add(-lead)) || now.Before(t.Issued.Add(-defaultEarly))
}

// run is the goroutine of a flight.
func (s *TokenSource) run(ctx context.Context, f *flight, st state, rejected Secret) {
	ctx, cancel := context.WithTimeout(ctx, flightTimeout)
	defer cancel()
	st, err := s.renew(ctx, st, rejected)
	var notSaved error
	if st.unsaved { // also after a failed refresh: it may be an older token's turn
		if st, notSaved = s.save(ctx, st); err == nil && st.held() {
			err = notSaved
		}
	}

	f.tok, f.err = st.tok, err
	s.land(st, err, notSaved, rejected)
	close(f.done)
}

// land ends the flight: it sets the state and when to try again. The pauses are
// measured by the monotonic clock: a wall clock that is set back must not make
// them long.
func (s *TokenSource) land(st state, err, notSaved error, rejected Secret) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state, s.flight = st, nil
	s.failures = min(s.failures+1, maxFailures)
	if err == nil && s.rejected.Equal(rejected) {
		s.rejected = Secret{} // dealt with; what came now is the newest there is
	}
	switch now := time.Now(); {
	case err != nil:
		s.lastErr, s.retryAt = err, now.Add(pause(err, s.failures))
	case notSaved != nil:
		s.saveAt = now.Add(pause(notSaved, s.failures))
	default:
		s.failures = 0
	}
}

// renew brings the state up to date: from the store if that is enough, else from
// Zoho. The state it returns is right with an error, too.
func (s *TokenSource) renew(ctx context.Context, st state, rejected Secret) (state, error) {
	stored, err := LoadToken(ctx, s.store, s.key)
	switch {
	case errors.Is(err, ErrConsentRequired):
		return state{}, err // deleted: logged out
	case err != nil && st.tok == nil:
		return st, err
	case err != nil:
		s.warn(ctx, "token store cannot be read; the grant in memory is used", err)
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
	next, err := s.cfg.Refresh(ctx, st.tok)
	if err != nil {
		return st, err
	}
	return state{tok: next, unsaved: true, safe: st.safe}, nil
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
