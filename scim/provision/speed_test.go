package provision

import (
	"context"
	"flag"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zohoscim/zohoscim/mapping"
	"github.com/zohoscim/zohoscim/scim"
)

var (
	speedUsers  = flag.Int("users", 500, "users of TestInitialSpeed; 100000 in full")
	speedLinked = flag.Int("linked", 1000, "linked users of TestIncrementalSpeed; 1000000 in full")
	speedCheck  = flag.Bool("speed", false, "refuse figures that are worse than promised")
)

// The first cycle is compared with a loop that looks each user up and creates
// it, with as many workers, against the same kind of server in the same run.
func TestInitialSpeed(t *testing.T) {
	for _, state := range []string{"", filepath.Join(t.TempDir(), "state.db")} {
		w := &world{State: state, Users: *speedUsers, Groups: *speedUsers / 100, Members: 10, Workers: 8}
		loop := bareLoop(t, w)
		w.URL, _ = newTarget(t, nil)
		result := w.run(t)
		checkCounts(t, w, result.Report)
		ratio := loop.Seconds() / result.Seconds
		t.Logf("state file %t: %d users and %d groups in %.1f s, the bare loop in %.1f s: ratio %.2f; peak memory %.0f MB; %d look-ups, %d writes",
			state != "", w.Users, w.Groups, result.Seconds, loop.Seconds(), ratio, result.PeakMB, result.Report.Lookups, result.Report.Writes)
		if *speedCheck && (ratio < 0.7 || result.PeakMB > 200 && state != "") {
			t.Errorf("ratio %.2f, peak memory %.0f MB", ratio, result.PeakMB)
		}
	}
}

func checkCounts(t *testing.T, w *world, r *Report) {
	t.Helper()
	if r.Users.Created != w.Users || r.Groups.Created != w.Groups || r.Groups.References != w.Groups {
		t.Fatalf("the report is %s", jsonOf(r))
	}
}

// bareLoop creates a world's users without an engine.
func bareLoop(t *testing.T, w *world) time.Duration {
	t.Helper()
	url, _ := newTarget(t, nil)
	client, err := scim.NewClient(url, scim.BearerToken(scim.NewSecret(testToken)), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer client.CloseIdleConnections()
	m := mapping.ZohoOneUser()
	typ, err := m.ResourceType()
	if err != nil {
		t.Fatal(err)
	}
	compiled, err := mapping.Compile(m, typ)
	if err != nil {
		t.Fatal(err)
	}
	endpoint := client.Resources(typ)
	var next atomic.Int64
	var wg sync.WaitGroup
	began := time.Now()
	for range w.Workers {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < w.Users; i = int(next.Add(1)) - 1 {
				if err := lookAndPost(t.Context(), endpoint, compiled, w.user(i, "")); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	return time.Since(began)
}

func lookAndPost(ctx context.Context, endpoint *scim.Endpoint[*scim.Resource], m *mapping.Compiled, obj Object) error {
	want, err := m.Map(record(obj, false), mapping.Create)
	if err != nil {
		return err
	}
	name := want.Resource.Get("userName").Text()
	if _, err := endpoint.List(ctx, &scim.ListOptions{Filter: scim.FilterEq("userName", name)}); err != nil {
		return err
	}
	_, err = endpoint.Create(ctx, want.Resource)
	return err
}

// A cycle with 100 changes costs the same among any number of users.
func TestIncrementalSpeed(t *testing.T) {
	incremental := func(users int) *childResult {
		url, _ := newTarget(t, nil)
		w := &world{URL: url, State: filepath.Join(t.TempDir(), "state.db"), Users: users, Delta: 100, Workers: 8}
		client, err := scim.NewClient(url, scim.BearerToken(scim.NewSecret(testToken)), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer client.CloseIdleConnections()
		for i := range w.Delta { // only those that change have to be there
			u, err := client.Users().Create(t.Context(), &scim.User{UserName: w.key(i*users/w.Delta) + "@example.com"})
			if err != nil {
				t.Fatal(err)
			}
			w.Linked = append(w.Linked, u.ID)
		}
		result := w.run(t)
		r := result.Report
		t.Logf("%d changes among %d users in %.3f s: %d look-ups, %d writes, peak memory %.0f MB", w.Delta, users, result.Seconds, r.Lookups, r.Writes, result.PeakMB)
		if r.Users.Updated != w.Delta || r.Writes > w.Delta+10 || r.Lookups > w.Delta+10 {
			t.Errorf("the report is %s", jsonOf(r))
		}
		return result
	}
	few, many := incremental(min(10000, *speedLinked)), incremental(*speedLinked)
	if *speedCheck && (many.Seconds > 1.5*few.Seconds || many.PeakMB > 200) {
		t.Errorf("%.3f s and %.0f MB with many, %.3f s with few", many.Seconds, many.PeakMB, few.Seconds)
	}
}
