package scim

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// memPosition is where a page begins: behind the resource that was made under
// this number and, in a sorted list, had this key. It stays a position when
// that resource changes or is gone.
type memPosition struct {
	seq uint64
	key SortKey
}

// after reads [Query.After].
func (q *Query) after() (at memPosition, err error) {
	if q.After == "" {
		return at, nil
	}
	number, key, sorted := strings.Cut(q.After, ":")
	at.seq, err = strconv.ParseUint(number, 10, 64)
	if err == nil && sorted {
		err = at.key.UnmarshalBinary([]byte(key))
	}
	if err != nil || sorted != (q.Sort != nil) {
		return at, ErrInvalidCursor
	}
	return at, nil
}

// text is what after reads.
func (p memPosition) text(s *Sort) string {
	number := strconv.FormatUint(p.seq, 10)
	if s == nil {
		return number
	}
	key, _ := p.key.MarshalBinary() // never fails
	return number + ":" + string(key)
}

func (p memPosition) compare(s *Sort, other memPosition) int {
	return cmp.Or(s.Compare(p.key, other.key), cmp.Compare(p.seq, other.seq))
}

// listAfter is List by position. A nil sc is a scope without resources.
func (sc *memScope) listAfter(ctx context.Context, q *Query) (*Page, error) {
	at, err := q.after()
	if err != nil || sc == nil || sc.tables[q.Type.name] == nil {
		return &Page{}, err
	}
	if q.Sort != nil {
		return sc.listSortedAfter(ctx, q, at)
	}
	table := sc.tables[q.Type.name]
	page := &Page{}
	// A page must not cost what is behind it: the first one counts what the
	// filter selects, and the others end when they are full.
	counts := q.Filter != nil && q.After == ""
	switch {
	case q.Filter == nil:
		page.Total = len(table.rows)
	case q.After != "":
		page.Total = -1
	}
	var match *storedMatcher
	if q.Filter != nil {
		match = newStoredMatcher(q.Filter)
	}
	var rows []*memRow
	for row := range table.behind(sc, q.Filter, at.seq) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if match != nil && !match.match(row.stored, &memReader{sc, row}) {
			continue
		}
		if counts {
			page.Total++
		}
		switch {
		case len(rows) < q.Count:
			rows = append(rows, row)
			continue
		case page.Next == "":
			page.Next = memPosition{seq: rows[len(rows)-1].seq}.text(nil)
		}
		if !counts {
			break
		}
	}
	page.Items = sc.items(rows, q)
	return page, nil
}

// behind yields the rows that a filter can select and that were made after
// the one of a number, in the order they were made.
func (t *memTable) behind(sc *memScope, f *Filter, seq uint64) iter.Seq[*memRow] {
	if f != nil {
		if found, ok := t.narrow(sc, f); ok {
			rows := slices.DeleteFunc(slices.Clone(found), func(row *memRow) bool { return row.seq <= seq || row.typ.name != t.typ.name })
			slices.SortFunc(rows, func(a, b *memRow) int { return cmp.Compare(a.seq, b.seq) })
			return slices.Values(rows)
		}
	}
	start := sort.Search(len(t.order), func(i int) bool { return t.order[i].seq > seq })
	return func(yield func(*memRow) bool) {
		for _, slot := range t.order[start:] {
			if slot.row != nil && !yield(slot.row) {
				return
			}
		}
	}
}

// listSortedAfter looks at every resource that the filter can select: the
// order is that of the present values.
func (sc *memScope) listSortedAfter(ctx context.Context, q *Query, at memPosition) (*Page, error) {
	type place struct {
		memPosition
		row *memRow
	}
	compare := func(a, b place) int { return a.compare(q.Sort, b.memPosition) }
	page, next := &Page{}, []place(nil)
	more := false
	for row := range sc.tables[q.Type.name].candidates(sc, q.Filter) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		r := storedResource(row.typ, row.stored)
		if q.Filter != nil && !q.Filter.Match(r, memReader{sc, row}) {
			continue
		}
		page.Total++
		p := place{memPosition{row.seq, q.Sort.Key(r)}, row}
		if q.After != "" && p.compare(q.Sort, at) <= 0 {
			continue
		}
		if next = append(next, p); len(next) > 2*q.Count+64 {
			slices.SortFunc(next, compare) // keeps the work and the memory those of a page
			next, more = next[:q.Count], true
		}
	}
	slices.SortFunc(next, compare)
	if len(next) > q.Count {
		next, more = next[:q.Count], true
	}
	rows := make([]*memRow, len(next))
	for i, p := range next {
		rows[i] = p.row
	}
	page.Items = sc.items(rows, q)
	if more {
		page.Next = next[len(next)-1].text(q.Sort)
	}
	return page, nil
}
