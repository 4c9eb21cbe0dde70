package mapping_test

import (
	stdjson "encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zohoscim/zohoscim/mapping"
	"github.com/zohoscim/zohoscim/scim"
)

func graphFile(tb testing.TB, name string) (*mapping.GraphSchema, []byte) {
	tb.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		tb.Fatal(err)
	}
	s, err := mapping.ParseGraphSchema(data)
	if err != nil {
		tb.Fatal(err)
	}
	return s, data
}

// generic decodes JSON for a comparison that ignores white space and order.
func generic(tb testing.TB, data []byte) any {
	tb.Helper()
	var v any
	if err := stdjson.Unmarshal(data, &v); err != nil {
		tb.Fatal(err)
	}
	return v
}

func saved(tb testing.TB, s *mapping.GraphSchema) []byte {
	tb.Helper()
	data, err := stdjson.Marshal(s)
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

// variedRecord returns the i-th of a row of users of whom no two have the
// same values in the same attributes.
func variedRecord(i int) mapping.Record {
	rec := mapping.Record{"userPrincipalName": fmt.Sprintf("user%d@example.com", i), "IsSoftDeleted": []any{true, false, "True", "False"}[i%4]}
	names := []string{
		"displayName", "jobTitle", "mail", "preferredLanguage", "givenName", "surname", "physicalDeliveryOfficeName", "streetAddress", "city", "state",
		"postalCode", "country", "telephoneNumber", "mobile", "facsimileTelephoneNumber", "mailNickname", "employeeId", "department", "manager",
	}
	for k, name := range names {
		switch (i + k*k) % 5 {
		case 0: // no value
		case 1:
			rec[name] = ""
		case 2:
			rec[name] = "本社 " + name
		case 3:
			rec[name] = i
		default:
			rec[name] = fmt.Sprint(name, i)
		}
	}
	return rec
}

// TestGraphEntra: the mappings that Entra gives a SCIM application load, do
// what the presets do, and are saved as they were.
func TestGraphEntra(t *testing.T) {
	s, data := graphFile(t, "entra-schema.json")
	users, err := s.Compile("User")
	if err != nil {
		t.Fatal(err)
	}
	groups, err := s.Compile("Group")
	if err != nil {
		t.Fatal(err)
	}
	preset := compiled(t, mapping.EntraUser(), scim.UserType())
	for i := range 100 {
		for _, a := range []mapping.Action{mapping.Create, mapping.Update} {
			got, err := users.Map(variedRecord(i), a)
			if err != nil {
				t.Fatal(err)
			}
			want, err := preset.Map(variedRecord(i), a)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want.Resource.AppendJSON(nil)), string(got.Resource.AppendJSON(nil))); diff != "" {
				t.Fatalf("user %d (-preset +schema)\n%s", i, diff)
			}
		}
	}
	res, err := groups.Map(mapping.Record{"displayName": "g", "objectId": "1", "members": []any{"a"}}, mapping.Create)
	if err != nil || len(res.References) != 1 || res.Resource.ExternalID() != "1" {
		t.Errorf("group: %v, %v", res, err)
	}
	if diff := cmp.Diff(generic(t, data), generic(t, saved(t, s))); diff != "" {
		t.Errorf("saved (-file +saved)\n%s", diff)
	}
	for _, target := range s.Targets() {
		m, err := s.Mapping(target)
		if err != nil {
			t.Fatal(err)
		}
		if notes := s.Set(m); len(notes) != 0 {
			t.Errorf("notes: %v", notes)
		}
	}
	if diff := cmp.Diff(generic(t, data), generic(t, saved(t, s))); diff != "" {
		t.Errorf("saved after setting what was loaded (-file +saved)\n%s", diff)
	}
}

// TestGraphMistakes: one run reports them all, each with its place.
func TestGraphMistakes(t *testing.T) {
	s, _ := graphFile(t, "mistakes-schema.json")
	_, err := s.Compile("User")
	var mistakes mapping.Mistakes
	if !errors.As(err, &mistakes) {
		t.Fatal(err)
	}
	const at = "/synchronizationRules/0/objectMappings/0/"
	want := []struct{ place, detail string }{
		{"flowTypes", "Update, Add, Delete"},
		{"scope: scope group 1, clause 1", "operator"},
		{"attributeMappings/1", `did you mean "title"`},
		{"attributeMappings/2", `did you mean "Join"`},
		{"attributeMappings/3", "takes 2 arguments"},
		{"attributeMappings/4", "not closed"},
		{"attributeMappings/5", "look-ahead"},
		{"attributeMappings/6", "whole number"},
		{"attributeMappings/7/flowType", "ObjectAddOnly"},
		{"attributeMappings/8/matchingPriority", "not a number"},
		{"attributeMappings/9", "same target"},
		{"attributeMappings/10", "type boolean"},
		{"attributeMappings/11", "an expression is a function"},
		{"attributeMappings/12", "whole expression"},
		{"attributeMappings/13", `did you mean "` + enterprise + `department"`},
	}
	if len(mistakes) != len(want) {
		t.Errorf("%d mistakes, want %d:\n%v", len(mistakes), len(want), err)
	}
	for i, row := range want[:min(len(want), len(mistakes))] {
		if e := mistakes[i]; e.Place != at+row.place || !strings.Contains(e.Error(), row.detail) {
			t.Errorf("mistake %d is %v; want %q at %s", i+1, e, row.detail, row.place)
		}
	}
}

// one returns a schema of users with a matching rule and the JSON of others.
func one(attributeMappings string, more ...string) string {
	return `{"synchronizationRules":[{"objectMappings":[{"targetObjectName":"User","attributeMappings":[` +
		`{"matchingPriority":1,"source":{"expression":"[upn]"},"targetAttributeName":"userName"}` + attributeMappings + `]` + strings.Join(more, "") + `}]}]}`
}

func TestGraphRules(t *testing.T) {
	rows := []struct {
		in     string
		want   mapping.Rule
		reason string
	}{
		{`{"source":{"expression":"[a]","type":"Attribute"},"targetAttributeName":"title"}`, mapping.Direct("a", "title"), "an attribute"},
		{`{"source":{"name":"a","type":"Attribute"},"targetAttributeName":"title"}`, mapping.Direct("a", "title"), "by its name"},
		{`{"source":{"expression":"a","type":"Attribute"},"targetAttributeName":"title"}`, mapping.Direct("a", "title"), "without brackets"},
		{`{"source":null,"defaultValue":"本社","targetAttributeName":"title"}`, mapping.Fixed("title", "本社"), "a constant without a source"},
		{`{"source":{"expression":"\"a \\\"b\\\"\"","type":"Constant"},"targetAttributeName":"title"}`, mapping.Fixed("title", `a "b"`), "a constant in quotes"},
		{`{"source":{"expression":"Main","type":"Constant"},"targetAttributeName":"title"}`, mapping.Fixed("title", "Main"), "a constant without them"},
		{`{"source":{"name":"Main","type":"Constant"},"targetAttributeName":"title"}`, mapping.Fixed("title", "Main"), "a constant by its name"},
		{`{"source":{"type":"Constant"},"defaultValue":"Main","targetAttributeName":"title"}`, mapping.Fixed("title", "Main"), "a constant by its default"},
		{`{"source":null,"targetAttributeName":"title"}`, mapping.None("title"), "nothing at all"},
		{`{"source":{"expression":"Not([a])","type":"Function"},"flowType":"ObjectAddOnly","defaultValue":"x","targetAttributeName":"title"}`, mapping.Expression("title", "Not([a])").OrDefault("x").CreateOnly(), "a function, a default and a flow type"},
		{`{"source":{"expression":"[a]"},"flowType":"AttributeAddOnly","targetAttributeName":"title"}`, mapping.Rule{Target: "title", Attribute: "a", Apply: mapping.AttributeAddOnly}, "another flow type"},
	}
	for _, row := range rows {
		s, err := mapping.ParseGraphSchema([]byte(one("," + row.in)))
		if err != nil {
			t.Errorf("%s: %v", row.in, err)
			continue
		}
		m, err := s.Mapping("User")
		if err != nil {
			t.Errorf("%s: %v", row.in, err)
			continue
		}
		if diff := cmp.Diff(row.want, m.Rules[1]); diff != "" {
			t.Errorf("%s (-want +got)\n%s", row.reason, diff)
		}
		// A new document says the same.
		again, notes := mapping.NewGraphSchema(m)
		back, err := again.Mapping("User")
		if err != nil || len(notes) > 0 {
			t.Errorf("%s: %v, %v", row.reason, err, notes)
			continue
		}
		if diff := cmp.Diff(m.Rules, back.Rules); diff != "" {
			t.Errorf("%s: written and read (-first +again)\n%s", row.reason, diff)
		}
	}
}

func TestGraphHeader(t *testing.T) {
	in := one("", `,"enabled":true,"flowTypes":"Add, Delete","scope":{"groups":[{"name":"Tokyo","clauses":[{"operatorName":"not equals","sourceOperandName":"city","targetOperand":{"values":["x"]}},{"operatorName":"IS NULL","sourceOperandName":"b","targetOperand":{"values":[]}}]}],"inputFilterGroups":[],"categoryFilterGroups":null},"newMember":1`)
	s, err := mapping.ParseGraphSchema([]byte(in))
	if err != nil {
		t.Fatal(err)
	}
	m, err := s.Mapping("User")
	if err != nil {
		t.Fatal(err)
	}
	want := mapping.Scope{{Name: "Tokyo", Clauses: []mapping.Clause{{Attribute: "city", Operator: mapping.NotEquals, Value: "x"}, {Attribute: "b", Operator: mapping.IsNull}}}}
	if diff := cmp.Diff(want, m.Scope); diff != "" {
		t.Errorf("scope (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]mapping.Action{mapping.Update}, m.Off); diff != "" {
		t.Errorf("off (-want +got)\n%s", diff)
	}
	if notes := s.Notes(); len(notes) != 1 || notes[0].Place != "/synchronizationRules/0/objectMappings/0/newMember" {
		t.Errorf("notes: %v", notes)
	}
	// What is changed is written, and what is not understood stays.
	m.Off, m.Scope = []mapping.Action{mapping.Create, mapping.Update, mapping.Delete}, nil
	s.Set(m.With(mapping.Fixed("title", "本社")))
	text := string(saved(t, s))
	for _, part := range []string{`"newMember":1`, `"enabled":false`, `"scope":null`, `"expression":"\"本社\""`} {
		if !strings.Contains(text, part) {
			t.Errorf("%s is not in %s", part, text)
		}
	}
	off, err := s.Mapping("User")
	if err != nil || len(off.Off) != 3 {
		t.Errorf("a mapping that is switched off: %v, %v", off, err)
	}
}

func TestGraphRefuses(t *testing.T) {
	const at = "/synchronizationRules/0/objectMappings/0/"
	rows := []struct{ in, place, detail, reason string }{
		{`[]`, "document", "is an object", "a list"},
		{`{"a":1,"a":2}`, "/a", "twice", "which one is meant?"},
		{`{"directories":[]}`, "/synchronizationRules", "missing", "another document"},
		{`{"synchronizationRules":{}}`, "/synchronizationRules", "not a list", "an object for a list"},
		{`{"synchronizationRules":[`, "/synchronizationRules", "not JSON", "cut off"},
		{`{"synchronizationRules":[]}`, "/synchronizationRules", `no object mapping for "User"`, "nothing for users"},
		{one("", `,"scope":{"inputFilterGroups":[{}]}`), at + "scope/inputFilterGroups", "not supported", "a filter that is left out would let everyone in"},
		{one("", `,"scope":{"groups":[{"clauses":[{"operatorName":"EQUALS","sourceOperandName":"a","targetOperand":{"values":["x","y"]}}]}]}`), at + "scope/groups/0/clauses/0/targetOperand/values", "one text", "two values"},
		{one(`,7`), at + "attributeMappings/1", "not an object", "a number for an object"},
		{one(`,{"source":{"expression":"[a]","type":"Atribute"},"targetAttributeName":"title"}`), at + "attributeMappings/1/source/type", `did you mean "Attribute"`, "a word with a slip"},
		{one(`,{"matchingPriority":1.5,"source":{"expression":"[a]"},"targetAttributeName":"title"}`), at + "attributeMappings/1/matchingPriority", "whole number", "half a precedence"},
		{one(`,{"flowBehavior":"x","source":{"expression":"[a]"},"targetAttributeName":"title"}`), at + "attributeMappings/1/flowBehavior", "FlowAlways", "a word that is none"},
	}
	for _, row := range rows {
		s, err := mapping.ParseGraphSchema([]byte(row.in))
		if err == nil {
			_, err = s.Compile("User")
		}
		var e *mapping.Error
		if !errors.As(err, &e) || e.Place != row.place || !strings.Contains(e.Error(), row.detail) {
			t.Errorf("%s: %v; want %q at %s", row.reason, err, row.detail, row.place)
		}
	}
}

// TestGraphExtension: the target's own attributes get their types from the
// target directory, or from the expression.
func TestGraphExtension(t *testing.T) {
	const urn = "urn:ietf:params:scim:schemas:extension:CustomExtensionName:2.0:User:"
	in := strings.Replace(one(`,{"source":{"expression":"[n]"},"targetAttributeName":"`+urn+`count"},{"source":{"expression":"Split([t], \",\")"},"targetAttributeName":"`+urn+`declared"}`+
		`,{"source":{"expression":"Split([t], \",\")"},"targetAttributeName":"urn:example:2.0:User:tags"}`),
		`{"synchronizationRules":[{`, `{"directories":[{"name":"to","objects":[{"name":"User","attributes":[{"name":"`+urn+`count","type":"Integer"},{"name":"`+urn+`declared","type":"String","multivalued":true},{"name":"userName"}]}]}],"synchronizationRules":[{"targetDirectoryName":"to",`, 1)
	s, err := mapping.ParseGraphSchema([]byte(in))
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.Compile("User")
	if err != nil {
		t.Fatal(err)
	}
	res, err := c.Map(mapping.Record{"upn": "u", "n": "7", "t": "a, b"}, mapping.Create)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"userName":"u","urn:ietf:params:scim:schemas:extension:CustomExtensionName:2.0:User":{"count":7,"declared":["a","b"]},"urn:example:2.0:User":{"tags":["a","b"]}}`
	if diff := cmp.Diff(want, body(res.Resource)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// FuzzGraphSchema: what is read is saved equal, and reading never fails in
// another way than with an error of the package.
func FuzzGraphSchema(f *testing.F) {
	for _, name := range []string{"entra-schema.json", "mistakes-schema.json"} {
		_, data := graphFile(f, name)
		f.Add(data)
	}
	f.Add([]byte(one("", `,"scope":{"groups":[{"clauses":[{}]}]}`)))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := mapping.ParseGraphSchema(data)
		if err != nil {
			if !errors.Is(err, mapping.ErrJSON) {
				t.Fatalf("%v is not ErrJSON", err)
			}
			return
		}
		first := saved(t, s)
		again, err := mapping.ParseGraphSchema(first)
		if err != nil || string(saved(t, again)) != string(first) {
			t.Fatalf("saved and read again: %v", err)
		}
		for _, target := range s.Targets() {
			c, err := s.Compile(target)
			if (c == nil) == (err == nil) {
				t.Fatalf("neither a mapping nor mistakes: %v", err)
			}
			m, err := s.Mapping(target)
			if err != nil {
				continue
			}
			s.Set(m)
			if got := string(saved(t, s)); got != string(first) {
				t.Fatalf("setting what was loaded changes\n%s\nto\n%s", first, got)
			}
		}
	})
}

func TestIsGraphSchema(t *testing.T) {
	schema, _ := mapping.NewGraphSchema(mapping.EntraUser())
	data, err := schema.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		text   string
		want   bool
		reason string
	}{
		{string(data), true, "a whole document"},
		{`{"directories":[]}`, true, "Graph's member alone"},
		{`{"target":"User"}`, false, "a mapping"},
		{`{"synchronizationRules":[`, true, "cut short, and meant to be one: its reader says what is wrong"},
		{`[]`, false, "neither"},
	} {
		if got := mapping.IsGraphSchema([]byte(test.text)); got != test.want {
			t.Errorf("%.40s: %v (%s)", test.text, got, test.reason)
		}
	}
}
