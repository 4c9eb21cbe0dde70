package scimtest_test

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"github.com/zohoscim/zohoscim/scim"
	"github.com/zohoscim/zohoscim/scim/scimtest"
)

// knownFailures are faults of our server that a case found. One that passes
// fails the test.
var knownFailures = map[string]string{}

// knownStrictFailures are those of a server that takes the RFC at its word.
var knownStrictFailures = map[string]string{}

// bearer adds the credential of the tests.
type bearer struct{ http.RoundTripper }

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+token)
	return b.RoundTripper.RoundTrip(r)
}

// serve returns the URL of a handler and a client with the credential.
func serve(t testing.TB, h http.Handler) (string, *http.Client) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL, &http.Client{Transport: bearer{server.Client().Transport}}
}

func newServer(t testing.TB, o scim.ServerOptions) *scim.Server {
	t.Helper()
	o.BaseURL = "/scim/v2"
	store := scim.NewMemoryStore()
	me := scim.Ref{Type: scim.UserType(), ID: "me"}
	verifyMe := func(ctx context.Context, token string) (scim.Subject, error) {
		subject, err := verify(ctx, token)
		subject.Resource = me
		return subject, err
	}
	s, err := scim.NewServer(store, scim.VerifyBearer(verifyMe), &o)
	if err != nil {
		t.Fatal(err)
	}
	// The account of the credential, which is no concern of the cases.
	r := scim.StoredResource(me.Type, []byte(`{"id":"me","userName":"me@example.com","meta":{"resourceType":"User","version":"W/\"1\""}}`))
	if err := store.Create(t.Context(), r, nil); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestServerConforms(t *testing.T) {
	url, client := serve(t, newServer(t, scim.ServerOptions{}))
	scimtest.TestServer(t, url+"/scim/v2", client, &scimtest.Profile{Except: knownFailures})
}

func TestStrictServerConforms(t *testing.T) {
	except := maps.Clone(knownFailures)
	maps.Copy(except, knownStrictFailures)
	url, client := serve(t, newServer(t, scim.ServerOptions{Strict: true}))
	scimtest.TestServer(t, url+"/scim/v2", client, &scimtest.Profile{Strict: true, Except: except})
}

// TestServerWithoutCursorsConforms: what is not advertised is not asked.
func TestServerWithoutCursorsConforms(t *testing.T) {
	url, client := serve(t, newServer(t, scim.ServerOptions{CursorTimeout: -1}))
	report, err := scimtest.Check(t.Context(), url+"/scim/v2", client, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range report.Results {
		skipped := r.Case.Strict || strings.HasPrefix(r.Case.ID, "cursor/")
		if skipped != (r.Outcome == scimtest.Skipped) || r.Outcome == scimtest.Failed {
			t.Errorf("%s: %s", r.Case.ID, r.Outcome)
		}
	}
}

// TestZohoOneConforms asks a service provider that has a part of the User
// schema and no extension: the cases must not ask for what it does not have.
func TestZohoOneConforms(t *testing.T) {
	zoho, err := scimtest.NewZohoOne(verify, nil)
	if err != nil {
		t.Fatal(err)
	}
	url, client := serve(t, zoho)
	scimtest.TestServer(t, url+"/scim", client, &scimtest.Profile{Except: knownFailures})
}

// TestNothingIsSkipped shows that our server is asked everything.
func TestNothingIsSkipped(t *testing.T) {
	url, client := serve(t, newServer(t, scim.ServerOptions{}))
	report, err := scimtest.Check(t.Context(), url+"/scim/v2", client, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range report.Results {
		if r.Outcome == scimtest.Skipped && !r.Case.Strict {
			t.Errorf("%s: %s", r.Case.ID, r.Reason)
		}
	}
	want := []scimtest.Feature{"bulk", "bulkLimits", "cursor", "enterprise", "etag", "filter", "groups", "index", "me", "patch", "root", "sort"}
	if diff := cmp.Diff(want, report.Features); diff != "" {
		t.Errorf("features:\n%s", diff)
	}
	if len(report.Left) > 0 {
		t.Errorf("left behind: %v", report.Left)
	}
}

var (
	idForm       = regexp.MustCompile(`^[a-z]+(/[a-z0-9]+(-[a-z0-9]+)*)+$`)
	rfcForm      = regexp.MustCompile(`^[0-9]{4} §[0-9]+(\.[0-9]+)*$`)
	variableForm = regexp.MustCompile(`\$\{([^}]*)\}`)
	levels       = []scimtest.Level{scimtest.Must, scimtest.Should, scimtest.May, scimtest.Entra, scimtest.Okta}
)

func TestCasesAreWellFormed(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range scimtest.Cases() {
		t.Run(c.ID, func(t *testing.T) {
			if seen[c.ID] {
				t.Error("the ID is there twice")
			}
			seen[c.ID] = true
			if !idForm.MatchString(c.ID) {
				t.Error("the ID has another form")
			}
			if !rfcForm.MatchString(c.RFC) {
				t.Errorf("RFC %q is no section", c.RFC)
			}
			if !strings.HasSuffix(c.Explanation, ".") || len(c.Explanation) < 10 {
				t.Errorf("explanation %q is no sentence", c.Explanation)
			}
			if !slices.Contains(levels, c.Level) {
				t.Errorf("there is no level %q", c.Level)
			}
			if len(c.Steps) == 0 {
				t.Error("there are no steps")
			}
			checkSteps(t, c.Steps)
		})
	}
	t.Logf("%d cases", len(seen))
}

func checkSteps(t *testing.T, steps []scimtest.Step) {
	t.Helper()
	known := map[string]bool{"unique": true, "maxOperations": true, "maxPayloadSize": true, "tooManyOperations": true, "tooManyBytes": true}
	uses := func(text string) {
		t.Helper()
		for _, m := range variableForm.FindAllStringSubmatch(text, -1) {
			if !known[m[1]] {
				t.Errorf("%q has a variable that no step captured", text)
			}
		}
	}
	for _, s := range steps {
		uses(s.Path)
		uses(s.Body)
		for _, value := range s.Header {
			uses(value)
		}
		for name := range s.Capture {
			known[name] = true
		}
		if !strings.HasPrefix(s.Path, "/") && !strings.HasPrefix(s.Path, "${") {
			t.Errorf("path %q does not begin with a slash", s.Path)
		}
		if len(s.Status) == 0 {
			t.Errorf("%s %s wants no status", s.Method, s.Path)
		}
		refused := !slices.ContainsFunc(s.Status, func(code int) bool { return code < 400 })
		if s.Body != "" && !refused && !validJSON(s.Body) {
			t.Errorf("the body is not JSON: %s", s.Body)
		}
		for _, check := range s.Checks {
			uses(check.Want)
			if check.Header != "" && check.Pointer != "" {
				t.Errorf("%v looks at two places", check)
			}
			switch check.Op {
			case scimtest.OpPresent, scimtest.OpType:
			case scimtest.OpMatches:
				if _, err := regexp.Compile(check.Want); err != nil {
					t.Error(err)
				}
			default:
				if !validJSON(check.Want) {
					t.Errorf("a check wants what is not JSON: %s", check.Want)
				}
			}
		}
	}
}

func validJSON(text string) bool { return jsontext.Value(text).IsValid() }
