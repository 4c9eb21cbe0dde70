package scimtest

// membershipCases: User.groups, RFC 7643 section 4.1.2. Whether groups that a
// user is in through another group are shown is the service provider's
// choice; those that are shown are right.
func membershipCases() []Case {
	groups := needs(FeatureGroups, "User.groups")
	typed := needs(FeatureGroups, "User.groups.type")
	// a is in g1, g1 in g2 and so on.
	chain := []Step{newUser("a", ""), newGroup("g1", members("a")), newGroup("g2", members("g1")), newGroup("g3", members("g2")), newGroup("g4", members("g3")), newGroup("g5", members("g4"))}
	after := func(s ...Step) []Step { return append(chain[:len(chain):len(chain)], s...) }
	read := get("/Users/${a}")
	noneDirect := func(s Step, names ...string) Step {
		for _, name := range names {
			s = s.lacks("/groups", `{"value":"${`+name+`}","type":"direct"}`)
		}
		return s
	}
	membership := func(id, explanation string, level Level, needed []Feature, steps ...Step) Case {
		return Case{ID: "membership/" + id, RFC: "7643 §4.1.2", Level: level, Explanation: explanation, Needs: needed, Steps: steps}
	}
	return []Case{
		membership("several", "A user has every group that it is a member of, once.", May, groups,
			newUser("a", ""), newGroup("g", members("a")), newGroup("h", members("a")), newGroup("i", ""),
			read.is("/groups", `[{"value":"${g}"},{"value":"${h}"}]`)),
		membership("list", "The groups of users are right in a list too.", May, needs(FeatureGroups, FeatureFilter, "User.groups"),
			newUser("a", ""), newUser("b", ""), newUser("c", ""), newGroup("g", members("a", "b")), newGroup("h", members("b")),
			get("/Users?attributes=userName,groups&filter="+mine).is("/Resources",
				`[{"id":"${a}","groups":[{"value":"${g}"}]},{"id":"${b}","groups":[{"value":"${g}"},{"value":"${h}"}]},{"id":"${c}","groups":null}]`)),
		membership("type", "How a membership came about is direct or indirect.", May, typed,
			after(read.at("/groups/*/type", OpOneOf, `["direct","indirect",null]`))...),
		membership("nested-five", "Through groups five deep, only the innermost is direct.", May, typed,
			after(noneDirect(read.contains("/groups", `{"value":"${g1}","type":"direct"}`), "g2", "g3", "g4", "g5"))...),
		membership("nested-list", "A list says the same of nested groups.", May, needs(FeatureGroups, FeatureFilter, "User.groups.type"),
			after(noneDirect(read, "g2", "g3"), get("/Users?filter="+mine).contains("/Resources/0/groups", `{"value":"${g1}","type":"direct"}`).
				lacks("/Resources/0/groups", `{"value":"${g5}","type":"direct"}`))...),
		membership("nested-indirect", "A group that a user is in through another one is shown as indirect.", May, typed,
			after(read.contains("/groups", `{"value":"${g2}","type":"indirect"}`).contains("/groups", `{"value":"${g5}","type":"indirect"}`))...),
		membership("nested-reference", "The reference of each group leads to it.", May, needs(FeatureGroups, "User.groups.$ref"),
			after(read.at("/groups/*/$ref", OpMatches, `/Groups/[^/]+$`).capture("ref", "/groups/0/$ref").capture("value", "/groups/0/value"),
				get("${ref}").is("/id", `"${value}"`))...),
		membership("both-ways", "Who is in a group directly and through another one is in it once, directly.", May, typed,
			newUser("a", ""), newGroup("g", members("a")), newGroup("h", members("a", "g")),
			read.is("/groups", `[{"value":"${g}","type":"direct"},{"value":"${h}","type":"direct"}]`)),
		membership("cycle", "Groups that hold each other are each shown once, or refused.", May, needs(FeatureGroups, FeaturePatch, "User.groups.type"),
			newUser("a", ""), newGroup("g", members("a")), newGroup("h", members("g")),
			patch("/Groups/${g}", `{"op":"add","path":"members","value":`+values("h")+`}`).status(200, 204, 400, 409),
			read.at("/groups", OpOneOf, `[[{"value":"${g}","type":"direct"}],[{"value":"${g}","type":"direct"},{"value":"${h}","type":"indirect"}]]`)),
		membership("nested-delete", "A group that is gone holds nothing together.", May, groups,
			after(del("/Groups/${g2}"), read.is("/groups", `[{"value":"${g1}"}]`))...),
		membership("delete", "A deleted group is no user's any more.", May, groups,
			newUser("a", ""), newGroup("g", members("a")), newGroup("h", members("a")), del("/Groups/${g}"),
			read.is("/groups", `[{"value":"${h}"}]`)),
		membership("delete-user", "A deleted user is no group's member any more.", May, groups,
			newUser("a", ""), newUser("b", ""), newGroup("g", members("a", "b")), del("/Users/${a}"),
			get("/Groups/${g}").is("/members", values("b"))),
		membership("join", "A user that joins a group has it.", May, needs(FeatureGroups, FeaturePatch, "User.groups"),
			newUser("a", ""), newGroup("g", ""), patch("/Groups/${g}", `{"op":"add","path":"members","value":`+values("a")+`}`),
			read.is("/groups", `[{"value":"${g}"}]`)),
		membership("replace", "A group whose members are replaced is that of the new ones only.", May, groups,
			newUser("a", ""), newUser("b", ""), newGroup("g", members("a")), put("/Groups/${g}", group("g", members("b"))),
			read.absent("/groups"), get("/Users/${b}").is("/groups", `[{"value":"${g}"}]`)),
		membership("read-only-replace", "Groups in a PUT of a user are ignored: membership is the group's.", May, needs(FeatureGroups, "User.groups", "User.displayName"),
			newUser("a", ""), newGroup("g", members("a")), newGroup("h", ""),
			put("/Users/${a}", user("a", `"displayName":"New","groups":`+values("h"))),
			read.is("/groups", `[{"value":"${g}"}]`).is("/displayName", `"New"`)),
		membership("not-asked", "Groups are left out where they are excluded.", Must, groups,
			newUser("a", ""), newGroup("g", members("a")), get("/Users/${a}?excludedAttributes=groups").absent("/groups").is("/id", `"${a}"`)),
	}
}
