package interop

import (
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/zohoscim/zohoscim/internal/pgtest"
	"github.com/zohoscim/zohoscim/scim"
	"github.com/zohoscim/zohoscim/scim/sqlstore"
)

// serveOurs serves our server over each of its stores. The first one says
// what is expected of all.
func serveOurs(t *testing.T) []provider {
	t.Helper()
	file := filepath.Join(t.TempDir(), "scim.db")
	lite, err := sql.Open("sqlite", sqlstore.SQLiteDSN(file))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = lite.Close() })
	return []provider{
		serveStore(t, "ours", scim.NewMemoryStore()),
		serveStore(t, "ours-sqlite", migrated(t, lite, sqlstore.SQLite)),
		serveStore(t, "ours-postgres", migrated(t, pgtest.Open(t), sqlstore.PostgreSQL)),
	}
}

func migrated(t *testing.T, db *sql.DB, d sqlstore.Dialect) scim.Store {
	t.Helper()
	if err := sqlstore.Migrate(t.Context(), db, d); err != nil {
		t.Fatal(err)
	}
	store, err := sqlstore.New(db, d, nil)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func serveStore(t *testing.T, name string, store scim.Store) provider {
	t.Helper()
	token, err := scim.NewStaticToken(scim.NewSecret(providerToken), scim.Subject{ID: "client"}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	auth, err := scim.NewStaticTokens(token)
	if err != nil {
		t.Fatal(err)
	}
	server, err := scim.NewServer(store, auth, &scim.ServerOptions{BaseURL: "/scim/v2"})
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, name, "/scim/v2", server)
}
