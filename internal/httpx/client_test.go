package httpx_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/zohoscim/zohoscim/internal/httpx"
)

func TestBodySentWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		body := strings.Repeat("0123456789abcdef", 1<<15) // 512 KiB
		var tokens []string
		s := newService(nil)
		s.net.Handle("a.example", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			n := s.count.Add(1)
			tokens = append(tokens, r.Header.Get("Authorization"))
			if n == 1 { // breaks off in the middle
				io.CopyN(io.Discard, r.Body, 1000)
				panic(http.ErrAbortHandler)
			}
			b, _ := io.ReadAll(r.Body)
			if string(b) != body || r.ContentLength != int64(len(body)) {
				t.Errorf("attempt %d: %d bytes, Content-Length %d", n, len(b), r.ContentLength)
			}
			if n == 2 {
				w.WriteHeader(http.StatusBadGateway)
			}
		}))
		defer s.net.Close()
		hc := s.net.Client()
		hc.Transport = &tokenTransport{base: hc.Transport}
		got := send(t, s.client(t, &httpx.Options{Client: hc}), newRequest(t.Context(), t, http.MethodPut, "https://a.example/Users/1", body), httpx.Always)
		if got != "200 " || s.count.Load() != 3 {
			t.Errorf("got %q after %d attempts", got, s.count.Load())
		}
		if diff := cmp.Diff([]string{"Bearer 1", "Bearer 2", "Bearer 3"}, tokens); diff != "" {
			t.Errorf("tokens of the attempts (-want +got):\n%s", diff)
		}
	})
}

// tokenTransport adds a new token to each attempt, as an OAuth transport does.
type tokenTransport struct {
	base http.RoundTripper
	n    int
}

func (t *tokenTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	t.n++
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", fmt.Sprint("Bearer ", t.n))
	return t.base.RoundTrip(r)
}

func TestBodyWithoutGetBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) })
		defer s.net.Close()
		req := newRequest(t.Context(), t, http.MethodPut, "https://a.example/", "{}")
		req.GetBody = nil
		if got := send(t, s.client(t, nil), req, httpx.Always); got != "429 " || s.count.Load() != 1 {
			t.Errorf("got %q after %d attempts, want one", got, s.count.Load())
		}
	})
}

// TestFastPath: a request that succeeds at once does not ask for a second body.
func TestFastPath(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) })
		defer s.net.Close()
		req := newRequest(t.Context(), t, http.MethodPut, "https://a.example/", "{}")
		req.GetBody = func() (io.ReadCloser, error) { t.Error("GetBody called"); return nil, io.EOF }
		header := req.Header.Clone()
		if got := send(t, s.client(t, nil), req, httpx.Always); got != "200 {}" {
			t.Errorf("got %q", got)
		}
		if diff := cmp.Diff(header, req.Header); diff != "" {
			t.Errorf("the request was changed (-before +after):\n%s", diff)
		}
	})
}

func TestGetBodyFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) })
		defer s.net.Close()
		req := newRequest(t.Context(), t, http.MethodPut, "https://a.example/", "{}")
		req.GetBody = func() (io.ReadCloser, error) { return nil, io.ErrUnexpectedEOF }
		_, err := s.client(t, nil).Do(req, httpx.Always)
		if !errors.Is(err, httpx.ErrRequest) || !errors.Is(err, io.ErrUnexpectedEOF) || s.count.Load() != 1 {
			t.Errorf("got %v after %d attempts", err, s.count.Load())
		}
	})
}

func TestMaxResponseBytes(t *testing.T) {
	for _, tt := range []struct {
		n      int
		want   string
		reason string
	}{
		{999, "200", "below"},
		{1000, "200", "exactly the limit"},
		{1001, "body error: answer too large", "one more"},
		{1 << 20, "body error: answer too large", "much more"},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newService(func(w http.ResponseWriter, _ *http.Request) { w.Write(make([]byte, tt.n)) })
			defer s.net.Close()
			c := s.client(t, &httpx.Options{MaxResponseBytes: 1000})
			got, _, _ := strings.Cut(send(t, c, newRequest(t.Context(), t, http.MethodGet, "https://a.example/", ""), httpx.Always), " \x00")
			if got != tt.want {
				t.Errorf("%d bytes: got %q, want %q (%s)", tt.n, got, tt.want, tt.reason)
			}
			resp, err := c.Do(newRequest(t.Context(), t, http.MethodGet, "https://a.example/", ""), httpx.Always)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			b := make([]byte, 1) // in the smallest steps
			read := 0
			for err == nil {
				var n int
				n, err = resp.Body.Read(b)
				read += n
			}
			if read != min(tt.n, 1000) || errors.Is(err, httpx.ErrTooLarge) != (tt.n > 1000) {
				t.Errorf("%d bytes: read %d, then %v (%s)", tt.n, read, err, tt.reason)
			}
			if _, again := resp.Body.Read(b); again == nil || again.Error() != err.Error() {
				t.Errorf("after the end: %v, then %v", err, again)
			}
		})
	}
}

func TestRequestRefused(t *testing.T) {
	c, err := httpx.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		url    *url.URL
		reason string
	}{
		{nil, "no URL"},
		{&url.URL{Scheme: "https", Host: "a.example", User: url.UserPassword("u", canary)}, "credentials in URLs reach logs"},
		{&url.URL{Scheme: "ftp", Host: "a.example"}, "not HTTP"},
		{&url.URL{Path: "/Users"}, "relative"},
		{&url.URL{Scheme: "https"}, "no host"},
	} {
		_, err := c.Do((&http.Request{Method: http.MethodGet, URL: tt.url}).WithContext(t.Context()), httpx.Always)
		if !errors.Is(err, httpx.ErrRequest) || strings.Contains(err.Error(), canary) {
			t.Errorf("%v: got %v (%s)", tt.url, err, tt.reason)
		}
	}
}

func TestOptions(t *testing.T) {
	for _, tt := range []struct {
		o      *httpx.Options
		ok     bool
		reason string
	}{
		{nil, true, "nil is the defaults"},
		{&httpx.Options{}, true, "so is zero"},
		{&httpx.Options{MaxAttempts: 1}, true, "one attempt"},
		{&httpx.Options{MaxWait: time.Millisecond}, true, "MinWait follows a shorter MaxWait"},
		{&httpx.Options{MinWait: time.Hour}, true, "MaxWait follows a longer MinWait"},
		{&httpx.Options{MaxAttempts: -1}, false, "negative"},
		{&httpx.Options{MaxResponseBytes: -1}, false, "negative"},
		{&httpx.Options{MaxRetryAfter: -1}, false, "negative"},
		{&httpx.Options{MinWait: time.Second, MaxWait: time.Millisecond}, false, "contradiction"},
	} {
		if _, err := httpx.New(tt.o); (err == nil) != tt.ok {
			t.Errorf("%+v: got %v, want ok = %t (%s)", tt.o, err, tt.ok, tt.reason)
		}
	}
}

// TestCallersClient: the caller's client is not changed, attempts share its
// connections, and a cookie is sent once in each.
func TestCallersClient(t *testing.T) {
	conns := make(chan string, 10)
	n := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conns <- r.RemoteAddr
		if got := r.Header.Values("Cookie"); len(got) != 1 || got[0] != "lb=1" {
			t.Errorf("Cookie = %q", got)
		}
		if n++; n < 4 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer srv.Close()
	hc := srv.Client()
	jar, _ := cookiejar.New(nil)
	u, _ := url.Parse(srv.URL)
	jar.SetCookies(u, []*http.Cookie{{Name: "lb", Value: "1"}})
	hc.Jar = jar
	transport := hc.Transport
	c, err := httpx.New(&httpx.Options{Client: hc, MaxAttempts: 3, MinWait: 1, MaxWait: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"503 ", "200 "} {
		if got := send(t, c, newRequest(t.Context(), t, http.MethodGet, srv.URL, ""), httpx.Always); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if hc.Transport != transport || hc.CheckRedirect != nil {
		t.Error("the caller's client was changed")
	}
	first := <-conns
	for range 3 {
		if next := <-conns; next != first {
			t.Errorf("a new connection %s after %s", next, first)
		}
	}
}

// TestRedaction: neither errors nor logs show the query or a nested URL's secrets.
func TestRedaction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/status" {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			panic(http.ErrAbortHandler)
		})
		defer s.net.Close()
		var logs bytes.Buffer
		hc := s.net.Client()
		nested := s.net.Client()
		nested.Transport = roundTripper(func(*http.Request) (*http.Response, error) {
			return nil, &url.Error{Op: "Post", URL: "https://u:" + canary + "@b.example/token?refresh_token=" + canary, Err: io.ErrUnexpectedEOF}
		})
		for _, tt := range []struct {
			client *http.Client
			url    string
		}{
			{hc, "https://a.example/token?refresh_token=" + canary + "#" + canary},
			{hc, "https://unknown.example/token?refresh_token=" + canary},
			{hc, "https://a.example/status?filter=" + canary},
			{nested, "https://a.example/Users?filter=" + canary},
		} {
			c := s.client(t, &httpx.Options{Client: tt.client, Logger: slog.New(slog.NewTextHandler(&logs, nil))})
			resp, err := c.Do(newRequest(t.Context(), t, http.MethodGet, tt.url, ""), httpx.Always)
			if err == nil {
				resp.Body.Close()
				continue
			}
			place, _, _ := strings.Cut(tt.url, "?")
			if text := err.Error(); strings.Contains(text, canary) || !strings.Contains(text, place) {
				t.Errorf("error text %q: want %s and no secret", text, place)
			}
		}
		if strings.Contains(logs.String(), canary) || strings.Count(logs.String(), "repeating a request") != 12 {
			t.Errorf("logs leak or miss a repetition:\n%s", &logs)
		}
	})
}

func TestCertificateIsPermanent(t *testing.T) {
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	srv.StartTLS()
	defer srv.Close()
	hc := &http.Client{Transport: &http.Transport{}} // does not trust the test's certificate
	c, err := httpx.New(&httpx.Options{Client: hc, MinWait: 1, MaxWait: 1})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Do(newRequest(t.Context(), t, http.MethodGet, srv.URL, ""), httpx.Always)
	var e *httpx.Error
	if !errors.As(err, &e) || e.Kind != httpx.KindTransport || e.Attempts != 1 {
		t.Errorf("got %+v, want one attempt", err)
	}
}
