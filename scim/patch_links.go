package scim

import (
	"strings"
)

// link carries out an operation on the links beside the resource: a member
// that is added or removed costs that member only, in a group of any size.
func (pa *patcher) link(op operation) error {
	p := op.path
	switch {
	case p.filter == nil && p.attr.role == roleLinks:
		return pa.linkSet(op)
	case p.filter == nil:
		return invalidPath(p.attr.path, "name the link in brackets: %s[value eq \"…\"]", p.attr.parent.path)
	case p.attr.role == roleLinks && op.op == OpRemove:
		return pa.unlink(p)
	case p.attr.role == roleLinks:
		return pa.linkSelected(op)
	}
	return pa.linkSub(op)
}

// linkSet adds, replaces or removes listed links.
func (pa *patcher) linkSet(op operation) error {
	if op.op == OpRemove && (op.value == "" || op.value == "null") {
		return pa.unlinkExcept(nil)
	}
	v, err := pa.decode(op)
	if err != nil {
		return err
	}
	put, gone, err := pa.linkValues(op, v)
	if err != nil {
		return err
	}
	if op.op == OpReplace {
		return pa.replaceLinks(put)
	}
	n, err := pa.links.Remove(pa.ctx, gone...)
	pa.linked += n
	if err != nil || op.op == OpRemove {
		return err
	}
	if err := pa.keepLabels(put); err != nil {
		return err
	}
	n, err = pa.links.Put(pa.ctx, put...)
	pa.linked += n
	return err
}

// keepLabels takes over what an added link leaves out of one that is there
// already: to add a member again changes nothing.
func (pa *patcher) keepLabels(put []Link) error {
	for i := range put {
		have, found, err := pa.links.Get(pa.ctx, put[i].Value)
		if err != nil {
			return err
		}
		if found && put[i].Display == "" {
			put[i].Display = have.Display
		}
		if found && put[i].Type == "" {
			put[i].Type = have.Type
		}
	}
	return nil
}

// replaceLinks makes put the whole set, by its difference to what is there.
func (pa *patcher) replaceLinks(put []Link) error {
	keep := make(map[string]bool, len(put))
	for _, l := range put {
		keep[l.Value] = true
	}
	if err := pa.unlinkExcept(keep); err != nil {
		return err
	}
	n, err := pa.links.Put(pa.ctx, put...)
	pa.linked += n
	return err
}

// linkValues sorts the listed links into those to keep and those to remove;
// some clients mark the latter with "operation":"delete".
func (pa *patcher) linkValues(op operation, v Value) (put []Link, gone []string, err error) {
	var deleted map[string]bool
	if pa.tolerant {
		deleted = markedDeleted(op.value)
	}
	for _, l := range linksOf(v) {
		switch {
		case l.Value == "":
			return nil, nil, invalidValue(op.path.attr.path+".value", "a link needs the id of a resource")
		case op.op == OpRemove || deleted[l.Value]:
			gone = append(gone, l.Value)
		default:
			if name := pa.types[l.Value]; name != "" {
				l.Type = name
			}
			put = append(put, l)
		}
	}
	return put, gone, nil
}

func markedDeleted(raw string) map[string]bool {
	if !strings.HasPrefix(raw, "[") {
		return nil
	}
	var out map[string]bool
	elements, _ := arrayElements(raw)
	for _, element := range elements {
		var some [4]field
		fields, err := objectMembers(some[:0], element)
		if err != nil {
			continue
		}
		mark := fields.get("operation")
		if mark == "" {
			continue
		}
		if word, _ := jsonText(mark); foldASCII(word) == "delete" {
			id, _ := jsonText(fields.get("value"))
			if out == nil {
				out = map[string]bool{}
			}
			out[id] = true
		}
	}
	return out
}

// unlinkExcept removes the links that are not kept.
func (pa *patcher) unlinkExcept(keep map[string]bool) error {
	var gone []string
	for l, err := range pa.links.All(pa.ctx, "") {
		if err != nil {
			return err
		}
		if !keep[l.Value] {
			gone = append(gone, l.Value)
		}
	}
	n, err := pa.links.Remove(pa.ctx, gone...)
	pa.linked += n
	return err
}

// unlink removes the links that a filter selects. One that is not there is
// no error: it is what the client wants.
func (pa *patcher) unlink(p *Path) error {
	if value, ok := p.filter.linkValue(); ok {
		n, err := pa.links.Remove(pa.ctx, value)
		pa.linked += n
		return err
	}
	selected, err := pa.selected(p)
	if err != nil {
		return err
	}
	values := make([]string, len(selected))
	for i, l := range selected {
		values[i] = l.Value
	}
	n, err := pa.links.Remove(pa.ctx, values...)
	pa.linked += n
	return err
}

// selected returns the links that the path's filter selects.
func (pa *patcher) selected(p *Path) ([]Link, error) {
	if value, ok := p.filter.linkValue(); ok {
		l, found, err := pa.links.Get(pa.ctx, value)
		if err != nil || !found {
			return nil, err
		}
		return []Link{l}, nil
	}
	var out []Link
	for l, err := range pa.links.All(pa.ctx, "") {
		if err != nil {
			return nil, err
		}
		if p.filter.match.match(l.node(p.filter.on), nil) {
			out = append(out, l)
		}
	}
	return out, nil
}

// linkValue returns x for the filter value eq "x".
func (f *valueFilter) linkValue() (string, bool) {
	if len(f.seeds) == 1 && f.seeds[0].attr.Name == "value" {
		return f.seeds[0].val.text, true
	}
	return "", false
}

// node gives a link the form in which filters see the values of a.
func (l Link) node(a *Attribute) *node {
	n := &node{}
	for _, sub := range a.SubAttributes {
		if text := l.sub(sub.Name, a.role, true); text != "" {
			n.set(sub, String(text))
		}
	}
	return n
}

// linkSelected adds or replaces the whole value of a selected link.
func (pa *patcher) linkSelected(op operation) error {
	v, err := pa.decode(op)
	if err != nil {
		return err
	}
	l := Link{Value: v.Get("value").text, Type: v.Get("type").text, Display: v.Get("display").text}
	selected, err := pa.selected(op.path)
	if err != nil {
		return err
	}
	switch {
	case len(selected) > 1:
		return &Error{Kind: KindMutability, Path: op.path.attr.path, Detail: "the filter selects more than one link"}
	case len(selected) == 0 && op.op == OpReplace:
		return op.path.noTarget()
	case l.Value == "":
		l.Value, _ = op.path.filter.linkValue()
	}
	if l.Value == "" || len(selected) == 1 && selected[0].Value != l.Value {
		return &Error{Kind: KindMutability, Path: op.path.attr.path + ".value", Detail: "the id of a link cannot be changed: remove the link and add another"}
	}
	if name := pa.types[l.Value]; name != "" {
		l.Type = name
	}
	put := []Link{l}
	if err := pa.keepLabels(put); err != nil {
		return err
	}
	n, err := pa.links.Put(pa.ctx, put...)
	pa.linked += n
	return err
}

// linkSub writes the display of the selected links; the rest cannot change.
func (pa *patcher) linkSub(op operation) error {
	if op.path.attr.Name != "display" {
		return &Error{Kind: KindMutability, Path: op.path.attr.path, Detail: "a link cannot be changed: remove it and add another"}
	}
	var display string
	if op.op != OpRemove {
		v, err := pa.decode(op)
		if err != nil {
			return err
		}
		display = v.text
	}
	selected, err := pa.selected(op.path)
	if err != nil {
		return err
	}
	if len(selected) == 0 {
		return op.path.noTarget()
	}
	for i := range selected {
		selected[i].Display = display
	}
	n, err := pa.links.Put(pa.ctx, selected...)
	pa.linked += n
	return err
}
