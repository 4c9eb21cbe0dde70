package scim

import "slices"

// viewField connects one attribute of a resource with one field of a typed
// view. Exactly one of the pointers is set.
type viewField struct {
	name   string
	text   *string
	flag   **bool
	secret *Secret
}

// get returns the field's value; the zero Value where it is empty.
func (f viewField) get() Value {
	switch {
	case f.flag != nil && *f.flag != nil:
		return Bool(**f.flag)
	case f.secret != nil && !f.secret.IsZero():
		return String(f.secret.Reveal())
	case f.text != nil && *f.text != "":
		return String(*f.text)
	}
	return Value{}
}

// set gives the field the attribute's value.
func (f viewField) set(v Value) {
	switch {
	case f.flag != nil:
		if v.kind == KindBool {
			*f.flag = new(v.flag)
		}
	case f.secret != nil:
		*f.secret = NewSecret(v.text)
	default:
		*f.text = v.text
	}
}

// viewNode is a complex value of a resource, or the resource itself.
type viewNode struct {
	typ    *ResourceType
	parent *Attribute
	n      *node // nil if the resource does not have the value
}

// below returns the complex value of a name.
func (v viewNode) below(name string) viewNode {
	if v.n == nil {
		return viewNode{}
	}
	a := v.parent.sub(name)
	if a == nil {
		return viewNode{}
	}
	return viewNode{v.typ, a, v.n.get(a).node}
}

func (v viewNode) read(fields []viewField) {
	if v.n == nil {
		return
	}
	for _, f := range fields {
		if a := v.parent.sub(f.name); a != nil {
			f.set(v.n.get(a))
		}
	}
}

// write changes the attributes whose fields differ. What reads as an empty
// field stays as it is while the field is empty.
func (v viewNode) write(fields []viewField) error {
	for _, f := range fields {
		want := f.get()
		a := v.parent.sub(f.name)
		if a == nil {
			if want.kind != KindNone {
				return viewUnknown(v.typ, f.name)
			}
			continue
		}
		have := v.n.get(a)
		readsEmpty := have.text == "" && have.kind != KindBool
		if have.Equal(want) || readsEmpty && want.kind == KindNone {
			continue
		}
		want, err := convert(a, want)
		if err != nil {
			return endpointUnsent(err)
		}
		v.n.set(a, want)
	}
	return nil
}

// writeBelow writes a complex value and removes it where nothing is left.
func (v viewNode) writeBelow(name string, fields []viewField) error {
	empty := !slices.ContainsFunc(fields, func(f viewField) bool { return f.get().kind != KindNone })
	a := v.parent.sub(name)
	switch {
	case a == nil && empty:
		return nil
	case a == nil:
		return viewUnknown(v.typ, name)
	case empty && v.n.find(a) == nil:
		return nil
	}
	inner := viewNode{v.typ, a, v.n.child(a)}
	if err := inner.write(fields); err != nil {
		return err
	}
	if len(inner.n.members) == 0 {
		v.n.remove(a)
	}
	return nil
}

// viewList connects a multi-valued attribute with a slice of a typed view.
type viewList interface {
	write(top viewNode) error
}

type viewPointer[E any] interface {
	*E
	fields() []viewField
}

type viewSlice[E any, P viewPointer[E]] struct {
	name string
	at   *[]E
}

func viewOf[E any, P viewPointer[E]](name string, at *[]E) viewList {
	return viewSlice[E, P]{name, at}
}

func viewElements[E any, P viewPointer[E]](top viewNode, name string) []E {
	a := top.parent.sub(name)
	if a == nil {
		return nil
	}
	var out []E
	for item := range top.n.get(a).All() {
		var e E
		viewNode{top.typ, a, item.node}.read(P(&e).fields())
		out = append(out, e)
	}
	return out
}

// write replaces the values if the slice differs from what is there. An
// element takes what it does not name from the value of the same "value".
func (l viewSlice[E, P]) write(top viewNode) error {
	a := top.parent.sub(l.name)
	switch {
	case a == nil && len(*l.at) == 0:
		return nil
	case a == nil:
		return viewUnknown(top.typ, l.name)
	case slices.EqualFunc(viewElements[E, P](top, l.name), *l.at, viewEqual[E, P]):
		return nil
	}
	sources := newViewSources(top.n.get(a))
	list := &node{}
	for _, e := range *l.at {
		fields := P(&e).fields()
		n := sources.take(fields)
		if err := (viewNode{top.typ, a, n}).write(fields); err != nil {
			return err
		}
		if len(n.members) > 0 {
			list.items = append(list.items, Value{kind: KindComplex, node: n})
		}
	}
	if len(list.items) == 0 {
		top.n.remove(a)
		return nil
	}
	top.n.set(a, Value{kind: KindMulti, node: list})
	return nil
}

func viewEqual[E any, P viewPointer[E]](a, b E) bool {
	return slices.EqualFunc(P(&a).fields(), P(&b).fields(), func(f, g viewField) bool { return f.get().Equal(g.get()) })
}

// viewSources are the values that were there, by "value".
type viewSources map[string][]Value

func newViewSources(v Value) viewSources {
	s := make(viewSources, v.Len())
	for item := range v.All() {
		if key := item.Get("value").text; key != "" {
			s[key] = append(s[key], item)
		}
	}
	return s
}

// take returns the node for an element: that of the value with the same
// "value", of the same "type" if there are several, or a new one.
func (s viewSources) take(fields []viewField) *node {
	var key, kind string
	for _, f := range fields {
		switch f.name {
		case "value":
			key = *f.text
		case "type":
			kind = *f.text
		}
	}
	same := s[key]
	if len(same) == 0 {
		return &node{}
	}
	i := max(0, slices.IndexFunc(same, func(v Value) bool { return v.Get("type").text == kind }))
	n := same[i].node
	s[key] = slices.Delete(same, i, i+1)
	return n
}

// viewBase returns the resource to write a view over.
func viewBase(from *Resource, typ func() *ResourceType) (*Resource, viewNode) {
	r := NewResource(typ())
	if from != nil {
		r = from.Clone()
	}
	return r, viewNode{r.typ, r.typ.root, r.changed()}
}

// viewCheck returns why a resource has no view of a core schema.
func viewCheck(r *Resource, schema string) error {
	if r == nil || r.typ == nil {
		return &Error{Kind: KindInvalidValue, Detail: "the resource is nil or has no type"}
	}
	if r.typ.schema.ID != schema && foldASCII(r.typ.schema.ID) != foldASCII(schema) {
		return &Error{Kind: KindInvalidValue, Detail: "the resource is a " + r.typ.name + " and not of the schema " + schema}
	}
	r.tree()
	return r.err
}

func viewUnknown(t *ResourceType, name string) error {
	return &Error{Kind: KindInvalidPath, Path: name, Detail: "no schema of " + t.name + " has this attribute", unsent: true}
}

func viewMeta(r *Resource) Meta {
	meta := r.tree().get(r.typ.meta)
	created, _ := parseTime(meta.Get("created").text)
	return Meta{
		ResourceType: meta.Get("resourceType").text, Created: created, LastModified: r.LastModified(),
		Location: r.Location(), Version: r.Version(),
	}
}
