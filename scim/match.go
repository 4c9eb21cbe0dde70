package scim

import (
	"math/big"
	"strings"
	"time"

	"github.com/zohoscim/zohoscim/scim/filter"
)

// Filter is a filter compiled against a resource type (RFC 7644 section
// 3.4.2.2). It never changes and is safe for concurrent use.
type Filter struct {
	typ   *ResourceType
	expr  filter.Expr
	match matcher
	equal []Equality
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
	m, err := t.compileIn(t.root, e, KindInvalidFilter)
	if err != nil {
		return nil, err
	}
	f := &Filter{typ: t, expr: e, match: m}
	t.equalities(t.root, e, &f.equal)
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

// Equalities returns what every match must hold, or nothing if the filter
// demands no single value. The result must not be changed.
func (f *Filter) Equalities() []Equality { return f.equal }

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
		chain []*Attribute
		test  func(Value) bool
		whole bool // the test is true of no value at all
	}
	// matchLinks asks about links or owners.
	matchLinks struct {
		role  role
		value string
		not   bool
		local matcher // for resources that hold the links themselves
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
	return anyValue(n, c.chain, c.test) != c.whole
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
	return has(l.value) != l.not
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

// compileIn compiles an expression whose names are relative to on.
func (t *ResourceType) compileIn(on *Attribute, e filter.Expr, kind Kind) (matcher, error) {
	switch e := e.(type) {
	case *filter.And:
		terms, err := t.compileAll(on, e.Terms, kind)
		return matchAnd(terms), err
	case *filter.Or:
		terms, err := t.compileAll(on, e.Terms, kind)
		return matchOr(terms), err
	case *filter.Not:
		m, err := t.compileIn(on, e.Expr, kind)
		return matchNot{m}, err
	case *filter.ValuePath:
		return t.compileAny(on, e, kind)
	case *filter.Present:
		a, err := t.operand(on, e.Attr, kind)
		if err != nil {
			return nil, err
		}
		present := matchPresent{chainTo(a, on)}
		if a.role == roleLinks || a.role == roleOwners {
			return matchLinks{role: a.role, local: present}, nil
		}
		return present, nil
	case *filter.Compare:
		return t.compileCompare(on, e, kind)
	}
	return nil, &Error{Kind: kind}
}

func (t *ResourceType) compileAll(on *Attribute, terms []filter.Expr, kind Kind) ([]matcher, error) {
	out := make([]matcher, len(terms))
	for i, term := range terms {
		m, err := t.compileIn(on, term, kind)
		if err != nil {
			return nil, err
		}
		out[i] = m
	}
	return out, nil
}

func (t *ResourceType) compileAny(on *Attribute, e *filter.ValuePath, kind Kind) (matcher, error) {
	a, err := t.operand(on, e.Attr, kind)
	if err != nil {
		return nil, err
	}
	if a.Type != TypeComplex {
		return nil, &Error{Kind: kind, Path: a.path, Detail: "only attributes with sub-attributes take a filter in brackets"}
	}
	m, err := t.compileIn(a, e.Expr, kind)
	if err != nil {
		return nil, err
	}
	inside := matchAny{chainTo(a, on), m}
	if a.role != roleLinks && a.role != roleOwners {
		return inside, nil
	}
	c, ok := e.Expr.(*filter.Compare)
	if !ok || c.Op != filter.Eq || foldASCII(c.Attr.Name) != "value" || c.Value.Kind != filter.String {
		return nil, &Error{Kind: kind, Path: a.path, Detail: "this attribute is compared by its value only, with eq"}
	}
	return matchLinks{role: a.role, value: c.Value.Text, local: inside}, nil
}

func (t *ResourceType) compileCompare(on *Attribute, e *filter.Compare, kind Kind) (matcher, error) {
	a, err := t.operand(on, e.Attr, kind)
	if err != nil {
		return nil, err
	}
	leaf := a
	if a.Type == TypeComplex {
		// A complex attribute is compared by its value (RFC 7643 section 2.4).
		if leaf = a.names["value"]; leaf == nil {
			return nil, &Error{Kind: kind, Path: a.path, Detail: "name the sub-attribute to compare"}
		}
	}
	chain := chainTo(leaf, on)
	if e.Value.Kind == filter.Null {
		return compareNull(a, chain, e.Op, kind)
	}
	op := e.Op
	whole := op == filter.Ne
	if whole {
		op = filter.Eq
	}
	test, err := compileTest(leaf, op, e.Value, kind)
	if err != nil {
		return nil, err
	}
	local := matchCompare{chain, test, whole}
	if r := leaf.parent.role; r == roleLinks || r == roleOwners {
		if op != filter.Eq || leaf.Name != "value" || e.Value.Kind != filter.String {
			return nil, &Error{Kind: kind, Path: a.path, Detail: "this attribute is compared by its value only, with eq or ne"}
		}
		return matchLinks{role: r, value: e.Value.Text, not: whole, local: local}, nil
	}
	return local, nil
}

func compareNull(a *Attribute, chain []*Attribute, op filter.Op, kind Kind) (matcher, error) {
	present := matchPresent{chain}
	switch op {
	case filter.Eq:
		return matchNot{present}, nil
	case filter.Ne:
		return present, nil
	}
	return nil, &Error{Kind: kind, Path: a.path, Detail: "null compares with eq and ne only"}
}

// operand resolves an attribute of a filter. An attribute that is never
// returned cannot be filtered on: the answer would tell its value.
func (t *ResourceType) operand(on *Attribute, p filter.AttrPath, kind Kind) (*Attribute, error) {
	var a *Attribute
	var err error
	if on == t.root {
		a, err = t.resolve(p)
	} else if a = on.sub(p.Name); p.URN != "" || a == nil || p.Sub != "" {
		err = invalidPath(p.String(), "the attribute %s has no such sub-attribute", on.path)
	}
	if err != nil {
		e := asError(err)
		return nil, &Error{Kind: kind, Path: e.Path, Detail: e.Detail}
	}
	if a.Returned == ReturnedNever || a.role == roleSchemas && kind == KindInvalidPath {
		return nil, &Error{Kind: kind, Path: a.path, Detail: "the attribute cannot be used in a filter"}
	}
	return a, nil
}

// compileTest returns the comparison of one value.
func compileTest(a *Attribute, op filter.Op, l filter.Literal, kind Kind) (func(Value) bool, error) {
	bad := func(why string) error {
		return &Error{Kind: kind, Path: a.path, Detail: "an attribute of type " + a.Type.String() + " " + why}
	}
	switch a.Type {
	case TypeBoolean:
		want, err := convertSingle(a, literalValue(l))
		if err != nil || want.IsZero() {
			return nil, bad("compares with true or false")
		}
		if op != filter.Eq {
			return nil, bad("compares with eq and ne only")
		}
		return func(v Value) bool { return v.flag == want.flag }, nil
	case TypeInteger, TypeDecimal:
		want, ok := number(l.Text)
		if !ok || l.Kind != filter.Number && l.Kind != filter.String {
			return nil, bad("compares with a number")
		}
		if op == filter.Co || op == filter.Sw || op == filter.Ew {
			return nil, bad("has no co, sw and ew")
		}
		return func(v Value) bool {
			have, ok := number(v.text)
			return ok && ordered(op, have.Cmp(want))
		}, nil
	case TypeDateTime:
		return dateTimeTest(op, l, bad)
	}
	return textTest(a, op, l, bad)
}

func number(s string) (*big.Rat, bool) {
	// An exponent is a way to ask for a number of any size.
	if len(s) > 64 || !isJSONNumber(s) || strings.ContainsAny(s, "eE") {
		return nil, false
	}
	return new(big.Rat).SetString(s)
}

func dateTimeTest(op filter.Op, l filter.Literal, bad func(string) error) (func(Value) bool, error) {
	if l.Kind != filter.String {
		return nil, bad("compares with a date and time in quotes")
	}
	if op == filter.Co || op == filter.Sw || op == filter.Ew {
		return func(v Value) bool { return textCompare(op, v.text, l.Text) }, nil
	}
	want, ok := parseTime(l.Text)
	if !ok {
		return nil, bad("compares with a date and time such as 2008-01-23T04:56:22Z")
	}
	return func(v Value) bool {
		have, ok := parseTime(v.text)
		return ok && ordered(op, have.Compare(want))
	}, nil
}

func textTest(a *Attribute, op filter.Op, l filter.Literal, bad func(string) error) (func(Value) bool, error) {
	if l.Kind != filter.String {
		return nil, bad("compares with a text in quotes")
	}
	if a.Type == TypeBinary && op >= filter.Gt {
		return nil, bad("has no order")
	}
	want := l.Text
	if a.CaseExact {
		return func(v Value) bool { return textCompare(op, v.text, want) }, nil
	}
	want = Canonical(want)
	return func(v Value) bool { return textCompare(op, Canonical(v.text), want) }, nil
}

func textCompare(op filter.Op, have, want string) bool {
	switch op {
	case filter.Eq:
		return have == want
	case filter.Co:
		return strings.Contains(have, want)
	case filter.Sw:
		return strings.HasPrefix(have, want)
	case filter.Ew:
		return strings.HasSuffix(have, want)
	}
	return ordered(op, strings.Compare(have, want))
}

func ordered(op filter.Op, c int) bool {
	switch op {
	case filter.Gt:
		return c > 0
	case filter.Ge:
		return c >= 0
	case filter.Lt:
		return c < 0
	case filter.Le:
		return c <= 0
	}
	return c == 0
}

// equalities collects what the whole filter demands.
func (t *ResourceType) equalities(on *Attribute, e filter.Expr, out *[]Equality) {
	switch e := e.(type) {
	case *filter.And:
		for _, term := range e.Terms {
			t.equalities(on, term, out)
		}
	case *filter.ValuePath:
		if a, err := t.operand(on, e.Attr, KindInvalidFilter); err == nil {
			t.equalities(a, e.Expr, out)
		}
	case *filter.Compare:
		a, err := t.operand(on, e.Attr, KindInvalidFilter)
		if err != nil || e.Op != filter.Eq || e.Value.Kind != filter.String {
			return
		}
		if a.Type == TypeComplex {
			a = a.names["value"]
		}
		switch {
		case a == nil || a.Type != TypeString && a.Type != TypeReference:
		case a.CaseExact:
			*out = append(*out, Equality{a.path, e.Value.Text})
		default:
			*out = append(*out, Equality{a.path, Canonical(e.Value.Text)})
		}
	}
}

// timeNow is the clock: package time, which tests put into a bubble.
func timeNow() time.Time { return time.Now() }
