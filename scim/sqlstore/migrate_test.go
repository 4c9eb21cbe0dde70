package sqlstore

import (
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/zohoscim/zohoscim/internal/pgtest"
)

// onEachEmpty runs a test on two handles of a new and empty database.
func onEachEmpty(t *testing.T, test func(t *testing.T, a, b *sql.DB, d Dialect)) {
	t.Helper()
	open := func(t *testing.T, driver, source string) *sql.DB {
		db, err := sql.Open(driver, source)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		return db
	}
	t.Run("SQLite", func(t *testing.T) {
		source := SQLiteDSN(filepath.Join(t.TempDir(), "a b?c#d%20.db"))
		test(t, open(t, "sqlite", source), open(t, "sqlite", source), SQLite)
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		source := pgtest.URL(t)
		test(t, open(t, "pgx", source), open(t, "pgx", source), PostgreSQL)
	})
}

func version(t *testing.T, db *sql.DB) (rows, newest int) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), "SELECT COUNT(*), MAX(version) FROM scim_migrations").Scan(&rows, &newest); err != nil {
		t.Fatal(err)
	}
	return rows, newest
}

func TestMigrateAtOnce(t *testing.T) {
	onEachEmpty(t, func(t *testing.T, a, b *sql.DB, d Dialect) {
		steps, err := Migrations(d)
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for i := range 8 {
			db := a
			if i%2 == 1 {
				db = b
			}
			wg.Go(func() {
				if err := Migrate(t.Context(), db, d); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if rows, newest := version(t, a); rows != len(steps) || newest != len(steps) {
			t.Errorf("%d rows, version %d", rows, newest)
		}
	})
}

func TestMigrateRefusesNewer(t *testing.T) {
	onEachEmpty(t, func(t *testing.T, db, _ *sql.DB, d Dialect) {
		migrate(t, db, d)
		_, newest := version(t, db)
		if _, err := db.ExecContext(t.Context(), d.rebind("INSERT INTO scim_migrations VALUES (?, 'later', 'later')"), newest+1); err != nil {
			t.Fatal(err)
		}
		err := Migrate(t.Context(), db, d)
		if !errors.Is(err, ErrNewer) || !strings.Contains(err.Error(), "run a newer program") {
			t.Error(err)
		}
	})
}

// TestMigrationsByHand applies the statements as a tool would.
func TestMigrationsByHand(t *testing.T) {
	onEachEmpty(t, func(t *testing.T, db, _ *sql.DB, d Dialect) {
		steps, err := Migrations(d)
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range steps {
			for _, text := range step.Statements {
				if _, err := db.ExecContext(t.Context(), text); err != nil {
					t.Fatalf("%s: %v\n%s", step.Name, err, text)
				}
			}
			if _, err := db.ExecContext(t.Context(), d.rebind("INSERT INTO scim_migrations VALUES (?, ?, '')"), step.Version, step.Name); err != nil {
				t.Fatal(err)
			}
		}
		migrate(t, db, d)
		if rows, _ := version(t, db); rows != len(steps) {
			t.Errorf("Migrate did something again: %d rows", rows)
		}
		if err := newStore(t, db, d, nil).Create(t.Context(), testUser(t, "u", "u"), nil); err != nil {
			t.Error(err)
		}
	})
}

func TestMigrateHalfWay(t *testing.T) {
	onEachEmpty(t, func(t *testing.T, db, _ *sql.DB, d Dialect) {
		if _, err := db.ExecContext(t.Context(), "CREATE TABLE scim_links (x INTEGER)"); err != nil {
			t.Fatal(err)
		}
		var e *Error
		if err := Migrate(t.Context(), db, d); !errors.As(err, &e) || e.Kind != KindMigration || e.Place != "resources" {
			t.Fatal(err)
		}
		if _, err := db.ExecContext(t.Context(), "DROP TABLE scim_links"); err != nil {
			t.Fatal(err)
		}
		migrate(t, db, d) // nothing of the first attempt is in its way
	})
}

func TestOptions(t *testing.T) {
	db := openSQLite(t, filepath.Join(t.TempDir(), "scim.db"))
	for _, tt := range []struct {
		reason string
		db     *sql.DB
		d      Dialect
		o      *Options
		place  string
	}{
		{"no database", nil, SQLite, nil, "db"},
		{"the zero dialect is none", db, 0, nil, "dialect"},
		{"a dialect of a later version", db, 9, nil, "dialect"},
		{"a scan of nothing", db, SQLite, &Options{MaxScan: -1}, "MaxScan"},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			var e *Error
			if _, err := New(tt.db, tt.d, tt.o); !errors.As(err, &e) || e.Kind != KindOption || e.Place != tt.place {
				t.Error(err)
			}
		})
	}
	if _, err := Migrations(0); err == nil {
		t.Error("no dialect has migrations")
	}
	if err := Migrate(t.Context(), nil, SQLite); err == nil {
		t.Error("no database was migrated")
	}
}
