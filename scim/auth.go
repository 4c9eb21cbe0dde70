package scim

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// Authenticator says who sends a request. It is asked before anything of the
// request but its headers is looked at, and may be called concurrently. An
// error is answered with 401, and its text stays on this side; one that is
// [ErrUnavailable] or [ErrRateLimited], for an authenticator that cannot tell
// now, with 503 or 429.
type Authenticator interface {
	Authenticate(r *http.Request) (Subject, error)
}

// Subject is who sends a request.
type Subject struct {
	Scope Scope  // what the request sees and changes
	ID    string // who it is, for logs and hooks; not a credential

	// Resource is the subject's own resource, which "/Me" stands for (RFC 7644
	// section 3.11). It must be one of the scope. The zero Ref: there is none.
	Resource Ref
}

// minSecret is the shortest static token that is taken: 128 bits.
const minSecret = 16

// maxToken is the longest bearer token that is looked at.
const maxToken = 16 << 10

// StaticToken is a bearer token that the service provider gave to a sender.
// It holds a hash only.
type StaticToken struct {
	hash    [sha256.Size]byte
	valid   bool
	subject Subject
	expires time.Time
}

// NewStaticToken returns the token whose text is s and which speaks for a
// subject until it expires; the zero time is never. A text of fewer than 16
// bytes is refused.
func NewStaticToken(s Secret, subject Subject, expires time.Time) (StaticToken, error) {
	if len(s.Reveal()) < minSecret {
		return StaticToken{}, &Error{Kind: KindInvalidOption, Detail: fmt.Sprintf("a token needs at least %d bytes: a short one can be guessed", minSecret)}
	}
	return StaticToken{hash: sha256.Sum256([]byte(s.Reveal())), valid: true, subject: subject, expires: expires}, nil
}

// StaticTokens is an [Authenticator] for tokens that are kept as hashes and
// compared in constant time. Several can be valid at once, so that one can
// be replaced without an outage.
type StaticTokens struct {
	tokens atomic.Pointer[[]StaticToken]
}

// NewStaticTokens returns an authenticator for at least one token.
func NewStaticTokens(tokens ...StaticToken) (*StaticTokens, error) {
	a := &StaticTokens{}
	if err := a.Replace(tokens...); err != nil {
		return nil, err
	}
	return a, nil
}

// Replace makes these the valid tokens, at once and for all requests that
// begin later.
func (a *StaticTokens) Replace(tokens ...StaticToken) error {
	if len(tokens) == 0 {
		return &Error{Kind: KindInvalidOption, Detail: "at least one token is needed"}
	}
	for _, t := range tokens {
		if !t.valid {
			return &Error{Kind: KindInvalidOption, Detail: "a token was not made by NewStaticToken"}
		}
	}
	list := append([]StaticToken(nil), tokens...)
	a.tokens.Store(&list)
	return nil
}

// Authenticate implements [Authenticator].
func (a *StaticTokens) Authenticate(r *http.Request) (Subject, error) {
	text, err := bearer(r)
	if err != nil {
		return Subject{}, err
	}
	tokens := a.tokens.Load()
	if tokens == nil {
		return Subject{}, ErrUnauthorized
	}
	hash := sha256.Sum256([]byte(text))
	var found *StaticToken
	for i := range *tokens { // all of them: the time must not tell which one
		if subtle.ConstantTimeCompare(hash[:], (*tokens)[i].hash[:]) == 1 {
			found = &(*tokens)[i]
		}
	}
	if found == nil || !found.expires.IsZero() && !timeNow().Before(found.expires) {
		return Subject{}, ErrUnauthorized
	}
	return found.subject, nil
}

// VerifyBearer returns an authenticator that asks verify about the bearer
// token of each request.
func VerifyBearer(verify func(ctx context.Context, token string) (Subject, error)) Authenticator {
	return verifier(verify)
}

type verifier func(context.Context, string) (Subject, error)

func (v verifier) Authenticate(r *http.Request) (Subject, error) {
	text, err := bearer(r)
	if err != nil {
		return Subject{}, err
	}
	return v(r.Context(), text)
}

// bearer returns the one bearer token of a request (RFC 6750 section 2.1).
func bearer(r *http.Request) (string, error) {
	headers := r.Header.Values("Authorization")
	if len(headers) != 1 {
		return "", ErrUnauthorized
	}
	scheme, token, _ := strings.Cut(headers[0], " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" || len(token) > maxToken || strings.ContainsAny(token, " \t,") {
		return "", ErrUnauthorized
	}
	return token, nil
}
