package provision

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zohoscim/zohoscim/mapping"
)

func TestMembershipDeltas(t *testing.T) {
	f := newFixture(t, nil)
	f.source.delta, f.source.full, f.source.repeats, f.source.next = true, true, true, "c1"
	joined := func(key string, record bool, joined, left []string) Object {
		obj := Object{Type: Group, Key: key, Joined: joined, Left: left}
		if record {
			obj.Record = group(key).Record
		}
		return obj
	}
	// The first read of a delta query: objects may repeat, members come in parts.
	f.source.set(append(many(4), user("4", mapping.Record{"jobTitle": "Last counts"}),
		joined("g", true, []string{"1", "2"}, nil), joined("g", false, []string{"3"}, nil))...)
	report, requests := f.cycle()
	if requests["POST"] != 5 || report.Users.Failed != 0 {
		t.Errorf("%v %+v", requests, report.Users)
	}
	if got := f.members("Group g"); len(got) != 3 {
		t.Errorf("members after the first read: %v", got)
	}
	f.source.full = false
	for _, tt := range []struct {
		reason  string
		objects []Object
		want    []string
		patches int
	}{
		{"one joins and one leaves", []Object{joined("g", false, []string{"4"}, []string{"1"})}, []string{"user2", "user3", "user4"}, 2},
		{"what is so already is not sent", []Object{joined("g", false, []string{"4"}, []string{"1"})}, []string{"user2", "user3", "user4"}, 0},
		{"who has no account waits for one", []Object{joined("g", false, []string{"5"}, nil)}, []string{"user2", "user3", "user4"}, 0},
		{"and joins when it has", []Object{user("5", nil)}, []string{"user2", "user3", "user4", "user5"}, 1},
		{"who waits can leave", []Object{joined("g", false, []string{"6"}, nil), joined("g", false, nil, []string{"6"})}, []string{"user2", "user3", "user4", "user5"}, 0},
		{"and does not join any more", []Object{user("6", nil)}, []string{"user2", "user3", "user4", "user5"}, 0},
	} {
		f.source.set(tt.objects...)
		_, requests := f.cycle()
		if requests["PATCH"] != tt.patches {
			t.Errorf("%s: %v, want %d PATCH", tt.reason, requests, tt.patches)
		}
		var want []string
		for _, name := range tt.want {
			want = append(want, name+"@example.com")
		}
		if diff := cmp.Diff(want, f.members("Group g")); diff != "" {
			t.Errorf("%s:\n%s", tt.reason, diff)
		}
	}
}

// A member that the service refuses does not keep the others out.
func TestRefusedMember(t *testing.T) {
	f := newFixture(t, nil)
	f.source.set(append(many(5), group("g"))...)
	f.cycle()
	bad := f.link(User, "3").ID
	f.breakWith(func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPatch && strings.Contains(readAll(r), bad) {
				w.Header().Set("Content-Type", "application/scim+json")
				w.WriteHeader(http.StatusBadRequest)
				_, _ = w.Write([]byte(`{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"400","scimType":"invalidValue"}`))
				return
			}
			h.ServeHTTP(w, r)
		})
	})
	f.source.set(append(many(5), group("g", "1", "2", "3", "4", "5"))...)
	report, _ := f.fails(&Error{Code: CodeInvalidAnchor})
	if got := f.members("Group g"); len(got) != 4 {
		t.Errorf("members %v", got)
	}
	if report.Groups.Failed != 1 || !strings.Contains(report.Failures[0].Text, "member 3") {
		t.Errorf("%+v", report.Failures)
	}
	f.breakWith(nil)
	f.source.set(append(many(5), group("g", "1", "2", "3", "4"))...) // another list is tried at once
	f.cycle()
	if got := f.members("Group g"); len(got) != 4 {
		t.Errorf("members %v", got)
	}
}

// An account that was deleted in the target and made anew is in its groups
// again, although the groups did not change.
func TestRemadeMember(t *testing.T) {
	f := newFixture(t, nil)
	f.source.set(append(many(2), group("g", "1", "2"))...)
	f.cycle()
	if err := f.client.Users().Delete(t.Context(), f.link(User, "1").ID, nil); err != nil {
		t.Fatal(err)
	}
	f.source.set(user("1", mapping.Record{"jobTitle": "Lead"}), user("2", nil), group("g", "1", "2"))
	f.cycle()
	if got := f.members("Group g"); !slices.Equal(got, []string{"user1@example.com", "user2@example.com"}) {
		t.Errorf("members %v", got)
	}
	f.cycle()
	if _, requests := f.cycle(); len(requests) != 0 {
		t.Errorf("a cycle without changes sent %v", requests)
	}
}

func TestReconcile(t *testing.T) {
	f := newFixture(t, func(j *Job) { j.Reconcile = true })
	f.source.set(user("1", mapping.Record{"jobTitle": "Lead"}))
	f.cycle()
	u, err := f.client.Users().Get(t.Context(), f.link(User, "1").ID, nil)
	if err != nil {
		t.Fatal(err)
	}
	u.Title = "Changed there"
	if _, err := f.client.Users().Replace(t.Context(), u.ID, u, nil); err != nil {
		t.Fatal(err)
	}
	if report, _ := f.cycle(); report.Users.Updated != 1 {
		t.Errorf("%+v", report.Users)
	}
	f.wantUsers("user1@example.com true Lead")
	if _, requests := f.cycle(); requests["PATCH"] != 0 {
		t.Errorf("nothing differs: %v", requests)
	}
}

func TestIncompleteRead(t *testing.T) {
	f := newFixture(t, nil)
	f.source.set(many(5)...)
	f.cycle()
	f.source.set(many(4)...)
	f.source.endErr = fmt.Errorf("the end mark is missing")
	if _, requests := f.fails(ErrSourceFailed); len(requests) != 0 {
		t.Errorf("sent %v", requests)
	}
	f.source.endErr = nil
	if report, _ := f.cycle(); report.Users.Disabled != 1 {
		t.Errorf("%+v", report.Users)
	}
}

func TestMergeOfWhatWasRead(t *testing.T) {
	rec := mapping.Record{"displayName": "x"}
	for _, tt := range []struct {
		reason            string
		before, obj, want Object
	}{
		{"a delta of memberships keeps the attributes", Object{Record: rec}, Object{Joined: []string{"1"}}, Object{Record: rec, Joined: []string{"1"}}},
		{"a delta is applied to a full list", Object{Members: []string{"1", "2"}}, Object{Joined: []string{"3"}, Left: []string{"1"}}, Object{Members: []string{"2", "3"}}},
		{"who joined and left has left", Object{Joined: []string{"1", "2"}}, Object{Left: []string{"1"}}, Object{Joined: []string{"2"}, Left: []string{"1"}}},
		{"who left and joined has joined", Object{Left: []string{"1"}}, Object{Joined: []string{"1"}}, Object{Joined: []string{"1"}, Left: []string{}}},
		{"a full list replaces all", Object{Joined: []string{"1"}}, Object{Members: []string{"2"}}, Object{Members: []string{"2"}}},
		{"a deletion needs nothing else", Object{Record: rec, Joined: []string{"1"}}, Object{Deleted: HardDeleted}, Object{Deleted: HardDeleted}},
	} {
		if diff := cmp.Diff(tt.want, merge(tt.before, tt.obj)); diff != "" {
			t.Errorf("%s:\n%s", tt.reason, diff)
		}
	}
}

func TestObjectRows(t *testing.T) {
	for _, obj := range []Object{
		{Type: User, Key: "1", Record: mapping.Record{"a": "本社", "b": true, "n": int64(7)}},
		{Type: Group, Key: "g", Members: []string{}},
		{Type: Group, Key: "g", Members: []string{"1"}, Deleted: SoftDeleted},
		{Type: Group, Key: "g", Joined: []string{"1"}, Left: []string{"2"}},
	} {
		data, err := encodeObject(obj)
		if err != nil {
			t.Fatal(err)
		}
		got, err := decodeObject(data)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(obj, got); diff != "" {
			t.Error(diff)
		}
	}
}
