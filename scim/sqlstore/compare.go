package sqlstore

import (
	"bytes"
	"strconv"

	"github.com/zohoscim/zohoscim/scim"
	"github.com/zohoscim/zohoscim/scim/filter"
)

// form says how the tables hold an attribute.
type form uint8

const (
	formNone    form = iota // not at all
	formText                // a key in a column
	formTime                // nanoseconds in a column
	formElement             // a key in the rows of a list
	formUnique              // a key in a row; an empty text has none
)

// place is where the tables hold an attribute.
type place struct {
	form
	column string
	list   *listAttribute
}

// at returns where an attribute is, on the row v inside brackets.
func (c *filterCompiler) at(on, a *scim.Attribute) place {
	l := c.layout
	for i := range l.lists {
		list := &l.lists[i]
		column := ""
		switch a {
		case list.value:
			column = "v.key"
		case list.kind:
			column = "v.kind"
		default:
			continue
		}
		if on != nil {
			return place{form: formText, column: column}
		}
		return place{form: formElement, column: column, list: list}
	}
	if on != nil {
		return place{}
	}
	if column := l.columnOf(a); column != "" {
		if a.Type == scim.TypeDateTime {
			return place{form: formTime, column: "r." + column}
		}
		return place{form: formText, column: "r." + column}
	}
	if l.unique[a.Path()] && isText(a) {
		return place{form: formUnique, column: "v.key"}
	}
	return place{}
}

// compare compiles a comparison.
func (c *filterCompiler) compare(on *scim.Attribute, e *filter.Compare, not bool) cond {
	a := c.filter.Attribute(on, e.Attr)
	null := e.Value.Kind == filter.Null
	if a == nil {
		is := e.Op == filter.Eq && null || e.Op == filter.Ne && !null
		return constant(is, not)
	}
	if a.Type == scim.TypeComplex {
		sub := c.filter.Attribute(a, filter.AttrPath{Name: "value"})
		if sub == nil {
			return c.unknown()
		}
		if on == nil && (a == c.typ.Links() || a == c.typ.Owners()) {
			return c.link(a, sub, e.Value, not)
		}
		a = sub
	} else if on == nil {
		for _, links := range []*scim.Attribute{c.typ.Links(), c.typ.Owners()} {
			if links != nil && a == c.filter.Attribute(links, filter.AttrPath{Name: "value"}) {
				return c.link(links, a, e.Value, not)
			}
		}
	}
	if null {
		return c.presence(on, a, (e.Op == filter.Eq) != not)
	}
	at := c.at(on, a)
	if at.form == formTime {
		return c.compareTime(at, e, not)
	}
	want, ok := "", false
	if at.form != formNone {
		want, ok = c.filter.Key(a, e.Value)
	}
	if !ok {
		return c.unknown()
	}
	switch at.form {
	case formText:
		return c.compareText(at.column, e.Op, want, a, not)
	case formElement:
		return c.compareElement(at, e.Op, want, not)
	}
	return c.compareUnique(a, e.Op, want, not)
}

// compareText compares a column.
func (c *filterCompiler) compareText(column string, op filter.Op, want string, a *scim.Attribute, not bool) cond {
	if op == filter.Ne { // also of an attribute without a value
		op, not = filter.Eq, !not
	}
	if column == "r.id" { // it is whole, and always there
		is := c.test(column, op, want, !not, true)
		if not {
			return cond{"NOT (" + is.text + ")", is.args}
		}
		return is
	}
	is := c.test(column, op, want, !not, false)
	if not {
		return cond{"(" + column + " IS NULL OR NOT (" + is.text + "))", is.args}
	}
	return is
}

// compareElement asks about the elements of a list.
func (c *filterCompiler) compareElement(at place, op filter.Op, want string, not bool) cond {
	if op != filter.Ne {
		return c.elements(oneOf(not, "NOT IN", "IN"), at.list, c.test(at.column, op, want, !not, false))
	}
	// Another value, or none at all.
	any := cond{text: at.column + " IS NOT NULL"}
	other := c.test(at.column, filter.Eq, want, true, false)
	other = cond{"NOT (" + other.text + ")", other.args} // not of NULL is not true
	if not {
		return and(c.elements("IN", at.list, any), c.elements("NOT IN", at.list, other))
	}
	return or(c.elements("NOT IN", at.list, any), c.elements("IN", at.list, other))
}

// compareUnique compares a unique attribute without a column.
func (c *filterCompiler) compareUnique(a *scim.Attribute, op filter.Op, want string, not bool) cond {
	if want == "" || op != filter.Eq && op != filter.Ne {
		return c.unknown()
	}
	return c.rows(oneOf((op == filter.Ne) != not, "NOT IN", "IN"), a.Path(), c.test("v.key", filter.Eq, want, true, true))
}

// beyond is greater than every key with the beginning that it is put behind.
var beyond = bytes.Repeat([]byte{0xFF}, keyBytes+64)

// test is one comparison of a key. Where keys cannot tell, it selects too
// many (over) or too few. A whole column is never cut.
func (c *filterCompiler) test(column string, op filter.Op, want string, over, whole bool) cond {
	key, cut := keyOf(want)
	if whole {
		key, cut = []byte(want), false
	}
	if op == filter.Eq {
		return cond{column + " = ?", []any{key}}
	}
	if op == filter.Co || op == filter.Ew {
		return c.within(column, op, key, over, whole)
	}
	if cut {
		c.out.exactness = superset
	}
	if op == filter.Sw {
		low, high := prefixRange(want, over, cut)
		return cond{column + " >= ? AND " + column + " < ?", []any{low, high}}
	}
	if cut {
		// Longer texts that begin alike can lie on either side of it.
		key = key[:keyBytes:keyBytes]
		if over == (op == filter.Lt || op == filter.Le) {
			key = append(key, beyond...)
		}
	}
	return cond{column + sign(op) + "?", []any{key}}
}

// sign is the operator of an order or equality.
func sign(op filter.Op) string {
	switch op {
	case filter.Gt:
		return " > "
	case filter.Ge:
		return " >= "
	case filter.Lt:
		return " < "
	case filter.Le:
		return " <= "
	}
	return " = "
}

// within is a comparison that looks inside a key: only a whole one tells.
func (c *filterCompiler) within(column string, op filter.Op, key []byte, over, whole bool) cond {
	if len(key) == 0 {
		return cond{text: column + " IS NOT NULL"} // every text has the empty one
	}
	var is cond
	switch tail := "substr(" + column + ", length(" + column + ") - length("; {
	case op == filter.Co && c.dialect == PostgreSQL:
		is = cond{"position(CAST(? AS BYTEA) IN " + column + ") > 0", []any{key}}
	case op == filter.Co: // in SQLite, instr and substr of an empty blob are NULL
		is = cond{"COALESCE(instr(" + column + ", ?), 0) > 0", []any{key}}
	case c.dialect == PostgreSQL:
		is = cond{tail + "CAST(? AS BYTEA)) + 1) = ?", []any{key, key}}
	default:
		is = cond{"COALESCE(" + tail + "?) + 1), x'') = ?", []any{key, key}}
	}
	if whole {
		return is
	}
	c.out.exactness = max(c.out.exactness, exactUncut)
	if over {
		return cond{"(" + is.text + " OR length(" + column + ") > " + keyLimit + ")", is.args}
	}
	return cond{"(" + is.text + " AND length(" + column + ") <= " + keyLimit + ")", is.args}
}

var keyLimit = strconv.Itoa(keyBytes)

// prefixRange returns the keys between which all those with a beginning lie,
// and of a beginning that is cut either a range around them or none.
func prefixRange(want string, over, cut bool) (low, high []byte) {
	key := []byte(want)
	if cut {
		if !over {
			return beyond, beyond
		}
		key = key[:keyBytes]
	}
	high = bytes.Clone(key)
	for len(high) > 0 && high[len(high)-1] == 0xFF {
		high = high[:len(high)-1]
	}
	if len(high) == 0 {
		return key, beyond
	}
	high[len(high)-1]++
	return key, high
}

// compareTime compares a column of nanoseconds.
func (c *filterCompiler) compareTime(at place, e *filter.Compare, not bool) cond {
	want, ok := parseTime(e.Value.Text)
	n, cut := nanos(want)
	if !ok || cut || e.Op == filter.Co || e.Op == filter.Sw || e.Op == filter.Ew {
		return c.unknown()
	}
	op := e.Op
	if op == filter.Ne {
		op, not = filter.Eq, !not
	}
	is := cond{at.column + sign(op) + "?", []any{n}}
	if not {
		return cond{"(" + at.column + " IS NULL OR NOT (" + is.text + "))", is.args}
	}
	return is
}
