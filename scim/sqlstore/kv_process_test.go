package sqlstore

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zohoscim/zohoscim/datacenter"
	"github.com/zohoscim/zohoscim/internal/pgtest"
	"github.com/zohoscim/zohoscim/zohoauth"
	"github.com/zohoscim/zohoscim/zohoauth/zohoauthtest"
)

var lockKills = flag.Int("lockkills", 4, "processes that TestKilledHolder kills on each database; 50 for the long run")

// childEnv makes the test binary a child process: "DRIVER|SOURCE|ACCOUNTS|GRANTS".
const childEnv = "SQLSTORE_TEST_CHILD"

// child shares a database with other processes. It obeys lines of stdin and
// answers each with "ok" or what went wrong: "next" gives up all tokens and gets new
// ones, "hammer" asks for three seconds a server that fails, "hold TTL" takes a lease,
// keeps it and says its token, "count N" adds to a number under a lock.
func child(setting string) error {
	f := strings.Split(setting, "|")
	db, err := sql.Open(f[0], f[1])
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }() // the process ends
	kv, err := NewKV(db, map[string]Dialect{"sqlite": SQLite, "pgx": PostgreSQL}[f[0]], nil)
	if err != nil {
		return err
	}
	sources, err := childSources(kv, f[2], f[3])
	if err != nil {
		return err
	}
	last := make([]string, len(sources))
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		order, arg, _ := strings.Cut(lines.Text(), " ")
		answer := "ok"
		switch order {
		case "hold":
			answer, err = childHold(kv, arg)
		case "count":
			err = childCount(kv, arg)
		default:
			err = childTokens(order, sources, last)
		}
		if err != nil {
			answer = strings.ReplaceAll(err.Error(), "\n", "; ")
		}
		fmt.Println(answer)
	}
	return lines.Err()
}

func childSources(kv *KV, accounts, grants string) (out []*zohoauth.TokenSource, err error) {
	n, err := strconv.Atoi(grants)
	if err != nil || n == 0 {
		return nil, err
	}
	own, err := datacenter.Custom(accounts, "")
	if err != nil {
		return nil, err
	}
	cfg, err := zohoauth.NewConfig(zohoauthtest.DefaultClientID, zohoauth.NewSecret(zohoauthtest.DefaultClientSecret),
		&zohoauth.ConfigOptions{Custom: map[datacenter.DC]datacenter.Endpoints{datacenter.JP: own}})
	if err != nil {
		return nil, err
	}
	for i := range n {
		src, err := zohoauth.NewTokenSource(cfg, kv, grantKey(i), nil)
		if err != nil {
			return nil, err
		}
		out = append(out, src)
	}
	return out, nil
}

func grantKey(i int) string { return "grant-" + strconv.Itoa(i) }

func childHold(kv *KV, ttl string) (string, error) {
	d, err := time.ParseDuration(ttl)
	if err != nil {
		return "", err
	}
	l, err := kv.Lease(context.Background(), "held", d)
	if err != nil {
		return "", err
	}
	return strconv.FormatUint(l.Token(), 10), kv.Under(l).Put(context.Background(), "held", []byte(strconv.FormatUint(l.Token(), 10)))
}

// childCount reads and writes a number, which is right only if nobody else does
// so at the same time.
func childCount(kv *KV, times string) error {
	n, err := strconv.Atoi(times)
	if err != nil {
		return err
	}
	ctx := context.Background()
	for range n {
		unlock, err := kv.Lock(ctx, "count", time.Minute)
		if err != nil {
			return err
		}
		have, err := kv.Get(ctx, "n")
		if err != nil {
			return errors.Join(err, unlock())
		}
		was, err := strconv.Atoi(string(have))
		if err = errors.Join(err, kv.Put(ctx, "n", []byte(strconv.Itoa(was+1))), unlock()); err != nil {
			return err
		}
	}
	return nil
}

func childTokens(order string, sources []*zohoauth.TokenSource, last []string) error {
	errs := make([]error, len(sources))
	var wg sync.WaitGroup
	for i, src := range sources {
		wg.Go(func() {
			if order == "hammer" {
				for end := time.Now().Add(3 * time.Second); time.Now().Before(end) && errs[i] == nil; time.Sleep(10 * time.Millisecond) {
					src.Invalidate(last[i])
					if _, err := src.Token(); err == nil {
						errs[i] = errors.New("a token from a server that fails")
					}
				}
				return
			}
			src.Invalidate(last[i])
			tok, err := src.Token()
			if errs[i] = err; err == nil {
				last[i] = tok.AccessToken
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// process is a running child.
type process struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines *bufio.Scanner
}

func spawn(t *testing.T, setting string) *process {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: exec.CommandContext(t.Context(), exe)}
	p.cmd.Env = append(os.Environ(), childEnv+"="+setting)
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

// orderAll gives every process the line at once and wants "ok".
func orderAll(t *testing.T, ps []*process, line string) {
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

// onEachSource runs a test on a new database of each kind that other processes
// can open too.
func onEachSource(t *testing.T, test func(t *testing.T, driver, source string, kv *KV)) {
	t.Helper()
	if testing.Short() {
		t.Skip("starts processes")
	}
	for _, d := range []Dialect{SQLite, PostgreSQL} {
		t.Run(d.String(), func(t *testing.T) {
			driver, source := "sqlite", SQLiteDSN(filepath.Join(t.TempDir(), "scim.db"))
			if d == PostgreSQL {
				driver, source = "pgx", pgtest.URL(t)
			}
			db, err := sql.Open(driver, source)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := db.Close(); err != nil {
					t.Error(err)
				}
			})
			migrate(t, db, d)
			test(t, driver, source, newKV(t, db, d, nil))
		})
	}
}

func newAccounts(t *testing.T) *zohoauthtest.Server {
	t.Helper()
	s, err := zohoauthtest.New(&zohoauthtest.Options{DC: datacenter.JP, Loopback: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// saveGrants puts n fresh grants into a store.
func saveGrants(t *testing.T, s *zohoauthtest.Server, kv *KV, n int) {
	t.Helper()
	cfg, err := zohoauth.NewConfig(zohoauthtest.DefaultClientID, zohoauth.NewSecret(zohoauthtest.DefaultClientSecret),
		&zohoauth.ConfigOptions{HTTPClient: s.Client(), RedirectURL: zohoauthtest.DefaultRedirectURL})
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		flow, err := zohoauth.NewFlow(cfg, nil)
		if err != nil {
			t.Fatal(err)
		}
		consent, err := flow.Start(t.Context(), datacenter.JP, nil)
		if err != nil {
			t.Fatal(err)
		}
		callback, err := s.Consent(t.Context(), consent.URL)
		if err != nil {
			t.Fatal(err)
		}
		tok, err := flow.HandleCallback(t.Context(), callback.Query())
		if err != nil {
			t.Fatal(err)
		}
		if err := zohoauth.SaveToken(t.Context(), kv, grantKey(i), tok); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTokensOfProcesses has 8 processes share grants in a database: one refresh
// for each grant at each expiry, also by processes that were started anew; then a
// server that fails, and still no grant gets more than 10 requests in 10 minutes.
func TestTokensOfProcesses(t *testing.T) {
	onEachSource(t, func(t *testing.T, driver, source string, kv *KV) {
		const processes, grants, expiries = 8, 6, 6
		s := newAccounts(t)
		saveGrants(t, s, kv, grants)
		setting := strings.Join([]string{driver, source, s.URL(), strconv.Itoa(grants)}, "|")
		ps := make([]*process, processes)
		for i := range ps {
			ps[i] = spawn(t, setting)
			defer func() { ps[i].stop() }()
		}
		orderAll(t, ps, "next") // the stored tokens, which are good
		for n := range expiries {
			before := s.TokenRequests()
			s.ExpireAccess()
			orderAll(t, ps, "next")
			if n := s.TokenRequests() - before; n != grants {
				t.Errorf("%d requests for the expiry of %d tokens", n, grants)
			}
			if n%3 == 2 { // a restart knows what its predecessor knew
				before = s.TokenRequests()
				ps[n].stop()
				ps[n] = spawn(t, setting)
				if got := ps[n].order("next"); got != "ok" || s.TokenRequests() != before {
					t.Errorf("after a restart: %q, %d requests", got, s.TokenRequests()-before)
				}
			}
		}
		s.FailAll(&zohoauthtest.Fault{Status: 503})
		orderAll(t, ps, "hammer")
		wantBudget(t, s, grants)
	})
}

// wantBudget wants each grant to have had 10 requests, the most of 10 minutes.
func wantBudget(t *testing.T, s *zohoauthtest.Server, grants int) {
	t.Helper()
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
	if len(perGrant) != grants {
		t.Errorf("%d grants were used, want %d", len(perGrant), grants)
	}
}

// TestLockOfProcesses: processes that count under a lock lose nothing.
func TestLockOfProcesses(t *testing.T) {
	onEachSource(t, func(t *testing.T, driver, source string, kv *KV) {
		const processes, times = 8, 10
		put(t, kv, "n", "0")
		ps := make([]*process, processes)
		for i := range ps {
			ps[i] = spawn(t, strings.Join([]string{driver, source, "", "0"}, "|"))
			defer ps[i].stop()
		}
		orderAll(t, ps, fmt.Sprint("count ", times))
		if got, want := content(t, kv, "n"), fmt.Sprintf("%q", strconv.Itoa(processes*times)); got != want {
			t.Errorf("counted %s, want %s", got, want)
		}
	})
}

// TestKilledHolder kills a process that takes or holds a lease, and another one
// has it when its time is over; what the killed one left is whole.
func TestKilledHolder(t *testing.T) {
	onEachSource(t, func(t *testing.T, driver, source string, kv *KV) {
		last := uint64(0)
		var slowest time.Duration
		for i := range *lockKills {
			p := spawn(t, strings.Join([]string{driver, source, "", "0"}, "|"))
			if i%2 == 0 {
				token, err := strconv.ParseUint(p.order("hold 300ms"), 10, 64)
				if err != nil || token <= last {
					t.Errorf("token %d after %d, %v", token, last, err)
				}
			} else {
				if _, err := io.WriteString(p.in, "hold 300ms\n"); err != nil {
					t.Fatal(err)
				}
				time.Sleep(rand.N(20 * time.Millisecond)) // taking it lasts about that
			}
			p.kill()
			began := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			l, err := kv.Lease(ctx, "held", time.Minute)
			cancel()
			if err != nil {
				t.Fatal(err)
			}
			slowest = max(slowest, time.Since(began))
			if l.Token() <= last {
				t.Errorf("token %d after %d: it grows with each grant", l.Token(), last)
			}
			last = l.Token()
			if b, err := kv.Get(t.Context(), "held"); err == nil {
				if left, err := strconv.ParseUint(string(b), 10, 64); err != nil || left >= last {
					t.Errorf("the killed one left %q", b)
				}
			}
			wantError(t, l.Release(t.Context()), nil, "the holder gives it up")
		}
		t.Logf("%d kills; the next holder waited at most %v", *lockKills, slowest)
	})
}
