package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"time"
)

// runner is a *sql.DB or a *sql.Tx.
type runner interface {
	ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error)
}

// statement is a constant text in the database's own form.
type statement struct {
	text string
	stmt *sql.Stmt // nil for PostgreSQL, whose driver prepares each text once a connection
}

// statement returns a statement for a constant. Texts that are built for a
// query do not belong here: they would be kept for ever.
func (s *Store) statement(ctx context.Context, tx *sql.Tx, text string) (*statement, error) {
	if st, ok := s.texts.Load(text); ok {
		return st.(*statement), nil
	}
	st := &statement{text: s.dialect.rebind(text)}
	if s.dialect == SQLite && tx != nil {
		// Preparing takes a connection, and the transaction may have the only
		// one: run it as it is, and prepare it before the next transaction.
		s.wanted.Store(text, true)
		return st, nil
	}
	if s.dialect == SQLite {
		var err error
		if st.stmt, err = s.db.PrepareContext(ctx, text); err != nil {
			return nil, fromDriver(err)
		}
	}
	if first, loaded := s.texts.LoadOrStore(text, st); loaded {
		if st.stmt != nil {
			_ = st.stmt.Close()
		}
		st = first.(*statement)
	}
	return st, nil
}

// prepareWanted prepares what earlier transactions had to do without.
func (s *Store) prepareWanted(ctx context.Context) error {
	for text := range s.wanted.Range {
		if _, err := s.statement(ctx, nil, text.(string)); err != nil {
			return err
		}
		s.wanted.Delete(text)
	}
	return nil
}

// query runs a constant statement that returns rows. A nil tx runs it by
// itself.
func (s *Store) query(ctx context.Context, tx *sql.Tx, text string, args ...any) (*sql.Rows, error) {
	st, err := s.statement(ctx, tx, text)
	if err != nil {
		return nil, err
	}
	var rows *sql.Rows
	switch {
	case st.stmt != nil && tx != nil:
		rows, err = tx.StmtContext(ctx, st.stmt).QueryContext(ctx, args...)
	case st.stmt != nil:
		rows, err = st.stmt.QueryContext(ctx, args...)
	default:
		rows, err = s.runner(tx).QueryContext(ctx, st.text, args...)
	}
	return rows, fromDriver(err)
}

// row runs a constant statement and scans its first row. No row is
// [sql.ErrNoRows]. It reads to the end: only there is known that what the
// statement changed was kept.
func (s *Store) row(ctx context.Context, tx *sql.Tx, text string, args []any, into ...any) error {
	rows, err := s.query(ctx, tx, text, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	found := false
	for rows.Next() {
		found = true
		if err := rows.Scan(into...); err != nil {
			return fromDriver(err)
		}
	}
	if err := rows.Err(); err != nil {
		return fromDriver(err)
	}
	if !found {
		return sql.ErrNoRows
	}
	return nil
}

// exec runs a constant statement that changes rows.
func (s *Store) exec(ctx context.Context, tx *sql.Tx, text string, args ...any) error {
	_, err := s.count(ctx, tx, text, args...)
	return err
}

// count runs a constant statement and returns how many rows it changed.
func (s *Store) count(ctx context.Context, tx *sql.Tx, text string, args ...any) (int, error) {
	st, err := s.statement(ctx, tx, text)
	if err != nil {
		return 0, err
	}
	var done sql.Result
	switch {
	case st.stmt != nil && tx != nil:
		done, err = tx.StmtContext(ctx, st.stmt).ExecContext(ctx, args...)
	case st.stmt != nil:
		done, err = st.stmt.ExecContext(ctx, args...)
	default:
		done, err = s.runner(tx).ExecContext(ctx, st.text, args...)
	}
	if err != nil {
		return 0, fromDriver(err)
	}
	n, err := done.RowsAffected()
	return int(n), fromDriver(err)
}

func (s *Store) runner(tx *sql.Tx) runner {
	if tx != nil {
		return tx
	}
	return s.db
}

// patient returns the context for a statement. SQLite's driver interrupts
// the whole connection when a context ends, and its statements are short:
// the context decides whether one begins.
func (s *Store) patient(ctx context.Context) (context.Context, error) {
	if err := ctx.Err(); err != nil {
		return ctx, fromDriver(err)
	}
	if s.dialect == SQLite {
		ctx = context.WithoutCancel(ctx)
	}
	return ctx, nil
}

// snapshot runs fn in a transaction that only reads and sees one state of
// the database.
func (s *Store) snapshot(ctx context.Context, fn func(*sql.Tx) error) error {
	if tx := s.joined(ctx); tx != nil {
		return fn(tx)
	}
	opts := &sql.TxOptions{ReadOnly: true}
	if s.dialect == PostgreSQL {
		opts.Isolation = sql.LevelRepeatableRead
	}
	if err := s.prepareWanted(ctx); err != nil {
		return err
	}
	tx, err := s.db.BeginTx(ctx, opts)
	if err != nil {
		return fromDriver(err)
	}
	defer func() { _ = tx.Rollback() }() // it has only read
	return fn(tx)
}

// lockSQLite is the first statement of a transaction that writes. It changes
// nothing, but takes the write lock, as BEGIN IMMEDIATE would: a transaction
// that reads first and writes later is refused when another one wrote in
// between.
const lockSQLite = "DELETE FROM scim_feeds WHERE tenant IS NULL"

// transact runs fn in a transaction that writes, again if it lost against
// another one. An error of fn rolls back and is returned.
func (s *Store) transact(ctx context.Context, fn func(context.Context, *sql.Tx) error) error {
	return s.retry(ctx, func(ctx context.Context) error { return s.once(ctx, fn) })
}

// attempts bounds how often a transaction that lost against others is run.
const attempts = 20

// retry runs what writes, again if it lost against another transaction.
func (s *Store) retry(ctx context.Context, fn func(context.Context) error) error {
	if s.joined(ctx) != nil {
		return fn(ctx) // whoever began the transaction runs it again
	}
	if s.writer != nil {
		select {
		case s.writer <- struct{}{}:
			defer func() { <-s.writer }()
		case <-ctx.Done():
			return fromDriver(ctx.Err())
		}
	}
	ctx, err := s.patient(ctx)
	for i := 1; err == nil; i++ {
		if err := fn(ctx); err == nil || i == attempts || !lost(err) {
			return err
		}
		err = pause(ctx, i)
	}
	return fromDriver(err)
}

// once runs fn in one transaction.
func (s *Store) once(ctx context.Context, fn func(context.Context, *sql.Tx) error) error {
	if tx := s.joined(ctx); tx != nil {
		return within(ctx, tx, fn)
	}
	if err := s.prepareWanted(ctx); err != nil {
		return err
	}
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return fromDriver(err)
	}
	defer conn.Close()
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return fromDriver(err)
	}
	defer func() { _ = tx.Rollback() }() // of no effect after Commit
	if s.dialect == SQLite {
		if err := s.exec(ctx, tx, lockSQLite); err != nil {
			return err
		}
	}
	if err := fn(ctx, tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		// SQLite may stay in a transaction that it could not commit, and the
		// connection goes back to the pool.
		_, _ = conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
		return committing(err)
	}
	return nil
}

// errLost is the cause of a transaction that saw its rivals' work half done
// and has to run again.
var errLost = errors.New("lost against another transaction")

// lost reports whether a transaction failed only because of others.
func lost(err error) bool {
	var d *driverError
	return errors.As(err, &d) && (errors.Is(d.err, errLost) || faultOf(d.err) == faultRetry)
}

// pause waits before the next attempt, longer each time and never as long as
// a rival that began at the same moment.
func pause(ctx context.Context, attempt int) error {
	most := min(time.Millisecond<<min(attempt, 7), 100*time.Millisecond)
	timer := time.NewTimer(rand.N(most) + time.Millisecond) //nolint:gosec // jitter, not a secret
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
