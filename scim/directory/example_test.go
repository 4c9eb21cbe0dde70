package directory_test

import (
	"context"
	"database/sql"
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
	"github.com/zohoscim/zohoscim/scim/directory"
	"github.com/zohoscim/zohoscim/scim/sqlstore"
)

// acceptEntra lets Entra provision into the table users of a service.
func acceptEntra(ctx context.Context, db *sql.DB, d sqlstore.Dialect, secret string, endSessions func(context.Context, *directory.Account) error) (http.Handler, error) {
	if err := directory.Migrate(ctx, db, d); err != nil {
		return nil, err
	}
	users, err := directory.NewTable(db, "users", &directory.TableOptions{UserName: "login", Email: "mail"})
	if err != nil {
		return nil, err
	}
	settings := &directory.Settings{
		Attributes: []directory.Attribute{
			{Field: "first_name", Profile: "name.givenName"},
			directory.FixedValue("work_location", "本社"),
		},
		VerifiedDomains: []string{"example.com"},
		Adopt:           directory.AdoptEmail,
		Protected:       []string{"owner@example.com"},
	}
	store, err := directory.New(db, d, users, settings, &directory.Options{Deactivated: endSessions})
	if err != nil {
		return nil, err
	}
	token, err := scim.NewStaticToken(scim.NewSecret(secret), scim.Subject{ID: "entra"}, time.Time{})
	if err != nil {
		return nil, err
	}
	auth, err := scim.NewStaticTokens(token)
	if err != nil {
		return nil, err
	}
	return scim.NewServer(store, auth, &scim.ServerOptions{Types: store.Types()})
}

// A service with a table of users accepts Entra. One user is new, one was
// there and is adopted by its e-mail address, and the owner is protected.
func Example() {
	ctx := context.Background()
	db, done := usersTable(ctx)
	defer done()
	endSessions := func(_ context.Context, a *directory.Account) error {
		fmt.Println("sessions ended of account", a.Key)
		return nil
	}
	server, err := acceptEntra(ctx, db, sqlstore.SQLite, "0123456789abcdef", endSessions)
	if err != nil {
		log.Fatal(err)
	}
	for _, name := range []string{"user1@example.com", "User2@example.com", "owner@example.com"} {
		fmt.Println(name, send(server, http.MethodPost, "/Users", `{"userName":"`+name+`","name":{"givenName":"New"},"emails":[{"value":"`+name+`","type":"work"}]}`))
	}
	found, err := db.QueryContext(ctx, "SELECT login, first_name, work_location FROM users ORDER BY id")
	if err != nil {
		log.Fatal(err)
	}
	defer found.Close()
	for found.Next() {
		var login, first, place string
		if err := found.Scan(&login, &first, &place); err != nil {
			log.Fatal(err)
		}
		fmt.Println(login, first, place)
	}
	if err := found.Err(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// user1@example.com 201
	// User2@example.com 201
	// owner@example.com 409
	// owner@example.com Old Tower
	// user2@example.com New 本社
	// user1@example.com New 本社
}

// usersTable is the service's own: two people have accounts already.
func usersTable(ctx context.Context) (db *sql.DB, done func()) {
	dir, err := os.MkdirTemp("", "directory")
	if err != nil {
		log.Fatal(err)
	}
	db, err = sql.Open("sqlite", sqlstore.SQLiteDSN(filepath.Join(dir, "service.db")))
	if err != nil {
		log.Fatal(err)
	}
	for _, text := range []string{
		`CREATE TABLE users (id INTEGER PRIMARY KEY, login TEXT UNIQUE NOT NULL, mail TEXT, active INTEGER NOT NULL, first_name TEXT, work_location TEXT)`,
		`INSERT INTO users VALUES (1, 'owner@example.com', 'owner@example.com', 1, 'Old', 'Tower'), (2, 'user2@example.com', 'user2@example.com', 1, 'Old', 'Tower')`,
	} {
		if _, err := db.ExecContext(ctx, text); err != nil {
			log.Fatal(err)
		}
	}
	return db, func() {
		_ = db.Close()
		_ = os.RemoveAll(dir)
	}
}

// send sends one request as Entra does and returns the status.
func send(server http.Handler, method, path, body string) int {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer 0123456789abcdef")
	r.Header.Set("Content-Type", "application/scim+json")
	w := httptest.NewRecorder()
	server.ServeHTTP(w, r)
	return w.Code
}

// The settings are one JSON text; every mistake in it is named.
func ExampleParseSettings() {
	_, err := directory.ParseSettings([]byte(`{
		"attributes": [
			{"field": "work_location", "profile": "addresses[type eq \"work\"].formatted", "fixed": "本社"},
			{"field": "shoe_size", "custom": "shoeSize"},
			{"field": "phone", "profile": "telephone"}
		],
		"criteria": "userType eq \"Employee\" or department co \"Sales\"",
		"passwordNotification": {"to": "user"},
		"statusSync": {"onDelete": "forget"}
	}`))
	fmt.Println(err)
	// Output:
	// directory: attributes[1].custom: name the extension of custom attributes in customSchema
	// directory: attributes[2].profile: the User has no such attribute: scim: telephone: no schema of User has this attribute
	// directory: verifiedDomains: nobody would be told: name the verified domains
	// directory: statusSync.onDelete: take one of ["deactivate" "delete" "nothing"]
}

// Everything that can be set.
func ExampleSettings() {
	settings, err := directory.ParseSettings([]byte(`{
		"attributes": [
			{"field": "first_name", "profile": "name.givenName"},
			{"field": "work_location", "fixed": "本社"},
			{"field": "shoe_size", "custom": "shoeSize"}
		],
		"customSchema": "urn:example:params:scim:schemas:extension:staff:2.0:User",
		"criteria": "userType eq \"Employee\"",
		"resources": ["users", "groups"],
		"passwordNotification": {"to": "administrator", "administrator": "admin@example.com", "length": 24},
		"statusSync": {"onActivate": "activate", "onDeactivate": "deactivate", "onDelete": "deactivate", "onLeaveGroup": "deactivate"},
		"verifiedDomains": ["example.com", "例え.テスト"],
		"adopt": "email",
		"protected": ["owner@example.com"]
	}`))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(settings.Attributes), settings.StatusSync.OnDelete)
	// Output: 3 deactivate
}
