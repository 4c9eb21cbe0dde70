package directory

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zohoscim/zohoscim/scim"
)

var errCrash = errors.New("the process ended here")

// newServiceWorld is a directory over a service behind an API.
func newServiceWorld(t *testing.T, settings *Settings, o Options) (*world, *service) {
	t.Helper()
	s := newService()
	o.CallTimeout = time.Nanosecond // what is not finished is taken for interrupted
	return newWorld(t, bases[0], settings, o, s), s
}

// TestInterrupted: a change whose call was not made, or whose answer was lost,
// is finished by the next request, or by Recover after a restart, and has
// the effect of one.
func TestInterrupted(t *testing.T) {
	user := entraUser("user1@example.com", "user1@example.com", true)
	for _, tt := range []struct {
		reason, call string
		do           func(w *world, id string) int
		want         string
		made         int
	}{
		{"a creation", "create", func(w *world, _ string) int { return w.ask(http.MethodPost, "/Users", user).status }, "user1@example.com active=true", 1},
		{"a deactivation", "update", func(w *world, id string) int {
			return w.ask(http.MethodPatch, "/Users/"+id, patch("Replace", "active", `"False"`)).status
		}, "user1@example.com active=false", 1},
		{"a deletion", "delete", func(w *world, id string) int { return w.ask(http.MethodDelete, "/Users/"+id, "").status }, "none", 1},
	} {
		for _, lost := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, answer lost %t", tt.reason, lost), func(t *testing.T) {
				w, s := newServiceWorld(t, &Settings{StatusSync: StatusSync{OnDelete: Delete}}, Options{})
				id := ""
				if tt.call != "create" {
					id = w.must(http.StatusCreated, http.MethodPost, "/Users", user).id()
				}
				crash := func(call string, _ *Account) error {
					if call == tt.call {
						return errCrash
					}
					return nil
				}
				if s.before = crash; lost {
					s.before, s.after = nil, crash
				}
				if status := tt.do(w, id); status != http.StatusServiceUnavailable {
					t.Errorf("status %d, want 503: the sender has to come again", status)
				}
				s.before, s.after = nil, nil
				w.serve(s, &Settings{StatusSync: StatusSync{OnDelete: Delete}}, Options{CallTimeout: time.Nanosecond})
				if err := w.d.Recover(t.Context()); err != nil {
					t.Fatal(err)
				}
				if got := s.state("1"); got != tt.want || s.made != tt.made {
					t.Errorf("the account is %q of %d made, want %q of %d", got, s.made, tt.want, tt.made)
				}
				if n := w.value("SELECT COUNT(*) FROM scim_directory_accounts WHERE pending IS NOT NULL"); n != "0" {
					t.Errorf("%s changes are not finished", n)
				}
			})
		}
	}
}

// TestRefused: what the service refuses is taken back, and the sender hears
// why.
func TestRefused(t *testing.T) {
	w, s := newServiceWorld(t, &Settings{}, Options{})
	s.before = func(string, *Account) error { return scim.NewError(scim.KindForbidden, "no licence is left", nil) }
	if a := w.ask(http.MethodPost, "/Users", entraUser("user1@example.com", "", true)); a.status != http.StatusForbidden || a.body["detail"] != "no licence is left" {
		t.Errorf("status %d, %v", a.status, a.body["detail"])
	}
	if a := w.must(http.StatusOK, http.MethodGet, "/Users", ""); a.body["totalResults"] != 0.0 {
		t.Error("the user is there without an account")
	}
	s.before = nil
	id := w.create("user1@example.com", "user1@example.com")
	s.before = func(string, *Account) error { return scim.NewError(scim.KindInvalidValue, "the name is too long", nil) }
	before := w.must(http.StatusOK, http.MethodGet, "/Users/"+id, "")
	w.must(http.StatusBadRequest, http.MethodPatch, "/Users/"+id, patch("Replace", "userName", `"user2@example.com"`))
	after := w.must(http.StatusOK, http.MethodGet, "/Users/"+id, "")
	delete(before.body, "meta")
	delete(after.body, "meta") // what was seen for a moment had a version of its own
	if diff := cmp.Diff(before.body, after.body); diff != "" {
		t.Errorf("the user is not as before (-want +got):\n%s", diff)
	}
	w.must(http.StatusBadRequest, http.MethodDelete, "/Users/"+id, "")
	w.must(http.StatusOK, http.MethodGet, "/Users/"+id, "")
	s.before = nil
	w.must(http.StatusNoContent, http.MethodDelete, "/Users/"+id, "")
	if got := s.state("1"); got != "user1@example.com active=false" {
		t.Errorf("the account is %s: deleted in the source is deactivated here", got)
	}
}

// TestManyInterruptions: whatever is lost on the way, in the end the service
// has what the source has.
func TestManyInterruptions(t *testing.T) {
	w, s := newServiceWorld(t, &Settings{}, Options{})
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	sometimes := func(string, *Account) error {
		if r.IntN(4) == 0 {
			return errCrash
		}
		return nil
	}
	want := map[string]bool{}
	for i := range 60 {
		name := fmt.Sprintf("user%d@example.com", i%20)
		s.before, s.after = sometimes, sometimes
		found := w.must(http.StatusOK, http.MethodGet, "/Users?filter=userName+eq+%22"+name+"%22", "")
		if resources, _ := found.body["Resources"].([]any); len(resources) == 0 {
			w.ask(http.MethodPost, "/Users", entraUser(name, name, true))
			want[name] = true
			continue
		} else {
			id, _ := resources[0].(map[string]any)["id"].(string)
			want[name] = r.IntN(2) == 0
			for range 100 { // the sender repeats what failed
				if a := w.ask(http.MethodPatch, "/Users/"+id, patch("Replace", "active", fmt.Sprintf(`"%t"`, want[name]))); a.status == http.StatusOK {
					break
				}
			}
		}
	}
	s.before, s.after = nil, nil
	if err := w.d.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, a := range s.accounts {
		got[a.UserName] = a.Active
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("accounts that may be used (-want +got):\n%s", diff)
	}
	if s.made != len(want) {
		t.Errorf("%d accounts were made for %d users", s.made, len(want))
	}
}

// TestDeactivated: sessions end before the sender hears of success, and
// a failure is repeated with the request, or by Recover.
func TestDeactivated(t *testing.T) {
	for _, b := range bases {
		t.Run(b.name, func(t *testing.T) {
			var ended []string
			fail := true
			o := Options{CallTimeout: time.Nanosecond, Deactivated: func(_ context.Context, a *Account) error {
				if fail {
					return errors.New("sessions are away")
				}
				ended = append(ended, a.Key)
				return nil
			}}
			w := newWorld(t, b, &Settings{StatusSync: StatusSync{OnDelete: Delete}}, o, nil)
			off := patch("Replace", "active", `"False"`)
			one, two, three := w.create("a@example.com", ""), w.create("b@example.com", ""), w.create("c@example.com", "")
			w.must(http.StatusServiceUnavailable, http.MethodPatch, "/Users/"+one, off)
			w.must(http.StatusServiceUnavailable, http.MethodPatch, "/Users/"+one, off)
			w.must(http.StatusServiceUnavailable, http.MethodDelete, "/Users/"+two, "")
			w.must(http.StatusServiceUnavailable, http.MethodDelete, "/Users/"+three, "")
			fail = false
			w.must(http.StatusOK, http.MethodPatch, "/Users/"+one, off)
			w.must(http.StatusNoContent, http.MethodDelete, "/Users/"+two, "")
			if err := w.d.Recover(t.Context()); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(ended, []string{"1", "2", "3"}) {
				t.Errorf("sessions ended of %v", ended)
			}
			w.must(http.StatusNotFound, http.MethodDelete, "/Users/"+two, "")
		})
	}
}

// TestServiceGroups: groups and their members reach a service that has them,
// also members whose account is made later.
func TestServiceGroups(t *testing.T) {
	w, s := newServiceWorld(t, &Settings{Criteria: `userType ne "Guest" or not (userType pr)`}, Options{})
	one := w.create("user1@example.com", "")
	guest := w.must(http.StatusCreated, http.MethodPost, "/Users", `{"userName":"guest@example.com","userType":"Guest"}`).id()
	if !slices.Contains(w.reasons(guest), "skipped: the sync criteria do not select the user") {
		t.Errorf("activity of the guest: %q", w.reasons(guest))
	}
	group := w.must(http.StatusCreated, http.MethodPost, "/Groups", `{"displayName":"Everybody"}`).id()
	add := func(id string) string { return patch("Add", "members", `[{"$ref":null,"value":"`+id+`"}]`) }
	s.before = func(string, *Account) error { return errCrash }
	w.must(http.StatusServiceUnavailable, http.MethodPatch, "/Groups/"+group, add(one))
	s.before = nil
	w.must(http.StatusNoContent, http.MethodPatch, "/Groups/"+group, add(guest))
	if diff := cmp.Diff(map[string]bool{"1": true}, s.members[group]); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	w.must(http.StatusOK, http.MethodPatch, "/Users/"+guest, patch("Replace", "userType", `"Employee"`))
	if diff := cmp.Diff(map[string]bool{"1": true, "2": true}, s.members[group]); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	w.must(http.StatusNoContent, http.MethodPatch, "/Groups/"+group, patch("Replace", "displayName", `"All"`))
	w.must(http.StatusNoContent, http.MethodPatch, "/Groups/"+group, patch("Remove", "members", `[{"$ref":null,"value":"`+one+`"}]`))
	if s.groups[group] != "All" || s.members[group]["1"] {
		t.Errorf("the group is %q with %v", s.groups[group], s.members[group])
	}
	w.must(http.StatusNoContent, http.MethodDelete, "/Groups/"+group, "")
	if len(s.groups) != 0 {
		t.Error("the group is still there")
	}
}
