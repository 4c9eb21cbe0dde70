package zohoauth

import (
	"context"
	"time"
)

// Locker is an ability that a [TokenStore] may have, found by type assertion:
// exclusion among all users of the store, in other processes too. With it the
// processes that share a grant refresh it once per expiry, and Zoho's limit of
// token requests holds among them exactly. Without it they adopt each other's
// tokens, but may ask for one at the same moment.
type Locker interface {
	// Lock waits until nobody else holds the lock of key, takes it, and returns
	// the function that gives it up, to be called once. The end of ctx ends the
	// waiting, with an error that is ctx.Err().
	//
	// The lock of a holder that died has to come free by itself, at the latest
	// after ttl: the holder promises to be done by then. A store that sees a
	// holder die, as [DirStore] does, need not measure it. An error that is
	// [errors.ErrUnsupported] means that the store cannot lock here.
	Lock(ctx context.Context, key string, ttl time.Duration) (unlock func() error, err error)
}

// Lock implements [Locker] among the users of this store in this process.
func (m *MemoryStore) Lock(ctx context.Context, key string, _ time.Duration) (unlock func() error, err error) {
	m.mu.Lock()
	if m.locks == nil {
		m.locks = make(map[string]chan struct{})
	}
	held := m.locks[key]
	if held == nil {
		held = make(chan struct{}, 1)
		m.locks[key] = held
	}
	m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case held <- struct{}{}:
		return func() error { <-held; return nil }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
