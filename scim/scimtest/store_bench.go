package scimtest

import (
	"fmt"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/zohoscim/zohoscim/scim"
)

// Sizes of what BenchStore measures on.
const (
	benchUsers   = 2000
	benchMembers = 1000 // of one group
)

// BenchStore measures what senders do most, on a store that newStore has made
// and that holds 2,000 users and a group of 1,000. The sub-benchmarks have the same
// names for every store, so that two can be compared.
func BenchStore(b *testing.B, newStore func(b *testing.B) scim.Store) {
	s := &storeBench{Store: newStore(b)}
	s.fill(b)
	for _, c := range []struct {
		name string
		run  func(b *testing.B, i int) error
	}{
		{"create", s.create},
		{"view", s.view},
		{"update", s.update},
		{"list by userName", s.listBy(`userName eq "USER%d@example.com"`)},
		{"list by work address", s.listBy(`emails[type eq "work"].value eq "user%d@example.com"`)},
		{"add a member", s.addMember},
		{"page by cursor", s.page},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if err := c.run(b, i); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

type storeBench struct {
	scim.Store
	made  atomic.Int64
	after string // the page that is read next
}

func benchUser(b *testing.B, i int) *scim.Resource {
	b.Helper()
	name := fmt.Sprintf("user%d@example.com", i)
	return storable(b, scim.UserType(), strconv.Itoa(i), "userName", name, "externalId", "x"+strconv.Itoa(i), "displayName", name,
		"name.givenName", "Given", "name.familyName", "Family", `emails[type eq "work"].value`, name, "active", scim.Bool(true))
}

func (s *storeBench) fill(b *testing.B) {
	b.Helper()
	for i := range benchUsers {
		if err := s.create(b, i); err != nil {
			b.Fatal(err)
		}
	}
	links := make([]scim.Link, benchMembers)
	for i := range links {
		links[i] = scim.Link{Value: strconv.Itoa(i), Type: "User"}
	}
	if err := s.Create(b.Context(), storable(b, scim.GroupType(), "g", "displayName", "G"), slices.Values(links)); err != nil {
		b.Fatal(err)
	}
}

func (s *storeBench) create(b *testing.B, _ int) error {
	return s.Create(b.Context(), benchUser(b, int(s.made.Add(1))-1), nil)
}

func (s *storeBench) view(b *testing.B, i int) error {
	return s.View(b.Context(), userRef(strconv.Itoa(i*7%benchUsers)), func(*scim.Entry) error { return nil })
}

func (s *storeBench) update(b *testing.B, i int) error {
	return s.Update(b.Context(), userRef(strconv.Itoa(i*7%benchUsers)), func(e *scim.Entry) error {
		e.Resource.Touch()
		return e.Resource.Set("title", scim.String(strconv.Itoa(i)))
	})
}

func (s *storeBench) listBy(filter string) func(*testing.B, int) error {
	return func(b *testing.B, i int) error {
		f, err := scim.UserType().ParseFilter(fmt.Sprintf(filter, i*7%benchUsers))
		if err != nil {
			return err
		}
		page, err := s.List(b.Context(), &scim.Query{Type: scim.UserType(), Filter: f, Start: 1, Count: 2})
		if err == nil && len(page.Items) != 1 {
			b.Errorf("%s found %d users, want one", f, len(page.Items))
		}
		return err
	}
}

func (s *storeBench) addMember(b *testing.B, i int) error {
	return s.Update(b.Context(), groupRef("g"), func(e *scim.Entry) error {
		e.Resource.Touch()
		_, err := e.Links.Put(b.Context(), scim.Link{Value: "new" + strconv.Itoa(i), Type: "User"})
		return err
	})
}

func (s *storeBench) page(b *testing.B, _ int) error {
	page, err := s.List(b.Context(), &scim.Query{Type: scim.UserType(), Cursor: true, After: s.after, Count: 100})
	if err == nil {
		s.after = page.Next
	}
	return err
}
