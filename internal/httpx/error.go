package httpx

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// Kind says what went wrong. The set is closed.
type Kind uint8

// The kinds of [Error].
const (
	// KindTransport: no answer, or none that HTTP can read; the zero value.
	// Unless the connection was never made, the service may have done what was
	// asked.
	KindTransport Kind = iota
	// KindRequest: the request is not one this package sends. Nothing was sent.
	KindRequest
	// KindCanceled: the request's context ended, during an attempt or a wait.
	KindCanceled
	// KindRedirect: the service pointed elsewhere. Nothing was sent there.
	KindRedirect
	// KindTooLarge: the answer's body is longer than the limit.
	KindTooLarge
)

// Sentinels for [errors.Is], one for each kind.
var (
	ErrTransport = &Error{Kind: KindTransport}
	ErrRequest   = &Error{Kind: KindRequest}
	ErrCanceled  = &Error{Kind: KindCanceled}
	ErrRedirect  = &Error{Kind: KindRedirect}
	ErrTooLarge  = &Error{Kind: KindTooLarge}
)

// Error is every error of this package except those of [New]. Its text has
// neither query strings nor user information.
type Error struct {
	Kind     Kind
	Method   string // as in the request
	URL      string // origin and path
	Attempts int    // how often the request was sent or tried to be
	Err      error  // the cause; its own text may say more than Error does
}

// Error implements error.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("httpx: ")
	if e.Method != "" {
		fmt.Fprintf(&b, "%s %s: ", e.Method, e.URL)
	}
	if e.Attempts > 1 {
		fmt.Fprintf(&b, "%d attempts: ", e.Attempts)
	}
	if e.Err != nil {
		b.WriteString(scrub(e.Err.Error()))
	} else {
		b.WriteString(e.Kind.String())
	}
	return b.String()
}

// Unwrap returns the cause, for [errors.Is] and [errors.As].
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is the sentinel of e's kind.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Err == nil && t.Method == "" && t.Kind == e.Kind
}

// Timeout reports whether a time limit ended the request, as [net.Error] does.
func (e *Error) Timeout() bool {
	var t interface{ Timeout() bool }
	return errors.As(e.Err, &t) && t.Timeout()
}

// String returns the kind in words.
func (k Kind) String() string {
	switch k {
	case KindTransport:
		return "no usable answer"
	case KindRequest:
		return "unusable request"
	case KindCanceled:
		return "context ended"
	case KindRedirect:
		return "refused redirect"
	case KindTooLarge:
		return "answer too large"
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// asError turns the error of an attempt or of a wait into an [Error].
func asError(ctx context.Context, call *call, err error) *Error {
	e := call.error(KindTransport, cause(err))
	switch own, isOwn := e.Err.(*Error); { //nolint:errorlint // a deeper one belongs to another client
	case isOwn:
		e.Kind, e.Err = own.Kind, own.Err
	case ctx.Err() != nil:
		e.Kind = KindCanceled
		if !errors.Is(err, ctx.Err()) { // net/http may give the context's cause instead
			e.Err = fmt.Errorf("%w: %w", ctx.Err(), e.Err)
		}
	}
	return e
}

// cause strips the [url.Error] that net/http puts around each error: its text
// quotes the whole URL.
func cause(err error) error {
	if ue, ok := err.(*url.Error); ok && ue.Err != nil { //nolint:errorlint // the outermost only
		return ue.Err
	}
	return err
}

// place returns origin and path of u.
func place(u *url.URL) string {
	if u == nil {
		return ""
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
}

// scrub removes user information, query and fragment from every URL in s. It
// errs on the side of removing too much.
func scrub(s string) string {
	var b strings.Builder
	for {
		i := strings.Index(s, "://")
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		i += len("://")
		b.WriteString(s[:i])
		end := urlEnd(s, i)
		u := s[i:end]
		if q := strings.IndexAny(u, "?#"); q >= 0 {
			u = u[:q]
		}
		if at := strings.LastIndexByte(u, '@'); at >= 0 {
			u = u[at+1:]
		}
		b.WriteString(u)
		s = s[end:]
	}
}

// urlEnd returns where the URL that holds s[i] ends: at white space or at a
// quotation mark that is not escaped.
func urlEnd(s string, i int) int {
	for ; i < len(s); i++ {
		if s[i] <= ' ' || s[i] == '"' && s[i-1] != '\\' {
			break
		}
	}
	return i
}
