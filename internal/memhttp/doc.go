// Package memhttp is HTTP between a client and handlers of one process over
// in-memory pipes, under the real host names.
//
// A listening socket inside a testing/synctest bubble hangs it: a goroutine that
// waits for the network is never durably blocked. Pipes do not have that flaw,
// so a test may run 40-minute cycles in fake time through a real [http.Client]
// and a real [http.Server]. Create the [Network] inside the bubble that uses it.
//
// No name is resolved and, except for [Network.HandleAddr], nothing is dialled.
// TLS is not spoken: a request to an https URL reaches its handler as plain HTTP.
package memhttp
