package zohoauthtest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/zohoscim/zohoscim/datacenter"
	"github.com/zohoscim/zohoscim/internal/memhttp"
)

// The client that [New] registers if the options name none.
const (
	DefaultClientID     = "1000.TESTCLIENT"
	DefaultClientSecret = "test-client-secret"
	DefaultRedirectURL  = "http://127.0.0.1/callback"
)

// Options are the settings of a [Server]. Nil or zero means the defaults.
type Options struct {
	// DC is the data center of the user who consents. Default datacenter.US.
	DC datacenter.DC

	// ClientID, ClientSecret and RedirectURL are the registered client. The
	// defaults are DefaultClientID, DefaultClientSecret and DefaultRedirectURL.
	ClientID     string
	ClientSecret string
	RedirectURL  string

	// Secrets are the client secrets of single data centers. If it is not
	// empty, the client exists in these data centers only.
	Secrets map[datacenter.DC]string

	// Lifetime is that of an access token. Default one hour.
	Lifetime time.Duration

	// NoThrottle turns Zoho's limit of token requests off.
	NoThrottle bool

	// CodeThrottle turns on Zoho's limit of authorization codes: the eleventh
	// consent in 10 minutes ends with access_denied. Off by default, because a
	// test may consent often.
	CodeThrottle bool

	// ErrorStatus is the status of answers with an error word, throttling
	// included: 200, which is the default and what was measured, or 400, which
	// others saw.
	ErrorStatus int

	// Omit names members that answers of the token endpoint leave out, such as
	// "scope", "api_domain", "expires_in" or "token_type".
	Omit []string

	// Rotate gives a new refresh token with each refresh and ends the old one.
	// Zoho does not do that; a client should survive it.
	Rotate bool

	// SOID is an organisation that client_credentials requests have to name.
	SOID string

	// OneRevoke leaves only the newer revocation endpoint, /oauth/v2/revoke/token.
	OneRevoke bool

	// User is who consents, as the user information endpoint tells.
	User User

	// LegacyUnits answers in the form of 2019: expires_in in milliseconds and
	// expires_in_sec in seconds.
	LegacyUnits bool

	// Loopback also listens on a free port of 127.0.0.1; see Server.URL. Not for
	// use in a testing/synctest bubble.
	Loopback bool
}

// User is the one user of a [Server].
type User struct {
	ZUID                int64 // default 1000000001
	Email               string
	FirstName, LastName string
	DisplayName         string
}

// Server is a fake of Zoho's accounts servers. It is safe for concurrent use.
// Close it at the end.
type Server struct {
	clientID    string
	secrets     map[datacenter.DC]string
	redirectURL string
	hosts       map[string]datacenter.DC // accounts server by host name
	network     *memhttp.Network
	mux         *http.ServeMux
	listener    *http.Server // nil without Loopback
	served      sync.WaitGroup
	base        string
	bases       map[datacenter.DC]string // loopback URLs by data center
	opts        Options

	mu       sync.Mutex
	user     datacenter.DC
	lifetime time.Duration
	throttle bool
	legacy   bool
	latency  time.Duration
	faults   []Fault
	always   *Fault
	consents map[string]*consent // open consent pages
	codes    map[string]*code
	given    []time.Time        // of the latest codes
	serial   int                // of the newest grant
	devices  map[string]*device // by device code
	grants   map[string]*grant  // by refresh token
	access   map[string]*access // by access token
	agreed   map[string]bool    // scopes that the user once consented to
	log      []Request
}

// New returns a running server. Its memory grows with use: it is a test's.
func New(o *Options) (*Server, error) {
	var opts Options
	if o != nil {
		opts = *o
	}
	setDefault(&opts.DC, datacenter.US)
	setDefault(&opts.ClientID, DefaultClientID)
	setDefault(&opts.ClientSecret, DefaultClientSecret)
	setDefault(&opts.RedirectURL, DefaultRedirectURL)
	setDefault(&opts.Lifetime, time.Hour)
	setDefault(&opts.ErrorStatus, http.StatusOK)
	setDefault(&opts.User, User{1000000001, "user1@example.com", "User", "1", "User 1"})
	if err := opts.check(); err != nil {
		return nil, err
	}
	s := &Server{
		opts:        opts,
		bases:       make(map[datacenter.DC]string),
		devices:     make(map[string]*device),
		clientID:    opts.ClientID,
		secrets:     maps.Clone(opts.Secrets),
		redirectURL: opts.RedirectURL,
		hosts:       make(map[string]datacenter.DC),
		network:     memhttp.New(),
		mux:         http.NewServeMux(),
		user:        opts.DC,
		lifetime:    opts.Lifetime,
		throttle:    !opts.NoThrottle,
		legacy:      opts.LegacyUnits,
		consents:    make(map[string]*consent),
		codes:       make(map[string]*code),
		grants:      make(map[string]*grant),
		access:      make(map[string]*access),
		agreed:      make(map[string]bool),
	}
	if len(s.secrets) == 0 {
		s.secrets = make(map[datacenter.DC]string)
		for _, dc := range datacenter.All() {
			s.secrets[dc] = opts.ClientSecret
		}
	}
	s.route()
	if err := s.connect(opts.Loopback); err != nil {
		return nil, err
	}
	return s, nil
}

func (o Options) check() error {
	if o.DC.Endpoints().Accounts == "" {
		return fmt.Errorf("zohoauthtest: data center %q is not in the table", o.DC)
	}
	if o.Lifetime < time.Second {
		return errors.New("zohoauthtest: Lifetime must be a second or more")
	}
	if o.ErrorStatus != http.StatusOK && o.ErrorStatus != http.StatusBadRequest {
		return errors.New("zohoauthtest: ErrorStatus is 200 or 400")
	}
	return nil
}

// route names the endpoints of an accounts server.
func (s *Server) route() {
	s.mux.HandleFunc("GET /oauth/v2/auth", s.serveAuth)
	s.mux.HandleFunc("POST "+answerPath, s.serveConsent)
	s.mux.HandleFunc("POST /oauth/v2/token", s.serveToken)
	s.mux.HandleFunc("POST /oauth/v2/token/revoke", s.serveRevoke)
	s.mux.HandleFunc("POST /oauth/v2/revoke/token", s.serveRevokeNew)
	s.mux.HandleFunc("POST /oauth/v3/device/code", s.serveDeviceCode)
	s.mux.HandleFunc("POST /oauth/v3/device/token", s.serveDeviceToken)
	s.mux.HandleFunc("GET /oauth/user/info", s.serveUser)
	s.mux.HandleFunc("GET /oauth/serverinfo", s.serveServerInfo)
}

// connect gives the server its host names, and a port if it is to have one.
func (s *Server) connect(loopback bool) error {
	for _, dc := range datacenter.All() {
		s.hosts[hostOf(dc)] = dc
		s.network.Handle(hostOf(dc), s)
	}
	if !loopback {
		return nil
	}
	all := append([]datacenter.DC{""}, datacenter.All()...) // "" is the user's, see URL
	listeners := make([]net.Listener, 0, len(all))
	for _, dc := range all {
		l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
		if err != nil {
			for _, l := range listeners {
				err = errors.Join(err, l.Close())
			}
			return fmt.Errorf("zohoauthtest: %w", errors.Join(err, s.network.Close()))
		}
		listeners = append(listeners, l)
		addr := l.Addr().String()
		s.network.HandleAddr(addr, addr)
		if dc == "" {
			s.base = "http://" + addr
			continue
		}
		s.bases[dc], s.hosts[addr] = "http://"+addr, dc
		s.network.HandleAddr(hostOf(dc), addr)
	}
	s.listener = &http.Server{Handler: s, ReadHeaderTimeout: 5 * time.Second}
	for _, l := range listeners {
		s.served.Go(func() { _ = s.listener.Serve(l) }) // always ends with http.ErrServerClosed
	}
	return nil
}

// hostOf returns the host name of dc's accounts server.
func hostOf(dc datacenter.DC) string {
	return strings.TrimPrefix(dc.Endpoints().Accounts, "https://")
}

// Client returns a new HTTP client for which this server is all of Zoho's
// accounts servers. Requests to other hosts fail. Like any browser it follows
// redirects, except out of Zoho.
func (s *Server) Client() *http.Client { return s.network.Client() }

// URL is the base URL of the loopback listener, "" without Options.Loopback. A
// request to it is for the user's data center, and the callback names it as the
// accounts server: use datacenter.Custom for a program that is to trust it.
func (s *Server) URL() string { return s.base }

// URLFor is the base URL of the loopback listener of one data center, "" without
// Options.Loopback or for one that is not in the table. All of them are up at
// once, so that a program which knows several is tested with several hosts.
func (s *Server) URLFor(dc datacenter.DC) string { return s.bases[dc] }

// Close ends the server and its connections.
func (s *Server) Close() error {
	err := s.network.Close()
	if s.listener != nil {
		err = errors.Join(err, s.listener.Close())
		s.served.Wait()
	}
	return err
}

// ServeHTTP makes the server a handler for tests that bring their own listener.
// The Host of a request decides about the data center, as with URL.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.interfere(w, r) {
		return
	}
	s.mux.ServeHTTP(w, r)
}

// place returns the data center that r is for and the base URL by which the
// client knows it.
func (s *Server) place(r *http.Request) (dc datacenter.DC, base string) {
	if dc, ok := s.hosts[r.Host]; ok {
		if base := s.bases[dc]; base == "http://"+r.Host {
			return dc, base
		}
		return dc, dc.Endpoints().Accounts
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.user, "http://" + r.Host
}

// Verify returns nil if accessToken is live: issued here, not expired, not
// revoked. It is the function that a fake of a Zoho API verifies its callers
// with. The error says what is wrong and does not hold the token.
func (s *Server) Verify(accessToken string) error {
	_, err := s.lookUp(accessToken)
	return err
}

// Scope returns the scopes of a live access token, separated by spaces.
func (s *Server) Scope(accessToken string) (scope string, ok bool) {
	a, err := s.lookUp(accessToken)
	if err != nil {
		return "", false
	}
	return a.scope(), true
}

// The reasons of Verify.
var (
	errUnknownToken = errors.New("zohoauthtest: access token is unknown or revoked")
	errExpiredToken = errors.New("zohoauthtest: access token has expired")
)

func (s *Server) lookUp(accessToken string) (*access, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.access[accessToken]
	switch {
	case a == nil:
		return nil, errUnknownToken
	case !time.Now().Before(a.expires):
		return nil, errExpiredToken
	}
	return a, nil
}

func setDefault[T comparable](p *T, v T) {
	var zero T
	if *p == zero {
		*p = v
	}
}
