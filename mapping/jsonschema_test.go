package mapping_test

import (
	stdjson "encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/zohoscim/zohoscim/mapping"
)

// conform checks a value against the keywords of JSON Schema that our
// document uses, and fails on any other keyword.
func conform(root, schema map[string]any, v any, at string) []string {
	var out []string
	fail := func(format string, args ...any) { out = append(out, at+": "+fmt.Sprintf(format, args...)) }
	for word, arg := range schema {
		switch word {
		case "$schema", "title", "description", "examples", "default", "$defs", "properties", "pattern":
		case "$ref":
			name := strings.TrimPrefix(arg.(string), "#/$defs/")
			out = append(out, conform(root, root["$defs"].(map[string]any)[name].(map[string]any), v, at)...)
		case "type":
			types, ok := arg.([]any)
			if !ok {
				types = []any{arg}
			}
			if !slices.ContainsFunc(types, func(t any) bool { return isType(t.(string), v) }) {
				fail("not of the type %v", arg)
			}
		case "enum":
			if !slices.Contains(arg.([]any), v) {
				fail("none of %v", arg)
			}
		case "const":
			if v != arg {
				fail("not %v", arg)
			}
		case "minLength", "maxLength":
			if s, ok := v.(string); ok && (float64(len(s)) < arg.(float64)) == (word == "minLength") && float64(len(s)) != arg.(float64) {
				fail("%s", word)
			}
		case "minItems":
			if list, ok := v.([]any); ok && float64(len(list)) < arg.(float64) {
				fail("too few")
			}
		case "minimum":
			if n, ok := v.(float64); ok && n < arg.(float64) {
				fail("too small")
			}
		case "uniqueItems":
			if list, ok := v.([]any); ok {
				for i := range list {
					if slices.Contains(list[:i], list[i]) {
						fail("twice")
					}
				}
			}
		case "items":
			if list, ok := v.([]any); ok {
				for i, item := range list {
					out = append(out, conform(root, arg.(map[string]any), item, fmt.Sprintf("%s/%d", at, i))...)
				}
			}
		case "oneOf":
			n := 0
			for _, one := range arg.([]any) {
				if len(conform(root, one.(map[string]any), v, at)) == 0 {
					n++
				}
			}
			if n != 1 {
				fail("%d of oneOf", n)
			}
		case "required", "additionalProperties":
			out = append(out, conformMembers(schema, word, v, at)...)
		default:
			fail("the keyword %s is not checked by this test", word)
		}
	}
	if properties, ok := schema["properties"].(map[string]any); ok {
		if members, ok := v.(map[string]any); ok {
			for name, value := range members {
				if sub, ok := properties[name].(map[string]any); ok {
					out = append(out, conform(root, sub, value, at+"/"+name)...)
				}
			}
		}
	}
	return out
}

func conformMembers(schema map[string]any, word string, v any, at string) (out []string) {
	members, ok := v.(map[string]any)
	if !ok {
		return nil
	}
	if word == "required" {
		for _, name := range schema[word].([]any) {
			if _, ok := members[name.(string)]; !ok {
				out = append(out, at+": lacks "+name.(string))
			}
		}
		return out
	}
	for name := range members {
		if _, ok := schema["properties"].(map[string]any)[name]; !ok {
			out = append(out, at+": no member "+name)
		}
	}
	return out
}

func isType(name string, v any) bool {
	switch name {
	case "object":
		_, ok := v.(map[string]any)
		return ok
	case "array":
		_, ok := v.([]any)
		return ok
	case "string":
		_, ok := v.(string)
		return ok
	case "boolean":
		_, ok := v.(bool)
		return ok
	case "integer":
		n, ok := v.(float64)
		return ok && n == float64(int64(n))
	}
	_, ok := v.(float64)
	return ok
}

func TestJSONSchema(t *testing.T) {
	schema := generic(t, mapping.JSONSchema()).(map[string]any)
	complete := wholeMapping()
	for _, m := range []*mapping.Mapping{mapping.EntraUser(), mapping.EntraGroup(), mapping.ZohoOneUser(), mapping.ZohoFieldsToUser(), mapping.UserToZohoFields(), &complete} {
		data, err := stdjson.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if wrong := conform(schema, schema, generic(t, data), ""); len(wrong) > 0 {
			t.Errorf("%s: %v", data, wrong)
		}
	}
	for _, bad := range []string{`{"rules":[]}`, `{"target":"User","rules":[{"target":"a"}]}`, `{"target":"User","rules":[{"target":"a","fixed":1,"attribute":"b"}]}`, `{"target":"User","rulez":1,"rules":[]}`, `{"target":"User","rules":[],"scope":[{"clauses":[{"attribute":"a","operator":"LIKE"}]}]}`} {
		if len(conform(schema, schema, generic(t, []byte(bad)), "")) == 0 {
			t.Errorf("%s conforms", bad)
		}
	}
}

// TestJSONSchemaMembers: the document has the members that the Go types have.
func TestJSONSchemaMembers(t *testing.T) {
	schema := generic(t, mapping.JSONSchema()).(map[string]any)
	defs := schema["$defs"].(map[string]any)
	for _, row := range []struct {
		typ  reflect.Type
		node any
	}{
		{reflect.TypeFor[mapping.Mapping](), schema}, {reflect.TypeFor[mapping.Rule](), defs["rule"]},
		{reflect.TypeFor[mapping.ScopeGroup](), defs["group"]}, {reflect.TypeFor[mapping.Clause](), defs["clause"]},
	} {
		properties := row.node.(map[string]any)["properties"].(map[string]any)
		for i := range row.typ.NumField() {
			name, _, _ := strings.Cut(row.typ.Field(i).Tag.Get("json"), ",")
			if _, ok := properties[name]; !ok {
				t.Errorf("%s.%s has no property %s", row.typ.Name(), row.typ.Field(i).Name, name)
			}
			delete(properties, name)
		}
		for name := range properties {
			t.Errorf("%s has no field %s", row.typ.Name(), name)
		}
	}
}
