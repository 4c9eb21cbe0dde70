package interop

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/zohoscim/zohoscim/scim"
	"github.com/zohoscim/zohoscim/scim/scimtest"
)

var reports = flag.String("reports", "", "write the conformance reports of all service providers to this folder")

// TestConformance asks every service provider what package scimtest asks. Ours
// conforms. What others fail is in testdata/conformance.txt, with the sentence
// that asks for it: a case that fails and is not there may be a false alarm,
// and one that is there and passes has to go.
func TestConformance(t *testing.T) {
	argued := readArguments(t)
	providers := append(serveOurs(t), append([]provider{serveZohoOne(t), serveElimity(t)}, provided(t)...)...)
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "service provider\tpassed\tfailed\tMUST\tSHOULD\tMAY\tEntra\tOkta\tnot asked\tseconds")
	for _, p := range providers {
		report, err := scimtest.Check(t.Context(), p.url, bearerClient(t, p.token), nil)
		if err != nil {
			t.Fatalf("%s: %v", p.name, err)
		}
		fmt.Fprintf(w, "%s\t%d\t%d", p.name, report.Count(scimtest.Passed), report.Count(scimtest.Failed))
		for _, level := range []scimtest.Level{scimtest.Must, scimtest.Should, scimtest.May, scimtest.Entra, scimtest.Okta} {
			fmt.Fprintf(w, "\t%d", len(report.Failed(level)))
		}
		fmt.Fprintf(w, "\t%d\t%.1f\n", report.Count(scimtest.Skipped), report.Took.Seconds())
		compare(t, p.name, report, argued)
		keep(t, p.name, report)
	}
	_ = w.Flush()
	t.Logf("\n%s", b.String())
}

// compare holds what failed against what is argued.
func compare(t *testing.T, name string, report *scimtest.Report, argued map[string][]string) {
	t.Helper()
	for _, r := range report.Results {
		known := slices.Contains(argued[r.Case.ID], name)
		switch {
		case r.Outcome == scimtest.Failed && !known:
			t.Errorf("%s fails a case that is not argued: %s", name, r)
		case r.Outcome != scimtest.Failed && known:
			t.Errorf("%s, %s: %s, though it is argued that it fails", name, r.Case.ID, r.Outcome)
		}
	}
	for _, path := range report.Left {
		t.Errorf("%s: left behind: %s", name, path)
	}
}

// keep writes the reports that people read, in every form.
func keep(t *testing.T, name string, report *scimtest.Report) {
	t.Helper()
	if *reports == "" {
		return
	}
	var b bytes.Buffer
	for ext, write := range map[string]func() error{
		".txt": func() error { return report.WriteText(&b) }, ".json": func() error { return report.WriteJSON(&b) },
		".xml": func() error { return report.WriteJUnit(&b) }, ".html": func() error { return report.WriteHTML(&b) },
	} {
		b.Reset()
		if err := write(); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(*reports, name+ext), b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

var (
	argument = regexp.MustCompile(`^(RFC \d{4} §[\d.]+: ".+"|client: .+\.)$`)
	failing  = regexp.MustCompile(`^\t([a-z0-9/-]+): ([a-z0-9 -]+)$`)
)

// readArguments returns who fails which case. The file's form is checked: no
// case stands under two arguments, none without one, and each exists.
func readArguments(t *testing.T) map[string][]string {
	t.Helper()
	data, err := os.ReadFile("testdata/conformance.txt")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]scimtest.Case{}
	for _, c := range scimtest.Cases() {
		known[c.ID] = c
	}
	out, head := map[string][]string{}, ""
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSuffix(line, "\n")
		m := failing.FindStringSubmatch(line)
		switch {
		case line == "" || line[0] == '#':
			head = ""
		case argument.MatchString(line):
			head = line
		case m == nil || head == "":
			t.Fatalf("testdata/conformance.txt: %q is no argument, or a case without one", line)
		case known[m[1]].ID == "" || out[m[1]] != nil:
			t.Fatalf("testdata/conformance.txt: %s is no case, or is there twice", m[1])
		default:
			level := known[m[1]].Level
			if client := level == scimtest.Entra || level == scimtest.Okta; !client && strings.HasPrefix(head, "client") {
				t.Errorf("%s is of level %s and needs a sentence of an RFC", m[1], level)
			}
			out[m[1]] = strings.Fields(m[2])
		}
	}
	return out
}

func serveZohoOne(t *testing.T) provider {
	t.Helper()
	zoho, err := scimtest.NewZohoOne(func(_ context.Context, token string) (scim.Subject, error) {
		if token != providerToken {
			return scim.Subject{}, errors.New("another token")
		}
		return scim.Subject{}, nil
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, "zoho-one", "/scim", zoho)
}

func serveElimity(t *testing.T) provider {
	t.Helper()
	foreign, err := newElimity(providerToken)
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, "elimity", "/scim", foreign)
}

// bearerClient returns a client that adds the token.
func bearerClient(t *testing.T, token string) *http.Client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: bearer{transport, token}, Timeout: 30 * time.Second}
}

type bearer struct {
	next  http.RoundTripper
	token string
}

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+b.token)
	return b.next.RoundTrip(r)
}
