// Package scimtest holds what an integrator tests with.
//
// # Conformance
//
// [Check] and [TestServer] ask a service provider, over HTTP, for what RFC 7643
// and RFC 7644 demand and for what the provisioning clients of Microsoft
// Entra and Okta send. The questions are data: each [Case] names its section,
// its level and its reason, and is a short conversation whose answers are
// checked. A case makes the resources it needs under names of its own and
// removes them afterwards, so that cases do not depend on each other and can
// be asked of a service provider that holds data. What a service provider
// does not advertise, it is not asked.
//
// Not covered: cursors (RFC 9865).
//
// # Stores
//
// [TestStore], [TestStoreConcurrent] and [TestStoreIsolation] hold a
// [scim.Store] against its contract: what one caller is promised, what many
// who write at once are, and that nothing of one tenant or connection reaches
// another. An integrator's store is given to all three by a test of a few
// lines; each failure says what was promised. [BenchStore] measures what
// senders do most, under the same names for every store. The stores of this module pass
// the same suites.
//
// # Fakes
//
// [ZohoOne] is a faithful fake of Zoho One's SCIM endpoint. It is real HTTP
// over the service provider of package scim, with the attributes that Zoho
// documents.
//
// # Faults
//
// [FaultProxy] stands before any service provider and lets requests fail:
// late answers, reset connections, answers that are lost after the request
// was done, cut or slow bodies, refusals. It is there to test that a sender
// loses and doubles nothing.
package scimtest
