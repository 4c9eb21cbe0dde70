package scim

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/zohoscim/zohoscim/internal/secret"
)

const testToken = "0123456789abcdef"

// newTestServer serves a fresh store over real HTTP.
func newTestServer(t *testing.T, o *ServerOptions) *rawClient {
	t.Helper()
	return newTestServerOver(t, NewMemoryStore(), o)
}

func newTestServerOver(t *testing.T, store Store, o *ServerOptions) *rawClient {
	t.Helper()
	token, err := NewStaticToken(secret.New(testToken), Subject{}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	auth, err := NewStaticTokens(token)
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewServer(store, auth, o)
	if err != nil {
		t.Fatal(err)
	}
	hs := httptest.NewServer(s)
	t.Cleanup(hs.Close)
	return &rawClient{t: t, base: hs.URL, http: hs.Client(), auth: "Bearer " + testToken}
}

// rawClient sends what it is told, byte for byte.
type rawClient struct {
	t      *testing.T
	base   string
	http   *http.Client
	auth   string
	header map[string]string
}

type rawAnswer struct {
	status int
	header http.Header
	body   string
	json   map[string]any
}

func (c *rawClient) send(method, target, body string) *rawAnswer {
	c.t.Helper()
	req, err := http.NewRequest(method, c.base+target, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	if c.auth != "" {
		req.Header.Set("Authorization", c.auth)
	}
	req.Header["User-Agent"] = nil // Entra sends none
	if body != "" {
		req.Header.Set("Content-Type", "application/scim+json; charset=utf-8")
	}
	for k, v := range c.header {
		req.Header.Set(k, v)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	a := &rawAnswer{status: resp.StatusCode, header: resp.Header, body: string(data)}
	if len(data) > 0 {
		if got := resp.Header.Get("Content-Type"); got != "application/scim+json" {
			c.t.Errorf("%s %s: Content-Type is %q", method, target, got)
		}
		if err := json.Unmarshal(data, &a.json); err != nil {
			c.t.Fatalf("%s %s: the answer is not JSON: %v\n%s", method, target, err, data)
		}
	}
	return a
}

// want sends a request and checks the status of its answer.
func (c *rawClient) want(status int, method, target, body string) *rawAnswer {
	c.t.Helper()
	a := c.send(method, target, body)
	if a.status != status {
		c.t.Fatalf("%s %s\n%s\ngot %d %s\nwant status %d", method, target, body, a.status, a.body, status)
	}
	if status >= 400 && (a.json["status"] == nil || a.json["detail"] == nil) {
		c.t.Errorf("%s %s: %d without an error body: %s", method, target, status, a.body)
	}
	return a
}

func (c *rawClient) create(target, body string) string {
	c.t.Helper()
	id, _ := c.want(201, "POST", target, body).json["id"].(string)
	return id
}

// at returns the value at a path of keys and list indexes, as JSON.
func (a *rawAnswer) at(path string) string {
	var v any = a.json
	for key := range strings.SplitSeq(path, "/") {
		switch x := v.(type) {
		case map[string]any:
			v = x[key]
		case []any:
			i := int(key[0] - '0')
			if i >= len(x) {
				return "absent"
			}
			v = x[i]
		default:
			return "absent"
		}
	}
	if v == nil {
		return "absent"
	}
	b, _ := json.Marshal(v, json.Deterministic(true))
	return string(b)
}

func sorted(words string) string {
	list := strings.Fields(words)
	slices.Sort(list)
	return strings.Join(list, " ")
}
