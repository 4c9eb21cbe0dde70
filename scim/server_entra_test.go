package scim

import (
	"strings"
	"testing"
)

const (
	patchOf  = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[%]}`
	entURN   = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	userBody = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
 "externalId":"0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef","userName":"Test_User_00aa","active":true,
 "emails":[{"primary":true,"type":"work","value":"Test_User_11bb@testuser.com"}],
 "meta":{"resourceType":"User"},"name":{"formatted":"givenName familyName","familyName":"familyName","givenName":"givenName"},"roles":[]}`
	groupBody = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group","http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
 "externalId":"8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159","displayName":"displayName","meta":{"resourceType":"Group"}}`
)

func patchBody(ops string) string { return strings.Replace(patchOf, "%", ops, 1) }

func TestEntraUserVectors(t *testing.T) {
	c := newTestServer(t, nil)
	none := c.want(200, "GET", `/Users?filter=userName+eq+%22non-existent+user%22`, "")
	if none.at("totalResults") != "0" || none.at("Resources") != "[]" {
		t.Errorf("no hit must be an empty list: %s", none.body)
	}
	created := c.want(201, "POST", "/Users", userBody)
	id := created.json["id"].(string)
	if got := created.header.Get("Location"); got != c.base+"/Users/"+id {
		t.Errorf("Location is %q", got)
	}
	for _, q := range []string{
		`/Users?filter=userName+eq+%22Test_User_00aa%22`, `/Users/?filter=userName%20eq%20%22TEST_USER_00AA%22`,
		`/Users?filter=externalId+eq+%220a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef%22`,
		`/Users?filter=externalId+eq+0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef`,
		`/Users?filter=emails%5Btype+eq+%22work%22%5D.value+eq+%22Test_User_11bb@testuser.com%22`,
		`/Users?filter=emails[type+eq+%22work%22+and+primary+eq+%22True%22].value+eq+%22test_user_11bb@testuser.com%22&aadOptscim062020`,
	} {
		if got := c.want(200, "GET", q, ""); got.at("totalResults") != "1" || got.at("Resources/0/id") != `"`+id+`"` {
			t.Errorf("%s: %s", q, got.body)
		}
	}
	if got := c.want(409, "POST", "/Users", userBody); got.at("scimType") != `"uniqueness"` {
		t.Errorf("a duplicate is uniqueness: %s", got.body)
	}
	c.want(200, "GET", "/Users/"+id, "")
	c.want(404, "GET", "/Users/5171a35d82074e068ce2", "")
	got := c.want(200, "PATCH", "/Users/"+id, patchBody(`{"op":"Replace","path":"emails[type eq \"work\"].value","value":"updatedEmail@microsoft.com"},{"op":"Replace","path":"name.familyName","value":"updatedFamilyName"}`))
	if got.at("emails/0/value") != `"updatedEmail@microsoft.com"` || got.at("name/familyName") != `"updatedFamilyName"` || got.at("name/givenName") != `"givenName"` {
		t.Errorf("V6: %s", got.body)
	}
	c.want(200, "PATCH", "/Users/"+id, patchBody(`{"op":"Replace","path":"userName","value":"5b50642d@testuser.com"}`))
	if got := c.want(200, "PATCH", "/Users/"+id, patchBody(`{"op":"Replace","path":"active","value":false}`)); got.at("active") != "false" {
		t.Errorf("V8: %s", got.body)
	}
	if got := c.want(200, "GET", `/Users?filter=userName+eq+%225b50642d@testuser.com%22`, ""); got.at("totalResults") != "1" {
		t.Error("a deactivated user must still be found")
	}
	c.want(204, "DELETE", "/Users/"+id, "")
	c.want(404, "DELETE", "/Users/"+id, "")
	c.want(404, "GET", "/Users/"+id, "")
}

func TestEntraGroupVectors(t *testing.T) {
	c := newTestServer(t, nil)
	user := c.create("/Users", userBody)
	if got := c.want(200, "GET", `/Groups?excludedAttributes=members&filter=displayName+eq+%22displayName%22`, ""); got.at("totalResults") != "0" {
		t.Error(got.body)
	}
	id := c.create("/Groups", groupBody)
	c.want(409, "POST", "/Groups", groupBody)
	c.want(204, "PATCH", "/Groups/"+id, patchBody(`{"op":"Replace","path":"displayName","value":"updatedDisplayName"}`))
	c.want(204, "PATCH", "/Groups/"+id, patchBody(`{"op":"Add","path":"members","value":[{"$ref":null,"value":"`+user+`"}]}`))
	c.want(204, "PATCH", "/Groups/"+id, patchBody(`{"op":"Add","path":"members","value":[{"$ref":null,"value":"f648f8d5ea4e4cd38e9c"}]}`))
	got := c.want(200, "GET", "/Groups/"+id, "")
	if got.at("members/0/value") != `"`+user+`"` || got.at("members/0/type") != `"User"` || got.at("members/0/$ref") != `"`+c.base+"/Users/"+user+`"` {
		t.Errorf("member: %s", got.body)
	}
	if got := c.want(200, "GET", "/Groups/"+id+"?excludedAttributes=members", ""); got.at("members") != "absent" {
		t.Errorf("G3: %s", got.body)
	}
	if got := c.want(200, "GET", `/Groups?excludedAttributes=members&filter=displayName+eq+%22UPDATEDdisplayName%22`, ""); got.at("totalResults") != "1" || strings.Contains(got.body, "members") {
		t.Errorf("G1: %s", got.body)
	}
	if got := c.want(200, "GET", "/Users/"+user, ""); got.at("groups/0/value") != `"`+id+`"` || got.at("groups/0/display") != `"updatedDisplayName"` {
		t.Errorf("User.groups: %s", got.body)
	}
	c.want(204, "PATCH", "/Groups/"+id, patchBody(`{"op":"Remove","path":"members","value":[{"$ref":null,"value":"`+user+`"}]}`))
	if got := c.want(200, "GET", "/Groups/"+id, ""); got.at("members/0/value") != `"f648f8d5ea4e4cd38e9c"` || got.at("members/1") != "absent" {
		t.Errorf("G6 must remove the listed member only: %s", got.body)
	}
	c.want(204, "PATCH", "/Groups/"+id, patchBody(`{"op":"remove","path":"members[value eq \"f648f8d5ea4e4cd38e9c\"]"}`))
	c.want(204, "DELETE", "/Groups/"+id, "")
	if got := c.want(200, "GET", "/Schemas", ""); got.at("totalResults") != "3" {
		t.Errorf("G8: %s", got.at("totalResults"))
	}
}

// TestPatchShapes replays the operations that Entra and Okta are known to
// send, each on a fresh user.
func TestPatchShapes(t *testing.T) {
	const user = `{"schemas":["` + SchemaUser + `"],"userName":"u","displayName":"D","externalId":"E","name":{"givenName":"G","familyName":"F"},
 "emails":[{"type":"work","value":"w@example.com","primary":true},{"type":"home","value":"h@example.com"}],
 "` + entURN + `":{"manager":{"value":"boss"},"department":"Dep"}}`
	for _, tt := range []struct {
		reason, ops string
		status      int
		want        map[string]string // path: JSON
	}{
		{"default shape disables with a string", `{"op":"Replace","path":"active","value":"False"}`, 200, map[string]string{"active": "false"}},
		{"shape of the feature flag", `{"op":"replace","path":"active","value":false}`, 200, map[string]string{"active": "false"}},
		{"Q1: Add when the attribute was not in the answer", `{"op":"Add","path":"active","value":"False"}`, 200, map[string]string{"active": "false"}},
		{"Q2: any case", `{"op":"Add","path":"active","value":"FALSE"}`, 200, map[string]string{"active": "false"}},
		{"Q3: without a path", `{"op":"replace","value":{"active":"False"}}`, 200, map[string]string{"active": "false"}},
		{"Q3: below a value filter", `{"op":"replace","path":"emails[type eq \"home\"].primary","value":"True"}`, 200, map[string]string{"emails/1/primary": "true", "emails/0/primary": "false"}},
		{"a text that is no boolean", `{"op":"Replace","path":"active","value":"perhaps"}`, 400, nil},
		{"add a single value", `{"op":"Add","path":"nickName","value":"Babs"}`, 200, map[string]string{"nickName": `"Babs"`}},
		{"several, default shape", `{"op":"Replace","path":"displayName","value":"Pvlo"},{"op":"Replace","path":"emails[type eq \"work\"].value","value":"TestBcwqnm@test.microsoft.com"},{"op":"Replace","path":"name.givenName","value":"Gtfd"},{"op":"Replace","path":"externalId","value":"Eqpj"},{"op":"Replace","path":"` + entURN + `:employeeNumber","value":"Eqpj"}`, 200,
			map[string]string{"displayName": `"Pvlo"`, "emails/0/value": `"TestBcwqnm@test.microsoft.com"`, "name/givenName": `"Gtfd"`, "name/familyName": `"F"`, "externalId": `"Eqpj"`, entURN + "/employeeNumber": `"Eqpj"`, entURN + "/department": `"Dep"`}},
		{"several, flag shape: keys are paths", `{"op":"replace","path":"emails[type eq \"work\"].value","value":"TestMhvaes@test.microsoft.com"},{"op":"replace","value":{"displayName":"Bjfe","name.givenName":"Kkom","name.familyName":"Unua","` + entURN + `:employeeNumber":"Aklq"}}`, 200,
			map[string]string{"displayName": `"Bjfe"`, "name": `{"familyName":"Unua","givenName":"Kkom"}`, entURN + "/employeeNumber": `"Aklq"`}},
		{"Q4: an array around one value", `{"op":"Replace","path":"displayName","value":[{"$ref":null,"value":"User x"}]}`, 200, map[string]string{"displayName": `"User x"`}},
		{"Q5: the old manager form without its URN", `{"op":"Add","path":"manager","value":[{"$ref":"http://x/scim/Users/2819","value":"2819"}]}`, 200, map[string]string{entURN + "/manager/value": `"2819"`}},
		{"Q6: today's manager is a bare id", `{"op":"Add","path":"` + entURN + `:manager","value":"2819"}`, 200, map[string]string{entURN + "/manager/value": `"2819"`}},
		{"Q7: empty text clears the manager", `{"op":"Replace","path":"` + entURN + `:manager","value":""}`, 200, map[string]string{entURN + "/manager": "absent"}},
		{"Q7: empty value clears the manager", `{"op":"Replace","path":"` + entURN + `:manager","value":{"value":""}}`, 200, map[string]string{entURN + "/manager": "absent"}},
		{"Q7: remove", `{"op":"Remove","path":"` + entURN + `:manager"}`, 200, map[string]string{entURN + "/manager": "absent"}},
		{"Q7: remove by a filter", `{"op":"remove","path":"manager[value eq \"boss\"]"}`, 200, map[string]string{entURN + "/manager": "absent"}},
		{"Q9: a filtered path makes the element", `{"op":"Add","path":"phoneNumbers[type eq \"work\"].value","value":"1"},{"op":"Replace","path":"phoneNumbers[type eq \"fax\"].value","value":"2"}`, 200, map[string]string{"phoneNumbers": `[{"type":"work","value":"1"},{"type":"fax","value":"2"}]`}},
		{"Q10: address and department", `{"op":"Add","path":"addresses[type eq \"work\"].formatted","value":"18/2111"},{"op":"Add","path":"` + entURN + `:department","value":"X"}`, 200, map[string]string{"addresses": `[{"formatted":"18/2111","type":"work"}]`, entURN + "/department": `"X"`}},
		{"Q11: remove with a value", `{"op":"Remove","path":"emails[type eq \"work\"].value","value":"w@example.com"}`, 200, map[string]string{"emails": `[{"type":"home","value":"h@example.com"}]`}},
		{"Q13: text compared with a boolean", `{"op":"add","path":"roles[primary eq \"True\"].display","value":"a"},{"op":"add","path":"roles[primary eq \"True\"].value","value":"b"}`, 200, map[string]string{"roles": `[{"display":"a","primary":true,"value":"b"}]`}},
		{"Q16: JSON inside a string stays a string", `{"op":"Add","path":"roles","value":[{"value":"{\"id\":\"06b0\"}"}]}`, 200, map[string]string{"roles/0/value": `"{\"id\":\"06b0\"}"`}},
		{"Q17: the whole set is replaced", `{"op":"add","path":"roles","value":[{"value":"old"}]},{"op":"replace","path":"roles","value":[{"primary":false,"type":"T","display":"User","value":"User"}]}`, 200, map[string]string{"roles": `[{"display":"User","primary":false,"type":"T","value":"User"}]`}},
		{"Okta repeats the id in the value", `{"op":"replace","value":{"id":"abf4dd94","displayName":"N"}}`, 200, map[string]string{"displayName": `"N"`}},
		{"a null path is no path", `{"op":"replace","path":null,"value":{"displayName":"N"}}`, 200, map[string]string{"displayName": `"N"`}},
		{"null update", `{"op":"replace","path":"title","value":"x"},{"op":"replace","path":"title","value":null}`, 200, map[string]string{"title": "absent"}},
		{"an extension as an object", `{"op":"replace","value":{"` + entURN + `":{"costCenter":"C"}}}`, 200, map[string]string{entURN + "/costCenter": `"C"`, entURN + "/department": `"Dep"`}},
		{"values to remove that are named by their type", `{"op":"remove","path":"emails","value":{"type":"home"}}`, 200, map[string]string{"emails": `[{"primary":true,"type":"work","value":"w@example.com"}]`}},
		{"several values to remove", `{"op":"remove","path":"emails","value":[{"value":"w@example.com"},{"type":"home","value":"h@example.com"},{"value":"x"}]}`, 200, map[string]string{"emails": "absent"}},
		{"an empty object names no sub-attribute to change", `{"op":"replace","path":"name","value":{}},{"op":"add","value":{"name":{}}},{"op":"replace","path":"emails[type eq \"work\"]","value":{}}`, 200, map[string]string{"name": `{"familyName":"F","givenName":"G"}`, "emails/0/value": `"w@example.com"`}},
		{"to add nothing changes nothing", `{"op":"add","path":"emails","value":[]},{"op":"add","path":"title","value":null},{"op":"add","value":{"emails":null,"displayName":null}}`, 200, map[string]string{"emails/1/value": `"h@example.com"`, "displayName": `"D"`}},
		{"to replace with nothing removes", `{"op":"replace","path":"emails","value":[]},{"op":"replace","value":{"displayName":null,"name":{"givenName":null}}}`, 200, map[string]string{"emails": "absent", "displayName": "absent", "name": `{"familyName":"F"}`}},
		{"an added empty text clears a manager", `{"op":"Add","path":"` + entURN + `:manager","value":""}`, 200, map[string]string{entURN + "/manager": "absent"}},
		{"so does an empty id", `{"op":"Replace","path":"` + entURN + `:manager.value","value":""}`, 200, map[string]string{entURN + "/manager": "absent"}},
		{"a manager with its read-only name", `{"op":"replace","path":"` + entURN + `:manager","value":{"value":"new","displayName":"N"}}`, 200, map[string]string{entURN + "/manager": `{"value":"new"}`}},
		{"the URI of the core schema as a path", `{"op":"add","path":"` + SchemaUser + `","value":{"title":"T"}},{"op":"add","value":{"` + SchemaUser + `":{"nickName":"N"}}}`, 200, map[string]string{"title": `"T"`, "nickName": `"N"`}},
		{"schemas follow from the rest", `{"op":"add","path":"schemas","value":["urn:x"]},{"op":"replace","value":{"schemas":["urn:x"]}},{"op":"remove","path":"schemas"}`, 200, map[string]string{"schemas": `["` + SchemaUser + `","` + entURN + `"]`}},
		{"what is not there can be removed", `{"op":"remove","path":"emails[type eq \"other\"]"},{"op":"remove","path":"emails[type eq \"work\"].display"},{"op":"remove","path":"title"}`, 200, map[string]string{"emails/1/value": `"h@example.com"`}},
		{"an element that changes what selects it is one element still", `{"op":"replace","path":"emails[type eq \"work\"]","value":{"type":"other","value":"o@example.com"}}`, 200, map[string]string{"emails": `[{"primary":true,"type":"other","value":"o@example.com"},{"type":"home","value":"h@example.com"}]`}},
		{"an added value that is there already", `{"op":"add","path":"emails","value":[{"type":"home","value":"h@example.com"},{"value":"n"},{"value":"n"}]}`, 200, map[string]string{"emails/2": `{"value":"n"}`, "emails/3": "absent"}},
		{"an added primary value takes over", `{"op":"add","path":"emails","value":[{"value":"n","primary":true}]}`, 200, map[string]string{"emails/0/primary": "false", "emails/2/primary": "true"}},
		{"a replaced list says itself which one is primary", `{"op":"replace","path":"emails","value":[{"value":"a"},{"value":"b","primary":true}]}`, 200, map[string]string{"emails": `[{"value":"a"},{"primary":true,"value":"b"}]`}},
		{"a replaced list with two", `{"op":"replace","path":"emails","value":[{"value":"a","primary":true},{"value":"b","primary":true}]}`, 400, nil},
		{"read-only attribute of an extension's object", `{"op":"replace","value":{"` + entURN + `":{"manager":{"displayName":"x"}}}}`, 200, map[string]string{entURN + "/manager": `{"value":"boss"}`}},
		{"read-only attribute", `{"op":"replace","path":"groups","value":[{"value":"g"}]}`, 400, nil},
		{"read-only attribute without a path", `{"op":"replace","value":{"groups":[{"value":"g"}]}}`, 400, nil},
		{"required attribute", `{"op":"remove","path":"userName"}`, 400, nil},
		{"unknown attribute in a path", `{"op":"replace","path":"colour","value":"red"}`, 400, nil},
		{"remove without a path", `{"op":"remove"}`, 400, nil},
		{"unknown operation", `{"op":"merge","path":"title","value":"x"}`, 400, nil},
		{"all or nothing", `{"op":"replace","path":"displayName","value":"changed"},{"op":"replace","path":"colour","value":"x"}`, 400, nil},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			c := newTestServer(t, nil)
			id := c.create("/Users", user)
			before := c.want(200, "GET", "/Users/"+id, "")
			c.want(tt.status, "PATCH", "/Users/"+id, patchBody(tt.ops))
			after := c.want(200, "GET", "/Users/"+id, "")
			for path, want := range tt.want {
				if got := after.at(path); got != want {
					t.Errorf("%s is %s, want %s", path, got, want)
				}
			}
			if tt.status >= 400 && after.body != before.body {
				t.Errorf("a refused PATCH changed the user:\n%s\n%s", before.body, after.body)
			}
		})
	}
}
