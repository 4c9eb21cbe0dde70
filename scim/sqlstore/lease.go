package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"
)

// Errors of leases.
var (
	// ErrLeaseHeld is the error of [KV.TryLease] while somebody else holds the
	// lease. Its text says who.
	ErrLeaseHeld error = &Error{Kind: KindLeaseHeld}

	// ErrLeaseLost says that a lease ran out or was given up, or that somebody
	// else holds it now.
	ErrLeaseLost error = &Error{Kind: KindLeaseLost}
)

// Lease is the right to do something that nobody else may do at the same time.
// It is granted by the database until a time of the database's clock, which its
// holder moves on with [Lease.Renew], or lets [Lease.Run] move on. A
// holder that dies has lost it when that time has come.
//
// A holder that was stopped for a while may not know that it has lost the lease.
// [KV.Under] refuses what it still writes; to what is outside the database, send
// [Lease.Token] along and refuse there what has a smaller one than was seen.
//
// A Lease is safe for concurrent use.
type Lease struct {
	kv *KV // of the lease's table, under no lease itself
	guard
	ttl time.Duration

	mu      sync.Mutex
	granted time.Time // when the grant or the last renewal was asked for
}

// minTTL is the shortest time of a lease: the database counts milliseconds.
const minTTL = 10 * time.Millisecond

// Lease waits until nobody else holds the lease of a name and takes it for ttl,
// at least 10 milliseconds. Those who wait ask the database again after a while
// and are not served in order. The end of ctx ends the waiting, with an error that
// is ctx.Err() and says who holds the lease.
func (kv *KV) Lease(ctx context.Context, name string, ttl time.Duration) (*Lease, error) {
	var held *heldError
	for attempt := 1; ; attempt++ {
		l, err := kv.TryLease(ctx, name, ttl)
		if errors.As(err, &held) {
			err = waitFor(ctx, leasePause(attempt, ttl, held.left))
		} else if err == nil {
			return l, nil
		}
		switch {
		case err == nil:
		case ctx.Err() != nil && held != nil:
			return nil, kvError("lease", name, &Error{Kind: KindLeaseHeld, Place: "lease", Detail: held.Error(), cause: ctx.Err()})
		default:
			return nil, err
		}
	}
}

// leasePause is how long to wait before asking again: longer each time, but not
// longer than the holder has left.
func leasePause(attempt int, ttl, left time.Duration) time.Duration {
	most := min(2*time.Millisecond<<min(attempt, 20), max(ttl/20, 50*time.Millisecond), time.Second)
	d := most/2 + rand.N(most/2) //nolint:gosec // jitter, not a secret
	return max(min(d, left+time.Millisecond), time.Millisecond)
}

// waitFor waits for a time or the end of a context.
func waitFor(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// heldError says who holds a lease and for how long.
type heldError struct {
	holder string
	left   time.Duration
}

func (e *heldError) Error() string {
	return fmt.Sprintf("it is held by %s and ends in %v if that does not renew it", e.holder, e.left)
}

// The statements of leases. NOW is the database's clock in milliseconds. Each has
// the namespace, the table and the name first.
const (
	leaseGrant = `INSERT INTO scim_leases (space, tab, name, token, expires, holder) VALUES (?, ?, ?, 1, NOW + ?, ?)
ON CONFLICT (space, tab, name) DO UPDATE SET token = scim_leases.token + 1, expires = NOW + ?, holder = excluded.holder
WHERE scim_leases.expires <= NOW RETURNING token`
	leaseHolder  = "SELECT holder, expires - NOW FROM scim_leases WHERE space = ? AND tab = ? AND name = ?"
	leaseCheck   = "SELECT 1 FROM scim_leases WHERE space = ? AND tab = ? AND name = ? AND token = ? AND expires > NOW"
	leaseRenew   = "UPDATE scim_leases SET expires = NOW + ? WHERE space = ? AND tab = ? AND name = ? AND token = ? AND expires > NOW"
	leaseRelease = "UPDATE scim_leases SET expires = 0 WHERE space = ? AND tab = ? AND name = ? AND token = ? AND expires > NOW"
)

// clock puts the database's clock into a statement.
func (d Dialect) clock(text string) string {
	now := "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"
	if d == PostgreSQL {
		now = "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)" // now() is that of the transaction's beginning
	}
	return strings.ReplaceAll(text, "NOW", now)
}

// TryLease takes the lease of a name for ttl if nobody else holds it; else the
// error is [ErrLeaseHeld].
func (kv *KV) TryLease(ctx context.Context, name string, ttl time.Duration) (*Lease, error) {
	key, err := kv.args("lease", name)
	if err != nil {
		return nil, err
	}
	if ttl < minTTL {
		return nil, kvError("lease", name, &Error{Kind: KindOption, Place: "ttl", Detail: fmt.Sprintf("it is less than %v", minTTL)})
	}
	base := *kv
	base.lease = guard{}
	l := &Lease{kv: &base, guard: guard{table: kv.table, name: name}, ttl: ttl, granted: time.Now()}
	free, err := l.take(ctx, key)
	if err != nil || free {
		return leaseOr(l, kvError("lease", name, err))
	}
	var holder string
	var left int64
	found, err := kv.row(ctx, kv.dialect.clock(leaseHolder), key, &holder, &left)
	if err != nil {
		return nil, kvError("lease", name, err)
	}
	held := &heldError{holder: "somebody"}
	if found && left > 0 {
		held = &heldError{holder, time.Duration(left) * time.Millisecond}
	}
	return nil, kvError("lease", name, &Error{Kind: KindLeaseHeld, Place: "lease", Detail: "somebody else has it", cause: held})
}

func leaseOr(l *Lease, err error) (*Lease, error) {
	if err != nil {
		return nil, err
	}
	return l, nil
}

// take asks for the grant and reports whether it was given.
func (l *Lease) take(ctx context.Context, key []any) (bool, error) {
	ctx, done, err := l.kv.enter(ctx)
	if err != nil {
		return false, err
	}
	defer done()
	ms := l.ttl.Milliseconds()
	return l.kv.row(ctx, l.kv.dialect.clock(leaseGrant), append(key[:len(key):len(key)], ms, l.kv.self, ms), &l.token)
}

// Token is the fencing token: it grows with each grant of the lease.
func (l *Lease) Token() uint64 { return l.token }

// Renew moves the end of the lease to ttl from now. A lease that has run out is
// not renewed, even if nobody has taken it: the error is [ErrLeaseLost].
func (l *Lease) Renew(ctx context.Context) error {
	asked := time.Now()
	n, err := l.kv.write(ctx, l.kv.dialect.clock(leaseRenew), append([]any{l.ttl.Milliseconds()}, l.kv.holder(l.guard)...)...)
	if err != nil {
		return kvError("renew", l.name, err)
	}
	if n == 0 {
		return kvError("renew", l.name, errLeaseLost())
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if asked.After(l.granted) {
		l.granted = asked
	}
	return nil
}

// Release gives the lease up, so that another one need not wait for its end. One
// that is lost already is [ErrLeaseLost].
func (l *Lease) Release(ctx context.Context) error {
	n, err := l.kv.write(ctx, l.kv.dialect.clock(leaseRelease), l.kv.holder(l.guard)...)
	if err == nil && n == 0 {
		err = errLeaseLost()
	}
	return kvError("release", l.name, err)
}

// Run calls fn, renews the lease while it runs, and gives it up. The context of
// fn ends when the lease is lost or may be: another one holds it, or the database
// could not be asked for ttl. The error is then [ErrLeaseLost], with that of
// fn.
func (l *Lease) Run(ctx context.Context, fn func(context.Context) error) error {
	inner, cancel := context.WithCancelCause(ctx)
	var keeping sync.WaitGroup
	keeping.Go(func() { l.keep(inner, cancel) })
	end := func() {
		cancel(nil)
		keeping.Wait()
	}
	defer end() // also if fn panics
	err := fn(inner)
	end()
	if lost := context.Cause(inner); errors.Is(lost, ErrLeaseLost) {
		return errors.Join(err, lost)
	}
	outer, done := context.WithTimeout(context.WithoutCancel(ctx), l.ttl)
	defer done()
	return errors.Join(err, l.Release(outer))
}

// keep renews the lease until ctx ends, and ends it if the lease is lost.
func (l *Lease) keep(ctx context.Context, cancel context.CancelCauseFunc) {
	for {
		if waitFor(ctx, l.ttl/3) != nil {
			return
		}
		end := l.end()
		asking, done := context.WithDeadline(ctx, end)
		err := l.Renew(asking)
		done()
		if errors.Is(err, ErrLeaseLost) {
			cancel(err)
			return
		}
		if !time.Now().Before(l.end()) {
			cancel(kvError("renew", l.name, errLeaseLost()))
			return
		}
	}
}

// end is when the lease runs out by this process's clock, which counts from
// before the database was asked.
func (l *Lease) end() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.granted.Add(l.ttl)
}

func errLeaseLost() error {
	return &Error{Kind: KindLeaseLost, Place: "lease", Detail: "it ran out, was given up, or somebody else holds it now"}
}

// Lock waits for the lease of key, takes it for ttl and returns the function
// that gives it up, which reports [ErrLeaseLost] if that was too late. It is
// [KV.Lease] in the form of a Locker of package zohoauth.
func (kv *KV) Lock(ctx context.Context, key string, ttl time.Duration) (unlock func() error, err error) {
	l, err := kv.Lease(ctx, key, ttl)
	if err != nil {
		return nil, err
	}
	return func() error {
		ctx, done := context.WithTimeout(context.WithoutCancel(ctx), max(ttl, time.Second))
		defer done()
		return l.Release(ctx)
	}, nil
}
