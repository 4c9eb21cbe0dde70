package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const testToken = "0123456789abcdef"

// start runs the program and returns the URL that its first line names.
func start(t *testing.T, args ...string) (base string) {
	t.Helper()
	t.Setenv("SCIM_TOKEN", testToken)
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- run(ctx, in, args) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the program ended with %v", err)
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	base, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	if !ok {
		t.Fatalf("the first line is %q", line)
	}
	return base
}

func TestServes(t *testing.T) {
	for _, store := range []string{"memory", "sqlite:" + filepath.Join(t.TempDir(), "scim.db")} {
		t.Run(store[:6], func(t *testing.T) { serves(t, start(t, "-base-path", "/scim/v2", "-store", store)) })
	}
}

func TestServesDirectory(t *testing.T) {
	dir := t.TempDir()
	settings, mail, db := filepath.Join(dir, "directory.json"), filepath.Join(dir, "mail"), filepath.Join(dir, "scim.db")
	text := `{"attributes":[{"field":"work_location","fixed":"本社"}],"passwordNotification":{"to":"user"},"verifiedDomains":["example.com"]}`
	if err := errors.Join(os.WriteFile(settings, []byte(text), 0o600), os.Mkdir(mail, 0o700)); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SCIM_MAIL_DIR", mail)
	serves(t, start(t, "-base-path", "/scim/v2", "-store", "sqlite:"+db, "-directory", settings))
}

func serves(t *testing.T, base string) {
	for _, tt := range []struct {
		reason, method, path, token, body string
		status                            int
	}{
		{"no token", "GET", "/scim/v2/Users", "", "", 401},
		{"another token", "GET", "/scim/v2/Users", "fedcba9876543210", "", 401},
		{"Entra's connection test", "GET", "/scim/v2/Users?filter=userName+eq+%22x%22", testToken, "", 200},
		{"the same below the root", "GET", "/Users?filter=userName+eq+%22x%22", testToken, "", 200},
		{"a user", "POST", "/scim/v2/Users", testToken, `{"userName":"user1@example.com"}`, 201},
		{"the same user", "POST", "/Users", testToken, `{"userName":"USER1@example.com"}`, 409},
		{"discovery", "GET", "/scim/v2/ServiceProviderConfig", testToken, "", 200},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), tt.method, base+tt.path, strings.NewReader(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			if tt.token != "" {
				req.Header.Set("Authorization", "Bearer "+tt.token)
			}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if resp.StatusCode != tt.status {
				body, _ := io.ReadAll(resp.Body)
				t.Errorf("status %d, want %d: %s", resp.StatusCode, tt.status, body)
			}
		})
	}
}

func TestWrongUsage(t *testing.T) {
	for _, tt := range []struct {
		reason, token string
		args          []string
		says          string
	}{
		{"no token", "", nil, "SCIM_TOKEN"},
		{"a token that can be guessed", "short", nil, "16 bytes"},
		{"an unknown store", testToken, []string{"-store", "mongo"}, "-store"},
		{"a database without a file", testToken, []string{"-store", "sqlite:"}, "sqlite:FILE"},
		{"an unknown flag", testToken, []string{"-port", "80"}, "-port"},
		{"a directory without a database", testToken, []string{"-store", "memory", "-directory", "../../.ci/foreign/directory.json"}, "-store"},
		{"an argument", testToken, []string{"serve"}, "serve"},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			t.Setenv("SCIM_TOKEN", tt.token)
			err := run(t.Context(), io.Discard, tt.args)
			if !errors.Is(err, errUsage) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v, want a usage error that says %q", err, tt.says)
			}
		})
	}
}
