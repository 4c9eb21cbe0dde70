package scim

import (
	"github.com/zohoscim/zohoscim/scim/filter"
)

// Filter is a filter compiled against a resource type (RFC 7644 section
// 3.4.2.2). It never changes and is safe for concurrent use.
type Filter struct {
	compiler compiler
	expr     filter.Expr
	match    matcher
	equal    []Equality
	looksAt  slotSet // attributes at the top that decide
}

// Equality is something that a resource must hold for a filter to match it:
// one value at Path, in canonical form (see [Canonical]) where the attribute
// compares without regard to case. A store with an index on the path finds
// the candidates there and asks [Filter.Match] about each.
type Equality struct {
	Path string
	Key  string
}

// CompileFilter compiles a filter. An attribute that the type's schemas do
// not have, or a comparison that the attribute's type does not have, is
// [ErrInvalidFilter] and named.
func (t *ResourceType) CompileFilter(e filter.Expr) (*Filter, error) {
	return t.compileFilter(e, compiler{})
}

// compileFilter compiles with the compiler's leniencies.
func (t *ResourceType) compileFilter(e filter.Expr, c compiler) (*Filter, error) {
	c.typ, c.kind = t, KindInvalidFilter
	m, err := c.expr(t.root, e)
	if err != nil {
		return nil, err
	}
	f := &Filter{compiler: c, expr: e, match: m, looksAt: c.looksAt}
	c.equalities(t.root, e, &f.equal)
	return f, nil
}

// ParseFilter parses and compiles a filter.
func (t *ResourceType) ParseFilter(s string) (*Filter, error) {
	e, err := filter.Parse(s, nil)
	if err != nil {
		return nil, &Error{Kind: KindInvalidFilter, cause: err}
	}
	return t.CompileFilter(e)
}

// String returns the filter as text.
func (f *Filter) String() string { return f.expr.String() }

// Expr returns the filter's syntax.
func (f *Filter) Expr() filter.Expr { return f.expr }

// Equalities returns what every match must hold, or nothing if the filter
// demands no single value. The result must not be changed.
func (f *Filter) Equalities() []Equality { return f.equal }

// Attribute returns the attribute that a name in the filter stands for, nil
// for one that the resource type does not have. A name in brackets is
// relative to on, the attribute before them; elsewhere on is nil. A [Store]
// that turns filters into queries asks it about the names in [Filter.Expr].
func (f *Filter) Attribute(on *Attribute, p filter.AttrPath) *Attribute {
	if on == nil {
		on = f.compiler.typ.root
	}
	c := f.compiler // it notes what it was asked about
	a, err := c.operand(on, p)
	if err != nil {
		return nil
	}
	return a
}

// Key returns the text that an attribute is compared with for a literal of
// the filter, in canonical form where the attribute compares without regard
// to case. It is false for a literal that is no text there.
func (f *Filter) Key(a *Attribute, l filter.Literal) (string, bool) {
	text, err := f.compiler.text(a, l)
	if err != nil {
		return "", false
	}
	return equalityOf(a, text).Key, true
}

// Match reports whether the filter selects a resource. A nil links means
// that links and owners are in the resource itself.
func (f *Filter) Match(r *Resource, links LinkReader) bool {
	return f.match.match(r.tree(), links)
}

// LinkReader answers what a filter asks about links and owners: whether one
// of them has a value.
type LinkReader interface {
	HasLink(value string) bool  // "" asks for any
	HasOwner(value string) bool // "" asks for any
}

// matcher is a compiled filter; n is the node that its names are relative to.
type matcher interface {
	match(n *node, links LinkReader) bool
}

type (
	matchAnd []matcher
	matchOr  []matcher
	matchNot struct{ m matcher }

	// matchAny asks whether one element of a multi-valued attribute matches.
	matchAny struct {
		chain []*Attribute
		m     matcher
	}
	matchPresent struct{ chain []*Attribute }
	matchCompare struct {
		chain  []*Attribute
		test   func(Value) bool
		absent bool // true of a resource without a value
	}
	// matchLinks asks about links or owners.
	matchLinks struct {
		role  role
		value string  // "" asks for any
		local matcher // for resources that hold the links themselves
	}

	// matchSchemas asks about the schemas a resource uses, which follow from
	// what it holds.
	matchSchemas struct {
		core string
		test func(Value) bool
	}
)

func (all matchAnd) match(n *node, links LinkReader) bool {
	for _, m := range all {
		if !m.match(n, links) {
			return false
		}
	}
	return true
}

func (any matchOr) match(n *node, links LinkReader) bool {
	for _, m := range any {
		if m.match(n, links) {
			return true
		}
	}
	return false
}

func (not matchNot) match(n *node, links LinkReader) bool { return !not.m.match(n, links) }

func (p matchPresent) match(n *node, _ LinkReader) bool {
	return anyValue(n, p.chain, func(v Value) bool { return v.kind != KindText || v.text != "" })
}

func (c matchCompare) match(n *node, _ LinkReader) bool {
	if c.absent && !anyValue(n, c.chain, func(Value) bool { return true }) {
		return true
	}
	return anyValue(n, c.chain, c.test)
}

func (a matchAny) match(n *node, _ LinkReader) bool {
	return anyValue(n, a.chain, func(v Value) bool { return v.node != nil && a.m.match(v.node, nil) })
}

func (l matchLinks) match(n *node, links LinkReader) bool {
	if links == nil {
		return l.local.match(n, nil)
	}
	has := links.HasLink
	if l.role == roleOwners {
		has = links.HasOwner
	}
	return has(l.value)
}

func (s matchSchemas) match(n *node, _ LinkReader) bool {
	if s.test(String(s.core)) {
		return true
	}
	for _, m := range n.members {
		if m.attr.role == roleExtension && s.test(String(m.attr.Name)) {
			return true
		}
	}
	return false
}

// anyValue reports whether a single value at the end of the chain passes.
func anyValue(n *node, chain []*Attribute, test func(Value) bool) bool {
	v := n.find(chain[0])
	if v == nil {
		return false
	}
	if v.kind != KindMulti {
		if len(chain) > 1 {
			return v.node != nil && anyValue(v.node, chain[1:], test)
		}
		return test(*v)
	}
	for _, item := range v.node.items {
		if len(chain) == 1 {
			if test(item) {
				return true
			}
		} else if item.node != nil && anyValue(item.node, chain[1:], test) {
			return true
		}
	}
	return false
}
