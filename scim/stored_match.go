package scim

// storedMatcher asks a filter about stored forms, one after the other. It
// reads what the filter looks at and keeps nothing of it.
type storedMatcher struct {
	filter *Filter
	d      decoder
	r      Resource
	top    node

	// The parts of the tree, the same for each.
	nodes   [16]node
	members [64]member
	items   [16]Value
	open    [32]member
	list    [16]Value
}

func newStoredMatcher(f *Filter) *storedMatcher {
	return &storedMatcher{
		filter: f,
		d:      decoder{typ: f.compiler.typ, mode: decodeStored, depth: defaultLimits.JSONDepth, only: &f.looksAt},
	}
}

func (m *storedMatcher) match(stored string, links LinkReader) bool {
	m.d.reset(stored)
	m.d.arena = arena{nodes: m.nodes[:], members: m.members[:], items: m.items[:], hint: len(stored)}
	m.d.open, m.d.list = m.open[:0], m.list[:0]
	m.top, m.r = node{}, Resource{typ: m.filter.compiler.typ, top: &m.top}
	if m.d.peek() != '{' || m.d.object(m.filter.compiler.typ.root, &m.top, &m.r) != nil {
		m.top = node{} // what cannot be read has no values
	}
	return m.filter.match.match(&m.top, links)
}

// slotSet is a set of the attributes at the top of a resource.
type slotSet struct {
	slots [4]uint64
	all   bool // also those that have no place in slots
}

func (s *slotSet) put(a *Attribute) {
	if a.slot >= 64*len(s.slots) {
		s.all = true
		return
	}
	s.slots[a.slot/64] |= 1 << (a.slot % 64)
}

func (s *slotSet) has(a *Attribute) bool {
	return s.all || a != nil && a.slot < 64*len(s.slots) && s.slots[a.slot/64]&(1<<(a.slot%64)) != 0
}
