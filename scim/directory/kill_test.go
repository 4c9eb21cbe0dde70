package directory

import (
	"bufio"
	"context"
	"database/sql"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zohoscim/zohoscim/scim"
	"github.com/zohoscim/zohoscim/scim/sqlstore"
)

var kills = flag.Int("kills", 5, "how often TestKilled ends the process; 50 for the long run")

// childEnv names the folder in which the test's process works as the service
// that is killed.
const childEnv = "ZOHOSCIM_TEST_DIRECTORY"

// fileNotifier writes each notification it takes into a file, and is
// killed somewhere around that.
type fileNotifier struct{ file *os.File }

func (f fileNotifier) Notify(_ context.Context, n Notification) error {
	if _, err := fmt.Fprintln(f.file, n.ID, n.UserName, n.Password.Reveal()); err != nil {
		return err
	}
	return f.file.Sync()
}

// killedSettings are those of the killed service.
var killedSettings = Settings{
	PasswordNotification: PasswordNotification{To: User},
	VerifiedDomains:      []string{"example.com"},
}

// child creates users and delivers notifications until it is killed. It says
// on its standard output which users it has answered for.
func child(dir string) error {
	db, err := sql.Open("sqlite", sqlstore.SQLiteDSN(filepath.Join(dir, "users.db")))
	if err != nil {
		return err
	}
	notified, err := os.OpenFile(filepath.Join(dir, "notified"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	server, d, err := killedServer(db, fileNotifier{notified})
	if err != nil {
		return err
	}
	go func() {
		for {
			_, _ = d.Deliver(context.Background()) // a failure is one more try
		}
	}()
	for i := 0; ; i++ {
		name := fmt.Sprintf("u%d-%d@example.com", os.Getpid(), i)
		r := httptest.NewRequest(http.MethodPost, "/Users", strings.NewReader(entraUser(name, name, true)))
		r.Header.Set("Authorization", "Bearer "+testToken)
		w := httptest.NewRecorder()
		server.ServeHTTP(w, r)
		if w.Code == http.StatusCreated {
			fmt.Println(name)
		}
	}
}

func killedServer(db *sql.DB, n Notifier) (http.Handler, *Directory, error) {
	table, err := NewTable(db, "users", &usersTable)
	if err != nil {
		return nil, nil, err
	}
	d, err := New(db, sqlstore.SQLite, table, &killedSettings, &Options{Notifier: n, CallTimeout: 100 * time.Millisecond})
	if err != nil {
		return nil, nil, err
	}
	token, err := scim.NewStaticToken(scim.NewSecret(testToken), scim.Subject{ID: "entra"}, time.Time{})
	if err != nil {
		return nil, nil, err
	}
	auth, err := scim.NewStaticTokens(token)
	if err != nil {
		return nil, nil, err
	}
	server, err := scim.NewServer(d, auth, nil)
	return server, d, err
}

// TestKilled ends the service with kill -9 at random points between the
// creation of users and their notifications. Afterwards every account is
// notified, and twice only where the notifier had taken a notification whose
// record was lost: with the same id, one for each kill at most.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	db := openDB(t, "sqlite", sqlstore.SQLiteDSN(filepath.Join(dir, "users.db")))
	if err := Migrate(t.Context(), db, sqlstore.SQLite); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), bases[0].users); err != nil {
		t.Fatal(err)
	}
	answered := map[string]bool{}
	for range *kills {
		killOnce(t, dir, answered)
	}
	notified, err := os.OpenFile(filepath.Join(dir, "notified"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer notified.Close()
	_, d, err := killedServer(db, fileNotifier{notified})
	if err != nil {
		t.Fatal(err)
	}
	left := -1
	for left != 0 { // those that a killed process had claimed become due by and by
		if _, err := d.Deliver(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM scim_directory_outbox").Scan(&left); err != nil {
			t.Fatal(err)
		}
	}
	checkNotified(t, dir, db, answered)
}

// killOnce runs the service for a random time, and adds whom it answered for.
func killOnce(t *testing.T, dir string, answered map[string]bool) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	n := 1 + rand.N(8)
	for i := 0; lines.Scan(); i++ {
		answered[lines.Text()] = true
		if i == n {
			// The point is random, and nothing is measured.
			time.AfterFunc(rand.N(5*time.Millisecond), func() { _ = cmd.Process.Kill() })
		}
	}
	_ = cmd.Wait() // it was killed
}

func checkNotified(t *testing.T, dir string, db *sql.DB, answered map[string]bool) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "notified"))
	if err != nil {
		t.Fatal(err)
	}
	ids, passwords, duplicates := map[string]string{}, map[string]string{}, 0
	for line := range strings.Lines(string(data)) {
		part := strings.Fields(line)
		if len(part) != 3 {
			continue // the process was killed while it wrote
		}
		id, name := part[0], part[1]
		if had, again := ids[name]; again {
			duplicates++
			if had != id {
				t.Errorf("%s was notified under two ids", name)
			}
		}
		ids[name], passwords[name] = id, part[2]
	}
	rows, err := db.QueryContext(t.Context(), "SELECT login, password FROM users")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	accounts := 0
	for rows.Next() {
		var name, hash string
		if err := rows.Scan(&name, &hash); err != nil {
			t.Fatal(err)
		}
		accounts++
		if hash != "hash of "+passwords[name] {
			t.Errorf("%s has another password than it was told", name)
		}
		delete(answered, name)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if len(answered) > 0 {
		t.Errorf("answered for and without an account: %q", slices.Sorted(maps.Keys(answered)))
	}
	if accounts != len(ids) || accounts <= *kills {
		t.Errorf("%d accounts, %d notified", accounts, len(ids))
	}
	if duplicates > *kills {
		t.Errorf("%d notifications came twice after %d kills", duplicates, *kills)
	}
	t.Logf("%d kills, %d accounts, %d notifications came twice", *kills, accounts, duplicates)
}
