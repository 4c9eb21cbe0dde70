package sqlstore

import (
	"context"
	"database/sql"
	"slices"
	"strconv"
	"strings"

	"github.com/zohoscim/zohoscim/scim"
)

// pageQuery reads a page: its resources with their links and owners, how many
// the query selects, and whether keys of the table are cut. In PostgreSQL,
// where a statement is a journey, it is one statement, and sees one state of
// the database without a transaction; see runLite for SQLite.
type pageQuery struct {
	*table
	query *scim.Query
	order order
	limit int // the most resources to read
	where *where
	at    *position       // behind which the page begins; nil: it begins at an index
	skip  int             // resources before the page then
	count bool            // say how many the query selects
	cut   bool            // say whether keys are cut
	text  strings.Builder // of the page's resources
	args  []any
}

// The parts of the result, by their first column.
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

// brief are the columns of a statement that reads only what the resources are.
const brief = "SELECT r.seq, r.id, r.body FROM scim_resources r WHERE "

// brief reports whether the statement of the page's resources has these columns.
func (p *pageQuery) brief() bool { return p.order.column == "" && p.dialect == SQLite }

// columns are what the statement reads of each resource.
func (p *pageQuery) columns() string {
	if p.brief() {
		return brief
	}
	key, at := p.none(p.dialect.binary()), p.none("BIGINT")
	if p.order.column != "" && p.order.time {
		at = "r." + p.order.column
	} else if p.order.column != "" {
		key = "r." + p.order.column
	}
	return "SELECT " + strconv.Itoa(partResource) + " AS part, r.seq AS seq, r.body AS body, " + key + " AS k, r.id AS id, " + at + " AS n FROM scim_resources r WHERE "
}

// arm is a part of the order that an index has in one piece.
type arm struct {
	cond
	order string
}

// arms cuts the resources behind a position into such parts, in their order:
// those equal to it, those beyond it, and those without a value.
func (p *pageQuery) arms() []arm {
	at := p.at
	if p.order.column == "" {
		if at.form == 0 {
			return []arm{{condTrue, "r.seq"}}
		}
		return []arm{{cond{"r.seq > ?", []any{at.seq}}, "r.seq"}}
	}
	column := "r." + p.order.column
	// By the column too, though it is NULL: PostgreSQL would take the index on
	// seq and read on and on where other types have many rows without a value.
	none := arm{cond{text: column + " IS NULL"}, column + ", r.seq"}
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

// few returns a statement that reads the resources in any order, if the query
// hardly selects as many as there can be.
func (p *pageQuery) few() (statement cond, ok bool) {
	if p.where == nil || !p.where.few || p.order.column != "" || p.skip > 0 {
		return cond{}, false
	}
	c := all(p.typed("r"), p.where.cond)
	if p.at != nil && p.at.form != 0 {
		c = all(c, cond{"r.seq > ?", []any{p.at.seq}})
	}
	return cond{brief + c.text + " LIMIT " + strconv.Itoa(p.limit), c.args}, true
}

// inOrder returns the statement that reads the page's resources.
func (p *pageQuery) inOrder() cond {
	switch {
	case p.text.Len() > 0:
	case p.at != nil:
		p.behind()
	default:
		p.from()
	}
	return cond{p.text.String(), p.args}
}

// behind writes the resources of a page that begins behind a position.
func (p *pageQuery) behind() {
	arms := p.arms()
	limit := " LIMIT " + strconv.Itoa(p.limit)
	for i, a := range arms {
		if len(arms) > 1 {
			p.add(oneOf(i > 0, " UNION ALL ", "") + "SELECT * FROM (")
		}
		p.add(p.columns())
		p.addCond(all(p.typed("r"), a.cond, p.where.cond))
		p.add(" ORDER BY " + a.order + limit)
		if len(arms) > 1 {
			p.add(") a" + strconv.Itoa(i))
		}
	}
	if len(arms) > 1 {
		p.add(" ORDER BY " + p.ordered(oneOf(p.order.time, "n", "k"), "seq") + limit)
	}
}

// ordered is the whole order, over the columns of these names.
func (p *pageQuery) ordered(column, seq string) string {
	if p.order.descending {
		return column + " DESC NULLS FIRST, " + seq
	}
	return column + " NULLS LAST, " + seq
}

// from writes the resources of a page that begins at an index.
func (p *pageQuery) from() {
	p.add(p.columns())
	p.addCond(all(p.typed("r"), p.where.cond))
	by := "r.seq"
	if p.order.column != "" {
		by = p.ordered("r."+p.order.column, "r.seq")
	}
	p.add(" ORDER BY " + by + " LIMIT " + strconv.Itoa(p.limit))
	if p.skip > 0 {
		p.add(" OFFSET ?", p.skip)
	}
}

// these writes the resources of these numbers.
func (p *pageQuery) these(numbers []int64) {
	p.add(p.columns())
	p.addCond(p.typed("r"))
	p.add(" AND r.seq IN (")
	for i, n := range numbers {
		p.add(oneOf(i > 0, ", ", "")+"?", n)
	}
	p.add(")")
}

// total asks how many resources the query selects.
func (p *pageQuery) total() cond {
	c := all(p.typed("r"), p.where.cond)
	return cond{"SELECT count(*) FROM scim_resources r WHERE " + c.text, c.args}
}

// anyCut asks whether a key of the type's resources is not the whole value.
func (p *pageQuery) anyCut() cond {
	c := p.typed("r")
	return cond{"SELECT count(*) FROM (SELECT 1 FROM scim_resources r WHERE " + c.text + " AND r.cut = 1 LIMIT 1) c", c.args}
}

// statement joins the parts in one statement.
func (p *pageQuery) statement() cond {
	c := p.inOrder()
	c.text = "WITH page AS MATERIALIZED (" + c.text + ") SELECT part, seq, body, k, id, n FROM page"
	add := func(parts ...cond) {
		for _, part := range parts {
			c.text += " UNION ALL " + part.text
			c.args = append(c.args, part.args...)
		}
	}
	from := cond{text: "FROM page p CROSS JOIN scim_links l"}
	if p.query.Links {
		add(p.links("p.seq", from, cond{text: "l.owner = p.seq"}))
	}
	if p.query.Owners {
		add(p.owners("p.seq", from, cond{text: "l.value = p.id"}))
	}
	if p.count {
		total := p.total()
		// The page says it if it has its end.
		least := oneOf(p.skip > 0, "1", "0")
		add(p.number(partTotal, cond{"CASE WHEN (SELECT count(*) FROM page) >= " + least + " AND (SELECT count(*) FROM page) < " + strconv.Itoa(p.limit) +
			" THEN -1 ELSE (" + total.text + ") END", total.args}))
	}
	if p.cut {
		some := p.anyCut()
		add(p.number(partCut, cond{"(" + some.text + ")", some.args}))
	}
	return c
}

// number is a part of one number.
func (p *pageQuery) number(part int, n cond) cond {
	none := p.none(p.dialect.binary())
	return cond{"SELECT " + strconv.Itoa(part) + ", 0, " + none + ", " + none + ", " + none + ", " + n.text, n.args}
}

// links is the part that reads links, from and on saying of which resources.
func (p *pageQuery) links(seq string, from, on cond) cond {
	c := all(p.scoped("l"), on)
	return cond{"SELECT " + strconv.Itoa(partLink) + ", " + seq + ", l.value, l.display, l.type, " + p.none("BIGINT") + " " + from.text + " WHERE " + c.text,
		append(slices.Clone(from.args), c.args...)}
}

// owners is the part that reads owners.
func (p *pageQuery) owners(seq string, from, on cond) cond {
	c := all(p.scoped("l"), on, p.scoped("o"), cond{text: "o.seq = l.owner"})
	return cond{"SELECT " + strconv.Itoa(partOwner) + ", " + seq + ", o.id, o.display, CAST(o.type AS " + p.dialect.binary() + "), o.seq " +
		from.text + " CROSS JOIN scim_resources o WHERE " + c.text, append(slices.Clone(from.args), c.args...)}
}

// runLite reads the parts in statements of their own: in SQLite a statement
// is a function call, and one that joins them costs more than all of them.
func (p *pageQuery) runLite(ctx context.Context, s *Store, tx *sql.Tx, out *pageResult) error {
	if err := out.resources(ctx, s, tx, p); err != nil {
		return err
	}
	parts := p.linksOf(out.rows)
	if p.count && (len(out.rows) == p.limit || len(out.rows) == 0 && p.skip > 0) {
		total := p.total()
		parts = append(parts, p.number(partTotal, cond{"(" + total.text + ")", total.args}))
	}
	if p.cut {
		some := p.anyCut()
		parts = append(parts, p.number(partCut, cond{"(" + some.text + ")", some.args}))
	}
	for _, part := range parts {
		if err := out.read(ctx, s, tx, part); err != nil {
			return err
		}
	}
	return nil
}

// linksOf returns the parts that read the links and owners of resources.
func (p *pageQuery) linksOf(rows []*pageRow) (parts []cond) {
	if len(rows) == 0 {
		return nil
	}
	one, from := rows[0], cond{text: "FROM scim_links l"}
	ofLinks, ofOwners := cond{"l.owner = ?", []any{one.seq}}, cond{"l.value = ?", []any{one.id}}
	fromOwners, seq := from, "0" // of one resource, it does not matter
	if len(rows) > 1 {
		var list []byte
		for i, row := range rows {
			list = strconv.AppendInt(append(list, oneOf(i > 0, ",", "[")...), row.seq, 10)
		}
		seqs := []any{string(append(list, ']'))}
		ofLinks = cond{"l.owner IN (SELECT value FROM json_each(?))", seqs}
		ofOwners, seq = all(p.scoped("p"), cond{text: "l.value = p.id"}), "p.seq"
		fromOwners = cond{"FROM json_each(?) j CROSS JOIN scim_resources p ON p.seq = j.value CROSS JOIN scim_links l", seqs}
	}
	if p.query.Links {
		parts = append(parts, p.links("l.owner", from, ofLinks))
	}
	if p.query.Owners {
		parts = append(parts, p.owners(seq, fromOwners, ofOwners))
	}
	return parts
}
