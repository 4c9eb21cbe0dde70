package scim

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// testStore is the contract of a Store as a suite.
func testStore(t *testing.T, newStore func() Store) {
	for name, test := range map[string]func(*storeTest){
		"create and view": (*storeTest).createAndView, "update": (*storeTest).update, "delete": (*storeTest).remove,
		"uniqueness": (*storeTest).uniqueness, "links": (*storeTest).links, "owners": (*storeTest).owners,
		"list": (*storeTest).list, "scopes": (*storeTest).scopes, "cursors": (*storeTest).cursors, "many owners": (*storeTest).manyOwners,
		"changes": (*storeTest).changes,
	} {
		t.Run(name, func(t *testing.T) { test(&storeTest{t, newStore(), t.Context()}) })
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

func (s *storeTest) text(ref Ref) (text string) {
	s.Helper()
	err := s.View(s.ctx, ref, func(e *Entry) error {
		b, err := e.Resource.AppendStored(nil)
		text = string(b)
		for _, l := range s.all(e.Links) {
			text += " " + l.Value + "," + l.Type + "," + l.Display
		}
		return err
	})
	if err != nil {
		return err.Error()
	}
	return text
}

func (s *storeTest) all(l Links) []Link {
	s.Helper()
	out, err := collect(l.All(s.ctx, ""))
	if err != nil {
		s.Fatal(err)
	}
	return out
}

func user(id string) Ref  { return Ref{UserType(), id} }
func group(id string) Ref { return Ref{GroupType(), id} }

func (s *storeTest) createAndView() {
	s.make("1", "a")
	if !strings.Contains(s.text(user("1")), `"userName":"a"`) {
		s.Error(s.text(user("1")))
	}
	for _, ref := range []Ref{user("2"), group("1"), user("")} {
		ran := false
		err := s.View(s.ctx, ref, func(*Entry) error { ran = true; return nil })
		if !errors.Is(err, ErrNotFound) || ran {
			s.Errorf("%s: %v", ref.ID, err)
		}
	}
	if err := s.View(s.ctx, user("1"), func(*Entry) error { return errVeto }); !errors.Is(err, errVeto) {
		s.Errorf("the function's error must come back: %v", err)
	}
	if err := s.try("1", "b"); err == nil {
		s.Error("an id was used twice")
	}
}

func (s *storeTest) update() {
	s.make("1", "a")
	before := s.text(user("1"))
	set := func(name string, err error) error {
		return s.Update(s.ctx, user("1"), func(e *Entry) error {
			if setErr := e.Resource.Set("userName", String(name)); setErr != nil {
				return setErr
			}
			return err
		})
	}
	if err := set("b", errVeto); !errors.Is(err, errVeto) || s.text(user("1")) != before {
		s.Errorf("after an error: %v, %s", err, s.text(user("1")))
	}
	if err := set("b", ErrUnchanged); err != nil || s.text(user("1")) != before {
		s.Errorf("after ErrUnchanged: %v, %s", err, s.text(user("1")))
	}
	if err := set("b", nil); err != nil || !strings.Contains(s.text(user("1")), `"b"`) {
		s.Errorf("%v, %s", err, s.text(user("1")))
	}
	s.make("2", "a") // the old name is free again
	if err := s.Update(s.ctx, user("3"), func(*Entry) error { return nil }); !errors.Is(err, ErrNotFound) {
		s.Error(err)
	}
}

func (s *storeTest) remove() {
	s.make("1", "a")
	s.make("g", "G", Link{Value: "1"}, Link{Value: "2"})
	s.make("h", "H", Link{Value: "g"})
	if err := s.Delete(s.ctx, user("1"), func(e *Entry) error {
		if e.Resource.ID() != "1" {
			s.Error("another resource")
		}
		return errVeto
	}); !errors.Is(err, errVeto) || !strings.Contains(s.text(group("g")), " 1,,") {
		s.Errorf("a veto: %v", err)
	}
	for _, ref := range []Ref{user("1"), group("g")} {
		if err := s.Delete(s.ctx, ref, nil); err != nil {
			s.Error(err)
		}
		if err := s.Delete(s.ctx, ref, nil); !errors.Is(err, ErrNotFound) {
			s.Errorf("the second time: %v", err)
		}
	}
	if got := s.text(group("h")); strings.Contains(got, " g,") {
		s.Errorf("a link to what was deleted stayed: %s", got)
	}
	s.make("1", "a")
	if got := s.ownersOf(user("1")); got != "" {
		s.Errorf("a link came back from the dead: %s", got)
	}
}

func (s *storeTest) uniqueness() {
	s.make("1", "Anna")
	s.make("2", "bob")
	for _, name := range []string{"anna", "ANNA", "Anna"} {
		if err := s.try("3", name); !errors.Is(err, ErrUniqueness) {
			s.Errorf("%s: %v", name, err)
		}
		err := s.Update(s.ctx, user("2"), func(e *Entry) error { return e.Resource.Set("userName", String(name)) })
		if !errors.Is(err, ErrUniqueness) || !strings.Contains(s.text(user("2")), `"bob"`) {
			s.Errorf("%s: %v, %s", name, err, s.text(user("2")))
		}
	}
	if err := s.Update(s.ctx, user("1"), func(e *Entry) error { return e.Resource.Set("userName", String("ANNA")) }); err != nil {
		s.Errorf("a resource is no rival of itself: %v", err)
	}
	s.make("g", "Anna", Link{Value: "1"}) // another type is another set of values
}

func (s *storeTest) links() {
	s.make("g", "G", Link{Value: "a"}, Link{Value: "b", Type: "User", Display: "B"})
	steps := func(e *Entry) error {
		l := e.Links
		check := func(what string, got int, err error, want int) {
			if err != nil || got != want {
				s.Errorf("%s: %d, %v, want %d", what, got, err, want)
			}
		}
		n, err := l.Put(s.ctx, Link{Value: "c"}, Link{Value: "b", Type: "User", Display: "B"})
		check("put one new and one as it is", n, err, 1)
		n, err = l.Put(s.ctx, Link{Value: "a", Display: "A"})
		check("put a change", n, err, 1)
		n, err = l.Remove(s.ctx, "b", "x", "b")
		check("remove one that is there", n, err, 1)
		n, err = l.Remove(s.ctx, "c")
		check("remove a staged one", n, err, 1)
		n, err = l.Put(s.ctx, Link{Value: "d"}, Link{Value: "b"})
		check("put one back", n, err, 2)
		for value, want := range map[string]bool{"a": true, "b": true, "c": false, "d": true, "x": false, "": false} {
			if _, found, err := l.Get(s.ctx, value); found != want || err != nil {
				s.Errorf("get %q: %v, %v", value, found, err)
			}
		}
		all := s.all(l)
		slices.SortFunc(all, func(x, y Link) int { return strings.Compare(x.Value, y.Value) })
		if diff := cmp.Diff([]Link{{Value: "a", Display: "A"}, {Value: "b"}, {Value: "d"}}, all); diff != "" {
			s.Error(diff)
		}
		whole := s.all(l)
		for i, at := range whole {
			rest, err := collect(l.All(s.ctx, at.Value))
			if err != nil || !slices.Equal(rest, whole[i+1:]) {
				s.Errorf("after %q: %v, %v, want %v", at.Value, rest, err, whole[i+1:])
			}
		}
		return nil
	}
	before := s.text(group("g"))
	for _, end := range []error{errVeto, ErrUnchanged} {
		_ = s.Update(s.ctx, group("g"), func(e *Entry) error { return errors.Join(steps(e), end) })
		if got := s.text(group("g")); got != before {
			s.Errorf("after %v the changes were kept: %s", end, got)
		}
	}
	if err := s.Update(s.ctx, group("g"), steps); err != nil {
		s.Fatal(err)
	}
	for value, want := range map[string]string{"a": "g", "b": "g", "c": "", "d": "g"} {
		s.make(value, "u"+value)
		if got := s.ownersOf(user(value)); got != want {
			s.Errorf("owners of %s: %q, want %q", value, got, want)
		}
	}
}

func (s *storeTest) ownersOf(ref Ref) (ids string) {
	s.Helper()
	err := s.View(s.ctx, ref, func(e *Entry) error {
		owners, err := collect(e.Links.Owners(s.ctx, ""))
		for i, l := range owners {
			ids += l.Value
			if rest, err := collect(e.Links.Owners(s.ctx, l.Value)); err != nil || !slices.Equal(rest, owners[i+1:]) {
				s.Errorf("owners after %s: %v, %v", l.Value, rest, err)
			}
		}
		return err
	})
	if err != nil {
		s.Fatal(err)
	}
	return ids
}

func (s *storeTest) owners() {
	s.make("u", "u")
	s.make("g", "G", Link{Value: "u"})
	s.make("h", "H", Link{Value: "u"}, Link{Value: "g"})
	if got := s.ownersOf(user("u")); got != "gh" {
		s.Error(got)
	}
	if got := s.ownersOf(group("g")); got != "h" {
		s.Error(got)
	}
	err := s.Update(s.ctx, group("g"), func(e *Entry) error { _, err := e.Links.Remove(s.ctx, "u"); return err })
	if got := s.ownersOf(user("u")); err != nil || got != "h" {
		s.Error(got, err)
	}
	page, err := s.List(s.ctx, &Query{Type: UserType(), Count: 10, Owners: true})
	if err != nil || len(page.Items) != 1 || len(page.Items[0].Owners) != 1 || page.Items[0].Owners[0].Display != "H" {
		s.Errorf("%+v, %v", page, err)
	}
	page, err = s.List(s.ctx, &Query{Type: GroupType(), Count: 10, Links: true})
	if err != nil || len(page.Items) != 2 || len(page.Items[1].Links) != 2 {
		s.Errorf("%+v, %v", page, err)
	}
}

func (s *storeTest) list() {
	for i := range 20 {
		s.make(fmt.Sprint(i), fmt.Sprintf("u%02d", i))
	}
	for i := range 20 {
		if i%3 == 0 {
			if err := s.Delete(s.ctx, user(fmt.Sprint(i)), nil); err != nil {
				s.Fatal(err)
			}
		}
	}
	odd, err := UserType().ParseFilter(`userName ew "1" or userName ew "3" or userName ew "5"`)
	if err != nil {
		s.Fatal(err)
	}
	for _, f := range []*Filter{nil, odd} {
		whole, err := s.List(s.ctx, &Query{Type: UserType(), Filter: f, Count: 100})
		if err != nil || whole.Total != len(whole.Items) {
			s.Fatalf("%+v, %v", whole, err)
		}
		var ids []string
		for _, item := range whole.Items {
			ids = append(ids, item.Resource.ID())
		}
		for _, size := range []int{1, 2, 3, 7} {
			var paged []string
			for start := 1; start <= whole.Total; start += size {
				page, err := s.List(s.ctx, &Query{Type: UserType(), Filter: f, Start: start, Count: size})
				if err != nil || page.Total != whole.Total {
					s.Fatalf("%+v, %v", page, err)
				}
				for _, item := range page.Items {
					paged = append(paged, item.Resource.ID())
				}
			}
			if !slices.Equal(paged, ids) {
				s.Errorf("pages of %d: %v, want %v", size, paged, ids)
			}
		}
		if page, err := s.List(s.ctx, &Query{Type: UserType(), Filter: f}); err != nil || len(page.Items) != 0 || page.Total != whole.Total {
			s.Errorf("count 0: %+v, %v", page, err)
		}
	}
	ctx, cancel := context.WithCancel(s.ctx)
	cancel()
	if _, err := s.List(ctx, &Query{Type: UserType(), Count: 1}); !errors.Is(err, context.Canceled) {
		s.Errorf("a cancelled list: %v", err)
	}
}

func (s *storeTest) scopes() {
	scopes := []Scope{{}, {Tenant: "t"}, {Tenant: "t", Connection: "c"}, {Connection: "t"}, {Tenant: "tc"}}
	root := s.ctx
	for i, scope := range scopes {
		s.ctx = WithScope(root, scope)
		s.make("1", "same")
		s.make("g", fmt.Sprint("canary", i), Link{Value: "1"})
	}
	for i, scope := range scopes {
		s.ctx = WithScope(root, scope)
		page, err := s.List(s.ctx, &Query{Type: GroupType(), Count: 10})
		if err != nil || page.Total != 1 || !strings.Contains(s.text(group("g")), fmt.Sprint("canary", i)) {
			s.Errorf("%v: %+v, %v", scope, page, err)
		}
		if err := s.Delete(s.ctx, user("1"), nil); err != nil {
			s.Error(err)
		}
		if got := s.text(group("g")); strings.Contains(got, " 1,") {
			s.Errorf("%v: %s", scope, got)
		}
	}
}

func TestMemoryStore(t *testing.T) {
	testStore(t, func() Store { return NewMemoryStore() })
	testStore(t, func() Store { return &MemoryStore{} })
}
