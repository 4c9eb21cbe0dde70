package scimtest

import "net/http"

// readCases: RFC 7644 section 3.4.1.
func readCases() []Case {
	return []Case{
		{
			ID: "read/resource", RFC: "7644 §3.4.1", Level: Must,
			Explanation: "A resource that exists is 200 with the resource.",
			Steps:       []Step{newUser("a", `"displayName":"A"`), get("/Users/${a}").like(`{"id":"${a}","userName":"${unique}.a@example.com","displayName":"A"}`)},
		},
		{
			ID: "read/content-location", RFC: "7643 §3.1", Level: Must,
			Explanation: "The Content-Location header, where there is one, is the same as meta.location.",
			Steps: []Step{
				newUser("a", ""),
				get("/Users/${a}").capture("location", "/meta/location").header("Content-Location", OpOneOf, `[null,"${location}"]`),
			},
		},
		{
			ID: "read/content-location-present", RFC: "7643 §3.1", Level: Should,
			Explanation: "An answer has the Content-Location that meta.location is compared with.",
			Steps:       []Step{newUser("a", ""), get("/Users/${a}").header("Content-Location", OpPresent, "")},
		},
		{
			ID: "read/location-stable", RFC: "7643 §3.1", Level: Must,
			Explanation: "The id and the location are the same in each answer.",
			Steps: []Step{
				newUser("a", "").capture("location", "/meta/location"),
				get("/Users/${a}").like(`{"id":"${a}","meta":{"location":"${location}"}}`),
				put("/Users/${a}", user("b", "")).like(`{"id":"${a}","userName":"${unique}.b@example.com","meta":{"location":"${location}"}}`),
			},
		},
		{
			ID: "read/unassigned", RFC: "7643 §2.5", Level: Must,
			Explanation: "What was not given a value has none.",
			Steps:       []Step{newUser("a", ""), get("/Users/${a}").absent("/displayName", "/emails", "/addresses", "/externalId")},
		},
		{
			ID: "read/user-groups", RFC: "7643 §4.1.2", Level: May, Needs: needs(FeatureGroups, "User.groups"),
			Explanation: "A user's groups have the id of the group.",
			Steps:       []Step{newUser("a", ""), newGroup("g", members("a")), get("/Users/${a}").is("/groups", `[{"value":"${g}"}]`)},
		},
		{
			ID: "read/user-groups-reference", RFC: "7643 §4.1.2", Level: May, Needs: needs(FeatureGroups, "User.groups.$ref"),
			Explanation: "They have a reference that leads to the group.",
			Steps: []Step{
				newUser("a", ""), newGroup("g", members("a")),
				get("/Users/${a}").capture("ref", "/groups/0/$ref"),
				get("${ref}").like(`{"id":"${g}"}`),
			},
		},
		{
			ID: "read/user-groups-direct", RFC: "7643 §4.1.2", Level: May, Needs: needs(FeatureGroups, "User.groups.type"),
			Explanation: "A user that is a member itself has the group with the type direct.",
			Steps: []Step{
				newUser("a", ""), newGroup("g", members("a")),
				get("/Users/${a}").is("/groups", `[{"value":"${g}","type":"direct"}]`),
			},
		},
		{
			ID: "read/user-groups-follow", RFC: "7643 §4.1.2", Level: May, Needs: needs(FeatureGroups, FeaturePatch, "User.groups"),
			Explanation: "A user that left a group does not have it any more.",
			Steps: []Step{
				newUser("a", ""), newGroup("g", members("a")),
				patch("/Groups/${g}", `{"op":"remove","path":"members[value eq \"${a}\"]"}`),
				get("/Users/${a}").absent("/groups"),
			},
		},
	}
}

// replaceCases: RFC 7644 section 3.5.1.
func replaceCases() []Case {
	return []Case{
		{
			ID: "replace/answer", RFC: "7644 §3.5.1", Level: Must,
			Explanation: "PUT is answered with 200 and the entire resource.",
			Steps: []Step{
				newUser("a", `"displayName":"A"`),
				put("/Users/${a}", user("a", `"displayName":"B","name":{"givenName":"G"}`)).
					like(`{"id":"${a}","displayName":"B","name":{"givenName":"G"},"meta":{"resourceType":"User"}}`),
				get("/Users/${a}").like(`{"displayName":"B","name":{"givenName":"G"}}`),
			},
		},
		{
			ID: "replace/multi-valued", RFC: "7644 §3.5.1", Level: Must,
			Explanation: "The values of a multi-valued attribute replace the old ones.",
			Steps: []Step{
				newUser("a", `"emails":[{"value":"a@example.com","type":"work"},{"value":"b@example.com","type":"home"}]`),
				put("/Users/${a}", user("a", `"emails":[{"value":"c@example.com","type":"other"}]`)).is("/emails", `[{"value":"c@example.com","type":"other"}]`),
				get("/Users/${a}").is("/emails", `[{"value":"c@example.com","type":"other"}]`),
			},
		},
		{
			ID: "replace/null-clears", RFC: "7644 §3.5.1", Level: Must,
			Explanation: "null and an empty list clear an attribute.",
			Steps: []Step{
				newUser("a", `"displayName":"A","emails":[{"value":"a@example.com"}]`),
				put("/Users/${a}", user("a", `"displayName":null,"emails":[]`)).absent("/displayName", "/emails"),
				get("/Users/${a}").absent("/displayName", "/emails"),
			},
		},
		{
			ID: "replace/omitted", RFC: "7644 §3.5.1", Level: May,
			Explanation: "An attribute that the replacement does not have is cleared.",
			Steps: []Step{
				newUser("a", `"displayName":"A","name":{"givenName":"G","familyName":"F"}`),
				put("/Users/${a}", user("a", `"name":{"givenName":"G"}`)),
				get("/Users/${a}").like(`{"displayName":null,"name":{"givenName":"G","familyName":null}}`),
			},
		},
		{
			ID: "replace/read-only-ignored", RFC: "7644 §3.5.1", Level: Must,
			Explanation: "Read-only values are ignored, so that a client can send back what it read.",
			Steps: []Step{
				newUser("a", "").capture("created", "/meta/created"),
				put("/Users/${a}", user("a", `"displayName":"B","id":"${unique}","meta":{"resourceType":"Group","created":"2001-01-01T00:00:00Z","location":"https://example.com/x"},"groups":[{"value":"x"}]`)).
					like(`{"id":"${a}","displayName":"B","meta":{"resourceType":"User","created":"${created}"},"groups":null}`),
			},
		},
		{
			ID: "replace/schemas-follow", RFC: "7643 §3", Level: Must, Needs: needs(FeatureEnterprise),
			Explanation: "schemas names an extension as long as it has a value.",
			Steps: []Step{
				newUser("a", ""),
				put("/Users/${a}", user("a", enterprise(`"department":"Sales"`))).is("/schemas", `["`+userSchema+`","`+enterpriseSchema+`"]`),
				get("/Users/${a}").like(`{"` + enterpriseSchema + `":{"department":"Sales"}}`),
			},
		},
		{
			ID: "replace/user-name", RFC: "7644 §3.5.1", Level: Must,
			Explanation: "A user can be renamed, and the old name is free.",
			Steps: []Step{
				newUser("a", ""),
				put("/Users/${a}", user("b", "")).like(`{"userName":"${unique}.b@example.com"}`),
				newUser("a", ""),
			},
		},
		{
			ID: "replace/projected", RFC: "7644 §3.9", Level: Must,
			Explanation: "attributes and excludedAttributes hold for the answer to PUT.",
			Steps: []Step{
				newUser("a", ""),
				put("/Users/${a}?attributes=displayName", user("a", `"displayName":"A","name":{"givenName":"G"}`)).present("/id", "/displayName").absent("/name", "/userName"),
				put("/Users/${a}?excludedAttributes=name", user("a", `"displayName":"A","name":{"givenName":"G"}`)).present("/id", "/displayName").absent("/name"),
			},
		},
		{
			ID: "replace/refused-changes-nothing", RFC: "7644 §3.5.1", Level: Must,
			Explanation: "A replacement that is refused leaves the resource as it was.",
			Steps: []Step{
				newUser("a", `"displayName":"A"`),
				put("/Users/${a}", user("a", `"displayName":"B","name":"not an object"`)).refuses("invalidValue", "invalidSyntax"),
				get("/Users/${a}").like(`{"displayName":"A"}`),
			},
		},
		{
			ID: "replace/group-members", RFC: "7644 §3.5.1", Level: Must, Needs: needs(FeatureGroups),
			Explanation: "The members of a replacement replace the old ones.",
			Steps: []Step{
				newUser("a", ""), newUser("b", ""), newUser("c", ""), newGroup("g", members("a", "b")),
				put("/Groups/${g}", group("g", members("b", "c"))),
				get("/Groups/${g}").is("/members", values("b", "c")),
			},
		},
		{
			ID: "replace/group-emptied", RFC: "7644 §3.5.1", Level: Must, Needs: needs(FeatureGroups),
			Explanation: "An empty list of members empties the group.",
			Steps: []Step{
				newUser("a", ""), newGroup("g", members("a")),
				put("/Groups/${g}", group("g", `"members":[]`)),
				get("/Groups/${g}").absent("/members"),
			},
		},
	}
}

// deleteCases: RFC 7644 section 3.6.
func deleteCases() []Case {
	return []Case{
		{
			ID: "delete/answer", RFC: "7644 §3.6", Level: Must,
			Explanation: "DELETE is answered with 204.",
			Steps:       []Step{newUser("a", ""), del("/Users/${a}")},
		},
		{
			ID: "delete/gone", RFC: "7644 §3.6", Level: Must,
			Explanation: "Every operation on a deleted resource is 404.",
			Steps: []Step{
				newUser("a", ""), del("/Users/${a}"),
				get("/Users/${a}").fails(http.StatusNotFound),
				put("/Users/${a}", user("a", "")).fails(http.StatusNotFound),
				del("/Users/${a}").fails(http.StatusNotFound),
			},
		},
		{
			ID: "delete/gone-patch", RFC: "7644 §3.6", Level: Must, Needs: needs(FeaturePatch),
			Explanation: "PATCH does not bring a deleted resource back.",
			Steps: []Step{
				newUser("a", ""), del("/Users/${a}"),
				patch("/Users/${a}", `{"op":"replace","path":"active","value":true}`).fails(http.StatusNotFound),
			},
		},
		{
			ID: "delete/not-found", RFC: "7644 §3.6", Level: Must, Needs: needs(FeatureFilter),
			Explanation: "A deleted resource is in no query's result.",
			Steps:       []Step{newUser("a", ""), newUser("b", ""), del("/Users/${a}"), get("/Users?filter=" + mine).finds("b")},
		},
		{
			ID: "delete/name-is-free", RFC: "7644 §3.6", Level: Should,
			Explanation: "A deleted user is not considered in conflicts: the same userName can be made again, under a new id.",
			Steps:       []Step{newUser("a", ""), del("/Users/${a}"), post("/Users", user("a", "")).not("/id", `"${a}"`)},
		},
		{
			ID: "delete/group", RFC: "7644 §3.6", Level: Must, Needs: needs(FeatureGroups),
			Explanation: "A group goes and its members stay.",
			Steps: []Step{
				newUser("a", ""), newGroup("g", members("a")), del("/Groups/${g}"),
				get("/Groups/${g}").fails(http.StatusNotFound),
				get("/Users/${a}").absent("/groups"),
			},
		},
		{
			ID: "delete/member", RFC: "7643 §2.3.7", Level: May, Needs: needs(FeatureGroups),
			Explanation: "With referential integrity, a deleted user is no member any more.",
			Steps: []Step{
				newUser("a", ""), newUser("b", ""), newGroup("g", members("a", "b")), del("/Users/${a}"),
				get("/Groups/${g}").is("/members", values("b")),
			},
		},
	}
}

// etagCases: RFC 7644 section 3.14.
func etagCases() []Case {
	changed := user("a", `"displayName":"B"`)
	stale := `W/"scimtest-stale"`
	return []Case{
		{
			ID: "etag/header", RFC: "7644 §3.14", Level: Must, Needs: needs(FeatureETag),
			Explanation: "The version is in the ETag header, in the form of an entity tag.",
			Steps: []Step{
				newUser("a", "").header("ETag", OpMatches, `^(W/)?"[^"]*"$`),
				get("/Users/${a}").header("ETag", OpMatches, `^(W/)?"[^"]*"$`),
				put("/Users/${a}", changed).header("ETag", OpMatches, `^(W/)?"[^"]*"$`),
			},
		},
		{
			ID: "etag/meta", RFC: "7643 §3.1", Level: Should, Needs: needs(FeatureETag),
			Explanation: "meta.version is the same as the ETag header.",
			Steps: []Step{
				newUser("a", "").capture("tag", "ETag").is("/meta/version", `"${tag}"`),
				get("/Users/${a}").header("ETag", OpLike, `"${tag}"`).is("/meta/version", `"${tag}"`),
			},
		},
		{
			ID: "etag/list", RFC: "7644 §3.14", Level: Should, Needs: needs(FeatureETag, FeatureFilter),
			Explanation: "The version of a resource in a list is the one it has alone.",
			Steps:       []Step{newUser("a", "").capture("tag", "ETag"), get("/Users?filter="+mine).is("/Resources/0/meta/version", `"${tag}"`)},
		},
		{
			ID: "etag/changes", RFC: "7644 §3.14", Level: Must, Needs: needs(FeatureETag),
			Explanation: "A change gives a resource another version.",
			Steps:       []Step{newUser("a", "").capture("tag", "ETag"), put("/Users/${a}", changed).header("ETag", OpUnlike, `"${tag}"`)},
		},
		{
			ID: "etag/not-modified", RFC: "7644 §3.14", Level: Must, Needs: needs(FeatureETag),
			Explanation: "If-None-Match with the current version is 304 without a body.",
			Steps: []Step{
				newUser("a", "").capture("tag", "ETag"),
				get("/Users/${a}").with("If-None-Match", "${tag}").status(http.StatusNotModified).absent(""),
				get("/Users/${a}").with("If-None-Match", stale+", ${tag}").status(http.StatusNotModified),
			},
		},
		{
			ID: "etag/modified", RFC: "7644 §3.14", Level: Must, Needs: needs(FeatureETag),
			Explanation: "If-None-Match with another version is 200 with the resource.",
			Steps:       []Step{newUser("a", ""), get("/Users/${a}").with("If-None-Match", stale).like(`{"id":"${a}"}`)},
		},
		{
			ID: "etag/put", RFC: "7644 §3.14", Level: Must, Needs: needs(FeatureETag),
			Explanation: "PUT with the current version in If-Match is done, and with an old one it is 412 and nothing changes.",
			Steps: []Step{
				newUser("a", "").capture("tag", "ETag"),
				put("/Users/${a}", changed).with("If-Match", "${tag}"),
				put("/Users/${a}", user("a", `"displayName":"C"`)).with("If-Match", "${tag}").fails(http.StatusPreconditionFailed),
				get("/Users/${a}").like(`{"displayName":"B"}`),
			},
		},
		{
			ID: "etag/patch", RFC: "7644 §3.14", Level: Must, Needs: needs(FeatureETag, FeaturePatch),
			Explanation: "PATCH with an old version in If-Match is 412 and nothing changes.",
			Steps: []Step{
				newUser("a", `"displayName":"A"`).capture("tag", "ETag"),
				patch("/Users/${a}", `{"op":"replace","path":"displayName","value":"B"}`).with("If-Match", stale).fails(http.StatusPreconditionFailed),
				get("/Users/${a}").like(`{"displayName":"A"}`),
				patch("/Users/${a}", `{"op":"replace","path":"displayName","value":"B"}`).with("If-Match", "${tag}"),
				get("/Users/${a}").like(`{"displayName":"B"}`),
			},
		},
		{
			ID: "etag/delete", RFC: "9110 §13.1.1", Level: Must, Needs: needs(FeatureETag),
			Explanation: "DELETE with an old version in If-Match is 412 and nothing goes.",
			Steps: []Step{
				newUser("a", "").capture("tag", "ETag"),
				del("/Users/${a}").with("If-Match", stale).fails(http.StatusPreconditionFailed),
				get("/Users/${a}"),
				del("/Users/${a}").with("If-Match", "${tag}"),
			},
		},
		{
			ID: "etag/any", RFC: "9110 §13.1.1", Level: Must, Needs: needs(FeatureETag),
			Explanation: "If-Match with an asterisk holds for each version of a resource that exists.",
			Steps:       []Step{newUser("a", ""), put("/Users/${a}", changed).with("If-Match", "*").is("/displayName", `"B"`)},
		},
		{
			ID: "etag/group-members", RFC: "7644 §3.14", Level: Must, Needs: needs(FeatureETag, FeatureGroups, FeaturePatch),
			Explanation: "Another member is another version of the group.",
			Steps: []Step{
				newUser("a", ""), newGroup("g", "").capture("tag", "ETag"),
				patch("/Groups/${g}", `{"op":"add","path":"members","value":`+values("a")+`}`),
				get("/Groups/${g}").header("ETag", OpUnlike, `"${tag}"`),
			},
		},
	}
}
