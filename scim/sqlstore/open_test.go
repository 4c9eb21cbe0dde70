package sqlstore

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/zohoscim/zohoscim/internal/pgtest"
	"github.com/zohoscim/zohoscim/scim"
)

// onEach runs a test on a new database of each kind, with its tables.
func onEach(t *testing.T, test func(t *testing.T, db *sql.DB, d Dialect)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) {
		test(t, openSQLite(t, filepath.Join(t.TempDir(), "scim.db")), SQLite)
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		db := pgtest.Open(t)
		migrate(t, db, PostgreSQL)
		test(t, db, PostgreSQL)
	})
}

func openSQLite(t testing.TB, file string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", SQLiteDSN(file))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	migrate(t, db, SQLite)
	return db
}

func migrate(t testing.TB, db *sql.DB, d Dialect) {
	t.Helper()
	if err := Migrate(t.Context(), db, d); err != nil {
		t.Fatal(err)
	}
}

func newStore(t testing.TB, db *sql.DB, d Dialect, o *Options) *Store {
	t.Helper()
	s, err := New(db, d, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// testUser is a user as a server makes it.
func testUser(t testing.TB, id, name string) *scim.Resource {
	t.Helper()
	return testResource(t, scim.UserType(), id, `"userName":"`+name+`","externalId":"x-`+id+`","active":true,"emails":[{"value":"`+name+`","type":"work"}]`)
}

func testGroup(t testing.TB, id, name string) *scim.Resource {
	t.Helper()
	return testResource(t, scim.GroupType(), id, `"displayName":"`+name+`"`)
}

func testResource(t testing.TB, typ *scim.ResourceType, id, members string) *scim.Resource {
	t.Helper()
	const meta = `"meta":{"created":"2024-05-06T07:08:09.000Z","lastModified":"2024-05-06T07:08:09.000Z","version":"W/\"1\""}`
	body := []byte(`{"schemas":["` + typ.Schema().ID + `"],"id":"` + id + `",` + members + `,` + meta + `}`)
	r := scim.StoredResource(typ, body)
	if r.ID() != id {
		t.Fatalf("the resource cannot be read: %s", body)
	}
	return r
}

// linksOf returns the links of a group, or the owners of a user.
func linksOf(ctx context.Context, t testing.TB, s scim.Store, ref scim.Ref, owners bool) (links []scim.Link, version string) {
	t.Helper()
	err := s.View(ctx, ref, func(e *scim.Entry) error {
		links, version = nil, e.Resource.Version()
		all := e.Links.All(ctx, "")
		if owners {
			all = e.Links.Owners(ctx, "")
		}
		for l, err := range all {
			if err != nil {
				return err
			}
			links = append(links, l)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return links, version
}
