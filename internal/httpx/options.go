package httpx

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Defaults of [Options].
const (
	defaultMaxAttempts      = 4
	defaultMinWait          = 500 * time.Millisecond
	defaultMaxWait          = 30 * time.Second
	defaultMaxRetryAfter    = 10 * time.Minute
	defaultMaxResponseBytes = 64 << 20
)

// Options configures a [Client]. A zero field means its default; a negative one
// is an error of [New].
type Options struct {
	// Client sends each attempt; its Timeout is for one attempt including the
	// body. It is copied, never changed. Its CheckRedirect can refuse redirects
	// that this package would follow, not the other way round. Nil means a client
	// with timeouts of 5 s to connect, 5 s for TLS, 30 s for the headers and 60 s
	// in total, HTTP/2, TLS 1.2 or later, the environment's proxy and up to 64
	// idle connections per host.
	Client *http.Client

	// MaxAttempts is how often a request is sent at most. Default 4.
	MaxAttempts int

	// MinWait and MaxWait bound the waits between attempts. A wait is a random
	// time up to a ceiling, which starts at MinWait and doubles up to MaxWait.
	// Defaults 500 ms and 30 s.
	MinWait, MaxWait time.Duration

	// MaxRetryAfter is the longest Retry-After that is waited for. After a
	// longer one the answer is returned at once. Default 10 minutes.
	MaxRetryAfter time.Duration

	// MaxResponseBytes is how much of a body can be read; the next byte is an
	// error of kind [KindTooLarge]. Default 64 MiB.
	MaxResponseBytes int64

	// Rate is how many requests a second are sent at most. With 0 there is no
	// limit until the service answers 429, or 503 with Retry-After. From then
	// on, in both cases, the rate is learned: cut when the service refuses, and
	// raised again while it does not.
	Rate float64

	// Logger gets one record for each repetition. Nil is silent.
	Logger *slog.Logger
}

// withDefaults returns a checked copy of o, which may be nil.
func (o *Options) withDefaults() (Options, error) {
	var c Options
	if o != nil {
		c = *o
	}
	if c.MaxAttempts < 0 || c.MinWait < 0 || c.MaxWait < 0 || c.MaxRetryAfter < 0 || c.MaxResponseBytes < 0 || !(c.Rate >= 0 && c.Rate <= 1e9) {
		return c, fmt.Errorf("httpx: a limit in Options is out of range: use 0 for the default")
	}
	setDefault(&c.MaxAttempts, defaultMaxAttempts)
	if c.MinWait == 0 {
		c.MinWait = defaultMinWait
		if c.MaxWait != 0 {
			c.MinWait = min(c.MinWait, c.MaxWait)
		}
	}
	setDefault(&c.MaxWait, max(defaultMaxWait, c.MinWait))
	setDefault(&c.MaxRetryAfter, defaultMaxRetryAfter)
	setDefault(&c.MaxResponseBytes, defaultMaxResponseBytes)
	if c.MinWait > c.MaxWait {
		return c, fmt.Errorf("httpx: MinWait %v is longer than MaxWait %v", c.MinWait, c.MaxWait)
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Client == nil {
		c.Client = NewHTTPClient()
	}
	return c, nil
}

func setDefault[T comparable](p *T, v T) {
	var zero T
	if *p == zero {
		*p = v
	}
}

// NewHTTPClient returns the client that a nil [Options.Client] stands for, for
// callers that put a transport of their own around its transport.
func NewHTTPClient() *http.Client {
	dialer := &net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Client{
		Timeout: time.Minute,
		Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			DialContext:            dialer.DialContext,
			TLSHandshakeTimeout:    5 * time.Second,
			ResponseHeaderTimeout:  30 * time.Second,
			ExpectContinueTimeout:  time.Second,
			IdleConnTimeout:        90 * time.Second,
			MaxIdleConns:           256,
			MaxIdleConnsPerHost:    64,
			MaxResponseHeaderBytes: 256 << 10,
			ForceAttemptHTTP2:      true, // a dialer of one's own turns it off otherwise
			// Without pings a connection that died silently is used until the
			// operating system gives up on it.
			HTTP2: &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 15 * time.Second},
		},
	}
}
