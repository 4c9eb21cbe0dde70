package scimtest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/zohoscim/zohoscim/scim"
)

// How many write at once, and how often each.
const (
	stormWriters = 64
	stormWrites  = 20
)

// TestStoreConcurrent holds a [scim.Store] against what it promises when many
// write at once: no change is lost, what is unique is decided where the write
// happens, and a reader sees one state. Run it with -race as well. As in
// [TestStore], each subtest gets an empty store.
func TestStoreConcurrent(t *testing.T, newStore func(t *testing.T) scim.Store) {
	t.Helper()
	for _, c := range []struct {
		name string
		test func(*storeTest)
	}{
		{"no update is lost", (*storeTest).countUp},
		{"one name", (*storeTest).oneName},
		{"one name by renaming", (*storeTest).renameStorm},
		{"members", (*storeTest).memberStorm},
		{"members that are deleted", (*storeTest).leaverStorm},
		{"one state", (*storeTest).oneState},
		{"pages by cursor", (*storeTest).cursorStorm},
		{"a server's group", (*storeTest).serverGroupStorm},
		{"a server's user", (*storeTest).serverUserStorm},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(newStoreTest(t, newStore)) })
	}
}

// each runs fn in n goroutines, with a source of its own, and waits.
func each(n int, fn func(i int, random *rand.Rand)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { fn(i, rand.New(rand.NewPCG(uint64(i), 7))) })
	}
	wg.Wait()
}

// countUp: the function of Update works on the state as it is, however often
// it has to run for that.
func (s *storeTest) countUp() {
	s.user("1", "u")
	each(16, func(int, *rand.Rand) {
		for range stormWrites {
			err := s.Update(s.ctx, userRef("1"), func(e *scim.Entry) error {
				n, _ := strconv.Atoi(e.Resource.Get("title").Text())
				e.Resource.Touch()
				return e.Resource.Set("title", scim.String(strconv.Itoa(n+1)))
			})
			s.is(err, nil, "writers of one resource wait for each other or run again")
		}
	})
	const want = 16 * stormWrites
	s.ok(s.View(s.ctx, userRef("1"), func(e *scim.Entry) error {
		s.same(e.Resource.Get("title").Text(), want, "each update is on top of the one before")
		s.same(e.Resource.Version(), fmt.Sprintf(`W/"%d"`, want+1), "each update has its version")
		return nil
	}), "a resource that is there can be viewed")
}

// oneName: of those who create one name at once, one does.
func (s *storeTest) oneName() {
	var made, refused atomic.Int32
	each(stormWriters, func(i int, _ *rand.Rand) {
		switch err := s.try(fmt.Sprint(i), []string{"same", "SAME", "Same"}[i%3]); {
		case err == nil:
			made.Add(1)
		case errors.Is(err, scim.ErrUniqueness):
			refused.Add(1)
		default:
			s.Errorf("%v, want a success or ErrUniqueness", err)
		}
	})
	s.same(fmt.Sprint(made.Load(), refused.Load()), fmt.Sprint(1, stormWriters-1), "made and refused: one name is given once")
	s.same(len(strings.Fields(s.found(scim.UserType(), `userName eq "same"`))), 1, "one is there")
	s.same(len(strings.Fields(s.found(scim.UserType(), `userName pr`))), 1, "one is there")
}

func (s *storeTest) renameStorm() {
	const users = 16
	for i := range users {
		s.user(fmt.Sprint(i), fmt.Sprint("u", i))
	}
	var renamed atomic.Int32
	each(users, func(i int, _ *rand.Rand) {
		switch err := s.set(fmt.Sprint(i), nil, "userName", "same"); {
		case err == nil:
			renamed.Add(1)
		case !errors.Is(err, scim.ErrUniqueness):
			s.Errorf("%v, want a success or ErrUniqueness", err)
		}
	})
	s.same(renamed.Load(), 1, "one name is given once")
	s.same(len(strings.Fields(s.found(scim.UserType(), `userName eq "same"`))), 1, "one has it")
}

// model is what one writer knows of its own members.
type model map[string]bool

// compare holds the members of a group against the models of its writers.
func (s *storeTest) compare(ref scim.Ref, models []model) {
	s.Helper()
	var want []string
	for _, m := range models {
		for member, in := range m {
			if in {
				want = append(want, member)
			}
		}
	}
	slices.Sort(want)
	s.same(s.linksIn(ref, false), strings.Join(want, " "), "the members are those that the writers left: none lost, none too many")
}

// memberStorm: writers of one group, each with members of its own.
func (s *storeTest) memberStorm() {
	s.group("g", "G")
	models := make([]model, stormWriters)
	each(stormWriters, func(w int, random *rand.Rand) {
		m := model{}
		for range stormWrites {
			member := fmt.Sprintf("w%d-%d", w, random.IntN(8))
			add := random.IntN(2) == 0
			err := s.Update(s.ctx, groupRef("g"), func(e *scim.Entry) error {
				var n int
				var err error
				if add {
					n, err = e.Links.Put(s.ctx, link(member)...)
				} else {
					n, err = e.Links.Remove(s.ctx, member)
				}
				if err == nil && n == 0 {
					return scim.ErrUnchanged
				}
				e.Resource.Touch()
				return err
			})
			s.is(err, nil, "writers of one group wait for each other or run again")
			m[member] = add
		}
		models[w] = m
	})
	s.compare(groupRef("g"), models)
	for member, in := range models[0] {
		want := ""
		if in {
			want = "g"
		}
		s.same(s.found(scim.GroupType(), `members.value eq "`+member+`"`), want, "what is found by a member agrees")
	}
}

// leaverStorm: users join a group and are deleted while others do.
func (s *storeTest) leaverStorm() {
	s.group("g", "G")
	models := make([]model, 16)
	each(len(models), func(w int, random *rand.Rand) {
		m := model{}
		for i := range 8 {
			id := fmt.Sprintf("u%d-%d", w, i)
			s.is(s.try(id, id), nil, "a new user is kept")
			s.is(s.Update(s.ctx, groupRef("g"), func(e *scim.Entry) error {
				e.Resource.Touch()
				_, err := e.Links.Put(s.ctx, link(id)...)
				return err
			}), nil, "a member is added while others are")
			if m[id] = random.IntN(2) == 0; !m[id] {
				s.is(s.Delete(s.ctx, userRef(id), nil), nil, "a member is deleted while others are added")
			}
		}
		models[w] = m
	})
	s.compare(groupRef("g"), models)
}

// oneState: a reader sees a resource and its links of one moment.
func (s *storeTest) oneState() {
	s.group("g", "0", link("m")...)
	stop := make(chan struct{})
	var readers sync.WaitGroup
	var read atomic.Int64
	agree := func(r *scim.Resource, links int) {
		if name := r.Get("displayName").Text(); name != "0" && name != strconv.Itoa(links) {
			s.Errorf("the name says %s members and there are %d: the reader saw two states", name, links)
		}
		read.Add(1)
	}
	for range 4 {
		readers.Go(func() {
			for !s.Failed() {
				select {
				case <-stop:
					return
				default:
				}
				s.is(s.View(s.ctx, groupRef("g"), func(e *scim.Entry) error {
					links, err := gather(e.Links.All(s.ctx, ""))
					if err == nil {
						agree(e.Resource, len(links))
					}
					return err
				}), nil, "a resource can be viewed while it is written")
				page, err := s.List(s.ctx, &scim.Query{Type: scim.GroupType(), Start: 1, Count: 2, Links: true})
				s.is(err, nil, "a list can be read while it is written")
				for i := range page.Items {
					agree(page.Items[i].Resource, len(page.Items[i].Links))
				}
			}
		})
	}
	for i := range 60 {
		n := i%7 + 1
		s.is(s.Update(s.ctx, groupRef("g"), func(e *scim.Entry) error {
			have, err := gather(e.Links.All(s.ctx, ""))
			if err != nil {
				return err
			}
			for _, l := range have {
				if _, err := e.Links.Remove(s.ctx, l.Value); err != nil {
					return err
				}
			}
			for m := range n {
				if _, err := e.Links.Put(s.ctx, link(fmt.Sprintf("m%d-%d", i, m))...); err != nil {
					return err
				}
			}
			return e.Resource.Set("displayName", scim.String(strconv.Itoa(n)))
		}), nil, "a resource can be written while it is viewed")
	}
	close(stop)
	readers.Wait()
	s.Logf("%d states seen", read.Load())
}

// cursorStorm: who reads pages by cursor sees what stays once, while others make,
// change and delete what is between.
func (s *storeTest) cursorStorm() {
	var stays []string
	for i := range 60 {
		id := fmt.Sprintf("stays%02d", i)
		s.user(id, fmt.Sprintf("u%02d", i))
		s.user(fmt.Sprint("goes", i), fmt.Sprintf("u%02d-", i))
		stays = append(stays, id)
	}
	sort, err := scim.UserType().ParseSort("userName", false)
	s.ok(err, "the attribute has an order")
	stop := make(chan struct{})
	var writers sync.WaitGroup
	for w := range 4 {
		writers.Go(func() {
			for i := w; ; i += 4 {
				select {
				case <-stop:
					return
				default:
				}
				if i < 60 {
					s.is(s.Delete(s.ctx, userRef(fmt.Sprint("goes", i)), nil), nil, "a user can be deleted while others read")
					continue
				}
				id := fmt.Sprint("new", i)
				s.is(s.try(id, fmt.Sprintf("u%02d-%s", i%60, id)), nil, "a user can be made while others read")
				s.is(s.set(id, nil, "userName", fmt.Sprintf("u%02d+%s", i*7%60, id)), nil, "a user can be changed while others read")
				s.is(s.Delete(s.ctx, userRef(id), nil), nil, "a user can be deleted while others read")
			}
		})
	}
	for _, q := range []scim.Query{{Type: scim.UserType(), Count: 7}, {Type: scim.UserType(), Count: 7, Sort: sort}} {
		for range 5 {
			var seen []string
			for _, item := range s.walk(q, func(int) {}) {
				if id := item.Resource.ID(); strings.HasPrefix(id, "stays") {
					seen = append(seen, id)
				}
			}
			s.same(seen, stays, "what stays is on one page each, in its order: "+named(q))
		}
	}
	close(stop)
	writers.Wait()
}
