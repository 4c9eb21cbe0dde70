package main

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

func TestRun(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	graph := file("graph.json", `{"synchronizationRules":[{"objectMappings":[{"targetObjectName":"User","sourceObjectName":"User","attributeMappings":[
		{"matchingPriority":1,"source":{"expression":"[upn]","type":"Attribute"},"targetAttributeName":"userName"},
		{"source":{"expression":"Join(\", \", \"\", [surname], [givenName])","type":"Function"},"targetAttributeName":"displayName"},
		{"source":{"expression":"[boss]","type":"Attribute"},"targetAttributeName":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager"},
		{"flowType":"ObjectAddOnly","source":{"expression":"SelectUniqueValue([a], [b])","type":"Function"},"targetAttributeName":"nickName"},
		{"source":{"expression":"Split([tags], \",\")","type":"Function"},"targetAttributeName":"urn:example:2.0:User:tags"}]}]}]}`)
	own := file("own.json", `{"target":"User","rules":[{"target":"userName","attribute":"upn","matching":1},{"target":"title","fixed":"本社"}]}`)
	bad := file("bad.json", `{"target":"User","rules":[{"target":"userName","attribute":"upn","matching":1},{"target":"titel","fixed":"x"},{"target":"title","expression":"Joi([a])"}]}`)
	record := file("record.json", `{"upn":"u@example.com","surname":"Doe","givenName":"John","boss":"b1","a":"jd","b":"jd2","tags":"x, y"}`)
	rows := []struct {
		name   string
		args   []string
		in     string
		want   string // of stdout
		errors []string
		usage  bool
	}{
		{name: "graph", args: []string{"-schema", graph, "-record", record}, want: `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User","urn:example:2.0:User"],"userName":"u@example.com","displayName":"Doe, John","nickName":"jd","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":"b1"}},"urn:example:2.0:User":{"tags":["x","y"]}}`},
		{name: "own form", args: []string{"-schema", own, "-record", "-"}, in: `{"upn":"u"}`, want: `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"u","title":"本社"}`},
		{name: "preset", args: []string{"-record", "-"}, in: `{"userPrincipalName":"u"}`, want: `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"u"}`},
		{name: "group", args: []string{"-record", "-", "-type", "Group"}, in: `{"displayName":"g","members":["a","b"]}`, want: `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"g","members":[{"value":"a"},{"value":"b"}]}`},
		{name: "every mistake", args: []string{"-schema", bad, "-record", record}, errors: []string{"rule 2 (titel)", "rule 3 (title)", "at character 1"}},
		{name: "no such mapping", args: []string{"-schema", graph, "-record", record, "-type", "Group"}, errors: []string{`no object mapping for "Group"`}},
		{name: "no schema", args: []string{"-schema", filepath.Join(dir, "none"), "-record", record}, errors: []string{"none"}},
		{name: "not JSON", args: []string{"-schema", own, "-record", "-"}, in: `{`, errors: []string{"record", "not JSON"}},
		{name: "not matched", args: []string{"-schema", own, "-record", "-"}, in: `{}`, want: `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"title":"本社"}`},
		{name: "value", args: []string{"-record", "-"}, in: `{"userPrincipalName":"u","jobTitle":["a","b"]}`, errors: []string{"rule 4 (title)", "several values"}},
		{name: "no record", args: []string{"-schema", own}, errors: []string{"-record is missing"}, usage: true},
		{name: "type", args: []string{"-record", "-", "-type", "Device"}, errors: []string{"User or Group"}, usage: true},
		{name: "argument", args: []string{"x"}, errors: []string{`"x" is not a flag`}, usage: true},
		{name: "flag", args: []string{"-x"}, errors: []string{"not defined"}, usage: true},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			var out, stderr strings.Builder
			err := run(strings.NewReader(row.in), &out, &stderr, row.args)
			if got := strings.TrimSpace(out.String()); got != row.want {
				t.Errorf("stdout is %s\nwant      %s\n%v", got, row.want, err)
			}
			if (err != nil) != (len(row.errors) > 0) || errors.Is(err, errUsage) != row.usage {
				t.Fatalf("error %v", err)
			}
			for _, part := range row.errors {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%v does not say %q", err, part)
				}
			}
		})
	}
}

func TestExplain(t *testing.T) {
	var out, stderr strings.Builder
	if err := run(strings.NewReader(`{"userPrincipalName":"u","jobTitle":"x"}`), &out, &stderr, []string{"-record", "-", "-explain"}); err != nil {
		t.Fatal(err)
	}
	if !jsontext.Value(out.String()).IsValid() {
		t.Errorf("stdout is not one JSON object: %s", out.String())
	}
	for _, part := range []string{"userPrincipalName=", "skipped null", "flowed", "in scope: true"} {
		if !strings.Contains(stderr.String(), part) {
			t.Errorf("%q is not in\n%s", part, stderr.String())
		}
	}
	if err := run(nil, &out, &stderr, []string{"-h"}); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("-h: %v", err)
	}
}
