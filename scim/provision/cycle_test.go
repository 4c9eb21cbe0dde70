package provision

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zohoscim/zohoscim/mapping"
	"github.com/zohoscim/zohoscim/scim"
)

func TestCycles(t *testing.T) {
	f := newFixture(t, func(j *Job) {
		j.Users = mapping.ZohoOneUser().With(mapping.Fixed(`addresses[type eq "work"].formatted`, "本社"))
	})
	f.source.set(append(many(3), user("4", mapping.Record{"accountEnabled": false}), group("g", "1", "2"))...)
	report, requests := f.cycle()
	if diff := cmp.Diff(map[string]int{"GET": 3, "POST": 4, "PATCH": 1}, requests); diff != "" {
		t.Errorf("initial cycle: the target is empty, so three users and a group are made, members in one PATCH, one question whether there is PATCH:\n%s", diff)
	}
	if !report.Initial || report.Users.Created != 3 || report.Users.Skipped != 1 || report.Groups.Created != 1 || report.Groups.References != 1 {
		t.Errorf("initial report: %+v", report)
	}
	f.wantUsers("user1@example.com true", "user2@example.com true", "user3@example.com true")
	users, _ := f.zoho.Users(t.Context())
	for _, u := range users {
		if got := u.Get(`addresses[type eq "work"].formatted`).Text(); got != "本社" {
			t.Errorf("%s: fixed work location is %q", u.ID(), got)
		}
	}

	report, requests = f.cycle()
	if len(requests) != 0 || report.Users.Skipped != 4 || report.Groups.Skipped != 1 || report.Initial {
		t.Errorf("nothing changed, so nothing is sent: %v, %+v", requests, report)
	}

	f.source.set(user("1", mapping.Record{"jobTitle": "Lead"}), user("2", mapping.Record{"accountEnabled": false}),
		user("4", nil), user("5", mapping.Record{"userPrincipalName": "new5@example.com"}), group("g", "1", "4"))
	report, requests = f.cycle()
	if diff := cmp.Diff(map[string]int{"GET": 2, "POST": 2, "PATCH": 5}, requests); diff != "" {
		t.Errorf("one update, two disables, one member in and one out, two creates:\n%s", diff)
	}
	if report.Users.Disabled != 2 || report.Users.Updated != 1 || report.Users.Created != 2 {
		t.Errorf("report: %+v", report.Users)
	}
	f.wantUsers("new5@example.com true", "user1@example.com true Lead", "user2@example.com false", "user3@example.com false", "user4@example.com true")
	if got := f.members("Group g"); !slices.Equal(got, []string{"user1@example.com", "user4@example.com"}) {
		t.Errorf("members: %v", got)
	}

	f.source.set(append(many(4), user("5", mapping.Record{"userPrincipalName": "new5@example.com"}), group("g", "1", "4"))...)
	f.cycle()
	f.wantUsers("new5@example.com true", "user1@example.com true Lead", "user2@example.com true", "user3@example.com true", "user4@example.com true")
}

func TestDeletes(t *testing.T) {
	f := newFixture(t, nil)
	f.source.set(many(3)...)
	f.cycle()
	gone := user("1", nil)
	gone.Deleted = HardDeleted
	soft := user("2", nil)
	soft.Deleted = SoftDeleted
	f.source.set(gone, soft, user("3", nil))
	report, requests := f.cycle()
	if requests["DELETE"] != 1 || requests["PATCH"] != 1 || report.Users.Deleted != 1 || report.Users.Disabled != 1 {
		t.Errorf("%v %+v", requests, report.Users)
	}
	f.wantUsers("user2@example.com false", "user3@example.com true")
	if report, requests = f.cycle(); len(requests) != 0 {
		t.Errorf("deprovisioning happens once: %v %+v", requests, report.Users)
	}
}

func TestBrokenSourceTakesNoOneAway(t *testing.T) {
	for _, tt := range []struct {
		reason string
		broken func(*testSource)
		want   error
	}{
		{"an error in the middle", func(s *testSource) { s.objects, s.err = s.objects[:5], errors.New("connection lost") }, ErrSourceFailed},
		{"an error at once", func(s *testSource) { s.objects, s.err = nil, errors.New("connection refused") }, ErrSourceFailed},
		{"an empty answer", func(s *testSource) { s.objects = nil }, ErrSourceFailed},
		{"no sequence", func(s *testSource) { s.nothing = true }, ErrSourceFailed},
		{"no end mark", func(s *testSource) { s.objects, s.endErr = s.objects[:28], errors.New("cut short") }, ErrSourceFailed},
		{"one more than the limit missing", func(s *testSource) { s.objects = s.objects[:26] }, ErrTooManyDeletes},
		{"everyone soft-deleted", func(s *testSource) {
			for i := range s.objects {
				s.objects[i].Deleted = SoftDeleted
			}
		}, ErrTooManyDeletes},
		{"only groups", func(s *testSource) { s.objects = []Object{group("g")} }, ErrSourceFailed},
		{"half of it missing", func(s *testSource) { s.objects = s.objects[:15] }, ErrTooManyDeletes},
		{"everyone disabled", func(s *testSource) {
			for i := range s.objects {
				s.objects[i].Record["accountEnabled"] = false
			}
		}, ErrTooManyDeletes},
		{"everyone deleted for good", func(s *testSource) {
			for i := range s.objects {
				s.objects[i].Deleted = HardDeleted
			}
		}, ErrTooManyDeletes},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			f := newFixture(t, nil)
			f.source.set(many(30)...)
			f.cycle()
			before := f.users()
			tt.broken(f.source)
			_, requests := f.fails(tt.want)
			if requests["PATCH"]+requests["DELETE"] != 0 {
				t.Errorf("sent %v", requests)
			}
			f.wantUsers(before...)
		})
	}
}

func TestDeleteLimit(t *testing.T) {
	f := newFixture(t, nil)
	f.source.set(many(40)...)
	f.cycle()
	f.source.set(many(36)...)
	if report, _ := f.cycle(); report.Users.Disabled != 4 {
		t.Errorf("four of forty are within a tenth: %+v", report.Users)
	}
	f.source.set(many(30)...)
	if report, _ := f.fails(ErrTooManyDeletes); report.Users.Staged != 6 {
		t.Errorf("six of thirty-six are listed and not done: %+v", report.Users)
	}
	f.job.MaxDeletes = 6
	f.restart()
	if report, _ := f.cycle(); report.Users.Disabled != 6 {
		t.Errorf("the limit was raised: %+v", report.Users)
	}
}

func TestExistingAccounts(t *testing.T) {
	put := func(f *fixture) {
		if _, err := f.client.Users().Create(t.Context(), &scim.User{UserName: "USER1@example.com", Title: "Old"}); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("are left alone by default", func(t *testing.T) {
		f := newFixture(t, nil)
		put(f)
		f.source.set(many(2)...)
		report, requests := f.fails(ErrConflict)
		if requests["PATCH"] != 0 || report.Users.Created != 1 || report.Users.Failed != 1 {
			t.Errorf("%v %+v", requests, report.Users)
		}
		if text := report.Failures[0].Err.Error(); !strings.Contains(text, "adopt") || strings.Contains(text, "@example.com") {
			t.Errorf("the error names the option and no value: %s", text)
		}
	})
	t.Run("are linked and updated if the job says so", func(t *testing.T) {
		f := newFixture(t, func(j *Job) { j.Adopt = AdoptMatching })
		put(f)
		f.source.set(user("1", mapping.Record{"jobTitle": "Lead"}))
		report, requests := f.cycle()
		if requests["POST"] != 0 || requests["PATCH"] != 1 || report.Users.Updated != 1 {
			t.Errorf("%v %+v", requests, report.Users)
		}
		f.wantUsers("user1@example.com true Lead")
	})
	t.Run("are not linked to two objects", func(t *testing.T) {
		f := newFixture(t, func(j *Job) { j.Adopt = AdoptMatching })
		f.source.set(user("1", nil), user("2", mapping.Record{"userPrincipalName": "user1@example.com"}))
		report, err := f.engine.Cycle(t.Context())
		if err == nil || report.Users.Failed != 1 || len(f.users()) != 1 {
			t.Errorf("%v %+v", err, report.Users)
		}
	})
}

func TestObjectFailures(t *testing.T) {
	f := newFixture(t, nil)
	f.source.set(user("1", mapping.Record{"userPrincipalName": ""}), user("2", nil), user("2", nil), user("", nil))
	report, err := f.engine.Cycle(t.Context())
	if err == nil || report.Users.Created != 1 || report.Users.Failed != 3 {
		t.Fatalf("%v %+v", err, report.Users)
	}
	var codes []string
	for _, e := range report.Failures {
		var pe *Error
		if !errors.As(e.Err, &pe) {
			t.Fatalf("%v", e.Err)
		}
		codes = append(codes, string(pe.Code))
	}
	slices.Sort(codes)
	if diff := cmp.Diff([]string{"DuplicateSourceEntries", "ImportSkipped", "ImportSkipped"}, codes); diff != "" {
		t.Error(diff)
	}
}

func TestDuplicatesAtTheTarget(t *testing.T) {
	f := newFixture(t, func(j *Job) {
		j.Users = mapping.ZohoOneUser().With(mapping.Direct("userPrincipalName", "userName"), mapping.Direct("mailNickname", "externalId").Match(1))
	})
	for _, name := range []string{"a", "b"} {
		if _, err := f.client.Users().Create(t.Context(), &scim.User{UserName: name, ExternalID: "user1"}); err != nil {
			t.Fatal(err)
		}
	}
	f.source.set(user("1", nil))
	f.fails(&Error{Code: CodeDuplicateTarget})
	f.wantUsers("a true", "b true")
}

// dropAnswer lets the service do what the first requests of a method ask and
// then loses the connection.
func dropAnswer(method string, n int32) func(http.Handler) http.Handler {
	var left atomic.Int32
	left.Store(n)
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == method && left.Add(-1) >= 0 {
				h.ServeHTTP(httptest.NewRecorder(), r)
				panic(http.ErrAbortHandler)
			}
			h.ServeHTTP(w, r)
		})
	}
}

func TestLostAnswers(t *testing.T) {
	f := newFixture(t, nil)
	f.source.set(many(5)...)
	f.breakWith(dropAnswer(http.MethodPost, 3))
	if report, _ := f.cycle(); report.Users.Created != 5 {
		t.Errorf("%+v", report.Users)
	}
	if got := f.users(); len(got) != 5 {
		t.Errorf("an account was doubled: %v", got)
	}
	if _, requests := f.cycle(); len(requests) != 0 {
		t.Errorf("everyone is linked: %v", requests)
	}
}

func TestIntentSurvives(t *testing.T) {
	f := newFixture(t, nil)
	f.source.set(user("1", mapping.Record{"jobTitle": "Lead"}))
	// The process died between the service's commit and our note of it.
	if _, err := f.client.Users().Create(t.Context(), &scim.User{UserName: "user1@example.com"}); err != nil {
		t.Fatal(err)
	}
	j := newJournal(f.state, f.job.Name)
	var c change
	if err := c.setLink(User, "1", &link{Intent: true}, false); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(j.keep(t.Context(), c), j.sync(t.Context())); err != nil {
		t.Fatal(err)
	}
	if report, requests := f.cycle(); requests["POST"] != 0 || report.Users.Updated != 1 {
		t.Errorf("the account is ours: %v %+v", requests, report.Users)
	}
	f.wantUsers("user1@example.com true Lead")
}

func TestGoneAtTheTarget(t *testing.T) {
	f := newFixture(t, nil)
	f.source.set(many(2)...)
	f.cycle()
	if err := f.client.Users().Delete(t.Context(), f.link(User, "1").ID, nil); err != nil {
		t.Fatal(err)
	}
	f.source.set(user("1", mapping.Record{"jobTitle": "Lead"}), user("2", nil))
	f.cycle()
	f.wantUsers("user1@example.com true Lead", "user2@example.com true")
}

func TestRefusedCredentialEndsTheCycle(t *testing.T) {
	f := newFixture(t, nil)
	f.source.set(many(200)...)
	f.breakWith(func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	})
	report, err := f.engine.Cycle(t.Context())
	if !errors.Is(err, ErrInvalidCredentials) || !strings.Contains(err.Error(), "organization owner or an organization admin") {
		t.Errorf("got %v", err)
	}
	if report.Users.Failed > perWorker*4 { // those that were under way
		t.Errorf("%d objects were tried after the refusal", report.Users.Failed)
	}
}

func TestCancel(t *testing.T) {
	f := newFixture(t, nil)
	f.source.set(many(100)...)
	ctx, cancel := context.WithCancel(t.Context())
	var seen atomic.Int32
	f.breakWith(func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if seen.Add(1) == 20 {
				cancel()
			}
			h.ServeHTTP(w, r)
		})
	})
	if _, err := f.engine.Cycle(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	f.breakWith(nil)
	f.cycle()
	if got := len(f.users()); got != 100 {
		t.Errorf("%d users after the next cycle", got)
	}
}

func TestLateReferences(t *testing.T) {
	f := newFixture(t, nil)
	// The group comes before its member group, and that before its users.
	f.source.set(group("outer", "inner", "2"), group("inner", "1"), user("1", nil), user("2", nil))
	f.cycle()
	if got := f.members("Group outer"); !slices.Equal(got, []string{"Group inner", "user2@example.com"}) {
		t.Errorf("outer has %v", got)
	}
	if got := f.members("Group inner"); !slices.Equal(got, []string{"user1@example.com"}) {
		t.Errorf("inner has %v", got)
	}
	if _, requests := f.cycle(); len(requests) != 0 {
		t.Errorf("all references are set: %v", requests)
	}
	// A member that is not provisioned yet is set when it is.
	f.source.set(group("outer", "inner", "2", "3"), group("inner", "1"), user("1", nil), user("2", nil))
	f.cycle()
	f.source.set(append(f.source.objects, user("3", nil))...)
	f.cycle()
	if got := f.members("Group outer"); !slices.Contains(got, "user3@example.com") {
		t.Errorf("outer has %v", got)
	}
}

func TestWatermark(t *testing.T) {
	f := newFixture(t, nil)
	f.source.delta, f.source.next = true, "c1"
	f.source.set(many(3)...)
	f.cycle()
	f.source.set() // no change
	f.source.next = "c2"
	if report, requests := f.cycle(); len(requests) != 0 || report.Users.Disabled != 0 {
		t.Errorf("a delta without changes takes no one away: %v", requests)
	}
	f.source.set(user("9", mapping.Record{"userPrincipalName": ""}))
	f.source.next = "c3"
	f.fails(&Error{Code: CodeImportSkipped})
	f.source.set()
	f.cycle()
	f.job.Users = mapping.ZohoOneUser().With(mapping.Fixed("title", "Everyone"))
	f.restart()
	f.source.set(many(3)...)
	f.cycle()
	if diff := cmp.Diff([]string{"", "c1", "c2", "c3", ""}, f.source.cursors); diff != "" {
		t.Errorf("cursors: the failed object is in escrow, a changed mapping reads everything:\n%s", diff)
	}
	f.wantUsers("user1@example.com true Everyone", "user2@example.com true Everyone", "user3@example.com true Everyone")
}

func TestOutOfScope(t *testing.T) {
	scope := mapping.Scope{{Clauses: []mapping.Clause{{Attribute: "department", Operator: mapping.Equals, Value: "IT"}}}}
	for _, leaveAlone := range []bool{false, true} {
		f := newFixture(t, func(j *Job) {
			j.Users = mapping.ZohoOneUser()
			j.Users.Scope = scope
			j.SkipOutOfScopeDeletions = leaveAlone
		})
		f.source.set(user("1", mapping.Record{"department": "IT"}), user("2", mapping.Record{"department": "HR"}))
		f.cycle()
		f.wantUsers("user1@example.com true")
		f.source.set(user("1", mapping.Record{"department": "HR"}), user("2", nil))
		f.cycle()
		if leaveAlone {
			f.wantUsers("user1@example.com true")
		} else {
			f.wantUsers("user1@example.com false")
		}
	}
}

func TestEventsHoldNoValues(t *testing.T) {
	const canary = "canary-value"
	f := newFixture(t, nil)
	f.source.set(user("1", mapping.Record{"jobTitle": canary, "mail": canary + "@example.com"}), user("2", mapping.Record{"userPrincipalName": "", "displayName": canary}))
	_, err := f.engine.Cycle(t.Context())
	if err == nil || strings.Contains(err.Error(), canary) {
		t.Errorf("error: %v", err)
	}
	for _, e := range f.events {
		if strings.Contains(e.String(), canary) {
			t.Errorf("event: %s", e.String())
		}
	}
}

func TestTimeAndUniqueValues(t *testing.T) {
	f := newFixture(t, func(j *Job) {
		j.Users = mapping.ZohoOneUser().With(
			mapping.Expression("displayName", `SelectUniqueValue([givenName], Append([givenName], "2"), Append([givenName], "3"))`).CreateOnly(),
			mapping.Expression("title", `Guid()`).CreateOnly(),
		)
		j.Workers = 1
	})
	same := mapping.Record{"givenName": "Same"}
	f.source.set(user("1", same), user("2", same), user("3", same), user("4", same))
	report, err := f.engine.Cycle(t.Context())
	if !errors.Is(err, ErrConflict) || report.Users.Created != 3 || report.Users.Failed != 1 {
		t.Fatalf("%v %+v", err, report.Users)
	}
	users, err := f.zoho.Users(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	titles := map[string]bool{}
	for _, u := range users {
		names = append(names, u.Get("displayName").Text())
		titles[u.Get("title").Text()] = true
	}
	if diff := cmp.Diff([]string{"Same", "Same2", "Same3"}, names); diff != "" || len(titles) != 3 {
		t.Errorf("%v %s", titles, diff)
	}
}
