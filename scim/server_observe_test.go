package scim

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// diary is an observer that writes down what it is told.
type diary struct {
	mu    sync.Mutex
	lines []string
}

type diaryKey struct{}

func (d *diary) Start(ctx context.Context, a Activity) context.Context {
	parent, _ := ctx.Value(diaryKey{}).(string)
	name := fmt.Sprint(a.Action, " ", a.Type)
	if a.InBulk {
		name = parent + " > " + name
	}
	return context.WithValue(ctx, diaryKey{}, name)
}

func (d *diary) End(ctx context.Context, a Activity, o Outcome) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if o.Duration <= 0 {
		d.lines = append(d.lines, "took no time")
	}
	line := fmt.Sprint(ctx.Value(diaryKey{}), " ", o.Status)
	if o.Kind != KindUnknown {
		line += " " + o.Kind.String()
	}
	d.lines = append(d.lines, line)
}

func TestObserver(t *testing.T) {
	d := &diary{}
	inside := ""
	c := newTestServer(t, &ServerOptions{Observer: d, Hooks: Hooks{Before: func(ctx context.Context, w *Write) error {
		inside, _ = ctx.Value(diaryKey{}).(string)
		if w.New != nil && w.New.Get("title").Text() == "panic" {
			panic("hook")
		}
		return nil
	}}})
	user := c.create("/Users", `{"userName":"u"}`)
	if inside != "create User" {
		t.Errorf("a hook's context is that of %q", inside)
	}
	d.lines = nil
	for _, tt := range []struct{ reason, method, target, body, want string }{
		{"", "GET", "/Users/" + user, "", "read User 200"},
		{"", "HEAD", "/Users/" + user, "", "read User 200"},
		{"", "GET", "/Users", "", "query User 200"},
		{"", "GET", "/?count=1", "", "query  200"},
		{"", "POST", "/.search", `{}`, "query  200"},
		{"", "POST", "/Groups/.search", `{"filter":"x"}`, "query Group 400 invalidFilter"},
		{"", "PUT", "/Users/" + user, `{"userName":"u"}`, "replace User 200"},
		{"", "PATCH", "/users/" + user, patchBody(`{"op":"add","path":"id","value":"x"}`), "patch User 400 mutability"},
		{"a fault", "PATCH", "/Users/" + user, patchBody(`{"op":"add","path":"title","value":"panic"}`), "patch User 500 internal error"},
		{"", "DELETE", "/Users/none", "", "delete User 404 not found"},
		{"", "GET", "/Schemas", "", "discover  200"},
		{"", "GET", "/Schemas/none", "", "discover  404 not found"},
		{"", "GET", "/Me", "", "read  501"},
		{"", "GET", "/Printers", "", "other  404 not found"},
		{"", "BREW", "/Users", "", "other User 405 the endpoint does not have this method"},
		{"a bulk request: first its operations", "POST", "/Bulk", bulkBody(makeUser("v", ""), `{"method":"DELETE","path":"/Groups/x"}`, `{}`),
			"bulk  > create User 201; bulk  > delete Group 404 not found; bulk  > other  400 invalidValue; bulk  200"},
	} {
		d.lines = nil
		c.send(tt.method, tt.target, tt.body)
		if diff := cmp.Diff(tt.want, strings.Join(d.lines, "; ")); diff != "" {
			t.Errorf("%s %s %s:\n%s", tt.reason, tt.method, tt.target, diff)
		}
	}
	c.auth = ""
	d.lines = nil
	c.want(401, "GET", "/Users", "")
	if diff := cmp.Diff([]string{"query User 401 the credentials are missing or were refused"}, d.lines); diff != "" {
		t.Error(diff)
	}
}

// TestRequestsInTheLog: at debug level there is a record of each request, with
// nothing of a person in it.
func TestRequestsInTheLog(t *testing.T) {
	var log lockedBuffer
	c := newTestServer(t, &ServerOptions{Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	c.want(200, "POST", "/Bulk", bulkBody(makeUser("canary", "")))
	c.want(200, "GET", "/Users?filter=userName+eq+%22canary%22", "")
	text := log.String()
	for _, want := range []string{"action=create type=User bulk=true status=201", `action=bulk type="" bulk=false status=200`, "action=query type=User bulk=false status=200"} {
		if !strings.Contains(text, want) {
			t.Errorf("no record has %s", want)
		}
	}
	if strings.Contains(text, "canary") || strings.Count(text, "\n") != 3 {
		t.Error(text)
	}
}
