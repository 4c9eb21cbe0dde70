package mapping

import (
	"regexp"
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
	Value     string   `json:"value,omitzero"` // what the operator compares with, if anything; case-sensitive
}

// Operator is the test of a [Clause], spelt as Entra does.
type Operator string

// The operators. Patterns are those of Replace and match anywhere in the
// value; write ^ and $ to match all of it.
const (
	Equals              Operator = "EQUALS"
	NotEquals           Operator = "NOT EQUALS"
	IsTrue              Operator = "IS TRUE"
	IsFalse             Operator = "IS FALSE"
	IsNull              Operator = "IS NULL"
	IsNotNull           Operator = "IS NOT NULL"
	RegexMatch          Operator = "REGEX MATCH"
	NotRegexMatch       Operator = "NOT REGEX MATCH"
	Includes            Operator = "Includes"               // the value contains a text
	EndsWith            Operator = "ENDS_WITH"              // the value ends with a text
	GreaterThan         Operator = "Greater_Than"           // whole numbers
	GreaterThanOrEquals Operator = "Greater_Than_OR_EQUALS" // whole numbers
	BitsSet             Operator = "&"                      // whole numbers: one of the bits is set
	BitsClear           Operator = "!&"                     // whole numbers: none of the bits is set
)

// operators returns the spellings, as error texts list them.
func operators() []string {
	return []string{
		string(Equals), string(NotEquals), string(IsTrue), string(IsFalse), string(IsNull), string(IsNotNull), string(RegexMatch), string(NotRegexMatch),
		string(Includes), string(EndsWith), string(GreaterThan), string(GreaterThanOrEquals), string(BitsSet), string(BitsClear),
	}
}

func (s Scope) clone() Scope {
	out := slices.Clone(s)
	for i := range out {
		out[i].Clauses = slices.Clone(out[i].Clauses)
	}
	return out
}

// scope is a compiled [Scope].
type scope [][]clause

// clause is a compiled [Clause].
type clause struct {
	Clause
	pattern *regexp.Regexp // of RegexMatch and NotRegexMatch
	number  int64          // of the operators that compare whole numbers
}

// compile reports every mistake in the scope. known are the source's
// attributes, nil if they are not known.
func (s Scope) compile(known []string, report func(*Error)) scope {
	var out scope
	for i, group := range s {
		place := "scope group " + strconv.Itoa(i+1)
		if len(group.Clauses) == 0 {
			report(&Error{Kind: KindScope, Place: place, Detail: "the group has no clause and would select every record; remove it or add a clause"})
		}
		clauses := make([]clause, len(group.Clauses))
		for j, given := range group.Clauses {
			wrong := func(detail string) {
				report(&Error{Kind: KindScope, Place: place + ", clause " + strconv.Itoa(j+1), Attribute: given.Attribute, Detail: detail})
			}
			clauses[j].Clause = given
			if detail := clauses[j].compile(); detail != "" {
				wrong(detail)
			}
			if known != nil && given.Attribute != "" && !slices.Contains(known, given.Attribute) {
				wrong("the source has no such attribute" + suggestion(given.Attribute, known))
			}
		}
		out = append(out, clauses)
	}
	return out
}

// compile says what is wrong with the clause, if anything.
func (c *clause) compile() string {
	if c.Attribute == "" {
		return "the clause names no attribute"
	}
	c.Operator = c.Operator.canonical()
	switch c.Operator {
	case IsTrue, IsFalse, IsNull, IsNotNull:
		if c.Value != "" {
			return string(c.Operator) + " takes no value"
		}
		return ""
	}
	if !slices.Contains(operators(), string(c.Operator)) {
		return "the operator is none of " + strings.Join(operators(), ", ") + suggestion(string(c.Operator), operators())
	}
	if c.Value == "" {
		return string(c.Operator) + " needs a value; test for no value with " + string(IsNull)
	}
	switch c.Operator {
	case RegexMatch, NotRegexMatch:
		var detail string
		if c.pattern, detail = compilePattern(c.Value); detail != "" {
			return detail
		}
	case GreaterThan, GreaterThanOrEquals, BitsSet, BitsClear:
		var ok bool
		if c.number, ok = integerOf(c.Value); !ok {
			return string(c.Operator) + " needs a whole number"
		}
	}
	return ""
}

// canonical returns the constant that an operator spells in another letter
// case, or with spaces for underscores; anything else as it is.
func (o Operator) canonical() Operator {
	plain := func(s string) string {
		return strings.ToLower(strings.Join(strings.Fields(strings.ReplaceAll(s, "_", " ")), " "))
	}
	for _, known := range operators() {
		if plain(known) == plain(string(o)) {
			return Operator(known)
		}
	}
	return o
}

func (s scope) contains(rec Record) bool {
	if len(s) == 0 {
		return true
	}
	for _, group := range s {
		if selects(group, rec) {
			return true
		}
	}
	return false
}

func selects(group []clause, rec Record) bool {
	for i := range group {
		if !group[i].holds(rec) {
			return false
		}
	}
	return true
}

func (c *clause) holds(rec Record) bool {
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
	case RegexMatch:
		return c.pattern.MatchString(text)
	case NotRegexMatch:
		return !c.pattern.MatchString(text)
	case Includes:
		return strings.Contains(text, c.Value)
	case EndsWith:
		return strings.HasSuffix(text, c.Value)
	}
	n, ok := integerOf(text)
	return ok && c.compare(n)
}

// compare tests a whole number.
func (c *clause) compare(n int64) bool {
	switch c.Operator {
	case GreaterThan:
		return n > c.number
	case GreaterThanOrEquals:
		return n >= c.number
	case BitsSet:
		return n&c.number != 0
	case BitsClear:
		return n&c.number == 0
	}
	return false
}
