package directory

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/zohoscim/zohoscim/scim"
	"github.com/zohoscim/zohoscim/scim/sqlstore"
)

// sidecar is the directory's own tables inside a transaction.
type sidecar struct {
	tx      *sql.Tx
	dialect sqlstore.Dialect
}

type sidecarKey struct{}

// inTx runs fn in a transaction, that of ctx if there is one.
func (d *Directory) inTx(ctx context.Context, fn func(context.Context, *sidecar) error) error {
	if q, ok := ctx.Value(sidecarKey{}).(*sidecar); ok {
		return fn(ctx, q)
	}
	return d.store.Transact(ctx, func(ctx context.Context, tx *sql.Tx) error {
		q := &sidecar{tx, d.dialect}
		return fn(context.WithValue(ctx, sidecarKey{}, q), q)
	})
}

func scopeOf(ctx context.Context) scim.Scope { return scim.ScopeFrom(ctx) }

// bind gives a statement, written with ? for each argument, the form that the
// database takes.
func bind(d sqlstore.Dialect, text string) string {
	if d != sqlstore.PostgreSQL {
		return text
	}
	parts := strings.Split(text, "?")
	var b strings.Builder
	for i, part := range parts {
		if i > 0 {
			b.WriteString("$" + strconv.Itoa(i))
		}
		b.WriteString(part)
	}
	return b.String()
}

func (q *sidecar) exec(ctx context.Context, text string, args ...any) error {
	_, err := q.tx.ExecContext(ctx, bind(q.dialect, text), args...)
	return err
}

// changed runs a statement and returns how many rows it changed.
func (q *sidecar) changed(ctx context.Context, text string, args ...any) (int64, error) {
	result, err := q.tx.ExecContext(ctx, bind(q.dialect, text), args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// each calls fn for each row.
func (q *sidecar) each(ctx context.Context, text string, args []any, fn func(*sql.Rows) error) error {
	rows, err := q.tx.QueryContext(ctx, bind(q.dialect, text), args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := fn(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// state is whether an account is there.
type state int

const (
	absent   state = iota // there is no account
	active                // it may be used
	inactive              // it must not be used
)

// binding joins a user of the source and an account.
type binding struct {
	scope    scim.Scope
	id       string // of the SCIM resource
	key      string // of the account, "" if there is none
	state    state
	version  int64  // of the last plan
	adopted  bool   // the account was there before
	departed bool   // the user left its last group
	released bool   // the source deleted the user, and the account is still there
	told     bool   // a notification was written or skipped
	ending   string // key of an account that became unusable and of which [Options.Deactivated] has to be told
	pending  []byte // the plan that is being carried out, nil if none
	since    int64
}

const bindingColumns = `SELECT tenant, connection, id, account_key, state, version, adopted, departed, released, told, ending, pending, since
	FROM scim_directory_accounts `

// bindings returns those that a condition selects.
func (q *sidecar) bindings(ctx context.Context, condition string, args ...any) (out []*binding, err error) {
	if q.locks() {
		condition += " FOR UPDATE"
	}
	err = q.each(ctx, bindingColumns+condition, args, func(rows *sql.Rows) error {
		b := &binding{}
		var key, ending sql.NullString
		var flags [4]int
		err := rows.Scan(&b.scope.Tenant, &b.scope.Connection, &b.id, &key, &b.state, &b.version,
			&flags[0], &flags[1], &flags[2], &flags[3], &ending, &b.pending, &b.since)
		b.key, b.ending = key.String, ending.String
		for i, at := range b.flags() {
			*at = flags[i] != 0
		}
		out = append(out, b)
		return err
	})
	return out, err
}

// flags are the columns of numbers that are true or false, in their order.
func (b *binding) flags() [4]*bool {
	return [4]*bool{&b.adopted, &b.departed, &b.released, &b.told}
}

// unfinished reports whether something has to be done before anything else.
func (b *binding) unfinished() bool { return b.pending != nil || b.ending != "" }

// find returns the binding of an id in the context's scope, one that is not
// kept yet if there is none.
func (q *sidecar) find(ctx context.Context, id string) (*binding, error) {
	sc := scopeOf(ctx)
	found, err := q.bindings(ctx, "WHERE tenant = ? AND connection = ? AND id = ?", []byte(sc.Tenant), []byte(sc.Connection), []byte(id))
	if err != nil || len(found) > 0 {
		return append(found, nil)[0], err
	}
	return &binding{scope: sc, id: id}, nil
}

// byKey returns the binding of an account in any scope, nil if there is none.
func (q *sidecar) byKey(ctx context.Context, key string) (*binding, error) {
	found, err := q.bindings(ctx, "WHERE account_key = ?", key)
	return append(found, nil)[0], err
}

// keep writes a binding.
func (q *sidecar) keep(ctx context.Context, b *binding) error {
	b.since = time.Now().UnixNano()
	args := []any{[]byte(b.scope.Tenant), []byte(b.scope.Connection), []byte(b.id), orNull(b.key), int(b.state), b.version}
	for _, flag := range b.flags() {
		args = append(args, number(*flag))
	}
	return q.exec(ctx, `INSERT INTO scim_directory_accounts (tenant, connection, id, account_key, state, version,
	adopted, departed, released, told, ending, pending, since) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
	ON CONFLICT (tenant, connection, id) DO UPDATE SET account_key = excluded.account_key, state = excluded.state,
	version = excluded.version, adopted = excluded.adopted, departed = excluded.departed, released = excluded.released,
	told = excluded.told, ending = excluded.ending, pending = excluded.pending, since = excluded.since`,
		append(args, orNull(b.ending), b.pending, b.since)...)
}

func orNull(s string) sql.NullString { return sql.NullString{String: s, Valid: s != ""} }

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

// drop removes a binding.
func (q *sidecar) drop(ctx context.Context, b *binding) error {
	return q.exec(ctx, "DELETE FROM scim_directory_accounts WHERE tenant = ? AND connection = ? AND id = ?",
		[]byte(b.scope.Tenant), []byte(b.scope.Connection), []byte(b.id))
}

// isUnique reports whether a database refused a row because of a unique
// index.
func isUnique(err error) bool {
	unique, _ := refusal(err)
	return unique
}

// refusal says why a database refused a row: because of a unique index, or of
// a value that it does not take. It looks at what the drivers' error types
// offer: none is imported.
func refusal(err error) (unique, value bool) {
	var pg interface{ SQLState() string }
	var lite interface{ Code() int }
	switch {
	case errors.As(err, &pg):
		state := pg.SQLState()
		unique = state == "23505"
		return unique, !unique && (strings.HasPrefix(state, "22") || strings.HasPrefix(state, "23"))
	case errors.As(err, &lite):
		const constraint, primaryKey, uniqueIndex = 19, 19 | 6<<8, 19 | 8<<8
		unique = lite.Code() == primaryKey || lite.Code() == uniqueIndex
		return unique, !unique && lite.Code()&0xFF == constraint
	}
	return false, false
}

// locks reports whether rows are locked one by one.
func (q *sidecar) locks() bool { return q.dialect == sqlstore.PostgreSQL }

// one scans the first row, and leaves all as it is if there is none.
func (q *sidecar) one(ctx context.Context, text string, args []any, into ...any) error {
	return q.each(ctx, text, args, func(rows *sql.Rows) error { return rows.Scan(into...) })
}
