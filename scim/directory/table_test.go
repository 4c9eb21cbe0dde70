package directory

import (
	"database/sql"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/zohoscim/zohoscim/scim/sqlstore"
)

// TestMapping: a custom attribute, a fixed value that wins, values that go,
// and columns that are none of ours.
func TestMapping(t *testing.T) {
	const urn = "urn:example:params:scim:schemas:extension:staff:2.0:User"
	settings := Settings{CustomSchema: urn, Attributes: []Attribute{
		{Field: "shoe", Custom: "shoeSize"}, {Field: "phone", Profile: `phoneNumbers[type eq "work"].value`},
		{Field: "work_location", Profile: `addresses[type eq "work"].formatted`, Fixed: new("本社")},
	}}
	for _, b := range bases {
		t.Run(b.name, func(t *testing.T) {
			w := newWorld(t, b, &settings, Options{}, nil)
			row := func() string {
				return w.value("SELECT COALESCE(shoe, '-') || ' ' || COALESCE(phone, '-') || ' ' || work_location || ' ' || note FROM users")
			}
			id := w.must(http.StatusCreated, http.MethodPost, "/Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","`+urn+`"],
				"userName":"user1","phoneNumbers":[{"type":"work","value":"1"}],"addresses":[{"type":"work","formatted":"Tower"}],"`+urn+`":{"shoeSize":"27"}}`).id()
			if got := row(); got != "27 1 本社 mine" {
				t.Errorf("the row is %q", got)
			}
			w.exec("UPDATE users SET note = 'changed'")
			w.must(http.StatusOK, http.MethodPatch, "/Users/"+id, patch("Remove", `phoneNumbers[type eq "work"]`, ""))
			w.must(http.StatusOK, http.MethodPatch, "/Users/"+id, patch("Replace", urn+":shoeSize", `"28"`))
			if got := row(); got != "28 - 本社 changed" {
				t.Errorf("the row is %q", got)
			}
			seen := w.must(http.StatusOK, http.MethodGet, "/Users/"+id, "")
			if extension, _ := seen.body[urn].(map[string]any); extension["shoeSize"] != "28" {
				t.Error("the source does not see what it sent")
			}
		})
	}
}

// TestRowGone: the service has removed an account that the source still has.
func TestRowGone(t *testing.T) {
	for _, b := range bases {
		t.Run(b.name, func(t *testing.T) {
			w := newWorld(t, b, &Settings{}, Options{}, nil)
			one, two := w.create("one", ""), w.create("two", "")
			w.exec("DELETE FROM users")
			w.must(http.StatusOK, http.MethodPatch, "/Users/"+one, patch("Replace", "userName", `"uno"`))
			w.setActive(two, `"False"`)
			w.must(http.StatusNoContent, http.MethodDelete, "/Users/"+two, "")
			if got := w.value("SELECT login FROM users"); got != "uno" {
				t.Errorf("the account is %s", got)
			}
		})
	}
}

// TestTaken: a constraint of the table is the last word, and nothing is left
// of what it refuses.
func TestTaken(t *testing.T) {
	for _, b := range bases {
		t.Run(b.name, func(t *testing.T) {
			w := newWorld(t, b, &Settings{}, Options{}, nil)
			w.exec("CREATE UNIQUE INDEX phones ON users (mail)")
			w.create("one", "shared@example.com")
			w.must(http.StatusConflict, http.MethodPost, "/Users", entraUser("two", "shared@example.com", true))
			if a := w.must(http.StatusOK, http.MethodGet, "/Users", ""); a.body["totalResults"] != 1.0 {
				t.Errorf("there are %v users", a.body["totalResults"])
			}
		})
	}
}

// TestRefusedValue: a value that a column does not take is the sender's
// mistake, and nothing is left of it.
func TestRefusedValue(t *testing.T) {
	for _, b := range bases {
		t.Run(b.name, func(t *testing.T) {
			w := newWorld(t, b, &Settings{Attributes: []Attribute{{Field: "grade", Profile: "title"}}}, Options{}, nil)
			w.exec("ALTER TABLE users ADD COLUMN grade INTEGER CHECK (grade > 0)")
			for title, status := range map[string]int{"0": http.StatusBadRequest, "1": http.StatusCreated} {
				w.must(status, http.MethodPost, "/Users", `{"userName":"u`+title+`","title":"`+title+`"}`)
			}
			if got := w.value("SELECT login FROM users"); got != "u1" {
				t.Errorf("the account is %s", got)
			}
		})
	}
}

// TestResources: what is not synchronised cannot be written.
func TestResources(t *testing.T) {
	w := newWorld(t, bases[0], &Settings{Resources: []Resource{Users}}, Options{}, nil)
	w.must(http.StatusForbidden, http.MethodPost, "/Groups", `{"displayName":"A"}`)
	w.must(http.StatusOK, http.MethodGet, "/Groups?filter=displayName+eq+%22A%22", "")
	w = newWorld(t, bases[0], &Settings{Resources: []Resource{Groups}}, Options{}, nil)
	w.must(http.StatusForbidden, http.MethodPost, "/Users", `{"userName":"u"}`)
	w.must(http.StatusCreated, http.MethodPost, "/Groups", `{"displayName":"A"}`)
}

// TestOptions: a table or directory that cannot work is not made, and no name
// reaches SQL that is not a plain one.
func TestOptions(t *testing.T) {
	db := openDB(t, "sqlite", ":memory:")
	for _, tt := range []struct {
		reason, table string
		db            *sql.DB
		o             *TableOptions
	}{
		{"no database", "users", nil, &TableOptions{UserName: "login"}},
		{"no column to find an account by", "users", db, nil},
		{"an injection in the table's name", `users"; DROP TABLE users; --`, db, &TableOptions{UserName: "login"}},
		{"three parts", "a.b.c", db, &TableOptions{UserName: "login"}},
		{"an injection in a column", "users", db, &TableOptions{UserName: `login" = '' OR "login`}},
		{"a name that is too long", "users", db, &TableOptions{UserName: strings.Repeat("a", 64)}},
		{"two purposes", "users", db, &TableOptions{UserName: "login", Email: "LOGIN"}},
		{"a password without a hash", "users", db, &TableOptions{UserName: "login", Password: "password"}},
	} {
		if _, err := NewTable(tt.db, tt.table, tt.o); !errors.Is(err, ErrOption) {
			t.Errorf("%s: got %v", tt.reason, err)
		}
	}
	table, err := NewTable(db, "users", &TableOptions{UserName: "login"})
	if err != nil {
		t.Fatal(err)
	}
	other := openDB(t, "sqlite", ":memory:")
	field := func(name string) *Settings { return &Settings{Attributes: []Attribute{FixedValue(name, "x")}} }
	for _, tt := range []struct {
		reason   string
		db       *sql.DB
		settings *Settings
		accounts Accounts
	}{
		{"no accounts", db, &Settings{}, nil},
		{"no settings", db, nil, table},
		{"another database", other, &Settings{}, table},
		{"an injection in a field", db, field(`x" = 'y`), table},
		{"a field with another purpose", db, field("LOGIN"), table},
		{"nobody to notify by", db, &notifying, table},
	} {
		if _, err := New(tt.db, sqlstore.SQLite, tt.accounts, tt.settings, nil); !errors.Is(err, ErrOption) {
			t.Errorf("%s: got %v", tt.reason, err)
		}
	}
}
