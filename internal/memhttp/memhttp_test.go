package memhttp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/zohoscim/zohoscim/internal/memhttp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func echoHost(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "%s %s tls=%t", r.Host, r.URL.RequestURI(), r.TLS != nil)
}

// get returns the body of a GET, or the error's text.
func get(t *testing.T, c *http.Client, url string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		return "error: " + err.Error()
	}
	resp, err := c.Do(req)
	if err != nil {
		return "error: " + err.Error()
	}
	defer resp.Body.Close()
	if resp.Request.URL.String() != url {
		t.Errorf("resp.Request.URL = %s, want %s", resp.Request.URL, url)
	}
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return "error: " + err.Error()
	}
	return string(b)
}

func TestHosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := memhttp.New()
		defer n.Close()
		n.Handle("accounts.example.jp", http.HandlerFunc(echoHost))
		n.Handle("ports.example:8443", http.HandlerFunc(echoHost))
		n.Handle("removed.example", http.HandlerFunc(echoHost))
		n.Handle("removed.example", nil)
		n.HandleAddr("far.example", "192.0.2.1:80")
		n.HandleAddr("named.example", "localhost:80")
		c := n.Client()
		for _, tt := range []struct{ url, want, reason string }{
			{"https://accounts.example.jp/oauth/v2/token?a=1", "accounts.example.jp /oauth/v2/token?a=1 tls=false", "https is mapped, host and URL stay"},
			{"http://accounts.example.jp/x", "accounts.example.jp /x tls=false", "http reaches the same handler"},
			{"https://ACCOUNTS.example.jp/", "ACCOUNTS.example.jp / tls=false", "names are compared without case"},
			{"https://accounts.example.jp:443/", "accounts.example.jp:443 / tls=false", "an explicit default port"},
			{"https://ports.example:8443/", "ports.example:8443 / tls=false", "a handler on a port"},
			{"https://ports.example/", `unknown host "ports.example"`, "a port is only that port"},
			{"https://accounts.example.jp:8443/", `unknown host "accounts.example.jp:8443"`, "no port means the default ports only"},
			{"https://accounts.example.jp.evil.example/", `unknown host "accounts.example.jp.evil.example"`, "no suffix matching"},
			{"https://removed.example/", `unknown host "removed.example"`, "a nil handler removes the host"},
			{"https://far.example/", "want a loopback IP address", "no way out to the network"},
			{"https://named.example/", "want a loopback IP address", "a name could be resolved to anything"},
		} {
			got := get(t, c, tt.url)
			if ok := got == tt.want || strings.HasPrefix(got, "error: ") && strings.Contains(got, tt.want); !ok {
				t.Errorf("%s: got %q, want %q (%s)", tt.url, got, tt.want, tt.reason)
			}
		}
	})
}

func TestReplaceHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n memhttp.Network // the zero value works
		defer n.Close()
		c := n.Client()
		for _, want := range []string{"one", "two"} {
			n.Handle("a.example", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, want) }))
			if got := get(t, c, "https://a.example/"); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
	})
}

func TestHandleAddr(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(echoHost))
	defer srv.Close()
	n := memhttp.New()
	defer n.Close()
	n.HandleAddr("scim.example", srv.Listener.Addr().String())
	if got, want := get(t, n.Client(), "https://scim.example/v2"), "scim.example /v2 tls=false"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTicker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := memhttp.New()
		defer n.Close()
		start := time.Now()
		var at []time.Duration
		n.Handle("a.example", http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			at = append(at, time.Since(start))
		}))
		c := n.Client()
		tick := time.NewTicker(40 * time.Minute)
		defer tick.Stop()
		for range 3 {
			<-tick.C
			get(t, c, "https://a.example/")
			get(t, c, "https://a.example/")
		}
		m := time.Minute
		if diff := cmp.Diff([]time.Duration{40 * m, 40 * m, 80 * m, 80 * m, 120 * m, 120 * m}, at); diff != "" {
			t.Errorf("times (-want +got):\n%s", diff)
		}
	})
}

func TestLargeBodies(t *testing.T) {
	big := bytes.Repeat([]byte("0123456789abcdef"), 1<<16) // 1 MiB
	for _, tt := range []struct {
		name    string
		handler http.HandlerFunc
		want    []byte
		reason  string
	}{
		{"echo", func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) }, big, "both directions, the answer begins while the request is read"},
		{"store", func(w http.ResponseWriter, r *http.Request) {
			b, _ := io.ReadAll(r.Body)
			w.Write(b)
		}, big, "one direction after the other"},
		{"small body unread", func(w http.ResponseWriter, r *http.Request) { w.Write(big) }, big, "the client must not wait for its own write to end"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := memhttp.New()
				defer n.Close()
				n.Handle("a.example", tt.handler)
				c := n.Client()
				body := big
				if tt.name == "small body unread" {
					body = big[:100<<10]
				}
				var wg sync.WaitGroup
				for range 8 {
					wg.Go(func() {
						req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://a.example/", bytes.NewReader(body))
						resp, err := c.Do(req)
						if err != nil {
							t.Error(err)
							return
						}
						defer resp.Body.Close()
						got, err := io.ReadAll(resp.Body)
						if err != nil || !bytes.Equal(got, tt.want) {
							t.Errorf("got %d bytes, %v (%s)", len(got), err, tt.reason)
						}
					})
				}
				wg.Wait()
			})
		})
	}
}

// TestRefusedUpload: a server that refuses a large body early answers all the
// same, as over TCP.
func TestRefusedUpload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := memhttp.New()
		defer n.Close()
		n.Handle("a.example", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
		}))
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://a.example/", bytes.NewReader(make([]byte, 4<<20)))
		resp, err := n.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("status %d", resp.StatusCode)
		}
	})
}

func TestContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := memhttp.New()
		defer n.Close()
		gone := make(chan struct{})
		n.Handle("a.example", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
			close(gone)
		}))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		req, _ := http.NewRequestWithContext(ctx, http.MethodGet, "https://a.example/", nil)
		if _, err := n.Client().Do(req); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want a deadline error", err)
		}
		<-gone // the handler hears of it
	})
}

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := memhttp.New()
		n.Handle("a.example", http.HandlerFunc(echoHost))
		started := make(chan struct{})
		n.Handle("slow.example", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			close(started)
			<-r.Context().Done()
		}))
		c := n.Client()
		get(t, c, "https://a.example/")
		var wg sync.WaitGroup
		wg.Go(func() {
			if got := get(t, c, "https://slow.example/"); !strings.HasPrefix(got, "error: ") {
				t.Errorf("request across Close: %q", got)
			}
		})
		<-started
		for range 2 {
			if err := n.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		}
		wg.Wait()
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://a.example/", nil)
		if _, err := c.Do(req); !errors.Is(err, memhttp.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	})
}

func TestCloseStuckHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := memhttp.New()
		started, release := make(chan struct{}), make(chan struct{})
		n.Handle("a.example", http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			close(started)
			<-release
		}))
		go get(t, n.Client(), "https://a.example/")
		<-started
		begin := time.Now()
		if err := n.Close(); err == nil || time.Since(begin) != 5*time.Second {
			t.Errorf("Close: %v after %v, want an error after 5s", err, time.Since(begin))
		}
		close(release)
	})
}

func ExampleNetwork() {
	n := memhttp.New()
	defer n.Close()
	n.Handle("accounts.zoho.jp", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "fake ", r.Host)
	}))
	resp, err := n.Client().Get("https://accounts.zoho.jp/oauth/v2/token")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	fmt.Println(string(b))
	// Output: fake accounts.zoho.jp
}
