package scim

import (
	"context"
	"errors"
	"io"
	"iter"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// faultyStore fails at its n-th point: before each call, before the end of a
// transaction, and in each use of links.
type faultyStore struct {
	*MemoryStore
	at, n int
	fault func(context.Context) error
}

func (s *faultyStore) point(ctx context.Context) error {
	if s.n++; s.n == s.at {
		return s.fault(ctx)
	}
	return nil
}

// inside passes an entry on with links that fail.
func (s *faultyStore) inside(ctx context.Context, fn func(*Entry) error) func(*Entry) error {
	return func(e *Entry) error {
		links := e.Links
		e.Links = faultyLinks{links, s}
		err := fn(e)
		e.Links = links
		if err != nil {
			return err
		}
		return s.point(ctx)
	}
}

func (s *faultyStore) View(ctx context.Context, ref Ref, fn func(*Entry) error) error {
	if err := s.point(ctx); err != nil {
		return err
	}
	return s.MemoryStore.View(ctx, ref, s.inside(ctx, fn))
}

func (s *faultyStore) List(ctx context.Context, q *Query) (*Page, error) {
	if err := s.point(ctx); err != nil {
		return nil, err
	}
	return s.MemoryStore.List(ctx, q)
}

func (s *faultyStore) Create(ctx context.Context, r *Resource, links iter.Seq[Link]) error {
	if err := s.point(ctx); err != nil {
		return err
	}
	return s.MemoryStore.Create(ctx, r, links)
}

func (s *faultyStore) Update(ctx context.Context, ref Ref, fn func(*Entry) error) error {
	if err := s.point(ctx); err != nil {
		return err
	}
	return s.MemoryStore.Update(ctx, ref, s.inside(ctx, fn))
}

func (s *faultyStore) Delete(ctx context.Context, ref Ref, fn func(*Entry) error) error {
	if err := s.point(ctx); err != nil {
		return err
	}
	return s.MemoryStore.Delete(ctx, ref, s.inside(ctx, fn))
}

type faultyLinks struct {
	Links
	s *faultyStore
}

func (l faultyLinks) Put(ctx context.Context, links ...Link) (int, error) {
	if err := l.s.point(ctx); err != nil {
		return 0, err
	}
	return l.Links.Put(ctx, links...)
}

func (l faultyLinks) Remove(ctx context.Context, values ...string) (int, error) {
	if err := l.s.point(ctx); err != nil {
		return 0, err
	}
	return l.Links.Remove(ctx, values...)
}

func (l faultyLinks) Get(ctx context.Context, value string) (Link, bool, error) {
	if err := l.s.point(ctx); err != nil {
		return Link{}, false, err
	}
	return l.Links.Get(ctx, value)
}

func (l faultyLinks) All(ctx context.Context, after string) iter.Seq2[Link, error] {
	return l.s.seq(ctx, l.Links.All(ctx, after))
}

func (l faultyLinks) Owners(ctx context.Context, after string) iter.Seq2[Link, error] {
	return l.s.seq(ctx, l.Links.Owners(ctx, after))
}

func (s *faultyStore) seq(ctx context.Context, inner iter.Seq2[Link, error]) iter.Seq2[Link, error] {
	return func(yield func(Link, error) bool) {
		for link, err := range inner {
			if err == nil {
				err = s.point(ctx)
			}
			if !yield(link, err) || err != nil {
				return
			}
		}
	}
}

// TestFaultAtEachCall lets the store fail at each call that a request makes,
// one after the other: the answer says nothing of the cause, nothing has
// changed, and the store goes on working.
func TestFaultAtEachCall(t *testing.T) {
	const detail = "canary: dial tcp 10.0.0.1"
	for _, fault := range []struct {
		reason string
		status int
		fail   func(context.Context) error
	}{
		{"an error", 500, func(context.Context) error { return errors.New(detail) }},
		{"a panic", 500, func(context.Context) error { panic(detail) }},
		{"a wait beyond the deadline", 503, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }},
	} {
		synctest.Test(t, func(t *testing.T) {
			store := &faultyStore{MemoryStore: NewMemoryStore(), fault: fault.fail}
			var log strings.Builder
			s, err := NewServer(store, staticTokens(t, testToken, noExpiry), &ServerOptions{Logger: slog.New(slog.NewTextHandler(&log, nil))})
			if err != nil {
				t.Fatal(err)
			}
			user := createdID(ask(s, "POST", "/Users", `{"userName":"u"}`))
			group := createdID(ask(s, "POST", "/Groups", `{"displayName":"g","members":[{"value":"`+user+`"},{"value":"x"}]}`))
			points := 0
			for _, x := range []exchange{
				{method: "GET", target: "/Users/" + user}, {method: "GET", target: "/Groups/" + group}, {method: "GET", target: "/"}, {method: "GET", target: "/Users?filter=userName+pr"},
				{method: "POST", target: "/.search", body: `{"filter":"id pr"}`}, {method: "POST", target: "/Users", body: `{"userName":"v"}`},
				{method: "POST", target: "/Groups", body: `{"displayName":"h","members":[{"value":"` + user + `"},{"value":"y"}]}`},
				{method: "PUT", target: "/Users/" + user, body: `{"userName":"w"}`}, {method: "PUT", target: "/Groups/" + group, body: `{"displayName":"i","members":[{"value":"y"}]}`},
				{method: "PATCH", target: "/Users/" + user, body: patchBody(`{"op":"add","path":"title","value":"T"}`)},
				{method: "PATCH", target: "/Groups/" + group + "?attributes=members", body: patchBody(`{"op":"add","path":"members","value":[{"value":"z"}]},{"op":"remove","path":"members[value eq \"x\"]"}`)},
				{method: "PATCH", target: "/Groups/" + group, body: patchBody(`{"op":"replace","path":"members","value":[{"value":"z"}]}`)},
				{method: "DELETE", target: "/Users/" + user}, {method: "DELETE", target: "/Groups/" + group},
			} {
				before := storedRows(store.MemoryStore)
				for store.at = 1; ; store.at++ {
					store.n = 0
					w := askWithin(t, s, time.Minute, x)
					if store.n < store.at { // it was done
						if w.Code >= 300 {
							t.Errorf("%s %s: %d %s", x.method, x.target, w.Code, w.Body)
						}
						break
					}
					points++
					if w.Code != fault.status || strings.Contains(w.Body.String(), "canary") || !strings.Contains(w.Body.String(), messageError) {
						t.Errorf("%s at call %d of %s %s: %d %s", fault.reason, store.at, x.method, x.target, w.Code, w.Body)
					}
					if after := storedRows(store.MemoryStore); !maps.Equal(before, after) {
						t.Fatalf("%s at call %d of %s %s changed something:\n%v\n%v", fault.reason, store.at, x.method, x.target, before, after)
					}
				}
				store.at = 0
			}
			t.Logf("%s: %d calls", fault.reason, points)
			if got := ask(s, "POST", "/Users", `{"userName":"last"}`).Code; got != 201 || points < 30 {
				t.Errorf("%s: %d after %d faults", fault.reason, got, points)
			}
		})
	}
}

func askWithin(t *testing.T, s *Server, d time.Duration, x exchange) *httptest.ResponseRecorder {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	r := httptest.NewRequestWithContext(ctx, x.method, "/", strings.NewReader(x.body))
	r.URL = &url.URL{}
	r.URL.Path, r.URL.RawQuery, _ = strings.Cut(x.target, "?")
	r.Header.Set("Authorization", "Bearer "+testToken)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// pipeListener hands out one end of in-memory connections: a network
// listener would stop the fake time of synctest.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error   { l.once.Do(func() { close(l.closed) }); return nil }
func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

func (l *pipeListener) dial(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	l.conns <- server
	return client, nil
}

// TestSlowloris holds 500 connections with headers and 500 with bodies that
// come a byte a second, against the timeouts of NewHTTPServer, in fake time.
func TestSlowloris(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := NewServer(NewMemoryStore(), staticTokens(t, testToken, noExpiry), nil)
		if err != nil {
			t.Fatal(err)
		}
		hs := NewHTTPServer(s)
		for _, row := range []struct {
			name      string
			got, want time.Duration
		}{
			{"header", hs.ReadHeaderTimeout, 5 * time.Second}, {"read", hs.ReadTimeout, 30 * time.Second},
			{"write", hs.WriteTimeout, 60 * time.Second}, {"idle", hs.IdleTimeout, 120 * time.Second},
		} {
			if row.got != row.want {
				t.Errorf("the %s timeout is %v, want %v", row.name, row.got, row.want)
			}
		}
		l := &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
		served := make(chan error)
		go func() { served <- hs.Serve(l) }()

		const header = "POST /Users HTTP/1.1\r\nHost: scim.example\r\nAuthorization: Bearer " + testToken + "\r\n"
		var wg sync.WaitGroup
		for range 500 {
			wg.Go(func() { l.trickle(t, header+"X-Slow: ", 5*time.Second) })
			wg.Go(func() { l.trickle(t, header+"Content-Length: 100000\r\n\r\n{", 30*time.Second) })
		}
		wg.Go(func() { l.healthy(t) })
		wg.Wait()
		if err := hs.Close(); err != nil {
			t.Error(err)
		}
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
}

// trickle sends a text and then a byte a second until the server closes the
// connection, which it has to do after limit.
func (l *pipeListener) trickle(t *testing.T, text string, limit time.Duration) {
	start := time.Now()
	c, _ := l.dial(t.Context(), "", "")
	defer c.Close()
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		buffer := make([]byte, 1024)
		for {
			if _, err := c.Read(buffer); err != nil {
				return
			}
		}
	}()
	_, err := c.Write([]byte(text))
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for err == nil {
		select {
		case <-tick.C:
			_, err = c.Write([]byte("x"))
		case <-closed:
			err = io.EOF
		}
	}
	<-closed
	if took := time.Since(start); took < limit || took > limit+time.Second {
		t.Errorf("a slow client was closed after %v, want %v", took, limit)
	}
}

// healthy sends a request a second beside the slow ones.
func (l *pipeListener) healthy(t *testing.T) {
	transport := &http.Transport{DialContext: l.dial}
	defer transport.CloseIdleConnections()
	for range 40 {
		r, err := http.NewRequestWithContext(t.Context(), "GET", "http://scim.example/Users", nil)
		if err != nil {
			t.Error(err)
			return
		}
		r.Header.Set("Authorization", "Bearer "+testToken)
		start := time.Now()
		resp, err := transport.RoundTrip(r)
		if err != nil {
			t.Error(err)
			return
		}
		_, err = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		if took := time.Since(start); err != nil || resp.StatusCode != 200 || took != 0 {
			t.Errorf("%d, %v after %v", resp.StatusCode, err, took)
		}
		time.Sleep(time.Second) // in the bubble
	}
}
