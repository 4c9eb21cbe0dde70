package elimity_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/zohoscim/zohoscim/scim"
)

// side is one server of the comparison, with the ids that it gave.
type side struct {
	name string
	http.Handler
	ids []string
}

// TestSameResources sends the same valid traffic to our server, to elimity's
// server over one of our stores, and to our server over a handler written for
// elimity's. The resources are the same, but for these differences:
//
//   - ids, meta and the list of schemas, which elimity's server fills with all
//     that the type has;
//   - a PATCH that changes nothing may be answered with 204;
//   - the status of an error within 400 to 499;
//   - filters on externalId, id and meta, and a sub-attribute behind brackets, which elimity's server refuses.
func TestSameResources(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		server, err := scim.NewServer(scim.NewMemoryStore(), auth(t), nil)
		if err != nil {
			rt.Fatal(err)
		}
		sides := []*side{
			{name: "ours", Handler: server},
			{name: "store under theirs", Handler: kept(t, scim.NewMemoryStore())},
			{name: "handler under ours", Handler: mounted(t, nil, users(newTable()), groups(newTable()))},
		}
		for range rapid.IntRange(1, 12).Draw(rt, "requests") {
			exchange(rt, sides)
		}
	})
}

// exchange sends one request to all sides and compares what they then have.
func exchange(rt *rapid.T, sides []*side) {
	made := len(sides[0].ids)
	op := rapid.SampledFrom([]string{"POST", "POST", "PUT", "PATCH", "PATCH", "DELETE", "filter"}).Draw(rt, "request")
	if made == 0 {
		op = "POST"
	}
	which := 0
	if made > 0 {
		which = rapid.IntRange(0, made-1).Draw(rt, "user")
	}
	body := ""
	switch op {
	case "POST", "PUT":
		body = randomUser(rt)
	case "PATCH":
		body = fmt.Sprintf(patchOp, randomOperation(rt))
	case "filter":
		body = randomFilter(rt)
	}
	var want string
	for i, s := range sides {
		got := s.exchange(op, which, body)
		if i == 0 {
			want = got
		} else if diff := cmp.Diff(want, got); diff != "" {
			rt.Fatalf("%s %s: ours and %s:\n%s", op, body, s.name, diff)
		}
	}
}

// exchange returns what a request came to: its kind of status, and what the
// server has afterwards.
func (s *side) exchange(op string, which int, body string) string {
	var a answer
	switch op {
	case "POST":
		if a = send(s, op, "/Users", body); a.status == http.StatusCreated {
			s.ids = append(s.ids, a.body["id"].(string))
			which = len(s.ids) - 1
		}
	case "filter":
		a = send(s, "GET", "/Users?filter="+url.QueryEscape(body), "")
		return fmt.Sprint(a.status, " ", a.body["totalResults"])
	default:
		a = send(s, op, "/Users/"+s.ids[which], body)
	}
	after := ""
	if which < len(s.ids) {
		after = plainly(send(s, "GET", "/Users/"+s.ids[which], ""))
	}
	return fmt.Sprint(a.status/100, "\n", after)
}

// plainly returns a resource without what may differ.
func plainly(a answer) string {
	for _, name := range []string{"id", "meta", "schemas", "detail", "groups"} {
		delete(a.body, name)
	}
	out, err := json.MarshalIndent(a.body, "", "  ") // names in order
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint(a.status, "\n", string(out))
}

func randomUser(rt *rapid.T) string {
	var more strings.Builder
	for _, part := range []string{
		`,"externalId":"e"`, `,"active":false`, `,"title":"本社"`, `,"name":{"familyName":"F","givenName":"G"}`, `,"nickName":"n"`,
		`,"emails":[{"value":"a@example.com","type":"work","primary":true},{"value":"b@example.com","type":"home"}]`,
		`,"phoneNumbers":[{"value":"+81 3","type":"work"}]`, `,"addresses":[{"formatted":"本社","type":"work","country":"JP"}]`,
		`,"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"D","manager":{"value":"m"}}`,
	} {
		if rapid.Bool().Draw(rt, "has") {
			more.WriteString(part)
		}
	}
	return userJSON(rapid.SampledFrom([]string{"a", "b", "B", "c@example.com"}).Draw(rt, "userName"), more.String())
}

func randomOperation(rt *rapid.T) string {
	return rapid.SampledFrom([]string{
		`{"op":"replace","path":"active","value":false}`, `{"op":"replace","path":"active","value":true}`,
		`{"op":"add","path":"title","value":"t"}`, `{"op":"remove","path":"title"}`, `{"op":"replace","value":{"title":"u","nickName":"v"}}`,
		`{"op":"replace","path":"name.familyName","value":"X"}`, `{"op":"remove","path":"name"}`,
		`{"op":"add","path":"emails","value":[{"value":"c@example.com","type":"other"}]}`,
		`{"op":"remove","path":"emails[type eq \"work\"]"}`, `{"op":"remove","path":"emails"}`,
		`{"op":"replace","path":"userName","value":"b"}`, `{"op":"remove","path":"userName"}`,
		`{"op":"replace","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department","value":"E"}`,
	}).Draw(rt, "operation")
}

func randomFilter(rt *rapid.T) string {
	return rapid.SampledFrom([]string{
		`userName eq "A"`, `title pr`, `not (title pr)`, `emails[type eq "work" and value co "example"]`,
		`emails.value eq "b@example.com"`, `name.familyName sw "F" and active eq true`, `userName gt "a" or nickName eq "n"`,
	}).Draw(rt, "filter")
}
