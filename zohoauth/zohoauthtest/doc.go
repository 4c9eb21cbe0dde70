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
// on a loopback address, for browsers and other processes.
//
// [Server.Consent] is the user: it loads the consent page, presses Accept and
// returns the callback that a browser would be sent to.
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
//
// # What is a guess
//
// No public document shows the consent page, the error word for a wrong PKCE
// verifier (here invalid_code), or the status of a throttled request (here 200).
package zohoauthtest
