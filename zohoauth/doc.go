// Package zohoauth gets, keeps and refreshes OAuth 2.0 tokens of Zoho, in
// whichever data center the user lives.
//
// # The first consent
//
// A [Config] is a client of Zoho's API console. A [Flow] leads a user through
// consent and takes the callback:
//
//	cfg, err := zohoauth.NewConfig(clientID, zohoauth.NewSecret(secret), &zohoauth.ConfigOptions{
//		RedirectURL: "https://app.example/zoho/callback",
//	})
//	flow, err := zohoauth.NewFlow(cfg, nil)
//	consent, err := flow.Start(ctx, datacenter.JP, &zohoauth.StartOptions{Session: session})
//	// send the user to consent.URL; later, in the handler of the redirect URL:
//	token, err := flow.HandleSessionCallback(ctx, session, r.URL.Query())
//	err = zohoauth.SaveToken(ctx, store, "org-1", token)
//
// # Every day after
//
// A [TokenSource] hands out access tokens from the stored grant, for as many
// callers as there are, across restarts:
//
//	source, err := zohoauth.NewTokenSource(cfg, store, "org-1", nil)
//	token, err := source.TokenContext(ctx) // an *oauth2.Token
//
// It is an [oauth2.TokenSource], too. After a 401 call [TokenSource.Invalidate].
//
// # Data centers
//
// Zoho tells in the callback which data center the user is in, and in each
// answer which API host to use. Both are hostile input: a client that believes
// them sends its secret anywhere. Here they only choose among the hosts of the
// package datacenter (and of ConfigOptions.Custom), exactly, and must agree with
// each other and with what was started (RFC 9700 section 4.4.2). China stands
// alone. A data center usually has a client secret of its own:
// ConfigOptions.Secrets.
//
// # Zoho's habits
//
//   - Errors come with status 200, so the body decides. Only an answer with an
//     access token is a success; nothing else ever changes a stored grant.
//   - Zoho's invalid_code is [ErrCodeRejected] for a code and
//     [ErrConsentRequired] for a refresh token.
//   - "Access Denied" is a rate limit ([ErrRateLimited]), not a lost grant. A
//     Config sends at most 10 requests per refresh token in 10 minutes.
//   - expires_in is in seconds, or in milliseconds beside expires_in_sec. Without
//     either, 10 minutes are assumed; more than 24 hours are refused.
//   - A refresh token comes with the first consent only, unless prompt=consent
//     is sent, which Flow.Start does. Refresh answers have none; it is kept.
//
// # Secrets
//
// A [Secret] and every type here that holds one print as "[redacted]". Errors
// hold no secret, token, code or body. Secrets travel in the body of a POST that
// follows no redirect.
//
// # What is not here
//
// Several processes that refresh one grant at the same moment adopt each other's
// token afterwards, but do not wait for each other. A Flow keeps its started
// consents in memory, so the callback has to reach the process that started.
// Device flow, self client and revocation are not covered.
//
// The package zohoauthtest has a fake of Zoho's accounts servers.
package zohoauth
