package pgtest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"
)

// Names of environment variables.
const (
	EnvURL      = "ZOHOSCIM_TEST_POSTGRES"          // a server that is there already
	EnvRequired = "ZOHOSCIM_TEST_POSTGRES_REQUIRED" // not empty: no test is skipped for want of a server
)

// TB is the part of testing.TB that the package uses.
type TB interface {
	Helper()
	Cleanup(fn func())
	Fatalf(format string, args ...any)
	Skipf(format string, args ...any)
}

// shared is the server of this process, for all tests that do not stop it.
// Nothing ends it but the end of the process.
var shared = sync.OnceValues(start)

// URL returns the URL of a new and empty database, which is dropped when the
// test ends.
func URL(t TB) string {
	t.Helper()
	if server := os.Getenv(EnvURL); server != "" {
		return create(t, server)
	}
	s, err := shared()
	if err != nil {
		missing(t, err)
	}
	return create(t, s.url())
}

// Open returns a handle of a new and empty database, which is closed and
// dropped when the test ends.
func Open(t TB) *sql.DB {
	t.Helper()
	return open(t, URL(t))
}

// Relaxed returns the URL of the same database for connections whose commits
// do not wait for the disk.
func Relaxed(database string) string { return with(database, "synchronous_commit", "off") }

// open opens a database until the end of the test.
func open(t TB, database string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", database)
	if err != nil {
		t.Fatalf("%v (the test has to import github.com/jackc/pgx/v5/stdlib)", err)
	}
	t.Cleanup(func() { _ = db.Close() }) // the test is over
	return db
}

// create makes a database on a server until the end of the test.
func create(t TB, server string) string {
	t.Helper()
	name := "zohoscim_test_" + strings.ToLower(rand.Text())
	err := run(server, func(ctx context.Context, db *sql.DB) error {
		// Before version 15 there is no locale_provider; some are built without it.
		_, err := db.ExecContext(ctx, "CREATE DATABASE "+name+" TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'en-US'")
		if err != nil {
			_, err = db.ExecContext(ctx, "CREATE DATABASE "+name)
		}
		return err
	})
	if err != nil {
		t.Fatalf("making a database on PostgreSQL: %v", err)
	}
	t.Cleanup(func() {
		// A server that the test has stopped takes its databases with it.
		_ = run(server, func(ctx context.Context, db *sql.DB) error {
			_, err := db.ExecContext(ctx, "DROP DATABASE "+name+" WITH (FORCE)")
			return err
		})
	})
	u, err := url.Parse(server)
	if err != nil {
		t.Fatalf("%s is not a URL", EnvURL)
	}
	u.Path = "/" + name
	return u.String()
}

// run runs fn with a connection to a server.
func run(server string, fn func(context.Context, *sql.DB) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	db, err := sql.Open("pgx", server)
	if err != nil {
		return fmt.Errorf("%w (the test has to import github.com/jackc/pgx/v5/stdlib)", err)
	}
	defer func() { _ = db.Close() }() // nothing is under way
	return fn(ctx, db)
}

// with sets a parameter of a URL.
func with(database, name, value string) string {
	u, err := url.Parse(database)
	if err != nil {
		return database // its use will say so
	}
	q := u.Query()
	q.Set(name, value)
	u.RawQuery = q.Encode()
	return u.String()
}

// missing ends a test that has no server.
func missing(t TB, err error) {
	t.Helper()
	if os.Getenv(EnvRequired) != "" {
		t.Fatalf("no PostgreSQL: %v", err)
	}
	t.Skipf("no PostgreSQL: %v. Install it (on Debian: apt-get install postgresql), or set %s to the URL of one.", err, EnvURL)
}
