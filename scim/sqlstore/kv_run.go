package sqlstore

import (
	"context"
	"database/sql"
	"errors"
)

// row runs a statement and scans its first row. It reads to the end: what the
// statement changed is committed when that is reached.
func (kv *kvShared) row(ctx context.Context, text string, args []any, into ...any) (found bool, err error) {
	if ctx, err = kv.patient(ctx); err != nil {
		return false, err
	}
	err = retryBusy(ctx, func() error {
		found = false
		rows, err := kv.db.QueryContext(ctx, kv.dialect.rebind(text), args...)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }() // rows.Err has the error
		for rows.Next() {
			found = true
			if err := rows.Scan(into...); err != nil {
				return err
			}
		}
		return rows.Err()
	})
	return found, err
}

// write runs a statement that changes rows and returns how many; under a lease,
// only if it is held when the change is committed.
func (kv *KV) write(ctx context.Context, text string, args ...any) (n int, err error) {
	text = kv.dialect.rebind(text)
	run := func(ctx context.Context, on runner) error {
		n, err = affected(on.ExecContext(ctx, text, args...))
		return err
	}
	if kv.lease.token != 0 {
		err = kv.transact(ctx, run)
		return n, err
	}
	ctx, done, err := kv.enter(ctx)
	if err != nil {
		return 0, err
	}
	defer done()
	err = retryBusy(ctx, func() error { return run(ctx, kv.db) })
	return n, err
}

// enter waits until no other write of this process is under way on SQLite, whose
// own waiting is not fair, and returns the context for the write.
func (kv *kvShared) enter(ctx context.Context) (patient context.Context, done func(), err error) {
	done = func() {}
	if kv.writer != nil {
		select {
		case kv.writer <- struct{}{}:
			done = func() { <-kv.writer }
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
	}
	if patient, err = kv.patient(ctx); err != nil {
		done()
	}
	return patient, done, err
}

// patient returns the context for a statement. SQLite's driver interrupts the
// whole connection when a context ends, and statements are short: the context
// decides whether one begins.
func (kv *kvShared) patient(ctx context.Context) (context.Context, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if kv.dialect == SQLite {
		ctx = context.WithoutCancel(ctx)
	}
	return ctx, nil
}

// guard names the holder of a lease in the KV's namespace. One with the token 0
// is none.
type guard struct {
	table, name string
	token       uint64
}

// transact runs fn in a transaction, again if it lost against another one.
func (kv *KV) transact(ctx context.Context, fn func(context.Context, runner) error) error {
	ctx, done, err := kv.enter(ctx)
	if err != nil {
		return err
	}
	defer done()
	return retryBusy(ctx, func() error { return kv.once(ctx, fn) })
}

// once runs fn in one transaction.
func (kv *KV) once(ctx context.Context, fn func(context.Context, runner) error) error {
	conn, err := kv.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // it goes back to the pool
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // of no effect after Commit
	if err := fn(ctx, tx); err != nil {
		return err
	}
	if err := kv.check(ctx, tx); err != nil {
		return err
	}
	err = tx.Commit()
	if err != nil && kv.dialect == SQLite {
		// It may stay in a transaction that it could not commit.
		_, _ = conn.ExecContext(ctx, "ROLLBACK")
	}
	return err
}

// check refuses a transaction that lacks the lease. It holds the lease's row from
// here to the commit, so that a grant to another one waits or was seen. It comes
// after the writing because on SQLite that is what locks.
func (kv *KV) check(ctx context.Context, tx *sql.Tx) error {
	if kv.lease.token == 0 {
		return nil
	}
	text := kv.dialect.clock(leaseCheck)
	if kv.dialect == PostgreSQL {
		text += " FOR SHARE"
	}
	var one int
	err := tx.QueryRowContext(ctx, kv.dialect.rebind(text), kv.holder(kv.lease)...).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return errLeaseLost()
	}
	return err
}

// holder returns the arguments that name the holder of a lease.
func (kv *kvShared) holder(g guard) []any {
	return []any{[]byte(kv.space), []byte(g.table), []byte(g.name), int64(g.token)} //nolint:gosec // it comes from a BIGINT
}

func affected(res sql.Result, err error) (int, error) {
	if err != nil {
		return 0, err
	}
	n, err := res.RowsAffected()
	return int(n), err
}
