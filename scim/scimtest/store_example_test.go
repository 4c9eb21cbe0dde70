package scimtest_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log"
	"slices"
	"sync"
	"testing"

	"github.com/zohoscim/zohoscim/scim"
	"github.com/zohoscim/zohoscim/scim/scimtest"
)

// mapStore is an integrator's own store, as simple as the contract allows: a map
// and a lock.
type mapStore struct {
	mu   sync.Mutex
	rows map[mapKey]mapRow
}

type mapKey struct {
	scope scim.Scope
	typ   string
	id    string
}

type mapRow struct {
	typ    *scim.ResourceType
	stored []byte
	links  []scim.Link
}

func newMapStore() *mapStore { return &mapStore{rows: map[mapKey]mapRow{}} }

// in yields the resources of a scope, each as a fresh copy.
func (s *mapStore) in(scope scim.Scope) iter.Seq2[mapKey, scim.Item] {
	return func(yield func(mapKey, scim.Item) bool) {
		for key, row := range s.rows {
			if key.scope == scope && !yield(key, scim.Item{Resource: row.resource(), Links: slices.Clone(row.links)}) {
				return
			}
		}
	}
}

func (r mapRow) resource() *scim.Resource { return scim.StoredResource(r.typ, r.stored) }

// owners returns the resources with a link to id.
func (s *mapStore) owners(scope scim.Scope, id string) (out []scim.Link) {
	for key, item := range s.in(scope) {
		if slices.ContainsFunc(item.Links, func(l scim.Link) bool { return l.Value == id }) {
			out = append(out, scim.Link{Value: key.id, Type: key.typ, Display: item.Resource.Get("displayName").Text()})
		}
	}
	slices.SortFunc(out, func(a, b scim.Link) int { return slices.Compare([]byte(a.Value), []byte(b.Value)) })
	return out
}

// keep writes a resource unless another one has a value that must be its own.
func (s *mapStore) keep(key mapKey, r *scim.Resource, links []scim.Link) error {
	for path, value := range r.UniqueKeys() {
		for other, item := range s.in(key.scope) {
			for p, v := range item.Resource.UniqueKeys() {
				if other.typ == key.typ && other.id != key.id && p == path && v == value {
					return &scim.Error{Kind: scim.KindUniqueness, Path: path}
				}
			}
		}
	}
	stored, err := r.AppendStored(nil)
	if err == nil {
		s.rows[key] = mapRow{r.Type(), slices.Clone(stored), links}
	}
	return err
}

// entry finds a resource and calls fn with it, unless that is nil.
func (s *mapStore) entry(ctx context.Context, ref scim.Ref, fn func(*scim.Entry) error) (mapKey, *scim.Entry, *scim.InlineLinks, error) {
	key := mapKey{scim.ScopeFrom(ctx), ref.Type.Name(), ref.ID}
	row, ok := s.rows[key]
	if !ok {
		return key, nil, nil, scim.ErrNotFound
	}
	links := scim.NewInlineLinks(row.links, s.owners(key.scope, key.id))
	e := &scim.Entry{Resource: row.resource(), Links: links}
	if fn == nil {
		return key, e, links, nil
	}
	return key, e, links, fn(e)
}

func (s *mapStore) View(ctx context.Context, ref scim.Ref, fn func(*scim.Entry) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _, _, err := s.entry(ctx, ref, fn)
	return err
}

func (s *mapStore) List(ctx context.Context, q *scim.Query) (*scim.Page, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	scope := scim.ScopeFrom(ctx)
	return q.Select(ctx, func(yield func(scim.Item) bool) {
		for key, item := range s.in(scope) {
			if key.typ != q.Type.Name() {
				continue
			}
			if item.Owners = s.owners(scope, key.id); !yield(item) {
				return
			}
		}
	})
}

func (s *mapStore) Create(ctx context.Context, r *scim.Resource, links iter.Seq[scim.Link]) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := mapKey{scim.ScopeFrom(ctx), r.Type().Name(), r.ID()}
	if _, twice := s.rows[key]; twice {
		return &scim.Error{Kind: scim.KindUniqueness, Path: "id"}
	}
	var list []scim.Link
	if links != nil {
		list = slices.Collect(links)
	}
	return s.keep(key, r, list)
}

func (s *mapStore) Update(ctx context.Context, ref scim.Ref, fn func(*scim.Entry) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	key, e, links, err := s.entry(ctx, ref, fn)
	if errors.Is(err, scim.ErrUnchanged) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.keep(key, e.Resource, links.Links())
}

func (s *mapStore) Delete(ctx context.Context, ref scim.Ref, fn func(*scim.Entry) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	key, _, _, err := s.entry(ctx, ref, fn)
	if err != nil {
		return err
	}
	delete(s.rows, key)
	for owner, item := range s.in(key.scope) {
		left := slices.DeleteFunc(slices.Clone(item.Links), func(l scim.Link) bool { return l.Value == key.id })
		if len(left) == len(item.Links) {
			continue
		}
		item.Resource.Touch()
		if err := s.keep(owner, item.Resource, left); err != nil {
			return err
		}
	}
	return nil
}

// TestMapStore is how the tests of such a store look.
func TestMapStore(t *testing.T) {
	newStore := func(*testing.T) scim.Store { return newMapStore() }
	scimtest.TestStore(t, newStore)
	scimtest.TestStoreConcurrent(t, newStore)
}

// An integrator's store behind a server is held against the contract with
// [scimtest.TestStore] in a test of its own:
//
//	func TestMyStore(t *testing.T) {
//		scimtest.TestStore(t, func(t *testing.T) scim.Store { return newMapStore() })
//	}
func ExampleTestStore() {
	ctx := context.Background()
	store := newMapStore()
	for id, name := range map[string]string{"1": "user1@example.com", "2": "user2@example.com"} {
		r := scim.NewResource(scim.UserType())
		if err := errors.Join(r.Set("id", scim.String(id)), r.Set("userName", scim.String(name))); err != nil {
			log.Fatal(err)
		}
		if err := store.Create(ctx, r, nil); err != nil {
			log.Fatal(err)
		}
	}
	filter, err := scim.UserType().ParseFilter(`userName sw "user"`)
	if err != nil {
		log.Fatal(err)
	}
	page, err := store.List(ctx, &scim.Query{Type: scim.UserType(), Filter: filter, Cursor: true, Count: 1})
	if err != nil {
		log.Fatal(err)
	}
	for _, item := range page.Items {
		fmt.Println(item.Resource.ID(), item.Resource.Get("userName").Text(), "and more:", page.Next != "")
	}
	// Output:
	// 1 user1@example.com and more: true
}
