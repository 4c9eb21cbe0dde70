package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zohoscim/zohoscim/internal/pgtest"
	"github.com/zohoscim/zohoscim/scim"
)

// TestTransact: calls of the store and statements of the caller are kept
// together or not at all.
func TestTransact(t *testing.T) {
	for _, tt := range []struct {
		name string
		d    Dialect
		open func() *sql.DB
	}{
		{"SQLite", SQLite, func() *sql.DB { return openSQLite(t, filepath.Join(t.TempDir(), "scim.db")) }},
		{"PostgreSQL", PostgreSQL, func() *sql.DB { return pgtest.Open(t) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			db := tt.open()
			migrate(t, db, tt.d)
			s := newStore(t, db, tt.d, nil)
			if _, err := db.ExecContext(t.Context(), "CREATE TABLE own (name TEXT)"); err != nil {
				t.Fatal(err)
			}
			user := func(id, name string) *scim.Resource {
				return scim.StoredResource(scim.UserType(), []byte(`{"id":"`+id+`","userName":"`+name+`","meta":{"version":"W/\"1\""}}`))
			}
			ref := scim.Ref{Type: scim.UserType(), ID: "1"}
			stop := errors.New("stop")
			for _, end := range []error{stop, nil} {
				err := s.Transact(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
					if err := s.Create(ctx, user("1", "user1"), nil); err != nil {
						return err
					}
					if err := s.View(ctx, ref, func(*scim.Entry) error { return nil }); err != nil {
						return err // what was made a moment ago is seen
					}
					if err := s.Update(ctx, ref, func(e *scim.Entry) error { return e.Resource.Set("title", scim.String("T")) }); err != nil {
						return err
					}
					if _, err := tx.ExecContext(ctx, "INSERT INTO own VALUES ('x')"); err != nil {
						return err
					}
					return end
				})
				if !errors.Is(err, end) {
					t.Fatalf("got %v, want %v", err, end)
				}
				want := 1
				if end != nil {
					want = 0
				}
				var rows int
				if err := db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM own").Scan(&rows); err != nil || rows != want {
					t.Errorf("%d rows of the caller's, want %d, error %v", rows, want, err)
				}
				if err := s.View(t.Context(), ref, func(*scim.Entry) error { return nil }); (err == nil) != (want == 1) {
					t.Errorf("after %v the user's view is %v", end, err)
				}
			}
			err := s.Transact(t.Context(), func(ctx context.Context, _ *sql.Tx) error { return s.Create(ctx, user("2", "USER1"), nil) })
			var named *scim.Error
			if !errors.As(err, &named) || named.Kind != scim.KindUniqueness || named.Path != "userName" {
				t.Errorf("a rival is answered with %v", err)
			}
			err = s.Transact(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
				_, err := tx.ExecContext(ctx, "INSERT INTO none VALUES ('secret value')")
				return err
			})
			var d *driverError
			if !errors.As(err, &d) {
				t.Errorf("a caller's mistake in SQL is %v", err)
			}
			if err := s.Transact(t.Context(), func(ctx context.Context, _ *sql.Tx) error { return s.Delete(ctx, ref, nil) }); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestTransactUnchanged: an Update that changes nothing leaves its links as they
// were, also where it is a part of a transaction that goes on.
func TestTransactUnchanged(t *testing.T) {
	onEach(t, func(t *testing.T, db *sql.DB, d Dialect) {
		s, ref := newStore(t, db, d, nil), scim.Ref{Type: scim.GroupType(), ID: "g"}
		if err := s.Create(t.Context(), testGroup(t, "g", "G"), nil); err != nil {
			t.Fatal(err)
		}
		err := s.Transact(t.Context(), func(ctx context.Context, _ *sql.Tx) error {
			for value, end := range map[string]error{"kept": nil, "dropped": scim.ErrUnchanged} {
				err := s.Update(ctx, ref, func(e *scim.Entry) error {
					n, err := e.Links.Put(ctx, scim.Link{Value: value})
					if n != 1 {
						t.Errorf("%d links are new", n)
					}
					return errors.Join(err, end)
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
		links, _ := linksOf(t.Context(), t, s, ref, false)
		if diff := cmp.Diff([]scim.Link{{Value: "kept"}}, links); err != nil || diff != "" {
			t.Errorf("%v (-want +got)\n%s", err, diff)
		}
	})
}
