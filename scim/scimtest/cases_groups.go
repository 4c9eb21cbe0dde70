package scimtest

import "net/http"

// groupCases: RFC 7643 section 4.2.
func groupCases() []Case {
	groups := needs(FeatureGroups)
	return []Case{
		{
			ID: "groups/create", RFC: "7643 §4.2", Level: Must, Needs: groups,
			Explanation: "A group is made with its members.",
			Steps: []Step{
				newUser("a", ""), newUser("b", ""),
				newGroup("g", members("a", "b")).like(`{"displayName":"${unique} g","schemas":["` + groupSchema + `"],"meta":{"resourceType":"Group"}}`),
				get("/Groups/${g}").is("/members", values("a", "b")),
			},
		},
		{
			ID: "groups/location", RFC: "7644 §3.3", Level: Must, Needs: groups,
			Explanation: "The location of a group leads to it.",
			Steps: []Step{
				newGroup("g", "").capture("location", "Location").is("/meta/location", `"${location}"`),
				get("${location}").is("/id", `"${g}"`),
			},
		},
		{
			ID: "groups/member-reference", RFC: "7643 §2.3.7", Level: May, Needs: groups,
			Explanation: "The $ref of a member leads to it.",
			Steps: []Step{
				newUser("a", ""), newGroup("g", members("a")),
				get("/Groups/${g}").capture("ref", "/members/0/$ref"),
				get("${ref}").is("/id", `"${a}"`),
			},
		},
		{
			ID: "groups/member-type", RFC: "7643 §4.2", Level: May, Needs: groups,
			Explanation: "The type of a member is its resource type.",
			Steps: []Step{
				newUser("a", ""), newGroup("h", ""), newGroup("g", members("a", "h")),
				get("/Groups/${g}").is("/members", `[{"value":"${a}","type":"User"},{"value":"${h}","type":"Group"}]`),
			},
		},
		{
			ID: "groups/same-member-twice", RFC: "7643 §2.4", Level: Should, Needs: groups,
			Explanation: "A member that is named twice is one member.",
			Steps: []Step{
				newUser("a", ""), newGroup("g", members("a", "a")),
				get("/Groups/${g}").is("/members", values("a")),
			},
		},
		{
			ID: "groups/same-name", RFC: "7643 §4.2", Level: May, Needs: groups,
			Explanation: "Nothing says that displayName is unique: two groups with one name are made, or the second is a conflict.",
			Steps: []Step{
				newGroup("g", ""),
				post("/Groups", group("g", "")).status(http.StatusCreated, http.StatusConflict).not("/id", `"${g}"`),
			},
		},
		{
			ID: "groups/nested", RFC: "7643 §4.1.2", Level: May, Needs: needs(FeatureGroups, "User.groups.type"),
			Explanation: "Membership through a nested group is not direct: it is indirect, or not shown.",
			Steps: []Step{
				newUser("a", ""), newGroup("h", members("a")), newGroup("g", members("h")),
				get("/Users/${a}").contains("/groups", `{"value":"${h}","type":"direct"}`).lacks("/groups", `{"value":"${g}","type":"direct"}`),
			},
		},
		{
			ID: "groups/cycle", RFC: "7643 §4.2", Level: May, Needs: needs(FeatureGroups, FeaturePatch),
			Explanation: "Groups that hold each other, or are refused, do not keep the service provider from answering.",
			Steps: []Step{
				newUser("a", ""), newGroup("h", members("a")), newGroup("g", members("h")),
				patch("/Groups/${h}", `{"op":"add","path":"members","value":`+values("g")+`}`).status(200, 204, 400, 409),
				get("/Users/${a}").contains("/groups", `{"value":"${h}"}`), get("/Groups/${h}"),
			},
		},
	}
}

// groupPatch changes a group whose members are a and b; c is another user.
func groupPatch(id, rfc, explanation string, operations []string, want ...string) Case {
	return Case{
		ID: "groups/patch/" + id, RFC: rfc, Level: Must, Needs: needs(FeatureGroups, FeaturePatch), Explanation: explanation,
		Steps: []Step{
			newUser("a", ""), newUser("b", ""), newUser("c", ""), newGroup("g", members("a", "b")),
			patch("/Groups/${g}", operations...),
			get("/Groups/${g}").is("/members", values(want...)),
		},
	}
}

// groupPatchCases: RFC 7644 section 3.5.2, for members.
func groupPatchCases() []Case {
	const add, remove, replace = "7644 §3.5.2.1", "7644 §3.5.2.2", "7644 §3.5.2.3"
	return []Case{
		groupPatch("add", add, "A member is added to those that are there.",
			ops(`{"op":"add","path":"members","value":[{"value":"${c}"}]}`), "a", "b", "c"),
		groupPatch("add-with-reference", add, "Its $ref and display may be sent along.",
			ops(`{"op":"add","path":"members","value":[{"value":"${c}","$ref":"https://example.com/v2/Users/${c}","display":"C"}]}`), "a", "b", "c"),
		groupPatch("add-existing", add, "A member that is there already changes nothing.",
			ops(`{"op":"add","path":"members","value":[{"value":"${a}"}]}`), "a", "b"),
		groupPatch("add-no-path", add, "Without a path, members are added too.",
			ops(`{"op":"add","value":{"members":[{"value":"${c}"}]}}`), "a", "b", "c"),
		groupPatch("remove", remove, "A member is removed by a filter.",
			ops(`{"op":"remove","path":"members[value eq \"${a}\"]"}`), "b"),
		groupPatch("remove-several", remove, "All members that the filter selects are removed.",
			ops(`{"op":"remove","path":"members[value eq \"${a}\" or value eq \"${b}\"]"}`)),
		groupPatch("remove-all", remove, "Without a filter all members are removed.",
			ops(`{"op":"remove","path":"members"}`)),
		groupPatch("remove-and-add", "7644 §3.5.2", "A member goes and another comes in one request.",
			ops(`{"op":"remove","path":"members[value eq \"${a}\"]"}`, `{"op":"add","path":"members","value":[{"value":"${c}"}]}`), "b", "c"),
		groupPatch("remove-all-and-add", "7644 §3.5.2", "All members go and others come in one request.",
			ops(`{"op":"remove","path":"members"}`, `{"op":"add","path":"members","value":[{"value":"${c}"},{"value":"${a}"}]}`), "a", "c"),
		groupPatch("replace", replace, "All members are replaced.",
			ops(`{"op":"replace","path":"members","value":[{"value":"${b}"},{"value":"${c}"}]}`), "b", "c"),
		groupPatch("replace-no-path", replace, "Without a path, they are replaced too.",
			ops(`{"op":"replace","value":{"displayName":"${unique} h","members":[{"value":"${c}"}]}}`), "c"),
		groupPatch("replace-empty", "7643 §2.5", "An empty list empties the group.",
			ops(`{"op":"replace","path":"members","value":[]}`)),
		{
			ID: "groups/patch/name", RFC: replace, Level: Must, Needs: needs(FeatureGroups, FeaturePatch),
			Explanation: "Another name leaves the members.",
			Steps: []Step{
				newUser("a", ""), newGroup("g", members("a")),
				patch("/Groups/${g}", `{"op":"replace","path":"displayName","value":"${unique} h"}`),
				get("/Groups/${g}").is("/displayName", `"${unique} h"`).is("/members", values("a")),
			},
		},
		{
			ID: "groups/patch/name-no-path", RFC: replace, Level: Must, Needs: needs(FeatureGroups, FeaturePatch),
			Explanation: "So does one without a path.",
			Steps: []Step{
				newUser("a", ""), newGroup("g", members("a")),
				patch("/Groups/${g}", `{"op":"replace","value":{"displayName":"${unique} h"}}`),
				get("/Groups/${g}").is("/displayName", `"${unique} h"`).is("/members", values("a")),
			},
		},
		{
			ID: "groups/patch/remove-absent", RFC: remove, Level: Should, Needs: needs(FeatureGroups, FeaturePatch),
			Explanation: "A user that is no member can be removed: nothing changes, and it is a success.",
			Steps: []Step{
				newUser("a", ""), newUser("c", ""), newGroup("g", members("a")),
				patch("/Groups/${g}", `{"op":"remove","path":"members[value eq \"${c}\"]"}`),
				get("/Groups/${g}").is("/members", values("a")),
			},
		},
		{
			ID: "groups/patch/add-existing-time", RFC: add, Level: Must, Needs: needs(FeatureGroups, FeaturePatch),
			Explanation: "If no member is new, the time of the last change stays.",
			Steps: []Step{
				newUser("a", ""), newGroup("g", members("a")),
				get("/Groups/${g}").capture("time", "/meta/lastModified"),
				patch("/Groups/${g}", `{"op":"add","path":"members","value":`+values("a")+`}`),
				get("/Groups/${g}").is("/meta/lastModified", `"${time}"`),
			},
		},
		{
			ID: "groups/patch/member-immutable", RFC: "7643 §8.7.1", Level: Must, Needs: needs(FeatureGroups, FeaturePatch),
			Explanation: "The value of a member is immutable: a member is replaced, not turned into another.",
			Steps: []Step{
				newUser("a", ""), newUser("b", ""), newGroup("g", members("a")),
				patch("/Groups/${g}", `{"op":"replace","path":"members[value eq \"${a}\"].value","value":"${b}"}`).refuses("mutability"),
				get("/Groups/${g}").is("/members", values("a")),
			},
		},
		{
			ID: "groups/patch/name-required", RFC: remove, Level: Must, Needs: needs(FeatureGroups, FeaturePatch),
			Explanation: "The name of a group is required and cannot be removed.",
			Steps: []Step{
				newGroup("g", ""),
				patch("/Groups/${g}", `{"op":"remove","path":"displayName"}`).fails(http.StatusBadRequest, "mutability"),
				get("/Groups/${g}").is("/displayName", `"${unique} g"`),
			},
		},
		{
			ID: "groups/patch/member-without-value", RFC: "7644 §3.12", Level: Must, Needs: needs(FeatureGroups, FeaturePatch),
			Explanation: "A member that is not a reference is invalidValue.",
			Steps: []Step{
				newUser("a", ""), newGroup("g", members("a")),
				patch("/Groups/${g}", `{"op":"add","path":"members","value":[{"display":"nobody"}]}`).refuses("invalidValue"),
				get("/Groups/${g}").is("/members", values("a")),
			},
		},
	}
}
