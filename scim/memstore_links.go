package scim

import (
	"context"
	"iter"
	"slices"
	"strings"
)

// linkSet is a set of links in the order they were added. Adding, removing
// and finding one cost the same in a set of any size.
type linkSet struct {
	at    map[string]int // position in items by value
	items []Link         // a removed one has no value
}

func (s *linkSet) len() int { return len(s.at) }

func (s *linkSet) get(value string) (Link, bool) {
	i, ok := s.at[value]
	if !ok {
		return Link{}, false
	}
	return s.items[i], true
}

func (s *linkSet) put(l Link) {
	if i, ok := s.at[l.Value]; ok {
		s.items[i] = l
		return
	}
	if s.at == nil {
		s.at = map[string]int{}
	}
	s.at[l.Value] = len(s.items)
	s.items = append(s.items, l)
}

func (s *linkSet) remove(value string) {
	i, ok := s.at[value]
	if !ok {
		return
	}
	delete(s.at, value)
	s.items[i] = Link{}
	if len(s.items) > 2*len(s.at)+16 {
		kept := make([]Link, 0, len(s.at))
		for _, l := range s.items {
			if l.Value != "" {
				s.at[l.Value] = len(kept)
				kept = append(kept, l)
			}
		}
		s.items = kept
	}
}

// all yields the links after the one of the value after.
func (s *linkSet) all(after string) iter.Seq[Link] {
	return func(yield func(Link) bool) {
		start := 0
		if i, ok := s.at[after]; ok && after != "" {
			start = i + 1
		}
		for _, l := range s.items[start:] {
			if l.Value != "" && !yield(l) {
				return
			}
		}
	}
}

// list returns the links, nil for none.
func (s *linkSet) list() []Link {
	if s.len() == 0 {
		return nil
	}
	return slices.AppendSeq(make([]Link, 0, s.len()), s.all(""))
}

// clone returns a link whose texts are not parts of the JSON they came in.
func (l Link) clone() Link {
	return Link{strings.Clone(l.Value), strings.Clone(l.Type), strings.Clone(l.Display)}
}

// memLinks stages changes to the links of one row.
type memLinks struct {
	scope *memScope
	row   *memRow
	added linkSet         // new or changed
	gone  map[string]bool // removed
}

// Get implements [Links].
func (m *memLinks) Get(_ context.Context, value string) (Link, bool, error) {
	if l, ok := m.added.get(value); ok {
		return l, true, nil
	}
	if m.gone[value] {
		return Link{}, false, nil
	}
	l, ok := m.row.links.get(value)
	return l, ok, nil
}

// Put implements [Links].
func (m *memLinks) Put(ctx context.Context, links ...Link) (changed int, err error) {
	for _, l := range links {
		have, found, _ := m.Get(ctx, l.Value)
		if found && have == l {
			continue
		}
		m.added.put(l)
		changed++
	}
	return changed, nil
}

// Remove implements [Links].
func (m *memLinks) Remove(ctx context.Context, values ...string) (changed int, err error) {
	for _, value := range values {
		if _, found, _ := m.Get(ctx, value); !found {
			continue
		}
		m.added.remove(value)
		if _, kept := m.row.links.get(value); kept {
			if m.gone == nil {
				m.gone = map[string]bool{}
			}
			m.gone[value] = true
		}
		changed++
	}
	return changed, nil
}

// All implements [Links].
func (m *memLinks) All(_ context.Context, after string) iter.Seq2[Link, error] {
	return func(yield func(Link, error) bool) {
		_, kept := m.row.links.get(after)
		if _, isNew := m.added.get(after); kept || !isNew {
			for l := range m.row.links.all(after) {
				if changed, ok := m.added.get(l.Value); ok {
					l = changed
				} else if m.gone[l.Value] {
					continue
				}
				if !yield(l, nil) {
					return
				}
			}
			after = ""
		}
		for l := range m.added.all(after) {
			if _, kept := m.row.links.get(l.Value); !kept && !yield(l, nil) {
				return
			}
		}
	}
}

// Owners implements [Links].
func (m *memLinks) Owners(_ context.Context, after string) iter.Seq2[Link, error] {
	return func(yield func(Link, error) bool) {
		skipping := after != ""
		for _, l := range m.scope.ownersOf(m.row.id) {
			if !skipping && !yield(l, nil) {
				return
			}
			skipping = skipping && l.Value != after
		}
	}
}

func (m *memLinks) changed() bool { return len(m.gone) > 0 || m.added.len() > 0 }

// commit makes the staged changes. Its caller holds the store's lock.
func (m *memLinks) commit() {
	for value := range m.gone {
		if _, again := m.added.get(value); !again {
			m.row.links.remove(value)
			m.scope.disown(value, m.row)
		}
	}
	for l := range m.added.all("") {
		l = l.clone()
		m.row.links.put(l)
		m.scope.own(l.Value, m.row)
	}
}
