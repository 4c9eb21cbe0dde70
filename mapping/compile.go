package mapping

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/zohoscim/zohoscim/scim"
)

// Compiled is a mapping that is ready for use. It never changes and is safe
// for concurrent use.
type Compiled struct {
	typ      *scim.ResourceType
	off      []Action
	scope    scope
	rules    []rule
	matching []Match
	owned    []*scim.Path
	env      *Env // nil: neither time nor random numbers
}

// rule is a compiled [Rule].
type rule struct {
	number     int
	given      Rule     // as it was given
	inputs     []string // source attributes that the value comes from
	typ        *scim.ResourceType
	path       *scim.Path // of the whole attribute, for a reference
	compare    *scim.Path // what decides whether two resources differ
	attribute  string     // source attribute of a direct rule
	eval       eval       // nil for a direct rule
	fallback   value      // the default
	matching   int
	apply      Apply
	createOnly bool
	flowNulls  bool
	redacted   bool // logs must not show the value
	reference  bool // the value is the source's key of another object
	text       bool // the target keeps an empty text
	boolean    bool
	dateTime   bool
	list       bool // the target takes several values
}

// Match is a target attribute by which an existing object is found.
type Match struct {
	Path *scim.Path // the attribute to search the target by
	rule *rule
	env  *Env
}

// Compile checks a mapping against a resource type and makes it ready for
// use. The error is a [Mistakes] with everything that is wrong, not the first
// find alone. Later changes to m have no effect.
func Compile(m *Mapping, t *scim.ResourceType) (*Compiled, error) {
	if m == nil || t == nil {
		return nil, Mistakes{{Kind: KindMapping, Detail: "a mapping and a resource type are needed"}}
	}
	c := &checker{typ: t, known: m.Attributes, seen: make(map[string]int), above: make(map[string]int), order: make(map[int]int)}
	out := &Compiled{typ: t, off: slices.Clone(m.Off), rules: make([]rule, 0, len(m.Rules))}
	c.header(m, out)
	for i, r := range m.Rules {
		c.number, c.rule = i+1, r
		if compiled, ok := c.compile(); ok {
			out.rules = append(out.rules, compiled)
		}
	}
	if len(c.mistakes) > 0 {
		return nil, c.mistakes
	}
	for i := range out.rules {
		r := &out.rules[i]
		if !r.createOnly && !r.idle() {
			out.owned = append(out.owned, r.path)
		}
		if r.matching > 0 {
			out.matching = append(out.matching, Match{Path: r.path, rule: r})
		}
	}
	slices.SortFunc(out.matching, func(a, b Match) int { return a.rule.matching - b.rule.matching })
	return out, nil
}

// checker collects the mistakes of a mapping while its rules are compiled.
type checker struct {
	typ      *scim.ResourceType
	names    []string       // of the type's attributes, made when a name is wrong
	known    []string       // names of source attributes; nil if they are not known
	seen     map[string]int // number of the rule by target
	above    map[string]int // number of a rule by the list it puts an element in
	order    map[int]int    // number of the rule by matching precedence
	mistakes Mistakes

	number int // of the rule at hand
	rule   Rule
}

// report adds a mistake of the rule at hand.
func (c *checker) report(e *Error) {
	if e.Place == "" && c.number > 0 {
		e.Rule, e.Target = c.number, c.rule.Target
	}
	c.mistakes = append(c.mistakes, e)
}

func (c *checker) fail(kind Kind, format string, args ...any) {
	c.report(&Error{Kind: kind, Detail: fmt.Sprintf(format, args...)})
}

// header checks what is not about one rule.
func (c *checker) header(m *Mapping, out *Compiled) {
	if m.Target != c.typ.Name() {
		c.report(&Error{Kind: KindMapping, Place: "target", Detail: fmt.Sprintf("the mapping is for %q and the resource type is %q", m.Target, c.typ.Name())})
	}
	for _, a := range m.Off {
		if a > Delete {
			c.report(&Error{Kind: KindMapping, Place: "off", Detail: "the action is none of " + strings.Join(actionWords(), ", ")})
		}
	}
	if !slices.ContainsFunc(m.Rules, func(r Rule) bool { return r.Matching > 0 }) {
		c.report(&Error{Kind: KindMatching, Place: "rules", Detail: "no rule has a matching precedence, so existing objects could not be found; give one rule Matching 1"})
	}
	out.scope = m.Scope.compile(c.known, c.report)
}

// compile compiles the rule at hand; ok is false after a mistake.
func (c *checker) compile() (r rule, ok bool) {
	before := len(c.mistakes)
	r = rule{
		number: c.number, typ: c.typ, given: c.rule, matching: c.rule.Matching,
		apply: c.rule.Apply, createOnly: c.rule.Apply == OnCreate, flowNulls: c.rule.FlowNulls,
	}
	switch {
	case r.apply > AttributeAddOnly:
		c.fail(KindMapping, "apply is none of %s", strings.Join(applyWords(), ", "))
	case r.apply >= MultiValueAddOnly && r.flowNulls:
		c.fail(KindMapping, "a rule that only adds cannot clear the target; remove flowNulls or apply")
	}
	c.target(&r)
	c.source(&r)
	c.fallback(&r)
	c.matching(&r)
	if len(c.mistakes) > before {
		return r, false
	}
	c.tryConstants(&r)
	return r, len(c.mistakes) == before
}

// source compiles where the value comes from.
func (c *checker) source(r *rule) {
	given := 0
	for _, is := range []bool{c.rule.Attribute != "", c.rule.Fixed != nil, c.rule.Expression != "", c.rule.None} {
		if is {
			given++
		}
	}
	switch {
	case given == 0:
		c.fail(KindSource, "the rule has no source; give an attribute, a fixed value, an expression or none")
	case given > 1:
		c.fail(KindSource, "the rule has several sources; keep one of attribute, fixed value, expression and none")
	case c.rule.Attribute != "":
		r.attribute = c.rule.Attribute
		c.input(r, c.rule.Attribute, 0)
	case c.rule.Expression != "":
		c.expression(r)
	case c.rule.None:
		c.none(r)
	default:
		v, err := scalar(c.rule.Fixed)
		if err != nil || v.null() {
			c.fail(KindSource, "the fixed value must be a string that is not empty, a number, true or false")
		}
		r.eval = constantEval(v)
	}
}

// none: the default is what flows, to where there is no value.
func (c *checker) none(r *rule) {
	if r.flowNulls || r.matching != 0 || r.apply == MultiValueAddOnly || r.apply == ValueAddOnly {
		c.fail(KindSource, "a rule with no source only has a default; it cannot match, clear or add values")
	}
	r.apply = AttributeAddOnly
	r.eval = constantEval(value{})
}

// idle reports whether a rule never does anything.
func (r *rule) idle() bool { return r.given.None && r.fallback.null() }

// expression compiles an expression and checks what the rule must be for it.
func (c *checker) expression(r *rule) {
	text := c.rule.Expression
	tree, err := parseExpr(text)
	if err != nil {
		c.report(err)
		return
	}
	r.eval = compileTree(text, tree, c.report)
	walk(tree, func(e *expr) {
		switch {
		case e.kind == exprAttribute:
			c.input(r, e.text, utf8.RuneCountInString(text[:e.pos])+1)
		case e.kind == exprCall && e.text == "Redact":
			r.redacted = true
		}
	})
	switch tree.text {
	case "SelectUniqueValue":
		if r.apply != OnCreate || r.matching != 0 || r.list || r.reference {
			c.fail(KindExpression, "SelectUniqueValue is for a rule of one value that applies onCreate and is not matched")
		}
	case "AppRoleAssignmentsComplex":
		if r.apply == Always {
			r.apply = MultiValueAddOnly // it adds and never removes
		}
	case "AssertiveAppRoleAssignmentsComplex":
		if r.path != nil && (!r.list || !hasSub(r.path.Attribute(), "display")) {
			c.fail(KindTarget, "%s needs a target with several values that have sub-attributes, such as \"roles\"", tree.text)
		}
	}
}

func walk(e *expr, visit func(*expr)) {
	visit(e)
	for _, arg := range e.args {
		walk(arg, visit)
	}
}

// input notes a source attribute, and reports one that the source does not have.
func (c *checker) input(r *rule, name string, pos int) {
	if !slices.Contains(r.inputs, name) {
		r.inputs = append(r.inputs, name)
	}
	if c.known != nil && !slices.Contains(c.known, name) {
		c.report(&Error{Kind: KindSource, Attribute: name, Pos: pos, Detail: "the source has no such attribute" + suggestion(name, c.known)})
	}
}

func (c *checker) fallback(r *rule) {
	if c.rule.Default == nil {
		return
	}
	v, err := scalar(c.rule.Default)
	switch {
	case err != nil || v.null():
		c.fail(KindSource, "the default must be a string that is not empty, a number, true or false")
	case c.rule.Fixed != nil:
		c.fail(KindSource, "a fixed value always is a value, so the default would never be used; remove one of them")
	case c.rule.Matching > 0:
		c.fail(KindMatching, "a matching attribute has no default: all objects without a value would be one")
	}
	r.fallback = v
	if c.rule.None {
		r.eval, r.fallback = constantEval(v), v
	}
}

func (c *checker) matching(r *rule) {
	n := c.rule.Matching
	switch first := c.order[n]; {
	case n == 0 || c.rule.None:
		return
	case n < 0:
		c.fail(KindMatching, "the precedence is 1 or more, or 0 for none")
	case first > 0:
		c.fail(KindMatching, "rule %d has the same precedence %d", first, n)
	case c.rule.Fixed != nil:
		c.fail(KindMatching, "a fixed value is the same for everyone and finds nobody")
	case r.reference || r.list:
		c.fail(KindMatching, "an attribute with several values, or one that refers to another object, cannot be matched")
	}
	if n > 0 && c.order[n] == 0 {
		c.order[n] = c.number
	}
}
