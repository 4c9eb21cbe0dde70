package scim

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Kind says what went wrong. The first group are the scimTypes of RFC 7644
// table 9.
type Kind uint8

// The kinds of errors.
const (
	KindUnknown            Kind = iota
	KindInvalidFilter           // the filter's syntax, or a comparison its attribute does not have
	KindTooMany                 // more results than the service provider is willing to compute
	KindUniqueness              // a value that must be unique is in use
	KindMutability              // a read-only or immutable value would change
	KindInvalidSyntax           // the body is not JSON or not the message the operation takes
	KindInvalidPath             // a PATCH path or attribute name is malformed or unknown
	KindNoTarget                // a PATCH path selects nothing
	KindInvalidValue            // a value is missing or not of its attribute's type
	KindInvalidVersion          // the protocol version is not supported
	KindInvalidCursor           // the cursor is not one that the service provider made for this query (RFC 9865)
	KindExpiredCursor           // the cursor is too old (RFC 9865)
	KindInvalidCount            // the count is not one that goes with a cursor (RFC 9865)
	KindSensitive               // the request must not carry this in its URI
	KindNotFound                // no such resource or endpoint
	KindUnauthorized            // credentials missing or refused
	KindForbidden               // authenticated, not allowed
	KindPreconditionFailed      // If-Match named another version
	KindMethodNotAllowed        // the endpoint does not have this method
	KindTooLarge                // the request is larger than a limit
	KindRateLimited             // too many requests; see Error.RetryAfter
	KindUnavailable             // the service or its store cannot answer now
	KindInternal                // the service failed
	KindInvalidSchema           // a schema or resource type definition is wrong
	KindInvalidOption           // a constructor's argument is missing or wrong
	KindTransport               // no usable answer came from the service provider
	KindNotModified             // the resource still has the version that the request named
)

// kinds holds, for each kind, its scimType (if RFC 7644 has one), its HTTP
// status and what an error without a detail says.
func (k Kind) row() (scimType string, status int, text string) {
	switch k {
	case KindInvalidFilter:
		return "invalidFilter", http.StatusBadRequest, "the filter is not valid"
	case KindTooMany:
		return "tooMany", http.StatusBadRequest, "the query has too many results"
	case KindUniqueness:
		return "uniqueness", http.StatusConflict, "a value that must be unique is in use"
	case KindMutability:
		return "mutability", http.StatusBadRequest, "the attribute cannot be changed"
	case KindInvalidSyntax:
		return "invalidSyntax", http.StatusBadRequest, "the request is malformed"
	case KindInvalidPath:
		return "invalidPath", http.StatusBadRequest, "the path is not valid"
	case KindNoTarget:
		return "noTarget", http.StatusBadRequest, "the path selects nothing"
	case KindInvalidValue:
		return "invalidValue", http.StatusBadRequest, "a value is missing or not valid"
	case KindInvalidVersion:
		return "invalidVers", http.StatusBadRequest, "the protocol version is not supported"
	case KindInvalidCursor:
		return "invalidCursor", http.StatusBadRequest, "the cursor is not valid"
	case KindExpiredCursor:
		return "expiredCursor", http.StatusBadRequest, "the cursor has expired"
	case KindInvalidCount:
		return "invalidCount", http.StatusBadRequest, "the count is not valid"
	case KindSensitive:
		return "sensitive", http.StatusForbidden, "the request must not carry this in its URI"
	case KindNotFound:
		return "", http.StatusNotFound, "not found"
	case KindUnauthorized:
		return "", http.StatusUnauthorized, "the credentials are missing or were refused"
	case KindForbidden:
		return "", http.StatusForbidden, "not allowed"
	case KindPreconditionFailed:
		return "", http.StatusPreconditionFailed, "the resource has another version"
	case KindMethodNotAllowed:
		return "", http.StatusMethodNotAllowed, "the endpoint does not have this method"
	case KindTooLarge:
		return "", http.StatusRequestEntityTooLarge, "the request is too large"
	case KindRateLimited:
		return "", http.StatusTooManyRequests, "too many requests"
	case KindUnavailable:
		return "", http.StatusServiceUnavailable, "the service cannot answer now"
	case KindInvalidSchema:
		return "", http.StatusInternalServerError, "the schema is not valid"
	case KindInvalidOption:
		return "", http.StatusInternalServerError, "an option is not valid"
	case KindTransport:
		return "", 0, "no usable answer from the service provider"
	case KindNotModified:
		return "", http.StatusNotModified, "the resource has not changed"
	}
	return "", http.StatusInternalServerError, "internal error"
}

// String returns the scimType, or the kind in words.
func (k Kind) String() string {
	scimType, _, text := k.row()
	if scimType != "" {
		return scimType
	}
	return text
}

// Error is the error type of this package. Its text names the place and the
// remedy and never holds an attribute value, a token or a secret. Compare
// with errors.Is and the sentinels below.
type Error struct {
	Kind       Kind
	Status     int           // HTTP status; 0 means the kind's own
	Path       string        // attribute path, member or parameter the error is about, if any
	Detail     string        // one sentence for a person; "" means the kind's own words
	RetryAfter time.Duration // how long the service provider asked to wait; 0 if it did not say

	remote bool // the service provider said it
	unsent bool // nothing reached the service provider
	cause  error
}

// Sentinels for errors.Is. Each matches every error of its kind.
var (
	ErrNotFound           error = &Error{Kind: KindNotFound}
	ErrUniqueness         error = &Error{Kind: KindUniqueness}
	ErrMutability         error = &Error{Kind: KindMutability}
	ErrNoTarget           error = &Error{Kind: KindNoTarget}
	ErrInvalidPath        error = &Error{Kind: KindInvalidPath}
	ErrInvalidValue       error = &Error{Kind: KindInvalidValue}
	ErrInvalidSyntax      error = &Error{Kind: KindInvalidSyntax}
	ErrInvalidFilter      error = &Error{Kind: KindInvalidFilter}
	ErrTooMany            error = &Error{Kind: KindTooMany}
	ErrInvalidCursor      error = &Error{Kind: KindInvalidCursor}
	ErrExpiredCursor      error = &Error{Kind: KindExpiredCursor}
	ErrUnauthorized       error = &Error{Kind: KindUnauthorized}
	ErrForbidden          error = &Error{Kind: KindForbidden}
	ErrPreconditionFailed error = &Error{Kind: KindPreconditionFailed}
	ErrTooLarge           error = &Error{Kind: KindTooLarge}
	ErrRateLimited        error = &Error{Kind: KindRateLimited}
	ErrUnavailable        error = &Error{Kind: KindUnavailable}
	ErrTransport          error = &Error{Kind: KindTransport}
	ErrNotModified        error = &Error{Kind: KindNotModified}

	// ErrUnchanged is returned by a function given to [Store.Update] that
	// found nothing to change: the store keeps the version it has.
	ErrUnchanged = errors.New("scim: unchanged")
)

// NewError returns an error with a cause: what a [Store] outside this package
// reports. The cause is for logs on this side and is not answered.
func NewError(kind Kind, detail string, cause error) *Error {
	return &Error{Kind: kind, Detail: detail, cause: cause}
}

// Error returns the text: the path, the detail and the cause.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("scim: ")
	if e.Path != "" {
		b.WriteString(e.Path)
		b.WriteString(": ")
	}
	b.WriteString(e.detail())
	if e.remote {
		fmt.Fprintf(&b, " (answered with status %d)", e.status())
	}
	if e.cause != nil {
		b.WriteString(": ")
		b.WriteString(e.cause.Error())
	}
	return b.String()
}

// Is reports whether target is the sentinel of e's kind.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Kind == e.Kind && t.Detail == "" && t.Path == "" && t.Status == 0
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.cause }

// ScimType returns the scimType of RFC 7644 table 9, or "".
func (e *Error) ScimType() string {
	scimType, _, _ := e.Kind.row()
	return scimType
}

func (e *Error) status() int {
	if e.Status != 0 {
		return e.Status
	}
	_, status, _ := e.Kind.row()
	return status
}

func (e *Error) detail() string {
	if e.Detail != "" {
		return e.Detail
	}
	_, _, text := e.Kind.row()
	return text
}

// IsRemote reports whether the service provider said so itself; false means
// that this side found the fault.
func IsRemote(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.remote
}

// SafeToRetry reports whether the failed request is known to have done
// nothing, so that sending it again cannot double its effect: it was refused
// with 429 or 503, or it never left this side. A create whose answer was
// lost is not safe to retry: look the resource up first.
func SafeToRetry(err error) bool {
	var e *Error
	if !errors.As(err, &e) {
		return false
	}
	return e.unsent || e.remote && (e.Kind == KindRateLimited || e.Kind == KindUnavailable && e.RetryAfter > 0)
}

// asError gives err the form in which it is answered. What is not one of
// this package's errors is a fault whose text stays on this side.
func asError(err error) *Error {
	var e *Error
	switch {
	case errors.As(err, &e):
		return e
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return &Error{Kind: KindUnavailable, Detail: "the request was not finished in time", cause: err}
	}
	return &Error{Kind: KindInternal, cause: err}
}

func invalidValue(path, format string, args ...any) *Error {
	return &Error{Kind: KindInvalidValue, Path: path, Detail: fmt.Sprintf(format, args...)}
}

func invalidSyntax(format string, args ...any) *Error {
	return &Error{Kind: KindInvalidSyntax, Detail: fmt.Sprintf(format, args...)}
}

func invalidPath(path, format string, args ...any) *Error {
	return &Error{Kind: KindInvalidPath, Path: path, Detail: fmt.Sprintf(format, args...)}
}
