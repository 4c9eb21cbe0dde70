package scim

import (
	"context"
	"errors"
	"slices"
	"testing"
)

// What the memory store does beyond the suite that every store passes: its
// positions, and the feed and the owners that a store may offer.
func TestMemoryStorePositions(t *testing.T) {
	for name, test := range map[string]func(*storeTest){
		"cursors": (*storeTest).cursors, "many owners": (*storeTest).manyOwners, "changes": (*storeTest).changes,
	} {
		t.Run(name, func(t *testing.T) { test(&storeTest{t, NewMemoryStore(), t.Context()}) })
	}
}

type storeTest struct {
	*testing.T
	Store
	ctx context.Context
}

var errVeto = errors.New("veto")

func (s *storeTest) make(id, name string, links ...Link) {
	s.Helper()
	if err := s.try(id, name, links...); err != nil {
		s.Fatal(err)
	}
}

// try makes a user or, with links, a group.
func (s *storeTest) try(id, name string, links ...Link) error {
	typ, attr := UserType(), "userName"
	if links != nil {
		typ, attr = GroupType(), "displayName"
	}
	r := NewResource(typ)
	if err := r.Set(attr, String(name)); err != nil {
		s.Fatal(err)
	}
	r.setID(id)
	r.setMeta(timeNow(), timeNow(), `W/"1"`)
	return s.Create(s.ctx, r, slices.Values(links))
}

func user(id string) Ref { return Ref{UserType(), id} }
