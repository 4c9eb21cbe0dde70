package mapping_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zohoscim/zohoscim/mapping"
	"github.com/zohoscim/zohoscim/scim"
)

func TestExplain(t *testing.T) {
	rows := []struct {
		rule    mapping.Rule
		action  mapping.Action
		outcome mapping.Outcome
		value   string
		reason  string
	}{
		{mapping.Direct("jobTitle", "title"), mapping.Update, mapping.Flowed, `"Engineer"`, "a value"},
		{mapping.Fixed("title", "本社"), mapping.Update, mapping.Flowed, `"本社"`, "a fixed value"},
		{mapping.Expression("title", "Redact([jobTitle])"), mapping.Update, mapping.Flowed, "[Redact]", "a value that is not shown"},
		{mapping.Direct("missing", "title"), mapping.Update, mapping.SkippedNull, "", "no value"},
		{mapping.Direct("missing", "title").OrDefault("x"), mapping.Create, mapping.FlowedBack, `"x"`, "the default"},
		{mapping.Direct("missing", "title").OrDefault("x"), mapping.Update, mapping.SkippedNull, "", "no default on update"},
		{mapping.Direct("missing", "title").Clearing(), mapping.Update, mapping.Cleared, "", "nulls flow"},
		{mapping.Direct("jobTitle", "title").CreateOnly(), mapping.Update, mapping.SkippedApply, "", "on create only"},
		{mapping.Expression("title", "IgnoreFlowIfNullOrEmpty([missing])"), mapping.Update, mapping.Ignored, "", "out of the flow"},
		{mapping.None("title"), mapping.Update, mapping.Ignored, "", "no source"},
		{mapping.Direct("manager", enterprise+"manager"), mapping.Update, mapping.Resolving, `["m1"]`, "a reference"},
		{mapping.Expression("title", "SelectUniqueValue([jobTitle], Append([jobTitle], \"2\"))").CreateOnly(), mapping.Create, mapping.Choosing, `["Engineer","Engineer2"]`, "candidates"},
		{mapping.Direct("jobTitle", "active"), mapping.Update, mapping.Failed, "", "not a boolean"},
	}
	rec := mapping.Record{"userPrincipalName": "u", "jobTitle": "Engineer", "manager": "m1"}
	for _, row := range rows {
		c := compiled(t, user(row.rule), scim.UserType())
		e := c.Explain(rec, row.action)
		if len(e.Flows) != 2 || !e.InScope || !e.Matched {
			t.Fatalf("%s: %+v", row.reason, e)
		}
		if f := e.Flows[1]; f.Outcome != row.outcome || f.Value != row.value || f.Target != row.rule.Target || f.Rule != 2 {
			t.Errorf("%+v; want %s %s: %s", f, row.outcome, row.value, row.reason)
		}
		if (e.Err != nil) != (row.outcome == mapping.Failed) {
			t.Errorf("%s: %v", row.reason, e.Err)
		}
		if e.Err == nil {
			res, err := c.Map(rec, row.action)
			if err != nil || string(res.Resource.AppendJSON(nil)) != string(e.Result.Resource.AppendJSON(nil)) {
				t.Errorf("%s: Explain and Map differ: %v", row.reason, err)
			}
		}
	}
}

func TestExplainInputs(t *testing.T) {
	c := compiled(t, user(mapping.Expression("title", `Append(Join(",", [list]), SingleAppRoleAssignment([roles]))`)), scim.UserType())
	rec := mapping.Record{"userPrincipalName": "u", "list": []any{"a", 1}, "roles": []any{map[string]any{"value": "r", "id": "1"}}, "level": 7}
	want := []mapping.Input{{Attribute: "list", Value: `["a","1"]`}, {Attribute: "roles", Value: `[{"id":"1","value":"r"}]`}}
	if diff := cmp.Diff(want, c.Explain(rec, mapping.Update).Flows[1].Inputs); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestExplainTable(t *testing.T) {
	m := user(mapping.Expression("title", "Append([secret], Redact(\"x\"))"), mapping.Direct("line", "nickName"))
	m.Scope = mapping.Scope{{Clauses: []mapping.Clause{{Attribute: "city", Operator: mapping.IsNotNull}}}}
	e := compiled(t, m, scim.UserType()).Explain(mapping.Record{"secret": "s3cret", "line": "a\nb"}, mapping.Create)
	if e.InScope || e.Matched || !errors.Is(e.Err, mapping.ErrNoMatchingAttribute) {
		t.Errorf("%+v", e)
	}
	var b strings.Builder
	if err := e.WriteTable(&b); err != nil {
		t.Fatal(err)
	}
	if text := b.String(); strings.Contains(text, "s3cret") || strings.Count(text, "\n") != 5 || !strings.Contains(text, "in scope: false") {
		t.Error(text)
	}
}

func TestEntraPatch(t *testing.T) {
	in := &scim.Patch{Operations: []scim.Operation{
		{Op: scim.OpReplace, Path: "active", Value: []byte("false")},
		{Op: scim.OpAdd, Path: "nickName", Value: []byte(`"Babs"`)},
		{Op: scim.OpRemove, Path: `members[value eq "u1091"]`},
		{Op: scim.OpRemove, Path: "title"},
		{Op: scim.OpReplace, Path: enterprise + "manager", Value: []byte(`{"value":"m1"}`)},
		{Op: scim.OpReplace, Value: []byte(`{"displayName":"Bjfe","active":true}`)},
		{Op: scim.OpAdd, Path: "members", Value: []byte(`[{"value":"u1"}]`)},
	}}
	before := operations(in)
	const want = `Replace active "False"
Add nickName "Babs"
Remove members [{"value":"u1091"}]
Remove title
Replace ` + enterprise + `manager "m1"
Replace displayName "Bjfe"
Replace active "True"
Add members [{"value":"u1"}]
`
	if diff := cmp.Diff(want, operations(mapping.EntraPatch(in))); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if operations(in) != before || mapping.EntraPatch(nil) != nil {
		t.Error("the patch itself has changed")
	}
}

func TestRecordJSON(t *testing.T) {
	var rec mapping.Record
	if err := rec.UnmarshalJSON([]byte(`{"s":"x","b":true,"i":7,"f":1.5,"n":null,"l":["a",1],"o":{"id":"1"}}`)); err != nil {
		t.Fatal(err)
	}
	want := mapping.Record{"s": "x", "b": true, "i": int64(7), "f": 1.5, "n": nil, "l": []any{"a", int64(1)}, "o": map[string]any{"id": "1"}}
	if diff := cmp.Diff(want, rec); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for _, bad := range []string{``, `[]`, `{"a":1,"a":2}`, `{"a":1} x`, "{\"a\":\"\xff\"}"} {
		if err := rec.UnmarshalJSON([]byte(bad)); !errors.Is(err, mapping.ErrJSON) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestEnv(t *testing.T) {
	c := compiled(t, user(mapping.Expression("title", "Now()")), scim.UserType())
	rec := mapping.Record{"userPrincipalName": "u"}
	if _, err := c.Map(rec, mapping.Create); !errors.Is(err, mapping.ErrEnv) {
		t.Errorf("no time: %v", err)
	}
	res, err := c.WithEnv(mapping.Env{Now: noon}).Map(rec, mapping.Create)
	if err != nil || res.Resource.Get("title").Text() != "3/16/2020 12:00:00 PM" {
		t.Errorf("%v, %v", res, err)
	}
	if _, err := c.Map(rec, mapping.Create); !errors.Is(err, mapping.ErrEnv) {
		t.Errorf("WithEnv has changed the Compiled: %v", err)
	}
	match := compiled(t, &mapping.Mapping{Target: "User", Rules: []mapping.Rule{mapping.Expression("userName", `Join("-", [a], Now())`).Match(1)}}, scim.UserType()).WithEnv(mapping.Env{Now: noon}).Matching()
	if v, err := match[0].Value(mapping.Record{"a": "x"}); err != nil || v.Text() != "x-3/16/2020 12:00:00 PM" {
		t.Errorf("matching: %v, %v", v, err)
	}
}

func TestResourceType(t *testing.T) {
	base, err := mapping.EntraUser().ResourceType()
	if err != nil || base != scim.UserType() {
		t.Errorf("nothing is added: %v", err)
	}
	if _, err := (&mapping.Mapping{Target: "Device"}).ResourceType(); !errors.Is(err, mapping.ErrMapping) {
		t.Errorf("not a type of the core: %v", err)
	}
	m := user(mapping.Direct("a", enterprise+"own"))
	if typ, err := m.ResourceType(); err != nil || typ != scim.UserType() {
		t.Errorf("an attribute that the enterprise extension lacks is a mistake and not made up: %v", err)
	}
	m.Extensions = []*scim.Schema{{ID: scim.SchemaEnterpriseUser, Attributes: []*scim.Attribute{{Name: "own"}}}}
	typ, err := m.ResourceType()
	if err != nil {
		t.Fatal(err)
	}
	compiled(t, m, typ)
	m.Extensions = []*scim.Schema{{ID: "urn:x:y", Attributes: []*scim.Attribute{{Name: "not a name"}}}}
	if _, err := m.ResourceType(); !errors.Is(err, mapping.ErrMapping) {
		t.Errorf("a definition that is wrong: %v", err)
	}
}

var noon = time.Date(2020, 3, 16, 12, 0, 0, 0, time.UTC)
