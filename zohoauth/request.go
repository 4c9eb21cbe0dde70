package zohoauth

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/zohoscim/zohoscim/datacenter"
	"github.com/zohoscim/zohoscim/internal/httpx"
)

// requestTimeout bounds one token request, answer included.
const requestTimeout = time.Minute

// lostGrant is the remedy for a refresh token that Zoho no longer knows.
const lostGrant = "the refresh token was revoked, or pushed out by newer ones: the user has to consent again"

// Exchange turns an authorization code into a token at the accounts server of
// dc (RFC 6749 section 4.1.3). verifier is the PKCE verifier of the consent
// (RFC 7636 section 4.5), zero if it had none. Most programs want
// [Flow.HandleCallback] instead, which checks the callback first.
//
// The request is sent once: a code works once. Errors are those of the
// sentinels; [ErrNoRefreshToken] means that Zoho granted an hour only.
func (c *Config) Exchange(ctx context.Context, dc datacenter.DC, code, verifier Secret) (*Token, error) {
	const op = "exchange"
	if c.redirectURL == "" {
		return nil, &Error{Kind: KindConfig, Op: op, DC: dc, Detail: "set ConfigOptions.RedirectURL to the registered URL"}
	}
	form := values(
		"grant_type", "authorization_code",
		"code", code.Reveal(),
		"redirect_uri", c.redirectURL,
	)
	if !verifier.IsZero() {
		form.Set("code_verifier", verifier.Reveal())
	}
	return c.first(ctx, op, dc, form)
}

// first sends the request for a new grant and makes its token.
func (c *Config) first(ctx context.Context, op string, dc datacenter.DC, form url.Values) (*Token, error) {
	a, err := c.token(ctx, op, dc, form)
	if err != nil {
		return nil, c.done(ctx, op, dc, err)
	}
	return c.granted(ctx, op, dc, a)
}

// granted makes the token of a new grant, which has to come with a refresh token.
func (c *Config) granted(ctx context.Context, op string, dc datacenter.DC, a *answer) (*Token, error) {
	if err := c.acceptable(op, dc, a); err != nil {
		return nil, c.done(ctx, op, dc, err)
	}
	if a.refreshToken == "" {
		return nil, c.done(ctx, op, dc, &Error{Kind: KindNoRefreshToken,
			Detail: "ask with access_type=offline and prompt=consent, as Flow.Start does"})
	}
	t := c.newToken(dc, a)
	// Zoho counts this access token against the new refresh token's ten.
	_ = c.budget.take(t.grantKey(), time.Now())
	return t, c.done(ctx, op, dc, nil)
}

// newToken returns the token of an answer that no earlier one came before.
func (c *Config) newToken(dc datacenter.DC, a *answer) *Token {
	if a.apiDomain == "" {
		a.apiDomain = c.endpoints(dc).API
	}
	if len(a.scopes) == 0 {
		a.scopes = c.scopes // RFC 6749 section 5.1: no scope means what was asked for
	}
	return (&Token{DC: dc, ClientID: c.clientID}).with(a)
}

// Refresh gets a new access token for t's grant (RFC 6749 section 6), at the
// accounts server of t.DC. Answers of Zoho have no refresh token; t's is kept.
// A token of [Config.ClientCredentials] is simply asked for again.
// The result is not stored: [TokenSource] does both, and shares one refresh
// among all callers.
//
// A refresh token is never sent more than 10 times in 10 minutes by this Config:
// above that, and while Zoho's own limit holds, Refresh is [ErrRateLimited]
// without a request. A refresh token that Zoho called invalid is
// [ErrConsentRequired] for 10 minutes without a further request.
func (c *Config) Refresh(ctx context.Context, t *Token) (*Token, error) {
	const op = "refresh"
	if err := c.checkToken(op, t); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, &Error{Kind: KindCanceled, Op: op, DC: t.DC, Err: err}
	}
	if err := c.budget.take(t.grantKey(), time.Now()); err != nil {
		return nil, c.done(ctx, op, t.DC, err)
	}
	form := values("grant_type", "refresh_token", "refresh_token", t.RefreshToken.Reveal())
	if t.ClientCredentials {
		form = c.credentialsForm(t.SOID)
	}
	a, err := c.token(ctx, op, t.DC, form)
	if err == nil {
		err = c.acceptable(op, t.DC, a)
	}
	if err != nil {
		if err.Kind == KindCodeRejected {
			err.Kind = KindConsentRequired
			err.Detail = lostGrant
		}
		switch err.Kind {
		case KindRateLimited:
			c.budget.refuse(t.grantKey(), err, err.Until)
		case KindConsentRequired:
			c.budget.refuse(t.grantKey(), err, time.Now().Add(window))
		}
		return nil, c.done(ctx, op, t.DC, err)
	}
	return t.with(a), c.done(ctx, op, t.DC, nil)
}

// acceptable checks what an answer grants against what this Config wants.
func (c *Config) acceptable(op string, dc datacenter.DC, a *answer) *Error {
	if a.apiDomain != "" {
		if err := c.checkAPIDomain(a.apiDomain, dc); err != nil {
			return err
		}
	}
	if len(a.scopes) == 0 {
		return nil
	}
	if miss := c.missingScope(a.scopes); miss != "" {
		return &Error{Kind: KindMissingScope, Op: op, Detail: "Zoho did not grant " + miss}
	}
	return nil
}

// token sends one request to the token endpoint and reads the answer.
func (c *Config) token(ctx context.Context, op string, dc datacenter.DC, form url.Values) (*answer, *Error) {
	r, err := c.post(ctx, dc, tokenPath, form)
	if err != nil {
		return nil, err
	}
	return r.grant()
}

// Paths of an accounts server.
const (
	tokenPath       = "/oauth/v2/token"
	revokePath      = "/oauth/v2/token/revoke" // in the OpenID configuration, every product page and SDK
	revokePathNew   = "/oauth/v2/revoke/token" // in the Accounts page of 2026
	deviceCodePath  = "/oauth/v3/device/code"
	deviceTokenPath = "/oauth/v3/device/token"
	userPath        = "/oauth/user/info"
	serverInfoPath  = "/oauth/serverinfo"
)

// reply is an answer of an accounts server.
type reply struct {
	sent   time.Time
	status int
	header http.Header
	body   []byte
}

// grant reads the reply as a token answer.
func (r *reply) grant() (*answer, *Error) {
	a, bad := parseAnswer(r.status, r.body)
	if bad != nil {
		return nil, r.limited(bad)
	}
	a.issued = r.sent
	return a, nil
}

// limited adds to the error of a rate limit when it ends.
func (r *reply) limited(e *Error) *Error {
	if e.Kind == KindRateLimited {
		e.Until = limitedUntil(r.header, time.Now())
	}
	return e
}

// post sends a form with the client's credentials to a path of dc's accounts
// server. They travel in the body only: an address ends up in logs.
func (c *Config) post(ctx context.Context, dc datacenter.DC, path string, form url.Values) (*reply, *Error) {
	secret, err := c.secretOf(dc)
	if err != nil {
		return nil, err
	}
	form.Set("client_id", c.clientID)
	form.Set("client_secret", secret.Reveal())
	return c.request(ctx, dc, http.MethodPost, path, form, nil)
}

// secretOf returns the client secret for dc, or why nothing can be sent there.
func (c *Config) secretOf(dc datacenter.DC) (Secret, *Error) {
	if c.endpoints(dc).Accounts == "" {
		return Secret{}, &Error{Kind: KindConfig, Detail: "data center " + show(dc) + " is not known: use datacenter.Custom"}
	}
	secret := c.clientSecret(dc)
	if secret.IsZero() {
		return Secret{}, &Error{Kind: KindConfig, Detail: "no client secret for this data center: set ConfigOptions.Secrets"}
	}
	return secret, nil
}

// request sends one request to a path of dc's accounts server. A form is the
// body of a POST; header is added to the request's own.
func (c *Config) request(ctx context.Context, dc datacenter.DC, method, path string, form url.Values, header http.Header) (*reply, *Error) {
	e := c.endpoints(dc)
	if e.Accounts == "" {
		return nil, &Error{Kind: KindConfig, Detail: "data center " + show(dc) + " is not known: use datacenter.Custom"}
	}
	// The caller's client may have no timeout at all.
	timed, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(timed, method, e.Accounts+path, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, &Error{Kind: KindConfig, Detail: "accounts server", Err: err}
	}
	if form == nil {
		req.Body, req.ContentLength = http.NoBody, 0
	} else {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	req.Header.Set("Accept", "application/json")
	for name, v := range header {
		req.Header[name] = v
	}
	r := &reply{sent: wall(time.Now())}
	if r.status, r.header, r.body, err = c.send(req); err != nil {
		return nil, transportError(ctx, r.status, err)
	}
	return r, nil
}

// send sends req once and reads the capped body. The errors of httpx print
// neither query strings nor user information.
func (c *Config) send(req *http.Request) (status int, header http.Header, body []byte, err error) {
	resp, err := c.http.Do(req, httpx.Never)
	if err != nil {
		return 0, nil, nil, err
	}
	defer func() { _ = resp.Body.Close() }() // it was only read
	body, err = io.ReadAll(resp.Body)
	return resp.StatusCode, resp.Header, body, err
}

// transportError classifies a failure to send a request or to read its answer.
func transportError(caller context.Context, status int, err error) *Error {
	e := &Error{Kind: KindUnavailable, Status: status, Err: err}
	switch {
	case caller.Err() != nil:
		e.Kind = KindCanceled
	case errors.Is(err, httpx.ErrRedirect), errors.Is(err, httpx.ErrTooLarge):
		e.Kind = KindUnexpectedAnswer
	}
	return e
}

// limitedUntil is the time when Zoho's limit is over. Zoho does not say it, and
// when its window began is not known: a whole one is safe. A Retry-After that
// asks for more, up to a day, is obeyed.
func limitedUntil(h http.Header, now time.Time) time.Time {
	wait := window
	if d, ok := httpx.RetryAfter(h, now); ok {
		wait = min(max(wait, d), maxRefusal)
	}
	return now.Add(wait)
}

// done finishes an operation: it completes a copy of the error, because the
// refusals of the budget are shared, and writes the log record.
func (c *Config) done(ctx context.Context, op string, dc datacenter.DC, e *Error) error {
	if e == nil {
		c.logger.LogAttrs(ctx, slog.LevelDebug, "zoho token request", slog.String("op", op), slog.String("dc", string(dc)))
		return nil
	}
	if e.Op == "" || e.DC == "" {
		c := *e
		c.Op = op
		if c.DC == "" {
			c.DC = dc
		}
		e = &c
	}
	c.logger.LogAttrs(ctx, slog.LevelWarn, "zoho token request failed",
		slog.String("op", op), slog.String("dc", string(e.DC)), slog.String("kind", string(e.Kind)),
		slog.String("code", e.Code), slog.Int("status", e.Status))
	return e
}
