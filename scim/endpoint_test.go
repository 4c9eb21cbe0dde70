package scim_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"github.com/zohoscim/zohoscim/scim"
)

func endpointUsers(from, to int) string {
	var list []string
	for i := from; i <= to; i++ {
		list = append(list, fmt.Sprintf(`{"id":"%d","userName":"u%d"}`, i, i))
	}
	return strings.Join(list, ",")
}

func endpointIDs(users []*scim.User) string {
	var ids []string
	for _, u := range users {
		ids = append(ids, u.ID)
	}
	return strings.Join(ids, " ")
}

func TestEndpointList(t *testing.T) {
	const schemas = `"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],`
	for _, row := range []struct {
		name, reason, body string
		o                  *scim.ListOptions
		want               string // total, start and ids, or a part of the error's text
		fails              bool
	}{
		{"plain", "RFC 7644 section 3.4.2", `{` + schemas + `"totalResults":2,"itemsPerPage":2,"startIndex":1,"Resources":[` + endpointUsers(1, 2) + `]}`, nil, "2 1 1 2", false},
		{"order", "members in any order", `{"Resources":[` + endpointUsers(1, 1) + `],"totalResults":1,` + schemas + `"x":{"y":[]}}`, nil, "1 1 1", false},
		{"strings", "totals as text", `{` + schemas + `"totalResults":"1","startIndex":"1","Resources":[` + endpointUsers(1, 1) + `]}`, nil, "1 1 1", false},
		{"no-schemas", "a list without schemas", `{"totalResults":0}`, nil, "0 1 ", false},
		{"case", "names in another case", `{"TotalResults":1,"resources":[` + endpointUsers(1, 1) + `]}`, nil, "1 1 1", false},
		{"schemas-case", "the URI in another case", `{"schemas":["URN:ietf:params:scim:api:messages:2.0:listresponse"],"totalResults":0,"Resources":[]}`, nil, "0 1 ", false},
		{"null", "Resources null", `{` + schemas + `"totalResults":0,"Resources":null,"startIndex":null}`, nil, "0 1 ", false},
		{"total-only", "count 0 answers with the total", `{` + schemas + `"totalResults":7}`, &scim.ListOptions{Count: -1}, "7 1 ", false},
		{"beyond", "a page beyond the end is empty", `{` + schemas + `"totalResults":7}`, &scim.ListOptions{StartIndex: 8}, "7 8 ", false},
		{"no-resources", "a total without resources is half an answer", `{` + schemas + `"totalResults":7}`, nil, "no Resources, but a total of 7", true},
		{"no-total", "without a total nobody knows whether it is all", `{` + schemas + `"Resources":[]}`, nil, "totalResults", true},
		{"bad-total", "not a number", `{` + schemas + `"totalResults":"many","Resources":[]}`, nil, "totalResults", true},
		{"negative-total", "not a count", `{` + schemas + `"totalResults":-1,"Resources":[]}`, nil, "totalResults", true},
		{"huge-total", "more than an int of 32 bits holds", `{` + schemas + `"totalResults":99999999999,"Resources":[]}`, nil, "totalResults", true},
		{"error", "an error with status 200", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"detail":"no","status":"500","totalResults":0}`, nil, "schemas do not name", true},
		{"user", "one user where a list should be", clientBob, nil, "schemas do not name", true},
		{"array", "a bare array", `[` + endpointUsers(1, 1) + `]`, nil, "not a JSON object", true},
		{"html", "a login page", `<html>`, nil, "not a JSON object", true},
		{"empty", "nothing", ``, nil, "it is empty", true},
		{"truncated", "half a list", `{` + schemas + `"totalResults":2,"Resources":[` + endpointUsers(1, 1), nil, "ends early", true},
		{"truncated-in", "half a resource", `{` + schemas + `"totalResults":2,"Resources":[{"id":"1"`, nil, "ends early", true},
		{"malformed", "not JSON, and not quoted", `{` + schemas + `"totalResults":1,"Resources":[{"id":"1",bad}]}`, nil, "malformed at byte", true},
		{"trailing", "two answers in one", `{` + schemas + `"totalResults":0}{}`, nil, "more after its end", true},
		{"twice", "Resources twice", `{"totalResults":0,"Resources":[],"resources":[]}`, nil, "twice", true},
		{"element", "an element that is no resource", `{"totalResults":1,"Resources":[null]}`, nil, "array of objects", true},
		{"object", "Resources as an object", `{"totalResults":1,"Resources":{}}`, nil, "array of objects", true},
		{"no-id", "an element without id", `{"totalResults":1,"Resources":[{"userName":"bob"}]}`, nil, "resource 1 of the page: it has no id", true},
		{"bad-value", "the place of a value that cannot be read", `{"totalResults":1,"Resources":[{"id":"1","active":"s3cr3t"}]}`, nil, "active: the attribute takes true or false", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScripted(scriptedAnswer{status: 200, body: row.body})
				defer s.close(t)
				page, err := s.client(t, scim.BearerToken(scim.NewSecret(clientCanary))).Users().List(t.Context(), row.o)
				if row.fails {
					if !errors.Is(err, scim.ErrTransport) || errors.Is(err, scim.ErrInvalidValue) || !strings.Contains(err.Error(), row.want) || strings.Contains(err.Error(), "s3cr3t") {
						t.Errorf("%s: %v", row.reason, err)
					}
					return
				}
				if err != nil {
					t.Fatalf("%s: %v", row.reason, err)
				}
				got := fmt.Sprint(page.TotalResults, page.StartIndex, " ") + endpointIDs(page.Resources)
				if got != row.want {
					t.Errorf("%s: got %q, want %q", row.reason, got, row.want)
				}
			})
		})
	}
}

// endpointPages serves a list of users page by page, with the faults that
// service providers have.
type endpointPages struct {
	users    int
	most     int // resources of a page
	total    func(page int) int
	ignore   bool // startIndex
	emptyAt  int  // the page that is empty
	requests atomic.Int32
}

func (p *endpointPages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	request := int(p.requests.Add(1))
	q := r.URL.Query()
	start, _ := strconv.Atoi(q.Get("startIndex"))
	count, _ := strconv.Atoi(q.Get("count"))
	start = max(start, 1)
	if p.ignore {
		start = 1
	}
	if count == 0 || count > p.most {
		count = p.most
	}
	total := p.users
	if p.total != nil {
		total = p.total(request)
	}
	list := ""
	if request != p.emptyAt {
		list = endpointUsers(start, min(start+count-1, p.users))
	}
	fmt.Fprintf(w, `{"totalResults":%d,"startIndex":%d,"Resources":[%s]}`, total, start, list)
}

func TestEndpointAll(t *testing.T) {
	for _, row := range []struct {
		name, reason string
		pages        *endpointPages
		o            *scim.ListOptions
		want         int // resources
		requests     int
		fails        string
	}{
		{"none", "an empty list", &endpointPages{most: 10}, nil, 0, 1, ""},
		{"one-page", "no request more than needed", &endpointPages{users: 10, most: 10}, nil, 10, 1, ""},
		{"pages", "the service provider's page size, not ours, is what the index advances by", &endpointPages{users: 25, most: 10}, &scim.ListOptions{Count: 100}, 25, 3, ""},
		{"start", "from an index on", &endpointPages{users: 25, most: 10}, &scim.ListOptions{StartIndex: 20}, 6, 1, ""},
		{"beyond", "from beyond the end", &endpointPages{users: 5, most: 10}, &scim.ListOptions{StartIndex: 9}, 0, 1, ""},
		{"empty-page", "a page that is empty too early must not look like the end", &endpointPages{users: 25, most: 10, emptyAt: 2}, nil, 10, 2, "page 2 is empty"},
		{"repeats", "startIndex ignored", &endpointPages{users: 25, most: 10, ignore: true}, nil, 10, 2, "ignores startIndex"},
		{"shrinks", "the total is that of the last page", &endpointPages{users: 25, most: 10, total: func(p int) int { return []int{25, 20}[p-1] }}, nil, 20, 2, ""},
		{"runs-away", "a list without end", &endpointPages{users: 1 << 20, most: 100, total: func(p int) int { return 100*p + 100 }}, nil, 1300, 14, "its total grew"},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScripted()
				defer s.close(t)
				s.net.Handle("scim.example", row.pages)
				var got []*scim.User
				var failed error
				for u, err := range s.client(t, scim.BearerToken(scim.NewSecret(clientCanary))).Users().All(t.Context(), row.o) {
					if failed != nil {
						t.Fatal("it goes on after an error")
					}
					if failed = err; err == nil {
						got = append(got, u)
					}
				}
				if (failed != nil) != (row.fails != "") || failed != nil && (!strings.Contains(failed.Error(), row.fails) || !errors.Is(failed, scim.ErrTransport)) {
					t.Errorf("%s: %v", row.reason, failed)
				}
				if len(got) != row.want || int(row.pages.requests.Load()) != row.requests {
					t.Errorf("%s: %d resources with %d requests, want %d with %d", row.reason, len(got), row.pages.requests.Load(), row.want, row.requests)
				}
			})
		})
	}
}

func TestEndpointAllBreak(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pages := &endpointPages{users: 25, most: 10}
		s := newScripted()
		defer s.close(t)
		s.net.Handle("scim.example", pages)
		for range s.client(t, scim.BearerToken(scim.NewSecret(clientCanary))).Users().All(t.Context(), nil) {
			break
		}
		if n := pages.requests.Load(); n > 2 {
			t.Errorf("%d requests after a break in the first page: one may be ahead", n)
		}
	})
}

func TestEndpointFind(t *testing.T) {
	list := func(total int, users string) string {
		return fmt.Sprintf(`{"totalResults":%d,"Resources":[%s]}`, total, users)
	}
	for _, row := range []struct {
		name, reason, filter, body string
		want                       error
	}{
		{"one", "the user that the filter selects", scim.FilterEq("userName", "U1"), list(1, endpointUsers(1, 1)), nil},
		{"none", "nobody", scim.FilterEq("userName", "u1"), list(0, ""), scim.ErrNotFound},
		{"two", "several are not one", `userName sw "u"`, list(2, endpointUsers(1, 2)), scim.ErrTooMany},
		{"ignored", "a service provider that ignores filters must not pass off another user", scim.FilterEq("userName", "u9"), list(1, endpointUsers(1, 1)), scim.ErrTransport},
		{"withheld", "what is not shown cannot be checked", scim.FilterEq("externalId", "u1"), list(1, endpointUsers(1, 1)), scim.ErrTransport},
		{"odd-total", "a total without a resource", scim.FilterEq("userName", "u1"), list(1, ""), scim.ErrTransport},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScripted(scriptedAnswer{status: 200, body: row.body})
				defer s.close(t)
				u, err := s.client(t, scim.BearerToken(scim.NewSecret(clientCanary))).Users().Find(t.Context(), row.filter)
				if !errors.Is(err, row.want) || (u != nil) != (row.want == nil) || scim.IsRemote(err) {
					t.Errorf("%s: %v, %v", row.reason, u != nil, err)
				}
			})
		})
	}
}

func TestEndpointPatchAnswers(t *testing.T) {
	patch := &scim.Patch{Operations: []scim.Operation{{Op: scim.OpReplace, Path: "active", Value: []byte("false")}}}
	for _, row := range []struct {
		reason string
		answer scriptedAnswer
		want   string // version; "-" for no user
	}{
		{"200 with the user", scriptedAnswer{status: 200, body: clientBob}, ""},
		{"the ETag is the version where meta has none", scriptedAnswer{status: 200, body: clientBob, header: map[string]string{"ETag": `W/"7"`}}, `W/"7"`},
		{"204 without", scriptedAnswer{status: 204}, "-"},
		{"200 without a body", scriptedAnswer{status: 200, body: "\n"}, "-"},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newScripted(row.answer)
			defer s.close(t)
			got := "-"
			u, err := s.client(t, scim.BearerToken(scim.NewSecret(clientCanary))).Users().Patch(t.Context(), "1", patch, nil)
			if u != nil {
				got = u.Meta.Version
			}
			if err != nil || got != row.want {
				t.Errorf("%s: %q, %v", row.reason, got, err)
			}
		})
	}
}

// clientFunc is a service provider without a network.
type clientFunc func(*http.Request) *http.Response

func (f clientFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r), nil }

func newFuncClient(t testing.TB, f clientFunc) *scim.Client {
	t.Helper()
	c, err := scim.NewClient("https://scim.example", scim.BearerToken(scim.NewSecret(clientCanary)), &scim.ClientOptions{HTTPClient: &http.Client{Transport: f}, MaxAttempts: 1})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Whatever the answer is: an error that says so, or a list that has an id and
// a name to each resource and no more resources than can be true.
func FuzzClientList(f *testing.F) {
	for _, body := range []string{
		`{"totalResults":1,"Resources":[` + endpointUsers(1, 1) + `]}`, `{"totalResults":"0"}`, `{"totalResults":0,"Resources":null}`, `[]`, ``,
		`{"schemas":["x"],"totalResults":1}`, `{"totalResults":1,"Resources":[{}]}`, `{"totalResults":2,"Resources":[{"id":"1"},{"id":"1","emails":["a"]}]} `,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		c := newFuncClient(t, func(r *http.Request) *http.Response {
			return &http.Response{StatusCode: 200, Body: io.NopCloser(bytes.NewReader(body)), Request: r, Header: http.Header{}}
		})
		page, err := c.Resources(scim.UserType()).List(t.Context(), nil)
		if err != nil {
			if !errors.Is(err, scim.ErrTransport) || scim.IsRemote(err) || scim.SafeToRetry(err) {
				t.Fatalf("%v", err)
			}
			return
		}
		if page.TotalResults < 0 || page.StartIndex < 1 {
			t.Fatalf("total %d, start %d", page.TotalResults, page.StartIndex)
		}
		for _, r := range page.Resources {
			again, err := scim.DecodeResource(scim.UserType(), r.AppendJSON(nil))
			if err != nil || again.ID() == "" || !bytes.Equal(again.AppendJSON(nil), r.AppendJSON(nil)) {
				t.Fatalf("%s: %v", r.AppendJSON(nil), err)
			}
		}
	})
}

// Whatever an error's body is: one line of bounded length with the status,
// and without the credential.
func FuzzClientError(f *testing.F) {
	f.Add(400, []byte(`{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"scimType":"invalidValue","detail":"no","status":"400"}`))
	f.Add(409, []byte(`{"detail":null,"Detail":"x","scimType":5}`))
	f.Add(401, []byte(`{"detail":"`+clientCanary+`"}`))
	f.Add(500, []byte("<html>\n"))
	f.Add(503, []byte{})
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		if status < 400 || status > 599 {
			status = 400
		}
		c := newFuncClient(t, func(r *http.Request) *http.Response {
			return &http.Response{StatusCode: status, Body: io.NopCloser(bytes.NewReader(body)), Request: r, Header: http.Header{}}
		})
		_, err := c.Users().Get(t.Context(), "1", nil)
		var e *scim.Error
		if !errors.As(err, &e) || e.Status != status {
			t.Fatalf("%v", err)
		}
		if text := err.Error(); strings.ContainsAny(text, "\n\r\x00\x1b") || len(text) > 2000 || strings.Contains(text, clientCanary) {
			t.Fatalf("%q", text)
		}
	})
}

func TestFilterEq(t *testing.T) {
	for value, want := range map[string]string{
		`bob`:             `userName eq "bob"`,
		`" or id pr or "`: `userName eq "\" or id pr or \""`,
		"本社\n":            `userName eq "本社\u000a"`,
	} {
		got := scim.FilterEq("userName", value)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if _, err := scim.UserType().ParseFilter(got); err != nil {
			t.Error(err)
		}
	}
}
