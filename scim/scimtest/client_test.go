package scimtest

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zohoscim/zohoscim/scim"
)

var createAndFind = []Exchange{
	{
		Method: http.MethodPost, Path: "/Users",
		Checks: []Demand{{Pointer: "/userName", Op: OpLike, Want: `"user1@example.com"`}, {Header: "Authorization", Op: OpMatches, Want: `^Bearer `}},
		Status: http.StatusCreated, Header: map[string]string{"ETag": `W/"1"`},
		Answer: `{"schemas":["` + userSchema + `"],"id":"1","userName":"user1@example.com"}`,
	},
	{
		Method: http.MethodGet, Path: "/ServiceProviderConfig", // whether there is PATCH
		Answer: `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],"patch":{"supported":true}}`,
	},
	{
		Method: http.MethodPatch, Path: "/Users/1",
		Checks: []Demand{{Pointer: "/Operations/0/value", Op: OpLike, Want: `"T"`}},
		Answer: `{"schemas":["` + userSchema + `"],"id":"1","userName":"user1@example.com","title":"T"}`,
	},
	{Method: http.MethodDelete, Path: "/Users/1", Status: http.StatusNoContent},
}

// TestTestClient holds our own client to a script.
func TestTestClient(t *testing.T) {
	TestClient(t, createAndFind, func(baseURL string, hc *http.Client) {
		client, err := scim.NewClient(baseURL, scim.BearerToken(scim.NewSecret("a-token-of-the-script")), &scim.ClientOptions{HTTPClient: hc})
		if err != nil {
			t.Fatal(err)
		}
		u, err := client.Users().Create(t.Context(), &scim.User{UserName: "user1@example.com"})
		if err != nil {
			t.Fatal(err)
		}
		patch := &scim.Patch{Operations: []scim.Operation{{Op: scim.OpReplace, Path: "title", Value: []byte(`"T"`)}}}
		if u, err = client.Users().Patch(t.Context(), u.ID, patch, nil); err != nil || u.Title != "T" {
			t.Fatalf("%v, %v", u, err)
		}
		if err := client.Users().Delete(t.Context(), u.ID, nil); err != nil {
			t.Fatal(err)
		}
	})
}

// TestScriptNotices: what a client does wrong is a problem of its own.
func TestScriptNotices(t *testing.T) {
	const user = `{"schemas":["` + userSchema + `"],"userName":"u"}`
	patch := func(operations string) string {
		return `{"schemas":["` + patchMessage + `"],"Operations":[` + operations + `]}`
	}
	for _, tt := range []struct {
		reason, method, path, body string
		change                     func(*http.Request)
		want                       []string // the beginnings of what is said
	}{
		{"as it should be", "POST", "/Users", user, nil, nil},
		{"a PATCH as it should be", "PATCH", "/Users/1", patch(`{"op":"Replace","path":"emails[type eq \"work\"].value","value":"x"},{"op":"remove","path":"title"}`), nil, nil},
		{"a search as it should be", "GET", `/Users?filter=userName%20eq%20%22x%22&attributes=id`, "", nil, nil},
		{"no credential", "GET", "/Users/1", "", func(r *http.Request) { r.Header.Del("Authorization") }, []string{"there is no credential"}},
		{"no media type", "POST", "/Users", user, func(r *http.Request) { r.Header.Del("Content-Type") }, []string{"the body is not called"}},
		{"another media type", "PUT", "/Users/1", user, func(r *http.Request) { r.Header.Set("Content-Type", "text/xml") }, []string{"the body is not called"}},
		{"JSON by its general name, with a parameter", "PUT", "/Users/1", user, func(r *http.Request) { r.Header.Set("Content-Type", "Application/JSON; charset=utf-8") }, nil},
		{"a list for a body", "POST", "/Users", "[]", nil, []string{"the body is not one JSON object"}},
		{"a name that is there twice", "POST", "/Users", `{"schemas":["x"],"a":1,"a":2}`, nil, []string{"the body is not one JSON object"}},
		{"no schemas", "POST", "/Users", `{"userName":"u"}`, nil, []string{"the body names no schemas"}},
		{"a PATCH that is none", "PATCH", "/Users/1", user, nil, []string{"the body does not say", "there are no operations"}},
		{"a remove of everything", "PATCH", "/Users/1", patch(`{"op":"remove"}`), nil, []string{"operation 1: a remove has no path"}},
		{"an add of nothing", "PATCH", "/Users/1", patch(`{"op":"add","path":"title"}`), nil, []string{"operation 1: there is no value"}},
		{"an operation of JSON Patch", "PATCH", "/Users/1", patch(`{"op":"move","path":"title"}`), nil, []string{"operation 1: there is no such operation"}},
		{"a path that is none", "PATCH", "/Users/1", patch(`{"op":"remove","path":"emails[type eq"}`), nil, []string{"operation 1: the path is not one"}},
		{"a filter that is none", "GET", "/Users?filter=userName", "", nil, []string{"the filter is not one"}},
		{"both projections", "GET", "/Users?attributes=id&excludedAttributes=name", "", nil, []string{"attributes and excludedAttributes"}},
		{"a query that cannot be read", "GET", "/Users?a=%zz", "", nil, []string{"the query is not well formed"}},
		{"a GET with a body", "GET", "/Users/1", user, nil, []string{"there is a body"}},
	} {
		s := &script{exchanges: []Exchange{{Method: tt.method, Path: tt.path}}}
		r := httptest.NewRequest(tt.method, clientPath+tt.path, strings.NewReader(tt.body))
		r.Header.Set("Authorization", "Bearer x")
		if tt.body != "" {
			r.Header.Set("Content-Type", "application/scim+json")
		}
		if tt.change != nil {
			tt.change(r)
		}
		s.ServeHTTP(httptest.NewRecorder(), r)
		got := s.end()
		if len(got) != len(tt.want) {
			t.Errorf("%s: %q", tt.reason, got)
			continue
		}
		for i, want := range tt.want {
			if _, said, _ := strings.Cut(got[i], ": "); !strings.HasPrefix(said, want) {
				t.Errorf("%s: %q does not begin with %q", tt.reason, said, want)
			}
		}
	}
}

// TestScriptOrder: another request than the next one is refused, and what was
// not sent is told.
func TestScriptOrder(t *testing.T) {
	s := &script{exchanges: []Exchange{
		{Method: http.MethodGet, Path: `/Users?filter=userName eq "a"&count=1`, Answer: "{}"},
		{Method: http.MethodGet, Path: "/Groups", Checks: []Demand{{Header: "X-Test", Op: OpPresent}}},
		{Method: http.MethodGet, Path: "/Users/1"},
	}}
	ask := func(path string) int {
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, clientPath+path, nil)
		r.Header.Set("Authorization", "Bearer x")
		s.ServeHTTP(w, r)
		return w.Code
	}
	var got []int
	for _, path := range []string{"/Groups", "/Users?count=1&filter=userName+eq+%22a%22", "/Groups", "/Groups"} {
		got = append(got, ask(path))
	}
	if diff := cmp.Diff([]int{500, 200, 200, 500}, got); diff != "" {
		t.Errorf("statuses:\n%s", diff)
	}
	want := []string{
		`request 1, GET /Groups: want GET /Users?filter=userName eq "a"&count=1`,
		"request 2, GET /Groups: header X-Test: want present , got no value",
		"request 3, GET /Groups: want GET /Users/1",
		"request 3, GET /Users/1: not sent",
	}
	if diff := cmp.Diff(want, s.end()); diff != "" {
		t.Errorf("problems:\n%s", diff)
	}
}
