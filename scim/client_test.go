package scim_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/zohoscim/zohoscim/internal/memhttp"
	"github.com/zohoscim/zohoscim/scim"
)

const (
	clientCanary = "s3cr3t-c4n4ry-token"
	clientBob    = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"1","userName":"bob"}`
)

// scripted is a service provider at https://scim.example that gives the
// answers it was told and writes down what it was asked.
type scripted struct {
	net     *memhttp.Network
	answers []scriptedAnswer // the last one repeats

	mu  sync.Mutex
	got []scriptedRequest
}

type scriptedAnswer struct {
	status int
	header map[string]string
	body   string
	lose   bool // close the connection instead of answering
}

type scriptedRequest struct {
	Line, Body, Type, Auth, IfMatch string
}

func newScripted(answers ...scriptedAnswer) *scripted {
	s := &scripted{net: memhttp.New(), answers: answers}
	s.net.Handle("scim.example", s)
	return s
}

func (s *scripted) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	s.got = append(s.got, scriptedRequest{
		r.Method + " " + r.URL.RequestURI(), string(body), r.Header.Get("Content-Type"), r.Header.Get("Authorization"), r.Header.Get("If-Match"),
	})
	a := s.answers[min(len(s.got), len(s.answers))-1]
	s.mu.Unlock()
	if a.lose {
		panic(http.ErrAbortHandler)
	}
	for k, v := range a.header {
		w.Header().Set(k, v)
	}
	w.WriteHeader(a.status)
	_, _ = io.WriteString(w, a.body)
}

func (s *scripted) client(t *testing.T, cred scim.Credential) *scim.Client {
	t.Helper()
	return s.clientAs(t, cred, scim.Profile{Config: clientConfig})
}

func (s *scripted) clientAs(t *testing.T, cred scim.Credential, p scim.Profile) *scim.Client {
	t.Helper()
	c, err := scim.NewClient("https://scim.example/v2/", cred, &scim.ClientOptions{HTTPClient: s.net.Client(), Profile: p})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// clientConfig spares tests the question what the service supports.
var clientConfig = &scim.ServiceProviderConfig{Patch: scim.Supported{Supported: true}}

func (s *scripted) close(t *testing.T) {
	t.Helper()
	if err := s.net.Close(); err != nil {
		t.Error(err)
	}
}

// clientOutcome is what a caller can tell about an error.
type clientOutcome struct {
	Kind       scim.Kind
	Status     int
	Remote     bool
	Safe       bool
	RetryAfter time.Duration
	Requests   int
}

func clientOutcomeOf(err error, s *scripted) clientOutcome {
	var e *scim.Error
	if !errors.As(err, &e) {
		return clientOutcome{Requests: len(s.got)}
	}
	return clientOutcome{e.Kind, e.Status, scim.IsRemote(err), scim.SafeToRetry(err), e.RetryAfter, len(s.got)}
}

func clientGet(ctx context.Context, c *scim.Client) error {
	_, err := c.Users().Get(ctx, "1", nil)
	return err
}

func clientCreate(ctx context.Context, c *scim.Client) error {
	_, err := c.Users().Create(ctx, &scim.User{UserName: "bob"})
	return err
}

func clientReplace(ctx context.Context, c *scim.Client) error {
	_, err := c.Users().Replace(ctx, "1", &scim.User{UserName: "bob"}, &scim.WriteOptions{IfMatch: `W/"1"`})
	return err
}

func clientPatch(ctx context.Context, c *scim.Client) error {
	_, err := c.Users().Patch(ctx, "1", &scim.Patch{Operations: []scim.Operation{{Op: scim.OpRemove, Path: "title"}}}, nil)
	return err
}

func clientDelete(ctx context.Context, c *scim.Client) error { return c.Users().Delete(ctx, "1", nil) }

func clientList(ctx context.Context, c *scim.Client) error {
	_, err := c.Users().List(ctx, nil)
	return err
}

func TestClientErrors(t *testing.T) {
	const scimError = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"scimType":%q,"detail":%q,"status":"400"}`
	html := scriptedAnswer{status: 500, header: map[string]string{"Content-Type": "text/html"}, body: "<html><b>secret page</b></html>"}
	for _, row := range []struct {
		name, reason string
		call         func(context.Context, *scim.Client) error
		answers      []scriptedAnswer
		want         clientOutcome
		text         string // part of the error's text
	}{
		{
			"create/html-500", "after a 5xx the user may exist: one POST, a search that cannot be answered, not safe to repeat, no HTML in the text",
			clientCreate, []scriptedAnswer{html}, clientOutcome{Kind: scim.KindInternal, Status: 500, Remote: true, Requests: 5}, "(text/html)",
		},
		{
			"get/empty-500", "a read is repeated; an empty body is an error all the same",
			clientGet, []scriptedAnswer{{status: 500}}, clientOutcome{Kind: scim.KindInternal, Status: 500, Remote: true, Requests: 4}, "internal error (answered with status 500)",
		},
		{
			"get/recovers", "a fault that passes is not seen",
			clientGet, []scriptedAnswer{{status: 502}, {lose: true}, {status: 200, body: clientBob}}, clientOutcome{Requests: 3}, "",
		},
		{
			"create/429-then-done", "a refused create is repeated after the wait that was asked for",
			clientCreate, []scriptedAnswer{{status: 429, header: map[string]string{"Retry-After": "7"}}, {status: 201, body: clientBob}}, clientOutcome{Requests: 2}, "",
		},
		{
			"create/429-too-long", "a wait beyond the limit goes back to the caller",
			clientCreate, []scriptedAnswer{{status: 429, header: map[string]string{"Retry-After": "3600"}}},
			clientOutcome{Kind: scim.KindRateLimited, Status: 429, Remote: true, Safe: true, RetryAfter: time.Hour, Requests: 1}, "too many requests",
		},
		{
			"create/lost", "an answer that is lost leaves open whether the user was made",
			clientCreate, []scriptedAnswer{{lose: true}}, clientOutcome{Kind: scim.KindTransport, Requests: 5}, "POST https://scim.example/v2/Users",
		},
		{
			"patch/lost", "so does that of a PATCH without If-Match",
			clientPatch, []scriptedAnswer{{lose: true}}, clientOutcome{Kind: scim.KindTransport, Requests: 1}, "",
		},
		{
			"create/503", "503 without Retry-After may come from a gateway that lost the answer",
			clientCreate, []scriptedAnswer{{status: 503}}, clientOutcome{Kind: scim.KindUnavailable, Status: 503, Remote: true, Requests: 5}, "",
		},
		{
			"create/504", "a gateway says nothing about the service provider",
			clientCreate, []scriptedAnswer{{status: 504}}, clientOutcome{Kind: scim.KindTransport, Status: 504, Requests: 5}, "POST /Users was answered with status 504",
		},
		{
			"create/uniqueness", "the scimType decides",
			clientCreate, []scriptedAnswer{{status: 409, body: fmt.Sprintf(scimError, "uniqueness", "userName is in use")}},
			clientOutcome{Kind: scim.KindUniqueness, Status: 409, Remote: true, Requests: 1}, "userName is in use (answered with status 409)",
		},
		{
			"create/409-empty", "409 without scimType is a duplicate",
			clientCreate, []scriptedAnswer{{status: 409}}, clientOutcome{Kind: scim.KindUniqueness, Status: 409, Remote: true, Requests: 1}, "",
		},
		{
			"replace/409-version", "409 to a conditional request is the version (RFC 7644 table 8)",
			clientReplace, []scriptedAnswer{{status: 409}}, clientOutcome{Kind: scim.KindPreconditionFailed, Status: 409, Remote: true, Requests: 1}, "",
		},
		{
			"patch/scimType-case", "scimType is taken in any case, a numeric status too, schemas may be missing",
			clientPatch, []scriptedAnswer{{status: 400, body: `{"ScimType":"NOTARGET","status":400,"Detail":"no\nsuch\u0007value"}`}},
			clientOutcome{Kind: scim.KindNoTarget, Status: 400, Remote: true, Requests: 1}, "no such value (",
		},
		{
			"patch/400-plain", "400 without a reason",
			clientPatch, []scriptedAnswer{{status: 400, body: "bad"}}, clientOutcome{Kind: scim.KindInvalidSyntax, Status: 400, Remote: true, Requests: 1}, "refused without a reason",
		},
		{
			"patch/501", "a service provider without PATCH",
			clientPatch, []scriptedAnswer{{status: 501}}, clientOutcome{Kind: scim.KindMethodNotAllowed, Status: 501, Remote: true, Requests: 1}, "",
		},
		{
			"delete/404", "deleting what is not there is ErrNotFound",
			clientDelete, []scriptedAnswer{{status: 404}}, clientOutcome{Kind: scim.KindNotFound, Status: 404, Remote: true, Requests: 1}, "check the base URL",
		},
		{
			"delete/lost-then-404", "the first attempt may have done it: still ErrNotFound, which a caller takes as done",
			clientDelete, []scriptedAnswer{{lose: true}, {status: 404}}, clientOutcome{Kind: scim.KindNotFound, Status: 404, Remote: true, Requests: 2}, "",
		},
		{
			"get/echo", "a detail that repeats the token is dropped",
			clientGet, []scriptedAnswer{{status: 401, body: fmt.Sprintf(scimError, "", "bad token "+clientCanary)}},
			clientOutcome{Kind: scim.KindUnauthorized, Status: 401, Remote: true, Requests: 1}, "credentials are missing or were refused",
		},
		{
			"create/long-detail", "a detail is capped",
			clientCreate, []scriptedAnswer{{status: 400, body: fmt.Sprintf(scimError, "invalidValue", strings.Repeat("本", 5000))}},
			clientOutcome{Kind: scim.KindInvalidValue, Status: 400, Remote: true, Requests: 1}, "本…",
		},
		{
			"create/201-html", "the create was done, so the status is kept and a repetition is not safe",
			clientCreate, []scriptedAnswer{{status: 201, body: "<html>"}}, clientOutcome{Kind: scim.KindTransport, Status: 201, Requests: 1}, "it is not a User",
		},
		{
			"create/201-no-id", "JSON without an id is not a resource",
			clientCreate, []scriptedAnswer{{status: 201, body: `{"ok":true}`}}, clientOutcome{Kind: scim.KindTransport, Status: 201, Requests: 1}, "it has no id",
		},
		{
			"create/201-nothing", "neither body nor Location",
			clientCreate, []scriptedAnswer{{status: 201}}, clientOutcome{Kind: scim.KindTransport, Status: 201, Requests: 1}, "Location",
		},
		{
			"create/201-location", "a create without body is followed by a GET",
			clientCreate, []scriptedAnswer{{status: 201, header: map[string]string{"Location": "https://scim.example/v2/Users/1"}}, {status: 200, body: clientBob}},
			clientOutcome{Requests: 2}, "",
		},
		{
			"create/201-location-lost", "what happens to that GET does not say that the create may be repeated",
			clientCreate, []scriptedAnswer{{status: 201, header: map[string]string{"Location": "/v2/Users/1"}}, {status: 429, header: map[string]string{"Retry-After": "3600"}}},
			clientOutcome{Kind: scim.KindTransport, Status: 201, Requests: 2}, "could not be fetched",
		},
		{
			"create/201-location-elsewhere", "a Location outside the endpoint is not followed",
			clientCreate, []scriptedAnswer{{status: 201, header: map[string]string{"Location": "https://evil.example/v2/Users/1"}}},
			clientOutcome{Kind: scim.KindTransport, Status: 201, Requests: 1}, "",
		},
		{
			"get/truncated", "half a body is no resource",
			clientGet, []scriptedAnswer{{status: 200, header: map[string]string{"Content-Length": "500"}, body: clientBob[:30]}},
			clientOutcome{Kind: scim.KindTransport, Status: 200, Requests: 1}, "it ends early",
		},
		{
			"get/204", "nothing is not a resource",
			clientGet, []scriptedAnswer{{status: 204}}, clientOutcome{Kind: scim.KindTransport, Requests: 1}, "empty",
		},
		{
			"list/304", "a status that no request asked for",
			clientList, []scriptedAnswer{{status: 304}}, clientOutcome{Kind: scim.KindTransport, Status: 304, Requests: 1}, "",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScripted(row.answers...)
				defer s.close(t)
				err := row.call(t.Context(), s.client(t, scim.BearerToken(scim.NewSecret(clientCanary))))
				if diff := cmp.Diff(row.want, clientOutcomeOf(err, s)); diff != "" {
					t.Errorf("%s: %v (-want +got):\n%s", row.reason, err, diff)
				}
				if text := fmt.Sprintf("%v %+v %#v", err, err, err); !strings.Contains(text, row.text) ||
					strings.Contains(text, clientCanary) || strings.Contains(text, "<") && strings.Contains(text, "page") || len(fmt.Sprint(err)) > 2000 {
					t.Errorf("%s: text %s", row.reason, err)
				}
			})
		})
	}
}

func TestClientRedirects(t *testing.T) {
	calls := map[string]func(context.Context, *scim.Client) error{"get": clientGet, "create": clientCreate, "replace": clientReplace, "delete": clientDelete, "list": clientList}
	for name, call := range calls {
		for _, to := range []string{"https://scim.example:8443/", "https://evil.example/", "http://scim.example/", "https://scim.example@evil.example/"} {
			for _, status := range []int{301, 302, 303, 307, 308} {
				synctest.Test(t, func(t *testing.T) {
					s := newScripted(scriptedAnswer{status: status, header: map[string]string{"Location": to}})
					defer s.close(t)
					foreign := 0
					for _, host := range []string{"scim.example:8443", "evil.example"} {
						s.net.Handle(host, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { foreign++ }))
					}
					err := call(t.Context(), s.client(t, scim.Header("X-Api-Key", scim.NewSecret(clientCanary))))
					if !errors.Is(err, scim.ErrTransport) || scim.IsRemote(err) || len(s.got) != 1 || foreign != 0 || strings.Contains(err.Error(), clientCanary) {
						t.Errorf("%s, status %d to %s: %v, %d requests, %d of them elsewhere", name, status, to, err, len(s.got), foreign)
					}
				})
			}
		}
	}
}

func TestClientRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScripted(scriptedAnswer{status: 200, body: clientBob})
		defer s.close(t)
		c := s.client(t, scim.Basic("app", scim.NewSecret(clientCanary)))
		ctx, users := t.Context(), c.Users()

		_, _ = users.Get(ctx, "a/b?c d%", &scim.GetOptions{ExcludedAttributes: []string{"groups", "x509Certificates"}})
		_, _ = users.List(ctx, &scim.ListOptions{
			Filter: scim.FilterEq("userName", `a"+& b\`), StartIndex: 3, Count: 50, SortBy: "userName", Descending: true, Attributes: []string{"id"},
		})
		_, _ = users.List(ctx, &scim.ListOptions{Count: -1})
		_, _ = users.Create(ctx, &scim.User{ID: "x", UserName: "bob", Active: new(false), Password: scim.NewSecret("pw")})
		u, err := users.Get(ctx, "1", nil)
		if err != nil {
			t.Fatal(err)
		}
		u.Title = "Chief"
		_, _ = users.Replace(ctx, "1", u, &scim.WriteOptions{IfMatch: `W/"2"`})
		_, _ = users.Replace(ctx, "7", &scim.User{UserName: "bob"}, nil)
		_, _ = users.Patch(ctx, "1", &scim.Patch{Operations: []scim.Operation{{Op: scim.OpReplace, Path: "title", Value: []byte(`"x"`)}}}, nil)
		_ = users.Delete(ctx, "1", nil)

		const auth = "Basic YXBwOnMzY3IzdC1jNG40cnktdG9rZW4="
		const media = "application/scim+json"
		const schemas = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],`
		want := []scriptedRequest{
			{Line: "GET /v2/Users/a%2Fb%3Fc%20d%25?excludedAttributes=groups%2Cx509Certificates", Auth: auth},
			{Line: "GET /v2/Users?attributes=id&count=50&filter=userName%20eq%20%22a%5C%22%2B%26%20b%5C%5C%22&sortBy=userName&sortOrder=descending&startIndex=3", Auth: auth},
			{Line: "GET /v2/Users?count=0", Auth: auth},
			{Line: "POST /v2/Users", Body: schemas + `"userName":"bob","active":false,"password":"pw"}`, Type: media, Auth: auth},
			{Line: "GET /v2/Users/1", Auth: auth},
			{Line: "PUT /v2/Users/1", Body: schemas + `"id":"1","userName":"bob","title":"Chief"}`, Type: media, Auth: auth, IfMatch: `W/"2"`},
			{Line: "PUT /v2/Users/7", Body: schemas + `"id":"7","userName":"bob"}`, Type: media, Auth: auth},
			{
				Line: "PATCH /v2/Users/1", Type: media, Auth: auth,
				Body: `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"title","value":"x"}]}`,
			},
			{Line: "DELETE /v2/Users/1", Auth: auth},
		}
		if diff := cmp.Diff(want, s.got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// What cannot be meant is refused before anything is sent.
func TestClientUnsent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScripted(scriptedAnswer{status: 500})
		defer s.close(t)
		c := s.client(t, scim.BearerToken(scim.NewSecret(clientCanary)))
		done, cancel := context.WithCancel(t.Context())
		cancel()
		ctx := t.Context()
		var zero scim.Endpoint[*scim.User]
		group := scim.NewResource(scim.GroupType())
		for name, call := range map[string]func() error{
			"no id":         func() error { return c.Users().Delete(ctx, "", nil) },
			"dot id":        func() error { return c.Users().Delete(ctx, "..", nil) },
			"nil user":      func() error { _, err := c.Users().Create(ctx, nil); return err },
			"nil resource":  func() error { _, err := c.Resources(scim.UserType()).Create(ctx, nil); return err },
			"nil type":      func() error { _, err := c.Resources(nil).List(ctx, nil); return err },
			"zero endpoint": func() error { _, err := zero.Get(ctx, "1", nil); return err },
			"wrong type":    func() error { _, err := c.Resources(scim.UserType()).Create(ctx, group); return err },
			"wrong id":      func() error { _, err := c.Users().Replace(ctx, "1", &scim.User{ID: "2"}, nil); return err },
			"no operations": func() error { _, err := c.Users().Patch(ctx, "1", &scim.Patch{}, nil); return err },
			"nil patch":     func() error { _, err := c.Users().Patch(ctx, "1", nil, nil); return err },
			"injected": func() error {
				_, err := c.Users().Patch(ctx, "1", &scim.Patch{Operations: []scim.Operation{{Op: scim.OpAdd, Path: "title", Value: []byte(`"x"},{"op":"remove","path":"active"`)}}}, nil)
				return err
			},
			"ended context": func() error { return clientCreate(done, c) },
			"bad filter":    func() error { _, err := c.Users().Find(ctx, "nope eq 1"); return err },
		} {
			if err := call(); err == nil || !scim.SafeToRetry(err) || scim.IsRemote(err) || len(s.got) != 0 {
				t.Errorf("%s: %v, %d requests", name, err, len(s.got))
			}
		}
	})
}

func TestNewClient(t *testing.T) {
	token := scim.BearerToken(scim.NewSecret(clientCanary))
	for _, row := range []struct {
		base, reason string
		cred         scim.Credential
		ok           bool
	}{
		{"https://scim.example", "a host alone", token, true},
		{"https://scim.example:8443/scim/v2//", "slashes at the end are cut", token, true},
		{"http://127.0.0.1:8080/scim", "loopback may be http", token, true},
		{"http://[::1]/scim", "loopback may be http", token, true},
		{"http://localhost", "loopback may be http", token, true},
		{"http://scim.example", "the credential would be in the clear", token, false},
		{"http://127.0.0.1.evil.example", "not loopback", token, false},
		{"https://" + clientCanary + "@scim.example", "user information", token, false},
		{"https://scim.example/?key=" + clientCanary, "a query", token, false},
		{"https://scim.example/?", "a query", token, false},
		{"https://scim.example/#x", "a fragment", token, false},
		{"https://scim.example/#", "a fragment", token, false},
		{"https:///scim", "no host", token, false},
		{"https:scim.example", "no host", token, false},
		{"scim.example/v2", "no scheme", token, false},
		{"ftp://scim.example", "another scheme", token, false},
		{"https://scim.example/a/../b", "a dot segment", token, false},
		{"https://scim.example/%zz" + clientCanary, "malformed", token, false},
		{"", "empty", token, false},
		{"https://scim.example", "no credential", nil, false},
		{"https://scim.example", "an empty token", scim.BearerToken(scim.Secret{}), false},
		{"https://scim.example", "a token with a line break", scim.BearerToken(scim.NewSecret(clientCanary + "\n")), false},
		{"https://scim.example", "a user with a colon", scim.Basic("a:b", scim.NewSecret(clientCanary)), false},
		{"https://scim.example", "no password", scim.Basic("a", scim.Secret{}), false},
		{"https://scim.example", "not a field name", scim.Header("X Key", scim.NewSecret(clientCanary)), false},
		{"https://scim.example", "a field of the protocol's own", scim.Header("content-type", scim.NewSecret(clientCanary)), false},
		{"https://scim.example", "a value that ends the field", scim.Header("X-Key", scim.NewSecret(clientCanary+"\r\nX: y")), false},
		{"https://scim.example", "no token source", scim.OAuth(nil), false},
	} {
		_, err := scim.NewClient(row.base, row.cred, nil)
		var e *scim.Error
		if (err == nil) != row.ok || err != nil && (!errors.As(err, &e) || e.Kind != scim.KindInvalidOption || strings.Contains(err.Error(), clientCanary)) {
			t.Errorf("%s (%s): %v", row.base, row.reason, err)
		}
	}
	if _, err := scim.NewClient("https://scim.example", token, &scim.ClientOptions{MaxAttempts: -1}); err == nil {
		t.Error("a negative limit was taken")
	}
	if text := fmt.Sprintf("%v %+v %#v %s", token, token, token, token); strings.Contains(text, clientCanary) {
		t.Error("a credential prints its secret")
	}
}
