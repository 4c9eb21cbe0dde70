package scimtest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"time"

	"github.com/zohoscim/zohoscim/internal/memhttp"
)

// Fault is what a [FaultProxy] does to one request. The zero Fault passes it
// on and its answer back.
type Fault struct {
	Kind FaultKind

	// Latency is waited for first, or until the request's context ends.
	Latency time.Duration

	// Status, RetryAfter and Body are the answer of [FaultRefuse]. Status 0 is
	// 429; RetryAfter is the text of the header field, "" for none.
	Status     int
	RetryAfter string
	Body       string
}

// FaultKind is a way in which a request fails.
type FaultKind uint8

// The kinds of faults.
const (
	FaultNone      FaultKind = iota // the request is passed on
	FaultReset                      // the connection is reset before the request is passed on
	FaultDrop                       // the request is done, and the connection closed in place of an answer
	FaultCut                        // the request is done, and the connection closed in the middle of the answer's body
	FaultSlowClose                  // the answer comes, and its last byte a second after the rest
	FaultRefuse                     // the request is not passed on, but answered with Status
	faultKinds
)

// slowClose is how long the last byte of an answer takes.
const slowClose = time.Second

// FaultProxy stands before a service provider and lets requests fail. It is an
// [http.Handler]: serve it on a loopback address, or use [FaultProxy.Client],
// which needs no network and works in a testing/synctest bubble. It is safe
// for concurrent use.
type FaultProxy struct {
	next  http.Handler
	plan  func(*http.Request) Fault
	pipes *memhttp.Network

	mu     sync.Mutex
	counts [faultKinds]int
}

// FaultProxyOptions are the optional settings of a proxy.
type FaultProxyOptions struct {
	// Hosts are those for which [FaultProxy.Client] reaches the proxy; nil is
	// "scim.example".
	Hosts []string
}

// NewFaultProxy returns a proxy before next, which may be a
// [net/http/httputil.ReverseProxy] to a server elsewhere. Plan is asked once
// for each request, possibly by several at once, what is to happen to it; see
// [FaultShare].
func NewFaultProxy(next http.Handler, plan func(*http.Request) Fault, o *FaultProxyOptions) (*FaultProxy, error) {
	if next == nil || plan == nil {
		return nil, errors.New("scimtest: NewFaultProxy needs a handler and a plan")
	}
	hosts := []string{"scim.example"}
	if o != nil && o.Hosts != nil {
		hosts = o.Hosts
	}
	p := &FaultProxy{next: next, plan: plan, pipes: memhttp.New()}
	for _, host := range hosts {
		p.pipes.Handle(host, p)
	}
	return p, nil
}

// FaultShare returns a plan by which a share of the requests, from 0 to 1,
// meets a fault, chosen at random. The same seed chooses in the same order.
func FaultShare(seed uint64, share float64, faults ...Fault) func(*http.Request) Fault {
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(seed, 0))
	return func(*http.Request) Fault {
		mu.Lock()
		defer mu.Unlock()
		if len(faults) == 0 || random.Float64() >= share {
			return Fault{}
		}
		return faults[random.IntN(len(faults))]
	}
}

// Client returns a client for which the proxy's hosts are the proxy, over
// in-memory pipes. Other hosts fail.
func (p *FaultProxy) Client() *http.Client { return p.pipes.Client() }

// Close ends what [FaultProxy.Client] started. A proxy that only served as a
// handler need not be closed.
func (p *FaultProxy) Close() error { return p.pipes.Close() }

// Count returns how many requests met a kind of fault.
func (p *FaultProxy) Count(k FaultKind) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if k >= faultKinds {
		return 0
	}
	return p.counts[k]
}

// ServeHTTP implements [http.Handler].
func (p *FaultProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f := p.plan(r)
	if f.Kind >= faultKinds {
		f.Kind = FaultNone
	}
	p.mu.Lock()
	p.counts[f.Kind]++
	p.mu.Unlock()
	if f.Latency > 0 {
		// The server notices that a client is gone only after the body.
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler) // the client is gone: nobody waits for an answer
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		pause(r.Context(), f.Latency)
	}
	switch f.Kind {
	case FaultReset:
		reset(w)
	case FaultDrop:
		p.next.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler) // closes the connection
	case FaultCut, FaultSlowClose:
		p.halves(w, r, f.Kind == FaultCut)
	case FaultRefuse:
		refuse(w, f)
	default:
		p.next.ServeHTTP(w, r)
	}
}

// halves passes an answer on in two parts; cut: only the first one.
func (p *FaultProxy) halves(w http.ResponseWriter, r *http.Request, cut bool) {
	rec := httptest.NewRecorder()
	p.next.ServeHTTP(rec, r)
	body := rec.Body.Bytes()
	for name, values := range rec.Header() {
		w.Header()[name] = values
	}
	at := max(0, len(body)-1)
	if cut {
		at = len(body) / 2
	}
	bodyless := rec.Code == http.StatusNoContent || rec.Code == http.StatusNotModified || r.Method == http.MethodHead
	if !bodyless {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(rec.Code)
	if !bodyless {
		_, _ = w.Write(body[:at])
	}
	_ = http.NewResponseController(w).Flush()
	if cut {
		panic(http.ErrAbortHandler) // net/http's way to cut a connection
	}
	pause(r.Context(), slowClose)
	if !bodyless {
		_, _ = w.Write(body[at:])
	}
}

func refuse(w http.ResponseWriter, f Fault) {
	if f.RetryAfter != "" {
		w.Header().Set("Retry-After", f.RetryAfter)
	}
	status := f.Status
	if status == 0 {
		status = http.StatusTooManyRequests
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, f.Body)
}

// reset ends the connection so that the other side notices a reset, where
// there is TCP, and not an orderly end.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // HTTP/2 has no connection to take: net/http resets the stream
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
