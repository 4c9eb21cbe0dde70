package zohoauth

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// answerTests are the odd answers of the token endpoint, and the seeds of
// FuzzTokenAnswer.
var answerTests = []struct {
	name   string
	status int // 200 if 0
	body   string
	want   *answer // nil: err says how it fails
	err    error
	code   string // of the error
	reason string
}{
	{name: "current", body: `{"access_token":"a","refresh_token":"r","scope":"X.ALL Y.READ","api_domain":"https://www.zohoapis.eu","token_type":"Bearer","expires_in":3600}`,
		want: &answer{accessToken: "a", refreshToken: "r", scopes: []string{"X.ALL", "Y.READ"}, apiDomain: "https://www.zohoapis.eu", life: time.Hour}, reason: "the form of today"},
	{name: "legacy", body: `{"access_token":"a","refresh_token":"r","expires_in_sec":3600,"api_domain":"https://www.zohoapis.com","token_type":"Bearer","expires_in":3600000}`,
		want: &answer{accessToken: "a", refreshToken: "r", apiDomain: "https://www.zohoapis.com", life: time.Hour}, reason: "until 2019: expires_in in milliseconds"},
	{name: "oldest", body: `{"access_token":"a","expires_in_sec":3600}`, want: &answer{accessToken: "a", life: time.Hour}, reason: "an older sample has only expires_in_sec"},
	{name: "commas", body: `{"access_token":"a","scope":"X.ALL,Y.READ","expires_in":60}`, want: &answer{accessToken: "a", scopes: []string{"X.ALL", "Y.READ"}, life: time.Minute}, reason: "as in requests"},
	{name: "string seconds", body: `{"access_token":"a","expires_in":"3600"}`, want: &answer{accessToken: "a", life: time.Hour}, reason: "a number in quotes"},
	{name: "float seconds", body: `{"access_token":"a","expires_in":3599.9}`, want: &answer{accessToken: "a", life: 3599 * time.Second}, reason: "rounded down is safe"},
	{name: "no expires_in", body: `{"access_token":"a"}`, want: &answer{accessToken: "a", life: 10 * time.Minute}, reason: "Zoho was seen to leave it out: assume little"},
	{name: "null expires_in", body: `{"access_token":"a","expires_in":null}`, want: &answer{accessToken: "a", life: 10 * time.Minute}, reason: "the same"},
	{name: "empty error", body: `{"access_token":"a","error":"","expires_in":60}`, want: &answer{accessToken: "a", life: time.Minute}, reason: "no error word, no error"},
	{name: "zoho type", body: `{"access_token":"a","token_type":"Zoho-oauthtoken","expires_in":60}`, want: &answer{accessToken: "a", life: time.Minute}, reason: "the name of the header's scheme"},
	{name: "201", status: 201, body: `{"access_token":"a","expires_in":60}`, want: &answer{accessToken: "a", life: time.Minute}, reason: "any 2xx"},

	{name: "zero expires_in", body: `{"access_token":"a","expires_in":0}`, err: ErrUnexpectedAnswer, reason: "expired on arrival"},
	{name: "negative", body: `{"access_token":"a","expires_in":-3600}`, err: ErrUnexpectedAnswer, reason: "not a life"},
	{name: "huge", body: `{"access_token":"a","expires_in":3600000}`, err: ErrUnexpectedAnswer, reason: "41 days: milliseconds without their sign"},
	{name: "overflow", body: `{"access_token":"a","expires_in":9223372036854775807}`, err: ErrUnexpectedAnswer, reason: "overflows a Duration"},
	{name: "infinite", body: `{"access_token":"a","expires_in":1e999}`, err: ErrUnexpectedAnswer, reason: "overflows a float"},
	{name: "not a number", body: `{"access_token":"a","expires_in":"NaN"}`, err: ErrUnexpectedAnswer, reason: "ParseFloat would take it"},
	{name: "hexadecimal", body: `{"access_token":"a","expires_in":"0x1p4"}`, err: ErrUnexpectedAnswer, reason: "ParseFloat would take it"},
	{name: "object life", body: `{"access_token":"a","expires_in":{}}`, err: ErrUnexpectedAnswer, reason: "wrong type"},
	{name: "true life", body: `{"access_token":"a","expires_in":true}`, err: ErrUnexpectedAnswer, reason: "wrong type"},
	{name: "bad sec", body: `{"access_token":"a","expires_in":3600,"expires_in_sec":-1}`, err: ErrUnexpectedAnswer, reason: "expires_in_sec decides"},

	{name: "200 error", body: `{"error":"invalid_client"}`, err: ErrInvalidClient, code: "invalid_client", reason: "wire capture: errors have status 200"},
	{name: "400 error", status: 400, body: `{"error":"invalid_client_secret"}`, err: ErrInvalidClient, code: "invalid_client_secret", reason: "or 400"},
	{name: "500 error", status: 500, body: `{"error":"invalid_code"}`, err: ErrCodeRejected, code: "invalid_code", reason: "the word counts, not the status"},
	{name: "error and token", body: `{"error":"invalid_code","access_token":"a","expires_in":60}`, err: ErrCodeRejected, code: "invalid_code", reason: "an error wins"},
	{name: "grant", status: 400, body: `{"error":"invalid_grant"}`, err: ErrCodeRejected, code: "invalid_grant", reason: "RFC 6749's word for it"},
	{name: "throttled 200", body: `{"error_description":"You have made too many requests continuously. Please try again after some time.","error":"Access Denied","status":"failure"}`,
		err: ErrRateLimited, code: "Access Denied", reason: "Zoho's page on limits"},
	{name: "throttled 400", status: 400, body: `{"error":"ACCESS DENIED"}`, err: ErrRateLimited, code: "ACCESS DENIED", reason: "a production log has 400"},
	{name: "throttled word", body: `{"error":"access_denied","error_description":"You have made too many requests"}`, err: ErrRateLimited, code: "access_denied", reason: "the limit of codes has this word"},
	{name: "denied", body: `{"error":"access_denied"}`, err: ErrAccessDenied, code: "access_denied", reason: "not a limit"},
	{name: "429", status: 429, body: `slow down`, err: ErrRateLimited, reason: "HTTP's own way"},
	{name: "429 json", status: 429, body: `{"error":"too_many"}`, err: ErrRateLimited, code: "too_many", reason: "HTTP's own way with a word"},
	{name: "redirect uri", body: `{"error":"invalid_redirect_uri"}`, err: ErrRefused, code: "invalid_redirect_uri", reason: "documented"},
	{name: "scope", body: `{"error":"invalid_scope"}`, err: ErrMissingScope, code: "invalid_scope", reason: "RFC 6749 section 5.2"},
	{name: "general", body: `{"error":"general_error"}`, err: ErrRefused, code: "general_error", reason: "unknown word"},
	{name: "word with token", body: `{"error":"1000.abc.def"}`, err: ErrRefused, reason: "a word with digits may be a secret: not shown"},
	{name: "long word", body: `{"error":"` + strings.Repeat("a", 100) + `"}`, err: ErrRefused, reason: "not shown"},

	{name: "empty", body: ``, err: ErrUnexpectedAnswer, reason: "nothing"},
	{name: "page", body: "\n<html><body>Zoho Accounts</body></html>", err: ErrUnexpectedAnswer, reason: "HTML with 200"},
	{name: "page 400", status: 400, body: `<html>`, err: ErrUnexpectedAnswer, reason: "wrong method"},
	{name: "page 502", status: 502, body: `<html>Bad Gateway`, err: ErrUnavailable, reason: "a proxy before Zoho"},
	{name: "empty 503", status: 503, body: ``, err: ErrUnavailable, reason: "maintenance"},
	{name: "token with 500", status: 500, body: `{"access_token":"a","expires_in":60}`, err: ErrUnavailable, reason: "a grant needs 2xx"},
	{name: "token with 400", status: 400, body: `{"access_token":"a","expires_in":60}`, err: ErrUnexpectedAnswer, reason: "a grant needs 2xx"},
	{name: "no token", body: `{"expires_in":3600}`, err: ErrUnexpectedAnswer, reason: "success needs an access token"},
	{name: "empty token", body: `{"access_token":"","expires_in":3600}`, err: ErrUnexpectedAnswer, reason: "success needs an access token"},
	{name: "null token", body: `{"access_token":null}`, err: ErrUnexpectedAnswer, reason: "success needs an access token"},
	{name: "number token", body: `{"access_token":7}`, err: ErrUnexpectedAnswer, reason: "wrong type"},
	{name: "status only", body: `{"status":"success"}`, err: ErrUnexpectedAnswer, reason: "of another endpoint"},
	{name: "duplicate", body: `{"access_token":"a","access_token":"b","expires_in":60}`, err: ErrUnexpectedAnswer, reason: "two readings"},
	{name: "wrong case", body: `{"Access_Token":"a","expires_in":60}`, err: ErrUnexpectedAnswer, reason: "names are exact"},
	{name: "trailing", body: `{"access_token":"a","expires_in":60}{}`, err: ErrUnexpectedAnswer, reason: "two answers"},
	{name: "array", body: `[{"access_token":"a"}]`, err: ErrUnexpectedAnswer, reason: "wrong type"},
	{name: "bad utf-8", body: "{\"access_token\":\"a\xff\",\"expires_in\":60}", err: ErrUnexpectedAnswer, reason: "not JSON"},
	{name: "header injection", body: `{"access_token":"a\r\nX: y","expires_in":60}`, err: ErrUnexpectedAnswer, reason: "cannot be a header"},
	{name: "refresh with space", body: `{"access_token":"a","refresh_token":"r r","expires_in":60}`, err: ErrUnexpectedAnswer, reason: "not of Zoho's making"},
	{name: "long token", body: `{"access_token":"` + strings.Repeat("a", 5000) + `","expires_in":60}`, err: ErrUnexpectedAnswer, reason: "not of Zoho's making"},
	{name: "mac", body: `{"access_token":"a","token_type":"mac","expires_in":60}`, err: ErrUnexpectedAnswer, reason: "not a bearer token"},
}

func TestParseAnswer(t *testing.T) {
	for _, tt := range answerTests {
		t.Run(tt.name, func(t *testing.T) {
			status := tt.status
			if status == 0 {
				status = 200
			}
			got, err := parseAnswer(status, []byte(tt.body))
			if tt.err == nil {
				if err != nil {
					t.Fatalf("%v (%s)", err, tt.reason)
				}
				if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(answer{}), cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("%s:\n%s", tt.reason, diff)
				}
				return
			}
			if err == nil {
				t.Fatalf("accepted (%s)", tt.reason)
			}
			if !errors.Is(err, tt.err) || err.Code != tt.code || err.Status != status {
				t.Errorf("%v with code %q, want %v with %q (%s)", err, err.Code, tt.err, tt.code, tt.reason)
			}
		})
	}
}

// FuzzTokenAnswer: an answer is either a grant that can be used as it is, or an
// error whose text holds no part of the body but a known kind of word.
func FuzzTokenAnswer(f *testing.F) {
	for _, tt := range answerTests {
		f.Add(max(tt.status, 200), []byte(tt.body))
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		a, err := parseAnswer(status, body)
		if (a == nil) == (err == nil) {
			t.Fatal("neither or both")
		}
		if err != nil {
			if err.Code != "" && cleanCode(err.Code) != err.Code {
				t.Fatalf("code %q", err.Code)
			}
			safe := &Error{Kind: err.Kind, Code: err.Code, Status: status, Detail: err.Detail}
			if err.Error() != safe.Error() || err.Err != nil {
				t.Fatalf("text %q holds something else", err)
			}
			return
		}
		if status/100 != 2 || a.life < time.Second || a.life > maxLife {
			t.Fatalf("status %d, life %v", status, a.life)
		}
		for _, s := range []string{a.accessToken, a.refreshToken} {
			if len(s) > maxTokenLen || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) {
				t.Fatalf("token %q", s)
			}
		}
		if a.accessToken == "" {
			t.Fatal("no access token")
		}
	})
}

// FuzzStoredToken: what is read from a store is what would be written there.
func FuzzStoredToken(f *testing.F) {
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	b, err := (&Token{AccessToken: NewSecret("a"), RefreshToken: NewSecret("r"), Issued: now, Expiry: now.Add(time.Hour),
		DC: "jp", APIDomain: "https://www.zohoapis.jp", Scopes: []string{"X"}, ClientID: "c"}).encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"version":1,"client_id":"c","location":"jp","scopes":null,"access_token":"","refresh_token":"r","issued":"0001-01-01T00:00:00Z","expiry":"0001-01-01T00:00:00Z"}`))
	f.Add([]byte(`{"version":2}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		tok, err := decodeToken(b)
		if err != nil {
			if !errors.Is(err, errStoredToken) {
				t.Fatalf("%v may quote a token", err)
			}
			return
		}
		again, err := tok.encode()
		if err != nil {
			t.Skip("a time that JSON cannot express") // a year above 9999
		}
		tok2, err := decodeToken(again)
		if err != nil {
			t.Fatalf("%s cannot be read again", strconv.Quote(string(again)))
		}
		if !tok2.RefreshToken.Equal(tok.RefreshToken) || !tok2.AccessToken.Equal(tok.AccessToken) ||
			!tok2.Expiry.Equal(tok.Expiry) || !tok2.Issued.Equal(tok.Issued) || tok2.DC != tok.DC {
			t.Fatal("the round trip changed the token")
		}
	})
}
