package zohoauth

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const (
	// maxAnswer caps the answer of the token endpoint, in bytes. A real one has
	// a few hundred.
	maxAnswer = 64 << 10

	// defaultLife is assumed for an access token whose answer does not say how
	// long it lives. Zoho's hour is documented, but a token that is refreshed too
	// early costs one request, one that is used too late costs a failed sync.
	defaultLife = 10 * time.Minute

	// maxLife is the longest life that is believed. Zoho documents an hour; a
	// longer one is more likely milliseconds that were taken for seconds.
	maxLife = 24 * time.Hour

	// maxTokenLen bounds a token of an answer, in bytes. Zoho's have 70.
	maxTokenLen = 4096
)

// answer is what the token endpoint granted.
type answer struct {
	accessToken  string
	refreshToken string // empty: keep the one there is
	apiDomain    string // empty: keep
	scopes       []string
	issued       time.Time // when the request was sent
	life         time.Duration
}

// wireAnswer is the JSON of an answer, good or bad: Zoho sends errors with
// status 200 as well. Members that are not listed, such as id_token and status,
// do not matter here.
type wireAnswer struct {
	AccessToken      *string        `json:"access_token"`
	RefreshToken     *string        `json:"refresh_token"`
	TokenType        *string        `json:"token_type"`
	Scope            *string        `json:"scope"`
	APIDomain        *string        `json:"api_domain"`
	ExpiresIn        jsontext.Value `json:"expires_in"`
	ExpiresInSec     jsontext.Value `json:"expires_in_sec"`
	Error            *string        `json:"error"`
	ErrorDescription *string        `json:"error_description"`
}

// parseAnswer reads the body of a token answer. The status only decides what a
// body without an error word means; a granted token needs a 2xx. Errors lack Op
// and DC, which the caller knows.
func parseAnswer(status int, body []byte) (*answer, *Error) {
	var w wireAnswer
	if err := json.Unmarshal(body, &w); err != nil {
		return nil, unreadable(status, body)
	}
	if str(w.Error) != "" {
		return nil, refusal(status, *w.Error, str(w.ErrorDescription))
	}
	if status < 200 || status > 299 {
		return nil, unreadable(status, body)
	}
	bad := func(detail string) (*answer, *Error) {
		return nil, &Error{Kind: KindUnexpectedAnswer, Status: status, Detail: detail}
	}
	a := &answer{
		accessToken:  str(w.AccessToken),
		refreshToken: str(w.RefreshToken),
		apiDomain:    str(w.APIDomain),
		scopes:       splitScopes(str(w.Scope)),
	}
	if a.accessToken == "" {
		return bad("neither access_token nor error")
	}
	if !tokenLike(a.accessToken) || a.refreshToken != "" && !tokenLike(a.refreshToken) {
		return bad("a token that cannot be sent in a header")
	}
	if t := str(w.TokenType); t != "" && !strings.EqualFold(t, "Bearer") && !strings.EqualFold(t, "Zoho-oauthtoken") {
		return bad("token_type is not Bearer")
	}
	life, ok := lifetime(w.ExpiresIn, w.ExpiresInSec)
	if !ok {
		return bad("expires_in is not a time between 1 s and 24 h")
	}
	a.life = life
	return a, nil
}

// unreadable is the error for a body that holds neither a grant nor an error.
func unreadable(status int, body []byte) *Error {
	e := &Error{Kind: KindUnexpectedAnswer, Status: status}
	if status == 429 {
		e.Kind = KindRateLimited
		return e
	}
	if status >= 500 {
		e.Kind = KindUnavailable
	}
	switch body = bytes.TrimSpace(body); {
	case len(body) == 0:
		e.Detail = "the body is empty"
	case body[0] == '<':
		e.Detail = "the body is a page, not JSON"
	default:
		e.Detail = "the body is not the JSON of a token answer"
	}
	return e
}

// refusal classifies Zoho's error word. The kind of invalid_code depends on the
// grant and is settled by the caller.
func refusal(status int, word, description string) *Error {
	e := &Error{Kind: KindRefused, Code: cleanCode(word), Status: status}
	switch strings.ToLower(strings.TrimSpace(word)) {
	case "access denied":
		e.Kind = KindRateLimited
	case "access_denied":
		e.Kind = KindAccessDenied
		if strings.Contains(strings.ToLower(description), "too many requests") {
			e.Kind = KindRateLimited
		}
	case "invalid_code", "invalid_grant":
		e.Kind = KindCodeRejected
	case "invalid_client", "invalid_client_secret":
		e.Kind = KindInvalidClient
		e.Detail = "check client id and secret: each data center has a secret of its own, unless the API console says otherwise"
	case "invalid_redirect_uri":
		e.Detail = "the redirect URL has to equal the registered one"
	case "invalid_scope":
		e.Kind = KindMissingScope
	default:
		if status == 429 {
			e.Kind = KindRateLimited
		} else if status >= 500 {
			e.Kind = KindUnavailable
		}
	}
	return e
}

// lifetime reads the two members for the life of a token. With expires_in_sec,
// which the old form of the answer has, expires_in counts milliseconds.
func lifetime(in, inSec jsontext.Value) (time.Duration, bool) {
	v := inSec
	if absent(v) {
		v = in
	}
	if absent(v) {
		return defaultLife, true
	}
	text := string(v)
	if v.Kind() == '"' {
		if err := json.Unmarshal(v, &text); err != nil {
			return 0, false
		}
	} else if v.Kind() != '0' {
		return 0, false
	}
	// Hexadecimal, "Inf" and "1_000" would pass ParseFloat, but not JSON.
	if !jsontext.Value(text).IsValid() {
		return 0, false
	}
	sec, err := strconv.ParseFloat(text, 64)
	if err != nil || sec < 1 || sec > maxLife.Seconds() {
		return 0, false
	}
	return time.Duration(math.Floor(sec)) * time.Second, true
}

func absent(v jsontext.Value) bool { return len(v) == 0 || v.Kind() == 'n' }

// splitScopes splits a scope list: answers use spaces, requests commas.
func splitScopes(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ',' })
}

func tokenLike(s string) bool { return len(s) <= maxTokenLen && printable(s) }

func str(p *string) string {
	if p == nil {
		return ""
	}
	return *p
}
