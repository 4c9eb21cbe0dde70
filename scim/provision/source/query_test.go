package source

import (
	"database/sql"
	"errors"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	_ "modernc.org/sqlite"

	"github.com/zohoscim/zohoscim/mapping"
	"github.com/zohoscim/zohoscim/scim/provision"
)

func database(t *testing.T, statements ...string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "users.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	for _, s := range statements {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	return db
}

func TestQuery(t *testing.T) {
	db := database(t,
		`CREATE TABLE people (id INTEGER, mail TEXT, enabled INTEGER, photo BLOB, height REAL, hired TIMESTAMP)`,
		`INSERT INTO people VALUES (1, 'a@example.com', 1, x'6162', 1.5, '2026-01-02 03:04:05+00:00'), (2, NULL, 0, NULL, NULL, NULL)`,
		`CREATE TABLE teams (id TEXT, name TEXT)`, `INSERT INTO teams VALUES ('g', 'G'), ('h', 'H')`,
		`CREATE TABLE members (team TEXT, person INTEGER)`, `INSERT INTO members VALUES ('g', 1), ('g', 2)`,
	)
	q, err := NewQuery(db, `SELECT id, mail, enabled AS accountEnabled, photo, height, hired FROM people ORDER BY id`, &QueryOptions{
		Groups: `SELECT t.id, t.name AS displayName, m.person AS members FROM teams t LEFT JOIN members m ON m.team = t.id ORDER BY t.id`,
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := collect(t, q)
	if err != nil {
		t.Fatal(err)
	}
	want := []provision.Object{
		user("1", "id", int64(1), "mail", "a@example.com", "accountEnabled", true, "photo", "ab", "height", 1.5, "hired", "2026-01-02T03:04:05Z"),
		user("2", "id", int64(2), "accountEnabled", false),
		{Type: provision.Group, Key: "g", Members: []string{"1", "2"}, Record: mapping.Record{"id": "g", "displayName": "G"}},
		{Type: provision.Group, Key: "h", Members: []string{}, Record: mapping.Record{"id": "h", "displayName": "H"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestBrokenQuery(t *testing.T) {
	db := database(t, `CREATE TABLE people (id TEXT, enabled TEXT)`, `INSERT INTO people VALUES ('1', 'true'), ('2', 'maybe'), (NULL, 'no')`)
	for _, test := range []struct {
		users, groups string
		want          error
		reason        string
	}{
		{`SELECT nothing FROM people`, "", ErrUnreadable, "a mistake in the statement"},
		{`SELECT enabled FROM people`, "", ErrMalformed, "no key"},
		{`SELECT id, enabled AS accountEnabled FROM people ORDER BY id DESC`, "", ErrInvalidValue, "a guess could disable somebody"},
		{`SELECT id FROM people`, "", ErrInvalidValue, "a row without a key"},
		{`SELECT id FROM people WHERE id = '1'`, `SELECT id FROM people`, ErrMalformed, "no members"},
		{`SELECT id, abs(-9223372036854775808) AS n FROM people`, "", ErrUnreadable, "the statement fails while it is read"},
	} {
		q, err := NewQuery(db, test.users, &QueryOptions{Groups: test.groups})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := collect(t, q); !errors.Is(err, test.want) {
			t.Errorf("%s: %v (%s)", test.users, err, test.reason)
		}
	}
	for _, db := range []*sql.DB{nil, db} {
		if _, err := NewQuery(db, "", nil); !errors.Is(err, ErrInvalidOption) {
			t.Error(err)
		}
	}
}
