package directory

import (
	"errors"
	"strings"

	"github.com/zohoscim/zohoscim/scim"
)

// Kind says what is wrong outside of a store's own methods, whose errors are
// of type [scim.Error].
type Kind uint8

// The kinds of errors.
const (
	KindUnknown  Kind = iota
	KindJSON          // the text is not the JSON of settings
	KindSetting       // a setting is wrong
	KindOption        // an argument of a constructor is missing or wrong
	KindDatabase      // the database refused the directory's tables or could not be reached
	KindDelivery      // a notification was not taken
)

// Error is an error of this package. It names the place and the remedy and
// holds no attribute value, password or text of a driver.
type Error struct {
	Kind   Kind
	Place  string // setting, such as attributes[2].profile, or option
	Detail string
	cause  error
}

// Sentinels for errors.Is. Each matches every error of its kind.
var (
	ErrJSON     error = &Error{Kind: KindJSON}
	ErrSetting  error = &Error{Kind: KindSetting}
	ErrOption   error = &Error{Kind: KindOption}
	ErrDatabase error = &Error{Kind: KindDatabase}
	ErrDelivery error = &Error{Kind: KindDelivery}
)

// Error returns the text.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("directory: ")
	if e.Place != "" {
		b.WriteString(e.Place + ": ")
	}
	b.WriteString(e.Detail)
	if e.cause != nil {
		b.WriteString(": " + e.cause.Error())
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.cause }

// Is reports whether target is the sentinel of e's kind.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Kind == e.Kind && t.Place == "" && t.Detail == ""
}

// Mistakes is everything that is wrong with [Settings].
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

func optionError(place, detail string) error {
	return &Error{Kind: KindOption, Place: place, Detail: detail}
}

// refused reports whether an error of [Accounts] says that the change will
// never be made as it is, so that it must be taken back.
func refused(err error) bool {
	var e *scim.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Kind {
	case scim.KindUniqueness, scim.KindMutability, scim.KindInvalidValue, scim.KindForbidden, scim.KindTooLarge:
		return true
	}
	return false
}

// forbidden returns a refusal that the sender's administrator can act on.
func forbidden(detail string) error { return scim.NewError(scim.KindForbidden, detail, nil) }

// taken returns the answer for an account that is in the way.
func taken(detail string) error { return scim.NewError(scim.KindUniqueness, detail, nil) }
