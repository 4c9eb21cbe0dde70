package mapping_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zohoscim/zohoscim/mapping"
	"github.com/zohoscim/zohoscim/scim"
)

const enterprise = scim.SchemaEnterpriseUser + ":"

// user returns a mapping of users with a matching rule and the given rules.
func user(rules ...mapping.Rule) *mapping.Mapping {
	return &mapping.Mapping{Target: "User", Rules: append([]mapping.Rule{
		mapping.Direct("userPrincipalName", "userName").Match(1),
	}, rules...)}
}

// withAttributes returns a mapping that knows what the source has.
func withAttributes(m *mapping.Mapping) *mapping.Mapping {
	m.Attributes = []string{"userPrincipalName", "jobTitle"}
	return m
}

func TestCompileRefuses(t *testing.T) {
	rows := []struct {
		mapping *mapping.Mapping
		kind    error
		words   []string
		reason  string
	}{
		{user(mapping.Direct("jobTitle", "titel")), mapping.ErrTarget, []string{"rule 2 (titel)", `did you mean "title"`}, "the nearest attribute"},
		{user(mapping.Direct("a", "name.givename")), mapping.ErrTarget, []string{`did you mean "name.givenName"`}, "sub-attributes as well"},
		{user(mapping.Direct("a", `emails[type eq "work"].vlaue`)), mapping.ErrTarget, []string{`did you mean "emails.value"`}, "below a filter"},
		{user(mapping.Direct("a", `emails[typ eq "work"].value`)), mapping.ErrTarget, []string{`did you mean "emails.type"`}, "inside a filter"},
		{user(mapping.Direct("a", enterprise+"departement")), mapping.ErrTarget, []string{`did you mean "` + enterprise + `department"`}, "in an extension"},
		{user(mapping.Direct("a", "emails[type eq")), mapping.ErrTarget, []string{"rule 2"}, "a malformed path"},
		{user(mapping.Direct("a", `title[value eq "x"]`)), mapping.ErrTarget, []string{"take a filter in brackets"}, "a filter on a simple attribute"},
		{user(mapping.Direct("a", "")), mapping.ErrTarget, []string{"rule 2"}, "no target"},
		{user(mapping.Direct("a", "id")), mapping.ErrTarget, []string{"sets this attribute itself"}, "the server makes ids"},
		{user(mapping.Direct("a", "groups")), mapping.ErrTarget, []string{"sets this attribute itself"}, "groups are read-only"},
		{user(mapping.Direct("a", "schemas")), mapping.ErrTarget, []string{"sets this attribute itself"}, "schemas follow from the rest"},
		{user(mapping.Direct("a", "name")), mapping.ErrTarget, []string{`such as "name.`}, "a complex attribute has no value of its own"},
		{user(mapping.Direct("a", "addresses")), mapping.ErrTarget, []string{"sub-attributes"}, "nor has a list of them without value"},
		{user(mapping.Direct("a", "emails.value")), mapping.ErrTarget, []string{"say which one"}, "every e-mail address at once"},
		{user(mapping.Direct("a", `emails[value sw "x"].type`)), mapping.ErrTarget, []string{"what a new element holds"}, "a filter that can create nothing"},
		{user(mapping.Direct("a", `emails[type eq "work" and primary eq true].primary`)), mapping.ErrTarget, []string{"already says"}, "one of several"},
		{user(mapping.Direct("a", `emails[type eq "work"].type`)), mapping.ErrTarget, []string{"already says"}, "an element that moves out of its own filter"},

		{user(mapping.Rule{Target: "title"}), mapping.ErrSource, []string{"no source"}, "none of the three"},
		{user(mapping.Rule{Target: "title", Attribute: "a", Fixed: "b"}), mapping.ErrSource, []string{"several sources"}, "two of the three"},
		{user(mapping.Fixed("title", "")), mapping.ErrSource, []string{"not empty"}, "an empty fixed value"},
		{user(mapping.Fixed("title", []string{"x"})), mapping.ErrSource, []string{"a string"}, "a fixed value is one scalar"},
		{user(mapping.Fixed("active", "maybe")), mapping.ErrSource, []string{"not of the target's type boolean"}, "found before a user is sent"},
		{user(mapping.Direct("a", "active").OrDefault("maybe")), mapping.ErrSource, []string{"the default is not of the target's type"}, "defaults too"},
		{user(mapping.Direct("a", "title").OrDefault("")), mapping.ErrSource, []string{"the default"}, "an empty default"},
		{user(mapping.Fixed("title", "x").OrDefault("y")), mapping.ErrSource, []string{"never be used"}, "a default that cannot happen"},
		{user(mapping.Expression("title", `Appendd([a], "b")`)), mapping.ErrExpression, []string{"rule 2 (title)", "at character 1", `did you mean "Append"`}, "rule, function and place"},
		{user(mapping.Rule{Target: "title", Attribute: "a", Apply: 9}), mapping.ErrMapping, []string{"always, onCreate"}, "an Apply that is none"},

		{user(mapping.Rule{Target: "title", Attribute: "a", Apply: mapping.ValueAddOnly, FlowNulls: true}), mapping.ErrMapping, []string{"only adds"}, "adding and clearing"},
		{user(mapping.Rule{Target: "title", None: true, FlowNulls: true}), mapping.ErrSource, []string{"no source"}, "nothing to clear for"},
		{user(mapping.Rule{Target: "title", None: true, Attribute: "a"}), mapping.ErrSource, []string{"several sources"}, "none and an attribute"},
		{user(mapping.Expression("title", "SelectUniqueValue([a], [b])")), mapping.ErrExpression, []string{"onCreate"}, "created objects only"},
		{user(mapping.Expression("externalId", "SelectUniqueValue([a], [b])").Match(2).CreateOnly()), mapping.ErrExpression, []string{"not matched"}, "not to find objects by"},
		{user(mapping.Expression("title", "AssertiveAppRoleAssignmentsComplex([r])")), mapping.ErrTarget, []string{`"roles"`}, "not a list of roles"},
		{withAttributes(user(mapping.Direct("jobTitel", "title"))), mapping.ErrSource, []string{`"jobTitel"`, `did you mean "jobTitle"`}, "the source does not have it"},
		{withAttributes(user(mapping.Expression("title", `Append("x", [jobTitel])`))), mapping.ErrSource, []string{"character 13", `did you mean "jobTitle"`}, "nor in an expression"},

		{user(mapping.Direct("a", "USERNAME")), mapping.ErrConflict, []string{"rule 2", "rule 1"}, "names ignore case"},
		{user(mapping.Fixed(`emails[type eq "work"].value`, "a"), mapping.Fixed(`emails[TYPE eq "Work"].value`, "b")), mapping.ErrConflict, []string{"rule 3", "rule 2"}, "so do filters on type"},
		{user(mapping.Direct("a", scim.SchemaUser+":title"), mapping.Direct("b", "title")), mapping.ErrConflict, []string{"rule 3", "rule 2"}, "with and without the URN"},
		{user(mapping.Direct("a", "emails"), mapping.Direct("b", `emails[type eq "work"].value`)), mapping.ErrConflict, []string{"rule 2 sets the whole"}, "a list and an element of it"},
		{user(mapping.Direct("b", `emails[type eq "work"].value`), mapping.Direct("a", "emails")), mapping.ErrConflict, []string{"rule 2 sets an element"}, "in the other order"},
		{user(mapping.Direct("a", enterprise+"manager"), mapping.Direct("b", enterprise+"manager.value")), mapping.ErrConflict, []string{"rule 2 has the same target"}, "two names of one reference"},

		{&mapping.Mapping{Target: "User", Rules: []mapping.Rule{mapping.Direct("a", "userName")}}, mapping.ErrMatching, []string{"Matching 1"}, "nothing could be found in the target"},
		{user(mapping.Direct("a", "externalId").Match(1)), mapping.ErrMatching, []string{"rule 1 has the same precedence"}, "no order"},
		{user(mapping.Direct("a", "externalId").Match(-1)), mapping.ErrMatching, []string{"1 or more"}, "a negative precedence"},
		{user(mapping.Fixed("externalId", "x").Match(2)), mapping.ErrMatching, []string{"finds nobody"}, "everyone is the same"},
		{user(mapping.Direct("a", "externalId").Match(2).OrDefault("x")), mapping.ErrMatching, []string{"no default"}, "everyone without is the same"},
		{user(mapping.Direct("a", "emails").Match(2)), mapping.ErrMatching, []string{"several values"}, "a list is not compared"},
		{user(mapping.Direct("manager", enterprise+"manager").Match(2)), mapping.ErrMatching, []string{"refers to another"}, "a reference is not compared"},

		{&mapping.Mapping{Target: "Group", Rules: user().Rules}, mapping.ErrMapping, []string{`"Group"`, `"User"`}, "another resource type"},
		{&mapping.Mapping{Target: "User", Off: []mapping.Action{7}, Rules: user().Rules}, mapping.ErrMapping, []string{"off", "update, create, delete"}, "an action that is none"},
		{&mapping.Mapping{Target: "User", Rules: user().Rules, Scope: mapping.Scope{{}}}, mapping.ErrScope, []string{"scope group 1", "every record"}, "a group that selects everyone"},
		{&mapping.Mapping{Target: "User", Rules: user().Rules, Scope: mapping.Scope{{Clauses: []mapping.Clause{{Attribute: "a", Operator: "LIKE", Value: "x"}}}}}, mapping.ErrScope, []string{"clause 1", "EQUALS, NOT EQUALS"}, "an operator that is none"},
		{&mapping.Mapping{Target: "User", Rules: user().Rules, Scope: mapping.Scope{{Clauses: []mapping.Clause{{Attribute: "a", Operator: mapping.Equals}}}}}, mapping.ErrScope, []string{"IS NULL"}, "nothing to compare with"},
		{&mapping.Mapping{Target: "User", Rules: user().Rules, Scope: mapping.Scope{{Clauses: []mapping.Clause{{Attribute: "a", Operator: mapping.IsNull, Value: "x"}}}}}, mapping.ErrScope, []string{"takes no value"}, "a value too many"},
		{&mapping.Mapping{Target: "User", Rules: user().Rules, Scope: mapping.Scope{{Clauses: []mapping.Clause{{Operator: mapping.IsNull}}}}}, mapping.ErrScope, []string{"names no attribute"}, "no attribute"},
		{nil, mapping.ErrMapping, nil, "no mapping"},
	}
	for _, row := range rows {
		c, err := mapping.Compile(row.mapping, scim.UserType())
		var mistakes mapping.Mistakes
		if c != nil || !errors.As(err, &mistakes) || len(mistakes) != 1 || !errors.Is(err, row.kind) {
			t.Errorf("Compile = %v; want one mistake like %v: %s", err, row.kind, row.reason)
			continue
		}
		for _, word := range row.words {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("%v\ndoes not say %q: %s", err, word, row.reason)
			}
		}
	}
}

func TestCompileReportsAll(t *testing.T) {
	m := user(
		mapping.Direct("jobTitle", "titel"),
		mapping.Expression("displayName", `Joint(" ", [givenName], ToUper([surname]))`),
		mapping.Fixed("active", "maybe"),
		mapping.Direct("mail", "userName"),
	)
	m.Scope = mapping.Scope{{}}
	_, err := mapping.Compile(m, scim.UserType())
	var mistakes mapping.Mistakes
	if !errors.As(err, &mistakes) {
		t.Fatal(err)
	}
	type place struct{ Rule, Pos int }
	var got []place
	for _, e := range mistakes {
		got = append(got, place{e.Rule, e.Pos})
	}
	want := []place{{0, 0}, {2, 0}, {3, 25}, {3, 1}, {4, 0}, {5, 0}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("places (-want +got)\n%s\n%v", diff, err)
	}
	for _, sentinel := range []error{mapping.ErrScope, mapping.ErrTarget, mapping.ErrExpression, mapping.ErrSource, mapping.ErrConflict} {
		if !errors.Is(err, sentinel) {
			t.Errorf("the list is not %v", sentinel)
		}
	}
}

func TestCompileCopies(t *testing.T) {
	m := user(mapping.Direct("jobTitle", "title"))
	m.Off = []mapping.Action{mapping.Delete}
	m.Scope = mapping.Scope{{Clauses: []mapping.Clause{{Attribute: "city", Operator: mapping.IsNotNull}}}}
	c := compiled(t, m, scim.UserType())
	m.Rules[1].Attribute, m.Off[0], m.Scope[0].Clauses[0].Operator = "other", mapping.Create, mapping.IsNull
	res, err := c.Map(mapping.Record{"userPrincipalName": "u", "jobTitle": "x", "other": "y"}, mapping.Create)
	if err != nil || res.Resource.Get("title").Text() != "x" {
		t.Errorf("a change of the mapping's rules shows: %v", err)
	}
	if !c.Allows(mapping.Create) || c.Allows(mapping.Delete) || c.Contains(mapping.Record{}) {
		t.Error("a change of the mapping shows")
	}
}

func zohoUserType(tb testing.TB) *scim.ResourceType {
	tb.Helper()
	t, err := mapping.ZohoUserType()
	if err != nil {
		tb.Fatal(err)
	}
	return t
}

func TestPresets(t *testing.T) {
	rows := []struct {
		name    string
		mapping *mapping.Mapping
		typ     *scim.ResourceType
		rules   int
		match   string
	}{
		{"EntraUser", mapping.EntraUser(), scim.UserType(), 22, "userName"},
		{"EntraGroup", mapping.EntraGroup(), scim.GroupType(), 3, "displayName"},
		{"ZohoOneUser", mapping.ZohoOneUser(), scim.UserType(), 19, "userName"},
		{"ZohoOneGroup", mapping.ZohoOneGroup(), scim.GroupType(), 3, "displayName"},
		{"ZohoFieldsToUser", mapping.ZohoFieldsToUser(), scim.UserType(), 18, "userName"},
		{"UserToZohoFields", mapping.UserToZohoFields(), zohoUserType(t), 17, "email_id"},
	}
	for _, row := range rows {
		c, err := mapping.Compile(row.mapping, row.typ)
		if err != nil {
			t.Errorf("%s: %v", row.name, err)
			continue
		}
		match := c.Matching()
		if len(row.mapping.Rules) != row.rules || len(c.Owned()) != row.rules || len(match) != 1 || match[0].Path.String() != row.match || c.Type() != row.typ {
			t.Errorf("%s: %d rules, owned %v, matching %v", row.name, len(row.mapping.Rules), c.Owned(), match)
		}
	}
	for _, r := range mapping.ZohoOneUser().Rules {
		if strings.HasPrefix(r.Target, enterprise) {
			t.Errorf("Zoho One does not list %s", r.Target)
		}
	}
}

func TestWith(t *testing.T) {
	base := mapping.ZohoOneUser()
	got := base.With(
		mapping.Fixed(`addresses[TYPE eq "work"].formatted`, "本社"),
		mapping.Direct("nick", "nickName"),
	)
	if len(base.Rules) != 19 || base.Rules[9].Attribute != "physicalDeliveryOfficeName" {
		t.Error("With has changed the mapping itself")
	}
	if len(got.Rules) != 20 || got.Rules[9].Fixed != "本社" || got.Rules[9].Attribute != "" || got.Rules[19].Target != "nickName" {
		t.Errorf("With = %v", got.Rules)
	}
	twice := &mapping.Mapping{Rules: []mapping.Rule{mapping.Direct("a", "title"), mapping.Direct("b", "nickName"), mapping.Direct("c", "Title")}}
	want := []mapping.Rule{mapping.Fixed("title", "x"), mapping.Direct("b", "nickName")}
	if diff := cmp.Diff(want, twice.With(mapping.Fixed("title", "x")).Rules); diff != "" {
		t.Errorf("all rules of a target are replaced (-want +got)\n%s", diff)
	}
}
