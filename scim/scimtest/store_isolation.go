package scimtest

import (
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"github.com/zohoscim/zohoscim/scim"
)

const (
	tenants        = 16
	connections    = 2
	isolatedScopes = tenants * connections
	historyLength  = 24
)

// neighbour is one connection of one tenant: on the server that all share,
// and alone on a server of its own, with the same history.
type neighbour struct {
	*rand.Rand
	name   string
	mark   string // in every value that it writes, and in no other's
	shared *scim.Server
	alone  *scim.Server
	number map[string]int // of its ids on both servers, in the order they were made
	twins  [][2]string    // its ids on the shared server and alone
	users  []int
	groups []int
}

// What differs from one run to the next, and what belongs to one neighbour.
var (
	uuidText = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}`)
	})
	timeText = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\d{4}-\d\d-\d\dT[0-9:.]+Z`) })
	bulkText = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`/(?:Users|Groups)/([0-9a-f-]{36})","method":"POST"`)
	})
	markText = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`c4nary-\d\d`) })
)

// pick draws one of a list.
func pick[T any](random *rand.Rand, list []T) T { return list[random.IntN(len(list))] }

// request draws the next step. In its texts #n stands for the n-th resource
// of the neighbour; ids of others are used as they are.
func (n *neighbour) request(foreign []string) exchange {
	x := n.single(foreign)
	path, query, _ := strings.Cut(x.target, "?")
	if x.method == "GET" || query != "" || n.IntN(4) > 0 {
		return x
	}
	op := fmt.Sprintf(`{"method":%q,"path":%q`, x.method, path)
	if x.method == "POST" { // with a reference to what it makes, in an account and in a group
		op += `,"bulkId":"` + n.mark + `"`
		x.body = strings.Replace(x.body, `{`, `{"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":"bulkId:`+n.mark+`"}},`, 1)
	}
	if x.body != "" {
		op += `,"data":` + x.body
	}
	return exchange{method: "POST", target: "/Bulk", body: `{"Operations":[` + op + `}]}`}
}

func (n *neighbour) single(foreign []string) exchange {
	name := pick(n.Rand, []string{"anna", "Anna", "bob", "carol", "dave", "erin"})
	own := func(list []int) string {
		if n.IntN(3) == 0 && len(foreign) > 0 {
			return pick(n.Rand, foreign)
		}
		if len(list) == 0 {
			return "none"
		}
		return "#" + strconv.Itoa(pick(n.Rand, list)) + "#"
	}
	user := fmt.Sprintf(`{"userName":%q,"title":"%s %s","externalId":"e%d","emails":[{"value":%q,"type":"work"}]}`, name, n.mark, name, n.IntN(4), name+"@"+n.mark)
	members := func() string { return fmt.Sprintf(`[{"value":%q,"display":%q}]`, own(n.users), n.mark) }
	group := fmt.Sprintf(`{"displayName":%q,"externalId":%q,"members":%s}`, name, n.mark, members())
	switch n.IntN(12) {
	case 0, 1, 2:
		return exchange{method: "POST", target: "/Users", body: user}
	case 3:
		return exchange{method: "POST", target: "/Groups", body: group}
	case 4:
		return exchange{method: "PUT", target: "/Users/" + own(n.users), body: user}
	case 5:
		return exchange{method: "PUT", target: "/Groups/" + own(n.groups), body: group}
	case 6:
		op := pick(n.Rand, []string{`"replace","path":"title","value":"` + n.mark + `"`, `"replace","path":"userName","value":"` + name + `"`, `"remove","path":"emails[type eq \"work\"]"`})
		return exchange{method: "PATCH", target: "/Users/" + own(n.users) + "?attributes=userName,title", body: patchText(`{"op":` + op + `}`)}
	case 7, 8:
		op := pick(n.Rand, []string{`"add","path":"members","value":` + members(), `"remove","path":"members[value eq \"` + own(n.users) + `\"]"`, `"replace","path":"members","value":` + members(), `"replace","path":"displayName","value":"` + name + `"`})
		return exchange{method: "PATCH", target: "/Groups/" + own(n.groups) + pick(n.Rand, []string{"", "?attributes=members"}), body: patchText(`{"op":` + op + `}`)}
	case 9:
		if n.IntN(2) == 0 {
			return exchange{method: "DELETE", target: "/Groups/" + own(n.groups)}
		}
		return exchange{method: "DELETE", target: "/Users/" + own(n.users)}
	case 10:
		return exchange{method: "GET", target: pick(n.Rand, []string{"/Users/" + own(n.users), "/Groups/" + own(n.groups)})}
	}
	filter := pick(n.Rand, []string{
		`userName eq "` + name + `"`, `title co "c4nary"`, `emails.value co "c4nary"`, `id eq "` + own(n.users) + `"`, `id pr`, `not (title pr)`, `externalId sw "e"`, `groups.value eq "` + own(n.groups) + `"`,
		`members.value eq "` + own(n.users) + `"`, `displayName pr`, `meta.created gt "2020-01-01T00:00:00Z"`, `members pr`, `groups pr`,
	})
	query := url.Values{"filter": {filter}, "startIndex": {strconv.Itoa(n.IntN(5))}, "count": {strconv.Itoa(n.IntN(8))}}
	if n.IntN(4) == 0 {
		query.Del("filter")
	}
	if by := pick(n.Rand, []string{"", "userName", "displayName", "title"}); by != "" {
		query.Set("sortBy", by)
		query.Set("sortOrder", pick(n.Rand, []string{"ascending", "descending"}))
	}
	return exchange{method: "GET", target: pick(n.Rand, []string{"/Users?", "/Groups?", "/?"}) + query.Encode()}
}

// ask sends a step to one of the two servers and returns the answer in a form
// that both should have.
func (n *neighbour) ask(s *scim.Server, which int, x exchange) (*httptest.ResponseRecorder, string) {
	for i, ids := range n.twins {
		mark := "#" + strconv.Itoa(i) + "#"
		x.body = strings.ReplaceAll(x.body, mark, ids[which])
		x.target = strings.ReplaceAll(x.target, mark, ids[which])
		x.target = strings.ReplaceAll(x.target, url.QueryEscape(mark), ids[which])
	}
	w := x.send(s, n.name)
	answer := fmt.Sprint(w.Code, w.Header()["Etag"], w.Header()["Location"], w.Header()["Content-Location"], "\n", w.Body)
	answer = uuidText().ReplaceAllStringFunc(answer, func(id string) string {
		if i, ok := n.number[id]; ok {
			return fmt.Sprintf("#%d#", i)
		}
		if madeBy(w) == id {
			return "#new#"
		}
		return id
	})
	head, body, _ := strings.Cut(timeText().ReplaceAllString(answer, "T"), "\n")
	return w, head + "\n" + sortedLinks(body)
}

// sortedLinks gives members and groups an order that does not depend on their
// ids: a store may list them by those.
func sortedLinks(body string) string {
	var v any
	if json.Unmarshal([]byte(body), &v) != nil {
		return body
	}
	var visit func(v any)
	visit = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, item := range v {
				visit(item)
			}
		case map[string]any:
			for name, item := range v {
				visit(item)
				if list, ok := item.([]any); ok && (name == "members" || name == "groups") {
					slices.SortFunc(list, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
				}
			}
		}
	}
	visit(v)
	text, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		return body
	}
	return string(text)
}

// madeBy returns the id of what a request made, or the one operation of a bulk
// request.
func madeBy(w *httptest.ResponseRecorder) string {
	if m := bulkText().FindStringSubmatch(w.Body.String()); m != nil {
		return m[1]
	}
	return made(w)
}

// step sends one request to both servers and compares.
func (n *neighbour) step(t *testing.T, foreign []string) (id string) {
	x := n.request(foreign)
	together, got := n.ask(n.shared, 0, x)
	apart, want := n.ask(n.alone, 1, x)
	if got != want {
		t.Errorf("%s: %s %s\n%s\n%s", n.name, x.method, x.target, x.body, cmp.Diff(want, got))
	}
	for _, mark := range markText().FindAllString(together.Body.String()+fmt.Sprint(together.Header()), -1) {
		if mark != n.mark {
			t.Errorf("%s: %s %s\n%s\nshows a value of another: %s", n.name, x.method, x.target, x.body, together.Body)
		}
	}
	if id = madeBy(together); id != "" {
		at := len(n.twins)
		twin := madeBy(apart)
		n.twins = append(n.twins, [2]string{id, twin})
		n.number[id], n.number[twin] = at, at
		if x.target == "/Users" || strings.Contains(x.body, `"path":"/Users"`) {
			n.users = append(n.users, at)
		} else {
			n.groups = append(n.groups, at)
		}
	}
	return id
}

func newNeighbours(t *testing.T, newStore func(t *testing.T) scim.Store, world int) []*neighbour {
	t.Helper()
	byName := map[string]scim.Scope{}
	for i := range isolatedScopes {
		// Names that run together: "t1" with "c" and "t" with "1c" are two scopes.
		byName[neighbourName(i)] = scim.Scope{Tenant: "t" + strings.Repeat("1", i/connections), Connection: strings.Repeat("1", i%connections) + "c"}
	}
	shared := newStoreServer(t, newStore(t), byName)
	out := make([]*neighbour, isolatedScopes)
	for i := range out {
		out[i] = &neighbour{
			Rand: rand.New(rand.NewPCG(uint64(world), uint64(i))), name: neighbourName(i), mark: fmt.Sprintf("c4nary-%02d", i),
			shared: shared, alone: newStoreServer(t, newStore(t), byName), number: map[string]int{},
		}
	}
	return out
}

func neighbourName(i int) string { return fmt.Sprintf("token-%d", i) }

// TestStoreIsolation runs histories of 16 tenants with 2 connections each on one
// server over one store, one step of each after the other and with each other's
// ids. Every answer has to be the one that the same history gets on a server over
// a store of its own: no value, no id, no count and no conflict of another. It
// runs at least as many histories as it is told, 32 in a subtest, which takes 33
// stores: the first one is that of all.
func TestStoreIsolation(t *testing.T, newStore func(t *testing.T) scim.Store, histories int) {
	t.Helper()
	worlds := max(1, (histories+isolatedScopes-1)/isolatedScopes)
	for world := range worlds {
		t.Run(strconv.Itoa(world), func(t *testing.T) {
			t.Parallel()
			neighbours := newNeighbours(t, newStore, world)
			random := rand.New(rand.NewPCG(uint64(world), 1<<32))
			ids := make([][]string, isolatedScopes)
			for range historyLength * isolatedScopes {
				at := random.IntN(isolatedScopes)
				foreign := ids[at^1] // those of the tenant's other connection
				if other := random.IntN(isolatedScopes); other != at && random.IntN(2) == 0 {
					foreign = ids[other]
				}
				if id := neighbours[at].step(t, foreign); id != "" {
					ids[at] = append(ids[at], id)
				}
				if t.Failed() {
					return
				}
			}
		})
	}
	t.Logf("%d histories, %d requests, each sent to both servers", worlds*isolatedScopes, worlds*isolatedScopes*historyLength)
}
