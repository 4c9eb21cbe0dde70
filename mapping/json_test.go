package mapping_test

import (
	stdjson "encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"github.com/zohoscim/zohoscim/mapping"
)

// whole has every member of the JSON form.
const whole = `{"target":"User","off":["delete"],` +
	`"scope":[{"name":"Tokyo","clauses":[{"attribute":"city","operator":"EQUALS","value":"Tokyo"},{"attribute":"accountEnabled","operator":"IS TRUE"}]}],` +
	`"rules":[{"target":"userName","attribute":"userPrincipalName","matching":1},` +
	`{"target":"addresses[type eq \"work\"].formatted","fixed":"本社"},{"target":"active","fixed":true},` +
	`{"target":"nickName","fixed":9007199254740993},{"target":"locale","fixed":1.5},` +
	`{"target":"displayName","expression":"Join(\" \", [givenName], [surname])","default":"?","apply":"onCreate"},` +
	`{"target":"title","attribute":"jobTitle","flowNulls":true}]}`

func wholeMapping() mapping.Mapping {
	return mapping.Mapping{
		Target: "User", Off: []mapping.Action{mapping.Delete},
		Scope: mapping.Scope{{Name: "Tokyo", Clauses: []mapping.Clause{
			{Attribute: "city", Operator: mapping.Equals, Value: "Tokyo"}, {Attribute: "accountEnabled", Operator: mapping.IsTrue},
		}}},
		Rules: []mapping.Rule{
			mapping.Direct("userPrincipalName", "userName").Match(1),
			mapping.Fixed(`addresses[type eq "work"].formatted`, "本社"),
			mapping.Fixed("active", true),
			mapping.Fixed("nickName", int64(9007199254740993)),
			mapping.Fixed("locale", 1.5),
			mapping.Expression("displayName", `Join(" ", [givenName], [surname])`).OrDefault("?").CreateOnly(),
			mapping.Direct("jobTitle", "title").Clearing(),
		},
	}
}

func TestJSON(t *testing.T) {
	libraries := []struct {
		name      string
		marshal   func(any) ([]byte, error)
		unmarshal func([]byte, any) error
	}{
		{"go-json-experiment", func(v any) ([]byte, error) { return json.Marshal(v) }, func(b []byte, v any) error { return json.Unmarshal(b, v) }},
		{"encoding/json", stdjson.Marshal, stdjson.Unmarshal},
	}
	for _, lib := range libraries {
		t.Run(lib.name, func(t *testing.T) {
			var got mapping.Mapping
			if err := lib.unmarshal([]byte(whole), &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(wholeMapping(), got); diff != "" {
				t.Errorf("read (-want +got)\n%s", diff)
			}
			written, err := lib.marshal(wholeMapping())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(whole, string(written)); diff != "" {
				t.Errorf("written (-want +got)\n%s", diff)
			}
		})
	}
}

func TestJSONRefuses(t *testing.T) {
	rows := []struct{ in, place, detail, reason string }{
		{`{"target":"User","rulez":[]}`, "/rulez", "no such member", "a member that is not known"},
		{`{"rules":[{"target":"a"},{"target":"b","attribut":"c"}]}`, "/rules/1/attribut", "no such member", "in a rule"},
		{`{"Target":"User"}`, "/Target", "no such member", "names are case-sensitive"},
		{`{"target":"User","target":"Group"}`, "/target", "twice", "which one is meant?"},
		{`{"target":7}`, "/target", "type", "a number for a text"},
		{`{"rules":[{"matching":"1"}]}`, "/rules/0/matching", "type", "a text for a number"},
		{`{"rules":[{"apply":"Always"}]}`, "/rules/0/apply", "always, onCreate", "the word as it is spelt"},
		{`{"off":["remove"]}`, "/off/0", "update, create, delete", "the word as it is spelt"},
		{`{"rules":[{"fixed":{"x":1}}]}`, "/rules/0/fixed", "a string, a number", "a fixed value is a scalar"},
		{`{"rules":[{"default":["x"]}]}`, "/rules/0/default", "a string, a number", "so is a default"},
		{`{"rules":[{"fixed":1e999}]}`, "/rules/0/fixed", "too large", "not a number of Go"},
		{`{"rules":[{"target":"a"]}`, "/rules", "not JSON at byte 23", "a bracket for a brace"},
		{`{"rules":[{"tarket":"a"}]}`, "/rules/0/tarket", `did you mean "target"`, "the nearest name"},
		{`{"extensions":[{"id":"x"}]}`, "/extensions/0", "schema is wrong", "a schema without a URI"},
		{`[]`, "mapping", "type", "not an object"},
	}
	for _, row := range rows {
		m := mapping.Mapping{Target: "kept"}
		err := m.UnmarshalJSON([]byte(row.in))
		var e *mapping.Error
		if !errors.As(err, &e) || !errors.Is(err, mapping.ErrJSON) || e.Place != row.place || !strings.Contains(e.Detail, row.detail) {
			t.Errorf("%s: %v; want %q at %s (%s)", row.in, err, row.detail, row.place, row.reason)
		}
		if m.Target != "kept" {
			t.Errorf("%s: the mapping was changed", row.in)
		}
	}
	if _, err := json.Marshal(mapping.Rule{Apply: 9}); err == nil {
		t.Error("a value that is none of the constants is written")
	}
}

func TestJSONReportsAll(t *testing.T) {
	var m mapping.Mapping
	err := m.UnmarshalJSON([]byte(`{"rulez":1,"rules":[{"target":7},{"apply":"allways","matching":"x"}],"scope":[{"clauses":[{"operator":1}]}]}`))
	var mistakes mapping.Mistakes
	if !errors.As(err, &mistakes) {
		t.Fatal(err)
	}
	var got []string
	for _, e := range mistakes {
		got = append(got, e.Place)
	}
	if diff := cmp.Diff([]string{"/rulez", "/rules/0/target", "/rules/1/apply", "/rules/1/matching", "/scope/0/clauses/0/operator"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func FuzzJSON(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte(`{"rules":[{"fixed":-0.0},{"fixed":null},{"default":1e3}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var m, again mapping.Mapping
		if err := m.UnmarshalJSON(data); err != nil {
			if !errors.Is(err, mapping.ErrJSON) {
				t.Fatalf("%v is not ErrJSON", err)
			}
			return
		}
		first, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if err := again.UnmarshalJSON(first); err != nil {
			t.Fatal(err)
		}
		second, err := json.Marshal(again)
		if diff := cmp.Diff(string(first), string(second)); diff != "" || err != nil {
			t.Fatalf("written, read and written again (-first +second) %v\n%s", err, diff)
		}
	})
}
