// Package sqlstore keeps SCIM resources in SQLite or PostgreSQL.
//
// SQLite needs nothing but a file, for one server. PostgreSQL lets several
// servers without a state of their own work on one database. The package
// imports no driver: it is given a [*sql.DB] and told its [Dialect].
//
//	db, err := sql.Open("sqlite", sqlstore.SQLiteDSN("scim.db")) // or "pgx" and a URL
//	…
//	err = sqlstore.Migrate(ctx, db, sqlstore.SQLite)
//	…
//	store, err := sqlstore.New(db, sqlstore.SQLite, nil)
//	…
//	server, err := scim.NewServer(store, auth, nil)
//
// # What a Store promises
//
// A [Store] holds the whole contract of [scim.Store], and is a
// [scim.OwnerStore] and a [scim.ChangeFeed]. What a method has returned from
// is in the database for good: on the disk, if the database is told so, as
// [SQLiteDSN] does and PostgreSQL does by default.
//
// One of several rivals for a userName gets it: uniqueness is a constraint of
// the database on the canonical text (see [scim.Canonical]). Update locks the
// row of its resource (SQLite: the database) before its function runs. A
// transaction that loses against others, by a deadlock or a lock, is run
// again a bounded number of times, and so is its function.
//
// # Tables
//
// The tables begin with scim_ and are made by [Migrate], or from the
// statements of [Migrations] by a tool of your own.
//
//   - scim_resources has a row for each resource: its encoded form, and what
//     it is looked up by: id, userName, externalId, displayName, and the
//     times of its creation and last change.
//   - scim_values has a row for each e-mail address and phone number, and for
//     each further attribute that is unique.
//   - scim_links has a row for each member of a group. A change of a member
//     writes that member's row, in a group of any size.
//   - scim_changes is the change feed.
//   - scim_kv and scim_leases belong to [KV].
//
// Texts are bytes there, as they may hold any character and are compared by
// their bytes, not by a collation. A text of more than 512 bytes is indexed
// by its beginning and a hash. Tenant and connection are the first columns of
// every index but the primary key of scim_resources, and part of every
// statement.
//
// # Filters, orders and pages
//
// A filter runs in SQL where the tables hold what it asks, with its values in
// arguments only. Where they do not, what SQL can tell narrows the rows and
// the rest is decided on each of them by [scim.Filter.Match], up to
// [Options.MaxScan] rows; beyond it the answer is [scim.ErrTooMany]. Either
// way the result is that of the store in memory. Pages by cursor go on behind
// a row and cost the same at any depth; pages by index count all rows before
// them.
//
// # The change feed
//
// Each write adds its [scim.Change] in its own transaction. Numbers are given
// in the order of commits, for each scope: a reader who asks for what comes
// after the last number it saw misses nothing. For that, writers of one scope
// wait for each other at their very end. [Options.Changes] bounds how much is
// kept; what is too old goes with later writes.
//
// # Errors
//
// A database that is away, full or read-only is [scim.ErrUnavailable] with
// [scim.Error.RetryAfter], and the store works again as soon as the database
// does. If only the answer to a commit was lost, RetryAfter is 0, as the
// change may have been made. Texts of drivers hold values and are not
// printed; their codes are, and errors.As finds the driver's error. Errors of
// [New] and [Migrate] are of type [*Error].
//
// # Limits
//
// SQLite 3.41 or newer by modernc.org/sqlite, PostgreSQL 13 or newer by
// github.com/jackc/pgx/v5/stdlib. SQLite writes one transaction at a time;
// writers of one Store queue, and those of other processes are waited for, so
// that no caller sees SQLITE_BUSY unless another process keeps the lock for
// half a minute. A file on a network drive is no place for it. An id, and the
// value of a link, have at most 512 bytes. There is no row-level security:
// whoever can connect to the database sees all tenants.
//
// # Concurrency
//
// A Store may be used by any number of goroutines, and any number of Stores
// in any number of processes work on one database. No goroutine outlives a
// call. Set the limit of connections with [sql.DB.SetMaxOpenConns]: a write
// uses one, and a View inside the function of an Update another.
package sqlstore
