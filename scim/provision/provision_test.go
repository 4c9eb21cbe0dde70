package provision

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zohoscim/zohoscim/internal/memhttp"
	"github.com/zohoscim/zohoscim/mapping"
	"github.com/zohoscim/zohoscim/scim"
	"github.com/zohoscim/zohoscim/scim/scimtest"
)

const (
	testToken = "scim-token-of-the-tests"
	testHost  = "one.zoho.jp"
)

// fixture is a fake Zoho One behind in-memory HTTP, a source that tests
// change, and an engine between them.
type fixture struct {
	t      *testing.T
	zoho   *scimtest.ZohoOne
	client *scim.Client
	source *testSource
	state  *MemoryState
	job    *Job
	engine *Engine
	events []Event
	ended  func(*Report, error)

	under  sync.WaitGroup // requests that the service works on, also when their sender is gone
	mu     sync.Mutex
	around func(http.Handler) http.Handler // replaced by tests that break the service
}

func newFixture(t *testing.T, change func(*Job)) *fixture {
	t.Helper()
	f := &fixture{t: t, source: &testSource{}, state: NewMemoryState()}
	f.job = &Job{Name: "test", SyncURL: "https://" + testHost + "/scim", DataCenter: "jp", Workers: 4}
	if change != nil {
		change(f.job)
	}
	var err error
	f.zoho, err = scimtest.NewZohoOne(func(_ context.Context, token string) (scim.Subject, error) {
		if token != testToken {
			return scim.Subject{}, errors.New("another token")
		}
		return scim.Subject{}, nil
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	network := memhttp.New()
	network.Handle(testHost, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.under.Add(1)
		defer f.under.Done()
		f.mu.Lock()
		around := f.around
		f.mu.Unlock()
		if around != nil {
			around(f.zoho).ServeHTTP(w, r)
			return
		}
		f.zoho.ServeHTTP(w, r)
	}))
	t.Cleanup(func() { _ = network.Close() })
	patient := network.Client()
	patient.Timeout = 30 * time.Second // as a client of one's own has one
	f.client, err = scim.NewClient(f.job.SyncURL, scim.BearerToken(scim.NewSecret(testToken)), &scim.ClientOptions{HTTPClient: patient})
	if err != nil {
		t.Fatal(err)
	}
	f.restart()
	return f
}

// restart makes a new engine on the same state, as a new process would.
func (f *fixture) restart() {
	f.t.Helper()
	var err error
	f.engine, err = New(f.job, f.source, f.client, f.state, &Options{Observers: []Observer{f}})
	if err != nil {
		f.t.Fatal(err)
	}
}

// The fixture is the engine's observer.
func (f *fixture) CycleBegan(Cycle) {}
func (f *fixture) Done(e *Event)    { f.events = append(f.events, *e) }
func (f *fixture) CycleEnded(r *Report, err error) {
	if f.ended != nil {
		f.ended(r, err)
	}
}

// link returns what is remembered of an object.
func (f *fixture) link(typ, key string) *link {
	f.t.Helper()
	l, err := newJournal(f.state, f.job.Name).link(f.t.Context(), typ, key)
	if err != nil {
		f.t.Fatal(err)
	}
	return l
}

func (f *fixture) breakWith(around func(http.Handler) http.Handler) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.around = around
}

// cycle runs a cycle that must succeed and returns its requests as
// "METHOD count" and its report.
func (f *fixture) cycle() (*Report, map[string]int) {
	f.t.Helper()
	f.zoho.Requests()
	report, err := f.engine.Cycle(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	return report, f.requests()
}

func (f *fixture) requests() map[string]int {
	out := map[string]int{}
	for _, r := range f.zoho.Requests() {
		out[r.Method]++
	}
	return out
}

// fails runs a cycle that must fail and returns its error and requests.
func (f *fixture) fails(want error) (*Report, map[string]int) {
	f.t.Helper()
	f.zoho.Requests()
	report, err := f.engine.Cycle(f.t.Context())
	if !errors.Is(err, want) {
		f.t.Fatalf("the cycle ended with %v, want %v", err, want)
	}
	return report, f.requests()
}

// users returns "userName active title" of every user at the target, sorted.
func (f *fixture) users() []string {
	f.t.Helper()
	users, err := f.zoho.Users(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	var out []string
	for _, u := range users {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %t %s", u.Get("userName").Text(), u.Get("active").Bool(), u.Get("title").Text())))
	}
	slices.Sort(out)
	return out
}

func (f *fixture) wantUsers(want ...string) {
	f.t.Helper()
	if got := f.users(); !slices.Equal(got, want) {
		f.t.Errorf("users at the target:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// members returns the user names of a group's members, sorted.
func (f *fixture) members(group string) []string {
	f.t.Helper()
	groups, err := f.zoho.Groups(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	users, err := f.zoho.Users(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	names := map[string]string{}
	for _, u := range users {
		names[u.ID()] = u.Get("userName").Text()
	}
	for _, g := range groups {
		names[g.ID] = g.DisplayName
	}
	for _, g := range groups {
		if g.DisplayName == group {
			var out []string
			for _, m := range g.Members {
				out = append(out, names[m.Value])
			}
			slices.Sort(out)
			return out
		}
	}
	f.t.Fatalf("no group %s", group)
	return nil
}

// testSource is a source whose objects tests change.
type testSource struct {
	objects []Object
	err     error    // after the objects
	delta   bool     // answers with the objects and a cursor, and is not full
	cursors []string // asked for
	next    string
	full    bool // with delta: this is the first read
	repeats bool
	endErr  error // at the end of the read
	total   int
	nothing bool // it answers without objects
}

func (s *testSource) Changes(_ context.Context, cursor string) (*Changes, error) {
	s.cursors = append(s.cursors, cursor)
	if s.nothing {
		return &Changes{Full: true}, nil
	}
	c := &Changes{Full: !s.delta || s.full, Repeats: s.repeats, Total: s.total, Objects: s.all()}
	if s.delta || s.endErr != nil {
		c.End = func() (string, error) { return s.next, s.endErr }
	}
	return c, nil
}

func (s *testSource) all() iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		for _, obj := range s.objects {
			if !yield(obj, nil) {
				return
			}
		}
		if s.err != nil {
			yield(Object{}, s.err)
		}
	}
}

func (s *testSource) set(objects ...Object) { s.objects = objects }

// user is a source user: key "1" is user1@example.com.
func user(key string, more mapping.Record) Object {
	rec := mapping.Record{"objectId": key, "userPrincipalName": "user" + key + "@example.com", "mailNickname": "user" + key, "displayName": "User " + key, "accountEnabled": true}
	maps.Copy(rec, more)
	return Object{Type: User, Key: key, Record: rec}
}

func group(key string, members ...string) Object {
	return Object{Type: Group, Key: key, Members: append([]string{}, members...), Record: mapping.Record{"objectId": key, "displayName": "Group " + key}}
}

// many returns n users.
func many(n int) []Object {
	var out []Object
	for i := range n {
		out = append(out, user(fmt.Sprint(i+1), nil))
	}
	return out
}

// readAll reads a request's body and leaves it to be read again.
func readAll(r *http.Request) string {
	b, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(b))
	return string(b)
}
