package zohoauth

import (
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/zohoscim/zohoscim/datacenter"
	"github.com/zohoscim/zohoscim/internal/httpx"
	"github.com/zohoscim/zohoscim/internal/secret"
)

// Secret is a string that prints as "[redacted]" everywhere: fmt with any verb,
// log/slog, JSON and text marshalling. Reveal is the only way to its content.
// The zero Secret is empty.
type Secret = secret.String

// NewSecret returns a [Secret] that holds s.
func NewSecret(s string) Secret { return secret.New(s) }

// Config is one client of Zoho's API console: it exchanges codes and refreshes
// tokens. It is safe for concurrent use. Share one Config per client in a
// process: the budget of token requests is counted in it.
type Config struct {
	clientID    string
	secret      Secret
	secrets     map[datacenter.DC]Secret
	redirectURL string
	scopes      []string
	custom      map[datacenter.DC]datacenter.Endpoints
	http        *httpx.Client
	logger      *slog.Logger
	budget      *budget
}

// ConfigOptions are the settings of a [Config] that have a safe default. They
// are copied by [NewConfig].
type ConfigOptions struct {
	// Secrets holds the client secrets of single data centers, which win over
	// the argument of NewConfig. By default Zoho's API console gives every data
	// center a secret of its own.
	Secrets map[datacenter.DC]Secret

	// RedirectURL is where Zoho sends the user back to, exactly as registered.
	// Empty: this Config only refreshes and cannot start or finish a consent.
	RedirectURL string

	// Scopes are what tokens must be good for. Nil means [datacenter.ScopeSCIM].
	Scopes []string

	// Custom replaces or adds the hosts of a data center, with Endpoints from
	// [datacenter.Custom]: this Config trusts them with the secret and the
	// tokens. A replaced host of the table is no longer accepted; an empty API
	// replaces nothing.
	Custom map[datacenter.DC]datacenter.Endpoints

	// HTTPClient sends the token requests; nil means a client with timeouts.
	// It is copied, and the copy never follows the redirect of a token request.
	HTTPClient *http.Client

	// Logger gets a record for each token request: what, where, how it ended.
	// Nil means silence.
	Logger *slog.Logger
}

// NewConfig returns a Config for the client with the given id and the secret
// that it has in all data centers. The secret may be zero if o.Secrets has the
// ones that are needed; a Config without any is [ErrConfig], as is every value
// that could not be sent.
func NewConfig(clientID string, secret Secret, o *ConfigOptions) (*Config, error) {
	var opts ConfigOptions
	if o != nil {
		opts = *o
	}
	c := &Config{
		clientID:    clientID,
		secret:      secret,
		secrets:     maps.Clone(opts.Secrets),
		redirectURL: opts.RedirectURL,
		scopes:      slices.Clone(opts.Scopes),
		custom:      maps.Clone(opts.Custom),
		logger:      opts.Logger,
		budget:      newBudget(),
	}
	if len(c.scopes) == 0 {
		c.scopes = []string{datacenter.ScopeSCIM}
	}
	if c.logger == nil {
		c.logger = slog.New(slog.DiscardHandler)
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	hc, err := httpx.New(&httpx.Options{Client: opts.HTTPClient, MaxAttempts: 1, MaxResponseBytes: maxAnswer})
	if err != nil {
		return nil, &Error{Kind: KindConfig, Op: "config", Detail: "HTTP client", Err: err}
	}
	c.http = hc
	return c, nil
}

// check reports the first setting that could not be sent.
func (c *Config) check() error {
	bad := func(detail string) error {
		return &Error{Kind: KindConfig, Op: "config", Detail: detail}
	}
	if c.clientID == "" || !printable(c.clientID) {
		return bad("client id: copy it from Zoho's API console, without spaces")
	}
	if c.secret.IsZero() && len(c.secrets) == 0 {
		return bad("client secret: give the one for all data centers, or Secrets with one for each")
	}
	for dc, s := range c.secrets {
		if s.IsZero() {
			return bad("client secret of " + show(dc) + " is empty")
		}
		if e := c.endpoints(dc); e.Accounts == "" {
			return bad("client secret of " + show(dc) + ": no such data center")
		}
	}
	for dc, e := range c.custom {
		if dc == "" || e.Accounts == "" {
			return bad("custom data center " + show(dc) + ": use the result of datacenter.Custom under a code")
		}
	}
	if c.redirectURL == "" {
		return c.checkScopes("http://127.0.0.1/")
	}
	return c.checkScopes(c.redirectURL)
}

// checkScopes lets datacenter judge scopes and redirect URL: the same rules as
// when the consent URL is built.
func (c *Config) checkScopes(redirect string) error {
	_, err := datacenter.US.Endpoints().ConsentURL(datacenter.Consent{
		ClientID: c.clientID, RedirectURL: redirect, Scopes: c.scopes,
	})
	if err != nil {
		return &Error{Kind: KindConfig, Op: "config", Err: err}
	}
	return nil
}

// endpoints returns the hosts that this Config uses for dc; Accounts is empty
// for a data center that it does not know.
func (c *Config) endpoints(dc datacenter.DC) datacenter.Endpoints {
	if e, ok := c.custom[dc]; ok {
		return e
	}
	return dc.Endpoints()
}

// clientSecret returns the secret that the client has in dc.
func (c *Config) clientSecret(dc datacenter.DC) Secret {
	if s, ok := c.secrets[dc]; ok {
		return s
	}
	return c.secret
}

// accountsServer returns the data center whose accounts server raw is, exactly.
func (c *Config) accountsServer(raw string) (datacenter.DC, error) {
	return c.lookup(raw, datacenter.FromAccountsServer,
		func(e datacenter.Endpoints) string { return e.Accounts })
}

// apiDomain returns the data center whose API domain raw is, exactly.
func (c *Config) apiDomain(raw string) (datacenter.DC, error) {
	return c.lookup(raw, datacenter.FromAPIDomain,
		func(e datacenter.Endpoints) string { return e.API })
}

// lookup finds raw among the custom hosts, then in the table. A host of the
// table counts only while no custom entry replaces its data center.
func (c *Config) lookup(raw string, table func(string) (datacenter.DC, error), field func(datacenter.Endpoints) string) (datacenter.DC, error) {
	for dc, e := range c.custom {
		if h := field(e); h != "" && sameURL(raw, h) {
			return dc, nil
		}
	}
	dc, err := table(raw)
	if err != nil {
		return "", &Error{Kind: KindForeignHost, Err: err}
	}
	if e := c.custom[dc]; field(e) != "" {
		return "", &Error{Kind: KindForeignHost, Detail: "the hosts of " + show(dc) + " are replaced by custom ones"}
	}
	return dc, nil
}

// missingScope returns the first wanted scope that granted lacks, or "". Zoho
// does not distinguish the case of scope names.
func (c *Config) missingScope(granted []string) string {
	for _, want := range c.scopes {
		if !slices.ContainsFunc(granted, func(s string) bool { return strings.EqualFold(s, want) }) {
			return want
		}
	}
	return ""
}

// printable reports whether s is visible ASCII without spaces, which is all that
// a header or an id of Zoho's may hold.
func printable(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// show prints a data center code that may come from outside.
func show(dc datacenter.DC) string {
	if s := string(dc); len(s) <= 16 && cleanCode(s) != "" {
		return s
	}
	return "(unprintable)"
}

// wall drops the monotonic clock: it stands still while a machine sleeps, but a
// token's life does not.
func wall(t time.Time) time.Time { return t.Round(0) }

// sameURL reports whether two base URLs are equal up to a trailing slash.
func sameURL(a, b string) bool {
	return strings.TrimSuffix(a, "/") == strings.TrimSuffix(b, "/")
}

// values builds a form from pairs.
func values(pairs ...string) url.Values {
	v := make(url.Values, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v
}
