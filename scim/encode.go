package scim

import (
	"iter"
	"net/url"
	"strconv"
)

// AppendJSON appends the resource's JSON to b, in schema order: everything
// it holds, as a provisioning client sends it. Passwords are included.
func (r *Resource) AppendJSON(b []byte) []byte {
	w := writer{b: b}
	w.resource(r, nil, nil)
	return w.b
}

// MarshalJSON returns the resource's JSON, as [Resource.AppendJSON] does.
func (r *Resource) MarshalJSON() ([]byte, error) {
	b := r.AppendJSON(nil)
	return b, r.err
}

// AppendStored appends the form in which a [Store] keeps the resource: its
// JSON without links and without what depends on the request or on other
// resources. Read it with [StoredResource].
func (r *Resource) AppendStored(b []byte) ([]byte, error) {
	if r.stored != "" {
		return append(b, r.stored...), nil
	}
	w := writer{b: b, stored: true}
	w.resource(r, nil, nil)
	return w.b, r.err
}

// surroundings is what an answer adds to a stored resource.
type surroundings struct {
	prefix string   // absolute URL of the resource up to its id
	id     string   // of the resource
	refs   []prefix // of what links refer to
	links  iter.Seq2[Link, error]
	owners []Link
	direct int   // so many of the owners are direct ones, and come first
	err    error // of links
}

// prefix is the absolute URL up to the id for the resources of a type.
type prefix struct{ name, url string }

// writer appends JSON. Members that the mask leaves out are passed over; a
// nil mask writes all.
type writer struct {
	b      []byte
	mask   *mask
	stored bool

	ownersEnd int // behind the last element of the owners, 0 if there are none
}

func (w *writer) resource(r *Resource, m *mask, s *surroundings) {
	if s != nil && w.splice(r, m, s) {
		return
	}
	w.mask = m
	top := r.tree()
	w.b = append(w.b, '{')
	w.schemas(r, top)
	links, owners := s != nil && s.links != nil, s != nil && len(s.owners) > 0
	for _, mem := range top.members {
		if links && mem.attr.slot > r.typ.links.slot {
			w.references(r.typ.links, s)
			links = false
		}
		if owners && mem.attr.slot > r.typ.owners.slot {
			w.references(r.typ.owners, s)
			owners = false
		}
		if s != nil && (mem.attr == r.typ.links && s.links != nil || mem.attr == r.typ.owners && len(s.owners) > 0) {
			continue // what is beside the resource is the truth
		}
		if mem.attr.role == roleMeta && s != nil {
			w.meta(mem, s)
			continue
		}
		w.member(mem)
	}
	if links {
		w.references(r.typ.links, s)
	}
	if owners {
		w.references(r.typ.owners, s)
	}
	w.b = append(w.b, '}')
}

// schemas says which schemas the resource uses. What the mask leaves out is
// still named: the list describes the resource, not the answer.
func (w *writer) schemas(r *Resource, top *node) {
	w.b = append(w.b, `"schemas":[`...)
	w.string(r.typ.schema.ID)
	for _, m := range top.members {
		if m.attr.role == roleExtension {
			w.b = append(w.b, ',')
			w.string(m.attr.Name)
		}
	}
	for _, uri := range r.extra {
		w.b = append(w.b, ',')
		w.string(uri)
	}
	w.b = append(w.b, ']')
}

func (w *writer) member(m member) {
	if !w.mask.has(m.attr) || w.stored && (m.attr.role == roleLinks || m.attr.role == roleOwners) {
		return
	}
	start := len(w.b)
	w.name(m.attr)
	before := len(w.b)
	w.value(m.val)
	if len(w.b) == before { // everything in it was left out
		w.b = w.b[:start]
	}
}

func (w *writer) name(a *Attribute) {
	if last := w.b[len(w.b)-1]; last != '{' {
		w.b = append(w.b, ',')
	}
	if a.quoted != "" {
		w.b = append(w.b, a.quoted...)
		return
	}
	w.string(a.Name)
	w.b = append(w.b, ':')
}

func (w *writer) string(s string) { w.b = appendQuoted(w.b, s) }

func (w *writer) value(v Value) {
	switch v.kind {
	case KindText:
		w.string(v.text)
	case KindBool:
		w.b = strconv.AppendBool(w.b, v.flag)
	case KindNumber, KindRaw:
		w.b = append(w.b, v.text...)
	case KindComplex:
		start := len(w.b)
		w.b = append(w.b, '{')
		for _, m := range v.node.members {
			w.member(m)
		}
		if len(w.b) == start+1 {
			w.b = w.b[:start]
			return
		}
		w.b = append(w.b, '}')
	case KindMulti:
		w.list(v)
	}
}

func (w *writer) list(v Value) {
	start := len(w.b)
	w.b = append(w.b, '[')
	for _, item := range v.node.items {
		mark := len(w.b)
		if mark > start+1 {
			w.b = append(w.b, ',')
		}
		before := len(w.b)
		w.value(item)
		if len(w.b) == before {
			w.b = w.b[:mark]
		}
	}
	if len(w.b) == start+1 {
		w.b = w.b[:start]
		return
	}
	w.b = append(w.b, ']')
}

// meta writes the stored meta with the location that the request gives it.
func (w *writer) meta(m member, s *surroundings) {
	if !w.mask.has(m.attr) {
		return
	}
	start := len(w.b)
	w.name(m.attr)
	w.b = append(w.b, '{')
	before := len(w.b)
	for _, sub := range m.val.node.members {
		w.member(sub)
	}
	if at := m.attr.names["location"]; s.prefix != "" && w.mask.has(at) {
		w.name(at)
		w.location(s.prefix, s.id)
	}
	if len(w.b) == before {
		w.b = w.b[:start]
		return
	}
	w.b = append(w.b, '}')
}

// location writes the URL of a resource.
func (w *writer) location(prefix, id string) {
	w.b = append(w.b, '"')
	w.b = appendEscaped(w.b, prefix)
	w.b = appendEscaped(w.b, url.PathEscape(id))
	w.b = append(w.b, '"')
}

// references writes links as the values of a multi-valued attribute.
func (w *writer) references(a *Attribute, s *surroundings) {
	if !w.mask.has(a) {
		return
	}
	start := len(w.b)
	w.name(a)
	w.b = append(w.b, '[')
	first := len(w.b)
	if a.role == roleOwners {
		w.referenceItems(a, s.owners, s.direct, s.refs)
	} else {
		subs := w.shown(a)
		inner := *w // a writer that the loop's function shares would always lie on the heap
		for l, err := range s.links {
			if err != nil {
				s.err = err
				break
			}
			inner.reference(l, subs, a.role, true, s.refs)
		}
		w.b = inner.b
	}
	if len(w.b) == first {
		w.b = w.b[:start]
		return
	}
	if a.role == roleOwners {
		w.ownersEnd = len(w.b)
	}
	w.b = append(w.b, ']')
}

// shown returns the sub-attributes that the mask leaves in.
func (w *writer) shown(a *Attribute) []*Attribute {
	subs := make([]*Attribute, 0, 8)
	for _, sub := range a.SubAttributes {
		if w.mask.has(sub) {
			subs = append(subs, sub)
		}
	}
	return subs
}

// referenceItems writes the elements of such an array. Owners behind the
// direct ones are indirect.
func (w *writer) referenceItems(a *Attribute, links []Link, direct int, refs []prefix) {
	subs := w.shown(a)
	for i, l := range links {
		w.reference(l, subs, a.role, i < direct, refs)
	}
}

// reference writes one link with some sub-attributes.
func (w *writer) reference(l Link, subs []*Attribute, in role, direct bool, refs []prefix) {
	mark := len(w.b)
	if w.b[mark-1] != '[' {
		w.b = append(w.b, ',')
	}
	w.b = append(w.b, '{')
	before := len(w.b)
	for _, sub := range subs {
		if sub.Name == "$ref" {
			for _, p := range refs {
				if p.name == l.Type {
					w.name(sub)
					w.location(p.url, l.Value)
				}
			}
		} else if text := l.sub(sub.Name, in, direct); text != "" {
			w.name(sub)
			w.string(text)
		}
	}
	if len(w.b) == before {
		w.b = w.b[:mark]
		return
	}
	w.b = append(w.b, '}')
}

// sub returns the text of a link's sub-attribute, "" if it has none; that of
// $ref is the answer's.
func (l Link) sub(name string, in role, direct bool) string {
	switch name {
	case "value":
		return l.Value
	case "display":
		return l.Display
	case "type":
		switch { // RFC 7643 section 4.1.2: how a membership came about
		case in != roleOwners:
			return l.Type
		case direct:
			return "direct"
		}
		return "indirect"
	}
	return ""
}

// linkSeq yields links that are there.
func linkSeq(links []Link) iter.Seq2[Link, error] {
	return func(yield func(Link, error) bool) {
		for _, l := range links {
			if !yield(l, nil) {
				return
			}
		}
	}
}
