package sqlstore

import (
	"context"
	"database/sql"
	"path/filepath"
	"sync"
	"testing"

	"github.com/zohoscim/zohoscim/internal/pgtest"
	"github.com/zohoscim/zohoscim/scim"
)

// onEach runs a test on a database of each kind, with its tables, which are
// empty.
func onEach(t *testing.T, test func(t *testing.T, db *sql.DB, d Dialect)) {
	t.Helper()
	for _, d := range []Dialect{SQLite, PostgreSQL} {
		t.Run(d.String(), func(t *testing.T) { test(t, relaxed(t, d), d) })
	}
}

// relaxed opens a database for a test of no faults: a commit does not wait for
// the disk.
func relaxed(t testing.TB, d Dialect) *sql.DB {
	t.Helper()
	if d == PostgreSQL {
		return opened(t, "pgx", databases.take(t))
	}
	db := opened(t, "sqlite", SQLiteDSN(filepath.Join(t.TempDir(), "scim.db"))+"&_pragma=synchronous(OFF)")
	migrate(t, db, SQLite)
	return db
}

// opened opens a database until the end of the test.
func opened(t testing.TB, driver, source string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// databases are those of PostgreSQL that tests use one after the other: to
// make one costs more than most tests.
var databases pool

type pool struct {
	mu   sync.Mutex
	free []string // URLs
	ends []func()
}

// take returns the URL of a database with empty tables, until the end of the
// test.
func (p *pool) take(t testing.TB) string {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	url := ""
	if n := len(p.free); n > 0 {
		url, p.free = p.free[n-1], p.free[:n-1]
	} else {
		url = pgtest.Relaxed(pgtest.URL(lasting{t, p}))
	}
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	migrate(t, db, PostgreSQL)
	if _, err := db.ExecContext(t.Context(), `TRUNCATE scim_resources, scim_values, scim_links, scim_feeds, scim_changes, scim_kv, scim_leases RESTART IDENTITY`); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.free = append(p.free, url)
	})
	return url
}

// drop removes the databases.
func (p *pool) drop() {
	for _, end := range p.ends {
		end()
	}
}

// lasting is a test whose database outlasts it.
type lasting struct {
	testing.TB
	pool *pool
}

func (l lasting) Cleanup(fn func()) { l.pool.ends = append(l.pool.ends, fn) }

func openSQLite(t testing.TB, file string) *sql.DB {
	t.Helper()
	db := opened(t, "sqlite", SQLiteDSN(file))
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
