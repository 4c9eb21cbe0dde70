package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/zohoscim/zohoscim/internal/pgtest"
	"github.com/zohoscim/zohoscim/scim"
)

// TestDatabaseGoneAndBack stops PostgreSQL under a server, which answers 503
// with Retry-After and goes on when it is back.
func TestDatabaseGoneAndBack(t *testing.T) {
	pg := pgtest.NewServer(t)
	s := startServer(t, pg.URL(t))
	ctx := t.Context()
	var id string
	for i := range 3 {
		a := s.do(ctx, "POST", "/Users", fmt.Sprintf(`{"userName":"u%d"}`, i))
		if id = a.body.ID; a.status != 201 {
			t.Fatalf("status %d: %s", a.status, a.body.Detail)
		}
	}
	pg.Stop(t)
	requests := []struct{ reason, method, path, body string }{
		{"read", "GET", "/Users/" + id, ""},
		{"find", "GET", "/Users?filter=userName+eq+%22u1%22", ""},
		{"create", "POST", "/Users", `{"userName":"late"}`},
		{"change", "PATCH", "/Users/" + id, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"active","value":false}]}`},
		{"delete", "DELETE", "/Users/" + id, ""},
	}
	for range 2 {
		for _, r := range requests {
			a := s.do(ctx, r.method, r.path, r.body)
			if a.status != 503 || a.retryAfter == "" || a.body.Detail == "" {
				t.Errorf("%s: status %d, Retry-After %q, %q", r.reason, a.status, a.retryAfter, a.body.Detail)
			}
		}
	}
	pg.Start(t)
	if a := s.do(ctx, "GET", "/Users", ""); a.status != 200 || a.body.Total != 3 {
		t.Errorf("after the return: status %d, %d users, %s", a.status, a.body.Total, a.body.Detail)
	}
	for _, r := range requests {
		if a := s.do(ctx, r.method, r.path, r.body); a.status/100 != 2 {
			t.Errorf("%s: status %d: %s", r.reason, a.status, a.body.Detail)
		}
	}
	s.kill() // then the log is whole
	if strings.Contains(s.log.String(), "late") {
		t.Error("the log has a value of a resource")
	}
}

// TestCommitLost breaks the connection while a transaction commits: nobody
// knows what became of it, and the error does not say that it may be repeated.
func TestCommitLost(t *testing.T) {
	pg := pgtest.NewServer(t)
	db, err := sql.Open("pgx", pg.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	migrate(t, db, PostgreSQL)
	s, ctx := newStore(t, db, PostgreSQL, nil), t.Context()
	if err := s.Create(ctx, testUser(t, "u", "u"), nil); err != nil {
		t.Fatal(err)
	}
	err = s.Update(ctx, scim.Ref{Type: scim.UserType(), ID: "u"}, func(*scim.Entry) error {
		pg.Stop(t)
		return nil
	})
	var e *scim.Error
	if !errors.As(err, &e) || e.Kind != scim.KindUnavailable {
		t.Errorf("%v", err)
	}
}

// TestDiskFull fills a database whose size is limited: what was answered is
// there, what was refused is not, and freed space is used again.
func TestDiskFull(t *testing.T) {
	file := filepath.Join(t.TempDir(), "scim.db")
	limited := func() *sql.DB {
		db, err := sql.Open("sqlite", SQLiteDSN(file)+"&_pragma=max_page_count(100)")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		return db
	}
	db := limited()
	migrate(t, db, SQLite)
	fillAndFree(t, db)
}

// fillAndFree creates users until that is refused, and looks whether all is well.
func fillAndFree(t *testing.T, db *sql.DB) {
	s, ctx := newStore(t, db, SQLite, &Options{Changes: -1}), t.Context()
	made := 0
	var err error
	for ; err == nil && made < 100_000; made++ {
		name := fmt.Sprintf("user%d%s", made, strings.Repeat("x", 2000))
		err = s.Create(ctx, testUser(t, fmt.Sprint("u", made), name), nil)
	}
	made--
	var e *scim.Error
	if !errors.As(err, &e) || e.Kind != scim.KindUnavailable || e.RetryAfter <= 0 || strings.Contains(err.Error(), "xxx") {
		t.Fatalf("after %d users: %v", made, err)
	}
	checkResources(t, db, SQLite)
	if n := count(ctx, t, s); n != made {
		t.Errorf("%d users are there, %d were answered", n, made)
	}
	ref := scim.Ref{Type: scim.UserType(), ID: "u0"}
	if err := s.View(ctx, ref, func(*scim.Entry) error { return nil }); err != nil {
		t.Errorf("reading: %v", err)
	}
	for i := range 3 {
		ref.ID = fmt.Sprint("u", i)
		if err := s.Delete(ctx, ref, nil); err != nil {
			t.Errorf("deleting: %v", err)
		}
	}
	if err := s.Create(ctx, testUser(t, "again", "again"), nil); err != nil {
		t.Errorf("after space was freed: %v", err)
	}
	if n := count(ctx, t, s); n != made-2 {
		t.Errorf("%d users are there, want %d", n, made-2)
	}
}

func count(ctx context.Context, t *testing.T, s scim.Store) int {
	t.Helper()
	page, err := s.List(ctx, &scim.Query{Type: scim.UserType()})
	if err != nil {
		t.Fatal(err)
	}
	return page.Total
}

// TestStaleView: a resource that changes between the reading of itself and of
// its links is read again, so that both are of one moment.
func TestStaleView(t *testing.T) {
	onEach(t, func(t *testing.T, db *sql.DB, d Dialect) {
		s, ctx := newStore(t, db, d, nil), t.Context()
		if err := s.Create(ctx, testGroup(t, "g", "G"), nil); err != nil {
			t.Fatal(err)
		}
		runs := 0
		var version string
		var members int
		err := s.View(ctx, scim.Ref{Type: scim.GroupType(), ID: "g"}, func(e *scim.Entry) error {
			runs++
			version, members = e.Resource.Version(), 0
			if runs == 1 {
				add(ctx, t, s, "g", "u")
			}
			for _, err := range e.Links.All(ctx, "") {
				if err != nil {
					return err
				}
				members++
			}
			return nil
		})
		if err != nil || runs != 2 || version != `W/"2"` || members != 1 {
			t.Errorf("%d runs, version %s with %d members, %v", runs, version, members, err)
		}
	})
}

// TestBusy: another process holds SQLite's lock for a while, and no client
// hears of it; one that holds it for ever is not waited for without end.
func TestBusy(t *testing.T) {
	file := filepath.Join(t.TempDir(), "scim.db")
	s, other := newStore(t, openSQLite(t, file), SQLite, nil), openSQLite(t, file)
	conn, err := other.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := execAll(t.Context(), conn, "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- s.Create(t.Context(), testUser(t, "u", "u"), nil) }()
	select {
	case err := <-done:
		t.Errorf("a write went past the lock: %v", err)
	case <-time.After(50 * time.Millisecond): // long enough for a write that does not wait
	}
	if err := execAll(t.Context(), conn, "COMMIT"); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}
