package secret

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
)

// redacted is what every printing path shows. It does not tell whether a value
// is set, so that a log never becomes a probe.
const redacted = "[redacted]"

// String is text that fmt, log/slog and the text, JSON and XML encoders show as
// "[redacted]". Only [String.Reveal] gives the text.
//
// The zero value is empty. A String is immutable and safe for concurrent use.
// The operator == compares identity, not content; use [String.Equal].
//
// Encoding is one way: there is no UnmarshalText, so a redacted text read back
// is an error and cannot become the secret.
type String struct{ p *string }

// New returns s as a secret. New("") is the zero value.
func New(s string) String {
	if s == "" {
		return String{}
	}
	return String{&s}
}

// Reveal returns the text, "" for the zero value. Call it where the text goes on
// the wire or into a private store, and nowhere else.
func (s String) Reveal() string {
	if s.p == nil {
		return ""
	}
	return *s.p
}

// IsZero reports whether the text is empty or unset.
func (s String) IsZero() bool { return s.Reveal() == "" }

// Equal reports whether both texts are the same. The time it takes depends on
// their lengths, not on their content.
func (s String) Equal(t String) bool {
	a, b := sha256.Sum256([]byte(s.Reveal())), sha256.Sum256([]byte(t.Reveal()))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// Format implements [fmt.Formatter]: "[redacted]" for every verb and flag.
func (s String) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// String implements [fmt.Stringer] for printers that do not go through fmt.
func (s String) String() string { return redacted }

// LogValue implements [slog.LogValuer].
func (s String) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText implements [encoding.TextMarshaler]; it never fails.
func (s String) MarshalText() ([]byte, error) { return []byte(redacted), nil }
