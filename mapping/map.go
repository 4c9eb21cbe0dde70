package mapping

import (
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/zohoscim/zohoscim/scim"
)

// Result is what a mapping makes of one record.
type Result struct {
	// Resource holds the values that flowed, and nothing else: an attribute
	// that is not there is not to be changed in the target.
	Resource *scim.Resource

	// Flowed are the targets that Resource has a value for, in the order of
	// the rules.
	Flowed []*scim.Path

	// Cleared are the targets of rules with FlowNulls whose source has no
	// value: the target is to lose its own. Always empty for Create.
	Cleared []*scim.Path

	// References are the values that refer to other objects by the source's
	// keys. Resource does not have them: find each object's id in the target
	// and set the path to it, `ref.Path.Set(result.Resource, scim.String(id))`.
	References []Reference

	// Candidates are the values of rules with SelectUniqueValue, for Create
	// only. Resource does not have them: set each path to the first of its
	// values that no object of the target has. If all are taken, the object
	// cannot be created yet.
	Candidates []Candidates
}

// Candidates are the values of which an attribute of a new object gets the
// first that is free.
type Candidates struct {
	Path   *scim.Path
	Values []scim.Value // in order of preference
}

// Reference is an attribute that refers to other objects, such as manager or
// members.
type Reference struct {
	Path *scim.Path

	// Keys identify the objects in the source. None means that there is to
	// be no reference: the source has an empty list, or no value and the rule
	// has FlowNulls.
	Keys []string
}

// Map returns what the rules make of a record for an object that is created
// or updated; defaults and the rules that apply only during object creation
// are for Create. Any other action than Create maps as Update does.
//
// A record without a value for any matching attribute is
// [ErrNoMatchingAttribute]. A value that its target does not take is
// [ErrValue], and nothing is mapped: half a record would look like a change.
func (c *Compiled) Map(rec Record, a Action) (*Result, error) {
	res := &Result{Resource: scim.NewResource(c.typ), Flowed: make([]*scim.Path, 0, len(c.rules))}
	matched, in := false, input{rec, c.env}
	for i := range c.rules {
		r := &c.rules[i]
		flows := a == Create || !r.createOnly
		if !flows && r.matching == 0 {
			continue
		}
		v, err := r.value(in)
		if err == nil && flows {
			err = r.flow(res, v, a)
		}
		if err != nil {
			return nil, r.at(err)
		}
		matched = matched || r.matching > 0 && !v.empty()
	}
	if !matched {
		return nil, c.unmatched()
	}
	return res, nil
}

// value returns what the source gives.
func (r *rule) value(in input) (value, *Error) {
	if r.eval == nil {
		return in.rec.value(r.attribute)
	}
	return r.eval(in)
}

// flow adds a value to the result.
func (r *rule) flow(res *Result, v value, a Action) *Error {
	if v.kind == kindIgnored {
		return nil
	}
	if v.null() || !r.text && v.empty() {
		if v.kind == kindList && r.reference && r.list {
			res.References = append(res.References, Reference{Path: r.path})
			return nil
		}
		if a != Create {
			r.clear(res)
			return nil
		}
		if v = r.fallback; v.null() {
			return nil
		}
	}
	if r.reference {
		return r.refer(res, v)
	}
	if v.kind == kindCandidates {
		res.Candidates = append(res.Candidates, r.candidates(v))
		return nil
	}
	sv, err := r.convert(v)
	if err != nil {
		return err
	}
	if err := r.path.Set(res.Resource, sv); err != nil {
		return &Error{Kind: KindValue, cause: err}
	}
	res.Flowed = append(res.Flowed, r.path)
	return nil
}

func (r *rule) clear(res *Result) {
	switch {
	case !r.flowNulls:
	case r.reference:
		res.References = append(res.References, Reference{Path: r.path})
		if !r.list {
			res.Cleared = append(res.Cleared, r.path)
		}
	default:
		res.Cleared = append(res.Cleared, r.path)
	}
}

func (r *rule) refer(res *Result, v value) *Error {
	if r.list && v.kind == kindList {
		res.References = append(res.References, Reference{r.path, slices.Clone(v.list)})
		return nil
	}
	key, _, err := v.single()
	if err == nil {
		res.References = append(res.References, Reference{r.path, []string{key}})
	}
	return err
}

func (r *rule) candidates(v value) Candidates {
	out := Candidates{Path: r.path}
	for _, s := range v.list {
		out.Values = append(out.Values, scim.String(s))
	}
	return out
}

// convert gives a value the form that the target's Set takes; it converts
// texts to other types itself.
func (r *rule) convert(v value) (scim.Value, *Error) {
	if v.kind == kindBool && r.boolean {
		return scim.Bool(v.flag), nil
	}
	if v.kind == kindRoles {
		return roleElements(r.typ, r.path.Attribute().Path(), v.list), nil
	}
	if v.kind == kindList && r.list {
		values := make([]scim.Value, len(v.list))
		for i, s := range v.list {
			values[i] = scim.String(s)
		}
		return scim.Multi(values...), nil
	}
	s, ok, err := v.single()
	if err != nil || !ok {
		return scim.Value{}, err
	}
	if r.dateTime && strings.Contains(s, "/") { // the form in which functions give dates
		if t, ok := parseDate(s); ok {
			s = t.Format(time.RFC3339Nano)
		}
	}
	return scim.String(s), nil
}

// roleElements returns the elements of app roles, which alternate between
// display names and values. Complex values come from JSON alone.
func roleElements(t *scim.ResourceType, attribute string, list []string) scim.Value {
	b, _ := jsontext.AppendQuote([]byte{'{'}, attribute)
	b = append(b, ":["...)
	for i := 0; i+1 < len(list); i += 2 {
		if i > 0 {
			b = append(b, ',')
		}
		b, _ = jsontext.AppendQuote(append(b, `{"primary":false,"type":"WindowsAzureActiveDirectoryRole","display":`...), list[i])
		b, _ = jsontext.AppendQuote(append(b, `,"value":`...), list[i+1])
		b = append(b, '}')
	}
	r, err := scim.DecodeResource(t, append(b, "]}"...))
	if err != nil {
		return scim.Value{}
	}
	return r.Get(attribute)
}

// at completes an error with the rule's place.
func (r *rule) at(e *Error) *Error {
	e.Rule, e.Target = r.number, r.path.String()
	if e.Attribute == "" {
		e.Attribute = r.attribute
	}
	return e
}

func (c *Compiled) unmatched() *Error {
	if len(c.matching) == 0 {
		return &Error{Kind: KindMapping, Detail: "the Compiled is a zero value; use Compile"}
	}
	first := c.matching[0].rule
	e := first.at(&Error{Kind: KindNoMatchingAttribute})
	if first.attribute == "" {
		e.Detail = "the rule's expression has no value"
	}
	return e
}

// Contains reports whether a record is in the mapping's scope.
func (c *Compiled) Contains(rec Record) bool { return c.scope.contains(rec) }

// Allows reports whether the mapping has an action on the target's objects
// switched on.
func (c *Compiled) Allows(a Action) bool { return a <= Delete && !slices.Contains(c.off, a) }

// Type returns the resource type that the mapping was compiled for.
func (c *Compiled) Type() *scim.ResourceType { return c.typ }

// Matching returns the attributes by which an existing object is found, in
// the order in which they are to be tried until one finds exactly one object.
func (c *Compiled) Matching() []Match {
	out := slices.Clone(c.matching)
	for i := range out {
		out[i].env = c.env
	}
	return out
}

// Owned returns the target attributes that the mapping sets when an object
// is updated, in the order of the rules.
func (c *Compiled) Owned() []*scim.Path { return slices.Clone(c.owned) }

// Value returns the value to search for, the zero Value if the record has
// none. It is also there for a rule that applies only during object creation.
func (m Match) Value(rec Record) (scim.Value, error) {
	if m.rule == nil {
		return scim.Value{}, nil
	}
	v, err := m.rule.value(input{rec, m.env})
	if err == nil && !v.empty() {
		var sv scim.Value
		if sv, err = m.rule.convert(v); err == nil {
			return sv, nil
		}
	}
	if err != nil {
		return scim.Value{}, m.rule.at(err)
	}
	return scim.Value{}, nil
}
