package scimtest

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/zohoscim/zohoscim/internal/memhttp"
	"github.com/zohoscim/zohoscim/scim/filter"
)

// Exchange is one request that a client is to send, and the answer it gets.
type Exchange struct {
	Method string
	// Path follows the base URL and may have a query, whose parameters the
	// client may send in any order. It is written as in a [Step].
	Path string
	// Checks are what the request must hold: its headers and its body.
	Checks []Demand

	Status int // of the answer; 0 is 200
	Header map[string]string
	Answer string // its body, with the Content-Type "application/scim+json"
}

const (
	clientHost = "scim.example"
	clientPath = "/scim/v2"
)

// TestClient plays a service provider that knows what a client is to send. It
// gives use the base URL of a script of exchanges and a client that reaches it
// over in-memory pipes, so that it works without a network and inside a
// testing/synctest bubble. The test fails if a request is not the next one of
// the script, if it does not hold what is demanded, or if exchanges are left
// when use returns. An unexpected request is answered with 500.
//
// Every request is also held to what RFC 7643 and RFC 7644 demand of clients:
// it has a credential; a body is one JSON object of the right media type with
// its schemas; a PATCH has operations that exist, and a path where it removes
// (RFC 7644 section 3.5.2); a filter can be parsed (section 3.4.2.2); and
// attributes and excludedAttributes do not come together (section 3.9).
func TestClient(t testing.TB, exchanges []Exchange, use func(baseURL string, client *http.Client)) {
	t.Helper()
	s := &script{exchanges: slices.Clone(exchanges)}
	pipes := memhttp.New()
	defer pipes.Close()
	pipes.Handle(clientHost, s)
	use("https://"+clientHost+clientPath, pipes.Client())
	for _, problem := range s.end() {
		t.Error(problem)
	}
}

// script answers requests and keeps what is wrong with them.
type script struct {
	mu        sync.Mutex
	exchanges []Exchange
	next      int
	problems  []string
}

// end returns the problems and what was not sent.
func (s *script) end() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := slices.Clone(s.problems)
	for i, x := range s.exchanges[s.next:] {
		out = append(out, fmt.Sprintf("request %d, %s %s: not sent", s.next+i+1, x.Method, x.Path))
	}
	return out
}

// ServeHTTP implements [http.Handler].
func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxAnswer))
	s.mu.Lock()
	defer s.mu.Unlock()
	path := strings.TrimPrefix(r.URL.RequestURI(), clientPath)
	wrong := func(format string, args ...any) {
		s.problems = append(s.problems, fmt.Sprintf("request %d, %s %s: ", s.next+1, r.Method, path)+fmt.Sprintf(format, args...))
	}
	if err != nil {
		wrong("the body ends early: %v", err)
	}
	for _, rule := range manners(r, body) {
		wrong("%s", rule)
	}
	w.Header().Set("Content-Type", "application/scim+json")
	if s.next == len(s.exchanges) || !s.exchanges[s.next].isFor(r) {
		if s.next == len(s.exchanges) {
			wrong("nothing more was to come")
		} else {
			wrong("want %s %s", s.exchanges[s.next].Method, s.exchanges[s.next].Path)
		}
		w.WriteHeader(http.StatusInternalServerError)
		fmt.Fprintf(w, `{"schemas":["%s"],"status":"500","detail":"this request was not expected"}`, errorMessage)
		return
	}
	x := s.exchanges[s.next]
	for _, failure := range x.judge(r, body) {
		wrong("%s: want %s, got %s", failure.Place, failure.Want, failure.Got)
	}
	s.next++
	for name, value := range x.Header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(max(x.Status, http.StatusOK))
	_, _ = io.WriteString(w, x.Answer)
}

// isFor reports whether a request is the one that is wanted.
func (x *Exchange) isFor(r *http.Request) bool {
	want, err := url.Parse(clientPath + escapeURL(x.Path))
	return err == nil && r.Method == x.Method && r.URL.Path == want.Path && r.URL.Query().Encode() == want.Query().Encode()
}

// judge returns the demands that a request does not meet.
func (x *Exchange) judge(r *http.Request, body []byte) (out []*Failure) {
	talk := &conversation{}
	a := &answer{header: r.Header, body: body}
	value, err := a.json()
	if err != nil {
		return nil // manners said so
	}
	for _, d := range x.Checks {
		if failure := talk.judge(d, a, value); failure != nil {
			out = append(out, failure)
		}
	}
	return out
}

// manners returns what is wrong with any request of a SCIM client.
func manners(r *http.Request, body []byte) (out []string) {
	if r.Header.Get("Authorization") == "" {
		out = append(out, "there is no credential (RFC 7644 section 2)")
	}
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		out = append(out, "the query is not well formed (RFC 3986 section 3.4)")
	}
	if q.Has("attributes") && q.Has("excludedAttributes") {
		out = append(out, "attributes and excludedAttributes exclude each other (RFC 7644 section 3.9)")
	}
	if q.Has("filter") {
		if _, err := filter.Parse(q.Get("filter"), nil); err != nil {
			out = append(out, "the filter is not one (RFC 7644 section 3.4.2.2)")
		}
	}
	switch r.Method {
	case http.MethodPost, http.MethodPut, http.MethodPatch:
		return append(out, bodyManners(r, body)...)
	}
	if len(body) > 0 {
		out = append(out, "there is a body, which has no meaning in "+r.Method+" (RFC 9110 section 9.3)")
	}
	return out
}

func bodyManners(r *http.Request, body []byte) (out []string) {
	media, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	if media = strings.ToLower(strings.TrimSpace(media)); media != "application/scim+json" && media != "application/json" {
		out = append(out, "the body is not called application/scim+json (RFC 7644 section 3.1)")
	}
	value, err := (&answer{body: body}).json()
	object, ok := value.(map[string]any)
	if err != nil || !ok {
		return append(out, "the body is not one JSON object (RFC 7644 section 3.8)")
	}
	if list, _ := at(object, "/schemas").([]any); len(list) == 0 {
		out = append(out, "the body names no schemas (RFC 7643 section 3)")
	}
	if r.Method == http.MethodPatch {
		out = append(out, patchManners(object)...)
	}
	return out
}

func patchManners(body map[string]any) (out []string) {
	if list, _ := at(body, "/schemas").([]any); !slices.Contains(list, any(patchMessage)) {
		out = append(out, "the body does not say that it is a PatchOp (RFC 7644 section 3.5.2)")
	}
	operations, _ := at(body, "/Operations").([]any)
	if len(operations) == 0 {
		return append(out, "there are no operations (RFC 7644 section 3.5.2)")
	}
	for i, op := range operations {
		name, _ := at(op, "/op").(string)
		path, hasPath := at(op, "/path").(string)
		_, valueMissing := at(op, "/value").(missing)
		where := fmt.Sprintf("operation %d: ", i+1)
		switch strings.ToLower(name) { // Entra writes "Add"
		case "add", "replace":
			if valueMissing {
				out = append(out, where+"there is no value (RFC 7644 section 3.5.2.1)")
			}
		case "remove":
			if !hasPath {
				out = append(out, where+"a remove has no path (RFC 7644 section 3.5.2.2)")
			}
		default:
			out = append(out, where+"there is no such operation (RFC 7644 section 3.5.2)")
		}
		if hasPath {
			if _, err := filter.ParsePath(path, nil); err != nil {
				out = append(out, where+"the path is not one (RFC 7644 section 3.5.2)")
			}
		}
	}
	return out
}
