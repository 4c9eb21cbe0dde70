package datacenter

import (
	"net/url"
	"strings"
)

// ScopeSCIM is the OAuth scope of SCIM provisioning into Zoho One, as
// Microsoft's gallery application asks for it. Whether Zoho grants it to other
// clients is not documented.
const ScopeSCIM = "ZohoOne.SCIM.ALL"

// Consent is one authorization request (RFC 6749 section 4.1.1).
type Consent struct {
	ClientID    string // required: from Zoho's API console
	RedirectURL string // required: exactly as registered; https, or http on a loopback host
	State       string // comes back with the callback; empty is allowed here, but protects nobody

	// Scopes are written in order, joined by commas as Zoho documents it. None
	// means [ScopeSCIM].
	Scopes []string

	// CodeChallenge turns on PKCE with the method S256 (RFC 7636): the 43
	// characters of base64url without padding over the SHA-256 of the verifier.
	// Empty means no PKCE.
	CodeChallenge string
}

// ConsentURL returns the address where the user agrees. It asks for offline
// access and a fresh consent each time: without either, Zoho may send no
// refresh token. The parameters come in the order of Zoho's help page "Azure
// and Zoho One", those of PKCE after them.
//
// Consent starts at e's accounts server. An Endpoints without one, which a zero
// or unknown [DC] has, is [ErrUnknownDC]; an accounts server or a redirect URL
// that cannot be one is [ErrBadURL]; any other field that is missing or
// malformed is [ErrBadConsent].
func (e Endpoints) ConsentURL(c Consent) (string, error) {
	if e.Accounts == "" {
		return "", &Error{Kind: KindUnknownDC, Place: "accounts server", Hint: "take Endpoints from a known DC or from Custom"}
	}
	if _, err := parseOrigin("accounts server", e.Accounts); err != nil {
		return "", err
	}
	if _, err := parseURL("redirect URL", c.RedirectURL); err != nil {
		return "", err
	}
	scope, err := c.check()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(e.AuthURL())
	b.WriteString("?access_type=offline&prompt=consent&response_type=code")
	b.WriteString("&state=" + url.QueryEscape(c.State))
	b.WriteString("&client_id=" + url.QueryEscape(c.ClientID))
	b.WriteString("&scope=" + url.QueryEscape(scope))
	b.WriteString("&redirect_uri=" + url.QueryEscape(c.RedirectURL))
	if c.CodeChallenge != "" {
		b.WriteString("&code_challenge=" + c.CodeChallenge + "&code_challenge_method=S256")
	}
	return b.String(), nil
}

// check returns the scope parameter if client id, scopes and challenge can be
// sent.
func (c Consent) check() (scope string, err error) {
	bad := func(place, hint string) (string, error) {
		return "", &Error{Kind: KindBadConsent, Place: place, Hint: hint}
	}
	if c.ClientID == "" || strings.ContainsFunc(c.ClientID, unsafeRune) {
		return bad("client id", "copy it from Zoho's API console, without spaces")
	}
	for _, s := range c.Scopes {
		if s == "" || strings.Contains(s, ",") || strings.ContainsFunc(s, unsafeRune) {
			return bad("scopes", "give one scope name in each element, such as "+ScopeSCIM)
		}
	}
	if c.CodeChallenge != "" && !s256(c.CodeChallenge) {
		return bad("code challenge", "give the 43 characters of base64url of a SHA-256, without padding")
	}
	if len(c.Scopes) == 0 {
		return ScopeSCIM, nil
	}
	return strings.Join(c.Scopes, ","), nil
}

// s256 reports whether s can be a challenge of the method S256 (RFC 7636
// section 4.2).
func s256(s string) bool {
	return len(s) == 43 && !strings.Contains(s, ".") &&
		plainHost(strings.ReplaceAll(s, "_", "-"))
}
