package scimtest

import "slices"

// patchFull is the user that PATCH cases change.
const patchFull = `"displayName":"A","name":{"givenName":"G","familyName":"F"},
	"emails":[{"value":"w@example.com","type":"work","primary":true},{"value":"h@example.com","type":"home"}]`

// patchCase changes a user that is made as members say and looks at the
// outcome in a later GET.
func patchCase(id, rfc, explanation, members string, operations []string, want string) Case {
	return Case{
		ID: "patch/" + id, RFC: rfc, Level: Must, Needs: needs(FeaturePatch), Explanation: explanation,
		Steps: []Step{newUser("a", members), patch("/Users/${a}", operations...), get("/Users/${a}").like(want)},
	}
}

func (c Case) needing(f ...Feature) Case {
	c.Needs = slices.Concat(c.Needs, f)
	return c
}

func (c Case) level(l Level) Case {
	c.Level = l
	return c
}

func ops(o ...string) []string { return o }

// patchAddCases: RFC 7644 sections 3.5.2 and 3.5.2.1.
func patchAddCases() []Case {
	const rfc = "7644 §3.5.2.1"
	return []Case{
		patchCase("add/single", rfc, "An attribute that has no value gets one.",
			``, ops(`{"op":"add","path":"displayName","value":"A"}`), `{"displayName":"A"}`),
		patchCase("add/single-existing", rfc, "The value of a single-valued attribute is replaced.",
			`"displayName":"A"`, ops(`{"op":"add","path":"displayName","value":"B"}`), `{"displayName":"B"}`),
		patchCase("add/sub-attribute", rfc, "A sub-attribute gets a value, and its neighbours stay.",
			`"name":{"givenName":"G"}`, ops(`{"op":"add","path":"name.familyName","value":"F"}`), `{"name":{"givenName":"G","familyName":"F"}}`),
		patchCase("add/complex", rfc, "A set of sub-attributes is added to a complex attribute.",
			`"name":{"givenName":"G"}`, ops(`{"op":"add","path":"name","value":{"familyName":"F"}}`), `{"name":{"givenName":"G","familyName":"F"}}`),
		patchCase("add/multi-valued", rfc, "A value is added to those of a multi-valued attribute.",
			`"emails":[{"value":"a@example.com","type":"work"}]`, ops(`{"op":"add","path":"emails","value":[{"value":"b@example.com","type":"home"}]}`),
			`{"emails":[{"value":"a@example.com","type":"work"},{"value":"b@example.com","type":"home"}]}`),
		patchCase("add/multi-valued-object", rfc, "The value to add may be one object.",
			`"emails":[{"value":"a@example.com","type":"work"}]`, ops(`{"op":"add","path":"emails","value":{"value":"b@example.com","type":"home"}}`),
			`{"emails":[{"value":"a@example.com"},{"value":"b@example.com"}]}`),
		patchCase("add/multi-valued-first", rfc, "A multi-valued attribute without values gets its first.",
			``, ops(`{"op":"add","path":"emails","value":[{"value":"a@example.com","type":"work"}]}`), `{"emails":[{"value":"a@example.com","type":"work"}]}`),
		patchCase("add/value-path", rfc, "A sub-attribute is added to the value that a filter selects.",
			`"emails":[{"value":"a@example.com","type":"work"},{"value":"b@example.com","type":"home"}]`, ops(`{"op":"add","path":"emails[type eq \"home\"].display","value":"Home"}`),
			`{"emails":[{"value":"a@example.com","display":null},{"value":"b@example.com","display":"Home"}]}`).needing("User.emails.display"),
		patchCase("add/no-path", rfc, "Without a path the value is a set of attributes of the resource.",
			`"emails":[{"value":"a@example.com","type":"work"}]`, ops(`{"op":"add","value":{"displayName":"A","emails":[{"value":"b@example.com","type":"home"}]}}`),
			`{"displayName":"A","emails":[{"value":"a@example.com"},{"value":"b@example.com"}]}`),
		patchCase("add/no-path-complex", rfc, "A complex attribute keeps the sub-attributes that are not named.",
			`"name":{"givenName":"G"}`, ops(`{"op":"add","value":{"name":{"familyName":"F"}}}`), `{"name":{"givenName":"G","familyName":"F"}}`),
		patchCase("add/same-value", rfc, "A value that is there already is not added again.",
			`"emails":[{"value":"a@example.com","type":"work"}]`, ops(`{"op":"add","path":"emails","value":[{"value":"a@example.com","type":"work"}]}`),
			`{"emails":[{"value":"a@example.com","type":"work"}]}`).level(Should),
		{
			ID: "patch/add/same-value-time", RFC: rfc, Level: Must, Needs: needs(FeaturePatch),
			Explanation: "If nothing changes, neither does the time of the last change.",
			Steps: []Step{
				newUser("a", `"displayName":"A"`).capture("time", "/meta/lastModified"),
				patch("/Users/${a}", `{"op":"add","path":"displayName","value":"A"}`),
				get("/Users/${a}").like(`{"meta":{"lastModified":"${time}"}}`),
			},
		},
		patchCase("add/primary", "7644 §3.5.2", "A new primary value takes primary from the old one.",
			patchFull, ops(`{"op":"add","path":"emails","value":[{"value":"n@example.com","type":"other","primary":true}]}`),
			`{"emails":[{"value":"w@example.com","primary":false},{"value":"h@example.com","primary":false},{"value":"n@example.com","primary":true}]}`),
		patchCase("add/name-without-case", "7644 §3.10", "Names in a path are case-insensitive.",
			``, ops(`{"op":"add","path":"NAME.GivenName","value":"G"}`), `{"name":{"givenName":"G"}}`),
		patchCase("add/urn", "7644 §3.10", "A path may have the schema URI in front.",
			``, ops(`{"op":"add","path":"`+userSchema+`:name.givenName","value":"G"}`), `{"name":{"givenName":"G"}}`),
		patchCase("add/extension", "7644 §3.5.2", "An attribute of an extension brings the extension into schemas.",
			``, ops(`{"op":"add","path":"`+enterpriseSchema+`:employeeNumber","value":"7"}`),
			`{"schemas":["`+userSchema+`","`+enterpriseSchema+`"],"`+enterpriseSchema+`":{"employeeNumber":"7"}}`).needing(FeatureEnterprise),
		patchCase("add/extension-no-path", rfc, "Without a path the extension is an object under its URI.",
			enterprise(`"department":"Sales"`), ops(`{"op":"add","value":{"`+enterpriseSchema+`":{"employeeNumber":"7"}}}`),
			`{"`+enterpriseSchema+`":{"department":"Sales","employeeNumber":"7"}}`).needing(FeatureEnterprise),
		patchCase("add/external-id", rfc, "Common attributes can be changed as others.",
			``, ops(`{"op":"add","path":"externalId","value":"X-1"}`), `{"externalId":"X-1"}`),
	}
}

// patchRemoveCases: RFC 7644 section 3.5.2.2.
func patchRemoveCases() []Case {
	const rfc = "7644 §3.5.2.2"
	return []Case{
		patchCase("remove/single", rfc, "The attribute has no value any more.",
			patchFull, ops(`{"op":"remove","path":"displayName"}`), `{"displayName":null,"name":{"givenName":"G"}}`),
		patchCase("remove/sub-attribute", rfc, "Its neighbours stay.",
			patchFull, ops(`{"op":"remove","path":"name.givenName"}`), `{"name":{"givenName":null,"familyName":"F"}}`),
		patchCase("remove/complex", rfc, "A complex attribute goes with all its sub-attributes.",
			patchFull, ops(`{"op":"remove","path":"name"}`), `{"name":null,"displayName":"A"}`),
		patchCase("remove/multi-valued", rfc, "Without a filter all values go.",
			patchFull, ops(`{"op":"remove","path":"emails"}`), `{"emails":null}`),
		patchCase("remove/value-path", rfc, "The values that a filter selects go.",
			patchFull, ops(`{"op":"remove","path":"emails[type eq \"work\"]"}`), `{"emails":[{"value":"h@example.com","type":"home"}]}`),
		patchCase("remove/value-path-and", rfc, "The filter may be any expression over the sub-attributes.",
			patchFull, ops(`{"op":"remove","path":"emails[type eq \"work\" and value ew \"example.com\"]"}`), `{"emails":[{"value":"h@example.com"}]}`),
		patchCase("remove/value-path-all", rfc, "With the last value the attribute is unassigned.",
			patchFull, ops(`{"op":"remove","path":"emails[value ew \"example.com\"]"}`), `{"emails":null}`),
		patchCase("remove/value-path-sub-attribute", rfc, "A sub-attribute of the selected values goes.",
			patchFull, ops(`{"op":"remove","path":"emails[type eq \"home\"].type"}`), `{"emails":[{"value":"w@example.com","type":"work"},{"value":"h@example.com","type":null}]}`),
		patchCase("remove/absent", rfc, "What has no value can be removed: it is unassigned afterwards as before.",
			``, ops(`{"op":"remove","path":"displayName"}`), `{"displayName":null}`).level(Should),
		patchCase("remove/extension-attribute", rfc, "An attribute of an extension is named by its URI.",
			enterprise(`"department":"Sales","employeeNumber":"7"`), ops(`{"op":"remove","path":"`+enterpriseSchema+`:department"}`),
			`{"`+enterpriseSchema+`":{"department":null,"employeeNumber":"7"}}`).needing(FeatureEnterprise),
	}
}

// patchReplaceCases: RFC 7644 section 3.5.2.3.
func patchReplaceCases() []Case {
	const rfc = "7644 §3.5.2.3"
	return []Case{
		patchCase("replace/single", rfc, "The value is replaced.",
			patchFull, ops(`{"op":"replace","path":"displayName","value":"B"}`), `{"displayName":"B","name":{"givenName":"G"}}`),
		patchCase("replace/absent", rfc, "An attribute that does not exist is added.",
			``, ops(`{"op":"replace","path":"displayName","value":"B"}`), `{"displayName":"B"}`),
		patchCase("replace/sub-attribute", rfc, "Its neighbours stay.",
			patchFull, ops(`{"op":"replace","path":"name.givenName","value":"H"}`), `{"name":{"givenName":"H","familyName":"F"}}`),
		patchCase("replace/sub-attribute-absent", rfc, "A sub-attribute of a complex attribute that does not exist is added.",
			``, ops(`{"op":"replace","path":"name.givenName","value":"H"}`), `{"name":{"givenName":"H"}}`),
		patchCase("replace/complex", rfc, "Sub-attributes that are not specified are left unchanged.",
			patchFull, ops(`{"op":"replace","path":"name","value":{"givenName":"H"}}`), `{"name":{"givenName":"H","familyName":"F"}}`),
		patchCase("replace/multi-valued", rfc, "Without a filter all values are replaced.",
			patchFull, ops(`{"op":"replace","path":"emails","value":[{"value":"n@example.com","type":"other"}]}`), `{"emails":[{"value":"n@example.com","type":"other"}]}`),
		patchCase("replace/value-path-sub-attribute", rfc, "The sub-attribute of the selected value is replaced.",
			patchFull, ops(`{"op":"replace","path":"emails[type eq \"home\"].value","value":"n@example.com"}`),
			`{"emails":[{"value":"w@example.com","type":"work","primary":true},{"value":"n@example.com","type":"home"}]}`),
		patchCase("replace/value-path-several", rfc, "It is replaced in all values that are selected.",
			`"emails":[{"value":"a@example.com","type":"work"},{"value":"b@example.com","type":"work"},{"value":"c@example.com","type":"home"}]`,
			ops(`{"op":"replace","path":"emails[type eq \"work\"].type","value":"other"}`),
			`{"emails":[{"value":"a@example.com","type":"other"},{"value":"b@example.com","type":"other"},{"value":"c@example.com","type":"home"}]}`),
		patchCase("replace/value-path", rfc, "The selected value takes the sub-attributes that are specified.",
			patchFull, ops(`{"op":"replace","path":"emails[type eq \"home\"]","value":{"type":"other","value":"n@example.com"}}`),
			`{"emails":[{"value":"w@example.com","type":"work"},{"value":"n@example.com","type":"other"}]}`),
		patchCase("replace/no-path", rfc, "Without a path the named attributes are replaced, and the others stay.",
			patchFull, ops(`{"op":"replace","value":{"displayName":"B","emails":[{"value":"n@example.com"}]}}`),
			`{"displayName":"B","emails":[{"value":"n@example.com"}],"name":{"givenName":"G","familyName":"F"}}`),
		patchCase("replace/null", "7643 §2.5", "null makes an attribute unassigned.",
			patchFull, ops(`{"op":"replace","path":"displayName","value":null}`, `{"op":"replace","path":"emails","value":[]}`), `{"displayName":null,"emails":null}`),
		patchCase("replace/primary", "7644 §3.5.2", "primary moves to the value that gets it.",
			patchFull, ops(`{"op":"replace","path":"emails[type eq \"home\"].primary","value":true}`),
			`{"emails":[{"type":"work","primary":false},{"type":"home","primary":true}]}`),
		patchCase("replace/address", rfc, "A whole address is changed, and primary with it.",
			`"addresses":[{"type":"work","formatted":"old"},{"type":"home","formatted":"home","primary":true}]`,
			ops(`{"op":"replace","path":"addresses[type eq \"work\"]","value":{"type":"work","streetAddress":"1 Example Street","country":"US","formatted":"1 Example Street\nUS","primary":true}}`),
			`{"addresses":[{"type":"work","streetAddress":"1 Example Street","country":"US","formatted":"1 Example Street\nUS","primary":true},{"type":"home","formatted":"home","primary":false}]}`).needing("User.addresses.primary"),
		patchCase("replace/active", rfc, "A user can be deactivated, and is still there.",
			`"active":true`, ops(`{"op":"replace","path":"active","value":false}`), `{"active":false}`).needing("User.active"),
		patchCase("replace/extension", rfc, "An attribute of an extension is named by its URI.",
			enterprise(`"department":"Sales","employeeNumber":"7"`), ops(`{"op":"replace","path":"`+enterpriseSchema+`:department","value":"Research"}`),
			`{"`+enterpriseSchema+`":{"department":"Research","employeeNumber":"7"}}`).needing(FeatureEnterprise),
		patchCase("order", "7644 §3.5.2", "Operations are applied in their order, each to the outcome of the one before.",
			``, ops(`{"op":"add","path":"displayName","value":"A"}`, `{"op":"add","path":"emails","value":[{"value":"a@example.com","type":"work"}]}`,
				`{"op":"replace","path":"emails[value eq \"a@example.com\"].type","value":"home"}`, `{"op":"remove","path":"displayName"}`),
			`{"displayName":null,"emails":[{"value":"a@example.com","type":"home"}]}`),
		patchCase("value-path/same-element", "7644 §3.4.2.2", "The expressions of a filter are about the same value.",
			patchFull, ops(`{"op":"replace","path":"emails[type eq \"work\" and value eq \"w@example.com\"].value","value":"n@example.com"}`),
			`{"emails":[{"value":"n@example.com","type":"work"},{"value":"h@example.com","type":"home"}]}`),
		patchCase("value-path/brackets-in-value", "7644 §3.5.2", "Brackets, dots and quotes in a value are no syntax.",
			`"emails":[{"value":"a.b]@example.com","type":"work"},{"value":"c@example.com","type":"home","display":"x\"y"}]`,
			ops(`{"op":"replace","path":"emails[value eq \"a.b]@example.com\"].type","value":"home"}`, `{"op":"replace","path":"emails[display eq \"x\\\"y\"].type","value":"other"}`),
			`{"emails":[{"value":"a.b]@example.com","type":"home"},{"value":"c@example.com","type":"other"}]}`).needing("User.emails.display"),
		{
			ID: "patch/answer", RFC: "7644 §3.5.2", Level: Must, Needs: needs(FeaturePatch),
			Explanation: "PATCH is answered with 200 and the entire resource, or with 204 and nothing.",
			Steps: []Step{
				newUser("a", `"name":{"givenName":"G"}`),
				patch("/Users/${a}", `{"op":"add","path":"displayName","value":"A"}`).
					at("", OpOneOf, `[null,{"id":"${a}","displayName":"A","name":{"givenName":"G"}}]`),
				get("/Users/${a}").is("/displayName", `"A"`),
			},
		},
		{
			ID: "patch/last-modified", RFC: "7643 §3.1", Level: Must, Needs: needs(FeaturePatch),
			Explanation: "A change leaves the time of creation and the id.",
			Steps: []Step{
				newUser("a", "").capture("created", "/meta/created"),
				patch("/Users/${a}", `{"op":"add","path":"displayName","value":"A"}`),
				get("/Users/${a}").like(`{"id":"${a}","displayName":"A","meta":{"created":"${created}","resourceType":"User"}}`).typ("/meta/lastModified", "dateTime"),
			},
		},
	}
}
