package sqlstore

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zohoscim/zohoscim/scim"
)

func TestWrites(t *testing.T) {
	onEach(t, func(t *testing.T, db *sql.DB, d Dialect) {
		s, ctx := newStore(t, db, d, nil), t.Context()
		for i := range 3 {
			if err := s.Create(ctx, testUser(t, fmt.Sprint("u", i), fmt.Sprintf("user%d@example.com", i)), nil); err != nil {
				t.Fatal(err)
			}
		}
		members := []scim.Link{{Value: "u0", Type: "User"}, {Value: "u1", Display: "a \x00 \" \\ character"}}
		if err := s.Create(ctx, testGroup(t, "g", "Group 1"), slices.Values(members)); err != nil {
			t.Fatal(err)
		}
		ref := scim.Ref{Type: scim.GroupType(), ID: "g"}
		got, _ := linksOf(ctx, t, s, ref, false)
		if diff := cmp.Diff(members, got); diff != "" {
			t.Error(diff)
		}
		err := s.Update(ctx, ref, func(e *scim.Entry) error {
			if n, err := e.Links.Put(ctx, scim.Link{Value: "u2"}, members[1]); n != 1 || err != nil {
				t.Errorf("put: %d, %v", n, err)
			}
			if n, err := e.Links.Remove(ctx, "u0", "u9"); n != 1 || err != nil {
				t.Errorf("remove: %d, %v", n, err)
			}
			e.Resource.Touch()
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		got, version := linksOf(ctx, t, s, ref, false)
		if diff := cmp.Diff([]scim.Link{members[1], {Value: "u2"}}, got); diff != "" || version != `W/"2"` {
			t.Error(version, diff)
		}
		owners, _ := linksOf(ctx, t, s, scim.Ref{Type: scim.UserType(), ID: "u2"}, true)
		if diff := cmp.Diff([]scim.Link{{Value: "g", Type: "Group", Display: "Group 1"}}, owners); diff != "" {
			t.Error(diff)
		}
		if err := s.Delete(ctx, scim.Ref{Type: scim.UserType(), ID: "u2"}, nil); err != nil {
			t.Fatal(err)
		}
		got, version = linksOf(ctx, t, s, ref, false)
		if len(got) != 1 || version != `W/"3"` {
			t.Error(version, got)
		}
		changes, err := s.Changes(ctx, 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		var events []string
		for i, c := range changes {
			if c.Seq != uint64(i+1) {
				t.Errorf("change %d has the number %d", i+1, c.Seq)
			}
			events = append(events, fmt.Sprint(c.Events[0][len("urn:ietf:params:scim:event:prov:"):], " ", c.ID, " ", c.Version, " ", c.Attributes))
		}
		want := []string{
			`create:notice u0 W/"1" [id externalId userName active emails]`, `create:notice u1 W/"1" [id externalId userName active emails]`,
			`create:notice u2 W/"1" [id externalId userName active emails]`, `create:notice g W/"1" [id displayName members]`,
			`patch:notice g W/"2" [members]`, `patch:notice g W/"3" [members]`, `delete u2  []`,
		}
		if diff := cmp.Diff(want, events); diff != "" {
			t.Error(diff)
		}
	})
}

func TestUniqueness(t *testing.T) {
	onEach(t, func(t *testing.T, db *sql.DB, d Dialect) {
		s, ctx := newStore(t, db, d, nil), t.Context()
		for _, r := range []*scim.Resource{testUser(t, "u1", "a@example.com"), testUser(t, "u2", "b@example.com"), testGroup(t, "g1", "A")} {
			if err := s.Create(ctx, r, nil); err != nil {
				t.Fatal(err)
			}
		}
		for _, tt := range []struct {
			reason string
			r      *scim.Resource
			want   string
		}{
			{"an id is there once", testUser(t, "u1", "c@example.com"), "scim: id: the value is in use by another resource"},
			{"userName has no case", testUser(t, "u3", "A@example.com"), "scim: userName: the value is in use by another User"},
			{"a group's name is unique here", testGroup(t, "g2", "a"), "scim: displayName: the value is in use by another Group"},
		} {
			t.Run(tt.reason, func(t *testing.T) {
				memory := scim.NewMemoryStore()
				_ = memory.Create(ctx, testUser(t, "u1", "a@example.com"), nil)
				_ = memory.Create(ctx, testGroup(t, "g1", "A"), nil)
				theirs := memory.Create(ctx, tt.r, nil)
				err := s.Create(ctx, tt.r, nil)
				if !errors.Is(err, scim.ErrUniqueness) || err.Error() != tt.want || theirs == nil || theirs.Error() != tt.want {
					t.Errorf("got %v, want %s; the memory store: %v", err, tt.want, theirs)
				}
			})
		}
		err := s.Update(ctx, scim.Ref{Type: scim.UserType(), ID: "u2"}, func(e *scim.Entry) error {
			return e.Resource.Set("userName", scim.String("A@EXAMPLE.com"))
		})
		if !errors.Is(err, scim.ErrUniqueness) {
			t.Error(err)
		}
	})
}
