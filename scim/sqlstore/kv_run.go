package sqlstore

import (
	"context"
	"database/sql"
	"errors"
)

// row runs a statement and scans its first row. It reads to the end: what the
// statement changed is committed when that is reached.
func (kv *kvShared) row(ctx context.Context, text string, args []any, into ...any) (found bool, err error) {
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
	done, err := kv.enter(ctx)
	if err != nil {
		return 0, err
	}
	defer done()
	err = retryBusy(ctx, func() error {
		if kv.lease != nil {
			n, err = kv.fenced(ctx, text, args)
			return err
		}
		n, err = affected(kv.db.ExecContext(ctx, kv.dialect.rebind(text), args...))
		return err
	})
	return n, err
}

// enter waits until no other write of this process is under way on SQLite, whose
// own waiting is neither fair nor ended by a context.
func (kv *kvShared) enter(ctx context.Context) (done func(), err error) {
	if kv.writer == nil {
		return func() {}, ctx.Err()
	}
	select {
	case kv.writer <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	done = func() { <-kv.writer }
	if err := ctx.Err(); err != nil {
		done()
		return nil, err
	}
	return done, nil
}

// fenced runs a statement in a transaction that holds the lease's row from the
// check to the commit: a grant to another one waits, or was seen. The statement
// comes first because on SQLite it is what locks.
func (kv *KV) fenced(ctx context.Context, text string, args []any) (n int, err error) {
	tx, err := kv.db.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer func() { _ = tx.Rollback() }() // of no effect after Commit
	if n, err = affected(tx.ExecContext(ctx, kv.dialect.rebind(text), args...)); err != nil {
		return 0, err
	}
	check := kv.dialect.clock(leaseCheck)
	if kv.dialect == PostgreSQL {
		check += " FOR SHARE"
	}
	var one int
	err = tx.QueryRowContext(ctx, kv.dialect.rebind(check), append(kv.lease.args(), kv.lease.token)...).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, kv.lease.lost()
	}
	if err != nil {
		return 0, err
	}
	return n, tx.Commit()
}

func affected(res sql.Result, err error) (int, error) {
	if err != nil {
		return 0, err
	}
	n, err := res.RowsAffected()
	return int(n), err
}
