package scim

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// methodCounts counts the calls of a store.
type methodCounts struct {
	Store
	calls map[string]int
}

func (s *methodCounts) View(ctx context.Context, ref Ref, fn func(*Entry) error) error {
	s.calls["View"]++
	return s.Store.View(ctx, ref, fn)
}

func (s *methodCounts) List(ctx context.Context, q *Query) (*Page, error) {
	s.calls["List"]++
	return s.Store.List(ctx, q)
}

func (s *methodCounts) Create(ctx context.Context, r *Resource, links iter.Seq[Link]) error {
	s.calls["Create"]++
	return s.Store.Create(ctx, r, links)
}

func (s *methodCounts) Update(ctx context.Context, ref Ref, fn func(*Entry) error) error {
	s.calls["Update"]++
	return s.Store.Update(ctx, ref, fn)
}

func (s *methodCounts) Delete(ctx context.Context, ref Ref, fn func(*Entry) error) error {
	s.calls["Delete"]++
	return s.Store.Delete(ctx, ref, fn)
}

// Owners makes it an [OwnerStore], as the one that it counts is.
func (s *methodCounts) Owners(ctx context.Context, values []string) (map[string][]Link, error) {
	s.calls["Owners"]++
	return s.Store.(OwnerStore).Owners(ctx, values)
}

// costServer serves a store to one sender for each token given.
func costServer(t *testing.T, store Store, tokens ...string) *Server {
	t.Helper()
	var known []StaticToken
	for _, text := range tokens {
		token, err := NewStaticToken(NewSecret(text), Subject{ID: text, Scope: Scope{Tenant: text}}, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		known = append(known, token)
	}
	auth, err := NewStaticTokens(known...)
	if err != nil {
		t.Fatal(err)
	}
	server, err := NewServer(store, auth, nil)
	if err != nil {
		t.Fatal(err)
	}
	return server
}

func costRequest(s *Server, token, method, target, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// TestStoreCalls: the section "Cost" of the package's documentation.
func TestStoreCalls(t *testing.T) {
	const token = "cost-token-0123456789"
	store := &methodCounts{Store: NewMemoryStore(), calls: map[string]int{}}
	server := costServer(t, store, token)
	ids := map[string]string{}
	create := func(name, endpoint, body string) {
		w := costRequest(server, token, "POST", endpoint, body)
		_, id, _ := strings.Cut(w.Header().Get("Location"), endpoint+"/")
		if ids[name] = id; w.Code != http.StatusCreated || id == "" {
			t.Fatalf("%d: %s", w.Code, w.Body)
		}
	}
	create("a", "/Users", `{"userName":"a"}`)
	create("b", "/Users", `{"userName":"b"}`)
	create("g", "/Groups", fmt.Sprintf(`{"displayName":"G","members":[{"value":%q}]}`, ids["a"]))
	for _, row := range []struct {
		method, target, body string
		want                 map[string]int
		reason               string
	}{
		{"GET", "/Users/b", "", map[string]int{"View": 1}, "a user without groups"},
		{"GET", "/Users/a", "", map[string]int{"View": 1, "Owners": 1}, "groups come with the entry, the groups of those are asked for"},
		{"GET", "/Groups/g", "", map[string]int{"View": 1}, "members too"},
		{"GET", "/Users", "", map[string]int{"List": 1, "Owners": 1}, "the groups of a page are batched"},
		{"GET", `/Users?filter=userName+eq+"a"`, "", map[string]int{"List": 1, "Owners": 1}, "a search"},
		{"GET", "/", "", map[string]int{"List": 2, "Owners": 1}, "one for each type"},
		{"POST", "/Users", `{"userName":"c"}`, map[string]int{"Create": 1}, "uniqueness is decided where the write happens"},
		{"PUT", "/Users/a", `{"userName":"a","title":"t"}`, map[string]int{"Update": 1, "Owners": 1}, "read, compared and written in one"},
		{"PATCH", "/Users/a", `{"Operations":[{"op":"Replace","path":"active","value":"False"}]}`, map[string]int{"Update": 1, "Owners": 1}, "as Entra disables"},
		{"PATCH", "/Groups/g", `{"Operations":[{"op":"add","path":"members","value":[{"value":"b"}]}]}`, map[string]int{"View": 1, "Update": 1}, "the type of the member is looked up"},
		{"PATCH", "/Groups/g", `{"Operations":[{"op":"remove","path":"members[value eq \"b\"]"}]}`, map[string]int{"Update": 1}, "what goes is not looked up"},
		{"DELETE", "/Users/a", "", map[string]int{"Delete": 1}, "links go with it"},
	} {
		target, body := row.target, row.body
		for name, id := range ids {
			target = strings.TrimSuffix(target, "/"+name) + map[bool]string{true: "/" + id}[strings.HasSuffix(target, "/"+name)]
			body = strings.ReplaceAll(strings.ReplaceAll(body, `"value":"`+name+`"`, `"value":"`+id+`"`), `\"`+name+`\"`, `\"`+id+`\"`)
		}
		clear(store.calls)
		w := costRequest(server, token, row.method, strings.ReplaceAll(target, `"`, "%22"), body)
		if w.Code >= 300 {
			t.Errorf("%s %s: %d %s", row.method, row.target, w.Code, w.Body)
		}
		if diff := cmp.Diff(row.want, store.calls); diff != "" {
			t.Errorf("%s %s (%s): -want +got\n%s", row.method, row.target, row.reason, diff)
		}
	}
}

// TestNoForeignBytes: answers of senders who work at the same time never hold
// a byte of another's. Run it with -race.
func TestNoForeignBytes(t *testing.T) {
	const senders, rounds = 6, 150
	var tokens []string
	for i := range senders {
		tokens = append(tokens, fmt.Sprintf("canary%d-0123456789", i))
	}
	server := costServer(t, NewMemoryStore(), tokens...)
	var wg sync.WaitGroup
	for i, token := range tokens {
		mine := fmt.Sprintf("canary%d", i)
		wg.Go(func() {
			ask := func(method, target, body string) *httptest.ResponseRecorder {
				w := costRequest(server, token, method, target, body)
				text := fmt.Sprint(w.Header(), w.Body)
				if w.Code >= 400 || strings.Count(text, "canary") != strings.Count(text, mine) {
					t.Errorf("%s %s: %d %s", method, target, w.Code, text)
				}
				return w
			}
			for n := range rounds {
				// Texts of several lengths: what is left of a longer one would show.
				title := strings.Repeat(mine+" ", 1+n%7*(i+1))
				w := ask("POST", "/Users", fmt.Sprintf(`{"userName":"%s-%d","title":%q,"emails":[{"value":"%s-%d@example.com"}]}`, mine, n, title, mine, n))
				_, id, _ := strings.Cut(w.Header().Get("Location"), "/Users/")
				ask("GET", "/Users/"+id, "")
				ask("PATCH", "/Users/"+id, `{"Operations":[{"op":"Replace","path":"active","value":false}]}`)
				ask("GET", "/Users?count=5", "")
				ask("GET", fmt.Sprintf("/Users?filter=userName+eq+%%22%s-%d%%22", mine, n), "")
				ask("GET", "/Users?filter=title+co+%22canary%22&count=3", "")
				ask("PUT", "/Users/"+id, fmt.Sprintf(`{"userName":"%s-%d"}`, mine, n))
			}
		})
	}
	wg.Wait()
}

// TestReadingIsLinear ends: if each escape of a text cost the length of what
// follows, it would take an hour.
func TestReadingIsLinear(t *testing.T) {
	body := []byte(`{"userName":"` + strings.Repeat(`\\`, 1<<19) + `"}`)
	for range 50 {
		if _, err := DecodeResource(UserType(), body); err != nil {
			t.Fatal(err)
		}
	}
}
