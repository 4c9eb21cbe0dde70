package sqlstore

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"strings"
)

// KV keeps opaque bytes by key, for tokens and for the state of engines, and
// gives leases, so that one of several processes does a thing. Every method is
// in types of the standard library: a KV is a TokenStore and a Locker of package
// zohoauth, and its [KV.Tables] are a State of package provision.
//
// What a method that writes has returned from is in the database for good. The
// bytes of tokens are secret: whoever reads the database has them.
//
// A KV may use the database of a [Store] or another one, whose tables [Migrate]
// has made. It is safe for concurrent use, also by several processes. An error
// is an [fs.PathError] with the operation and the key.
type KV struct {
	*kvShared
	table string
	lease guard // writes are for its holder only
}

// kvShared is what a KV and those derived from it have in common.
type kvShared struct {
	db      *sql.DB
	dialect Dialect
	space   string
	self    string        // who takes leases
	writer  chan struct{} // SQLite has one writer at a time; nil for PostgreSQL
}

// KVOptions are the optional parts of a [KV].
type KVOptions struct {
	// Namespace keeps the keys and leases of several users of a database
	// apart. "" is one as well.
	Namespace string

	// Holder is what an error says of this process when it holds a lease that
	// another one waits for. "" is its number and the machine's name.
	Holder string
}

// Row is one row of [KV.Scan].
type Row = struct {
	Key   string
	Value []byte
}

// maxKey is how many bytes a key may have: an entry of an index in PostgreSQL
// holds it with the namespace and the table in about 2,700 bytes.
const maxKey = 1024

// maxName is the same for a namespace and a table's name.
const maxName = 512

// NewKV returns a KV over a database. It sends nothing to the database, which
// stays the caller's. For SQLite open it with [SQLiteDSN].
func NewKV(db *sql.DB, d Dialect, o *KVOptions) (*KV, error) {
	if db == nil {
		return nil, &Error{Kind: KindOption, Place: "db", Detail: "a database is required"}
	}
	if err := d.valid(); err != nil {
		return nil, err
	}
	shared := &kvShared{db: db, dialect: d}
	if o != nil {
		shared.space, shared.self = o.Namespace, o.Holder
	}
	if len(shared.space) > maxName {
		return nil, &Error{Kind: KindOption, Place: "Namespace", Detail: fmt.Sprintf("it has more than %d bytes", maxName)}
	}
	if shared.self == "" {
		host, err := os.Hostname()
		if err != nil {
			host = "an unknown machine"
		}
		shared.self = fmt.Sprintf("process %d on %s", os.Getpid(), host)
	}
	shared.self = strings.ToValidUTF8(strings.ReplaceAll(shared.self, "\x00", ""), "")
	if d == SQLite {
		shared.writer = make(chan struct{}, 1)
	}
	return &KV{kvShared: shared}, nil
}

// Table returns the KV of another table in the namespace: its keys and its
// leases are other ones. That of [NewKV] has the name "".
func (kv *KV) Table(name string) *KV {
	c := *kv
	c.table = name
	return &c
}

// Under returns the KV for the holder of a lease: a write of one that has lost
// the lease, because it ran out or another one holds it now, is refused with
// [ErrLeaseLost]. It is decided where the write happens. The lease may be one of
// another table. Reading is free.
func (kv *KV) Under(l *Lease) *KV {
	c := *kv
	c.lease = l.guard
	return &c
}

// The statements. Each has the namespace, the table and the key first.
const (
	kvGet     = "SELECT value FROM scim_kv WHERE space = ? AND tab = ? AND key = ?"
	kvPut     = kvPutRows + kvPutEnd
	kvDelete  = "DELETE FROM scim_kv WHERE space = ? AND tab = ? AND key = ?"
	kvCreate  = "INSERT INTO scim_kv (space, tab, key, value) VALUES (?, ?, ?, ?) ON CONFLICT (space, tab, key) DO NOTHING"
	kvSwap    = "UPDATE scim_kv SET value = ? WHERE space = ? AND tab = ? AND key = ? AND value = ?"
	kvPutRows = "INSERT INTO scim_kv (space, tab, key, value) VALUES (?, ?, ?, ?)"
	kvPutEnd  = " ON CONFLICT (space, tab, key) DO UPDATE SET value = excluded.value"
	kvScan    = "SELECT key, value FROM scim_kv WHERE space = ? AND tab = ? AND key >= ? ORDER BY key LIMIT ?"
)

// Get returns what is kept under key. Nothing is an error that is
// [fs.ErrNotExist]. The caller may change the slice.
func (kv *KV) Get(ctx context.Context, key string) ([]byte, error) {
	args, err := kv.args("get", key)
	if err != nil {
		return nil, err
	}
	var value []byte
	found, err := kv.row(ctx, kvGet, args, &value)
	switch {
	case err != nil:
		return nil, kvError("get", key, err)
	case !found:
		return nil, kvError("get", key, fs.ErrNotExist)
	case value == nil:
		value = []byte{}
	}
	return value, nil
}

// Put keeps value under key. If it returns an error, the old content is still
// there, unless the connection broke while the answer was on its way.
func (kv *KV) Put(ctx context.Context, key string, value []byte) error {
	args, err := kv.args("put", key)
	if err != nil {
		return err
	}
	_, err = kv.write(ctx, kvPut, append(args, blob(value))...)
	return kvError("put", key, err)
}

// Delete removes what is kept under key. Nothing is no error.
func (kv *KV) Delete(ctx context.Context, key string) error {
	args, err := kv.args("delete", key)
	if err != nil {
		return err
	}
	_, err = kv.write(ctx, kvDelete, args...)
	return kvError("delete", key, err)
}

// CompareAndSwap replaces the content of key if it is old, and reports whether
// it was. A nil old stands for no content, and a nil value removes the content;
// an empty slice is content.
func (kv *KV) CompareAndSwap(ctx context.Context, key string, old, value []byte) (swapped bool, err error) {
	args, err := kv.args("compare", key)
	if err != nil {
		return false, err
	}
	n := 0
	switch {
	case old == nil && value == nil:
		var found bool
		found, err = kv.row(ctx, kvGet, args, new([]byte))
		if !found {
			n = 1
		}
	case old == nil:
		n, err = kv.write(ctx, kvCreate, append(args, blob(value))...)
	case value == nil:
		n, err = kv.write(ctx, kvDelete+" AND value = ?", append(args, blob(old))...)
	default:
		n, err = kv.write(ctx, kvSwap, append(append([]any{blob(value)}, args...), blob(old))...)
	}
	if err != nil {
		return false, kvError("compare", key, err)
	}
	return n > 0, nil
}

// scanRows is how many rows one statement of a scan reads.
const scanRows = 256

// Scan yields the keys that begin with prefix, in the order of their bytes,
// with their contents. No connection is held while the loop's body runs, so that it
// may write: a key that stays is yielded once, with a content that it had
// during the scan; one that comes or goes meanwhile may be missing.
func (kv *KV) Scan(ctx context.Context, prefix string) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		if err := checkKey("scan", prefix, prefix == ""); err != nil {
			yield(Row{}, err)
			return
		}
		for from := prefix; ; {
			rows, err := kv.page(ctx, prefix, from)
			if err != nil {
				yield(Row{}, kvError("scan", prefix, err))
				return
			}
			for _, row := range rows {
				if !yield(row, nil) {
					return
				}
			}
			if len(rows) < scanRows {
				return
			}
			from = rows[len(rows)-1].Key + "\x00" // the next text there is
		}
	}
}

// page reads the rows of a prefix from a key on.
func (kv *KV) page(ctx context.Context, prefix, from string) (out []Row, err error) {
	if ctx, err = kv.patient(ctx); err != nil {
		return nil, err
	}
	rows, err := kv.db.QueryContext(ctx, kv.dialect.rebind(kvScan), []byte(kv.space), []byte(kv.table), []byte(from), scanRows)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // rows.Err has the error
	for rows.Next() {
		var key, value []byte
		if err := rows.Scan(&key, &value); err != nil {
			return nil, err
		}
		if !bytes.HasPrefix(key, []byte(prefix)) {
			break
		}
		out = append(out, Row{string(key), value})
	}
	return out, rows.Err()
}

// args returns the arguments that name a key.
func (kv *KV) args(op, key string) ([]any, error) {
	if err := checkKey(op, key, false); err != nil {
		return nil, err
	}
	if len(kv.table) > maxName {
		return nil, kvError(op, key, &Error{Kind: KindOption, Place: "table", Detail: fmt.Sprintf("its name has more than %d bytes", maxName)})
	}
	return []any{[]byte(kv.space), []byte(kv.table), []byte(key)}, nil
}

func checkKey(op, key string, emptyOK bool) error {
	if key == "" && !emptyOK || len(key) > maxKey {
		return &fs.PathError{Op: op, Path: "key", Err: &Error{Kind: KindOption, Place: "key", Detail: fmt.Sprintf("it needs 1 to %d bytes", maxKey)}}
	}
	return nil
}

// kvError gives an error its place. What a driver says is not printed: it may
// hold values.
func kvError(op, key string, err error) error {
	var own *Error
	if err == nil {
		return nil
	}
	if !errors.As(err, &own) && !errors.Is(err, fs.ErrNotExist) {
		err = storeError(fromDriver(err))
	}
	return &fs.PathError{Op: op, Path: key, Err: err}
}

// blob is a value as an argument. A nil one would be NULL.
func blob(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
