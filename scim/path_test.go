package scim

import (
	"errors"
	"strings"
	"testing"
)

const pathUser = `{"userName":"u","name":{"givenName":"G","familyName":"F"},"active":true,
"emails":[{"value":"w","type":"work","primary":true},{"value":"h","type":"home"},{"type":"other"}],
"` + entURN + `":{"department":"D","manager":{"value":"m"}}}`

func pathResource(t *testing.T) *Resource {
	t.Helper()
	r, err := DecodeResource(UserType(), []byte(pathUser))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestPathGet(t *testing.T) {
	r := pathResource(t)
	for path, want := range map[string]string{
		"userName": `"u"`, "USERNAME": `"u"`, SchemaUser + ":userName": `"u"`, "name.givenName": `"G"`, "name": `{"familyName":"F","givenName":"G"}`,
		"active": "true", "title": "", "name.middleName": "", "addresses": "", "addresses.formatted": "",
		"emails.value": `"w" "h"`, `emails[type eq "home"].value`: `"h"`, `emails[type eq "home"]`: `{"value":"h","type":"home"}`,
		`emails[value pr].type`: `"work" "home"`, `emails[type eq "other"].value`: "", `emails[primary eq "True"].value`: `"w"`,
		entURN + ":department": `"D"`, "department": `"D"`, entURN + ":manager.value": `"m"`, `manager[value eq "m"].value`: `"m"`, `manager[value eq "x"].value`: "",
		strings.ToUpper(entURN): `{"department":"D","manager":{"value":"m"}}`,
	} {
		p, err := UserType().ParsePath(path)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		var got []string
		for v := range p.All(r) {
			got = append(got, string(v.AppendJSON(nil)))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s selects %s, want %s", path, got, want)
		}
		if first := p.Get(r); len(got) > 0 && string(first.AppendJSON(nil)) != got[0] || len(got) == 0 && !first.IsZero() {
			t.Errorf("%s: Get is %s", path, first.AppendJSON(nil))
		}
		if p.String() != path {
			t.Errorf("%s prints as %s", path, p)
		}
	}
}

func TestPathMistakes(t *testing.T) {
	for _, path := range []string{
		"", "colour", "name.colour", "userName.x", "emails[", `emails[colour eq "x"].value`, `emails[type eq "x"].colour`, `title[value eq "x"]`,
		"urn:example:none:title", entURN + ":title", SchemaUser, `emails[value gt true].value`, `emails[name.givenName eq "x"]`, `name.givenName.x`,
		`emails[type eq work].value`, "user\u017Fame", strings.Repeat("a", 2000),
	} {
		if p, err := UserType().ParsePath(path); !errors.Is(err, ErrInvalidPath) {
			t.Errorf("%.50q: %v, %v", path, p, err)
		}
		r := pathResource(t)
		if v := r.Get(path); !v.IsZero() {
			t.Errorf("%.50q selects %s", path, v.AppendJSON(nil))
		}
		if err := r.Set(path, String("x")); err == nil || string(r.AppendJSON(nil)) != string(pathResource(t).AppendJSON(nil)) {
			t.Errorf("%.50q was set", path)
		}
	}
}

func TestPathSetAndRemove(t *testing.T) {
	const emails = `{"value":"w","type":"work","primary":true},{"value":"h","type":"home"},{"type":"other"}`
	for _, tt := range []struct {
		reason, path string
		value        Value // zero removes
		at, want     string
		err          error
	}{
		{"a text", "title", String("T"), "title", `"T"`, nil},
		{"a text for a boolean", "active", String("False"), "active", `false`, nil},
		{"a text that is no boolean", "active", String("x"), "active", `true`, ErrInvalidValue},
		{"a complex attribute is made", "addresses.formatted", String("x"), "addresses", `[{"formatted":"x"}]`, nil},
		{"an extension is made", entURN + ":costCenter", String("c"), entURN + ":costCenter", `"c"`, nil},
		{"a bare value for a complex attribute", "manager", String("n"), "manager", `{"value":"n"}`, nil},
		{"an empty text for one removes it", "manager", String(""), "manager", "null", nil},
		{"one value for a list", "emails", String("x"), "emails", `[{"value":"x"}]`, nil},
		{"a list", "emails", Multi(String("x"), String("y")), "emails", `[{"value":"x"},{"value":"y"}]`, nil},
		{"in every element", "emails.display", String("x"), `emails[type eq "other"]`, `{"display":"x","type":"other"}`, nil},
		{"in the selected element", `emails[type eq "home"].value`, String("x"), "emails", `[{"value":"w","type":"work","primary":true},{"value":"x","type":"home"},{"type":"other"}]`, nil},
		{"an element is replaced", `emails[type eq "home"]`, String("x"), "emails", `[{"value":"w","type":"work","primary":true},{"value":"x"},{"type":"other"}]`, nil},
		{"an element is made", `phoneNumbers[type eq "fax"].value`, String("1"), "phoneNumbers", `[{"value":"1","type":"fax"}]`, nil},
		{"from several terms", `phoneNumbers[type eq "fax" and primary eq true].value`, String("1"), "phoneNumbers", `[{"value":"1","type":"fax","primary":true}]`, nil},
		{"not from terms that describe none", `phoneNumbers[type co "fax"].value`, String("1"), "phoneNumbers", "null", ErrNoTarget},
		{"nor from terms that contradict", `phoneNumbers[type eq "a" and type eq "b"].value`, String("1"), "phoneNumbers", "null", ErrNoTarget},
		{"a single value is not made by a filter", `manager[value eq "x"].value`, String("1"), "manager", `{"value":"m"}`, ErrNoTarget},
		{"schemas follow from the rest", "schemas", Multi(String("x")), "userName", `"u"`, ErrMutability},
		{"remove", "title", Value{}, "title", "null", nil},
		{"remove a sub-attribute", "name.givenName", Value{}, "name", `{"familyName":"F"}`, nil},
		{"remove the last sub-attribute", "manager.value", Value{}, "manager", "null", nil},
		{"remove an element", `emails[type eq "work"]`, Value{}, "emails", `[{"value":"h","type":"home"},{"type":"other"}]`, nil},
		{"remove an element's value: its labels go too", `emails[type eq "work"].value`, Value{}, "emails", `[{"value":"h","type":"home"},{"type":"other"}]`, nil},
		{"remove what an element does not have", `emails[type eq "other"].value`, Value{}, "emails", "[" + emails + "]", nil},
		{"remove from every element", "emails.type", Value{}, "emails", `[{"value":"w","primary":true},{"value":"h"}]`, nil},
		{"remove everything", "emails", Value{}, "emails", "null", nil},
		{"remove an extension", entURN, Value{}, "department", "null", nil},
	} {
		r := pathResource(t)
		err := r.Set(tt.path, tt.value)
		if !errors.Is(err, tt.err) {
			t.Errorf("%s: %v", tt.reason, err)
		}
		if got := string(r.Get(tt.at).AppendJSON(nil)); got != tt.want {
			t.Errorf("%s: %s is %s, want %s", tt.reason, tt.at, got, tt.want)
		}
		if again, err := DecodeResource(UserType(), r.AppendJSON(nil)); err != nil || !again.tree().equal(r.tree()) {
			t.Errorf("%s: reads back as another: %v", tt.reason, err)
		}
	}
	r := pathResource(t)
	for path, want := range map[string]bool{"title": false, `emails[type eq "x"]`: false, "name.familyName": true} {
		if got, err := r.Remove(path); got != want || err != nil {
			t.Errorf("removing %s: %v, %v", path, got, err)
		}
	}
}

func TestCloneIsIndependent(t *testing.T) {
	r := pathResource(t)
	before := string(r.AppendJSON(nil))
	c := r.Clone()
	for path, v := range map[string]Value{"name.givenName": String("x"), "emails.value": String("x"), "department": String("x"), "title": String("x")} {
		if err := c.Set(path, v); err != nil {
			t.Fatal(err)
		}
	}
	if got := string(r.AppendJSON(nil)); got != before {
		t.Errorf("%s\n%s", before, got)
	}
}

func TestSetNumbers(t *testing.T) {
	schema := &Schema{ID: "urn:example:Device", Attributes: []*Attribute{
		{Name: "floor", Type: TypeInteger}, {Name: "weight", Type: TypeDecimal}, {Name: "label"},
	}}
	typ, err := NewResourceType("Device", schema, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := NewResource(typ)
	for path, v := range map[string]Value{"floor": Int(-12), "weight": String("1.50"), "label": String("x")} {
		if err := r.Set(path, v); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	if got, want := string(r.AppendJSON(nil)), `{"schemas":["urn:example:Device"],"floor":-12,"weight":1.50,"label":"x"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if err := r.Set("floor", String("1.5")); !errors.Is(err, ErrInvalidValue) {
		t.Errorf("half a floor: %v", err)
	}
	if err := r.Set("label", Int(1)); !errors.Is(err, ErrInvalidValue) {
		t.Errorf("a number for a text: %v", err)
	}
}
