package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zohoscim/zohoscim/scim"
	"github.com/zohoscim/zohoscim/scim/provision"
)

const token = "token-of-the-tests"

// world is a service that counts its writes, and the files of a job.
type world struct {
	*testing.T
	dir    string
	url    string
	writes atomic.Int32
	killAt atomic.Int32             // the write during which the victim is killed; 0 is none
	victim atomic.Pointer[exec.Cmd] // see kill_test.go
	client *scim.Client
}

func newWorld(t *testing.T) *world {
	t.Helper()
	t.Setenv("SCIM_TOKEN", token)
	static, err := scim.NewStaticToken(scim.NewSecret(token), scim.Subject{ID: "sender"}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	auth, err := scim.NewStaticTokens(static)
	if err != nil {
		t.Fatal(err)
	}
	server, err := scim.NewServer(scim.NewMemoryStore(), auth, nil)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{T: t, dir: t.TempDir()}
	web := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		kill := r.Method != http.MethodGet && w.writes.Add(1) == w.killAt.Load()
		if kill && w.killAt.Load()%2 == 0 { // before it is done, or before it is answered
			_ = w.victim.Load().Process.Kill()
		}
		server.ServeHTTP(rw, r)
		if kill {
			_ = w.victim.Load().Process.Kill()
		}
	}))
	t.Cleanup(web.Close)
	w.url = web.URL
	if w.client, err = scim.NewClient(w.url, scim.BearerToken(scim.NewSecret(token)), nil); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) write(name, text string) {
	w.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600); err != nil {
		w.Fatal(err)
	}
}

// provision runs the program on a source.
func (w *world) provision(source string, args ...string) (out string, err error) {
	var stdout, stderr bytes.Buffer
	args = append([]string{"-source", filepath.Join(w.dir, source), "-target", w.url, "-state", filepath.Join(w.dir, "state.db")}, args...)
	err = run(w.Context(), &stdout, &stderr, args)
	return stdout.String(), err
}

// accounts returns the accounts of the service and whether each is active.
func (w *world) accounts() map[string]bool {
	w.Helper()
	out := map[string]bool{}
	for u, err := range w.client.Users().All(w.Context(), nil) {
		if err != nil {
			w.Fatal(err)
		}
		out[u.UserName] = u.Active != nil && *u.Active
	}
	return out
}

const header = "objectId,userPrincipalName,mailNickname,displayName,accountEnabled\n"

func csvUsers(keys ...int) string {
	var b strings.Builder
	b.WriteString(header)
	for _, key := range keys {
		fmt.Fprintf(&b, "%d,user%[1]d@example.com,user%[1]d,本社 %[1]d,true\n", key)
	}
	return b.String()
}

func TestCycles(t *testing.T) {
	w := newWorld(t)
	w.write("users.csv", csvUsers(1, 2, 3, 4, 5, 6, 7, 8))
	must := func(args ...string) string {
		t.Helper()
		out, err := w.provision("users.csv", args...)
		if err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
		return out
	}
	if out := must("-test"); !strings.Contains(out, w.url) {
		t.Error(out)
	}
	if out := must("-dry-run"); !strings.Contains(out, "create User 1") || !strings.Contains(out, `"本社 8"`) || w.writes.Load() != 0 {
		t.Errorf("%d writes\n%s", w.writes.Load(), out)
	}
	must("-once", "-report", filepath.Join(w.dir, "report.json"), "-log", filepath.Join(w.dir, "log.jsonl"))
	if w.writes.Load() != 8 || len(w.accounts()) != 8 {
		t.Errorf("%d writes, %v", w.writes.Load(), w.accounts())
	}
	w.checkReport("report.json", 8)
	must("-once", "-full", "-report", filepath.Join(w.dir, "report.html"))
	if page, err := os.ReadFile(filepath.Join(w.dir, "report.html")); err != nil || !bytes.Contains(page, []byte("</html>")) {
		t.Errorf("%v\n%s", err, page)
	}
	if w.writes.Load() != 8 {
		t.Error("the second cycle sends nothing")
	}
	w.write("users.csv", strings.Replace(csvUsers(1, 2, 3, 4, 5, 6, 7), "user7@", "other7@", 1))
	must("-once")
	if got := w.accounts(); w.writes.Load() != 10 || got["user8@example.com"] || !got["other7@example.com"] {
		t.Errorf("a rename and a leaver: %d writes, %v", w.writes.Load(), got)
	}
	if out := must("-user", "7"); !strings.Contains(out, "RedundantExport") {
		t.Error(out)
	}
	if out := must("-status"); !strings.Contains(out, `"code": "Active"`) {
		t.Error(out)
	}
}

func (w *world) checkReport(name string, created int) {
	w.Helper()
	data, err := os.ReadFile(filepath.Join(w.dir, name))
	if err != nil {
		w.Fatal(err)
	}
	var report provision.Report
	if err := json.Unmarshal(data, &report); err != nil || report.Users.Created != created {
		w.Errorf("%v %+v", err, report)
	}
	log, err := os.ReadFile(filepath.Join(w.dir, "log.jsonl"))
	if err != nil || bytes.Count(log, []byte("\n")) != created || !json.Valid(bytes.SplitN(log, []byte("\n"), 2)[0]) {
		w.Errorf("%v %s", err, log)
	}
}

// Leavers above the limit are held back, listed, and go only when they are
// allowed.
func TestManyLeavers(t *testing.T) {
	for _, allowed := range []string{"-allow-deletes", "-reject-deletes"} {
		w := newWorld(t)
		w.write("users.csv", csvUsers(1, 2, 3, 4, 5, 6, 7, 8))
		if _, err := w.provision("users.csv", "-once"); err != nil {
			t.Fatal(err)
		}
		w.write("users.csv", csvUsers(1, 2))
		out, err := w.provision("users.csv", "-once")
		if !errors.Is(err, provision.ErrTooManyDeletes) || strings.Count(out, "disable User") != 6 {
			t.Errorf("%v\n%s", err, out)
		}
		for _, active := range w.accounts() {
			if !active {
				t.Error("somebody was disabled")
			}
		}
		if _, err := w.provision("users.csv", "-once", allowed); err != nil {
			t.Error(err)
		}
		active := 0
		for _, is := range w.accounts() {
			if is {
				active++
			}
		}
		if want := map[string]int{"-allow-deletes": 2, "-reject-deletes": 8}[allowed]; active != want {
			t.Errorf("%s: %d active, want %d", allowed, active, want)
		}
	}
}

// A source that cannot be read to its end changes nothing.
func TestBrokenSources(t *testing.T) {
	w := newWorld(t)
	w.write("users.csv", csvUsers(1, 2, 3, 4))
	if _, err := w.provision("users.csv", "-once"); err != nil {
		t.Fatal(err)
	}
	writes := w.writes.Load()
	for name, text := range map[string]string{
		"empty": "", "cut in a row": csvUsers(1) + "2,user2", "cut in a quote": csvUsers(1) + `2,"user2`, "a header alone": header,
		"no key": header + ",user1@example.com,user1,U,true\n", "no truth": header + "1,user1@example.com,user1,U,perhaps\n",
	} {
		w.write("users.csv", text)
		if out, err := w.provision("users.csv", "-once"); err == nil {
			t.Errorf("%s: no error\n%s", name, out)
		}
		if w.writes.Load() != writes {
			t.Errorf("%s: %d writes", name, w.writes.Load()-writes)
		}
	}
}

func TestGroups(t *testing.T) {
	w := newWorld(t)
	w.write("all.json", `{"users":[{"objectId":"1","userPrincipalName":"user1@example.com","mailNickname":"user1","accountEnabled":true}],
		"groups":[{"objectId":"g","displayName":"G","mailNickname":"g","members":["1"]}]}`)
	if out, err := w.provision("all.json", "-once"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for g, err := range w.client.Groups().All(t.Context(), nil) {
		if err != nil || g.DisplayName != "G" || len(g.Members) != 1 {
			t.Errorf("%v %+v", err, g)
		}
	}
	if out, err := w.provision("all.json", "-group", "g"); err != nil || !strings.Contains(out, provision.StepAction) {
		t.Errorf("%v\n%s", err, out)
	}
}

// A mapping with a fixed value reaches everyone in the next cycle.
func TestMappingChange(t *testing.T) {
	w := newWorld(t)
	w.write("users.csv", csvUsers(1, 2))
	if _, err := w.provision("users.csv", "-once"); err != nil {
		t.Fatal(err)
	}
	w.write("mapping.json", `{"target":"User","rules":[{"target":"userName","attribute":"userPrincipalName","matching":1},
		{"target":"active","expression":"Not([IsSoftDeleted])"},{"target":"title","fixed":"本社"}]}`)
	if out, err := w.provision("users.csv", "-once", "-mapping", filepath.Join(w.dir, "mapping.json")); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for u, err := range w.client.Users().All(t.Context(), nil) {
		if err != nil || u.Title != "本社" {
			t.Errorf("%v %+v", err, u)
		}
	}
}

func TestPauseAndLoop(t *testing.T) {
	w := newWorld(t)
	w.write("users.csv", csvUsers(1))
	if _, err := w.provision("users.csv", "-pause"); err != nil {
		t.Fatal(err)
	}
	if out, err := w.provision("users.csv", "-once"); err == nil || w.writes.Load() > 0 {
		t.Errorf("a paused job ran: %v\n%s", err, out)
	}
	if _, err := w.provision("users.csv", "-resume"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	var stdout, stderr bytes.Buffer
	go func() {
		done <- run(ctx, &stdout, &stderr, []string{"-source", filepath.Join(w.dir, "users.csv"), "-target", w.url, "-state", filepath.Join(w.dir, "state.db"), "-interval", "1h"})
	}()
	for len(w.accounts()) == 0 {
		select {
		case err := <-done:
			t.Fatalf("the loop ended: %v", err)
		default:
		}
	}
	cancel() // Ctrl-C
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestUsage(t *testing.T) {
	t.Setenv("SCIM_TOKEN", token)
	const target = "http://127.0.0.1:1"
	for _, args := range [][]string{
		{}, {"-x"}, {"-source", "f.csv"}, {"-target", target}, {"-source", "f.txt", "-target", target}, {"-source", "f.csv", "-target", "ftp://x"},
		{"-source", "f.csv", "-target", target, "more"}, {"-source", "f.csv", "-target", target, "-encoding", "x"},
		{"-source", "f.csv", "-target", target, "-report", "r.txt"}, {"-source", "f.csv", "-target", target, "-max-deletes", "-1"},
		{"-source", "f.csv", "-target", target, "-tokens", "d"}, {"-source", "f.csv", "-target", target, "-dc", "x"},
		{"-source", "f.csv", "-target", target, "-mapping", "none.json"}, {"-source", "f.csv", "-target", target, "-user", "1", "-group", "2"},
		{"-source", "f.csv", "-target", "http://example.com/scim/v2"},
	} {
		args = append(slices.Clone(args), "-state", filepath.Join(t.TempDir(), "s.db"))
		if err := run(t.Context(), &bytes.Buffer{}, &bytes.Buffer{}, args); !errors.Is(err, errUsage) {
			t.Errorf("%v: %v", args, err)
		}
	}
	if err := run(t.Context(), &bytes.Buffer{}, &bytes.Buffer{}, []string{"-h"}); !errors.Is(err, flag.ErrHelp) {
		t.Error(err)
	}
	t.Setenv("SCIM_TOKEN", "")
	if err := run(t.Context(), &bytes.Buffer{}, &bytes.Buffer{}, []string{"-source", "f.csv", "-target", target}); !errors.Is(err, errUsage) {
		t.Error(err)
	}
}
