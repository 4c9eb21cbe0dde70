package scim

import (
	"slices"
	"strings"
)

// Profile says how a service provider deviates from RFC 7644. The zero
// Profile is the RFC, with what [Client.ServiceProviderConfig] finds out.
// What costs nothing is tolerated with every profile: totals as text,
// missing "schemas", names in another case, 200 and 204 for each other, and
// errors that are not SCIM's.
type Profile struct {
	// Roots are paths such as "/scim", appended to the base URL, at one of
	// which the service provider may be. The first request looks for it: the
	// first root where /ServiceProviderConfig or /Users answers as SCIM does
	// is taken from then on. Nil: the base URL is complete.
	Roots []string

	// Config stands for the answer of /ServiceProviderConfig, which is then
	// not asked for. Nil: it is asked for when a decision depends on it.
	Config *ServiceProviderConfig

	// Patch is the form in which changes are sent.
	Patch PatchForm

	// WholeMembers: the members of a group can be set, but not added or
	// removed one by one. A PATCH that names them is preceded by a GET and
	// sends all that there are then.
	WholeMembers bool

	// NoFilter: filters are refused or ignored. Queries with a filter read
	// everything and select on this side.
	NoFilter bool

	// PageTotals: totalResults counts the resources of the page, not of the
	// result. [Endpoint.All] reads on until a page is empty.
	PageTotals bool

	// MediaType is the Content-Type of requests; "" is
	// "application/scim+json".
	MediaType string

	// RequestsPerSecond is never exceeded. With 0 there is no limit until the
	// service provider refuses with 429. In both cases the rate is then
	// learned: lowered when it refuses, and raised again while it does not.
	RequestsPerSecond float64
}

// PatchForm is a form in which changes are sent.
type PatchForm uint8

// The forms of a change.
const (
	// PatchAuto is PatchRFC, or PatchByPut where /ServiceProviderConfig says
	// that there is no PATCH.
	PatchAuto PatchForm = iota
	// PatchRFC sends the patch as it is (RFC 7644 section 3.5.2).
	PatchRFC
	// PatchEntra sends it as [Patch.Entra] writes it.
	PatchEntra
	// PatchByPut reads the resource, applies the patch on this side and
	// replaces it. What the service provider does not return, such as a
	// password, is not sent. A change in between is noticed if it has entity
	// tags, and then the patch is applied to the newer resource.
	PatchByPut
)

// ProfileZohoOne returns the profile of Zoho One's sync endpoint. Zoho does
// not publish its wire: what is known is that the sync URL is shown with or
// without "/scim", and that Microsoft Entra, which sends at most 25 requests
// a second, provisions into it with OAuth or a token. All else is as the
// endpoint says itself, and as RFC 7644 where it says nothing; change the
// profile where an organization's endpoint proves otherwise.
func ProfileZohoOne() Profile {
	return Profile{Roots: []string{"", "/scim"}, RequestsPerSecond: 25}
}

// check returns a copy, or why the profile cannot be used.
func (p Profile) check() (Profile, error) {
	bad := func(field, detail string) (Profile, error) {
		return p, &Error{Kind: KindInvalidOption, Path: "Profile." + field, Detail: detail}
	}
	p.Roots = slices.Clone(p.Roots)
	for i, root := range p.Roots {
		if _, err := clientBase("https://host" + root); err != nil || root != "" && root[0] != '/' || strings.ContainsAny(root, "\\") {
			return bad("Roots", "a root is a path that begins with a slash, without dot segments, or empty")
		}
		p.Roots[i] = strings.TrimRight(root, "/")
	}
	if p.Config != nil {
		config := *p.Config
		p.Config = &config
	}
	switch {
	case p.Patch > PatchByPut:
		return bad("Patch", "there is no such form")
	case !(p.RequestsPerSecond >= 0 && p.RequestsPerSecond <= 1e6):
		return bad("RequestsPerSecond", "the rate is out of range")
	case strings.ContainsFunc(p.MediaType, clientControl):
		return bad("MediaType", "the media type has a control character")
	}
	if p.MediaType == "" {
		p.MediaType = clientContentType
	}
	return p, nil
}
