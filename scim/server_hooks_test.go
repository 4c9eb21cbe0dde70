package scim

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// hookServer keeps what the hooks see, in words.
func hookServer(t *testing.T, veto func(*Write) error) (c *rawClient, seen *[]string) {
	t.Helper()
	seen = new([]string)
	note := func(hook string, w *Write) {
		text := fmt.Sprint(hook, " ", w.Method, " ", w.Ref.Type.Name())
		for _, r := range []*Resource{w.Old, w.New} {
			if r == nil {
				text += " -"
				continue
			}
			text += " " + r.Get("title").Text() + r.Get("displayName").Text() + strings.Trim(r.Version(), `W/"`)
			if r.ID() != w.Ref.ID {
				text += "?"
			}
		}
		if !w.Changed {
			text += " unchanged"
		}
		for _, l := range w.Added {
			text += " +" + l.Value
		}
		for _, value := range w.Removed {
			text += " -" + value
		}
		if w.Disabled() {
			text += " disabled"
		}
		*seen = append(*seen, text)
	}
	c = newTestServer(t, &ServerOptions{Hooks: Hooks{
		Before: func(ctx context.Context, w *Write) error {
			if SubjectFrom(ctx).ID != "" {
				t.Error("another subject")
			}
			note("before", w)
			return veto(w)
		},
		After: func(_ context.Context, w *Write) error {
			note("after", w)
			for _, r := range []*Resource{w.Old, w.New} {
				if r != nil { // a hook's resources are its own
					_ = r.Set("title", String("by the hook"))
				}
			}
			return nil
		},
	}})
	return c, seen
}

func TestHooks(t *testing.T) {
	c, seen := hookServer(t, func(*Write) error { return nil })
	user := c.create("/Users", `{"userName":"u","title":"a"}`)
	group := c.create("/Groups", `{"displayName":"g","members":[{"value":"x"},{"value":"y"}]}`)
	*seen = nil
	member := func(op, ids string) string {
		return patchBody(`{"op":"` + op + `","path":"members","value":[` + ids + `]}`)
	}
	const x, y, z = `{"value":"x"}`, `{"value":"y"}`, `{"value":"z"}`
	for _, tt := range []struct {
		reason, method, target, body string
		want                         string // both hooks see it
	}{
		{"a change", "PATCH", "/Users/" + user, patchBody(`{"op":"replace","path":"title","value":"b"}`), "PATCH User a1 b2"},
		{"nothing to change", "PATCH", "/Users/" + user, patchBody(`{"op":"replace","path":"title","value":"b"}`), "PATCH User b2 b2 unchanged"},
		{"disabled", "PATCH", "/Users/" + user, patchBody(`{"op":"replace","path":"active","value":false}`), "PATCH User b2 b3 disabled"},
		{"disabled again", "PUT", "/Users/" + user, `{"userName":"u","title":"b","active":false}`, "PUT User b3 b3 unchanged disabled"},
		{"a member added", "PATCH", "/Groups/" + group, member("add", z), "PATCH Group g1 g2 +z"},
		{"again", "PATCH", "/Groups/" + group, member("add", z), "PATCH Group g2 g2 unchanged +z"},
		{"a member removed", "PATCH", "/Groups/" + group, patchBody(`{"op":"remove","path":"members[value eq \"y\"]"}`), "PATCH Group g2 g3 -y"},
		{"again, for a hook that failed", "PATCH", "/Groups/" + group, patchBody(`{"op":"remove","path":"members[value eq \"y\"]"}`), "PATCH Group g3 g3 unchanged -y"},
		{"again, as Entra says it", "PATCH", "/Groups/" + group, member("remove", y), "PATCH Group g3 g3 unchanged -y"},
		{"removed and put back", "PATCH", "/Groups/" + group, patchBody(`{"op":"remove","path":"members[value eq \"x\"]"},{"op":"add","path":"members","value":[` + x + `]}`), "PATCH Group g3 g4 +x"},
		{"replaced", "PATCH", "/Groups/" + group, member("replace", y), "PATCH Group g4 g5 -x -z +y"},
		{"replaced by PUT", "PUT", "/Groups/" + group, `{"displayName":"h","members":[` + x + `]}`, "PUT Group g5 h6 -y +x"},
		{"members that a PUT does not name stay", "PUT", "/Groups/" + group, `{"displayName":"g"}`, "PUT Group h6 g7"},
	} {
		if got := c.send(tt.method, tt.target, tt.body); got.status >= 300 {
			t.Fatalf("%s: %s", tt.reason, got.body)
		}
		plus, minus := func(s string) bool { return s[0] == '+' }, func(s string) bool { return s[0] == '-' }
		words := strings.Fields(tt.want) // the hook names what was added first
		slices.SortStableFunc(words, func(a, b string) int {
			switch {
			case plus(a) && minus(b):
				return -1
			case minus(a) && plus(b):
				return 1
			}
			return 0
		})
		want := strings.Join(words, " ")
		if diff := cmp.Diff([]string{"before " + want, "after " + want}, *seen); diff != "" {
			t.Errorf("%s:\n%s", tt.reason, diff)
		}
		*seen = nil
	}
	c.want(204, "DELETE", "/Groups/"+group, "")
	c.want(204, "DELETE", "/Users/"+user, "")
	want := []string{
		"before DELETE Group g7 - -x disabled", "after DELETE Group g7 - -x disabled", "before DELETE Group g7 - -x disabled", "after DELETE Group g7 - -x disabled",
		"before DELETE User b3 - disabled", "after DELETE User b3 - disabled", "before DELETE User b3 - disabled",
	}
	if diff := cmp.Diff(want, *seen); diff != "" {
		t.Error(diff)
	}
	*seen = nil
	c.want(404, "DELETE", "/Users/"+user, "")
	c.want(404, "PATCH", "/Users/"+user, patchBody(`{"op":"replace","path":"title","value":"b"}`))
	c.want(400, "POST", "/Users", `{}`)
	if len(*seen) > 0 {
		t.Errorf("hooks of refused requests: %v", *seen)
	}
}

func TestHooksOfACreation(t *testing.T) {
	c, seen := hookServer(t, func(*Write) error { return nil })
	c.create("/Groups", `{"displayName":"g","members":[{"value":"x"}]}`)
	c.create("/Users", `{"userName":"u","title":"a","active":false}`)
	want := []string{"before POST Group - g1 +x", "after POST Group - g1 +x", "before POST User - a1 disabled", "after POST User - a1 disabled"}
	if diff := cmp.Diff(want, *seen); diff != "" {
		t.Error(diff)
	}
	if got := c.want(200, "GET", "/Users", "").at("Resources/0/title"); got != `"a"` {
		t.Errorf("a hook changed what is kept: %s", got)
	}
}

// TestVeto: what Before refuses does not happen, and its error chooses the
// answer.
func TestVeto(t *testing.T) {
	for _, tt := range []struct {
		reason string
		veto   error
		status int
		names  string
	}{
		{"an error of this package", NewError(KindForbidden, "the account is protected", errors.New("canary")), 403, "protected"},
		{"a sentinel", ErrUniqueness, 409, "in use"},
		{"any other error", errors.New("canary"), 500, "internal"},
	} {
		armed := false
		c, _ := hookServer(t, func(*Write) error {
			if armed {
				return tt.veto
			}
			return nil
		})
		user := c.create("/Users", `{"userName":"u"}`)
		group := c.create("/Groups", `{"displayName":"g","members":[{"value":"x"}]}`)
		before := c.want(200, "GET", "/?count=9", "").body
		armed = true
		for _, x := range []exchange{
			{method: "POST", target: "/Users", body: `{"userName":"v"}`}, {method: "PUT", target: "/Users/" + user, body: `{"userName":"w"}`},
			{method: "PATCH", target: "/Groups/" + group, body: patchBody(`{"op":"remove","path":"members"}`)},
			{method: "DELETE", target: "/Users/" + user}, {method: "DELETE", target: "/Groups/" + group},
		} {
			if got := c.want(tt.status, x.method, x.target, x.body); !strings.Contains(got.body, tt.names) || strings.Contains(got.body, "canary") {
				t.Errorf("%s: %s %s: %s", tt.reason, x.method, x.target, got.body)
			}
		}
		if after := c.want(200, "GET", "/?count=9", "").body; after != before {
			t.Errorf("%s: something changed\n%s\n%s", tt.reason, before, after)
		}
	}
}

// TestHookOfALargeGroup: a member added to a large group is seen without the
// others being read.
func TestHookOfALargeGroup(t *testing.T) {
	var added int
	s, err := NewServer(NewMemoryStore(), staticTokens(t, testToken, noExpiry), &ServerOptions{Hooks: Hooks{
		After: func(_ context.Context, w *Write) error { added = len(w.Added); return nil },
	}})
	if err != nil {
		t.Fatal(err)
	}
	costs := map[int]uint64{}
	for _, size := range []int{10, 20000} {
		var list []string
		for i := range size {
			list = append(list, fmt.Sprintf(`{"value":"%d"}`, i))
		}
		id := createdID(ask(s, "POST", "/Groups", fmt.Sprintf(`{"displayName":"g%d","members":[%s]}`, size, strings.Join(list, ","))))
		n := 0
		costs[size] = allocated(func() {
			n++
			ask(s, "PATCH", "/Groups/"+id, patchBody(fmt.Sprintf(`{"op":"add","path":"members","value":[{"value":"new%d"}]}`, n)))
		})
		if added != 1 {
			t.Errorf("a group of %d: %d added", size, added)
		}
	}
	if costs[20000] > 3*costs[10] {
		t.Errorf("bytes by size of the group: %v", costs)
	}
}
