// Package pgtest gives tests a real PostgreSQL.
//
// [Open] and [URL] give a test a database of its own. It is made on the server
// of the URL in ZOHOSCIM_TEST_POSTGRES, as a user who may create databases;
// without it on a server that the test process starts in a temporary folder,
// when initdb and pg_ctl are found in the PATH or in /usr/lib/postgresql. Run
// by root it works as the user postgres, because initdb refuses root.
// Otherwise the test is skipped and says how to get one; with
// ZOHOSCIM_TEST_POSTGRES_REQUIRED set it fails instead.
//
// [NewServer] starts a server for one test that wants to stop it.
//
// A server listens on a socket in its folder and nowhere else. It ends with the
// process that started it, however that ends, and its folder is removed: a
// small shell waits for the end of a pipe from that process. What was committed
// is on the disk before a commit returns, as in production; [Relaxed] is for
// tests that only look at behaviour. Databases are made with an English
// collation where the server offers one, so that an order that depends on the
// server's locale shows.
//
// The package imports no driver: its users have to import
// github.com/jackc/pgx/v5/stdlib.
package pgtest
