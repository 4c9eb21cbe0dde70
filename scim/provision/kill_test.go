package provision

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zohoscim/zohoscim/scim"
)

var (
	killPoints = flag.Int("points", 4, "how often TestKill9 kills a cycle")
	killUsers  = flag.Int("killusers", 500, "users of TestKill9; 10000 in full")
)

// A cycle that is killed at any instant, again and again, also while it takes
// up what another left, loses and doubles nothing.
func TestKill9(t *testing.T) {
	var requests, posts atomic.Int64
	url, _ := newTarget(t, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			requests.Add(1)
			if r.Method == http.MethodPost {
				posts.Add(1)
			}
			h.ServeHTTP(w, r)
		})
	})
	w := &world{URL: url, State: filepath.Join(t.TempDir(), "state.db"), Users: *killUsers, Groups: max(1, *killUsers/50), Members: 10, Workers: 8}
	total := int64(w.Users + 2*w.Groups) // requests of an undisturbed first cycle into an empty target
	random := rand.New(rand.NewPCG(1, 2))
	kills := 0
	for round := range *killPoints {
		w.Title = fmt.Sprint("Title ", round/4) // so that there are updates to kill, too
		// The kill is at a number of requests, and a random time after it.
		at := requests.Load() + 1 + random.Int64N(max(2, 2*total/int64(*killPoints)))
		cmd, _ := w.child(t)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- cmd.Wait() }()
		running := true
		for running && requests.Load() < at {
			select {
			case <-done:
				running = false
			case <-time.After(time.Millisecond):
			}
		}
		if !running {
			continue // it was faster
		}
		time.Sleep(time.Duration(random.IntN(3000)) * time.Microsecond)
		_ = cmd.Process.Kill()
		kills++
		<-done
		expireLease(t, w.State)
	}
	w.run(t)
	checkWorld(t, w)
	quiet := requests.Load()
	if report := w.run(t).Report; report.Writes != 0 || requests.Load() != quiet {
		t.Errorf("a cycle without changes sent %d requests", requests.Load()-quiet)
	}
	repeated := posts.Load() - int64(w.Users+w.Groups)
	t.Logf("%d kills, %d requests, %d creates repeated", kills, quiet, repeated)
	if inFlight := int64(*killPoints * w.Workers); repeated > inFlight+total/100 {
		t.Errorf("%d creates were repeated, %d could have been under way", repeated, inFlight)
	}
}

// expireLease lets the lease of a killed process end at once.
func expireLease(t *testing.T, path string) {
	t.Helper()
	s, err := newFileState(path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.db.Exec(`UPDATE leases SET until = 0`)
	if err := errors.Join(err, s.db.Close()); err != nil {
		t.Fatal(err)
	}
}

// checkWorld compares the target with the world: no one is lost, doubled or
// wrong.
func checkWorld(t *testing.T, w *world) {
	t.Helper()
	client, err := scim.NewClient(w.URL, scim.BearerToken(scim.NewSecret(testToken)), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer client.CloseIdleConnections()
	names := map[string]string{} // id -> user name
	have := map[string]bool{}
	for u, err := range client.Users().All(t.Context(), &scim.ListOptions{Count: 500}) {
		if err != nil {
			t.Fatal(err)
		}
		if have[u.UserName] {
			t.Errorf("%s is doubled", u.UserName)
		}
		have[u.UserName], names[u.ID] = true, u.UserName
		if u.Title != w.Title || u.Active == nil || !*u.Active {
			t.Errorf("%s is wrong", u.UserName)
		}
	}
	for i := range w.Users {
		if name := w.key(i) + "@example.com"; !have[name] {
			t.Errorf("%s is lost", name)
		}
	}
	if len(have) != w.Users {
		t.Errorf("%d users, want %d", len(have), w.Users)
	}
	groups := map[string]string{}
	for g, err := range client.Groups().All(t.Context(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		if _, twice := groups[g.DisplayName]; twice {
			t.Errorf("%s is doubled", g.DisplayName)
		}
		var members []string
		for _, m := range g.Members {
			members = append(members, names[m.Value])
		}
		slices.Sort(members)
		groups[g.DisplayName] = strings.Join(members, " ")
	}
	for g := range w.Groups {
		obj := w.group(g)
		var want []string
		for _, key := range obj.Members {
			want = append(want, key+"@example.com")
		}
		slices.Sort(want)
		want = slices.Compact(want)
		if got := groups[obj.Key]; got != strings.Join(want, " ") {
			t.Errorf("%s has %q, want %q", obj.Key, got, want)
		}
	}
	if len(groups) != w.Groups {
		t.Errorf("%d groups, want %d", len(groups), w.Groups)
	}
}

// jsonOf is for messages.
func jsonOf(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(err)
	}
	return string(b)
}
