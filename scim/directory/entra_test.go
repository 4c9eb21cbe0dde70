package directory

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"iter"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zohoscim/zohoscim/mapping"
	"github.com/zohoscim/zohoscim/scim"
	"github.com/zohoscim/zohoscim/scim/provision"
	"github.com/zohoscim/zohoscim/scim/scimtest"
)

// entraSettings are those of a service that has accounts already.
var entraSettings = Settings{
	Attributes: []Attribute{
		FixedValue("work_location", "本社"), {Field: "first_name", Profile: "name.givenName"},
		{Field: "phone", Profile: `phoneNumbers[type eq "work"].value`},
	},
	VerifiedDomains: []string{"example.com"},
	Adopt:           AdoptEmail,
	Protected:       []string{"owner@example.com"},
}

// newEntraWorld is a service over its own table, with rows in it.
func newEntraWorld(t *testing.T, b base) *world {
	t.Helper()
	w := newWorld(t, b, &entraSettings, Options{}, nil)
	for _, name := range []string{"owner", "user1", "user2"} {
		w.exec("INSERT INTO users (login, mail, first_name) VALUES (?, ?, ?)", name, name+"@example.com", "Old")
	}
	return w
}

// TestEntraCases asks the service all that Entra does.
func TestEntraCases(t *testing.T) {
	for _, b := range bases {
		t.Run(b.name, func(t *testing.T) {
			w := newEntraWorld(t, b)
			server := httptest.NewServer(w.handler)
			t.Cleanup(server.Close)
			client := server.Client()
			client.Transport = bearer{client.Transport}
			scimtest.TestServer(t, server.URL, client, &scimtest.Profile{Only: "entra/", Plain: server.Client()})
		})
	}
}

// TestAllCases asks for everything else, too: nothing in the protocol depends
// on where accounts are.
func TestAllCases(t *testing.T) {
	w := newEntraWorld(t, bases[0])
	server := httptest.NewServer(w.handler)
	t.Cleanup(server.Close)
	client := *server.Client()
	client.Transport = bearer{client.Transport}
	scimtest.TestServer(t, server.URL, &client, &scimtest.Profile{Plain: server.Client(), Except: map[string]string{
		"cursor/total-form": "pages of package sqlstore by cursor do not count",
	}})
}

// bearer adds the credential.
type bearer struct{ next http.RoundTripper }

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+testToken)
	return b.next.RoundTrip(r)
}

// TestSecondCycle: an engine that does as Entra does changes nothing in its
// second cycle, and one that has forgotten what it sent finds every value of
// every user as it was sent.
func TestSecondCycle(t *testing.T) {
	for _, b := range bases {
		t.Run(b.name, func(t *testing.T) {
			w := newEntraWorld(t, b)
			var mu sync.Mutex
			var writes []string
			server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodGet {
					mu.Lock()
					writes = append(writes, r.Method+" /"+strings.Split(r.URL.Path, "/")[1])
					mu.Unlock()
				}
				w.handler.ServeHTTP(rw, r)
			}))
			t.Cleanup(server.Close)
			state := provision.NewMemoryState()
			for _, tt := range []struct {
				reason string
				state  provision.State
				failed int // the owner
				want   map[string]int
			}{
				{"20 users, and the owner in vain", state, 1, map[string]int{"POST /Users": 21, "POST /Groups": 1, "PATCH /Groups": 1}},
				{"nothing has changed, and the owner's turn comes later", state, 0, map[string]int{}},
				{"compared with what the service has, all is as it was sent; only who is in a group is not asked before it is sent",
					provision.NewMemoryState(), 1, map[string]int{"POST /Users": 1, "PATCH /Groups": 1}},
			} {
				writes = nil
				report := cycle(t, server.URL, tt.state)
				if len(report.Failures) != tt.failed || report.Users.Failed != tt.failed {
					t.Errorf("%s: failures %v", tt.reason, report.Failures)
				}
				got := map[string]int{}
				for _, write := range writes {
					got[write]++
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", tt.reason, diff)
				}
			}
			if got := w.value("SELECT first_name FROM users WHERE login = 'owner'"); got != "Old" {
				t.Error("the owner's account was touched")
			}
			for _, name := range []string{"user1", "user2"} {
				if got := w.value("SELECT work_location FROM users WHERE login = ?", name); got != "本社" {
					t.Errorf("%s was not adopted under its own login", name)
				}
			}
		})
	}
}

// cycle runs one cycle of an engine that remembers what is in a state.
func cycle(t *testing.T, url string, state provision.State) *provision.Report {
	t.Helper()
	client, err := scim.NewClient(url, scim.BearerToken(scim.NewSecret(testToken)), &scim.ClientOptions{HTTPClient: http.DefaultClient})
	if err != nil {
		t.Fatal(err)
	}
	job := &provision.Job{Name: "entra", SyncURL: url, Users: mapping.EntraUser(), Groups: mapping.EntraGroup(), Adopt: provision.AdoptMatching}
	engine, err := provision.New(job, provision.Snapshot(sourceOf), client, state, nil)
	if err != nil {
		t.Fatal(err)
	}
	report, err := engine.Cycle(t.Context())
	if report == nil {
		t.Fatal(err)
	}
	http.DefaultClient.CloseIdleConnections()
	return report
}

// sourceOf is a small Entra.
func sourceOf(context.Context) iter.Seq2[provision.Object, error] {
	return func(yield func(provision.Object, error) bool) {
		var members []string
		for i, name := range append([]string{"owner"}, userNames(20)...) {
			key := fmt.Sprintf("key-%d", i)
			record := mapping.Record{
				"objectId": key, "userPrincipalName": name + "@example.com", "mail": name + "@example.com", "mailNickname": name,
				"accountEnabled": true, "displayName": "Name " + name, "givenName": "Given", "surname": "Family",
				"telephoneNumber": "+81-3-0000-0000", "physicalDeliveryOfficeName": "Source Tower", "jobTitle": "Staff", "department": "Sales",
				"city": "Tokyo", "country": "JP", "employeeId": "E" + name,
			}
			if i > 0 {
				members = append(members, key)
			}
			if !yield(provision.Object{Type: provision.User, Key: key, Record: record}, nil) {
				return
			}
		}
		group := mapping.Record{"objectId": "group", "displayName": "Everybody", "mail": "all@example.com"}
		yield(provision.Object{Type: provision.Group, Key: "group", Record: group, Members: members}, nil)
	}
}

func userNames(n int) (out []string) {
	for i := range n {
		out = append(out, fmt.Sprintf("user%d", i+1))
	}
	return out
}

// TestUnderSixtyLines: what a service writes to accept Entra.
func TestUnderSixtyLines(t *testing.T) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "example_test.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, decl := range file.Decls {
		if fn, ok := decl.(*ast.FuncDecl); ok && fn.Name.Name == "acceptEntra" {
			lines := files.Position(fn.End()).Line - files.Position(fn.Pos()).Line + 1
			if lines >= 60 {
				t.Errorf("accepting Entra takes %d lines", lines)
			}
			t.Logf("accepting Entra takes %d lines", lines)
			return
		}
	}
	t.Error("the Example has no function acceptEntra")
}
