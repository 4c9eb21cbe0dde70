package scimtest

import "net/http"

const (
	configSchema = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
	typeSchema   = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
	schemaSchema = "urn:ietf:params:scim:schemas:core:2.0:Schema"
)

// discoveryCases: RFC 7644 section 4, RFC 7643 sections 5 and 6.
func discoveryCases() []Case {
	config := get("/ServiceProviderConfig")
	types := get("/ResourceTypes")
	return []Case{
		{
			ID: "discovery/config/schemas", RFC: "7644 §4", Level: Must,
			Explanation: "The configuration is identified by its schema URI.",
			Steps:       []Step{config.is("/schemas", `["`+configSchema+`"]`)},
		},
		{
			ID: "discovery/config/features", RFC: "7643 §5", Level: Must,
			Explanation: "Each feature says whether it is supported, as a boolean.",
			Steps: []Step{
				config.typ("/patch/supported", "boolean").typ("/bulk/supported", "boolean").typ("/filter/supported", "boolean").
					typ("/changePassword/supported", "boolean").typ("/sort/supported", "boolean").typ("/etag/supported", "boolean"),
			},
		},
		{
			ID: "discovery/config/limits", RFC: "7643 §5", Level: Must,
			Explanation: "The limits are there even for what is not supported: clients read them without asking first.",
			Steps: []Step{
				config.typ("/bulk/maxOperations", "integer").typ("/bulk/maxPayloadSize", "integer").typ("/filter/maxResults", "integer"),
			},
		},
		{
			ID: "discovery/config/authentication-schemes", RFC: "7643 §5", Level: Must,
			Explanation: "Each authentication scheme has a type, a name and a description.",
			Steps: []Step{
				config.typ("/authenticationSchemes", "array").typ("/authenticationSchemes/*/type", "string").
					typ("/authenticationSchemes/*/name", "string").typ("/authenticationSchemes/*/description", "string"),
			},
		},
		{
			ID: "discovery/config/paging-ignored", RFC: "7644 §4", Level: Must,
			Explanation: "Query parameters of lists have no meaning here and are ignored.",
			Steps:       []Step{get("/ServiceProviderConfig?startIndex=5&count=0&sortBy=patch").is("/schemas", `["`+configSchema+`"]`)},
		},
		{
			ID: "discovery/config/read-only", RFC: "7643 §5", Level: Must,
			Explanation: "The configuration cannot be changed.",
			Steps: []Step{
				request(http.MethodPut, "/ServiceProviderConfig", `{"schemas":["`+configSchema+`"]}`, 400, 403, 404, 405, 501),
				request(http.MethodDelete, "/ServiceProviderConfig", "", 400, 403, 404, 405, 501),
				config,
			},
		},
		{
			ID: "discovery/types/list", RFC: "7644 §4", Level: Must,
			Explanation: "The resource types come as a ListResponse that holds all of them.",
			Steps:       []Step{types.is("/schemas", `["`+listMessage+`"]`).typ("/totalResults", "integer").contains("/Resources", `{"name":"User"}`)},
		},
		{
			ID: "discovery/types/attributes", RFC: "7643 §6", Level: Must,
			Explanation: "A resource type has a name, an endpoint, a schema and is identified by its schema URI.",
			Steps: []Step{
				types.present("/Resources").typ("/Resources/*/name", "string").typ("/Resources/*/endpoint", "string").typ("/Resources/*/schema", "string").
					is("/Resources/*/schemas", `["`+typeSchema+`"]`),
			},
		},
		{
			ID: "discovery/types/user", RFC: "7644 §4", Level: Must,
			Explanation: "One resource type is answered as one resource.",
			Steps:       []Step{get("/ResourceTypes/User").like(`{"schemas":["` + typeSchema + `"],"name":"User","endpoint":"/Users","schema":"` + userSchema + `"}`)},
		},
		{
			ID: "discovery/types/group", RFC: "7644 §4", Level: Must, Needs: needs(FeatureGroups),
			Explanation: "The Group resource type is at the endpoint that RFC 7644 gives it.",
			Steps:       []Step{get("/ResourceTypes/Group").like(`{"name":"Group","endpoint":"/Groups","schema":"` + groupSchema + `"}`)},
		},
		{
			ID: "discovery/types/extensions", RFC: "7643 §6", Level: Must, Needs: needs(FeatureEnterprise),
			Explanation: "An extension says whether it is required, as a boolean.",
			Steps:       []Step{get("/ResourceTypes/User").contains("/schemaExtensions", `{"schema":"`+enterpriseSchema+`"}`).typ("/schemaExtensions/*/required", "boolean")},
		},
		{
			ID: "discovery/types/unknown", RFC: "7644 §3.12", Level: Must,
			Explanation: "A resource type that does not exist is 404.",
			Steps:       []Step{get("/ResourceTypes/${unique}").fails(http.StatusNotFound)},
		},
		{
			ID: "discovery/types/location", RFC: "7643 §3.1", Level: Should,
			Explanation: "The location of a resource type leads to it.",
			Steps: []Step{
				get("/ResourceTypes/User").is("/meta/resourceType", `"ResourceType"`).capture("location", "/meta/location"),
				get("${location}").is("/name", `"User"`),
			},
		},
		{
			ID: "discovery/types/filter", RFC: "7644 §4", Level: Should,
			Explanation: "A filter is refused, so that nobody takes the whole list for its result.",
			Steps:       []Step{get(`/ResourceTypes?filter=name eq "User"`).fails(http.StatusForbidden)},
		},
		{
			ID: "discovery/types/paging-ignored", RFC: "7644 §4", Level: Must,
			Explanation: "Paging and sorting are ignored: the list is whole.",
			Steps:       []Step{get("/ResourceTypes?startIndex=100&count=0&sortBy=name").contains("/Resources", `{"name":"User"}`)},
		},
		{
			ID: "discovery/types/read-only", RFC: "7643 §6", Level: Must,
			Explanation: "Resource types cannot be changed.",
			Steps: []Step{
				request(http.MethodPost, "/ResourceTypes", `{"schemas":["`+typeSchema+`"],"name":"x"}`, 400, 403, 404, 405, 501),
				request(http.MethodDelete, "/ResourceTypes/User", "", 400, 403, 404, 405, 501),
				get("/ResourceTypes/User"),
			},
		},
		{
			ID: "discovery/types/schema-exists", RFC: "7643 §6", Level: Must,
			Explanation: "The schema of a resource type is one that /Schemas has under this id.",
			Steps: []Step{
				get("/ResourceTypes/User").capture("schema", "/schema"),
				get("/Schemas/${schema}").is("/id", `"${schema}"`),
			},
		},
	}
}

// schemaCases: RFC 7643 section 7.
func schemaCases() []Case {
	list := get("/Schemas")
	userDocument := get("/Schemas/" + userSchema)
	return []Case{
		{
			ID: "schemas/list", RFC: "7644 §4", Level: Must,
			Explanation: "The schemas come as a ListResponse that holds all of them.",
			Steps:       []Step{list.is("/schemas", `["`+listMessage+`"]`).typ("/totalResults", "integer").contains("/Resources", `{"id":"`+userSchema+`"}`)},
		},
		{
			ID: "schemas/extension", RFC: "7644 §4", Level: Must, Needs: needs(FeatureEnterprise),
			Explanation: "The schema of an advertised extension is there.",
			Steps: []Step{
				list.contains("/Resources", `{"id":"`+enterpriseSchema+`"}`),
				get("/Schemas/"+enterpriseSchema).is("/id", `"`+enterpriseSchema+`"`).contains("/attributes", `{"name":"department","type":"string"}`),
			},
		},
		{
			ID: "schemas/one", RFC: "7644 §4", Level: Must,
			Explanation: "One schema is answered as one resource, at its URI.",
			Steps:       []Step{userDocument.like(`{"id":"`+userSchema+`","name":"User"}`).typ("/attributes", "array")},
		},
		{
			ID: "schemas/identified", RFC: "7643 §7", Level: Should,
			Explanation: "A schema is identified by the URI of the schema of schemas.",
			Steps:       []Step{userDocument.is("/schemas", `["`+schemaSchema+`"]`)},
		},
		{
			ID: "schemas/characteristics", RFC: "7643 §7", Level: Must,
			Explanation: "Each attribute has a name, a type, and the characteristics, in the keywords of the RFC.",
			Steps: []Step{
				userDocument.present("/attributes").typ("/attributes/*/name", "string").typ("/attributes/*/multiValued", "boolean").typ("/attributes/*/required", "boolean").
					at("/attributes/*/type", OpOneOf, `["string","boolean","decimal","integer","dateTime","reference","binary","complex"]`).
					at("/attributes/*/mutability", OpOneOf, `["readOnly","readWrite","immutable","writeOnly"]`).
					at("/attributes/*/returned", OpOneOf, `["always","never","default","request"]`),
			},
		},
		{
			ID: "schemas/sub-attributes", RFC: "7643 §7", Level: Must,
			Explanation: "Sub-attributes have the same characteristics, and none of them is complex.",
			Steps: []Step{
				userDocument.contains("/attributes", `{"name":"name","type":"complex"}`).typ("/attributes/*/subAttributes/*/name", "string").
					at("/attributes/*/subAttributes/*/type", OpOneOf, `["string","boolean","decimal","integer","dateTime","reference","binary"]`).
					at("/attributes/*/subAttributes/*/mutability", OpOneOf, `["readOnly","readWrite","immutable","writeOnly"]`),
			},
		},
		{
			ID: "schemas/user-name", RFC: "7643 §4.1.1", Level: Must,
			Explanation: "userName is required and is compared without regard to case.",
			Steps:       []Step{userDocument.contains("/attributes", `{"name":"userName","type":"string","multiValued":false,"required":true,"caseExact":false}`)},
		},
		{
			ID: "schemas/password", RFC: "7643 §4.1.1", Level: Must, Needs: needs("User.password"),
			Explanation: "A password can be written and never comes back.",
			Steps:       []Step{userDocument.contains("/attributes", `{"name":"password","mutability":"writeOnly","returned":"never"}`)},
		},
		{
			ID: "schemas/user-groups", RFC: "7643 §4.1.2", Level: Must, Needs: needs("User.groups"),
			Explanation: "The groups of a user are read-only: membership is changed through the group.",
			Steps:       []Step{userDocument.contains("/attributes", `{"name":"groups","multiValued":true,"mutability":"readOnly"}`)},
		},
		{
			ID: "schemas/group-members", RFC: "7643 §4.2", Level: Must, Needs: needs(FeatureGroups),
			Explanation: "The members of a group are a multi-valued complex attribute.",
			Steps: []Step{
				get("/Schemas/"+groupSchema).contains("/attributes", `{"name":"members","type":"complex","multiValued":true}`).
					contains("/attributes", `{"name":"displayName","type":"string","multiValued":false}`),
			},
		},
		{
			ID: "schemas/no-messages", RFC: "7644 §3.1", Level: Must,
			Explanation: "The schemas of messages cannot be discovered.",
			Steps: []Step{
				list.lacks("/Resources", `{"id":"`+listMessage+`"}`).lacks("/Resources", `{"id":"`+patchMessage+`"}`),
				get("/Schemas/" + listMessage).fails(http.StatusNotFound),
			},
		},
		{
			ID: "schemas/unknown", RFC: "7644 §3.12", Level: Must,
			Explanation: "A schema that does not exist is 404.",
			Steps:       []Step{get("/Schemas/urn:example:${unique}").fails(http.StatusNotFound)},
		},
		{
			ID: "schemas/filter", RFC: "7644 §4", Level: Should,
			Explanation: "A filter is refused, so that nobody takes the whole list for its result.",
			Steps:       []Step{get(`/Schemas?filter=id eq "` + userSchema + `"`).fails(http.StatusForbidden)},
		},
		{
			ID: "schemas/paging-ignored", RFC: "7644 §4", Level: Must,
			Explanation: "Paging is ignored: the list is whole.",
			Steps:       []Step{get("/Schemas?startIndex=100&count=0").contains("/Resources", `{"id":"`+userSchema+`"}`)},
		},
		{
			ID: "schemas/location", RFC: "7643 §3.1", Level: Must,
			Explanation: "The location of a schema leads to it.",
			Steps: []Step{
				userDocument.is("/meta/resourceType", `"Schema"`).capture("location", "/meta/location"),
				get("${location}").is("/id", `"`+userSchema+`"`),
			},
		},
	}
}
