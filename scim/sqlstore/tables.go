package sqlstore

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"
)

// Tables are all tables of a namespace as one: a State of package provision, in
// types of the standard library. It is safe for concurrent use, also by several
// processes. An error is an [io/fs.PathError].
type Tables struct{ kv *KV }

// Tables returns the tables of the KV's namespace.
func (kv *KV) Tables() *Tables { return &Tables{kv} }

// Get returns a row, as [KV.Get].
func (t *Tables) Get(ctx context.Context, table, key string) ([]byte, error) {
	return t.kv.Table(table).Get(ctx, key)
}

// Scan calls fn with the rows of a table whose key begins with prefix, in the
// order of the keys' bytes, and ends with fn's error. fn may read and write, and
// keep value; see [KV.Scan].
func (t *Tables) Scan(ctx context.Context, table, prefix string, fn func(key string, value []byte) error) error {
	for row, err := range t.kv.Table(table).Scan(ctx, prefix) {
		if err != nil {
			return err
		}
		if err := fn(row.Key, row.Value); err != nil {
			return err
		}
	}
	return nil
}

// Write changes rows, by table and key, in one transaction. A nil value removes
// a row; one that is not there is no error. With a token that is not 0 nothing
// is written unless it is that of the lease's holder when the rows are committed:
// the error is then [ErrLeaseLost].
func (t *Tables) Write(ctx context.Context, lease string, token uint64, rows map[string]map[string][]byte) error {
	changes, err := t.changes(rows)
	if err != nil {
		return err
	}
	kv := t.kv
	if token != 0 {
		c := *kv
		c.lease = guard{name: lease, token: token}
		kv = &c
	}
	return kvError("write", lease, kv.transact(ctx, func(ctx context.Context, on runner) error {
		for len(changes) > 0 {
			n := batch(changes)
			text, args := changes[0].text(n), make([]any, 0, 4*n)
			for _, c := range changes[:n] {
				args = append(args, c.args...)
			}
			if _, err := affected(on.ExecContext(ctx, kv.dialect.rebind(text), args...)); err != nil {
				return err
			}
			changes = changes[n:]
		}
		return nil
	}))
}

// rowChange is one row to be written.
type rowChange struct {
	table, key string
	args       []any // namespace, table and key; and the value if it is not removed
}

// changes returns the rows to be written: those that are removed last, and in
// an order that all writers have, so that none waits for another in a circle.
func (t *Tables) changes(rows map[string]map[string][]byte) (out []rowChange, err error) {
	for table, values := range rows {
		kv := t.kv.Table(table)
		for key, value := range values {
			args, err := kv.args("write", key)
			if err != nil {
				return nil, err
			}
			if value != nil {
				args = append(args, value)
			}
			out = append(out, rowChange{table, key, args})
		}
	}
	slices.SortFunc(out, func(a, b rowChange) int {
		return cmp.Or(len(b.args)-len(a.args), strings.Compare(a.table, b.table), strings.Compare(a.key, b.key))
	})
	return out, nil
}

// batchRows is how many rows one statement writes.
const batchRows = 64

// batch returns how many of the first changes one statement makes.
func batch(changes []rowChange) int {
	n := 1
	for n < min(len(changes), batchRows) && len(changes[n].args) == len(changes[0].args) {
		n++
	}
	return n
}

// text returns the statement for n changes of the same kind.
func (c rowChange) text(n int) string {
	if len(c.args) == 4 {
		return kvPutRows + strings.Repeat(", (?, ?, ?, ?)", n-1) + kvPutEnd
	}
	return kvDelete + strings.Repeat(" OR space = ? AND tab = ? AND key = ?", n-1)
}

// Lease takes, renews and returns a lease of the namespace, by its token. With
// token 0 it asks for a lease that nobody holds; with that of the holder it moves
// the end to ttl from now, or for a ttl of 0 gives the lease back. held says
// whether the caller holds it now: false is no error. See [Lease], whose leases
// these are: [KV.Lease] of the table "" is the same one.
func (t *Tables) Lease(ctx context.Context, name string, token uint64, ttl time.Duration) (now uint64, held bool, err error) {
	base := t.kv.Table("")
	if token == 0 {
		l, err := base.TryLease(ctx, name, ttl)
		if errors.Is(err, ErrLeaseHeld) {
			return 0, false, nil
		}
		if err != nil {
			return 0, false, err
		}
		return l.Token(), true, nil
	}
	base.lease = guard{}
	l := &Lease{kv: base, guard: guard{name: name, token: token}, ttl: ttl}
	if ttl > 0 {
		err = l.Renew(ctx)
	} else {
		err = l.Release(ctx)
	}
	if errors.Is(err, ErrLeaseLost) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	return token, ttl > 0, nil
}
