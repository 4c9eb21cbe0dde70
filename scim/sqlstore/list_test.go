package sqlstore

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zohoscim/zohoscim/scim"
	"github.com/zohoscim/zohoscim/scim/filter"
)

func parsed(t *testing.T, typ *scim.ResourceType, text string) *scim.Filter {
	t.Helper()
	f, err := typ.ParseFilter(text)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func sorted(t *testing.T, typ *scim.ResourceType, by string, descending bool) *scim.Sort {
	t.Helper()
	s, err := typ.ParseSort(by, descending)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// user makes a user of these attributes.
func listUser(t *testing.T, id string, attributes map[string]string) *scim.Resource {
	t.Helper()
	r := scim.NewResource(scim.UserType())
	attributes["id"] = id
	for path, value := range attributes {
		if err := r.Set(path, scim.String(value)); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// TestListLinks: a page carries links and owners as View shows them.
func TestListLinks(t *testing.T) {
	eachDatabase(t, nil, func(t *testing.T, s *Store) {
		g := &generator{rnd: rand.New(rand.NewPCG(*seed, 5))}
		scope := scim.Scope{Tenant: "a"}
		g.world(t, s, scim.Scope{Tenant: "b"}, 12, 12) // the same ids elsewhere
		g.world(t, s, scope, 12, 12)
		ctx := scim.WithScope(t.Context(), scope)
		for _, typ := range []*scim.ResourceType{scim.UserType(), scim.GroupType()} {
			for _, by := range []string{"", "externalId", "title"} {
				q := &scim.Query{Type: typ, Start: 1, Count: 100, Links: true, Owners: true}
				if by == "title" && typ == scim.GroupType() {
					by = "members.display" // has no column either
				}
				if by != "" && by != "members.display" {
					q.Sort = sorted(t, typ, by, true)
				}
				page, err := s.List(ctx, q)
				if err != nil || len(page.Items) < 5 {
					t.Fatalf("%v: %v", err, page)
				}
				for _, item := range page.Items {
					err := s.View(ctx, scim.Ref{Type: typ, ID: item.Resource.ID()}, func(e *scim.Entry) error {
						for what, pair := range map[string]struct{ want, got []scim.Link }{
							"links":  {collected(t, e.Links.All(ctx, "")), item.Links},
							"owners": {collected(t, e.Links.Owners(ctx, "")), item.Owners},
						} {
							if diff := cmp.Diff(pair.want, pair.got); diff != "" {
								t.Errorf("%s of %s: (-View +List)\n%s", what, e.Resource.ID(), diff)
							}
						}
						return nil
					})
					if err != nil {
						t.Error(err)
					}
				}
			}
		}
	})
}

func collected(t *testing.T, seq func(func(scim.Link, error) bool)) []scim.Link {
	t.Helper()
	var out []scim.Link
	for l, err := range seq {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, l)
	}
	return out
}

// TestListMegabytes: texts of a megabyte are unique and found like any other,
// also when only their ends differ, and are in the order of scim.Sort.
func TestListMegabytes(t *testing.T) {
	eachDatabase(t, nil, func(t *testing.T, s *Store) {
		ctx := t.Context()
		big := strings.Repeat(`A%_\`, 1<<18)
		var all []*scim.Resource
		for id, name := range map[string]string{"1": big + "1", "2": big + "2", "3": "b"} {
			all = append(all, listUser(t, id, map[string]string{"userName": name}))
			if err := s.Create(ctx, all[len(all)-1], nil); err != nil {
				t.Fatal(err)
			}
		}
		again := listUser(t, "x", map[string]string{"userName": strings.ToLower(big) + "1"})
		if err := s.Create(ctx, again, nil); !errors.Is(err, scim.ErrUniqueness) {
			t.Errorf("one that differs in case only: %v", err)
		}
		for _, row := range []struct{ op, value, want string }{{"eq", big + "2", "2"}, {"gt", big + "1", "2 3"}, {"ew", "2", "2"}, {"sw", big, "1 2"}} {
			page, err := s.List(ctx, &scim.Query{Type: scim.UserType(), Filter: comparing(t, "userName", row.op, row.value), Sort: sorted(t, scim.UserType(), "id", false), Start: 1, Count: 10})
			if err != nil || strings.Join(ids(page), " ") != row.want {
				t.Errorf("%s: %v, %+v, want %s", row.op, err, page, row.want)
			}
		}
		q := &scim.Query{Type: scim.UserType(), Sort: sorted(t, scim.UserType(), "userName", true), Cursor: true, Count: 1}
		slices.SortFunc(all, func(a, b *scim.Resource) int { return q.Sort.Compare(q.Sort.Key(a), q.Sort.Key(b)) })
		for _, want := range all {
			page, err := s.List(ctx, q)
			if err != nil || len(page.Items) != 1 || page.Items[0].Resource.ID() != want.ID() {
				t.Fatalf("in order: %v, %v, want %s", err, page, want.ID())
			}
			q.After = page.Next
		}
	})
}

// TestListExtremeValues: values that a database could misread are found,
// ordered and paged like any other.
func TestListExtremeValues(t *testing.T) {
	eachDatabase(t, nil, func(t *testing.T, s *Store) {
		long := strings.Repeat("Ä%_", 200)
		names := []string{long + "1", long + "2", long, "%", "_", "\\", "\x00", "a\x00b", "'", "𐐀", "e\u0301"}
		for i, name := range names {
			if err := s.Create(t.Context(), extremeUser(t, i, name), nil); err != nil {
				t.Fatal(err)
			}
		}
		for _, path := range []string{"userName", "externalId", "displayName", "emails.value"} {
			for i, name := range names {
				page, err := s.List(t.Context(), &scim.Query{Type: scim.UserType(), Filter: comparing(t, path, "eq", name), Start: 1, Count: 10})
				if err != nil || !slices.Equal(ids(page), []string{fmt.Sprint(i)}) || page.Total != 1 {
					t.Errorf("%s of user %d: %v, %+v", path, i, err, page)
				}
				for _, op := range []string{"co", "sw", "ew", "gt", "le"} {
					checkAgainstModel(t, s, names, &scim.Query{Type: scim.UserType(), Filter: comparing(t, path, op, name), Start: 1, Count: 20}, path+" "+op)
				}
			}
		}
		for _, descending := range []bool{false, true} {
			checkAgainstModel(t, s, names, &scim.Query{Type: scim.UserType(), Sort: sorted(t, scim.UserType(), "userName", descending), Start: 1, Count: 20}, "order")
		}
		for _, value := range []string{"\xff", "a\xffb", "\xed\xa0\x80"} { // no JSON text has these
			q := &scim.Query{Type: scim.UserType(), Filter: comparing(t, "userName", "eq", value), Start: 1, Count: 10}
			if page, err := s.List(t.Context(), q); err != nil || page.Total != 0 {
				t.Errorf("%q: %v, %+v", value, err, page)
			}
		}
	})
}

func extremeUser(t *testing.T, i int, name string) *scim.Resource {
	t.Helper()
	r := listUser(t, fmt.Sprint(i), map[string]string{"userName": name, "externalId": name, "displayName": name})
	if err := r.Set("emails", scim.Multi(scim.String(name))); err != nil {
		t.Fatal(err)
	}
	return r
}

// comparing makes a filter on a value that may be longer than a text may be.
func comparing(t *testing.T, path, op, value string) *scim.Filter {
	t.Helper()
	e := parsed(t, scim.UserType(), path+" "+op+` "x"`).Expr()
	f, err := scim.UserType().CompileFilter(replace(e, func(filter.Literal) filter.Literal {
		return filter.Literal{Kind: filter.String, Text: value}
	}))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func checkAgainstModel(t *testing.T, s *Store, names []string, q *scim.Query, path string) {
	t.Helper()
	w := &world{}
	for i, name := range names {
		w.users = append(w.users, extremeUser(t, i, name))
	}
	want := w.expected(q)
	if page, err := s.List(t.Context(), q); err != nil || !slices.Equal(ids(page), want) || page.Total != len(want) {
		t.Errorf("%s: %v, %v, want %v", path, err, ids(page), want)
	}
	by := *q
	by.Cursor, by.Count = true, 3
	var got []string
	for range names {
		page, err := s.List(t.Context(), &by)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			return
		}
		got = append(got, ids(page)...)
		if by.After = page.Next; by.After == "" {
			break
		}
	}
	if !slices.Equal(got, want) && len(want) > 0 {
		t.Errorf("%s by position: %v, want %v", path, got, want)
	}
}

// TestListBound: a filter that SQL cannot answer reads up to a bound, and
// beyond it is refused with a remedy.
func TestListBound(t *testing.T) {
	eachDatabase(t, &Options{MaxScan: 10}, func(t *testing.T, s *Store) {
		ctx := t.Context()
		for i := range 30 {
			if err := s.Create(ctx, listUser(t, fmt.Sprint(i), map[string]string{"userName": fmt.Sprintf("u%02d", i), "title": fmt.Sprint(i % 3)}), nil); err != nil {
				t.Fatal(err)
			}
		}
		for _, row := range []struct {
			filter, sortBy string
			cursor         bool
			total          int // -2: too many
			reason         string
		}{
			{filter: `title eq "1"`, total: -2, reason: "30 resources to read"},
			{filter: `title eq "1" and userName ge "u20"`, total: 3, reason: "10 are left: u22, u25, u28"},
			{filter: `title eq "1" and userName ge "u19"`, total: -2, reason: "11 are left"},
			{filter: `userName ge "u01"`, total: 29, reason: "SQL answers it"},
			{sortBy: "title", total: -2, reason: "an order without a column"},
			{sortBy: "userName", total: 30, reason: "an order with one"},
			{filter: `userName lt "u10"`, sortBy: "title", total: 10, reason: "few enough to order"},
			{filter: `title eq "1"`, cursor: true, total: -1, reason: "a page by position ends early and goes on later"},
			{filter: `title eq "7"`, cursor: true, total: -2, reason: "nothing found within the bound"},
		} {
			q := &scim.Query{Type: scim.UserType(), Start: 1, Count: 100, Cursor: row.cursor}
			if row.filter != "" {
				q.Filter = parsed(t, scim.UserType(), row.filter)
			}
			if row.sortBy != "" {
				q.Sort = sorted(t, scim.UserType(), row.sortBy, false)
			}
			page, err := s.List(ctx, q)
			if row.total == -2 {
				if !errors.Is(err, scim.ErrTooMany) || !strings.Contains(err.Error(), "userName") {
					t.Errorf("%s %s (%s): %v", row.filter, row.sortBy, row.reason, err)
				}
				continue
			}
			if err != nil || page.Total != row.total {
				t.Errorf("%s %s (%s): %v, %+v", row.filter, row.sortBy, row.reason, err, page)
			}
		}
	})
}

// TestListPositions: a position that the store did not make for the type and
// order is refused.
func TestListPositions(t *testing.T) {
	eachDatabase(t, nil, func(t *testing.T, s *Store) {
		ctx := t.Context()
		for i := range 5 {
			if err := s.Create(ctx, listUser(t, fmt.Sprint(i), map[string]string{"userName": fmt.Sprint(i), "title": "x"}), nil); err != nil {
				t.Fatal(err)
			}
		}
		user, group := scim.UserType(), scim.GroupType()
		orders := map[string]*scim.Query{
			"as made":          {Type: user},
			"userName":         {Type: user, Sort: sorted(t, user, "userName", false)},
			"userName down":    {Type: user, Sort: sorted(t, user, "userName", true)},
			"displayName":      {Type: user, Sort: sorted(t, user, "displayName", false)},
			"lastModified":     {Type: user, Sort: sorted(t, user, "meta.lastModified", false)},
			"title":            {Type: user, Sort: sorted(t, user, "title", false)},
			"groups":           {Type: group},
			"groups, as names": {Type: group, Sort: sorted(t, group, "displayName", false)},
		}
		made := map[string]string{}
		for name, q := range orders {
			q.Cursor, q.Count = true, 2
			page, err := s.List(ctx, q)
			if err != nil {
				t.Fatal(err)
			}
			made[name] = page.Next
		}
		for from, after := range made {
			for to, q := range orders {
				if after == "" {
					continue
				}
				again := *q
				again.After = after
				page, err := s.List(ctx, &again)
				if ok := err == nil && len(page.Items) == 2; ok != (from == to) || err != nil && !errors.Is(err, scim.ErrInvalidCursor) {
					t.Errorf("a position in the order %q used in %q: %v", from, to, err)
				}
			}
		}
		for _, after := range []string{"x", "AAAA", made["as made"] + "A", made["as made"][:8], strings.Repeat("A", 1<<20), "1", "\x00", "%"} {
			q := *orders["as made"]
			q.After = after
			if _, err := s.List(ctx, &q); !errors.Is(err, scim.ErrInvalidCursor) {
				t.Errorf("%.20q: %v", after, err)
			}
		}
	})
}

// FuzzPosition: any text is a position that reads back as it is written, or
// is refused.
func FuzzPosition(f *testing.F) {
	user := scim.UserType()
	queries := []*scim.Query{{Type: user, Cursor: true}}
	for _, by := range []string{"userName", "meta.created", "title", "active"} {
		s, err := user.ParseSort(by, true)
		if err != nil {
			f.Fatal(err)
		}
		queries = append(queries, &scim.Query{Type: user, Cursor: true, Sort: s})
	}
	for i, q := range queries {
		for _, p := range []position{{positionSeq, 7, nil}, {positionNone, 1, nil}, {positionKey, 2, []byte("a")}, {positionTime, 3, make([]byte, 8)}, {positionSort, 4, []byte("sabc")}} {
			f.Add(p.text(q), uint8(i))
		}
	}
	f.Fuzz(func(t *testing.T, after string, n uint8) {
		q := *queries[int(n)%len(queries)]
		q.After = after
		p, err := positionOf(&q)
		switch {
		case err != nil && !errors.Is(err, scim.ErrInvalidCursor):
			t.Error(err)
		case err == nil && after != "":
			if again := p.text(&q); again != after {
				a, _ := base64.RawURLEncoding.DecodeString(after)
				t.Errorf("%q reads as %+v and is written %q", a, p, again)
			}
		}
	})
}

// TestPagesUnderWrites: while others insert, change and delete, the resources
// that stay as they are are on exactly one page by position.
func TestPagesUnderWrites(t *testing.T) {
	eachDatabase(t, nil, func(t *testing.T, s *Store) {
		ctx := t.Context()
		const still = 60
		for i := range still {
			for _, name := range []string{"still", "moves", "goes"} {
				id := fmt.Sprintf("%s%d", name, i)
				if err := s.Create(ctx, listUser(t, id, map[string]string{"userName": fmt.Sprintf("%02d-%s", i*37%still, name), "title": fmt.Sprint(i % 7)}), nil); err != nil {
					t.Fatal(err)
				}
			}
		}
		stop := make(chan struct{})
		var writer sync.WaitGroup
		writer.Go(func() { churn(t, s, still, stop) })
		for _, by := range []string{"", "userName", "title", "displayName"} {
			for _, descending := range []bool{false, true} {
				q := &scim.Query{Type: scim.UserType(), Cursor: true, Count: 7}
				if by != "" {
					q.Sort = sorted(t, scim.UserType(), by, descending)
				}
				seen := map[string]int{}
				for more := true; more; more = q.After != "" {
					page, err := s.List(ctx, q)
					if err != nil {
						t.Fatal(err)
					}
					for _, id := range ids(page) {
						seen[id]++
					}
					q.After = page.Next
				}
				for i := range still {
					if id := fmt.Sprintf("still%d", i); seen[id] != 1 {
						t.Errorf("by %q, descending %v: %s is there %d times", by, descending, id, seen[id])
					}
				}
			}
		}
		close(stop)
		writer.Wait()
	})
}

// churn inserts, changes and deletes until it is stopped.
func churn(t *testing.T, s *Store, n int, stop <-chan struct{}) {
	ctx := t.Context()
	for i := 0; ; i++ {
		select {
		case <-stop:
			return
		default:
		}
		ref := scim.Ref{Type: scim.UserType(), ID: fmt.Sprintf("moves%d", i%n)}
		err := s.Update(ctx, ref, func(e *scim.Entry) error {
			_ = e.Resource.Set("title", scim.String(fmt.Sprint(i%11)))
			return e.Resource.Set("userName", scim.String(fmt.Sprintf("%02d-moves%d", i*53%n, i)))
		})
		if err == nil && i < n {
			err = s.Delete(ctx, scim.Ref{Type: scim.UserType(), ID: fmt.Sprintf("goes%d", i)}, nil)
		}
		if err == nil {
			err = s.Create(ctx, listUser(t, fmt.Sprintf("new%d", i), map[string]string{"userName": fmt.Sprintf("%02d-new%d", i*41%n, i)}), nil)
		}
		if err == nil && i > 40 {
			err = s.Delete(ctx, scim.Ref{Type: scim.UserType(), ID: fmt.Sprintf("new%d", i-40)}, nil)
		}
		if err != nil {
			t.Error(err)
			return
		}
	}
}
