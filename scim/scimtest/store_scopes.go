package scimtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/zohoscim/zohoscim/scim"
)

// scopes: nothing of one scope exists in another.
func (s *storeTest) scopes() {
	scopes := []scim.Scope{
		{}, {Tenant: "t"}, {Tenant: "t", Connection: "c"}, {Connection: "t"}, {Tenant: "tc"}, {Connection: "tc"},
		{Tenant: "T"}, {Tenant: "t\x00", Connection: "c"}, {Tenant: "t", Connection: "\x00c"}, {Tenant: "t' or 1=1 --"},
	}
	root := s.ctx
	for i, scope := range scopes {
		s.ctx = scim.WithScope(root, scope)
		s.user("1", "same")
		s.group("g", fmt.Sprint("canary", i), link("1")...)
	}
	s.ctx = scim.WithScope(root, scim.Scope{Tenant: "nobody"})
	s.is(s.View(s.ctx, userRef("1"), func(*scim.Entry) error { return nil }), scim.ErrNotFound, "a scope without resources has none")
	s.same(s.found(scim.UserType(), `userName eq "same"`), "", "a scope without resources has none")
	for i, scope := range scopes {
		s.ctx = scim.WithScope(root, scope)
		if !strings.Contains(s.state(groupRef("g")), fmt.Sprint("canary", i)) {
			s.Errorf("%q: another scope's group is seen", scope)
		}
		for _, q := range []scim.Query{{Type: scim.GroupType()}, {Type: scim.GroupType(), Filter: s.filter(scim.GroupType(), `displayName co "canary"`)}} {
			q.Start, q.Count = 1, 100
			page, err := s.List(s.ctx, &q)
			s.ok(err, "a list is no error")
			s.same(fmt.Sprint(page.Total, len(page.Items)), "1 1", "a list and its total are of one scope")
			s.same(len(s.walk(q, func(int) {})), 1, "pages by cursor are of one scope")
		}
		s.same(s.linksIn(userRef("1"), true), "g", "owners are of one scope")
		s.is(s.try("2", "SAME"), scim.ErrUniqueness, "values are unique in a scope")
		s.ok(s.set("1", nil, "userName", fmt.Sprint("renamed", i)), "a change is of one scope")
	}
	for _, scope := range scopes {
		s.ctx = scim.WithScope(root, scope)
		before := s.state(groupRef("g"))
		s.same(strings.Contains(before, "[1 "), true, "the deletion of a user in another scope changes nothing here")
		s.ok(s.Delete(s.ctx, userRef("1"), nil), "a deletion is of one scope")
		s.same(s.linksIn(groupRef("g"), false), "", "links go with the user of their scope")
	}
}

// contexts: a call whose context has ended did all or nothing.
func (s *storeTest) contexts() {
	s.user("1", "a")
	s.group("g", "G", link("1")...)
	ctx, cancel := context.WithCancel(s.ctx)
	cancel()
	if _, err := s.List(ctx, &scim.Query{Type: scim.UserType(), Start: 1, Count: 1}); !errors.Is(err, context.Canceled) {
		s.Errorf("a cancelled list: %v, want context.Canceled: nobody waits for it", err)
	}
	for _, tt := range []struct {
		name string
		call func() error
	}{
		{"create", func() error { return s.Create(ctx, storable(s, scim.UserType(), "2", "userName", "b"), nil) }},
		{"update", func() error {
			return s.Update(ctx, groupRef("g"), func(e *scim.Entry) error {
				_, err := e.Links.Put(ctx, link("x", "y")...)
				return errors.Join(err, e.Resource.Set("displayName", scim.String("H")))
			})
		}},
		{"delete", func() error { return s.Delete(ctx, userRef("1"), nil) }},
	} {
		all := func() string {
			return strings.Join([]string{s.state(userRef("1")), s.state(userRef("2")), s.state(groupRef("g"))}, "\n")
		}
		before := all()
		switch err := tt.call(); {
		case err == nil:
		case !errors.Is(err, context.Canceled):
			s.Errorf("a cancelled %s: %v, want context.Canceled or success", tt.name, err)
		default:
			s.same(all(), before, "a "+tt.name+" that was cancelled changes nothing")
		}
	}
}

// changes asks a store that offers it for what was written.
func (s *storeTest) changes() {
	feed, ok := s.Store.(scim.ChangeFeed)
	if !ok {
		s.Skip("the store does not offer scim.ChangeFeed")
	}
	list, err := feed.Changes(s.ctx, 0, 10)
	if err != nil || len(list) != 0 {
		s.Errorf("%v, %v: nothing was written", list, err)
	}
	s.user("1", "a")
	s.group("g", "G", link("1")...)
	_ = s.try("2", "A")
	_ = s.set("1", errVeto, "title", "no")
	_ = s.set("1", scim.ErrUnchanged, "title", "no")
	_ = s.Delete(s.ctx, userRef("1"), func(*scim.Entry) error { return errVeto })
	s.ok(s.set("1", nil, "title", "t", "externalId", "x"), "a change is kept")
	s.ok(s.Update(s.ctx, groupRef("g"), func(e *scim.Entry) error {
		_, err := e.Links.Put(s.ctx, link("2")...)
		e.Resource.Touch()
		return err
	}), "a change is kept")
	other := scim.WithScope(s.ctx, scim.Scope{Tenant: "other"})
	s.ok(s.Create(other, storable(s, scim.UserType(), "9", "userName", "a"), nil), "another scope has its own names")
	s.ok(s.Delete(s.ctx, groupRef("g"), nil), "a group can be deleted")
	want := []string{
		"create User 1 [id userName]", "create Group g [id displayName members]", "patch User 1 [externalId title]",
		"patch Group g [members]", "delete Group g []",
	}
	list, err = feed.Changes(s.ctx, 0, 100)
	s.ok(err, "the changes of a scope can be read")
	var got []string
	last := uint64(0)
	for _, c := range list {
		got = append(got, brief(c))
		if c.Seq <= last || c.Time.IsZero() {
			s.Errorf("%+v after number %d: numbers grow, and a change has its time", c, last)
		}
		last = c.Seq
		if wantVersion := len(c.Attributes) > 0; wantVersion != (c.Version != "") {
			s.Errorf("%+v: the version after the change, none after a deletion", c)
		}
	}
	s.same(strings.Join(got, "\n"), strings.Join(want, "\n"), "what was written, in its order, and nothing that was not")

	var inSteps []string
	after := uint64(0)
	for range 20 {
		page, err := feed.Changes(s.ctx, after, 2)
		s.ok(err, "the changes can be read in steps")
		if len(page) == 0 {
			break
		}
		if len(page) > 2 {
			s.Errorf("%d changes, want at most 2", len(page))
		}
		for _, c := range page {
			inSteps, after = append(inSteps, brief(c)), c.Seq
		}
	}
	s.same(strings.Join(inSteps, "\n"), strings.Join(want, "\n"), "read in steps, each change comes once")
	list, err = feed.Changes(other, 0, 100)
	if err != nil || len(list) != 1 || list[0].ID != "9" {
		s.Errorf("%v, %v: changes are of one scope", list, err)
	}
}

// brief is a change in a line, without what differs by store.
func brief(c scim.Change) string {
	names := map[string]string{scim.EventCreate: "create", scim.EventPatch: "patch", scim.EventDelete: "delete"}
	if len(c.Events) == 0 {
		return fmt.Sprintf("no event of %s %s", c.Type, c.ID)
	}
	attributes := slices.Clone(c.Attributes)
	if c.Type == "User" {
		slices.Sort(attributes)
	}
	return fmt.Sprintf("%s %s %s %v", names[c.Events[0]], c.Type, c.ID, attributes)
}
