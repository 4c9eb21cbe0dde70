// Package scimtest holds what an integrator tests with: questions for any
// service provider, a script for any client, suites for any store, and fakes.
//
// # Does my service provider conform?
//
// [TestServer] asks, in a test, with a subtest for each question; [Check] asks
// without one and returns a [Report], and
//
//	SCIM_TOKEN=… go run ./examples/conformance -url https://scim.example/scim/v2
//
// does so from a shell, for a service in any language. All three work over
// HTTP and ask for what RFC 7643, RFC 7644 and RFC 9865 demand and for what the
// provisioning clients of Microsoft Entra and Okta send.
//
// The questions are data, see [Cases]. A [Case] names its section, its level
// and its reason, and is a short conversation whose answers are checked:
//
//   - [Must], [Should] and [May] are the key words of RFC 2119. What an RFC
//     leaves to the service provider is May, and asked where it is advertised.
//   - [Entra] and [Okta] are what these clients send beyond the RFCs.
//
// What a service provider does not advertise, it is not asked: the discovery
// documents decide, and where a case needs an attribute, the schema does. A
// case makes the resources it needs under names of its own and removes them,
// also if it fails, if an answer is lost, or if the context ends. So cases do
// not depend on each other and can be asked of a service provider that holds
// data. What cannot be removed is named in [Report.Left].
//
// # Profiles
//
// A [Profile] says what is asked. [ProfileEntra], [ProfileOkta] and
// [ProfileZoho] name a sender: what it needs is asked whether it is advertised
// or not, its cases count as MUST, and the other sender's are not asked.
//
// Profile.Except names what a service provider does not do, each with its
// reason: a case, a folder of cases, or a feature. The list stays true by
// itself, because an exception that nothing needs is a failure.
//
// Profile.ReadOnly asks only what changes nothing; that is about an eighth of
// the cases. Profile.Strict asks for the RFCs and nothing else.
//
// # Reports
//
// [Report.WriteText] is for a terminal, [Report.WriteJSON] for programs,
// [Report.WriteJUnit] for build servers, and [Report.WriteHTML] is one page
// without a script that can be sent to who wrote the service. A report holds
// the beginnings of answers, which can be personal data of the service, and
// never the credential.
//
// # Does my client?
//
// [TestClient] plays a service provider that knows which requests are to come,
// in which order, and what they must hold. It also holds every request to what
// the RFCs demand of clients.
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
// over the service provider of package scim, with the attributes that
// Microsoft's gallery application maps, the path "/scim", a bound on the rate
// if one is wanted, and a record of the requests. A store with settings, such
// as a directory of status sync and fixed values, can stand behind it. Its
// tokens are verified by a function: that of a fake accounts server, or one of
// the test's.
//
// [FaultProxy] stands before any service provider and lets requests fail:
// late answers, reset connections, answers that are lost after the request
// was done, cut or slow bodies, refusals. It is there to test that a sender
// loses and doubles nothing.
//
// The fakes and TestClient give out an [net/http.Client] that reaches them
// over in-memory pipes. No network is needed, and they work inside a
// testing/synctest bubble, where 40 minutes take no time.
//
// # Not supported
//
// Events (RFC 9967) and asynchronous requests are not asked about, nor is POST
// to "/Me". No case sends more than a few requests at once: races are the
// business of the tests of a store.
//
// # Concurrency
//
// Check and TestServer ask one case after another, and may be called
// concurrently, also for one service provider. A Report is a value that
// nothing changes any more. The fakes may be used by many clients at once.
package scimtest
