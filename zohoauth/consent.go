package zohoauth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"time"

	"golang.org/x/oauth2"

	"github.com/zohoscim/zohoscim/datacenter"
)

// Flow leads users through consent: [Flow.Start] makes the address to send one
// to, [Flow.HandleCallback] takes what Zoho sends back. Between the two it keeps
// the state, the PKCE verifier and the expected data center in memory: bounded,
// expiring, and good for one callback. It is safe for concurrent use.
type Flow struct {
	cfg     *Config
	pending *keeper
}

// FlowOptions are the limits of a [Flow]. Nil or zero means the defaults.
type FlowOptions struct {
	// MaxPending is how many started consents are kept; one more drops the
	// oldest, whose user then has to start again. Default 10,000.
	MaxPending int

	// TTL is how long a started consent can be finished. Default and maximum
	// are 10 minutes.
	TTL time.Duration
}

// Limits of a Flow.
const (
	defaultMaxPending = 10_000
	maxTTL            = 10 * time.Minute
)

// NewFlow returns a Flow for the client cfg, which needs a redirect URL.
func NewFlow(cfg *Config, o *FlowOptions) (*Flow, error) {
	var opts FlowOptions
	if o != nil {
		opts = *o
	}
	bad := func(detail string) (*Flow, error) {
		return nil, &Error{Kind: KindConfig, Op: "config", Detail: detail}
	}
	switch {
	case cfg == nil:
		return bad("a Flow needs a Config")
	case cfg.redirectURL == "":
		return bad("a Flow needs ConfigOptions.RedirectURL")
	case opts.MaxPending < 0, opts.TTL < 0, opts.TTL > maxTTL:
		return bad("MaxPending must not be negative, TTL must be at most 10 minutes")
	}
	if opts.MaxPending == 0 {
		opts.MaxPending = defaultMaxPending
	}
	if opts.TTL == 0 {
		opts.TTL = maxTTL
	}
	return &Flow{cfg: cfg, pending: newKeeper(opts.MaxPending, opts.TTL)}, nil
}

// StartOptions are the choices of [Flow.Start]. Nil means none.
type StartOptions struct {
	// AnyDC accepts a user of any data center of the table, and not only of the
	// one where consent starts. China stays apart: what starts there ends there,
	// and nothing else does.
	AnyDC bool

	// Session names the browser session that starts the flow, such as a hash of
	// its cookie. Only [Flow.HandleSessionCallback] with the same value can
	// finish it, so that nobody can finish another's flow. Web services set it;
	// a command line program with one user need not.
	Session string
}

// Consent is a started consent.
type Consent struct {
	URL     string    // where to send the user; it holds the state, so keep it out of logs
	Expires time.Time // when HandleCallback will no longer accept the answer
}

// Start begins a consent at the accounts server of dc, with a fresh state of at
// least 128 bits and PKCE (RFC 7636, S256). A zero dc starts at datacenter.US and
// accepts any data center, as if AnyDC were set: Zoho leads users to their own.
//
// A data center that the Config does not know or has no secret for is
// [ErrConfig].
func (f *Flow) Start(ctx context.Context, dc datacenter.DC, o *StartOptions) (*Consent, error) {
	const op = "start"
	if err := ctx.Err(); err != nil {
		return nil, &Error{Kind: KindCanceled, Op: op, DC: dc, Err: err}
	}
	var opts StartOptions
	if o != nil {
		opts = *o
	}
	if dc == "" {
		dc, opts.AnyDC = datacenter.US, true
	}
	e := f.cfg.endpoints(dc)
	switch {
	case e.Accounts == "":
		return nil, &Error{Kind: KindConfig, Op: op, Detail: "data center " + show(dc) + " is not known: use one of datacenter.All or ConfigOptions.Custom"}
	case !opts.AnyDC && f.cfg.clientSecret(dc).IsZero():
		return nil, &Error{Kind: KindConfig, Op: op, DC: dc, Detail: "no client secret for this data center: set ConfigOptions.Secrets"}
	}
	state, verifier := rand.Text(), oauth2.GenerateVerifier()
	address, err := e.ConsentURL(datacenter.Consent{
		ClientID:      f.cfg.clientID,
		RedirectURL:   f.cfg.redirectURL,
		State:         state,
		Scopes:        f.cfg.scopes,
		CodeChallenge: oauth2.S256ChallengeFromVerifier(verifier),
	})
	if err != nil {
		return nil, &Error{Kind: KindConfig, Op: op, DC: dc, Err: err}
	}
	expires := f.pending.put(state, &pending{
		verifier: NewSecret(verifier),
		start:    dc,
		any:      opts.AnyDC,
		session:  sha256.Sum256([]byte(opts.Session)),
	}, time.Now())
	return &Consent{URL: address, Expires: expires}, nil
}
