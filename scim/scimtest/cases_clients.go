package scimtest

import (
	"net/http"
	"strings"
)

// entraValidatorCases: the tests of Microsoft's SCIM Validator and of its
// gallery certification.
func entraValidatorCases() []Case {
	validator := func(id, explanation string, n []Feature, steps ...Step) Case {
		return Case{ID: "entra/validator/" + id, RFC: "7644 §3", Level: Entra, Explanation: explanation, Needs: n, Steps: steps}
	}
	whole := needs(FeaturePatch, FeatureFilter, FeatureEnterprise, "User.roles", "User.nickName", "User.userType", "User.locale", "User.timezone", "User.profileUrl", "User.name.middleName")
	groups := needs(FeatureGroups, FeatureFilter, FeaturePatch)
	users := needs(FeatureFilter, FeaturePatch)
	adds, added := verboseOperations("add")
	replaces, replaced := verboseOperations("replace")
	// The validator sends the primary of a role as a text.
	sent := strings.Replace(validatorUser, `"roles":[{"primary":true`, `"roles":[{"primary":"True"`, 1)
	g := newGroup("g", `"externalId":"${unique}"`)
	return []Case{
		validator("user-create", "Every attribute sent comes back by a filter.", whole,
			newUser("a", sent).with("Content-Type", "application/scim+json; charset=utf-8"),
			get(`/Users?filter=userName eq "${unique}.a@example.com"`).is("/totalResults", "1").is("/Resources", `[{`+validatorUser+`}]`)),
		validator("user-duplicate", "A second user of the name is 409.", nil, newUser("a", ""), post("/Users", user("a", "")).status(http.StatusConflict)),
		validator("user-filter", "An existing user is found, in a list with its numbers.", users, newUser("a", ""), newUser("b", ""),
			get(`/Users?filter=userName eq "${unique}.a@example.com"`).finds("a").is("/schemas", `["`+listMessage+`"]`).typ("/startIndex", "integer").typ("/itemsPerPage", "integer").present("/Resources/0/id", "/Resources/0/meta/resourceType")),
		validator("user-filter-none", "One that does not exist is an empty list.", users, newUser("a", ""), get(`/Users?filter=userName eq "${unique}"`).finds()),
		validator("user-filter-case", "The case of userName does not matter.", users, newUser("a", ""), newUser("b", ""), get(`/Users?filter=userName eq "${unique}.A@EXAMPLE.COM"`).finds("a")),
		validator("user-replace-verbose", "One PATCH replaces every attribute.", whole,
			newUser("a", `"displayName":"old","title":"old","emails":[{"type":"work","value":"old@example.com","primary":true}],"addresses":[{"type":"work","formatted":"old"}],"roles":[{"primary":true,"value":"old"}]`),
			patch("/Users/${a}", replaces...), get("/Users/${a}").like(replaced)),
		validator("user-add-verbose", "One PATCH adds every attribute to a user that has a userName only.", whole, newUser("a", ""), patch("/Users/${a}", adds...), get("/Users/${a}").like(added)),
		validator("user-rename", "PATCH changes userName.", users, newUser("a", ""), patch("/Users/${a}", `{"op":"replace","value":{"userName":"${unique}.b@example.com"}}`), get("/Users/${a}").is("/userName", `"${unique}.b@example.com"`)),
		validator("user-disable", "PATCH disables.", users, newUser("a", ""), patch("/Users/${a}", `{"op":"replace","path":"active","value":false}`), get("/Users/${a}").is("/active", "false")),
		validator("manager", "The manager is added, replaced, and removed by an empty value.", needs(FeaturePatch, FeatureEnterprise), newUser("a", ""),
			patch("/Users/${a}", `{"op":"add","path":"`+enterpriseSchema+`:manager","value":"m1"}`), get("/Users/${a}").like(`{"`+enterpriseSchema+`":{"manager":{"value":"m1"}}}`),
			patch("/Users/${a}", `{"op":"replace","path":"`+enterpriseSchema+`:manager","value":"m2"}`), get("/Users/${a}").like(`{"`+enterpriseSchema+`":{"manager":{"value":"m2"}}}`),
			patch("/Users/${a}", `{"op":"replace","path":"`+enterpriseSchema+`:manager","value":{"value":""}}`), get("/Users/${a}").absent("/"+enterpriseSchema+"/manager")),
		validator("user-delete", "A deleted user is 404, and so is deleting it again.", nil, newUser("a", ""), del("/Users/${a}"), get("/Users/${a}").status(404), del("/Users/${a}").status(404)),
		validator("user-delete-unknown", "Deleting a user that never was is 404.", nil, del(noUser).status(404)),
		validator("group-read", "Members are left out of a group when excluded, by id and by filter.", groups, newUser("a", ""), newGroup("g", members("a")), newGroup("h", ""),
			get("/Groups/${g}?excludedAttributes=members").absent("/members"), get(`/Groups?filter=displayName eq "${unique} g"&excludedAttributes=members`).is("/Resources", `[{"members":null}]`)),
		validator("group-filter", "An existing group is found with its members.", groups, newUser("a", ""), newGroup("g", members("a")), newGroup("h", ""),
			get(`/Groups?filter=displayName eq "${unique} g"`).is("/Resources", `[{"members":[{"value":"${a}"}]}]`)),
		validator("group-filter-none", "One that does not exist is an empty list.", groups, g, get(`/Groups?filter=displayName eq "${unique}"`).is("/totalResults", "0")),
		validator("group-filter-case", "The case of displayName does not matter.", groups, g, newGroup("h", ""), get(`/Groups?filter=displayName eq "${unique} G"`).is("/Resources", `[{"id":"${g}"}]`)),
		validator("group-create", "A group is made with its externalId.", groups, g.like(`{"externalId":"${unique}"}`)),
		validator("group-duplicate", "A second group of the name is 409.", groups, g, post("/Groups", group("g", `"externalId":"${unique}"`)).fails(http.StatusConflict)),
		validator("group-replace", "PATCH replaces attributes without a path.", groups, g, patch("/Groups/${g}", `{"op":"replace","value":{"externalId":"${unique}-2"}}`), get("/Groups/${g}").is("/externalId", `"${unique}-2"`)),
		validator("group-rename", "PATCH renames without a path.", groups, g, patch("/Groups/${g}", `{"op":"replace","value":{"displayName":"${unique} h"}}`), get("/Groups/${g}").is("/displayName", `"${unique} h"`)),
		validator("group-add-member", "A member is set by a replace of members.", groups, newUser("a", ""), g, patch("/Groups/${g}", `{"op":"replace","path":"members","value":`+values("a")+`}`), get("/Groups/${g}").is("/members", values("a"))),
		validator("group-remove-member", "One member goes and the other stays.", groups, newUser("a", ""), newUser("b", ""), newGroup("g", members("a", "b")),
			patch("/Groups/${g}", `{"op":"remove","path":"members[value eq \"${a}\"]"}`), get("/Groups/${g}").is("/members", values("b"))),
		validator("group-delete", "A deleted group is 404, and so is deleting it again.", groups, g, del("/Groups/${g}"), get("/Groups/${g}").status(404), del("/Groups/${g}").status(404)),
		validator("group-delete-unknown", "Deleting a group that never was is 404.", groups, del("/Groups/${unique}").status(404)),
		validator("user-operations-differing", "Operations on different attributes come in one PATCH.", append(needs("User.preferredLanguage"), users...), newUser("a", `"displayName":"A","preferredLanguage":"en"`),
			patch("/Users/${a}", `{"op":"remove","path":"preferredLanguage"}`, `{"op":"add","path":"externalId","value":"E"}`, `{"op":"replace","path":"displayName","value":"B"}`),
			get("/Users/${a}").like(`{"preferredLanguage":null,"externalId":"E","displayName":"B"}`)),
		validator("user-operations-same", "Operations on the same attribute are applied in their order.", users, newUser("a", `"externalId":"${unique}"`),
			patch("/Users/${a}", `{"op":"remove","path":"externalId"}`, `{"op":"add","path":"externalId","value":"F"}`, `{"op":"replace","path":"externalId","value":"G"}`), get("/Users/${a}").is("/externalId", `"G"`)),
		validator("group-add-and-remove", "The same member is added and removed in one PATCH.", groups, newUser("a", ""), g,
			patch("/Groups/${g}", `{"op":"add","path":"members","value":`+values("a")+`}`, `{"op":"remove","path":"members[value eq \"${a}\"]"}`), get("/Groups/${g}").absent("/members")),
		validator("pagination", "Pages of 5 go through 11 users, and startIndex comes back.", users, append(elevenUsers(),
			get("/Users?startIndex=1&count=5&filter="+mine).like(`{"totalResults":11,"startIndex":1,"itemsPerPage":5,"Resources":[{},{},{},{},{}]}`),
			get("/Users?startIndex=6&count=5&filter="+mine).like(`{"totalResults":11,"startIndex":6,"itemsPerPage":5}`),
			get("/Users?startIndex=11&count=5&filter="+mine).like(`{"totalResults":11,"startIndex":11,"itemsPerPage":1,"Resources":[{}]}`))...),
		validator("restore", "A disabled user is enabled again.", users, newUser("a", ""),
			patch("/Users/${a}", `{"op":"Replace","path":"active","value":"False"}`), get("/Users/${a}").is("/active", "false"),
			patch("/Users/${a}", `{"op":"Replace","path":"active","value":"True"}`), get("/Users/${a}").is("/active", "true")),
		validator("active-text", "A new user's active may be a text.", nil, newUser("a", `"active":"True"`).is("/active", "true")),
	}
}

func elevenUsers() []Step {
	var steps []Step
	for _, name := range strings.Split("abcdefghijk", "") {
		steps = append(steps, newUser(name, ""))
	}
	return steps
}

// oktaCases: what Okta sends, and its test suite.
func oktaCases() []Case {
	okta := func(id, rfc, explanation string, n []Feature, steps ...Step) Case {
		return Case{ID: "okta/" + id, RFC: rfc, Level: Okta, Explanation: explanation, Needs: n, Steps: steps}
	}
	const full = `"name":{"givenName":"G","familyName":"F"},"emails":[{"primary":true,"value":"a@example.com","type":"work"}],"displayName":"G F","locale":"en-US","externalId":"${unique}","groups":[],"password":"1mz050nq","active":true`
	const plain = `"name":{"givenName":"G","familyName":"F"},"emails":[{"primary":true,"value":"a@example.com","type":"work"}],"active":true`
	g := needs(FeatureGroups, FeaturePatch)
	return []Case{
		okta("first-user", "7644 §3.4.2.4", "The list has numbers, and its first user has what Okta needs.", needs(FeatureFilter), newUser("a", plain),
			get("/Users?count=1&startIndex=1").is("/schemas", `["`+listMessage+`"]`).typ("/totalResults", "integer").typ("/startIndex", "integer").typ("/itemsPerPage", "integer").present("/Resources"),
			get("/Users?count=1&startIndex=1&filter="+mine).is("/Resources", `[{"id":"${a}","userName":"${unique}.a@example.com","name":{"givenName":"G","familyName":"F"},"active":true}]`).present("/Resources/0/emails/0/value")),
		okta("content-type-on-get", "9110 §8.3", "A GET has a Content-Type and Accept-Charset.", nil,
			get("/Users?count=1&startIndex=1").with("Content-Type", "application/scim+json; charset=utf-8").with("Accept-Charset", "utf-8").with("User-Agent", "OKTA SCIM Integration")),
		okta("read", "7644 §3.4.1", "The user is read by id.", nil, newUser("a", plain), get("/Users/${a}").like(`{"id":"${a}",`+plain+`}`)),
		okta("filter-none", "7644 §3.4.2", "An unknown userName is an empty list.", needs(FeatureFilter), newUser("a", plain),
			get("/Users?filter=userName%20eq%20%22${unique}%40okta.local%22&startIndex=1&count=100").like(`{"totalResults":0,"Resources":null}`)),
		okta("unknown", "7644 §3.12", "An unknown id is 404 with a detail and a status that is a text.", nil, get(noUser).fails(http.StatusNotFound).present("/detail").typ("/status", "string")),
		okta("create", "7644 §3.3", "A user is made from application/json, with an empty list of groups and a password.", nil,
			newUser("a", full).with("Content-Type", "application/json").present("/id").like(`{"active":true,"schemas":["`+userSchema+`"],"name":{"givenName":"G","familyName":"F"}}`).absent("/password"),
			get("/Users/${a}").like(`{"active":true,"externalId":"${unique}"}`)),
		okta("create-duplicate", "7644 §3.3", "The same user again is 409.", nil,
			newUser("a", full).with("Content-Type", "application/json"), post("/Users", user("a", full)).with("Content-Type", "application/json").fails(http.StatusConflict)),
		okta("filter-capitals", "7643 §4.1.1", "userName in capitals finds the user.", needs(FeatureFilter), newUser("a", plain), newUser("b", plain), get(`/Users?filter=userName eq "${unique}.A@EXAMPLE.COM"`).finds("a")),
		okta("groups", "7644 §3.4.2", "Groups can be listed.", needs(FeatureGroups), get("/Groups").is("/schemas", `["`+listMessage+`"]`)),
		okta("bad-token", "7644 §3.12", "A wrong token is 401 with a detail and a status that is a text.", nil, get("/Users").as(CredentialWrong).fails(http.StatusUnauthorized).present("/detail").typ("/status", "string")),
		okta("update", "7644 §3.5.1", "An update is a PUT of all that was read.", nil, newUser("a", plain).capture("created", "/meta/created").capture("location", "/meta/location"),
			put("/Users/${a}", user("a", `"id":"${a}","meta":{"resourceType":"User","created":"${created}","location":"${location}"},"groups":[],"name":{"givenName":"N","familyName":"F"},"active":true`)).like(`{"id":"${a}","name":{"givenName":"N"}}`)),
		okta("deactivate-put", "7644 §3.5.1", "A user is deactivated and reactivated by PUT.", nil, newUser("a", plain),
			put("/Users/${a}", user("a", strings.Replace(plain, `"active":true`, `"active":false`, 1))).is("/active", "false"), get("/Users/${a}").is("/active", "false"),
			put("/Users/${a}", user("a", plain)).is("/active", "true")),
		okta("deactivate-patch", "7644 §3.5.2.3", "A user is deactivated and reactivated by PATCH without a path.", needs(FeaturePatch), newUser("a", plain),
			patch("/Users/${a}", `{"op":"replace","value":{"active":false}}`), get("/Users/${a}").is("/active", "false"),
			patch("/Users/${a}", `{"op":"replace","value":{"active":true}}`), get("/Users/${a}").is("/active", "true")),
		okta("password-patch", "7644 §3.5.2.3", "A password is set by PATCH without a path, and does not come back.", needs(FeaturePatch, "User.password"), newUser("a", plain),
			patch("/Users/${a}", `{"op":"replace","value":{"password":"1mz050nq-B"}}`), get("/Users/${a}").absent("/password")),
		okta("group-create", "7644 §3.3", "A group is made with an empty list of members.", g, newGroup("g", `"members":[]`)),
		okta("group-rename", "7644 §3.5.2.3", "The id that comes with a new name is ignored.", g, newUser("a", ""), newGroup("g", members("a")),
			patch("/Groups/${g}", `{"op":"replace","value":{"id":"${g}","displayName":"${unique} h"}}`), get("/Groups/${g}").like(`{"id":"${g}","displayName":"${unique} h"}`).is("/members", values("a"))),
		okta("group-members", "7644 §3.5.2", "A member goes by a filter and another comes with its display.", g, newUser("a", ""), newUser("b", ""), newGroup("g", members("a")),
			patch("/Groups/${g}", `{"op":"remove","path":"members[value eq \"${a}\"]"}`, `{"op":"add","path":"members","value":[{"value":"${b}","display":"B"}]}`), get("/Groups/${g}").is("/members", values("b"))),
		okta("group-push", "7644 §3.5.2.3", "A push replaces all members, with none for an emptied group.", g, newUser("a", ""), newUser("b", ""), newGroup("g", members("a")),
			patch("/Groups/${g}", `{"op":"replace","path":"members","value":`+values("b")+`}`), get("/Groups/${g}").is("/members", values("b")),
			patch("/Groups/${g}", `{"op":"replace","path":"members","value":[]}`), get("/Groups/${g}").absent("/members")),
		okta("group-put", "7644 §3.5.1", "A PUT of a group with its members is honoured.", g, newUser("a", ""), newGroup("g", ""),
			put("/Groups/${g}", `{"schemas":["`+groupSchema+`"],"displayName":"${unique} g","members":[{"value":"${a}","display":"A"}]}`), get("/Groups/${g}").is("/members", values("a"))),
		okta("group-delete", "7644 §3.6", "A group is deleted.", g, newGroup("g", ""), del("/Groups/${g}")),
	}
}

// toleranceCases: forms that several clients send.
func toleranceCases() []Case {
	tolerated := func(id, rfc, explanation string, n []Feature, steps ...Step) Case {
		return Case{ID: "tolerance/" + id, RFC: rfc, Level: Entra, Explanation: explanation, Needs: n, Steps: steps}
	}
	p := needs(FeaturePatch)
	return []Case{
		tolerated("patch-without-schemas", "7644 §3.5.2", "A PATCH without schemas is taken.", p, newUser("a", ""),
			request(http.MethodPatch, "/Users/${a}", `{"Operations":[{"op":"replace","path":"displayName","value":"A"}]}`, 200, 204), get("/Users/${a}").is("/displayName", `"A"`)),
		tolerated("create-without-schemas", "7643 §3", "A new user without schemas is taken.", nil, post("/Users", `{"userName":"${unique}.a@example.com"}`).is("/schemas", `["`+userSchema+`"]`)),
		tolerated("names-of-patch", "7643 §2.1", "The names of a PATCH are case-insensitive.", p, newUser("a", ""),
			request(http.MethodPatch, "/Users/${a}", `{"SCHEMAS":["`+patchMessage+`"],"operations":[{"OP":"REPLACE","Path":"displayName","VALUE":"A"}]}`, 200, 204), get("/Users/${a}").is("/displayName", `"A"`)),
		tolerated("unknown-attribute", "7643 §3", "An attribute that no schema has is dropped, and the rest is done.", nil,
			newUser("a", `"noSuchAttribute":"x","displayName":"A"`).like(`{"displayName":"A","noSuchAttribute":null}`)),
		tolerated("unknown-attribute-patch", "7644 §3.5.2", "So it is in PATCH.", p, newUser("a", ""),
			patch("/Users/${a}", `{"op":"replace","value":{"noSuchAttribute":"x","displayName":"A"}}`), get("/Users/${a}").like(`{"displayName":"A","noSuchAttribute":null}`)),
		tolerated("text-json", "7644 §3.8", "A body may be called text/json.", nil, newUser("a", "").with("Content-Type", "text/json")),
		tolerated("content-type-capitals", "9110 §8.3.1", "The case of a media type does not matter.", nil, newUser("a", "").with("Content-Type", "Application/SCIM+JSON; Charset=UTF-8")),
		tolerated("extension-keys", "7644 §3.10", "An add without a path may have URI and attribute for a key.", needs(FeaturePatch, FeatureEnterprise), newUser("a", ""),
			patch("/Users/${a}", `{"op":"add","value":{"`+enterpriseSchema+`:department":"Sales"}}`), get("/Users/${a}").like(`{"`+enterpriseSchema+`":{"department":"Sales"}}`)),
		tolerated("probe", "7644 §3.4.2.4", "A connection is probed with a count of 1.", nil, get("/Users?count=1").is("/schemas", `["`+listMessage+`"]`)),
	}
}
