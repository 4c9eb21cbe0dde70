package scimtest

import (
	"slices"
	"strings"

	"github.com/zohoscim/zohoscim/scim"
)

func (s *storeTest) createAndView() {
	r := storable(s, scim.UserType(), "1", "userName", "a", "externalId", "x", "name.familyName", "本社\u0000\"")
	want, err := r.AppendStored(nil)
	s.ok(err, "a resource has a stored form")
	s.ok(s.Create(s.ctx, r, nil), "no links are no error")
	s.same(s.state(userRef("1")), string(want), "what was created is what is viewed, to the byte")
	for _, tt := range []struct {
		ref    scim.Ref
		reason string
	}{
		{userRef("2"), "there is no such id"},
		{groupRef("1"), "an id belongs to its resource type"},
		{userRef(""), "no resource has an empty id"},
		{userRef("1 "), "ids are compared exactly"},
		{userRef("\x00\xff'"), "an id from a URL can be anything"},
	} {
		ran := false
		fn := func(*scim.Entry) error { ran = true; return nil }
		for _, call := range []error{s.View(s.ctx, tt.ref, fn), s.Update(s.ctx, tt.ref, fn), s.Delete(s.ctx, tt.ref, fn)} {
			s.is(call, scim.ErrNotFound, tt.reason)
		}
		if ran {
			s.Errorf("the function ran for %q: %s", tt.ref.ID, tt.reason)
		}
	}
	err = s.View(s.ctx, userRef("1"), func(*scim.Entry) error { return errVeto })
	s.is(err, errVeto, "the function's error comes back")
	if err := s.try("1", "b"); err == nil {
		s.Error("an id was used twice")
	}
	s.same(s.state(userRef("1")), string(want), "a create that is refused changes nothing")
	s.ok(s.Create(s.ctx, storable(s, scim.GroupType(), "1", "displayName", "a"), nil), "another type has its own ids")
	s.ok(s.Create(s.ctx, storable(s, scim.UserType(), "A", "userName", "A1"), nil), "ids differ by case")
	s.ok(s.Create(s.ctx, storable(s, scim.UserType(), "a", "userName", "A2"), nil), "ids differ by case")
}

// copies: nothing that a caller holds is what the store holds.
func (s *storeTest) copies() {
	r := storable(s, scim.UserType(), "1", "userName", "a")
	links := link("x")
	s.ok(s.Create(s.ctx, r, nil), "a new user is kept")
	g := storable(s, scim.GroupType(), "g", "displayName", "G")
	s.ok(s.Create(s.ctx, g, slices.Values(links)), "a new group is kept")
	user, group := s.state(userRef("1")), s.state(groupRef("g"))
	links[0].Value = "y"
	damage := func(r *scim.Resource) {
		if err := r.Set("externalId", scim.String("damaged")); err != nil {
			s.Fatal(err)
		}
	}
	damage(r)
	damage(g)
	s.same(s.state(userRef("1"))+s.state(groupRef("g")), user+group, "the caller of Create keeps its resource and may change it")
	s.ok(s.View(s.ctx, userRef("1"), func(e *scim.Entry) error { damage(e.Resource); return nil }), "View returns what its function returns")
	s.same(s.state(userRef("1")), user, "View only reads")
	page, err := s.List(s.ctx, &scim.Query{Type: scim.GroupType(), Start: 1, Count: 1, Links: true})
	s.ok(err, "a list is no error")
	for _, item := range page.Items {
		damage(item.Resource)
		for i := range item.Links {
			item.Links[i].Value = "damaged"
		}
	}
	s.same(s.state(groupRef("g")), group, "the items of a page belong to the caller")
	err = s.Delete(s.ctx, userRef("1"), func(e *scim.Entry) error { damage(e.Resource); return errVeto })
	s.is(err, errVeto, "the function's error comes back")
	s.same(s.state(userRef("1")), user, "the function of Delete only reads")
}

func (s *storeTest) update() {
	s.user("1", "a")
	before := s.state(userRef("1"))
	s.is(s.set("1", errVeto, "userName", "b"), errVeto, "the function's error comes back")
	s.same(s.state(userRef("1")), before, "after the function's error nothing has changed")
	s.ok(s.set("1", scim.ErrUnchanged, "userName", "b"), "ErrUnchanged is no error")
	s.same(s.state(userRef("1")), before, "ErrUnchanged keeps the resource and its version")
	s.same(s.found(scim.UserType(), `userName eq "b"`), "", "what was not kept is not found")

	var want []byte
	s.ok(s.Update(s.ctx, userRef("1"), func(e *scim.Entry) error {
		if err := e.Resource.Set("userName", scim.String("B")); err != nil {
			return err
		}
		e.Resource.Touch()
		var err error
		want, err = e.Resource.AppendStored(nil)
		return err
	}), "a change is kept")
	s.same(s.state(userRef("1")), string(want), "what the function left is what is viewed, with the version it gave")
	s.same(s.found(scim.UserType(), `userName eq "b"`), "1", "a changed resource is found by its new values")
	s.same(s.found(scim.UserType(), `userName eq "a"`), "", "a changed resource is not found by its old values")
	s.user("2", "a") // the old name is free again
	s.ok(s.set("1", nil, "userName", "b"), "a resource is no rival of itself")
}

func (s *storeTest) remove() {
	s.user("1", "a")
	s.user("3", "c")
	s.group("g", "G", link("1", "2")...)
	s.group("h", "H", link("g", "3")...)
	s.group("i", "I", link("3")...)
	before := s.state(groupRef("g"))
	err := s.Delete(s.ctx, userRef("1"), func(e *scim.Entry) error {
		s.same(e.Resource.ID(), "1", "the function sees the resource")
		owners, err := gather(e.Links.Owners(s.ctx, ""))
		s.ok(err, "the function sees the links")
		s.same(valuesOf(owners), "g", "the function sees the links")
		return errVeto
	})
	s.is(err, errVeto, "the function's error comes back")
	s.same(s.state(groupRef("g")), before, "after a veto nothing has changed")
	s.same(s.linksIn(userRef("1"), true), "g", "after a veto nothing has changed")

	other := s.state(groupRef("i"))
	s.ok(s.Delete(s.ctx, userRef("1"), nil), "the function may be nil")
	s.same(s.linksIn(groupRef("g"), false), "2", "links to what is deleted go with it")
	if s.version(groupRef("g")) == versionIn(before) {
		s.Error("the group lost a member and kept its version: a client with If-Match would overwrite what it has not seen")
	}
	s.same(s.state(groupRef("i")), other, "a group that lost nothing keeps its version")
	s.is(s.Delete(s.ctx, userRef("1"), nil), scim.ErrNotFound, "a resource is deleted once")

	user := s.state(userRef("3"))
	s.ok(s.Delete(s.ctx, groupRef("h"), nil), "a group can be deleted")
	s.same(s.state(userRef("3")), user, "a user that is no longer a member keeps its version: groups are no part of it")
	s.same(s.linksIn(userRef("3"), true), "i", "the links of what is deleted go with it")
	s.ok(s.Delete(s.ctx, groupRef("g"), nil), "a group can be deleted")

	s.user("1", "a")
	s.same(s.linksIn(userRef("1"), true), "", "no link comes back with a new resource of the same id")
	s.same(s.found(scim.GroupType(), `members.value eq "2"`), "", "no link stays in the indexes")
}

func (s *storeTest) version(ref scim.Ref) string {
	s.Helper()
	return versionIn(s.state(ref))
}

// versionIn returns the version in a state.
func versionIn(state string) string {
	_, rest, _ := strings.Cut(state, `"version":`)
	version, _, _ := strings.Cut(rest, `}`)
	return version
}

func (s *storeTest) uniqueness() {
	s.user("1", "Anna")
	s.user("2", "bob")
	s.user("4", "Stra\u00dfe\u00e9")
	for _, tt := range []struct{ name, reason string }{
		{"anna", "userName compares without regard to case"},
		{"ANNA", "userName compares without regard to case"},
		{"Anna", "the same text"},
		{"STRA\u1e9eE\u00c9", "beyond ASCII as well"},
		{"stra\u00dfee\u0301", "a letter with its accent apart is the same letter"},
	} {
		before := s.state(userRef("2"))
		s.is(s.try("3", tt.name), scim.ErrUniqueness, tt.reason)
		s.is(s.View(s.ctx, userRef("3"), func(*scim.Entry) error { return nil }), scim.ErrNotFound, "what was refused is not there")
		s.is(s.set("2", nil, "userName", tt.name), scim.ErrUniqueness, tt.reason)
		s.same(s.state(userRef("2")), before, "after an error nothing has changed")
	}
	s.ok(s.set("1", nil, "userName", "ANNA"), "a resource is no rival of itself")
	s.group("g", "Anna")
	s.is(s.Create(s.ctx, storable(s, scim.GroupType(), "h", "displayName", "ANNA"), nil), scim.ErrUniqueness, "the displayName of a group is unique")
	for _, id := range []string{"5", "6"} {
		r := storable(s, scim.UserType(), id, "userName", "u"+id, "displayName", "same", "externalId", "same")
		s.ok(s.Create(s.ctx, r, nil), "the displayName and externalId of a user are not unique")
	}
	for _, id := range []string{"7", "8"} {
		s.ok(s.Create(s.ctx, storable(s, scim.UserType(), id), nil), "a value that is missing is no value")
	}
	long := strings.Repeat("long ", 2000)
	s.user("9", long+"a")
	s.user("10", long+"b")
	s.is(s.try("11", strings.ToUpper(long)+"A"), scim.ErrUniqueness, "a long value is compared to its end")
	s.ok(s.Delete(s.ctx, userRef("9"), nil), "a user can be deleted")
	s.user("11", long+"A")
}

// deviceType is a resource type of nobody else, with unique attributes of its
// own: one that compares exactly and one that does not.
func deviceType() (*scim.ResourceType, error) {
	schema := &scim.Schema{ID: "urn:example:Device", Name: "Device", Attributes: []*scim.Attribute{
		{Name: "serial", CaseExact: true, Uniqueness: scim.UniqueServer},
		{Name: "label"},
		{Name: "network", Type: scim.TypeComplex, SubAttributes: []*scim.Attribute{
			{Name: "host", Uniqueness: scim.UniqueGlobal},
		}},
		{Name: "parts", Type: scim.TypeComplex, MultiValued: true, SubAttributes: []*scim.Attribute{
			{Name: "value", CaseExact: true}, {Name: "type", CaseExact: true}, {Name: "display"},
		}},
	}}
	return scim.NewResourceType("Device", schema, &scim.ResourceTypeOptions{Links: "parts"})
}

// uniquenessByType: the schema says what is unique, not the store.
func (s *storeTest) uniquenessByType() {
	typ, err := deviceType()
	s.ok(err, "the schema is valid")
	create := func(id, serial, host string) error {
		return s.Create(s.ctx, storable(s, typ, id, "serial", serial, "network.host", host), slices.Values(link("p"+id)))
	}
	s.ok(create("1", "a", "x"), "a new resource is kept")
	s.ok(create("2", "A", "y"), "serial compares exactly")
	s.is(create("3", "a", "z"), scim.ErrUniqueness, "serial is unique")
	s.is(create("3", "b", "X"), scim.ErrUniqueness, "network.host is unique and compares without regard to case")
	err = s.Update(s.ctx, scim.Ref{Type: typ, ID: "2"}, func(e *scim.Entry) error {
		return e.Resource.Set("network.host", scim.String("X"))
	})
	s.is(err, scim.ErrUniqueness, "an update is refused as well")
	s.ok(s.Delete(s.ctx, scim.Ref{Type: typ, ID: "1"}, nil), "a resource can be deleted")
	s.ok(create("3", "a", "X"), "values of what is gone are free")
	s.same(s.linksIn(scim.Ref{Type: typ, ID: "3"}, false), "p3", "links are those of the type, whatever it calls them")
	s.same(s.found(typ, `serial eq "A"`), "2", "found by a unique attribute, exactly")
	s.same(s.found(typ, `parts.value eq "p2"`), "2", "found by a link")
}
