package provision

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/google/go-cmp/cmp"

	"github.com/zohoscim/zohoscim/mapping"
	"github.com/zohoscim/zohoscim/scim"
)

// crashState is a state whose process dies at a write: before it, or after
// it. From then on nothing answers.
type crashState struct {
	State
	at    int
	after bool

	mu     sync.Mutex
	writes int
	dead   bool
}

var errCrash = errors.New("the process has died")

func (s *crashState) Get(ctx context.Context, table, key string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dead {
		return nil, errCrash
	}
	return s.State.Get(ctx, table, key)
}

func (s *crashState) Write(ctx context.Context, lease string, token uint64, rows map[string]map[string][]byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes++
	if s.writes == s.at && s.after {
		if err := s.State.Write(ctx, lease, token, rows); err != nil {
			return err
		}
	}
	if s.dead = s.dead || s.writes == s.at; s.dead {
		return errCrash
	}
	return s.State.Write(ctx, lease, token, rows)
}

// Lease is not given back by a dead process.
func (s *crashState) Lease(ctx context.Context, name string, token uint64, ttl time.Duration) (uint64, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dead {
		return 0, false, errCrash
	}
	return s.State.Lease(ctx, name, token, ttl)
}

// steps of the crash test: the source at each of them, and the target then.
var crashSteps = []struct {
	objects []Object
	users   []string
	members []string
}{
	{
		objects: append(many(20), group("a", "1", "2", "3"), group("b", "4", "gb"), group("gb", "5")),
		users:   nil, // filled by crashUsers
		members: []string{"user1@example.com", "user2@example.com", "user3@example.com"},
	},
	{
		objects: append(append(many(18)[2:], user("1", mapping.Record{"jobTitle": "Lead"}), user("21", nil)), group("a", "1", "3", "21"), group("b", "gb"), group("gb", "5", "6")),
		members: []string{"user1@example.com", "user21@example.com", "user3@example.com"},
	},
}

func crashUsers(step int) []string {
	var out []string
	for i := 1; i <= 20; i++ {
		switch {
		case step == 0 || i > 2 && i <= 18:
			out = append(out, fmt.Sprintf("user%d@example.com true", i))
		case i == 1:
			out = append(out, "user1@example.com true Lead")
		default:
			out = append(out, fmt.Sprintf("user%d@example.com false", i))
		}
	}
	if step == 1 {
		out = append(out, "user21@example.com true")
	}
	slices.Sort(out)
	return out
}

// A process that dies at any write of its state, before or after it is
// durable, leaves a state from which the next cycle comes to the same end.
func TestCrashAtEveryWrite(t *testing.T) {
	for step := range crashSteps {
		for _, after := range []bool{false, true} {
			for at, died := 1, true; died; at++ {
				died = crashOnce(t, step, at, after)
				if t.Failed() {
					t.Fatalf("step %d, write %d, after it: %t", step, at, after)
				}
				if !died {
					t.Logf("step %d: %d writes", step, at-1)
				}
			}
		}
	}
}

func crashOnce(t *testing.T, step, at int, after bool) (died bool) {
	f := newFixture(t, func(j *Job) { j.Workers = 2; j.MaxDeletes = 10 })
	for i := range step {
		f.source.set(crashSteps[i].objects...)
		f.cycle()
	}
	f.source.set(crashSteps[step].objects...)
	state := &crashState{State: f.state, at: at, after: after}
	engine, err := New(f.job, f.source, f.client, state, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = engine.Cycle(t.Context())
	if died = state.dead; died != (err != nil) {
		t.Fatalf("died %t: %v", died, err)
	}
	f.state.leases = nil // its time runs out
	f.restart()
	f.cycle()
	f.under.Wait()
	f.wantUsers(crashUsers(step)...)
	if diff := cmp.Diff(crashSteps[step].members, f.members("Group a")); diff != "" {
		t.Error(diff)
	}
	if step == 1 {
		if diff := cmp.Diff([]string{"user5@example.com", "user6@example.com"}, f.members("Group gb")); diff != "" {
			t.Error(diff)
		}
	}
	f.events = nil
	if _, requests := f.cycle(); len(requests) != 0 {
		t.Errorf("a cycle without changes sent %v", requests)
		for _, e := range f.events {
			if e.Action != Skipped {
				t.Log(e.String())
			}
		}
	}
	return died
}

// unreliable does what requests ask, and loses some of the answers.
func unreliable(percent int, random *rand.Rand) func(http.Handler) http.Handler {
	var mu sync.Mutex
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			n, kind := random.IntN(100), random.IntN(4)
			mu.Unlock()
			if n >= percent {
				h.ServeHTTP(w, r)
				return
			}
			switch kind {
			case 0:
				w.WriteHeader(http.StatusInternalServerError)
			case 1:
				panic(http.ErrAbortHandler) // not even done
			default:
				h.ServeHTTP(httptest.NewRecorder(), r)
				panic(http.ErrAbortHandler)
			}
		})
	}
}

// Whatever happens to the answers, no effect is doubled, and what is left
// undone is done by the next cycles.
func TestLostAnswersOfEveryKind(t *testing.T) {
	for _, percent := range []int{1, 10, 50} {
		t.Run(fmt.Sprint(percent), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFixture(t, func(j *Job) { j.MaxDeletes = 100 })
				f.source.set(crashSteps[0].objects...)
				f.breakWith(unreliable(percent, rand.New(rand.NewPCG(1, uint64(percent)))))
				_, _ = f.engine.Cycle(t.Context())
				f.source.set(crashSteps[1].objects...)
				_, _ = f.engine.Cycle(t.Context())
				f.breakWith(nil)
				time.Sleep(24 * time.Hour)
				f.cycle()
				f.cycle()
				if diff := cmp.Diff([]string{"user1@example.com", "user21@example.com", "user3@example.com"}, f.members("Group a")); diff != "" {
					t.Error(diff)
				}
				seen := map[string]bool{}
				for _, u := range f.users() {
					if seen[u] {
						t.Errorf("%s is doubled", u)
					}
					seen[u] = true
				}
				for _, want := range crashUsers(1) {
					// Who was never created before leaving is not created.
					if !seen[want] && want != "user2@example.com false" && want != "user19@example.com false" && want != "user20@example.com false" {
						t.Errorf("%s is lost", want)
					}
				}
				if _, requests := f.cycle(); len(requests) != 0 {
					t.Errorf("a cycle without changes sent %v", requests)
				}
				f.client.CloseIdleConnections()
			})
		})
	}
}

// From any target and any source, with any failures in the first cycle, two
// clean cycles come to what the source says, and a third one sends nothing.
func TestConverge(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		delta := rapid.Bool().Draw(rt, "delta")
		worlds := make([][]Object, 2)
		for i := range worlds {
			worlds[i] = drawWorld(rt, fmt.Sprint(i))
		}
		percent := rapid.IntRange(0, 60).Draw(rt, "percent")
		seed := rapid.Uint64().Draw(rt, "seed")
		synctest.Test(t, func(t *testing.T) { converge(t, rt, worlds, delta, percent, seed) })
	})
}

func drawWorld(rt *rapid.T, name string) []Object {
	var out []Object
	var keys []string
	for i := range 8 {
		key := fmt.Sprint(i + 1)
		switch rapid.IntRange(0, 5).Draw(rt, name+"user"+key) {
		case 0: // not there
		case 1:
			out = append(out, user(key, mapping.Record{"accountEnabled": false}))
		case 2:
			out = append(out, user(key, mapping.Record{"jobTitle": "Lead " + name}))
		default:
			out = append(out, user(key, nil))
		}
		keys = append(keys, key)
	}
	out = append(out, user("always", nil))
	for _, g := range []string{"g1", "g2"} {
		members := rapid.SliceOfDistinct(rapid.SampledFrom(append(keys, "always")), rapid.ID[string]).Draw(rt, name+g)
		out = append(out, group(g, members...))
	}
	return out
}

func converge(t *testing.T, rt *rapid.T, worlds [][]Object, delta bool, percent int, seed uint64) {
	f := newFixture(t, func(j *Job) { j.MaxDeletes = 100; j.MaxDeletesPerDay = 1000 })
	f.source.delta, f.source.next = delta, "c"
	f.breakWith(unreliable(percent, rand.New(rand.NewPCG(1, seed))))
	f.source.set(worlds[0]...)
	_, _ = f.engine.Cycle(t.Context())
	time.Sleep(time.Hour)
	if delta { // what is gone must be said, and what did not change is not
		f.source.set(deltaOf(worlds[0], worlds[1])...)
	} else {
		f.source.set(worlds[1]...)
	}
	_, _ = f.engine.Cycle(t.Context())
	f.breakWith(nil)
	for range 2 {
		time.Sleep(24 * time.Hour)
		if _, err := f.engine.Cycle(t.Context()); err != nil {
			rt.Fatalf("a clean cycle: %v", err)
		}
		if delta {
			f.source.set()
		}
	}
	checkConverged(t, rt, f, worlds[1])
	f.zoho.Requests()
	if _, err := f.engine.Cycle(t.Context()); err != nil {
		rt.Fatal(err)
	}
	if requests := f.requests(); len(requests) != 0 {
		rt.Errorf("the third cycle sent %v", requests)
	}
	f.client.CloseIdleConnections()
}

// deltaOf returns the changes from one world to the next. A cycle that failed
// reads them again, so that all of the new world is a delta too.
func deltaOf(before, after []Object) []Object {
	out := slices.Clone(after)
	for _, obj := range before {
		if !slices.ContainsFunc(after, func(o Object) bool { return o.Type == obj.Type && o.Key == obj.Key }) {
			obj.Deleted = SoftDeleted
			out = append(out, obj)
		}
	}
	return out
}

func checkConverged(t *testing.T, rt *rapid.T, f *fixture, world []Object) {
	accounts := map[string]*scim.Resource{}
	users, err := f.zoho.Users(t.Context())
	if err != nil {
		rt.Fatal(err)
	}
	for _, u := range users {
		name := u.Get("userName").Text()
		if accounts[name] != nil {
			rt.Errorf("%s is doubled", name)
		}
		accounts[name] = u
	}
	active := map[string]bool{}
	for _, obj := range world {
		if obj.Type != User {
			continue
		}
		name, _ := obj.Record["userPrincipalName"].(string)
		enabled := obj.Record["accountEnabled"] == true
		u := accounts[name]
		if u == nil {
			if enabled {
				rt.Errorf("%s is lost", name)
			}
			continue
		}
		active[name] = true
		if u.Get("active").Bool() != enabled {
			rt.Errorf("%s: active is %t", name, u.Get("active").Bool())
		}
		if title, _ := obj.Record["jobTitle"].(string); enabled && title != "" && u.Get("title").Text() != title {
			rt.Errorf("%s has the wrong title", name)
		}
	}
	for name, u := range accounts {
		if !active[name] && u.Get("active").Bool() {
			rt.Errorf("%s should be disabled", name)
		}
	}
	for _, obj := range world {
		if obj.Type != Group {
			continue
		}
		var want []string
		for _, key := range obj.Members {
			if name := "user" + key + "@example.com"; accounts[name] != nil {
				want = append(want, name)
			}
		}
		slices.Sort(want)
		if diff := cmp.Diff(want, f.members("Group "+obj.Key)); diff != "" {
			rt.Errorf("%s:\n%s", obj.Key, diff)
		}
	}
}
