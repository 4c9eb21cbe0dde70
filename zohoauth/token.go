package zohoauth

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"golang.org/x/oauth2"

	"github.com/zohoscim/zohoscim/datacenter"
)

// Token is a grant of one user to one client, with the access token of the
// hour. It cannot be printed: its secrets come out as "[redacted]", in JSON too.
// [SaveToken] and [LoadToken] keep it in a [TokenStore]. A Token is not changed
// after it was returned.
type Token struct {
	AccessToken  Secret
	RefreshToken Secret
	Issued       time.Time     // when the access token was asked for, by this machine's clock
	Expiry       time.Time     // when the access token ends, by the same clock
	DC           datacenter.DC // where the grant lives: it is refreshed there and nowhere else
	APIDomain    string        // base URL of the product APIs, checked against the table; may be empty for a custom DC
	Scopes       []string      // what Zoho granted
	ClientID     string        // the client that the grant is for

	// ClientCredentials marks a token of [Config.ClientCredentials], which has no
	// refresh token and is asked for again instead; SOID is the organisation
	// that it was asked for, if any.
	ClientCredentials bool
	SOID              string
}

// grantKey is what Zoho counts token requests by: the refresh token.
func (t *Token) grantKey() Secret {
	if t.ClientCredentials {
		return NewSecret("client_credentials " + t.ClientID + " " + string(t.DC) + " " + t.SOID)
	}
	return t.RefreshToken
}

// renewable reports whether the token can be refreshed.
func (t *Token) renewable() bool { return t.ClientCredentials || !t.RefreshToken.IsZero() }

// OAuth2 returns the token for packages that take an [oauth2.Token]. Its Extra
// has "api_domain" and "location", and its fields hold the bare secrets.
func (t *Token) OAuth2() *oauth2.Token {
	tok := &oauth2.Token{
		AccessToken:  t.AccessToken.Reveal(),
		TokenType:    "Bearer",
		RefreshToken: t.RefreshToken.Reveal(),
		Expiry:       t.Expiry,
	}
	return tok.WithExtra(map[string]any{"api_domain": t.APIDomain, "location": string(t.DC)})
}

// expiredAt reports whether the access token is unfit for a request at now: it
// has ended, or would while the request is on its way.
func (t *Token) expiredAt(now time.Time) bool {
	life := t.Expiry.Sub(t.Issued)
	return t.AccessToken.IsZero() || !now.Before(t.Expiry.Add(-min(30*time.Second, life/20)))
}

// storedVersion is the version of the JSON form below. A reader refuses others.
const storedVersion = 1

// storedToken is the JSON form of a Token in a TokenStore.
type storedToken struct {
	Version      int           `json:"version"`
	ClientID     string        `json:"client_id"`
	DC           datacenter.DC `json:"location"`
	APIDomain    string        `json:"api_domain,omitempty"`
	Scopes       []string      `json:"scopes"`
	AccessToken  string        `json:"access_token"`
	RefreshToken string        `json:"refresh_token"`
	Issued       time.Time     `json:"issued"`
	Expiry       time.Time     `json:"expiry"`
	Credentials  bool          `json:"client_credentials,omitzero"`
	SOID         string        `json:"soid,omitempty"`
}

// encode returns the bytes that a TokenStore keeps.
func (t *Token) encode() ([]byte, error) {
	return json.Marshal(storedToken{
		Version:      storedVersion,
		ClientID:     t.ClientID,
		DC:           t.DC,
		APIDomain:    t.APIDomain,
		Scopes:       t.Scopes,
		AccessToken:  t.AccessToken.Reveal(),
		RefreshToken: t.RefreshToken.Reveal(),
		Issued:       t.Issued.UTC(),
		Expiry:       t.Expiry.UTC(),
		Credentials:  t.ClientCredentials,
		SOID:         t.SOID,
	})
}

// errStoredToken is the cause for bytes that are not a stored token. A decoder's
// own error is not passed on: it may quote its input.
var errStoredToken = errors.New("not a stored token of this version")

// decodeToken is the inverse of encode. It accepts nothing that encode of a
// usable token cannot have written.
func decodeToken(b []byte) (*Token, error) {
	var s storedToken
	if err := json.Unmarshal(b, &s, json.RejectUnknownMembers(true)); err != nil {
		return nil, errStoredToken
	}
	switch {
	case s.Version != storedVersion, s.ClientID == "", s.DC == "",
		s.RefreshToken == "" && !s.Credentials, !s.Credentials && s.SOID != "", !printable(s.RefreshToken), !printable(s.AccessToken),
		s.Expiry.Before(s.Issued), s.Expiry.Sub(s.Issued) > maxLife:
		return nil, errStoredToken
	}
	return &Token{
		AccessToken:  NewSecret(s.AccessToken),
		RefreshToken: NewSecret(s.RefreshToken),
		Issued:       s.Issued,
		Expiry:       s.Expiry,
		DC:           s.DC,
		APIDomain:    s.APIDomain,
		Scopes:       s.Scopes,
		ClientID:     s.ClientID,

		ClientCredentials: s.Credentials,
		SOID:              s.SOID,
	}, nil
}

// SaveToken keeps t in store under key, for a [TokenSource] to use: the last
// step of a first consent. At a later one, [Config.ReplaceToken] also ends the
// grant that it replaces. A token without a refresh
// token is [ErrNoRefreshToken], a failing store [ErrStore].
func SaveToken(ctx context.Context, store TokenStore, key string, t *Token) error {
	if !t.renewable() {
		return &Error{Kind: KindNoRefreshToken, Op: "save", DC: t.DC}
	}
	b, err := t.encode()
	if err == nil {
		err = store.Put(ctx, key, b)
	}
	if err != nil {
		return storeError("save", t.DC, err)
	}
	return nil
}

// LoadToken returns the token that store keeps under key. Nothing there is
// [ErrConsentRequired] (and [fs.ErrNotExist]); bytes that [SaveToken] did not
// write, or a store that fails, are [ErrStore].
func LoadToken(ctx context.Context, store TokenStore, key string) (*Token, error) {
	b, err := store.Get(ctx, key)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &Error{Kind: KindConsentRequired, Op: "load", Detail: "no token is stored under this key", Err: err}
	}
	if err != nil {
		return nil, storeError("load", "", err)
	}
	t, err := decodeToken(b)
	if err != nil {
		return nil, storeError("load", "", err)
	}
	return t, nil
}

// storeError wraps the error of a TokenStore. Those of DirStore keep their kind.
func storeError(op string, dc datacenter.DC, err error) *Error {
	if own := (*Error)(nil); errors.As(err, &own) {
		e := *own
		e.Op, e.DC = op, dc
		return &e
	}
	return &Error{Kind: KindStore, Op: op, DC: dc, Err: err}
}

// checkToken reports why this Config cannot use t: another client's token, a
// data center or an API domain that it does not know, or too few scopes.
func (c *Config) checkToken(op string, t *Token) error {
	e := &Error{Op: op, DC: t.DC}
	switch {
	case t.ClientID != c.clientID:
		e.Kind, e.Detail = KindConfig, "the token belongs to another client id"
	case c.endpoints(t.DC).Accounts == "":
		e.Kind, e.DC, e.Detail = KindConfig, "", fmt.Sprintf("the token is of the data center %s, which is not known here", show(t.DC))
	case c.clientSecret(t.DC).IsZero():
		e.Kind, e.Detail = KindConfig, "no client secret for this data center: set ConfigOptions.Secrets"
	case !t.renewable():
		e.Kind = KindNoRefreshToken
	default:
		if t.APIDomain != "" {
			if err := c.checkAPIDomain(t.APIDomain, t.DC); err != nil {
				err.Op = op
				return err
			}
		}
		miss := c.missingScope(t.Scopes)
		if miss == "" {
			return nil
		}
		e.Kind, e.Detail = KindMissingScope, "the user has to consent to "+miss
	}
	return e
}

// checkAPIDomain reports an API domain that is foreign or in another data center
// than the token: the access token would be sent there.
func (c *Config) checkAPIDomain(raw string, dc datacenter.DC) *Error {
	got, err := c.apiDomain(raw)
	switch {
	case err != nil:
		return &Error{Kind: KindForeignHost, DC: dc, Detail: "api_domain", Err: err}
	case got != dc:
		return &Error{Kind: KindWrongDataCenter, DC: got, Detail: "api_domain is in " + show(got) + ", the token in " + show(dc)}
	}
	return nil
}

// with returns the token that a refresh of t gave: what the answer left out
// stays as it was, above all the refresh token.
func (t *Token) with(a *answer) *Token {
	n := *t
	n.AccessToken, n.Issued, n.Expiry = NewSecret(a.accessToken), a.issued, a.issued.Add(a.life)
	if a.refreshToken != "" {
		n.RefreshToken = NewSecret(a.refreshToken)
	}
	if a.apiDomain != "" {
		n.APIDomain = strings.TrimSuffix(a.apiDomain, "/")
	}
	if len(a.scopes) > 0 {
		n.Scopes = a.scopes
	}
	n.Scopes = slices.Clone(n.Scopes)
	return &n
}
