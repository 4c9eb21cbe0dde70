package scimtest_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zohoscim/zohoscim/scim"
	"github.com/zohoscim/zohoscim/scim/scimtest"
)

// fault changes a request or an answer of a service provider that conforms.
type fault struct {
	reason  string
	request func(r *http.Request)
	answer  func(r *http.Request, a *httptest.ResponseRecorder)
	found   []string // cases that must find it
}

func (f fault) ServeHTTP(next http.Handler, w http.ResponseWriter, r *http.Request) {
	if f.request != nil {
		f.request(r)
	}
	rec := httptest.NewRecorder()
	next.ServeHTTP(rec, r)
	if f.answer != nil {
		f.answer(r, rec)
	}
	for name, values := range rec.Header() {
		w.Header()[name] = values
	}
	w.Header().Del("Content-Length")
	w.WriteHeader(rec.Code)
	_, _ = rec.Body.WriteTo(w)
}

// replaceText changes a text in every answer.
func replaceText(old, new string) func(*http.Request, *httptest.ResponseRecorder) {
	return func(_ *http.Request, a *httptest.ResponseRecorder) {
		a.Body = bytes.NewBuffer(bytes.ReplaceAll(a.Body.Bytes(), []byte(old), []byte(new)))
	}
}

func status(from, to int) func(*http.Request, *httptest.ResponseRecorder) {
	return func(_ *http.Request, a *httptest.ResponseRecorder) {
		if a.Code == from {
			a.Code = to
		}
	}
}

func header(name, value string) func(*http.Request, *httptest.ResponseRecorder) {
	return func(_ *http.Request, a *httptest.ResponseRecorder) { a.Header().Set(name, value) }
}

// replaceBody changes a text in every request.
func replaceBody(old, new string) func(*http.Request) {
	return func(r *http.Request) {
		data, _ := io.ReadAll(r.Body)
		data = bytes.ReplaceAll(data, []byte(old), []byte(new))
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(data)), int64(len(data))
	}
}

func dropQuery(names ...string) func(*http.Request) {
	return func(r *http.Request) {
		q := r.URL.Query()
		for _, name := range names {
			q.Del(name)
		}
		r.URL.RawQuery = q.Encode()
	}
}

func dropHeader(name string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Del(name) }
}

var faults = []fault{
	{reason: "a member is dropped", answer: replaceText(`"displayName":`, `"dropped":`),
		found: []string{"create/answer", "create/stored", "patch/add/single", "replace/answer", "groups/create", "projection/attributes"}},
	{reason: "another status", answer: status(201, 200), found: []string{"create/answer", "create/location"}},
	{reason: "DELETE is 200", answer: status(204, 200), found: []string{"delete/answer"}},
	{reason: "what is not found is 400", answer: status(404, 400), found: []string{"errors/get-unknown", "delete/gone", "errors/put-unknown"}},
	{reason: "a conflict is 400", answer: status(409, 400), found: []string{"characteristics/unique/create"}},
	{reason: "the status of an error is a number", answer: func(r *http.Request, a *httptest.ResponseRecorder) {
		code := strconv.Itoa(a.Code)
		replaceText(`"status":"`+code+`"`, `"status":`+code)(r, a)
	}, found: []string{"errors/get-unknown", "auth/none", "okta/unknown"}},
	{reason: "totalResults is a text", answer: replaceText(`"totalResults":3`, `"totalResults":"3"`), found: []string{"list/slice", "list/count-0"}},
	{reason: "a boolean is a text", answer: replaceText(`"active":false`, `"active":"False"`), found: []string{"patch/replace/active", "okta/deactivate-put", "entra/users/disable"}},
	{reason: "a feature is a text", answer: replaceText(`"supported":true`, `"supported":"true"`), found: []string{"discovery/config/features"}},
	{reason: "the wrong scimType", answer: replaceText(`"scimType":"uniqueness"`, `"scimType":"invalidValue"`), found: []string{"characteristics/unique/create"}},
	{reason: "no scimType", answer: replaceText(`"scimType":"invalidFilter"`, `"x":""`), found: []string{"filter/refused/operator", "filter/refused/boolean-order"}},
	{reason: "errors are not identified", answer: replaceText(`messages:2.0:Error`, `messages:2.0:Fault`), found: []string{"errors/get-unknown", "auth/wrong"}},
	{reason: "text/json", answer: header("Content-Type", "text/json"), found: []string{"http/content-type/resource", "errors/content-type", "http/accept/none"}},
	{reason: "no Location", answer: header("Location", ""), found: []string{"create/location", "groups/location"}},
	{reason: "another Location", answer: header("Location", "https://example.com/x"), found: []string{"create/location"}},
	{reason: "no ETag", answer: func(_ *http.Request, a *httptest.ResponseRecorder) { a.Header().Del("ETag") }, found: []string{"etag/header", "etag/meta"}},
	{reason: "one ETag for all", answer: header("ETag", `W/"1"`), found: []string{"etag/changes", "etag/group-members"}},
	{reason: "no Content-Location", answer: func(_ *http.Request, a *httptest.ResponseRecorder) { a.Header().Del("Content-Location") }, found: []string{"read/content-location-present"}},
	{reason: "no challenge", answer: func(_ *http.Request, a *httptest.ResponseRecorder) { a.Header().Del("WWW-Authenticate") }, found: []string{"auth/challenge-none", "auth/challenge-wrong"}},
	{reason: "no Allow", answer: func(_ *http.Request, a *httptest.ResponseRecorder) { a.Header().Del("Allow") }, found: []string{"http/method/collection", "http/method/resource", "http/method/discovery"}},
	{reason: "everybody may come in", request: func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) },
		found: []string{"auth/none", "auth/wrong", "auth/create-not-done", "auth/change-not-done", "auth/another-scheme", "okta/bad-token"}},
	{reason: "filters are ignored", request: dropQuery("filter"), found: []string{"filter/eq", "list/none", "entra/users/test-connection", "entra/users/match"}},
	{reason: "pages are ignored", request: dropQuery("startIndex", "count"), found: []string{"list/slice", "list/count-0", "list/count-limit", "list/start-beyond", "entra/validator/pagination"}},
	{reason: "sorting is ignored", request: dropQuery("sortBy", "sortOrder"), found: []string{"sort/ascending", "sort/without-case"}},
	{reason: "projection is ignored", request: dropQuery("attributes", "excludedAttributes"), found: []string{"projection/attributes", "projection/excluded", "projection/group-members", "entra/groups/match", "create/projected"}},
	{reason: "If-Match is ignored", request: dropHeader("If-Match"), found: []string{"etag/put", "etag/patch", "etag/delete"}},
	{reason: "If-None-Match is ignored", request: dropHeader("If-None-Match"), found: []string{"etag/not-modified"}},
	{reason: "and is or", request: func(r *http.Request) {
		r.URL.RawQuery = strings.ReplaceAll(r.URL.RawQuery, "type%20eq%20%22work%22%20and", "type%20eq%20%22work%22%20or")
	},
		found: []string{"filter/value-path", "filter/value-path-none"}},
	{reason: "a remove with a filter removes all", request: func(r *http.Request) {
		data, _ := io.ReadAll(r.Body)
		before, rest, _ := bytes.Cut(data, []byte(`"members[`))
		if _, after, found := bytes.Cut(rest, []byte(`]"`)); found {
			data = slices.Concat(before, []byte(`"members"`), after)
		}
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(data)), int64(len(data))
	}, found: []string{"groups/patch/remove", "groups/patch/remove-absent", "entra/validator/group-remove-member"}},
	{reason: "a remove that lists members removes all", request: replaceBody(`"op":"Remove","path":"members","value":`, `"op":"Remove","path":"members","x":`),
		found: []string{"entra/groups/remove-member", "entra/groups/remove-member-plain", "entra/groups/remove-unknown-member"}},
	{reason: "replace adds", request: replaceBody(`"op":"replace","path":"members"`, `"op":"add","path":"members"`),
		found: []string{"groups/patch/replace", "groups/patch/replace-empty", "okta/group-push"}},
	{reason: "PATCH does nothing", request: func(r *http.Request) {
		if r.Method == http.MethodPatch {
			replaceBody(`"path":"displayName"`, `"path":"title"`)(r)
		}
	}, found: []string{"patch/replace/single", "patch/remove/single", "patch/add/single"}},
	{reason: "primary stays where it was", answer: replaceText(`"primary":false`, `"primary":true`), found: []string{"patch/add/primary", "patch/replace/primary"}},
	{reason: "members come back although excluded", answer: func(r *http.Request, a *httptest.ResponseRecorder) {
		if strings.Contains(r.URL.RawQuery, "excludedAttributes=members") {
			replaceText(`"displayName":`, `"members":[{"value":"x"}],"displayName":`)(r, a)
		}
	}, found: []string{"projection/group-members", "entra/groups/match", "entra/groups/read", "entra/validator/group-read"}},
	{reason: "the password comes back", answer: replaceText(`"userName":`, `"password":"x","userName":`), found: []string{"characteristics/never/create", "characteristics/never/change", "okta/create"}},
	{reason: "answers are not JSON", answer: replaceText(`"schemas":`, `'schemas':`), found: []string{"create/answer", "read/resource", "errors/get-unknown"}},
	{reason: "a name is there twice", answer: replaceText(`"displayName":"A"`, `"displayName":"A","displayName":"A"`), found: []string{"create/answer", "read/resource"}},
	{reason: "bulk requests are not identified", answer: replaceText(`2.0:BulkResponse`, `2.0:Bulk`), found: []string{"bulk/post", "bulk/continues", "bulk/errors/no-method"}},
	{reason: "failOnErrors is ignored", request: replaceBody(`"failOnErrors":`, `"x":`), found: []string{"bulk/fail-on-errors/stops", "bulk/fail-on-errors/counts"}},
	{reason: "the first error ends a bulk request", request: replaceBody(`"Operations":[{"method"`, `"failOnErrors":1,"Operations":[{"method"`), found: []string{"bulk/continues", "bulk/result/all"}},
	{reason: "bulk results are in another order", answer: replaceText(`"Operations":[`, `"Operations":[{"status":"200"},`), found: []string{"bulk/order", "bulk/result/status"}},
	{reason: "results without a location", answer: replaceText(`"location":"http`, `"x":"http`), found: []string{"bulk/result/location", "bulk/result/location-patch", "bulk/result/location-failed"}},
	{reason: "a failed POST has a location", answer: replaceText(`{"method":"POST","bulkId":"x"`, `{"location":"/Users/x","method":"POST","bulkId":"x"`), found: []string{"bulk/result/location-failed-post"}},
	{reason: "the bulkId does not come back", answer: replaceText(`"bulkId":`, `"x":`), found: []string{"bulk/result/bulk-id", "bulk/result/bulk-id-failed"}},
	{reason: "the status of a result is an object", answer: replaceText(`"status":"201"`, `"status":{"code":"201"}`), found: []string{"bulk/result/status", "bulk/post"}},
	{reason: "results without an error", answer: replaceText(`"response":`, `"x":`), found: []string{"bulk/result/error", "bulk/result/uniqueness"}},
	{reason: "versions of operations are ignored", request: replaceBody(`"version":`, `"x":`), found: []string{"bulk/version"}},
	{reason: "references stay as they are", request: replaceBody(`"value":"bulkId:`, `"value":"bulkId#`), answer: replaceText(`"value":"bulkId#`, `"value":"bulkId:`),
		found: []string{"bulk/reference/member", "bulk/reference/forward", "bulk/reference/extension", "bulk/reference/put", "bulk/reference/patch", "bulk/reference/failed", "bulk/reference/unknown", "bulk/circular/groups", "bulk/circular/extension"}},
	{reason: "no limit", answer: status(413, 200), found: []string{"bulk/limits/operations", "bulk/limits/payload"}},
	{reason: "the limit is not named", answer: replaceText(`(1000)`, ``), found: []string{"bulk/limits/operations"}},
	{reason: "the alias has no Location", answer: func(_ *http.Request, a *httptest.ResponseRecorder) { a.Header().Del("Location") }, found: []string{"me/location", "me/error", "me/write"}},
	{reason: "the alias is its own location", answer: func(r *http.Request, a *httptest.ResponseRecorder) {
		if strings.HasSuffix(r.URL.Path, "/Me") {
			a.Header().Set("Location", "/Me")
		}
	}, found: []string{"me/location", "me/error"}},
	{reason: "cursors are not looked at", request: func(r *http.Request) {
		if q := r.URL.Query(); q.Get("cursor") != "" {
			q.Set("cursor", "")
			r.URL.RawQuery = q.Encode()
		}
	}, found: []string{"cursor/all-pages", "cursor/sorted", "cursor/groups", "cursor/under-change", "cursor/errors/unknown", "cursor/errors/other-endpoint", "cursor/errors/type", "cursor/errors/opaque"}},
	{reason: "cursors in a search are not looked at", request: replaceBody(`"cursor":"`, `"cursor":"","x":"`), found: []string{"cursor/search/all-pages", "cursor/search/sorted", "cursor/search/invalid"}},
	{reason: "the list ends after a page", answer: replaceText(`"nextCursor"`, `"next"`), found: []string{"cursor/first-page", "cursor/all-pages", "cursor/search/all-pages"}},
	{reason: "the list does not end", answer: replaceText(`"Resources":`, `"nextCursor":"x","Resources":`), found: []string{"cursor/one-page", "cursor/no-results"}},
	{reason: "the first page has one before it", answer: replaceText(`"nextCursor":`, `"previousCursor":"x","nextCursor":`), found: []string{"cursor/no-previous"}},
	{reason: "a cursor has a character of base64", answer: replaceText(`"nextCursor":"`, `"nextCursor":"+`), found: []string{"cursor/characters"}},
	{reason: "another scimType for cursors", answer: replaceText(`"scimType":"invalidCursor"`, `"scimType":"invalidValue"`), found: []string{"cursor/errors/forged", "cursor/errors/other-filter", "cursor/errors/type"}},
	{reason: "another scimType for counts", answer: replaceText(`"scimType":"invalidCount"`, `"scimType":"tooMany"`), found: []string{"cursor/errors/other-count"}},
	{reason: "pagination in texts", answer: replaceText(`"index":true`, `"index":"true"`), found: []string{"cursor/config/required"}},
	{reason: "no timeout but 0", answer: replaceText(`"cursorTimeout":3600`, `"cursorTimeout":0`), found: []string{"cursor/config/sizes"}},
	{reason: "cursors are the default", answer: replaceText(`"defaultPaginationMethod":"index"`, `"defaultPaginationMethod":"cursor"`), found: []string{"cursor/config/default-index"}},
	{reason: "every membership is direct", answer: replaceText(`"type":"indirect"`, `"type":"direct"`), found: []string{"membership/nested-five", "membership/nested-list", "membership/cycle"}},
	{reason: "every membership is indirect", answer: replaceText(`"type":"direct"`, `"type":"indirect"`), found: []string{"membership/both-ways", "membership/nested-five"}},
	{reason: "a reference leads elsewhere", answer: replaceText(`/Groups/`, `/Users/`), found: []string{"membership/nested-reference"}},
	{reason: "an attribute gets a default", answer: replaceText(`"userName":`, `"externalId":"made-up","userName":`), found: []string{"characteristics/external-id-absent", "read/unassigned"}},
}

// TestFaultsAreFound gives a service provider that conforms one fault after
// another: the runner must be able to fail.
func TestFaultsAreFound(t *testing.T) {
	for _, f := range faults {
		t.Run(f.reason, func(t *testing.T) {
			s := newServer(t, scim.ServerOptions{})
			url, client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { f.ServeHTTP(s, w, r) }))
			for _, id := range f.found {
				report, err := scimtest.Check(t.Context(), url+"/scim/v2", client, &scimtest.Profile{Only: id})
				if err != nil {
					t.Fatal(err)
				}
				if r := report.Results[0]; r.Case.ID != id || r.Outcome != scimtest.Failed || r.Failure == nil {
					t.Errorf("%s did not find it: %s", id, r)
				}
			}
		})
	}
}

// TestEmptyAnswersPassNothing asks servers that give one answer to all
// requests. A case that such a server passes demands too little; those that
// are listed ask only for this answer.
func TestEmptyAnswersPassNothing(t *testing.T) {
	const scimError = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"detail":"x","status":"`
	const list = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":0,"startIndex":1,"itemsPerPage":0}`
	for _, tt := range []struct {
		reason string
		status int
		body   string
		passed []string // what their IDs begin with
	}{
		{"an error of its own", 500, scimError + `500"}`, nil},
		{"nothing", 204, ``, nil},
		{"an empty object", 200, `{}`, []string{"http/content-type/", "http/accept/", "entra/users/no-user-agent", "okta/content-type-on-get"}},
		{"an empty list", 200, list, []string{"http/content-type/", "http/accept/", "entra/users/no-user-agent", "entra/users/schemas", "okta/content-type-on-get", "tolerance/probe"}},
		{"a refusal", 401, scimError + `401"}`, []string{"auth/", "okta/bad-token"}},
		{"not found", 404, scimError + `404"}`, []string{"errors/", "discovery/types/unknown", "schemas/unknown", "entra/validator/user-delete-unknown", "entra/validator/group-delete-unknown", "okta/unknown"}},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			url, client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/scim+json")
				w.Header().Set("WWW-Authenticate", "Bearer")
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
			}))
			report, err := scimtest.Check(t.Context(), url, client, nil)
			if err != nil {
				t.Fatal(err)
			}
			var passed []string
			for _, r := range report.Results {
				allowed := slices.ContainsFunc(tt.passed, func(p string) bool { return strings.HasPrefix(r.Case.ID, p) })
				if r.Outcome == scimtest.Passed && !allowed {
					passed = append(passed, r.Case.ID)
				}
			}
			if len(passed) > 0 {
				t.Errorf("%d cases: %s", len(passed), strings.Join(passed, " "))
			}
		})
	}
}

// TestChangesAreLookedAt asks a service provider that says a change was made
// and makes none. Cases that pass are about changes that change nothing.
func TestChangesAreLookedAt(t *testing.T) {
	for method, allowed := range map[string][]string{
		http.MethodPatch: {
			"patch/add/same-value", "patch/add/same-value-time", "patch/remove/absent", "groups/cycle", "groups/patch/add-existing",
			"groups/patch/add-existing-time", "groups/patch/remove-absent", "entra/groups/remove-unknown-member", "membership/cycle",
			"entra/validator/group-add-and-remove", "okta/password-patch",
		},
		http.MethodPut: {"characteristics/never/change", "etag/header"},
	} {
		t.Run(method, func(t *testing.T) {
			s := newServer(t, scim.ServerOptions{})
			url, client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.Method != method:
				case method == http.MethodPatch:
					w.WriteHeader(http.StatusNoContent)
					return
				default:
					r.Method, r.Body = http.MethodGet, http.NoBody
				}
				s.ServeHTTP(w, r)
			}))
			report, err := scimtest.Check(t.Context(), url+"/scim/v2", client, nil)
			if err != nil {
				t.Fatal(err)
			}
			var passed []string
			for _, r := range report.Results {
				changes := slices.ContainsFunc(r.Case.Steps, func(s scimtest.Step) bool { return s.Method == method && s.Status[0] < 300 })
				if changes && r.Outcome == scimtest.Passed {
					passed = append(passed, r.Case.ID)
				}
			}
			slices.Sort(passed)
			slices.Sort(allowed)
			if diff := cmp.Diff(allowed, passed); diff != "" {
				t.Errorf("cases that pass:\n%s", diff)
			}
		})
	}
}

// TestFaultsAreMany: the table is what the runner's worth is claimed with.
func TestFaultsAreMany(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range faults {
		if seen[f.reason] || len(f.found) == 0 || f.request == nil && f.answer == nil {
			t.Errorf("%q is there twice, changes nothing, or is found by nothing", f.reason)
		}
		seen[f.reason] = true
	}
	if len(seen) < 20 {
		t.Errorf("%d faults", len(seen))
	}
	t.Logf("%d faults", len(seen))
}
