package scim

import (
	"log/slog"
	"time"
)

// User is a typed view of a resource of the core User schema (RFC 7643
// section 4.1) with the enterprise extension (section 4.3). It keeps the
// resource that it came from, so that nothing is lost that it does not name:
// [User.Resource] puts the fields over that resource. A field that was
// cleared removes its attribute. The zero User is empty and ready for use.
//
// Its LogValue shows the id only; do not print a User by other means.
type User struct {
	ID         string // the service provider's; not sent when the user is created
	ExternalID string // the provisioning client's
	UserName   string

	Name              Name
	DisplayName       string
	NickName          string
	ProfileURL        string
	Title             string
	UserType          string
	PreferredLanguage string // a language range of RFC 9110 section 12.5.4, such as "ja"
	Locale            string // a language tag of RFC 5646, such as "ja-JP"
	Timezone          string // a name of the IANA time zone database, such as "Asia/Tokyo"
	Active            *bool  // nil: not said
	Password          Secret // sent only; a service provider never returns it

	Emails           []MultiValue
	PhoneNumbers     []MultiValue
	IMs              []MultiValue
	Photos           []MultiValue // Value is a URL
	Addresses        []Address
	Entitlements     []MultiValue
	Roles            []MultiValue
	X509Certificates []MultiValue // Value is DER in base64

	Enterprise *EnterpriseUser // nil: the resource does not have the extension

	Groups []Reference // read-only: change the groups' members
	Meta   Meta        // read-only

	resource *Resource // never changed
}

// Name is the components of a user's name (RFC 7643 section 4.1.1).
type Name struct {
	Formatted, FamilyName, GivenName, MiddleName, HonorificPrefix, HonorificSuffix string
}

// MultiValue is one value of a multi-valued attribute with the
// sub-attributes of RFC 7643 section 2.4.
type MultiValue struct {
	Value   string
	Display string
	Type    string // such as "work" or "home"
	Primary *bool  // nil: not said
}

// Address is a postal address (RFC 7643 section 4.1.2).
type Address struct {
	Formatted, StreetAddress, Locality, Region, PostalCode, Country string

	Type    string // such as "work" or "home"
	Primary *bool  // nil: not said
}

// EnterpriseUser is the enterprise extension (RFC 7643 section 4.3).
type EnterpriseUser struct {
	EmployeeNumber, CostCenter, Organization, Division, Department string

	Manager Manager
}

// Manager refers to the user's manager (RFC 7643 section 4.3).
type Manager struct {
	Value       string // id of the manager's user resource
	Ref         string // URL of it
	DisplayName string // read-only
}

// Reference refers from one resource to another: a member of a group, or a
// group of a user.
type Reference struct {
	Value   string // id of the resource
	Ref     string // URL of it
	Type    string // its resource type; of a user's group "direct" or "indirect"
	Display string
}

// Meta is what the service provider says about a resource (RFC 7643 section
// 3.1).
type Meta struct {
	ResourceType string
	Created      time.Time // zero: not said
	LastModified time.Time // zero: not said
	Location     string
	Version      string // entity tag; see [WriteOptions.IfMatch]
}

// UserFrom returns the view of a resource, whose type must be made of the
// core User schema. A later change to r has no effect on it.
func UserFrom(r *Resource) (*User, error) {
	if err := viewCheck(r, SchemaUser); err != nil {
		return nil, err
	}
	return newUserView(r.Clone())
}

// newUserView is UserFrom for a resource that nobody else has.
func newUserView(r *Resource) (*User, error) {
	if err := viewCheck(r, SchemaUser); err != nil {
		return nil, err
	}
	u := &User{resource: r}
	top := viewNode{r.typ, r.typ.root, r.tree()}
	top.read(u.fields())
	top.below("name").read(u.Name.fields())
	u.readLists(top)
	if x := top.below(SchemaEnterpriseUser); x.n != nil {
		u.Enterprise = new(EnterpriseUser)
		x.read(u.Enterprise.fields())
		x.below("manager").read(u.Enterprise.Manager.fields())
	}
	u.Meta = viewMeta(r)
	return u, nil
}

// Resource returns the resource that the user is now: the one it came from,
// or an empty one of [UserType], with the fields of u over it. Groups and
// Meta are those it came with. An error names the attribute.
func (u *User) Resource() (*Resource, error) {
	if u == nil {
		return nil, &Error{Kind: KindInvalidValue, Detail: "the user is nil", unsent: true}
	}
	r, top := viewBase(u.resource, UserType)
	if err := top.write(u.fields()); err != nil {
		return nil, err
	}
	if err := top.writeBelow("name", u.Name.fields()); err != nil {
		return nil, err
	}
	for _, l := range u.lists() {
		if err := l.write(top); err != nil {
			return nil, err
		}
	}
	if err := u.writeEnterprise(top); err != nil {
		return nil, err
	}
	return r, nil
}

func (u *User) writeEnterprise(top viewNode) error {
	a := top.parent.sub(SchemaEnterpriseUser)
	if u.Enterprise == nil {
		if a != nil {
			top.n.remove(a)
		}
		return nil
	}
	if a == nil {
		return viewUnknown(top.typ, SchemaEnterpriseUser)
	}
	x := viewNode{top.typ, a, top.n.child(a)}
	if err := x.write(u.Enterprise.fields()); err != nil {
		return err
	}
	if err := x.writeBelow("manager", u.Enterprise.Manager.fields()); err != nil {
		return err
	}
	if len(x.n.members) == 0 {
		top.n.remove(a)
	}
	return nil
}

// LogValue shows the id only.
func (u User) LogValue() slog.Value { return slog.GroupValue(slog.String("id", u.ID)) }

func (u *User) fields() []viewField {
	return []viewField{
		{name: "id", text: &u.ID},
		{name: "externalId", text: &u.ExternalID},
		{name: "userName", text: &u.UserName},
		{name: "displayName", text: &u.DisplayName},
		{name: "nickName", text: &u.NickName},
		{name: "profileUrl", text: &u.ProfileURL},
		{name: "title", text: &u.Title},
		{name: "userType", text: &u.UserType},
		{name: "preferredLanguage", text: &u.PreferredLanguage},
		{name: "locale", text: &u.Locale},
		{name: "timezone", text: &u.Timezone},
		{name: "active", flag: &u.Active},
		{name: "password", secret: &u.Password},
	}
}

func (u *User) readLists(top viewNode) {
	u.Emails = viewElements[MultiValue](top, "emails")
	u.PhoneNumbers = viewElements[MultiValue](top, "phoneNumbers")
	u.IMs = viewElements[MultiValue](top, "ims")
	u.Photos = viewElements[MultiValue](top, "photos")
	u.Addresses = viewElements[Address](top, "addresses")
	u.Entitlements = viewElements[MultiValue](top, "entitlements")
	u.Roles = viewElements[MultiValue](top, "roles")
	u.X509Certificates = viewElements[MultiValue](top, "x509Certificates")
	u.Groups = viewElements[Reference](top, "groups")
}

func (u *User) lists() []viewList {
	return []viewList{
		viewOf("emails", &u.Emails),
		viewOf("phoneNumbers", &u.PhoneNumbers),
		viewOf("ims", &u.IMs),
		viewOf("photos", &u.Photos),
		viewOf("addresses", &u.Addresses),
		viewOf("entitlements", &u.Entitlements),
		viewOf("roles", &u.Roles),
		viewOf("x509Certificates", &u.X509Certificates),
	}
}

func (n *Name) fields() []viewField {
	return []viewField{
		{name: "formatted", text: &n.Formatted},
		{name: "familyName", text: &n.FamilyName},
		{name: "givenName", text: &n.GivenName},
		{name: "middleName", text: &n.MiddleName},
		{name: "honorificPrefix", text: &n.HonorificPrefix},
		{name: "honorificSuffix", text: &n.HonorificSuffix},
	}
}

func (m *MultiValue) fields() []viewField {
	return []viewField{
		{name: "value", text: &m.Value},
		{name: "display", text: &m.Display},
		{name: "type", text: &m.Type},
		{name: "primary", flag: &m.Primary},
	}
}

func (a *Address) fields() []viewField {
	return []viewField{
		{name: "formatted", text: &a.Formatted},
		{name: "streetAddress", text: &a.StreetAddress},
		{name: "locality", text: &a.Locality},
		{name: "region", text: &a.Region},
		{name: "postalCode", text: &a.PostalCode},
		{name: "country", text: &a.Country},
		{name: "type", text: &a.Type},
		{name: "primary", flag: &a.Primary},
	}
}

func (x *EnterpriseUser) fields() []viewField {
	return []viewField{
		{name: "employeeNumber", text: &x.EmployeeNumber},
		{name: "costCenter", text: &x.CostCenter},
		{name: "organization", text: &x.Organization},
		{name: "division", text: &x.Division},
		{name: "department", text: &x.Department},
	}
}

func (m *Manager) fields() []viewField {
	return []viewField{
		{name: "value", text: &m.Value},
		{name: "$ref", text: &m.Ref},
		{name: "displayName", text: &m.DisplayName},
	}
}

func (r *Reference) fields() []viewField {
	return []viewField{
		{name: "value", text: &r.Value},
		{name: "$ref", text: &r.Ref},
		{name: "type", text: &r.Type},
		{name: "display", text: &r.Display},
	}
}
