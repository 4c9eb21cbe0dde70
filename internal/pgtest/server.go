package pgtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Server is a PostgreSQL server in a temporary folder.
type Server struct {
	dir  string
	bin  string         // folder of initdb and pg_ctl
	life io.WriteCloser // while it is open, the server lives
	end  *exec.Cmd      // what waits for its closing
}

// guard waits until its input ends and takes the server away.
const guard = `cat >/dev/null; cd /; "$1/pg_ctl" -D "$2/data" -m immediate -w stop; rm -rf "$2"`

// NewServer starts a server of the test's own, which it may stop and start.
// It is there until the test ends.
func NewServer(t TB) *Server {
	t.Helper()
	s, err := start()
	if err != nil {
		missing(t, err)
	}
	t.Cleanup(func() {
		_ = s.life.Close()
		_ = s.end.Wait() // a folder that stays is no failure of the test
	})
	return s
}

// URL returns the URL of a new and empty database on the server.
func (s *Server) URL(t TB) string {
	t.Helper()
	return create(t, s.url())
}

// Stop stops the server as a crash does: connections break, and what was
// committed is found again at the next start.
func (s *Server) Stop(t TB) {
	t.Helper()
	if err := s.control("-m", "immediate", "stop"); err != nil {
		t.Fatalf("%v", err)
	}
}

// Start starts a server that was stopped, and waits until it answers.
func (s *Server) Start(t TB) {
	t.Helper()
	if err := s.start(); err != nil {
		t.Fatalf("%v", err)
	}
}

// start makes a server and starts it.
func start() (*Server, error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "pgtest")
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir, bin: bin}
	if err := s.watch(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := s.prepare(); err != nil {
		return nil, errors.Join(err, s.life.Close())
	}
	return s, nil
}

// watch starts what takes the server away.
func (s *Server) watch() error {
	s.end = s.command("sh", "-c", guard, "sh", s.bin, s.dir)
	var err error
	if s.life, err = s.end.StdinPipe(); err != nil {
		return err
	}
	if err := detach(s.end, s.dir); err != nil {
		return err
	}
	return s.end.Start()
}

func (s *Server) prepare() error {
	err := s.run(filepath.Join(s.bin, "initdb"), "-D", s.data(), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	if err != nil {
		return err
	}
	return s.start()
}

func (s *Server) start() error {
	settings := "-c listen_addresses= -c unix_socket_directories='" + s.dir + "' -c max_connections=200"
	return s.control("-l", filepath.Join(s.dir, "log"), "-o", settings, "start")
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

func (s *Server) url() string {
	return "postgres://postgres@/postgres?" + url.Values{"host": {s.dir}, "sslmode": {"disable"}}.Encode()
}

func (s *Server) control(args ...string) error {
	return s.run(filepath.Join(s.bin, "pg_ctl"), slices.Concat([]string{"-D", s.data(), "-w", "-t", "60"}, args)...)
}

// run runs a program of PostgreSQL. What it says goes to a file, because the
// server keeps what it inherits open.
func (s *Server) run(name string, args ...string) error {
	cmd := s.command(name, args...)
	out, err := os.CreateTemp("", "pgtest")
	if err != nil {
		return err
	}
	defer func() { _ = errors.Join(out.Close(), os.Remove(out.Name())) }() // it was read
	cmd.Stdout, cmd.Stderr = out, out
	if err := detach(cmd, s.dir); err != nil {
		return err
	}
	if err := cmd.Run(); err != nil {
		said, _ := os.ReadFile(out.Name())
		return fmt.Errorf("%s: %w: %s", filepath.Base(name), err, strings.TrimSpace(string(said)))
	}
	return nil
}

func (s *Server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(context.Background(), name, args...)
	cmd.Dir = s.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
	cmd.WaitDelay = time.Minute
	return cmd
}

// programs returns the folder of the newest PostgreSQL's programs.
func programs() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil {
		return "", err
	}
	slices.Sort(found)
	slices.Reverse(found)
	if path, err := exec.LookPath("initdb"); err == nil {
		// A link leads to where the other programs are.
		if path, err = filepath.EvalSymlinks(path); err == nil {
			found = slices.Insert(found, 0, filepath.Dir(path))
		}
	}
	for _, dir := range found {
		_, noInit := exec.LookPath(filepath.Join(dir, "initdb"))
		_, noControl := exec.LookPath(filepath.Join(dir, "pg_ctl"))
		if noInit == nil && noControl == nil {
			return dir, nil
		}
	}
	return "", errors.New("neither initdb nor pg_ctl is in the PATH or in /usr/lib/postgresql")
}
