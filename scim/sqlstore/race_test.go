package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zohoscim/zohoscim/scim"
)

// TestOneOfManyCreates: of 64 creations of one userName through two handles,
// as two processes have them, one succeeds, whatever the spelling.
func TestOneOfManyCreates(t *testing.T) {
	onEachEmpty(t, func(t *testing.T, a, b *sql.DB, d Dialect) {
		migrate(t, a, d)
		stores, ctx := []*Store{newStore(t, a, d, nil), newStore(t, b, d, nil)}, t.Context()
		for round := range 5 {
			var wg sync.WaitGroup
			var made, refused atomic.Int32
			for i := range 64 {
				name := fmt.Sprintf("Anna%d@example.com", round)
				if i%3 == 0 {
					name = fmt.Sprintf("aNNA%d@EXAMPLE.com", round)
				}
				r := testUser(t, fmt.Sprint(round, "-", i), name)
				wg.Go(func() {
					switch err := stores[i%2].Create(ctx, r, nil); {
					case err == nil:
						made.Add(1)
					case errors.Is(err, scim.ErrUniqueness) && err.Error() == "scim: userName: the value is in use by another User":
						refused.Add(1)
					default:
						t.Error(err)
					}
				})
			}
			wg.Wait()
			if made.Load() != 1 || refused.Load() != 63 {
				t.Errorf("%d were made, %d refused", made.Load(), refused.Load())
			}
		}
	})
}

// TestDeletesAndMembers: while users are deleted and groups gain and lose
// members, the version of a group says every change of its members.
func TestDeletesAndMembers(t *testing.T) {
	onEachEmpty(t, func(t *testing.T, a, b *sql.DB, d Dialect) {
		migrate(t, a, d)
		stores, ctx := []*Store{newStore(t, a, d, nil), newStore(t, b, d, nil)}, t.Context()
		const groups, users = 4, 30
		for g := range groups {
			if err := stores[0].Create(ctx, testGroup(t, fmt.Sprint("g", g), fmt.Sprint("G", g)), nil); err != nil {
				t.Fatal(err)
			}
		}
		for u := range users {
			if err := stores[0].Create(ctx, testUser(t, fmt.Sprint("u", u), fmt.Sprint("n", u)), nil); err != nil {
				t.Fatal(err)
			}
		}
		var wg sync.WaitGroup
		for u := range users {
			user := scim.Ref{Type: scim.UserType(), ID: fmt.Sprint("u", u)}
			wg.Go(func() {
				for g := range groups {
					add(ctx, t, stores[(u+g)%2], fmt.Sprint("g", g), user.ID)
				}
				if u%2 == 0 {
					if err := stores[u/2%2].Delete(ctx, user, nil); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		for g := range groups {
			// 30 came and 15 went, each with a version of its own.
			links, version := linksOf(ctx, t, stores[0], scim.Ref{Type: scim.GroupType(), ID: fmt.Sprint("g", g)}, false)
			if len(links) != users/2 || version != fmt.Sprintf(`W/"%d"`, 1+users+users/2) {
				t.Errorf("%d members, version %s", len(links), version)
			}
		}
		var n int
		if err := a.QueryRowContext(ctx, "SELECT COUNT(*) FROM scim_links").Scan(&n); err != nil || n != groups*users/2 {
			t.Errorf("%d rows, %v", n, err)
		}
	})
}

func add(ctx context.Context, t *testing.T, s scim.Store, group, user string) {
	err := s.Update(ctx, scim.Ref{Type: scim.GroupType(), ID: group}, func(e *scim.Entry) error {
		e.Resource.Touch()
		_, err := e.Links.Put(ctx, scim.Link{Value: user})
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestManyGroups: the groups of a user who is deleted, more than one page of
// them, each have a new version.
func TestManyGroups(t *testing.T) {
	onEach(t, func(t *testing.T, db *sql.DB, d Dialect) {
		s, ctx := newStore(t, db, d, nil), t.Context()
		if err := s.Create(ctx, testUser(t, "u", "u"), nil); err != nil {
			t.Fatal(err)
		}
		const groups = pageSize + 5
		member := func(yield func(scim.Link) bool) { yield(scim.Link{Value: "u"}) }
		want := map[string][]scim.Link{}
		for i := range groups {
			id := fmt.Sprint("g", i)
			if err := s.Create(ctx, testGroup(t, id, id), member); err != nil {
				t.Fatal(err)
			}
			want["u"] = append(want["u"], scim.Link{Value: id, Type: "Group", Display: id})
		}
		user := scim.Ref{Type: scim.UserType(), ID: "u"}
		owners, _ := linksOf(ctx, t, s, user, true)
		if diff := cmp.Diff(want["u"], owners); diff != "" {
			t.Error(diff)
		}
		of, err := s.Owners(ctx, []string{"u", "nobody"})
		if diff := cmp.Diff(want, of); diff != "" || err != nil {
			t.Error(err, diff)
		}
		if err := s.Delete(ctx, user, nil); err != nil {
			t.Fatal(err)
		}
		var links, touched int
		err = db.QueryRowContext(ctx, "SELECT (SELECT COUNT(*) FROM scim_links), (SELECT COUNT(*) FROM scim_resources WHERE revision = 2)").Scan(&links, &touched)
		if err != nil || links != 0 || touched != groups {
			t.Errorf("%d links, %d groups with a new version, %v", links, touched, err)
		}
		if _, version := linksOf(ctx, t, s, scim.Ref{Type: scim.GroupType(), ID: "g1004"}, false); version != `W/"2"` {
			t.Error(version)
		}
	})
}
