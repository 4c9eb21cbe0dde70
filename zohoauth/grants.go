package zohoauth

import (
	"context"
	"strings"
	"time"

	"github.com/zohoscim/zohoscim/datacenter"
)

// ExchangeSelfClient turns a code that an administrator generated for a "Self
// Client" in Zoho's API console into a token, without any consent page. dc is
// where the client is registered. The code carries its own scopes and lives for
// the minutes that were chosen in the console. Errors are those of
// [Config.Exchange].
func (c *Config) ExchangeSelfClient(ctx context.Context, dc datacenter.DC, code Secret) (*Token, error) {
	// No redirect_uri: Zoho refuses one here.
	return c.first(ctx, "exchange", dc, values("grant_type", "authorization_code", "code", code.Reveal()))
}

// ClientCredentials gets a token for the client itself (RFC 6749 section 4.4),
// which Zoho offers to self clients only. soid names an organisation as
// "Service.zsoid"; Zoho asks for it (the error word missing_org_info) where a
// service has several. Whether Zoho grants [datacenter.ScopeSCIM] this way is
// not documented.
//
// The token has no refresh token. [Config.Refresh] and a [TokenSource] over the
// stored token ask for another one in the same way, within the same limit.
func (c *Config) ClientCredentials(ctx context.Context, dc datacenter.DC, soid string) (*Token, error) {
	const op = "exchange"
	if !printable(soid) {
		return nil, &Error{Kind: KindConfig, Op: op, DC: dc, Detail: `soid: give it as "Service.zsoid", without spaces`}
	}
	t := &Token{DC: dc, ClientID: c.clientID, ClientCredentials: true, SOID: soid}
	if err := ctx.Err(); err != nil {
		return nil, &Error{Kind: KindCanceled, Op: op, DC: dc, Err: err}
	}
	if err := c.budget.take(t.grantKey(), time.Now()); err != nil {
		return nil, c.done(ctx, op, dc, err)
	}
	a, err := c.token(ctx, op, dc, c.credentialsForm(soid))
	if err == nil {
		err = c.acceptable(op, dc, a)
	}
	if err != nil {
		if err.Code == "missing_org_info" {
			err.Detail = "this service needs a soid"
		}
		if err.Kind == KindRateLimited {
			c.budget.refuse(t.grantKey(), err, err.Until)
		}
		return nil, c.done(ctx, op, dc, err)
	}
	n := c.newToken(dc, a)
	n.RefreshToken, n.ClientCredentials, n.SOID = Secret{}, true, soid
	return n, c.done(ctx, op, dc, nil)
}

// credentialsForm is the request of ClientCredentials.
func (c *Config) credentialsForm(soid string) map[string][]string {
	form := values("grant_type", "client_credentials", "scope", strings.Join(c.scopes, ","))
	if soid != "" {
		form.Set("soid", soid)
	}
	return form
}
