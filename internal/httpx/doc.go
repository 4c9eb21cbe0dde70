// Package httpx sends HTTP requests that may fail: it repeats what may be
// repeated, waits as long as the service asks within bounds, and keeps requests
// with the host they were meant for.
//
// It wraps github.com/hashicorp/go-retryablehttp and is its only importer. Five
// of that package's habits are changed here:
//
//   - Whether a request may be sent again is the caller's decision ([Repeat]),
//     not a guess from the answer. A POST that may have worked is not repeated.
//   - Retry-After is parsed with bounds and obeyed up to a limit.
//   - The last answer comes back with its body.
//   - Errors and log records name method, origin and path, never the query
//     string or user information.
//   - The connections of the caller's [http.Client] are not closed when one
//     request fails.
//
// # Order of transports
//
// A transport that adds a token belongs inside, in [Options.Client], so that each
// attempt has a fresh one.
//
// # Redirects
//
// A GET or HEAD follows a redirect to the same origin (scheme, host and port).
// Every other redirect is an error of kind [KindRedirect] before anything is sent
// to its target: net/http would take the body, and on another port of the same
// host the credentials, along.
//
// # Budget
//
// A service that is down must not be hammered. All requests of a [Client] share a
// budget of 500 tokens: a repetition costs 5, one after a timeout 10, and each
// answer that is neither 429 nor 5xx gives 1 back. When it is empty, requests are
// sent once. A dead service so gets at most 100 extra requests.
//
// # Rate
//
// A client sends as fast as it is asked to until the service refuses a request
// with 429, or 503 with Retry-After. It then sends at 0.7 of the rate at which
// that happened and raises it while nothing is refused, fast to where it was and
// slowly beyond. [Options.Rate] sets a rate that is never exceeded.
package httpx
