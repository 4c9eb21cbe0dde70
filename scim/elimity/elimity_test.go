package elimity_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	theirs "github.com/elimity-com/scim"
	theirerrors "github.com/elimity-com/scim/errors"
	"github.com/elimity-com/scim/optional"
	"github.com/elimity-com/scim/schema"

	"github.com/zohoscim/zohoscim/scim"
	"github.com/zohoscim/zohoscim/scim/elimity"
)

// table is a resource handler as services have it that were written for
// elimity's server: a map, no lock, no filters, its own maps handed out.
type table struct {
	rows map[string]theirs.ResourceAttributes
	next int
}

func newTable() *table { return &table{rows: map[string]theirs.ResourceAttributes{}} }

func (t *table) resource(id string) theirs.Resource {
	external, _ := t.rows[id]["externalId"].(string)
	out := theirs.Resource{ID: id, Attributes: t.rows[id]}
	if external != "" {
		out.ExternalID = optional.NewString(external)
	}
	return out
}

func (t *table) Create(_ *http.Request, in theirs.ResourceAttributes) (theirs.Resource, error) {
	t.next++
	id := fmt.Sprintf("%04d", t.next)
	t.rows[id] = in
	return t.resource(id), nil
}

func (t *table) Get(_ *http.Request, id string) (theirs.Resource, error) {
	if t.rows[id] == nil {
		return theirs.Resource{}, theirerrors.ScimErrorResourceNotFound(id)
	}
	return t.resource(id), nil
}

func (t *table) GetAll(_ *http.Request, params theirs.ListRequestParams) (theirs.Page, error) {
	page := theirs.Page{TotalResults: len(t.rows)}
	i := 0
	for id := range t.rows { // in no order, as its own example does
		if i++; i >= params.StartIndex && i < params.StartIndex+params.Count {
			page.Resources = append(page.Resources, t.resource(id))
		}
	}
	return page, nil
}

func (t *table) Replace(r *http.Request, id string, in theirs.ResourceAttributes) (theirs.Resource, error) {
	if t.rows[id] == nil {
		return theirs.Resource{}, theirerrors.ScimErrorResourceNotFound(id)
	}
	t.rows[id] = in
	return t.Get(r, id)
}

func (t *table) Delete(_ *http.Request, id string) error {
	if t.rows[id] == nil {
		return theirerrors.ScimErrorResourceNotFound(id)
	}
	delete(t.rows, id)
	return nil
}

func (t *table) Patch(r *http.Request, id string, ops []theirs.PatchOperation) (theirs.Resource, error) {
	for _, op := range ops {
		if op.Path != nil {
			t.rows[id][op.Path.String()] = op.Value
		}
	}
	return t.Get(r, id)
}

func users(h theirs.ResourceHandler) theirs.ResourceType {
	return theirs.ResourceType{
		Name: "User", Endpoint: "/Users", Schema: schema.CoreUserSchema(), Handler: h,
		SchemaExtensions: []theirs.SchemaExtension{{Schema: schema.ExtensionEnterpriseUser()}},
	}
}

func groups(h theirs.ResourceHandler) theirs.ResourceType {
	return theirs.ResourceType{Name: "Group", Endpoint: "/Groups", Schema: schema.CoreGroupSchema(), Handler: h}
}

var timeZero time.Time

const token = "token-of-the-tests"

func auth(t *testing.T) scim.Authenticator {
	t.Helper()
	static, err := scim.NewStaticToken(scim.NewSecret(token), scim.Subject{ID: "sender"}, timeZero)
	if err != nil {
		t.Fatal(err)
	}
	a, err := scim.NewStaticTokens(static)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// mounted is our server over elimity's handlers.
func mounted(t *testing.T, o *elimity.StoreOptions, types ...theirs.ResourceType) http.Handler {
	t.Helper()
	store, err := elimity.NewStore(types, o)
	if err != nil {
		t.Fatal(err)
	}
	server, err := scim.NewServer(store, auth(t), &scim.ServerOptions{Types: store.Types()})
	if err != nil {
		t.Fatal(err)
	}
	return elimity.Requests(server)
}

// kept is elimity's server over one of our stores, guarded.
func kept(t *testing.T, store scim.Store) http.Handler {
	t.Helper()
	args := &theirs.ServerArgs{ServiceProviderConfig: &theirs.ServiceProviderConfig{SupportFiltering: true, SupportPatch: true}}
	for _, typ := range []*scim.ResourceType{scim.UserType(), scim.GroupType()} {
		h, err := elimity.NewHandler(store, typ)
		if err != nil {
			t.Fatal(err)
		}
		if typ == scim.UserType() {
			args.ResourceTypes = append(args.ResourceTypes, users(h))
		} else {
			args.ResourceTypes = append(args.ResourceTypes, groups(h))
		}
	}
	guard, err := elimity.NewGuard(args, auth(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	return guard
}

type answer struct {
	status int
	header http.Header
	body   map[string]any
	text   string
}

func send(h http.Handler, method, path, body string, header ...string) answer {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/scim+json")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	out := answer{status: w.Code, header: w.Header(), text: w.Body.String()}
	_ = json.Unmarshal(w.Body.Bytes(), &out.body)
	return out
}

func userJSON(name, more string) string {
	return fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":%q%s}`, name, more)
}

const patchOp = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[%s]}`

// Both directions, one after the other: what every SCIM client does.
func TestLifeOfAUser(t *testing.T) {
	for name, h := range map[string]http.Handler{
		"handler under our server": mounted(t, nil, users(newTable()), groups(newTable())),
		"store under theirs":       kept(t, scim.NewMemoryStore()),
	} {
		t.Run(name, func(t *testing.T) {
			made := send(h, "POST", "/Users", userJSON("user1@example.com", `,"externalId":"e1","name":{"familyName":"本社"},"active":true,"emails":[{"value":"a@example.com","type":"work","primary":true}],"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"Sales"}`))
			id, _ := made.body["id"].(string)
			if made.status != 201 || id == "" {
				t.Fatalf("%d %s", made.status, made.text)
			}
			got := send(h, "GET", "/Users/"+id, "")
			for _, part := range []string{`"userName":"user1@example.com"`, `"externalId":"e1"`, `"familyName":"本社"`, `"department":"Sales"`, `"a@example.com"`} {
				if !strings.Contains(got.text, part) {
					t.Errorf("no %s in %s", part, got.text)
				}
			}
			if again := send(h, "POST", "/Users", userJSON("USER1@example.com", "")); again.status != 409 {
				t.Errorf("the name twice: %d %s", again.status, again.text)
			}
			if a := send(h, "PATCH", "/Users/"+id, fmt.Sprintf(patchOp, `{"op":"replace","path":"active","value":false}`)); a.status != 200 && a.status != 204 {
				t.Errorf("%d %s", a.status, a.text)
			}
			if a := send(h, "GET", "/Users?filter=userName+eq+%22user1@example.com%22", ""); a.body["totalResults"] != 1.0 || !strings.Contains(a.text, `"active":false`) {
				t.Error(a.text)
			}
			if a := send(h, "GET", "/Users?filter=userName+eq+%22other%22", ""); a.body["totalResults"] != 0.0 {
				t.Error(a.text)
			}
			if a := send(h, "PUT", "/Users/"+id, userJSON("user2@example.com", "")); a.status != 200 || strings.Contains(a.text, "本社") {
				t.Errorf("%d %s", a.status, a.text)
			}
			group := send(h, "POST", "/Groups", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"G","members":[{"value":"`+id+`"}]}`)
			if group.status != 201 || !strings.Contains(group.text, id) {
				t.Errorf("%d %s", group.status, group.text)
			}
			if a := send(h, "DELETE", "/Users/"+id, ""); a.status != 204 {
				t.Errorf("%d %s", a.status, a.text)
			}
			if a := send(h, "GET", "/Users/"+id, ""); a.status != 404 || a.body["status"] != "404" {
				t.Errorf("%d %s", a.status, a.text)
			}
		})
	}
}

func TestVersions(t *testing.T) {
	h := mounted(t, nil, users(newTable()))
	made := send(h, "POST", "/Users", userJSON("a", ""))
	path := "/Users/" + made.body["id"].(string)
	if got := send(h, "GET", path, ""); got.header.Get("ETag") != made.header.Get("ETag") || got.header.Get("ETag") == "" {
		t.Errorf("%q became %q", made.header.Get("ETag"), got.header.Get("ETag"))
	}
	title := func(v string) string { return fmt.Sprintf(patchOp, `{"op":"add","path":"title","value":"`+v+`"}`) }
	changed := send(h, "PATCH", path, title("t"), "If-Match", made.header.Get("ETag"))
	if changed.status != 200 || changed.header.Get("ETag") == made.header.Get("ETag") {
		t.Fatal(changed.status, changed.text)
	}
	if got := send(h, "GET", path, ""); got.header.Get("ETag") != changed.header.Get("ETag") {
		t.Errorf("%q became %q", changed.header.Get("ETag"), got.header.Get("ETag"))
	}
	if stale := send(h, "PATCH", path, title("u"), "If-Match", made.header.Get("ETag")); stale.status != 412 {
		t.Error(stale.status, stale.text)
	}
	if same := send(h, "PATCH", path, title("t")); same.header.Get("ETag") != changed.header.Get("ETag") {
		t.Errorf("a change of nothing made %q of %q", same.header.Get("ETag"), changed.header.Get("ETag"))
	}
}

func TestPagesOfAHandlerWithoutOrder(t *testing.T) {
	h := mounted(t, nil, users(newTable()))
	for i := range 25 {
		send(h, "POST", "/Users", userJSON(fmt.Sprintf("user%02d", i), ""))
	}
	var ids []string
	for start := 1; start <= 25; start += 10 {
		a := send(h, "GET", fmt.Sprintf("/Users?startIndex=%d&count=10", start), "")
		for _, r := range a.body["Resources"].([]any) {
			ids = append(ids, r.(map[string]any)["id"].(string))
		}
	}
	if len(ids) != 25 || !slices.IsSorted(ids) || len(slices.Compact(ids)) != 25 {
		t.Error(ids)
	}
	sorted := send(h, "GET", "/Users?sortBy=userName&sortOrder=descending&count=1", "")
	if !strings.Contains(sorted.text, "user24") {
		t.Error(sorted.text)
	}
	if a := send(mounted(t, &elimity.StoreOptions{MaxScan: 3}, users(filled(5))), "GET", "/Users", ""); a.status != 400 || a.body["scimType"] != "tooMany" {
		t.Error(a.text)
	}
}

func filled(n int) *table {
	t := newTable()
	for i := range n {
		_, _ = t.Create(nil, theirs.ResourceAttributes{"userName": fmt.Sprint(i)})
	}
	return t
}

// The handler has no lock and hands out its own maps; run it under -race.
func TestClientsAtOnce(t *testing.T) {
	guarded, err := elimity.NewGuard(&theirs.ServerArgs{
		ServiceProviderConfig: &theirs.ServiceProviderConfig{}, ResourceTypes: []theirs.ResourceType{users(newTable())},
	}, auth(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, h := range map[string]http.Handler{
		"handler under our server": mounted(t, nil, users(newTable())), "guarded": guarded, "store under theirs": kept(t, scim.NewMemoryStore()),
	} {
		t.Run(name, func(t *testing.T) {
			var clients sync.WaitGroup
			for client := range 8 {
				clients.Go(func() {
					for i := range 10 {
						made := send(h, "POST", "/Users", userJSON(fmt.Sprintf("user%d-%d", client, i), ""))
						id, _ := made.body["id"].(string)
						send(h, "PATCH", "/Users/"+id, fmt.Sprintf(patchOp, `{"op":"replace","path":"title","value":"t"}`))
						if a := send(h, "GET", "/Users/"+id, ""); a.status != 200 || !strings.Contains(a.text, `"title":"t"`) {
							t.Errorf("%d %s", a.status, a.text)
						}
						send(h, "GET", "/Users", "")
					}
				})
			}
			clients.Wait()
			if a := send(h, "GET", "/Users?count=1", ""); a.body["totalResults"] != 80.0 {
				t.Error(a.body["totalResults"])
			}
		})
	}
}

func TestHostileRequests(t *testing.T) {
	guarded, err := elimity.NewGuard(&theirs.ServerArgs{
		ServiceProviderConfig: &theirs.ServiceProviderConfig{}, ResourceTypes: []theirs.ResourceType{users(newTable()), groups(filtering{withGroup()})},
	}, auth(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	large := userJSON("a", `,"title":"`+strings.Repeat("x", 64<<20)+`"`)
	for name, h := range map[string]http.Handler{
		"handler under our server": mounted(t, nil, users(newTable()), groups(filtering{withGroup()})), "guarded": guarded,
	} {
		for _, test := range []struct {
			method, path, body string
			status             []int
			reason             string
		}{
			{"GET", "/Users?filter=" + strings.Repeat("(", 83_000) + "userName+pr" + strings.Repeat(")", 83_000), "", []int{400, 414}, "elimity's parser takes minutes"},
			{"GET", "/Groups?filter=members+eq+%22x%22", "", []int{200, 400}, "elimity's validator panics; we compare the value"},
			{"POST", "/Users", large, []int{413}, "elimity's server reads all of it"},
			{"POST", "/Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"a","userName":"b"}`, []int{400}, "which name counts?"},
			{"POST", "/Users", "", []int{400}, "no body"},
			{"POST", "/Users", strings.Repeat("[", 100_000), []int{400}, "depth"},
		} {
			a := send(h, test.method, test.path, test.body)
			if !slices.Contains(test.status, a.status) || a.status != 200 && a.body["status"] != fmt.Sprint(a.status) {
				t.Errorf("%s: %s %.40s: %d %.200s (%s)", name, test.method, test.path, a.status, a.text, test.reason)
			}
		}
		if a := send(h, "GET", "/Users", "", "Authorization", "Bearer other-token-of-the-tests"); a.status != 401 || a.header.Get("WWW-Authenticate") == "" {
			t.Errorf("%s: %d %s", name, a.status, a.text)
		}
	}
}

// filtering is a handler that evaluates filters with elimity's validator.
type filtering struct{ *table }

func (f filtering) GetAll(_ *http.Request, params theirs.ListRequestParams) (theirs.Page, error) {
	page := theirs.Page{}
	for id, row := range f.rows {
		if params.FilterValidator == nil || params.FilterValidator.PassesFilter(row) == nil {
			page.TotalResults++
			page.Resources = append(page.Resources, f.resource(id))
		}
	}
	return page, nil
}

func withGroup() *table {
	t := newTable()
	_, _ = t.Create(nil, theirs.ResourceAttributes{"displayName": "G", "members": []any{map[string]any{"value": "x"}}})
	return t
}

// probe keeps the request that a handler got.
type probe struct {
	*table
	got *http.Request
}

func (p *probe) Get(r *http.Request, id string) (theirs.Resource, error) {
	p.got = r
	return p.table.Get(r, id)
}

func TestHandlersSeeTheRequest(t *testing.T) {
	p := &probe{table: filled(1)}
	store, err := elimity.NewStore([]theirs.ResourceType{users(p)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	server, err := scim.NewServer(store, auth(t), &scim.ServerOptions{Types: store.Types()})
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range []http.Handler{elimity.Requests(server), server} {
		if a := send(h, "GET", "/Users/0001", "", "X-Trace", "1"); a.status != 200 {
			t.Fatal(a.text)
		}
		if p.got.URL.Path != "/Users/0001" || scim.SubjectFrom(p.got.Context()).ID != "sender" {
			t.Error(p.got.URL, scim.SubjectFrom(p.got.Context()))
		}
		if h != http.Handler(server) && p.got.Header.Get("X-Trace") != "1" {
			t.Error("the headers of the request are lost")
		}
	}
}

func TestScopes(t *testing.T) {
	other, err := scim.NewStaticToken(scim.NewSecret(token), scim.Subject{Scope: scim.Scope{Tenant: "t"}}, timeZero)
	if err != nil {
		t.Fatal(err)
	}
	tenant, err := scim.NewStaticTokens(other)
	if err != nil {
		t.Fatal(err)
	}
	for have, want := range map[bool]int{false: 403, true: 200} {
		store, err := elimity.NewStore([]theirs.ResourceType{users(filled(1))}, &elimity.StoreOptions{HandlersHaveScopes: have})
		if err != nil {
			t.Fatal(err)
		}
		server, err := scim.NewServer(store, tenant, &scim.ServerOptions{Types: store.Types()})
		if err != nil {
			t.Fatal(err)
		}
		if a := send(server, "GET", "/Users/0001", ""); a.status != want {
			t.Errorf("%d %s", a.status, a.text)
		}
	}
}

func TestOptions(t *testing.T) {
	for name, err := range map[string]error{
		"no types":         second(elimity.NewStore(nil, nil)),
		"no handler":       second(elimity.NewStore([]theirs.ResourceType{users(nil)}, nil)),
		"no schema":        second(elimity.NewStore([]theirs.ResourceType{{Name: "X", Handler: newTable()}}, nil)),
		"no store":         second(elimity.NewHandler(nil, scim.UserType())),
		"no type":          second(elimity.NewHandler(scim.NewMemoryStore(), nil)),
		"no arguments":     second(elimity.NewGuard(nil, auth(t), nil)),
		"no authenticator": second(elimity.NewGuard(&theirs.ServerArgs{}, nil, nil)),
		"no configuration": second(elimity.NewGuard(&theirs.ServerArgs{}, auth(t), nil)),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// slow is a body that never ends.
type slow struct{}

func (slow) Read(p []byte) (int, error) { return copy(p, bytes.Repeat([]byte(" "), len(p))), nil }

func TestGuardReadsNoMoreThanItMay(t *testing.T) {
	guard := kept(t, scim.NewMemoryStore())
	r := httptest.NewRequest("POST", "/Users", io.LimitReader(slow{}, 1<<40))
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	guard.ServeHTTP(w, r)
	if w.Code != 413 {
		t.Error(w.Code, w.Body)
	}
}
