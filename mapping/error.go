package mapping

import (
	"strconv"
	"strings"
)

// Kind says what is wrong, as one of the constants below. Its text is for
// people and may change.
type Kind string

// The kinds of [Error]. All but the last three are found by [Compile] or when a
// mapping is read, before a single record is mapped.
const (
	KindJSON       Kind = "mapping is not in its JSON form"
	KindMapping    Kind = "mapping is wrong"
	KindTarget     Kind = "target attribute is wrong"
	KindSource     Kind = "source is wrong"
	KindExpression Kind = "expression is wrong"
	KindConflict   Kind = "two rules have one target"
	KindMatching   Kind = "matching is wrong"
	KindScope      Kind = "scope is wrong"

	KindNoMatchingAttribute Kind = "no matching attribute has a value"
	KindValue               Kind = "value does not fit"
	KindEnv                 Kind = "time or random numbers are missing"
)

// Sentinels for [errors.Is], one for each [Kind].
var (
	ErrJSON       error = &Error{Kind: KindJSON}
	ErrMapping    error = &Error{Kind: KindMapping}
	ErrTarget     error = &Error{Kind: KindTarget}
	ErrSource     error = &Error{Kind: KindSource}
	ErrExpression error = &Error{Kind: KindExpression}
	ErrConflict   error = &Error{Kind: KindConflict}
	ErrMatching   error = &Error{Kind: KindMatching}
	ErrScope      error = &Error{Kind: KindScope}

	// ErrNoMatchingAttribute: the record cannot be looked up in the target,
	// so it must be skipped ("ImportSkipped" in Entra). Error.Attribute names
	// what is missing.
	ErrNoMatchingAttribute error = &Error{Kind: KindNoMatchingAttribute}
	// ErrValue: a source value is not of a type that the rule can use.
	ErrValue error = &Error{Kind: KindValue}
	// ErrEnv: an expression needs what [Env] does not have.
	ErrEnv error = &Error{Kind: KindEnv}
)

// Error is the error of this package. Its text names rules, attributes and
// functions, and never holds a value of a record.
type Error struct {
	Kind      Kind
	Place     string // member of the JSON form or clause of the scope, "" for rules
	Rule      int    // number of the rule, from 1; 0 if the error is about no rule
	Target    string // the rule's target, or the target resource type
	Attribute string // source attribute, "" if none
	Pos       int    // character of the expression, from 1; 0 if none
	Detail    string // what is wrong and what to do

	cause error
}

// Error returns the place, the kind, the detail and the cause.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("mapping: ")
	if e.Place != "" {
		b.WriteString(e.Place + ": ")
	}
	if e.Rule > 0 {
		b.WriteString("rule " + strconv.Itoa(e.Rule))
		if e.Target != "" {
			b.WriteString(" (" + e.Target + ")")
		}
		b.WriteString(": ")
	}
	if e.Attribute != "" {
		b.WriteString("source attribute " + strconv.Quote(e.Attribute) + ": ")
	}
	b.WriteString(string(e.Kind))
	if e.Pos > 0 {
		b.WriteString(" at character " + strconv.Itoa(e.Pos))
	}
	if e.Detail != "" {
		b.WriteString(": " + e.Detail)
	}
	if e.cause != nil {
		b.WriteString(": " + e.cause.Error())
	}
	return b.String()
}

// Is reports whether target is the sentinel of e's kind.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Kind == e.Kind && t.Detail == "" && t.Place == "" && t.Rule == 0
}

// Unwrap returns the cause, nil if there is none.
func (e *Error) Unwrap() error { return e.cause }

// Mistakes is the error of [Compile]: everything that is wrong with a
// mapping, in the order of its rules. [errors.Is] and [errors.As] look at
// each of them.
type Mistakes []*Error

// Error returns one line per mistake.
func (m Mistakes) Error() string {
	lines := make([]string, len(m))
	for i, e := range m {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the mistakes.
func (m Mistakes) Unwrap() []error {
	out := make([]error, len(m))
	for i, e := range m {
		out[i] = e
	}
	return out
}
