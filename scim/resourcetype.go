package scim

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/zohoscim/zohoscim/scim/internal/coreschema"
)

// ResourceType is a compiled resource type (RFC 7643 section 6): its core
// schema and extensions resolved into one tree, so that reading, filtering,
// patching and writing a resource look no name up twice. It never changes
// and is safe for concurrent use.
type ResourceType struct {
	name, endpoint, description string
	schema                      *Schema
	extensions                  []Extension
	root                        *Attribute   // every attribute of the resource, extensions under their URI
	byURI                       []schemaRoot // core schema first
	id, externalID, meta        *Attribute
	display                     *Attribute // displayName; nil if the type has none
	links, owners               *Attribute // nil if the type has none
	unique                      []*Path
	indexed                     []*Path  // unique ones first
	count                       int      // attributes in the tree, for masks
	whole                       *mask    // what is answered if the request does not say
	immutable                   bool     // an attribute is
	hidden                      []string // the ends of names, as they are written, that whole leaves out
}

type schemaRoot struct {
	uri  string // in lower case
	attr *Attribute
}

// Extension is a schema extension of a resource type (RFC 7643 section 3.3).
type Extension struct {
	Schema   *Schema
	Required bool // a resource without it is refused
}

// ResourceTypeOptions are the optional parts of a resource type.
type ResourceTypeOptions struct {
	Endpoint    string      // path below the base URL; "" is "/" + name + "s"
	Description string      // shown by /ResourceTypes
	Extensions  []Extension // schema extensions, in the order they are written
	Links       string      // multi-valued complex attribute that refers to other resources and is kept beside the resource, such as "members"
	Owners      string      // read-only multi-valued attribute computed from other resources' links, such as "groups"
}

// NewResourceType compiles a resource type. An attribute that is defined
// twice, or a name in the options that the schema does not have, is an error
// that names it.
func NewResourceType(name string, schema *Schema, o *ResourceTypeOptions) (*ResourceType, error) {
	var opts ResourceTypeOptions
	if o != nil {
		opts = *o
	}
	if !validName(name) || schema == nil {
		return nil, &Error{Kind: KindInvalidSchema, Detail: "a resource type needs a schema and a name of letters and digits"}
	}
	t := &ResourceType{name: name, endpoint: opts.Endpoint, description: opts.Description}
	if t.endpoint == "" {
		t.endpoint = "/" + name + "s"
	}
	if !strings.HasPrefix(t.endpoint, "/") || !validName(t.endpoint[1:]) || slices.Contains(reservedEndpoints, foldASCII(t.endpoint)) {
		return nil, &Error{Kind: KindInvalidSchema, Detail: fmt.Sprintf("endpoint %q is not a slash and a name that the protocol leaves free", t.endpoint)}
	}
	if err := t.compile(schema, opts); err != nil {
		return nil, err
	}
	return t, nil
}

// reservedEndpoints are those of RFC 7644 section 3.2. It must not be changed.
var reservedEndpoints = []string{"/me", "/bulk", "/schemas", "/resourcetypes", "/serviceproviderconfig"}

func (t *ResourceType) compile(schema *Schema, opts ResourceTypeOptions) error {
	if err := schema.check(); err != nil {
		return err
	}
	t.schema = copySchema(schema)
	subs := commonAttributes()
	subs = append(subs, copyAttributes(schema.Attributes)...)
	for _, x := range opts.Extensions {
		if x.Schema == nil {
			return &Error{Kind: KindInvalidSchema, Detail: "an extension has no schema"}
		}
		if err := x.Schema.check(); err != nil {
			return err
		}
		if t.hasSchema(x.Schema.ID) {
			return &Error{Kind: KindInvalidSchema, Path: x.Schema.ID, Detail: "the schema is there twice"}
		}
		x.Schema = copySchema(x.Schema)
		t.extensions = append(t.extensions, x)
		subs = append(subs, &Attribute{
			Name: x.Schema.ID, Type: TypeComplex, Required: x.Required, role: roleExtension,
			Description: x.Schema.Description, SubAttributes: copyAttributes(x.Schema.Attributes),
		})
	}
	// meta goes last: what depends on the request is appended to it.
	subs = append(subs, metaAttribute())
	t.root = &Attribute{Name: t.name, Type: TypeComplex, SubAttributes: subs}
	if err := t.index(t.root); err != nil {
		return err
	}
	if err := t.assignRoles(opts); err != nil {
		return err
	}
	t.byURI = append(t.byURI, schemaRoot{foldASCII(schema.ID), t.root})
	for _, x := range t.extensions {
		t.byURI = append(t.byURI, schemaRoot{foldASCII(x.Schema.ID), t.root.names[x.Schema.ID]})
	}
	t.findUnique(t.root)
	t.findIndexed()
	t.whole = t.newMask(nil, nil)
	t.findHidden(t.root)
	return nil
}

func (t *ResourceType) findHidden(a *Attribute) {
	for _, sub := range a.SubAttributes {
		if !t.whole.has(sub) {
			t.hidden = append(t.hidden, sub.quoted[1:]) // quotes are everywhere: a search for one would stop at each
		}
		t.findHidden(sub)
	}
}

// findIndexed names the attributes that senders look resources up by.
func (t *ResourceType) findIndexed() {
	t.indexed = slices.Clone(t.unique)
	for _, name := range []string{"externalId", "displayName", "emails.value"} {
		a := t.named(name)
		if a != nil && !slices.ContainsFunc(t.indexed, func(p *Path) bool { return p.attr == a }) {
			t.indexed = append(t.indexed, a.self)
		}
	}
}

func (t *ResourceType) hasSchema(uri string) bool {
	return foldASCII(t.schema.ID) == foldASCII(uri) || slices.ContainsFunc(t.extensions, func(x Extension) bool {
		return foldASCII(x.Schema.ID) == foldASCII(uri)
	})
}

// index gives every attribute below a its parent, slot, number and path.
func (t *ResourceType) index(a *Attribute) error {
	a.number = t.count
	t.count++
	if a.Mutability == WriteOnly {
		a.Returned = ReturnedNever // RFC 7643 section 7: its values are not returned, whatever else is said
	}
	if len(a.SubAttributes) == 0 {
		return nil
	}
	a.names = make(map[string]*Attribute, 2*len(a.SubAttributes))
	for i, sub := range a.SubAttributes {
		sub.parent, sub.slot = a, i
		sub.quoted = string(append(appendQuoted(nil, sub.Name), ':'))
		sub.chain = append(slices.Clip(a.chain), sub)
		t.immutable = t.immutable || sub.Mutability == Immutable
		switch {
		case a == t.root:
			sub.path = sub.Name
		case a.role == roleExtension:
			sub.path = a.Name + ":" + sub.Name
		default:
			sub.path = a.path + "." + sub.Name
		}
		sub.self = &Path{typ: t, attr: sub, text: sub.path}
		if _, twice := a.names[foldASCII(sub.Name)]; twice {
			return &Error{Kind: KindInvalidSchema, Path: sub.path, Detail: "the attribute is defined twice in the resource type " + t.name}
		}
		a.names[sub.Name] = sub
		a.names[foldASCII(sub.Name)] = sub
		if err := t.index(sub); err != nil {
			return err
		}
	}
	return nil
}

func (t *ResourceType) assignRoles(opts ResourceTypeOptions) error {
	t.id, t.externalID, t.meta = t.root.names["id"], t.root.names["externalId"], t.root.names["meta"]
	t.display = t.root.sub("displayName")
	for _, x := range []struct {
		name string
		role role
		at   **Attribute
	}{{opts.Links, roleLinks, &t.links}, {opts.Owners, roleOwners, &t.owners}} {
		if x.name == "" {
			continue
		}
		a := t.root.sub(x.name)
		if a == nil || !a.MultiValued || a.names["value"] == nil || a.role != roleNone {
			return &Error{Kind: KindInvalidSchema, Path: x.name, Detail: "links and owners must name a multi-valued attribute with a \"value\""}
		}
		if x.role == roleOwners && a.Mutability != ReadOnly {
			return &Error{Kind: KindInvalidSchema, Path: x.name, Detail: "owners are computed: the attribute must be read-only"}
		}
		a.role = x.role
		a.names["value"].CaseExact = true // it is an id (RFC 7643 section 3.1)
		*x.at = a
	}
	return nil
}

func (t *ResourceType) findUnique(a *Attribute) {
	for _, sub := range a.SubAttributes {
		if sub.Uniqueness != UniqueNone && sub.role == roleNone && !sub.MultiValued {
			t.unique = append(t.unique, sub.self)
		}
		if !sub.MultiValued {
			t.findUnique(sub)
		}
	}
}

// sub finds a sub-attribute by name without regard to ASCII case.
func (a *Attribute) sub(name string) *Attribute {
	if found, ok := a.names[name]; ok {
		return found
	}
	return a.names[foldASCII(name)]
}

// Path returns the attribute's full name as a path prints it; "" for an
// attribute that is not part of a compiled resource type.
func (a *Attribute) Path() string { return a.path }

// Name returns the name of the resource type, such as "User".
func (t *ResourceType) Name() string { return t.name }

// Endpoint returns the path of the resource type below the base URL.
func (t *ResourceType) Endpoint() string { return t.endpoint }

// Schema returns the core schema, which must not be changed.
func (t *ResourceType) Schema() *Schema { return t.schema }

// Extensions returns a copy of the list of schema extensions.
func (t *ResourceType) Extensions() []Extension { return append([]Extension(nil), t.extensions...) }

// Links returns the attribute that is kept as links beside the resource, nil
// if the type has none. It must not be changed.
func (t *ResourceType) Links() *Attribute { return t.links }

// Owners returns the attribute that is computed from the links of other
// resources, nil if the type has none. It must not be changed.
func (t *ResourceType) Owners() *Attribute { return t.owners }

// String returns the name.
func (t *ResourceType) String() string { return t.name }

func copySchema(s *Schema) *Schema {
	return &Schema{ID: s.ID, Name: s.Name, Description: s.Description, Attributes: copyAttributes(s.Attributes)}
}

// copyAttributes copies definitions, without what compiling has put into them.
func copyAttributes(list []*Attribute) []*Attribute {
	out := make([]*Attribute, len(list))
	for i, a := range list {
		out[i] = &Attribute{
			Name: a.Name, Type: a.Type, MultiValued: a.MultiValued, Description: a.Description, Required: a.Required,
			CanonicalValues: slices.Clone(a.CanonicalValues), CaseExact: a.CaseExact, Mutability: a.Mutability,
			Returned: a.Returned, Uniqueness: a.Uniqueness, ReferenceTypes: slices.Clone(a.ReferenceTypes),
			SubAttributes: copyAttributes(a.SubAttributes),
		}
	}
	return out
}

// commonAttributes are those of RFC 7643 section 3.1 and "schemas".
func commonAttributes() []*Attribute {
	return []*Attribute{
		{Name: "schemas", Type: TypeReference, MultiValued: true, Required: true, CaseExact: true, Returned: ReturnedAlways, role: roleSchemas},
		{Name: "id", CaseExact: true, Mutability: ReadOnly, Returned: ReturnedAlways, Uniqueness: UniqueServer, role: roleID},
		{Name: "externalId", CaseExact: true, role: roleExternalID},
	}
}

func metaAttribute() *Attribute {
	return &Attribute{Name: "meta", Type: TypeComplex, Mutability: ReadOnly, role: roleMeta, SubAttributes: []*Attribute{
		{Name: "resourceType", CaseExact: true, Mutability: ReadOnly},
		{Name: "created", Type: TypeDateTime, Mutability: ReadOnly},
		{Name: "lastModified", Type: TypeDateTime, Mutability: ReadOnly},
		{Name: "version", CaseExact: true, Mutability: ReadOnly},
		{Name: "location", Type: TypeReference, CaseExact: true, Mutability: ReadOnly},
	}}
}

// The core types are compiled on first use: an import must cost nothing.
var (
	userType  = sync.OnceValue(buildUserType)
	groupType = sync.OnceValue(buildGroupType)
)

// UserType returns the resource type User with the enterprise extension
// (RFC 7643 sections 4.1 and 4.3). Its groups are computed from the members
// of groups.
func UserType() *ResourceType { return userType() }

// GroupType returns the resource type Group (RFC 7643 section 4.2). Its
// displayName is unique, as Entra and Zoho expect, and its members are links.
func GroupType() *ResourceType { return groupType() }

func buildUserType() *ResourceType {
	return mustType("User", coreschema.User, &ResourceTypeOptions{
		Description: "User account",
		Extensions:  []Extension{{Schema: mustSchema(coreschema.EnterpriseUser)}},
		Owners:      "groups",
	})
}

func buildGroupType() *ResourceType {
	return mustType("Group", coreschema.Group, &ResourceTypeOptions{Description: "Group", Links: "members"})
}

func mustType(name string, schema func() ([]byte, error), o *ResourceTypeOptions) *ResourceType {
	t, err := NewResourceType(name, mustSchema(schema), o)
	if err != nil {
		panic(err) // the definitions are part of the module; a test compiles them
	}
	return t
}

func mustSchema(get func() ([]byte, error)) *Schema {
	raw, err := get()
	if err == nil {
		var s *Schema
		if s, err = ParseSchema(raw); err == nil {
			return s
		}
	}
	panic(err) // the definitions are part of the module; a test compiles them
}
