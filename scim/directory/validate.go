package directory

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/zohoscim/zohoscim/scim"
)

// Validate returns everything that is wrong with the settings, as [Mistakes]
// of [ErrSetting], or nil.
func (s *Settings) Validate() error {
	_, err := compile(s)
	return err
}

// rules are compiled settings. They never change.
type rules struct {
	Settings
	user      *scim.ResourceType
	fields    []field
	criteria  *scim.Filter // nil: all users
	domains   map[string]bool
	protected map[string]bool // canonical
}

// field is a compiled [Attribute].
type field struct {
	name     string
	path     *scim.Path // nil: fixed
	fixed    string
	identity bool // the path is part of who the user is
}

// checker collects mistakes.
type checker struct {
	*rules
	mistakes Mistakes
}

func (c *checker) fail(place, format string, args ...any) {
	c.mistakes = append(c.mistakes, &Error{Kind: KindSetting, Place: place, Detail: fmt.Sprintf(format, args...)})
}

// compile checks settings and makes them ready for use.
func compile(s *Settings) (*rules, error) {
	c := &checker{rules: &rules{Settings: *s, domains: map[string]bool{}, protected: map[string]bool{}}}
	c.Attributes = slices.Clone(s.Attributes)
	c.userType()
	c.attributes()
	c.selection()
	c.password()
	c.status()
	c.names()
	if len(c.mistakes) > 0 {
		return nil, c.mistakes
	}
	return c.rules, nil
}

// userType makes the type of users: the core one, or one with the extension
// that custom attributes are of.
func (c *checker) userType() {
	c.user = scim.UserType()
	custom := &scim.Schema{ID: c.CustomSchema, Name: "Custom", Description: "Custom attributes of the connected source"}
	for i, a := range c.Attributes {
		has := func(x *scim.Attribute) bool { return x.Name == a.Custom }
		if a.Custom == "" || slices.ContainsFunc(custom.Attributes, has) {
			continue
		}
		if c.CustomSchema == "" {
			c.fail(at(i, "custom"), "name the extension of custom attributes in customSchema")
			return
		}
		custom.Attributes = append(custom.Attributes, &scim.Attribute{Name: a.Custom})
	}
	if c.CustomSchema == "" {
		return
	}
	if len(custom.Attributes) == 0 {
		c.fail("customSchema", "no attribute is custom: remove it or name the attributes")
		return
	}
	core := scim.UserType()
	extensions := append(core.Extensions(), scim.Extension{Schema: custom})
	t, err := scim.NewResourceType(core.Name(), core.Schema(), &scim.ResourceTypeOptions{
		Description: "User account", Extensions: extensions, Owners: "groups",
	})
	if err != nil {
		c.wrong("customSchema", "give a URN and names that differ in more than letter case", err)
		return
	}
	c.user = t
}

func at(i int, member string) string { return fmt.Sprintf("attributes[%d].%s", i, member) }

func (c *checker) wrong(place, detail string, err error) {
	c.mistakes = append(c.mistakes, &Error{Kind: KindSetting, Place: place, Detail: detail, cause: err})
}

func (c *checker) attributes() {
	seen := map[string]bool{}
	for i, a := range c.Attributes {
		switch {
		case a.Field == "":
			c.fail(at(i, "field"), "name the field of the account")
		case seen[a.Field]:
			c.fail(at(i, "field"), "the field is there twice: remove one")
		}
		seen[a.Field] = true
		f := field{name: a.Field}
		switch {
		case a.Profile != "" && a.Custom != "":
			c.fail(at(i, "profile"), "a field is a profile field or a custom attribute: remove one")
		case a.Profile == "" && a.Custom == "" && a.Fixed == nil:
			c.fail(at(i, "profile"), "say what the field is made of: profile, custom or fixed")
		case a.Profile != "":
			f.path = c.path(at(i, "profile"), a.Profile)
		case a.Custom != "" && c.CustomSchema != "":
			f.path = c.path(at(i, "custom"), c.CustomSchema+":"+a.Custom)
		}
		if a.Fixed != nil {
			f.path, f.fixed = nil, *a.Fixed
		}
		if f.path != nil {
			top, _, _ := strings.Cut(f.path.Attribute().Path(), ".")
			f.identity = top == "userName" || top == "emails"
		}
		c.fields = append(c.fields, f)
	}
}

func (c *checker) path(at, text string) *scim.Path {
	p, err := c.user.ParsePath(text)
	if err != nil {
		c.wrong(at, "the User has no such attribute", err)
		return nil
	}
	if a := p.Attribute(); a.Mutability == scim.WriteOnly {
		c.fail(at, "the attribute is written only: no field is made of it")
	}
	return p
}

// selection checks criteria and resources.
func (c *checker) selection() {
	if c.Criteria != "" {
		f, err := c.user.ParseFilter(c.Criteria)
		if err != nil {
			c.wrong("criteria", "give attribute, relation and value, as in userType eq \"Employee\"", err)
		}
		if strings.Contains(strings.ToLower(c.Criteria), "groups") {
			c.fail("criteria", "groups are not attributes of a user: users that leave a group are a matter of statusSync")
		}
		c.criteria = f
	}
	for i, r := range c.Resources {
		if r != Users && r != Groups {
			c.fail(fmt.Sprintf("resources[%d]", i), "take %q or %q", Users, Groups)
		}
	}
}

// minLength and maxLength bound one-time passwords.
const (
	minLength     = 12
	maxLength     = 128
	defaultLength = 20
)

func (c *checker) password() {
	p := &c.PasswordNotification
	switch p.To {
	case "":
		p.To = Nobody
	case Nobody, User, Administrator:
	default:
		c.fail("passwordNotification.to", "take %q, %q or %q", Nobody, User, Administrator)
	}
	if p.To == Administrator && domainOf(p.Administrator) == "" {
		c.fail("passwordNotification.administrator", "give the administrator's e-mail address")
	}
	if p.To != Nobody && len(c.VerifiedDomains) == 0 {
		c.fail("verifiedDomains", "nobody would be told: name the verified domains")
	}
	if p.Length == 0 {
		p.Length = defaultLength
	}
	if p.Length < minLength || p.Length > maxLength {
		c.fail("passwordNotification.length", "take %d to %d characters", minLength, maxLength)
	}
}

func (c *checker) status() {
	s := &c.StatusSync
	for _, x := range []struct {
		name    string
		action  *Action
		allowed []Action // the first is the default
	}{
		{"onActivate", &s.OnActivate, []Action{Activate, Nothing}},
		{"onDeactivate", &s.OnDeactivate, []Action{Deactivate, Delete, Nothing}},
		{"onDelete", &s.OnDelete, []Action{Deactivate, Delete, Nothing}},
		{"onLeaveGroup", &s.OnLeaveGroup, []Action{Nothing, Deactivate, Delete}},
	} {
		if *x.action == "" {
			*x.action = x.allowed[0]
		}
		if !slices.Contains(x.allowed, *x.action) {
			c.fail("statusSync."+x.name, "take one of %q", x.allowed)
		}
	}
}

// names checks domains, adoption and protected names.
func (c *checker) names() {
	for i, d := range c.VerifiedDomains {
		normal := normalDomain(d)
		if normal == "" {
			c.fail(fmt.Sprintf("verifiedDomains[%d]", i), "give a domain name, such as example.com")
		}
		c.domains[normal] = true
	}
	switch c.Adopt {
	case "", AdoptNone:
	case AdoptEmail:
		if len(c.VerifiedDomains) == 0 {
			c.fail("adopt", "no account could be adopted: name the verified domains")
		}
	default:
		c.fail("adopt", "take %q or %q", AdoptNone, AdoptEmail)
	}
	for i, name := range c.Protected {
		if strings.TrimSpace(name) == "" {
			c.fail(fmt.Sprintf("protected[%d]", i), "give a user name or e-mail address")
		}
		c.protected[scim.Canonical(name)] = true
	}
}

// syncs reports whether a kind of resource is synchronised.
func (r *rules) syncs(kind Resource) bool {
	return len(r.Resources) == 0 || slices.Contains(r.Resources, kind)
}

// withoutValues says where a JSON text is wrong, and why without its values.
func withoutValues(err error) error {
	var semantic *json.SemanticError
	if !errors.As(err, &semantic) {
		return err // of syntax, with the place
	}
	why := "the value is not of the member's type"
	if errors.Is(err, json.ErrUnknownName) {
		why = "there is no such member"
	}
	return errors.New(string(semantic.JSONPointer) + ": " + why)
}
