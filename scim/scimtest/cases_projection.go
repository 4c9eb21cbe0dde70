package scimtest

// projectionCases: RFC 7644 sections 3.4.2.5, 3.9 and 3.10.
func projectionCases() []Case {
	full := newUser("a", `"displayName":"A","name":{"givenName":"G","familyName":"F"},"emails":[{"value":"a@example.com","type":"work"}]`)
	project := func(id, explanation, query, want string) Case {
		return Case{
			ID: "projection/" + id, RFC: "7644 §3.9", Level: Must, Explanation: explanation,
			Steps: []Step{full, get("/Users/${a}?"+query).is("/id", `"${a}"`).like(want)},
		}
	}
	extension := func(id, explanation, query, want string) Case {
		return Case{
			ID: "projection/extension/" + id, RFC: "7644 §3.10", Level: Must, Needs: needs(FeatureEnterprise), Explanation: explanation,
			Steps: []Step{
				newUser("a", `"displayName":"A",`+enterprise(`"department":"Sales","employeeNumber":"7","manager":{"value":"m1"}`)),
				get("/Users/${a}?"+query).is("/id", `"${a}"`).like(want),
			},
		}
	}
	return []Case{
		project("attributes", "Only what was asked for and what is always returned comes back.",
			"attributes=displayName", `{"displayName":"A","userName":null,"name":null,"emails":null,"meta":null}`),
		project("attributes/several", "Names are separated by commas.",
			"attributes=displayName,userName", `{"displayName":"A","userName":"${unique}.a@example.com","name":null}`),
		project("attributes/sub-attribute", "A sub-attribute comes back without the others.",
			"attributes=name.givenName", `{"name":{"givenName":"G","familyName":null},"displayName":null}`),
		project("attributes/complex", "A complex attribute comes back with its sub-attributes.",
			"attributes=name", `{"name":{"givenName":"G","familyName":"F"},"displayName":null}`),
		project("attributes/multi-valued", "A sub-attribute of a multi-valued attribute comes back for each value.",
			"attributes=emails.value", `{"emails":[{"value":"a@example.com","type":null}],"displayName":null}`),
		project("attributes/urn", "A name may have its schema URI in front.",
			"attributes="+userSchema+":displayName", `{"displayName":"A","userName":null}`),
		project("attributes/urn-sub-attribute", "The URI may stand before a sub-attribute.",
			"attributes="+userSchema+":name.familyName", `{"name":{"givenName":null,"familyName":"F"},"displayName":null}`),
		project("attributes/without-case", "Names are case-insensitive.",
			"attributes=DISPLAYNAME,Name.GIVENname", `{"displayName":"A","name":{"givenName":"G","familyName":null},"userName":null}`),
		project("attributes/unknown", "A name that no schema has selects nothing.",
			"attributes=${unique}", `{"displayName":null,"userName":null,"name":null}`).level(Should),
		project("attributes/meta", "A sub-attribute of meta can be asked for.",
			"attributes=meta.resourceType", `{"meta":{"resourceType":"User","created":null},"displayName":null}`),
		project("excluded", "What is excluded does not come back, and the rest does.",
			"excludedAttributes=displayName,emails", `{"displayName":null,"emails":null,"userName":"${unique}.a@example.com","name":{"givenName":"G"}}`),
		project("excluded/sub-attribute", "An excluded sub-attribute leaves the others.",
			"excludedAttributes=name.givenName", `{"name":{"givenName":null,"familyName":"F"},"displayName":"A"}`),
		project("excluded/multi-valued", "So it is for each value.",
			"excludedAttributes=emails.type", `{"emails":[{"value":"a@example.com","type":null}]}`),
		project("excluded/urn", "A name may have its schema URI in front.",
			"excludedAttributes="+userSchema+":displayName", `{"displayName":null,"userName":"${unique}.a@example.com"}`),
		project("excluded/without-case", "Names are case-insensitive.",
			"excludedAttributes=displayNAME", `{"displayName":null,"userName":"${unique}.a@example.com"}`),
		project("excluded/always", "What is always returned cannot be excluded.",
			"excludedAttributes=id", `{"id":"${a}","displayName":"A"}`),
		{
			ID: "projection/schemas", RFC: "7643 §3", Level: Should,
			Explanation: "Every representation of a resource names its schemas.",
			Steps: []Step{
				full,
				get("/Users/${a}?attributes=displayName").contains("/schemas", `"`+userSchema+`"`),
				get("/Users/${a}?excludedAttributes=schemas").contains("/schemas", `"`+userSchema+`"`),
			},
		},
		{
			ID: "projection/list", RFC: "7644 §3.4.2.5", Level: Must, Needs: needs(FeatureFilter),
			Explanation: "Both parameters hold for each resource of a list.",
			Steps: []Step{
				full, newUser("b", `"displayName":"B"`),
				get("/Users?filter="+mine+"&attributes=displayName").is("/totalResults", "2").present("/Resources/*/id", "/Resources/*/displayName").absent("/Resources/*/userName", "/Resources/*/name"),
				get("/Users?filter="+mine+"&excludedAttributes=displayName").present("/Resources/*/id", "/Resources/*/userName").absent("/Resources/*/displayName"),
			},
		},
		{
			ID: "projection/filtered-attribute", RFC: "7644 §3.4.2.5", Level: Must, Needs: needs(FeatureFilter),
			Explanation: "A filter sees attributes that do not come back.",
			Steps: []Step{
				full,
				get(`/Users?filter=`+mine+` and displayName eq "A"&attributes=userName`).is("/Resources", `[{"id":"${a}","displayName":null}]`),
			},
		},
		{
			ID: "projection/group-members", RFC: "7644 §3.9", Level: Must, Needs: needs(FeatureGroups),
			Explanation: "Members can be left out, or be all that comes back.",
			Steps: []Step{
				newUser("a", ""), newGroup("g", members("a")),
				get("/Groups/${g}?excludedAttributes=members").present("/displayName").absent("/members"),
				get("/Groups/${g}?attributes=members").absent("/displayName").is("/members", values("a")),
				get("/Groups/${g}?attributes=members.value").is("/members", `[{"value":"${a}","$ref":null}]`),
			},
		},
		{
			ID: "projection/patch", RFC: "7644 §3.5.2", Level: Must, Needs: needs(FeaturePatch),
			Explanation: "With attributes, PATCH is answered with 200 and these attributes.",
			Steps: []Step{
				full,
				patch("/Users/${a}?attributes=displayName", `{"op":"replace","path":"displayName","value":"B"}`).status(200).
					like(`{"id":"${a}","displayName":"B","userName":null,"name":null}`),
			},
		},
		{
			ID: "projection/patch-group", RFC: "7644 §3.5.2", Level: Must, Needs: needs(FeaturePatch, FeatureGroups),
			Explanation: "That holds for a group too.",
			Steps: []Step{
				newUser("a", ""), newGroup("g", members("a")),
				patch("/Groups/${g}?attributes=displayName", `{"op":"replace","path":"displayName","value":"${unique} h"}`).status(200).
					like(`{"id":"${g}","displayName":"${unique} h","members":null}`),
			},
		},
		extension("attribute", "An attribute of an extension is named by the extension's URI.",
			"attributes="+enterpriseSchema+":department", `{"`+enterpriseSchema+`":{"department":"Sales","employeeNumber":null},"displayName":null}`),
		extension("sub-attribute", "So is its sub-attribute.",
			"attributes="+enterpriseSchema+":manager.value", `{"`+enterpriseSchema+`":{"manager":{"value":"m1"},"department":null}}`),
		extension("excluded", "An attribute of an extension can be excluded, and the others stay.",
			"excludedAttributes="+enterpriseSchema+":department", `{"`+enterpriseSchema+`":{"department":null,"employeeNumber":"7"},"displayName":"A"}`),
	}
}
