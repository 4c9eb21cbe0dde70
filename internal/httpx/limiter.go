package httpx

import (
	"context"
	"math"
	"sync"
	"time"
)

// How a [limiter] learns. The shape is CUBIC's (RFC 9438 section 4.2): fast
// back to where it was refused, slow there, then further.
const (
	limiterCut    = 0.7 // of the rate at which the service refused
	limiterGrowth = 0.4 // requests a second per cubed second
	limiterFloor  = 0.5 // requests a second
	limiterWindow = time.Second / 2
	limiterSmooth = 0.8 // weight of the newest window
)

// limiter spaces requests out. It has no rate until it is given one or the
// service refuses a request for being too many. The zero value is ready.
type limiter struct {
	ceiling float64 // requests a second that are never exceeded; 0: none

	mu       sync.Mutex
	rate     float64   // requests a second; 0: no limit
	next     time.Time // when the next request may go
	refused  time.Time // when the rate was cut last
	before   float64   // the rate that was cut then
	window   time.Time // since when sent is counted
	sent     int
	measured float64 // requests a second, as they really were
}

func newLimiter(rate float64) *limiter { return &limiter{ceiling: rate, rate: rate} }

// wait waits for a request's turn. It fails when ctx ends, or would end,
// before that.
func (l *limiter) wait(ctx context.Context) error {
	wait := l.reserve(time.Now())
	if wait <= 0 {
		return nil
	}
	if outlasts(ctx, wait) {
		return context.DeadlineExceeded
	}
	return sleep(ctx, wait)
}

// reserve takes a turn and returns how long it is until then.
func (l *limiter) reserve(now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.measure(now)
	if l.rate == 0 {
		return 0
	}
	turn := l.next
	if turn.Before(now) {
		turn = now
	}
	l.next = turn.Add(time.Duration(float64(time.Second) / l.rate))
	return turn.Sub(now)
}

func (l *limiter) measure(now time.Time) {
	l.sent++
	if l.window.IsZero() {
		l.window = now
	}
	if past := now.Sub(l.window); past >= limiterWindow {
		l.measured = limiterSmooth*float64(l.sent)/past.Seconds() + (1-limiterSmooth)*l.measured
		l.window, l.sent = now, 0
	}
}

// answered learns from one answer.
func (l *limiter) answered(now time.Time, tooMany bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case tooMany && now.Sub(l.refused) >= time.Second: // those of one burst count once
		l.cut(now)
	case !tooMany && !l.refused.IsZero():
		l.grow(now)
	}
}

func (l *limiter) cut(now time.Time) {
	if l.sent > 0 && l.measured == 0 { // refused before the first window was over
		l.measured = float64(l.sent) / max(now.Sub(l.window), limiterWindow).Seconds()
	}
	l.before = l.measured
	if l.rate > 0 {
		l.before = min(l.before, l.rate)
	}
	l.before = max(l.before, limiterFloor)
	l.rate = max(l.before*limiterCut, limiterFloor)
	l.refused = now
}

func (l *limiter) grow(now time.Time) {
	back := math.Cbrt(l.before * (1 - limiterCut) / limiterGrowth) // seconds until it is as it was
	past := now.Sub(l.refused).Seconds() - back
	rate := limiterGrowth*past*past*past + l.before
	rate = min(rate, max(2*l.measured, l.before)) // a rate that is not used proves nothing
	if l.ceiling > 0 {
		rate = min(rate, l.ceiling)
	}
	l.rate = max(rate, l.rate)
}

// sleep waits for d or for the end of ctx.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
