package scimtest

import "net/http"

// authCases: RFC 7644 section 2.
func authCases() []Case {
	return []Case{
		{
			ID: "auth/none", RFC: "7644 §3.12", Level: Must,
			Explanation: "A request without a credential is answered with 401 and the form of an error.",
			Steps:       []Step{get("/Users").as(CredentialNone).fails(http.StatusUnauthorized)},
		},
		{
			ID: "auth/wrong", RFC: "7644 §3.12", Level: Must,
			Explanation: "A credential that nobody issued is answered with 401 and the form of an error.",
			Steps:       []Step{get("/Users").as(CredentialWrong).fails(http.StatusUnauthorized)},
		},
		{
			ID: "auth/challenge-none", RFC: "7644 §2", Level: Must,
			Explanation: "A 401 names the authentication schemes in WWW-Authenticate.",
			Steps:       []Step{get("/Users").as(CredentialNone).status(http.StatusUnauthorized).header("WWW-Authenticate", OpMatches, `^[A-Za-z]+`)},
		},
		{
			ID: "auth/challenge-wrong", RFC: "7644 §2", Level: Must,
			Explanation: "A refused credential is answered with the schemes that would be taken.",
			Steps:       []Step{get("/Users").as(CredentialWrong).status(http.StatusUnauthorized).header("WWW-Authenticate", OpMatches, `^[A-Za-z]+`)},
		},
		{
			ID: "auth/another-scheme", RFC: "7644 §2", Level: Must,
			Explanation: "A scheme that is not supported is no credential.",
			Steps: []Step{
				get("/Users").as(CredentialNone).with("Authorization", "Basic c2NpbXRlc3Q6c2NpbXRlc3Q=").fails(http.StatusUnauthorized),
				get("/Users").as(CredentialNone).with("Authorization", "Bearer").fails(http.StatusUnauthorized),
			},
		},
		{
			ID: "auth/every-endpoint", RFC: "7644 §2", Level: Must, Needs: needs(FeatureGroups),
			Explanation: "No endpoint of resources works without a credential.",
			Steps: []Step{
				get("/Groups").as(CredentialNone).fails(http.StatusUnauthorized),
				search("/Users/.search", "").as(CredentialNone).fails(http.StatusUnauthorized),
				get("/Users/${unique}").as(CredentialNone).fails(http.StatusUnauthorized),
			},
		},
		{
			ID: "auth/create-not-done", RFC: "7644 §2", Level: Must, Needs: needs(FeatureFilter),
			Explanation: "A user that is sent without a credential is not made.",
			Steps: []Step{
				post("/Users", user("a", "")).as(CredentialNone).fails(http.StatusUnauthorized),
				get("/Users?filter=" + mine).finds(),
			},
		},
		{
			ID: "auth/change-not-done", RFC: "7644 §2", Level: Must, Needs: needs(FeaturePatch),
			Explanation: "No change without a credential: PUT, PATCH and DELETE leave the user as it is.",
			Steps: []Step{
				newUser("a", `"displayName":"before"`),
				put("/Users/${a}", user("a", `"displayName":"after"`)).as(CredentialNone).fails(http.StatusUnauthorized),
				patch("/Users/${a}", `{"op":"replace","path":"displayName","value":"after"}`).as(CredentialWrong).fails(http.StatusUnauthorized),
				del("/Users/${a}").as(CredentialNone).fails(http.StatusUnauthorized),
				get("/Users/${a}").like(`{"displayName":"before"}`),
			},
		},
		{
			ID: "auth/before-parsing", RFC: "7644 §2", Level: Should,
			Explanation: "Whether a body is well formed is not told to somebody without a credential.",
			Steps:       []Step{post("/Users", `{"schemas":`).as(CredentialNone).fails(http.StatusUnauthorized)},
		},
		{
			ID: "auth/before-existence", RFC: "7644 §2", Level: Should,
			Explanation: "Whether a resource exists is not told to somebody without a credential: both answers are the same.",
			Steps: []Step{
				newUser("a", ""),
				get("/Users/${a}").as(CredentialWrong).fails(http.StatusUnauthorized),
				get("/Users/${unique}").as(CredentialWrong).fails(http.StatusUnauthorized),
			},
		},
		{
			ID: "auth/query-token", RFC: "6750 §2.3", Level: Should,
			Explanation: "A token in the query string would be written into logs, and is no credential.",
			Steps:       []Step{get("/Users?access_token=scimtest-token-that-nobody-issued").as(CredentialNone).fails(http.StatusUnauthorized)},
		},
	}
}
