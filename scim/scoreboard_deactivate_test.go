package scim

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// gate is a service with sessions, which end in the hook.
type gate struct {
	*testing.T
	*Server
	store    *MemoryStore
	sessions map[string]bool
	hook     func() error
	calls    int
}

// ownerTitle marks the accounts that provisioning never touches.
const ownerTitle = "Owner"

func newGate(t *testing.T) *gate {
	g := &gate{T: t, store: NewMemoryStore(), sessions: map[string]bool{}, hook: func() error { return nil }}
	s, err := NewServer(g.store, staticTokens(t, testToken, noExpiry), &ServerOptions{Hooks: Hooks{Before: g.protect, After: g.revoke}})
	if err != nil {
		t.Fatal(err)
	}
	g.Server = s
	return g
}

func (g *gate) protect(_ context.Context, w *Write) error {
	if w.Old != nil && w.Old.Get("title").Text() == ownerTitle {
		return NewError(KindForbidden, "the account is protected", nil)
	}
	return nil
}

func (g *gate) revoke(_ context.Context, w *Write) error {
	if !w.Disabled() {
		return nil
	}
	g.calls++
	// Nobody may be able to sign in while sessions are being ended.
	err := g.store.View(g.Context(), w.Ref, func(e *Entry) error {
		if e.Resource.Get("active").Bool() {
			g.Errorf("%s: the account can be used while its sessions end", w.Method)
		}
		return nil
	})
	if err != nil {
		g.Error(err)
	}
	if err := g.hook(); err != nil {
		return err
	}
	delete(g.sessions, w.Ref.ID)
	return nil
}

// account makes a user with a session.
func (g *gate) account(title string) (id string) {
	id = createdID(ask(g.Server, "POST", "/Users", `{"userName":"u`+title+`","externalId":"e","title":"`+title+`","emails":[{"value":"u@example.com","type":"work"}]}`))
	if id == "" {
		g.Fatal("no user")
	}
	g.sessions[id] = true
	return id
}

// gateWriter looks at the sessions in the moment of the answer.
type gateWriter struct {
	*httptest.ResponseRecorder
	g  *gate
	id string
}

func (w *gateWriter) WriteHeader(status int) {
	if status < 300 && w.g.sessions[w.id] {
		w.g.Errorf("%d is answered while there is a session", status)
	}
	w.ResponseRecorder.WriteHeader(status)
}

// send sends a request for an account and returns the status, that of the
// operation for a bulk request.
func (g *gate) send(x exchange, id string) int {
	r := httptest.NewRequest(x.method, "/", strings.NewReader(x.body))
	r.URL.Path = strings.ReplaceAll(x.target, "ID", id)
	if x.target == "/Bulk" {
		r.Body = http.NoBody
		r = httptest.NewRequest(x.method, "/Bulk", strings.NewReader(strings.ReplaceAll(x.body, "ID", id)))
	}
	r.Header = x.header.Clone()
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Set("Authorization", "Bearer "+testToken)
	w := httptest.NewRecorder()
	if x.target == "/Bulk" {
		g.ServeHTTP(w, r) // which is 200 whatever became of the operation
		_, status, _ := strings.Cut(w.Body.String(), `"status":"`)
		if strings.HasPrefix(status, "2") && g.sessions[id] {
			g.Errorf("a bulk request is answered while there is a session")
		}
		return map[string]int{"200": 200, "204": 204, "403": 403, "500": 500, "404": 404}[status[:3]]
	}
	g.ServeHTTP(&gateWriter{w, g, id}, r)
	return w.Code
}

func deactivations() map[string]exchange {
	const off = `{"op":"replace","path":"active","value":false}`
	const renamed = `"userName":"renamed","externalId":"other","emails":[{"value":"other@example.com","type":"work"}]`
	patch := func(ops string) exchange { return exchange{method: "PATCH", target: "/Users/ID", body: patchBody(ops)} }
	rows := map[string]exchange{
		"PATCH":                            patch(off),
		"PATCH as Entra sends it":          patch(`{"op":"Replace","path":"active","value":"False"}`),
		"PATCH without a path":             patch(`{"op":"replace","value":{"active":false}}`),
		"PATCH of the identifiers, before": patch(`{"op":"replace","value":{` + renamed + `}},` + off),
		"PATCH of the identifiers, after":  patch(off + `,{"op":"replace","value":{` + renamed + `}}`),
		"PUT":                              {method: "PUT", target: "/Users/ID", body: `{"userName":"u","active":false}`},
		"PUT of the identifiers":           {method: "PUT", target: "/Users/ID", body: `{"active":false,` + renamed + `}`},
		"DELETE":                           {method: "DELETE", target: "/Users/ID"},
		"DELETE of one version":            {method: "DELETE", target: "/Users/ID", header: http.Header{"If-Match": {`W/"1"`}}},
	}
	for reason, x := range map[string]exchange{"PATCH": rows["PATCH"], "PUT": rows["PUT of the identifiers"], "DELETE": rows["DELETE"]} {
		data := ""
		if x.body != "" {
			data = `,"data":` + x.body
		}
		rows["Bulk "+reason] = exchange{method: "POST", target: "/Bulk", body: bulkBody(`{"method":"` + x.method + `","path":"/Users/ID"` + data + `}`)}
	}
	return rows
}

// TestDeactivate: when a sender hears of success, the sessions of a disabled
// account have ended, on every road; if that fails it hears of no success, the
// account is disabled all the same, and to send the request again ends them.
func TestDeactivate(t *testing.T) {
	for reason, x := range deactivations() {
		t.Run(reason, func(t *testing.T) {
			g := newGate(t)
			id := g.account("")
			if got := g.send(x, id); got >= 300 || g.calls != 1 {
				t.Errorf("%d after %d calls", got, g.calls)
			}
			g = newGate(t)
			id = g.account("")
			for reason, err := range map[string]error{"an error": errors.New("down"), "a refusal": ErrForbidden, "a panic": nil} {
				g.hook = func() error {
					if err == nil {
						panic("down")
					}
					return err
				}
				if got := g.send(x, id); got < 500 || !g.sessions[id] {
					t.Errorf("%s of the hook: %d", reason, got)
				}
				after := ask(g.Server, "GET", "/Users/"+id, "")
				if after.Code != 200 || !strings.Contains(after.Body.String(), `"active":false`) {
					t.Errorf("%s of the hook: the change does not stand: %d %s", reason, after.Code, after.Body)
				}
			}
			g.hook = func() error { return nil }
			if got := g.send(x, id); got >= 300 || g.calls != 4 || g.sessions[id] {
				t.Errorf("sent again: %d after %d calls", got, g.calls)
			}
			protected := g.account(ownerTitle)
			before := ask(g.Server, "GET", "/Users/"+protected, "").Body.String()
			if got := g.send(x, protected); got != 403 || !g.sessions[protected] {
				t.Errorf("a protected account: %d", got)
			}
			if after := ask(g.Server, "GET", "/Users/"+protected, "").Body.String(); after != before {
				t.Errorf("a protected account changed:\n%s\n%s", before, after)
			}
		})
		synctest.Test(t, func(t *testing.T) {
			g := newGate(t)
			g.hook = func() error { time.Sleep(20 * time.Second); return nil } // in the bubble
			id := g.account("")
			start := time.Now()
			if got := g.send(x, id); got >= 300 || time.Since(start) != 20*time.Second {
				t.Errorf("%s with a slow hook: %d after %v", reason, got, time.Since(start))
			}
		})
	}
}

// TestDeletionMeetsAWrite: what happens between the steps of a deletion is
// not lost.
func TestDeletionMeetsAWrite(t *testing.T) {
	g := newGate(t)
	id := g.account("")
	times := 1
	g.hook = func() error {
		if times--; times >= 0 {
			ask(g.Server, "PATCH", "/Users/"+id, patchBody(`{"op":"replace","path":"active","value":true}`))
			g.sessions[id] = true
		}
		return nil
	}
	if got := g.send(exchange{method: "DELETE", target: "/Users/ID"}, id); got != 204 || g.calls != 2 {
		t.Errorf("one write: %d after %d calls", got, g.calls)
	}
	id, times = g.account(""), 100
	if got := g.send(exchange{method: "DELETE", target: "/Users/ID"}, id); got != 503 {
		t.Errorf("a write each time: %d", got)
	}
	g.hook = func() error { return g.store.Delete(t.Context(), user(id), nil) }
	if got := g.send(exchange{method: "DELETE", target: "/Users/ID"}, id); got != 404 {
		t.Errorf("somebody else deleted it: %d", got)
	}
}
