package directory

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestVerified(t *testing.T) {
	r, err := compile(&Settings{VerifiedDomains: []string{"Example.com", "例え.テスト", "xn--bcher-kva.example", "straße.example", "verified.example."}})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		address string
		want    bool
		reason  string
	}{
		{"user1@example.com", true, "the domain itself"},
		{"user1@EXAMPLE.COM", true, "letter case does not count in the DNS"},
		{"user1@example.com.", true, "the root's dot says nothing"},
		{"user1@mail.example.com", false, "a subdomain can belong to somebody else"},
		{"user1@notexample.com", false, "the end of a name is not the name"},
		{"user1@com", false, "the beginning neither"},
		{"user1@例え.テスト", true, "as it was given"},
		{"user1@xn--r8jz45g.xn--zckzah", true, "the same in the DNS"},
		{"user1@例え。テスト", true, "the ideographic full stop is a dot (UTS #46)"},
		{"user1@bücher.example", true, "given in the form of the DNS"},
		{"user1@BÜCHER.example", true, "letter case beyond ASCII"},
		{"user1@strasse.example", false, "another domain, though it looks the same when folded"},
		{"user1@verified.example", true, "given with the root's dot"},
		{"user1@example.com@evil.example", false, "the domain is behind the last @"},
		{"@example.com", false, "no address"},
		{"example.com", false, "no address"},
		{"user1@exam\u200bple.com", true, "UTS #46 ignores the zero width space"},
		{"user1@ex ample.com", false, "no domain"},
		{"", false, "no address"},
	} {
		if got := r.verified(tt.address); got != tt.want {
			t.Errorf("%q: %t, want %t: %s", tt.address, got, tt.want, tt.reason)
		}
	}
}

func TestDefaults(t *testing.T) {
	r, err := compile(&Settings{})
	if err != nil {
		t.Fatal(err)
	}
	want := StatusSync{OnActivate: Activate, OnDeactivate: Deactivate, OnDelete: Deactivate, OnLeaveGroup: Nothing}
	if diff := cmp.Diff(want, r.StatusSync); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if r.PasswordNotification.To != Nobody {
		t.Errorf("%q is notified", r.PasswordNotification.To)
	}
}

func TestMistakes(t *testing.T) {
	for _, tt := range []struct {
		reason, text string
		kind         error
		places       []string
	}{
		{"no JSON", `{`, ErrJSON, nil},
		{"an unknown member", `{"colour":1}`, ErrJSON, nil},
		{"a member twice", `{"adopt":"none","adopt":"email"}`, ErrJSON, nil},
		{"a value of another type", `{"criteria":7}`, ErrJSON, nil},
		{"every mistake at once", `{"attributes":[{"field":""},{"field":"a","profile":"x","custom":"y"},{"field":"a","fixed":""}],
			"criteria":"userType is Employee","resources":["computers"],"passwordNotification":{"to":"all","length":3},
			"statusSync":{"onActivate":"delete","onDeactivate":"x","onDelete":"activate","onLeaveGroup":"x"},
			"verifiedDomains":["not a domain"],"adopt":"always","protected":[" "]}`, ErrSetting, []string{
			"attributes[1].custom", "attributes[0].field", "attributes[0].profile", "attributes[1].profile", "attributes[2].field", "criteria", "resources[0]",
			"passwordNotification.to", "passwordNotification.length", "statusSync.onActivate", "statusSync.onDeactivate",
			"statusSync.onDelete", "statusSync.onLeaveGroup", "verifiedDomains[0]", "adopt", "protected[0]",
		}},
		{"a password is no field", `{"attributes":[{"field":"a","profile":"password"}]}`, ErrSetting, []string{"attributes[0].profile"}},
		{"groups are no attribute of a user", `{"criteria":"groups.value eq \"x\""}`, ErrSetting, []string{"criteria"}},
		{"nobody could be told", `{"passwordNotification":{"to":"administrator"}}`, ErrSetting, []string{"passwordNotification.administrator", "verifiedDomains"}},
		{"nobody could be adopted", `{"adopt":"email"}`, ErrSetting, []string{"adopt"}},
		{"a schema for nothing", `{"customSchema":"urn:example:x"}`, ErrSetting, []string{"customSchema"}},
		{"names that differ in letter case", `{"customSchema":"urn:example:x","attributes":[{"field":"a","custom":"Size"},{"field":"b","custom":"size"}]}`, ErrSetting, []string{"customSchema", "attributes[0].custom", "attributes[1].custom"}},
	} {
		_, err := ParseSettings([]byte(tt.text))
		if !errors.Is(err, tt.kind) {
			t.Errorf("%s: got %v, want %v", tt.reason, err, tt.kind)
		}
		var places []string
		var all Mistakes
		if errors.As(err, &all) {
			for _, m := range all {
				places = append(places, m.Place)
			}
		}
		if diff := cmp.Diff(tt.places, places); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.reason, diff)
		}
	}
}

func FuzzParseSettings(f *testing.F) {
	f.Add([]byte(`{"attributes":[{"field":"a","profile":"emails[type eq \"work\"].value"}],"criteria":"userType eq \"x\""}`))
	f.Add([]byte(`{"customSchema":"urn:example:x","attributes":[{"field":"b","custom":"size","fixed":"1"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := ParseSettings(data)
		if err != nil {
			return
		}
		for _, a := range s.Attributes {
			if a.Field == "" || a.Fixed == nil && (a.Profile == "") == (a.Custom == "") {
				t.Errorf("a field is made of nothing, or of two things: %q", data)
			}
		}
		if err := s.Validate(); err != nil {
			t.Errorf("what was taken is not valid: %v", err)
		}
	})
}

func FuzzDomain(f *testing.F) {
	f.Add("user1@例え.テスト")
	f.Add("a@b@EXAMPLE.com.")
	f.Fuzz(func(t *testing.T, address string) {
		d := domainOf(address)
		if d != "" && (normalDomain(d) != d || strings.ContainsAny(d, "@ /") || strings.ToLower(d) != d) {
			t.Errorf("%q has the domain %q, which is none", address, d)
		}
	})
}

func FuzzQuote(f *testing.F) {
	f.Add(`users"; --`)
	f.Add("名前")
	f.Fuzz(func(t *testing.T, name string) {
		if q := quote(name); q != "" && strings.Trim(q, `"`) != name || strings.ContainsAny(strings.Trim(quote(name), `"`), "\"'; \x00.?$") {
			t.Errorf("%q became %s", name, quote(name))
		}
	})
}

// TestAdopt: who may become whose account.
func TestAdopt(t *testing.T) {
	for _, b := range fewBases() {
		t.Run(b.name, func(t *testing.T) {
			for _, tt := range []struct {
				reason                 string
				settings               Settings
				login, mail            string // of the account that is there
				userName, email        string // that the source sends
				status                 int
				detail, wantLogin, act string
			}{
				{"adopting is off by default", Settings{}, "u", "u@example.com", "u@example.com", "u@example.com", 409, "adopt", "u", ""},
				{"the same user name", Settings{}, "u@example.com", "", "U@example.com", "", 409, "adopt", "u@example.com", ""},
				{"a verified e-mail address", Settings{Adopt: AdoptEmail, VerifiedDomains: []string{"example.com"}}, "u", "U@Example.com", "u@example.com", "u@example.com", 201, "", "u", Adopted},
				{"an address that anybody can have", Settings{Adopt: AdoptEmail, VerifiedDomains: []string{"example.com"}}, "u", "u@example.net", "u@example.net", "u@example.net", 409, "adopt", "u", ""},
				{"the user name alone is no proof", Settings{Adopt: AdoptEmail, VerifiedDomains: []string{"example.com"}}, "u", "other@example.com", "u", "u@example.com", 409, "adopt", "u", ""},
				{"a protected account", Settings{Adopt: AdoptEmail, VerifiedDomains: []string{"example.com"}, Protected: []string{"U@EXAMPLE.COM"}}, "u", "u@example.com", "u@example.com", "u@example.com", 409, "protected", "u", ""},
				{"nobody is in the way", Settings{}, "v", "v@example.com", "u@example.com", "u@example.com", 201, "", "v", Created},
			} {
				w := newWorld(t, b, &tt.settings, Options{}, nil)
				w.exec("INSERT INTO users (login, mail) VALUES (?, ?)", tt.login, tt.mail)
				a := w.ask(http.MethodPost, "/Users", entraUser(tt.userName, tt.email, true))
				if a.status != tt.status {
					t.Errorf("%s: status %d, want %d: %v", tt.reason, a.status, tt.status, a.body["detail"])
				}
				if detail, _ := a.body["detail"].(string); !strings.Contains(detail, tt.detail) {
					t.Errorf("%s: the answer %q does not name %q", tt.reason, detail, tt.detail)
				}
				if got := w.value("SELECT login FROM users WHERE id = 1"); got != tt.wantLogin {
					t.Errorf("%s: the account is %q now", tt.reason, got)
				}
				if tt.act != "" && !slices.Contains(w.reasons(a.id()), tt.act) {
					t.Errorf("%s: activity %q", tt.reason, w.reasons(a.id()))
				}
			}
		})
	}
}

// TestAdoptedIdentity: a sender that was given an account cannot carry it
// away by renaming it to an address of its own.
func TestAdoptedIdentity(t *testing.T) {
	s := Settings{Adopt: AdoptEmail, VerifiedDomains: []string{"example.com"}, Attributes: []Attribute{{Field: "first_name", Profile: "name.givenName"}}}
	w := newWorld(t, bases[0], &s, Options{}, nil)
	w.exec("INSERT INTO users (login, mail) VALUES ('boss', 'boss@example.com'), ('owner', 'owner@example.com')")
	id := w.create("boss@example.com", "boss@example.com")
	w.must(http.StatusForbidden, http.MethodPatch, "/Users/"+id, patch("Replace", `emails[type eq "work"].value`, `"evil@example.net"`))
	w.must(http.StatusConflict, http.MethodPatch, "/Users/"+id, patch("Replace", "userName", `"owner"`))
	w.must(http.StatusOK, http.MethodPatch, "/Users/"+id, patch("Replace", "name.givenName", `"Other"`))
	if got := w.value("SELECT login || ' ' || mail || ' ' || first_name FROM users WHERE id = 1"); got != "boss boss@example.com Other" {
		t.Errorf("the account is %q", got)
	}
	w.must(http.StatusOK, http.MethodPatch, "/Users/"+id, patch("Replace", `emails[type eq "work"].value`, `"boss2@example.com"`))
	if got := w.value("SELECT mail FROM users WHERE id = 1"); got != "boss2@example.com" {
		t.Errorf("the source's change inside of verified domains became %q", got)
	}
}

// TestLeaveGroup: users that leave their last group, and come back.
func TestLeaveGroup(t *testing.T) {
	for _, b := range fewBases() {
		for action, want := range map[Action]string{Nothing: "active", Deactivate: "inactive", Delete: "none"} {
			t.Run(b.name+" "+string(action), func(t *testing.T) {
				w := newWorld(t, b, &Settings{StatusSync: StatusSync{OnLeaveGroup: action}}, Options{}, nil)
				status := func(login string) string {
					return w.value("SELECT CASE WHEN active THEN 'active' ELSE 'inactive' END FROM users WHERE login = ?", login)
				}
				one, two := w.create("one", ""), w.create("two", "")
				member := func(op, id string) string { return patch(op, "members", `[{"$ref":null,"value":"`+id+`"}]`) }
				a := w.must(http.StatusCreated, http.MethodPost, "/Groups", `{"displayName":"A"}`).id()
				c := w.must(http.StatusCreated, http.MethodPost, "/Groups", `{"displayName":"C"}`).id()
				for _, group := range []string{a, c} {
					w.must(http.StatusNoContent, http.MethodPatch, "/Groups/"+group, member("Add", one))
				}
				w.must(http.StatusNoContent, http.MethodPatch, "/Groups/"+a, member("Remove", one))
				w.must(http.StatusNoContent, http.MethodPatch, "/Groups/"+a, member("Remove", two))
				if status("one") != "active" || status("two") != "active" {
					t.Error("a user of another group, and one of none, have nothing to do with it")
				}
				w.must(http.StatusNoContent, http.MethodDelete, "/Groups/"+c, "")
				if got := status("one"); got != want {
					t.Errorf("the account is %s, want %s", got, want)
				}
				if seen := w.must(http.StatusOK, http.MethodGet, "/Users/"+one, ""); seen.body["active"] != true {
					t.Error("the source's own status has changed")
				}
				w.must(http.StatusNoContent, http.MethodPatch, "/Groups/"+a, member("Add", one))
				if got := status("one"); got != "active" {
					t.Errorf("after coming back the account is %s", got)
				}
			})
		}
	}
}
