package scim

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

func TestUniquenessRace(t *testing.T) {
	c := newTestServer(t, nil)
	var created, refused atomic.Int32
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			name := []string{"same", "SAME", "Same"}[i%3]
			switch a := c.send("POST", "/Users", `{"userName":"`+name+`"}`); {
			case a.status == 201:
				created.Add(1)
			case a.status == 409 && a.at("scimType") == `"uniqueness"`:
				refused.Add(1)
			}
		})
	}
	wg.Wait()
	if created.Load() != 1 || refused.Load() != 63 {
		t.Errorf("%d created, %d refused", created.Load(), refused.Load())
	}
}

// TestGroupStorm has 64 writers add and remove members of their own, each in
// the shapes that clients use.
func TestGroupStorm(t *testing.T) {
	const writers, changes = 64, 20
	c := newTestServer(t, nil)
	id := c.create("/Groups", `{"displayName":"g"}`)
	var wg sync.WaitGroup
	models := make([]map[string]bool, writers)
	for w := range writers {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(uint64(w), 1))
			model := map[string]bool{}
			for range changes {
				member := fmt.Sprintf("w%d-%d", w, random.IntN(8))
				op := []string{
					`{"op":"Add","path":"members","value":[{"value":"%"}]}`, `{"op":"add","value":{"members":[{"value":"%"}]}}`,
					`{"op":"Remove","path":"members","value":[{"value":"%"}]}`, `{"op":"remove","path":"members[value eq \"%\"]"}`,
				}[random.IntN(4)]
				model[member] = strings.Contains(strings.ToLower(op), `"add"`)
				if a := c.send("PATCH", "/Groups/"+id, patchBody(strings.ReplaceAll(op, "%", member))); a.status != 204 {
					t.Errorf("%d %s", a.status, a.body)
				}
				if random.IntN(4) == 0 {
					stale := *c
					stale.header = map[string]string{"If-Match": `W/"0"`}
					if a := stale.send("PATCH", "/Groups/"+id, patchBody(`{"op":"remove","path":"members"}`)); a.status != 412 {
						t.Errorf("a stale If-Match: %d", a.status)
					}
				}
			}
			models[w] = model
		})
	}
	wg.Wait()
	have := map[string]bool{}
	list, _ := c.want(200, "GET", "/Groups/"+id, "").json["members"].([]any)
	for _, m := range list {
		have[m.(map[string]any)["value"].(string)] = true
	}
	want := 0
	for _, model := range models {
		for member, in := range model {
			if in != have[member] {
				t.Errorf("%s: member is %v, want %v", member, have[member], in)
			}
			if in {
				want++
			}
		}
	}
	if len(have) != want {
		t.Errorf("%d members, want %d", len(have), want)
	}
}

// TestFaultsCanBeFound: what a client is told of a fault finds it in the log.
func TestFaultsCanBeFound(t *testing.T) {
	var log strings.Builder
	auth, err := NewStaticTokens(mustToken(t))
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewServer(failingStore{}, auth, &ServerOptions{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodGet, "/Users/1", nil)
	r.Header.Set("Authorization", "Bearer "+testToken)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	_, rest, found := strings.Cut(w.Body.String(), "(request ")
	id, _, _ := strings.Cut(rest, ")")
	if w.Code != 500 || !found || len(id) != 36 || !strings.Contains(log.String(), "request="+id) {
		t.Errorf("%d %s\n%s", w.Code, w.Body, log.String())
	}
}

type failingStore struct{ *MemoryStore }

func (failingStore) View(context.Context, Ref, func(*Entry) error) error {
	return errors.New("the disk is gone")
}
