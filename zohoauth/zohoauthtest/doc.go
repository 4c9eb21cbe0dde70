// Package zohoauthtest is a fake of Zoho's accounts servers: consent, codes,
// tokens and Zoho's habits, so that a program is tested offline with the code
// that will talk to Zoho.
//
// A [Server] answers for all data centers under their real host names. The
// client that [Server.Client] returns leads https://accounts.zoho.jp and the
// others to it, and nowhere else, so the allow-list of the package zohoauth stays
// on in tests. By default nothing touches the network: the connections are pipes,
// and the time is that of package time, so a test in a testing/synctest bubble
// runs hours in milliseconds. With Options.Loopback the same server also listens
// on loopback ports, one for each data center, for browsers and other processes.
//
// [Server.Consent] is the user: it loads the consent page, presses Accept and
// returns the callback that a browser would be sent to. [Server.ApproveDevice] is
// the user of a device flow, [Server.SelfClientCode] the administrator in the API
// console. [Server.FailNext] and [Server.FailAll] break token requests, the
// [Options] choose among the habits that documents disagree on, and
// [Server.Requests] tells what was asked, without secrets.
//
// # What it does like Zoho
//
//   - Errors come with status 200: {"error":"invalid_code"}.
//   - A refresh token comes with access_type=offline only, and at a later
//     consent only with prompt=consent. A refresh answers without one.
//   - Codes live 60 seconds and work once. PKCE is checked if it was begun.
//   - The eleventh token request for a refresh token within 10 minutes is
//     "Access Denied", and so is all that follows until they are over.
//   - The eleventh live access token of a refresh token ends the first one, the
//     twenty-first refresh token of a user the first of these.
//   - Consent ends in the user's data center, wherever it began; codes, tokens
//     and, unless told otherwise, client secrets are good in one data center
//     only. China knows its own users and nobody else's.
//   - Refused consent requests are HTML pages, not redirects.
//   - Client credentials are taken in the body or in the header.
//   - Both revocation endpoints are there; the older one answers a page with
//     status 400 for a token that it does not know.
//   - The device flow counts milliseconds, and leads to the user's data center
//     with other_dc.
//   - The server information names a data center that nobody documents.
//
// # What is a guess
//
// No public document shows the consent page, the error word for a wrong PKCE
// verifier (here invalid_code), or the body of the newer revocation endpoint (here
// none). The status of errors, throttling included, is Options.ErrorStatus.
package zohoauthtest
