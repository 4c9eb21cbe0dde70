package scim

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

var uuidText = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}`)

// storedRows returns what the memory store holds, by id.
func storedRows(store *MemoryStore) map[string]string {
	out := map[string]string{}
	for _, scope := range store.scopes {
		for _, table := range scope.tables {
			for id, row := range table.rows {
				out[id] = string(row.stored) + fmt.Sprint(slices.Collect(row.links.all("")))
			}
		}
	}
	return out
}

// drawIdentity returns a text that an attacker would send where an id is
// looked for: one that exists in another form, a number, a path.
func drawIdentity(g *traffic) string {
	id := pick(g, g.ids)
	return pick(g, []string{
		id, strings.ToUpper(id), strings.ReplaceAll(id, "-", ""), "{" + id + "}", "urn:uuid:" + id, id + "\x00", "\x00" + id, id + " ", " " + id, id[:8], "../Users/" + id, "../../" + id, id + "/..",
		id + "?", id + "#", id + "%00", id + ";x", "%2e%2e/" + id, "Users/" + id, strings.ReplaceAll(id, "a", "\u0430"), strings.ReplaceAll(id, "4", "\uFF14"),
		"1", "0", "-1", "", "*", ".search", "Me", ".", "..", "admin", "null", fmt.Sprint(g.Int64()), "\u2028", strings.Repeat("9", 100),
	})
}

// TestIdentityIsOurs: whatever a client sends as id, externalId, userName or
// member, it changes the resource that the path names and no other.
func TestIdentityIsOurs(t *testing.T) {
	store := NewMemoryStore()
	s, err := NewServer(store, staticTokens(t, testToken, noExpiry), nil)
	if err != nil {
		t.Fatal(err)
	}
	g := &traffic{Rand: rand.New(rand.NewPCG(3, 3))}
	var users []string
	for i := range 20 {
		id := createdID(serve(s, testToken, exchange{method: "POST", target: "/Users", body: fmt.Sprintf(`{"userName":"victim%d","externalId":"%d"}`, i, i)}))
		users, g.ids = append(users, id), append(g.ids, id)
	}
	group := createdID(serve(s, testToken, exchange{method: "POST", target: "/Groups", body: `{"displayName":"g","members":[{"value":"` + users[0] + `"}]}`}))
	g.ids = append(g.ids, group)
	before := storedRows(store)
	done := map[string]int{}
	for n := range *drawnIdentities {
		text := drawIdentity(g)
		quoted, err := jsontext.AppendQuote(nil, text)
		if err != nil {
			t.Fatal(err)
		}
		target, own := pick(g, users), ""
		body := fmt.Sprintf(`{"id":%s,"externalId":%s,"userName":%s,"ID2":%s,"meta":{"location":%s},"groups":[{"value":%s}]}`, quoted, quoted, pick(g, []string{string(quoted), `"u"`}), quoted, quoted, quoted)
		x := exchange{method: "POST", target: "/Users", body: body}
		switch n % 8 {
		case 1:
			x, own = exchange{method: "PUT", target: "/Users/" + target, body: body}, target
		case 2:
			x, own = exchange{method: "PATCH", target: "/Users/" + target, body: patchBody(`{"op":"replace","value":{"id":` + string(quoted) + `,"externalId":` + string(quoted) + `}}`)}, target
		case 3:
			x = exchange{method: "PATCH", target: "/Users/" + target, body: patchBody(`{"op":"` + pick(g, []string{"add", "replace"}) + `","path":"id","value":` + string(quoted) + `}`)}
		case 4:
			x, own = exchange{method: "PATCH", target: "/Groups/" + group, body: patchBody(`{"op":"` + pick(g, []string{"add", "replace", "remove"}) + `","path":"members","value":[{"value":` + string(quoted) + `,"$ref":` + string(quoted) + `}]}`)}, group
		case 5:
			x = exchange{method: pick(g, []string{"GET", "DELETE", "PUT", "PATCH"}), target: "/Users/" + text, body: `{"userName":"stolen"}`}
			if x.method != "GET" && slices.Contains(g.ids, strings.TrimSuffix(text, "?")) {
				x.method = "GET" // this is how the resource is named, not a trick
			}
		case 7: // an id that comes as a bulkId
			path, err := jsontext.AppendQuote(nil, "/Users/"+pick(g, []string{"bulkId:", ""})+url.PathEscape(drawIdentity(g)))
			if err != nil {
				t.Fatal(err)
			}
			if unescaped, _ := url.PathUnescape(string(path)); slices.ContainsFunc(g.ids, func(id string) bool { return strings.HasSuffix(unescaped, "/"+id+`"`) }) {
				path = []byte(`"/Users/bulkId:x"`)
			}
			x = exchange{method: "POST", target: "/Bulk", body: fmt.Sprintf(`{"Operations":[{"method":"POST","path":"/Users","bulkId":%s,"data":%s},{"method":"%s","path":%s,"data":{"userName":"stolen"}}]}`,
				quoted, strings.Replace(body, `"userName":`, `"userName":"bulk","x":`, 1), pick(g, []string{"PUT", "DELETE"}), path)}
		case 6:
			x = exchange{method: "GET", target: "/Users?filter=" + url.QueryEscape("id eq "+string(quoted))}
		}
		w := serve(s, testToken, x)
		if w.Code >= 500 {
			t.Fatalf("%s %q %s: %d", x.method, x.target, x.body, w.Code)
		}
		done[fmt.Sprint(x.method, " ", w.Code)]++
		after := storedRows(store)
		if id := madeID(w); id != "" {
			if before[id] != "" || id == text || !uuidText.MatchString(id) {
				t.Fatalf("the client's %q became the id %q", text, id)
			}
			serve(s, testToken, exchange{method: "DELETE", target: "/Users/" + id})
			after = storedRows(store)
		}
		if x.method == "GET" && strings.Contains(w.Body.String(), "victim") && !strings.Contains(w.Body.String(), `"`+strings.TrimSuffix(text, "?")+`"`) {
			t.Fatalf("%s %q found another resource: %s", x.method, x.target, w.Body)
		}
		delete(before, own)
		rest := maps.Clone(after)
		delete(rest, own)
		if !maps.Equal(before, rest) {
			t.Fatalf("%s %q %s\nanswered %d and changed another resource", x.method, x.target, x.body, w.Code)
		}
		before = after
	}
	t.Log(done)
	for _, want := range []string{"POST 201", "PUT 200", "PUT 404", "PATCH 200", "PATCH 204", "PATCH 400", "PATCH 404", "DELETE 404", "GET 404", "POST 200"} {
		if done[want] == 0 {
			t.Errorf("%s did not happen: the test does not test what it should", want)
		}
	}
}

var madeInBulk = regexp.MustCompile(`/(?:Users|Groups)/([0-9a-f-]{36})","method":"POST"`)

// madeID returns the id of what a request made, or the one operation of a
// bulk request.
func madeID(w *httptest.ResponseRecorder) string {
	if m := madeInBulk.FindStringSubmatch(w.Body.String()); m != nil {
		return m[1]
	}
	return createdID(w)
}
