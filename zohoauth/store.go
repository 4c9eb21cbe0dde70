package zohoauth

import (
	"context"
	"io/fs"
	"sync"
)

// TokenStore keeps opaque bytes by key: what a [TokenSource] needs across
// restarts. The bytes are secret; a store that leaves the machine should encrypt
// them. An implementation needs nothing of this package.
//
// Under the key of a grant is its token; under the same key behind "requests/"
// is when token requests were sent for it. One that can also exclude others is a
// [Locker].
type TokenStore interface {
	// Get returns what Put kept last under key. Nothing is an error that is
	// [fs.ErrNotExist]. The caller may change the slice.
	Get(ctx context.Context, key string) ([]byte, error)

	// Put keeps data under key: when it returns nil, wholly and for good; when
	// not, the old content is still there. It does not keep the slice.
	Put(ctx context.Context, key string, data []byte) error

	// Delete removes what is kept under key; nothing is not an error.
	Delete(ctx context.Context, key string) error
}

// MemoryStore is a [TokenStore] that ends with the process: for tests, and for
// programs that ask for consent at each start. It is safe for concurrent use,
// and its zero value is an empty store.
type MemoryStore struct {
	mu    sync.Mutex
	data  map[string]Secret        // unprintable, as the bytes hold tokens
	locks map[string]chan struct{} // full while held
}

// NewMemoryStore returns an empty store.
func NewMemoryStore() *MemoryStore { return new(MemoryStore) }

// Get implements [TokenStore].
func (m *MemoryStore) Get(ctx context.Context, key string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.data[key]
	if !ok {
		return nil, &fs.PathError{Op: "get", Path: key, Err: fs.ErrNotExist}
	}
	return []byte(s.Reveal()), nil
}

// Put implements [TokenStore].
func (m *MemoryStore) Put(ctx context.Context, key string, data []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.data == nil {
		m.data = make(map[string]Secret)
	}
	m.data[key] = NewSecret(string(data))
	return nil
}

// Delete implements [TokenStore].
func (m *MemoryStore) Delete(ctx context.Context, key string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.data, key)
	return nil
}
