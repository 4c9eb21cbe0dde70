package datacenter

import "strings"

// Kind says what is wrong, as one of the constants below. Its text is for
// people and may change.
type Kind string

// The kinds of [Error].
const (
	KindUnknownDC   Kind = "unknown data center"  // not a code or host of the table
	KindForeignHost Kind = "foreign host"         // not exactly a URL of the table
	KindBadURL      Kind = "bad URL"              // cannot be used as the URL it should be
	KindMismatch    Kind = "data center mismatch" // two values belong to different data centers
	KindBadConsent  Kind = "bad consent request"  // a field of Consent is missing or malformed
)

// Sentinels for [errors.Is], one for each [Kind].
var (
	ErrUnknownDC   error = &Error{Kind: KindUnknownDC}
	ErrForeignHost error = &Error{Kind: KindForeignHost}
	ErrBadURL      error = &Error{Kind: KindBadURL}
	ErrMismatch    error = &Error{Kind: KindMismatch}
	ErrBadConsent  error = &Error{Kind: KindBadConsent}
)

// Error is the error of every function in this package.
//
// It has no cause to unwrap: the errors of net/url quote their input, and a
// password or a token in a URL must not travel into a log that way.
type Error struct {
	Kind  Kind
	Place string // what was read, such as "sync URL"
	Input string // the code or host that was found; "" if it is not safe to show
	Hint  string // the remedy
}

// Error returns the place, the host or code where it is safe to show, the kind
// and the remedy.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("datacenter: ")
	if e.Place != "" {
		b.WriteString(e.Place)
		if e.Input != "" {
			b.WriteString(` "` + e.Input + `"`)
		}
		b.WriteString(": ")
	}
	b.WriteString(string(e.Kind))
	if e.Hint != "" {
		b.WriteString(": " + e.Hint)
	}
	return b.String()
}

// Is reports whether target is the sentinel of e's kind.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && *t == Error{Kind: e.Kind}
}
