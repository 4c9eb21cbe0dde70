package scimtest

import "slices"

// listCases: RFC 7644 sections 3.4.2 and 3.4.2.4.
func listCases() []Case {
	three := []Step{newUser("a", ""), newUser("b", ""), newUser("c", "")}
	after := func(s ...Step) []Step { return slices.Concat(three, s) }
	page := func(query string) Step { return get("/Users?filter=" + mine + "&" + query) }
	return []Case{
		{
			ID: "list/message", RFC: "7644 §3.4.2", Level: Must,
			Explanation: "A list is identified as ListResponse and counts its results in numbers.",
			Steps:       []Step{newUser("a", ""), get("/Users").is("/schemas", `["`+listMessage+`"]`).typ("/totalResults", "integer").present("/Resources")},
		},
		{
			ID: "list/resources", RFC: "7644 §3.4.2", Level: Must, Needs: needs(FeatureFilter),
			Explanation: "The resources of a list are as they are alone.",
			Steps: []Step{
				newUser("a", `"displayName":"A","name":{"givenName":"G"}`).capture("location", "/meta/location"),
				get("/Users?filter="+mine).is("/totalResults", "1").
					is("/Resources/0", `{"id":"${a}","displayName":"A","name":{"givenName":"G"},"meta":{"resourceType":"User","location":"${location}"}}`),
			},
		},
		{
			ID: "list/none", RFC: "7644 §3.4.2", Level: Must, Needs: needs(FeatureFilter),
			Explanation: "A query without a match is 200 with totalResults 0, never 404.",
			Steps:       []Step{newUser("a", ""), get(`/Users?filter=userName eq "${unique}"`).is("/totalResults", "0").absent("/Resources")},
		},
		{
			ID: "list/slice", RFC: "7644 §3.4.2", Level: Must, Needs: needs(FeatureFilter),
			Explanation: "A partial list says where it begins and how many it holds, and totalResults counts them all.",
			Steps: after(
				page("startIndex=1&count=2").like(`{"totalResults":3,"startIndex":1,"itemsPerPage":2}`).at("/Resources", OpLike, `[{},{}]`),
				page("startIndex=3&count=2").like(`{"totalResults":3,"startIndex":3,"itemsPerPage":1}`).at("/Resources", OpLike, `[{}]`),
			),
		},
		{
			ID: "list/pages-complete", RFC: "7644 §3.4.2.4", Level: Must, Needs: needs(FeatureFilter),
			Explanation: "The pages of a list that does not change hold each resource once.",
			Steps: after(
				page("startIndex=1&count=1").capture("p", "/Resources/0/id"),
				page("startIndex=2&count=1").capture("q", "/Resources/0/id").not("/Resources/0/id", `"${p}"`),
				page("startIndex=3&count=1").not("/Resources/0/id", `"${p}"`).not("/Resources/0/id", `"${q}"`).present("/Resources/0/id"),
			),
		},
		{
			ID: "list/stable", RFC: "7644 §3.4.2.4", Level: Should, Needs: needs(FeatureFilter),
			Explanation: "The same page has the same resources as long as nothing changes.",
			Steps: after(
				page("startIndex=2&count=1").capture("p", "/Resources/0/id"),
				page("startIndex=2&count=1").is("/Resources", `[{"id":"${p}"}]`),
			),
		},
		{
			ID: "list/count-0", RFC: "7644 §3.4.2.4", Level: Must, Needs: needs(FeatureFilter),
			Explanation: "A count of 0 asks for totalResults only.",
			Steps:       after(page("count=0").is("/totalResults", "3").absent("/Resources")),
		},
		{
			ID: "list/count-negative", RFC: "7644 §3.4.2.4", Level: Must, Needs: needs(FeatureFilter),
			Explanation: "A negative count is interpreted as 0.",
			Steps:       after(page("count=-1").is("/totalResults", "3").absent("/Resources")),
		},
		{
			ID: "list/count-limit", RFC: "7644 §3.4.2.4", Level: Must,
			Explanation: "No more results than count come back.",
			Steps: []Step{
				newUser("a", ""), newUser("b", ""),
				get("/Users?count=1").at("/Resources", OpAtMost, "1").at("/Resources", OpPresent, ""),
			},
		},
		{
			ID: "list/count-large", RFC: "7644 §3.4.2.4", Level: Must, Needs: needs(FeatureFilter),
			Explanation: "A count above what there is, or above the service provider's maximum, is no error.",
			Steps:       after(page("count=1000000").is("/totalResults", "3").is("/Resources", `[{},{},{}]`)),
		},
		{
			ID: "list/start-0", RFC: "7644 §3.4.2.4", Level: Must, Needs: needs(FeatureFilter),
			Explanation: "A startIndex below 1 is interpreted as 1.",
			Steps: after(
				page("startIndex=1&count=1").capture("first", "/Resources/0/id"),
				page("startIndex=0&count=1").is("/startIndex", "1").is("/Resources/0/id", `"${first}"`),
				page("startIndex=-7&count=1").is("/startIndex", "1").is("/Resources/0/id", `"${first}"`),
			),
		},
		{
			ID: "list/start-beyond", RFC: "7644 §3.4.2.4", Level: Must, Needs: needs(FeatureFilter),
			Explanation: "A startIndex behind the last result is an empty page, not an error.",
			Steps:       after(page("startIndex=4").is("/totalResults", "3").absent("/Resources")),
		},
		{
			ID: "list/not-a-number", RFC: "7644 §3.12", Level: Should,
			Explanation: "A startIndex or count that is no integer is invalidValue.",
			Steps: []Step{
				get("/Users?count=many").refuses("invalidValue", "invalidSyntax"),
				get("/Users?startIndex=1.5").refuses("invalidValue", "invalidSyntax"),
			},
		},
		{
			ID: "list/groups", RFC: "7644 §3.4.2", Level: Must, Needs: needs(FeatureGroups, FeatureFilter),
			Explanation: "Groups are listed with their members.",
			Steps: []Step{
				newUser("a", ""), newGroup("g", members("a")),
				get(`/Groups?filter=displayName sw "${unique}"`).is("/totalResults", "1").is("/Resources", `[{"id":"${g}","members":[{"value":"${a}"}]}]`),
			},
		},
		{
			ID: "list/one-type", RFC: "7644 §3.4.2.1", Level: Must, Needs: needs(FeatureGroups, FeatureFilter),
			Explanation: "An endpoint lists the resources of its type only.",
			Steps: []Step{
				newUser("a", `"displayName":"${unique} g"`), newGroup("g", ""),
				get(`/Users?filter=displayName eq "${unique} g"`).is("/Resources", `[{"id":"${a}"}]`),
				get(`/Groups?filter=displayName eq "${unique} g"`).is("/Resources", `[{"id":"${g}"}]`),
			},
		},
	}
}

// searchCases: RFC 7644 sections 3.4.3 and 3.4.2.1.
func searchCases() []Case {
	mineJSON := `"filter":"userName sw \"${unique}\""`
	return []Case{
		{
			ID: "search/users", RFC: "7644 §3.4.3", Level: Must, Needs: needs(FeatureFilter),
			Explanation: "POST to .search finds what GET with the same filter finds, and makes nothing.",
			Steps: []Step{
				newUser("a", ""), newUser("b", ""),
				search("/Users/.search", mineJSON).is("/schemas", `["`+listMessage+`"]`).finds("a", "b"),
			},
		},
		{
			ID: "search/paging", RFC: "7644 §3.4.3", Level: Must, Needs: needs(FeatureFilter),
			Explanation: "startIndex and count have the meaning they have in GET.",
			Steps: []Step{
				newUser("a", ""), newUser("b", ""), newUser("c", ""),
				search("/Users/.search", mineJSON+`,"startIndex":2,"count":1`).like(`{"totalResults":3,"startIndex":2,"itemsPerPage":1,"Resources":[{}]}`),
				search("/Users/.search", mineJSON+`,"startIndex":-3,"count":-1`).like(`{"totalResults":3,"Resources":null}`),
			},
		},
		{
			ID: "search/projected", RFC: "7644 §3.4.3", Level: Must, Needs: needs(FeatureFilter),
			Explanation: "attributes and excludedAttributes are lists of names.",
			Steps: []Step{
				newUser("a", `"displayName":"A","name":{"givenName":"G"}`),
				search("/Users/.search", mineJSON+`,"attributes":["displayName","name.givenName"]`).
					is("/Resources", `[{"id":"${a}","displayName":"A","name":{"givenName":"G"},"userName":null}]`),
				search("/Users/.search", mineJSON+`,"excludedAttributes":["displayName","name"]`).
					is("/Resources", `[{"id":"${a}","displayName":null,"name":null,"userName":"${unique}.a@example.com"}]`),
			},
		},
		{
			ID: "search/groups", RFC: "7644 §3.4.3", Level: Must, Needs: needs(FeatureGroups, FeatureFilter),
			Explanation: "Each endpoint of resources has a .search.",
			Steps: []Step{
				newGroup("g", ""),
				search("/Groups/.search", `"filter":"displayName eq \"${unique} g\""`).is("/Resources", `[{"id":"${g}"}]`),
			},
		},
		{
			ID: "search/invalid-filter", RFC: "7644 §3.12", Level: Must, Needs: needs(FeatureFilter),
			Explanation: "A filter that cannot be read is invalidFilter here too.",
			Steps:       []Step{search("/Users/.search", `"filter":"userName regex \"x\""`).refuses("invalidFilter")},
		},
		{
			ID: "search/invalid-body", RFC: "7644 §3.12", Level: Must,
			Explanation: "A body that does not conform is invalidSyntax.",
			Steps: []Step{
				post("/Users/.search", `{"schemas":`).refuses("invalidSyntax"),
				search("/Users/.search", `"count":"many"`).refuses("invalidSyntax", "invalidValue"),
			},
		},
		{
			ID: "search/schemas", RFC: "7644 §3.4.3", Level: Must, Strict: true, Needs: needs(FeatureFilter),
			Explanation: "A search is identified by its message URI.",
			Steps:       []Step{post("/Users/.search", `{"count":1}`).refuses("invalidSyntax", "invalidValue")},
		},
		{
			ID: "search/root", RFC: "7644 §3.4.2.1", Level: Must, Needs: needs(FeatureRoot, FeatureGroups, FeatureFilter),
			Explanation: "A search at the root finds resources of all types.",
			Steps: []Step{
				newUser("a", `"displayName":"${unique} g"`), newGroup("g", ""),
				search("/.search", `"filter":"displayName eq \"${unique} g\""`).
					is("/Resources", `[{"id":"${a}","meta":{"resourceType":"User"}},{"id":"${g}","meta":{"resourceType":"Group"}}]`),
			},
		},
		{
			ID: "search/root-type", RFC: "7644 §3.4.2.1", Level: Must, Needs: needs(FeatureRoot, FeatureGroups, FeatureFilter),
			Explanation: "meta.resourceType restricts a search at the root to a type.",
			Steps: []Step{
				newUser("a", `"displayName":"${unique} g"`), newGroup("g", ""),
				search("/.search", `"filter":"displayName eq \"${unique} g\" and meta.resourceType eq \"Group\""`).is("/Resources", `[{"id":"${g}"}]`),
			},
		},
		{
			ID: "search/root-undefined", RFC: "7644 §3.4.2.1", Level: Must, Needs: needs(FeatureRoot, FeatureGroups, FeatureFilter),
			Explanation: "An attribute that a type does not have is treated as one without a value.",
			Steps: []Step{
				newUser("a", `"displayName":"${unique} g"`), newGroup("g", ""),
				search("/.search", `"filter":"displayName eq \"${unique} g\" and userName pr"`).is("/Resources", `[{"id":"${a}"}]`),
				search("/.search", `"filter":"displayName eq \"${unique} g\" and not (userName pr)"`).is("/Resources", `[{"id":"${g}"}]`),
			},
		},
		{
			ID: "search/root-get", RFC: "7644 §3.4.2.1", Level: Must, Needs: needs(FeatureRoot, FeatureGroups, FeatureFilter),
			Explanation: "A query with GET at the root includes all resource types.",
			Steps: []Step{
				newUser("a", `"displayName":"${unique} g"`), newGroup("g", ""),
				get(`/?filter=displayName eq "${unique} g"&attributes=displayName`).is("/totalResults", "2").is("/Resources", `[{"id":"${a}"},{"id":"${g}"}]`),
			},
		},
		{
			ID: "search/root-paging", RFC: "7644 §3.4.2.4", Level: Must, Needs: needs(FeatureRoot, FeatureGroups, FeatureFilter),
			Explanation: "The pages of a search at the root go on from one type to the next.",
			Steps: []Step{
				newUser("a", `"displayName":"${unique} g"`), newGroup("g", ""),
				search("/.search", `"filter":"displayName eq \"${unique} g\"","startIndex":1,"count":1`).is("/totalResults", "2").capture("p", "/Resources/0/id"),
				search("/.search", `"filter":"displayName eq \"${unique} g\"","startIndex":2,"count":1`).is("/totalResults", "2").present("/Resources/0/id").not("/Resources/0/id", `"${p}"`),
			},
		},
	}
}

// sortCases: RFC 7644 section 3.4.2.3.
func sortCases() []Case {
	people := []Step{
		newUser("b", `"displayName":"beta","externalId":"a${unique}","name":{"familyName":"Young"},"emails":[{"value":"c@example.com"},{"value":"a@example.com","primary":true}]`),
		newUser("c", `"displayName":"Alpha","externalId":"B${unique}","name":{"familyName":"Ames"},"emails":[{"value":"b@example.com"}]`),
		newUser("a", `"displayName":"GAMMA","externalId":"C${unique}"`),
	}
	sorted := func(query string, names ...string) []Step {
		want := ""
		for i, name := range names {
			if i > 0 {
				want += ","
			}
			want += `{"id":"${` + name + `}"}`
		}
		return slices.Concat(people, []Step{get("/Users?filter="+mine+"&"+query).at("/Resources", OpSequence, `[`+want+`]`)})
	}
	sortCase := func(id, explanation string, level Level, steps []Step) Case {
		return Case{ID: "sort/" + id, RFC: "7644 §3.4.2.3", Level: level, Needs: needs(FeatureSort, FeatureFilter), Explanation: explanation, Steps: steps}
	}
	return []Case{
		sortCase("ascending", "Without sortOrder the order is ascending.", Must, sorted("sortBy=userName", "a", "b", "c")),
		sortCase("ascending-named", "ascending is the order of the attribute's values.", Must, sorted("sortBy=userName&sortOrder=ascending", "a", "b", "c")),
		sortCase("descending", "descending turns the order round.", Must, sorted("sortBy=userName&sortOrder=descending", "c", "b", "a")),
		sortCase("without-case", "Case-insensitive values are sorted without regard to case.", Must, sorted("sortBy=displayName", "c", "b", "a")),
		sortCase("case-exact", "Case-exact values are sorted with regard to case.", Must, sorted("sortBy=externalId", "c", "a", "b")),
		sortCase("sub-attribute", "The attribute may be a path to a sub-attribute; who has no value is last.", Must, sorted("sortBy=name.familyName", "c", "b", "a")),
		sortCase("missing-first", "Descending, who has no value is first.", Must, sorted("sortBy=name.familyName&sortOrder=descending", "a", "b", "c")),
		sortCase("primary", "A multi-valued attribute is sorted by its primary value, or else by the first.", Must, sorted("sortBy=emails.value", "b", "c", "a")),
		sortCase("urn", "The attribute may have its schema URI in front.", Must, sorted("sortBy="+userSchema+":displayName", "c", "b", "a")),
		sortCase("date", "A time can be sorted by.", Must, slices.Concat(people, []Step{get("/Users?filter="+mine+"&sortBy=meta.created").finds("a", "b", "c")})),
		{
			ID: "sort/paging", RFC: "7644 §3.4.2.4", Level: Must, Needs: needs(FeatureSort, FeatureFilter),
			Explanation: "Pages are cut from the sorted list.",
			Steps: slices.Concat(people, []Step{
				get("/Users?filter="+mine+"&sortBy=userName&startIndex=2&count=1").is("/totalResults", "3").is("/Resources", `[{"id":"${b}"}]`)}),
		},
		{
			ID: "sort/search", RFC: "7644 §3.4.3", Level: Must, Needs: needs(FeatureSort, FeatureFilter),
			Explanation: "A search sorts as a list does.",
			Steps: slices.Concat(people, []Step{
				search("/Users/.search", `"filter":"userName sw \"${unique}\"","sortBy":"userName","sortOrder":"descending"`).
					at("/Resources", OpSequence, `[{"id":"${c}"},{"id":"${b}"},{"id":"${a}"}]`)}),
		},
	}
}
