package zohoauth

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/zohoscim/zohoscim/datacenter"
)

// Kind says what went wrong, as one of the constants below: what to do next
// depends on it alone. Its text is for people and may change.
type Kind string

// The kinds of [Error].
const (
	KindConfig           Kind = "configuration does not allow this"
	KindState            Kind = "state is unknown, used or expired"
	KindCallback         Kind = "callback is malformed"
	KindAccessDenied     Kind = "access was denied"
	KindForeignHost      Kind = "host is not Zoho's"
	KindWrongDataCenter  Kind = "wrong data center"
	KindCodeRejected     Kind = "code was rejected: expired or used"
	KindConsentRequired  Kind = "consent is required again"
	KindInvalidClient    Kind = "client was rejected"
	KindRateLimited      Kind = "too many token requests"
	KindNoRefreshToken   Kind = "no refresh token"
	KindMissingScope     Kind = "a wanted scope is missing"
	KindExpired          Kind = "the user did not answer in time"
	KindRefused          Kind = "request was refused"
	KindUnexpectedAnswer Kind = "answer was not understood"
	KindUnavailable      Kind = "accounts server is unavailable"
	KindStore            Kind = "token store failed"
	KindInsecureStore    Kind = "token store is open to others"
	KindCanceled         Kind = "the caller gave up"
)

// Sentinels for [errors.Is], one for each [Kind] that a program acts on.
var (
	// ErrConfig: the Config cannot do what was asked; Error() says what to set.
	ErrConfig error = sentinel(KindConfig)
	// ErrState: the callback does not belong to a consent that this Flow
	// started, or it came too late or twice. Start again; never skip the check.
	ErrState error = sentinel(KindState)
	// ErrCallback: a parameter of the callback is missing, doubled or malformed.
	ErrCallback error = sentinel(KindCallback)
	// ErrAccessDenied: the user pressed Reject.
	ErrAccessDenied error = sentinel(KindAccessDenied)
	// ErrForeignHost: the callback or an answer named a host that is neither in
	// the table nor in ConfigOptions.Custom. Nothing was sent to it.
	ErrForeignHost error = sentinel(KindForeignHost)
	// ErrWrongDataCenter: a known data center, but not one that this consent or
	// this token may use. Error.DC is the one it named.
	ErrWrongDataCenter error = sentinel(KindWrongDataCenter)
	// ErrCodeRejected: the code was older than about a minute, or used before.
	ErrCodeRejected error = sentinel(KindCodeRejected)
	// ErrConsentRequired: the refresh token is gone (revoked, or pushed out by
	// newer ones), or nothing is stored. Only a user's new consent helps.
	ErrConsentRequired error = sentinel(KindConsentRequired)
	// ErrInvalidClient: client id and secret do not fit this data center. Zoho
	// gives each data center a secret of its own unless told otherwise.
	ErrInvalidClient error = sentinel(KindInvalidClient)
	// ErrRateLimited: more than about 10 token requests in 10 minutes.
	// Error.Until says when to try again. The grant is still good.
	ErrRateLimited error = sentinel(KindRateLimited)
	// ErrNoRefreshToken: Zoho granted access without a refresh token.
	ErrNoRefreshToken error = sentinel(KindNoRefreshToken)
	// ErrMissingScope: the grant does not cover the scopes of the Config.
	ErrMissingScope error = sentinel(KindMissingScope)
	// ErrExpired: nobody entered the code of a device flow in time. Start again.
	ErrExpired error = sentinel(KindExpired)
	// ErrRefused: Zoho answered with another error word: Error.Code.
	ErrRefused error = sentinel(KindRefused)
	// ErrUnexpectedAnswer: not the JSON that Zoho documents.
	ErrUnexpectedAnswer error = sentinel(KindUnexpectedAnswer)
	// ErrUnavailable: no answer, or a server error. Worth trying again later.
	ErrUnavailable error = sentinel(KindUnavailable)
	// ErrStore: the [TokenStore] failed; the cause is wrapped.
	ErrStore error = sentinel(KindStore)
	// ErrInsecureStore: a file or folder of a [DirStore] is one that others can
	// read, write or replace. Error() names it.
	ErrInsecureStore error = sentinel(KindInsecureStore)
)

// Error is the error of this package. Its text holds neither a secret nor a
// token, a code or an answer's body. It is not changed after it was returned, so
// several callers may share one.
type Error struct {
	Kind   Kind
	Op     string        // what was being done: "config", "start", "callback", "exchange", "refresh", "revoke", "device", "info", "open", "load", "save", "lock", "token", "request"
	DC     datacenter.DC // where, or the data center that was named; zero if none
	Code   string        // Zoho's error word, letters only; empty if it sent none that is printable
	Status int           // HTTP status, 0 if there was no answer
	Until  time.Time     // for KindRateLimited: not before this time; else zero
	Detail string        // the place and the remedy, for people
	Err    error         // the cause, nil if there is none

	// ConsentURL is, for KindConsentRequired of a TokenSource, where a person
	// consents again: TokenSourceOptions.ConsentURL. It is not in the text.
	ConsentURL string

	sentinel bool
}

func sentinel(k Kind) *Error { return &Error{Kind: k, sentinel: true} }

// Error returns the text: what was done, where, what happened, and a remedy.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("zohoauth: ")
	if e.Op != "" {
		b.WriteString(e.Op)
		if e.DC != "" {
			b.WriteString(" in " + strconv.QuoteToASCII(string(e.DC)))
		}
		b.WriteString(": ")
	}
	b.WriteString(string(e.Kind))
	switch {
	case e.Code != "" && e.Status != 0:
		b.WriteString(" (" + e.Code + ", status " + strconv.Itoa(e.Status) + ")")
	case e.Code != "":
		b.WriteString(" (" + e.Code + ")")
	case e.Status != 0:
		b.WriteString(" (status " + strconv.Itoa(e.Status) + ")")
	}
	if !e.Until.IsZero() {
		b.WriteString(" until " + e.Until.UTC().Format(time.RFC3339))
	}
	if e.Detail != "" {
		b.WriteString(": " + e.Detail)
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

// MarshalText makes encoders write the text: the fields of a cause from elsewhere
// may hold more than its text says. It never fails.
func (e *Error) MarshalText() ([]byte, error) { return []byte(e.Error()), nil }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is the sentinel of e's kind.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.sentinel && t.Kind == e.Kind
}

// IsRemote reports whether err tells what Zoho answered, rather than what this
// package or the network found.
func IsRemote(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Status != 0
}

// maxCode bounds Zoho's error word: the longest known one has 22 letters.
const maxCode = 40

// cleanCode returns Zoho's error word if it can be printed, else "". Digits are
// left out on purpose: no known word has one, every token and code has many.
func cleanCode(s string) string {
	if len(s) > maxCode {
		return ""
	}
	for _, r := range s {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', r == '_', r == ' ', r == '-':
		default:
			return ""
		}
	}
	return strings.TrimSpace(s)
}
