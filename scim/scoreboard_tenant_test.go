package scim

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var tenantHistories = flag.Int("histories", 1000, "histories of TestTenantIsolation")

const (
	tenants       = 16
	connections   = 2
	scopes        = tenants * connections
	historyLength = 24
)

// neighbour is one connection of one tenant: on the server that all share,
// and alone on a server of its own, with the same history.
type neighbour struct {
	*traffic
	name   string
	mark   string // in every value that it writes, and in no other's
	shared *Server
	alone  *Server
	number map[string]int // of its ids on both servers, in the order they were made
	twins  [][2]string    // its ids on the shared server and alone
	users  []int
	groups []int
}

var (
	uuidText = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}`)
	timeText = regexp.MustCompile(`\d{4}-\d\d-\d\dT[0-9:.]+Z`)
	markText = regexp.MustCompile(`c4nary-\d\d`)
)

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
		x.body = strings.Replace(x.body, `{`, `{"`+entURN+`":{"manager":{"value":"bulkId:`+n.mark+`"}},`, 1)
	}
	if x.body != "" {
		op += `,"data":` + x.body
	}
	return exchange{method: "POST", target: "/Bulk", body: `{"Operations":[` + op + `}]}`}
}

func (n *neighbour) single(foreign []string) exchange {
	name := pick(n.traffic, []string{"anna", "Anna", "bob", "carol", "dave", "erin"})
	own := func(list []int) string {
		if n.IntN(3) == 0 && len(foreign) > 0 {
			return pick(n.traffic, foreign)
		}
		if len(list) == 0 {
			return "none"
		}
		return "#" + strconv.Itoa(pick(n.traffic, list)) + "#"
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
		op := pick(n.traffic, []string{`"replace","path":"title","value":"` + n.mark + `"`, `"replace","path":"userName","value":"` + name + `"`, `"remove","path":"emails[type eq \"work\"]"`})
		return exchange{method: "PATCH", target: "/Users/" + own(n.users) + "?attributes=userName,title", body: patchBody(`{"op":` + op + `}`)}
	case 7, 8:
		op := pick(n.traffic, []string{`"add","path":"members","value":` + members(), `"remove","path":"members[value eq \"` + own(n.users) + `\"]"`, `"replace","path":"members","value":` + members(), `"replace","path":"displayName","value":"` + name + `"`})
		return exchange{method: "PATCH", target: "/Groups/" + own(n.groups) + pick(n.traffic, []string{"", "?attributes=members"}), body: patchBody(`{"op":` + op + `}`)}
	case 9:
		if n.IntN(2) == 0 {
			return exchange{method: "DELETE", target: "/Groups/" + own(n.groups)}
		}
		return exchange{method: "DELETE", target: "/Users/" + own(n.users)}
	case 10:
		return exchange{method: "GET", target: pick(n.traffic, []string{"/Users/" + own(n.users), "/Groups/" + own(n.groups)})}
	}
	filter := pick(n.traffic, []string{
		`userName eq "` + name + `"`, `title co "c4nary"`, `emails.value co "c4nary"`, `id eq "` + own(n.users) + `"`, `id pr`, `not (title pr)`, `externalId sw "e"`, `groups.value eq "` + own(n.groups) + `"`,
		`members.value eq "` + own(n.users) + `"`, `displayName pr`, `meta.created gt "2020-01-01T00:00:00Z"`, `members pr`, `groups pr`,
	})
	query := url.Values{"filter": {filter}, "startIndex": {strconv.Itoa(n.IntN(5))}, "count": {strconv.Itoa(n.IntN(8))}}
	if n.IntN(4) == 0 {
		query.Del("filter")
	}
	if by := pick(n.traffic, []string{"", "userName", "displayName", "title"}); by != "" {
		query.Set("sortBy", by)
		query.Set("sortOrder", pick(n.traffic, []string{"ascending", "descending"}))
	}
	return exchange{method: "GET", target: pick(n.traffic, []string{"/Users?", "/Groups?", "/?"}) + query.Encode()}
}

// send sends a step to one of the two servers and returns the answer in a
// form that both should have.
func (n *neighbour) send(s *Server, which int, x exchange) (*httptest.ResponseRecorder, string) {
	for i, ids := range n.twins {
		mark := "#" + strconv.Itoa(i) + "#"
		x.body = strings.ReplaceAll(x.body, mark, ids[which])
		x.target = strings.ReplaceAll(x.target, mark, ids[which])
		x.target = strings.ReplaceAll(x.target, url.QueryEscape(mark), ids[which])
	}
	w := serve(s, n.name, x)
	answer := fmt.Sprint(w.Code, w.Header()["Etag"], w.Header()["Location"], w.Header()["Content-Location"], w.Body)
	answer = uuidText.ReplaceAllStringFunc(answer, func(id string) string {
		if i, ok := n.number[id]; ok {
			return fmt.Sprintf("#%d#", i)
		}
		if madeID(w) == id {
			return "#new#"
		}
		return id
	})
	return w, timeText.ReplaceAllString(answer, "T")
}

var madeInBulk = regexp.MustCompile(`/(?:Users|Groups)/([0-9a-f-]{36})","method":"POST"`)

// madeID returns the id of what a request made, or the one operation of a
// bulk request.
func madeID(w *httptest.ResponseRecorder) string {
	if m := madeInBulk.FindStringSubmatch(w.Body.String()); m != nil {
		return m[1]
	}
	return createdID(w)
}

// step sends one request to both servers and compares.
func (n *neighbour) step(t *testing.T, foreign []string) (id string) {
	x := n.request(foreign)
	together, got := n.send(n.shared, 0, x)
	apart, want := n.send(n.alone, 1, x)
	if got != want {
		t.Errorf("%s: %s %s\n%s\n%s", n.name, x.method, x.target, x.body, cmp.Diff(want, got))
	}
	for _, mark := range markText.FindAllString(together.Body.String()+fmt.Sprint(together.Header()), -1) {
		if mark != n.mark {
			t.Errorf("%s: %s %s\n%s\nshows a value of another: %s", n.name, x.method, x.target, x.body, together.Body)
		}
	}
	if id = madeID(together); id != "" {
		at := len(n.twins)
		twin := madeID(apart)
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

func newNeighbours(t *testing.T, world int) []*neighbour {
	byName := map[string]Scope{}
	auth := VerifyBearer(func(_ context.Context, token string) (Subject, error) {
		scope, ok := byName[token]
		if !ok {
			return Subject{}, ErrUnauthorized
		}
		return Subject{Scope: scope}, nil
	})
	server := func() *Server {
		s, err := NewServer(NewMemoryStore(), auth, nil)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	shared := server()
	out := make([]*neighbour, scopes)
	for i := range out {
		n := &neighbour{traffic: &traffic{Rand: rand.New(rand.NewPCG(uint64(world), uint64(i)))}, name: fmt.Sprintf("token-%d", i), mark: fmt.Sprintf("c4nary-%02d", i)}
		n.shared, n.alone, n.number = shared, server(), map[string]int{}
		// Names that run together: "t1" with "c" and "t" with "1c" are two scopes.
		byName[n.name] = Scope{Tenant: "t" + strings.Repeat("1", i/connections), Connection: strings.Repeat("1", i%connections) + "c"}
		out[i] = n
	}
	return out
}

// TestTenantIsolation runs the histories of 16 tenants with 2 connections
// each on one server and one store, one step of each after the other and with
// each other's ids. Every answer has to be the one that the same history gets
// on a server of its own: no value, no id, no count and no conflict of another.
func TestTenantIsolation(t *testing.T) {
	worlds := (*tenantHistories + scopes - 1) / scopes
	for world := range worlds {
		t.Run(strconv.Itoa(world), func(t *testing.T) {
			t.Parallel()
			neighbours := newNeighbours(t, world)
			random := rand.New(rand.NewPCG(uint64(world), 1<<32))
			made := make([][]string, scopes)
			for range historyLength * scopes {
				at := random.IntN(scopes)
				foreign := made[at^1] // those of the tenant's other connection
				if other := random.IntN(scopes); other != at && random.IntN(2) == 0 {
					foreign = made[other]
				}
				if id := neighbours[at].step(t, foreign); id != "" {
					made[at] = append(made[at], id)
				}
				if t.Failed() {
					return
				}
			}
		})
	}
	t.Logf("%d histories, %d requests, each sent to both servers", worlds*scopes, worlds*scopes*historyLength)
}
