package scim

import (
	"fmt"
	"strings"
	"testing"
)

const (
	doorURN = "urn:example:schemas:Door"
	lockURN = "urn:example:schemas:Lock"
)

// doorType has attributes of every mutability in every place.
func doorType(t testing.TB) *ResourceType {
	t.Helper()
	places := func() []*Attribute {
		return []*Attribute{
			{Name: "ro", Mutability: ReadOnly}, {Name: "im", Mutability: Immutable}, {Name: "wo", Mutability: WriteOnly, Returned: ReturnedNever},
			{Name: "never", Returned: ReturnedNever}, {Name: "request", Returned: ReturnedRequest}, {Name: "rw"},
		}
	}
	door := &Schema{ID: doorURN, Name: "Door", Attributes: append(places(),
		&Attribute{Name: "frame", Type: TypeComplex, SubAttributes: places()},
		&Attribute{Name: "hinges", Type: TypeComplex, MultiValued: true, SubAttributes: append(places(), &Attribute{Name: "type"}, &Attribute{Name: "tags", MultiValued: true})},
		&Attribute{Name: "secret", Type: TypeComplex, Returned: ReturnedNever, SubAttributes: []*Attribute{{Name: "value"}}},
		&Attribute{Name: "pin", Type: TypeComplex, SubAttributes: []*Attribute{{Name: "value", Returned: ReturnedNever}}},
		&Attribute{Name: "sealed", Type: TypeComplex, Mutability: WriteOnly, Returned: ReturnedNever, SubAttributes: []*Attribute{{Name: "value"}}},
		&Attribute{Name: "tags", MultiValued: true}, &Attribute{Name: "size", Type: TypeDecimal}, &Attribute{Name: "number", Type: TypeInteger},
	)}
	lock := &Schema{ID: lockURN, Name: "Lock", Attributes: places()}
	typ, err := NewResourceType("Door", door, &ResourceTypeOptions{Extensions: []Extension{{Schema: lock}}})
	if err != nil {
		t.Fatal(err)
	}
	return typ
}

// doorServer serves one door that the service provider has filled itself.
func doorServer(t *testing.T, strict bool) (c *rawClient, target string) {
	t.Helper()
	typ := doorType(t)
	store := NewMemoryStore()
	c = newTestServerOver(t, store, &ServerOptions{Types: []*ResourceType{typ}, Strict: strict})
	const all = `"ro":"1","im":"1","never":"1","request":"1","rw":"1"`
	r, err := DecodeResource(typ, []byte(`{`+all+`,"frame":{`+all+`},"hinges":[{`+all+`,"type":"top"}],"`+lockURN+`":{`+all+`},"secret":{"value":"1"},"pin":{"value":"1"}}`))
	if err != nil {
		t.Fatal(err)
	}
	r.setID("d")
	r.setMeta(timeNow(), timeNow(), nextVersion(""))
	if err := store.Create(t.Context(), r, nil); err != nil {
		t.Fatal(err)
	}
	return c, "/Doors/d"
}

// TestMutabilityMatrix tries to change what must not be changed, on every
// road and under every name.
func TestMutabilityMatrix(t *testing.T) {
	type road struct{ reason, body string }
	paths := func(name string) []road {
		var out []road
		for place, form := range map[string][2]string{
			"top": {"%", `{"%":"2"}`}, "frame": {"frame.%", `{"frame":{"%":"2"}}`},
			"extension": {lockURN + ":%", `{"` + lockURN + `":{"%":"2"}}`},
		} {
			put := func(s, name string) string { return strings.ReplaceAll(s, "%", name) }
			for _, n := range []string{name, strings.ToUpper(name)} {
				for _, op := range []string{"add", "replace"} {
					out = append(out, road{place + " " + op, `{"op":"` + op + `","path":"` + put(form[0], n) + `","value":"2"}`},
						road{place + " key " + op, `{"op":"` + op + `","value":{"` + put(form[0], n) + `":"2"}}`})
					if place != "frame" || name == "im" { // a read-only sub-attribute beside others is passed over
						out = append(out, road{place + " object " + op, `{"op":"` + op + `","value":` + put(form[1], n) + `}`})
					}
				}
				out = append(out, road{place + " remove", `{"op":"remove","path":"` + put(form[0], n) + `"}`})
			}
			if place != "top" {
				out = append(out, road{place + " urn", `{"op":"replace","path":"` + doorURN + ":frame." + name + `","value":"2"}`})
			}
		}
		for _, op := range []string{"add", "replace", "remove"} {
			out = append(out, road{"element " + op, `{"op":"` + op + `","path":"hinges[type eq \"top\"].` + name + `","value":"2"}`})
		}
		if name == "im" {
			out = append(out, road{"whole complex", `{"op":"remove","path":"frame"}`}, road{"whole extension", `{"op":"remove","path":"` + lockURN + `"}`},
				road{"in an element", `{"op":"replace","path":"hinges[type eq \"top\"]","value":{"im":"2"}}`},
				road{"replaced by null", `{"op":"replace","path":"im","value":null}`}, road{"in an array", `{"op":"replace","path":"` + lockURN + `","value":[{"im":"2"}]}`})
		}
		return out
	}
	for _, name := range []string{"ro", "im"} {
		for _, r := range paths(name) {
			c, target := doorServer(t, false)
			before := c.want(200, "GET", target, "").body
			got := c.send("PATCH", target, patchBody(r.body))
			if got.status != 400 || got.at("scimType") != `"mutability"` {
				t.Errorf("%s: %s: %d %s", r.reason, r.body, got.status, got.body)
			}
			got = c.want(200, "POST", "/Bulk", bulkBody(`{"method":"PATCH","path":"`+target+`","data":`+patchBody(r.body)+`}`))
			if got.at("Operations/0/response/scimType") != `"mutability"` {
				t.Errorf("%s: %s: in a bulk request: %s", r.reason, r.body, got.body)
			}
			if after := c.want(200, "GET", target, "").body; after != before {
				t.Errorf("%s: %s: changed\n%s\n%s", r.reason, r.body, before, after)
			}
		}
	}
}

func TestReplacementKeepsWhatClientsCannotWrite(t *testing.T) {
	for _, tt := range []struct {
		reason, body string
		status       int
		want         map[string]string
	}{
		{"read-only is ignored", `{"ro":"2","rw":"2"}`, 400, nil}, // the immutable frame.im would go
		{"read-only and immutable stay", `{"ro":"2","rw":"2","frame":{"ro":"2","rw":"2"},"` + lockURN + `":{"ro":"2"}}`, 200, map[string]string{
			"ro": `"1"`, "im": `"1"`, "rw": `"2"`, "frame": `{"im":"1","ro":"1","rw":"2"}`, lockURN: `{"im":"1","ro":"1"}`, "hinges": "absent"}},
		{"an extension that is not named keeps them", `{"frame":{}}`, 400, nil},
		{"the same immutable value", `{"im":"1","frame":{"im":"1"}}`, 200, map[string]string{"im": `"1"`, "rw": "absent", lockURN: `{"im":"1","ro":"1"}`}},
		{"another immutable value", `{"im":"2","frame":{"im":"1"}}`, 400, nil},
		{"another immutable value in an extension", `{"frame":{"im":"1"},"` + lockURN + `":{"im":"2"}}`, 400, nil},
	} {
		c, target := doorServer(t, false)
		before := c.want(200, "GET", target, "").body
		bulk := c.want(200, "POST", "/Bulk", bulkBody(`{"method":"PUT","path":"`+target+`","data":`+tt.body+`}`))
		if have := bulk.at("Operations/0/status"); have != fmt.Sprintf(`"%d"`, tt.status) {
			t.Errorf("%s: in a bulk request %s", tt.reason, bulk.body)
		}
		got := c.want(tt.status, "PUT", target, tt.body)
		for path, want := range tt.want {
			if have := got.at(path); have != want {
				t.Errorf("%s: %s is %s, want %s", tt.reason, path, have, want)
			}
		}
		if after := c.want(200, "GET", target, "").body; tt.status == 400 && after != before {
			t.Errorf("%s: changed", tt.reason)
		}
	}
	c := newTestServer(t, nil)
	id := c.create("/Users", `{"userName":"u","active":false,"title":"x"}`)
	if got := c.want(200, "PUT", "/Users/"+id, `{"userName":"u"}`); got.at("active") != "false" || got.at("title") != "absent" {
		t.Errorf("a replacement reactivated the user or kept a title: %s", got.body)
	}
	group := c.create("/Groups", `{"displayName":"g","members":[{"value":"a"},{"value":"b"}]}`)
	for _, step := range []struct{ reason, body, want string }{
		{"members that are not named stay", `{"displayName":"g"}`, `[{"value":"a"},{"value":"b"}]`},
		{"named ones are the whole set", `{"displayName":"g","members":[{"value":"b"},{"value":"c"}]}`, `[{"value":"b"},{"value":"c"}]`},
		{"an empty list empties the group", `{"displayName":"g","members":[]}`, "absent"},
	} {
		if got := c.want(200, "PUT", "/Groups/"+group, step.body).at("members"); got != step.want {
			t.Errorf("%s: %s", step.reason, got)
		}
	}
}

func TestReturnedAndWriteOnly(t *testing.T) {
	c, target := doorServer(t, false)
	for query, want := range map[string]string{
		"":                                    "frame hinges id im meta ro rw " + lockURN, // pin has nothing that is returned
		"?attributes=request":                 "id request",
		"?attributes=frame.request":           "frame id",
		"?attributes=never,wo,secret":         "id",
		"?attributes=frame.never,pin.value":   "id",
		"?attributes=" + lockURN + ":request": "id " + lockURN,
	} {
		got := c.want(200, "GET", target+query, "")
		if topLevel(got.json) != sorted(want) {
			t.Errorf("%s: %s, want %s", query, got.body, want)
		}
	}
	for _, text := range []string{"never pr", "frame.never pr", "secret pr", `secret.value eq "1"`, `secret eq "1"`, `pin eq "1"`, `pin.value eq "1"`, `secret[value eq "1"]`, `hinges[never eq "1"]`, lockURN + `:never eq "1"`} {
		if got := c.send("POST", "/Doors/.search", `{"filter":"`+strings.ReplaceAll(text, `"`, `\"`)+`"}`); got.status != 400 || got.at("scimType") != `"invalidFilter"` {
			t.Errorf("%s: %d %s", text, got.status, got.body)
		}
	}
	for _, op := range []string{`"path":"wo","value":"2"`, `"path":"sealed.value","value":"2"`, `"value":{"sealed":{"value":"2"},"frame.wo":"2","` + lockURN + `":{"wo":"2"}}`} {
		if got := c.want(200, "PATCH", target, patchBody(`{"op":"add",`+op+`}`)); got.header.Get("ETag") != `W/"1"` {
			t.Errorf("%s was kept", op)
		}
	}
}

// TestListsInLists changes a list that each element of a list has.
func TestListsInLists(t *testing.T) {
	c, target := doorServer(t, false)
	for _, step := range []struct{ reason, op, want, version string }{
		{"remove where there is nothing", `{"op":"remove","path":"hinges[type eq \"none\"].tags","value":["a"]}`, "absent", `W/"1"`},
		{"add", `{"op":"add","path":"hinges[type eq \"top\"].tags","value":["a","a","b"]}`, `["a","b"]`, `W/"2"`},
		{"add what is there", `{"op":"add","path":"hinges.tags","value":["b"]}`, `["a","b"]`, `W/"2"`},
		{"remove one value", `{"op":"remove","path":"hinges[type eq \"top\"].tags","value":["a","c"]}`, `["b"]`, `W/"3"`},
		{"remove the last value", `{"op":"remove","path":"hinges.tags","value":"b"}`, "absent", `W/"4"`},
		{"remove from the top where there is nothing", `{"op":"remove","path":"tags","value":["a"]}`, "absent", `W/"4"`},
	} {
		got := c.want(200, "PATCH", target, patchBody(step.op))
		if got.at("hinges/0/tags") != step.want || got.at("hinges/1") != "absent" || got.header.Get("ETag") != step.version {
			t.Errorf("%s: %s %s", step.reason, got.header.Get("ETag"), got.body)
		}
	}
}

func TestNumbers(t *testing.T) {
	c := newTestServerOver(t, NewMemoryStore(), &ServerOptions{Types: []*ResourceType{doorType(t)}})
	for _, tt := range []struct {
		value string
		want  string // of number; "" is refused
	}{
		{`5`, `5`}, {`-5`, `-5`}, {`"5"`, `5`}, {`9223372036854775807`, `9223372036854775807`}, {`9223372036854775808`, ""},
		{`1.5`, ""}, {`1e2`, ""}, {`"+5"`, ""}, {`"007"`, ""}, {`" 5"`, ""}, {`"0x5"`, ""}, {`""`, "absent"}, {`null`, "absent"}, {`true`, ""},
	} {
		got := c.send("POST", "/Doors", `{"number":`+tt.value+`}`)
		if (got.status == 201) != (tt.want != "") {
			t.Errorf("%s: %d %s", tt.value, got.status, got.body)
		}
		if text, _, _ := strings.Cut(got.body[strings.Index(got.body, `"number":`)+len(`"number":`):], ","); tt.want != "" && tt.want != "absent" && text != tt.want {
			t.Errorf("%s: %s", tt.value, got.body)
		}
	}
	c.create("/Doors", `{"size":1e2,"rw":"hundred"}`)
	for text, want := range map[string]string{`size eq 100`: "1", `size eq 1.00E2`: "1", `size gt 99.999`: "1", `size lt 100`: "0", `size ne 100 and rw pr`: "0"} {
		if got := c.want(200, "POST", "/Doors/.search", `{"filter":"`+text+`"}`).at("totalResults"); got != want {
			t.Errorf("%s found %s", text, got)
		}
	}
	c.want(400, "POST", "/Doors/.search", `{"filter":"size gt 1e99999"}`)
}
