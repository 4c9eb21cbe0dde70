package mapping

import (
	"fmt"
	"slices"
	"strings"

	"github.com/zohoscim/zohoscim/scim"
)

// Compiled is a mapping that is ready for use. It never changes and is safe
// for concurrent use.
type Compiled struct {
	typ      *scim.ResourceType
	off      []Action
	scope    Scope
	rules    []rule
	matching []Match
	owned    []*scim.Path
}

// rule is a compiled [Rule].
type rule struct {
	number     int
	path       *scim.Path // of the whole attribute, for a reference
	compare    *scim.Path // what decides whether two resources differ
	attribute  string     // source attribute of a direct rule
	eval       eval       // nil for a direct rule
	fallback   value      // the default
	matching   int
	createOnly bool
	flowNulls  bool
	reference  bool // the value is the source's key of another object
	text       bool // the target keeps an empty text
	boolean    bool
	list       bool // the target takes several values
}

// Match is a target attribute by which an existing object is found.
type Match struct {
	Path *scim.Path // the attribute to search the target by
	rule *rule
}

// Compile checks a mapping against a resource type and makes it ready for
// use. The error is a [Mistakes] with everything that is wrong, not the first
// find alone. Later changes to m have no effect.
func Compile(m *Mapping, t *scim.ResourceType) (*Compiled, error) {
	if m == nil || t == nil {
		return nil, Mistakes{{Kind: KindMapping, Detail: "a mapping and a resource type are needed"}}
	}
	c := &checker{typ: t, seen: make(map[string]int), above: make(map[string]int), order: make(map[int]int)}
	c.header(m)
	out := &Compiled{typ: t, off: slices.Clone(m.Off), scope: m.Scope.clone(), rules: make([]rule, 0, len(m.Rules))}
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
		if !r.createOnly {
			out.owned = append(out.owned, r.path)
		}
		if r.matching > 0 {
			out.matching = append(out.matching, Match{r.path, r})
		}
	}
	slices.SortFunc(out.matching, func(a, b Match) int { return a.rule.matching - b.rule.matching })
	return out, nil
}

// checker collects the mistakes of a mapping while its rules are compiled.
type checker struct {
	typ      *scim.ResourceType
	names    []string       // of the type's attributes, made when a name is wrong
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
func (c *checker) header(m *Mapping) {
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
	m.Scope.check(c.report)
}

// compile compiles the rule at hand; ok is false after a mistake.
func (c *checker) compile() (r rule, ok bool) {
	before := len(c.mistakes)
	r = rule{number: c.number, matching: c.rule.Matching, flowNulls: c.rule.FlowNulls, createOnly: c.rule.Apply == OnCreate}
	if c.rule.Apply > OnCreate {
		c.fail(KindMapping, "apply is none of %s", strings.Join(applyWords(), ", "))
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
	for _, is := range []bool{c.rule.Attribute != "", c.rule.Fixed != nil, c.rule.Expression != ""} {
		if is {
			given++
		}
	}
	switch {
	case given == 0:
		c.fail(KindSource, "the rule has no source; give an attribute, a fixed value or an expression")
	case given > 1:
		c.fail(KindSource, "the rule has several sources; keep one of attribute, fixed value and expression")
	case c.rule.Attribute != "":
		r.attribute = c.rule.Attribute
	case c.rule.Expression != "":
		r.eval = compileExpression(c.rule.Expression, c.report)
	default:
		v, err := scalar(c.rule.Fixed)
		if err != nil || v.null() {
			c.fail(KindSource, "the fixed value must be a string that is not empty, a number, true or false")
		}
		r.eval = constantEval(v)
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
}

func (c *checker) matching(r *rule) {
	n := c.rule.Matching
	switch first := c.order[n]; {
	case n == 0:
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
