package scimtest

import "net/http"

// createCases: RFC 7644 section 3.3.
func createCases() []Case {
	return []Case{
		{
			ID: "create/answer", RFC: "7644 §3.3", Level: Must,
			Explanation: "A new resource is answered with 201 and with what it holds.",
			Steps: []Step{
				newUser("a", `"displayName":"A","name":{"givenName":"G","familyName":"F"},"emails":[{"value":"a@example.com","type":"work","primary":true}]`).
					like(`{"userName":"${unique}.a@example.com","displayName":"A","name":{"givenName":"G","familyName":"F"},"emails":[{"value":"a@example.com","type":"work","primary":true}]}`).
					present("/id"),
			},
		},
		{
			ID: "create/stored", RFC: "7644 §3.3", Level: Must,
			Explanation: "What was answered is what is read afterwards.",
			Steps: []Step{
				newUser("a", `"displayName":"A","name":{"givenName":"G","familyName":"F"},"emails":[{"value":"a@example.com","type":"work"}]`),
				get("/Users/${a}").like(`{"id":"${a}","userName":"${unique}.a@example.com","displayName":"A","name":{"givenName":"G","familyName":"F"},"emails":[{"value":"a@example.com","type":"work"}]}`),
			},
		},
		{
			ID: "create/location", RFC: "7644 §3.3", Level: Must,
			Explanation: "The Location header and meta.location are the URI of the new resource.",
			Steps: []Step{
				newUser("a", "").capture("location", "Location").is("/meta/location", `"${location}"`),
				get("${location}").like(`{"id":"${a}"}`),
			},
		},
		{
			ID: "create/meta", RFC: "7643 §3.1", Level: Must,
			Explanation: "The service provider sets meta: times as DateTime, the same ones as long as nothing changed.",
			Steps: []Step{
				newUser("a", "").typ("/meta/created", "dateTime").typ("/meta/lastModified", "dateTime").
					capture("created", "/meta/created").is("/meta/lastModified", `"${created}"`),
			},
		},
		{
			ID: "create/resource-type", RFC: "7644 §3.3.1", Level: Must,
			Explanation: "meta.resourceType is set by the endpoint.",
			Steps:       []Step{newUser("a", `"meta":{"resourceType":"Group"}`).is("/meta/resourceType", `"User"`)},
		},
		{
			ID: "create/id-is-the-providers", RFC: "7643 §3.1", Level: Must,
			Explanation: "The id of a client is ignored: the service provider issues one.",
			Steps: []Step{
				newUser("a", `"id":"${unique}"`).not("/id", `"${unique}"`),
				get("/Users/${unique}").fails(http.StatusNotFound),
			},
		},
		{
			ID: "create/existing-id", RFC: "7643 §3.1", Level: Must,
			Explanation: "The id of another resource in the body does not touch that resource.",
			Steps: []Step{
				newUser("a", `"displayName":"A"`),
				newUser("b", `"id":"${a}","displayName":"B"`).not("/id", `"${a}"`),
				get("/Users/${a}").like(`{"userName":"${unique}.a@example.com","displayName":"A"}`),
			},
		},
		{
			ID: "create/meta-ignored", RFC: "7643 §3.1", Level: Must,
			Explanation: "meta is ignored when a client sends it.",
			Steps: []Step{
				newUser("a", `"meta":{"resourceType":"User","created":"2001-01-01T00:00:00Z","lastModified":"2001-01-01T00:00:00Z","location":"https://example.com/x","version":"W/\"x\""}`).
					not("/meta/created", `"2001-01-01T00:00:00Z"`).not("/meta/location", `"https://example.com/x"`),
			},
		},
		{
			ID: "create/read-only-ignored", RFC: "7644 §3.3", Level: Must, Needs: needs(FeatureGroups, "User.groups"),
			Explanation: "Read-only attributes are ignored: nobody joins a group through the user.",
			Steps: []Step{
				newGroup("g", ""),
				newUser("a", `"groups":[{"value":"${g}"}]`).absent("/groups"),
				get("/Groups/${g}").absent("/members"),
			},
		},
		{
			ID: "create/schemas", RFC: "7643 §3", Level: Must,
			Explanation: "The schemas of a representation are those it uses, without duplicates.",
			Steps: []Step{
				newUser("a", "").at("/schemas", OpOneOf, `[["`+userSchema+`"],["`+userSchema+`","`+enterpriseSchema+`"]]`),
				get("/Users/${a}").at("/schemas", OpOneOf, `[["`+userSchema+`"],["`+userSchema+`","`+enterpriseSchema+`"]]`),
			},
		},
		{
			ID: "create/extension", RFC: "7643 §3.3", Level: Must, Needs: needs(FeatureEnterprise),
			Explanation: "An extension is an object under its URI, and schemas names it.",
			Steps: []Step{
				newUser("a", enterprise(`"department":"Sales","employeeNumber":"7"`)),
				get("/Users/${a}").is("/schemas", `["`+userSchema+`","`+enterpriseSchema+`"]`).
					like(`{"` + enterpriseSchema + `":{"department":"Sales","employeeNumber":"7"}}`),
			},
		},
		{
			ID: "create/schemas-order", RFC: "7643 §3", Level: Must, Needs: needs(FeatureEnterprise),
			Explanation: "The order of schemas has no meaning.",
			Steps: []Step{
				post("/Users", `{"schemas":["`+enterpriseSchema+`","`+userSchema+`"],"`+enterpriseSchema+`":{"department":"Sales"},"userName":"${unique}.a@example.com"}`).
					like(`{"userName":"${unique}.a@example.com","` + enterpriseSchema + `":{"department":"Sales"}}`),
			},
		},
		{
			ID: "create/names-without-case", RFC: "7643 §2.1", Level: Must,
			Explanation: "Attribute names are case-insensitive.",
			Steps: []Step{
				post("/Users", `{"SCHEMAS":["`+userSchema+`"],"USERNAME":"${unique}.a@example.com","displayname":"A","Name":{"GIVENNAME":"G"}}`).
					like(`{"userName":"${unique}.a@example.com","displayName":"A","name":{"givenName":"G"}}`),
			},
		},
		{
			ID: "create/null", RFC: "7643 §2.5", Level: Must,
			Explanation: "null and an empty list are no value.",
			Steps: []Step{
				newUser("a", `"displayName":null,"name":null,"emails":[],"addresses":null`),
				get("/Users/${a}").absent("/displayName", "/name", "/emails", "/addresses"),
			},
		},
		{
			ID: "create/projected", RFC: "7644 §3.9", Level: Must,
			Explanation: "attributes and excludedAttributes hold for the answer to POST.",
			Steps: []Step{
				post("/Users?attributes=userName", user("a", `"displayName":"A"`)).present("/id", "/userName").absent("/displayName"),
				post("/Users?excludedAttributes=displayName", user("b", `"displayName":"B"`)).present("/id", "/userName").absent("/displayName"),
			},
		},
		{
			ID: "create/schemas-missing", RFC: "7643 §3", Level: Must, Strict: true,
			Explanation: "schemas is required.",
			Steps:       []Step{post("/Users", `{"userName":"${unique}.a@example.com"}`).refuses("invalidSyntax", "invalidValue")},
		},
		{
			ID: "create/schemas-of-another-type", RFC: "7643 §3.3", Level: Must, Strict: true,
			Explanation: "schemas has the base schema of the resource type.",
			Steps: []Step{
				post("/Users", `{"schemas":["`+groupSchema+`"],"userName":"${unique}.a@example.com"}`).refuses("invalidSyntax", "invalidValue"),
				post("/Users", `{"schemas":[],"userName":"${unique}.b@example.com"}`).refuses("invalidSyntax", "invalidValue"),
			},
		},
		{
			ID: "create/schemas-unknown", RFC: "7643 §3", Level: Must,
			Explanation: "schemas holds nothing that the resource type does not define: a URI that is not known is refused or dropped.",
			Steps: []Step{
				post("/Users", `{"schemas":["`+userSchema+`","urn:example:unknown"],"userName":"${unique}.a@example.com"}`).
					status(http.StatusCreated, http.StatusBadRequest).lacks("/schemas", `"urn:example:unknown"`),
			},
		},
	}
}

// characteristicCases: RFC 7643 sections 2.2, 2.3, 2.4 and 7.
func characteristicCases() []Case {
	invalid := func(members string) Step {
		return post("/Users", user("a", members)).refuses("invalidValue", "invalidSyntax")
	}
	return []Case{
		{
			ID: "characteristics/required/user", RFC: "7643 §4.1.1", Level: Must,
			Explanation: "A user has a userName that is not empty.",
			Steps: []Step{
				post("/Users", `{"schemas":["`+userSchema+`"],"externalId":"${unique}","displayName":"A"}`).refuses("invalidValue"),
				post("/Users", `{"schemas":["`+userSchema+`"],"externalId":"${unique}","userName":""}`).refuses("invalidValue"),
				post("/Users", `{"schemas":["`+userSchema+`"],"externalId":"${unique}","userName":null}`).refuses("invalidValue"),
			},
		},
		{
			ID: "characteristics/required/group", RFC: "7643 §4.2", Level: Must, Needs: needs(FeatureGroups),
			Explanation: "A group has a displayName.",
			Steps:       []Step{post("/Groups", `{"schemas":["`+groupSchema+`"],"externalId":"${unique}"}`).refuses("invalidValue")},
		},
		{
			ID: "characteristics/required/put", RFC: "7644 §3.5.1", Level: Must,
			Explanation: "A replacement has the required attributes.",
			Steps: []Step{
				newUser("a", ""),
				put("/Users/${a}", `{"schemas":["`+userSchema+`"],"displayName":"A"}`).refuses("invalidValue"),
				get("/Users/${a}").like(`{"userName":"${unique}.a@example.com","displayName":null}`),
			},
		},
		{
			ID: "characteristics/type/text", RFC: "7643 §2.3.1", Level: Must,
			Explanation: "A text is a JSON string: a number, an object or a list is another type.",
			Steps:       []Step{invalid(`"displayName":5`), invalid(`"displayName":{"value":{"x":1}}`), invalid(`"displayName":["x","y"]`)},
		},
		{
			ID: "characteristics/type/boolean", RFC: "7643 §2.3.2", Level: Must, Needs: needs("User.active"),
			Explanation: "A boolean is true or false.",
			Steps:       []Step{invalid(`"active":"perhaps"`), invalid(`"active":1`), invalid(`"active":{}`)},
		},
		{
			ID: "characteristics/type/complex", RFC: "7643 §2.3.8", Level: Must,
			Explanation: "A complex attribute is an object.",
			Steps:       []Step{invalid(`"name":"G F"`), invalid(`"name":[{"givenName":"G"},{"givenName":"H"}]`)},
		},
		{
			ID: "characteristics/type/multi-valued", RFC: "7643 §2.4", Level: Must,
			Explanation: "A multi-valued attribute is an array of its elements.",
			Steps:       []Step{invalid(`"emails":5`), invalid(`"emails":[5]`), invalid(`"emails":[[{"value":"a@example.com"}]]`)},
		},
		{
			ID: "characteristics/type/binary", RFC: "7643 §2.3.6", Level: Must, Needs: needs("User.x509Certificates.value"),
			Explanation: "A binary value is base64.",
			Steps: []Step{
				invalid(`"x509Certificates":[{"value":"***"}]`),
				newUser("b", `"x509Certificates":[{"value":"MIIBAgMEBQ=="}]`),
			},
		},
		{
			ID: "characteristics/primary-once", RFC: "7643 §2.4", Level: Must,
			Explanation: "primary is true for one value at most.",
			Steps: []Step{
				post("/Users", user("a", `"emails":[{"value":"a@example.com","type":"work","primary":true},{"value":"b@example.com","type":"home","primary":true}]`)).
					status(http.StatusCreated, http.StatusBadRequest).not("/emails", `[{"primary":true},{"primary":true}]`),
			},
		},
		{
			ID: "characteristics/same-value-once", RFC: "7643 §2.4", Level: Should,
			Explanation: "The same type and value do not come back twice.",
			Steps: []Step{
				post("/Users", user("a", `"emails":[{"value":"a@example.com","type":"work"},{"value":"a@example.com","type":"work"}]`)).
					status(http.StatusCreated, http.StatusBadRequest).not("/emails", `[{"value":"a@example.com"},{"value":"a@example.com"}]`),
			},
		},
		{
			ID: "characteristics/same-value-two-types", RFC: "7643 §2.4", Level: May,
			Explanation: "The same value with two types are two values.",
			Steps: []Step{
				newUser("a", `"emails":[{"value":"a@example.com","type":"work"},{"value":"a@example.com","type":"home"}]`).
					is("/emails", `[{"value":"a@example.com","type":"work"},{"value":"a@example.com","type":"home"}]`),
			},
		},
		{
			ID: "characteristics/unique/create", RFC: "7644 §3.3", Level: Must,
			Explanation: "A userName that is taken is 409 with uniqueness.",
			Steps:       []Step{newUser("a", ""), post("/Users", user("a", "")).fails(http.StatusConflict, "uniqueness")},
		},
		{
			ID: "characteristics/unique/without-case", RFC: "7643 §4.1.1", Level: Must,
			Explanation: "userName is case-insensitive, and so is its uniqueness.",
			Steps: []Step{
				newUser("a", ""),
				post("/Users", `{"schemas":["`+userSchema+`"],"userName":"${unique}.A@EXAMPLE.com"}`).fails(http.StatusConflict, "uniqueness"),
			},
		},
		{
			ID: "characteristics/unique/put", RFC: "7644 §3.12", Level: Must,
			Explanation: "A replacement cannot take the userName of another user.",
			Steps: []Step{
				newUser("a", ""), newUser("b", ""),
				put("/Users/${b}", user("a", "")).fails(http.StatusConflict, "uniqueness"),
				get("/Users/${b}").like(`{"userName":"${unique}.b@example.com"}`),
			},
		},
		{
			ID: "characteristics/unique/patch", RFC: "7644 §3.12", Level: Must, Needs: needs(FeaturePatch),
			Explanation: "PATCH cannot take the userName of another user.",
			Steps: []Step{
				newUser("a", ""), newUser("b", ""),
				patch("/Users/${b}", `{"op":"replace","path":"userName","value":"${unique}.a@example.com"}`).fails(http.StatusConflict, "uniqueness"),
				get("/Users/${b}").like(`{"userName":"${unique}.b@example.com"}`),
			},
		},
		{
			ID: "characteristics/unique/own", RFC: "7643 §4.1.1", Level: Must,
			Explanation: "A user's own userName is no conflict, in another case either.",
			Steps: []Step{
				newUser("a", ""),
				put("/Users/${a}", user("a", `"displayName":"A"`)).like(`{"displayName":"A"}`),
				put("/Users/${a}", `{"schemas":["`+userSchema+`"],"userName":"${unique}.A@example.com"}`),
			},
		},
		{
			ID: "characteristics/unique/external-id", RFC: "7643 §3.1", Level: Should, Needs: needs(FeatureFilter),
			Explanation: "externalId is the client's: its uniqueness is not enforced.",
			Steps: []Step{
				newUser("a", `"externalId":"${unique}"`), newUser("b", `"externalId":"${unique}"`),
				get(`/Users?filter=externalId eq "${unique}"`).finds("a", "b"),
			},
		},
		{
			ID: "characteristics/case-exact/preserved", RFC: "7643 §7", Level: Must,
			Explanation: "The case of a case-exact value is preserved.",
			Steps:       []Step{newUser("a", `"externalId":"AbC-${unique}"`), get("/Users/${a}").like(`{"externalId":"AbC-${unique}"}`)},
		},
		{
			ID: "characteristics/external-id-absent", RFC: "7643 §3.1", Level: Must,
			Explanation: "externalId is never issued by the service provider.",
			Steps:       []Step{newUser("a", "").absent("/externalId"), get("/Users/${a}").absent("/externalId")},
		},
		{
			ID: "characteristics/read-only/manager-name", RFC: "7643 §4.3", Level: Must, Needs: needs(FeatureEnterprise, FeaturePatch),
			Explanation: "The displayName of a manager is read-only inside an attribute that is not.",
			Steps: []Step{
				newUser("a", enterprise(`"manager":{"value":"m1","displayName":"made up"}`)),
				get("/Users/${a}").absent("/" + enterpriseSchema + "/manager/displayName"),
				patch("/Users/${a}", `{"op":"add","path":"`+enterpriseSchema+`:manager.displayName","value":"made up"}`).refuses("mutability"),
			},
		},
		{
			ID: "characteristics/unique/id", RFC: "7643 §3.1", Level: Must, Needs: needs(FeatureGroups),
			Explanation: "An id is unique in the entire set of resources, and does not hold the reserved word bulkId.",
			Steps: []Step{
				newUser("a", ""), newUser("b", "").not("/id", `"${a}"`), newGroup("g", "").not("/id", `"${a}"`).not("/id", `"${b}"`).not("/id", `"bulkId"`),
			},
		},
		{
			ID: "characteristics/never/create", RFC: "7643 §4.1.1", Level: Must, Needs: needs("User.password"),
			Explanation: "A password does not come back from POST or GET, and not if it is asked for.",
			Steps: []Step{
				newUser("a", `"password":"Correct-Horse-7"`).absent("/password"),
				get("/Users/${a}").absent("/password"),
				get("/Users/${a}?attributes=password").absent("/password"),
			},
		},
		{
			ID: "characteristics/never/change", RFC: "7643 §4.1.1", Level: Must, Needs: needs("User.password", FeaturePatch),
			Explanation: "A password does not come back from PUT, PATCH or a list.",
			Steps: []Step{
				newUser("a", ""),
				put("/Users/${a}", user("a", `"password":"Correct-Horse-7"`)).absent("/password"),
				patch("/Users/${a}?attributes=password,userName", `{"op":"replace","path":"password","value":"Correct-Horse-8"}`).status(http.StatusOK).absent("/password"),
				get(`/Users?attributes=password&filter=` + mine).absent("/Resources/0/password"),
			},
		},
	}
}
