package scimtest

import "strings"

// entraPatch changes a user as Entra does and looks at the outcome.
func entraPatch(id, rfc, explanation, members string, operations []string, want string) Case {
	return Case{
		ID: "entra/patch/" + id, RFC: rfc, Level: Entra, Needs: needs(FeaturePatch), Explanation: explanation,
		Steps: []Step{newUser("a", members), patch("/Users/${a}", operations...), get("/Users/${a}").like(want)},
	}
}

// entraPatchCases: the forms of PATCH that Entra has, with and without its
// feature flag, and those seen in the field.
func entraPatchCases() []Case {
	const add, remove, replace = "7644 §3.5.2.1", "7644 §3.5.2.2", "7644 §3.5.2.3"
	manager := enterpriseSchema + `:manager`
	withManager := enterprise(`"department":"Sales","manager":{"value":"m1"}`)
	noManager := `{"` + enterpriseSchema + `":{"department":"Sales","manager":null}}`
	cleared := func(id, explanation, operation string) Case {
		return entraPatch("manager-clear/"+id, "7643 §2.5", explanation, withManager, ops(operation), noManager).needing(FeatureEnterprise)
	}
	updated := `"name":{"givenName":"G","familyName":"F"},"emails":[{"value":"a@example.com","type":"work"}]`
	return []Case{
		entraPatch("disable-text", "7643 §2.3.2", "Without the flag active is the text False.", `"active":true`,
			ops(`{"op":"Replace","path":"active","value":"False"}`), `{"active":false}`),
		entraPatch("disable-flag", replace, "With the flag active is a boolean.", `"active":true`,
			ops(`{"op":"replace","path":"active","value":false}`), `{"active":false}`),
		entraPatch("add-single", add, "Without the flag the operation is capital.", ``,
			ops(`{"op":"Add","path":"nickName","value":"N"}`), `{"nickName":"N"}`).needing("User.nickName"),
		entraPatch("add-single-flag", add, "With the flag it is small.", ``,
			ops(`{"op":"add","path":"nickName","value":"N"}`), `{"nickName":"N"}`).needing("User.nickName"),
		entraPatch("several", replace, "Without the flag there is an operation for each attribute.", updated,
			ops(`{"op":"Replace","path":"displayName","value":"P"}`, `{"op":"Replace","path":"emails[type eq \"work\"].value","value":"n@example.com"}`,
				`{"op":"Replace","path":"name.givenName","value":"H"}`, `{"op":"Replace","path":"name.familyName","value":"K"}`,
				`{"op":"Replace","path":"externalId","value":"E"}`, `{"op":"Replace","path":"`+enterpriseSchema+`:employeeNumber","value":"7"}`),
			`{"displayName":"P","emails":[{"value":"n@example.com","type":"work"}],"name":{"givenName":"H","familyName":"K"},"externalId":"E","`+enterpriseSchema+`":{"employeeNumber":"7"}}`).needing(FeatureEnterprise),
		entraPatch("several-flag", replace, "With the flag one value has paths for keys.", updated,
			ops(`{"op":"replace","path":"emails[type eq \"work\"].value","value":"n@example.com"}`,
				`{"op":"replace","value":{"displayName":"P","name.givenName":"H","name.familyName":"K","`+enterpriseSchema+`:employeeNumber":"7"}}`),
			`{"displayName":"P","emails":[{"value":"n@example.com"}],"name":{"givenName":"H","familyName":"K"},"`+enterpriseSchema+`":{"employeeNumber":"7"}}`).needing(FeatureEnterprise),
		entraPatch("add-active-text", "7643 §2.3.2", "active is added as a text.", ``, ops(`{"op":"Add","path":"active","value":"False"}`), `{"active":false}`),
		entraPatch("boolean-texts", "7643 §2.3.2", "The text of a boolean is in any case.", `"active":true`,
			ops(`{"op":"Replace","path":"active","value":"false"}`, `{"op":"Replace","path":"active","value":"True"}`, `{"op":"Replace","path":"active","value":"FALSE"}`), `{"active":false}`),
		entraPatch("boolean-text-object", "7643 §2.3.2", "It may be in an object without a path.", `"active":true`, ops(`{"op":"replace","value":{"active":"False"}}`), `{"active":false}`),
		entraPatch("boolean-text-value-path", "7643 §2.3.2", "It may be in a value that a filter selects.", `"emails":[{"value":"a@example.com","type":"work"}]`,
			ops(`{"op":"replace","path":"emails[type eq \"work\"].primary","value":"True"}`), `{"emails":[{"value":"a@example.com","primary":true}]}`),
		entraPatch("single-in-array", replace, "A single value may be in an array of one object.", ``,
			ops(`{"op":"Replace","path":"displayName","value":[{"$ref":null,"value":"User x"}]}`), `{"displayName":"User x"}`),
		entraPatch("manager-array", add, "The manager without its URI, as an array of one reference.", ``,
			ops(`{"op":"Add","path":"manager","value":[{"$ref":"http://example.com/scim/Users/m1","value":"m1"}]}`), `{"`+enterpriseSchema+`":{"manager":{"value":"m1"}}}`).needing(FeatureEnterprise),
		entraPatch("manager-text", add, "The manager as a plain text.", ``,
			ops(`{"op":"Add","path":"`+manager+`","value":"m1"}`), `{"`+enterpriseSchema+`":{"manager":{"value":"m1"}}}`).needing(FeatureEnterprise),
		entraPatch("manager-replace", replace, "The manager is replaced by a plain text.", withManager,
			ops(`{"op":"Replace","path":"`+manager+`","value":"m2"}`), `{"`+enterpriseSchema+`":{"manager":{"value":"m2"}}}`).needing(FeatureEnterprise),
		cleared("text", "An empty text clears the manager.", `{"op":"Replace","path":"`+manager+`","value":""}`),
		cleared("object", "So does an object with an empty value.", `{"op":"Replace","path":"`+manager+`","value":{"value":""}}`),
		cleared("remove", "So does a remove.", `{"op":"Remove","path":"`+manager+`"}`),
		cleared("filter", "So does a remove with a filter.", `{"op":"remove","path":"manager[value eq \"m1\"]"}`),
		entraPatch("value-path-creates/add", add, "An add to a value that no filter selects makes the value.", ``,
			ops(`{"op":"Add","path":"emails[type eq \"work\"].value","value":"a@example.com"}`), `{"emails":[{"type":"work","value":"a@example.com"}]}`),
		entraPatch("value-path-creates/replace", replace, "So does a replace.", `"emails":[{"value":"h@example.com","type":"home"}]`,
			ops(`{"op":"Replace","path":"emails[type eq \"work\"].value","value":"a@example.com"}`), `{"emails":[{"type":"home","value":"h@example.com"},{"type":"work","value":"a@example.com"}]}`),
		entraPatch("value-path-creates/once", add, "Several operations with one filter make one value.", ``,
			ops(`{"op":"Add","path":"addresses[type eq \"work\"].formatted","value":"18/2111"}`, `{"op":"Add","path":"addresses[type eq \"work\"].locality","value":"L"}`,
				`{"op":"Add","path":"addresses[type eq \"work\"].country","value":"JP"}`),
			`{"addresses":[{"type":"work","formatted":"18/2111","locality":"L","country":"JP"}]}`).needing("User.addresses"),
		entraPatch("address-and-department", add, "An address and an attribute of the extension come together.", ``,
			ops(`{"op":"Add","path":"addresses[type eq \"work\"].formatted","value":"18/2111"}`, `{"op":"Add","path":"`+enterpriseSchema+`:department","value":"Sales"}`),
			`{"addresses":[{"type":"work","formatted":"18/2111"}],"`+enterpriseSchema+`":{"department":"Sales"}}`).needing(FeatureEnterprise),
		{
			ID: "entra/patch/remove-with-value", RFC: remove, Level: Entra, Needs: needs(FeaturePatch),
			Explanation: "A remove of one value may have a value, which changes nothing.",
			Steps: []Step{
				newUser("a", `"emails":[{"value":"a@example.com","type":"work"},{"value":"h@example.com","type":"home"}]`),
				patch("/Users/${a}", `{"op":"Remove","path":"emails[type eq \"work\"].value","value":"a@example.com"}`),
				get("/Users/${a}").lacks("/emails", `{"value":"a@example.com"}`).contains("/emails", `{"value":"h@example.com","type":"home"}`),
			},
		},
		entraPatch("role-primary-text", add, "primary is compared with a text; the role is made, with primary true.", ``,
			ops(`{"op":"Add","path":"roles[primary eq \"True\"].display","value":"D"}`, `{"op":"Add","path":"roles[primary eq \"True\"].value","value":"V"}`, `{"op":"Add","path":"roles[primary eq \"True\"].type","value":"T"}`),
			`{"roles":[{"primary":true,"display":"D","value":"V","type":"T"}]}`).needing("User.roles"),
		entraPatch("role-primary-text-existing", replace, "The role that is primary is changed.", `"roles":[{"primary":true,"value":"V"},{"value":"W"}]`,
			ops(`{"op":"Replace","path":"roles[primary eq \"True\"].value","value":"X"}`), `{"roles":[{"primary":true,"value":"X"},{"value":"W"}]}`).needing("User.roles"),
		entraPatch("role-json-in-text", add, "A role may be JSON inside a text; it is kept as it is.", ``,
			ops(`{"op":"Add","path":"roles","value":[{"value":"{\"id\":\"06b0\",\"value\":\"25\",\"displayName\":\"Role1234\"}"}]}`),
			`{"roles":[{"value":"{\"id\":\"06b0\",\"value\":\"25\",\"displayName\":\"Role1234\"}"}]}`).needing("User.roles"),
		entraPatch("role-set", replace, "All roles are replaced by a set.", `"roles":[{"value":"V"},{"value":"W"}]`,
			ops(`{"op":"replace","path":"roles","value":[{"primary":false,"type":"WindowsAzureActiveDirectoryRole","display":"User","value":"User"}]}`),
			`{"roles":[{"type":"WindowsAzureActiveDirectoryRole","display":"User","value":"User"}]}`).needing("User.roles"),
		entraPatch("null-update", "7643 §2.5", "An empty text and then null leave the attribute empty.", `"displayName":"A"`,
			ops(`{"op":"Replace","path":"displayName","value":""}`, `{"op":"Replace","path":"displayName","value":null}`), `{"displayName":null}`),
	}
}

// verboseOperations are the operations of the SCIM Validator's verbose
// tests, one for each attribute, and the user they make.
func verboseOperations(op string) (operations []string, want string) {
	for _, a := range [][2]string{
		{"active", `true`}, {"displayName", `"D"`}, {"title", `"T"`}, {`emails[type eq \"work\"].value`, `"w@example.com"`},
		{`emails[type eq \"work\"].primary`, `true`}, {"preferredLanguage", `"cy-GB"`}, {"name.givenName", `"G"`}, {"name.familyName", `"F"`},
		{"name.formatted", `"G F"`}, {"name.middleName", `"M"`}, {"name.honorificPrefix", `"P"`}, {"name.honorificSuffix", `"S"`},
		{`addresses[type eq \"work\"].formatted`, `"A"`}, {`addresses[type eq \"work\"].streetAddress`, `"845 Example Street"`},
		{`addresses[type eq \"work\"].locality`, `"L"`}, {`addresses[type eq \"work\"].region`, `"R"`}, {`addresses[type eq \"work\"].postalCode`, `"zl48 3xh"`},
		{`addresses[type eq \"work\"].primary`, `true`}, {`addresses[type eq \"work\"].country`, `"Belize"`},
		{`phoneNumbers[type eq \"work\"].value`, `"56-357-7743"`}, {`phoneNumbers[type eq \"work\"].primary`, `true`},
		{`phoneNumbers[type eq \"mobile\"].value`, `"56-357-7743"`}, {`phoneNumbers[type eq \"fax\"].value`, `"56-357-7743"`},
		{enterpriseSchema + ":employeeNumber", `"7"`}, {enterpriseSchema + ":department", `"Sales"`}, {enterpriseSchema + ":costCenter", `"C"`},
		{enterpriseSchema + ":organization", `"O"`}, {enterpriseSchema + ":division", `"V"`}, {enterpriseSchema + ":manager", `"m1"`},
		{`roles[primary eq \"True\"].display`, `"RD"`}, {`roles[primary eq \"True\"].value`, `"RV"`}, {`roles[primary eq \"True\"].type`, `"RT"`},
		{"userType", `"UT"`}, {"nickName", `"N"`}, {"locale", `"en-US"`}, {"timezone", `"America/Indiana/Knox"`}, {"profileUrl", `"https://example.com/p"`},
	} {
		operations = append(operations, `{"op":"`+op+`","path":"`+a[0]+`","value":`+a[1]+`}`)
	}
	return operations, `{"userName":"${unique}.a@example.com",` + strings.ReplaceAll(validatorUser, "\n", "") + `}`
}

// validatorUser is the user of the SCIM Validator, with other values.
const validatorUser = `"active":true,"displayName":"D","title":"T","preferredLanguage":"cy-GB","userType":"UT","nickName":"N","locale":"en-US","timezone":"America/Indiana/Knox","profileUrl":"https://example.com/p",
"emails":[{"type":"work","value":"w@example.com","primary":true}],
"name":{"givenName":"G","familyName":"F","formatted":"G F","middleName":"M","honorificPrefix":"P","honorificSuffix":"S"},
"addresses":[{"type":"work","formatted":"A","streetAddress":"845 Example Street","locality":"L","region":"R","postalCode":"zl48 3xh","primary":true,"country":"Belize"}],
"phoneNumbers":[{"type":"work","value":"56-357-7743","primary":true},{"type":"mobile","value":"56-357-7743"},{"type":"fax","value":"56-357-7743"}],
"roles":[{"primary":true,"display":"RD","value":"RV","type":"RT"}],
"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"employeeNumber":"7","department":"Sales","costCenter":"C","organization":"O","division":"V","manager":{"value":"m1"}}`
