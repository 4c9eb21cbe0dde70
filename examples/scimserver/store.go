package main

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // for -store postgres://…
	_ "modernc.org/sqlite"             // for -store sqlite:FILE

	"github.com/zohoscim/zohoscim/scim"
	"github.com/zohoscim/zohoscim/scim/sqlstore"
)

// Connections to PostgreSQL, which takes 100 of all servers together unless
// it is told otherwise.
const maxConnections = 20

// openStore opens the store that -store names, with its tables, and returns
// what closes it.
func openStore(ctx context.Context, name string) (store scim.Store, closeStore func() error, err error) {
	if name == "memory" {
		return scim.NewMemoryStore(), func() error { return nil }, nil
	}
	driver, source, dialect, err := database(name)
	if err != nil {
		return nil, nil, err
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		return nil, nil, fmt.Errorf("-store: %w", err)
	}
	limitConnections(db)
	if err := sqlstore.Migrate(ctx, db, dialect); err != nil {
		return nil, nil, fmt.Errorf("-store: %w", closeAfter(db, err))
	}
	sqlStore, err := sqlstore.New(db, dialect, nil)
	if err != nil {
		return nil, nil, closeAfter(db, err)
	}
	return sqlStore, db.Close, nil
}

func limitConnections(db *sql.DB) {
	db.SetMaxOpenConns(maxConnections)
	db.SetMaxIdleConns(maxConnections)
	db.SetConnMaxIdleTime(5 * time.Minute)
}

func closeAfter(db *sql.DB, err error) error {
	if closeErr := db.Close(); closeErr != nil {
		return fmt.Errorf("%w; then closing: %w", err, closeErr)
	}
	return err
}

// database says how to open what -store names.
func database(name string) (driver, source string, d sqlstore.Dialect, err error) {
	if file, ok := strings.CutPrefix(name, "sqlite:"); ok && file != "" {
		return "sqlite", sqlstore.SQLiteDSN(file), sqlstore.SQLite, nil
	}
	if u, err := url.Parse(name); err == nil && (u.Scheme == "postgres" || u.Scheme == "postgresql") {
		return "pgx", name, sqlstore.PostgreSQL, nil
	}
	// The name is not repeated: it may hold a password.
	return "", "", 0, fmt.Errorf("-store takes sqlite:FILE, memory or postgres://USER:PASSWORD@HOST/DATABASE: %w", errUsage)
}
