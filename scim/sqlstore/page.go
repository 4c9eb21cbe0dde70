package sqlstore

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strconv"
	"strings"

	"github.com/zohoscim/zohoscim/scim"
)

// pageQuery is one statement for a page: its resources with their links and
// owners, how many the query selects, and whether keys of the table are cut.
// One statement sees one state of the database.
type pageQuery struct {
	*table
	query *scim.Query
	order order
	limit int // the most resources to read
	text  strings.Builder
	args  []any
}

// The parts of the statement's result, by its first column.
const (
	partResource = iota + 1
	partLink
	partOwner
	partTotal
	partCut
)

func (p *pageQuery) add(text string, args ...any) {
	p.text.WriteString(text)
	p.args = append(p.args, args...)
}

func (p *pageQuery) addCond(c cond) { p.add(c.text, c.args...) }

// none is no key or no time, of the type that the column has elsewhere.
func (p *pageQuery) none(typ string) string { return "CAST(NULL AS " + typ + ")" }

// binary is the database's word for bytes.
func (d Dialect) binary() string {
	if d == PostgreSQL {
		return "BYTEA"
	}
	return "BLOB"
}

// columns are what the statement reads of each resource.
func (p *pageQuery) columns() string {
	key, at := p.none(p.dialect.binary()), p.none("BIGINT")
	if p.order.column != "" && p.order.time {
		at = "r." + p.order.column
	} else if p.order.column != "" {
		key = "r." + p.order.column
	}
	return "SELECT r.seq AS seq, r.id AS id, r.body AS body, " + key + " AS k, " + at + " AS n FROM scim_resources r WHERE "
}

// arm is a part of the order that an index has in one piece.
type arm struct {
	cond
	order string
}

// arms cuts the resources behind a position into such parts, in their order:
// those equal to it, those beyond it, and those without a value.
func (p *pageQuery) arms(at *position) []arm {
	if p.order.column == "" {
		if at.form == 0 {
			return []arm{{condTrue, "r.seq"}}
		}
		return []arm{{cond{"r.seq > ?", []any{at.seq}}, "r.seq"}}
	}
	column := "r." + p.order.column
	none := arm{cond{text: column + " IS NULL"}, "r.seq"}
	rest := arm{cond{text: column + " IS NOT NULL"}, column + oneOf(p.order.descending, " DESC", "") + ", r.seq"}
	switch at.form {
	case 0:
	case positionNone:
		none.cond = cond{none.text + " AND r.seq > ?", []any{at.seq}}
		if !p.order.descending {
			return []arm{none}
		}
	default:
		var key any = at.key
		if p.order.time {
			key = at.time()
		}
		equal := arm{cond{column + " = ? AND r.seq > ?", []any{key, at.seq}}, "r.seq"}
		rest.cond = cond{column + oneOf(p.order.descending, " < ?", " > ?"), []any{key}}
		if p.order.descending {
			return []arm{equal, rest}
		}
		return []arm{equal, rest, none}
	}
	if p.order.descending {
		return []arm{none, rest}
	}
	return []arm{rest, none}
}

// behind writes the resources of a page that begins behind a position.
func (p *pageQuery) behind(w *where, at *position) {
	arms := p.arms(at)
	limit := " LIMIT " + strconv.Itoa(p.limit)
	p.add("WITH page AS MATERIALIZED (")
	for i, a := range arms {
		if len(arms) > 1 {
			p.add(oneOf(i > 0, " UNION ALL ", "") + "SELECT * FROM (")
		}
		p.add(p.columns())
		p.addCond(all(p.typed("r"), a.cond, w.cond))
		p.add(" ORDER BY " + a.order + limit)
		if len(arms) > 1 {
			p.add(") a" + strconv.Itoa(i))
		}
	}
	if len(arms) > 1 {
		p.add(" ORDER BY " + p.ordered(oneOf(p.order.time, "n", "k"), "seq") + limit)
	}
	p.add(")")
}

// ordered is the whole order, over the columns of these names.
func (p *pageQuery) ordered(column, seq string) string {
	if p.order.descending {
		return column + " DESC NULLS FIRST, " + seq
	}
	return column + " NULLS LAST, " + seq
}

// from writes the resources of a page that begins at an index.
func (p *pageQuery) from(w *where, skip int) {
	p.add("WITH page AS MATERIALIZED (" + p.columns())
	p.addCond(all(p.typed("r"), w.cond))
	by := "r.seq"
	if p.order.column != "" {
		by = p.ordered("r."+p.order.column, "r.seq")
	}
	p.add(" ORDER BY " + by + " LIMIT " + strconv.Itoa(p.limit))
	if skip > 0 {
		p.add(" OFFSET ?", skip)
	}
	p.add(")")
}

// these writes the resources of these numbers.
func (p *pageQuery) these(numbers []int64) {
	p.add("WITH page AS MATERIALIZED (" + p.columns())
	p.addCond(p.typed("r"))
	p.add(" AND r.seq IN (")
	for i, n := range numbers {
		p.add(oneOf(i > 0, ", ", "")+"?", n)
	}
	p.add("))")
}

// parts writes what is read of the page, and of the links as the query asks.
func (p *pageQuery) parts() {
	noTime := p.none("BIGINT")
	p.add(" SELECT " + strconv.Itoa(partResource) + ", p.seq, p.body, p.k, " + p.none(p.dialect.binary()) + ", p.n FROM page p")
	if p.query.Links {
		p.add(" UNION ALL SELECT " + strconv.Itoa(partLink) + ", l.owner, l.value, l.display, l.type, " + noTime +
			" FROM page p CROSS JOIN scim_links l WHERE ")
		p.addCond(all(p.scoped("l"), cond{text: "l.owner = p.seq"}))
	}
	if p.query.Owners {
		p.add(" UNION ALL SELECT " + strconv.Itoa(partOwner) + ", p.seq, o.id, o.display, CAST(o.type AS " + p.dialect.binary() + "), o.seq" +
			" FROM page p CROSS JOIN scim_links l CROSS JOIN scim_resources o WHERE ")
		p.addCond(all(p.scoped("l"), cond{text: "l.value = p.id"}, p.scoped("o"), cond{text: "o.seq = l.owner"}))
	}
}

// scalar writes a part that is one number.
func (p *pageQuery) scalar(part int, number cond) {
	none := p.none(p.dialect.binary())
	p.add(" UNION ALL SELECT "+strconv.Itoa(part)+", 0, "+none+", "+none+", "+none+", "+number.text, number.args...)
}

// total writes how many resources the query selects, if the page does not
// say it: it does if it has its end.
func (p *pageQuery) total(w *where, skip int) {
	count := all(p.typed("r"), w.cond)
	least := oneOf(skip > 0, "1", "0")
	p.scalar(partTotal, cond{"CASE WHEN (SELECT count(*) FROM page) >= " + least + " AND (SELECT count(*) FROM page) < " + strconv.Itoa(p.limit) +
		" THEN -1 ELSE (SELECT count(*) FROM scim_resources r WHERE " + count.text + ") END", count.args})
}

// cut writes whether a key of the type's resources is not the whole value.
func (p *pageQuery) cut() {
	some := p.typed("r")
	p.scalar(partCut, cond{"(SELECT count(*) FROM (SELECT 1 FROM scim_resources r WHERE " + some.text + " AND r.cut = 1 LIMIT 1) c)", some.args})
}

// pageRow is one resource of a page.
type pageRow struct {
	seq  int64
	body []byte
	key  sql.Null[[]byte] // of the order, if it has one
	time sql.NullInt64
	scim.Item
}

// pageResult is what the statement returned.
type pageResult struct {
	rows  []*pageRow
	total int // -1 if it was not counted
	cut   bool
}

// run runs the statement, in a transaction or with nil by itself.
func (p *pageQuery) run(ctx context.Context, s *Store, tx *sql.Tx) (*pageResult, error) {
	rows, err := s.built(ctx, tx, p.text.String(), p.args)
	if err != nil {
		return nil, storeError(err)
	}
	defer rows.Close()
	out := &pageResult{total: -1}
	found := map[int64]*pageRow{}
	var links []linkRow
	for rows.Next() {
		var part int
		var l linkRow
		var key sql.Null[[]byte] // SQLite's driver gives an empty key as nil bytes
		var n sql.NullInt64
		if err := rows.Scan(&part, &l.seq, &l.a, &key, &l.c, &n); err != nil {
			return nil, storeError(err)
		}
		l.b = key.V
		switch part {
		case partResource:
			row := &pageRow{seq: l.seq, body: l.a, key: key, time: n}
			out.rows = append(out.rows, row)
			found[row.seq] = row
		case partTotal:
			out.total = int(n.Int64)
		case partCut:
			out.cut = n.Int64 > 0
		default:
			l.owner, l.by = part == partOwner, n.Int64
			links = append(links, l)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, storeError(err)
	}
	slices.SortStableFunc(out.rows, p.order.compare)
	slices.SortFunc(links, linkRow.compare)
	for _, row := range out.rows {
		row.Resource = scim.StoredResource(p.typ, row.body)
	}
	for _, l := range links {
		l.addTo(found[l.seq])
	}
	return out, nil
}

// compare is the order of the statement: the database need not keep it where
// it joins the parts.
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
