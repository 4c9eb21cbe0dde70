package scimtest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/zohoscim/zohoscim/scim"
)

// fill makes 40 users, of which every third is deleted again, and returns the
// ids of those that are left.
func (s *storeTest) fill() (ids []string) {
	s.Helper()
	for i := range 40 {
		r := storable(s, scim.UserType(), fmt.Sprint(i), "userName", fmt.Sprintf("u%02d", (i*7)%40), "title", string(rune('a'+i%4)))
		s.ok(s.Create(s.ctx, r, nil), "a new user is kept")
	}
	for i := range 40 {
		if id := fmt.Sprint(i); i%3 == 0 {
			s.ok(s.Delete(s.ctx, userRef(id), nil), "a user can be deleted")
		} else {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// queries are filters and orders to page through.
func (s *storeTest) queries() []scim.Query {
	odd := s.filter(scim.UserType(), `userName ew "1" or userName ew "3" or userName ew "5"`)
	out := []scim.Query{{Type: scim.UserType()}, {Type: scim.UserType(), Filter: odd}}
	for _, by := range []string{"userName", "title", "externalId"} {
		for _, descending := range []bool{false, true} {
			sort, err := scim.UserType().ParseSort(by, descending)
			s.ok(err, "the attribute has an order")
			out = append(out, scim.Query{Type: scim.UserType(), Sort: sort}, scim.Query{Type: scim.UserType(), Filter: odd, Sort: sort})
		}
	}
	return out
}

// named describes a query for a failure.
func named(q scim.Query) string {
	text := "all"
	if q.Filter != nil {
		text = q.Filter.String()
	}
	if q.Sort != nil {
		text += " by " + q.Sort.String()
	}
	return text
}

// pages: pages by index put together are the whole, in its order.
func (s *storeTest) pages() {
	all := s.fill()
	for _, q := range s.queries() {
		q.Start, q.Count = 1, 100
		whole, err := s.List(s.ctx, &q)
		s.ok(err, named(q))
		ids := idsOf(whole)
		s.same(whole.Total, len(ids), "the total is what the query selects: "+named(q))
		if sorted := slices.Sorted(slices.Values(ids)); q.Filter == nil && !slices.Equal(sorted, all) {
			s.Errorf("%s: %v, want %v", named(q), sorted, all)
		}
		for _, size := range []int{1, 3, 7} {
			var paged []string
			q.Count = size
			for q.Start = 1; q.Start <= whole.Total; q.Start += size {
				page, err := s.List(s.ctx, &q)
				s.ok(err, named(q))
				s.same(page.Total, whole.Total, "each page knows the total")
				paged = append(paged, idsOf(page)...)
			}
			s.same(paged, ids, fmt.Sprintf("pages of %d put together: %s", size, named(q)))
		}
		for _, tt := range []struct {
			start, count int
			reason       string
		}{{1, 0, "a count of 0 asks for the total only"}, {whole.Total + 1, 5, "behind the end is nothing"}, {1 << 30, 5, "far behind the end is nothing"}} {
			q.Start, q.Count = tt.start, tt.count
			page, err := s.List(s.ctx, &q)
			s.ok(err, tt.reason)
			s.same(fmt.Sprint(len(page.Items), page.Total), fmt.Sprint(0, whole.Total), tt.reason)
		}
	}
	page, err := s.List(s.ctx, &scim.Query{Type: scim.GroupType(), Start: 1, Count: 5})
	if err != nil || page.Total != 0 || len(page.Items) != 0 {
		s.Errorf("%+v, %v: a type without resources is an empty page", page, err)
	}
}

// walk reads all pages by cursor and calls between after each but the last.
func (s *storeTest) walk(q scim.Query, between func(page int)) (items []scim.Item) {
	s.Helper()
	q.Cursor, q.After = true, ""
	for n := range 1000 {
		page, err := s.List(s.ctx, &q)
		s.ok(err, "a page by cursor: "+named(q))
		if len(page.Items) > q.Count {
			s.Fatalf("%d items on a page of %d: %s", len(page.Items), q.Count, named(q))
		}
		items = append(items, page.Items...)
		if page.Next == "" {
			return items
		}
		q.After = page.Next
		between(n)
	}
	s.Fatalf("the pages do not end: %s", named(q))
	return nil
}

// cursors: pages by cursor are the whole in its order, and while others write,
// what stays unchanged is on exactly one of them.
func (s *storeTest) cursors() {
	s.fill()
	for _, q := range s.queries() {
		q.Start, q.Count = 1, 100
		whole, err := s.List(s.ctx, &q)
		s.ok(err, named(q))
		for _, size := range []int{1, 3, len(whole.Items), 100} {
			q.Count = size
			got := idsOf(&scim.Page{Items: s.walk(q, func(int) {})})
			s.same(got, idsOf(whole), fmt.Sprintf("pages of %d by cursor put together: %s", size, named(q)))
		}
	}
	for i, q := range s.queries() {
		q.Count = 4
		changed := s.disturbed(q, fmt.Sprint("x", i, "-"))
		seen := map[string]int{}
		for _, item := range s.walk(q, changed.between) {
			seen[item.Resource.ID()]++
		}
		for _, id := range changed.before {
			if n := seen[id]; !changed.ids[id] && n != 1 {
				s.Errorf("%s was on %d pages while others were written: %s", id, n, named(q))
			}
		}
	}
}

// disturbance writes between two pages.
type disturbance struct {
	before  []string        // what the query selects at first
	ids     map[string]bool // what was changed since
	between func(page int)
}

// disturbed deletes, changes and makes users, before and behind the place where
// the reader is.
func (s *storeTest) disturbed(q scim.Query, prefix string) *disturbance {
	s.Helper()
	q.Start, q.Cursor = 1, false
	q.Count = 1000
	page, err := s.List(s.ctx, &q)
	s.ok(err, named(q))
	d := &disturbance{before: idsOf(page), ids: map[string]bool{}}
	d.between = func(n int) {
		if n > 5 || len(d.before) < 10 {
			return
		}
		first, last := d.before[n%len(d.before)], d.before[len(d.before)-1-n%len(d.before)]
		for i, id := range []string{first, last} {
			if d.ids[id] {
				continue
			}
			d.ids[id] = true
			if i == n%2 {
				s.ok(s.Delete(s.ctx, userRef(id), nil), "a user can be deleted between two pages")
			} else {
				s.ok(s.set(id, nil, "userName", prefix+"moved"+id+"1", "title", string(rune('a'+n))), "a user can be changed between two pages")
			}
		}
		for _, name := range []string{"a", "z"} {
			s.user(fmt.Sprint(prefix, "new", n, name), fmt.Sprint(name, prefix, n, "1"))
		}
	}
	return d
}

// wrongCursors: a cursor belongs to the query that it was made for.
func (s *storeTest) wrongCursors() {
	s.fill()
	queries := s.queries()
	q := queries[0]
	q.Cursor, q.Count = true, 3
	page, err := s.List(s.ctx, &q)
	s.ok(err, "a page by cursor")
	if page.Next == "" {
		s.Fatal("the first page of many has no next one")
	}
	for _, after := range []string{"x", page.Next + "x", strings.Repeat("A", 5000), "\x00", "AAAA", "e30"} {
		q.After = after
		_, err := s.List(s.ctx, &q)
		s.is(err, scim.ErrInvalidCursor, fmt.Sprintf("%.20q is no cursor", after))
	}
	ordered := queries[2]
	ordered.Cursor, ordered.Count, ordered.After = true, 3, page.Next
	_, err = s.List(s.ctx, &ordered)
	s.is(err, scim.ErrInvalidCursor, "the cursor is one of another order")
	ordered.After = ""
	page, err = s.List(s.ctx, &ordered)
	s.ok(err, "a page by cursor")
	_, err = s.List(s.ctx, &scim.Query{Type: scim.GroupType(), Cursor: true, Count: 3, After: page.Next})
	s.is(err, scim.ErrInvalidCursor, "the cursor is one of another type")
}

// orders: the order is that of Sort.Compare, and equal resources keep a place.
func (s *storeTest) orders() {
	texts := []string{"b", "A", "a", "\u00c4", "a\u0308", "z", "\u672c", "\U0001F600", "\uffee", "", "B ", "%", "_", strings.Repeat("x", 600) + "b", strings.Repeat("x", 600) + "a"}
	for i, text := range texts {
		r := storable(s, scim.UserType(), fmt.Sprint(i), "userName", fmt.Sprintf("%s%d", text, i), "externalId", text)
		values := map[string]scim.Value{"displayName": scim.String(text), "title": scim.String(text)}
		if i%3 > 0 {
			values["active"] = scim.Bool(i%2 == 0)
			values[`emails[type eq "work"].value`] = scim.String(text + "@example.com")
			values[`phoneNumbers[type eq "work"].value`] = scim.String(fmt.Sprint(i % 5))
		}
		for path, v := range values {
			s.ok(r.Set(path, v), path)
		}
		s.ok(s.Create(s.ctx, r, nil), "a new user is kept")
	}
	for _, by := range []string{"userName", "displayName", "title", "externalId", "active", "emails", "emails.value", "phoneNumbers.value", "meta.lastModified", "meta.created", "id", "name.familyName"} {
		for _, descending := range []bool{false, true} {
			sort, err := scim.UserType().ParseSort(by, descending)
			s.ok(err, "the attribute has an order: "+by)
			page, err := s.List(s.ctx, &scim.Query{Type: scim.UserType(), Sort: sort, Start: 1, Count: 100})
			s.ok(err, "ordered by "+sort.String())
			s.same(len(page.Items), len(texts), "an order leaves nobody out: "+sort.String())
			for i := 1; i < len(page.Items); i++ {
				x, y := page.Items[i-1].Resource, page.Items[i].Resource
				if sort.Compare(sort.Key(x), sort.Key(y)) > 0 {
					s.Errorf("%s comes before %s by %s: the order is that of Sort.Compare", x.ID(), y.ID(), sort)
				}
			}
		}
	}
}

// items: a page carries links and owners if it is asked to, of each item its
// own.
func (s *storeTest) items() {
	s.user("u", "u")
	s.user("v", "v")
	s.user("w", "w")
	s.group("g", "G", link("u", "v")...)
	s.group("h", "H", link("u", "g")...)
	s.group("i", "I")
	show := func(q scim.Query) string {
		q.Start, q.Count = 1, 10
		page, err := s.List(s.ctx, &q)
		s.ok(err, "a list is no error")
		var out []string
		for _, item := range page.Items {
			links, owners := slices.Sorted(strings.FieldsSeq(valuesOf(item.Links))), slices.Sorted(strings.FieldsSeq(valuesOf(item.Owners)))
			out = append(out, fmt.Sprint(item.Resource.ID(), links, owners))
			for _, o := range item.Owners {
				if o.Type != "Group" || o.Display != strings.ToUpper(o.Value) {
					s.Errorf("owner %v: it has the id, the type and the name of the group", o)
				}
			}
		}
		slices.Sort(out)
		return strings.Join(out, " ")
	}
	s.same(show(scim.Query{Type: scim.UserType(), Owners: true}), "u[] [g h] v[] [g] w[] []", "users with their groups")
	s.same(show(scim.Query{Type: scim.GroupType(), Links: true}), "g[u v] [] h[g u] [] i[] []", "groups with their members")
	s.same(show(scim.Query{Type: scim.GroupType(), Links: true, Owners: true}), "g[u v] [h] h[g u] [] i[] []", "both")
	s.same(show(scim.Query{Type: scim.GroupType()}), "g[] [] h[] [] i[] []", "what was not asked for costs nothing")
	filter := s.filter(scim.UserType(), `groups.value eq "g"`)
	s.same(show(scim.Query{Type: scim.UserType(), Owners: true, Filter: filter}), "u[] [g h] v[] [g]", "all groups of a user, not only the one in the filter")
}
