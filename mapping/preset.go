package mapping

import "github.com/zohoscim/zohoscim/scim"

// softDeleted leaves active alone when the record does not say whether the
// user is deleted: Not would read silence as "active".
const softDeleted = `Switch([IsSoftDeleted], , "False", "True", "True", "False")`

// EntraUser returns the mapping that Entra gives a new SCIM application for
// users: the source has Entra's attribute names, users are matched by
// userName. Each call returns a new value.
func EntraUser() *Mapping {
	const enterprise = scim.SchemaEnterpriseUser + ":"
	return ZohoOneUser().With(
		Direct("employeeId", enterprise+"employeeNumber"),
		Direct("department", enterprise+"department"),
		Direct("manager", enterprise+"manager"),
	)
}

// EntraGroup returns the mapping that Entra gives a new SCIM application for
// groups, which are matched by displayName. Each call returns a new value.
func EntraGroup() *Mapping {
	return &Mapping{Target: "Group", Rules: []Rule{
		Direct("displayName", "displayName").Match(1),
		Direct("objectId", "externalId"),
		Direct("members", "members"),
	}}
}

// ZohoOneUser returns the mapping of the Zoho One application in Entra's
// gallery for users: the attributes of [EntraUser] without those of the
// enterprise extension, which Zoho One does not list. Each call returns a new
// value. One work location for everyone, a fixed value on the mapping page of
// Zoho One, is
//
//	mapping.ZohoOneUser().With(mapping.Fixed(`addresses[type eq "work"].formatted`, "本社"))
//
// which takes the place of physicalDeliveryOfficeName.
func ZohoOneUser() *Mapping {
	return &Mapping{Target: "User", Rules: []Rule{
		Direct("userPrincipalName", "userName").Match(1),
		Expression("active", softDeleted),
		Direct("displayName", "displayName"),
		Direct("jobTitle", "title"),
		Direct("mail", `emails[type eq "work"].value`),
		Direct("preferredLanguage", "preferredLanguage"),
		Direct("givenName", "name.givenName"),
		Direct("surname", "name.familyName"),
		Expression("name.formatted", `Join(" ", [givenName], [surname])`),
		Direct("physicalDeliveryOfficeName", `addresses[type eq "work"].formatted`),
		Direct("streetAddress", `addresses[type eq "work"].streetAddress`),
		Direct("city", `addresses[type eq "work"].locality`),
		Direct("state", `addresses[type eq "work"].region`),
		Direct("postalCode", `addresses[type eq "work"].postalCode`),
		Direct("country", `addresses[type eq "work"].country`),
		Direct("telephoneNumber", `phoneNumbers[type eq "work"].value`),
		Direct("mobile", `phoneNumbers[type eq "mobile"].value`),
		Direct("facsimileTelephoneNumber", `phoneNumbers[type eq "fax"].value`),
		Direct("mailNickname", "externalId"),
	}}
}

// ZohoOneGroup returns the mapping of the Zoho One application in Entra's
// gallery for groups, which is that of [EntraGroup]. Each call returns a new
// value.
func ZohoOneGroup() *Mapping { return EntraGroup() }
