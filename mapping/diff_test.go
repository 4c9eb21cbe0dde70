package mapping_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/zohoscim/zohoscim/mapping"
	"github.com/zohoscim/zohoscim/scim"
)

func decoded(tb testing.TB, t *scim.ResourceType, text string) *scim.Resource {
	tb.Helper()
	r, err := scim.DecodeResource(t, []byte(text))
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// operations returns a patch as text, one operation a line.
func operations(p *scim.Patch) string {
	if p == nil {
		return ""
	}
	var b strings.Builder
	for _, op := range p.Operations {
		b.WriteString(string(op.Op) + " " + op.Path)
		if op.Value != nil {
			b.WriteString(" " + string(op.Value))
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestDiff(t *testing.T) {
	const workMail = `emails[type eq "work"].value`
	title, mail := mapping.Direct("jobTitle", "title"), mapping.Direct("mail", workMail)
	rows := []struct {
		name   string
		rules  []mapping.Rule
		record mapping.Record
		have   string // beside userName
		want   string
		reason string
	}{
		{"equal", []mapping.Rule{title}, mapping.Record{"jobTitle": "x"}, `"title":"x"`, "", "no call"},
		{"absent", []mapping.Rule{title}, mapping.Record{"jobTitle": "x"}, ``, "add title \"x\"\n", "add if the target lacks it"},
		{"different", []mapping.Rule{title}, mapping.Record{"jobTitle": "x"}, `"title":"y"`, "replace title \"x\"\n", "replace if it differs"},
		{"letter case", []mapping.Rule{title}, mapping.Record{"jobTitle": "X"}, `"title":"x"`, "replace title \"X\"\n", "values are verbatim"},
		{"null", []mapping.Rule{title}, nil, `"title":"x"`, "", "null is not flown"},
		{"null, FlowNulls", []mapping.Rule{title.Clearing()}, nil, `"title":"x"`, "remove title\n", "cleared"},
		{"null, FlowNulls, absent", []mapping.Rule{title.Clearing()}, nil, ``, "", "nothing to clear"},
		{"ignored, FlowNulls", []mapping.Rule{mapping.Expression("title", `IgnoreFlowIfNullOrEmpty([jobTitle])`).Clearing()}, nil, `"title":"x"`, "", "out of the flow, clearing too"},
		{"create only", []mapping.Rule{title.CreateOnly()}, mapping.Record{"jobTitle": "x"}, `"title":"y"`, "", "not owned on update"},
		{"default", []mapping.Rule{title.OrDefault("Staff")}, nil, `"title":"y"`, "", "a default never overwrites"},
		{"not mapped", []mapping.Rule{title}, mapping.Record{"jobTitle": "x"}, `"title":"x","nickName":"n","emails":[{"value":"a"}]`, "", "the target keeps what it knows"},
		{"element absent", []mapping.Rule{mail}, mapping.Record{"mail": "a"}, `"emails":[{"type":"home","value":"h"}]`, "add " + workMail + " \"a\"\n", "the path makes it"},
		{"element without the sub-attribute", []mapping.Rule{mail}, mapping.Record{"mail": "a"}, `"emails":[{"type":"work"}]`, "add " + workMail + " \"a\"\n", "still lacking"},
		{"element twice", []mapping.Rule{mail}, mapping.Record{"mail": "a"}, `"emails":[{"type":"work","value":"a"},{"type":"work","value":"b"}]`, "replace " + workMail + " \"a\"\n", "everything the path selects is compared"},
		{"boolean", []mapping.Rule{mapping.Direct("enabled", "active")}, mapping.Record{"enabled": "False"}, `"active":true`, "replace active false\n", "typed, not text"},
		{"boolean, equal", []mapping.Rule{mapping.Direct("enabled", "active")}, mapping.Record{"enabled": "False"}, `"active":"false"`, "", "the target may answer with a text"},
		{"list in another order", []mapping.Rule{mapping.Direct("mails", "emails")}, mapping.Record{"mails": []string{"a", "b"}}, `"emails":[{"value":"b","type":"home"},{"value":"a","primary":true}]`, "", "a list has no order and the target may add to its elements"},
		{"list with a double", []mapping.Rule{mapping.Direct("mails", "emails")}, mapping.Record{"mails": []string{"a", "a"}}, `"emails":[{"value":"a"},{"value":"b"}]`, "replace emails [{\"value\":\"a\"},{\"value\":\"a\"}]\n", "each element counts once"},
		{"list of another length", []mapping.Rule{mapping.Direct("mails", "emails")}, mapping.Record{"mails": []string{"a"}}, `"emails":[{"value":"a"},{"value":"b"}]`, "replace emails [{\"value\":\"a\"}]\n", "one too many"},
		{"attribute add only", []mapping.Rule{apply(title, mapping.AttributeAddOnly)}, mapping.Record{"jobTitle": "x"}, `"title":"y"`, "", "the target has a value"},
		{"attribute add only, absent", []mapping.Rule{apply(title, mapping.AttributeAddOnly)}, mapping.Record{"jobTitle": "x"}, ``, "add title \"x\"\n", "it has none"},
		{"value add only", []mapping.Rule{apply(title, mapping.ValueAddOnly)}, mapping.Record{"jobTitle": "x"}, `"title":"y"`, "", "nothing is replaced"},
		{"multi-value add only, one value", []mapping.Rule{apply(title, mapping.MultiValueAddOnly)}, mapping.Record{"jobTitle": "x"}, `"title":"y"`, "replace title \"x\"\n", "a single value is replaced"},
		{"multi-value add only", []mapping.Rule{apply(mapping.Direct("mails", "emails"), mapping.MultiValueAddOnly)}, mapping.Record{"mails": []string{"a", "c"}}, `"emails":[{"value":"b"},{"value":"a"}]`, "add emails [{\"value\":\"c\"}]\n", "what is missing is added"},
		{"value add only, list", []mapping.Rule{apply(mapping.Direct("mails", "emails"), mapping.ValueAddOnly)}, mapping.Record{"mails": []string{"a"}}, `"emails":[{"value":"b"},{"value":"a"}]`, "", "nothing is removed"},
		{"attribute add only, list", []mapping.Rule{apply(mapping.Direct("mails", "emails"), mapping.AttributeAddOnly)}, mapping.Record{"mails": []string{"c"}}, `"emails":[{"value":"b"}]`, "", "the list is there"},
		{"none", []mapping.Rule{mapping.None("title")}, mapping.Record{"title": "x"}, `"title":"y"`, "", "left alone"},
		{"none with a default", []mapping.Rule{mapping.None("title").OrDefault("Staff")}, nil, `"title":"y"`, "", "the target has a value"},
		{"none with a default, absent", []mapping.Rule{mapping.None("title").OrDefault("Staff")}, nil, ``, "add title \"Staff\"\n", "the target has none"},
		{"app roles", []mapping.Rule{mapping.Expression("roles", "AppRoleAssignmentsComplex([r])")}, mapping.Record{"r": []string{"a"}}, `"roles":[{"value":"b"}]`, `add roles [{"value":"{\"id\":\"\",\"value\":\"a\",\"displayName\":\"a\"}"}]` + "\n", "roles are added and never removed"},
		{"app roles, assertive", []mapping.Rule{mapping.Expression("roles", "AssertiveAppRoleAssignmentsComplex([r])")}, mapping.Record{"r": []string{"User"}}, `"roles":[{"value":"b"}]`, `replace roles [{"value":"User","display":"User","type":"WindowsAzureActiveDirectoryRole","primary":false}]` + "\n", "the whole set"},
		{"extension", []mapping.Rule{mapping.Direct("department", enterprise+"department")}, mapping.Record{"department": "x"}, ``, "add " + enterprise + "department \"x\"\n", "the URN is in the path"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			c := compiled(t, user(row.rules...), scim.UserType())
			rec := mapping.Record{"userPrincipalName": "u"}
			for name, v := range row.record {
				rec[name] = v
			}
			res, err := c.Map(rec, mapping.Update)
			if err != nil {
				t.Fatal(err)
			}
			text := `{"userName":"u"`
			if row.have != "" {
				text += "," + row.have
			}
			have := decoded(t, scim.UserType(), text+"}")
			if diff := cmp.Diff(row.want, operations(c.Diff(have, res))); diff != "" {
				t.Errorf("%s (-want +got)\n%s", row.reason, diff)
			}
		})
	}
}

func apply(r mapping.Rule, a mapping.Apply) mapping.Rule {
	r.Apply = a
	return r
}

func TestDiffReference(t *testing.T) {
	const manager = enterprise + "manager"
	have := `{"userName":"u","` + scim.SchemaEnterpriseUser + `":{"manager":{"value":"id1","displayName":"M","$ref":"https://example.com/Users/id1"}}}`
	rows := []struct {
		name   string
		record mapping.Record
		id     string // what the source's key means in the target
		have   string
		want   string
		reason string
	}{
		{"same", mapping.Record{"manager": "m"}, "id1", have, "", "the target's name and $ref are not a difference"},
		{"another", mapping.Record{"manager": "m"}, "id2", have, "replace " + manager + ` {"value":"id2"}` + "\n", "another person"},
		{"first", mapping.Record{"manager": "m"}, "id2", `{"userName":"u"}`, "add " + manager + ` {"value":"id2"}` + "\n", "none so far"},
		{"not resolved", mapping.Record{"manager": "m"}, "", have, "", "out of scope: the reference is skipped"},
		{"none", nil, "", have, "remove " + manager + "\n", "FlowNulls clears"},
	}
	c := compiled(t, user(mapping.Direct("manager", manager).Clearing()), scim.UserType())
	for _, row := range rows {
		rec := mapping.Record{"userPrincipalName": "u", "manager": row.record["manager"]}
		res, err := c.Map(rec, mapping.Update)
		if err != nil {
			t.Fatal(err)
		}
		if row.id != "" {
			if err := res.References[0].Path.Set(res.Resource, scim.String(row.id)); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(row.want, operations(c.Diff(decoded(t, scim.UserType(), row.have), res))); diff != "" {
			t.Errorf("%s: %s (-want +got)\n%s", row.name, row.reason, diff)
		}
	}
}

func TestDiffLeavesMembers(t *testing.T) {
	c := compiled(t, mapping.EntraGroup(), scim.GroupType())
	res, err := c.Map(mapping.Record{"displayName": "g", "members": []string{"a"}}, mapping.Update)
	if err != nil {
		t.Fatal(err)
	}
	if p := c.Diff(decoded(t, scim.GroupType(), `{"displayName":"g","members":[{"value":"b"}]}`), res); p != nil {
		t.Errorf("members are a set and not a value:\n%s", operations(p))
	}
}

// drawRecord draws a source record of a few attributes and values, so that
// differences, equal values and silence all are frequent.
func drawRecord(t *rapid.T, label string) mapping.Record {
	rec := mapping.Record{"userPrincipalName": "u@example.com"}
	for _, name := range []string{"displayName", "jobTitle", "mail", "givenName", "surname", "physicalDeliveryOfficeName", "city", "mobile", "mailNickname", "department", "IsSoftDeleted"} {
		values := []any{nil, "", "x", "y", "本社"}
		if name == "IsSoftDeleted" {
			values = []any{nil, true, false, "True", "False"}
		}
		rec[name] = rapid.SampledFrom(values).Draw(t, label+"."+name)
	}
	return rec
}

// TestDiffLaws: applying the difference gives the owned paths the values that
// are wanted and changes nothing else; then there is no difference.
func TestDiffLaws(t *testing.T) {
	m := mapping.EntraUser()
	for i := range m.Rules {
		m.Rules[i].FlowNulls = i%2 == 0
	}
	clearing := compiled(t, m, scim.UserType())
	keeping := compiled(t, mapping.EntraUser(), scim.UserType())
	// What the mapping does not own and must survive.
	others := []string{"nickName", `ims[type eq "xmpp"].value`, `emails[type eq "home"].value`, `phoneNumbers[type eq "other"].value`}
	rapid.Check(t, func(t *rapid.T) {
		c := rapid.SampledFrom([]*mapping.Compiled{clearing, keeping}).Draw(t, "mapping")
		old, err := c.Map(drawRecord(t, "old"), mapping.Create)
		if err != nil {
			t.Fatal(err)
		}
		want, err := c.Map(drawRecord(t, "new"), mapping.Update)
		if err != nil {
			t.Fatal(err)
		}
		have := old.Resource.Clone()
		for _, path := range others {
			if err := have.Set(path, scim.String(path)); err != nil {
				t.Fatal(err)
			}
		}
		before, wanted := have.Clone(), string(want.Resource.AppendJSON(nil))
		patch := c.Diff(have, want)
		if string(have.AppendJSON(nil)) != string(before.AppendJSON(nil)) || string(want.Resource.AppendJSON(nil)) != wanted {
			t.Fatal("Diff has changed its arguments")
		}
		if patch == nil {
			patch = new(scim.Patch)
		}
		checkMinimal(t, patch, before, c)
		if len(patch.Operations) > 0 {
			if _, err := patch.Apply(have); err != nil {
				t.Fatalf("%v\n%s", err, operations(patch))
			}
		}
		checkOwned(t, c, before, have, want)
		for _, path := range others {
			if !have.Get(path).Equal(before.Get(path)) {
				t.Fatalf("%s is not owned and was changed by\n%s", path, operations(patch))
			}
		}
		if again := c.Diff(have, want); again != nil {
			t.Fatalf("a second difference:\n%safter\n%s", operations(again), operations(patch))
		}
	})
}

// TestDiffAddOnlyLaws: rules that only add leave every value that is there,
// and once they have added there is no difference.
func TestDiffAddOnlyLaws(t *testing.T) {
	list := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c", "d"}), 0, 4, rapid.ID[string])
	var mappings []*mapping.Compiled
	for _, kind := range []mapping.Apply{mapping.ValueAddOnly, mapping.AttributeAddOnly} {
		m := user(apply(mapping.Direct("mails", "emails"), kind), apply(mapping.Direct("jobTitle", "title"), kind))
		mappings = append(mappings, compiled(t, m, scim.UserType()))
	}
	rapid.Check(t, func(t *rapid.T) {
		c := rapid.SampledFrom(mappings).Draw(t, "mapping")
		rec := func(label string) mapping.Record {
			return mapping.Record{"userPrincipalName": "u", "mails": list.Draw(t, label+" mails"), "jobTitle": rapid.SampledFrom([]any{nil, "x", "y"}).Draw(t, label+" title")}
		}
		old, err := c.Map(rec("old"), mapping.Create)
		if err != nil {
			t.Fatal(err)
		}
		want, err := c.Map(rec("new"), mapping.Update)
		if err != nil {
			t.Fatal(err)
		}
		have := old.Resource.Clone()
		if patch := c.Diff(have, want); patch != nil {
			if _, err := patch.Apply(have); err != nil {
				t.Fatal(err)
			}
		}
		if again := c.Diff(have, want); again != nil {
			t.Fatalf("a second difference:\n%s", operations(again))
		}
		if title := old.Resource.Get("title"); !title.IsZero() && !have.Get("title").Equal(title) {
			t.Fatal("the title was replaced")
		}
		if text := string(have.Get("emails").AppendJSON(nil)); old.Resource.Get("emails").Len() > 0 {
			for mail := range old.Resource.Get("emails").All() {
				if !strings.Contains(text, mail.Get("value").Text()) {
					t.Fatalf("an e-mail address was removed: %s", text)
				}
			}
		}
	})
}

// checkMinimal: each operation is on an owned path, none twice, and changes
// the resource.
func checkMinimal(t *rapid.T, patch *scim.Patch, before *scim.Resource, c *mapping.Compiled) {
	owned := make(map[string]bool)
	for _, p := range c.Owned() {
		owned[p.String()] = true
	}
	for i, op := range patch.Operations {
		if !owned[op.Path] {
			t.Fatalf("%s is not owned, or changed twice", op.Path)
		}
		owned[op.Path] = false
		one := &scim.Patch{Operations: patch.Operations[i : i+1]}
		if changed, err := one.Apply(before.Clone()); err != nil || !changed {
			t.Fatalf("operation changes nothing (%v): %s", err, operations(one))
		}
		if has := !before.Get(op.Path).IsZero(); has == (op.Op == scim.OpAdd) {
			t.Fatalf("%s of %s, which the target has: %t", op.Op, op.Path, has)
		}
	}
}

// checkOwned: what has flowed is there, what was cleared is not, and the rest
// is as it was.
func checkOwned(t *rapid.T, c *mapping.Compiled, before, after *scim.Resource, want *mapping.Result) {
	cleared := make(map[*scim.Path]bool)
	for _, p := range want.Cleared {
		cleared[p] = true
	}
	for _, p := range c.Owned() {
		expected := p.Get(want.Resource)
		if expected.IsZero() && !cleared[p] {
			expected = p.Get(before)
		}
		if !p.Get(after).Equal(expected) {
			t.Fatalf("%s is not what is wanted", p)
		}
	}
}

// TestDiffAllocates: finding no difference costs what reading the paths does.
func TestDiffAllocates(t *testing.T) {
	c := compiled(t, mapping.ZohoOneUser(), scim.UserType())
	res, err := c.Map(zohoRecord(), mapping.Update)
	if err != nil {
		t.Fatal(err)
	}
	have, owned := res.Resource.Clone(), c.Owned()
	reading := testing.AllocsPerRun(100, func() {
		for _, p := range owned {
			p.Get(have)
			p.Get(res.Resource)
		}
	})
	if got := testing.AllocsPerRun(100, func() { c.Diff(have, res) }); got > reading {
		t.Errorf("%v allocations, and %v for reading the paths", got, reading)
	}
}

// TestMapAllocates: the rules add little to what setting the attributes by
// hand costs.
func TestMapAllocates(t *testing.T) {
	c := compiled(t, mapping.ZohoOneUser(), scim.UserType())
	byHand, rec := handWritten(t), zohoRecord()
	floor := testing.AllocsPerRun(100, func() { byHand(rec) })
	got := testing.AllocsPerRun(100, func() { _, _ = c.Map(rec, mapping.Create) })
	if got > floor+4 {
		t.Errorf("%v allocations, and %v by hand", got, floor)
	}
}
