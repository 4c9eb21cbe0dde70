package scim

import (
	"context"
	"time"
)

// memChanges is how many changes a [MemoryStore] keeps, of all its scopes.
const memChanges = 8192

// memChange is one write. What a reader learns from it is found out when one
// asks, so that a write does not wait for it.
type memChange struct {
	scope         *memScope
	time          time.Time
	typ           *ResourceType
	before, after string // stored forms; "" for a creation and for a deletion
	links         bool   // some changed
}

// changeLog is the last changes of a store, as a ring: the one of a number is
// at its remainder.
type changeLog struct {
	first uint64 // number of the first change ever; 0 before it
	next  uint64
	ring  []memChange
}

func (l *changeLog) add(c memChange) {
	c.time = timeNow()
	if l.first == 0 {
		// Not 0: a number from before a restart must not be one from after it.
		l.first = (uint64(max(c.time.UnixMicro(), 0))/memChanges + 1) * memChanges
		l.next = l.first
	}
	if len(l.ring) < memChanges {
		l.ring = append(l.ring, c)
	} else {
		at := &l.ring[l.next%memChanges]
		at.scope.forgotten = l.next - memChanges
		*at = c
	}
	l.next++
}

// of returns the changes of a scope after the one of a number, and that of
// the newest change.
func (l *changeLog) of(sc *memScope, after uint64, limit int) (out []memChange, numbers []uint64, newest uint64, ok bool) {
	if l.first == 0 {
		return nil, nil, 0, after == 0
	}
	newest = l.next - 1
	if after != 0 && (after < l.first || after > newest) || sc != nil && after < sc.forgotten {
		return nil, nil, newest, false
	}
	for n := max(after+1, l.next-uint64(len(l.ring))); sc != nil && n < l.next && len(out) < limit; n++ {
		if c := l.ring[n%memChanges]; c.scope == sc {
			out, numbers = append(out, c), append(numbers, n)
		}
	}
	return out, numbers, newest, true
}

// Changes implements [ChangeFeed] with the last 8,192 changes of all scopes.
func (s *MemoryStore) Changes(ctx context.Context, after uint64, limit int) ([]Change, error) {
	s.mu.RLock()
	found, numbers, newest, ok := s.changes.of(s.scope(ctx), after, limit)
	s.mu.RUnlock()
	if !ok {
		return []Change{{Seq: newest}}, &Error{Kind: KindExpiredCursor, Detail: "the changes behind this number are no longer kept: read everything anew"}
	}
	var out []Change
	for i, c := range found {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		change := NewChange(stored(c.typ, c.before), stored(c.typ, c.after), c.links)
		change.Seq, change.Time = numbers[i], c.time.UTC()
		out = append(out, change)
	}
	return out, nil
}

func stored(t *ResourceType, form string) *Resource {
	if form == "" {
		return nil
	}
	return storedResource(t, form)
}

// Owners implements [OwnerStore].
func (s *MemoryStore) Owners(ctx context.Context, values []string) (map[string][]Link, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	sc := s.scope(ctx)
	if sc == nil {
		return nil, nil
	}
	var out map[string][]Link
	for _, value := range values {
		owners := sc.ownersOf(value)
		if owners == nil {
			continue
		}
		if out == nil {
			out = make(map[string][]Link, len(values))
		}
		out[value] = owners
	}
	return out, nil
}
