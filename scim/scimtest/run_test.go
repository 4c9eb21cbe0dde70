package scimtest_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/zohoscim/zohoscim/scim"
	"github.com/zohoscim/zohoscim/scim/scimtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A service provider is asked over HTTP. The client adds the credential.
func ExampleCheck() {
	handler, err := scim.NewServer(scim.NewMemoryStore(), scim.VerifyBearer(verify), &scim.ServerOptions{BaseURL: "/scim/v2"})
	if err != nil {
		log.Fatal(err)
	}
	server := httptest.NewServer(handler)
	defer server.Close()
	client := &http.Client{Transport: bearer{server.Client().Transport}}

	report, err := scimtest.Check(context.Background(), server.URL+"/scim/v2", client, &scimtest.Profile{Only: "patch/add/"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(report)
	fmt.Println(len(report.Failed(scimtest.Must)))
	// Output:
	// 18 passed, 0 failed, 0 excepted, 0 not asked
	// 0
}

// In a test, each case is a subtest. An exception says why a case fails, and
// has to go as soon as it passes.
func ExampleTestServer() {
	var t *testing.T                                     // of the test
	server := httptest.NewServer(http.NotFoundHandler()) // your service provider
	defer server.Close()

	scimtest.TestServer(t, server.URL, server.Client(), &scimtest.Profile{
		Except: map[string]string{"etag/delete": "DELETE has no conditions yet"},
	})
}

func TestRunRefuses(t *testing.T) {
	client := &http.Client{}
	for _, tt := range []struct {
		reason, base string
		client       *http.Client
		o            *scimtest.Profile
	}{
		{"no URL", "", client, nil},
		{"no host", "/scim/v2", client, nil},
		{"another scheme", "ftp://example.com/scim", client, nil},
		{"a query: paths are added to the base URL", "http://example.com/scim?x=1", client, nil},
		{"a credential in the URL would be in the report", "http://user:secret@example.com/scim", client, nil},
		{"no client", "http://example.com/scim", nil, nil},
		{"an exception for no case", "http://example.com/scim", client, &scimtest.Profile{Except: map[string]string{"x/y": "reason"}}},
		{"an exception without a reason", "http://example.com/scim", client, &scimtest.Profile{Except: map[string]string{"etag/": ""}}},
		{"an exception for no feature", "http://example.com/scim", client, &scimtest.Profile{Except: map[string]string{"User.shoeSize": "reason"}}},
		{"a sender without cases", "http://example.com/scim", client, &scimtest.Profile{Sender: scimtest.Must}},
		{"a sender, and what the RFCs say only", "http://example.com/scim", client, &scimtest.Profile{Sender: scimtest.Entra, Strict: true}},
		{"no case", "http://example.com/scim", client, &scimtest.Profile{Only: "x/"}},
	} {
		report, err := scimtest.Check(t.Context(), tt.base, tt.client, tt.o)
		if err == nil || report != nil {
			t.Errorf("%s: Check returned %v, %v", tt.reason, report, err)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the error has the credential", tt.reason)
		}
	}
}

func TestExceptions(t *testing.T) {
	s := newServer(t, scim.ServerOptions{})
	target, client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fault{answer: status(404, 400)}.ServeHTTP(s, w, r)
	}))
	report, err := scimtest.Check(t.Context(), target+"/scim/v2", client, &scimtest.Profile{
		Only: "delete/", Except: map[string]string{"delete/gone": "it is 400 here", "delete/member": "this one passes"},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]scimtest.Outcome{}
	for _, r := range report.Results {
		got[r.Case.ID] = r.Outcome
	}
	want := map[string]scimtest.Outcome{
		"delete/answer": scimtest.Passed, "delete/gone": scimtest.Excepted, "delete/gone-patch": scimtest.Failed, "delete/not-found": scimtest.Passed,
		"delete/name-is-free": scimtest.Passed, "delete/group": scimtest.Failed, "delete/member": scimtest.Passed,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("outcomes:\n%s", diff)
	}
	text := report.String()
	for _, part := range []string{
		"fail: MUST delete/gone-patch (RFC 7644 §3.6)\n  PATCH does not bring a deleted resource back.\n  step 3, PATCH /Users/${a}: status\n  want 404\n  got  400 {",
		"except: MUST delete/gone", "it is 400 here", "not needed: the exception for delete/member; take it off the list\n",
		"4 passed, 2 failed, 1 excepted, 0 not asked; MUST failed: 2",
	} {
		if !strings.Contains(text, part) {
			t.Errorf("the report has no %q:\n%s", part, text)
		}
	}
	if strings.Contains(text, token) {
		t.Error("the report has the credential")
	}
}

// TestNothingStays counts the resources before and after all cases.
func TestNothingStays(t *testing.T) {
	store := scim.NewMemoryStore()
	s, err := scim.NewServer(store, scim.VerifyBearer(verify), &scim.ServerOptions{BaseURL: "/scim/v2"})
	if err != nil {
		t.Fatal(err)
	}
	target, client := serve(t, s)
	report, err := scimtest.Check(t.Context(), target+"/scim/v2", client, nil)
	if err != nil || len(report.Left) > 0 {
		t.Fatalf("left behind: %v, %v", report.Left, err)
	}
	for _, typ := range []*scim.ResourceType{scim.UserType(), scim.GroupType()} {
		page, err := store.List(t.Context(), &scim.Query{Type: typ, Start: 1, Count: 10})
		if err != nil {
			t.Fatal(err)
		}
		if page.Total != 0 {
			t.Errorf("%d resources of %s are still there", page.Total, typ.Name())
		}
	}
}

func TestLeftIsReported(t *testing.T) {
	s := newServer(t, scim.ServerOptions{})
	target, client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodDelete {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		s.ServeHTTP(w, r)
	}))
	report, err := scimtest.Check(t.Context(), target+"/scim/v2", client, &scimtest.Profile{Only: "create/answer"})
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Left) != 1 || !strings.HasPrefix(report.Left[0], "/Users/") || !strings.Contains(report.String(), "left behind: /Users/") {
		t.Errorf("left: %v", report.Left)
	}
}

// TestForeignAccountStays answers POST with an account that was there before.
func TestForeignAccountStays(t *testing.T) {
	s := newServer(t, scim.ServerOptions{})
	target, client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Method {
		case http.MethodPost:
			w.WriteHeader(http.StatusCreated)
			fmt.Fprint(w, `{"id":"1","userName":"owner@example.com"}`)
		case http.MethodDelete:
			t.Errorf("DELETE %s", r.URL.Path)
		default:
			s.ServeHTTP(w, r)
		}
	}))
	report, err := scimtest.Check(t.Context(), target, client, &scimtest.Profile{Only: "create/"})
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Left) == 0 {
		t.Error("the report does not say that it was left")
	}
}

// counting counts what is sent, by the credential it has.
type counting struct {
	http.RoundTripper
	sent map[string]int
}

func (c counting) RoundTrip(r *http.Request) (*http.Response, error) {
	c.sent[r.Header.Get("Authorization")]++
	return c.RoundTripper.RoundTrip(r)
}

func TestPlainClient(t *testing.T) {
	target, client := serve(t, newServer(t, scim.ServerOptions{}))
	sent := map[string]int{}
	plain := &http.Client{Transport: counting{client.Transport.(bearer).RoundTripper, sent}}
	report, err := scimtest.Check(t.Context(), target+"/scim/v2", client, &scimtest.Profile{Only: "auth/", Plain: plain})
	if err != nil || len(report.Failed(scimtest.Must)) > 0 {
		t.Fatalf("%v\n%v", err, report)
	}
	if sent[""] == 0 || len(sent) < 2 || sent["Bearer "+token] != 0 {
		t.Errorf("sent with the plain client: %v", sent)
	}
}

// TestCredentialStaysAtHome sends the runner to another host: by a redirect,
// and by locations that a case follows.
func TestCredentialStaysAtHome(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s came here", r.Method)
	}))
	defer elsewhere.Close()
	s := newServer(t, scim.ServerOptions{})
	for reason, f := range map[string]func(w http.ResponseWriter, r *http.Request){
		"redirect": func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/Users/") {
				http.Redirect(w, r, elsewhere.URL+r.URL.Path, http.StatusPermanentRedirect)
				return
			}
			s.ServeHTTP(w, r)
		},
		"location": func(w http.ResponseWriter, r *http.Request) {
			fault{answer: func(r *http.Request, a *httptest.ResponseRecorder) {
				replaceText("http://"+r.Host, elsewhere.URL)(r, a)
				if l := a.Header().Get("Location"); l != "" {
					a.Header().Set("Location", elsewhere.URL+"/scim/v2/Users/x")
				}
			}}.ServeHTTP(s, w, r)
		},
	} {
		t.Run(reason, func(t *testing.T) {
			target, client := serve(t, http.HandlerFunc(f))
			report, err := scimtest.Check(t.Context(), target+"/scim/v2", client, nil)
			if err != nil {
				t.Fatal(err)
			}
			if len(report.Failed(scimtest.Must)) == 0 {
				t.Error("nothing failed")
			}
		})
	}
}

func TestRunEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := newServer(t, scim.ServerOptions{})
	target, client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut {
			cancel()
		}
		s.ServeHTTP(w, r)
	}))
	report, err := scimtest.Check(ctx, target+"/scim/v2", client, &scimtest.Profile{Only: "replace/"})
	if !errors.Is(err, context.Canceled) || report == nil {
		t.Errorf("Check returned %v", err)
	}
	if len(report.Left) > 0 {
		t.Errorf("left behind: %v", report.Left)
	}
}

func TestNobodyAnswers(t *testing.T) {
	target, client := serve(t, http.NotFoundHandler())
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	client.Transport = failing{}
	if _, err := scimtest.Check(t.Context(), u.String(), client, nil); err == nil {
		t.Error("a service provider that cannot be reached was asked")
	}
}

type failing struct{}

func (failing) RoundTrip(*http.Request) (*http.Response, error) { return nil, errors.New("no route") }
