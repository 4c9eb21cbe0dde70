package scimtest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Profile says what a service provider is asked. The zero Profile asks
// everything that it advertises.
type Profile struct {
	// Name is the profile's name in the report.
	Name string

	// Sender is the client that the service provider is for: [Entra] or
	// [Okta]. Its cases count as [Must], and those of the other are not asked.
	// With "" both are asked, and neither counts as [Must].
	Sender Level

	// Needs are features that the sender relies on. Cases that need them are
	// asked even if the service provider does not advertise them.
	Needs []Feature

	// Except names what the service provider does not do, each with the
	// reason: the ID of a case ("etag/delete"), all cases whose IDs begin
	// with a text that ends in a slash ("cursor/"), or a [Feature]. Cases are
	// asked all the same, and those that fail are [Excepted]; cases that need
	// the feature are not asked. An exception that nothing needed is
	// reported as a failure, so that the list stays true.
	Except map[string]string

	// Strict asks for what RFC 7643 and RFC 7644 say and nothing else: cases
	// of level [Entra] and [Okta] are not asked, and cases that these clients
	// contradict are.
	Strict bool

	// Only restricts the cases to those whose ID begins with it.
	Only string

	// ReadOnly sends no request that could change something: GET, HEAD, and
	// searches by POST. The other cases are not asked.
	ReadOnly bool

	// Plain sends the requests that have no credential or a wrong one. Nil
	// is a client with the settings of [http.DefaultTransport].
	Plain *http.Client

	// Progress, if it is not nil, is called after each case with how many
	// are done of how many there are. [TestServer] does not call it.
	Progress func(done, total int, r Result)
}

// ProfileEntra returns the profile of a service that Microsoft Entra
// provisions users and groups into.
func ProfileEntra() *Profile {
	return &Profile{Name: "entra", Sender: Entra, Needs: []Feature{FeaturePatch, FeatureFilter, "User.externalId", "User.active"}}
}

// ProfileOkta returns the profile of a service that Okta provisions users and
// groups into.
func ProfileOkta() *Profile {
	return &Profile{Name: "okta", Sender: Okta, Needs: []Feature{FeatureFilter, "User.active", "User.name.givenName", "User.name.familyName", "User.emails"}}
}

// ProfileZoho returns the profile of a service that takes the place of Zoho
// One: Entra provisions into it with the mapping of the "Zoho One" gallery
// application, so that the attributes of this mapping are needed.
func ProfileZoho() *Profile {
	p := ProfileEntra()
	p.Name = "zoho"
	p.Needs = append(p.Needs, FeatureGroups)
	for name, subs := range galleryAttributes() {
		if name == "groups" {
			continue
		}
		p.Needs = append(p.Needs, Feature("User."+name))
		for _, sub := range subs {
			p.Needs = append(p.Needs, Feature("User."+name+"."+sub))
		}
	}
	slices.Sort(p.Needs)
	p.Needs = slices.Compact(p.Needs)
	return p
}

// check refuses a profile that would ask for less than it seems to.
func (p *Profile) check(all []Case) error {
	if p.Sender != "" && !p.Sender.isClient() {
		return fmt.Errorf("scimtest: Profile.Sender is %q: give Entra, Okta or nothing", p.Sender)
	}
	if p.Strict && p.Sender != "" {
		return fmt.Errorf("scimtest: Profile.Strict asks for no sender's cases: leave Sender out")
	}
	for what, reason := range p.Except {
		if !slices.ContainsFunc(all, func(c Case) bool { return excepts(what, &c) }) {
			return fmt.Errorf("scimtest: Profile.Except names %q, which is no case and no feature", what)
		}
		if reason == "" {
			return fmt.Errorf("scimtest: Profile.Except gives no reason for %q", what)
		}
	}
	return nil
}

// excepts reports whether an exception is about a case.
func excepts(what string, c *Case) bool {
	return what == c.ID || strings.HasSuffix(what, "/") && strings.HasPrefix(c.ID, what) || slices.Contains(c.Needs, Feature(what))
}

// isClient reports whether a level is the name of a client.
func (l Level) isClient() bool { return l == Entra || l == Okta }

// Writes reports whether a case sends requests that could change something.
func (c *Case) Writes() bool {
	return slices.ContainsFunc(c.Steps, func(s Step) bool {
		path, _, _ := strings.Cut(s.Path, "?")
		switch s.Method {
		case http.MethodGet, http.MethodHead, http.MethodOptions:
			return false
		case http.MethodPost:
			return !strings.HasSuffix(path, "/.search")
		}
		return true
	})
}
