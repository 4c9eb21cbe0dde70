package scim

import (
	"errors"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
)

func TestSchemaMistakes(t *testing.T) {
	schema := func(attributes string) string { return `{"id":"urn:example:x","attributes":[` + attributes + `]}` }
	for _, tt := range []struct{ reason, data, names string }{
		{"no JSON", `{`, "section 7"},
		{"a member twice", `{"id":"urn:x:y","id":"urn:x:z"}`, "section 7"},
		{"an id that is no URI", `{"id":"x"}`, "not a URI"},
		{"no name", schema(`{"type":"string"}`), "attribute 1"},
		{"null", schema(`null`), "attribute 1"},
		{"a name with a space", schema(`{"name":"a b"}`), "attribute 1"},
		{"a name with a dot", schema(`{"name":"a.b"}`), "attribute 1"},
		{"a name that begins with a digit", schema(`{"name":"1a"}`), "attribute 1"},
		{"a name beyond ASCII", schema(`{"name":"größe"}`), "attribute 1"},
		{"a name twice by case", schema(`{"name":"a"},{"name":"A"}`), `"A" is defined twice`},
		{"an unknown type", schema(`{"name":"a","type":"text"}`), "section 7"},
		{"an unknown mutability", schema(`{"name":"a","mutability":"sometimes"}`), "section 7"},
		{"complex without sub-attributes", schema(`{"name":"a","type":"complex"}`), `"a"`},
		{"sub-attributes without complex", schema(`{"name":"a","subAttributes":[{"name":"b"}]}`), `"a"`},
		{"complex in complex", schema(`{"name":"a","type":"complex","subAttributes":[{"name":"b","type":"complex","subAttributes":[{"name":"c"}]}]}`), "2.3.8"},
		{"a mistake below", schema(`{"name":"a","type":"complex","subAttributes":[{"name":"b"},{"name":"B"}]}`), "urn:example:x:a"},
	} {
		if _, err := ParseSchema([]byte(tt.data)); asError(err).Kind != KindInvalidSchema || !strings.Contains(err.Error(), tt.names) {
			t.Errorf("%s: %v", tt.reason, err)
		}
	}
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
		{"a type that is none", "X", &Schema{ID: "urn:x:y", Attributes: []*Attribute{{Name: "a", Type: 99}}}, nil, `"a"`},
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
