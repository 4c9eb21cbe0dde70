package sqlstore

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"slices"

	"github.com/zohoscim/zohoscim/scim"
)

// pageRow is one resource of a page.
type pageRow struct {
	seq  int64
	id   []byte
	body []byte
	key  sql.Null[[]byte] // of the order, if it has one
	time sql.NullInt64
	scim.Item
}

// pageResult is what was read.
type pageResult struct {
	rows  []*pageRow
	links []linkRow
	total int // -1 if it was not counted
	cut   bool
}

// run reads the page, in a transaction or with nil by itself.
func (p *pageQuery) run(ctx context.Context, s *Store, tx *sql.Tx) (*pageResult, error) {
	out := &pageResult{total: -1}
	var err error
	if few, ok := p.few(); ok && tx == nil && !p.query.Links && !p.query.Owners && !p.cut {
		if err := out.brief(ctx, s, nil, few); err != nil {
			return nil, storeError(err)
		}
		if len(out.rows) < p.limit { // that is all of them
			out.assemble(p)
			return out, nil
		}
		out.rows = nil
	}
	switch {
	case s.dialect == PostgreSQL:
		err = out.read(ctx, s, tx, p.statement())
	case tx == nil:
		err = s.snapshot(ctx, func(tx *sql.Tx) error { return p.runLite(ctx, s, tx, out) })
	default:
		err = p.runLite(ctx, s, tx, out)
	}
	if err != nil {
		return nil, storeError(err)
	}
	out.assemble(p)
	return out, nil
}

// resources reads the page's resources alone, in SQLite. It sorts by opening
// a table for it: where few are expected they are read as they come.
func (r *pageResult) resources(ctx context.Context, s *Store, tx *sql.Tx, p *pageQuery) error {
	if few, ok := p.few(); ok {
		if err := r.brief(ctx, s, tx, few); err != nil || len(r.rows) < p.limit {
			return err
		}
		r.rows = nil
	}
	if p.brief() {
		return r.brief(ctx, s, tx, p.inOrder())
	}
	return r.read(ctx, s, tx, p.inOrder())
}

// brief runs a statement that reads only what resources are.
func (r *pageResult) brief(ctx context.Context, s *Store, tx *sql.Tx, statement cond) error {
	rows, err := s.built(ctx, tx, statement.text, statement.args)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		row := &pageRow{}
		if err := rows.Scan(&row.seq, &row.id, &row.body); err != nil {
			return fromDriver(err)
		}
		r.rows = append(r.rows, row)
	}
	return fromDriver(rows.Err())
}

// read runs a statement and takes over the parts that it returns.
func (r *pageResult) read(ctx context.Context, s *Store, tx *sql.Tx, statement cond) error {
	rows, err := s.built(ctx, tx, statement.text, statement.args)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var part int
		var l linkRow
		var key sql.Null[[]byte] // SQLite's driver gives an empty key as nil bytes
		var n sql.NullInt64
		if err := rows.Scan(&part, &l.seq, &l.a, &key, &l.c, &n); err != nil {
			return fromDriver(err)
		}
		switch part {
		case partResource:
			r.rows = append(r.rows, &pageRow{seq: l.seq, id: l.c, body: l.a, key: key, time: n})
		case partTotal:
			r.total = int(n.Int64)
		case partCut:
			r.cut = n.Int64 > 0
		default:
			l.b, l.owner, l.by = key.V, part == partOwner, n.Int64
			r.links = append(r.links, l)
		}
	}
	return fromDriver(rows.Err())
}

// assemble puts everything in its order and place.
func (r *pageResult) assemble(p *pageQuery) {
	slices.SortStableFunc(r.rows, p.order.compare)
	slices.SortFunc(r.links, linkRow.compare)
	for _, row := range r.rows {
		row.Resource = scim.StoredResource(p.typ, row.body)
	}
	if len(r.links) == 0 {
		return
	}
	found := make(map[int64]*pageRow, len(r.rows))
	for _, row := range r.rows {
		found[row.seq] = row
	}
	for _, l := range r.links {
		if l.seq == 0 {
			l.seq = r.rows[0].seq
		}
		l.addTo(found[l.seq])
	}
}

// compare is the order of the page, which the database need not keep where it
// joins the parts.
func (o order) compare(a, b *pageRow) int {
	none := func(r *pageRow) int {
		if o.column != "" && !r.key.Valid && !r.time.Valid {
			return 1
		}
		return 0
	}
	c := cmp.Or(none(a)-none(b), bytes.Compare(a.key.V, b.key.V), cmp.Compare(a.time.Int64, b.time.Int64))
	if o.descending {
		c = -c
	}
	return cmp.Or(c, cmp.Compare(a.seq, b.seq))
}

// linkRow is one link or owner of a resource.
type linkRow struct {
	seq     int64 // of the resource
	by      int64 // seq of the owner; 0 for links, which are in the order of their values
	owner   bool
	a, b, c []byte // value, display and type
}

func (l linkRow) compare(m linkRow) int {
	return cmp.Or(cmp.Compare(l.seq, m.seq), cmp.Compare(l.by, m.by), bytes.Compare(l.a, m.a))
}

func (l linkRow) addTo(row *pageRow) {
	link := scim.Link{Value: string(l.a), Type: string(l.c), Display: string(l.b)}
	if l.owner {
		row.Owners = append(row.Owners, link)
	} else {
		row.Links = append(row.Links, link)
	}
}
