package scimtest

import "net/http"

// noUser is the path of a user that does not exist.
const noUser = "/Users/${unique}"

// errorCases: RFC 7644 section 3.12.
func errorCases() []Case {
	named := func(id, explanation string, n []Feature, steps ...Step) Case {
		return Case{ID: "errors/scim-type/" + id, RFC: "7644 §3.12", Level: Should, Explanation: explanation, Needs: n, Steps: steps}
	}
	change := func(operation string) Step { return patch("/Users/${a}", operation) }
	return []Case{
		named("invalid-syntax", "The scimType of a body that cannot be read is invalidSyntax.", nil,
			post("/Users", `{"schemas":`).fails(http.StatusBadRequest, "invalidSyntax")),
		named("invalid-value", "That of a required value that is missing is invalidValue.", nil,
			post("/Users", `{"schemas":["`+userSchema+`"],"displayName":"A"}`).fails(http.StatusBadRequest, "invalidValue")),
		named("invalid-filter", "That of a filter that cannot be read is invalidFilter.", needs(FeatureFilter),
			get("/Users?filter=userName eq").fails(http.StatusBadRequest, "invalidFilter")),
		named("invalid-path", "That of a path that cannot be read is invalidPath.", needs(FeaturePatch),
			newUser("a", ""), change(`{"op":"replace","path":"name..givenName","value":"x"}`).fails(http.StatusBadRequest, "invalidPath")),
		named("mutability", "That of a change to a read-only value is mutability.", needs(FeaturePatch),
			newUser("a", ""), change(`{"op":"replace","path":"id","value":"x"}`).fails(http.StatusBadRequest, "mutability")),
		{
			ID: "errors/get-unknown", RFC: "7644 §3.12", Level: Must,
			Explanation: "A resource that does not exist is 404, with the error as JSON whose status is a text.",
			Steps:       []Step{get(noUser).fails(http.StatusNotFound).typ("/status", "string")},
		},
		{
			ID: "errors/put-unknown", RFC: "7644 §3.5.1", Level: Must,
			Explanation: "PUT does not make resources: an id that does not exist is 404.",
			Steps: []Step{
				put(noUser, user("a", "")).fails(http.StatusNotFound),
				get(noUser).fails(http.StatusNotFound),
			},
		},
		{
			ID: "errors/patch-unknown", RFC: "7644 §3.12", Level: Must, Needs: needs(FeaturePatch),
			Explanation: "PATCH of a resource that does not exist is 404.",
			Steps:       []Step{patch(noUser, `{"op":"replace","path":"displayName","value":"x"}`).fails(http.StatusNotFound)},
		},
		{
			ID: "errors/delete-unknown", RFC: "7644 §3.12", Level: Must,
			Explanation: "DELETE of a resource that does not exist is 404.",
			Steps:       []Step{del(noUser).fails(http.StatusNotFound)},
		},
		{
			ID: "errors/get-unknown-group", RFC: "7644 §3.12", Level: Must, Needs: needs(FeatureGroups),
			Explanation: "A group that does not exist is 404.",
			Steps:       []Step{get("/Groups/${unique}").fails(http.StatusNotFound)},
		},
		{
			ID: "errors/another-type", RFC: "7644 §3.4.1", Level: Must, Needs: needs(FeatureGroups),
			Explanation: "The id of a user names no group.",
			Steps:       []Step{newUser("a", ""), get("/Groups/${a}").fails(http.StatusNotFound)},
		},
		{
			ID: "errors/unknown-endpoint", RFC: "7644 §3.12", Level: Must,
			Explanation: "An endpoint that does not exist is 404, with an error as JSON.",
			Steps:       []Step{get("/${unique}").fails(http.StatusNotFound)},
		},
		{
			ID: "errors/content-type", RFC: "7644 §3.8", Level: Must,
			Explanation: "Errors have the media type of SCIM too.",
			Steps:       []Step{get(noUser).fails(http.StatusNotFound).header("Content-Type", OpMatches, `^application/scim\+json($|;)`)},
		},
		{
			ID: "errors/detail", RFC: "7644 §3.12", Level: May,
			Explanation: "An error that has a detail has it as a text.",
			Steps:       []Step{get(noUser).fails(http.StatusNotFound).typ("/detail", "string")},
		},
		{
			ID: "errors/malformed-json", RFC: "7644 §3.12", Level: Must,
			Explanation: "A body that is not JSON is invalidSyntax.",
			Steps: []Step{
				post("/Users", `{"schemas":["`+userSchema+`"],"userName":`).refuses("invalidSyntax"),
				post("/Users", `{'userName':'x'}`).refuses("invalidSyntax"),
			},
		},
		{
			ID: "errors/not-an-object", RFC: "7644 §3.12", Level: Must,
			Explanation: "A body that is JSON and no object does not conform to the schema.",
			Steps: []Step{
				post("/Users", `["`+userSchema+`"]`).refuses("invalidSyntax", "invalidValue"),
				post("/Users", `"x"`).refuses("invalidSyntax", "invalidValue"),
				post("/Users", `null`).refuses("invalidSyntax", "invalidValue"),
			},
		},
		{
			ID: "errors/empty-body", RFC: "7644 §3.12", Level: Must,
			Explanation: "An empty body is no resource.",
			Steps:       []Step{post("/Users", "").with("Content-Type", "application/scim+json").refuses("invalidSyntax", "invalidValue")},
		},
		{
			ID: "errors/two-documents", RFC: "7644 §3.12", Level: Must,
			Explanation: "What follows the JSON object makes the body invalid.",
			Steps:       []Step{post("/Users", user("a", "")+user("b", "")).refuses("invalidSyntax")},
		},
		{
			ID: "errors/not-utf-8", RFC: "7644 §3.8", Level: Should,
			Explanation: "A body that is not UTF-8 has no meaning and is refused.",
			Steps:       []Step{post("/Users", user("a", "\"displayName\":\"\xff\xfe\"")).fails(http.StatusBadRequest)},
		},
	}
}

// httpCases: RFC 7644 section 3.8, RFC 9110.
func httpCases() []Case {
	const scimJSON = `^application/scim\+json($|;)`
	const anyJSON = `^application/(scim\+)?json($|;)`
	return []Case{
		{
			ID: "http/content-type/resource", RFC: "7644 §3.8", Level: Must,
			Explanation: "Asked for application/scim+json, the service provider answers with it.",
			Steps: []Step{
				newUser("a", "").header("Content-Type", OpMatches, scimJSON),
				get("/Users/${a}").header("Content-Type", OpMatches, scimJSON),
			},
		},
		{
			ID: "http/content-type/list", RFC: "7644 §3.8", Level: Must,
			Explanation: "Lists have the media type of SCIM.",
			Steps:       []Step{get("/Users?count=1").header("Content-Type", OpMatches, scimJSON)},
		},
		{
			ID: "http/content-type/discovery", RFC: "7644 §3.8", Level: Must,
			Explanation: "Discovery documents have the media type of SCIM.",
			Steps: []Step{
				get("/ServiceProviderConfig").header("Content-Type", OpMatches, scimJSON),
				get("/Schemas").header("Content-Type", OpMatches, scimJSON),
			},
		},
		{
			ID: "http/accept/json", RFC: "7644 §3.8", Level: Should,
			Explanation: "A client that accepts application/json only gets JSON.",
			Steps:       []Step{get("/Users?count=1").with("Accept", "application/json").header("Content-Type", OpMatches, anyJSON)},
		},
		{
			ID: "http/accept/none", RFC: "7644 §3.8", Level: Must,
			Explanation: "Without Accept the format is application/scim+json.",
			Steps:       []Step{get("/Users?count=1").with("Accept", "").header("Content-Type", OpMatches, scimJSON)},
		},
		{
			ID: "http/accept/anything", RFC: "7644 §3.8", Level: Must,
			Explanation: "A client that accepts anything gets application/scim+json.",
			Steps:       []Step{get("/Users?count=1").with("Accept", "*/*").header("Content-Type", OpMatches, scimJSON)},
		},
		{
			ID: "http/body/charset", RFC: "7644 §3.8", Level: Must,
			Explanation: "A body that names UTF-8 as its encoding is taken.",
			Steps:       []Step{newUser("a", "").with("Content-Type", "application/scim+json; charset=utf-8")},
		},
		{
			ID: "http/body/json", RFC: "7644 §8.1", Level: Should,
			Explanation: "application/json is recognised as equivalent.",
			Steps:       []Step{newUser("a", "").with("Content-Type", "application/json")},
		},
		{
			ID: "http/body/another-type", RFC: "9110 §15.5.16", Level: Should,
			Explanation: "A media type that is not JSON is refused as such.",
			Steps:       []Step{post("/Users", user("a", "")).with("Content-Type", "application/xml").fails(http.StatusUnsupportedMediaType)},
		},
		{
			ID: "http/body/utf-8", RFC: "7644 §3.8", Level: Must,
			Explanation: "Text in any script comes back as it was sent.",
			Steps: []Step{
				newUser("a", `"displayName":"本社 Ünïcödé 𠮷野 ✓"`).like(`{"displayName":"本社 Ünïcödé 𠮷野 ✓"}`),
				get("/Users/${a}").like(`{"displayName":"本社 Ünïcödé 𠮷野 ✓"}`),
			},
		},
		{
			ID: "http/body/escapes", RFC: "7644 §3.8", Level: Must,
			Explanation: "The escapes of JSON stand for the characters themselves.",
			Steps: []Step{
				newUser("a", `"displayName":"\u672c\u793e \ud842\udfb7 \"quoted\" back\\slash"`),
				get("/Users/${a}").like(`{"displayName":"本社 𠮷 \"quoted\" back\\slash"}`),
			},
		},
		{
			ID: "http/head", RFC: "9110 §9.3.2", Level: Must,
			Explanation: "HEAD is answered as GET is, without the body.",
			Steps: []Step{
				newUser("a", ""),
				head("/Users/${a}").header("Content-Type", OpMatches, scimJSON),
				head("/Users?count=1"),
				head("/ServiceProviderConfig"),
				head(noUser).status(http.StatusNotFound),
			},
		},
		{
			ID: "http/method/collection", RFC: "9110 §15.5.6", Level: Should,
			Explanation: "A method that an endpoint does not have is refused, and Allow names those that it has.",
			Steps: []Step{
				request(http.MethodPut, "/Users", user("a", "")).fails(http.StatusMethodNotAllowed).header("Allow", OpMatches, `\bPOST\b`),
				request(http.MethodDelete, "/Users", "").fails(http.StatusMethodNotAllowed).header("Allow", OpMatches, `\bGET\b`),
			},
		},
		{
			ID: "http/method/resource", RFC: "9110 §15.5.6", Level: Should,
			Explanation: "POST to a resource that exists is refused, and Allow names what it takes.",
			Steps: []Step{
				newUser("a", ""),
				post("/Users/${a}", user("b", "")).fails(http.StatusMethodNotAllowed).header("Allow", OpMatches, `\bPUT\b`),
			},
		},
		{
			ID: "http/method/discovery", RFC: "9110 §15.5.6", Level: Should,
			Explanation: "Discovery documents take GET only and say so.",
			Steps: []Step{
				post("/ServiceProviderConfig", `{}`).fails(http.StatusMethodNotAllowed).header("Allow", OpMatches, `\bGET\b`),
				post("/Schemas", `{}`).fails(http.StatusMethodNotAllowed).header("Allow", OpMatches, `\bGET\b`),
			},
		},
		{
			ID: "http/method/options", RFC: "9110 §9.3.7", Level: May,
			Explanation: "OPTIONS names the methods that an endpoint has.",
			Steps:       []Step{request(http.MethodOptions, "/Users", "", http.StatusOK, http.StatusNoContent).header("Allow", OpMatches, `\bPOST\b`)},
		},
		{
			ID: "http/query/unknown", RFC: "7644 §3.4.2", Level: Should,
			Explanation: "A query parameter that is not known is ignored.",
			Steps: []Step{
				newUser("a", ""),
				get("/Users/${a}?${unique}=1").like(`{"id":"${a}"}`),
				get("/Users?${unique}=1&count=1"),
			},
		},
		{
			ID: "http/query/encoding", RFC: "7644 §1.2", Level: Must, Needs: needs(FeatureFilter),
			Explanation: "Percent-encoding in a query is undone, whether a space travels as %20 or as a plus sign.",
			Steps: []Step{
				newUser("a", ""),
				get("/Users?filter=userName%20eq%20%22${unique}.a%40example.com%22").finds("a"),
				get("/Users?filter=userName+eq+%22${unique}.a%40example.com%22").finds("a"),
			},
		},
	}
}
