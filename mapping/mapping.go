package mapping

import (
	"fmt"
	"slices"
	"strings"

	"github.com/zohoscim/zohoscim/scim"
	"github.com/zohoscim/zohoscim/scim/filter"
)

// Mapping says how a record of the source becomes a resource of the target.
// It is plain data, read from and written to JSON; [Compile] checks it and
// makes it usable.
type Mapping struct {
	Target string   `json:"target"`         // name of the resource type, such as "User"
	Off    []Action `json:"off,omitzero"`   // what is not done to the target's objects; nil: everything is done
	Scope  Scope    `json:"scope,omitzero"` // which records are mapped; nil: all
	Rules  []Rule   `json:"rules"`          // in any order

	// Attributes are the names of the source's attributes. If they are given,
	// Compile refuses others; nil: they are not known.
	Attributes []string `json:"attributes,omitzero"`

	// Extensions define the target's own schema extensions, in the form of
	// RFC 7643 section 7, for [Mapping.ResourceType].
	Extensions []*scim.Schema `json:"extensions,omitzero"`
}

// Rule gives one target attribute its value. Exactly one of Attribute, Fixed,
// Expression and None is its source.
type Rule struct {
	// Target is the attribute path in the target: "userName",
	// `emails[type eq "work"].value`,
	// "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department".
	Target string `json:"target"`

	Attribute  string `json:"attribute,omitzero"`  // source attribute, taken as it is; case-sensitive
	Fixed      any    `json:"fixed,omitzero"`      // one value for everyone: string, bool, int, int64 or float64
	Expression string `json:"expression,omitzero"` // see the package documentation

	None bool `json:"none,omitzero"` // leave the target alone, but for the default where it has no value

	// Default is the value of an object that is created when the source has
	// none: string, bool, int, int64 or float64. It never overwrites a value
	// of an existing object.
	Default any `json:"default,omitzero"`

	// Apply says when the rule is used; the zero value is Always.
	Apply Apply `json:"apply,omitzero"`

	// Matching is the precedence of the target attribute among those by which
	// existing objects are found, lowest first; 0: it is not one of them.
	Matching int `json:"matching,omitzero"`

	// FlowNulls clears the target attribute of an existing object when the
	// source has no value. Without it the target keeps what it has.
	FlowNulls bool `json:"flowNulls,omitzero"`
}

// Direct returns a rule that takes a source attribute as it is.
func Direct(attribute, target string) Rule { return Rule{Target: target, Attribute: attribute} }

// Fixed returns a rule that gives everyone the same value: a string, bool,
// int, int64 or float64.
func Fixed(target string, value any) Rule { return Rule{Target: target, Fixed: value} }

// Expression returns a rule that computes its value.
func Expression(target, text string) Rule { return Rule{Target: target, Expression: text} }

// None returns a rule that leaves the target alone. With a default it fills
// the target where that has no value, on update too.
func None(target string) Rule { return Rule{Target: target, None: true} }

// Match returns the rule as a matching rule of a precedence, 1 or more.
func (r Rule) Match(precedence int) Rule {
	r.Matching = precedence
	return r
}

// OrDefault returns the rule with a default for objects that are created.
func (r Rule) OrDefault(value any) Rule {
	r.Default = value
	return r
}

// CreateOnly returns the rule to be applied only during object creation.
func (r Rule) CreateOnly() Rule {
	r.Apply = OnCreate
	return r
}

// Clearing returns the rule with FlowNulls set.
func (r Rule) Clearing() Rule {
	r.FlowNulls = true
	return r
}

// With returns a copy of the mapping in which each given rule replaces those
// of the same target, or is added at the end.
func (m *Mapping) With(rules ...Rule) *Mapping {
	out := *m
	out.Off = slices.Clone(m.Off)
	out.Attributes = slices.Clone(m.Attributes)
	out.Extensions = slices.Clone(m.Extensions)
	out.Scope = m.Scope.clone()
	out.Rules = slices.Clone(m.Rules)
	for _, r := range rules {
		key := targetKey(r.Target)
		same := func(old Rule) bool { return targetKey(old.Target) == key }
		at := slices.IndexFunc(out.Rules, same)
		if at < 0 {
			out.Rules = append(out.Rules, r)
			continue
		}
		out.Rules[at] = r
		rest := slices.DeleteFunc(out.Rules[at+1:], same)
		out.Rules = out.Rules[:at+1+len(rest)]
	}
	return &out
}

// targetKey returns the form in which two spellings of one path are equal;
// a path that cannot be read is its own key.
func targetKey(target string) string {
	p, err := filter.ParsePath(target, nil)
	if err != nil {
		return target
	}
	return strings.ToLower(p.String())
}

// Apply says when a rule is used.
type Apply uint8

// The values of [Apply], which are the flow types of Entra. Those that only
// add are explained by Microsoft with no more than their names.
const (
	Always            Apply = iota // whenever an object is created or updated
	OnCreate                       // only during object creation
	MultiValueAddOnly              // like Always, but no value of a list is ever removed
	ValueAddOnly                   // no value is ever removed or replaced
	AttributeAddOnly               // only where the target has no value at all
)

// Action is what is done to an object of the target.
type Action uint8

// The actions, which are Entra's "Target Object Actions".
const (
	Update Action = iota
	Create
	Delete
)

// The JSON spellings, by value.
func applyWords() []string  { return []string{"always", "onCreate"} }
func actionWords() []string { return []string{"update", "create", "delete"} }

// String returns the JSON spelling.
func (a Apply) String() string { return spell(applyWords(), int(a)) }

// String returns the JSON spelling.
func (a Action) String() string { return spell(actionWords(), int(a)) }

// MarshalText returns the JSON spelling; a value that is none of the
// constants is an error.
func (a Apply) MarshalText() ([]byte, error) { return marshalWord(applyWords(), int(a)) }

// MarshalText returns the JSON spelling; a value that is none of the
// constants is an error.
func (a Action) MarshalText() ([]byte, error) { return marshalWord(actionWords(), int(a)) }

// UnmarshalText reads the JSON spelling.
func (a *Apply) UnmarshalText(b []byte) error { return unmarshalWord(a, applyWords(), b) }

// UnmarshalText reads the JSON spelling.
func (a *Action) UnmarshalText(b []byte) error { return unmarshalWord(a, actionWords(), b) }

func spell(words []string, i int) string {
	if i < len(words) {
		return words[i]
	}
	return fmt.Sprintf("unknown (%d)", i)
}

func marshalWord(words []string, i int) ([]byte, error) {
	if i >= len(words) {
		return nil, &Error{Kind: KindMapping, Detail: "a constant of the package is needed, one of " + strings.Join(words, ", ")}
	}
	return []byte(words[i]), nil
}

func unmarshalWord[T ~uint8](to *T, words []string, b []byte) error {
	i := slices.Index(words, string(b))
	if i < 0 {
		return &Error{Kind: KindJSON, Detail: "the word is none of " + strings.Join(words, ", ")}
	}
	*to = T(i)
	return nil
}
