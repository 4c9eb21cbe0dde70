package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/zohoscim/zohoscim/scim"
)

const token = "a-token-of-the-example"

// serve returns the base URL of a service provider behind a filter.
func serve(t *testing.T, filter func(next http.Handler) http.Handler) string {
	t.Helper()
	known, err := scim.NewStaticToken(scim.NewSecret(token), scim.Subject{ID: "sender"}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	auth, err := scim.NewStaticTokens(known)
	if err != nil {
		t.Fatal(err)
	}
	handler, err := scim.NewServer(scim.NewMemoryStore(), auth, &scim.ServerOptions{BaseURL: "/scim/v2"})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(filter(handler))
	t.Cleanup(server.Close)
	return server.URL + "/scim/v2"
}

func TestReports(t *testing.T) {
	t.Setenv("SCIM_TOKEN", token)
	base := serve(t, func(next http.Handler) http.Handler { return next })
	dir := t.TempDir()
	for name, want := range map[string]string{
		"r.txt": "0 failed", "r.json": `"conforms": true`, "r.xml": "<testsuites", "r.html": "It conforms",
	} {
		file := filepath.Join(dir, name)
		var out, stderr bytes.Buffer
		if err := run(t.Context(), &out, &stderr, []string{"-url", base, "-profile", "entra", "-only", "create/", "-report", file}); err != nil {
			t.Fatalf("%v\n%s%s", err, &out, &stderr)
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(data), want) || strings.Contains(string(data), token) {
			t.Errorf("%s has no %q, or has the token", name, want)
		}
		if !strings.Contains(out.String(), " passed, 0 failed") {
			t.Errorf("the output is %s", &out)
		}
	}
}

// TestFailure: a failed MUST ends the program with 1, and the report is there.
func TestFailure(t *testing.T) {
	t.Setenv("SCIM_TOKEN", token)
	base := serve(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost {
				w.WriteHeader(http.StatusTeapot)
				return
			}
			next.ServeHTTP(w, r)
		})
	})
	file := filepath.Join(t.TempDir(), "r.json")
	var out, stderr bytes.Buffer
	err := run(t.Context(), &out, &stderr, []string{"-url", base, "-only", "create/", "-report", file})
	if !errors.Is(err, errFailed) || !strings.Contains(out.String(), "MUST failed") {
		t.Errorf("%v\n%s", err, &out)
	}
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
}

func TestUsage(t *testing.T) {
	t.Setenv("SCIM_TOKEN", token)
	for _, tt := range []struct {
		reason string
		args   []string
	}{
		{"no URL", nil},
		{"a flag that is not there", []string{"-x"}},
		{"an argument", []string{"-url", "http://127.0.0.1:1", "x"}},
		{"another profile", []string{"-url", "http://127.0.0.1:1", "-profile", "x"}},
		{"a form of report that there is not", []string{"-url", "http://127.0.0.1:1", "-report", "x.pdf"}},
		{"a URL that is none", []string{"-url", "127.0.0.1"}},
		{"a credential in the URL", []string{"-url", "http://a:b@127.0.0.1:1"}},
		{"the token would travel in the clear", []string{"-url", "http://scim.example/scim/v2"}},
	} {
		var out, stderr bytes.Buffer
		if err := run(t.Context(), &out, &stderr, tt.args); !errors.Is(err, errUsage) {
			t.Errorf("%s: %v", tt.reason, err)
		}
	}
	var out, stderr bytes.Buffer
	if err := run(t.Context(), &out, &stderr, []string{"-h"}); !errors.Is(err, flag.ErrHelp) || !strings.Contains(stderr.String(), "SCIM_TOKEN") {
		t.Errorf("-h: %v\n%s", err, &stderr)
	}
	t.Setenv("SCIM_TOKEN", "")
	if err := run(t.Context(), &out, &stderr, []string{"-url", "http://127.0.0.1:1"}); !errors.Is(err, errUsage) {
		t.Errorf("no token: %v", err)
	}
}

// TestReadOnlyElsewhere: away from this machine nothing is written unasked.
func TestReadOnlyElsewhere(t *testing.T) {
	for _, tt := range []struct {
		url   string
		allow bool
		want  bool
	}{
		{"http://127.0.0.1:1/scim", false, false}, {"http://localhost:1/scim", false, false}, {"http://[::1]:1/scim", false, false},
		{"https://scim.example/scim", false, true}, {"https://scim.example/scim", true, false}, {"https://127.0.0.1.example/scim", false, true},
	} {
		u, err := url.Parse(tt.url)
		if err != nil {
			t.Fatal(err)
		}
		p, err := newProfile(&settings{url: tt.url, allowWrites: tt.allow}, u)
		if err != nil || p.ReadOnly != tt.want {
			t.Errorf("%s, writes allowed %v: only reading is %v, %v", tt.url, tt.allow, p.ReadOnly, err)
		}
	}
}

// TestInterrupt: what was asked until then is reported.
func TestInterrupt(t *testing.T) {
	t.Setenv("SCIM_TOKEN", token)
	ctx, cancel := context.WithCancel(t.Context())
	made, gone := 0, 0
	base := serve(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			rec := &recorder{ResponseWriter: w}
			next.ServeHTTP(rec, r)
			switch {
			case r.Method == http.MethodPost && rec.status == http.StatusCreated:
				if made++; made == 5 {
					cancel()
				}
			case r.Method == http.MethodDelete && rec.status == http.StatusNoContent:
				gone++
			}
		})
	})
	var out, stderr bytes.Buffer
	if err := run(ctx, &out, &stderr, []string{"-url", base, "-only", "create/"}); !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
	if made != gone || made == 0 || !strings.Contains(out.String(), " passed") {
		t.Errorf("%d were made and %d deleted\n%s", made, gone, &out)
	}
}

type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}
