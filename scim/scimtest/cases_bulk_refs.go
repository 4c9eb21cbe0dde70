package scimtest

import (
	"net/http"
	"strings"
)

// bulkReferenceCases: RFC 7644 sections 3.7.1 and 3.7.2.
func bulkReferenceCases() []Case {
	groups := needs(FeatureBulk, FeatureGroups)
	manager := func(bulkID string) string { return enterprise(`"manager":{"value":"bulkId:` + bulkID + `"}`) }
	const managerID = "/" + enterpriseSchema + "/manager/value"
	return []Case{
		{
			ID: "bulk/reference/member", RFC: "7644 §3.7.2", Level: Must, Needs: groups,
			Explanation: "A reference by bulkId becomes the id of the resource that was made.",
			Steps: []Step{
				bulk(bulkUser("a", ""), bulkGroup("g", bulkMembers("a"))).statuses("201", "201").created("user", "0").created("group", "1"),
				get("${user}").capture("a", "/id"), get("${group}").is("/members", values("a")),
			},
		},
		{
			ID: "bulk/reference/two", RFC: "7644 §3.7.2", Level: Must, Needs: groups,
			Explanation: "Each bulkId is that of its own resource.",
			Steps: []Step{
				bulk(bulkUser("a", ""), bulkUser("b", ""), bulkGroup("g", bulkMembers("b")), bulkGroup("h", bulkMembers("a", "b"))).statuses("201", "201", "201", "201").
					created("first", "0").created("second", "1").created("g", "2").created("h", "3"),
				get("${first}").capture("a", "/id"), get("${second}").capture("b", "/id"),
				get("${g}").is("/members", values("b")), get("${h}").is("/members", values("a", "b")),
			},
		},
		{
			ID: "bulk/reference/forward", RFC: "7644 §3.7.2", Level: Must, Needs: groups,
			Explanation: "A reference can be to what a later operation makes.",
			Steps: []Step{
				bulk(bulkGroup("g", bulkMembers("a")), bulkUser("a", "")).statuses("201", "201").created("group", "0").created("user", "1"),
				get("${user}").capture("a", "/id"), get("${group}").is("/members", values("a")),
			},
		},
		{
			ID: "bulk/reference/extension", RFC: "7644 §3.7.2", Level: Must, Needs: needs(FeatureBulk, FeatureEnterprise),
			Explanation: "References in extensions are handled in the same way.",
			Steps: []Step{
				bulk(bulkUser("a", ""), bulkUser("b", manager("a"))).statuses("201", "201").created("first", "0").created("second", "1"),
				get("${first}").capture("a", "/id"), get("${second}").is(managerID, `"${a}"`),
			},
		},
		{
			ID: "bulk/reference/put", RFC: "7644 §3.7.2", Level: Must, Needs: groups,
			Explanation: "A PUT can refer to what another operation makes.",
			Steps: []Step{
				newGroup("g", ""),
				bulk(bulkUser("a", ""), bulkOp("PUT", "/Groups/${g}", `"data":`+group("g", bulkMembers("a")))).statuses("201", "200").created("user", "0"),
				get("${user}").capture("a", "/id"), get("/Groups/${g}").is("/members", values("a")),
			},
		},
		{
			ID: "bulk/reference/patch", RFC: "7644 §3.7.2", Level: Must, Needs: needs(FeatureBulk, FeatureGroups, FeaturePatch),
			Explanation: "A PATCH can refer to what another operation makes.",
			Steps: []Step{
				newGroup("g", ""),
				bulk(bulkUser("a", ""), bulkPatch("/Groups/${g}", `{"op":"add","path":"members","value":[{"value":"bulkId:a"}]}`)).is("/Operations/0/status", `"201"`).created("user", "0"),
				get("${user}").capture("a", "/id"), get("/Groups/${g}").is("/members", values("a")),
			},
		},
		{
			ID: "bulk/reference/path", RFC: "7644 §3.7", Level: May, Needs: needs(FeatureBulk, FeaturePatch),
			Explanation: "The bulkId stands for the id in the path of a later operation.",
			Steps: []Step{
				bulk(bulkUser("a", ""), bulkPatch("/Users/bulkId:a", setDisplayName)).is("/Operations/0/status", `"201"`).created("a", "0"),
				get("${a}").is("/displayName", `"B"`),
			},
		},
		{
			ID: "bulk/reference/failed", RFC: "7644 §3.7.2", Level: Must, Needs: needs(FeatureBulk, FeatureGroups, FeatureFilter),
			Explanation: "A reference to what could not be made is not kept as it is.",
			Steps: []Step{
				bulk(broken("x"), bulkGroup("g", bulkMembers("x"))).is("/Operations/0/status", `"400"`),
				get(`/Groups?filter=displayName eq "${unique} g"`).lacks("/Resources/0/members", `{"value":"bulkId:x"}`).typ("/totalResults", "integer"),
			},
		},
		{
			ID: "bulk/reference/unknown", RFC: "7644 §3.7.2", Level: Must, Needs: needs(FeatureBulk, FeatureGroups, FeatureFilter),
			Explanation: "A reference to a bulkId that no operation has is not kept as it is.",
			Steps: []Step{
				bulk(bulkGroup("g", bulkMembers("${unique}"))).present("/Operations/0/status"),
				get(`/Groups?filter=displayName eq "${unique} g"`).lacks("/Resources/0/members", `{"value":"bulkId:${unique}"}`).typ("/totalResults", "integer"),
			},
		},
		{
			ID: "bulk/circular/answer", RFC: "7644 §3.7.1", Level: Must, Needs: groups,
			Explanation: "References in a circle are resolved, or the operations are 409.",
			Steps: []Step{
				bulk(bulkGroup("g", bulkMembers("h")), bulkGroup("h", bulkMembers("g"))).present("/Operations/1/status").at("/Operations/*/status", OpOneOf, `["201","409"]`),
			},
		},
		{
			ID: "bulk/circular/groups", RFC: "7644 §3.7.1", Level: May, Needs: groups,
			Explanation: "Two groups that are members of each other are made.",
			Steps: []Step{
				bulk(bulkGroup("g", bulkMembers("h")), bulkGroup("h", bulkMembers("g"))).statuses("201", "201").created("first", "0").created("second", "1"),
				get("${first}").capture("g", "/id"), get("${second}").capture("h", "/id").is("/members", values("g")), get("${first}").is("/members", values("h")),
			},
		},
		{
			ID: "bulk/circular/extension", RFC: "7644 §3.7.1", Level: May, Needs: needs(FeatureBulk, FeatureEnterprise),
			Explanation: "Two users that are each other's manager are made.",
			Steps: []Step{
				bulk(bulkUser("a", manager("b")), bulkUser("b", manager("a"))).statuses("201", "201").created("first", "0").created("second", "1"),
				get("${first}").capture("a", "/id"), get("${second}").capture("b", "/id").is(managerID, `"${a}"`), get("${first}").is(managerID, `"${b}"`),
			},
		},
		{
			ID: "bulk/circular/others", RFC: "7644 §3.7.1", Level: Must, Needs: groups,
			Explanation: "What is no part of the circle is done, whatever becomes of it.",
			Steps: []Step{
				bulk(bulkUser("a", ""), bulkGroup("g", bulkMembers("h")), bulkGroup("h", bulkMembers("g")), bulkUser("b", "")).
					is("/Operations/0/status", `"201"`).is("/Operations/3/status", `"201"`),
			},
		},
	}
}

// bulkErrorCases: what RFC 7644 section 3.7 requires of a request. It does not
// say whether the whole request is refused or the operation.
func bulkErrorCases() []Case {
	checked := needs(FeatureBulk, FeatureFilter)
	good := func(change ...string) string {
		return strings.NewReplacer(change...).Replace(bulkUser("a", ""))
	}
	refused := func(operation string) []Step {
		s := bulkPlain(operation).status(http.StatusOK, http.StatusBadRequest, http.StatusNotFound, http.StatusMethodNotAllowed).
			at("/schemas", OpOneOf, `[["`+bulkAnswer+`"],["`+errorMessage+`"]]`).at("/Operations/*/status", OpMatches, "^4")
		return []Step{s, get("/Users?filter=" + mine).finds()}
	}
	row := func(id, why, operation string) Case {
		return Case{ID: "bulk/errors/" + id, RFC: "7644 §3.7", Level: Must, Needs: checked, Explanation: why, Steps: refused(operation)}
	}
	return []Case{
		row("no-method", "The method is required.", good(`"method":"POST",`, "")),
		row("no-path", "The path is required.", good(`"path":"/Users",`, "")),
		row("no-bulk-id", "A POST needs a bulkId.", good(`"bulkId":"a",`, "")),
		row("no-data", "A POST needs data.", bulkOp("POST", "/Users", `"bulkId":"a"`)),
		row("method", "The method is one of POST, PUT, PATCH and DELETE.", good(`"POST"`, `"GET"`)),
		row("endpoint", "There is no such endpoint.", good(`"/Users"`, `"/${unique}"`)),
		row("post-to-resource", "The path of a POST is that of an endpoint.", good(`"/Users"`, `"/Users/${unique}"`)),
		row("put-to-endpoint", "The path of a PUT is that of a resource.", good(`"POST"`, `"PUT"`)),
		{
			ID: "bulk/errors/no-operations", RFC: "7644 §3.7", Level: Must, Needs: needs(FeatureBulk),
			Explanation: "The operations are required.",
			Steps:       []Step{request(http.MethodPost, "/Bulk", `{"schemas":["`+bulkMessage+`"]}`).refuses("invalidSyntax", "invalidValue")},
		},
		{
			ID: "bulk/errors/syntax", RFC: "7644 §3.12", Level: Must, Needs: checked,
			Explanation: "A request that is no JSON is 400, and nothing of it is done.",
			Steps: []Step{
				request(http.MethodPost, "/Bulk", `{"schemas":["`+bulkMessage+`"],"Operations":[`+bulkUser("a", "")+`,]}`).refuses("invalidSyntax"),
				get("/Users?filter=" + mine).finds(),
			},
		},
	}
}

// bulkLimitCases: RFC 7644 section 3.7.4.
func bulkLimitCases() []Case {
	limited := needs(FeatureBulkLimits, FeatureFilter)
	return []Case{
		{
			ID: "bulk/limits/defined", RFC: "7644 §3.7.4", Level: Must, Needs: needs(FeatureBulk),
			Explanation: "The service provider defines how many operations and how many bytes a request may have.",
			Steps: []Step{
				get("/ServiceProviderConfig").typ("/bulk/maxOperations", "integer").typ("/bulk/maxPayloadSize", "integer").
					not("/bulk/maxOperations", "0").not("/bulk/maxPayloadSize", "0"),
			},
		},
		{
			ID: "bulk/limits/operations", RFC: "7644 §3.7.4", Level: Must, Needs: limited,
			Explanation: "More operations are 413, the error names the limit, and none is done.",
			Steps: []Step{
				bulkPlain(bulkUser("a", ""), "${tooManyOperations}").fails(http.StatusRequestEntityTooLarge).at("/detail", OpMatches, "${maxOperations}"),
				get("/Users?filter=" + mine).finds(),
			},
		},
		{
			ID: "bulk/limits/payload", RFC: "7644 §3.7.4", Level: Must, Needs: limited,
			Explanation: "A longer request is 413, the error names the limit, and none of it is done.",
			Steps: []Step{
				bulkPlain(bulkUser("a", `"displayName":"${tooManyBytes}"`)).fails(http.StatusRequestEntityTooLarge).at("/detail", OpMatches, "${maxPayloadSize}"),
				get("/Users?filter=" + mine).finds(),
			},
		},
	}
}

// meCases: RFC 7644 section 3.11. They change nothing: the resource is the
// account of the credential.
func meCases() []Case {
	me := needs(FeatureMe)
	return []Case{
		{
			ID: "me/answer", RFC: "7644 §3.11", Level: Should,
			Explanation: "The alias of the subject's own resource leads to it or is 501.",
			Steps:       []Step{get("/Me").status(http.StatusOK, http.StatusNotImplemented).present("/schemas").lacks("/schemas", `"`+listMessage+`"`)},
		},
		{
			ID: "me/location", RFC: "7644 §3.11", Level: Must, Needs: me,
			Explanation: "The Location header is the permanent location of the resource.",
			Steps:       []Step{get("/Me").capture("location", "Location").is("/meta/location", `"${location}"`)},
		},
		{
			ID: "me/resource", RFC: "7644 §3.11", Level: Must, Needs: me,
			Explanation: "The resource is the one at its location.",
			Steps: []Step{
				get("/Me").capture("location", "/meta/location").capture("id", "/id"),
				get("${location}").like(`{"id":"${id}","meta":{"location":"${location}"}}`),
			},
		},
		{
			ID: "me/projection", RFC: "7644 §3.11", Level: Must, Needs: me,
			Explanation: "The alias takes what the resource's own URL takes.",
			Steps:       []Step{get("/Me?attributes=id").present("/id").absent("/userName", "/displayName")},
		},
		{
			ID: "me/error", RFC: "7644 §3.11", Level: Must, Needs: needs(FeatureMe, FeaturePatch),
			Explanation: "An error has the Location header as well.",
			Steps: []Step{
				get("/Me").capture("location", "/meta/location"),
				request(http.MethodPatch, "/Me", `{"schemas":["`+patchMessage+`"],"Operations":[]}`).refuses("invalidSyntax", "invalidValue").header("Location", OpLike, `"${location}"`),
			},
		},
		{
			ID: "me/write", RFC: "7644 §3.11", Level: Must, Needs: needs(FeatureMe, FeatureETag),
			Explanation: "A write through the alias has the preconditions of the resource.",
			Steps: []Step{
				get("/Me").capture("location", "/meta/location"),
				put("/Me", user("me", "")).with("If-Match", `W/"scimtest-none"`).fails(http.StatusPreconditionFailed).header("Location", OpLike, `"${location}"`),
			},
		},
		{
			ID: "me/none", RFC: "7644 §2", Level: Must, Needs: me,
			Explanation: "Without a credential there is no subject.",
			Steps:       []Step{get("/Me").as(CredentialNone).fails(http.StatusUnauthorized)},
		},
	}
}
