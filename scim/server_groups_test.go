package scim

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// callStore counts what a server asks of its store, by method.
type callStore struct {
	*MemoryStore
	calls map[string]int
}

func (s callStore) View(ctx context.Context, ref Ref, fn func(*Entry) error) error {
	s.calls["View"]++
	return s.MemoryStore.View(ctx, ref, fn)
}

func (s callStore) List(ctx context.Context, q *Query) (*Page, error) {
	s.calls["List"]++
	return s.MemoryStore.List(ctx, q)
}

func (s callStore) Owners(ctx context.Context, values []string) (map[string][]Link, error) {
	s.calls["Owners"]++
	return s.MemoryStore.Owners(ctx, values)
}

func newCallStore() callStore { return callStore{NewMemoryStore(), map[string]int{}} }

// groupsIn returns the groups of the user at a path of an answer, as
// name:type in the order they are shown.
func (a *rawAnswer) groupsIn(t *testing.T, user any) string {
	t.Helper()
	var out []string
	members, _ := user.(map[string]any)
	list, _ := members["groups"].([]any)
	for _, g := range list {
		g := g.(map[string]any)
		if !strings.HasSuffix(fmt.Sprint(g["$ref"]), "/Groups/"+fmt.Sprint(g["value"])) {
			t.Errorf("a reference that does not lead to the group: %v", g)
		}
		out = append(out, fmt.Sprint(g["display"], ":", g["type"]))
	}
	return strings.Join(out, " ")
}

// nest makes users in groups five deep, whose outermost is in the innermost,
// and a group beside them: g1 in g2 in … in g5 in g1, and h around g1.
func nest(c *rawClient, users int) (user []string, groups map[string]string) {
	groups = map[string]string{}
	var members []string
	for i := range users {
		user = append(user, c.create("/Users", fmt.Sprintf(`{"userName":"u%d"}`, i)))
		members = append(members, fmt.Sprintf(`{"value":%q}`, user[i]))
	}
	inside := strings.Join(members, ",")
	for i := 1; i <= 5; i++ {
		name := fmt.Sprint("g", i)
		groups[name] = c.create("/Groups", fmt.Sprintf(`{"displayName":%q,"members":[%s]}`, name, inside))
		inside = fmt.Sprintf(`{"value":%q}`, groups[name])
	}
	groups["h"] = c.create("/Groups", fmt.Sprintf(`{"displayName":"h","members":[{"value":%q}]}`, groups["g1"]))
	c.want(204, "PATCH", "/Groups/"+groups["g1"], fmt.Sprintf(`{"schemas":[%q],"Operations":[{"op":"add","path":"members","value":[%s]}]}`, messagePatch, inside))
	return user, groups
}

const nested = "g1:direct g2:indirect h:indirect g3:indirect g4:indirect g5:indirect"

func TestNestedGroups(t *testing.T) {
	for name, store := range map[string]Store{"batched": NewMemoryStore(), "one by one": struct{ Store }{NewMemoryStore()}} {
		t.Run(name, func(t *testing.T) {
			c := newTestServerOver(t, store, nil)
			users, groups := nest(c, 1)
			path := "/Users/" + users[0]
			check := func(reason, want string) {
				t.Helper()
				alone := c.want(200, "GET", path, "")
				if got := alone.groupsIn(t, alone.json); got != want {
					t.Errorf("%s: %s, want %s", reason, got, want)
				}
				for _, query := range []string{"/Users?", "/Users?cursor&", "/?", `/Users?filter=userName+eq+"u0"&`} {
					list := c.want(200, "GET", query+"attributes=groups,userName", "")
					if got := list.groupsIn(t, list.json["Resources"].([]any)[0]); got != want {
						t.Errorf("%s, %s: %s, want %s", reason, query, got, want)
					}
				}
			}
			etag := c.want(200, "GET", path, "").header.Get("ETag")
			check("five deep and a cycle", nested)
			after := c.want(200, "PATCH", path, fmt.Sprintf(`{"schemas":[%q],"Operations":[{"op":"replace","path":"active","value":true}]}`, messagePatch))
			if got := after.groupsIn(t, after.json); got != nested {
				t.Errorf("in the answer to a PATCH: %s", got)
			}
			c.want(204, "DELETE", "/Groups/"+groups["g3"], "")
			check("without the one in the middle", "g1:direct g2:indirect h:indirect")
			c.want(204, "PATCH", "/Groups/"+groups["h"], fmt.Sprintf(`{"schemas":[%q],"Operations":[{"op":"add","path":"members","value":[{"value":%q}]}]}`, messagePatch, users[0]))
			check("direct and indirect is direct", "g1:direct h:direct g2:indirect")
			c.want(204, "DELETE", "/Groups/"+groups["g1"], "")
			check("without the innermost", "h:direct")
			if got := c.want(200, "GET", path, "").header.Get("ETag"); got != etag {
				t.Errorf("the version changed with the groups: %s, was %s", got, etag)
			}
			c.want(204, "DELETE", path, "")
			if got := c.want(200, "GET", "/Groups/"+groups["h"], "").at("members"); got != "absent" {
				t.Errorf("a deleted user is still a member: %s", got)
			}
		})
	}
}

// TestNestedGroupsCalls: the store is asked once for a level, however many
// users there are, and not at all if nobody asks for groups.
func TestNestedGroupsCalls(t *testing.T) {
	store := newCallStore()
	c := newTestServerOver(t, store, nil)
	users, _ := nest(c, 50)
	lone := c.create("/Users", `{"userName":"lone"}`)
	for _, tt := range []struct {
		reason, target string
		want           map[string]int
	}{
		{"a user: a call for each level", "/Users/" + users[0], map[string]int{"View": 1, "Owners": 5}},
		{"fifty users: the same", "/Users", map[string]int{"List": 1, "Owners": 5}},
		{"by cursor", "/Users?cursor=&count=20", map[string]int{"List": 1, "Owners": 5}},
		{"a user without groups", "/Users/" + lone, map[string]int{"View": 1}},
		{"a list of users without groups", "/Users?filter=userName+eq+%22lone%22", map[string]int{"List": 1}},
		{"groups have none", "/Groups?excludedAttributes=members", map[string]int{"List": 1}},
		{"not asked for", "/Users?attributes=userName", map[string]int{"List": 1}},
		{"excluded", "/Users/" + users[0] + "?excludedAttributes=groups", map[string]int{"View": 1}},
	} {
		clear(store.calls)
		c.want(200, "GET", tt.target, "")
		if diff := cmp.Diff(tt.want, store.calls); diff != "" {
			t.Errorf("%s:\n%s", tt.reason, diff)
		}
	}
}

func TestNestedGroupsLimits(t *testing.T) {
	for _, tt := range []struct {
		reason string
		limits Limits
		want   string
	}{
		{"one level", Limits{GroupDepth: 1}, "g1:direct g2:indirect h:indirect"},
		{"three levels", Limits{GroupDepth: 3}, "g1:direct g2:indirect h:indirect g3:indirect g4:indirect"},
		{"the nearest of them", Limits{IndirectGroups: 3}, "g1:direct g2:indirect h:indirect g3:indirect"},
	} {
		c := newTestServer(t, &ServerOptions{Limits: tt.limits})
		users, _ := nest(c, 1)
		got := c.want(200, "GET", "/Users/"+users[0], "")
		if groups := got.groupsIn(t, got.json); groups != tt.want {
			t.Errorf("%s: %s, want %s", tt.reason, groups, tt.want)
		}
	}
}

// lostStore cannot say who the owners are.
type lostStore struct{ *MemoryStore }

func (lostStore) Owners(context.Context, []string) (map[string][]Link, error) {
	return nil, ErrUnavailable
}

// TestNestedGroupsUnknown: groups that cannot be looked up are not left out.
func TestNestedGroupsUnknown(t *testing.T) {
	c := newTestServerOver(t, lostStore{NewMemoryStore()}, nil)
	id := c.create("/Users", `{"userName":"u"}`)
	c.want(200, "GET", "/Users/"+id, "")
	c.create("/Groups", `{"displayName":"g","members":[{"value":"`+id+`"}]}`)
	for _, target := range []string{"/Users/" + id, "/Users", "/Users?cursor="} {
		c.want(503, "GET", target, "")
	}
	c.want(200, "GET", "/Users?excludedAttributes=groups", "")
}

// TestNestedGroupsProjection: what is spliced in obeys the mask too.
func TestNestedGroupsProjection(t *testing.T) {
	c := newTestServer(t, nil)
	users, groups := nest(c, 1)
	got := c.want(200, "GET", "/Users/"+users[0]+"?attributes=groups.display", "")
	want := `[{"display":"g1"},{"display":"g2"},{"display":"h"},{"display":"g3"},{"display":"g4"},{"display":"g5"}]`
	if got.at("groups") != want {
		t.Errorf("%s, want %s", got.at("groups"), want)
	}
	// A filter on groups looks at direct ones: it is decided in the store.
	for name, found := range map[string]string{"g1": "u0", "g2": ""} {
		list := c.want(200, "GET", fmt.Sprintf("/Users?filter=groups.value+eq+%%22%s%%22", groups[name]), "")
		if userNames(list) != found {
			t.Errorf("filter on %s: %s", name, list.body)
		}
	}
}
