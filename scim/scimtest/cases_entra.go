package scimtest

import (
	"net/http"
	"slices"
)

// entraCases: what Entra sends to /Users.
func entraCases() []Case {
	entra := func(id, rfc, explanation string, needs []Feature, steps ...Step) Case {
		return Case{ID: "entra/users/" + id, RFC: rfc, Level: Entra, Explanation: explanation, Needs: needs, Steps: steps}
	}
	f, p := needs(FeatureFilter), needs(FeaturePatch)
	return []Case{
		entra("test-connection", "7644 §3.4.2", "The connection is tested with a filter that finds nobody: 200 with an empty list, never 404.", f,
			newUser("a", ""), get(`/Users?filter=userName eq "${unique}"`).like(`{"schemas":["`+listMessage+`"],"totalResults":0}`).absent("/Resources"),
			get(`/Users/?filter=userName+eq+%22${unique}%22`).is("/totalResults", "0")),
		entra("test-connection-groups", "7644 §3.4.2", "Groups are probed too.", needs(FeatureFilter, FeatureGroups),
			newGroup("g", ""), get(`/Groups?excludedAttributes=members&filter=displayName+eq+%22${unique}%22`).is("/totalResults", "0")),
		entra("match", "7644 §3.4.2.2", "A user is matched by the attribute that joins the accounts, with all that Entra reads.", f,
			newUser("a", `"externalId":"${unique}","active":true,"name":{"familyName":"F","givenName":"G"},"emails":[{"value":"a@example.com","type":"work","primary":true}]`), newUser("b", ""),
			get(`/Users?filter=userName eq "${unique}.a@example.com"`).is("/Resources", `[{"id":"${a}","externalId":"${unique}","active":true,"meta":{"resourceType":"User"},"emails":[{"value":"a@example.com","type":"work","primary":true}]}]`),
			get(`/Users?filter=externalId eq "${unique}"`).finds("a")),
		entra("match-email", "7644 §3.4.2.2", "Users are matched by their work e-mail.", f,
			newUser("a", `"emails":[{"value":"${unique}@example.com","type":"work"}]`), newUser("b", `"emails":[{"value":"${unique}@example.com","type":"home"}]`),
			get(`/Users?filter=emails[type eq "work"].value eq "${unique}@example.com"`).finds("a")),
		entra("match-unquoted", "7644 §3.4.2.2", "A value may come without quotes.", f,
			newUser("a", `"externalId":"${unique}"`), newUser("b", ""),
			get(`/Users?filter=externalId eq ${unique}`).finds("a")),
		entra("reference-check", "7644 §3.4.2.2", "A reference is checked by id and manager, unquoted, and with attributes=id.", needs(FeatureFilter, FeatureEnterprise),
			newUser("m", ""), newUser("a", enterprise(`"manager":{"value":"${m}"}`)),
			get(`/Users?filter=id eq ${a} and manager eq ${m}&attributes=id`).is("/Resources", `[{"id":"${a}"}]`),
			get(`/Users?filter=manager eq "${a}" and id eq "${a}"&attributes=id`).is("/totalResults", "0")),
		entra("create", "7644 §3.3", "A user is made from the body that Entra sends, with its meta and its empty roles.", nil,
			post("/Users", `{"schemas":["`+userSchema+`","`+enterpriseSchema+`"],"externalId":"${unique}","userName":"${unique}.a@example.com","active":true,
				"emails":[{"primary":true,"type":"work","value":"a@example.com"}],"meta":{"resourceType":"User"},"name":{"formatted":"G F","familyName":"F","givenName":"G"},"roles":[]}`).
				present("/id", "/meta/created", "/meta/lastModified").like(`{"externalId":"${unique}","active":true,"name":{"formatted":"G F","familyName":"F","givenName":"G"}}`)),
		entra("create-nulls", "7643 §2.5", "Members that are null and a mistyped URI in schemas do no harm.", nil,
			post("/Users", `{"schemas":["`+userSchema+`","urn:ietf:params:scim:schemas:extension:enterprise:2.0User"],"userName":"${unique}.a@example.com","active":true,
				"addresses":null,"displayName":"A","emails":[{"value":"a@example.com","type":"work"}],"phoneNumbers":null,"preferredLanguage":null,"title":null,"department":null,"manager":null}`).
				like(`{"displayName":"A","active":true}`)),
		entra("create-extension-not-in-schemas", "7643 §3", "An extension counts although schemas does not name it.", needs(FeatureEnterprise),
			post("/Users", `{"schemas":["`+userSchema+`"],"userName":"${unique}.a@example.com","`+enterpriseSchema+`":{"department":"Sales"}}`).capture("a", "/id"),
			get("/Users/${a}").like(`{"schemas":["`+userSchema+`","`+enterpriseSchema+`"],"`+enterpriseSchema+`":{"department":"Sales"}}`)),
		entra("create-manager", "7643 §4.3", "A new user's manager is an object or the id itself.", needs(FeatureEnterprise),
			newUser("m", ""), newUser("a", enterprise(`"manager":{"value":"${m}"}`)), newUser("b", enterprise(`"manager":"${m}"`)),
			get("/Users/${a}").like(`{"`+enterpriseSchema+`":{"manager":{"value":"${m}"}}}`),
			get("/Users/${b}").like(`{"`+enterpriseSchema+`":{"manager":{"value":"${m}"}}}`)),
		entra("create-boolean-text", "7643 §2.3.2", "A boolean in an array may be a text.", needs("User.roles"),
			newUser("a", `"roles":[{"primary":"True","display":"D","value":"V","type":"T"}]`),
			get("/Users/${a}").is("/roles", `[{"primary":true,"display":"D","value":"V","type":"T"}]`)),
		entra("create-role", "7643 §4.1.2", "One role comes with its own type.", needs("User.roles"),
			newUser("a", `"roles":[{"primary":true,"type":"WindowsAzureActiveDirectoryRole","value":"Admin"}]`),
			get("/Users/${a}").is("/roles", `[{"primary":true,"type":"WindowsAzureActiveDirectoryRole","value":"Admin"}]`)),
		entra("create-duplicate", "7644 §3.3", "A user that exists is 409.", nil, newUser("a", ""), post("/Users", user("a", "")).fails(http.StatusConflict, "uniqueness")),
		entra("read", "7644 §3.4.1", "A user is read by id; an unknown one is 404.", nil,
			newUser("a", ""), get("/Users/${a}").is("/id", `"${a}"`), get(noUser).fails(http.StatusNotFound)),
		entra("soft-deleted", "7644 §3.4.1", "A user that was disabled is still found, by id and by filter.", needs(FeatureFilter, FeaturePatch),
			newUser("a", ""), patch("/Users/${a}", `{"op":"Replace","path":"active","value":"False"}`),
			get("/Users/${a}").is("/active", "false"), get(`/Users?filter=userName eq "${unique}.a@example.com"`).finds("a")),
		entra("active-returned", "7643 §4.1.1", "active is returned although nobody sent it: else Entra adds it in every cycle.", f,
			newUser("a", "").is("/active", "true"), get("/Users/${a}").is("/active", "true"), get(`/Users?filter=`+mine+` and active eq true`).finds("a")),
		entra("patch-several", "7644 §3.5.2", "An update has several operations with capital names.", p,
			newUser("a", `"name":{"familyName":"F","givenName":"G"},"emails":[{"value":"a@example.com","type":"work","primary":true}]`),
			patch("/Users/${a}", `{"op":"Replace","path":"emails[type eq \"work\"].value","value":"n@example.com"}`, `{"op":"Replace","path":"name.familyName","value":"N"}`),
			get("/Users/${a}").like(`{"name":{"familyName":"N","givenName":"G"},"emails":[{"value":"n@example.com","type":"work","primary":true}]}`)),
		entra("patch-user-name", "7644 §3.5.2.3", "A user is renamed.", p,
			newUser("a", ""), patch("/Users/${a}", `{"op":"Replace","path":"userName","value":"${unique}.b@example.com"}`),
			get("/Users/${a}").is("/userName", `"${unique}.b@example.com"`)),
		entra("disable", "7644 §3.5.2.3", "A user is disabled with Operations before schemas.", p,
			newUser("a", ""),
			request(http.MethodPatch, "/Users/${a}", `{"Operations":[{"op":"Replace","path":"active","value":false}],"schemas":["`+patchMessage+`"]}`, 200, 204),
			get("/Users/${a}").is("/active", "false")),
		entra("delete", "7644 §3.6", "A user is deleted, and a second time is 404.", nil,
			newUser("a", ""), del("/Users/${a}"), get("/Users/${a}").fails(http.StatusNotFound), del("/Users/${a}").fails(http.StatusNotFound)),
		entra("verbatim", "7644 §3.1", "Values are kept as they are sent: a difference would be sent again in every cycle.", needs("User.phoneNumbers"),
			newUser("a", `"emails":[{"value":"A.Name@EXAMPLE.com","type":"work"}],"phoneNumbers":[{"value":"+81 (3) 1234-5678 ","type":"work"}]`),
			get("/Users/${a}").like(`{"emails":[{"value":"A.Name@EXAMPLE.com"}],"phoneNumbers":[{"value":"+81 (3) 1234-5678 "}]}`)),
		entra("flag-in-query", "7644 §3.4.2", "The feature flag of the Tenant URL may reach the service provider as a query parameter.", f,
			newUser("a", ""), newUser("b", ""), get(`/Users?aadOptscim062020&filter=userName eq "${unique}.a@example.com"`).finds("a"), get("/Users/${a}?aadOptscim062020")),
		entra("trailing-slash", "7644 §3.2", "A slash at the end of a path changes nothing.", nil,
			get("/Users/?count=1"), post("/Users/", user("a", "")).capture("a", "/id"), get("/Users/${a}/"), get("/Schemas/"), get("/ServiceProviderConfig/")),
		entra("no-user-agent", "9110 §10.1.5", "Entra sends no User-Agent.", nil, get("/Users?count=1").with("User-Agent", "")),
		entra("schemas", "7644 §4", "Schemas are read as a list whose numbers are numbers.", nil,
			get("/Schemas").typ("/totalResults", "integer").typ("/itemsPerPage", "integer").typ("/startIndex", "integer")),
	}
}

// entraGroupCases: what Entra sends to /Groups.
func entraGroupCases() []Case {
	entra := func(id, rfc, explanation string, steps ...Step) Case {
		return Case{ID: "entra/groups/" + id, RFC: rfc, Level: Entra, Explanation: explanation, Needs: needs(FeatureGroups, FeatureFilter, FeaturePatch), Steps: steps}
	}
	two := []Step{newUser("a", ""), newUser("b", ""), newGroup("g", members("a", "b")), newGroup("other", "")}
	after := func(s ...Step) []Step { return slices.Concat(two, s) }
	return []Case{
		entra("match", "7644 §3.9", "Members do not come back when they are excluded, in whatever order the parameters are.", after(
			get(`/Groups?excludedAttributes=members&filter=displayName eq "${unique} g"`).is("/Resources", `[{"id":"${g}","displayName":"${unique} g","members":null}]`),
			get(`/Groups?filter=displayName eq "${unique} g"&excludedAttributes=members`).is("/Resources", `[{"id":"${g}","members":null}]`))...),
		entra("create", "7643 §3", "An unknown second schema URI is ignored.",
			post("/Groups", `{"schemas":["`+groupSchema+`","http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],"externalId":"${unique}","displayName":"${unique} g","meta":{"resourceType":"Group"}}`).
				like(`{"externalId":"${unique}","displayName":"${unique} g","members":null}`).present("/id")),
		entra("read", "7644 §3.9", "A group is read without its members.", after(get("/Groups/${g}?excludedAttributes=members").is("/displayName", `"${unique} g"`).absent("/members"))...),
		entra("rename", "7644 §3.5.2.3", "A group is renamed with a capital operation.", after(
			patch("/Groups/${g}", `{"op":"Replace","path":"displayName","value":"${unique} h"}`),
			get("/Groups/${g}").like(`{"displayName":"${unique} h"}`).is("/members", values("a", "b")))...),
		entra("no-content", "7644 §3.5.2", "PATCH of a group does not return the members: 204.", after(
			patch("/Groups/${g}", `{"op":"Replace","path":"displayName","value":"${unique} h"}`).status(http.StatusNoContent),
			get("/Groups/${g}").is("/displayName", `"${unique} h"`))...),
		entra("add-member", "7644 §3.5.2.1", "A member comes with a $ref that is null.", after(newUser("c", ""),
			patch("/Groups/${g}", `{"op":"Add","path":"members","value":[{"$ref":null,"value":"${c}"}]}`),
			get("/Groups/${g}").is("/members", values("a", "b", "c")))...),
		entra("remove-member", "7644 §3.5.2.2", "A remove that lists members removes these and no others.", after(
			patch("/Groups/${g}", `{"op":"Remove","path":"members","value":[{"$ref":null,"value":"${a}"}]}`),
			get("/Groups/${g}").is("/members", values("b")))...),
		entra("remove-member-plain", "7644 §3.5.2.2", "The same without $ref.", after(
			patch("/Groups/${g}", `{"op":"Remove","path":"members","value":[{"value":"${a}"}]}`),
			get("/Groups/${g}").is("/members", values("b")))...),
		entra("remove-member-flag", "7644 §3.5.2.2", "With the feature flag a member is removed by a filter.", after(
			patch("/Groups/${g}", `{"op":"remove","path":"members[value eq \"${a}\"]"}`),
			get("/Groups/${g}").is("/members", values("b")))...),
		entra("remove-unknown-member", "7644 §3.5.2.2", "A remove that lists nobody in the group leaves it.", after(newUser("c", ""),
			patch("/Groups/${g}", `{"op":"Remove","path":"members","value":[{"value":"${c}"}]}`),
			get("/Groups/${g}").is("/members", values("a", "b")))...),
		entra("several-members", "7644 §3.5.2", "Several members and several operations come at once.", after(newUser("c", ""), newUser("d", ""),
			patch("/Groups/${g}", `{"op":"Add","path":"members","value":[{"value":"${c}"},{"value":"${d}"}]}`, `{"op":"Remove","path":"members","value":[{"value":"${a}"},{"value":"${b}"}]}`),
			get("/Groups/${g}").is("/members", values("c", "d")))...),
		entra("external-id", "7644 §3.5.2.1", "A group gets its externalId later.", after(
			patch("/Groups/${g}", `{"op":"Add","path":"externalId","value":"${unique}"}`),
			get(`/Groups?filter=externalId eq "${unique}"`).is("/Resources", `[{"id":"${g}"}]`))...),
		entra("add-no-path", "7644 §3.5.2.1", "Members are added without a path.", after(newUser("c", ""),
			patch("/Groups/${g}", `{"op":"add","value":{"members":[{"value":"${c}"}]}}`),
			get("/Groups/${g}").is("/members", values("a", "b", "c")))...),
		entra("delete", "7644 §3.6", "A group is deleted, and a second time is 404.", after(
			del("/Groups/${g}"), del("/Groups/${g}").fails(http.StatusNotFound))...),
	}
}
