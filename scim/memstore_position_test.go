package scim

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// What the memory store does beyond the suite that every store passes: its
// positions, and the feed and the owners that a store may offer.
func TestMemoryStorePositions(t *testing.T) {
	for name, test := range map[string]func(*storeTest){
		"cursors": (*storeTest).cursors, "many owners": (*storeTest).manyOwners, "changes": (*storeTest).changes,
	} {
		t.Run(name, func(t *testing.T) { test(&storeTest{t, NewMemoryStore(), t.Context()}) })
	}
}

type storeTest struct {
	*testing.T
	Store
	ctx context.Context
}

var errVeto = errors.New("veto")

func (s *storeTest) make(id, name string, links ...Link) {
	s.Helper()
	if err := s.try(id, name, links...); err != nil {
		s.Fatal(err)
	}
}

// try makes a user or, with links, a group.
func (s *storeTest) try(id, name string, links ...Link) error {
	typ, attr := UserType(), "userName"
	if links != nil {
		typ, attr = GroupType(), "displayName"
	}
	r := NewResource(typ)
	if err := r.Set(attr, String(name)); err != nil {
		s.Fatal(err)
	}
	r.setID(id)
	r.setMeta(timeNow(), timeNow(), `W/"1"`)
	return s.Create(s.ctx, r, slices.Values(links))
}

func user(id string) Ref { return Ref{UserType(), id} }

// cursors walks lists by position while others write: what stays as it is
// while the pages are read is on exactly one of them, in order.
func (s *storeTest) cursors() {
	run := 0
	rapid.Check(s.T, func(t *rapid.T) {
		run++
		s := &storeTest{s.T, s.Store, WithScope(s.ctx, Scope{Tenant: fmt.Sprint(run)})}
		next, names := 0, map[string]string{} // userName by id
		add := func() {
			id := fmt.Sprintf("%d-%d", run, next)
			names[id] = fmt.Sprintf("%c%d", 'a'+rapid.IntRange(0, 25).Draw(t, "letter"), next)
			s.make(id, names[id])
			next++
		}
		for range rapid.IntRange(0, 30).Draw(t, "users") {
			add()
		}
		q := &Query{Type: UserType(), Cursor: true, Count: rapid.IntRange(1, 7).Draw(t, "count")}
		var err error
		if by := rapid.SampledFrom([]string{"", "userName", "title", "meta.created", "active"}).Draw(t, "sortBy"); by != "" {
			if q.Sort, err = UserType().ParseSort(by, rapid.Bool().Draw(t, "descending")); err != nil {
				t.Fatal(err)
			}
		}
		if text := rapid.SampledFrom([]string{"", "userName pr", `externalId eq "x" or userName pr`}).Draw(t, "filter"); text != "" {
			if q.Filter, err = UserType().ParseFilter(text); err != nil {
				t.Fatal(err)
			}
		}
		quiet, changed, seen := rapid.Bool().Draw(t, "nobody writes"), map[string]bool{}, []string(nil)
		was := maps.Clone(names)
		for pages := 0; ; pages++ {
			page, err := s.List(s.ctx, q)
			if err != nil || len(page.Items) > q.Count || page.Next != "" && len(page.Items) == 0 || page.Total >= 0 && page.Total != len(names) {
				t.Fatalf("%+v, %v", page, err)
			}
			for _, item := range page.Items {
				seen = append(seen, item.Resource.ID())
			}
			if q.After = page.Next; q.After == "" {
				break
			}
			if pages > 200 {
				t.Fatal("the pages do not end")
			}
			for range rapid.IntRange(0, 3).Draw(t, "writes") {
				if !quiet {
					s.disturb(t, names, changed, add)
				}
			}
		}
		count := map[string]int{}
		for _, id := range seen {
			count[id]++
		}
		for id := range was {
			if !changed[id] && count[id] != 1 {
				t.Fatalf("%s was not changed and is there %d times", id, count[id])
			}
		}
		if quiet && q.Sort != nil && q.Sort.String() == "userName" && !slices.IsSortedFunc(seen, func(a, b string) int { return strings.Compare(names[a], names[b]) }) {
			t.Fatalf("not in order: %v", seen)
		}
	})
	s.refusedPositions()
}

// disturb writes something between two pages.
func (s *storeTest) disturb(t *rapid.T, names map[string]string, changed map[string]bool, add func()) {
	ids := slices.Sorted(maps.Keys(names))
	if len(ids) == 0 || rapid.IntRange(0, 2).Draw(t, "write") == 0 {
		add()
		return
	}
	id := rapid.SampledFrom(ids).Draw(t, "id")
	changed[id] = true
	if rapid.Bool().Draw(t, "delete") {
		delete(names, id)
		if err := s.Delete(s.ctx, user(id), nil); err != nil {
			t.Fatal(err)
		}
		return
	}
	err := s.Update(s.ctx, user(id), func(e *Entry) error {
		return errors.Join(e.Resource.Set("userName", String("z"+names[id])), e.Resource.Set("title", String("t")))
	})
	if err != nil {
		t.Fatal(err)
	}
	names[id] = "z" + names[id]
}

func (s *storeTest) refusedPositions() {
	order, err := UserType().ParseSort("userName", false)
	if err != nil {
		s.Fatal(err)
	}
	for _, name := range []string{"a", "b", "c"} {
		s.make("refused-"+name, name)
	}
	first := func(q *Query) string {
		page, err := s.List(s.ctx, q)
		if err != nil || page.Next == "" {
			s.Fatalf("%+v, %v", page, err)
		}
		return page.Next
	}
	plain, sorted := &Query{Type: UserType(), Cursor: true, Count: 1}, &Query{Type: UserType(), Cursor: true, Count: 1, Sort: order}
	for _, tt := range []struct {
		reason, after string
		sort          *Sort
	}{
		{"no position", "nonsense", nil},
		{"no position in an order", "nonsense", order},
		{"that of an order, without one", first(sorted), nil},
		{"that of no order, in one", first(plain), order},
	} {
		_, err := s.List(s.ctx, &Query{Type: UserType(), Cursor: true, Count: 1, After: tt.after, Sort: tt.sort})
		if !errors.Is(err, ErrInvalidCursor) || strings.Contains(err.Error(), tt.after) {
			s.Errorf("%s: %v", tt.reason, err)
		}
	}
	if page, err := s.List(s.ctx, &Query{Type: UserType(), Cursor: true}); err != nil || page.Next != "" || len(page.Items) > 0 || page.Total != 3 {
		s.Errorf("the total alone: %+v, %v", page, err)
	}
}

func (s *storeTest) manyOwners() {
	many, ok := s.Store.(OwnerStore)
	if !ok {
		s.Fatal("the memory store offers it")
	}
	s.make("u", "u")
	s.make("g", "G", Link{Value: "u"})
	s.make("h", "H", Link{Value: "u"}, Link{Value: "g"})
	for _, tt := range []struct {
		reason string
		values []string
		want   map[string][]Link
	}{
		{"nothing", nil, nil},
		{"each with its own", []string{"u", "g"}, map[string][]Link{"u": {{"g", "Group", "G"}, {"h", "Group", "H"}}, "g": {{"h", "Group", "H"}}}},
		{"without owners, and unknown", []string{"h", "x"}, nil},
	} {
		got, err := many.Owners(s.ctx, tt.values)
		maps.DeleteFunc(got, func(_ string, l []Link) bool { return len(l) == 0 })
		if len(got) == 0 {
			got = nil
		}
		if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
			s.Errorf("%s: %v\n%s", tt.reason, err, diff)
		}
	}
	if got, err := many.Owners(WithScope(s.ctx, Scope{Tenant: "other"}), []string{"u"}); err != nil || len(got["u"]) > 0 {
		s.Errorf("another scope: %v, %v", got, err)
	}
}

func (s *storeTest) changes() {
	feed, ok := s.Store.(ChangeFeed)
	if !ok {
		s.Fatal("the memory store offers it")
	}
	s.make("u", "u")
	s.make("g", "G", Link{Value: "u"})
	set := func(path string, v Value) func(*Entry) error {
		return func(e *Entry) error { e.Resource.Touch(); return e.Resource.Set(path, v) }
	}
	for _, err := range []error{
		s.Update(s.ctx, user("u"), set("active", Bool(false))),
		s.Update(s.ctx, user("u"), func(e *Entry) error { return ErrUnchanged }),
		s.Delete(s.ctx, user("u"), nil),
	} {
		if err != nil {
			s.Fatal(err)
		}
	}
	if s.Update(s.ctx, user("g"), func(*Entry) error { return errVeto }) == nil || s.try("g", "G", Link{Value: "x"}) == nil {
		s.Fatal("these must fail")
	}
	got, err := feed.Changes(s.ctx, 0, 100)
	if err != nil {
		s.Fatal(err)
	}
	var lines []string
	for i, c := range got {
		if i > 0 && c.Seq <= got[i-1].Seq || c.Time.IsZero() {
			s.Errorf("change %d has the number %d and the time %v", i, c.Seq, c.Time)
		}
		var events []string
		for _, e := range c.Events {
			events = append(events, strings.TrimPrefix(e, "urn:ietf:params:scim:event:prov:"))
		}
		lines = append(lines, fmt.Sprint(c.Type, " ", c.ID, " ", c.Version, " ", events, c.Attributes))
	}
	want := []string{
		`User u W/"1" [create:notice] [id userName]`,
		`Group g W/"1" [create:notice] [id displayName members]`,
		`User u W/"2" [patch:notice deactivate] [active]`,
		`Group g W/"2" [patch:notice] [members]`,
		`User u  [delete] []`,
	}
	slices.Sort(lines[3:]) // the two are one write
	if diff := cmp.Diff(want, lines); diff != "" {
		s.Error(diff)
	}
	for i := range got {
		if part, err := feed.Changes(s.ctx, got[i].Seq, 2); err != nil || !cmp.Equal(part, got[i+1:min(i+3, len(got))], equateEmpty) {
			s.Errorf("after %d: %v, %v", i, part, err)
		}
	}
	newest := got[len(got)-1].Seq
	if part, err := feed.Changes(s.ctx, newest+1, 2); !errors.Is(err, ErrExpiredCursor) || len(part) != 1 || part[0].Seq != newest {
		s.Errorf("a number that was never given: %v, %v", part, err)
	}
	if other, err := feed.Changes(WithScope(s.ctx, Scope{Tenant: "other"}), 0, 9); err != nil || len(other) > 0 {
		s.Errorf("another scope: %v, %v", other, err)
	}
}

var equateEmpty = cmp.FilterValues(func(a, b []Change) bool { return len(a) == 0 && len(b) == 0 }, cmp.Comparer(func(_, _ []Change) bool { return true }))

// TestMemoryStoreForgetsChanges: a store keeps so many changes, and says so
// to the scope that missed some.
func TestMemoryStoreForgetsChanges(t *testing.T) {
	store := NewMemoryStore()
	busy := &storeTest{t, store, WithScope(t.Context(), Scope{Tenant: "busy"})}
	still := &storeTest{t, store, WithScope(t.Context(), Scope{Tenant: "still"})}
	busy.make("first", "first")
	old, err := store.Changes(busy.ctx, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	for i := range memChanges {
		busy.make(fmt.Sprint(i), fmt.Sprint(i))
	}
	still.make("u", "u")
	newest, err := store.Changes(busy.ctx, 0, 9)
	if !errors.Is(err, ErrExpiredCursor) || len(newest) != 1 || newest[0].Type != "" {
		t.Fatalf("the first change is gone: %v, %v", newest, err)
	}
	// The first one and the one after it gave way to the last two.
	if _, err := store.Changes(busy.ctx, old[0].Seq, 9); !errors.Is(err, ErrExpiredCursor) {
		t.Error(err)
	}
	if rest, err := store.Changes(busy.ctx, old[0].Seq+1, 2*memChanges); err != nil || len(rest) != memChanges-1 {
		t.Errorf("%d changes, %v", len(rest), err)
	}
	if rest, err := store.Changes(still.ctx, 0, 9); err != nil || len(rest) != 1 {
		t.Errorf("a scope that lost none: %v, %v", rest, err)
	}
	busy.make("last", "last")
	if rest, err := store.Changes(busy.ctx, newest[0].Seq, 9); err != nil || len(rest) != 1 || rest[0].ID != "last" {
		t.Errorf("from the newest: %v, %v", rest, err)
	}
}

// TestDeepPagesCostTheSame: a page by position costs what the first one
// costs, also with a filter that looks at every resource.
func TestDeepPagesCostTheSame(t *testing.T) {
	s := &storeTest{t, NewMemoryStore(), t.Context()}
	for i := range 5000 {
		s.make(fmt.Sprint(i), fmt.Sprint("u", i))
	}
	for i := range 2400 {
		if err := s.Delete(s.ctx, user(fmt.Sprint(i)), nil); err != nil {
			t.Fatal(err)
		}
	}
	f, err := UserType().ParseFilter("userName pr")
	if err != nil {
		t.Fatal(err)
	}
	cost := map[string]float64{}
	for after, where := range map[string]string{"3": "front", "4900": "back"} {
		q := &Query{Type: UserType(), Filter: f, Cursor: true, Count: 10, After: after}
		cost[where] = testing.AllocsPerRun(10, func() {
			if page, err := s.List(s.ctx, q); err != nil || len(page.Items) != 10 {
				t.Fatalf("%+v, %v", page, err)
			}
		})
	}
	if cost["back"] > cost["front"]+2 {
		t.Errorf("allocations: %v", cost)
	}
}

func TestSortKeyBinary(t *testing.T) {
	for _, path := range []string{"userName", "active", "meta.created"} {
		order, err := UserType().ParseSort(path, false)
		if err != nil {
			t.Fatal(err)
		}
		rapid.Check(t, func(t *rapid.T) {
			key := func() SortKey {
				r := NewResource(UserType())
				name := rapid.StringN(0, 600, 2000).Draw(t, "userName")
				seconds := rapid.Int64Range(-62135596800, 253402300799).Draw(t, "seconds")
				if err := errors.Join(r.Set("userName", String(name)), r.Set("active", Bool(rapid.Bool().Draw(t, "active")))); err != nil {
					t.Fatal(err)
				}
				if rapid.Bool().Draw(t, "meta") {
					r.setMeta(time.Unix(seconds, 0), timeNow(), `W/"1"`)
				}
				return order.Key(r)
			}
			a, b := key(), key()
			text, err := a.MarshalBinary()
			if err != nil || len(text) > maxSortText+sha256.Size+1 {
				t.Fatalf("%d bytes, %v", len(text), err)
			}
			var again SortKey
			if err := again.UnmarshalBinary(text); err != nil || order.Compare(again, a) != 0 || order.Compare(again, b) != order.Compare(a, b) {
				t.Fatalf("%q: %v, %v, want %v", text, err, again, a)
			}
		})
	}
	for _, bad := range []string{"", "x", "-x", "n", "n1234567", "n\x7f\xf8\x00\x00\x00\x00\x00\x01", "n\x00\x00\x00\x00\x00\x00\x00\x00", "d", "d12345678\xff\xff\xff\xff", "t" + strings.Repeat("a", 545)} {
		if err := new(SortKey).UnmarshalBinary([]byte(bad)); !errors.Is(err, ErrInvalidCursor) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// FuzzPosition: a position that is taken is one that comes back as it is.
func FuzzPosition(f *testing.F) {
	order, err := UserType().ParseSort("userName", false)
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{"", "1", "-1", "18446744073709551616", "1:tanna", "1:n\x40\x00\x00\x00\x00\x00\x00\x00", "1:n\x7f\xf8\x00\x00\x00\x00\x00\x00",
		"1:d12345678\x00\x00\x00\x07", "1:d12345678\xff\xff\xff\xff", "1:-", "1:", ":t"} {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	f.Fuzz(func(t *testing.T, after string, sorted bool) {
		q := &Query{Type: UserType(), After: after}
		if sorted {
			q.Sort = order
		}
		at, err := q.after()
		if err != nil {
			if !errors.Is(err, ErrInvalidCursor) || len(after) > 3 && strings.Contains(err.Error(), after) {
				t.Fatal(err)
			}
			return
		}
		if after == "" {
			return
		}
		q.After = at.text(q.Sort)
		if again, err := q.after(); err != nil || again.compare(order, at) != 0 {
			t.Fatalf("%q: %+v, %v, want %+v", after, again, err, at)
		}
	})
}
