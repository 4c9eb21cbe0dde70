package directory

import (
	"context"
	"database/sql"

	"github.com/zohoscim/zohoscim/scim/sqlstore"
)

// Migrate makes the tables of a directory: those of [sqlstore.Migrate], whose
// names begin with scim_, and those that begin with scim_directory_. It may be
// called by several servers at once and again at each start.
func Migrate(ctx context.Context, db *sql.DB, d sqlstore.Dialect) error {
	if err := sqlstore.Migrate(ctx, db, d); err != nil {
		return err
	}
	store, err := sqlstore.New(db, d, nil)
	if err != nil {
		return err
	}
	err = store.Transact(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if d == sqlstore.PostgreSQL {
			if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock(7226370302)"); err != nil {
				return err
			}
		}
		for _, text := range tables(d) {
			if _, err := tx.ExecContext(ctx, text); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return &Error{Kind: KindDatabase, Place: "Migrate", Detail: "the tables could not be made", cause: err}
	}
	return nil
}

// tables returns the statements that make the tables.
func tables(d sqlstore.Dialect) []string {
	number, blob := "INTEGER PRIMARY KEY AUTOINCREMENT", "BLOB"
	if d == sqlstore.PostgreSQL {
		number, blob = "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "BYTEA"
	}
	return []string{
		// Names of a scope and ids are bytes: they are compared as such.
		// One row for each user, and for each group on its way to the service.
		`CREATE TABLE IF NOT EXISTS scim_directory_accounts (
		tenant ` + blob + ` NOT NULL, connection ` + blob + ` NOT NULL, id ` + blob + ` NOT NULL,
		account_key TEXT, state INTEGER NOT NULL, version BIGINT NOT NULL,
		adopted INTEGER NOT NULL, departed INTEGER NOT NULL, released INTEGER NOT NULL, told INTEGER NOT NULL,
		ending TEXT, pending ` + blob + `, since BIGINT NOT NULL,
		PRIMARY KEY (tenant, connection, id))`,
		`CREATE UNIQUE INDEX IF NOT EXISTS scim_directory_keys ON scim_directory_accounts (account_key)`,
		`CREATE INDEX IF NOT EXISTS scim_directory_unfinished ON scim_directory_accounts (since)
		WHERE pending IS NOT NULL OR ending IS NOT NULL`,
		`CREATE TABLE IF NOT EXISTS scim_directory_outbox (
		notification TEXT PRIMARY KEY, tenant ` + blob + ` NOT NULL, connection ` + blob + ` NOT NULL, id ` + blob + ` NOT NULL,
		attempts INTEGER NOT NULL, due BIGINT NOT NULL)`,
		`CREATE INDEX IF NOT EXISTS scim_directory_due ON scim_directory_outbox (due)`,
		`CREATE TABLE IF NOT EXISTS scim_directory_activity (
		seq ` + number + `, at BIGINT NOT NULL, tenant ` + blob + ` NOT NULL, connection ` + blob + ` NOT NULL,
		id ` + blob + ` NOT NULL, action TEXT NOT NULL, reason TEXT NOT NULL, notification TEXT NOT NULL)`,
		`CREATE INDEX IF NOT EXISTS scim_directory_story ON scim_directory_activity (tenant, connection, seq)`,
	}
}
