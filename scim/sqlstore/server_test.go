package sqlstore

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const serverToken = "0123456789abcdef"

// buildServer compiles examples/scimserver, once for all tests.
var buildServer = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "scimserver")
	if err != nil {
		return "", err
	}
	program := filepath.Join(dir, "scimserver")
	cmd := exec.Command("go", "build", "-o", program, "../../examples/scimserver")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", &Error{Place: "go build", Detail: string(out), cause: err}
	}
	return program, nil
})

// builtServer says that there is something to remove.
var builtServer atomic.Bool

func removeServer() {
	if program, err := buildServer(); err == nil {
		_ = os.RemoveAll(filepath.Dir(program))
	}
}

// server is a process of examples/scimserver.
type server struct {
	cmd    *exec.Cmd
	base   string
	log    *bytes.Buffer
	client *http.Client
	token  string
}

func startServer(t *testing.T, store string) *server {
	t.Helper()
	program, err := buildServer()
	if err != nil {
		t.Fatal(err)
	}
	builtServer.Store(true)
	s := &server{cmd: exec.Command(program, "-store", store), log: &bytes.Buffer{}, token: serverToken}
	s.cmd.Env = append(os.Environ(), "SCIM_TOKEN="+serverToken)
	s.cmd.Stderr = s.log
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	base, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	if err != nil || !ok {
		s.kill()
		t.Fatalf("the server says %q, %v: %s", line, err, s.log)
	}
	s.base = base + "/scim/v2"
	s.client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}, Timeout: time.Minute}
	t.Cleanup(s.kill)
	return s
}

// kill ends the process as kill -9 does. It may be called again.
func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
	if s.client != nil {
		s.client.CloseIdleConnections()
	}
}

// resource is what a test looks at in a list.
type resource struct {
	ID, UserName, DisplayName string
	Active                    bool
	Meta                      struct{ Version, LastModified string }
	Members                   []struct{ Value string }
	Groups                    []struct{ Value string }
}

// answer is what came back from a server; its zero value says that nothing did.
type answer struct {
	status     int
	retryAfter string
	body       struct {
		ID          string
		UserName    string
		DisplayName string
		Active      bool
		Meta        struct{ Version string }
		Members     []struct{ Value string }
		Resources   []resource
		Total       int `json:"totalResults"`
		Detail      string
	}
}

func (s *server) do(ctx context.Context, method, path, body string) (a answer) {
	req, err := http.NewRequestWithContext(ctx, method, s.base+path, strings.NewReader(body))
	if err != nil {
		return a
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	resp, err := s.client.Do(req)
	if err != nil {
		return a
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil || len(data) > 0 && json.Unmarshal(data, &a.body) != nil {
		return answer{}
	}
	a.status, a.retryAfter = resp.StatusCode, resp.Header.Get("Retry-After")
	return a
}
