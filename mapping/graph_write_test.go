package mapping_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zohoscim/zohoscim/mapping"
	"github.com/zohoscim/zohoscim/scim"
)

// TestGraphWrites: what a new document says is read back.
func TestGraphWrites(t *testing.T) {
	m := mapping.EntraUser().With(
		mapping.Fixed(`addresses[type eq "work"].formatted`, "本社"),
		mapping.Expression("nickName", `Replace([a], , "(?<n>\\d*)", "n", "\"", , )`).OrDefault("x").CreateOnly(),
		mapping.None("title"),
		apply(mapping.Direct("zone", "timezone"), mapping.ValueAddOnly),
	)
	m.Scope = mapping.Scope{{Name: "a", Clauses: []mapping.Clause{{Attribute: "x", Operator: mapping.RegexMatch, Value: "^a"}, {Attribute: "y", Operator: mapping.IsTrue}}}, {Clauses: []mapping.Clause{{Attribute: "z", Operator: mapping.BitsSet, Value: "2"}}}}
	m.Off = []mapping.Action{mapping.Delete}
	schema, notes := mapping.NewGraphSchema(m, mapping.EntraGroup())
	if len(notes) > 0 {
		t.Errorf("notes: %v", notes)
	}
	again, err := mapping.ParseGraphSchema(saved(t, schema))
	if err != nil {
		t.Fatal(err)
	}
	for target, want := range map[string]*mapping.Mapping{"User": m, "Group": mapping.EntraGroup()} {
		got, err := again.Mapping(target)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-written +read)\n%s", target, diff)
		}
	}
	if notes := again.Notes(); len(notes) > 0 {
		t.Errorf("notes: %v", notes)
	}
}

// TestGraphCannotSay lists what has no place in Graph's form.
func TestGraphCannotSay(t *testing.T) {
	m := user(mapping.Direct("a", "title").Clearing(), mapping.None("locale").OrDefault("ja"))
	m.Attributes = []string{"a", "userPrincipalName"}
	m.Extensions = []*scim.Schema{{ID: "urn:example:2.0:User", Attributes: []*scim.Attribute{{Name: "a"}}}}
	_, notes := mapping.NewGraphSchema(m)
	var got []string
	for _, n := range notes {
		got = append(got, n.String())
	}
	text := strings.Join(got, "\n")
	for _, part := range []string{"clears", "without a source", "list of the source's attributes", "definitions"} {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in\n%s", part, text)
		}
	}
	var zero mapping.GraphSchema
	if notes := zero.Set(&mapping.Mapping{Target: "Device"}); len(notes) != 1 {
		t.Errorf("a device: %v", notes)
	}
	if notes := zero.Set(mapping.EntraGroup()); len(notes) != 0 || len(zero.Targets()) != 1 {
		t.Errorf("a zero GraphSchema takes a mapping: %v, %v", notes, zero.Targets())
	}
}

// TestRoleTargets: one role into the element that is primary, as Entra maps it.
func TestRoleTargets(t *testing.T) {
	c := compiled(t, user(
		mapping.Expression(`roles[primary eq "True"].value`, "SingleAppRoleAssignment([appRoleAssignments])"),
		mapping.Expression(`roles[primary eq "True"].type`, `Coalesce("WindowsAzureActiveDirectoryRole")`),
	), scim.UserType())
	res, err := c.Map(mapping.Record{"userPrincipalName": "u", "appRoleAssignments": []string{"Admin"}}, mapping.Create)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"userName":"u","roles":[{"value":"Admin","type":"WindowsAzureActiveDirectoryRole","primary":true}]}`
	if diff := cmp.Diff(want, body(res.Resource)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestDateIntoDateTime: functions give dates as Entra prints them; an
// attribute of that type gets RFC 3339.
func TestDateIntoDateTime(t *testing.T) {
	m := user(mapping.Expression("urn:example:2.0:User:start", `DateAdd("d", 1, [hired])`))
	m.Extensions = []*scim.Schema{{ID: "urn:example:2.0:User", Attributes: []*scim.Attribute{{Name: "start", Type: scim.TypeDateTime}}}}
	typ, err := m.ResourceType()
	if err != nil {
		t.Fatal(err)
	}
	res, err := compiled(t, m, typ).Map(mapping.Record{"userPrincipalName": "u", "hired": "2020-03-16"}, mapping.Create)
	if err != nil || res.Resource.Get("urn:example:2.0:User:start").Text() != "2020-03-17T00:00:00Z" {
		t.Errorf("%v, %v", res, err)
	}
}
