package sqlstore

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zohoscim/zohoscim/scim"
)

var (
	filters = flag.Int("filters", 400, "filters of TestFilterDifferential on each database")
	seed    = flag.Uint64("seed", 1, "of the random resources and filters")
)

// TestFilterDifferential: random filters over random resources select in SQL
// what they select in memory, in every order, however the result is paged.
func TestFilterDifferential(t *testing.T) {
	eachDatabase(t, nil, func(t *testing.T, s *Store) {
		checks, selected := 0, 0
		for batch := 0; checks < *filters; batch++ {
			g := &generator{rnd: rand.New(rand.NewPCG(*seed, uint64(batch))), plain: batch%4 > 0}
			scope := scim.Scope{Tenant: fmt.Sprint(batch / 2), Connection: fmt.Sprint(batch % 2)}
			w := g.world(t, s, scope, 24, 8)
			for range min(100, *filters-checks) {
				checks++
				typ := pick(g.rnd, []*scim.ResourceType{scim.UserType(), scim.UserType(), scim.GroupType()})
				q := &scim.Query{Type: typ, Start: 1, Count: 1000, Sort: g.sort(typ)}
				if g.rnd.IntN(20) > 0 {
					q.Filter = g.compiled(typ, 3)
				}
				selected += g.check(t, s, scope, w, q)
				if t.Failed() {
					t.Fatalf("batch %d, filter %d of it, -seed %d: %v sorted by %v", batch, checks, *seed, q.Filter, q.Sort)
				}
			}
		}
		t.Logf("%d filters, %d resources selected, 0 differences", checks, selected)
		if selected < checks {
			t.Errorf("the filters selected %d resources: they hardly ask for anything", selected)
		}
	})
}

var (
	userSorts  = []string{"userName", "externalId", "displayName", "id", "meta.lastModified", "meta.created", "title", "emails", "emails.value", "name.familyName", "active"}
	groupSorts = []string{"displayName", "externalId", "id", "meta.lastModified"}
)

func (g *generator) sort(typ *scim.ResourceType) *scim.Sort {
	if g.rnd.IntN(2) == 0 {
		return nil
	}
	names := userSorts
	if typ == scim.GroupType() {
		names = groupSorts
	}
	s, err := typ.ParseSort(pick(g.rnd, names), g.rnd.IntN(2) == 0)
	if err != nil {
		panic(err)
	}
	return s
}

// expected evaluates a query in memory.
func (w *world) expected(q *scim.Query) []string {
	var found []*scim.Resource
	for _, r := range w.of(q.Type) {
		if q.Filter == nil || q.Filter.Match(r, worldReader{w, r.ID()}) {
			found = append(found, r)
		}
	}
	if q.Sort != nil {
		slices.SortStableFunc(found, func(a, b *scim.Resource) int { return q.Sort.Compare(q.Sort.Key(a), q.Sort.Key(b)) })
	}
	ids := []string{}
	for _, r := range found {
		ids = append(ids, r.ID())
	}
	return ids
}

// check compares a query's whole result and its pages with the model. It
// returns how many resources there are.
func (g *generator) check(t *testing.T, s *Store, scope scim.Scope, w *world, q *scim.Query) int {
	t.Helper()
	ctx := scim.WithScope(t.Context(), scope)
	want := w.expected(q)
	page, err := s.List(ctx, q)
	if err != nil {
		t.Errorf("%v: %v", err, errors.Unwrap(err))
		return 0
	}
	if diff := cmp.Diff(want, ids(page)); diff != "" || page.Total != len(want) {
		t.Errorf("total %d, want %d; (-want +got)\n%s", page.Total, len(want), diff)
	}
	// One page from somewhere, and all pages by position.
	start, count := g.rnd.IntN(len(want)+3), g.rnd.IntN(5)
	part := *q
	part.Start, part.Count = start, count
	page, err = s.List(ctx, &part)
	from := min(max(start, 1)-1, len(want))
	if err != nil || page.Total != len(want) || !slices.Equal(ids(page), want[from:min(from+count, len(want))]) {
		t.Errorf("%d from %d: %v, %+v, want a part of %q", count, start, err, page, want)
	}
	by := *q
	by.Cursor, by.Count = true, 1+g.rnd.IntN(9)
	got := []string{}
	for pages := 0; pages <= len(want); pages++ {
		page, err := s.List(ctx, &by)
		if err != nil {
			t.Error(err)
			return 0
		}
		if len(page.Items) > by.Count || page.Total != -1 && page.Total != len(want) {
			t.Errorf("a page of %d, total %d, want %d", len(page.Items), page.Total, len(want))
		}
		got = append(got, ids(page)...)
		if by.After = page.Next; by.After == "" {
			break
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("pages of %d by position: (-want +got)\n%s", by.Count, diff)
	}
	return len(want)
}

func ids(p *scim.Page) []string {
	out := []string{}
	for _, item := range p.Items {
		out = append(out, item.Resource.ID())
	}
	return out
}
