package provision

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zohoscim/zohoscim/mapping"
)

func TestPlan(t *testing.T) {
	f := newFixture(t, func(j *Job) { j.MaxDeletes = 2 })
	f.source.set(append(many(4), group("g", "1", "2"))...)
	f.cycle()
	gone := user("4", nil)
	gone.Deleted = HardDeleted
	f.source.set(user("1", mapping.Record{"jobTitle": "Lead"}), user("2", mapping.Record{"accountEnabled": false}), user("3", nil), gone,
		user("5", nil), group("g", "1", "5"))
	plan := func(want error) []string {
		t.Helper()
		var out []string
		f.events = nil
		f.zoho.Requests()
		_, err := f.engine.Plan(t.Context(), func(e *Event) {
			line := e.String()
			for _, p := range e.Properties() {
				if e.Action == Updated || e.Action == Disabled {
					line += " " + p.Path + ":" + string(p.Old) + ">" + string(p.New)
				}
			}
			out = append(out, line)
		})
		if !errors.Is(err, want) {
			t.Fatalf("plan: %v", err)
		}
		requests := f.requests()
		delete(requests, "GET")
		if len(requests) != 0 || len(f.events) != 0 {
			t.Errorf("a plan sent %v and told observers of %d events", requests, len(f.events))
		}
		slices.Sort(out)
		return out
	}
	want := []string{
		"Group g references: members",
		"User 1 update: title title:>\"Lead\"",
		"User 2 disable (disabled in the source): active active:true>false",
		"User 3 skip (RedundantExport)",
		"User 4 delete (deleted in the source)",
	}
	got := plan(nil)
	i := slices.IndexFunc(got, func(s string) bool { return len(s) > 14 && s[:14] == "User 5 create:" })
	if i < 0 {
		t.Fatalf("the new user is missing: %q", got)
	}
	if diff := cmp.Diff(want, slices.Delete(slices.Clone(got), i, i+1)); diff != "" {
		t.Errorf("plan:\n%s", diff)
	}
	if again := plan(nil); !slices.Equal(got, again) {
		t.Errorf("a plan changes nothing, so the next one is the same:\n%s", cmp.Diff(got, again))
	}
	f.job.MaxDeletes = 1
	f.restart()
	if got := plan(ErrTooManyDeletes); !slices.Contains(got, "User 4 stagedDelete (deleted in the source)") {
		t.Errorf("plan over the limit: %q", got)
	}
	f.job.MaxDeletes = 2
	f.restart()
	report, _ := f.cycle() // what was planned is done
	if report.Users.Created != 1 || report.Users.Updated != 1 || report.Users.Disabled != 1 || report.Users.Deleted != 1 || report.Groups.References != 1 {
		t.Errorf("%s", jsonOf(report))
	}
}

// The plan of a first cycle has the members of groups that are not there yet.
func TestPlanOfAFirstCycle(t *testing.T) {
	f := newFixture(t, nil)
	f.source.set(append(many(2), group("g", "1", "2"))...)
	counts := map[Action]int{}
	if _, err := f.engine.Plan(t.Context(), func(e *Event) {
		counts[e.Action]++
		if e.Action == References && e.Joined != 2 {
			t.Errorf("%d members", e.Joined)
		}
	}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[Action]int{Created: 3, References: 1}, counts); diff != "" {
		t.Error(diff)
	}
}
