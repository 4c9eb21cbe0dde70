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
//	err = cfg.ReplaceToken(ctx, store, "org-1", token)
//
// A [Handler] does all of that for a web service: it binds the consent to the
// browser and answers with a page in English or Japanese. Without a browser there
// are [Config.StartDevice], [Config.ExchangeSelfClient] for a code from the API
// console, and [Config.ClientCredentials].
//
// # Every day after
//
// A [TokenSource] hands out access tokens from the stored grant, for as many
// callers as there are, across restarts:
//
//	source, err := zohoauth.NewTokenSource(cfg, store, "org-1", nil)
//	token, err := source.TokenContext(ctx) // an *oauth2.Token
//
// It is an [oauth2.TokenSource], too. After a 401 call [TokenSource.Invalidate], or
// let [NewClient] do so: it puts the token into requests to one host, repeats what
// is safe, and lets no token leave for another.
//
// # Several processes
//
// Processes that share a store share the grant. If the store is a [Locker], as
// [DirStore] is, one of them refreshes while the others wait for its token, and
// the lock of one that was killed is free at once. Each request is noted in the
// store before it is sent, so Zoho's 10 requests in 10 minutes are kept among all
// of them, and across restarts.
//
// # The end of a grant
//
// Zoho keeps 20 refresh tokens of a user for a client and silently ends the
// oldest. [Config.ReplaceToken] therefore revokes the grant that a new consent
// replaces, once the new one is saved. [Config.Revoke] and [Config.Disconnect] end
// one. [TokenSourceOptions] has functions that hear of refreshes and of losses.
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
//   - "Access Denied" is a rate limit ([ErrRateLimited]), not a lost grant.
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
// A Flow keeps its started consents in memory, so the callback has to reach the
// process that started. A server that rotates refresh tokens, which Zoho does not,
// costs a consent if the process dies between its answer and the saving. After a
// machine wakes from sleep, a token that ended meanwhile may be handed out for a
// tenth of a second. No live Zoho was at hand: everything here is held to Zoho's
// documents and to what others measured.
//
// The package zohoauthtest has a fake of Zoho's accounts servers.
package zohoauth
