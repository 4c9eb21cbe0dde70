package scim

import (
	"iter"

	"github.com/zohoscim/zohoscim/scim/filter"
)

// Path is an attribute path compiled against a resource type: an attribute, a
// sub-attribute, or those of the elements that a value filter selects
// (RFC 7644 section 3.5.2). It never changes and is safe for concurrent use.
type Path struct {
	typ    *ResourceType
	attr   *Attribute // what the path names
	filter *valueFilter
	text   string
}

// valueFilter is the bracketed part of a path.
type valueFilter struct {
	on    *Attribute // the multi-valued attribute it selects from
	match matcher
	seeds []seed // what an element must hold to be selected, if that is all the filter says
}

// seed is one sub-attribute of the element that a path creates when its
// filter selects none.
type seed struct {
	attr *Attribute
	val  Value
}

// ParsePath compiles an attribute path such as "userName",
// `emails[type eq "work"].value` or
// "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department".
// A name that the type's schemas do not have is [ErrInvalidPath].
func (t *ResourceType) ParsePath(path string) (*Path, error) {
	return t.parsePath(path, nil)
}

func (t *ResourceType) parsePath(path string, o *filter.Options) (*Path, error) {
	if a := t.root.names[path]; a != nil && a.path == path && a.role != roleExtension {
		return a.self, nil
	}
	// The URI of an extension alone stands for its object. It is compared
	// first: where a URI ends and a name begins, only the schemas can tell.
	for _, root := range t.byURI[1:] {
		if len(path) == len(root.uri) && foldASCII(path) == root.uri {
			return &Path{typ: t, attr: root.attr, text: path}, nil
		}
	}
	p, err := filter.ParsePath(path, o)
	if err != nil {
		return nil, &Error{Kind: KindInvalidPath, Detail: "the path is malformed", cause: err}
	}
	return t.compilePath(p, path, o != nil && o.Tolerant)
}

func (t *ResourceType) compilePath(p filter.Path, text string, tolerant bool) (*Path, error) {
	a, err := t.resolve(p.Attr)
	if err != nil {
		return nil, err
	}
	if p.Filter == nil && a.path == text {
		return a.self, nil
	}
	out := &Path{typ: t, attr: a, text: text}
	if p.Filter == nil {
		return out, nil
	}
	// A single-valued attribute is taken as a list of at most one: clients
	// send manager[value eq "…"].
	if a.Type != TypeComplex {
		return nil, invalidPath(a.path, "only attributes with sub-attributes take a filter in brackets")
	}
	c := compiler{typ: t, kind: KindInvalidPath, tolerant: tolerant}
	m, err := c.expr(a, p.Filter)
	if err != nil {
		return nil, err
	}
	out.filter = &valueFilter{on: a, match: m}
	out.filter.seeds, _ = c.seeds(a, p.Filter)
	if p.Sub != "" {
		sub := a.sub(p.Sub)
		if sub == nil {
			return nil, invalidPath(a.path+"."+p.Sub, "the attribute has no such sub-attribute")
		}
		out.attr = sub
	}
	return out, nil
}

// seeds returns what "type eq "work" and primary eq true" says an element
// holds; ok is false if the filter says anything else.
func (c *compiler) seeds(on *Attribute, e filter.Expr) (seeds []seed, ok bool) {
	switch e := e.(type) {
	case *filter.And:
		for _, term := range e.Terms {
			more, ok := c.seeds(on, term)
			if !ok {
				return nil, false
			}
			seeds = append(seeds, more...)
		}
		return seeds, true
	case *filter.Compare:
		a := on.sub(e.Attr.Name)
		if e.Op != filter.Eq || a == nil {
			return nil, false
		}
		literal := literalValue(e.Value)
		if a.Type == TypeString {
			if text, err := c.text(a, e.Value); err == nil {
				literal = String(text)
			}
		}
		v, err := convert(a, literal)
		if err != nil || v.IsZero() {
			return nil, false
		}
		return []seed{{a, v}}, true
	}
	return nil, false
}

func literalValue(l filter.Literal) Value {
	switch l.Kind {
	case filter.String:
		return String(l.Text)
	case filter.Number:
		return Value{kind: KindNumber, text: l.Text}
	case filter.True:
		return Bool(true)
	case filter.False:
		return Bool(false)
	}
	return Value{}
}

// resolve finds the attribute that a path names.
func (t *ResourceType) resolve(p filter.AttrPath) (*Attribute, error) {
	if p.URN == "" {
		a := t.root.sub(p.Name)
		if a == nil {
			a = t.inExtension(p.Name)
		}
		return t.within(a, p)
	}
	urn := foldASCII(p.URN)
	for _, root := range t.byURI {
		if root.uri == urn {
			return t.within(root.attr.sub(p.Name), p)
		}
	}
	return nil, t.unknownAttribute(p)
}

func (t *ResourceType) within(a *Attribute, p filter.AttrPath) (*Attribute, error) {
	if a != nil && p.Sub != "" {
		a = a.sub(p.Sub)
	}
	if a == nil {
		return nil, t.unknownAttribute(p)
	}
	return a, nil
}

func (t *ResourceType) unknownAttribute(p filter.AttrPath) error {
	return invalidPath(p.String(), "no schema of %s has this attribute", t.name)
}

// Attribute returns the definition of what the path names. It must not be
// changed.
func (p *Path) Attribute() *Attribute { return p.attr }

// String returns the path as it was written.
func (p *Path) String() string { return p.text }

// Get returns the first value that the path selects, or the zero Value. A
// path to a multi-valued attribute selects the list.
func (p *Path) Get(r *Resource) Value {
	for v := range p.All(r) {
		return v
	}
	return Value{}
}

// All yields every value that the path selects.
func (p *Path) All(r *Resource) iter.Seq[Value] {
	return func(yield func(Value) bool) { p.walk(r.tree(), p.chain(), yield) }
}

// chain returns the attributes from the resource's top to the path's end.
func (p *Path) chain() []*Attribute { return chainTo(p.attr, p.typ.root) }

// chainTo returns the attributes between from and a, a included. The result
// must not be changed.
func chainTo(a, from *Attribute) []*Attribute { return a.chain[len(from.chain):] }

func (p *Path) walk(n *node, chain []*Attribute, yield func(Value) bool) bool {
	v := n.find(chain[0])
	if v == nil {
		return true
	}
	filtered := p.filter != nil && p.filter.on == chain[0]
	if len(chain) == 1 && !filtered {
		return yield(*v)
	}
	for item := range v.All() {
		if item.node == nil || filtered && !p.filter.match.match(item.node, nil) {
			continue
		}
		if len(chain) == 1 {
			if !yield(item) {
				return false
			}
		} else if !p.walk(item.node, chain[1:], yield) {
			return false
		}
	}
	return true
}

// Set puts a value where the path points. It converts text to the
// attribute's type where that is exact, creates the complex attributes on
// the way, and adds an element that the path's filter describes when there
// is none. The zero Value removes. The value's parts must not be used in
// another resource afterwards.
func (p *Path) Set(r *Resource, v Value) error {
	if p.attr.role == roleSchemas {
		return &Error{Kind: KindMutability, Path: p.attr.path, Detail: "the list of schemas follows from what the resource holds"}
	}
	if v.kind == KindNone {
		p.Remove(r)
		return nil
	}
	a := p.attr
	var err error
	if p.selects() {
		v, err = convertSingle(a, v)
	} else {
		v, err = convert(a, v)
	}
	if err != nil {
		return err
	}
	if v.kind == KindNone { // an empty text where the type has none
		p.Remove(r)
		return nil
	}
	return p.put(r.changed(), v)
}

// selects reports whether the path ends in a value filter: it then names
// elements of the attribute, not the list.
func (p *Path) selects() bool { return p.filter != nil && p.filter.on == p.attr }

func (p *Path) put(top *node, v Value) error {
	return p.visit(top, p.chain(), func(holder *node) error {
		if !p.selects() {
			holder.set(p.attr, v.clone())
			return nil
		}
		elements, err := p.elements(holder)
		for _, n := range elements {
			n.members = v.clone().node.members
		}
		return err
	})
}

// visit gives fn the nodes that hold the last attribute of a chain, or would
// hold it, made where they are missing.
func (p *Path) visit(n *node, chain []*Attribute, fn func(holder *node) error) error {
	if len(chain) == 1 {
		return fn(n)
	}
	err := p.each(n, chain[0], func(child *node) error { return p.visit(child, chain[1:], fn) })
	if at := n.find(chain[0]); err != nil && at != nil && at.kind == KindComplex && len(at.node.members) == 0 {
		n.remove(chain[0]) // it was made for a value that did not come
	}
	return err
}

// elements returns what a path with a filter at its end, or one to a complex
// attribute, selects in the node that holds the attribute.
func (p *Path) elements(holder *node) (out []*node, err error) {
	err = p.each(holder, p.attr, func(n *node) error {
		out = append(out, n)
		return nil
	})
	return out, err
}

// each gives fn the nodes of a complex attribute that the path leads through.
// If there is none, one is made that the path's filter selects.
func (p *Path) each(n *node, a *Attribute, fn func(*node) error) error {
	filtered := p.filter != nil && p.filter.on == a
	if !a.MultiValued {
		if !filtered {
			return fn(n.child(a))
		}
		if at := n.find(a); at != nil && p.filter.match.match(at.node, nil) {
			return fn(at.node)
		}
		return p.noTarget()
	}
	found := false
	if at := n.find(a); at != nil {
		for _, item := range at.node.items {
			if item.node == nil || filtered && !p.filter.match.match(item.node, nil) {
				continue
			}
			found = true
			if err := fn(item.node); err != nil {
				return err
			}
		}
	}
	if found {
		return nil
	}
	item, err := p.described(filtered)
	if err != nil {
		return err
	}
	appendItem(n, a, item)
	return fn(item.node)
}

// described returns an element that the path's filter selects.
func (p *Path) described(filtered bool) (Value, error) {
	item := Value{kind: KindComplex, node: newNode(4)}
	if !filtered {
		return item, nil
	}
	for _, s := range p.filter.seeds {
		item.node.set(s.attr, s.val.clone())
	}
	if p.filter.seeds == nil || !p.filter.match.match(item.node, nil) {
		return Value{}, p.noTarget()
	}
	return item, nil
}

func (p *Path) noTarget() error {
	return &Error{Kind: KindNoTarget, Path: p.attr.path, Detail: "the filter of the path selects no value"}
}

func appendItem(n *node, a *Attribute, item Value) {
	at := n.find(a)
	if at == nil {
		n.set(a, Value{kind: KindMulti, node: &node{items: append(make([]Value, 0, 3), item)}})
		return
	}
	at.node.items = append(at.node.items, item)
}

// Remove removes what the path selects, with complex attributes that are
// left without a value and elements that are left with nothing but a "type"
// or "primary". It reports whether there was something.
func (p *Path) Remove(r *Resource) bool {
	found := false
	for range p.All(r) {
		found = true
		break
	}
	if found {
		p.drop(r.changed(), p.chain())
	}
	return found
}

func (p *Path) drop(n *node, chain []*Attribute) {
	a := chain[0]
	at := n.find(a)
	if at == nil {
		return
	}
	filtered := p.filter != nil && p.filter.on == a
	if len(chain) == 1 && !filtered {
		n.remove(a)
		return
	}
	if at.kind == KindComplex {
		if filtered && !p.filter.match.match(at.node, nil) {
			return
		}
		if len(chain) > 1 {
			p.drop(at.node, chain[1:])
		}
		if len(chain) == 1 || len(at.node.members) == 0 {
			n.remove(a)
		}
		return
	}
	p.dropItems(at.node, chain, filtered)
	if len(at.node.items) == 0 {
		n.remove(a)
	}
}

func (p *Path) dropItems(list *node, chain []*Attribute, filtered bool) {
	kept := list.items[:0]
	for _, item := range list.items {
		selected := item.node != nil && (!filtered || p.filter.match.match(item.node, nil))
		if selected && len(chain) > 1 {
			before := len(item.node.members)
			p.drop(item.node, chain[1:])
			selected = len(item.node.members) < before && onlyLabels(item.node)
		}
		if !selected {
			kept = append(kept, item)
		}
	}
	clear(list.items[len(kept):])
	list.items = kept
}

// onlyLabels reports whether an element says nothing but what kind of value
// it would be: {"type":"work"} is no e-mail address.
func onlyLabels(n *node) bool {
	for _, m := range n.members {
		if m.attr.Name != "type" && m.attr.Name != "primary" {
			return false
		}
	}
	return true
}
