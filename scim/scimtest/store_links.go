package scimtest

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"

	"github.com/zohoscim/zohoscim/scim"
)

// links: changes are staged, seen by the function itself, and kept only if it
// succeeds.
func (s *storeTest) links() {
	s.group("g", "G", scim.Link{Value: "a"}, scim.Link{Value: "b", Type: "User", Display: "B"})
	before := s.state(groupRef("g"))
	for _, end := range []error{errVeto, scim.ErrUnchanged} {
		_ = s.Update(s.ctx, groupRef("g"), func(e *scim.Entry) error { return errors.Join(s.changeLinks(e), end) })
		s.same(s.state(groupRef("g")), before, fmt.Sprintf("after %v no link has changed", end))
		s.same(s.found(scim.GroupType(), `members.value eq "d"`), "", "what was dropped is not found")
	}
	s.ok(s.Update(s.ctx, groupRef("g"), s.changeLinks), "the changes are kept")
	s.same(versionIn(s.state(groupRef("g"))), versionIn(before), "the version is the caller's: a store does not touch it")
	s.same(s.linksIn(groupRef("g"), false), "a b d", "the staged links are kept")
	for value, want := range map[string]string{"a": "g", "b": "g", "c": "", "d": "g"} {
		s.user(value, "u"+value)
		s.same(s.linksIn(userRef(value), true), want, "owners follow the links")
		s.same(s.found(scim.GroupType(), `members.value eq "`+value+`"`), want, "filters follow the links")
	}
}

// changeLinks goes through all that Links promise, on the links a and b.
func (s *storeTest) changeLinks(e *scim.Entry) error {
	count := func(reason string, want int) func(int, error) {
		return func(got int, err error) {
			s.Helper()
			if err != nil || got != want {
				s.Errorf("%d changed, %v, want %d: %s", got, err, want, reason)
			}
		}
	}
	l := e.Links
	count("one is new and one is as it was", 1)(l.Put(s.ctx, scim.Link{Value: "c"}, scim.Link{Value: "b", Type: "User", Display: "B"}))
	count("a link that differs is replaced", 1)(l.Put(s.ctx, scim.Link{Value: "a", Display: "A"}))
	count("the same again is no change", 0)(l.Put(s.ctx, scim.Link{Value: "a", Display: "A"}))
	count("only one of them is there, and it is there once", 1)(l.Remove(s.ctx, "b", "x", "b"))
	count("a staged link can be removed", 1)(l.Remove(s.ctx, "c"))
	count("a removed link can be put back", 2)(l.Put(s.ctx, scim.Link{Value: "d"}, scim.Link{Value: "b"}))
	count("nothing is no change", 0)(l.Put(s.ctx))
	count("nothing is no change", 0)(l.Remove(s.ctx))
	for value, want := range map[string]bool{"a": true, "b": true, "c": false, "d": true, "x": false, "": false} {
		if got, found, err := l.Get(s.ctx, value); found != want || err != nil || found && got.Value != value {
			s.Errorf("Get(%q) is %v, %v, %v: Get sees what is staged", value, got, found, err)
		}
	}
	whole, err := gather(l.All(s.ctx, ""))
	s.ok(err, "All sees what is staged")
	byValue := slices.SortedFunc(slices.Values(whole), func(x, y scim.Link) int { return strings.Compare(x.Value, y.Value) })
	if diff := cmp.Diff([]scim.Link{{Value: "a", Display: "A"}, {Value: "b"}, {Value: "d"}}, byValue); diff != "" {
		s.Errorf("All sees what is staged (-want +got):\n%s", diff)
	}
	for i, at := range whole {
		rest, err := gather(l.All(s.ctx, at.Value))
		if err != nil || !slices.Equal(rest, whole[i+1:]) {
			s.Errorf("All after %q: %v, %v, want %v: the order stays while the links do", at.Value, rest, err, whole[i+1:])
		}
	}
	for at := range l.All(s.ctx, "") {
		if at.Value != whole[0].Value {
			s.Errorf("the first link is %q, want %q: the order stays while the links do", at.Value, whole[0].Value)
		}
		break // ends the sequence
	}
	return nil
}

// linksInSteps: a value that comes from outside, and a change of links with
// one of the resource.
func (s *storeTest) linksInSteps() {
	odd := []string{"';--", "a b", "A B", "\u672c\u793e", "%", "_", "\x00", strings.Repeat("x", 500)}
	s.group("g", "G")
	for i, value := range odd {
		s.ok(s.Update(s.ctx, groupRef("g"), func(e *scim.Entry) error {
			n, err := e.Links.Put(s.ctx, scim.Link{Value: value, Type: "User", Display: value})
			if err == nil && n != 1 {
				s.Errorf("%q: %d changed: values of links are compared exactly", value, n)
			}
			e.Resource.Touch()
			return errors.Join(err, e.Resource.Set("externalId", scim.String(fmt.Sprint(i))))
		}), "a link and the resource change together")
	}
	s.ok(s.View(s.ctx, groupRef("g"), func(e *scim.Entry) error {
		s.same(e.Resource.ExternalID(), len(odd)-1, "the resource changed with the links")
		for _, value := range odd {
			if l, found, err := e.Links.Get(s.ctx, value); !found || err != nil || l.Display != value {
				s.Errorf("%q: %v, %v, %v: a link is kept as it came", value, l, found, err)
			}
		}
		return nil
	}), "a resource that is there can be viewed")
	veto := s.Update(s.ctx, groupRef("g"), func(e *scim.Entry) error {
		_, err := e.Links.Remove(s.ctx, odd...)
		return errors.Join(err, e.Resource.Set("displayName", scim.String("gone")), errVeto)
	})
	s.is(veto, errVeto, "the function's error comes back")
	s.same(len(strings.Split(s.linksIn(groupRef("g"), false), " ")), len(odd)+2, "links and resource are kept or dropped together")
	s.same(s.found(scim.GroupType(), `displayName eq "g"`), "g", "links and resource are kept or dropped together")
}

func (s *storeTest) owners() {
	s.user("u", "u")
	s.group("g", "G", link("u")...)
	s.group("h", "H", link("u", "g")...)
	s.same(s.linksIn(userRef("u"), true), "g h", "both groups refer to the user")
	s.same(s.linksIn(groupRef("g"), true), "h", "a group can be in a group")
	s.ok(s.View(s.ctx, userRef("u"), func(e *scim.Entry) error {
		owners, err := gather(e.Links.Owners(s.ctx, ""))
		for i, l := range owners {
			if want := strings.ToUpper(l.Value); l.Display != want || l.Type != "Group" {
				s.Errorf("owner %v: it has the id, the type and the name of the group, here %s", l, want)
			}
			rest, err := gather(e.Links.Owners(s.ctx, l.Value))
			if err != nil || !slices.Equal(rest, owners[i+1:]) {
				s.Errorf("owners after %q: %v, %v, want %v", l.Value, rest, err, owners[i+1:])
			}
		}
		return err
	}), "owners can be read")
	s.ok(s.Update(s.ctx, groupRef("g"), func(e *scim.Entry) error {
		_, err := e.Links.Remove(s.ctx, "u")
		return errors.Join(err, e.Resource.Set("displayName", scim.String("G2")))
	}), "a member can be removed")
	s.same(s.linksIn(userRef("u"), true), "h", "a removed link has no owner")
	s.ok(s.View(s.ctx, groupRef("g"), func(e *scim.Entry) error {
		links, err := gather(e.Links.All(s.ctx, ""))
		s.same(len(links), 0, "the last link was removed")
		return err
	}), "a group without members can be viewed")
}

// ownersOfMany asks a store that offers it for the owners of many at once.
func (s *storeTest) ownersOfMany() {
	store, ok := s.Store.(scim.OwnerStore)
	if !ok {
		s.Skip("the store does not offer scim.OwnerStore")
	}
	const users = 1500 // more than a statement takes arguments in some databases
	var ids []string
	for i := range users {
		ids = append(ids, fmt.Sprint("u", i))
	}
	s.group("g", "G", link(ids...)...)
	s.group("h", "H", link(ids[0], "g")...)
	got, err := store.Owners(s.ctx, append(ids, "g", "nobody", "h"))
	s.ok(err, "owners of many are one call")
	for _, value := range append(ids, "g", "nobody", "h") {
		owners := slices.SortedFunc(slices.Values(got[value]), func(a, b scim.Link) int { return strings.Compare(a.Value, b.Value) })
		want := []scim.Link{{Value: "g", Type: "Group", Display: "G"}}
		switch value {
		case ids[0]:
			want = append(want, scim.Link{Value: "h", Type: "Group", Display: "H"})
		case "g":
			want = []scim.Link{{Value: "h", Type: "Group", Display: "H"}}
		case "h", "nobody":
			want = nil
		}
		if !slices.Equal(owners, want) {
			s.Errorf("owners of %s: %v, want %v: the same as Links.Owners says of each", value, owners, want)
		}
	}
	if got, err := store.Owners(s.ctx, nil); err != nil || len(got) != 0 {
		s.Errorf("%v, %v: the owners of nobody are none", got, err)
	}
	got, err = store.Owners(scim.WithScope(s.ctx, scim.Scope{Tenant: "other"}), ids[:1])
	if err != nil || len(got[ids[0]]) != 0 {
		s.Errorf("%v, %v: another scope has no owners", got, err)
	}
}

// manyLinks: more links than one statement or page takes.
func (s *storeTest) manyLinks() {
	const n = 5000
	links := make([]scim.Link, n)
	values := make([]string, n)
	for i := range links {
		values[i] = fmt.Sprintf("m%04d", i)
		links[i] = scim.Link{Value: values[i], Type: "User", Display: fmt.Sprint("member ", i)}
	}
	s.group("g", "G", links[:n/2]...)
	s.ok(s.Update(s.ctx, groupRef("g"), func(e *scim.Entry) error {
		changed, err := e.Links.Put(s.ctx, links...)
		s.same(changed, n/2, "half of the links are there already")
		return err
	}), "many links are put at once")
	s.ok(s.View(s.ctx, groupRef("g"), func(e *scim.Entry) error {
		all, err := gather(e.Links.All(s.ctx, ""))
		slices.SortFunc(all, func(a, b scim.Link) int { return strings.Compare(a.Value, b.Value) })
		if !slices.Equal(all, links) {
			s.Errorf("%d links, want %d: each of them once, as it came", len(all), n)
		}
		return err
	}), "many links are read")
	s.ok(s.Update(s.ctx, groupRef("g"), func(e *scim.Entry) error {
		changed, err := e.Links.Remove(s.ctx, values[1:]...)
		s.same(changed, n-1, "all but one are removed at once")
		return err
	}), "many links are removed at once")
	s.same(s.linksIn(groupRef("g"), false), values[0], "one link is left")

	// A user in many groups is deleted: each of them loses it.
	const groups = 300
	s.user("u", "u")
	for i := range groups {
		s.group(fmt.Sprint("of", i), fmt.Sprint("of ", i), link("u", "v")...)
	}
	s.ok(s.Delete(s.ctx, userRef("u"), nil), "a user of many groups can be deleted")
	for i := range groups {
		ref := groupRef(fmt.Sprint("of", i))
		if got := s.linksIn(ref, false); got != "v" || s.version(ref) != `"W/\"2\""` {
			s.Fatalf("%s has the links %q and version %s: it lost a link and has a new version", ref.ID, got, s.version(ref))
		}
	}
}
