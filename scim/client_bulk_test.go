package scim_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"github.com/zohoscim/zohoscim/scim"
)

// bulkService answers a bulk request by sending its operations, one by one,
// to a service provider.
type bulkService struct {
	next                http.Handler
	operations, payload int // advertised limits
	most                int // operations that it really takes; 0: those it advertises
	reverse, bare       bool
	silent              int // this operation of each request is not answered; 0: none

	sizes []int // operations of each request
}

type bulkOp struct {
	Method, BulkID, Version, Path string
	Data                          json.RawMessage
}

func (s *bulkService) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case strings.HasSuffix(r.URL.Path, "/ServiceProviderConfig"):
		fmt.Fprintf(w, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],"patch":{"supported":true},"bulk":{"supported":true,"maxOperations":%d,"maxPayloadSize":%d}}`, s.operations, s.payload)
	case strings.HasSuffix(r.URL.Path, "/Bulk"):
		s.bulk(w, r)
	default:
		s.next.ServeHTTP(w, r)
	}
}

func (s *bulkService) bulk(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var request struct {
		FailOnErrors int
		Operations   []bulkOp
	}
	if err := json.Unmarshal(body, &request); err != nil || len(body) > s.payload || len(request.Operations) > s.operations || s.most > 0 && len(request.Operations) > s.most {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	s.sizes = append(s.sizes, len(request.Operations))
	ids := map[string]string{}
	var answers []string
	errs := 0
	// References within a request: those that are created first are known.
	for _, creates := range []bool{true, false} {
		for i, op := range request.Operations {
			if (op.Method == "POST" && !bytes.Contains(op.Data, []byte("bulkId:"))) != creates || request.FailOnErrors > 0 && errs >= request.FailOnErrors {
				continue
			}
			answer, status := s.operation(r, op, ids)
			if status >= 300 {
				errs++
			}
			if i+1 != s.silent {
				answers = append(answers, answer)
			}
		}
	}
	if s.reverse {
		slices.Reverse(answers)
	}
	fmt.Fprintf(w, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkResponse"],"Operations":[%s]}`, strings.Join(answers, ","))
}

func (s *bulkService) operation(r *http.Request, op bulkOp, ids map[string]string) (answer string, status int) {
	text := string(op.Data)
	for bulkID, id := range ids {
		text = strings.ReplaceAll(text, `"bulkId:`+bulkID+`"`, `"`+id+`"`)
	}
	inner, _ := http.NewRequestWithContext(r.Context(), op.Method, "http://scim.example/v2"+op.Path, strings.NewReader(text))
	inner.Header = r.Header.Clone()
	inner.Header.Del("Content-Length")
	if op.Version != "" {
		inner.Header.Set("If-Match", op.Version)
	}
	rec := &captured{header: http.Header{}, status: 200}
	s.next.ServeHTTP(rec, inner)
	var made struct{ ID string }
	_ = json.Unmarshal(rec.body.Bytes(), &made)
	out := map[string]any{"method": op.Method, "status": fmt.Sprint(rec.status), "location": "https://scim.example/v2" + op.Path}
	if op.Method == "POST" {
		ids[op.BulkID] = made.ID
		out["bulkId"], out["location"] = op.BulkID, "https://scim.example/v2"+op.Path+"/"+made.ID
	}
	if rec.status >= 300 || !s.bare && rec.body.Len() > 0 {
		out["response"] = json.RawMessage(rec.body.Bytes())
	}
	b, _ := json.Marshal(out)
	return string(b), rec.status
}

type captured struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (c *captured) Header() http.Header         { return c.header }
func (c *captured) WriteHeader(status int)      { c.status = status }
func (c *captured) Write(p []byte) (int, error) { return c.body.Write(p) }

func newBulk(t *testing.T, s *bulkService) *deviant {
	t.Helper()
	return newDeviant(t, scim.Profile{}, func(next http.Handler) http.Handler { s.next = next; return s })
}

// bulkJobOf makes n users, a group that has them all, and before it one that
// has that group.
func bulkJobOf(c *scim.Client, n int) (ops []scim.BulkOperation) {
	inner := &scim.Group{DisplayName: "inner"}
	ops = append(ops, c.Groups().BulkCreate("outer", &scim.Group{DisplayName: "outer", Members: []scim.Reference{{Value: scim.BulkRef("inner"), Type: "Group"}}}))
	for i := range n {
		inner.Members = append(inner.Members, scim.Reference{Value: scim.BulkRef(fmt.Sprint("u", i))})
	}
	ops = append(ops, c.Groups().BulkCreate("inner", inner))
	for i := range n {
		ops = append(ops, c.Users().BulkCreate(fmt.Sprint("u", i), &scim.User{UserName: fmt.Sprint("user", i)}))
	}
	return append(ops, c.Users().BulkPatch(scim.BulkRef("u0"), new(scim.Patch).Replace("title", scim.String("Lead")), nil))
}

// A job has the same outcome however it is split, and with no Bulk at all.
func TestBulk(t *testing.T) {
	for _, row := range []struct {
		reason  string
		service *bulkService // nil: none
		sizes   []int
	}{
		{"one request, and one for the path that refers to a user", &bulkService{operations: 100, payload: 1 << 20}, []int{12, 1}},
		{"split by operations", &bulkService{operations: 5, payload: 1 << 20}, []int{5, 5, 3}},
		{"split by bytes", &bulkService{operations: 100, payload: 1500}, nil},
		{"less than is said", &bulkService{operations: 100, payload: 1 << 20, most: 4}, []int{3, 3, 3, 3, 1}},
		{"answers in another order", &bulkService{operations: 100, payload: 1 << 20, reverse: true}, []int{12, 1}},
		{"answers without resources", &bulkService{operations: 100, payload: 1 << 20, bare: true}, []int{12, 1}},
		{"one by one", nil, nil},
	} {
		t.Run(row.reason, func(t *testing.T) {
			var d *deviant
			if row.service == nil {
				d = newDeviant(t, scim.Profile{Config: clientConfig}, nil)
			} else {
				d = newBulk(t, row.service)
			}
			ctx := t.Context()
			ops := bulkJobOf(d.client, 10)
			results, err := d.client.Bulk(ctx, ops, nil)
			if err != nil || len(results) != len(ops) {
				t.Fatalf("%d results, %v", len(results), err)
			}
			for i, r := range results {
				if r.Err != nil || r.ID == "" || r.Status < 200 || r.Status > 299 {
					t.Errorf("operation %d: %+v", i, r)
				}
			}
			outer, err := d.client.Groups().Get(ctx, results[0].ID, nil)
			if err != nil || len(outer.Members) != 1 || outer.Members[0].Value != results[1].ID {
				t.Errorf("outer %+v, %v", outer, err)
			}
			inner, err := d.client.Groups().Get(ctx, results[1].ID, nil)
			if err != nil || len(inner.Members) != 10 {
				t.Errorf("inner %+v, %v", inner, err)
			}
			u, err := d.client.Users().Get(ctx, results[2].ID, nil)
			if err != nil || u.UserName != "user0" || u.Title != "Lead" {
				t.Errorf("user0 %+v, %v", u, err)
			}
			if row.service != nil && row.sizes != nil {
				if diff := cmp.Diff(row.sizes, row.service.sizes); diff != "" {
					t.Errorf("operations of the requests (-want +got):\n%s", diff)
				}
			}
		})
	}
}

// An operation that fails says so and takes with it only those that need it.
func TestBulkFailures(t *testing.T) {
	for _, service := range []*bulkService{{operations: 4, payload: 1 << 20}, nil} {
		var d *deviant
		if service == nil {
			d = newDeviant(t, scim.Profile{Config: clientConfig}, nil)
		} else {
			d = newBulk(t, service)
		}
		users, groups := d.client.Users(), d.client.Groups()
		bob := d.user(t, &scim.User{UserName: "bob"})
		other := newDeviant(t, scim.Profile{}, nil)
		results, err := d.client.Bulk(t.Context(), []scim.BulkOperation{
			0:  users.BulkCreate("b", &scim.User{UserName: "BOB"}),
			1:  groups.BulkCreate("g", &scim.Group{DisplayName: "g", Members: []scim.Reference{{Value: scim.BulkRef("b")}}}),
			2:  users.BulkDelete("gone", nil),
			3:  users.BulkReplace(bob.ID, bob, &scim.WriteOptions{IfMatch: `W/"99"`}),
			4:  users.BulkPatch(bob.ID, new(scim.Patch).Replace("title", scim.String("Lead")), &scim.WriteOptions{IfMatch: bob.Meta.Version}),
			5:  users.BulkPatch(bob.ID, nil, nil),
			6:  users.BulkCreate("b", &scim.User{UserName: "eve"}),
			7:  groups.BulkCreate("x", &scim.Group{DisplayName: "x", Members: []scim.Reference{{Value: scim.BulkRef("nobody")}}}),
			8:  other.client.Users().BulkDelete("1", nil),
			9:  {},
			10: users.BulkCreate("", &scim.User{UserName: "ann"}),
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		unsent := scim.ErrInvalidValue
		for i, want := range []error{scim.ErrUniqueness, unsent, scim.ErrNotFound, scim.ErrPreconditionFailed, nil, unsent, unsent, unsent, unsent, unsent, nil} {
			r := results[i]
			if i == 1 && service != nil && r.Err != nil && scim.IsRemote(r.Err) {
				continue // in the same request: the service provider finds it
			}
			if !errors.Is(r.Err, want) || want == unsent && !scim.SafeToRetry(r.Err) || (r.Err == nil) != (r.ID != "" && r.Status < 300) && r.Err == nil {
				t.Errorf("bulk=%t, operation %d: %+v, want %v", service != nil, i, r, want)
			}
		}
	}
}

func TestBulkFailOnErrors(t *testing.T) {
	service := &bulkService{operations: 2, payload: 1 << 20}
	d := newBulk(t, service)
	var ops []scim.BulkOperation
	for i := range 10 {
		ops = append(ops, d.client.Users().BulkDelete(fmt.Sprint("gone", i), nil))
	}
	results, err := d.client.Bulk(t.Context(), ops, &scim.BulkOptions{FailOnErrors: 3})
	if err != nil {
		t.Fatal(err)
	}
	var tried, unsent int
	for _, r := range results {
		switch {
		case errors.Is(r.Err, scim.ErrNotFound):
			tried++
		case errors.Is(r.Err, scim.ErrUnavailable) && scim.SafeToRetry(r.Err):
			unsent++
		}
	}
	if tried != 3 || unsent != 7 || len(service.sizes) != 2 {
		t.Errorf("%d tried, %d not sent, requests of %v", tried, unsent, service.sizes)
	}
}

// Operations that refer to each other in a circle go in one request, or not at
// all.
func TestBulkCircle(t *testing.T) {
	circle := func(c *scim.Client) []scim.BulkOperation {
		group := func(name, member string) scim.BulkOperation {
			return c.Groups().BulkCreate(name, &scim.Group{DisplayName: name, Members: []scim.Reference{{Value: scim.BulkRef(member)}}})
		}
		return []scim.BulkOperation{group("a", "b"), c.Users().BulkCreate("", &scim.User{UserName: "bob"}), group("b", "a")}
	}
	service := &bulkService{operations: 2, payload: 1 << 20}
	d := newBulk(t, service)
	if _, err := d.client.Bulk(t.Context(), circle(d.client), nil); err != nil || !slices.Equal(service.sizes, []int{2, 1}) {
		t.Errorf("%v, requests of %v", err, service.sizes)
	}
	single := newDeviant(t, scim.Profile{Config: clientConfig}, nil)
	results, err := single.client.Bulk(t.Context(), circle(single.client), nil)
	if err != nil || results[0].Err == nil || results[1].Err != nil || results[2].Err == nil || !scim.SafeToRetry(results[0].Err) {
		t.Errorf("%+v, %v", results, err)
	}
}

// A request that fails as a whole leaves its operations open and the later
// ones unsent.
func TestBulkRequestFails(t *testing.T) {
	const config = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],"patch":{"supported":true},"bulk":{"supported":true,"maxOperations":2,"maxPayloadSize":100000}}`
	for _, row := range []struct {
		reason string
		answer scriptedAnswer
		safe   bool // for the operations of the request
	}{
		{"a lost answer", scriptedAnswer{lose: true}, false},
		{"a login page", scriptedAnswer{status: 200, body: "<html>"}, false},
		{"another message", scriptedAnswer{status: 200, body: `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"]}`}, false},
		{"an answer that names no operation", scriptedAnswer{status: 200, body: `{"Operations":[]}`}, false},
		{"a refusal", scriptedAnswer{status: 429, header: map[string]string{"Retry-After": "3600"}}, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newScripted(scriptedAnswer{status: 200, body: config}, row.answer)
			defer s.close(t)
			c := s.clientAs(t, scim.BearerToken(scim.NewSecret(clientCanary)), scim.Profile{})
			var ops []scim.BulkOperation
			for i := range 3 {
				ops = append(ops, c.Users().BulkCreate("", &scim.User{UserName: fmt.Sprint("user", i)}))
			}
			results, err := c.Bulk(t.Context(), ops, nil)
			whole := row.reason != "an answer that names no operation"
			if (err != nil) != whole {
				t.Errorf("%s: %v", row.reason, err)
			}
			for i, r := range results {
				if r.Err == nil || scim.SafeToRetry(r.Err) != (row.safe || whole && i == 2) {
					t.Errorf("%s: operation %d: %v", row.reason, i, r.Err)
				}
			}
		})
	}
}

// Whatever the answer is: one result for each operation, and none is taken
// for done that has no status of it.
func FuzzClientBulk(f *testing.F) {
	for _, body := range []string{
		`{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkResponse"],"Operations":[{"method":"POST","bulkId":"a","location":"https://scim.example/Users/1","status":"201"},{"method":"DELETE","location":"https://scim.example/Users/2","status":{"code":204}}]}`,
		`{"Operations":[{"status":404,"response":{"detail":"no"}},{"bulkId":"zz","status":"200"}]}`, `{"operations":null}`, `[]`, ``,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		c, err := scim.NewClient("https://scim.example", scim.BearerToken(scim.NewSecret(clientCanary)), &scim.ClientOptions{
			MaxAttempts: 1, Profile: scim.Profile{Config: &scim.ServiceProviderConfig{Bulk: scim.BulkSupport{Supported: true}}, Patch: scim.PatchRFC},
			HTTPClient: &http.Client{Transport: clientFunc(func(r *http.Request) *http.Response {
				return &http.Response{StatusCode: 200, Body: io.NopCloser(bytes.NewReader(body)), Request: r, Header: http.Header{}}
			})},
		})
		if err != nil {
			t.Fatal(err)
		}
		results, err := c.Bulk(t.Context(), []scim.BulkOperation{
			c.Users().BulkCreate("a", &scim.User{UserName: "bob"}), c.Users().BulkDelete("2", nil),
			c.Users().BulkPatch("3", new(scim.Patch).Remove("title"), nil),
		}, nil)
		if len(results) != 3 {
			t.Fatalf("%d results", len(results))
		}
		for i, r := range results {
			if done := r.Status >= 200 && r.Status < 300; done != (r.Err == nil) || err != nil && done || r.Err != nil && scim.SafeToRetry(r.Err) && r.Status != 429 && r.Status != 503 {
				t.Fatalf("operation %d: %+v, %v", i, r, err)
			}
		}
	})
}
