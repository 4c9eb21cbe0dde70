package datacenter

import (
	"os/exec"
	"strings"
	"testing"
)

// TestStandardLibraryOnly keeps the package a leaf: it decides where secrets
// go, so nothing else may have a say in it.
func TestStandardLibraryOnly(t *testing.T) {
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("needs the go command")
	}
	cmd := exec.CommandContext(t.Context(), goTool, "list", "-deps",
		"-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	got := strings.Fields(string(out))
	if len(got) != 1 || !strings.HasSuffix(got[0], "/datacenter") {
		t.Errorf("packages outside the standard library: %q, want only this one", got)
	}

	cmd = exec.CommandContext(t.Context(), goTool, "list", "-f", `{{join .Imports "\n"}}`, ".")
	if out, err = cmd.Output(); err != nil {
		t.Fatalf("go list: %v", err)
	}
	for _, path := range strings.Fields(string(out)) {
		if path == "net" || path == "net/http" || path == "os" || path == "testing" {
			t.Errorf("imports %s: this package does no I/O", path)
		}
	}
}
