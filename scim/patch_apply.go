package scim

import (
	"context"
	"slices"
)

// patcher applies operations to one resource. With links, paths under the
// link attribute go there; without, they are in the resource itself.
type patcher struct {
	ctx      context.Context
	r        *Resource
	links    Links
	types    map[string]string // resource types by id, for new links
	tolerant bool
	refuse   bool
	linked   int // links that were added, changed or removed
}

// Apply applies the operations in order to a resource that holds its links
// itself, as a provisioning client has it. It reports whether the resource
// is different afterwards. After an error r is unchanged.
func (p *Patch) Apply(r *Resource) (changed bool, err error) {
	pr := patchReader{typ: r.typ, limits: defaultLimits, tolerant: true}
	ops, err := pr.read(p.AppendJSON(nil))
	if err != nil {
		return false, err
	}
	c := r.Clone()
	pa := patcher{ctx: context.Background(), r: c, tolerant: true}
	if err := pa.apply(ops); err != nil {
		return false, err
	}
	changed = !c.tree().equal(r.tree())
	*r = *c
	return changed, nil
}

// apply changes the resource in place; the caller drops it after an error.
func (pa *patcher) apply(ops []operation) error {
	reader := patchReader{}
	for _, op := range ops {
		if err := pa.one(op); err != nil {
			return reader.at(op.place, err)
		}
	}
	return pa.r.checkRequired()
}

func (pa *patcher) one(op operation) error {
	a := op.path.attr
	if a.Mutability == WriteOnly {
		return nil // accepted and dropped, as on POST
	}
	if err := pa.checkMutable(op.path); err != nil {
		return err
	}
	chain := op.path.chain()
	if pa.links != nil && chain[0].role == roleLinks {
		return pa.link(op)
	}
	if op.op == OpRemove {
		return pa.remove(op)
	}
	v, err := pa.decode(op)
	if err != nil {
		return err
	}
	if v.kind == KindNone {
		return pa.clear(op)
	}
	multi := multiIn(chain)
	before := pa.primaries(multi)
	if err := pa.write(op, v); err != nil {
		return err
	}
	return pa.demote(multi, before)
}

// checkMutable refuses paths to what a client cannot write. An immutable
// attribute takes its first value.
func (pa *patcher) checkMutable(p *Path) error {
	for a := p.attr; a.parent != nil; a = a.parent {
		if a.Mutability == ReadOnly {
			return &Error{Kind: KindMutability, Path: a.path, Detail: "the attribute is read-only"}
		}
	}
	if p.attr.Mutability == Immutable && !p.Get(pa.r).IsZero() {
		return &Error{Kind: KindMutability, Path: p.attr.path, Detail: "the attribute cannot be changed once it has a value"}
	}
	return nil
}

func (pa *patcher) decode(op operation) (Value, error) {
	if op.value == nil {
		return Value{}, invalidValue(op.path.attr.path, "%s needs a value", op.op)
	}
	d := decoder{typ: pa.r.typ, mode: decodePatch, tolerant: pa.tolerant, refuse: pa.refuse, depth: defaultLimits.JSONDepth}
	d.reset(op.value)
	if f := op.path.filter; f != nil && f.on == op.path.attr {
		return d.single(op.path.attr) // one element, not the list
	}
	if op.path.attr.parent != pa.r.typ.root && op.path.attr.parent.role != roleExtension && d.in.PeekKind() == '{' && op.path.attr.Type != TypeComplex && pa.tolerant {
		return d.wrapped(op.path.attr)
	}
	return d.value(op.path.attr)
}

// write carries out an add or replace that has a value.
func (pa *patcher) write(op operation, v Value) error {
	a, p := op.path.attr, op.path
	switch {
	case p.filter != nil && !pa.tolerant && op.op == OpReplace && !pa.selects(p):
		return p.noTarget()
	case a.Type == TypeComplex && (!a.MultiValued || p.filter != nil && p.filter.on == a):
		// Sub-attributes that the value does not name stay (RFC 7644
		// sections 3.5.2.1 and 3.5.2.3).
		return pa.merge(p, v)
	case a.MultiValued && op.op == OpAdd:
		pa.add(p, v)
		return nil
	}
	return p.put(pa.r.changed(), p.chain(), v)
}

func (pa *patcher) selects(p *Path) bool {
	for range p.All(pa.r) {
		return true
	}
	// The element may be there without the sub-attribute.
	on := Path{typ: p.typ, attr: p.filter.on, filter: p.filter}
	for range on.All(pa.r) {
		return true
	}
	return false
}

// merge writes the sub-attributes of an object one by one.
func (pa *patcher) merge(p *Path, v Value) error {
	for _, m := range v.node.members {
		sub := &Path{typ: p.typ, attr: m.attr, filter: p.filter}
		val := m.val
		if m.attr.role == roleUnknown {
			continue
		}
		if m.attr.Type == TypeComplex && !m.attr.MultiValued {
			if err := pa.merge(sub, val); err != nil {
				return err
			}
			continue
		}
		if err := sub.put(pa.r.changed(), sub.chain(), val.clone()); err != nil {
			return err
		}
	}
	return nil
}

// add appends the values that are not there yet.
func (pa *patcher) add(p *Path, v Value) {
	chain := p.chain()
	n := pa.r.changed()
	for _, a := range chain[:len(chain)-1] {
		n = n.child(a)
	}
	a := chain[len(chain)-1]
	have := n.get(a)
	for item := range v.All() {
		if !slices.ContainsFunc(slices.Collect(have.All()), item.Equal) {
			appendItem(n, a, item)
			have = n.get(a)
		}
	}
}

// clear carries out an add or replace of null, an empty list or an empty
// text where the type has none: the attribute loses its value.
func (pa *patcher) clear(op operation) error {
	if op.op == OpReplace || pa.tolerant {
		if op.path.attr.Required {
			return pa.required(op.path)
		}
		op.path.Remove(pa.r)
	}
	return nil
}

func (pa *patcher) required(p *Path) error {
	return &Error{Kind: KindMutability, Path: p.attr.path, Detail: "the attribute is required and cannot be removed"}
}

func (pa *patcher) remove(op operation) error {
	p := op.path
	if p.attr.Required && p.attr.parent == pa.r.typ.root {
		return pa.required(p)
	}
	if p.attr.MultiValued && p.filter == nil && op.value != nil && string(op.value) != "null" {
		return pa.removeValues(op)
	}
	if !p.Remove(pa.r) && p.filter != nil && p.filter.on.MultiValued {
		return p.noTarget()
	}
	return nil
}

// removeValues removes the listed values only, as Entra means it: the RFC
// has no value on remove, and without it the whole attribute would go.
func (pa *patcher) removeValues(op operation) error {
	v, err := pa.decode(op)
	if err != nil {
		return err
	}
	chain := op.path.chain()
	list := op.path.Get(pa.r)
	if list.kind != KindMulti || v.kind == KindNone {
		return nil
	}
	pa.r.stored = nil
	list.node.items = slices.DeleteFunc(list.node.items, func(have Value) bool {
		for gone := range v.All() {
			if have.Equal(gone) || have.kind == KindComplex && sameValue(have, gone) {
				return true
			}
		}
		return false
	})
	if len(list.node.items) == 0 {
		(&Path{typ: pa.r.typ, attr: chain[len(chain)-1]}).Remove(pa.r)
	}
	return nil
}

// sameValue reports whether an element has every sub-attribute that another
// one names.
func sameValue(have, named Value) bool {
	if named.kind != KindComplex || named.Get("value").IsZero() {
		return false
	}
	for _, m := range named.node.members {
		if m.attr.Name != "$ref" && m.attr.Name != "display" && !have.node.get(m.attr).Equal(m.val) {
			return false
		}
	}
	return true
}

// multiIn returns the multi-valued attribute with a "primary" on the way of
// a chain, or nil.
func multiIn(chain []*Attribute) *Path {
	for _, a := range chain {
		if a.MultiValued && a.names["primary"] != nil {
			return &Path{attr: a}
		}
	}
	return nil
}

// primaries returns the elements of a multi-valued attribute that are primary.
func (pa *patcher) primaries(multi *Path) []int {
	if multi == nil {
		return nil
	}
	multi.typ = pa.r.typ
	var out []int
	list := multi.Get(pa.r)
	for i := range list.Len() {
		if list.node.items[i].node.get(multi.attr.names["primary"]).flag {
			out = append(out, i)
		}
	}
	return out
}

// demote takes "primary" from the element that had it when another one got
// it (RFC 7644 section 3.5.2).
func (pa *patcher) demote(multi *Path, before []int) error {
	after := pa.primaries(multi)
	if len(after) < 2 {
		return nil
	}
	fresh := slices.DeleteFunc(slices.Clone(after), func(i int) bool { return slices.Contains(before, i) })
	if len(fresh) > 1 || len(fresh) == 0 && len(before) < 2 {
		return invalidValue(multi.attr.path, "only one value can be primary")
	}
	list := multi.Get(pa.r)
	for _, i := range after {
		if len(fresh) == 1 && i != fresh[0] {
			list.node.items[i].node.set(multi.attr.names["primary"], Bool(false))
		}
	}
	return nil
}
