package sqlstore

import (
	"context"
	"database/sql"
	"errors"

	"github.com/zohoscim/zohoscim/scim"
)

// joinedKey is the context key of the transaction that a call is part of.
type joinedKey struct{}

type joined struct {
	store *Store
	tx    *sql.Tx
}

// Transact runs fn in one transaction that writes: [Store.View],
// [Store.Create], [Store.Update] and [Store.Delete] of this store are part of
// it when they get fn's context, beside what fn does with tx itself, in tables
// of its own for example. An error of fn rolls all of it back and is returned.
// A transaction that loses against others is run again, and fn with it. After
// an error of a call fn must return: PostgreSQL has ended the transaction.
//
// Inside of it a rival for a unique value is named only if it can be seen, and
// a Transact with fn's context is part of the same transaction. List and
// Owners are not: they see what was there before. SQLite has one writer, so
// that fn must not wait for another connection that writes.
func (s *Store) Transact(ctx context.Context, fn func(ctx context.Context, tx *sql.Tx) error) error {
	err := s.transact(ctx, func(inner context.Context, tx *sql.Tx) error {
		return ofDriver(fn(context.WithValue(inner, joinedKey{}, &joined{s, tx}), tx))
	})
	return storeError(err)
}

// joined returns the transaction that a call is part of, nil if none.
func (s *Store) joined(ctx context.Context) *sql.Tx {
	if j, ok := ctx.Value(joinedKey{}).(*joined); ok && j.store == s {
		return j.tx
	}
	return nil
}

// within runs fn as a part of a transaction that can be undone alone: a change
// that turns out to be none leaves nothing behind.
func within(ctx context.Context, tx *sql.Tx, fn func(context.Context, *sql.Tx) error) error {
	if _, err := tx.ExecContext(ctx, "SAVEPOINT scim"); err != nil {
		return fromDriver(err)
	}
	err := fn(ctx, tx)
	end := "RELEASE SAVEPOINT scim"
	if err != nil {
		end = "ROLLBACK TO SAVEPOINT scim"
	}
	if _, endErr := tx.ExecContext(ctx, end); endErr != nil && err == nil {
		return fromDriver(endErr)
	}
	return err
}

// ofDriver marks an error that a caller's own statement brought.
func ofDriver(err error) error {
	var own *scim.Error
	var pg interface{ SQLState() string }
	var lite interface{ Code() int }
	if errors.As(err, &own) || !errors.As(err, &pg) && !errors.As(err, &lite) && faultOf(err) != faultGone {
		return err
	}
	return fromDriver(err)
}
