// Package subject holds what the benchmarks of this module compare, and the
// operations that they compare it by:
//
//   - [Server], this module's scim.Server over its store in memory, with
//     every rule on;
//   - [Floor], what a programmer writes in an afternoon: encoding/json into a
//     struct, maps under a mutex, encoding/json out, and no rule of SCIM;
//   - [Elimity], a server of github.com/elimity-com/scim over a handler that
//     keeps the same indexes;
//   - [Harness], a handler that does nothing: what the recorder costs.
//
// Each is an [http.Handler]. [Load] fills one with users or with a group,
// over its own interface, and [Operations] are the requests.
package subject
