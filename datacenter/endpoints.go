package datacenter

import "strings"

// Endpoints are the base URLs of one data center: scheme and host, without a
// path or a trailing slash. Those of the table come from [DC.Endpoints], others
// from [Custom]. An empty field is a host that is not known.
type Endpoints struct {
	Accounts  string // the OAuth server, "https://accounts.zoho.jp"
	API       string // the product APIs, which Zoho calls api_domain
	One       string // Zoho One's console; "" for [AE], [SG] and custom hosts
	Directory string // Zoho Directory's console; "" where One is
}

// AuthURL returns the authorization endpoint without parameters (RFC 6749
// section 3.1), or "" without an accounts server. [Endpoints.ConsentURL] is the
// address to send a user to.
func (e Endpoints) AuthURL() string { return e.at("/oauth/v2/auth") }

// TokenURL returns the token endpoint (RFC 6749 section 3.2), or "" without an
// accounts server.
func (e Endpoints) TokenURL() string { return e.at("/oauth/v2/token") }

// RevokeURL returns the revocation endpoint that Zoho's OpenID configuration
// names, or "" without an accounts server.
func (e Endpoints) RevokeURL() string { return e.at("/oauth/v2/token/revoke") }

// at returns a path on the accounts server, never one without a host.
func (e Endpoints) at(path string) string {
	if e.Accounts == "" {
		return ""
	}
	return strings.TrimRight(e.Accounts, "/") + path
}

// Custom returns Endpoints for hosts that the table does not have: a data
// center that Zoho opened since, or a fake on a loopback address. Calling it is
// the integrator's own word that these hosts may see the client secret and the
// tokens, so its arguments must come from configuration and never from an
// answer or a callback.
//
// Both arguments are https URLs (http on a loopback host) without user, path,
// query and fragment. An empty api leaves Endpoints.API empty. Anything else is
// [ErrBadURL]; hosts of two different data centers of the table are
// [ErrMismatch].
func Custom(accounts, api string) (Endpoints, error) {
	a, err := parseOrigin("accounts server", accounts)
	if err != nil {
		return Endpoints{}, err
	}
	if api == "" {
		return Endpoints{Accounts: a}, nil
	}
	d, err := parseOrigin("API domain", api)
	if err != nil {
		return Endpoints{}, err
	}
	from, errA := FromAccountsServer(a)
	to, errD := FromAPIDomain(d)
	if errA == nil && errD == nil && from != to {
		return Endpoints{}, &Error{
			Kind:  KindMismatch,
			Place: "API domain",
			Input: showHost(d),
			Hint:  "the accounts server is in " + string(from) + ", the API domain in " + string(to),
		}
	}
	return Endpoints{Accounts: a, API: d}, nil
}
