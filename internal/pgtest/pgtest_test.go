package pgtest

import (
	"bufio"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
)

const childEnv = "PGTEST_CHILD"

// TestMain makes the test binary a process that has a server and never ends.
func TestMain(m *testing.M) {
	if os.Getenv(childEnv) == "" {
		os.Exit(m.Run())
	}
	s, err := start()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(s.dir)
	time.Sleep(time.Hour)
	_ = s.life.Close() // never: its parent kills it
}

func TestOpen(t *testing.T) {
	for i, db := range []*sql.DB{Open(t), Open(t)} {
		if _, err := db.ExecContext(t.Context(), "CREATE TABLE own (n int)"); err != nil {
			t.Errorf("database %d is not a new one: %v", i, err)
		}
	}
	for _, tt := range []struct{ url, want, reason string }{
		{URL(t), "on", "a commit has to be on the disk unless a test says otherwise"},
		{Relaxed(URL(t)), "off", "the test said otherwise"},
	} {
		var got string
		if err := open(t, tt.url).QueryRowContext(t.Context(), "SHOW synchronous_commit").Scan(&got); err != nil || got != tt.want {
			t.Errorf("synchronous_commit is %q, %v: %s", got, err, tt.reason)
		}
	}
}

func TestStopAndStart(t *testing.T) {
	s := NewServer(t)
	db := open(t, s.URL(t))
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE kept (n int)"); err != nil {
		t.Fatal(err)
	}
	s.Stop(t)
	if err := db.PingContext(t.Context()); err == nil {
		t.Error("a stopped server answers")
	}
	s.Start(t)
	if _, err := db.ExecContext(t.Context(), "INSERT INTO kept VALUES (1)"); err != nil {
		t.Errorf("what was committed is gone after a stop: %v", err)
	}
}

// TestKilled: a test process that is killed leaves neither a server nor its folder.
func TestKilled(t *testing.T) {
	if _, err := programs(); err != nil {
		missing(t, err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe)
	cmd.Env = append(os.Environ(), childEnv+"=1")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line := bufio.NewScanner(out)
	if !line.Scan() {
		t.Fatal("the process has no server")
	}
	dir := line.Text()
	if _, err := os.Stat(dir); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait() // a killed one has an error
	for range 600 {
		if _, err = os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			return // the guard removes it after the server has ended
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Errorf("%s is still there: %v", dir, err)
}
