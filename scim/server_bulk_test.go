package scim

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func bulkBody(operations ...string) string {
	return `{"schemas":["` + messageBulk + `"],"Operations":[` + strings.Join(operations, ",") + `]}`
}

// makeUser and makeGroup are operations; their bulkId is also their name.
func makeUser(bulkID, members string) string {
	return fmt.Sprintf(`{"method":"POST","path":"/Users","bulkId":%q,"data":{"schemas":["%s"],"userName":%[1]q%[3]s}}`, bulkID, SchemaUser, members)
}

func makeGroup(bulkID string, members ...string) string {
	list := ""
	for _, m := range members {
		list += fmt.Sprintf(`,{"value":%q}`, m)
	}
	return fmt.Sprintf(`{"method":"POST","path":"/Groups","bulkId":%q,"data":{"schemas":["%s"],"displayName":%[1]q,"members":[%[3]s]}}`, bulkID, SchemaGroup, strings.TrimPrefix(list, ","))
}

// shownResults shortens the results of a bulk request to what a table can
// hold: method, bulkId, status and scimType of each, with ids as names.
func shownResults(a *rawAnswer) string {
	var out []string
	list, _ := a.json["Operations"].([]any)
	for _, item := range list {
		op := item.(map[string]any)
		text := fmt.Sprint(op["method"], " ", op["bulkId"], " ", op["status"])
		if response, ok := op["response"].(map[string]any); ok {
			text += fmt.Sprint(" ", response["scimType"])
		}
		out = append(out, text)
	}
	return strings.ReplaceAll(strings.Join(out, "; "), "<nil>", "-")
}

func TestBulk(t *testing.T) {
	const manager = `,"` + entURN + `":{"manager":{"value":"bulkId:%s"}}`
	managedBy := func(name string) string { return fmt.Sprintf(manager, name) }
	for _, tt := range []struct {
		reason     string
		operations []string
		want       string
		tree       map[string]string // target of a list of one: what is at a path of it, ids as names
	}{
		{"RFC 7644 section 3.7.2: a member by its bulkId", []string{makeUser("u", ""), makeGroup("g", "bulkId:u")}, "POST u 201; POST g 201",
			map[string]string{`/Groups?filter=displayName+eq+"g" Resources/0/members`: `[{"$ref":"/Users/#u#","type":"User","value":"#u#"}]`}},
		{"a forward reference waits", []string{makeGroup("g", "bulkId:u"), makeUser("u", "")}, "POST g 201; POST u 201",
			map[string]string{`/Groups Resources/0/members`: `[{"$ref":"/Users/#u#","type":"User","value":"#u#"}]`}},
		{"a circle of two groups (section 3.7.1)", []string{makeGroup("a", "bulkId:b"), makeGroup("b", "bulkId:a")}, "POST a 201; POST b 201",
			map[string]string{
				`/Groups?filter=displayName+eq+"a" Resources/0/members`: `[{"$ref":"/Groups/#b#","type":"Group","value":"#b#"}]`,
				`/Groups?filter=displayName+eq+"b" Resources/0/members`: `[{"$ref":"/Groups/#a#","type":"Group","value":"#a#"}]`,
			}},
		{"a resource that refers to itself", []string{makeUser("u", managedBy("u"))}, "POST u 201",
			map[string]string{"/Users Resources/0/" + entURN + "/manager/value": `"#u#"`}},
		{"an extension (section 3.7.2), and a circle through it", []string{makeUser("a", managedBy("b")), makeUser("b", managedBy("c")), makeUser("c", managedBy("a"))}, "POST a 201; POST b 201; POST c 201",
			map[string]string{`/Users?filter=userName+eq+"b" Resources/0/` + entURN + "/manager/value": `"#c#"`}},
		{"a $ref", []string{makeUser("u", ""), `{"method":"POST","path":"/Users","bulkId":"v","data":{"userName":"v","` + entURN + `":{"manager":{"value":"bulkId:u","$ref":"../Users/bulkId:u"}}}}`}, "POST u 201; POST v 201",
			map[string]string{`/Users?filter=userName+eq+"v" Resources/0/` + entURN + "/manager/$ref": `"../Users/#u#"`}},
		{"a bulkId in the path", []string{
			makeUser("u", ""), `{"method":"PATCH","path":"/Users/bulkId:u","bulkId":"p","data":{"Operations":[{"op":"add","path":"title","value":"T"}]}}`,
			`{"method":"PUT","path":"/Users/bulkId%3Au","data":{"userName":"v"}}`,
		}, "POST u 201; PATCH p 200; PUT - 200", map[string]string{"/Users Resources/0/userName": `"v"`, "/Users Resources/0/title": "absent"}},
		{"created and deleted", []string{makeUser("u", ""), `{"method":"DELETE","path":"/Users/bulkId:u"}`}, "POST u 201; DELETE - 204", map[string]string{"/Users totalResults": "0"}},
		{"references of a PATCH, in values and in the filter of a path", []string{
			makeUser("u", ""), makeUser("v", ""), makeGroup("g", "bulkId:u"),
			`{"method":"PATCH","path":"/Groups/bulkId:g","data":{"Operations":[{"op":"add","path":"members","value":[{"value":"bulkId:v"}]},{"op":"remove","path":"members[value eq \"bulkId:u\"]"}]}}`,
		}, "POST u 201; POST v 201; POST g 201; PATCH - 204", map[string]string{`/Groups Resources/0/members`: `[{"$ref":"/Users/#v#","type":"User","value":"#v#"}]`}},
		{"an escaped text is the same text", []string{makeUser("ü", ""), strings.ReplaceAll(makeGroup("g", "bulkId:x"), "bulkId:x", `bulk\u0049d:\u00fc`)}, "POST ü 201; POST g 201",
			map[string]string{`/Groups Resources/0/members/0/type`: `"User"`}},
		{"errors do not end the request", []string{makeUser("u", ""), makeUser("u2", `,"emails":5`), `{"method":"DELETE","path":"/Users/none"}`, makeUser("v", "")}, "POST u 201; POST u2 400 invalidValue; DELETE - 404 -; POST v 201", nil},
		{"what refers to a failure fails", []string{makeUser("u", `,"active":"x"`), makeGroup("g", "bulkId:u"), `{"method":"PATCH","path":"/Users/bulkId:u","data":{"Operations":[]}}`}, "POST u 400 invalidValue; POST g 409 -; PATCH - 409 -",
			map[string]string{"/Groups totalResults": "0"}},
		{"a circle is done as a whole or not", []string{makeGroup("a", "bulkId:b"), makeGroup("b", "bulkId:c"), makeUser("x", ""), makeGroup("c", "bulkId:a", "")}, "POST a 409 -; POST b 409 -; POST x 201; POST c 400 invalidValue",
			map[string]string{"/Groups totalResults": "0"}},
		{"a circle with an endpoint that is not there", []string{makeGroup("a", "bulkId:b"), strings.Replace(makeGroup("b", "bulkId:a"), "/Groups", "/Printers", 1)}, "POST a 409 -; POST b 404 -", map[string]string{"/Groups totalResults": "0"}},
		{"a reference to nothing", []string{makeGroup("g", "bulkId:none"), `{"method":"DELETE","path":"/Users/bulkId:none"}`}, "POST g 400 invalidValue; DELETE - 400 invalidValue", map[string]string{"/Groups totalResults": "0"}},
		{"an operation sees the one before it", []string{makeUser("u", ""), `{"method":"DELETE","path":"/Users/bulkId:u"}`, strings.Replace(makeUser("u", ""), `"bulkId":"u"`, `"bulkId":"w"`, 1), makeUser("U", "")}, "POST u 201; DELETE - 204; POST w 201; POST U 409 uniqueness", nil},
		{"version is If-Match", []string{
			makeUser("u", ""), `{"method":"PATCH","path":"/Users/bulkId:u","version":"W/\"7\"","data":{"Operations":[{"op":"add","path":"title","value":"T"}]}}`,
			`{"method":"PUT","path":"/Users/bulkId:u","version":"W/\"1\"","data":{"userName":"u","title":"U"}}`, `{"method":"DELETE","path":"/Users/bulkId:u","version":"W/\"1\""}`,
		}, "POST u 201; PATCH - 412 -; PUT - 200; DELETE - 412 -", map[string]string{"/Users Resources/0/title": `"U"`}},
		{"the answers of single requests", []string{
			`{"method":"POST","path":"/Users/x","bulkId":"a","data":{}}`, `{"method":"PUT","path":"/Users","data":{}}`, `{"method":"POST","path":"/Printers","bulkId":"b","data":{}}`,
			`{"method":"PATCH","path":"/Users/x/y","data":{}}`, `{"method":"DELETE","path":"/"}`, `{"method":"DELETE","path":"/Me"}`,
		}, "POST a 405 -; PUT - 405 -; POST b 404 -; PATCH - 404 -; DELETE - 404 -; DELETE - 501 -", nil},
		{"no bulk request within one, and no query", []string{
			`{"method":"POST","path":"/Bulk","bulkId":"a","data":` + bulkBody(makeUser("x", "")) + `}`, `{"method":"POST","path":"/Users/.search","bulkId":"b","data":{}}`,
			`{"method":"PUT","path":"/Users/x?attributes=id","data":{}}`, `{"method":"DELETE","path":"https://example.com/Users/1"}`,
		}, "POST a 400 invalidPath; POST b 400 invalidPath; PUT - 400 invalidPath; DELETE - 404 -", map[string]string{"/Users totalResults": "0"}},
		{"operations that say too little", []string{
			`{"path":"/Users"}`, `{"method":"GET","path":"/Users/x"}`, `{"method":"POST","bulkId":"a","data":{}}`, `{"method":"POST","path":"/Users","data":{"userName":"u"}}`,
			`{"method":"POST","path":"/Users","bulkId":"","data":{"userName":"u"}}`, `{"method":"POST","path":"/Users","bulkId":"b"}`, `{"method":"PUT","path":"/Users/x","data":null}`,
			`{"method":"DELETE","path":"/Users/x","version":1}`, `{"method":"DELETE","path":"/Users/x","version":""}`, `{"method":"DELETE","path":"/Users/x","PATH":"/Users/y"}`,
		}, "- - 400 invalidValue; - - 400 invalidValue; POST a 400 invalidPath; POST - 400 invalidValue; - - 400 invalidValue; POST b 400 invalidSyntax; PUT - 400 invalidSyntax; DELETE - 400 invalidValue; DELETE - 400 invalidValue; - - 400 invalidSyntax", nil},
		{"a method in small letters, a path without its slash", []string{`{"method":"post","path":"Users","bulkId":"a","data":{"userName":"u"}}`}, "POST a 201", nil},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			c := newTestServer(t, nil)
			got := c.want(200, "POST", "/Bulk", bulkBody(tt.operations...))
			if shown := shownResults(got); shown != tt.want {
				t.Errorf("got  %s\nwant %s\n%s", shown, tt.want, got.body)
			}
			name := bulkNames(c, got)
			for where, want := range tt.tree {
				target, path, _ := strings.Cut(where, " ")
				if have := name.Replace(c.want(200, "GET", strings.ReplaceAll(target, `"`, "%22"), "").at(path)); have != want {
					t.Errorf("%s is %s, want %s", where, have, want)
				}
			}
		})
	}
}

// bulkNames replaces ids by the bulkIds that made them.
func bulkNames(c *rawClient, a *rawAnswer) *strings.Replacer {
	pairs := []string{c.base, ""}
	list, _ := a.json["Operations"].([]any)
	for _, item := range list {
		op := item.(map[string]any)
		location, _ := op["location"].(string)
		if bulkID, ok := op["bulkId"].(string); ok && op["method"] == "POST" && location != "" {
			pairs = append(pairs, location[strings.LastIndex(location, "/")+1:], "#"+bulkID+"#")
		}
	}
	return strings.NewReplacer(pairs...)
}

// TestBulkResult compares one result member by member (RFC 7644 section 3.7.3).
func TestBulkResult(t *testing.T) {
	c := newTestServer(t, nil)
	id := c.create("/Users", `{"userName":"u"}`)
	got := c.want(200, "POST", "/Bulk", bulkBody(
		`{"method":"PATCH","path":"/Users/`+id+`","data":{"Operations":[{"op":"add","path":"title","value":"T"}]}}`,
		`{"method":"PUT","path":"/Users/none","bulkId":"b","data":{"userName":"x"}}`, makeUser("U", ""), `{"method":"DELETE","path":"/Users/`+id+`"}`,
	))
	location := c.base + "/Users/"
	problem := func(status, scimType, detail string) map[string]any {
		e := map[string]any{"schemas": []any{messageError}, "status": status, "detail": detail}
		if scimType != "" {
			e["scimType"] = scimType
		}
		return e
	}
	want := map[string]any{"schemas": []any{messageBulkAnswer}, "Operations": []any{
		map[string]any{"location": location + id, "method": "PATCH", "version": `W/"2"`, "status": "200"},
		map[string]any{"location": location + "none", "method": "PUT", "bulkId": "b", "status": "404", "response": problem("404", "", "there is no such User")},
		map[string]any{"method": "POST", "bulkId": "U", "status": "409", "response": problem("409", "uniqueness", "userName: the value is in use by another User")},
		map[string]any{"location": location + id, "method": "DELETE", "status": "204"},
	}}
	if diff := cmp.Diff(want, got.json); diff != "" {
		t.Error(diff)
	}
}

func TestFailOnErrors(t *testing.T) {
	bad := `{"method":"DELETE","path":"/Users/none"}`
	for n, want := range map[string]string{
		`1`: "POST a 201; DELETE - 404 -", `2`: "POST a 201; DELETE - 404 -; POST b 201; DELETE - 404 -",
		`3`: "POST a 201; DELETE - 404 -; POST b 201; DELETE - 404 -; POST c 201", `null`: "POST a 201; DELETE - 404 -; POST b 201; DELETE - 404 -; POST c 201",
	} {
		c := newTestServer(t, nil)
		body := strings.Replace(bulkBody(makeUser("a", ""), bad, makeUser("b", ""), bad, makeUser("c", "")), `{`, `{"failOnErrors":`+n+`,`, 1)
		if got := c.want(200, "POST", "/Bulk", body); shownResults(got) != want {
			t.Errorf("%s: %s, want %s", n, shownResults(got), want)
		}
		if made := c.want(200, "GET", "/Users", "").at("totalResults"); (n == "1") != (made == "1") {
			t.Errorf("%s: %s users", n, made)
		}
	}
}

func TestBulkMessages(t *testing.T) {
	user := makeUser("u", "")
	for _, tt := range []struct {
		reason, body string
		status       int
		names        string
	}{
		{"no body", ``, 400, "ends early"},
		{"no operations", `{"schemas":["` + messageBulk + `"]}`, 400, "Operations"},
		{"an empty list", bulkBody(), 400, "at least one"},
		{"operations that are no list", `{"Operations":{}}`, 400, "array"},
		{"an operation that is no object", bulkBody(user, `1`), 400, "Operations[1]"},
		{"a bulkId twice", bulkBody(user, makeUser("w", ""), strings.Replace(makeUser("v", ""), `"bulkId":"v"`, `"bulkId":"u"`, 1)), 400, "Operations[2].bulkId"},
		{"Operations twice", `{"Operations":[` + user + `],"operations":[]}`, 400, "twice"},
		{"a member twice, deep", bulkBody(user, strings.Replace(makeUser("v", ""), `"userName"`, `"userName":"x","userName"`, 1)), 400, "twice"},
		{"trailing data", bulkBody(user) + `{}`, 400, "byte"},
		{"invalid UTF-8", bulkBody(user, makeUser("v", `,"title":"`+"\xff"+`"`)), 400, "UTF-8"},
		{"a lone surrogate in a bulkId", bulkBody(user, `{"method":"DELETE","path":"/Users/x","bulkId":"\ud800"}`), 400, "byte"},
		{"failOnErrors is 0", strings.Replace(bulkBody(user), `{`, `{"failOnErrors":0,`, 1), 400, "failOnErrors"},
		{"failOnErrors is a text", strings.Replace(bulkBody(user), `{`, `{"failOnErrors":"1",`, 1), 400, "failOnErrors"},
		{"failOnErrors is no integer", strings.Replace(bulkBody(user), `{`, `{"failOnErrors":1.5,`, 1), 400, "failOnErrors"},
		{"levels", bulkBody(user, makeUser("v", `,"x":`+strings.Repeat("[", 40)+strings.Repeat("]", 40))), 400, "levels"},
		{"1,001 operations", bulkBody(user, times(1000, `{"method":"DELETE","path":"/Users/x"}`, ",")), 413, "maxOperations (1000)"},
		{"1 MiB and a byte", bulkBody(user) + strings.Repeat(" ", 1<<20), 413, "maxPayloadSize (1048576"},
	} {
		c := newTestServer(t, nil)
		if got := c.want(tt.status, "POST", "/Bulk", tt.body); !strings.Contains(got.body, tt.names) {
			t.Errorf("%s: want %q in %s", tt.reason, tt.names, got.body)
		}
		if made := c.want(200, "GET", "/Users", "").at("totalResults"); made != "0" {
			t.Errorf("%s: an operation was done", tt.reason)
		}
	}
	strict := newTestServer(t, &ServerOptions{Strict: true})
	strict.want(400, "POST", "/Bulk", `{"Operations":[`+user+`]}`)
	if got := strict.want(200, "POST", "/Bulk", bulkBody(user, strings.Replace(user, "POST", "post", 1), strings.Replace(makeUser("v", ""), "/Users", "Users", 1))); shownResults(got) != "POST u 201; - u 400 invalidValue; POST v 400 invalidPath" {
		t.Error(shownResults(got))
	}
	off := newTestServer(t, &ServerOptions{Limits: Limits{BulkOperations: -1}})
	off.want(501, "POST", "/Bulk", bulkBody(user))
	if got := off.want(200, "GET", "/ServiceProviderConfig", "").at("bulk"); got != `{"maxOperations":0,"maxPayloadSize":1048576,"supported":false}` {
		t.Error(got)
	}
	c := newTestServer(t, nil)
	c.auth = "Bearer wrong-0123456789"
	c.want(401, "POST", "/Bulk", bulkBody(user))
}

// ownIDs is a store that gives ids of its own, as the handlers of other
// libraries do.
type ownIDs struct{ *MemoryStore }

func (s ownIDs) Create(ctx context.Context, r *Resource, links iter.Seq[Link]) error {
	r.setID("own-" + r.ID())
	return s.MemoryStore.Create(ctx, r, links)
}

func TestBulkWithIDsOfTheStore(t *testing.T) {
	c := newTestServerOver(t, ownIDs{NewMemoryStore()}, nil)
	got := c.want(200, "POST", "/Bulk", bulkBody(makeGroup("g", "bulkId:u"), makeUser("u", ""), makeGroup("a", "bulkId:b"), makeGroup("b", "bulkId:a")))
	if shown := shownResults(got); shown != "POST g 201; POST u 201; POST a 409 -; POST b 409 -" {
		t.Error(got.body)
	}
	list := c.want(200, "GET", "/Groups", "")
	if list.at("totalResults") != "1" || !strings.HasPrefix(list.at("Resources/0/members/0/value"), `"own-`) {
		t.Error(list.body)
	}
}

// TestBulkFaults: a fault of one operation is that of a single request, and
// the others are done.
func TestBulkFaults(t *testing.T) {
	for reason, fault := range map[string]func() error{
		"an error": func() error { return errors.New("canary") },
		"a panic":  func() error { panic("canary") },
	} {
		var log strings.Builder
		hook := func(_ context.Context, w *Write) error {
			if w.New != nil && w.New.Get("userName").Text() == "bad" {
				return fault()
			}
			return nil
		}
		c := newTestServer(t, &ServerOptions{Hooks: Hooks{Before: hook}, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		got := c.want(200, "POST", "/Bulk", bulkBody(makeUser("a", ""), makeUser("bad", ""), makeUser("b", "")))
		if shown := shownResults(got); shown != "POST a 201; POST bad 500 -; POST b 201" || strings.Contains(got.body, "canary") {
			t.Errorf("%s: %s", reason, got.body)
		}
		if log.String() == "" || strings.Contains(log.String(), `"bad"`) {
			t.Errorf("%s: %s", reason, log.String())
		}
	}
	s, err := NewServer(NewMemoryStore(), staticTokens(t, testToken, noExpiry), nil)
	if err != nil {
		t.Fatal(err)
	}
	w := askWithin(t, s, 0, exchange{method: http.MethodPost, target: "/Bulk", body: bulkBody(makeUser("a", ""), makeUser("b", ""))})
	if w.Code != 200 || strings.Count(w.Body.String(), `"status":"503"},`)+strings.Count(w.Body.String(), `"status":"503","detail"`) < 2 {
		t.Errorf("after the deadline: %d %s", w.Code, w.Body)
	}
}
