package httpx_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/zohoscim/zohoscim/internal/httpx"
	"github.com/zohoscim/zohoscim/internal/memhttp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const canary = "s3cr3t-canary"

// service is a fake service under https://a.example that counts what it gets.
type service struct {
	net   *memhttp.Network
	count atomic.Int64
}

// newService returns a service that answers with h. Close its net at the end of
// the bubble.
func newService(h http.HandlerFunc) *service {
	s := &service{net: memhttp.New()}
	s.net.Handle("a.example", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.count.Add(1)
		h(w, r)
	}))
	return s
}

// client returns an httpx client for s with o, which may be nil.
func (s *service) client(t *testing.T, o *httpx.Options) *httpx.Client {
	t.Helper()
	var opts httpx.Options
	if o != nil {
		opts = *o
	}
	if opts.Client == nil {
		opts.Client = s.net.Client()
	}
	c, err := httpx.New(&opts)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func newRequest(ctx context.Context, t *testing.T, method, url, body string) *http.Request {
	t.Helper()
	var r io.Reader
	if body != "" {
		r = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, url, r)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// send sends a request and returns the outcome in words: status and body, or the
// kind of error.
func send(t *testing.T, c *httpx.Client, req *http.Request, rep httpx.Repeat) string {
	t.Helper()
	resp, err := c.Do(req, rep)
	if err != nil {
		if resp != nil {
			t.Error("both a response and an error")
		}
		return "error: " + kind(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return "body error: " + kind(err)
	}
	return fmt.Sprint(resp.StatusCode, " ", string(b))
}

// kind returns the kind of err in words, or its text if it has none.
func kind(err error) string {
	var e *httpx.Error
	if !errors.As(err, &e) {
		return "not an *httpx.Error: " + err.Error()
	}
	return e.Kind.String()
}

// roundTripper is a transport made of a function.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
