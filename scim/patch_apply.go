package scim

import (
	"context"
	"fmt"
	"slices"
)

// patcher applies operations to one resource. With links, paths under the
// link attribute go there; without, they are in the resource itself.
type patcher struct {
	ctx   context.Context
	r     *Resource
	links Links
	types map[string]string // resource types by id, for new links
	profile
	linked int // links that were added, changed or removed
}

// Apply applies the operations in order to a resource that holds its links
// itself, as a provisioning client has it. It reports whether the resource
// is different afterwards. After an error r is unchanged.
func (p *Patch) Apply(r *Resource) (changed bool, err error) {
	pr := patchReader{typ: r.typ, limits: defaultLimits, profile: profile{tolerant: true}}
	ops, err := pr.read(p.AppendJSON(nil))
	if err != nil {
		return false, err
	}
	c := r.Clone()
	pa := patcher{ctx: context.Background(), r: c, profile: profile{tolerant: true}}
	if err := pa.apply(ops); err != nil {
		return false, err
	}
	if err := c.checkImmutable(r); err != nil {
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
	for a := op.path.attr; a.parent != nil; a = a.parent {
		switch a.Mutability {
		case WriteOnly:
			return nil // accepted and dropped, as on POST
		case ReadOnly:
			return &Error{Kind: KindMutability, Path: a.path, Detail: "the attribute is read-only"}
		}
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
	if pa.tolerant && v.Equal(String("")) && op.path.isReference() {
		// A reference to nothing is none: another form of clearing a manager.
		return pa.remove(operation{op: OpRemove, path: &Path{typ: op.path.typ, attr: op.path.attr.parent, filter: op.path.filter}})
	}
	if err := pa.checkImmutable(op.path, v); err != nil {
		return err
	}
	multi := multiIn(chain)
	if multi == nil || op.op == OpReplace && op.path.attr == multi.attr && op.path.filter == nil {
		return pa.write(op, v)
	}
	before := pa.primaries(multi)
	if err := pa.write(op, v); err != nil {
		return err
	}
	return pa.demote(multi, before)
}

// isReference reports whether the path names the "value" of a complex
// attribute that is no list.
func (p *Path) isReference() bool {
	around := p.attr.parent
	return p.attr.Name == "value" && around != p.typ.root && around.role != roleExtension && !around.MultiValued
}

// checkImmutable lets an immutable attribute take its first value only.
// Those that lie outside lists are also compared when all is done.
func (pa *patcher) checkImmutable(p *Path, v Value) error {
	if p.attr.Mutability != Immutable || p.attr.role == roleLinks {
		return nil
	}
	for have := range p.All(pa.r) {
		if !have.Equal(v) {
			return immutable(p.attr)
		}
	}
	return nil
}

func (pa *patcher) decode(op operation) (Value, error) {
	if op.value == "" {
		return Value{}, invalidValue(op.path.attr.path, "%s needs a value", op.op)
	}
	d := decoder{typ: pa.r.typ, mode: decodePatch, profile: pa.profile, depth: defaultLimits.JSONDepth}
	d.reset(op.value)
	if op.value[0] == '{' || op.value[0] == '[' {
		d.open = make([]member, 0, 8)
	}
	if f := op.path.filter; f != nil && f.on == op.path.attr {
		return d.single(op.path.attr) // one element, not the list
	}
	if op.path.attr.parent != pa.r.typ.root && op.path.attr.parent.role != roleExtension && d.peek() == '{' && op.path.attr.Type != TypeComplex && pa.tolerant {
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
	case a.Type == TypeComplex && (!a.MultiValued || p.selects()):
		return pa.merge(p, v)
	case a.MultiValued && op.op == OpAdd:
		return p.visit(pa.r.changed(), p.chain(), func(holder *node) error {
			addValues(holder, a, v)
			return nil
		})
	}
	return p.put(pa.r.changed(), v)
}

func (pa *patcher) selects(p *Path) bool {
	// The element may be there without the sub-attribute.
	on := Path{typ: p.typ, attr: p.filter.on, filter: p.filter}
	for range on.All(pa.r) {
		return true
	}
	return false
}

// merge writes the sub-attributes of an object into the elements that the
// path selects; the others stay.
func (pa *patcher) merge(p *Path, v Value) error {
	return p.visit(pa.r.changed(), p.chain(), func(holder *node) error {
		elements, err := p.elements(holder)
		if err != nil {
			return err
		}
		for _, n := range elements {
			if err := mergeInto(n, v.node); err != nil {
				return err
			}
		}
		return nil
	})
}

func mergeInto(n, from *node) error {
	for _, m := range from.members {
		if m.attr.Type == TypeComplex && !m.attr.MultiValued {
			if err := mergeInto(n.child(m.attr), m.val.node); err != nil {
				return err
			}
			continue
		}
		if have := n.find(m.attr); have != nil && m.attr.Mutability == Immutable && !have.Equal(m.val) {
			return immutable(m.attr)
		}
		n.set(m.attr, m.val.clone())
	}
	return nil
}

// addValues appends the values that are not there yet. Two values are the
// same if their JSON is: a set of them keeps a long list from being compared
// with another one pair by pair.
func addValues(holder *node, a *Attribute, v Value) {
	seen := map[string]bool{}
	for item := range holder.get(a).All() {
		seen[string(item.AppendJSON(nil))] = true
	}
	for item := range v.All() {
		if key := string(item.AppendJSON(nil)); !seen[key] {
			seen[key] = true
			appendItem(holder, a, item.clone())
		}
	}
}

// clear carries out an add or replace that has no value. To replace with
// null, an empty list or an empty text removes; to add nothing, or an object
// without a known sub-attribute, changes nothing. An added empty text is how
// Entra clears.
func (pa *patcher) clear(op operation) error {
	kind := op.value[0]
	if kind == '{' || op.op == OpAdd && !(pa.tolerant && kind == '"') {
		return nil
	}
	return pa.remove(operation{op: OpRemove, path: op.path, place: op.place})
}

func (pa *patcher) required(p *Path) error {
	return &Error{Kind: KindMutability, Path: p.attr.path, Detail: "the attribute is required and cannot be removed"}
}

func (pa *patcher) remove(op operation) error {
	p := op.path
	if p.attr.Required && p.attr.parent == pa.r.typ.root {
		return pa.required(p)
	}
	if err := pa.checkImmutable(p, Value{}); err != nil {
		return err
	}
	if p.attr.MultiValued && !p.selects() && op.value != "" && op.value != "null" {
		return pa.removeValues(op)
	}
	// What is not there is no error: RFC 7644 section 3.5.2.2 says so of
	// members, and a sender that had an error would repeat it.
	p.Remove(pa.r)
	return nil
}

// removeValues removes the listed values only, as Entra means it: the RFC
// has no value on remove, and without it the whole attribute would go.
func (pa *patcher) removeValues(op operation) error {
	v, err := pa.decode(op)
	if err != nil {
		return err
	}
	gone, err := newRemoval(op.path.attr, v)
	if err != nil {
		return err
	}
	p := op.path
	if p.Get(pa.r).IsZero() {
		return nil // to look for it would make what is around it
	}
	return p.visit(pa.r.changed(), p.chain(), func(holder *node) error {
		at := holder.find(p.attr)
		if at == nil {
			return nil
		}
		at.node.items = slices.DeleteFunc(at.node.items, gone.has)
		if len(at.node.items) == 0 {
			holder.remove(p.attr)
		}
		return nil
	})
}

// removal is a list of values to remove. An object names an element by some
// of its sub-attributes.
type removal struct {
	exact  map[string]bool // by JSON
	values map[string]bool // elements that are named by their value alone
	parts  []Value         // elements that are named by several sub-attributes
}

func newRemoval(a *Attribute, v Value) (*removal, error) {
	out := &removal{exact: map[string]bool{}, values: map[string]bool{}}
	for item := range v.All() {
		if item.kind != KindComplex {
			out.exact[string(item.AppendJSON(nil))] = true
			continue
		}
		named := Value{kind: KindComplex, node: &node{}}
		for _, m := range item.node.members {
			if m.attr.Name != "$ref" && m.attr.Name != "display" {
				named.node.set(m.attr, m.val)
			}
		}
		switch value := named.Get("value"); {
		case len(named.node.members) == 0:
			return nil, invalidValue(a.path, "name the values to remove by their sub-attributes")
		case len(named.node.members) == 1 && value.kind == KindText:
			out.values[value.text] = true
		default:
			out.parts = append(out.parts, named)
		}
	}
	if most := defaultLimits.PatchOperations; len(out.parts) > most {
		return nil, &Error{Kind: KindTooLarge, Path: a.path, Detail: fmt.Sprintf("more than %d values to remove; send several requests", most)}
	}
	return out, nil
}

func (r *removal) has(v Value) bool {
	if v.kind != KindComplex {
		return r.exact[string(v.AppendJSON(nil))]
	}
	if value := v.Get("value"); value.kind == KindText && r.values[value.text] {
		return true
	}
	return slices.ContainsFunc(r.parts, func(named Value) bool {
		for _, m := range named.node.members {
			if !v.node.get(m.attr).Equal(m.val) {
				return false
			}
		}
		return true
	})
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
	if len(fresh) > 1 {
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
