package scimtest

import (
	"net/http"
	"slices"
)

// cursorCases: RFC 9865 sections 2 to 2.4.
func cursorCases() []Case {
	three := []Step{newUser("a", ""), newUser("b", ""), newUser("c", "")}
	after := func(s ...Step) []Step { return slices.Concat(three, s) }
	page := func(query string) Step { return get("/Users?filter=" + mine + "&" + query) }
	cursor := needs(FeatureCursor, FeatureFilter)
	return []Case{
		{
			ID: "cursor/first-page", RFC: "9865 §2", Level: Must, Needs: cursor,
			Explanation: "An empty cursor asks for the first page, which says where the next one begins.",
			Steps:       after(page("cursor=&count=2").is("/schemas", `["`+listMessage+`"]`).is("/Resources", `[{},{}]`).typ("/nextCursor", "string")),
		},
		{
			ID: "cursor/first-page-no-value", RFC: "9865 §2", Level: Must, Needs: cursor,
			Explanation: "The parameter without a value is an empty cursor.",
			Steps:       after(page("cursor&count=2").is("/Resources", `[{},{}]`).typ("/nextCursor", "string")),
		},
		{
			ID: "cursor/all-pages", RFC: "9865 §2", Level: Must, Needs: cursor,
			Explanation: "Every page but the last has a nextCursor, and together they hold each resource once.",
			Steps:       after(walk(page)...),
		},
		{
			ID: "cursor/one-page", RFC: "9865 §2", Level: Must, Needs: cursor,
			Explanation: "A page that holds everything has no nextCursor.",
			Steps:       after(page("cursor=&count=50").finds("a", "b", "c").absent("/nextCursor")),
		},
		{
			ID: "cursor/no-results", RFC: "9865 §2", Level: Must, Needs: cursor,
			Explanation: "A query without a match is one page without resources.",
			Steps:       []Step{page("cursor=&count=2").absent("/Resources", "/nextCursor").at("/totalResults", OpOneOf, `[0,null]`)},
		},
		{
			ID: "cursor/no-previous", RFC: "9865 §2", Level: Must, Needs: cursor,
			Explanation: "The first page has no previousCursor.",
			Steps:       after(page("cursor=&count=1").absent("/previousCursor")),
		},
		{
			ID: "cursor/characters", RFC: "9865 §2", Level: Must, Needs: cursor,
			Explanation: "A cursor has only characters that are unreserved in a URI.",
			Steps:       after(page("cursor=&count=1").at("/nextCursor", OpMatches, `^[A-Za-z0-9._~-]+$`)),
		},
		{
			ID: "cursor/total", RFC: "9865 §2", Level: Should, Needs: cursor,
			Explanation: "totalResults counts the resources of all pages, on each of them.",
			Steps: after(
				page("cursor=&count=2").at("/totalResults", OpOneOf, `[3,null]`).capture("next", "/nextCursor"),
				page("count=2&cursor=${next}").at("/totalResults", OpOneOf, `[3,null]`),
			),
		},
		{
			ID: "cursor/total-form", RFC: "9865 §2", Level: May, Needs: cursor,
			Explanation: "Only a service provider that cannot estimate totalResults leaves it out.",
			Steps:       after(page("cursor=&count=1").typ("/totalResults", "integer")),
		},
		{
			ID: "cursor/per-page", RFC: "7644 §3.4.2", Level: Must, Needs: cursor,
			Explanation: "A partial list says how many resources it holds.",
			Steps:       after(page("cursor=&count=2").is("/itemsPerPage", "2")),
		},
		{
			ID: "cursor/count-limit", RFC: "9865 §2", Level: Must, Needs: cursor,
			Explanation: "No more resources than count come back on a later page either.",
			Steps: after(
				page("cursor=&count=1").at("/Resources", OpAtMost, "1").capture("next", "/nextCursor"),
				page("count=1&cursor=${next}").at("/Resources", OpAtMost, "1"),
			),
		},
		{
			ID: "cursor/count-0", RFC: "9865 §2", Level: Must, Needs: cursor,
			Explanation: "A count of 0 asks for totalResults only.",
			Steps:       after(page("cursor=&count=0").absent("/Resources").at("/totalResults", OpOneOf, `[3,null]`)),
		},
		{
			ID: "cursor/count-negative", RFC: "9865 §2", Level: Must, Needs: cursor,
			Explanation: "A negative count is interpreted as 0.",
			Steps:       after(page("cursor=&count=-5").absent("/Resources")),
		},
		{
			ID: "cursor/count-default", RFC: "9865 §2", Level: Must, Needs: cursor,
			Explanation: "Without a count the service provider decides how many resources a page holds.",
			Steps:       after(page("cursor=").present("/Resources")),
		},
		{
			ID: "cursor/count-large", RFC: "9865 §2.1", Level: Should, Needs: cursor,
			Explanation: "A count above maxPageSize is refused with an error that says so, or the page is of that size.",
			Steps:       after(page("cursor=&count=1000000").status(http.StatusOK, http.StatusBadRequest).at("/scimType", OpOneOf, `[null,"invalidCount"]`)),
		},
		{
			ID: "cursor/filter", RFC: "9865 §2", Level: Must, Needs: cursor,
			Explanation: "The filter holds on every page.",
			Steps: after(
				get(`/Users?filter=`+mine+` and not (userName eq "`+userName("b")+`")&cursor=&count=1`).capture("p", "/Resources/0/id").capture("next", "/nextCursor").not("/Resources/0/id", `"${b}"`),
				get(`/Users?filter=`+mine+` and not (userName eq "`+userName("b")+`")&count=1&cursor=${next}`).
					not("/Resources/0/id", `"${b}"`).not("/Resources/0/id", `"${p}"`).present("/Resources/0/id").absent("/nextCursor"),
			),
		},
		{
			ID: "cursor/projection", RFC: "9865 §2", Level: Must, Needs: cursor,
			Explanation: "Attributes that are asked for are those of every page.",
			Steps: after(
				page("attributes=userName&cursor=&count=2").present("/Resources/*/userName").absent("/Resources/*/meta").capture("next", "/nextCursor"),
				page("attributes=userName&count=2&cursor=${next}").present("/Resources/*/userName").absent("/Resources/*/meta"),
			),
		},
		{
			ID: "cursor/sorted", RFC: "9865 §2.2", Level: Should, Needs: needs(FeatureCursor, FeatureFilter, FeatureSort),
			Explanation: "Pages by cursor are cut from the sorted list.",
			Steps: after(
				page("sortBy=userName&sortOrder=descending&cursor=&count=2").at("/Resources", OpSequence, `[{"id":"${c}"},{"id":"${b}"}]`).capture("next", "/nextCursor"),
				page("sortBy=userName&sortOrder=descending&count=2&cursor=${next}").at("/Resources", OpSequence, `[{"id":"${a}"}]`).absent("/nextCursor"),
			),
		},
		{
			ID: "cursor/again", RFC: "9865 §2", Level: May, Needs: cursor,
			Explanation: "A cursor that is sent again, because the answer was lost, leads to the same page.",
			Steps: after(
				page("cursor=&count=1").capture("next", "/nextCursor"),
				page("count=1&cursor=${next}").capture("q", "/Resources/0/id"),
				page("count=1&cursor=${next}").is("/Resources/0/id", `"${q}"`),
			),
		},
		{
			ID: "cursor/under-change", RFC: "9865 §2", Level: May, Needs: cursor,
			Explanation: "A resource that is gone with the page that was read does not take one of the next page with it.",
			Steps: after(
				page("cursor=&count=1").capture("p", "/Resources/0/id").capture("next", "/nextCursor"),
				del("/Users/${p}"),
				page("count=1&cursor=${next}").present("/Resources/0/id").capture("q", "/Resources/0/id").capture("next2", "/nextCursor").not("/Resources/0/id", `"${p}"`),
				page("count=1&cursor=${next2}").present("/Resources/0/id").not("/Resources/0/id", `"${q}"`).absent("/nextCursor"),
			),
		},
		{
			ID: "cursor/groups", RFC: "9865 §2", Level: Must, Needs: needs(FeatureCursor, FeatureFilter, FeatureGroups),
			Explanation: "Groups have pages by cursor as users have.",
			Steps: []Step{
				newGroup("g", ""), newGroup("h", ""),
				get(`/Groups?filter=displayName sw "${unique}"&cursor=&count=1`).capture("p", "/Resources/0/id").capture("next", "/nextCursor"),
				get(`/Groups?filter=displayName sw "${unique}"&count=1&cursor=${next}`).present("/Resources/0/id").not("/Resources/0/id", `"${p}"`).absent("/nextCursor"),
			},
		},
		{
			ID: "cursor/index-too", RFC: "9865 §2.4", Level: Must, Needs: needs(FeatureCursor, FeatureIndex, FeatureFilter),
			Explanation: "startIndex asks for a page by index where there are both.",
			Steps: after(
				page("startIndex=2&count=1").like(`{"totalResults":3,"startIndex":2,"itemsPerPage":1}`).present("/Resources/0/id"),
			),
		},
	}
}

// walk reads three users one by one. page asks for one page of a query.
func walk(page func(query string) Step) []Step {
	return []Step{
		page("cursor=&count=1").capture("p", "/Resources/0/id").capture("next", "/nextCursor"),
		page("count=1&cursor=${next}").capture("q", "/Resources/0/id").capture("next2", "/nextCursor").not("/Resources/0/id", `"${p}"`),
		page("count=1&cursor=${next2}").present("/Resources/0/id").
			not("/Resources/0/id", `"${p}"`).not("/Resources/0/id", `"${q}"`).absent("/nextCursor"),
	}
}

// cursorErrorCases: RFC 9865 sections 2.1 and 5.2.
func cursorErrorCases() []Case {
	begin := func(s ...Step) []Step {
		return slices.Concat([]Step{
			newUser("a", ""), newUser("b", ""), newUser("c", ""),
			get("/Users?filter="+mine+"&cursor=&count=1").capture("next", "/nextCursor"),
		}, s)
	}
	refused := func(id, explanation string, level Level, more []Feature, request Step, scimTypes ...string) Case {
		return Case{
			ID: "cursor/errors/" + id, RFC: "9865 §2.1", Level: level, Explanation: explanation,
			Needs: slices.Concat(needs(FeatureCursor, FeatureFilter), more), Steps: begin(request.refuses(scimTypes...)),
		}
	}
	page := func(query string) Step { return get("/Users?filter=" + mine + "&" + query) }
	return []Case{
		refused("unknown", "A cursor that nobody gave is invalidCursor.", Should, nil, page("count=1&cursor=${unique}"), "invalidCursor"),
		refused("forged", "A cursor that was changed is invalidCursor.", Should, nil, page("count=1&cursor=${next}A"), "invalidCursor"),
		refused("other-filter", "A cursor is good for the query that it was given for.", Should, nil,
			get(`/Users?filter=userName sw "${unique}.a"&count=1&cursor=${next}`), "invalidCursor"),
		refused("other-order", "A cursor is good for the order that it was given for.", Should, needs(FeatureSort),
			page("sortBy=userName&count=1&cursor=${next}"), "invalidCursor"),
		refused("other-endpoint", "A cursor is good for the endpoint that it was given for.", Should, needs(FeatureGroups),
			get(`/Groups?filter=displayName sw "${unique}"&count=1&cursor=${next}`), "invalidCursor"),
		refused("other-count", "The count must be that of the first page.", Should, nil, page("count=2&cursor=${next}"), "invalidCount"),
		refused("count-no-number", "A count that is no number is refused.", Should, nil, page("count=many&cursor="), "invalidCount", "invalidValue", "invalidSyntax"),
		{
			ID: "cursor/errors/type", RFC: "9865 §2.1", Level: Should, Needs: needs(FeatureCursor, FeatureFilter),
			Explanation: "The error for a cursor that is not valid has the scimType invalidCursor.",
			Steps:       []Step{page("count=1&cursor=${unique}").fails(http.StatusBadRequest, `invalidCursor`)},
		},
		{
			ID: "cursor/errors/no-credential", RFC: "9865 §5.2", Level: Must, Needs: needs(FeatureCursor, FeatureFilter),
			Explanation: "A cursor is no permission: without a credential it opens nothing.",
			Steps:       begin(page("count=1&cursor=${next}").as(CredentialNone).status(http.StatusUnauthorized).absent("/Resources")),
		},
		{
			ID: "cursor/errors/wrong-credential", RFC: "9865 §5.2", Level: Must, Needs: needs(FeatureCursor, FeatureFilter),
			Explanation: "Authorization is checked for every page.",
			Steps:       begin(page("count=1&cursor=${next}").as(CredentialWrong).status(http.StatusUnauthorized).absent("/Resources")),
		},
		{
			ID: "cursor/errors/opaque", RFC: "9865 §5.2", Level: Should, Needs: needs(FeatureCursor, FeatureFilter),
			Explanation: "A cursor does not show what it stands for, such as the name of a user.",
			Steps: []Step{
				newUser("a", ""), newUser("b", ""),
				page("cursor=&count=1").capture("p", "/Resources/0/id").not("/nextCursor", `"${p}"`).capture("next", "/nextCursor"),
				page("count=1&cursor=${p}").refuses("invalidCursor"),
			},
		},
	}
}

// cursorSearchCases: RFC 9865 sections 3 and 4.
func cursorSearchCases() []Case {
	three := []Step{newUser("a", ""), newUser("b", ""), newUser("c", "")}
	page := func(members string) Step {
		return search("/Users/.search", `"filter":"userName sw \"${unique}\"",`+members)
	}
	cursor := needs(FeatureCursor, FeatureFilter)
	config := get("/ServiceProviderConfig")
	return []Case{
		{
			ID: "cursor/search/all-pages", RFC: "9865 §3", Level: Must, Needs: cursor,
			Explanation: "A search takes a cursor in its body and returns the next one.",
			Steps: slices.Concat(three, []Step{
				page(`"cursor":"","count":2`).is("/schemas", `["`+listMessage+`"]`).is("/Resources", `[{},{}]`).capture("p", "/Resources/0/id").capture("q", "/Resources/1/id").capture("next", "/nextCursor"),
				page(`"cursor":"${next}","count":2`).is("/Resources", `[{}]`).not("/Resources/0/id", `"${p}"`).not("/Resources/0/id", `"${q}"`).absent("/nextCursor"),
			}),
		},
		{
			ID: "cursor/search/one-page", RFC: "9865 §3", Level: Must, Needs: cursor,
			Explanation: "A search whose results fit on one page has no nextCursor.",
			Steps:       slices.Concat(three, []Step{page(`"cursor":"","count":50`).finds("a", "b", "c").absent("/nextCursor", "/previousCursor")}),
		},
		{
			ID: "cursor/search/count-0", RFC: "9865 §3", Level: Must, Needs: cursor,
			Explanation: "A count of 0 asks for totalResults only here too.",
			Steps:       slices.Concat(three, []Step{page(`"cursor":"","count":0`).absent("/Resources").at("/totalResults", OpOneOf, `[3,null]`)}),
		},
		{
			ID: "cursor/search/invalid", RFC: "9865 §2.1", Level: Should, Needs: cursor,
			Explanation: "A cursor that nobody gave is refused in a search.",
			Steps:       []Step{page(`"cursor":"${unique}","count":1`).refuses("invalidCursor")},
		},
		{
			ID: "cursor/search/no-text", RFC: "9865 §2.1", Level: Should, Needs: cursor,
			Explanation: "A cursor is a text.",
			Steps:       []Step{page(`"cursor":7,"count":1`).refuses("invalidCursor", "invalidValue", "invalidSyntax")},
		},
		{
			ID: "cursor/search/sorted", RFC: "9865 §2.2", Level: Should, Needs: needs(FeatureCursor, FeatureFilter, FeatureSort),
			Explanation: "The pages of a search are sorted.",
			Steps: slices.Concat(three, []Step{
				page(`"sortBy":"userName","cursor":"","count":1`).is("/Resources", `[{"id":"${a}"}]`).capture("next", "/nextCursor"),
				page(`"sortBy":"userName","cursor":"${next}","count":1`).is("/Resources", `[{"id":"${b}"}]`).capture("next2", "/nextCursor"),
				page(`"sortBy":"userName","cursor":"${next2}","count":1`).is("/Resources", `[{"id":"${c}"}]`).absent("/nextCursor"),
			}),
		},
		{
			ID: "cursor/search/root", RFC: "9865 §3", Level: May, Needs: needs(FeatureCursor, FeatureFilter, FeatureRoot, FeatureGroups),
			Explanation: "A search at the root goes on from one type to the next, or is refused with an error.",
			Steps: []Step{
				newUser("a", `"displayName":"${unique} g"`), newGroup("g", ""),
				search("/.search", `"filter":"displayName eq \"${unique} g\"","cursor":"","count":50`).status(200, 400, 403, 501).absent("/nextCursor"),
			},
		},
		{
			ID: "cursor/config/required", RFC: "9865 §4", Level: Must, Needs: needs(FeatureCursor),
			Explanation: "pagination says of both kinds of pages whether there are any.",
			Steps:       []Step{config.typ("/pagination/cursor", "boolean").typ("/pagination/index", "boolean")},
		},
		{
			ID: "cursor/config/default", RFC: "9865 §4", Level: Must, Needs: needs(FeatureCursor),
			Explanation: "The default method, if it is said, is cursor or index.",
			Steps:       []Step{config.at("/pagination/defaultPaginationMethod", OpOneOf, `[null,"cursor","index"]`)},
		},
		{
			ID: "cursor/config/sizes", RFC: "9865 §4", Level: Must, Needs: needs(FeatureCursor),
			Explanation: "Sizes and the timeout are positive where they are said.",
			Steps:       []Step{config.not("/pagination/defaultPageSize", "0").not("/pagination/maxPageSize", "0").not("/pagination/cursorTimeout", "0")},
		},
		{
			ID: "cursor/config/default-index", RFC: "9865 §2.4", Level: Should, Needs: needs(FeatureCursor, FeatureIndex),
			Explanation: "index is the default method where clients of RFC 7644 alone are served.",
			Steps:       []Step{config.at("/pagination/defaultPaginationMethod", OpOneOf, `[null,"index"]`)},
		},
	}
}
