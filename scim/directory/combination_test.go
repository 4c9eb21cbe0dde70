package directory

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
)

// TestCombinations: each combination of status sync, password notification
// and the state of the user's domain, through real HTTP in Entra's shapes.
func TestCombinations(t *testing.T) {
	for _, b := range fewBases() {
		t.Run(b.name, func(t *testing.T) {
			t.Run("defaults", func(t *testing.T) { combination(t, b, StatusSync{}) })
			for _, onDeactivate := range []Action{Deactivate, Delete, Nothing} {
				for _, onDelete := range []Action{Deactivate, Delete, Nothing} {
					for _, onActivate := range []Action{Activate, Nothing} {
						s := StatusSync{OnActivate: onActivate, OnDeactivate: onDeactivate, OnDelete: onDelete}
						t.Run(fmt.Sprintf("activate=%s,deactivate=%s,delete=%s", onActivate, onDeactivate, onDelete), func(t *testing.T) {
							combination(t, b, s)
						})
					}
				}
			}
		})
	}
}

// domainRows say who is told of a new account.
var domainRows = []struct {
	to     Recipient
	email  string
	told   string // address
	skip   string // reason
	reason string
}{
	{"", "u%d@example.com", "", skipNobody, "nobody is the default"},
	{Nobody, "u%d@example.com", "", skipNobody, "as chosen"},
	{User, "u%d@example.com", "u%d@example.com", "", "the domain is verified"},
	{User, "u%d@example.net", "", skipDomain, "the domain is not verified"},
	{Administrator, "u%d@EXAMPLE.com", "admin@example.org", "", "the domain that counts is the user's"},
	{Administrator, "u%d@mail.example.com", "", skipDomain, "a subdomain is another domain"},
}

// combination walks users through their life under one status sync.
func combination(t *testing.T, b base, s StatusSync) {
	w := newWorld(t, b, &Settings{StatusSync: s}, Options{}, nil)
	for i, row := range domainRows {
		settings := &Settings{
			Attributes:           []Attribute{FixedValue("work_location", "本社"), {Field: "first_name", Profile: "name.givenName"}},
			StatusSync:           s,
			PasswordNotification: PasswordNotification{To: row.to, Administrator: "admin@example.org"},
			VerifiedDomains:      []string{"example.com"},
		}
		table, err := NewTable(w.db, "users", &usersTable)
		if err != nil {
			t.Fatal(err)
		}
		w.serve(table, settings, Options{Notifier: w.notifier})
		email := row.email
		email = fmt.Sprintf(email, i)
		id := w.create(email, email)
		w.told(id, i, row.told, row.skip, row.reason)
		w.life(id, email, s)
		if _, err := w.d.Deliver(t.Context()); err != nil { // about accounts that were made again
			t.Fatal(err)
		}
	}
}

// told checks who was told of a new account.
func (w *world) told(id string, i int, address, skip, reason string) {
	w.t.Helper()
	if address != "" && address != "admin@example.org" {
		address = fmt.Sprintf(address, i)
	}
	w.notifier.got = nil
	if _, err := w.d.Deliver(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	switch {
	case address == "" && len(w.notifier.got) > 0:
		w.t.Errorf("somebody was told: %s", reason)
	case address == "":
		if !slices.Contains(w.reasons(id), "skipped: "+skip) {
			w.t.Errorf("activity %q lacks %q: %s", w.reasons(id), skip, reason)
		}
	case len(w.notifier.got) != 1 || w.notifier.got[0].Address != address:
		w.t.Errorf("%d notifications: %s", len(w.notifier.got), reason)
	default:
		hash := w.value("SELECT password FROM users WHERE login = ?", w.notifier.got[0].UserName)
		if hash != "hash of "+w.notifier.got[0].Password.Reveal() {
			w.t.Error("the account's password is not the one that was handed over")
		}
	}
}

// life changes a user's status in the source and checks the account.
func (w *world) life(id, login string, s StatusSync) {
	w.t.Helper()
	status := func(when string, want state, location string) {
		w.t.Helper()
		got := w.value("SELECT CASE WHEN active THEN 'active' ELSE 'inactive' END FROM users WHERE login = ?", login)
		wanted := map[state]string{active: "active", inactive: "inactive", absent: "none"}[want]
		if got != wanted {
			w.t.Errorf("%s: the account is %s, want %s", when, got, wanted)
		}
		if place := w.value("SELECT work_location FROM users WHERE login = ?", login); want != absent && place != location {
			w.t.Errorf("%s: work_location is %q", when, place)
		}
	}
	status("new", active, "本社")
	w.must(http.StatusOK, http.MethodPatch, "/Users/"+id, patch("Replace", `addresses[type eq "work"].formatted`, `"Other Tower"`))
	status("moved in the source", active, "本社")

	w.setActive(id, `"False"`)
	now := map[Action]state{"": inactive, Deactivate: inactive, Delete: absent, Nothing: active}[s.OnDeactivate]
	status("deactivated in the source", now, "本社")
	seen := w.must(http.StatusOK, http.MethodGet, "/Users/"+id, "")
	if seen.body["active"] != false {
		w.t.Error("the source does not see what it sent")
	}

	w.setActive(id, `"True"`)
	if s.OnActivate != Nothing {
		now = active
	}
	status("activated in the source", now, "本社")

	w.must(http.StatusNoContent, http.MethodDelete, "/Users/"+id, "")
	w.must(http.StatusNotFound, http.MethodGet, "/Users/"+id, "")
	switch {
	case now == absent || s.OnDelete == Delete:
		now = absent
	case s.OnDelete != Nothing:
		now = inactive
	}
	status("deleted in the source", now, "本社")

	// The source restores the user: the account is its own again.
	w.create(login, login)
	status("restored in the source", active, "本社")
	if n := w.value("SELECT CAST(COUNT(*) AS TEXT) FROM users WHERE login = ?", login); n != "1" {
		w.t.Errorf("there are %s accounts", n)
	}
}
