package sqlstore

import (
	"strings"

	"github.com/zohoscim/zohoscim/scim"
)

// layout says which attributes of a resource type the tables have columns
// and rows for. It never changes.
type layout struct {
	id, created, modified             *scim.Path
	userName, externalID, displayName *scim.Path // nil if the type has none that fits the column
	lists                             []listAttribute
	unique                            map[string]bool // paths of unique attributes that are rows of scim_values
}

// listAttribute is a multi-valued attribute whose elements are rows of
// scim_values.
type listAttribute struct {
	path        *scim.Path
	value, kind *scim.Attribute // sub-attributes "value" and "type"; kind may be nil
}

func newLayout(t *scim.ResourceType) *layout {
	l := &layout{unique: map[string]bool{}}
	l.userName, l.externalID, l.displayName = textAt(t, "userName"), textAt(t, "externalId"), textAt(t, "displayName")
	l.id, l.created, l.modified = pathAt(t, "id"), pathAt(t, "meta.created"), pathAt(t, "meta.lastModified")
	for _, name := range []string{"emails", "phoneNumbers"} {
		list, value, kind := pathAt(t, name), pathAt(t, name+".value"), pathAt(t, name+".type")
		if list == nil || !list.Attribute().MultiValued || value == nil || !isText(value.Attribute()) {
			continue
		}
		at := listAttribute{path: list, value: value.Attribute()}
		if kind != nil && isText(kind.Attribute()) {
			at.kind = kind.Attribute()
		}
		l.lists = append(l.lists, at)
	}
	l.findUnique("", t.Schema().Attributes)
	for _, x := range t.Extensions() {
		l.findUnique(x.Schema.ID+":", x.Schema.Attributes)
	}
	return l
}

// findUnique collects the paths that [scim.Resource.UniqueKeys] yields and
// that have no column.
func (l *layout) findUnique(prefix string, attributes []*scim.Attribute) {
	for _, a := range attributes {
		path := prefix + a.Name
		if a.MultiValued {
			continue
		}
		if a.Uniqueness != scim.UniqueNone && !l.column(path) {
			l.unique[path] = true
		}
		l.findUnique(path+".", a.SubAttributes)
	}
}

// columnOf returns the column of scim_resources that holds an attribute, or
// "".
func (l *layout) columnOf(a *scim.Attribute) string {
	for _, c := range []struct {
		path   *scim.Path
		column string
	}{
		{l.id, "id"}, {l.userName, "user_name"}, {l.externalID, "external_id"}, {l.displayName, "display_name"},
		{l.created, "created"}, {l.modified, "modified"},
	} {
		if c.path != nil && c.path.Attribute() == a {
			return c.column
		}
	}
	return ""
}

// list returns the list that an attribute is, or nil.
func (l *layout) list(a *scim.Attribute) *listAttribute {
	for i := range l.lists {
		if l.lists[i].path.Attribute() == a {
			return &l.lists[i]
		}
	}
	return nil
}

// column reports whether an attribute has a column of its own.
func (l *layout) column(path string) bool {
	for _, p := range []*scim.Path{l.userName, l.externalID, l.displayName} {
		if p != nil && p.Attribute().Path() == path {
			return true
		}
	}
	return false
}

func textAt(t *scim.ResourceType, path string) *scim.Path {
	if p := pathAt(t, path); p != nil && isText(p.Attribute()) {
		return p
	}
	return nil
}

// pathAt returns the path of an attribute of the core schema, nil if there is
// none: a name alone can also mean one of an extension.
func pathAt(t *scim.ResourceType, path string) *scim.Path {
	p, err := t.ParsePath(path)
	if err != nil || !strings.EqualFold(p.Attribute().Path(), path) {
		return nil
	}
	return p
}

// isText reports whether an attribute is one text that compares as a text.
func isText(a *scim.Attribute) bool {
	return !a.MultiValued && (a.Type == scim.TypeString || a.Type == scim.TypeReference)
}
