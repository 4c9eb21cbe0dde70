package mapping_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zohoscim/zohoscim/mapping"
	"github.com/zohoscim/zohoscim/scim"
)

// body returns a resource's JSON without its schemas.
func body(r *scim.Resource) string {
	_, rest, _ := strings.Cut(string(r.AppendJSON(nil)), "]")
	return "{" + strings.TrimPrefix(rest, ",")
}

func TestMap(t *testing.T) {
	rows := []struct {
		name   string
		rules  []mapping.Rule
		record mapping.Record
		action mapping.Action
		want   string // beside userName
		reason string
	}{
		{"direct", []mapping.Rule{mapping.Direct("jobTitle", "title")}, mapping.Record{"jobTitle": "x"}, mapping.Update, `,"title":"x"`, "as it is"},
		{"name in another case", []mapping.Rule{mapping.Direct("jobTitle", "title")}, mapping.Record{"JobTitle": "x"}, mapping.Update, ``, "source names are case-sensitive"},
		{"missing", []mapping.Rule{mapping.Direct("jobTitle", "title")}, nil, mapping.Update, ``, "null is not flown"},
		{"empty", []mapping.Rule{mapping.Direct("jobTitle", "title")}, mapping.Record{"jobTitle": ""}, mapping.Update, ``, "an empty text is no value"},
		{"verbatim", []mapping.Rule{mapping.Direct("jobTitle", "title")}, mapping.Record{"jobTitle": "  ÄŁé  "}, mapping.Update, `,"title":"  ÄŁé  "`, "values are kept as they are"},
		{"fixed", []mapping.Rule{mapping.Fixed("title", "本社")}, nil, mapping.Update, `,"title":"本社"`, "for everyone, on update too"},
		{"fixed boolean", []mapping.Rule{mapping.Fixed("active", true)}, nil, mapping.Update, `,"active":true`, "a scalar of the target's type"},
		{"fixed number as text", []mapping.Rule{mapping.Fixed("title", 12)}, nil, mapping.Update, `,"title":"12"`, "a number has a text"},
		{"boolean from text", []mapping.Rule{mapping.Direct("enabled", "active")}, mapping.Record{"enabled": "False"}, mapping.Update, `,"active":false`, "Entra's spelling"},
		{"boolean from text in lower case", []mapping.Rule{mapping.Direct("enabled", "active")}, mapping.Record{"enabled": "true"}, mapping.Update, `,"active":true`, "any spelling"},
		{"boolean as text", []mapping.Rule{mapping.Direct("enabled", "title")}, mapping.Record{"enabled": true}, mapping.Update, `,"title":"True"`, "Entra's spelling"},
		{"numbers as text", []mapping.Rule{mapping.Direct("n", "title")}, mapping.Record{"n": 1e15}, mapping.Update, `,"title":"1000000000000000"`, "without an exponent"},
		{"int64", []mapping.Rule{mapping.Direct("n", "title")}, mapping.Record{"n": int64(math.MaxInt64)}, mapping.Update, `,"title":"9223372036854775807"`, "exact"},
		{"list of one", []mapping.Rule{mapping.Direct("phones", "title")}, mapping.Record{"phones": []any{nil, "x", ""}}, mapping.Update, `,"title":"x"`, "nil and empty are passed over"},
		{"list into list", []mapping.Rule{mapping.Direct("mails", "emails")}, mapping.Record{"mails": []string{"a@x", "", "b@x"}}, mapping.Update, `,"emails":[{"value":"a@x"},{"value":"b@x"}]`, "each is a value"},
		{"one into list", []mapping.Rule{mapping.Direct("mails", "emails")}, mapping.Record{"mails": "a@x"}, mapping.Update, `,"emails":[{"value":"a@x"}]`, "a list of one"},
		{"element", []mapping.Rule{mapping.Direct("mail", `emails[type eq "work"].value`), mapping.Fixed(`emails[type eq "work"].primary`, true)}, mapping.Record{"mail": "a@x"}, mapping.Update, `,"emails":[{"value":"a@x","type":"work","primary":true}]`, "two rules make one element"},
		{"extension", []mapping.Rule{mapping.Direct("department", enterprise+"department")}, mapping.Record{"department": "x"}, mapping.Update, `,"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"x"}`, "under its URN"},
		{"default on create", []mapping.Rule{mapping.Direct("jobTitle", "title").OrDefault("Staff")}, nil, mapping.Create, `,"title":"Staff"`, "default value if null"},
		{"default on create, not needed", []mapping.Rule{mapping.Direct("jobTitle", "title").OrDefault("Staff")}, mapping.Record{"jobTitle": "x"}, mapping.Create, `,"title":"x"`, "the source has a value"},
		{"default on update", []mapping.Rule{mapping.Direct("jobTitle", "title").OrDefault("Staff")}, nil, mapping.Update, ``, "used on create only"},
		{"create only, on create", []mapping.Rule{mapping.Direct("jobTitle", "title").CreateOnly()}, mapping.Record{"jobTitle": "x"}, mapping.Create, `,"title":"x"`, "only during object creation"},
		{"create only, on update", []mapping.Rule{mapping.Direct("jobTitle", "title").CreateOnly()}, mapping.Record{"jobTitle": "x"}, mapping.Update, ``, "only during object creation"},
		{"expression gives empty text", []mapping.Rule{mapping.Expression("title", `Coalesce([jobTitle], "")`)}, nil, mapping.Update, `,"title":""`, "an empty text of an expression is a value"},
		{"expression gives empty text for a boolean", []mapping.Rule{mapping.Expression("active", `Coalesce([enabled], "")`)}, nil, mapping.Update, ``, "but not where the type has none"},
		{"ignored flow", []mapping.Rule{mapping.Expression("title", `IgnoreFlowIfNullOrEmpty([jobTitle])`).OrDefault("Staff")}, nil, mapping.Create, ``, "out of the flow, the default too"},
		{"reference", []mapping.Rule{mapping.Direct("manager", enterprise+"manager")}, mapping.Record{"manager": "m1"}, mapping.Update, ``, "a reference is not in the resource"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			c := compiled(t, user(row.rules...), scim.UserType())
			rec := mapping.Record{"userPrincipalName": "u@x"}
			for name, v := range row.record {
				rec[name] = v
			}
			res, err := c.Map(rec, row.action)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(`{"userName":"u@x"`+row.want+`}`, body(res.Resource)); diff != "" {
				t.Errorf("%s (-want +got)\n%s", row.reason, diff)
			}
			if len(res.Cleared) > 0 {
				t.Errorf("cleared without FlowNulls: %v", res.Cleared)
			}
			for _, p := range res.Flowed {
				if p.Get(res.Resource).IsZero() {
					t.Errorf("%s has flowed and is not there", p)
				}
			}
		})
	}
}

func TestMapErrors(t *testing.T) {
	const secret = "s3cret-value"
	rows := []struct {
		name      string
		mapping   *mapping.Mapping
		record    mapping.Record
		want      error
		rule      int
		attribute string
		reason    string
	}{
		{"no matching attribute", user(), mapping.Record{"mail": secret}, mapping.ErrNoMatchingAttribute, 1, "userPrincipalName", "it could not be found in the target"},
		{"empty matching attribute", user(), mapping.Record{"userPrincipalName": ""}, mapping.ErrNoMatchingAttribute, 1, "userPrincipalName", "an empty text is no value"},
		{"matching expression", &mapping.Mapping{Target: "User", Rules: []mapping.Rule{mapping.Expression("userName", `Coalesce([a], "")`).Match(1)}}, nil, mapping.ErrNoMatchingAttribute, 1, "", "an empty text matches nothing"},
		{"boolean", user(mapping.Direct("enabled", "active")), mapping.Record{"enabled": secret}, mapping.ErrValue, 2, "enabled", "neither true nor false"},
		{"several values", user(mapping.Direct("phones", "title")), mapping.Record{"phones": []string{secret, secret + "2"}}, mapping.ErrValue, 2, "phones", "one is needed"},
		{"several managers", user(mapping.Direct("manager", enterprise+"manager")), mapping.Record{"manager": []string{secret, "b"}}, mapping.ErrValue, 2, "manager", "one is needed"},
		{"type", user(mapping.Direct("born", "title")), mapping.Record{"born": time.Time{}}, mapping.ErrValue, 2, "born", "not a type of Record"},
		{"list of types", user(mapping.Direct("born", "title")), mapping.Record{"born": []any{secret, []string{}}}, mapping.ErrValue, 2, "born", "lists do not nest"},
		{"not a number", user(mapping.Direct("n", "title")), mapping.Record{"n": math.NaN()}, mapping.ErrValue, 2, "n", "JSON has no such number"},
		{"in an expression", user(mapping.Expression("title", `ToLower([phones])`)), mapping.Record{"phones": []string{secret, "b"}}, mapping.ErrValue, 2, "phones", "one is needed"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			c := compiled(t, row.mapping, scim.UserType())
			if row.want == mapping.ErrValue {
				row.record["userPrincipalName"] = "u@x"
			}
			res, err := c.Map(row.record, mapping.Create)
			var e *mapping.Error
			if res != nil || !errors.Is(err, row.want) || !errors.As(err, &e) || e.Rule != row.rule || e.Attribute != row.attribute || e.Target == "" {
				t.Errorf("Map = %v; want %v of rule %d: %s", err, row.want, row.rule, row.reason)
			}
			if text := fmt.Sprintf("%v %+v", err, err); strings.Contains(text, secret) {
				t.Errorf("a value is in the error: %s", text)
			}
		})
	}
}

func TestMapReferences(t *testing.T) {
	group := compiled(t, mapping.EntraGroup(), scim.GroupType())
	clearing := compiled(t, user(mapping.Direct("manager", enterprise+"manager.value").Clearing()), scim.UserType())
	rows := []struct {
		name   string
		c      *mapping.Compiled
		record mapping.Record
		action mapping.Action
		want   []string
		reason string
	}{
		{"members", group, mapping.Record{"displayName": "g", "members": []any{"a", "b"}}, mapping.Update, []string{"members [a b]"}, "keys of the source"},
		{"one member", group, mapping.Record{"displayName": "g", "members": "a"}, mapping.Update, []string{"members [a]"}, "a list of one"},
		{"no members", group, mapping.Record{"displayName": "g", "members": []string{}}, mapping.Update, []string{"members []"}, "an empty list is an answer"},
		{"members unknown", group, mapping.Record{"displayName": "g"}, mapping.Update, nil, "silence is not"},
		{"manager", clearing, mapping.Record{"userPrincipalName": "u", "manager": "m"}, mapping.Update, []string{enterprise + "manager [m]"}, "the whole attribute, however it is written"},
		{"no manager", clearing, mapping.Record{"userPrincipalName": "u"}, mapping.Update, []string{enterprise + "manager []"}, "FlowNulls clears"},
		{"no manager on create", clearing, mapping.Record{"userPrincipalName": "u"}, mapping.Create, nil, "there is nothing to clear"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			res, err := row.c.Map(row.record, row.action)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, ref := range res.References {
				got = append(got, fmt.Sprintf("%s %v", ref.Path, ref.Keys))
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("%s (-want +got)\n%s", row.reason, diff)
			}
		})
	}
}

func TestMatching(t *testing.T) {
	c := compiled(t, &mapping.Mapping{Target: "User", Rules: []mapping.Rule{
		mapping.Direct("mail", `emails[type eq "work"].value`).Match(3),
		mapping.Direct("objectId", "externalId").Match(1).CreateOnly(),
		mapping.Expression("userName", `ToLower([upn])`).Match(2),
	}}, scim.UserType())
	rec := mapping.Record{"objectId": "o1", "upn": "User@Example.com"}
	var got []string
	for _, m := range c.Matching() {
		v, err := m.Value(rec)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, m.Path.String()+" "+v.Text())
	}
	want := []string{"externalId o1", "userName user@example.com", `emails[type eq "work"].value `}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("in the order of precedence, whatever Apply says (-want +got)\n%s", diff)
	}
	res, err := c.Map(mapping.Record{"objectId": "o1"}, mapping.Update)
	if err != nil {
		t.Fatalf("one matching attribute is enough, also one that is not updated: %v", err)
	}
	if len(res.Flowed) != 0 {
		t.Errorf("flowed on update: %v", res.Flowed)
	}
	if _, err := c.Matching()[2].Value(mapping.Record{"mail": []string{"a", "b"}}); !errors.Is(err, mapping.ErrValue) {
		t.Errorf("several values to match by: %v", err)
	}
}

func TestScope(t *testing.T) {
	clause := func(attribute string, op mapping.Operator, value string) mapping.Clause {
		return mapping.Clause{Attribute: attribute, Operator: op, Value: value}
	}
	record := mapping.Record{"city": "Tokyo", "enabled": true, "off": "False", "level": 3, "blank": "", "list": []string{"a", "b"}, "bad": struct{}{}}
	rows := []struct {
		clause mapping.Clause
		want   bool
		reason string
	}{
		{clause("city", mapping.Equals, "Tokyo"), true, "equal"},
		{clause("city", mapping.Equals, "tokyo"), false, "case-sensitive"},
		{clause("level", mapping.Equals, "3"), true, "a number by its text"},
		{clause("city", mapping.NotEquals, "Osaka"), true, "another"},
		{clause("city", mapping.NotEquals, "Tokyo"), false, "the same"},
		{clause("none", mapping.NotEquals, "Osaka"), false, "no value fails, whatever the operator"},
		{clause("blank", mapping.NotEquals, "Osaka"), false, "an empty text is no value"},
		{clause("list", mapping.NotEquals, "a"), false, "several values are not compared"},
		{clause("bad", mapping.NotEquals, "a"), false, "nor is what cannot be mapped"},
		{clause("enabled", mapping.IsTrue, ""), true, "true"},
		{clause("enabled", mapping.IsFalse, ""), false, "true"},
		{clause("off", mapping.IsFalse, ""), true, "a text"},
		{clause("none", mapping.IsFalse, ""), false, "null is not false"},
		{clause("city", mapping.IsTrue, ""), false, "neither"},
		{clause("none", mapping.IsNull, ""), true, "missing"},
		{clause("blank", mapping.IsNull, ""), true, "empty"},
		{clause("city", mapping.IsNull, ""), false, "a value"},
		{clause("list", mapping.IsNotNull, ""), true, "values"},
		{clause("City", mapping.IsNotNull, ""), false, "names are case-sensitive"},
	}
	for _, row := range rows {
		m := user()
		m.Scope = mapping.Scope{{Clauses: []mapping.Clause{row.clause}}}
		if got := compiled(t, m, scim.UserType()).Contains(record); got != row.want {
			t.Errorf("%v = %t: %s", row.clause, got, row.reason)
		}
	}
	for _, row := range []struct {
		clause mapping.Clause
		want   bool
		reason string
	}{
		{clause("city", mapping.RegexMatch, "^To.*o$"), true, "a pattern"}, {clause("city", mapping.RegexMatch, "kyo"), true, "anywhere in the value"}, {clause("city", mapping.RegexMatch, "tokyo"), false, "case-sensitive"},
		{clause("city", mapping.NotRegexMatch, "^O"), true, "no match"}, {clause("none", mapping.NotRegexMatch, "^O"), false, "no value fails"},
		{clause("city", mapping.Includes, "oky"), true, "a part"}, {clause("city", mapping.Includes, "OKY"), false, "case-sensitive"}, {clause("city", mapping.EndsWith, "kyo"), true, "the end"}, {clause("city", mapping.EndsWith, "Tok"), false, "not the end"},
		{clause("level", mapping.GreaterThan, "2"), true, "3 > 2"}, {clause("level", mapping.GreaterThan, "3"), false, "3 > 3"}, {clause("level", mapping.GreaterThanOrEquals, "3"), true, "3 >= 3"}, {clause("level", mapping.GreaterThan, "-10"), true, "numbers, not texts"}, {clause("city", mapping.GreaterThan, "1"), false, "not a number"},
		{clause("level", mapping.BitsSet, "2"), true, "11 & 10"}, {clause("level", mapping.BitsSet, "&H4"), false, "011 & 100"}, {clause("level", mapping.BitsClear, "4"), true, "the bit is not set"}, {clause("level", mapping.BitsClear, "1"), false, "it is"}, {clause("none", mapping.BitsClear, "1"), false, "no value fails"},
		{clause("city", "greater_than", "1"), false, "operators in any letter case"}, {clause("city", "ends with", "kyo"), true, "and with spaces"},
	} {
		m := user()
		m.Scope = mapping.Scope{{Clauses: []mapping.Clause{row.clause}}}
		if got := compiled(t, m, scim.UserType()).Contains(record); got != row.want {
			t.Errorf("%v = %t: %s", row.clause, got, row.reason)
		}
	}
	for _, bad := range []mapping.Clause{clause("a", mapping.RegexMatch, "(?=x)"), clause("a", mapping.GreaterThan, "x"), clause("a", mapping.Includes, ""), clause("a", mapping.BitsSet, "1.5")} {
		m := user()
		m.Scope = mapping.Scope{{Clauses: []mapping.Clause{bad}}}
		if _, err := mapping.Compile(m, scim.UserType()); !errors.Is(err, mapping.ErrScope) {
			t.Errorf("%v: %v", bad, err)
		}
	}
	yes, no := clause("enabled", mapping.IsTrue, ""), clause("city", mapping.Equals, "Osaka")
	groups := []struct {
		scope mapping.Scope
		want  bool
	}{
		{nil, true},
		{mapping.Scope{{Clauses: []mapping.Clause{yes, no}}}, false},
		{mapping.Scope{{Clauses: []mapping.Clause{no}}, {Clauses: []mapping.Clause{yes}}}, true},
		{mapping.Scope{{Clauses: []mapping.Clause{no}}, {Clauses: []mapping.Clause{yes, no}}}, false},
	}
	for i, row := range groups {
		m := user()
		m.Scope = row.scope
		if got := compiled(t, m, scim.UserType()).Contains(record); got != row.want {
			t.Errorf("scope %d = %t: groups are joined by OR, clauses by AND", i+1, got)
		}
	}
}

// TestTypes maps into attributes of every type, which the core schemas do not
// all have.
func TestTypes(t *testing.T) {
	typ, err := scim.NewResourceType("Device", &scim.Schema{ID: "urn:example:2.0:Device", Attributes: []*scim.Attribute{
		{Name: "name", Required: true}, {Name: "count", Type: scim.TypeInteger}, {Name: "load", Type: scim.TypeDecimal},
		{Name: "seen", Type: scim.TypeDateTime}, {Name: "key", Type: scim.TypeBinary}, {Name: "link", Type: scim.TypeReference},
		{Name: "tags", MultiValued: true},
	}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	c := compiled(t, &mapping.Mapping{Target: "Device", Rules: []mapping.Rule{
		mapping.Direct("name", "name").Match(1), mapping.Direct("count", "count"), mapping.Direct("load", "load").OrDefault(0.5), mapping.Direct("seen", "seen"),
		mapping.Direct("key", "key"), mapping.Direct("link", "link"), mapping.Direct("tags", "tags"),
	}}, typ)
	rec := mapping.Record{"name": "d", "count": "7", "seen": "2008-01-23T04:56:22Z", "key": "AAAA", "link": "https://example.com/", "tags": []string{"a", "b"}}
	res, err := c.Map(rec, mapping.Create)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"name":"d","count":7,"load":0.5,"seen":"2008-01-23T04:56:22Z","key":"AAAA","link":"https://example.com/","tags":["a","b"]}`
	if diff := cmp.Diff(want, body(res.Resource)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	have := decoded(t, typ, `{"schemas":["urn:example:2.0:Device"],"name":"d","count":7,"load":0.5,"tags":["b","a"]}`)
	res, err = c.Map(mapping.Record{"name": "d", "count": 7, "tags": []any{"a", "b"}}, mapping.Update)
	if err != nil {
		t.Fatal(err)
	}
	if p := c.Diff(have, res); p != nil {
		t.Errorf("equal values differ:\n%s", operations(p))
	}
	for _, bad := range []mapping.Record{{"count": "many"}, {"count": 1.5}, {"load": "x"}, {"seen": "today"}, {"key": "?"}} {
		bad["name"] = "d"
		if _, err := c.Map(bad, mapping.Update); !errors.Is(err, mapping.ErrValue) || !errors.Is(err, scim.ErrInvalidValue) {
			t.Errorf("%v: %v", bad, err)
		}
	}
}

func TestZeroValues(t *testing.T) {
	var c mapping.Compiled
	if _, err := c.Map(mapping.Record{"a": "b"}, mapping.Create); !errors.Is(err, mapping.ErrMapping) {
		t.Errorf("a zero Compiled maps: %v", err)
	}
	if v, err := (mapping.Match{}).Value(nil); err != nil || !v.IsZero() {
		t.Errorf("a zero Match has a value: %v", err)
	}
	if got := fmt.Sprint(mapping.Always, mapping.OnCreate, mapping.Update, mapping.Create, mapping.Delete, mapping.Action(9)); got != "always onCreate update create delete unknown (9)" {
		t.Error(got)
	}
}

// TestConcurrent is for the race detector.
func TestConcurrent(t *testing.T) {
	c, rec := compiled(t, mapping.EntraUser(), scim.UserType()), zohoRecord()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			res, err := c.Map(rec, mapping.Create)
			if err != nil || !c.Contains(rec) || c.Diff(res.Resource, res) != nil {
				t.Errorf("mapped by several goroutines: %v", err)
			}
		})
	}
	wg.Wait()
}
