package provision

import (
	"context"
	"time"
)

// State is what an engine remembers: rows of opaque bytes by table and key.
// Its methods have standard types only, so that a store need not import this
// package. They may be called concurrently, also by several processes.
//
// Tables and keys are UTF-8 texts without control characters, but for tabs in
// keys; a key is at most 1 KiB long. A table is there when it has a row.
type State interface {
	// Get returns a row. One that is not there is [io/fs.ErrNotExist].
	Get(ctx context.Context, table, key string) ([]byte, error)

	// Scan calls fn with the rows of a table whose key begins with prefix,
	// in the order of the keys' bytes, and ends with fn's error. Rows may be
	// read and written meanwhile, by fn too: fn is not called inside a
	// transaction. A row that is there from begin to end is seen once. fn may
	// keep value.
	Scan(ctx context.Context, table, prefix string, fn func(key string, value []byte) error) error

	// Write changes rows, by table and key, in one transaction: all or none
	// of them, and a crash after it has returned loses none. A nil value
	// removes a row; one that is not there is no error. An empty value is a
	// row.
	//
	// With a token that is not 0 it is refused, and nothing written, unless
	// the token is that of the lease's holder now; the check is part of the
	// transaction. 0 writes without a lease.
	Write(ctx context.Context, lease string, token uint64, rows map[string]map[string][]byte) error

	// Lease takes, renews and returns a lease. With token 0 it asks for a
	// lease that nobody holds or whose time has run out; with the token of
	// the holder it lets the time begin anew; with that and a ttl of 0 it
	// gives the lease back. held says whether the caller holds it: false is
	// no error, it is another's. A token grows with each holder and is never
	// 0 (it is a fencing token). Time is that of the store, not of its
	// clients.
	Lease(ctx context.Context, name string, token uint64, ttl time.Duration) (now uint64, held bool, err error)
}
