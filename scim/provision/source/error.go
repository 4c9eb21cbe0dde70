package source

import (
	"fmt"
	"strings"
)

// Kind is the class of an [Error].
type Kind uint8

// The kinds.
const (
	KindInvalidOption Kind = iota + 1 // an argument of a constructor is missing or wrong
	KindUnreadable                    // the file or the database cannot be read
	KindMalformed                     // what was read does not have the form of its kind, or was cut short
	KindEncoding                      // the bytes are not text in the encoding, or it cannot be told
	KindInvalidValue                  // a value cannot be what its column says
	KindChanged                       // the file changed while it was read
)

// Error is the error type of this package. Its text never holds a value.
type Error struct {
	Kind   Kind
	Name   string // the file, or "query"
	Line   int    // 1-based, 0 if it is about the whole
	Column string // name of the column or attribute, if it is about one
	Detail string // what is wrong and what to do
	Err    error  // the cause, or nil
}

// Sentinels for errors.Is. Each matches every error of its kind.
var (
	ErrInvalidOption error = &Error{Kind: KindInvalidOption}
	ErrUnreadable    error = &Error{Kind: KindUnreadable}
	ErrMalformed     error = &Error{Kind: KindMalformed}
	ErrEncoding      error = &Error{Kind: KindEncoding}
	ErrInvalidValue  error = &Error{Kind: KindInvalidValue}
	ErrChanged       error = &Error{Kind: KindChanged}
)

// Error returns the text: the place, the detail and the cause.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("source: ")
	if e.Name != "" {
		b.WriteString(e.Name)
		if e.Line > 0 {
			fmt.Fprintf(&b, ":%d", e.Line)
		}
		b.WriteString(": ")
	}
	if e.Column != "" {
		fmt.Fprintf(&b, "%s: ", e.Column)
	}
	b.WriteString(e.Detail)
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

// Is reports whether target is the sentinel of e's kind.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && *t == Error{Kind: e.Kind}
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }
