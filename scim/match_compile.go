package scim

import (
	"math/big"
	"strings"
	"time"

	"github.com/zohoscim/zohoscim/scim/filter"
)

// compiler compiles the filters of one text.
type compiler struct {
	typ       *ResourceType
	kind      Kind // of its errors
	tolerant  bool // a value without quotes can be a text
	undefined bool // an attribute that the type does not have is one without a value
	looksAt   slotSet
}

// The matchers of what has no attribute to look at.
var (
	matchAll  = matchAnd(nil)
	matchNone = matchOr(nil)
)

func (c *compiler) bad(a *Attribute, detail string) error {
	return &Error{Kind: c.kind, Path: a.path, Detail: detail}
}

// expr compiles an expression whose names are relative to on.
func (c *compiler) expr(on *Attribute, e filter.Expr) (matcher, error) {
	switch e := e.(type) {
	case *filter.And:
		terms, err := c.all(on, e.Terms)
		return matchAnd(terms), err
	case *filter.Or:
		terms, err := c.all(on, e.Terms)
		return matchOr(terms), err
	case *filter.Not:
		m, err := c.expr(on, e.Expr)
		return matchNot{m}, err
	case *filter.ValuePath:
		return c.element(on, e)
	case *filter.Present:
		return c.present(on, e)
	case *filter.Compare:
		return c.compare(on, e)
	}
	return nil, &Error{Kind: c.kind}
}

func (c *compiler) all(on *Attribute, terms []filter.Expr) ([]matcher, error) {
	out := make([]matcher, len(terms))
	for i, term := range terms {
		m, err := c.expr(on, term)
		if err != nil {
			return nil, err
		}
		out[i] = m
	}
	return out, nil
}

// element compiles a filter in brackets: one element meets all of it.
func (c *compiler) element(on *Attribute, e *filter.ValuePath) (matcher, error) {
	a, err := c.operand(on, e.Attr)
	if err != nil {
		return nil, err
	}
	if a == nil {
		return matchNone, nil
	}
	if a.Type != TypeComplex {
		return nil, c.bad(a, "only attributes with sub-attributes take a filter in brackets")
	}
	m, err := c.expr(a, e.Expr)
	if err != nil {
		return nil, err
	}
	inside := matchAny{chainTo(a, on), m}
	if a.role != roleLinks && a.role != roleOwners {
		return inside, nil
	}
	term, ok := e.Expr.(*filter.Compare)
	if !ok {
		return nil, c.bad(a, onlyByValue)
	}
	return c.link(a, a.names[foldASCII(term.Attr.Name)], term, inside)
}

const onlyByValue = "this attribute is compared by its value only, with eq; for the opposite use not (…)"

// link compiles a comparison of links or owners, which are not in the
// resource: whether one is there is all that can be asked.
func (c *compiler) link(a, sub *Attribute, e *filter.Compare, local matcher) (matcher, error) {
	if e.Op != filter.Eq || sub != a.names["value"] || e.Value.Kind == filter.Null {
		return nil, c.bad(a, onlyByValue)
	}
	want, err := c.text(sub, e.Value)
	if err != nil {
		return nil, err
	}
	if want == "" {
		return matchNone, nil // no link has an empty value
	}
	return matchLinks{role: a.role, value: want, local: local}, nil
}

func (c *compiler) present(on *Attribute, e *filter.Present) (matcher, error) {
	a, err := c.operand(on, e.Attr)
	if err != nil {
		return nil, err
	}
	if a == nil {
		return matchNone, nil
	}
	if a.role == roleSchemas {
		return matchAll, nil // every resource has them
	}
	present := matchPresent{chainTo(a, on)}
	if a.role == roleLinks || a.role == roleOwners {
		return matchLinks{role: a.role, local: present}, nil
	}
	if r := a.parent.role; on == c.typ.root && (r == roleLinks || r == roleOwners) {
		return nil, c.bad(a, "ask for the presence of "+a.parent.path)
	}
	return present, nil
}

func (c *compiler) compare(on *Attribute, e *filter.Compare) (matcher, error) {
	a, err := c.operand(on, e.Attr)
	if err != nil {
		return nil, err
	}
	if a == nil {
		// A value that is not there is not identical to any but null.
		if (e.Op == filter.Eq) == (e.Value.Kind == filter.Null) && (e.Op == filter.Eq || e.Op == filter.Ne) {
			return matchAll, nil
		}
		return matchNone, nil
	}
	leaf := a
	if a.Type == TypeComplex {
		// A complex attribute is compared by its value (RFC 7643 section 2.4).
		if leaf = a.names["value"]; leaf == nil {
			return nil, c.bad(a, "name the sub-attribute to compare")
		}
		if leaf.Returned == ReturnedNever {
			return nil, c.bad(leaf, neverFiltered)
		}
	}
	chain := chainTo(leaf, on)
	local, err := c.test(leaf, chain, e)
	if err != nil {
		return nil, err
	}
	if r := leaf.parent.role; on == c.typ.root && (r == roleLinks || r == roleOwners) {
		return c.link(leaf.parent, leaf, e, local)
	}
	return local, nil
}

// test compiles the comparison of one attribute.
func (c *compiler) test(leaf *Attribute, chain []*Attribute, e *filter.Compare) (matcher, error) {
	if e.Value.Kind == filter.Null {
		return c.null(leaf, chain, e.Op)
	}
	op := e.Op
	if op == filter.Ne {
		op = filter.Eq
	}
	test, err := c.comparison(leaf, op, e.Value)
	if err != nil {
		return nil, err
	}
	if e.Op == filter.Ne {
		// A value that is not there is not identical either.
		equal := test
		test = func(v Value) bool { return !equal(v) }
	}
	if leaf.role == roleSchemas {
		return matchSchemas{c.typ.schema.ID, test}, nil
	}
	return matchCompare{chain, test, e.Op == filter.Ne}, nil
}

func (c *compiler) null(a *Attribute, chain []*Attribute, op filter.Op) (matcher, error) {
	present := matchPresent{chain}
	switch {
	case a.role == roleSchemas:
		return nil, c.bad(a, "the attribute always has values")
	case op == filter.Eq:
		return matchNot{present}, nil
	case op == filter.Ne:
		return present, nil
	}
	return nil, c.bad(a, "null compares with eq and ne only")
}

const neverFiltered = "the attribute cannot be used in a filter"

// operand resolves an attribute of a filter; it is nil for one that is not
// defined, where that is no error. An attribute that is never returned cannot
// be filtered on: the answer would tell its value.
func (c *compiler) operand(on *Attribute, p filter.AttrPath) (*Attribute, error) {
	var a *Attribute
	var err error
	if on == c.typ.root {
		a, err = c.typ.resolve(p)
	} else if a = on.sub(p.Name); p.URN != "" || a == nil || p.Sub != "" {
		err = invalidPath(p.String(), "the attribute %s has no such sub-attribute", on.path)
	}
	if err != nil && c.undefined {
		return nil, nil
	}
	if err != nil {
		e := asError(err)
		return nil, &Error{Kind: c.kind, Path: e.Path, Detail: e.Detail}
	}
	if c.looksAt.put(a.chain[0]); a.role == roleSchemas {
		c.looksAt.all = true // they follow from all that is there
	}
	for around := a; around.parent != nil; around = around.parent {
		if around.Returned == ReturnedNever {
			return nil, c.bad(a, neverFiltered)
		}
	}
	return a, nil
}

// text returns the text that a literal stands for.
func (c *compiler) text(a *Attribute, l filter.Literal) (string, error) {
	switch {
	case l.Kind == filter.String:
		return l.Text, nil
	case c.tolerant && l.Kind == filter.Number: // externalId eq 123
		return l.Text, nil
	case c.tolerant && l.Kind == filter.True:
		return "true", nil
	case c.tolerant && l.Kind == filter.False:
		return "false", nil
	}
	return "", c.wrongType(a, "compares with a text in quotes")
}

func (c *compiler) wrongType(a *Attribute, why string) error {
	return c.bad(a, "an attribute of type "+a.Type.String()+" "+why)
}

// comparison returns the comparison of one value.
func (c *compiler) comparison(a *Attribute, op filter.Op, l filter.Literal) (func(Value) bool, error) {
	switch a.Type {
	case TypeBoolean:
		want, err := convertSingle(a, literalValue(l))
		if err != nil || want.IsZero() {
			return nil, c.wrongType(a, "compares with true or false")
		}
		if op != filter.Eq {
			return nil, c.wrongType(a, "compares with eq and ne only")
		}
		return func(v Value) bool { return v.flag == want.flag }, nil
	case TypeInteger, TypeDecimal:
		want, ok := number(l.Text)
		if !ok || l.Kind != filter.Number && l.Kind != filter.String {
			return nil, c.wrongType(a, "compares with a number")
		}
		if op == filter.Co || op == filter.Sw || op == filter.Ew {
			return nil, c.wrongType(a, "has no co, sw and ew")
		}
		return func(v Value) bool {
			have, ok := number(v.text)
			return ok && ordered(op, have.Cmp(want))
		}, nil
	case TypeDateTime:
		return c.dateTime(a, op, l)
	}
	want, err := c.text(a, l)
	if err != nil {
		return nil, err
	}
	if a.Type == TypeBinary && op >= filter.Gt {
		return nil, c.wrongType(a, "has no order")
	}
	if a.CaseExact {
		return func(v Value) bool { return textCompare(op, v.text, want) }, nil
	}
	want = Canonical(want)
	return func(v Value) bool { return textCompare(op, Canonical(v.text), want) }, nil
}

// number reads a JSON number of a size that is cheap to compare: an exponent
// is a way to ask for one of any size.
func number(s string) (*big.Rat, bool) {
	if len(s) > 64 || !isJSONNumber(s) {
		return nil, false
	}
	if i := strings.IndexAny(s, "eE"); i >= 0 && len(strings.TrimLeft(s[i+1:], "+-0")) > 3 {
		return nil, false
	}
	return new(big.Rat).SetString(s)
}

func (c *compiler) dateTime(a *Attribute, op filter.Op, l filter.Literal) (func(Value) bool, error) {
	if l.Kind != filter.String {
		return nil, c.wrongType(a, "compares with a date and time in quotes")
	}
	if op == filter.Co || op == filter.Sw || op == filter.Ew {
		return func(v Value) bool { return textCompare(op, v.text, l.Text) }, nil
	}
	want, ok := parseTime(l.Text)
	if !ok {
		return nil, c.wrongType(a, "compares with a date and time such as 2008-01-23T04:56:22Z")
	}
	return func(v Value) bool {
		have, ok := parseTime(v.text)
		return ok && ordered(op, have.Compare(want))
	}, nil
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
func (c *compiler) equalities(on *Attribute, e filter.Expr, out *[]Equality) {
	switch e := e.(type) {
	case *filter.And:
		for _, term := range e.Terms {
			c.equalities(on, term, out)
		}
	case *filter.ValuePath:
		if a, err := c.operand(on, e.Attr); err == nil && a != nil {
			c.equalities(a, e.Expr, out)
		}
	case *filter.Compare:
		a, err := c.operand(on, e.Attr)
		if err != nil || a == nil || e.Op != filter.Eq || e.Value.Kind == filter.Null {
			return
		}
		if a.Type == TypeComplex {
			a = a.names["value"]
		}
		if a == nil || a.Type != TypeString && a.Type != TypeReference || a.role == roleSchemas {
			return
		}
		// An empty text is in no index.
		if text, err := c.text(a, e.Value); err == nil && text != "" {
			*out = append(*out, equalityOf(a, text))
		}
	}
}

// timeNow is the clock: package time, which tests put into a bubble.
func timeNow() time.Time { return time.Now() }
