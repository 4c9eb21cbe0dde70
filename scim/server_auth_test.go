package scim

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-json-experiment/json"
	"pgregory.net/rapid"

	"github.com/zohoscim/zohoscim/internal/secret"
)

// spy counts what a request may not reach before it is authenticated.
type spy struct {
	Store
	io.Reader
	calls int
}

func (s *spy) Read(p []byte) (int, error) { s.calls++; return s.Reader.Read(p) }
func (s *spy) Close() error               { return nil }

func (s *spy) View(ctx context.Context, ref Ref, fn func(*Entry) error) error {
	s.calls++
	return s.Store.View(ctx, ref, fn)
}

func (s *spy) List(ctx context.Context, q *Query) (*Page, error) {
	s.calls++
	return s.Store.List(ctx, q)
}

func staticTokens(t rapid.TB, text string, expires time.Time) *StaticTokens {
	t.Helper()
	token, err := NewStaticToken(secret.New(text), Subject{ID: "sender"}, expires)
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := NewStaticTokens(token)
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

// TestAuthMatrix sends every method to every route without a valid
// credential.
func TestAuthMatrix(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		watch := &spy{Store: NewMemoryStore()}
		valid := staticTokens(t, testToken, time.Now().Add(time.Hour))
		s, err := NewServer(watch, valid, nil)
		if err != nil {
			t.Fatal(err)
		}
		expired := staticTokens(t, testToken, time.Now().Add(time.Minute))
		late, err := NewServer(watch, expired, nil)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute) // in the bubble: at this instant the token has expired
		credentials := []struct {
			reason  string
			server  *Server
			headers []string
		}{
			{"none", s, nil},
			{"an empty header", s, []string{""}},
			{"no token", s, []string{"Bearer"}},
			{"an empty token", s, []string{"Bearer "}},
			{"two spaces", s, []string{"Bearer  " + testToken}},
			{"another scheme", s, []string{"Basic " + testToken}},
			{"a token without a scheme", s, []string{testToken}},
			{"a wrong token", s, []string{"Bearer 0123456789abcdeF"}},
			{"a prefix of the token", s, []string{"Bearer 0123456789abcde"}},
			{"the token and more", s, []string{"Bearer " + testToken + "x"}},
			{"a list of tokens", s, []string{"Bearer x," + testToken}},
			{"two headers", s, []string{"Bearer " + testToken, "Bearer " + testToken}},
			{"1 MB", s, []string{"Bearer " + strings.Repeat("x", 1<<20)}},
			{"an expired token", late, []string{"Bearer " + testToken}},
		}
		routes := []string{
			"/Users", "/Users/1", "/Users/.search", "/Groups", "/Groups/1", "/Groups/.search", "/Schemas", "/Schemas/" + SchemaUser,
			"/ResourceTypes", "/ResourceTypes/User", "/ServiceProviderConfig", "/Me", "/Bulk", "/.search", "/", "", "/nothing", `/Users?filter=(((`,
		}
		methods := []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"}
		for _, c := range credentials {
			for _, route := range routes {
				for _, method := range methods {
					r := httptest.NewRequest(method, "http://example.com/", nil)
					r.URL.Path, r.URL.RawQuery, _ = strings.Cut(route, "?")
					watch.Reader = strings.NewReader(`{`)
					r.Body = watch
					r.Header["Authorization"] = c.headers
					w := httptest.NewRecorder()
					c.server.ServeHTTP(w, r)
					var body struct {
						Schemas []string `json:"schemas"`
					}
					if method != "HEAD" && (json.Unmarshal(w.Body.Bytes(), &body) != nil || len(body.Schemas) != 1 || body.Schemas[0] != messageError) {
						t.Errorf("%s %s with %s: not a SCIM error: %s", method, route, c.reason, w.Body)
					}
					if w.Code != 401 || !strings.HasPrefix(w.Header().Get("WWW-Authenticate"), "Bearer ") {
						t.Errorf("%s %s with %s: %d, WWW-Authenticate %q", method, route, c.reason, w.Code, w.Header().Get("WWW-Authenticate"))
					}
				}
			}
		}
		if watch.calls != 0 {
			t.Errorf("%d reads of a body or store before authentication", watch.calls)
		}
	})
}

func TestAuthenticatorErrors(t *testing.T) {
	for _, tt := range []struct {
		reason string
		err    error
		status int
	}{
		{"any error is a refusal", errors.New("token canary is not known"), 401},
		{"so is one of ours", ErrForbidden, 401},
		{"an authenticator that cannot tell is not a refusal", &Error{Kind: KindUnavailable, Detail: "canary"}, 503},
		{"nor is one that asks to wait", &Error{Kind: KindRateLimited, RetryAfter: time.Minute, Detail: "canary"}, 429},
	} {
		s, err := NewServer(NewMemoryStore(), VerifyBearer(func(context.Context, string) (Subject, error) { return Subject{}, tt.err }), nil)
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest("GET", "/Users", nil)
		r.Header.Set("Authorization", "Bearer x")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != tt.status || strings.Contains(w.Body.String(), "canary") {
			t.Errorf("%s: %d %s", tt.reason, w.Code, w.Body)
		}
		if got := w.Header().Get("Retry-After"); tt.status == 429 && got != "60" {
			t.Errorf("Retry-After is %q", got)
		}
	}
}

func TestStaticTokenOptions(t *testing.T) {
	for _, text := range []string{"", "01234", "0123456789abcde"} {
		if _, err := NewStaticToken(secret.New(text), Subject{}, time.Time{}); asError(err).Kind != KindInvalidOption || strings.Contains(err.Error(), "01234") {
			t.Errorf("%d bytes: %v", len(text), err)
		}
	}
	if _, err := NewStaticTokens(); err == nil {
		t.Error("no token was accepted")
	}
	if _, err := NewStaticTokens(StaticToken{}); err == nil {
		t.Error("the zero token was accepted")
	}
	if _, err := (&StaticTokens{}).Authenticate(&http.Request{Header: http.Header{"Authorization": {"Bearer x"}}}); !errors.Is(err, ErrUnauthorized) {
		t.Errorf("the zero authenticator: %v", err)
	}
	if _, err := NewServer(nil, &StaticTokens{}, nil); err == nil {
		t.Error("a server without a store was made")
	}
	if _, err := NewServer(NewMemoryStore(), nil, nil); err == nil {
		t.Error("a server without an authenticator was made")
	}
}

func TestTokensAreReplacedWithoutAnOutage(t *testing.T) {
	first, err := NewStaticToken(secret.New("first-0123456789"), Subject{ID: "1"}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	second, err := NewStaticToken(secret.New("second-0123456789"), Subject{ID: "2"}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := NewStaticTokens(first)
	if err != nil {
		t.Fatal(err)
	}
	who := func(text string) string {
		s, _ := tokens.Authenticate(&http.Request{Header: http.Header{"Authorization": {"bearer " + text}}})
		return s.ID
	}
	if err := tokens.Replace(first, second); err != nil || who("first-0123456789") != "1" || who("second-0123456789") != "2" {
		t.Error("two tokens must be valid at once")
	}
	if err := tokens.Replace(second); err != nil || who("first-0123456789") != "" || who("second-0123456789") != "2" {
		t.Error("the first token must be gone")
	}
}
