package scim

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// TestHostileBodies sends bodies that a service provider has to refuse with
// the place and without a trace.
func TestHostileBodies(t *testing.T) {
	const good = `{"schemas":["` + SchemaUser + `"],"userName":"u","name":{"givenName":"G"},"emails":[{"value":"w@example.com"}]}`
	nested := func(n int) string { return strings.Repeat(`[`, n) + strings.Repeat(`]`, n) }
	big := `{"userName":"` + strings.Repeat("x", 2<<20) + `"}`
	for _, tt := range []struct {
		reason, body string
		status       int
		scimType     string
		names        string // what the detail must hold
	}{
		{"2 MB", big, 413, "absent", "maxPayloadSize"},
		{"no body", "", 400, `"invalidSyntax"`, "ends early"},
		{"not an object", `[]`, 400, `"invalidSyntax"`, "object"},
		{"null", `null`, 400, `"invalidSyntax"`, "object"},
		{"cut off", `{"userName":"u"`, 400, `"invalidSyntax"`, "JSON"},
		{"trailing data", `{"userName":"u"} {}`, 400, `"invalidSyntax"`, "byte 16"},
		{"trailing garbage", `{"userName":"u"}x`, 400, `"invalidSyntax"`, "byte 16"},
		{"2,000 levels in an unknown member", `{"userName":"u","x":` + nested(2000) + `}`, 400, `"invalidSyntax"`, "32 levels"},
		{"2,000 levels in a known member", `{"userName":"u","emails":` + nested(2000) + `}`, 400, `"invalidSyntax"`, "32 levels"},
		{"200,000 levels", `{"userName":"u","x":` + nested(200000) + `}`, 400, `"invalidSyntax"`, "JSON"},
		{"invalid UTF-8", "{\"userName\":\"\xff\"}", 400, `"invalidSyntax"`, "UTF-8 at byte 13"},
		{"invalid UTF-8 in a name", "{\"user\xffName\":\"u\"}", 400, `"invalidSyntax"`, "UTF-8"},
		{"lone surrogate", `{"userName":"\ud800"}`, 400, `"invalidSyntax"`, "byte 13"},
		{"lone surrogate in an unknown member", `{"userName":"u","x":"\ud800"}`, 400, `"invalidSyntax"`, "byte"},
		{"duplicate member", `{"userName":"u","userName":"v"}`, 400, `"invalidSyntax"`, `"userName" twice`},
		{"duplicate by case", `{"userName":"u","USERNAME":"v"}`, 400, `"invalidSyntax"`, `"USERNAME" is there twice`},
		{"duplicate after null", `{"userName":"u","title":null,"TITLE":"v"}`, 400, `"invalidSyntax"`, `"TITLE"`},
		{"duplicate by escape", `{"userName":"u","user\u004eame":"v"}`, 400, `"invalidSyntax"`, "twice"},
		{"duplicate of an unknown member by case", `{"userName":"u","x":1,"X":2}`, 400, `"invalidSyntax"`, `"X"`},
		{"duplicate inside a complex value", `{"userName":"u","name":{"givenName":"a","GIVENNAME":"b"}}`, 400, `"invalidSyntax"`, "GIVENNAME"},
		{"number for a text", `{"userName":"u","externalId":1}`, 400, `"invalidValue"`, "externalId"},
		{"boolean for a text", `{"userName":true}`, 400, `"invalidValue"`, "userName"},
		{"object for a text", `{"userName":{"x":1}}`, 400, `"invalidValue"`, "userName"},
		{"text that is no boolean", `{"userName":"u","active":"yes"}`, 400, `"invalidValue"`, "active"},
		{"number for a boolean", `{"userName":"u","active":1}`, 400, `"invalidValue"`, "active"},
		{"text for a complex attribute", `{"userName":"u","name":"N"}`, 400, `"invalidValue"`, "name"},
		{"list in a list", `{"userName":"u","emails":[[{"value":"x"}]]}`, 400, `"invalidValue"`, "emails"},
		{"wrong type two levels down", `{"userName":"u","emails":[{"value":"x","primary":2}]}`, 400, `"invalidValue"`, "emails.primary"},
		{"two primary values", `{"userName":"u","emails":[{"value":"x","primary":true},{"value":"y","primary":true}]}`, 400, `"invalidValue"`, "emails"},
		{"no userName", `{"displayName":"x"}`, 400, `"invalidValue"`, "userName"},
		{"empty userName", `{"userName":""}`, 400, `"invalidValue"`, "userName"},
		{"no base64", `{"userName":"u","x509Certificates":[{"value":"%%%"}]}`, 400, `"invalidValue"`, "x509Certificates.value"},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			c := newTestServer(t, nil)
			id := c.create("/Users", good)
			before := c.want(200, "GET", "/Users?startIndex=1", "").body
			for _, road := range []struct{ method, target string }{{"POST", "/Users"}, {"PUT", "/Users/" + id}} {
				c.header = map[string]string{"Content-Type": "application/scim+json"}
				got := c.want(tt.status, road.method, road.target, tt.body)
				if got.at("scimType") != tt.scimType || !strings.Contains(got.body, strings.ReplaceAll(tt.names, `"`, `\"`)) {
					t.Errorf("%s: want %s and %q in\n%s", road.method, tt.scimType, tt.names, got.body)
				}
				if len(got.body) > 500 {
					t.Errorf("%s: an error of %d bytes", road.method, len(got.body))
				}
			}
			if after := c.want(200, "GET", "/Users?startIndex=1", "").body; after != before {
				t.Errorf("a refused request changed something:\n%s\n%s", before, after)
			}
		})
	}
}

func TestHostilePatches(t *testing.T) {
	many := func(n int, op string) string { return strings.TrimSuffix(strings.Repeat(op+",", n), ",") }
	keys := func(n int, form string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, form+",", i)
		}
		return strings.TrimSuffix(b.String(), ",")
	}
	for _, tt := range []struct {
		reason, body string
		status       int
		names        string
	}{
		{"no operations", `{"schemas":["` + messagePatch + `"]}`, 400, "Operations"},
		{"an empty list", patchBody(``), 400, "Operations"},
		{"operations that are no list", `{"Operations":{}}`, 400, "Operations"},
		{"an operation that is no object", patchBody(`1`), 400, "Operations[0]"},
		{"no op", patchBody(`{"path":"title"}`), 400, "Operations[0]"},
		{"op is a number", patchBody(`{"op":1,"path":"title"}`), 400, "Operations[0]"},
		{"a path that is no text", patchBody(`{"op":"add","path":1,"value":"x"}`), 400, "Operations[0]"},
		{"the second one", patchBody(`{"op":"add","path":"title","value":"x"},{"op":"add","path":"nope","value":"x"}`), 400, "Operations[1]: nope"},
		{"no value", patchBody(`{"op":"add","path":"title"}`), 400, "title"},
		{"no value and no path", patchBody(`{"op":"add"}`), 400, "Operations[0]"},
		{"a text without a path", patchBody(`{"op":"add","value":"x"}`), 400, "Operations[0]"},
		{"a member twice", patchBody(`{"op":"add","path":"title","value":"x","VALUE":"y"}`), 400, "VALUE"},
		{"an attribute twice by case", patchBody(`{"op":"add","value":{"title":"x","TITLE":"y"}}`), 400, "TITLE"},
		{"an attribute twice, deep", patchBody(`{"op":"add","value":{"name":{"givenName":"x","GIVENNAME":"y"}}}`), 400, "GIVENNAME"},
		{"1,001 operations", patchBody(many(1001, `{"op":"replace","path":"title","value":"x"}`)), 413, "1000"},
		{"1,001 attributes of one operation", patchBody(`{"op":"add","value":{` + keys(1001, `"emails[type eq \"%d\"].value":"x"`) + `}}`), 413, "1000"},
		{"a path of 1,025 bytes", patchBody(`{"op":"add","path":"` + strings.Repeat("a", 1025) + `","value":1}`), 400, "path"},
		{"a path of 2,000 levels", patchBody(`{"op":"add","path":"emails[` + strings.Repeat("(", 900) + `","value":1}`), 400, "path"},
		{"a value of 2,000 levels", patchBody(`{"op":"add","path":"title","value":` + strings.Repeat("[", 2000) + strings.Repeat("]", 2000) + `}`), 400, "32 levels"},
		{"a lone surrogate", patchBody(`{"op":"add","path":"title","value":"\udc00"}`), 400, "byte"},
		{"trailing data", patchBody(`{"op":"add","path":"title","value":"x"}`) + `1`, 400, "byte"},
		{"a filter on a simple attribute", patchBody(`{"op":"add","path":"title[value eq 1]","value":"x"}`), 400, "title"},
		{"a sub-attribute that is not there", patchBody(`{"op":"add","path":"emails[type eq \"work\"].colour","value":"x"}`), 400, "emails.colour"},
		{"a filter that describes no element", patchBody(`{"op":"replace","path":"emails[type ne \"work\"].value","value":"x"}`), 400, "emails"},
		{"a filter that contradicts itself", patchBody(`{"op":"replace","path":"emails[type eq \"a\" and type eq \"b\"].value","value":"x"}`), 400, "emails"},
		{"id", patchBody(`{"op":"replace","path":"id","value":"x"}`), 400, "id"},
		{"meta", patchBody(`{"op":"replace","path":"meta.version","value":"x"}`), 400, "meta"},
		{"groups below a filter", patchBody(`{"op":"remove","path":"groups[value eq \"x\"]"}`), 400, "groups"},
		{"two primary values", patchBody(`{"op":"replace","path":"emails","value":[{"value":"x","primary":true},{"value":"y","primary":true}]}`), 400, "emails"},
		{"required attribute set to null", patchBody(`{"op":"replace","path":"userName","value":null}`), 400, "userName"},
		{"required attribute set to an empty text", patchBody(`{"op":"replace","path":"userName","value":""}`), 400, "userName"},
		{"values to remove that are not named", patchBody(`{"op":"remove","path":"emails","value":[{"display":"x"}]}`), 400, "emails"},
		{"80,000 unknown attributes are dropped in time", patchBody(`{"op":"add","value":{` + keys(80000, `"a%d":1`) + `}}`), 200, ""},
		{"80,000 values are added in time", patchBody(`{"op":"add","path":"emails","value":[` + keys(80000, `"%d"`) + `]}`), 200, ""},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			c := newTestServer(t, nil)
			id := c.create("/Users", `{"userName":"u","emails":[{"type":"work","value":"w"}]}`)
			before := c.want(200, "GET", "/Users/"+id, "").body
			got := c.want(tt.status, "PATCH", "/Users/"+id, tt.body)
			if !strings.Contains(got.body, tt.names) {
				t.Errorf("want %q in\n%s", tt.names, got.body)
			}
			if tt.status < 400 {
				return
			}
			if after := c.want(200, "GET", "/Users/"+id, "").body; after != before {
				t.Errorf("a refused PATCH changed the user:\n%s\n%s", before, after)
			}
		})
	}
}

// TestFilterBombs sends filters that must cost no more than they weigh, on
// both roads.
func TestFilterBombs(t *testing.T) {
	c := newTestServer(t, nil)
	c.create("/Users", `{"userName":"u"}`)
	for _, tt := range []struct{ reason, text string }{
		{"64 KB", `userName eq "` + strings.Repeat("x", 64<<10) + `"`},
		{"2,000 levels", strings.Repeat("(", 2000) + "active pr" + strings.Repeat(")", 2000)},
		{"17 levels", strings.Repeat("(", 17) + "active pr" + strings.Repeat(")", 17)},
		{"300,000 levels", strings.Repeat("(", 300000)},
		{"not in not", strings.Repeat("not (", 2000)},
		{"brackets", strings.Repeat("emails[", 500)},
		{"65 terms", strings.TrimSuffix(strings.Repeat("active pr and ", 65), " and ")},
		{"10,000 terms", strings.TrimSuffix(strings.Repeat("active pr and ", 10000), " and ")},
		{"empty", ""},
		{"an unknown attribute", `colour eq "red"`},
		{"a never returned attribute", `password eq "x"`},
		{"its presence", `password pr`},
		{"a number of any size", `meta.created eq 1e999999999`},
		{"a boolean has no order", `active gt true`},
		{"members of a user", `members eq "x"`},
		{"owners by name", `groups.display eq "x"`},
	} {
		body := fmt.Sprintf(`{"schemas":[%q],"filter":%q}`, messageSearch, tt.text)
		post := c.want(400, "POST", "/Users/.search", body)
		if post.at("scimType") != `"invalidFilter"` || len(post.body) > 500 {
			t.Errorf("%s: %.200s", tt.reason, post.body)
		}
		if len(tt.text) > 100<<10 {
			continue // net/http refuses the header
		}
		get := c.send("GET", "/Users?filter="+url.QueryEscape(tt.text), "")
		if want := 400; get.status != want && (get.status != 414 || len(tt.text) < 2000) {
			t.Errorf("%s: %d %.200s", tt.reason, get.status, get.body)
		}
	}
	if got := c.send("POST", "/Users/.search", `{"filter":"`+strings.Repeat("(", 16<<20)+`"}`); got.status != 413 {
		t.Errorf("16 MB: %d", got.status)
	}
	c.want(200, "GET", "/Users", "")
}
