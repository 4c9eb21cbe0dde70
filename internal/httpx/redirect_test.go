package httpx_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/zohoscim/zohoscim/internal/httpx"
)

var redirects = []int{301, 302, 303, 307, 308}

// TestRedirectMatrix counts what reaches the targets of redirects.
func TestRedirectMatrix(t *testing.T) {
	for _, tt := range []struct {
		name, location string
		follow         bool // GET and HEAD
		reason         string
	}{
		{"relative", "/target", true, "same origin"},
		{"absolute", "https://a.example/target", true, "same origin"},
		{"spelling", "HTTPS://A.EXAMPLE:443/target", true, "same origin, spelled differently"},
		{"other port", "https://a.example:8443/target", false, "net/http would send Authorization again"},
		{"other host", "https://b.example/target", false, "net/http would send the body again"},
		{"subdomain", "https://x.a.example/target", false, "net/http would send Authorization again"},
		{"scheme-relative", "//b.example/target", false, "another host"},
		{"http downgrade", "http://a.example/target", false, "readable on the way"},
		{"downgrade on 443", "http://a.example:443/target", false, "same port, other scheme"},
		{"userinfo trick", "https://a.example@b.example/target", false, "the host is the last one"},
		{"userinfo", "https://u:" + canary + "@a.example/target", false, "would become Authorization"},
		{"not a URL", "https://a.example/%zz?token=" + canary, false, "net/http would quote it"},
		{"not a path", "/%zz?token=" + canary, false, "net/http would quote it"},
		{"other scheme", "javascript:alert(1)", false, "not HTTP"},
		{"trailing dot", "https://a.example./target", false, "another name"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, status := range redirects {
				for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"} {
					synctest.Test(t, func(t *testing.T) {
						redirectCase(t, tt.location, status, method, tt.follow && (method == "GET" || method == "HEAD"), tt.reason)
					})
				}
			}
		})
	}
}

func redirectCase(t *testing.T, location string, status int, method string, follow bool, reason string) {
	t.Helper()
	s := newService(nil)
	defer s.net.Close()
	first, target := 0, 0
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/target" {
			target++
			return
		}
		first++
		w.Header()["Location"] = []string{location}
		w.WriteHeader(status)
	})
	for _, host := range []string{"a.example", "a.example:8443", "b.example", "x.a.example", "a.example."} {
		s.net.Handle(host, h)
	}
	req := newRequest(t.Context(), t, method, "https://a.example/start?q="+canary, "")
	if method[0] == 'P' {
		req = newRequest(t.Context(), t, method, "https://a.example/start?q="+canary, "client_secret="+canary)
	}
	req.Header.Set("Authorization", "Bearer "+canary)
	resp, err := s.client(t, nil).Do(req, httpx.Always)
	if err == nil {
		resp.Body.Close()
	} else if strings.Contains(err.Error(), canary) {
		t.Errorf("%s %d: the error leaks: %v", method, status, err)
	}
	wantTarget := 0
	if follow {
		wantTarget = 1
	}
	if (err == nil) != follow || target != wantTarget || first != 1 || err != nil && !errors.Is(err, httpx.ErrRedirect) {
		t.Errorf("%s %d: %d requests to the target, %d to the service, error %v, want follow = %t (%s)",
			method, status, target, first, err, follow, reason)
	}
}

// TestRedirectOverTLS does the same with real connections.
func TestRedirectOverTLS(t *testing.T) {
	hits := 0
	plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits++ }))
	defer plain.Close()
	other := httptest.NewTLSServer(plain.Config.Handler)
	defer other.Close()
	for _, target := range []string{plain.URL, other.URL} {
		for _, status := range redirects {
			srv := httptest.NewTLSServer(http.RedirectHandler(target, status))
			c, err := httpx.New(&httpx.Options{Client: srv.Client()})
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.Do(newRequest(t.Context(), t, http.MethodGet, srv.URL, ""), httpx.Always)
			if !errors.Is(err, httpx.ErrRedirect) {
				t.Errorf("%d: got %v", status, err)
			}
			srv.Close()
		}
	}
	if hits != 0 {
		t.Errorf("%d requests reached another origin", hits)
	}
}

func TestRedirectLimits(t *testing.T) {
	for _, tt := range []struct {
		name   string
		own    func(*http.Request, []*http.Request) error
		want   string
		hits   int64
		reason string
	}{
		{"circle", nil, "error: refused redirect", 10, "as many as net/http allows, and not repeated"},
		{"own policy", func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, "302 ", 1, "the caller's policy is stricter"},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newService(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Location", fmt.Sprint(r.URL.Path, "x"))
				w.WriteHeader(http.StatusFound)
			})
			defer s.net.Close()
			hc := s.net.Client()
			hc.CheckRedirect = tt.own
			got := send(t, s.client(t, &httpx.Options{Client: hc}), newRequest(t.Context(), t, http.MethodGet, "https://a.example/", ""), httpx.Always)
			if got != tt.want || s.count.Load() != tt.hits {
				t.Errorf("%s: got %q after %d requests, want %q after %d (%s)", tt.name, got, s.count.Load(), tt.want, tt.hits, tt.reason)
			}
		})
	}
}

func TestRedirectWithoutLocation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusFound) })
		defer s.net.Close()
		if got := send(t, s.client(t, nil), newRequest(t.Context(), t, http.MethodPost, "https://a.example/", "{}"), httpx.Never); got != "302 " {
			t.Errorf("got %q, want the answer as it is", got)
		}
	})
}
