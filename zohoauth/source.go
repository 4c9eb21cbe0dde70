package zohoauth

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
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
//     got, or a user's new consent, is adopted. With a store that is a [Locker],
//     one process refreshes while the others wait for its token.
//   - Zoho's 10 token requests in 10 minutes are never exceeded: they are counted
//     in the store, before each request. While the store cannot count, this
//     source sends one request in 10 minutes.
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
	opts   TokenSourceOptions
	jitter float64 // of this source's refresh times, in [0, 1)
	born   time.Time

	ready atomic.Pointer[ready] // what nearly every call needs; nil: take the long way

	mu       sync.Mutex
	state    state
	rejected Secret // an access token that a server refused
	flight   *flight
	failures int       // since the last success
	retryAt  time.Time // no flight before this time, after lastErr
	lastErr  error
	saveAt   time.Time // the next attempt to save an unsaved token
	lost     bool      // OnLoss was called, and no token came since
	sentAt   time.Time // the latest request of this source; only a flight uses it
}

// ready is a token that may be handed out in a span of time without a look at
// anything else. The wall clock decides about the span, and is read 10 times a
// second at most: that is half the cost of a call. The monotonic clock, which is
// read each time, stands still while a machine sleeps.
type ready struct {
	tok         *oauth2.Token
	from, until time.Time
	end         time.Duration // until, by the monotonic clock since TokenSource.born
	checked     atomic.Int64  // when the wall clock was read, by the same clock
}

// recheck is how long a look at the wall clock holds.
const recheck = 100 * time.Millisecond

// usable reports whether the token may be handed out; mono is the time since
// TokenSource.born.
func (r *ready) usable(mono time.Duration) bool {
	if mono >= r.end {
		return false
	}
	if mono-time.Duration(r.checked.Load()) < recheck {
		return true
	}
	now := wall(time.Now())
	if now.Before(r.from) || !now.Before(r.until) {
		return false
	}
	r.checked.Store(int64(mono))
	return true
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

	// OnRefresh is called with each token that this source got from Zoho, after
	// it was saved: for metrics, or to tell others. OnLoss is called when a person
	// has to act: with the first [ErrConsentRequired], [ErrInvalidClient] or
	// [ErrMissingScope] after a token. Callers do not wait for either, so a slow
	// one may still run when the next begins.
	OnRefresh func(ctx context.Context, t *Token)
	OnLoss    func(ctx context.Context, err error)

	// ConsentURL is the page of your own service where a person gives consent,
	// such as that of [Handler.Start]. It is in each [ErrConsentRequired] of this
	// source, as Error.ConsentURL.
	ConsentURL string
}

const (
	defaultEarly = 5 * time.Minute

	// patience is how long a caller waits for a refresh that is not urgent.
	patience = 3 * time.Second

	// lockWait bounds the waiting for another process. A holder is done within
	// lockTTL: workTimeout for reading the store and asking Zoho, and saveTimeout
	// each for a refusal and for a token, which must not be lost by then.
	lockWait    = 45 * time.Second
	lockTTL     = workTimeout + 2*saveTimeout
	workTimeout = 15 * time.Second
	saveTimeout = 7 * time.Second

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
	return &TokenSource{cfg: cfg, store: store, key: key, opts: opts, jitter: rand.Float64(), born: time.Now()}, nil
}

// Token is [TokenSource.TokenContext] with a background context, for packages
// that take an [oauth2.TokenSource]. It waits as long as a refresh takes, at
// most about a minute and a quarter.
func (s *TokenSource) Token() (*oauth2.Token, error) {
	return s.TokenContext(context.Background())
}

// TokenContext returns an access token that is good for at least 30 seconds
// more, or a twentieth of its life if that is less. ctx bounds the waiting of
// this caller only. Its Extra is that of [Token.OAuth2]. Callers share the
// result, and must not change it.
//
// [ErrConsentRequired], [ErrMissingScope] and [ErrInvalidClient] need a person;
// [ErrRateLimited], [ErrUnavailable] and [ErrStore] pass with time.
func (s *TokenSource) TokenContext(ctx context.Context) (*oauth2.Token, error) {
	if err := ctx.Err(); err != nil {
		return nil, &Error{Kind: KindCanceled, Op: "token", Err: err}
	}
	if r := s.ready.Load(); r != nil && r.usable(time.Since(s.born)) {
		return r.tok, nil
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
		s.ready.Store(nil)
	}
}

// refused reports whether t is the token that Invalidate named.
func (s *TokenSource) refused(t *Token) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.rejected.IsZero() && t.AccessToken.Equal(s.rejected)
}
