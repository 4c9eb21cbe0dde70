package scim

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/zohoscim/zohoscim/internal/secret"
	"golang.org/x/oauth2"
)

// Secret is a string that prints as "[redacted]" everywhere: fmt with any
// verb, log/slog, and the JSON and text encoders. Its Reveal method gives the
// text. The zero Secret is empty.
type Secret = secret.String

// NewSecret returns a [Secret] that holds s.
func NewSecret(s string) Secret { return secret.New(s) }

// Credential proves to the service provider who the [Client] is. It is what
// [BearerToken], [Basic], [OAuth] or [Header] returns. Requests that must be
// signed as a whole are signed by the transport of
// [ClientOptions.HTTPClient].
type Credential interface {
	// check returns why the credential cannot be used.
	check() error

	// authorize puts the credential in a request's header.
	authorize(ctx context.Context, h http.Header) error

	// rejected hears that the service provider refused what authorize put in
	// h, and reports whether another call of it may give something else.
	rejected(h http.Header) bool

	// hidden returns what of h must not be shown.
	hidden(h http.Header) []string
}

// clientHeader is a credential that never changes.
type clientHeader struct {
	name  string
	value Secret
	parts []Secret // what must not be shown
	fault string   // why it cannot be used, "" if it can
}

// BearerToken returns the credential of a fixed bearer token (RFC 6750), such
// as the SCIM token that Zoho One shows for a custom directory store.
func BearerToken(token Secret) Credential {
	c := &clientHeader{name: "Authorization", value: NewSecret("Bearer " + token.Reveal()), parts: []Secret{token}}
	switch s := token.Reveal(); {
	case s == "":
		c.fault = "the bearer token is empty"
	case strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f }):
		c.fault = "the bearer token has a space, a line break or a character outside ASCII: copy it again without them"
	}
	return c
}

// Basic returns the credential of HTTP's Basic scheme (RFC 7617), in UTF-8.
func Basic(user string, password Secret) Credential {
	pair := user + ":" + password.Reveal()
	coded := NewSecret(base64.StdEncoding.EncodeToString([]byte(pair)))
	c := &clientHeader{name: "Authorization", value: NewSecret("Basic " + coded.Reveal()), parts: []Secret{password, coded}}
	switch {
	case user == "" || password.IsZero():
		c.fault = "the user name or the password is empty"
	case strings.Contains(user, ":"):
		c.fault = "the user name has a colon, which ends it (RFC 7617 section 2)"
	case strings.ContainsFunc(pair, clientControl):
		c.fault = "the user name or the password has a control character"
	}
	return c
}

// Header returns a credential that is the value of a header field, such as
// "X-Api-Key", or "Authorization" for a scheme that this package does not
// have.
func Header(name string, value Secret) Credential {
	c := &clientHeader{name: http.CanonicalHeaderKey(name), value: value, parts: []Secret{value}}
	if _, token, ok := strings.Cut(value.Reveal(), " "); ok {
		c.parts = append(c.parts, NewSecret(token))
	}
	switch {
	case !clientIsToken(name) || clientOwnField(c.name):
		c.fault = "the name of the header field is not one that can hold a credential"
	case value.IsZero():
		c.fault = "the value of the header field is empty"
	case strings.ContainsFunc(value.Reveal(), clientControl):
		c.fault = "the value of the header field has a control character, such as a line break"
	}
	return c
}

func (c *clientHeader) check() error {
	if c.fault != "" {
		return errors.New(c.fault)
	}
	return nil
}

func (c *clientHeader) authorize(_ context.Context, h http.Header) error {
	h.Set(c.name, c.value.Reveal())
	return nil
}

func (c *clientHeader) rejected(http.Header) bool { return false }

func (c *clientHeader) hidden(http.Header) []string {
	var out []string
	for _, s := range c.parts {
		out = append(out, s.Reveal())
	}
	return out
}

// clientOAuth is a credential whose tokens come from a source.
type clientOAuth struct {
	source oauth2.TokenSource
}

// OAuth returns the credential of a token source, which is asked before each
// attempt and so should keep its token while it is valid. Two methods are
// used if the source has them:
//
//   - TokenContext(context.Context) (*oauth2.Token, error), in place of
//     Token, so that a request's context also ends its wait for a token;
//   - Invalidate(accessToken string), after the service provider refused that
//     token with status 401. The request is then sent once more with the next
//     one, whatever its method: a refused request has not been applied
//     (RFC 9110 section 15.5.2).
func OAuth(ts oauth2.TokenSource) Credential { return &clientOAuth{ts} }

func (c *clientOAuth) check() error {
	if v := reflect.ValueOf(c.source); c.source == nil || v.Kind() == reflect.Pointer && v.IsNil() {
		return errors.New("the token source is nil")
	}
	return nil
}

func (c *clientOAuth) authorize(ctx context.Context, h http.Header) error {
	token, err := c.token(ctx)
	switch {
	case err != nil:
		return &Error{Kind: KindUnauthorized, Detail: "the token source gave no token", unsent: true, cause: clientTokenError(err)}
	case token == nil || token.AccessToken == "":
		return &Error{Kind: KindUnauthorized, Detail: "the token source gave an empty token", unsent: true}
	}
	h.Set("Authorization", token.Type()+" "+token.AccessToken)
	return nil
}

func (c *clientOAuth) token(ctx context.Context) (*oauth2.Token, error) {
	if s, ok := c.source.(interface {
		TokenContext(context.Context) (*oauth2.Token, error)
	}); ok {
		return s.TokenContext(ctx)
	}
	return c.source.Token()
}

func (c *clientOAuth) rejected(h http.Header) bool {
	s, ok := c.source.(interface{ Invalidate(accessToken string) })
	if ok {
		s.Invalidate(c.hidden(h)[0])
	}
	return ok
}

func (c *clientOAuth) hidden(h http.Header) []string {
	value := h.Get("Authorization")
	return []string{value[strings.LastIndexByte(value, ' ')+1:]}
}

// clientTokenError gives the error of a token source a text without what the
// token endpoint was asked and what it answered: both can hold secrets.
func clientTokenError(err error) error {
	var answer *oauth2.RetrieveError
	var sent *url.Error
	switch {
	case errors.As(err, &answer):
		text := "the token endpoint refused"
		if answer.Response != nil {
			text += " with status " + strconv.Itoa(answer.Response.StatusCode)
		}
		if clientIsToken(answer.ErrorCode) && len(answer.ErrorCode) <= 64 {
			text += ": " + answer.ErrorCode
		}
		return &clientQuietError{text, err}
	case errors.As(err, &sent):
		return &clientQuietError{"the token endpoint could not be reached", err}
	}
	return err
}

// clientQuietError replaces the text of an error.
type clientQuietError struct {
	text string
	err  error
}

func (e *clientQuietError) Error() string { return e.text }
func (e *clientQuietError) Unwrap() error { return e.err }

func clientControl(r rune) bool { return r < ' ' || r == 0x7f }

// clientIsToken reports whether s is a token of RFC 9110 section 5.6.2.
func clientIsToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		letter := 'a' <= r|0x20 && r|0x20 <= 'z'
		return !letter && (r < '0' || r > '9') && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	})
}

// clientOwnField reports whether requests have the field for another use.
func clientOwnField(name string) bool {
	return slices.Contains([]string{
		"Accept", "Accept-Encoding", "Connection", "Content-Length", "Content-Type", "Host", "If-Match",
		"Te", "Trailer", "Transfer-Encoding", "Upgrade", "User-Agent",
	}, name)
}
