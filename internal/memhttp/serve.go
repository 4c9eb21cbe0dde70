package memhttp

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"
)

// transport sends requests for http and https URLs as plain HTTP to the site of
// their host.
type transport struct {
	network *Network
	plain   *http.Transport
}

// RoundTrip implements [http.RoundTripper].
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	key := siteKey(req.URL.Scheme, req.URL.Hostname(), req.URL.Port())
	if err := t.network.find(key, req.URL.Host); err != nil {
		if req.Body != nil {
			_ = req.Body.Close() // as a RoundTripper must
		}
		return nil, err
	}
	r := req.WithContext(req.Context())
	u := *req.URL
	u.Scheme, u.Host = "http", key
	r.URL = &u
	if r.Host == "" {
		r.Host = req.URL.Host
	}
	resp, err := t.plain.RoundTrip(r)
	if resp != nil {
		resp.Request = req
	}
	return resp, err
}

// CloseIdleConnections serves [http.Client.CloseIdleConnections].
func (t *transport) CloseIdleConnections() { t.plain.CloseIdleConnections() }

// dial opens a connection to the site with the key addr, starting its server if
// this is the first one.
func (n *Network) dial(ctx context.Context, _, addr string) (net.Conn, error) {
	n.mu.Lock()
	if n.closed {
		n.mu.Unlock()
		return nil, ErrClosed
	}
	s := n.sites[addr]
	if s == nil { // a name that net/http spells differently, such as one outside ASCII
		n.mu.Unlock()
		return nil, unknownHost(addr)
	}
	if s.addr != "" {
		loopback := s.addr
		n.mu.Unlock()
		return new(net.Dialer).DialContext(ctx, "tcp", loopback)
	}
	if s.server == nil {
		n.startLocked(addr, s)
	}
	ln := s.ln
	n.mu.Unlock()
	return ln.dial(ctx)
}

// startLocked starts the server of s.
func (n *Network) startLocked(key string, s *site) {
	s.ln = &listener{conns: make(chan net.Conn), done: make(chan struct{}), name: key}
	s.server = &http.Server{
		Handler:           n.handler(key),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      2 * time.Minute,
		IdleTimeout:       2 * time.Minute,
		ErrorLog:          log.New(io.Discard, "", 0), // a broken connection is what some tests want
		ConnState: func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				n.conns.Add(1)
			case http.StateClosed, http.StateHijacked:
				n.conns.Done()
			}
		},
	}
	n.conns.Go(func() { _ = s.server.Serve(s.ln) }) // always ends with http.ErrServerClosed
}

// handler looks its target up for each request, so that Handle can replace it.
func (n *Network) handler(key string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.mu.Lock()
		h := n.sites[key].handler
		n.mu.Unlock()
		if h == nil { // replaced between dialling and serving
			http.Error(w, "memhttp: this host has no handler any more", http.StatusMisdirectedRequest)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// listener hands the far ends of pipes to a server.
type listener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
	name  string
}

func (l *listener) dial(ctx context.Context) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case l.conns <- far:
		return near, nil
	case <-l.done:
		return nil, ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept implements [net.Listener].
func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// Close implements [net.Listener].
func (l *listener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

// Addr implements [net.Listener].
func (l *listener) Addr() net.Addr { return addr(l.name) }

// addr is a host:port that no network knows.
type addr string

func (addr) Network() string  { return "memhttp" }
func (a addr) String() string { return string(a) }
