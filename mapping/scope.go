package mapping

import (
	"slices"
	"strconv"
	"strings"
)

// Scope says which records are mapped: those that one of its groups selects
// (Entra: several scoping filters are joined by OR). An empty Scope selects
// every record.
type Scope []ScopeGroup

// ScopeGroup selects the records for which all of its clauses hold.
type ScopeGroup struct {
	Name    string   `json:"name,omitzero"` // for people
	Clauses []Clause `json:"clauses"`
}

// Clause is one test of a source attribute. An attribute without a value, or
// with several, fails every test but [IsNull] and [IsNotNull].
type Clause struct {
	Attribute string   `json:"attribute"`      // case-sensitive
	Operator  Operator `json:"operator"`       // one of the constants
	Value     string   `json:"value,omitzero"` // for Equals and NotEquals only; case-sensitive
}

// Operator is the test of a [Clause], spelt as Entra does.
type Operator string

// The operators.
const (
	Equals    Operator = "EQUALS"
	NotEquals Operator = "NOT EQUALS"
	IsTrue    Operator = "IS TRUE"
	IsFalse   Operator = "IS FALSE"
	IsNull    Operator = "IS NULL"
	IsNotNull Operator = "IS NOT NULL"
)

func (s Scope) clone() Scope {
	out := slices.Clone(s)
	for i := range out {
		out[i].Clauses = slices.Clone(out[i].Clauses)
	}
	return out
}

// check reports every mistake in the scope.
func (s Scope) check(report func(*Error)) {
	for i, group := range s {
		place := "scope group " + strconv.Itoa(i+1)
		if len(group.Clauses) == 0 {
			report(&Error{Kind: KindScope, Place: place, Detail: "the group has no clause and would select every record; remove it or add a clause"})
		}
		for j, c := range group.Clauses {
			if detail := c.mistake(); detail != "" {
				report(&Error{Kind: KindScope, Place: place + ", clause " + strconv.Itoa(j+1), Attribute: c.Attribute, Detail: detail})
			}
		}
	}
}

func (c Clause) mistake() string {
	if c.Attribute == "" {
		return "the clause names no attribute"
	}
	switch c.Operator {
	case Equals, NotEquals:
		if c.Value == "" {
			return string(c.Operator) + " needs a value; test for no value with " + string(IsNull)
		}
	case IsTrue, IsFalse, IsNull, IsNotNull:
		if c.Value != "" {
			return string(c.Operator) + " takes no value"
		}
	default:
		known := []string{string(Equals), string(NotEquals), string(IsTrue), string(IsFalse), string(IsNull), string(IsNotNull)}
		return "the operator is none of " + strings.Join(known, ", ")
	}
	return ""
}

func (s Scope) contains(rec Record) bool {
	if len(s) == 0 {
		return true
	}
	return slices.ContainsFunc(s, func(g ScopeGroup) bool {
		return !slices.ContainsFunc(g.Clauses, func(c Clause) bool { return !c.holds(rec) })
	})
}

func (c Clause) holds(rec Record) bool {
	v, err := rec.value(c.Attribute)
	if err != nil {
		return false
	}
	switch c.Operator {
	case IsNull:
		return v.empty()
	case IsNotNull:
		return !v.empty()
	}
	text, ok, err := v.single()
	if !ok || err != nil {
		return false
	}
	switch c.Operator {
	case Equals:
		return text == c.Value
	case NotEquals:
		return text != c.Value
	case IsTrue:
		return strings.EqualFold(text, "true")
	case IsFalse:
		return strings.EqualFold(text, "false")
	}
	return false
}
