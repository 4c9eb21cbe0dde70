package memhttp

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// closeWait is how long [Network.Close] waits for handlers that still run.
const closeWait = 5 * time.Second

// ErrClosed is the cause of a request's failure after [Network.Close].
var ErrClosed = errors.New("memhttp: network is closed")

// Network maps host names to handlers. The zero value is a network without
// hosts. Its methods may be called concurrently.
type Network struct {
	mu         sync.Mutex
	closed     bool
	sites      map[string]*site // by host:port, see siteKey
	transports []*http.Transport
	conns      sync.WaitGroup // one per Serve call and per served connection
}

// site is what a host name stands for: a handler with its server, or an address.
type site struct {
	handler http.Handler
	addr    string
	ln      *listener    // nil until the first connection
	server  *http.Server // nil until the first connection
}

// New returns a network without hosts. No goroutine starts before the first
// request.
func New() *Network { return new(Network) }

// Handle sends requests for host to h. The host is a name ("accounts.zoho.jp",
// the default ports of http and https) or a name with a port ("localhost:8080",
// that port only). A later call for the same host replaces the handler from the
// next request on; a nil handler removes the host.
//
// As in any server, the host that the client asked for is r.Host, r.URL holds
// path and query, and r.TLS is nil.
func (n *Network) Handle(host string, h http.Handler) {
	n.mu.Lock()
	defer n.mu.Unlock()
	s := n.siteLocked(host)
	s.handler, s.addr = h, ""
	n.dropIdleLocked()
}

// HandleAddr sends requests for host to a real server at addr, an IP address of
// the loopback interface with a port ("127.0.0.1:8080"), over plain TCP without
// TLS. Any other address makes every request for host fail without dialling.
func (n *Network) HandleAddr(host, addr string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	s := n.siteLocked(host)
	s.handler, s.addr = nil, addr
	n.dropIdleLocked()
}

// Client returns a new client, with its own connections, whose requests go to
// the hosts of n and nowhere else: a request for another host fails and dials
// nothing. It has no timeout, follows redirects as any [http.Client] does, and
// ignores proxy settings. [Network.Close] ends its connections.
func (n *Network) Client() *http.Client {
	t := &http.Transport{
		DialContext:         n.dial,
		MaxIdleConnsPerHost: 64,
		IdleConnTimeout:     90 * time.Second,
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.transports = append(n.transports, t)
	return &http.Client{Transport: &transport{network: n, plain: t}}
}

// Close ends all servers and connections; later requests fail with [ErrClosed].
// It waits for running handlers, whose request contexts have ended, and returns
// an error if one has not returned after five seconds. Calling it again does no
// harm.
func (n *Network) Close() error {
	n.mu.Lock()
	n.closed = true
	var errs []error
	for _, s := range n.sites {
		if s.server != nil {
			errs = append(errs, s.server.Close())
		}
	}
	for _, t := range n.transports {
		t.CloseIdleConnections()
	}
	n.mu.Unlock()

	done := make(chan struct{})
	go func() {
		n.conns.Wait()
		close(done)
	}()
	timer := time.NewTimer(closeWait)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
		errs = append(errs, fmt.Errorf("memhttp: a handler still runs %v after Close: let it end with its request's context", closeWait))
	}
	return errors.Join(errs...)
}

// siteLocked returns the site of host, a new one if there is none.
func (n *Network) siteLocked(host string) *site {
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		name, port = strings.Trim(host, "[]"), ""
	}
	key := siteKey("", name, port)
	s := n.sites[key]
	if s == nil {
		if n.sites == nil {
			n.sites = make(map[string]*site)
		}
		s = new(site)
		n.sites[key] = s
	}
	return s
}

// dropIdleLocked makes a changed host take effect for pooled connections too.
func (n *Network) dropIdleLocked() {
	for _, t := range n.transports {
		t.CloseIdleConnections()
	}
}

// find returns why a request for key cannot be sent, nil if it can.
func (n *Network) find(key, host string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return ErrClosed
	}
	s := n.sites[key]
	if s == nil || s.handler == nil && s.addr == "" {
		return unknownHost(host)
	}
	if s.addr == "" {
		return nil
	}
	if a, err := netip.ParseAddrPort(s.addr); err != nil || !a.Addr().Unmap().IsLoopback() {
		return fmt.Errorf("memhttp: host %q stands for %q: want a loopback IP address with a port", host, s.addr)
	}
	return nil
}

func unknownHost(host string) error {
	return fmt.Errorf("memhttp: unknown host %q: name it with Handle or HandleAddr", host)
}

// siteKey gives http and https on their default ports the same key.
func siteKey(scheme, name, port string) string {
	if port == "" || scheme == "http" && port == "80" {
		port = "443"
	}
	return net.JoinHostPort(strings.ToLower(name), port)
}
