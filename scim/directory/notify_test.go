package directory

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// notifying tells users of their accounts.
var notifying = Settings{PasswordNotification: PasswordNotification{To: User}, VerifiedDomains: []string{"example.com"}}

// TestRetry: a notification that was not taken comes again with the same id
// and another password, which is the account's then.
func TestRetry(t *testing.T) {
	for _, b := range bases {
		t.Run(b.name, func(t *testing.T) {
			var tried []Notification
			n := notifierFunc(func(n Notification) error {
				if tried = append(tried, n); len(tried) == 1 {
					return errors.New("the mail server is away")
				}
				return nil
			})
			w := newWorld(t, b, &notifying, Options{Notifier: n}, nil)
			id := w.create("user1@example.com", "user1@example.com")
			if sent, err := w.d.Deliver(t.Context()); sent != 0 || !errors.Is(err, ErrDelivery) {
				t.Errorf("%d taken, error %v", sent, err)
			}
			if sent, err := w.d.Deliver(t.Context()); sent != 0 || err != nil || len(tried) != 1 {
				t.Errorf("it was tried again at once: %d taken, error %v", sent, err)
			}
			w.exec("UPDATE scim_directory_outbox SET due = 0")
			if sent, err := w.d.Deliver(t.Context()); sent != 1 || err != nil {
				t.Errorf("%d taken, error %v", sent, err)
			}
			if len(tried) != 2 || tried[0].ID != tried[1].ID || tried[0].Password.Equal(tried[1].Password) {
				t.Errorf("tried %v", tried)
			}
			if got := w.value("SELECT password FROM users"); got != "hash of "+tried[1].Password.Reveal() {
				t.Error("the account's password is not the last one")
			}
			if diff := cmp.Diff([]string{Created, Notified}, w.reasons(id)); diff != "" {
				t.Errorf("activity (-want +got):\n%s", diff)
			}
		})
	}
}

type notifierFunc func(Notification) error

func (f notifierFunc) Notify(_ context.Context, n Notification) error { return f(n) }

// TestLate: what changed between creation and delivery counts.
func TestLate(t *testing.T) {
	for _, tt := range []struct {
		reason, skip string
		do           func(w *world, id string)
	}{
		{"deactivated meanwhile", skipInactive, func(w *world, id string) { w.setActive(id, `"False"`) }},
		{"deleted meanwhile", skipInactive, func(w *world, id string) { w.must(http.StatusNoContent, http.MethodDelete, "/Users/"+id, "") }},
		{"moved out of the verified domain", skipDomain, func(w *world, id string) {
			w.must(http.StatusOK, http.MethodPatch, "/Users/"+id, patch("Replace", `emails[type eq "work"].value`, `"u@example.net"`))
		}},
	} {
		w := newWorld(t, bases[0], &notifying, Options{}, nil)
		id := w.create("user1@example.com", "user1@example.com")
		tt.do(w, id)
		if _, err := w.d.Deliver(t.Context()); err != nil || len(w.notifier.got) > 0 {
			t.Errorf("%s: %d told, error %v", tt.reason, len(w.notifier.got), err)
		}
		if !slices.Contains(w.reasons(id), "skipped: "+tt.skip) {
			t.Errorf("%s: activity %q", tt.reason, w.reasons(id))
		}
	}
}

// TestInactiveFirst: who is new and inactive is told when it is activated.
func TestInactiveFirst(t *testing.T) {
	w := newWorld(t, bases[0], &notifying, Options{}, nil)
	id := w.must(http.StatusCreated, http.MethodPost, "/Users", entraUser("user1@example.com", "user1@example.com", false)).id()
	if sent, err := w.d.Deliver(t.Context()); sent != 0 || err != nil {
		t.Errorf("%d taken, error %v", sent, err)
	}
	w.setActive(id, `"True"`)
	if sent, err := w.d.Deliver(t.Context()); sent != 1 || err != nil {
		t.Errorf("%d taken, error %v", sent, err)
	}
}

// TestNotStored: no password is in the database, whoever made it, and none
// is printed.
func TestNotStored(t *testing.T) {
	w := newWorld(t, bases[0], &notifying, Options{}, nil)
	const canary = "canary-of-the-source"
	body := strings.Replace(entraUser("user1@example.com", "user1@example.com", true), `"active"`, `"password":"`+canary+`","active"`, 1)
	id := w.must(http.StatusCreated, http.MethodPost, "/Users", body).id()
	w.must(http.StatusOK, http.MethodPatch, "/Users/"+id, patch("Replace", "password", `"`+canary+`"`))
	if _, err := w.d.Deliver(t.Context()); err != nil {
		t.Fatal(err)
	}
	n := w.notifier.got[0]
	w.exec("UPDATE users SET password = NULL")
	for _, table := range []string{"scim_resources", "scim_values", "scim_changes", "scim_directory_accounts", "scim_directory_outbox", "scim_directory_activity", "users"} {
		rows, err := w.db.QueryContext(t.Context(), "SELECT * FROM "+table)
		if err != nil {
			t.Fatal(err)
		}
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			values := make([]any, len(columns))
			for i := range values {
				values[i] = new([]byte)
			}
			if err := rows.Scan(values...); err != nil {
				t.Fatal(err)
			}
			for i, v := range values {
				if text := string(*v.(*[]byte)); strings.Contains(text, canary) || strings.Contains(text, n.Password.Reveal()) {
					t.Errorf("a password is in %s.%s", table, columns[i])
				}
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(format, n); strings.Contains(text, n.Password.Reveal()) || strings.Contains(text, n.Address) {
			t.Errorf("%s prints %q", format, text)
		}
	}
}

func TestNewPassword(t *testing.T) {
	seen := map[string]bool{}
	first := map[byte]bool{}
	for range 2000 {
		p := newPassword(minLength).Reveal()
		for _, class := range []string{lowerCase, upperCase, digits, signs} {
			if !strings.ContainsAny(p, class) {
				t.Fatalf("a password has none of %q", class)
			}
		}
		if len(p) != minLength || strings.ContainsAny(p, "0O1lI") {
			t.Fatal("a password has another length, or a character that looks like another")
		}
		seen[p], first[p[0]] = true, true
	}
	if len(seen) != 2000 || len(first) < 40 {
		t.Errorf("%d of 2000 passwords differ, %d beginnings", len(seen), len(first))
	}
}

// TestRun ends with its context and delivers meanwhile.
func TestRun(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	w := newWorld(t, bases[0], &notifying, Options{Notifier: notifierFunc(func(Notification) error { cancel(); return nil }), CallTimeout: time.Minute}, nil)
	w.create("user1@example.com", "user1@example.com")
	if err := w.d.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Run ended with %v", err)
	}
	if n := w.value("SELECT COUNT(*) FROM scim_directory_outbox"); n != "0" {
		t.Errorf("%s notifications are left, though the notifier has them", n)
	}
}
