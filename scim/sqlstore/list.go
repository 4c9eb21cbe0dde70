package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/zohoscim/zohoscim/scim"
)

// List implements [scim.Store]. What the columns tell is answered in SQL,
// however many resources there are: filters on id, userName,
// externalId, displayName, unique attributes, meta.created,
// meta.lastModified, the value and type of emails and phoneNumbers, links and
// owners, and orders by what has a column. A filter that asks for more is
// narrowed by what it says about these, and the resources that are left are
// read and matched one by one, up to [Options.MaxScan]: beyond it the error
// is [scim.ErrTooMany].
func (s *Store) List(ctx context.Context, q *scim.Query) (*scim.Page, error) {
	at, err := positionOf(q)
	if err != nil {
		return nil, err
	}
	t := &table{s.dialect, s.layout(q.Type), q.Type, scopeOf(ctx)}
	w := t.where(q.Filter)
	o, ordered := t.orderOf(q.Sort)
	l := &listing{store: s, table: t, query: q, where: w, at: at}
	if w.exactness != superset && ordered && at.form != positionSort {
		page, err := l.inSQL(ctx, o)
		if page != nil || err != nil {
			return page, err
		}
	}
	if q.Sort != nil && at.form != 0 && at.form != positionSort {
		// The database ordered the page before and cannot any more.
		return nil, scim.NewError(scim.KindExpiredCursor, "the order of the list has changed: begin anew", nil)
	}
	return l.scan(ctx)
}

// listing is one call of List.
type listing struct {
	store *Store
	*table
	query *scim.Query
	where *where
	at    *position
}

func (l *listing) page(o order, limit int) *pageQuery {
	return &pageQuery{table: l.table, query: l.query, order: o, limit: limit}
}

// byCursor reports whether a page by position is asked for.
func (l *listing) byCursor() bool { return l.query.Cursor && l.query.Count > 0 }

// skip is how many resources lie before the page.
func (l *listing) skip() int {
	if l.query.Cursor {
		return 0
	}
	return max(l.query.Start, 1) - 1
}

// inSQL answers from the columns. It returns no page if keys or times are cut
// in the table and the answer depends on it.
func (l *listing) inSQL(ctx context.Context, o order) (*scim.Page, error) {
	count := max(l.query.Count, 0)
	p := l.page(o, count)
	p.where = l.where
	p.cut = l.where.exactness == exactUncut || o.time
	if l.byCursor() {
		p.limit++ // to see whether there is a next page
		p.at = l.at
	} else {
		p.skip, p.count = l.skip(), true
	}
	got, err := p.run(ctx, l.store, nil)
	if err != nil || got.cut {
		return nil, err
	}
	page := &scim.Page{Total: got.total}
	if page.Total < 0 && !l.byCursor() {
		page.Total = l.skip() + len(got.rows)
	}
	if l.byCursor() {
		if len(got.rows) > count {
			got.rows = got.rows[:count]
			page.Next = o.behind(got.rows[count-1]).text(l.query)
		} else if l.query.After == "" {
			page.Total = len(got.rows)
		}
	}
	page.Items = items(got.rows)
	return page, nil
}

func items(rows []*pageRow) []scim.Item {
	var out []scim.Item
	for _, row := range rows {
		out = append(out, row.Item)
	}
	return out
}

// scan reads the resources that SQL cannot rule out and asks the filter
// about each.
func (l *listing) scan(ctx context.Context) (*scim.Page, error) {
	var page *scim.Page
	err := l.store.snapshot(ctx, func(tx *sql.Tx) error {
		found, err := l.candidates(ctx, tx)
		if err != nil {
			return err
		}
		page, err = l.choose(found)
		if err != nil || len(found.chosen) == 0 {
			return err
		}
		p := l.page(order{}, 0)
		p.these(found.chosen)
		got, err := p.run(ctx, l.store, tx)
		if err != nil {
			return err
		}
		rows := map[int64]*pageRow{}
		for _, row := range got.rows {
			rows[row.seq] = row
		}
		for _, seq := range found.chosen {
			page.Items = append(page.Items, rows[seq].Item)
		}
		return nil
	})
	return page, err
}

// match is a resource that the filter selects.
type match struct {
	seq int64
	key scim.SortKey
}

// matches are the resources that a scan has found.
type matches struct {
	all    []match
	more   bool    // the scan ended before the resources did
	chosen []int64 // those of the page, in order
}

// candidates finds what the filter selects, in the order of seq. A page by
// position in that order is all it looks for.
func (l *listing) candidates(ctx context.Context, tx *sql.Tx) (*matches, error) {
	inOrder, most := l.byCursor() && l.query.Sort == nil, l.store.opts.MaxScan
	statement := l.scanStatement(inOrder, most+1)
	rows, err := l.store.built(ctx, tx, statement.text, statement.args)
	if err != nil {
		return nil, storeError(err)
	}
	defer rows.Close()
	found, read := &matches{}, scannedRow{terms: l.where.links, has: make([]int64, len(l.where.links))}
	into := read.into()
	for n := 1; rows.Next() && !(inOrder && len(found.all) > l.query.Count); n++ {
		if n > most {
			found.more = true
			break
		}
		if err := errors.Join(ctx.Err(), rows.Scan(into...)); err != nil {
			return nil, storeError(err)
		}
		r := scim.StoredResource(l.typ, read.body)
		if l.query.Filter != nil && !l.query.Filter.Match(r, &read) {
			continue
		}
		m := match{seq: read.seq}
		if l.query.Sort != nil {
			m.key = l.query.Sort.Key(r)
		}
		found.all = append(found.all, m)
	}
	if err := rows.Err(); err != nil {
		return nil, storeError(err)
	}
	if found.more && !(inOrder && len(found.all) > 0) {
		return nil, scim.NewError(scim.KindTooMany, fmt.Sprintf("the query would have to read more than %d resources one by one: "+
			"let the filter also say what the userName, externalId, displayName, e-mail address or time of change is", most), nil)
	}
	return found, nil
}

// scanStatement reads the resources that SQL cannot rule out, and answers
// what the filter asks about the links and owners of each.
func (l *listing) scanStatement(inOrder bool, limit int) cond {
	c := cond{text: "SELECT r.seq, r.body"}
	for _, term := range l.where.links {
		c.text += ", CASE WHEN " + term.text + " THEN 1 ELSE 0 END"
		c.args = append(c.args, term.args...)
	}
	from := l.typed("r")
	if inOrder && l.at.form != 0 {
		from = all(from, cond{"r.seq > ?", []any{l.at.seq}})
	}
	from = all(from, l.where.cond)
	c.text += " FROM scim_resources r WHERE " + from.text + " ORDER BY r.seq LIMIT ?"
	c.args = append(append(c.args, from.args...), limit)
	return c
}

// scannedRow is one resource of a scan, and what the filter asks about its
// links and owners.
type scannedRow struct {
	seq   int64
	body  []byte
	terms []linkTerm
	has   []int64 // answers to the terms
}

func (s *scannedRow) into() []any {
	out := []any{&s.seq, &s.body}
	for i := range s.has {
		out = append(out, &s.has[i])
	}
	return out
}

// HasLink implements [scim.LinkReader].
func (s *scannedRow) HasLink(value string) bool { return s.answer(false, value) }

// HasOwner implements [scim.LinkReader].
func (s *scannedRow) HasOwner(value string) bool { return s.answer(true, value) }

func (s *scannedRow) answer(owners bool, value string) bool {
	i := slices.IndexFunc(s.terms, func(t linkTerm) bool { return t.owners == owners && t.value == value })
	return i >= 0 && s.has[i] != 0
}

// choose cuts the page out of what was found.
func (l *listing) choose(found *matches) (*scim.Page, error) {
	page := &scim.Page{Total: len(found.all)}
	if l.query.Sort != nil {
		slices.SortStableFunc(found.all, func(a, b match) int { return l.query.Sort.Compare(a.key, b.key) })
	}
	start := min(l.skip(), len(found.all))
	if l.byCursor() {
		var err error
		if start, err = l.start(found); err != nil {
			return nil, err
		}
		if l.query.Sort == nil && (l.query.After != "" || found.more || len(found.all) > l.query.Count) {
			page.Total = -1
		}
	}
	rest := found.all[start:]
	kept := rest[:min(max(l.query.Count, 0), len(rest))]
	for _, m := range kept {
		found.chosen = append(found.chosen, m.seq)
	}
	if l.byCursor() && len(kept) > 0 && (len(kept) < len(rest) || found.more) {
		next, err := l.behind(kept[len(kept)-1])
		if err != nil {
			return nil, err
		}
		page.Next = next.text(l.query)
	}
	return page, nil
}

func (l *listing) behind(m match) (*position, error) {
	if l.query.Sort == nil {
		return &position{form: positionSeq, seq: m.seq}, nil
	}
	b, err := m.key.MarshalBinary()
	if err != nil {
		return nil, err
	}
	return &position{form: positionSort, seq: m.seq, key: b}, nil
}

// start returns where in the ordered matches the page begins.
func (l *listing) start(found *matches) (int, error) {
	if l.query.Sort == nil || l.at.form == 0 {
		return 0, nil
	}
	key, err := l.at.sortKey()
	if err != nil {
		return 0, err
	}
	i, _ := slices.BinarySearchFunc(found.all, match{l.at.seq, key}, func(m, at match) int {
		if c := l.query.Sort.Compare(m.key, at.key); c != 0 {
			return c
		}
		if m.seq <= at.seq {
			return -1
		}
		return 1
	})
	return i, nil
}

// Statements of queries are kept prepared up to a number and a length, so
// that no sender fills the memory with filters of ever new shapes.
const (
	maxShapes     = 256
	maxShapeBytes = 8192
)

// built runs a statement whose text was built for a query, in a transaction
// or with nil by itself.
func (s *Store) built(ctx context.Context, tx *sql.Tx, text string, args []any) (*sql.Rows, error) {
	ctx, err := s.patient(ctx)
	if err != nil {
		return nil, err
	}
	if _, kept := s.texts.Load(text); !kept {
		if len(text) > maxShapeBytes || s.shapes.Add(1) > maxShapes {
			rows, err := s.runner(tx).QueryContext(ctx, s.dialect.rebind(text), args...)
			return rows, fromDriver(err)
		}
	}
	return s.query(ctx, tx, text, args...)
}
