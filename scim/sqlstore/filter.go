package sqlstore

import (
	"slices"

	"github.com/zohoscim/zohoscim/scim"
	"github.com/zohoscim/zohoscim/scim/filter"
)

// exactness says how a condition in SQL relates to a filter.
type exactness uint8

const (
	exact      exactness = iota // it selects what the filter does
	exactUncut                  // it does, where no key or time is cut
	superset                    // it selects more: ask Filter.Match about each
)

// cond is a condition in SQL, its values in args only.
type cond struct {
	text string
	args []any
}

var (
	condTrue  = cond{text: "TRUE"}
	condFalse = cond{text: "FALSE"}
)

// and returns the condition that all of some are true.
func and(terms ...cond) cond { return join(terms, " AND ", condTrue, condFalse) }

// or returns the condition that one of some is true.
func or(terms ...cond) cond { return join(terms, " OR ", condFalse, condTrue) }

// join leaves out the terms that change nothing; one that decides is all.
func join(terms []cond, word string, neutral, decides cond) cond {
	var kept []cond
	for _, t := range terms {
		if t.text == decides.text {
			return decides
		}
		if t.text != neutral.text {
			kept = append(kept, t)
		}
	}
	if len(kept) < 2 {
		return append(kept, neutral)[0]
	}
	out := cond{text: "("}
	for i, t := range kept {
		if i > 0 {
			out.text += word
		}
		out.text += t.text
		out.args = append(out.args, t.args...)
	}
	out.text += ")"
	return out
}

// all joins conditions for a WHERE of their own.
func all(terms ...cond) cond {
	var out cond
	for i, t := range terms {
		if i > 0 {
			out.text += " AND "
		}
		out.text += t.text
		out.args = append(out.args, t.args...)
	}
	return out
}

// where is a filter in SQL. The text follows from the filter's shape alone.
type where struct {
	cond
	exactness
	links []linkTerm // what it asks about links and owners
	few   bool       // it asks for values that few resources have, and an index leads to them
}

// linkTerm is a question about links or owners, and its answer in SQL.
type linkTerm struct {
	owners bool
	value  string // "" asks for any
	cond
}

// table confines statements to the resources of one type in one scope. It is
// the only place that writes this part of a condition.
type table struct {
	dialect Dialect
	layout  *layout
	typ     *scim.ResourceType
	scope   scope
}

// scoped confines the rows of a table, whatever their type.
func (t *table) scoped(alias string) cond {
	return cond{alias + ".tenant = ? AND " + alias + ".connection = ?", t.scope.args()}
}

// typed confines the rows of a table to those of the type.
func (t *table) typed(alias string) cond {
	c := t.scoped(alias)
	return cond{c.text + " AND " + alias + ".type = ?", append(c.args, t.typ.Name())}
}

// where compiles a filter, nil for all resources, into a condition on the row
// r of scim_resources. The condition never selects less than the filter.
func (t *table) where(f *scim.Filter) *where {
	c := &filterCompiler{table: t, filter: f}
	if f == nil {
		c.out.cond = condTrue
		return &c.out
	}
	c.out.cond = c.expr(nil, f.Expr(), false)
	c.out.few = c.few(f.Expr())
	return &c.out
}

// few reports whether an expression cannot be true without an equality with a
// key of scim_resources.
func (c *filterCompiler) few(e filter.Expr) bool {
	switch e := e.(type) {
	case *filter.And:
		return slices.ContainsFunc(e.Terms, c.few)
	case *filter.Or:
		return !slices.ContainsFunc(e.Terms, func(e filter.Expr) bool { return !c.few(e) })
	case *filter.Compare:
		a := c.filter.Attribute(nil, e.Attr)
		return a != nil && e.Op == filter.Eq && e.Value.Kind == filter.String && c.at(nil, a).form == formText
	}
	return false
}

// filterCompiler compiles one filter.
type filterCompiler struct {
	*table
	filter *scim.Filter
	out    where
}

// unknown stands for what the tables cannot tell.
func (c *filterCompiler) unknown() cond {
	c.out.exactness = superset
	return condTrue
}

// expr compiles an expression, or its negation, which goes down to the
// comparisons: there it is known how to keep to the safe side. Inside
// brackets, on is the attribute before them and the condition is one on the
// row v of scim_values.
func (c *filterCompiler) expr(on *scim.Attribute, e filter.Expr, not bool) cond {
	switch e := e.(type) {
	case *filter.And:
		return c.terms(on, e.Terms, not, !not)
	case *filter.Or:
		return c.terms(on, e.Terms, not, not)
	case *filter.Not:
		return c.expr(on, e.Expr, !not)
	case *filter.ValuePath:
		return c.element(e, not)
	case *filter.Present:
		return c.present(on, e, not)
	case *filter.Compare:
		return c.compare(on, e, not)
	}
	return c.unknown()
}

func (c *filterCompiler) terms(on *scim.Attribute, terms []filter.Expr, not, all bool) cond {
	out := make([]cond, len(terms))
	for i, e := range terms {
		out[i] = c.expr(on, e, not)
	}
	if all {
		return and(out...)
	}
	return or(out...)
}

// constant is a condition that does not depend on the resource.
func constant(is, not bool) cond {
	if is != not {
		return condTrue
	}
	return condFalse
}

// element compiles a filter in brackets.
func (c *filterCompiler) element(e *filter.ValuePath, not bool) cond {
	a := c.filter.Attribute(nil, e.Attr)
	switch {
	case a == nil:
		return constant(false, not)
	case a == c.typ.Links() || a == c.typ.Owners():
		if inner, ok := e.Expr.(*filter.Compare); ok {
			return c.link(a, c.filter.Attribute(a, inner.Attr), inner.Value, not)
		}
		return c.unknown()
	}
	list := c.layout.list(a)
	if list == nil {
		return c.unknown()
	}
	inner := c.expr(a, e.Expr, not)
	if not {
		// The inner condition selects at least the elements that do not match.
		return c.elements("NOT IN", list, cond{"(" + inner.text + ") IS NOT TRUE", inner.args})
	}
	return c.elements("IN", list, inner)
}

// elements asks whether a resource has (IN) or lacks (NOT IN) an element that
// meets a condition.
func (c *filterCompiler) elements(in string, list *listAttribute, inner cond) cond {
	return c.rows(in, list.path.Attribute().Path(), inner)
}

// rows asks it of the rows of any path.
func (c *filterCompiler) rows(in, path string, inner cond) cond {
	from := all(c.typed("v"), cond{"v.path = ?", []any{path}})
	if inner.text != condTrue.text {
		from = all(from, inner)
	}
	return cond{"r.seq " + in + " (SELECT v.seq FROM scim_values v WHERE " + from.text + ")", from.args}
}

// link compiles the question whether a resource has a link or an owner.
func (c *filterCompiler) link(a, sub *scim.Attribute, l filter.Literal, not bool) cond {
	value, ok := c.filter.Key(sub, l)
	if sub == nil || !ok || value == "" {
		return constant(false, not) // no link has an empty value
	}
	key := []any{[]byte(value)}
	if a == c.typ.Owners() {
		from := all(c.scoped("o"), cond{"o.id = ?", key}, c.scoped("l"))
		return c.linkTerm(true, value, cond{"r.id IN (SELECT l.value FROM scim_resources o CROSS JOIN scim_links l WHERE l.owner = o.seq AND " + from.text + ")", from.args}, not)
	}
	from := all(c.scoped("l"), cond{"l.value = ?", key})
	return c.linkTerm(false, value, cond{"r.seq IN (SELECT l.owner FROM scim_links l WHERE " + from.text + ")", from.args}, not)
}

// anyLink compiles the question whether a resource has any link or owner.
func (c *filterCompiler) anyLink(a *scim.Attribute, not bool) cond {
	owners, on := a == c.typ.Owners(), "l.owner = r.seq"
	if owners {
		on = "l.value = r.id"
	}
	from := all(c.scoped("l"), cond{text: on})
	// Not EXISTS: SQLite 3.51 makes it a join and counts a row's OFFSET once
	// for each link.
	return c.linkTerm(owners, "", cond{"(SELECT 1 FROM scim_links l WHERE " + from.text + " LIMIT 1) IS NOT NULL", from.args}, not)
}

func (c *filterCompiler) linkTerm(owners bool, value string, is cond, not bool) cond {
	c.out.links = append(c.out.links, linkTerm{owners, value, is})
	if not {
		return cond{"NOT (" + is.text + ")", is.args}
	}
	return is
}

// present compiles "pr".
func (c *filterCompiler) present(on *scim.Attribute, e *filter.Present, not bool) cond {
	a := c.filter.Attribute(on, e.Attr)
	switch {
	case a == nil:
		return constant(false, not)
	case a == c.typ.Links() || a == c.typ.Owners():
		return c.anyLink(a, not)
	case on == nil && c.layout.list(a) != nil:
		return c.elements(oneOf(not, "NOT IN", "IN"), c.layout.list(a), condTrue)
	}
	return c.presence(on, a, not)
}

// presence asks whether an attribute has a value that is no empty text.
func (c *filterCompiler) presence(on, a *scim.Attribute, not bool) cond {
	at := c.at(on, a)
	switch at.form {
	case formText:
		if not {
			return cond{text: "(" + at.column + " IS NULL OR length(" + at.column + ") = 0)"}
		}
		return cond{text: "length(" + at.column + ") > 0"}
	case formTime:
		return cond{text: at.column + oneOf(not, " IS NULL", " IS NOT NULL")}
	case formElement:
		return c.elements(oneOf(not, "NOT IN", "IN"), at.list, cond{text: "length(" + at.column + ") > 0"})
	case formUnique:
		return c.rows(oneOf(not, "NOT IN", "IN"), a.Path(), condTrue)
	}
	return c.unknown()
}

func oneOf(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}
