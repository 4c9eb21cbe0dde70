package provision

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/zohoscim/zohoscim/mapping"
	"github.com/zohoscim/zohoscim/scim"
)

// childJob is the environment variable that makes the test binary run one
// cycle as a process of its own, which a test can kill and measure.
const childJob = "PROVISION_TEST_CHILD"

func TestMain(m *testing.M) {
	if config := os.Getenv(childJob); config != "" {
		if err := runChild(config); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// world describes a directory of a test: who is in it can be computed, so that
// it needs no memory.
type world struct {
	URL     string // of the target
	State   string // file; "" is memory
	Users   int
	Groups  int
	Members int // of each group
	Title   string
	Workers int

	Delta  int      // the source gives this many changed users from a cursor on
	Linked []string // ids of their accounts: the state is filled with links before the cycle
}

func (w *world) key(i int) string { return fmt.Sprintf("user-%07d", i) }

func (w *world) user(i int, title string) Object {
	key := w.key(i)
	rec := mapping.Record{
		"userPrincipalName": key + "@example.com", "mailNickname": key, "displayName": "User " + key,
		"givenName": "User", "surname": key, "mail": key + "@example.com", "accountEnabled": true,
	}
	if title != "" {
		rec["jobTitle"] = title
	}
	return Object{Type: User, Key: key, Record: rec}
}

func (w *world) group(g int) Object {
	key := fmt.Sprintf("group-%05d", g)
	obj := Object{Type: Group, Key: key, Record: mapping.Record{"displayName": key}, Members: []string{}}
	for m := range w.Members {
		obj.Members = append(obj.Members, w.key((g*w.Members+m*7)%w.Users))
	}
	return obj
}

func (w *world) objects() iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		for i := range w.Users {
			if !yield(w.user(i, w.Title), nil) {
				return
			}
		}
		for g := range w.Groups {
			if !yield(w.group(g), nil) {
				return
			}
		}
	}
}

// Changes implements [Source].
func (w *world) Changes(_ context.Context, cursor string) (*Changes, error) {
	end := func() (string, error) { return "next", nil }
	if cursor != "" {
		return &Changes{Objects: func(yield func(Object, error) bool) {
			for i := range w.Delta {
				if !yield(w.user(i*w.Users/w.Delta, "Changed"), nil) {
					return
				}
			}
		}, End: end}, nil
	}
	c := &Changes{Full: true, Objects: w.objects(), Total: w.Users + w.Groups}
	if w.Delta > 0 {
		c.End = end
	}
	return c, nil
}

func (w *world) job() *Job {
	return &Job{Name: "test", SyncURL: w.URL, Workers: w.Workers}
}

func (w *world) engine() (*Engine, State, error) {
	var state State = NewMemoryState()
	if w.State != "" {
		file, err := newFileState(w.State)
		if err != nil {
			return nil, nil, err
		}
		state = file
	}
	client, err := scim.NewClient(w.URL, scim.BearerToken(scim.NewSecret(testToken)), nil)
	if err != nil {
		return nil, nil, err
	}
	engine, err := New(w.job(), w, client, state, nil)
	return engine, state, err
}

// childResult is what a child prints.
type childResult struct {
	Report  *Report
	Error   string
	Seconds float64 // of the cycle
	PeakMB  float64
}

func runChild(config string) error {
	var w world
	if err := json.Unmarshal([]byte(config), &w); err != nil {
		return err
	}
	engine, state, err := w.engine()
	if err != nil {
		return err
	}
	ctx := context.Background()
	if w.Linked != nil {
		if err := w.fill(ctx, engine, state); err != nil {
			return err
		}
		runtime.GC()
		debug.FreeOSMemory()
	}
	began := time.Now()
	report, err := engine.Cycle(ctx)
	for errors.Is(err, ErrRunning) { // the lease of a killed process has to end
		time.Sleep(100 * time.Millisecond)
		report, err = engine.Cycle(ctx)
	}
	out := childResult{Report: report, Seconds: time.Since(began).Seconds()}
	if err != nil {
		out.Error = err.Error()
	}
	out.PeakMB = peakMB()
	return json.NewEncoder(os.Stdout).Encode(out)
}

// peakMB returns the most memory that the process had, 0 where that is not
// known. Getrusage would give that of the process that started it, if it was
// more.
func peakMB() float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	var kb float64
	_, _ = fmt.Sscan(after, &kb)
	return kb / 1024
}

// fill writes links as an initial cycle would have.
func (w *world) fill(ctx context.Context, e *Engine, state State) error {
	j := newJournal(state, e.job.Name)
	for i := range w.Users {
		obj := w.user(i, "")
		want, err := e.users.mapping.Map(record(obj, false), mapping.Update)
		if err != nil {
			return err
		}
		l := &link{ID: "id-of-" + obj.Key, Sent: want.Resource.AppendJSON(nil)}
		if n := i * w.Delta / w.Users; n*w.Users/w.Delta == i {
			l.ID = w.Linked[n]
		}
		var c change
		c.put(tableTargets, linkKey(User, l.ID), []byte(linkKey(User, obj.Key)))
		if err := c.setLink(User, obj.Key, l, false); err != nil {
			return err
		}
		j.mu.Lock()
		for name, row := range c.rows {
			j.pending[name] = row
		}
		j.counts.Users++
		j.put++
		full := len(j.pending) >= 20000
		j.mu.Unlock()
		if full {
			if err := j.sync(ctx); err != nil {
				return err
			}
		}
	}
	return j.saveJob(ctx, &jobState{Version: stateVersion, Cursor: "c", Fingerprint: e.print})
}

// child returns the command that runs a world's cycle.
func (w *world) child(t *testing.T) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	config, err := json.Marshal(w)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childJob+"="+string(config))
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	return cmd, &out
}

// run runs a world's cycle in a process of its own.
func (w *world) run(t *testing.T) *childResult {
	t.Helper()
	cmd, out := w.child(t)
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	var result childResult
	if err := json.Unmarshal(out.Bytes(), &result); err != nil {
		t.Fatal(err)
	}
	if result.Error != "" {
		t.Fatalf("the cycle ended with %s", result.Error)
	}
	return &result
}

// newTarget serves a store on loopback.
func newTarget(t *testing.T, around func(http.Handler) http.Handler) (url string, store *scim.MemoryStore) {
	t.Helper()
	store = scim.NewMemoryStore()
	server, err := scim.NewServer(store, scim.VerifyBearer(func(_ context.Context, token string) (scim.Subject, error) {
		if token != testToken {
			return scim.Subject{}, errors.New("another token")
		}
		return scim.Subject{}, nil
	}), &scim.ServerOptions{BaseURL: "/scim"})
	if err != nil {
		t.Fatal(err)
	}
	var handler http.Handler = server
	if around != nil {
		handler = around(server)
	}
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return s.URL + "/scim", store
}
