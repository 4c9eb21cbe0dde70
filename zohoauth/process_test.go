package zohoauth_test

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zohoscim/zohoscim/datacenter"
	"github.com/zohoscim/zohoscim/zohoauth"
	"github.com/zohoscim/zohoscim/zohoauth/zohoauthtest"
)

// Sizes of the tests that take long at their full size.
var (
	flagKills     = flag.Int("kills", 20, "processes that TestKilledRefresh kills; 200 for the long run")
	flagCallbacks = flag.Int("callbacks", 100_000, "callbacks of TestHostileCallbacks; 1000000 for the long run")
)

// childEnv makes the test binary a child process: "ACCOUNTS DIR KEYS".
const childEnv = "ZOHOAUTH_TEST_CHILD"

// child shares the store in a folder with other processes. It obeys lines of
// stdin: "next" gives up all tokens and gets new ones, "hammer" asks as fast as it
// can for three seconds. After each it prints "ok", or what went wrong.
func child(setting string) error {
	f := strings.Fields(setting)
	n, err := strconv.Atoi(f[2])
	if err != nil {
		return err
	}
	own, err := datacenter.Custom(f[0], "")
	if err != nil {
		return err
	}
	cfg, err := zohoauth.NewConfig(zohoauthtest.DefaultClientID, zohoauth.NewSecret(zohoauthtest.DefaultClientSecret),
		&zohoauth.ConfigOptions{Custom: map[datacenter.DC]datacenter.Endpoints{datacenter.JP: own}})
	if err != nil {
		return err
	}
	store, err := zohoauth.NewDirStore(f[1])
	if err != nil {
		return err
	}
	sources, last := make([]*zohoauth.TokenSource, n), make([]string, n)
	for i := range sources {
		if sources[i], err = zohoauth.NewTokenSource(cfg, store, "grant-"+strconv.Itoa(i), nil); err != nil {
			return err
		}
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var errs []error
		var mu sync.Mutex
		var wg sync.WaitGroup
		for i, src := range sources {
			wg.Go(func() {
				err := obey(lines.Text(), src, &last[i])
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, err)
			})
		}
		wg.Wait()
		if err := errors.Join(errs...); err != nil {
			fmt.Println(strings.ReplaceAll(err.Error(), "\n", "; "))
		} else {
			fmt.Println("ok")
		}
	}
	return lines.Err()
}

func obey(line string, src *zohoauth.TokenSource, last *string) error {
	if line == "hammer" {
		for end := time.Now().Add(3 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
			src.Invalidate(*last)
			if _, err := src.Token(); err == nil {
				return errors.New("a token from a server that fails")
			}
		}
		return nil
	}
	src.Invalidate(*last)
	tok, err := src.Token()
	if err == nil {
		*last = tok.AccessToken
	}
	return err
}

// process is a running child.
type process struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines *bufio.Scanner
}

// spawn starts a child that shares n grants in dir.
func spawn(t *testing.T, s *zohoauthtest.Server, dir string, n int) *process {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: exec.CommandContext(t.Context(), exe)}
	p.cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s %s %d", childEnv, s.URL(), dir, n))
	p.cmd.Stderr = os.Stderr
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.lines = bufio.NewScanner(out)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return p
}

// order gives a line and returns the answer, "" if the process died.
func (p *process) order(line string) string {
	if _, err := io.WriteString(p.in, line+"\n"); err != nil || !p.lines.Scan() {
		return ""
	}
	return p.lines.Text()
}

func (p *process) stop() {
	_ = p.in.Close()
	_ = p.cmd.Wait() // a killed one has an error
}

func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	p.stop()
}

// grants puts n fresh grants into a folder.
func grants(t *testing.T, s *zohoauthtest.Server, n int) (dir string, store *zohoauth.DirStore) {
	t.Helper()
	dir = t.TempDir() + "/tokens"
	store = newDirStore(t, dir)
	c := newConfig(t, s, nil)
	for i := range n {
		if err := zohoauth.SaveToken(t.Context(), store, "grant-"+strconv.Itoa(i), grant(t, s, c, datacenter.JP)); err != nil {
			t.Fatal(err)
		}
	}
	return dir, store
}

// all gives every process the line at once and wants "ok".
func all(t *testing.T, ps []*process, line string) {
	t.Helper()
	var wg sync.WaitGroup
	for i, p := range ps {
		wg.Go(func() {
			if got := p.order(line); got != "ok" {
				t.Errorf("process %d: %s: %q", i, line, got)
			}
		})
	}
	wg.Wait()
}

// TestProcesses has 8 processes share 12 grants: one refresh for each grant at
// each expiry, however many ask; then a server that fails, and still no grant
// gets more than 10 requests in 10 minutes.
func TestProcesses(t *testing.T) {
	if testing.Short() {
		t.Skip("starts 8 processes")
	}
	const processes, tokens, expiries = 8, 12, 8
	s := newServer(t, &zohoauthtest.Options{DC: datacenter.JP, Loopback: true})
	dir, _ := grants(t, s, tokens)
	ps := make([]*process, processes)
	for i := range ps {
		ps[i] = spawn(t, s, dir, tokens)
		defer ps[i].stop()
	}
	all(t, ps, "next") // the stored tokens, which are good
	for range expiries {
		before := s.TokenRequests()
		s.ExpireAccess()
		all(t, ps, "next")
		if n := refreshes(s, before); n != tokens {
			t.Errorf("%d requests for the expiry of %d tokens", n, tokens)
		}
	}
	s.FailAll(&zohoauthtest.Fault{Status: 503})
	all(t, ps, "hammer")
	perGrant := make(map[int]int)
	for _, r := range s.Requests() {
		if r.Serial != 0 {
			perGrant[r.Serial]++
		}
	}
	for serial, n := range perGrant {
		if n > 10 {
			t.Errorf("grant %d: %d requests in 10 minutes", serial, n)
		}
		if n < 10 {
			t.Errorf("grant %d: %d requests: the limit was not put to the test", serial, n)
		}
	}
	if len(perGrant) != tokens {
		t.Errorf("%d grants were used, want %d", len(perGrant), tokens)
	}
}

// TestKilledRefresh kills a process at a random moment of a refresh, and another
// one goes on: the lock comes free at once, nothing is torn, no consent is needed.
func TestKilledRefresh(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	s := newServer(t, &zohoauthtest.Options{DC: datacenter.JP, Loopback: true, NoThrottle: true})
	var slowest time.Duration
	for range *flagKills {
		// A fresh grant, because the limit of the client would end the test.
		dir, store := grants(t, s, 1)
		s.SetLatency(10 * time.Millisecond)
		p := spawn(t, s, dir, 1)
		if got := p.order("next"); got != "ok" {
			t.Fatal(got)
		}
		if _, err := io.WriteString(p.in, "next\n"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(rand.N(16 * time.Millisecond)) // the refresh takes about that
		p.kill()
		s.SetLatency(0)
		s.ExpireAccess()
		began := time.Now()
		src, err := zohoauth.NewTokenSource(newConfig(t, s, nil), store, "grant-0", nil)
		if err != nil {
			t.Fatal(err)
		}
		tok, err := src.TokenContext(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		src.Invalidate(tok.AccessToken)
		need(t, s, src)
		slowest = max(slowest, time.Since(began))
		for _, name := range fileNames(t, dir) {
			if strings.Contains(name, ".tmp-") {
				continue // of the killed one: swept after a minute, see TestDirStoreTemp
			}
			if !strings.HasSuffix(name, ".token") && !strings.HasSuffix(name, ".lock") {
				t.Errorf("left over: %s", name)
			}
		}
	}
	t.Logf("%d kills; the next process had its token after at most %v", *flagKills, slowest)
	if slowest > 30*time.Second {
		t.Error("the lock of a dead process was held too long")
	}
}

// TestKilledRotation is the same against a server that rotates refresh tokens. A
// process that dies between the answer and its saving costs the grant: no client
// can avoid that. Anywhere else it does not.
func TestKilledRotation(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	s := newServer(t, &zohoauthtest.Options{DC: datacenter.JP, Loopback: true, NoThrottle: true, Rotate: true})
	lost := 0
	for range *flagKills {
		dir, store := grants(t, s, 1)
		p := spawn(t, s, dir, 1)
		if got := p.order("next"); got != "ok" {
			t.Fatal(got)
		}
		if _, err := io.WriteString(p.in, "next\n"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(rand.N(8 * time.Millisecond))
		p.kill()
		src, err := zohoauth.NewTokenSource(newConfig(t, s, nil), store, "grant-0", nil)
		if err != nil {
			t.Fatal(err)
		}
		tok, err := src.TokenContext(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if s.Verify(tok.AccessToken) == nil {
			src.Invalidate(tok.AccessToken)
		}
		if _, err := src.TokenContext(t.Context()); err != nil {
			wantError(t, err, zohoauth.ErrConsentRequired)
			lost++
		}
	}
	t.Logf("%d of %d kills fell between the answer and its saving", lost, *flagKills)
}

func fileNames(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}
