package scim

import (
	"iter"
	"slices"
)

// memTable holds the resources of one type in one scope.
type memTable struct {
	typ   *ResourceType
	rows  map[string]*memRow
	order []memSlot // in the order they were made
	first map[indexKey]*memRow
	more  map[indexKey][]*memRow // other rows of a key that several have
}

// memSlot is the place of a row in the order. It keeps its number when the
// row is removed, so that a page can begin there.
type memSlot struct {
	seq uint64
	row *memRow // nil where one was removed
}

func (sc *memScope) table(t *ResourceType) *memTable {
	table := sc.tables[t.name]
	if table == nil {
		table = &memTable{typ: t, rows: map[string]*memRow{}, first: map[indexKey]*memRow{}, more: map[indexKey][]*memRow{}}
		sc.tables[t.name] = table
	}
	return table
}

func equalityOf(a *Attribute, text string) Equality {
	if !a.CaseExact {
		text = Canonical(text)
	}
	return Equality{a.path, text}
}

// checkUnique refuses keys of unique attributes that another row has.
func (t *memTable) checkUnique(keys []indexKey, self *memRow) error {
	for _, key := range keys {
		if key.at >= len(t.typ.unique) {
			continue
		}
		if have := t.first[key]; have != nil && have != self {
			return &Error{Kind: KindUniqueness, Path: t.typ.unique[key.at].text, Detail: "the value is in use by another " + t.typ.name}
		}
	}
	return nil
}

func (t *memTable) insert(row *memRow) {
	row.at = len(t.order)
	t.order = append(t.order, memSlot{row.seq, row})
	t.rows[row.id] = row
	t.index(row)
}

func (t *memTable) index(row *memRow) {
	for _, key := range row.keys {
		switch have := t.first[key]; {
		case have == nil:
			t.first[key] = row
		case have != row && !slices.Contains(t.more[key], row):
			t.more[key] = append(t.more[key], row)
		}
	}
}

func (t *memTable) unindex(row *memRow) {
	for _, key := range row.keys {
		more := t.more[key]
		switch {
		case t.first[key] != row:
			more = slices.DeleteFunc(slices.Clone(more), func(o *memRow) bool { return o == row })
		case len(more) == 0:
			delete(t.first, key)
		default:
			t.first[key], more = more[0], slices.Clone(more[1:])
		}
		if len(more) == 0 {
			delete(t.more, key)
		} else {
			t.more[key] = more
		}
	}
}

// found returns the rows of a key.
func (t *memTable) found(key indexKey) []*memRow {
	row := t.first[key]
	if row == nil {
		return nil
	}
	return append([]*memRow{row}, t.more[key]...)
}

func (t *memTable) remove(row *memRow) {
	t.unindex(row)
	delete(t.rows, row.id)
	t.order[row.at].row = nil
	if len(t.order) > 2*len(t.rows)+16 {
		t.order = slices.DeleteFunc(t.order, func(slot memSlot) bool { return slot.row == nil })
		for i, slot := range t.order {
			slot.row.at = i
		}
	}
}

// candidates yields the rows that a filter can select: those found by an
// equality that it demands, or all.
func (t *memTable) candidates(sc *memScope, f *Filter) iter.Seq[*memRow] {
	found, narrowed := []*memRow(nil), false
	if f != nil {
		found, narrowed = t.narrow(sc, f)
	}
	if !narrowed {
		return t.behind(sc, nil, 0)
	}
	return func(yield func(*memRow) bool) {
		for _, row := range found {
			if row.typ.name == t.typ.name && !yield(row) {
				return
			}
		}
	}
}

func (t *memTable) narrow(sc *memScope, f *Filter) ([]*memRow, bool) {
	for _, key := range f.Equalities() {
		if t.typ.links != nil && key.Path == t.typ.links.names["value"].path {
			return sc.owners[key.Key], true
		}
		if key.Path == "id" {
			if row := t.rows[key.Key]; row != nil {
				return []*memRow{row}, true
			}
			return nil, true
		}
		for at, p := range t.typ.indexed {
			if p.attr.path == key.Path {
				return t.found(indexKey{at, key.Key}), true
			}
		}
	}
	return nil, false
}
