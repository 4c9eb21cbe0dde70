package scim

// arena hands out the parts of one resource's tree from few allocations. The
// zero arena is ready; hint is how much more is to come, in bytes of JSON.
type arena struct {
	nodes   []node
	members []member
	items   []Value
	hint    int
}

func (a *arena) node() *node {
	if len(a.nodes) == 0 && a.members == nil && a.hint > 700 {
		// All three at once, of the size that most users need.
		block := &struct {
			nodes   [16]node
			members [64]member
			items   [8]Value
		}{}
		a.nodes, a.members, a.items = block.nodes[:], block.members[:], block.items[:]
	}
	if len(a.nodes) == 0 {
		a.nodes = make([]node, chunk(a.hint/96, 2, 64))
	}
	n := &a.nodes[0]
	a.nodes = a.nodes[1:]
	*n = node{} // it can have been used before: see storedMatcher
	return n
}

// keepMembers returns a copy with room for some more, but not into its
// neighbour.
func (a *arena) keepMembers(list []member, room int) []member {
	size := len(list) + room
	if size > len(a.members) {
		a.members = make([]member, max(size, chunk(a.hint/22, 4, 256)))
	}
	out := a.members[:copy(a.members, list):size]
	a.members = a.members[size:]
	return out
}

func (a *arena) keepItems(list []Value) []Value {
	if len(list) > len(a.items) {
		a.items = make([]Value, max(len(list), chunk(a.hint/200, 2, 256)))
	}
	n := copy(a.items, list)
	out := a.items[:n:n]
	a.items = a.items[n:]
	return out
}

func chunk(n, least, most int) int { return min(max(n, least), most) }

// clone copies a tree into three allocations.
func (n *node) clone() *node {
	var a arena
	var nodes, members, items int
	n.count(&nodes, &members, &items)
	a.nodes, a.members, a.items = make([]node, nodes), make([]member, members), make([]Value, items)
	return a.clone(n)
}

func (n *node) count(nodes, members, items *int) {
	*nodes++
	*members += len(n.members)
	*items += len(n.items)
	for i := range n.members {
		if below := n.members[i].val.node; below != nil {
			below.count(nodes, members, items)
		}
	}
	for i := range n.items {
		if below := n.items[i].node; below != nil {
			below.count(nodes, members, items)
		}
	}
}

func (a *arena) clone(n *node) *node {
	c := a.node()
	c.members, c.items = a.keepMembers(n.members, 0), a.keepItems(n.items)
	for i := range c.members {
		if at := &c.members[i].val.node; *at != nil {
			*at = a.clone(*at)
		}
	}
	for i := range c.items {
		if at := &c.items[i].node; *at != nil {
			*at = a.clone(*at)
		}
	}
	return c
}
