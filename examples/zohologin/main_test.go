package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/zohoscim/zohoscim/datacenter"
	"github.com/zohoscim/zohoscim/zohoauth"
	"github.com/zohoscim/zohoscim/zohoauth/zohoauthtest"
)

// login is the program while it runs, against a fake of Zoho.
type login struct {
	zoho    *zohoauthtest.Server
	tokens  string
	consent string // the consent URL
	lines   *bufio.Reader
	done    chan error
}

// start runs the program up to the consent URL. The port of the redirect URL is
// one that was free a moment ago.
func start(t *testing.T) *login {
	t.Helper()
	t.Setenv("ZOHO_CLIENT_SECRET", zohoauthtest.DefaultClientSecret)
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	redirect := "http://" + l.Addr().String() + "/callback"
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	zoho, err := zohoauthtest.New(&zohoauthtest.Options{DC: datacenter.JP, RedirectURL: redirect, Loopback: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := zoho.Close(); err != nil {
			t.Error(err)
		}
	})
	out, in := io.Pipe()
	r := &login{zoho: zoho, tokens: t.TempDir() + "/tokens", lines: bufio.NewReader(out), done: make(chan error, 1)}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	go func() {
		err := run(ctx, in, io.Discard, []string{
			"-dc", "jp", "-client-id", zohoauthtest.DefaultClientID, "-redirect", redirect,
			"-tokens", r.tokens, "-accounts", zoho.URL(), "-print-url",
		})
		r.done <- errors.Join(err, in.Close())
	}()
	if first := r.line(t); first != "listening on "+strings.TrimSuffix(redirect, "/callback") {
		t.Fatalf("the first line is %q", first)
	}
	r.line(t)
	r.consent = r.line(t)
	return r
}

func (r *login) line(t *testing.T) string {
	t.Helper()
	line, err := r.lines.ReadString('\n')
	if err != nil {
		t.Fatalf("%v: %v", err, <-r.done)
	}
	return strings.TrimSpace(line)
}

// accepted checks what a consent has to leave behind.
func (r *login) accepted(t *testing.T) {
	t.Helper()
	if last := r.line(t); !strings.Contains(last, `"jp/`+zohoauthtest.DefaultClientID+`"`) {
		t.Errorf("the last line is %q", last)
	}
	if err := <-r.done; err != nil {
		t.Fatal(err)
	}
	store, err := zohoauth.NewDirStore(r.tokens)
	if err != nil {
		t.Fatal(err)
	}
	tok, err := zohoauth.LoadToken(t.Context(), store, "jp/"+zohoauthtest.DefaultClientID)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.zoho.Verify(tok.AccessToken.Reveal()); err != nil || tok.APIDomain != "https://www.zohoapis.jp" {
		t.Errorf("stored: %v, API domain %s", err, tok.APIDomain)
	}
}

// refused checks the end of a consent that the user refused.
func (r *login) refused(t *testing.T) {
	t.Helper()
	_, _ = io.Copy(io.Discard, r.lines) // until the program closes it
	if err := <-r.done; !errors.Is(err, zohoauth.ErrAccessDenied) {
		t.Errorf("ended with %v", err)
	}
	if files, err := os.ReadDir(r.tokens); err != nil || len(files) != 0 {
		t.Errorf("%d files are left: %v", len(files), err)
	}
}

func TestLogin(t *testing.T) {
	r := start(t)
	callback, err := r.zoho.Consent(t.Context(), r.consent)
	if err != nil {
		t.Fatal(err)
	}
	stray := *callback
	stray.RawQuery = url.Values{"state": {"x"}, "code": {"y"}}.Encode()
	if status, _ := get(t, stray.String()); status != http.StatusBadRequest {
		t.Errorf("a callback with another state: status %d", status)
	}
	if status, page := get(t, callback.String()); status != http.StatusOK || !strings.Contains(page, "Connected to Zoho") {
		t.Errorf("status %d: %s", status, page)
	}
	r.accepted(t)
}

func TestLoginRefused(t *testing.T) {
	r := start(t)
	callback, err := r.zoho.Reject(t.Context(), r.consent)
	if err != nil {
		t.Fatal(err)
	}
	if status, page := get(t, callback.String()); status != http.StatusForbidden || !strings.Contains(page, "Not connected") {
		t.Errorf("status %d: %s", status, page)
	}
	r.refused(t)
}

// TestBrowser has a real browser walk the consent. ZOHOSCIM_TEST_BROWSER is the
// command that opens the URL of its first argument, presses the button named by
// the second, and prints the page that it ends on; see testdata/browser/run.sh.
func TestBrowser(t *testing.T) {
	walk := os.Getenv("ZOHOSCIM_TEST_BROWSER")
	if walk == "" {
		t.Skip("ZOHOSCIM_TEST_BROWSER is not set: testdata/browser/run.sh sets it")
	}
	for _, tt := range []struct {
		button, language, page string
		check                  func(*login, *testing.T)
	}{
		{"Accept", "en", "Connected to Zoho", (*login).accepted},
		{"Accept", "ja", "Zohoに接続しました", (*login).accepted},
		{"Reject", "en", "Not connected", (*login).refused},
	} {
		t.Run(tt.button+" "+tt.language, func(t *testing.T) {
			r := start(t)
			var page, problems bytes.Buffer
			cmd := exec.CommandContext(t.Context(), walk, r.consent, tt.button, tt.language)
			cmd.Stdout, cmd.Stderr = &page, &problems
			if err := cmd.Run(); err != nil {
				t.Fatalf("%v\n%s", err, &problems)
			}
			if !strings.Contains(page.String(), tt.page) {
				t.Errorf("the browser ends on:\n%s", &page)
			}
			if problems.Len() > 0 { // such as what the page's policy refused
				t.Errorf("the browser says:\n%s", &problems)
			}
			tt.check(r, t)
		})
	}
}

func TestWrongUsage(t *testing.T) {
	good := []string{"-client-id", "1000.A"}
	for _, tt := range []struct {
		reason, secret string
		args           []string
		says           string
	}{
		{"no secret", "", good, "ZOHO_CLIENT_SECRET"},
		{"no client", "s", nil, "-client-id"},
		{"an unknown data center", "s", append([]string{"-dc", "xx"}, good...), "-dc"},
		{"a redirect URL elsewhere", "s", append([]string{"-redirect", "https://app.example/cb"}, good...), "-redirect"},
		{"an accounts server elsewhere", "s", append([]string{"-accounts", "https://accounts.example"}, good...), "-accounts"},
		{"an argument", "s", append(good, "login"), "login"},
		{"an unknown flag", "s", []string{"-user", "x"}, "-user"},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			t.Setenv("ZOHO_CLIENT_SECRET", tt.secret)
			err := run(t.Context(), io.Discard, io.Discard, append([]string{"-tokens", t.TempDir()}, tt.args...))
			if !errors.Is(err, errUsage) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v, want a usage error that says %q", err, tt.says)
			}
		})
	}
}

// get loads a page.
func get(t *testing.T, address string) (status int, page string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}
