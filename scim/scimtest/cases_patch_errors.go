package scimtest

import (
	"net/http"
	"slices"
)

// patchErrorCases: what RFC 7644 sections 3.5.2 and 3.12 refuse. Each case
// looks afterwards whether the user is as it was.
func patchErrorCases() []Case {
	// The RFC names the scimType of these; elsewhere it is optional.
	exact := []string{"no-target-value", "no-target-equal", "remove-without-path", "remove-required", "remove-read-only"}
	refused := func(id, rfc, explanation string, scimTypes []string, operations ...string) Case {
		c := Case{ID: "patch/refused/" + id, RFC: rfc, Level: Must, Needs: needs(FeaturePatch), Explanation: explanation, Steps: []Step{newUser("a", patchFull)}}
		for _, op := range operations {
			s := patch("/Users/${a}", op).refuses(scimTypes...)
			if slices.Contains(exact, id) {
				s = s.is("/scimType", `"`+scimTypes[0]+`"`)
			}
			c.Steps = append(c.Steps, s)
		}
		c.Steps = append(c.Steps, get("/Users/${a}").like(`{"id":"${a}","userName":"${unique}.a@example.com",`+patchFull+`}`))
		return c
	}
	body := func(id, explanation, text string) Case {
		return Case{
			ID: "patch/refused/" + id, RFC: "7644 §3.5.2", Level: Must, Needs: needs(FeaturePatch), Explanation: explanation,
			Steps: []Step{
				newUser("a", `"displayName":"A"`),
				request(http.MethodPatch, "/Users/${a}", text).refuses("invalidSyntax", "invalidValue"),
				get("/Users/${a}").like(`{"displayName":"A"}`),
			},
		}
	}
	strict := func(c Case) Case {
		c.Strict = true
		return c
	}
	return []Case{
		refused("no-target-value", "7644 §3.5.2.3", "A filter that selects no value is noTarget: it does not make one that it could not describe.", []string{"noTarget"},
			`{"op":"replace","path":"emails[value co \"nobody\"].type","value":"x"}`,
			`{"op":"replace","path":"emails[not (type pr)].value","value":"x@example.com"}`),
		strict(refused("no-target-equal", "7644 §3.5.2.3", "A filter that selects no value is noTarget.", []string{"noTarget"},
			`{"op":"replace","path":"emails[type eq \"other\"].value","value":"x@example.com"}`,
			`{"op":"replace","path":"emails[type eq \"other\"]","value":{"value":"x@example.com"}}`)),
		refused("remove-without-path", "7644 §3.5.2.2", "remove needs a path.", []string{"noTarget"},
			`{"op":"remove"}`, `{"op":"remove","value":{"displayName":"A"}}`),
		refused("remove-required", "7644 §3.5.2.2", "A required attribute cannot be removed.", []string{"mutability"},
			`{"op":"remove","path":"userName"}`),
		refused("remove-read-only", "7644 §3.5.2.2", "A read-only attribute cannot be removed.", []string{"mutability"},
			`{"op":"remove","path":"id"}`, `{"op":"remove","path":"meta.created"}`),
		refused("clear-required", "7644 §3.5.2", "A required attribute cannot be emptied either.", []string{"mutability", "invalidValue"},
			`{"op":"replace","path":"userName","value":null}`, `{"op":"replace","path":"userName","value":""}`, `{"op":"replace","value":{"userName":null}}`),
		refused("read-only", "7644 §3.5.2", "A read-only attribute cannot be changed.", []string{"mutability"},
			`{"op":"replace","path":"id","value":"x"}`, `{"op":"add","path":"meta.created","value":"2001-01-01T00:00:00Z"}`,
			`{"op":"replace","path":"meta","value":{"resourceType":"Group"}}`),
		refused("read-only-groups", "7643 §4.1.2", "Nobody joins a group through the user.", []string{"mutability"},
			`{"op":"add","path":"groups","value":[{"value":"x"}]}`).needing("User.groups"),
		refused("read-only-urn", "7644 §3.10", "The schema URI in front does not open a read-only attribute.", []string{"mutability"},
			`{"op":"add","path":"`+userSchema+`:groups","value":[{"value":"x"}]}`, `{"op":"add","path":"GROUPS[value eq \"x\"].display","value":"x"}`).needing("User.groups"),
		refused("unknown-attribute", "7644 §3.12", "A path to an attribute that no schema has is refused.", []string{"invalidPath", "noTarget"},
			`{"op":"remove","path":"emails.noSuchSubAttribute"}`, `{"op":"replace","path":"name.noSuchSubAttribute","value":"x"}`),
		refused("path-syntax", "7644 §3.12", "A path that cannot be read is invalidPath.", []string{"invalidPath", "invalidFilter"},
			`{"op":"replace","path":"emails[type eq \"work\"","value":"x"}`, `{"op":"replace","path":"name..givenName","value":"x"}`,
			`{"op":"replace","path":"emails[].value","value":"x"}`, `{"op":"replace","path":"displayName x","value":"x"}`),
		refused("path-filter", "7644 §3.12", "A filter with an operator that is not known is refused.", []string{"invalidFilter", "invalidPath"},
			`{"op":"replace","path":"emails[type like \"work\"].value","value":"x@example.com"}`),
		refused("path-not-a-text", "7644 §3.5.2", "A path is a text.", []string{"invalidPath", "invalidSyntax", "invalidValue"},
			`{"op":"replace","path":5,"value":"x"}`, `{"op":"replace","path":["displayName"],"value":"x"}`),
		refused("filter-on-single", "7644 §3.5.2", "A filter selects values of a multi-valued attribute only.", []string{"invalidPath", "invalidFilter", "noTarget"},
			`{"op":"replace","path":"displayName[value eq \"A\"]","value":"x"}`),
		refused("type", "7644 §3.12", "A value of another type is invalidValue.", []string{"invalidValue", "invalidSyntax"},
			`{"op":"replace","path":"displayName","value":{"a":{"b":1}}}`, `{"op":"replace","path":"name","value":"G F"}`, `{"op":"add","path":"emails","value":5}`),
		refused("type-boolean", "7644 §3.12", "A boolean does not take another text.", []string{"invalidValue", "invalidSyntax"},
			`{"op":"replace","path":"active","value":"perhaps"}`, `{"op":"replace","path":"active","value":1}`).needing("User.active"),
		refused("no-value", "7644 §3.5.2.1", "add has a value.", []string{"invalidValue", "invalidSyntax"},
			`{"op":"add","path":"displayName"}`, `{"op":"add"}`),
		refused("no-path-no-object", "7644 §3.5.2.3", "Without a path the value is a set of attributes.", []string{"invalidValue", "invalidSyntax"},
			`{"op":"replace","value":"x"}`, `{"op":"add","value":["x"]}`),
		refused("operation", "7644 §3.5.2", "op is add, remove or replace.", []string{"invalidSyntax", "invalidValue"},
			`{"op":"move","path":"displayName","value":"x"}`, `{"op":5,"path":"displayName","value":"x"}`, `{"path":"displayName","value":"x"}`),
		refused("two-primary", "7643 §2.4", "Two new values cannot both be primary.", []string{"invalidValue"},
			`{"op":"replace","path":"emails","value":[{"value":"a@example.com","primary":true},{"value":"b@example.com","primary":true}]}`),
		{
			ID: "patch/refused/atomic", RFC: "7644 §3.5.2", Level: Must, Needs: needs(FeaturePatch),
			Explanation: "If one operation fails, those before it are undone.",
			Steps: []Step{
				newUser("a", patchFull).capture("time", "/meta/lastModified"),
				patch("/Users/${a}", `{"op":"replace","path":"displayName","value":"B"}`, `{"op":"remove","path":"emails"}`, `{"op":"remove","path":"userName"}`).fails(http.StatusBadRequest, "mutability"),
				get("/Users/${a}").like(`{` + patchFull + `,"meta":{"lastModified":"${time}"}}`),
			},
		},
		{
			ID: "patch/refused/atomic-group", RFC: "7644 §3.5.2", Level: Must, Needs: needs(FeaturePatch, FeatureGroups),
			Explanation: "That holds for the members of a group.",
			Steps: []Step{
				newUser("a", ""), newUser("b", ""), newGroup("g", members("a")),
				patch("/Groups/${g}", `{"op":"add","path":"members","value":`+values("b")+`}`, `{"op":"remove","path":"members[value eq \"${a}\"]"}`, `{"op":"remove","path":"displayName"}`).
					fails(http.StatusBadRequest, "mutability"),
				get("/Groups/${g}").is("/members", values("a")).is("/displayName", `"${unique} g"`),
			},
		},
		body("body", "A body that is no PatchOp is invalidSyntax.", `{"schemas":["`+patchMessage+`"]}`),
		body("no-operations", "There is at least one operation.", `{"schemas":["`+patchMessage+`"],"Operations":[]}`),
		body("operations-no-array", "Operations is an array.", `{"schemas":["`+patchMessage+`"],"Operations":{"op":"remove","path":"displayName"}}`),
		body("operation-no-object", "An operation is an object.", `{"schemas":["`+patchMessage+`"],"Operations":["remove"]}`),
		body("malformed", "A body that is not JSON is refused.", `{"schemas":["`+patchMessage+`"],"Operations":[`),
		strict(body("schemas", "The body has the URI of PatchOp in schemas.", `{"Operations":[{"op":"remove","path":"displayName"}]}`)),
		strict(body("another-message", "Another message is no PatchOp.", `{"schemas":["`+searchMessage+`"],"Operations":[{"op":"remove","path":"displayName"}]}`)),
	}
}
