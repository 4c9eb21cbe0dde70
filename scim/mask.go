package scim

import (
	"strings"
)

// mask says which attributes an answer holds, by attribute number. The nil
// mask holds all.
type mask struct {
	bits []uint64
}

func (m *mask) has(a *Attribute) bool {
	if m == nil || a.number < 0 {
		return true
	}
	return m.bits[a.number/64]&(1<<(a.number%64)) != 0
}

func (m *mask) put(a *Attribute, on bool) {
	bit := uint64(1) << (a.number % 64)
	if on {
		m.bits[a.number/64] |= bit
	} else {
		m.bits[a.number/64] &^= bit
	}
}

// newMask compiles "attributes" and "excludedAttributes" (RFC 7644 section
// 3.9). Names that no schema has select nothing.
func (t *ResourceType) newMask(attributes, excluded []string) *mask {
	if t.whole != nil && len(attributes) == 0 && len(excluded) == 0 {
		return t.whole
	}
	m := &mask{bits: make([]uint64, (t.count+63)/64)}
	if len(attributes) > 0 {
		m.fill(t.root, func(a *Attribute) bool { return a.Returned == ReturnedAlways })
		for _, name := range attributes {
			if a := t.named(name); a != nil {
				m.include(a)
			}
		}
		return m
	}
	m.fill(t.root, func(a *Attribute) bool { return a.Returned == ReturnedDefault || a.Returned == ReturnedAlways })
	for _, name := range excluded {
		if a := t.named(name); a != nil && a.Returned != ReturnedAlways {
			m.put(a, false)
		}
	}
	return m
}

func (m *mask) fill(a *Attribute, keep func(*Attribute) bool) {
	for _, sub := range a.SubAttributes {
		m.put(sub, keep(sub))
		m.fill(sub, keep)
	}
}

// include adds a requested attribute, with its sub-attributes and the
// attributes around it.
func (m *mask) include(a *Attribute) {
	if a.Returned == ReturnedNever {
		return
	}
	for around := a; around.parent != nil; around = around.parent {
		m.put(around, true)
	}
	m.fill(a, func(sub *Attribute) bool { return sub.Returned != ReturnedNever && sub.Returned != ReturnedRequest })
}

// named resolves an attribute name in attribute notation (RFC 7644 section
// 3.10), nil if there is no such attribute.
func (t *ResourceType) named(name string) *Attribute {
	name = strings.TrimSpace(name)
	at := t.root
	for _, root := range t.byURI {
		n := len(root.uri)
		if len(name) < n || foldASCII(name[:n]) != root.uri {
			continue
		}
		if len(name) == n {
			if root.attr == t.root {
				return nil
			}
			return root.attr
		}
		if name[n] == ':' {
			at, name = root.attr, name[n+1:]
			break
		}
	}
	first, rest, dotted := strings.Cut(name, ".")
	a := at.sub(first)
	if a == nil && at == t.root {
		a = t.inExtension(first)
	}
	if a == nil || !dotted {
		return a
	}
	return a.sub(rest)
}

// inExtension finds an extension's attribute by its short name, which
// clients use where no other schema has the name.
func (t *ResourceType) inExtension(name string) *Attribute {
	for _, root := range t.byURI[1:] {
		if a := root.attr.sub(name); a != nil {
			return a
		}
	}
	return nil
}
