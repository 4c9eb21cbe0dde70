package scimtest

import (
	"net/http"
	"slices"
)

// filterSetup makes the users that filters are asked about.
func filterSetup() []Step {
	return []Step{
		newUser("a", `"displayName":"Alpha","externalId":"X-${unique}","active":true,"name":{"familyName":"O'Malley","givenName":"Bob"},
			"emails":[{"value":"a@example.com","type":"work"},{"value":"a@example.org","type":"home"}]`),
		newUser("b", `"displayName":"beta \"B\" \\ or (x]","active":false,"name":{"familyName":"Ångström"},
			"emails":[{"value":"b@example.org","type":"work"},{"value":"b@example.com","type":"home"}]`),
		newUser("c", `"active":true`),
	}
}

// filterCase asks for the users of filterSetup that a filter finds.
func filterCase(id string, level Level, explanation, filter string, found ...string) Case {
	return Case{
		ID: "filter/" + id, RFC: "7644 §3.4.2.2", Level: level, Needs: needs(FeatureFilter), Explanation: explanation,
		Steps: append(filterSetup(), get("/Users?filter="+mine+" and ("+filter+")").finds(found...)),
	}
}

// filterCases: the operators of RFC 7644 section 3.4.2.2.
func filterCases() []Case {
	return slices.Concat(comparisonCases(), logicCases(), refusedFilterCases())
}

func comparisonCases() []Case {
	return []Case{
		filterCase("eq", Must, "eq: the values are identical.", `displayName eq "Alpha"`, "a"),
		filterCase("eq-none", Must, "eq: a part of the value is not the value.", `displayName eq "Alph"`),
		filterCase("eq-id", Must, "id is an attribute like others.", `id eq "${b}"`, "b"),
		filterCase("eq-user-name", Must, "userName finds the one user.", `userName eq "${unique}.b@example.com"`, "b"),
		filterCase("ne", Must, "ne: the values are not identical.", `userName ne "${unique}.b@example.com"`, "a", "c"),
		filterCase("co", Must, "co: the operator's value is a part of the attribute's.", `displayName co "lph"`, "a"),
		filterCase("sw", Must, "sw: it is the beginning.", `displayName sw "Al"`, "a"),
		filterCase("sw-identical", Must, "sw: identical values match.", `displayName sw "Alpha"`, "a"),
		filterCase("ew", Must, "ew: it is the end.", `userName ew ".b@example.com"`, "b"),
		filterCase("pr", Must, "pr: the attribute has a value.", `displayName pr`, "a", "b"),
		filterCase("pr-complex", Must, "pr: a complex attribute has a node that is not empty.", `name pr`, "a", "b"),
		filterCase("pr-sub-attribute", Must, "pr: a sub-attribute has a value.", `name.givenName pr`, "a"),
		filterCase("pr-multi-valued", Must, "pr: a multi-valued attribute has a value.", `emails pr`, "a", "b"),
		filterCase("gt", Must, "gt: texts are compared lexicographically.", `displayName gt "Alpha"`, "b"),
		filterCase("ge", Must, "ge: the same value matches.", `displayName ge "Alpha"`, "a", "b"),
		filterCase("lt", Must, "lt: texts are compared lexicographically.", `displayName lt "beta"`, "a"),
		filterCase("le", Must, "le: the same value matches.", `displayName le "Alpha"`, "a"),
		filterCase("boolean-true", Must, "A boolean is compared with true.", `active eq true`, "a", "c"),
		filterCase("boolean-false", Must, "A boolean is compared with false.", `active eq false`, "b"),
		filterCase("without-case", Must, "A value that is not case-exact is compared without regard to case.", `displayName eq "ALPHA"`, "a"),
		filterCase("without-case-unicode", Should, "That holds for letters outside ASCII.", `name.familyName eq "ÅNGSTRÖM"`, "b"),
		filterCase("without-case-part", Must, "co, sw and ew do not regard case either.", `displayName sw "aLP" and displayName co "PH" and displayName ew "HA"`, "a"),
		filterCase("case-exact", Must, "A case-exact value is compared with regard to case.", `externalId eq "x-${unique}"`),
		filterCase("case-exact-hit", Must, "externalId finds the resource by the client's own identifier.", `externalId eq "X-${unique}"`, "a"),
		filterCase("name-without-case", Must, "Attribute names are case-insensitive.", `DISPLAYNAME eq "Alpha"`, "a"),
		filterCase("operator-without-case", Must, "Operators are case-insensitive.", `displayName Eq "Alpha" OR displayName SW "beta"`, "a", "b"),
		filterCase("urn", Must, "An attribute may have its schema URI in front.", userSchema+`:displayName eq "Alpha"`, "a"),
		filterCase("urn-sub-attribute", Must, "The URI may stand before a sub-attribute.", userSchema+`:name.givenName eq "Bob"`, "a"),
		filterCase("escapes", Must, "A value is a JSON string with its escapes.", `displayName eq "beta \"B\" \\ or (x]"`, "b"),
		filterCase("unicode", Must, "A value may be in any script.", `name.familyName eq "Ångström"`, "b"),
		filterCase("unicode-escape", Must, "\\u stands for the character.", `name.familyName eq "\u00c5ngstr\u00f6m"`, "b"),
		filterCase("apostrophe", Must, "An apostrophe is a character like others.", `name.familyName co "O'Malley"`, "a"),
	}
}

func logicCases() []Case {
	return []Case{
		filterCase("and", Must, "and: both are true.", `displayName pr and name.givenName pr`, "a"),
		filterCase("or", Must, "or: one is true.", `displayName eq "Alpha" or userName sw "${unique}.c"`, "a", "c"),
		filterCase("not", Must, "not: the expression is false.", `not (displayName pr)`, "c"),
		filterCase("not-without-space", Must, "not needs no space before its bracket.", `not(displayName pr)`, "c"),
		filterCase("and-before-or", Must, "and takes precedence over or.", `displayName eq "Alpha" or displayName pr and active eq false`, "a", "b"),
		filterCase("brackets", Must, "Brackets change the order of operations.", `(displayName eq "Alpha" or displayName pr) and active eq false`, "b"),
		filterCase("not-before-and", Must, "not takes precedence over and.", `not (displayName eq "Alpha") and displayName pr`, "b"),
		filterCase("nested", Must, "Brackets nest.", `((displayName pr and not (active eq false)) or (userName ew ".c@example.com"))`, "a", "c"),
		filterCase("multi-valued", Must, "One value that matches is enough.", `emails.value eq "a@example.org"`, "a"),
		filterCase("multi-valued-default", Must, "A multi-valued attribute stands for its values.", `emails co "@example.com"`, "a", "b"),
		filterCase("multi-valued-any", Must, "Two expressions may match two different values.", `emails.type eq "work" and emails.value eq "a@example.org"`, "a"),
		filterCase("value-path", May, "In square brackets both expressions match the same value.", `emails[type eq "work" and value co "@example.com"]`, "a"),
		filterCase("value-path-none", May, "Two values that match one expression each are not enough.", `emails[type eq "work" and value eq "a@example.org"]`),
		filterCase("value-path-or", May, "Square brackets are expressions like others.", `emails[type eq "home" and value ew ".com"] or displayName eq "Alpha"`, "a", "b"),
		filterCase("value-path-not", May, "not may stand in square brackets.", `emails[type eq "work" and not (value ew ".com")]`, "b"),
		filterCase("resource-type", Must, "meta.resourceType is an attribute like others.", `meta.resourceType eq "User" and displayName pr`, "a", "b"),
	}
}

func refusedFilterCases() []Case {
	// The RFC names the scimType of these; elsewhere it is optional.
	exact := []string{"operator", "boolean-order", "binary-order"}
	refused := func(id, explanation string, filters ...string) Case {
		c := Case{ID: "filter/refused/" + id, RFC: "7644 §3.12", Level: Must, Needs: needs(FeatureFilter), Explanation: explanation}
		for _, f := range filters {
			s := get("/Users?filter=" + f).refuses("invalidFilter")
			if slices.Contains(exact, id) {
				s = s.is("/scimType", `"invalidFilter"`)
			}
			c.Steps = append(c.Steps, s)
		}
		return c
	}
	c := []Case{
		refused("operator", "An operator that is not known is declined.", `userName regex "x"`, `userName = "x"`),
		refused("brackets", "Brackets come in pairs.", `(userName eq "x"`, `userName eq "x")`, `emails[type eq "work"`),
		refused("empty", "There is at least one expression.", ``, `()`),
		refused("value", "A comparison has a value.", `userName eq`, `userName`),
		refused("dangling", "A logical operator has two sides.", `userName pr and`, `and userName pr`, `userName pr or or active pr`),
		refused("string", "A text ends.", `userName eq "x`, `userName eq "x\"`),
		refused("rest", "Nothing follows an expression.", `userName eq "x" "y"`, `userName pr "x"`),
		refused("complex", "A complex attribute is compared by a sub-attribute, which the filter names.", `name eq "G F"`, `meta gt "x"`).level(Should),
		refused("boolean-order", "A boolean has no order.", `active gt true`, `active le false`),
	}
	odd := Case{
		ID: "filter/refused/odd", RFC: "7644 §3.12", Level: Must, Needs: needs(FeatureFilter),
		Explanation: "A comparison that makes little sense is refused or finds nobody: it is no fault of the service provider.",
		Steps:       filterSetup(),
	}
	for _, f := range []string{`displayName eq 5`, `displayName eq true`, `active eq "perhaps"`, `meta.created eq "yesterday"`, `emails eq 5`, `name.givenName.x eq "y"`, `displayName[value eq "x"]`} {
		odd.Steps = append(odd.Steps, get("/Users?filter="+mine+" and "+f).status(http.StatusOK, http.StatusBadRequest).absent("/Resources"))
	}
	c = append(c, odd)
	binary := refused("binary-order", "Binary values have no order.", `x509Certificates.value gt "MIIB"`)
	binary.Needs = append(binary.Needs, "User.x509Certificates.value")
	return append(c, binary)
}

// filterTypeCases: filters whose users differ from those of filterSetup.
func filterTypeCases() []Case {
	enterpriseFilter := func(id, explanation, filter string) Case {
		return Case{
			ID: "filter/extension/" + id, RFC: "7644 §3.10", Level: Must, Needs: needs(FeatureFilter, FeatureEnterprise), Explanation: explanation,
			Steps: []Step{
				newUser("a", enterprise(`"department":"Sales","manager":{"value":"m1"}`)), newUser("b", enterprise(`"department":"Research"`)), newUser("c", ""),
				get("/Users?filter=" + mine + " and " + filter).finds("a"),
			},
		}
	}
	return []Case{
		enterpriseFilter("attribute", "An attribute of an extension is named by the extension's URI.", enterpriseSchema+`:department eq "sales"`),
		enterpriseFilter("sub-attribute", "So is its sub-attribute.", enterpriseSchema+`:manager.value eq "m1"`),
		enterpriseFilter("case", "The URI is case-insensitive.", `URN:ietf:params:SCIM:schemas:extension:ENTERPRISE:2.0:user:Department eq "Sales"`),
		{
			ID: "filter/extension/schemas", RFC: "7644 §3.4.2.2", Level: Must, Needs: needs(FeatureFilter, FeatureEnterprise),
			Explanation: "schemas finds who has an extension.",
			Steps: []Step{
				newUser("a", enterprise(`"department":"Sales"`)), newUser("b", ""),
				get(`/Users?filter=` + mine + ` and schemas eq "` + enterpriseSchema + `"`).finds("a"),
			},
		},
		{
			ID: "filter/date", RFC: "7644 §3.4.2.2", Level: Must, Needs: needs(FeatureFilter),
			Explanation: "Times are compared chronologically.",
			Steps: []Step{
				newUser("a", "").capture("created", "/meta/created"),
				get(`/Users?filter=` + mine + ` and meta.lastModified gt "2011-05-13T04:42:34Z"`).finds("a"),
				get(`/Users?filter=` + mine + ` and meta.lastModified lt "2011-05-13T04:42:34Z"`).finds(),
				get(`/Users?filter=` + mine + ` and meta.created ge "${created}" and meta.created le "${created}"`).finds("a"),
				get(`/Users?filter=` + mine + ` and meta.created gt "${created}"`).finds(),
			},
		},
		{
			ID: "filter/date-zone", RFC: "7643 §2.3.5", Level: Must, Needs: needs(FeatureFilter),
			Explanation: "A time in another zone is the same time: it is not compared as a text.",
			Steps: []Step{
				newUser("a", ""),
				get(`/Users?filter=` + mine + ` and meta.created gt "2011-05-13T04:42:34%2B09:00" and meta.created lt "2999-01-01T00:00:00-11:00"`).finds("a"),
			},
		},
		{
			ID: "filter/after-change", RFC: "7644 §3.4.2.2", Level: Must, Needs: needs(FeatureFilter),
			Explanation: "A filter sees the values of now: the new ones match and the old ones do not.",
			Steps: []Step{
				newUser("a", `"displayName":"A"`),
				put("/Users/${a}", user("b", `"displayName":"B"`)),
				get(`/Users?filter=` + mine + ` and displayName eq "A"`).finds(),
				get(`/Users?filter=userName eq "${unique}.a@example.com"`).finds(),
				get(`/Users?filter=` + mine + ` and displayName eq "B"`).finds("b"),
			},
		},
		{
			ID: "filter/group/display-name", RFC: "7644 §3.4.2.2", Level: Must, Needs: needs(FeatureFilter, FeatureGroups),
			Explanation: "Groups are found by displayName, whose case does not matter.",
			Steps: []Step{
				newGroup("g", ""), newGroup("h", ""),
				get(`/Groups?filter=displayName eq "${unique} G"`).is("/totalResults", "1").is("/Resources", `[{"id":"${g}"}]`),
			},
		},
		{
			ID: "filter/group/members", RFC: "7644 §3.4.2.2", Level: Must, Needs: needs(FeatureFilter, FeatureGroups),
			Explanation: "Groups are found by their members.",
			Steps: []Step{
				newUser("a", ""), newUser("b", ""), newGroup("g", members("a")), newGroup("h", members("b")), newGroup("i", ""),
				get(`/Groups?filter=members.value eq "${a}"`).is("/Resources", `[{"id":"${g}"}]`),
				get(`/Groups?filter=members[value eq "${b}"]`).is("/Resources", `[{"id":"${h}"}]`),
				get(`/Groups?filter=displayName sw "${unique}" and members pr`).is("/Resources", `[{"id":"${g}"},{"id":"${h}"}]`),
			},
		},
		{
			ID: "filter/user-groups", RFC: "7644 §3.4.2.2", Level: May, Needs: needs(FeatureFilter, FeatureGroups, "User.groups"),
			Explanation: "Users are found by the groups they belong to.",
			Steps: []Step{
				newUser("a", ""), newUser("b", ""), newGroup("g", members("a")),
				get(`/Users?filter=groups.value eq "${g}"`).finds("a"),
			},
		},
	}
}
