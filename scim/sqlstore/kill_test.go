package sqlstore

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/zohoscim/zohoscim/internal/pgtest"
	"github.com/zohoscim/zohoscim/scim"
)

var kills = flag.Int("kills", 3, "how often TestKilledServer ends the server on each database")

// TestKilledServer ends examples/scimserver with kill -9 at random points of
// a load of writes, starts it again and looks for every answered write.
func TestKilledServer(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "scim.db")
		killServer(t, "sqlite:"+file, openSQLite(t, file), SQLite)
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		url := pgtest.URL(t)
		db, err := sql.Open("pgx", url)
		if err != nil {
			t.Fatal(err)
		}
		db.SetMaxOpenConns(1)
		t.Cleanup(func() { _ = db.Close() })
		killServer(t, url, db, PostgreSQL)
	})
}

func killServer(t *testing.T, store string, db *sql.DB, d Dialect) {
	writers := make([]*writer, 8)
	for i := range writers {
		writers[i] = &writer{number: i, members: map[string]bool{}}
	}
	for range *kills {
		s := startServer(t, store)
		ctx, cancel := context.WithCancel(t.Context())
		var settled, wg sync.WaitGroup
		settled.Add(len(writers))
		for _, w := range writers {
			wg.Go(func() {
				w.settle(ctx, t, s)
				settled.Done()
				for ctx.Err() == nil && w.step(ctx, s) {
				}
			})
		}
		settled.Wait()
		time.Sleep(rand.N(300 * time.Millisecond)) // the point is random, and nothing is measured
		s.kill()
		cancel()
		wg.Wait()
		if d == PostgreSQL {
			awaitBackends(t, db)
		}
		checkDatabase(t, db, d)
		if t.Failed() {
			return
		}
	}
	s := startServer(t, store)
	writes := 0
	for _, w := range writers {
		w.settle(t.Context(), t, s)
		writes += w.answered
	}
	t.Logf("%d answered writes, %d kills", writes, *kills)
	if writes < *kills*len(writers) {
		t.Errorf("only %d writes were answered", writes)
	}
}

// awaitBackends waits until the database has noticed that its client was
// killed: a commit that was under way can still come to its end.
func awaitBackends(t *testing.T, db *sql.DB) {
	t.Helper()
	for others := -1; others != 0; {
		err := db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`).Scan(&others)
		if err != nil {
			t.Fatal(err)
		}
	}
}

// writer changes a user and a group of its own, and knows what was answered.
type writer struct {
	number, answered int
	made             int    // users and groups so far
	user, group      string // ids, "" while there are none
	display          int    // the user's displayName
	members          map[string]bool
	open             func(after *writer) // what an unanswered write would have done
}

// step does one write and reports whether it was answered.
func (w *writer) step(ctx context.Context, s *server) bool {
	patch := func(path, op string) bool {
		a := s.do(ctx, "PATCH", path, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[`+op+`]}`)
		return a.status/100 == 2
	}
	var ok bool
	switch member := fmt.Sprint("m", rand.N(20)); {
	case w.user == "":
		w.open = func(*writer) {} // settle looks for the user by its name
		w.made++
		a := s.do(ctx, "POST", "/Users", fmt.Sprintf(`{"userName":"w%d-%d","displayName":"0","emails":[{"value":"w%d@example.com","type":"work"}]}`, w.number, w.made, w.number))
		if ok = a.status == 201; ok {
			w.user, w.display = a.body.ID, 0
		}
	case w.group == "":
		w.open = func(*writer) {}
		w.made++
		a := s.do(ctx, "POST", "/Groups", fmt.Sprintf(`{"displayName":"g%d-%d"}`, w.number, w.made))
		if ok = a.status == 201; ok {
			w.group, w.members = a.body.ID, map[string]bool{}
		}
	case rand.N(3) == 0:
		next := w.display + 1
		w.open = func(after *writer) { after.display = next }
		ok = patch("/Users/"+w.user, fmt.Sprintf(`{"op":"replace","path":"displayName","value":"%d"}`, next))
	case w.members[member]:
		w.open = func(after *writer) { delete(after.members, member) }
		ok = patch("/Groups/"+w.group, fmt.Sprintf(`{"op":"remove","path":"members[value eq \"%s\"]"}`, member))
	case rand.N(40) == 0:
		w.open = func(after *writer) { after.group, after.members = "", map[string]bool{} }
		ok = s.do(ctx, "DELETE", "/Groups/"+w.group, "").status == 204
	default:
		w.open = func(after *writer) { after.members[member] = true }
		ok = patch("/Groups/"+w.group, fmt.Sprintf(`{"op":"add","path":"members","value":[{"value":"%s"}]}`, member))
	}
	if !ok {
		return false
	}
	w.open(w)
	w.open = nil
	w.answered++
	return true
}

// settle compares what is there with what was answered; a write without an
// answer may have been done or not.
func (w *writer) settle(ctx context.Context, t *testing.T, s *server) {
	without := w.copy()
	with := w.copy()
	if w.open != nil {
		w.open(with)
		w.open = nil
	}
	is := w.copy()
	if w.user == "" {
		if w.made > 0 {
			is.user = w.find(ctx, s, "Users", "userName", "w")
		}
	} else if a := s.do(ctx, "GET", "/Users/"+w.user, ""); a.status == 200 {
		_, _ = fmt.Sscan(a.body.DisplayName, &is.display)
	} else {
		t.Errorf("a user is gone: status %d", a.status)
	}
	if w.group == "" {
		if w.made > 1 {
			is.group = w.find(ctx, s, "Groups", "displayName", "g")
		}
	} else if a := s.do(ctx, "GET", "/Groups/"+w.group, ""); a.status == 200 {
		is.members = map[string]bool{}
		for _, m := range a.body.Members {
			is.members[m.Value] = true
		}
	} else {
		is.group = ""
	}
	if ctx.Err() != nil {
		return
	}
	if !w.agrees(is, without) && !w.agrees(is, with) {
		t.Errorf("there is %+v, and answered was %+v or at most %+v", is, without, with)
	}
	w.user, w.group, w.display, w.members = is.user, is.group, is.display, is.members
	if w.group == "" {
		w.members = map[string]bool{}
	}
}

// find returns the id of the resource that a lost answer would have named.
func (w *writer) find(ctx context.Context, s *server, endpoint, attribute, prefix string) string {
	a := s.do(ctx, "GET", fmt.Sprintf("/%s?filter=%s+eq+%%22%s%d-%d%%22", endpoint, attribute, prefix, w.number, w.made), "")
	if len(a.body.Resources) == 1 {
		return a.body.Resources[0].ID
	}
	return ""
}

func (w *writer) copy() *writer {
	c := &writer{user: w.user, group: w.group, display: w.display, members: map[string]bool{}}
	for m := range w.members {
		c.members[m] = true
	}
	return c
}

// agrees compares what is there with what should be. A resource whose making
// was not answered may be there.
func (w *writer) agrees(is, want *writer) bool {
	if want.user != "" && (is.user != want.user || is.display != want.display) {
		return false
	}
	if want.group == "" {
		return is.group == "" || w.group == ""
	}
	if is.group != want.group || len(is.members) != len(want.members) {
		return false
	}
	for m := range want.members {
		if !is.members[m] {
			return false
		}
	}
	return true
}

// checkDatabase looks for resources that are written by half: all that the
// tables hold of one has to follow from its encoded form, and the newest
// change of each has to be the one that made its version.
func checkDatabase(t *testing.T, db *sql.DB, d Dialect) {
	t.Helper()
	checkResources(t, db, d)
	checkFeed(t, newStore(t, db, d, nil))
}

func checkResources(t *testing.T, db *sql.DB, d Dialect) {
	t.Helper()
	ctx := t.Context()
	s := newStore(t, db, d, nil)
	for _, typ := range []*scim.ResourceType{scim.UserType(), scim.GroupType()} {
		for seq, r := range resources(t, db, d, typ) {
			want := s.layout(typ).columnsOf(r)
			var userName, displayName []byte
			var values int
			err := db.QueryRowContext(ctx, d.rebind(`SELECT user_name, display_name, (SELECT COUNT(*) FROM scim_values v WHERE v.seq = r.seq)
				FROM scim_resources r WHERE r.seq = ?`), seq).Scan(&userName, &displayName, &values)
			if err != nil || !equalKey(userName, want.userName) || !equalKey(displayName, want.displayName) || values != len(want.values) {
				t.Errorf("%s: the columns are not those of the resource: %v", r.ID(), err)
			}
		}
	}
	var orphans int
	err := db.QueryRowContext(ctx, `SELECT (SELECT COUNT(*) FROM scim_links WHERE owner NOT IN (SELECT seq FROM scim_resources))
		+ (SELECT COUNT(*) FROM scim_values WHERE seq NOT IN (SELECT seq FROM scim_resources))`).Scan(&orphans)
	if err != nil || orphans != 0 {
		t.Errorf("%d rows belong to no resource, %v", orphans, err)
	}
}

func resources(t *testing.T, db *sql.DB, d Dialect, typ *scim.ResourceType) map[int64]*scim.Resource {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), d.rebind("SELECT seq, body FROM scim_resources WHERE type = ?"), typ.Name())
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	out := map[int64]*scim.Resource{}
	for rows.Next() {
		var seq int64
		var body []byte
		if err := rows.Scan(&seq, &body); err != nil {
			t.Fatal(err)
		}
		out[seq] = scim.StoredResource(typ, body)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// checkFeed replays the feed: its last word on each resource is what is there.
func checkFeed(t *testing.T, s *Store) {
	t.Helper()
	versions := map[string]string{}
	for after := uint64(0); ; {
		changes, err := s.Changes(t.Context(), after, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if len(changes) == 0 {
			break
		}
		for _, c := range changes {
			if c.Seq != after+1 {
				t.Errorf("change %d follows %d", c.Seq, after)
			}
			after, versions[c.ID] = c.Seq, c.Version
			if slices.Contains(c.Events, scim.EventDelete) {
				delete(versions, c.ID)
			}
		}
	}
	for _, typ := range []*scim.ResourceType{scim.UserType(), scim.GroupType()} {
		for _, r := range resources(t, s.db, s.dialect, typ) {
			if versions[r.ID()] != r.Version() {
				t.Errorf("%s has version %s, and the feed says %s", r.ID(), r.Version(), versions[r.ID()])
			}
			delete(versions, r.ID())
		}
	}
	if len(versions) > 0 {
		t.Errorf("the feed has resources that are not there: %v", versions)
	}
}
