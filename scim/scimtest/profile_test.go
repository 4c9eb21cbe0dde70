package scimtest_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zohoscim/zohoscim/scim"
	"github.com/zohoscim/zohoscim/scim/scimtest"
)

// A profile names the sender that a service is for and what the service does
// not do. Its exceptions have to stay true.
func ExampleProfile() {
	handler, err := scim.NewServer(scim.NewMemoryStore(), scim.VerifyBearer(verify), &scim.ServerOptions{BaseURL: "/scim/v2"})
	if err != nil {
		log.Fatal(err)
	}
	server := httptest.NewServer(handler)
	defer server.Close()
	client := &http.Client{Transport: bearer{server.Client().Transport}}

	profile := scimtest.ProfileEntra()
	profile.Except = map[string]string{
		"bulk":        "the gateway before the service does not let it through",
		"etag/delete": "deletes have no conditions yet",
	}
	report, err := scimtest.Check(context.Background(), server.URL+"/scim/v2", client, profile)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("conforms:", report.Conforms(), "not needed:", report.Unused)
	// Output:
	// conforms: false not needed: [etag/delete]
}

// outcomes counts the outcomes below a folder of cases.
func outcomes(r *scimtest.Report, folder string) map[scimtest.Outcome]int {
	out := map[scimtest.Outcome]int{}
	for _, x := range r.Results {
		if strings.HasPrefix(x.Case.ID, folder) {
			out[x.Outcome]++
		}
	}
	return out
}

// TestProfilesOfSenders: our server is fit for every sender, and another
// sender's cases are not asked.
func TestProfilesOfSenders(t *testing.T) {
	for _, p := range []*scimtest.Profile{scimtest.ProfileEntra(), scimtest.ProfileOkta(), scimtest.ProfileZoho()} {
		t.Run(p.Name, func(t *testing.T) {
			target, client := serve(t, newServer(t, scim.ServerOptions{}))
			report, err := scimtest.Check(t.Context(), target+"/scim/v2", client, p)
			if err != nil {
				t.Fatal(err)
			}
			if !report.Conforms() || report.Profile != p.Name || report.Sender != p.Sender {
				t.Errorf("%v", report)
			}
			for folder, sender := range map[string]scimtest.Level{"entra/": scimtest.Entra, "okta/": scimtest.Okta} {
				if got := outcomes(report, folder); (got[scimtest.Passed] > 0) != (sender == p.Sender) || got[scimtest.Failed] > 0 {
					t.Errorf("%s: %v", folder, got)
				}
			}
		})
	}
}

// TestNeedsAreAsked: what a sender relies on is asked even where the service
// provider says that it does not have it.
func TestNeedsAreAsked(t *testing.T) {
	s := newServer(t, scim.ServerOptions{})
	target, client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPatch {
			w.WriteHeader(http.StatusNotImplemented)
			return
		}
		fault{answer: replaceText(`"patch":{"supported":true`, `"patch":{"supported":false`)}.ServeHTTP(s, w, r)
	}))
	for _, tt := range []struct {
		profile *scimtest.Profile
		want    scimtest.Outcome
	}{
		{&scimtest.Profile{Only: "patch/add/single"}, scimtest.Skipped},
		{&scimtest.Profile{Only: "patch/add/single", Needs: []scimtest.Feature{"patch"}}, scimtest.Failed},
	} {
		report, err := scimtest.Check(t.Context(), target+"/scim/v2", client, tt.profile)
		if err != nil {
			t.Fatal(err)
		}
		if n := report.Count(tt.want); n == 0 || n != len(report.Results) {
			t.Errorf("needs %v: %v", tt.profile.Needs, outcomes(report, ""))
		}
	}
}

// TestExceptionsOfFeaturesAndFolders: which exceptions were needed.
func TestExceptionsOfFeaturesAndFolders(t *testing.T) {
	s := newServer(t, scim.ServerOptions{CursorTimeout: -1})
	target, client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fault{answer: status(404, 400)}.ServeHTTP(s, w, r)
	}))
	for _, tt := range []struct {
		reason, only string
		except       []string
		readOnly     bool
		unused       []string
		want         scimtest.Outcome
	}{
		{"a folder in which something fails", "errors/get-unknown", []string{"errors/"}, false, nil, scimtest.Excepted},
		{"a folder in which nothing fails", "create/answer", []string{"create/"}, false, []string{"create/"}, scimtest.Passed},
		{"a feature that is advertised", "sort/ascending", []string{"sort"}, false, nil, scimtest.Skipped},
		{"a feature that is not advertised anyway", "cursor/first-page", []string{"cursor"}, false, []string{"cursor"}, scimtest.Skipped},
		{"a case that was not to be asked", "create/answer", []string{"delete/gone"}, false, nil, scimtest.Passed},
		{"a case that writes, when only reading is allowed", "create/answer", []string{"create/answer"}, true, nil, scimtest.Skipped},
	} {
		p := &scimtest.Profile{Only: tt.only, Except: map[string]string{}, ReadOnly: tt.readOnly}
		for _, what := range tt.except {
			p.Except[what] = "a reason"
		}
		report, err := scimtest.Check(t.Context(), target+"/scim/v2", client, p)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.unused, report.Unused); diff != "" {
			t.Errorf("%s: not needed:\n%s", tt.reason, diff)
		}
		if n := report.Count(tt.want); n == 0 || n != len(report.Results) {
			t.Errorf("%s: %v", tt.reason, outcomes(report, ""))
		}
	}
}

// TestReadOnly: nothing is sent that could change something, and progress is
// told for each case.
func TestReadOnly(t *testing.T) {
	s := newServer(t, scim.ServerOptions{})
	target, client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		search := r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/.search")
		if r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodOptions && !search {
			t.Errorf("%s %s", r.Method, r.URL.Path)
		}
		s.ServeHTTP(w, r)
	}))
	told := 0
	report, err := scimtest.Check(t.Context(), target+"/scim/v2", client, &scimtest.Profile{
		ReadOnly: true,
		Progress: func(done, total int, r scimtest.Result) {
			if told++; told != done || total != len(scimtest.Cases()) || r.Case.ID == "" {
				t.Errorf("%d of %d, %s", done, total, r.Case.ID)
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := outcomes(report, "")
	if got[scimtest.Passed] < 50 || got[scimtest.Failed] > 0 || told != len(report.Results) {
		t.Errorf("%v, told %d\n%v", got, told, report)
	}
	t.Logf("%d cases only read", got[scimtest.Passed])
}

// TestLostAnswersAreCleaned: what was made though nobody heard of it goes too.
func TestLostAnswersAreCleaned(t *testing.T) {
	for reason, answer := range map[string]func(w http.ResponseWriter){
		"connection lost": func(http.ResponseWriter) { panic(http.ErrAbortHandler) },
		"an error":        func(w http.ResponseWriter) { w.WriteHeader(http.StatusInternalServerError) },
	} {
		t.Run(reason, func(t *testing.T) {
			store := scim.NewMemoryStore()
			s, err := scim.NewServer(store, scim.VerifyBearer(verify), &scim.ServerOptions{BaseURL: "/scim/v2"})
			if err != nil {
				t.Fatal(err)
			}
			target, client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/Users") {
					s.ServeHTTP(httptest.NewRecorder(), r)
					answer(w)
					return
				}
				s.ServeHTTP(w, r)
			}))
			report, err := scimtest.Check(t.Context(), target+"/scim/v2", client, &scimtest.Profile{Only: "create/answer"})
			if err != nil || len(report.Failed(scimtest.Must)) == 0 {
				t.Fatalf("%v, %v", report, err)
			}
			page, err := store.List(t.Context(), &scim.Query{Type: scim.UserType(), Start: 1, Count: 10})
			if err != nil || page.Total != 0 {
				t.Errorf("%d users are still there: %v", page.Total, err)
			}
		})
	}
}
