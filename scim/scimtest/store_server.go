package scimtest

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/zohoscim/zohoscim/scim"
)

// exchange is a request before it is sent.
type exchange struct {
	method, target, body string
	ifMatch              string
}

// send gives a request to a server.
func (x exchange) send(h http.Handler, token string) *httptest.ResponseRecorder {
	u := &url.URL{}
	u.Path, u.RawQuery, _ = strings.Cut(x.target, "?")
	r := &http.Request{
		Method: x.method, URL: u, Header: http.Header{"Authorization": {"Bearer " + token}},
		Body: io.NopCloser(strings.NewReader(x.body)), ContentLength: -1,
	}
	if x.ifMatch != "" {
		r.Header.Set("If-Match", x.ifMatch)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// made returns the id in an answer, "" if nothing was made.
func made(w *httptest.ResponseRecorder) string {
	var created struct {
		ID string `json:"id"`
	}
	if w.Code != http.StatusCreated || json.Unmarshal(w.Body.Bytes(), &created) != nil {
		return ""
	}
	return created.ID
}

func patchText(operations string) string {
	return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[` + operations + `]}`
}

// newStoreServer returns a server over a store, for which a token is the name of a
// scope.
func newStoreServer(t *testing.T, store scim.Store, scopes map[string]scim.Scope) *scim.Server {
	t.Helper()
	auth := scim.VerifyBearer(func(_ context.Context, token string) (scim.Subject, error) {
		scope, ok := scopes[token]
		if !ok {
			return scim.Subject{}, scim.ErrUnauthorized
		}
		return scim.Subject{Scope: scope}, nil
	})
	s, err := scim.NewServer(store, auth, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const stormToken = "token-of-a-storm"

// serverGroupStorm: writers change one group through a server, in the shapes that
// clients use; a stale If-Match and a shape that nobody knows change nothing.
func (s *storeTest) serverGroupStorm() {
	server := newStoreServer(s.T, s.Store, map[string]scim.Scope{stormToken: {Tenant: "t", Connection: "c"}})
	send := func(method, target, body, ifMatch string, status int, reason string) *httptest.ResponseRecorder {
		w := exchange{method, target, body, ifMatch}.send(server, stormToken)
		if w.Code != status {
			s.Errorf("%s %s %s\n%d %s, want %d: %s", method, target, body, w.Code, w.Body, status, reason)
		}
		return w
	}
	id := made(send("POST", "/Groups", `{"displayName":"g"}`, "", 201, "a new group"))
	group := "/Groups/" + id
	models := make([]model, stormWriters)
	each(stormWriters, func(w int, random *rand.Rand) {
		m := model{}
		for range stormWrites {
			member := fmt.Sprintf("w%d-%d", w, random.IntN(8))
			op := []string{
				`{"op":"Add","path":"members","value":[{"value":"%"}]}`, `{"op":"add","value":{"members":[{"value":"%"}]}}`,
				`{"op":"Remove","path":"members","value":[{"value":"%"}]}`, `{"op":"remove","path":"members[value eq \"%\"]"}`,
			}[random.IntN(4)]
			m[member] = strings.Contains(strings.ToLower(op), `"add"`)
			send("PATCH", group, patchText(strings.ReplaceAll(op, "%", member)), "", 204, "a change of one member")
			switch random.IntN(8) {
			case 0:
				send("PATCH", group, patchText(`{"op":"remove","path":"members"}`), `W/"0"`, 412, "If-Match names an old version")
			case 1:
				send("PATCH", group, patchText(`{"op":"remove","path":"members[value xx \"`+member+`\"]"}`), "", 400, "a shape that nobody knows")
			}
		}
		models[w] = m
	})
	s.ctx = scim.WithScope(s.ctx, scim.Scope{Tenant: "t", Connection: "c"})
	s.compare(groupRef(id), models)
}

// serverUserStorm: of 64 who POST one userName one is answered 201, and of those
// who change one version one succeeds.
func (s *storeTest) serverUserStorm() {
	server := newStoreServer(s.T, s.Store, map[string]scim.Scope{stormToken: {}})
	var created, refused atomic.Int32
	var id atomic.Value
	each(stormWriters, func(i int, _ *rand.Rand) {
		w := exchange{method: "POST", target: "/Users", body: `{"userName":"` + []string{"same", "SAME", "Same"}[i%3] + `"}`}.send(server, stormToken)
		switch {
		case w.Code == 201:
			created.Add(1)
			id.Store(made(w))
		case w.Code == 409 && strings.Contains(w.Body.String(), `"uniqueness"`):
			refused.Add(1)
		default:
			s.Errorf("%d %s, want 201 or 409 uniqueness", w.Code, w.Body)
		}
	})
	s.same(fmt.Sprint(created.Load(), refused.Load()), fmt.Sprint(1, stormWriters-1), "created and refused: one name is given once")
	var changed, stale atomic.Int32
	each(stormWriters, func(i int, _ *rand.Rand) {
		body := patchText(fmt.Sprintf(`{"op":"replace","path":"title","value":"t%d"}`, i))
		switch w := (exchange{"PATCH", "/Users/" + id.Load().(string), body, `W/"1"`}).send(server, stormToken); w.Code {
		case 200:
			changed.Add(1)
		case 412:
			stale.Add(1)
		default:
			s.Errorf("%d %s, want 200 or 412", w.Code, w.Body)
		}
	})
	s.same(fmt.Sprint(changed.Load(), stale.Load()), fmt.Sprint(1, stormWriters-1), "changed and stale: If-Match is decided where the write happens")
}
