package interop

import "github.com/zohoscim/zohoscim/scim"

// known is how service providers differ from what RFC 7644 asks for, or what
// they choose where it leaves the choice.
var known = map[string]dialect{
	"elimity": {differs: map[string]difference{
		"read a part":           {"everything", "the library has no projection"},
		"read if changed":       {"no version", "the handler here keeps none: entity tags are optional"},
		"find by externalId":    {"400 invalidFilter", "the library refuses filters on common attributes"},
		"search by POST":        {"404 not found", "the library has no /.search"},
		"PUT of an old version": {"no version", "the handler here keeps none"},
	}},
	"scimmy": {differs: map[string]difference{
		"filter by element":     {"400 invalidValue", "its filters fail on a resource without the attribute"},
		"PUT of an old version": {"ok", "it does not say that it has entity tags, and ignores If-Match"},
	}},
	"scim2-server": {profile: scim.Profile{PageTotals: true}, differs: map[string]difference{
		"filter by element": {"500 internal error", "it cannot evaluate the filter"},
		"PUT":               {"not as sent", "it keeps what a PUT does not name, which RFC 7644 section 3.5.1 allows"},
	}},
}
