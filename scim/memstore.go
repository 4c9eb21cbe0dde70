package scim

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"sync"
)

// MemoryStore is a [Store] in memory: for tests, fakes and services whose
// directory may be gone after a restart. It holds the whole contract. A read
// or write by id, and a search for a unique value, an externalId, a
// displayName or an e-mail address, cost the same in a store of any size;
// other filters look at every resource of the scope. So does a page of a
// sorted list, while one that is asked for by position without an order costs
// the same wherever it is. The last 8,192 changes can be read, see
// [MemoryStore.Changes].
//
// Its zero value is an empty store, safe for concurrent use.
type MemoryStore struct {
	mu      sync.RWMutex
	scopes  map[Scope]*memScope
	made    uint64 // how many resources there ever were
	changes changeLog
}

// NewMemoryStore returns an empty store.
func NewMemoryStore() *MemoryStore { return &MemoryStore{} }

type memScope struct {
	tables    map[string]*memTable // by resource type
	owners    map[string][]*memRow // by the id that is referred to
	forgotten uint64               // number of the last change that is no longer kept
}

// memRow is one resource. Its encoded form is replaced, never changed, so
// that it can be handed out without a copy.
type memRow struct {
	id      string
	typ     *ResourceType
	stored  string
	touched string // the next stored, while a deletion is under way
	display string
	keys    []indexKey // where the row is in the indexes
	links   linkSet
	seq     uint64 // grows with the rows of a store
	at      int    // position in memTable.order
}

// scope returns the scope of a call, or nil if it has no resources yet.
func (s *MemoryStore) scope(ctx context.Context) *memScope { return s.scopes[ScopeFrom(ctx)] }

func (s *MemoryStore) find(ctx context.Context, ref Ref) (*memScope, *memTable, *memRow, error) {
	if sc := s.scope(ctx); sc != nil {
		if t := sc.tables[ref.Type.name]; t != nil {
			if row := t.rows[ref.ID]; row != nil {
				return sc, t, row, nil
			}
		}
	}
	return nil, nil, nil, &Error{Kind: KindNotFound, Detail: "there is no such " + ref.Type.name}
}

// View implements [Store].
func (s *MemoryStore) View(ctx context.Context, ref Ref, fn func(*Entry) error) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	sc, _, row, err := s.find(ctx, ref)
	if err != nil {
		return err
	}
	return fn(&row.entry(sc).Entry)
}

// entry returns a row as the functions of callers see it.
func (row *memRow) entry(sc *memScope) *memEntry {
	e := &memEntry{r: Resource{typ: row.typ, stored: row.stored}, links: memLinks{scope: sc, row: row}}
	e.Resource, e.Links = &e.r, &e.links
	return e
}

// memEntry is an entry with what it points to.
type memEntry struct {
	Entry
	r     Resource
	links memLinks
	keys  [8]indexKey
}

// Create implements [Store].
func (s *MemoryStore) Create(ctx context.Context, r *Resource, links iter.Seq[Link]) error {
	row := &memRow{id: strings.Clone(r.ID()), typ: r.typ}
	if row.id == "" {
		return &Error{Kind: KindInternal, Detail: "the resource has no id"}
	}
	if err := row.encode(r); err != nil {
		return err
	}
	if links != nil {
		for l := range links {
			row.links.put(l.clone())
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	sc := s.scopeForWrite(ctx)
	t := sc.table(r.typ)
	if t.rows[row.id] != nil {
		return &Error{Kind: KindUniqueness, Path: "id", Detail: "the value is in use by another resource"}
	}
	if err := t.checkUnique(row.keys, nil); err != nil {
		return err
	}
	s.made++
	row.seq = s.made
	t.insert(row)
	for l := range row.links.all("") {
		sc.own(l.Value, row)
	}
	s.changes.add(memChange{scope: sc, typ: row.typ, after: row.stored, links: row.links.len() > 0})
	return nil
}

func (s *MemoryStore) scopeForWrite(ctx context.Context) *memScope {
	key := ScopeFrom(ctx)
	if s.scopes == nil {
		s.scopes = map[Scope]*memScope{}
	}
	sc := s.scopes[key]
	if sc == nil {
		sc = &memScope{tables: map[string]*memTable{}, owners: map[string][]*memRow{}}
		s.scopes[key] = sc
	}
	return sc
}

// encode takes over a resource: its stored form and what it is found by.
func (row *memRow) encode(r *Resource) error {
	stored, err := r.encoded()
	if err != nil {
		return err
	}
	// Texts of a resource are parts of the JSON they came in, and would keep
	// all of it.
	row.stored, row.display = stored, r.displayName()
	if row.display != "" {
		row.display = strings.Clone(row.display)
	}
	row.setKeys(r.indexKeys(make([]indexKey, 0, 8)))
	return nil
}

// setKeys keeps copies of keys, which lie in one text.
func (row *memRow) setKeys(keys []indexKey) {
	var b strings.Builder
	size := 0
	for _, key := range keys {
		size += len(key.text)
	}
	b.Grow(size)
	for _, key := range keys {
		b.WriteString(key.text)
	}
	text := b.String()
	row.keys = make([]indexKey, len(keys))
	for i, key := range keys {
		row.keys[i] = indexKey{key.at, text[:len(key.text)]}
		text = text[len(key.text):]
	}
}

// Update implements [Store].
func (s *MemoryStore) Update(ctx context.Context, ref Ref, fn func(*Entry) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	sc, t, row, err := s.find(ctx, ref)
	if err != nil {
		return err
	}
	e := row.entry(sc)
	if err := fn(&e.Entry); err != nil {
		if errors.Is(err, ErrUnchanged) {
			return nil
		}
		return err
	}
	stored, err := e.Resource.encoded()
	if err != nil {
		return err
	}
	keys := e.Resource.indexKeys(e.keys[:0])
	if !slices.Equal(keys, row.keys) {
		if err := t.checkUnique(keys, row); err != nil {
			return err
		}
		t.unindex(row)
		row.setKeys(keys)
		t.index(row)
	}
	if display := e.Resource.displayName(); display != row.display {
		row.display = strings.Clone(display)
	}
	s.changes.add(memChange{scope: sc, typ: row.typ, before: row.stored, after: stored, links: e.links.changed()})
	row.stored = stored
	e.links.commit()
	return nil
}

// Delete implements [Store].
func (s *MemoryStore) Delete(ctx context.Context, ref Ref, fn func(*Entry) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	sc, t, row, err := s.find(ctx, ref)
	if err != nil {
		return err
	}
	if fn != nil {
		if err := fn(&row.entry(sc).Entry); err != nil {
			return err
		}
	}
	for l := range row.links.all("") {
		sc.disown(l.Value, row)
	}
	owners := sc.owners[row.id]
	for _, owner := range owners {
		if err := owner.touch(); err != nil {
			return err
		}
	}
	for _, owner := range owners {
		s.changes.add(memChange{scope: sc, typ: owner.typ, before: owner.stored, after: owner.touched, links: true})
		owner.stored, owner.touched = owner.touched, ""
		owner.links.remove(row.id)
	}
	delete(sc.owners, row.id)
	t.remove(row)
	s.changes.add(memChange{scope: sc, typ: row.typ, before: row.stored})
	return nil
}

// touch prepares a new version of a resource that loses a link.
func (row *memRow) touch() error {
	r := storedResource(row.typ, row.stored)
	r.Touch()
	touched, err := r.encoded()
	row.touched = touched
	return err
}

// List implements [Store].
func (s *MemoryStore) List(ctx context.Context, q *Query) (*Page, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	sc := s.scope(ctx)
	if q.Cursor && q.Count > 0 {
		return sc.listAfter(ctx, q)
	}
	page := &Page{}
	if sc == nil || sc.tables[q.Type.name] == nil {
		return page, nil
	}
	table := sc.tables[q.Type.name]
	var rows []*memRow
	var err error
	if q.Filter == nil && q.Sort == nil {
		page.Total, rows = len(table.rows), table.page(q.Start, q.Count)
		err = ctx.Err()
	} else {
		page.Total, rows, err = table.selected(ctx, sc, q)
	}
	if err != nil {
		return nil, err
	}
	page.Items = sc.items(rows, q)
	return page, nil
}

// items returns rows as a page has them.
func (sc *memScope) items(rows []*memRow, q *Query) []Item {
	items, resources := make([]Item, len(rows)), make([]Resource, len(rows))
	for i, row := range rows {
		resources[i] = Resource{typ: row.typ, stored: row.stored}
		items[i].Resource = &resources[i]
		if q.Links {
			items[i].Links = row.links.list()
		}
		if q.Owners {
			items[i].Owners = sc.ownersOf(row.id)
		}
	}
	return items
}

// page returns the rows from the 1-based index start on.
func (t *memTable) page(start, count int) []*memRow {
	start = max(start, 1)
	count = max(0, min(count, len(t.rows)-start+1))
	rows := make([]*memRow, 0, count)
	skip := start - 1
	order := t.order
	if len(order) == len(t.rows) { // no gaps
		order, skip = order[min(skip, len(order)):], 0
	}
	for _, slot := range order {
		switch {
		case len(rows) == count:
			return rows
		case slot.row == nil:
		case skip > 0:
			skip--
		default:
			rows = append(rows, slot.row)
		}
	}
	return rows
}

// selected returns the rows that a query's filter selects, one page of them
// in the query's order, and how many there are.
func (t *memTable) selected(ctx context.Context, sc *memScope, q *Query) (total int, rows []*memRow, err error) {
	var match *storedMatcher
	if q.Filter != nil {
		match = newStoredMatcher(q.Filter)
	}
	var keys []SortKey
	reader := &memReader{scope: sc}
	looked := 0
	for row := range t.candidates(sc, q.Filter) {
		if looked++; looked%64 == 1 {
			if err := ctx.Err(); err != nil {
				return 0, nil, err
			}
		}
		reader.row = row
		if match != nil && !match.match(row.stored, reader) {
			continue
		}
		total++
		switch {
		case q.Sort != nil:
			rows, keys = append(rows, row), append(keys, q.Sort.Key(storedResource(row.typ, row.stored)))
		case total >= q.Start && len(rows) < q.Count:
			rows = append(rows, row)
		}
	}
	if q.Sort != nil {
		rows = cut(sortRows(q.Sort, rows, keys), q.Start, q.Count)
	}
	return total, rows, nil
}

// sortRows returns the rows in an order; those that are equal keep theirs.
func sortRows(s *Sort, rows []*memRow, keys []SortKey) []*memRow {
	order := make([]int, len(rows))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return s.Compare(keys[i], keys[j]) })
	out := make([]*memRow, len(rows))
	for to, from := range order {
		out[to] = rows[from]
	}
	return out
}

// cut returns one page of rows.
func cut(rows []*memRow, start, count int) []*memRow {
	rows = rows[min(max(start, 1)-1, len(rows)):]
	return rows[:min(count, len(rows))]
}

// memReader answers filters on links and owners.
type memReader struct {
	scope *memScope
	row   *memRow
}

func (m memReader) HasLink(value string) bool {
	if value == "" {
		return m.row.links.len() > 0
	}
	_, ok := m.row.links.get(value)
	return ok
}

func (m memReader) HasOwner(value string) bool {
	owners := m.scope.owners[m.row.id]
	return slices.ContainsFunc(owners, func(o *memRow) bool { return value == "" || o.id == value })
}

func (sc *memScope) own(value string, row *memRow) {
	if !slices.Contains(sc.owners[value], row) {
		sc.owners[value] = append(sc.owners[value], row)
	}
}

func (sc *memScope) disown(value string, row *memRow) {
	left := slices.DeleteFunc(sc.owners[value], func(o *memRow) bool { return o == row })
	if len(left) == 0 {
		delete(sc.owners, value)
		return
	}
	sc.owners[value] = left
}

func (sc *memScope) ownersOf(id string) []Link {
	var out []Link
	for _, row := range sc.owners[id] {
		out = append(out, Link{Value: row.id, Type: row.typ.name, Display: row.display})
	}
	return out
}
