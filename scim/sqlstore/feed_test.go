package sqlstore

import (
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/zohoscim/zohoscim/scim"
)

func TestFeedIsBounded(t *testing.T) {
	onEach(t, func(t *testing.T, db *sql.DB, d Dialect) {
		const keep = 10
		s, ctx := newStore(t, db, d, &Options{Changes: keep}), t.Context()
		const writes = 3 * pruneEvery
		for i := range writes {
			if err := s.Create(ctx, testUser(t, fmt.Sprint("u", i), fmt.Sprint("n", i)), nil); err != nil {
				t.Fatal(err)
			}
		}
		var kept int
		if err := db.QueryRowContext(ctx, "SELECT COUNT(*) FROM scim_changes").Scan(&kept); err != nil || kept < keep || kept > keep+pruneEvery {
			t.Errorf("%d changes are kept, %v", kept, err)
		}
		for after, reason := range map[uint64]string{0: "a reader who is too late", writes + 1: "a reader of another database"} {
			newest, err := s.Changes(ctx, after, 10)
			if !errors.Is(err, scim.ErrExpiredCursor) || len(newest) != 1 || newest[0].Seq != writes {
				t.Errorf("%s: %v, %v", reason, newest, err)
			}
		}
		got, err := s.Changes(ctx, writes-keep, 4)
		if err != nil || len(got) != 4 || got[0].Seq != writes-keep+1 {
			t.Errorf("%v, %v", got, err)
		}
		if got, err := s.Changes(ctx, writes, 4); err != nil || len(got) != 0 {
			t.Errorf("a reader who has all: %v, %v", got, err)
		}
		other := scim.WithScope(ctx, scim.Scope{Tenant: "other"})
		if got, err := s.Changes(other, 0, 4); err != nil || len(got) != 0 {
			t.Errorf("another tenant: %v, %v", got, err)
		}
	})
}

func TestFeedOff(t *testing.T) {
	onEach(t, func(t *testing.T, db *sql.DB, d Dialect) {
		s, ctx := newStore(t, db, d, &Options{Changes: -1}), t.Context()
		u := testUser(t, "u", "u")
		member := func(yield func(scim.Link) bool) { yield(scim.Link{Value: "u"}) }
		ref := scim.Ref{Type: scim.UserType(), ID: "u"}
		for _, err := range []error{
			s.Create(ctx, u, nil), s.Create(ctx, testGroup(t, "g", "g"), member),
			s.Update(ctx, ref, func(e *scim.Entry) error { return e.Resource.Set("userName", scim.String("v")) }), s.Delete(ctx, ref, nil),
		} {
			if err != nil {
				t.Error(err)
			}
		}
		var n int
		if err := db.QueryRowContext(ctx, "SELECT (SELECT COUNT(*) FROM scim_changes) + (SELECT COUNT(*) FROM scim_feeds)").Scan(&n); err != nil || n != 0 {
			t.Errorf("%d rows, %v", n, err)
		}
		if _, err := s.Changes(ctx, 0, 1); err == nil {
			t.Error("a feed that is off was read")
		}
	})
}

// TestFeedInOrder: a reader who follows along misses no change, although
// writers overtake each other.
func TestFeedInOrder(t *testing.T) {
	onEach(t, func(t *testing.T, db *sql.DB, d Dialect) {
		s, ctx := newStore(t, db, d, nil), t.Context()
		const writers, each = 8, 25
		var wg sync.WaitGroup
		done := make(chan struct{})
		for w := range writers {
			wg.Go(func() {
				for i := range each {
					name := fmt.Sprint("u", w, "-", i)
					if err := s.Create(ctx, testUser(t, name, name), nil); err != nil {
						t.Error(err)
					}
				}
			})
		}
		go func() { wg.Wait(); close(done) }()
		seen := map[string]bool{}
		var last uint64
		for ended := false; ; {
			select {
			case <-done:
				ended = true
			default:
			}
			got, err := s.Changes(ctx, last, 7)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range got {
				if c.Seq <= last || seen[c.ID] {
					t.Errorf("change %d after %d", c.Seq, last)
				}
				last, seen[c.ID] = c.Seq, true
			}
			if ended && len(got) == 0 {
				break
			}
		}
		if len(seen) != writers*each {
			t.Errorf("the reader saw %d of %d changes", len(seen), writers*each)
		}
	})
}
