package scimtest

import "slices"

// Case is one question to a service provider: a conversation that a
// conforming one answers as the checks of its steps say.
type Case struct {
	// ID names the case and what it belongs to, such as
	// "patch/replace/value-filter-no-match".
	ID string
	// RFC is where the demand stands, such as "7644 §3.5.2.3". For a case
	// that a client needs it is the section whose tolerant reading is asked.
	RFC string
	// Level is how strong the demand is.
	Level Level
	// Explanation says in one sentence what is demanded or why.
	Explanation string
	// Needs are the features without which the case is not asked.
	Needs []Feature
	// Strict marks a demand of the RFC that a client of level [Entra] or
	// [Okta] contradicts. It is asked only if [Profile.Strict] is set.
	Strict bool
	// Steps are sent in order. The first one that fails ends the case.
	Steps []Step
}

// Level is how strong a demand is: a key word of RFC 2119, or the name of the
// client that sends what the case sends.
type Level string

// The levels.
const (
	Must   Level = "MUST"   // also SHALL and REQUIRED
	Should Level = "SHOULD" // also RECOMMENDED
	May    Level = "MAY"    // optional, and checked where it is offered
	Entra  Level = "Entra"  // Microsoft Entra and its SCIM validator send it
	Okta   Level = "Okta"   // Okta and its test suite send it
)

// Feature is something that a service provider may do without: one of the
// constants, or an attribute of the User schema, such as "User.nickName" or
// "User.name.middleName".
type Feature string

// The features, and where they are advertised.
const (
	FeaturePatch      Feature = "patch"      // ServiceProviderConfig
	FeatureFilter     Feature = "filter"     // ServiceProviderConfig
	FeatureSort       Feature = "sort"       // ServiceProviderConfig
	FeatureETag       Feature = "etag"       // ServiceProviderConfig
	FeatureGroups     Feature = "groups"     // the endpoint "/Groups" in ResourceTypes
	FeatureEnterprise Feature = "enterprise" // the extension of User in ResourceTypes
	FeatureBulk       Feature = "bulk"       // ServiceProviderConfig
	FeatureBulkLimits Feature = "bulkLimits" // limits of bulk requests there that a test can exceed
	FeatureMe         Feature = "me"         // GET of "/Me" is answered with 200, and not by a redirect
	FeatureCursor     Feature = "cursor"     // pagination in ServiceProviderConfig
	FeatureIndex      Feature = "index"      // pagination in ServiceProviderConfig; without it there is no other
	FeatureRoot       Feature = "root"       // POST to "/.search" below the base URL is answered with 200
)

// Step is one request and what its answer must be.
//
// Path, Header, Body, and the texts of checks may hold "${name}", which stands
// for what an earlier step, or the same one in its checks, captured.
// "${unique}" is a text of small letters and digits that no other case has,
// "${maxOperations}" and "${maxPayloadSize}" are the limits of bulk requests
// that are advertised. "${tooManyOperations}" in a body is a list of operations
// beyond the one, "${tooManyBytes}" a text of more bytes than the other.
type Step struct {
	Method string
	// Path is relative to the base URL and may have a query. Spaces, quotes,
	// brackets and what is not ASCII are escaped before it is sent; the rest
	// travels as written. A path that begins with "${" is a URL that the
	// service provider gave.
	Path string
	// Header is sent as it is. A step with a body has the Content-Type
	// "application/scim+json" unless it names another one.
	Header map[string]string
	Body   string
	// Credential is what the request is authenticated with.
	Credential Credential
	// Status lists the status codes that are right.
	Status []int
	Checks []Demand
	// Capture maps names to what they stand for from now on: a JSON pointer
	// into the body, or the name of a header.
	Capture map[string]string
}

// Credential is what a request is authenticated with.
type Credential string

// The credentials.
const (
	CredentialValid Credential = ""      // that of the client given to [Check]
	CredentialNone  Credential = "none"  // no Authorization header
	CredentialWrong Credential = "wrong" // a bearer token that nobody issued
)

// Demand is what one place of an answer must be.
type Demand struct {
	// Header is the name of the header looked at. If it is "", Pointer is
	// looked at.
	Header string
	// Pointer is a JSON pointer (RFC 6901) into the body; "" is the whole
	// body. Names of attributes are found whatever their case (RFC 7643
	// section 2.1). "*" stands for each element of an array: the check must
	// hold for all of them.
	Pointer string
	Op      Op
	// Want is JSON, or a regular expression for [OpMatches].
	Want string
}

// Op is the kind of a [Demand].
type Op string

// The kinds. "Like" means: an object has at least the members of the wanted
// one, an array has the wanted elements in any order and no others, null and
// an empty array are wanted where there is no value (RFC 7643 section 2.5),
// and "primary" is false where it is absent (section 2.4).
const (
	OpLike     Op = "like"     // the value is like Want
	OpOneOf    Op = "oneOf"    // the value is like an element of the array Want
	OpUnlike   Op = "unlike"   // the value is not like Want
	OpPresent  Op = "present"  // there is a value
	OpContains Op = "contains" // the array has an element like Want
	OpLacks    Op = "lacks"    // the array, if there is one, has no element like Want
	OpSequence Op = "sequence" // the elements of the array are like those of Want, in this order
	OpAtMost   Op = "atMost"   // the array, if there is one, has no more elements than Want
	OpType     Op = "type"     // the value is of the type Want: a JSON type, "integer" or "dateTime"
	OpMatches  Op = "matches"  // the text matches the regular expression Want
)

// Cases returns all cases, in the order in which they are asked. The caller
// may change them.
func Cases() []Case {
	return slices.Concat(
		authCases(), discoveryCases(), schemaCases(), errorCases(), httpCases(),
		createCases(), characteristicCases(), readCases(), replaceCases(), deleteCases(), etagCases(),
		listCases(), filterCases(), filterTypeCases(), searchCases(), sortCases(), projectionCases(),
		cursorCases(), cursorErrorCases(), cursorSearchCases(),
		patchAddCases(), patchRemoveCases(), patchReplaceCases(), patchErrorCases(), groupCases(), groupPatchCases(), membershipCases(),
		entraCases(), entraGroupCases(), entraPatchCases(), entraValidatorCases(), oktaCases(), toleranceCases(),
		bulkCases(), bulkResultCases(), bulkReferenceCases(), bulkErrorCases(), bulkLimitCases(), meCases(),
	)
}
