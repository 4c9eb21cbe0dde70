package scim

import "log/slog"

// Group is a typed view of a resource of the core Group schema (RFC 7643
// section 4.2). As [User], it keeps the resource that it came from, and a
// field that was cleared removes its attribute. The zero Group is empty and
// ready for use.
//
// To change a few members of a big group use [Endpoint.Patch]. A group that
// was read without its members must not be written back with
// [Endpoint.Replace]: it would lose them.
type Group struct {
	ID          string // the service provider's; not sent when the group is created
	ExternalID  string // the provisioning client's
	DisplayName string
	Members     []Reference
	Meta        Meta // read-only

	resource *Resource // never changed
}

// GroupFrom returns the view of a resource, whose type must be made of the
// core Group schema. A later change to r has no effect on it.
func GroupFrom(r *Resource) (*Group, error) {
	if err := viewCheck(r, SchemaGroup); err != nil {
		return nil, err
	}
	return newGroupView(r.Clone())
}

// newGroupView is GroupFrom for a resource that nobody else has.
func newGroupView(r *Resource) (*Group, error) {
	if err := viewCheck(r, SchemaGroup); err != nil {
		return nil, err
	}
	g := &Group{resource: r, Meta: viewMeta(r)}
	top := viewNode{r.typ, r.typ.root, r.tree()}
	top.read(g.fields())
	g.Members = viewElements[Reference](top, "members")
	return g, nil
}

// Resource returns the resource that the group is now: the one it came from,
// or an empty one of [GroupType], with the fields of g over it. Meta is what
// it came with. An error names the attribute.
func (g *Group) Resource() (*Resource, error) {
	if g == nil {
		return nil, &Error{Kind: KindInvalidValue, Detail: "the group is nil", unsent: true}
	}
	r, top := viewBase(g.resource, GroupType)
	if err := top.write(g.fields()); err != nil {
		return nil, err
	}
	if err := viewOf("members", &g.Members).write(top); err != nil {
		return nil, err
	}
	return r, nil
}

// LogValue shows the id only.
func (g Group) LogValue() slog.Value { return slog.GroupValue(slog.String("id", g.ID)) }

func (g *Group) fields() []viewField {
	return []viewField{
		{name: "id", text: &g.ID},
		{name: "externalId", text: &g.ExternalID},
		{name: "displayName", text: &g.DisplayName},
	}
}
