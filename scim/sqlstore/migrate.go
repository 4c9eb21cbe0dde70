package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The migrations of each database, one file for each version.
//
//go:embed migrations
var migrationFiles embed.FS

// Migration is one step from an older layout of the tables to a newer one.
type Migration struct {
	Version    int    // 1 for the first
	Name       string // of its file
	Statements []string
}

// Migrations returns the steps that make the tables, oldest first, for
// people who apply them with a tool of their own. Such a tool has to insert
// each step's version into scim_migrations as well, whose statement is the
// first of the first step, so that [Migrate] knows where the database is.
func Migrations(d Dialect) ([]Migration, error) {
	if err := d.valid(); err != nil {
		return nil, err
	}
	folder := "migrations/" + strings.ToLower(d.String())
	if d == PostgreSQL {
		folder = "migrations/postgres"
	}
	files, err := migrationFiles.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var out []Migration
	for i, f := range files {
		text, err := migrationFiles.ReadFile(folder + "/" + f.Name())
		if err != nil {
			return nil, err
		}
		number, name, _ := strings.Cut(strings.TrimSuffix(f.Name(), ".sql"), "_")
		version, err := strconv.Atoi(number)
		if err != nil || version != i+1 {
			return nil, &Error{Kind: KindMigration, Place: f.Name(), Detail: "the numbers of the files have a gap"}
		}
		m := Migration{Version: version, Name: name, Statements: statements(string(text))}
		if i == 0 {
			m.Statements = append([]string{createMigrations}, m.Statements...)
		}
		out = append(out, m)
	}
	return out, nil
}

const createMigrations = "CREATE TABLE IF NOT EXISTS scim_migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied TEXT NOT NULL)"

// statements cuts a file where a line ends in a semicolon.
func statements(text string) (out []string) {
	for s := range strings.SplitSeq(text, ";\n") {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// Migrate brings the tables of a database to the layout that this version of
// the package uses. Each step is one transaction, and several servers may
// call it at once: one works, the others wait and find it done. A database
// that is newer already is [ErrNewer] and stays as it is.
//
// On SQLite it also switches the file to a write-ahead log.
func Migrate(ctx context.Context, db *sql.DB, d Dialect) error {
	steps, err := Migrations(d)
	if err != nil {
		return err
	}
	if db == nil {
		return &Error{Kind: KindOption, Place: "db", Detail: "a database is required"}
	}
	var conn *sql.Conn
	// Opening a file switches it to a write-ahead log too, see [SQLiteDSN], and
	// that does not wait for another process that does so.
	err = retryBusy(ctx, func() (err error) { conn, err = db.Conn(ctx); return err })
	if err != nil {
		return migrationError("connect", err)
	}
	defer conn.Close()
	if d == SQLite {
		if err := retryBusy(ctx, func() error { return execAll(ctx, conn, "PRAGMA journal_mode=WAL") }); err != nil {
			return migrationError("journal_mode", err)
		}
	}
	for _, step := range steps {
		if err := migrateStep(ctx, conn, d, step, len(steps)); err != nil {
			return err
		}
	}
	return nil
}

// migrateStep applies one step, unless that was done.
func migrateStep(ctx context.Context, conn *sql.Conn, d Dialect, step Migration, newest int) error {
	begin := func() error { return execAll(ctx, conn, "BEGIN IMMEDIATE") }
	if d == PostgreSQL {
		begin = func() error { return execAll(ctx, conn, "BEGIN", "SELECT pg_advisory_xact_lock(7226370301)") }
	}
	if err := retryBusy(ctx, begin); err != nil {
		_ = execAll(context.WithoutCancel(ctx), conn, "ROLLBACK")
		return migrationError(step.Name, err)
	}
	err := applyStep(ctx, conn, d, step, newest)
	if err == nil {
		err = execAll(ctx, conn, "COMMIT")
	}
	if err != nil {
		// The connection goes back to the pool: it must not stay in a transaction.
		_ = execAll(context.WithoutCancel(ctx), conn, "ROLLBACK")
		return migrationError(step.Name, err)
	}
	return nil
}

func applyStep(ctx context.Context, conn *sql.Conn, d Dialect, step Migration, newest int) error {
	if err := execAll(ctx, conn, createMigrations); err != nil {
		return err
	}
	var have int
	if err := conn.QueryRowContext(ctx, "SELECT COALESCE(MAX(version), 0) FROM scim_migrations").Scan(&have); err != nil {
		return err
	}
	if have > newest {
		return &Error{Kind: KindNewer, Place: "scim_migrations", Detail: fmt.Sprintf(
			"the database is at version %d and this program knows versions up to %d: run a newer program", have, newest)}
	}
	if have >= step.Version {
		return nil
	}
	if err := execAll(ctx, conn, step.Statements...); err != nil {
		return err
	}
	_, err := conn.ExecContext(ctx, d.rebind("INSERT INTO scim_migrations (version, name, applied) VALUES (?, ?, ?)"),
		step.Version, step.Name, time.Now().UTC().Format(time.RFC3339))
	return err
}

func execAll(ctx context.Context, conn *sql.Conn, texts ...string) error {
	for _, text := range texts {
		if _, err := conn.ExecContext(ctx, text); err != nil {
			return err
		}
	}
	return nil
}

func migrationError(place string, err error) error {
	var own *Error
	if errors.As(err, &own) {
		return err
	}
	return &Error{Kind: KindMigration, Place: place, Detail: "the migration failed and the database is as it was", cause: err}
}

// busyTime bounds how long a statement waits for another process that holds
// SQLite's lock, beside what the connection's own busy_timeout waits.
const busyTime = 20 * time.Second

// retryBusy repeats fn while another process or transaction is in its way.
func retryBusy(ctx context.Context, fn func() error) error {
	end := time.Now().Add(busyTime)
	for wait := time.Millisecond; ; wait = min(2*wait, 100*time.Millisecond) {
		err := fn()
		if faultOf(err) != faultRetry || time.Now().After(end) {
			return err
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return err
		case <-timer.C:
		}
	}
}
