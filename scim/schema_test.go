package scim

import (
	"errors"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// mistakes lists the places and texts of a joined error.
func mistakes(err error) []string {
	list, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []string{asError(err).Path + ": " + asError(err).Detail}
	}
	var out []string
	for _, err := range list.Unwrap() {
		out = append(out, asError(err).Path+": "+asError(err).Detail)
	}
	return out
}

func TestSchemaMistakes(t *testing.T) {
	schema := func(attributes string) string { return `{"id":"urn:example:x","attributes":[` + attributes + `]}` }
	for _, tt := range []struct{ reason, data, place, remedy string }{
		{"no JSON", `{`, "", "not JSON"},
		{"not an object", `[]`, "", "JSON object"},
		{"JSON that ends in an attribute", `{"id":"urn:x:y","attributes":[{"name":"a",`, "attributes[0]", "not JSON"},
		{"a member twice", `{"id":"urn:x:y","id":"urn:x:z"}`, "id", "twice"},
		{"a member twice in an attribute", schema(`{"name":"a","type":"string","type":"string"}`), "attributes[0].type", "twice"},
		{"a member twice by case", schema(`{"name":"a","Name":"a"}`), "attributes[0].name", "twice"},
		{"no id", `{"attributes":[]}`, "id", "URI"},
		{"an id that is no URI", `{"id":"x"}`, "id", "urn:example"},
		{"an id that is no text", `{"id":7}`, "id", "text"},
		{"attributes that are no list", `{"id":"urn:x:y","attributes":{}}`, "attributes", "array"},
		{"no name", schema(`{"type":"string"}`), "attributes[0].name", "needs a name"},
		{"a name that is no text", schema(`{"name":1}`), "attributes[0].name", "text"},
		{"null", schema(`null`), "attributes[0]", "object"},
		{"an attribute that is a text", schema(`{"name":"a"},"b"`), "attributes[1]", "object"},
		{"a name with a space", schema(`{"name":"a b"}`), "attributes[0].name", "section 2.1"},
		{"a name with a dot", schema(`{"name":"a.b"}`), "attributes[0].name", "section 2.1"},
		{"a name that begins with a digit", schema(`{"name":"1a"}`), "attributes[0].name", "begin with a letter"},
		{"a name beyond ASCII", schema(`{"name":"größe"}`), "attributes[0].name", "section 2.1"},
		{"a name twice by case", schema(`{"name":"a"},{"name":"A"}`), "attributes[1].name", "attributes[0].name"},
		{"an unknown type", schema(`{"name":"a","type":"text"}`), "attributes[0].type", "string, boolean"},
		{"a type that is no text", schema(`{"name":"a","type":true}`), "attributes[0].type", "string, boolean"},
		{"an unknown mutability", schema(`{"name":"a","mutability":"sometimes"}`), "attributes[0].mutability", "readWrite"},
		{"an unknown returned", schema(`{"name":"a","returned":"maybe"}`), "attributes[0].returned", "request"},
		{"an unknown uniqueness", schema(`{"name":"a","uniqueness":"galaxy"}`), "attributes[0].uniqueness", "global"},
		{"a boolean in quotes", schema(`{"name":"a","multiValued":"true"}`), "attributes[0].multiValued", "without quotes"},
		{"one canonical value", schema(`{"name":"a","canonicalValues":"x"}`), "attributes[0].canonicalValues", "array"},
		{"a canonical value that is no text", schema(`{"name":"a","canonicalValues":["x",1]}`), "attributes[0].canonicalValues[1]", "text"},
		{"complex without sub-attributes", schema(`{"name":"a","type":"complex"}`), "attributes[0].subAttributes", "at least one"},
		{"sub-attributes without complex", schema(`{"name":"a","subAttributes":[{"name":"b"}]}`), "attributes[0].type", "complex"},
		{"complex in complex", schema(`{"name":"a","type":"complex","subAttributes":[{"name":"b","type":"complex","subAttributes":[{"name":"c"}]}]}`), "attributes[0].subAttributes[0].type", "2.3.8"},
		{"the same without the type", schema(`{"name":"a","type":"complex","subAttributes":[{"name":"b","subAttributes":[{"name":"c"}]}]}`), "attributes[0].subAttributes[0].type", "2.3.8"},
		{"a mistake below", schema(`{"name":"a","type":"complex","subAttributes":[{"name":"b"},{"name":"B"}]}`), "attributes[0].subAttributes[1].name", "subAttributes[0].name"},
	} {
		_, err := ParseSchema([]byte(tt.data))
		if asError(err).Kind != KindInvalidSchema {
			t.Errorf("%s: %v", tt.reason, err)
			continue
		}
		if got := mistakes(err); len(got) != 1 || !strings.HasPrefix(got[0], tt.place+": ") || !strings.Contains(got[0], tt.remedy) {
			t.Errorf("%s: %q", tt.reason, got)
		}
	}
}

func TestAllSchemaMistakesAtOnce(t *testing.T) {
	_, err := ParseSchema([]byte(`{"id":"badge","attributes":[
		{"name":"number","type":"int","required":"yes"},
		{"name":"colour","mutability":"never","returned":1},
		{"type":"complex"},
		{"name":"door","type":"complex","subAttributes":[{"name":"Floor"},{"name":"floor","type":"number"}]}
	]}`))
	want := []string{
		`attributes[0].required: true or false belongs here, without quotes`,
		`attributes[0].type: use one of string, boolean, decimal, integer, dateTime, binary, reference, complex`,
		`attributes[1].mutability: use one of readWrite, readOnly, immutable, writeOnly`,
		`attributes[1].returned: use one of default, always, never, request`,
		`attributes[3].subAttributes[1].type: use one of string, boolean, decimal, integer, dateTime, binary, reference, complex`,
		`id: "badge" is not a URI: give one such as urn:example:params:scim:schemas:2.0:Badge`,
		`attributes[2].name: an attribute needs a name`,
		`attributes[2].subAttributes: an attribute of the type complex needs at least one`,
		`attributes[3].subAttributes[1].name: "floor" is there already, as attributes[3].subAttributes[0].name: names compare without regard to case`,
	}
	if diff := cmp.Diff(want, mistakes(err)); diff != "" {
		t.Error(diff)
	}
}

// TestSchemaDefaults: what a definition leaves out is RFC 7643 section 7's
// default, and what the section does not name is no mistake.
func TestSchemaDefaults(t *testing.T) {
	s, err := ParseSchema([]byte(`{"ID":"urn:example:x","schemas":["x"],"meta":{"location":1},"attributes":[
		{"NAME":"a","description":null,"required":null,"vendor":{}},{"name":"b","TYPE":"Boolean","RETURNED":"Always"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := &Schema{ID: "urn:example:x", Attributes: []*Attribute{{Name: "a"}, {Name: "b", Type: TypeBoolean, Returned: ReturnedAlways}}}
	if diff := cmp.Diff(want, s, cmpopts.IgnoreUnexported(Attribute{})); diff != "" {
		t.Error(diff)
	}
}

// TestWriteOnlyIsNeverReturned: RFC 7643 section 7 says so of mutability,
// whatever the schema says of returned.
func TestWriteOnlyIsNeverReturned(t *testing.T) {
	typ, err := NewResourceType("Door", &Schema{ID: "urn:example:x", Attributes: []*Attribute{
		{Name: "code", Mutability: WriteOnly, Returned: ReturnedAlways}, {Name: "floor"},
	}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	c := newTestServer(t, &ServerOptions{Types: []*ResourceType{typ}})
	path := "/Doors/" + c.create("/Doors", `{"code":"c4nary","floor":"2"}`)
	for _, target := range []string{path, "/Doors", path + "?attributes=code", "/Doors?attributes=code,floor"} {
		if got := c.want(200, "GET", target, ""); strings.Contains(got.body, "c4nary") {
			t.Errorf("%s: %s", target, got.body)
		}
	}
	c.want(400, "GET", "/Doors?filter=code+sw+%22c%22", "")
}

// TestStrictnessIsPerServer: servers over one resource type read it each in
// its own way, at the same time.
func TestStrictnessIsPerServer(t *testing.T) {
	schema, err := ParseSchema([]byte(`{"id":"urn:example:x","attributes":[{"name":"on","type":"boolean"},{"name":"colour","canonicalValues":["red"]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	typ, err := NewResourceType("Lamp", schema, nil)
	if err != nil {
		t.Fatal(err)
	}
	const named = `{"schemas":["urn:example:x"],`
	for _, tt := range []struct {
		reason  string
		o       ServerOptions
		refuses string // of the bodies, by letter
	}{
		{"by default", ServerOptions{}, ""},
		{"strict", ServerOptions{Strict: true}, "a"},
		{"unknown attributes are refused", ServerOptions{RefuseUnknown: true}, "b"},
		{"canonical values only", ServerOptions{CanonicalOnly: true}, "c"},
		{"all of it", ServerOptions{Strict: true, RefuseUnknown: true, CanonicalOnly: true}, "abc"},
	} {
		tt.o.Types = []*ResourceType{typ}
		s, err := NewServer(NewMemoryStore(), staticTokens(t, testToken, noExpiry), &tt.o)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(tt.reason, func(t *testing.T) {
			t.Parallel()
			for letter, body := range map[string]string{"a": named + `"on":"True"}`, "b": named + `"shape":"x"}`, "c": named + `"colour":"blue"}`, "d": named + `"on":true,"colour":"red"}`} {
				want := 201
				if strings.Contains(tt.refuses, letter) {
					want = 400
				}
				if w := serve(s, testToken, exchange{method: "POST", target: "/Lamps", body: body}); w.Code != want {
					t.Errorf("%s: %d, want %d: %s", body, w.Code, want, w.Body)
				}
			}
		})
	}
}

// FuzzParseSchema: a schema that is taken compiles, unless the resource type
// has its names already, and comes back as it is.
func FuzzParseSchema(f *testing.F) {
	for _, t := range []*ResourceType{UserType(), GroupType()} {
		data, err := json.Marshal(t.Schema())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	for _, seed := range []string{`{`, `{"id":"urn:x:y","attributes":[{"name":"a","type":"complex","subAttributes":[{"name":"$ref","returned":"never"}]}]}`, `{"id":":","attributes":[null]}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := ParseSchema(data)
		if err != nil {
			for _, text := range mistakes(err) {
				if strings.HasSuffix(text, ": ") {
					t.Fatalf("a mistake without a remedy: %q", text)
				}
			}
			return
		}
		if _, err := NewResourceType("Thing", s, nil); err != nil && !strings.Contains(err.Error(), "defined twice") {
			t.Fatal(err)
		}
		first, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseSchema(first)
		if err != nil {
			t.Fatal(err)
		}
		if second, err := json.Marshal(again); err != nil || string(second) != string(first) {
			t.Fatalf("%s, %v, want %s", second, err, first)
		}
	})
}

func TestResourceTypeMistakes(t *testing.T) {
	good := &Schema{ID: "urn:example:x", Attributes: []*Attribute{
		{Name: "refs", Type: TypeComplex, MultiValued: true, SubAttributes: []*Attribute{{Name: "value"}}}, {Name: "title"},
	}}
	named := func(name string) *Schema {
		return &Schema{ID: "urn:example:y", Attributes: []*Attribute{{Name: name}}}
	}
	for _, tt := range []struct {
		reason, name string
		schema       *Schema
		o            *ResourceTypeOptions
		names        string
	}{
		{"no name", "", good, nil, "name"},
		{"a name with a slash", "a/b", good, nil, "name"},
		{"no schema", "X", nil, nil, "schema"},
		{"an endpoint without a slash", "X", good, &ResourceTypeOptions{Endpoint: "Xs"}, "endpoint"},
		{"two segments", "X", good, &ResourceTypeOptions{Endpoint: "/a/b"}, "endpoint"},
		{"only a slash", "X", good, &ResourceTypeOptions{Endpoint: "/"}, "endpoint"},
		{"the protocol's own", "X", good, &ResourceTypeOptions{Endpoint: "/schemas"}, "endpoint"},
		{"id is there already", "X", named("ID"), nil, "ID"},
		{"meta is there already", "X", named("meta"), nil, "meta"},
		{"an extension without a schema", "X", good, &ResourceTypeOptions{Extensions: []Extension{{}}}, "extension"},
		{"an extension twice", "X", good, &ResourceTypeOptions{Extensions: []Extension{{Schema: named("a")}, {Schema: named("b")}}}, "urn:example:y"},
		{"the core schema as an extension", "X", good, &ResourceTypeOptions{Extensions: []Extension{{Schema: good}}}, "urn:example:x"},
		{"links that are not there", "X", good, &ResourceTypeOptions{Links: "members"}, "members"},
		{"links of one value", "X", good, &ResourceTypeOptions{Links: "title"}, "title"},
		{"owners that can be written", "X", good, &ResourceTypeOptions{Owners: "refs"}, "refs"},
		{"a type that is none", "X", &Schema{ID: "urn:x:y", Attributes: []*Attribute{{Name: "a", Type: 99}}}, nil, "attributes[0].type"},
	} {
		if _, err := NewResourceType(tt.name, tt.schema, tt.o); asError(err).Kind != KindInvalidSchema || !strings.Contains(err.Error(), tt.names) {
			t.Errorf("%s: %v", tt.reason, err)
		}
	}
}

func TestResourceTypeIsACopy(t *testing.T) {
	schema := &Schema{ID: "urn:example:x", Attributes: []*Attribute{{Name: "a", CanonicalValues: []string{"v"}}}}
	typ, err := NewResourceType("X", schema, nil)
	if err != nil {
		t.Fatal(err)
	}
	schema.ID, schema.Attributes[0].Name, schema.Attributes[0].CanonicalValues[0] = "urn:example:y", "b", "w"
	if got := typ.Schema(); got.ID != "urn:example:x" || got.Attributes[0].Name != "a" || got.Attributes[0].CanonicalValues[0] != "v" {
		t.Errorf("a later change reached the type: %+v", got)
	}
	// What is compiled can be the start of another type.
	p, err := GroupType().ParsePath("members")
	if err != nil {
		t.Fatal(err)
	}
	other, err := NewResourceType("Y", &Schema{ID: "urn:example:z", Attributes: []*Attribute{p.Attribute()}}, nil)
	if err != nil || other.links != nil || other.root.names["members"].role != roleNone {
		t.Errorf("%v: a role was copied", err)
	}
}

func TestCoreTypes(t *testing.T) {
	for path, want := range map[string]string{
		"userName": "string readWrite default server", "password": "string writeOnly never none", "groups": "complex readOnly default none",
		"id": "string readOnly always server", "meta.created": "dateTime readOnly default none", "emails.primary": "boolean readWrite default none",
		entURN + ":manager.displayName": "string readOnly default none", "externalId": "string readWrite default none",
	} {
		p, err := UserType().ParsePath(path)
		if err != nil {
			t.Fatal(err)
		}
		a := p.Attribute()
		if got := strings.Join([]string{a.Type.String(), a.Mutability.String(), a.Returned.String(), a.Uniqueness.String()}, " "); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	for _, typ := range []*ResourceType{UserType(), GroupType()} {
		data, err := json.Marshal(typ.Schema())
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseSchema(data)
		if err != nil || len(again.Attributes) != len(typ.Schema().Attributes) {
			t.Errorf("%s: its own JSON: %v", typ, err)
		}
	}
}

func TestManyAttributes(t *testing.T) {
	schema := &Schema{ID: "urn:example:big"}
	for i := range 400 {
		schema.Attributes = append(schema.Attributes, &Attribute{Name: "a" + strings.Repeat("b", i)})
	}
	typ, err := NewResourceType("Big", schema, nil)
	if err != nil {
		t.Fatal(err)
	}
	last := schema.Attributes[399].Name
	if _, err := DecodeResource(typ, []byte(`{"`+last+`":"x","`+strings.ToUpper(last)+`":"y"}`)); !errors.Is(err, ErrInvalidSyntax) {
		t.Errorf("a duplicate far behind: %v", err)
	}
	if _, err := DecodeResource(typ, []byte(`{"`+last+`":"x","a":"y"}`)); err != nil {
		t.Error(err)
	}
}
