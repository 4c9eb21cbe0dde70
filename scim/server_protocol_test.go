package scim

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestMethodsAndRoutes(t *testing.T) {
	c := newTestServer(t, &ServerOptions{BaseURL: "/scim/v2"})
	id := c.create("/scim/v2/Users/", `{"userName":"u"}`)
	for _, tt := range []struct {
		reason, method, target string
		status                 int
		allow                  string
	}{
		{"below the base path", "GET", "/scim/v2/Users/" + id, 200, ""},
		{"without it, as behind http.StripPrefix", "GET", "/Users/" + id, 200, ""},
		{"trailing slash", "GET", "/Users/" + id + "/", 200, ""},
		{"endpoint in another case", "GET", "/users", 200, ""},
		{"HEAD", "HEAD", "/Users/" + id, 200, ""},
		{"HEAD of a list", "HEAD", "/Users", 200, ""},
		{"OPTIONS", "OPTIONS", "/Users/" + id, 204, "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"},
		{"POST to a resource", "POST", "/Users/" + id, 405, "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"},
		{"DELETE of an endpoint", "DELETE", "/Users", 405, "GET, HEAD, OPTIONS, POST"},
		{"GET of .search", "GET", "/Users/.search", 405, "OPTIONS, POST"},
		{"unknown method", "BREW", "/Users", 405, "GET, HEAD, OPTIONS, POST"},
		{"unknown endpoint", "GET", "/Printers", 404, ""},
		{"the root", "GET", "/", 200, ""},
		{"a resource cannot be made at the root", "POST", "/", 405, "GET, HEAD, OPTIONS"},
		{"a path below a resource", "GET", "/Users/" + id + "/name", 404, ""},
		{"an id with a slash", "GET", "/Users/..%2F" + id, 404, ""},
		{"an id in upper case is another id", "GET", "/Users/" + strings.ToUpper(id), 404, ""},
		{"a base path that only begins alike", "GET", "/scim/v20/Users", 404, ""},
		{"GET of the root .search", "GET", "/.search", 405, "OPTIONS, POST"},
		{"a bulk request without a body", "POST", "/Bulk", 400, ""},
		{"GET of Bulk", "GET", "/Bulk", 405, "OPTIONS, POST"},
		{"a subject without a resource", "GET", "/Me", 501, ""},
	} {
		got := c.send(tt.method, tt.target, "")
		if got.status != tt.status || got.header.Get("Allow") != tt.allow {
			t.Errorf("%s: %d %q, want %d %q", tt.reason, got.status, got.header.Get("Allow"), tt.status, tt.allow)
		}
		if tt.status >= 400 && got.at("schemas/0") != `"`+messageError+`"` {
			t.Errorf("%s: not a SCIM error: %s", tt.reason, got.body)
		}
		if tt.method == "HEAD" && got.body != "" {
			t.Errorf("%s: a body", tt.reason)
		}
	}
	if got := c.want(200, "GET", "/Users/"+id, "").at("meta/location"); got != `"`+c.base+"/scim/v2/Users/"+id+`"` {
		t.Errorf("location is %s", got)
	}
}

func TestContentTypes(t *testing.T) {
	c := newTestServer(t, nil)
	for contentType, status := range map[string]int{
		"application/scim+json": 201, "application/json": 201, "application/scim+json; charset=utf-8": 201, "Application/SCIM+JSON; x=y": 201,
		"text/json": 201, "text/plain": 415, "application/xml": 415, "application/x-www-form-urlencoded": 415,
	} {
		c.header = map[string]string{"Content-Type": contentType}
		c.want(status, "POST", "/Users", `{"userName":"`+contentType+`"}`)
		c.header["Content-Type"] = "application/json" // Okta sends one on GET too
		c.want(200, "GET", "/Users", "")
	}
}

func TestPreconditions(t *testing.T) {
	for _, tt := range []struct {
		reason, method, header, value string
		status                        int
	}{
		{"the version it has", "GET", "If-None-Match", `W/"1"`, 304},
		{"compared weakly", "GET", "If-None-Match", `"1"`, 304},
		{"any version", "GET", "If-None-Match", `*`, 304},
		{"a list", "GET", "If-None-Match", `W/"7", W/"1"`, 304},
		{"another version", "GET", "If-None-Match", `W/"2"`, 200},
		{"the version it has", "PUT", "If-Match", `W/"1"`, 200},
		{"any version", "PUT", "If-Match", `*`, 200},
		{"a stale version", "PUT", "If-Match", `W/"0"`, 412},
		{"a stale version", "PATCH", "If-Match", `W/"0"`, 412},
		{"a stale version", "DELETE", "If-Match", `W/"0"`, 412},
		{"a text that is no version", "PATCH", "If-Match", `x`, 412},
		{"not if it is there", "PUT", "If-None-Match", `*`, 412},
		{"the version it has", "DELETE", "If-Match", `W/"1"`, 204},
	} {
		c := newTestServer(t, nil)
		id := c.create("/Users", `{"userName":"u"}`)
		c.header = map[string]string{tt.header: tt.value}
		body := map[string]string{"PUT": `{"userName":"v"}`, "PATCH": patchBody(`{"op":"replace","path":"userName","value":"v"}`)}[tt.method]
		got := c.want(tt.status, tt.method, "/Users/"+id, body)
		if tt.status == 304 && (got.header.Get("ETag") != `W/"1"` || got.body != "") {
			t.Errorf("%s: 304 with ETag %q and %q", tt.reason, got.header.Get("ETag"), got.body)
		}
		c.header = nil
		if after := c.send("GET", "/Users/"+id, ""); tt.status == 412 && after.header.Get("ETag") != `W/"1"` {
			t.Errorf("%s %s: changed all the same: %s", tt.reason, tt.method, after.body)
		}
	}
}

func TestVersions(t *testing.T) {
	c := newTestServer(t, nil)
	id := c.create("/Users", `{"userName":"u"}`)
	for _, step := range []struct{ reason, method, body, want string }{
		{"a change counts", "PATCH", patchBody(`{"op":"add","path":"title","value":"x"}`), `W/"2"`},
		{"the same again does not", "PATCH", patchBody(`{"op":"add","path":"title","value":"x"}`), `W/"2"`},
		{"an empty object does not", "PATCH", patchBody(`{"op":"add","path":"name","value":{}}`), `W/"2"`},
		{"a replacement counts", "PUT", `{"userName":"u","title":"y"}`, `W/"3"`},
		{"the same replacement does not", "PUT", `{"userName":"u","title":"y"}`, `W/"3"`},
	} {
		if got := c.want(200, step.method, "/Users/"+id, step.body).header.Get("ETag"); got != step.want {
			t.Errorf("%s: %s", step.reason, got)
		}
	}
	g := c.create("/Groups", `{"displayName":"g"}`)
	for _, step := range []struct{ reason, ops, want string }{
		{"a member", `{"op":"add","path":"members","value":[{"value":"` + id + `","display":"U"}]}`, `W/"2"`},
		{"the same member", `{"op":"add","path":"members","value":[{"value":"` + id + `"}]}`, `W/"2"`},
		{"a member that is not there", `{"op":"remove","path":"members[value eq \"x\"]"}`, `W/"2"`},
		{"added and removed", `{"op":"add","path":"members","value":[{"value":"y"}]},{"op":"remove","path":"members[value eq \"y\"]"}`, `W/"3"`},
	} {
		if got := c.want(204, "PATCH", "/Groups/"+g, patchBody(step.ops)).header.Get("ETag"); got != step.want {
			t.Errorf("%s: %s", step.reason, got)
		}
	}
	if got := c.want(200, "GET", "/Groups/"+g, "").at("members/0/display"); got != `"U"` {
		t.Errorf("adding a member again took its display: %s", got)
	}
}

func TestClientStringsAreNotKeys(t *testing.T) {
	c := newTestServer(t, nil)
	victim := c.create("/Users", `{"userName":"victim"}`)
	for i, id := range []string{victim, "1", "0", "-1", "../x", "\\u0000", strings.ToUpper(victim)} {
		got := c.want(201, "POST", "/Users", `{"id":"`+id+`","externalId":"`+id+`","userName":"`+strings.Repeat("u", i+1)+`","meta":{"version":"x","location":"http://evil"}}`)
		if own := got.json["id"].(string); own == id || own == victim {
			t.Errorf("the client chose the id %q", own)
		}
		if got.at("meta/version") != `"W/\"1\""` || strings.Contains(got.body, "evil") {
			t.Errorf("the client chose meta: %s", got.body)
		}
	}
	id := c.create("/Users", `{"userName":"other"}`)
	c.want(200, "PUT", "/Users/"+id, `{"id":"`+victim+`","userName":"renamed"}`)
	if got := c.want(200, "GET", "/Users/"+victim, "").at("userName"); got != `"victim"` {
		t.Errorf("a PUT reached the id in its body: %s", got)
	}
	if got := c.want(200, "GET", "/Users/"+id, ""); got.at("id") != `"`+id+`"` || got.at("userName") != `"renamed"` {
		t.Error(got.body)
	}
	group := c.create("/Groups", `{"displayName":"g","members":[{"value":"a/../b","type":"Evil"},{"value":"`+id+`","type":"Group"}]}`)
	got := c.want(200, "GET", "/Groups/"+group, "")
	if got.at("members/0/$ref") != "absent" || got.at("members/1/type") != `"User"` {
		t.Errorf("the client made up a reference: %s", got.body)
	}
}

func TestPasswordNeverLeaves(t *testing.T) {
	const canary = "canary-5d1"
	var log strings.Builder
	c := newTestServer(t, &ServerOptions{Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	var bodies strings.Builder
	send := func(method, target, body string) *rawAnswer {
		a := c.send(method, target, body)
		bodies.WriteString(a.body)
		return a
	}
	id, _ := send("POST", "/Users", `{"userName":"u","password":"`+canary+`"}`).json["id"].(string)
	send("PUT", "/Users/"+id, `{"userName":"u","password":"`+canary+`"}`)
	send("PATCH", "/Users/"+id, patchBody(`{"op":"replace","path":"password","value":"`+canary+`"}`))
	send("PATCH", "/Users/"+id, patchBody(`{"op":"replace","value":{"password":"`+canary+`","`+SchemaUser+`:password":"`+canary+`"}}`))
	send("PATCH", "/Users/"+id, patchBody(`{"op":"replace","path":"`+canary+`[","value":"`+canary+`"}`))
	send("POST", "/Users", `{"userName":"v","password":{"`+canary+`":"`+canary+`"}}`)
	send("POST", "/Users", `{"userName":"w","active":"`+canary+`","emails":"`+canary+`"}`)
	for _, query := range []string{"", "?attributes=password", "?attributes=userName,password", "?filter=userName+eq+%22" + canary + "%22", "?filter=active+eq+%22" + canary + "%22", "?filter=" + canary + "%28", "?count=" + canary} {
		send("GET", "/Users"+query, "")
		send("GET", "/Users/"+id+query, "")
	}
	if strings.Contains(bodies.String(), canary) || strings.Contains(log.String(), canary) {
		t.Errorf("the canary left:\n%s\n%s", bodies.String(), log.String())
	}
}

func TestUnknownAttributes(t *testing.T) {
	const unknown = `"colour":"red"`
	for _, tt := range []struct {
		reason, method, body string
		refused              int
		names                string
	}{
		{"POST", "POST", `{"userName":"v",` + unknown + `}`, 400, "colour"},
		{"in a complex value", "POST", `{"userName":"v","name":{` + unknown + `}}`, 400, "name.colour"},
		{"in a list", "POST", `{"userName":"v","emails":[{"value":"x",` + unknown + `}]}`, 400, "emails.colour"},
		{"in an extension", "POST", `{"userName":"v","` + entURN + `":{` + unknown + `}}`, 400, "colour"},
		{"a mistyped extension", "POST", `{"userName":"v","urn:ietf:params:scim:schemas:extension:enterprise:2.0User":{}}`, 400, "2.0User"},
		{"PUT", "PUT", `{"userName":"u",` + unknown + `}`, 400, "colour"},
		{"PATCH without a path", "PATCH", patchBody(`{"op":"add","value":{` + unknown + `}}`), 400, "colour"},
		{"PATCH of a complex value", "PATCH", patchBody(`{"op":"add","path":"name","value":{` + unknown + `}}`), 400, "name.colour"},
		{"PATCH of an extension", "PATCH", patchBody(`{"op":"add","value":{"` + entURN + `":{` + unknown + `}}}`), 400, "colour"},
		{"PATCH of a list", "PATCH", patchBody(`{"op":"add","path":"emails","value":[{"value":"x",` + unknown + `}]}`), 400, "emails.colour"},
	} {
		for _, refuse := range []bool{false, true} {
			c := newTestServer(t, &ServerOptions{RefuseUnknown: refuse})
			target := "/Users"
			id := c.create(target, `{"userName":"u"}`)
			if tt.method != "POST" {
				target += "/" + id
			}
			got := c.send(tt.method, target, tt.body)
			if refuse && (got.status != tt.refused || !strings.Contains(got.body, tt.names)) || !refuse && got.status >= 300 {
				t.Errorf("%s, refused=%v: %d %s", tt.reason, refuse, got.status, got.body)
			}
			if strings.Contains(c.want(200, "GET", "/Users", "").body, "red") {
				t.Errorf("%s: the attribute was kept", tt.reason)
			}
		}
	}
}

// TestStrict checks that what only tolerance takes is refused without it.
func TestStrict(t *testing.T) {
	c := newTestServer(t, &ServerOptions{Strict: true})
	user := func(members string) string { return `{"schemas":["` + SchemaUser + `"],"userName":"s"` + members + `}` }
	id := c.create("/Users", strings.Replace(user(""), `"s"`, `"u"`, 1))
	for _, tt := range []struct{ reason, method, body string }{
		{"no schemas", "POST", `{"userName":"s"}`},
		{"another schema only", "POST", `{"schemas":["` + entURN + `"],"userName":"s"}`},
		{"a text for a boolean", "POST", user(`,"active":"True"`)},
		{"a text for a complex value", "POST", user(`,"` + entURN + `":{"manager":"x"}`)},
		{"one value for a list", "POST", user(`,"emails":{"value":"x"}`)},
		{"a list for one value", "POST", user(`,"title":["x"]`)},
		{"a text in a list of objects", "POST", user(`,"emails":["x"]`)},
		{"a capital operation", "PATCH", patchBody(`{"op":"Add","path":"title","value":"x"}`)},
		{"no schemas in a PATCH", "PATCH", `{"Operations":[{"op":"add","path":"title","value":"x"}]}`},
		{"a null path", "PATCH", patchBody(`{"op":"add","path":null,"value":{"title":"x"}}`)},
		{"an empty path", "PATCH", patchBody(`{"op":"add","path":"","value":{"title":"x"}}`)},
		{"id in a value", "PATCH", patchBody(`{"op":"replace","value":{"id":"x","title":"x"}}`)},
		{"a filter that selects nothing", "PATCH", patchBody(`{"op":"replace","path":"emails[type eq \"work\"].value","value":"x"}`)},
	} {
		target := "/Users"
		if tt.method == "PATCH" {
			target += "/" + id
		}
		if got := c.send(tt.method, target, tt.body); got.status != 400 {
			t.Errorf("%s: %d %s", tt.reason, got.status, got.body)
		}
	}
	c.want(201, "POST", "/Users", user(`,"active":true`))
	c.want(200, "PATCH", "/Users/"+id, patchBody(`{"op":"remove","path":"emails[type eq \"work\"]"}`))
}

// brokenStore fails in the way it is told to.
type brokenStore struct {
	Store
	fail func(context.Context) error
}

func (s brokenStore) View(ctx context.Context, ref Ref, fn func(*Entry) error) error {
	return s.fail(ctx)
}
func (s brokenStore) List(ctx context.Context, q *Query) (*Page, error) { return nil, s.fail(ctx) }
func (s brokenStore) Create(ctx context.Context, r *Resource, l iter.Seq[Link]) error {
	return s.fail(ctx)
}
func (s brokenStore) Update(ctx context.Context, ref Ref, fn func(*Entry) error) error {
	return s.fail(ctx)
}
func (s brokenStore) Delete(ctx context.Context, ref Ref, fn func(*Entry) error) error {
	return s.fail(ctx)
}

func TestBrokenStore(t *testing.T) {
	const detail = "canary: pq: connection to 10.0.0.1 refused"
	for _, tt := range []struct {
		reason string
		fail   func(context.Context) error
		status int
	}{
		{"an error of its own", func(context.Context) error { return errors.New(detail) }, 500},
		{"a wrapped one of ours", func(context.Context) error { return errors.Join(errors.New(detail), ErrUnavailable) }, 503},
		{"a uniqueness of ours", func(context.Context) error { return errors.Join(ErrUniqueness, errors.New(detail)) }, 409},
		{"a panic", func(context.Context) error { panic(detail) }, 500},
		{"a nil pointer", func(context.Context) error { var r *Resource; return r.err }, 500},
		{"a wait beyond the deadline", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, 503},
		{"a definition error", func(context.Context) error { return &Error{Kind: KindInvalidSchema, Detail: detail} }, 500},
	} {
		synctest.Test(t, func(t *testing.T) {
			var log strings.Builder
			s, err := NewServer(brokenStore{fail: tt.fail}, staticTokens(t, testToken, time.Time{}), &ServerOptions{
				Logger: slog.New(slog.NewTextHandler(&log, nil)),
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range []struct{ method, target, body string }{
				{"GET", "/Users/1", ""}, {"GET", "/Users", ""}, {"POST", "/Users", `{"userName":"u"}`},
				{"PUT", "/Users/1", `{"userName":"u"}`}, {"PATCH", "/Users/1", patchBody(`{"op":"remove","path":"title"}`)}, {"DELETE", "/Users/1", ""},
				{"POST", "/Groups", `{"displayName":"g","members":[{"value":"x"}]}`}, {"POST", "/Users/.search", `{}`},
			} {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				req := httptest.NewRequestWithContext(ctx, r.method, r.target, strings.NewReader(r.body))
				req.Header.Set("Authorization", "Bearer "+testToken)
				w := httptest.NewRecorder()
				s.ServeHTTP(w, req)
				cancel()
				if w.Code != tt.status || strings.Contains(w.Body.String(), "canary") || !strings.Contains(w.Body.String(), messageError) {
					t.Errorf("%s, %s %s: %d %s", tt.reason, r.method, r.target, w.Code, w.Body)
				}
			}
			if tt.status >= 500 && log.Len() == 0 {
				t.Errorf("%s: nothing was logged", tt.reason)
			}
		})
	}
}

// TestPanicReleasesTheStore panics inside a transaction of the memory store.
func TestPanicReleasesTheStore(t *testing.T) {
	store := NewMemoryStore()
	r := NewResource(UserType())
	r.setID("1")
	if err := store.Create(t.Context(), r, nil); err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() { _ = recover() }()
		_ = store.Update(t.Context(), Ref{UserType(), "1"}, func(*Entry) error { panic("x") })
	}()
	done := make(chan error, 1)
	go func() { done <- store.Delete(t.Context(), Ref{UserType(), "1"}, nil) }()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("the store is still locked")
	}
}

func TestRepeatedValues(t *testing.T) {
	c := newTestServer(t, nil)
	for _, n := range []int{2, 5, 30} {
		list := strings.Repeat(`{"type":"work","formatted":"F"},`, n) + `{"type":"home","formatted":"F"}`
		id := c.create("/Users", fmt.Sprintf(`{"userName":"u%d","addresses":[%s]}`, n, list))
		if got := c.want(200, "GET", "/Users/"+id, "").at("addresses"); got != `[{"formatted":"F","type":"work"},{"formatted":"F","type":"home"}]` {
			t.Errorf("%d times: %s", n, got)
		}
	}
	// A megabyte of different values is no reason to compare each with each.
	var list []string
	for i := range 60000 {
		list = append(list, fmt.Sprintf(`{"type":"%d"}`, i))
	}
	c.want(201, "POST", "/Users", `{"userName":"many","addresses":[`+strings.Join(list, ",")+`]}`)
}

func TestDeletedMemberChangesTheGroup(t *testing.T) {
	c := newTestServer(t, nil)
	user := c.create("/Users", `{"userName":"u"}`)
	group := c.create("/Groups", `{"displayName":"g","members":[{"value":"`+user+`"}]}`)
	before := c.want(200, "GET", "/Groups/"+group, "").header.Get("ETag")
	c.want(204, "DELETE", "/Users/"+user, "")
	c.header = map[string]string{"If-None-Match": before}
	after := c.want(200, "GET", "/Groups/"+group, "")
	if after.at("members") != "absent" || after.header.Get("ETag") == before {
		t.Errorf("the group lost a member and kept its version: %s", after.body)
	}
}

func TestRestrictedValues(t *testing.T) {
	for _, tt := range []struct{ reason, body, names string }{
		{"a type that is not canonical", `"emails":[{"value":"x","type":"office"}]`, "emails.type"},
		{"a canonical type in another case", `"emails":[{"value":"x","type":"WORK"}]`, ""},
		{"an attribute without canonical values", `"roles":[{"value":"x","type":"office"}]`, ""},
		{"no URI", `"profileUrl":"not a uri"`, "profileUrl"},
		{"a malformed URI", `"profileUrl":"http://[::1"`, "profileUrl"},
		{"a relative URI", `"profileUrl":"/people/1"`, ""},
	} {
		body := `{"schemas":["` + SchemaUser + `"],"userName":"u",` + tt.body + `}`
		newTestServer(t, nil).want(201, "POST", "/Users", body) // by default values are kept verbatim
		got := newTestServer(t, &ServerOptions{Strict: true, CanonicalOnly: true}).send("POST", "/Users", body)
		if refused := got.status == 400; refused != (tt.names != "") || !strings.Contains(got.body, tt.names) {
			t.Errorf("%s: %d %s", tt.reason, got.status, got.body)
		}
	}
}

func TestHTTP2(t *testing.T) {
	auth, err := NewStaticTokens(mustToken(t))
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewServer(NewMemoryStore(), auth, nil)
	if err != nil {
		t.Fatal(err)
	}
	hs := httptest.NewUnstartedServer(s)
	hs.EnableHTTP2 = true
	hs.StartTLS()
	t.Cleanup(hs.Close)
	c := &rawClient{t: t, base: hs.URL, http: hs.Client(), auth: "Bearer " + testToken}
	id := c.create("/Users", `{"userName":"u"}`)
	if got := c.want(200, "GET", "/Users/"+id, "").at("meta/location"); got != `"`+hs.URL+"/Users/"+id+`"` {
		t.Errorf("location is %s", got)
	}
	resp, err := hs.Client().Get(hs.URL + "/Users")
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.ProtoMajor != 2 || resp.StatusCode != 401 {
		t.Errorf("%s %d", resp.Proto, resp.StatusCode)
	}
}

func mustToken(t *testing.T) StaticToken {
	t.Helper()
	token, err := NewStaticToken(NewSecret(testToken), Subject{}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	return token
}
