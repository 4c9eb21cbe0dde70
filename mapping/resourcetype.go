package mapping

import (
	"slices"
	"strings"

	"github.com/zohoscim/zohoscim/scim"
	"github.com/zohoscim/zohoscim/scim/filter"
)

// ResourceType returns the resource type that a mapping of users or groups
// needs: [scim.UserType] or [scim.GroupType] if that has all its targets, or
// else one with further schema extensions. They are those of m.Extensions,
// and one for each other URN among the targets, whose attributes are then
// texts, with several values if the rule's expression gives several. The
// error is a [Mistakes].
func (m *Mapping) ResourceType() (*scim.ResourceType, error) {
	var base *scim.ResourceType
	opts := &scim.ResourceTypeOptions{}
	switch m.Target {
	case "User":
		base, opts.Owners = scim.UserType(), "groups"
	case "Group":
		base, opts.Links = scim.GroupType(), "members"
	default:
		return nil, Mistakes{{Kind: KindMapping, Place: "target", Detail: "the target is neither User nor Group; make its resource type with scim.NewResourceType"}}
	}
	added := m.extensions(base)
	if len(added) == 0 {
		return base, nil
	}
	opts.Endpoint, opts.Extensions = base.Endpoint(), base.Extensions()
	for _, x := range added {
		at := slices.IndexFunc(opts.Extensions, func(e scim.Extension) bool { return strings.EqualFold(e.Schema.ID, x.ID) })
		if at < 0 {
			opts.Extensions = append(opts.Extensions, scim.Extension{Schema: x})
			continue
		}
		merged := *opts.Extensions[at].Schema
		merged.Attributes = slices.Concat(merged.Attributes, x.Attributes)
		opts.Extensions[at].Schema = &merged
	}
	t, err := scim.NewResourceType(base.Name(), base.Schema(), opts)
	if err != nil {
		return nil, Mistakes{{Kind: KindMapping, Place: "extensions", cause: err}}
	}
	return t, nil
}

// extensions returns what the base type lacks.
func (m *Mapping) extensions(base *scim.ResourceType) []*scim.Schema {
	lacks := func(path string) bool {
		_, err := base.ParsePath(path)
		return err != nil
	}
	var out []*scim.Schema
	for _, x := range m.Extensions {
		if x == nil {
			continue
		}
		for _, a := range x.Attributes {
			if a != nil && lacks(x.ID+":"+a.Name) {
				out = addAttribute(out, x.ID, a)
			}
		}
	}
	declared := slices.Clone(out)
	for _, r := range m.Rules {
		urn, name, ok := cutURN(r.Target)
		if !ok || !lacks(r.Target) || !isNew(base, urn) || slices.ContainsFunc(declared, func(x *scim.Schema) bool { return strings.EqualFold(x.ID, urn) }) {
			continue
		}
		a := &scim.Attribute{Name: name}
		if tree, err := parseExpr(r.Expression); err == nil {
			a.MultiValued = listResult(tree)
		}
		out = addAttribute(out, urn, a)
	}
	return out
}

// isNew reports whether a URN is not that of a schema of the type, and not
// one of them with a slip either.
func isNew(t *scim.ResourceType, urn string) bool {
	known := []string{t.Schema().ID}
	for _, x := range t.Extensions() {
		known = append(known, x.Schema.ID)
	}
	return !slices.ContainsFunc(known, func(id string) bool {
		return distance(strings.ToLower(id), strings.ToLower(urn), 4) < 4
	})
}

// cutURN splits the name of an attribute of an extension; ok is false for
// any other path.
func cutURN(path string) (urn, name string, ok bool) {
	p, err := filter.ParsePath(path, nil)
	if err != nil || p.Attr.URN == "" || p.Attr.Sub != "" || p.Filter != nil {
		return "", "", false
	}
	return p.Attr.URN, p.Attr.Name, true
}

// addAttribute adds an attribute to the schema of a URN, which is made if
// there is none yet. A second attribute of one name is passed over.
func addAttribute(list []*scim.Schema, urn string, a *scim.Attribute) []*scim.Schema {
	for _, x := range list {
		if strings.EqualFold(x.ID, urn) {
			if !slices.ContainsFunc(x.Attributes, func(b *scim.Attribute) bool { return strings.EqualFold(a.Name, b.Name) }) {
				x.Attributes = append(x.Attributes, a)
			}
			return list
		}
	}
	return append(list, &scim.Schema{ID: urn, Attributes: []*scim.Attribute{a}})
}
