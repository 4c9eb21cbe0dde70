package scimtest

import (
	"net/http"
	"strings"
)

// bulk is one bulk request with operations, which are JSON objects.
func bulk(operations ...string) Step { return bulkWith("", operations...) }

// bulkWith is a bulk request with further members.
func bulkWith(members string, operations ...string) Step {
	body := `{"schemas":["` + bulkMessage + `"]` + comma(members) + `,"Operations":[` + strings.Join(operations, ",") + `]}`
	return request(http.MethodPost, "/Bulk", body, http.StatusOK).contains("/schemas", `"`+bulkAnswer+`"`)
}

// statuses checks the status of each result.
func (s Step) statuses(codes ...string) Step {
	items := make([]string, len(codes))
	for i, code := range codes {
		items[i] = `{"status":"` + code + `"}`
	}
	return s.at("/Operations", OpSequence, `[`+strings.Join(items, ",")+`]`)
}

// created keeps the location of the result of a POST under a name.
func (s Step) created(name, result string) Step {
	return s.capture(name, "/Operations/"+result+"/location")
}

func bulkOp(method, path, members string) string {
	return `{"method":"` + method + `","path":"` + path + `"` + comma(members) + `}`
}

// bulkUser and bulkGroup make a user and a group; the name is the bulkId too.
func bulkUser(name, members string) string {
	return bulkOp("POST", "/Users", `"bulkId":"`+name+`","data":`+user(name, members))
}

func bulkGroup(name, members string) string {
	return bulkOp("POST", "/Groups", `"bulkId":"`+name+`","data":`+group(name, members))
}

// bulkMembers is the attribute members with what is made under bulkIds.
func bulkMembers(bulkIDs ...string) string {
	items := make([]string, len(bulkIDs))
	for i, id := range bulkIDs {
		items[i] = `{"value":"bulkId:` + id + `"}`
	}
	return `"members":[` + strings.Join(items, ",") + `]`
}

func bulkPatch(path, operations string) string {
	return bulkOp("PATCH", path, `"data":{"schemas":["`+patchMessage+`"],"Operations":[`+operations+`]}`)
}

// broken is an operation that fails: the user has no userName.
func broken(bulkID string) string {
	return bulkOp("POST", "/Users", `"bulkId":"`+bulkID+`","data":{"schemas":["`+userSchema+`"]}`)
}

const setDisplayName = `{"op":"replace","path":"displayName","value":"B"}`

// bulkCases: RFC 7644 section 3.7.
func bulkCases() []Case {
	bulks := needs(FeatureBulk)
	return []Case{
		{
			ID: "bulk/post", RFC: "7644 §3.7", Level: Must, Needs: bulks,
			Explanation: "POST in a bulk request makes a resource.",
			Steps: []Step{
				bulk(bulkUser("a", `"displayName":"A"`)).statuses("201").created("a", "0"),
				get("${a}").like(`{"userName":"${unique}.a@example.com","displayName":"A"}`),
			},
		},
		{
			ID: "bulk/put", RFC: "7644 §3.7", Level: Must, Needs: bulks,
			Explanation: "PUT in a bulk request replaces a resource.",
			Steps: []Step{
				newUser("a", `"displayName":"A"`),
				bulk(bulkOp("PUT", "/Users/${a}", `"data":`+user("a", `"displayName":"B"`))).statuses("200"),
				get("/Users/${a}").is("/displayName", `"B"`),
			},
		},
		{
			ID: "bulk/patch", RFC: "7644 §3.7", Level: Must, Needs: needs(FeatureBulk, FeaturePatch),
			Explanation: "PATCH in a bulk request changes a resource.",
			Steps: []Step{
				newUser("a", `"displayName":"A"`),
				bulk(bulkPatch("/Users/${a}", setDisplayName)).at("/Operations/0/status", OpMatches, "^20[04]$"),
				get("/Users/${a}").is("/displayName", `"B"`),
			},
		},
		{
			ID: "bulk/delete", RFC: "7644 §3.7", Level: Must, Needs: bulks,
			Explanation: "DELETE in a bulk request deletes a resource.",
			Steps: []Step{
				newUser("a", ""), bulk(bulkOp("DELETE", "/Users/${a}", "")).statuses("204"), get("/Users/${a}").fails(http.StatusNotFound),
			},
		},
		{
			ID: "bulk/several-endpoints", RFC: "7644 §3.7", Level: Must, Needs: needs(FeatureBulk, FeatureGroups),
			Explanation: "The operations of one request can be about several endpoints.",
			Steps: []Step{
				bulk(bulkUser("a", ""), bulkGroup("g", "")).statuses("201", "201").created("a", "0").created("g", "1"),
				get("${a}").present("/userName"), get("${g}").present("/displayName"),
			},
		},
		{
			ID: "bulk/order", RFC: "7644 §3.7", Level: Must, Needs: bulks,
			Explanation: "The result is that of the operations in the order of the request.",
			Steps: []Step{
				newUser("a", ""),
				bulk(
					bulkOp("PUT", "/Users/${a}", `"data":`+user("a", `"displayName":"B"`)), bulkOp("PUT", "/Users/${a}", `"data":`+user("b", `"displayName":"C"`)),
					bulkUser("a", ""), // whose name is free by now
				).statuses("200", "200", "201"),
				get("/Users/${a}").is("/displayName", `"C"`),
			},
		},
		{
			ID: "bulk/continues", RFC: "7644 §3.7", Level: Must, Needs: bulks,
			Explanation: "The service provider performs as many changes as possible and disregards partial failures.",
			Steps: []Step{
				bulk(bulkUser("a", ""), broken("x"), bulkOp("DELETE", "/Users/${unique}", ""), bulkUser("b", "")).statuses("201", "400", "404", "201").created("b", "3"),
				get("${b}").is("/userName", `"${unique}.b@example.com"`),
			},
		},
		{
			ID: "bulk/fail-on-errors/stops", RFC: "7644 §3.7", Level: Must, Needs: needs(FeatureBulk, FeatureFilter),
			Explanation: "After as many errors as failOnErrors says, the remaining operations are not done.",
			Steps: []Step{
				bulkWith(`"failOnErrors":1`, bulkUser("a", ""), broken("x"), bulkUser("b", "")).statuses("201", "400"),
				get("/Users?filter=" + mine).finds("a"),
			},
		},
		{
			ID: "bulk/fail-on-errors/counts", RFC: "7644 §3.7", Level: Must, Needs: needs(FeatureBulk, FeatureFilter),
			Explanation: "Fewer errors than failOnErrors says do not end the request.",
			Steps: []Step{
				bulkWith(`"failOnErrors":2`, broken("x"), bulkUser("a", ""), broken("y"), bulkUser("b", "")).statuses("400", "201", "400"),
				get("/Users?filter=" + mine).finds("a"),
			},
		},
		{
			ID: "bulk/fail-on-errors/not-reached", RFC: "7644 §3.7.3", Level: Must, Needs: bulks,
			Explanation: "All operations are done if the number of errors is not reached.",
			Steps:       []Step{bulkWith(`"failOnErrors":3`, broken("x"), bulkUser("a", ""), broken("y"), bulkUser("b", "")).statuses("400", "201", "400", "201")},
		},
		{
			ID: "bulk/atomic", RFC: "7644 §3.5.2", Level: Must, Needs: needs(FeatureBulk, FeaturePatch),
			Explanation: "A PATCH in a bulk request that fails leaves the resource as it was.",
			Steps: []Step{
				newUser("a", `"displayName":"A"`),
				bulk(bulkPatch("/Users/${a}", setDisplayName+`,{"op":"replace","path":"userName"}`)).at("/Operations/0/status", OpMatches, "^4"),
				get("/Users/${a}").is("/displayName", `"A"`),
			},
		},
		{
			ID: "bulk/read-only", RFC: "7644 §3.3", Level: Must, Needs: bulks,
			Explanation: "What is read-only is ignored in a POST of a bulk request.",
			Steps: []Step{
				bulk(bulkUser("a", `"id":"${unique}"`)).statuses("201").created("a", "0"), get("${a}").not("/id", `"${unique}"`), get("/Users/${unique}").fails(http.StatusNotFound),
			},
		},
		{
			ID: "bulk/version", RFC: "7644 §3.7", Level: Must, Needs: needs(FeatureBulk, FeatureETag),
			Explanation: "The version of an operation is a precondition.",
			Steps: []Step{
				newUser("a", "").capture("version", "/meta/version"),
				bulk(bulkOp("PUT", "/Users/${a}", `"version":"${version}","data":`+user("a", `"displayName":"B"`))).statuses("200"),
				bulk(
					bulkOp("PUT", "/Users/${a}", `"version":"${version}","data":`+user("a", `"displayName":"C"`)), bulkOp("DELETE", "/Users/${a}", `"version":"${version}"`),
				).statuses("412", "412"),
				get("/Users/${a}").is("/displayName", `"B"`),
			},
		},
		{
			ID: "bulk/none", RFC: "7644 §2", Level: Must, Needs: needs(FeatureBulk, FeatureFilter),
			Explanation: "A bulk request without a credential is refused and not done.",
			Steps:       []Step{bulkPlain(bulkUser("a", "")).as(CredentialNone).fails(http.StatusUnauthorized), get("/Users?filter=" + mine).finds()},
		},
	}
}

// bulkPlain is a bulk request without demands on its answer.
func bulkPlain(operations ...string) Step {
	s := bulk(operations...)
	s.Checks = nil
	return s
}

// bulkResultCases: RFC 7644 section 3.7.3.
func bulkResultCases() []Case {
	bulks := needs(FeatureBulk)
	return []Case{
		{
			ID: "bulk/result/all", RFC: "7644 §3.7.3", Level: Must, Needs: bulks,
			Explanation: "The answer has the result of each operation, with its method.",
			Steps: []Step{
				newUser("a", ""),
				bulk(bulkUser("b", ""), bulkOp("PUT", "/Users/${a}", `"data":`+user("a", "")), broken("x"), bulkOp("DELETE", "/Users/${a}", "")).
					at("/Operations", OpSequence, `[{"method":"POST"},{"method":"PUT"},{"method":"POST"},{"method":"DELETE"}]`),
			},
		},
		{
			ID: "bulk/result/bulk-id", RFC: "7644 §3.7", Level: Must, Needs: bulks,
			Explanation: "The bulkId comes back with the resource that was made.",
			Steps: []Step{
				bulk(bulkUser("a", ""), bulkUser("b", "")).at("/Operations", OpSequence, `[{"bulkId":"a","status":"201"},{"bulkId":"b","status":"201"}]`).created("b", "1"),
				get("${b}").is("/userName", `"${unique}.b@example.com"`),
			},
		},
		{
			ID: "bulk/result/bulk-id-failed", RFC: "7644 §3.7.3", Level: Must, Needs: bulks,
			Explanation: "The bulkId comes back with the error of a POST.",
			Steps:       []Step{bulk(broken("x")).at("/Operations", OpSequence, `[{"bulkId":"x","method":"POST","status":"400"}]`)},
		},
		{
			ID: "bulk/result/location", RFC: "7644 §3.7.3", Level: Must, Needs: bulks,
			Explanation: "The result of each operation that succeeds has the location of the resource.",
			Steps: []Step{
				newUser("a", "").capture("location", "/meta/location"),
				bulk(bulkUser("b", ""), bulkOp("PUT", "/Users/${a}", `"data":`+user("a", "")), bulkOp("DELETE", "/Users/${a}", "")).
					present("/Operations/0/location").is("/Operations/1/location", `"${location}"`).is("/Operations/2/location", `"${location}"`).created("b", "0"),
				get("${b}").is("/meta/location", `"${b}"`),
			},
		},
		{
			ID: "bulk/result/location-patch", RFC: "7644 §3.7.3", Level: Must, Needs: needs(FeatureBulk, FeaturePatch),
			Explanation: "The result of a PATCH has the location of the resource.",
			Steps: []Step{
				newUser("a", "").capture("location", "/meta/location"),
				bulk(bulkPatch("/Users/${a}", setDisplayName)).is("/Operations/0/location", `"${location}"`),
			},
		},
		{
			ID: "bulk/result/location-failed", RFC: "7644 §3.7.3", Level: Must, Needs: bulks,
			Explanation: "A PUT or DELETE that fails has a location too.",
			Steps: []Step{
				bulk(bulkOp("DELETE", "/Users/${unique}", ""), bulkOp("PUT", "/Users/${unique}", `"data":`+user("a", ""))).statuses("404", "404").
					at("/Operations/*/location", OpMatches, "/Users/${unique}$"),
			},
		},
		{
			ID: "bulk/result/location-failed-post", RFC: "7644 §3.7.3", Level: Must, Needs: bulks,
			Explanation: "A POST that fails has no location.",
			Steps:       []Step{bulk(broken("x")).statuses("400").absent("/Operations/0/location")},
		},
		{
			ID: "bulk/result/status", RFC: "7644 §3.7.3", Level: Must, Needs: bulks,
			Explanation: "The status is the one that a request of its own would have had, as a text.",
			Steps: []Step{
				newUser("a", ""),
				bulk(bulkUser("b", ""), bulkOp("PUT", "/Users/${a}", `"data":`+user("a", "")), bulkOp("DELETE", "/Users/${a}", ""), bulkOp("DELETE", "/Users/${a}", "")).statuses("201", "200", "204", "404"),
			},
		},
		{
			ID: "bulk/result/error", RFC: "7644 §3.7", Level: Must, Needs: bulks,
			Explanation: "The response of an operation that failed is the error.",
			Steps: []Step{
				bulk(bulkOp("DELETE", "/Users/${unique}", "")).contains("/Operations/0/response/schemas", `"`+errorMessage+`"`).is("/Operations/0/response/status", `"404"`),
			},
		},
		{
			ID: "bulk/result/uniqueness", RFC: "7644 §3.12", Level: Must, Needs: bulks,
			Explanation: "A name that is in use is 409 with the scimType uniqueness.",
			Steps: []Step{
				bulk(bulkUser("a", ""), strings.Replace(bulkUser("a", ""), `"bulkId":"a"`, `"bulkId":"b"`, 1)).statuses("201", "409").is("/Operations/1/response/scimType", `"uniqueness"`),
			},
		},
		{
			ID: "bulk/result/version", RFC: "7644 §3.7", Level: Should, Needs: needs(FeatureBulk, FeatureETag),
			Explanation: "The result has the version of the resource.",
			Steps: []Step{
				bulk(bulkUser("a", "")).created("a", "0").capture("version", "/Operations/0/version"),
				get("${a}").is("/meta/version", `"${version}"`),
			},
		},
		{
			ID: "bulk/result/never", RFC: "7643 §7", Level: Must, Needs: bulks,
			Explanation: "A password does not come back in a result.",
			Steps:       []Step{bulk(bulkUser("a", `"password":"scimtest-Pa55-w0rd"`)).statuses("201").absent("/Operations/0/response/password")},
		},
	}
}
