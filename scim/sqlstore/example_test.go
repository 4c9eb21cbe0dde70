package sqlstore_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver is the caller's choice

	"github.com/zohoscim/zohoscim/scim"
	"github.com/zohoscim/zohoscim/scim/sqlstore"
)

// A server whose users are in a file.
func ExampleNew() {
	dir, err := os.MkdirTemp("", "scim")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	db, err := sql.Open("sqlite", sqlstore.SQLiteDSN(filepath.Join(dir, "scim.db")))
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	if err := sqlstore.Migrate(context.Background(), db, sqlstore.SQLite); err != nil {
		log.Fatal(err)
	}
	store, err := sqlstore.New(db, sqlstore.SQLite, nil)
	if err != nil {
		log.Fatal(err)
	}

	token, err := scim.NewStaticToken(scim.NewSecret("0123456789abcdef"), scim.Subject{ID: "entra"}, time.Time{})
	if err != nil {
		log.Fatal(err)
	}
	auth, err := scim.NewStaticTokens(token)
	if err != nil {
		log.Fatal(err)
	}
	server, err := scim.NewServer(store, auth, nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, name := range []string{"user1@example.com", "USER1@example.com"} {
		r := httptest.NewRequest(http.MethodPost, "/Users", strings.NewReader(`{"userName":"`+name+`"}`))
		r.Header.Set("Authorization", "Bearer 0123456789abcdef")
		w := httptest.NewRecorder()
		server.ServeHTTP(w, r)
		fmt.Println(name, w.Code)
	}
	// Output:
	// user1@example.com 201
	// USER1@example.com 409
}

// A program that does not know what a newer one made of the database does not
// touch it.
func ExampleMigrate() {
	ctx := context.Background()
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1) // each connection would have a memory of its own
	fmt.Println(sqlstore.Migrate(ctx, db, sqlstore.SQLite))
	if _, err := db.ExecContext(ctx, "INSERT INTO scim_migrations VALUES (99, 'later', '')"); err != nil {
		log.Fatal(err)
	}
	err = sqlstore.Migrate(ctx, db, sqlstore.SQLite)
	fmt.Println(errors.Is(err, sqlstore.ErrNewer))
	// Output:
	// <nil>
	// true
}

// A reader follows the changes of a scope.
func ExampleStore_Changes() {
	ctx := context.Background()
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if err := sqlstore.Migrate(ctx, db, sqlstore.SQLite); err != nil {
		log.Fatal(err)
	}
	store, err := sqlstore.New(db, sqlstore.SQLite, &sqlstore.Options{Changes: 1000})
	if err != nil {
		log.Fatal(err)
	}

	user := scim.StoredResource(scim.UserType(), []byte(`{"id":"1","userName":"user1@example.com","active":true,"meta":{"version":"W/\"1\""}}`))
	if err := store.Create(ctx, user, nil); err != nil {
		log.Fatal(err)
	}
	ref := scim.Ref{Type: scim.UserType(), ID: "1"}
	err = store.Update(ctx, ref, func(e *scim.Entry) error {
		e.Resource.Touch()
		return e.Resource.Set("active", scim.Bool(false))
	})
	if err != nil {
		log.Fatal(err)
	}

	changes, err := store.Changes(ctx, 0, 100)
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range changes {
		fmt.Println(c.Seq, c.Type, c.Version, c.Attributes)
	}
	// Output:
	// 1 User W/"1" [id userName active]
	// 2 User W/"2" [active]
}

// The statements for a migration tool of one's own.
func ExampleMigrations() {
	steps, err := sqlstore.Migrations(sqlstore.PostgreSQL)
	if err != nil {
		log.Fatal(err)
	}
	for _, step := range steps[:1] {
		fmt.Println(step.Version, step.Name, step.Statements[0][:42])
	}
	// Output:
	// 1 resources CREATE TABLE IF NOT EXISTS scim_migrations
}
