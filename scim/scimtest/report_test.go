package scimtest_test

import (
	"encoding/xml"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"github.com/zohoscim/zohoscim/scim/scimtest"
)

// hostile is what a service provider may answer to harm who reads the report.
const hostile = `</script><img src=x onerror=alert(1)>&"'` + "\x00\x1b[31m\xff"

// sample has a result of each outcome.
func sample() *scimtest.Report {
	result := func(id string, level scimtest.Level, o scimtest.Outcome, reason string, f *scimtest.Failure) scimtest.Result {
		return scimtest.Result{
			Case:    scimtest.Case{ID: id, RFC: "7644 §3.3", Level: level, Explanation: "A sentence."},
			Outcome: o, Reason: reason, Failure: f, Took: 1500 * time.Millisecond,
		}
	}
	failure := &scimtest.Failure{Step: 2, Request: "GET /Users/${a}", Place: "status", Want: "200", Got: hostile}
	return &scimtest.Report{
		BaseURL: "http://example.com/scim/v2", Profile: "entra", Sender: scimtest.Entra,
		Began: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Took: 6 * time.Second, Features: []scimtest.Feature{"filter", "patch"},
		Results: []scimtest.Result{
			result("create/answer", scimtest.Must, scimtest.Passed, "", nil),
			result("create/location", scimtest.Should, scimtest.Failed, "", failure),
			result("etag/delete", scimtest.Must, scimtest.Excepted, "not yet", failure),
			result("bulk/post", scimtest.May, scimtest.Skipped, "it is not advertised", nil),
		},
		Unused: []string{"cursor/"}, Left: []string{"/Users/1"},
	}
}

func TestConforms(t *testing.T) {
	failed := func(l scimtest.Level) []scimtest.Result {
		return []scimtest.Result{{Case: scimtest.Case{ID: "a/b", Level: l}, Outcome: scimtest.Failed}}
	}
	for _, tt := range []struct {
		reason string
		report scimtest.Report
		want   bool
	}{
		{"nothing failed", scimtest.Report{}, true},
		{"a MUST", scimtest.Report{Results: failed(scimtest.Must)}, false},
		{"a SHOULD may be done otherwise for a reason", scimtest.Report{Results: failed(scimtest.Should)}, true},
		{"no sender was named", scimtest.Report{Results: failed(scimtest.Entra)}, true},
		{"the sender's case", scimtest.Report{Sender: scimtest.Entra, Results: failed(scimtest.Entra)}, false},
		{"another sender's case", scimtest.Report{Sender: scimtest.Entra, Results: failed(scimtest.Okta)}, true},
		{"the list of exceptions is not true", scimtest.Report{Unused: []string{"cursor/"}}, false},
	} {
		if got := tt.report.Conforms(); got != tt.want {
			t.Errorf("%s: Conforms is %v", tt.reason, got)
		}
	}
}

func TestWriteJSON(t *testing.T) {
	var b strings.Builder
	if err := sample().WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(b.String()), &got); err != nil {
		t.Fatal(err)
	}
	results, _ := got["results"].([]any)
	delete(got, "results")
	want := map[string]any{
		"baseURL": "http://example.com/scim/v2", "profile": "entra", "sender": "Entra", "began": "2026-01-02T03:04:05Z", "seconds": 6.0,
		"conforms": false, "passed": 1.0, "failed": 1.0, "excepted": 1.0, "skipped": 1.0,
		"features": []any{"filter", "patch"}, "unusedExceptions": []any{"cursor/"}, "left": []any{"/Users/1"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("members:\n%s", diff)
	}
	wantResult := map[string]any{
		"id": "etag/delete", "rfc": "7644 §3.3", "level": "MUST", "outcome": "except", "explanation": "A sentence.", "seconds": 1.5, "reason": "not yet",
		"failure": map[string]any{"step": 2.0, "request": "GET /Users/${a}", "place": "status", "want": "200", "got": strings.ToValidUTF8(hostile, "�")},
	}
	if diff := cmp.Diff(wantResult, results[2]); diff != "" || len(results) != 4 {
		t.Errorf("%d results; the third:\n%s", len(results), diff)
	}
}

func TestWriteJUnit(t *testing.T) {
	var b strings.Builder
	if err := sample().WriteJUnit(&b); err != nil {
		t.Fatal(err)
	}
	type end struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
	var got struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Skipped  int `xml:"skipped,attr"`
		Suites   []struct {
			Name  string `xml:"name,attr"`
			Time  string `xml:"time,attr"`
			Cases []struct {
				Name    string `xml:"name,attr"`
				Failure *end   `xml:"failure"`
				Skipped *end   `xml:"skipped"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal([]byte(b.String()), &got); err != nil {
		t.Fatalf("%v\n%s", err, b.String())
	}
	if got.Tests != 5 || got.Failures != 2 || got.Skipped != 2 || len(got.Suites) != 4 {
		t.Errorf("%d tests, %d failures, %d skipped, %d suites", got.Tests, got.Failures, got.Skipped, len(got.Suites))
	}
	create := got.Suites[0]
	if create.Name != "create" || create.Time != "3.000" || len(create.Cases) != 2 || create.Cases[0].Failure != nil {
		t.Errorf("the first suite is %+v", create)
	}
	if f := create.Cases[1].Failure; f == nil || !strings.Contains(f.Text, "onerror=alert(1)") {
		t.Errorf("the failure is %+v", f)
	}
	if s := got.Suites[1].Cases[0].Skipped; s == nil || s.Message != "excepted: not yet" {
		t.Errorf("the exception is %+v", s)
	}
}

func TestWriteHTML(t *testing.T) {
	var b strings.Builder
	if err := sample().WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	for _, want := range []string{
		"<!doctype html>", "It does not conform", "Profile entra.", "create/location", "etag/delete", "not yet", "it is not advertised",
		"prefers-color-scheme:dark", "@media print", "&lt;/script&gt;&lt;img", "/Users/1", "cursor/", "2026-01-02 03:04 UTC",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	for _, bad := range []string{"<script", "<img", "http-equiv", "<link", "@import", "url("} {
		if strings.Contains(page, bad) {
			t.Errorf("the page has %q: it needs nothing else, and runs nothing", bad)
		}
	}
	if open, closed := strings.Count(page, "<span"), strings.Count(page, "</span>"); open != closed {
		t.Errorf("%d spans begin and %d end", open, closed)
	}
}

// failingWriter takes nothing.
type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestWritersReport(t *testing.T) {
	r := sample()
	for name, err := range map[string]error{
		"text": r.WriteText(failingWriter{}), "JSON": r.WriteJSON(failingWriter{}),
		"JUnit": r.WriteJUnit(failingWriter{}), "HTML": r.WriteHTML(failingWriter{}),
	} {
		if err == nil {
			t.Errorf("%s: a writer's error is lost", name)
		}
	}
}
