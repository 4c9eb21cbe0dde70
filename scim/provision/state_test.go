package provision

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	_ "modernc.org/sqlite"

	"github.com/zohoscim/zohoscim/scim/sqlstore"
)

// fileState is a [State] in a SQLite file, for tests that kill the process or
// have more objects than memory is to hold.
type fileState struct{ db *sql.DB }

func newFileState(path string) (*fileState, error) {
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(10000)&_pragma=cache_size(-2000)&_txlock=immediate")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(4)
	for _, stmt := range []string{
		`CREATE TABLE IF NOT EXISTS rows (tbl TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (tbl, key)) WITHOUT ROWID`,
		`CREATE TABLE IF NOT EXISTS leases (name TEXT PRIMARY KEY, token INTEGER NOT NULL, until INTEGER NOT NULL)`,
	} {
		if _, err := db.Exec(stmt); err != nil {
			return nil, err
		}
	}
	return &fileState{db}, nil
}

func (s *fileState) Get(ctx context.Context, table, key string) ([]byte, error) {
	var row []byte
	err := s.db.QueryRowContext(ctx, `SELECT value FROM rows WHERE tbl = ? AND key = ?`, table, key).Scan(&row)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fs.ErrNotExist
	}
	return row, err
}

func (s *fileState) Scan(ctx context.Context, table, prefix string, fn func(key string, value []byte) error) error {
	type row struct {
		key   string
		value []byte
	}
	after := ""
	for {
		rows, err := s.db.QueryContext(ctx, `SELECT key, value FROM rows WHERE tbl = ? AND key > ? AND key >= ? AND key < ? ORDER BY key LIMIT 500`, table, after, prefix, prefix+"\U0010ffff")
		if err != nil {
			return err
		}
		var page []row
		for rows.Next() {
			var r row
			if err := rows.Scan(&r.key, &r.value); err != nil {
				return errors.Join(err, rows.Close())
			}
			page = append(page, r)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
		if len(page) == 0 {
			return nil
		}
		for _, r := range page {
			if err := fn(r.key, r.value); err != nil {
				return err
			}
		}
		after = page[len(page)-1].key
	}
}

func (s *fileState) Write(ctx context.Context, lease string, token uint64, rows map[string]map[string][]byte) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit it does nothing
	if token != 0 {
		var held bool
		err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM leases WHERE name = ? AND token = ? AND until > ?)`, lease, token, time.Now().UnixNano()).Scan(&held)
		if err != nil || !held {
			return errors.Join(err, fmt.Errorf("the lease is lost"))
		}
	}
	for table, changes := range rows {
		for key, value := range changes {
			if value == nil {
				_, err = tx.ExecContext(ctx, `DELETE FROM rows WHERE tbl = ? AND key = ?`, table, key)
			} else {
				_, err = tx.ExecContext(ctx, `INSERT INTO rows VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value`, table, key, value)
			}
			if err != nil {
				return err
			}
		}
	}
	return tx.Commit()
}

func (s *fileState) Lease(ctx context.Context, name string, token uint64, ttl time.Duration) (uint64, bool, error) {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return 0, false, err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit it does nothing
	var last uint64
	var until int64
	if err := tx.QueryRowContext(ctx, `SELECT token, until FROM leases WHERE name = ?`, name).Scan(&last, &until); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, false, err
	}
	now := time.Now()
	free := until <= now.UnixNano()
	switch {
	case token == 0 && free:
		last++
	case token == 0 || token != last || free:
		return 0, false, nil
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO leases VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET token = excluded.token, until = excluded.until`, name, last, now.Add(ttl).UnixNano()); err != nil {
		return 0, false, err
	}
	return last, ttl > 0, tx.Commit()
}

func TestStates(t *testing.T) {
	states := map[string]func(*testing.T) State{
		"memory":  func(*testing.T) State { return NewMemoryState() },
		"overlay": func(*testing.T) State { return &overlay{under: NewMemoryState()} },
		"file": func(t *testing.T) State {
			s, err := newFileState(filepath.Join(t.TempDir(), "state.db"))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.db.Close() })
			return s
		},
	}
	states["sqlstore"] = func(t *testing.T) State {
		db, err := sql.Open("sqlite", sqlstore.SQLiteDSN(filepath.Join(t.TempDir(), "kv.db")))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		if err := sqlstore.Migrate(t.Context(), db, sqlstore.SQLite); err != nil {
			t.Fatal(err)
		}
		kv, err := sqlstore.NewKV(db, sqlstore.SQLite, nil)
		if err != nil {
			t.Fatal(err)
		}
		return kv.Tables()
	}
	for name, newState := range states {
		t.Run(name, func(t *testing.T) { testState(t, newState(t)) })
	}
}

func testState(t *testing.T, s State) {
	ctx := t.Context()
	if _, err := s.Get(ctx, "t", "a"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a miss is fs.ErrNotExist, not %v", err)
	}
	write := func(rows map[string][]byte) {
		t.Helper()
		if err := s.Write(ctx, "", 0, map[string]map[string][]byte{"t": rows}); err != nil {
			t.Fatal(err)
		}
	}
	many := map[string][]byte{"x": {}, "gone": []byte("1")}
	for i := range 700 {
		many[fmt.Sprintf("k%04d", i)] = []byte("v")
	}
	write(many)
	write(map[string][]byte{"gone": nil, "never there": nil})
	if row, err := s.Get(ctx, "t", "x"); err != nil || len(row) != 0 {
		t.Errorf("an empty row is a row: %v", err)
	}
	var got []string
	err := s.Scan(ctx, "t", "k", func(key string, _ []byte) error {
		if got = append(got, key); len(got)%50 == 8 {
			write(map[string][]byte{key: nil, "a" + key: []byte("new")}) // while scanning
		}
		return nil
	})
	if err != nil || len(got) != 700 || !slices.IsSorted(got) {
		t.Errorf("scan: %d rows, sorted %t, %v", len(got), slices.IsSorted(got), err)
	}
	stop := errors.New("stop")
	if err := s.Scan(ctx, "t", "", func(string, []byte) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("a scan ends with its function's error, not %v", err)
	}
	write(map[string][]byte{"k0007": []byte("again")}) // it was removed
	got = nil
	if err := s.Scan(ctx, "t", "k0007", func(key string, row []byte) error { got = append(got, key+string(row)); return nil }); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"k0007again"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestMemoryLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, ctx := NewMemoryState(), t.Context()
		lease := func(token uint64, ttl time.Duration) (uint64, bool) {
			t.Helper()
			now, held, err := s.Lease(ctx, "job", token, ttl)
			if err != nil {
				t.Fatal(err)
			}
			return now, held
		}
		first, held := lease(0, time.Minute)
		if !held || first == 0 {
			t.Fatal("a free lease is given")
		}
		if _, held := lease(0, time.Minute); held {
			t.Error("a lease has one holder")
		}
		time.Sleep(50 * time.Second)
		if _, held := lease(first, time.Minute); !held {
			t.Error("the holder renews it")
		}
		time.Sleep(61 * time.Second)
		second, held := lease(0, time.Minute)
		if !held || second <= first {
			t.Errorf("token %d after %d", second, first)
		}
		rows := map[string]map[string][]byte{"t": {"k": []byte("zombie")}}
		if err := s.Write(ctx, "job", first, rows); err == nil {
			t.Error("the former holder has written")
		}
		if _, held := lease(first, time.Minute); held {
			t.Error("the former holder has renewed")
		}
		if err := s.Write(ctx, "job", second, rows); err != nil {
			t.Error(err)
		}
		if _, held := lease(second, 0); held {
			t.Error("the lease was given back")
		}
		if _, held := lease(0, time.Minute); !held {
			t.Error("a lease that was given back is free")
		}
	})
}

func TestStateOfAnotherVersion(t *testing.T) {
	f := newFixture(t, nil)
	rows := map[string]map[string][]byte{tableJob + f.job.Name: {rowJob: []byte(`{"version":99}`)}}
	if err := f.state.Write(t.Context(), "", 0, rows); err != nil {
		t.Fatal(err)
	}
	f.fails(ErrStateFailed)
}
