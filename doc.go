// Package zohoscim is the front page of a module for identity provisioning
// over SCIM 2.0 (RFC 7643 and 7644), whose first home is Zoho One. It has no
// code; the packages are these:
//
//   - [datacenter]: where a Zoho organization lives, its hosts, consent
//     address, tenant URL
//   - [zohoauth]: OAuth tokens of Zoho, got, kept and refreshed
//   - [zohoauthtest]: a fake of Zoho's accounts servers
//   - [mapping]: a record of the source becomes a resource, a difference
//     becomes a PATCH
//   - [scim]: resources, server, client, and the Store that an integrator
//     implements
//   - [filter]: the syntax of filters and attribute paths
//   - [sqlstore]: a Store in SQLite or PostgreSQL
//   - [directory]: a Store over a service's own accounts, with the settings of
//     Zoho One's set-up
//   - [elimity]: to and from github.com/elimity-com/scim
//   - [provision]: the engine that keeps a target in step with a source, and
//     [source]: files and queries to read from
//   - [scimtest]: conformance cases for any server, a fake of Zoho One's SCIM
//     endpoint
//
// Imports point one way: zohoauth needs datacenter; scim needs filter; mapping,
// sqlstore and elimity need scim; directory needs sqlstore, and provision needs
// mapping and datacenter. SCIM and Zoho's OAuth
// do not know each other: they meet in the program that uses both, where a
// [zohoauth.TokenSource] is what [scim.OAuth] takes. Two walks through the code
// show the rest.
//
// # A PATCH arrives and reaches the store
//
// All of it is in the folder scim; the names are those of files and of the
// functions in them.
//
//  1. server.go: [scim.Server.ServeHTTP] asks the [scim.Authenticator] before
//     it looks at anything else, and puts the sender's [scim.Scope] into the
//     context. locate cuts the base path, route finds resource type and method.
//  2. server_write.go: patch reads the query string and the body, within
//     [scim.Limits].
//  3. patch_parse.go: read turns the message into operations, each with its
//     path resolved against the compiled schema. filter.ParsePath has the
//     syntax, path.go the meaning. Nothing is locked yet.
//  4. server_write.go: linkTypes looks up what new members refer to; then
//     update calls [scim.Store.Update]. What follows, up to the commit, runs
//     inside the store's transaction, and a store may run it again.
//  5. server_write.go: checkMatch compares If-Match where the write happens, so
//     that no other write can come between.
//  6. patch_apply.go: apply carries out the operations in order. Members are a
//     set beside the resource: patch_links.go sends them to [scim.Links], where
//     one member costs the same in a group of any size.
//  7. validate.go: checkRequired looks at the result as a whole. An error here
//     or before leaves the stored resource as it was.
//  8. server_write.go: update compares old and new; only a real difference gets
//     a new version and time (setMeta in resource.go). render in server_read.go
//     makes the answer while the transaction still sees one state.
//  9. memstore.go: [scim.MemoryStore.Update] encodes the resource, checks unique
//     values and commits. Another store does the same in its database.
//  10. server_write.go: update answers with the ETag; server_error.go makes of
//     any error the answer of RFC 7644 section 3.12.
//
// # A user leaves the source and reaches Zoho One
//
// From the folder scim/provision, through mapping and scim, to the network
// and back.
//
//  1. loop.go: [provision.Engine.Run] starts a cycle every 40 minutes, until
//     its context ends.
//  2. cycle.go: [provision.Engine.Cycle] takes the job's lease (lease.go),
//     reads the watermark from the [provision.State] and asks the source for
//     what is new since then: [provision.Source.Changes]. each in run.go
//     gives the users to workers.
//  3. object.go: scope decides whether the user is to be active, with
//     [mapping.Compiled.Contains] and accountEnabled. One who is not goes to
//     step 10.
//  4. object.go: an object that was provisioned before has a link, its id in
//     Zoho One and what was sent last. update maps the record with
//     [mapping.Compiled.Map], takes the difference to what was sent with
//     [mapping.Compiled.Diff], and without one sends nothing.
//  5. match.go: join takes one without a link. match looks it up by the
//     matching attributes; what is found is only adopted if the
//     [provision.Job] says so. Otherwise create writes the intent, so that a
//     lost answer does not make a second account, and sends.
//  6. scim/endpoint_create.go and scim/endpoint_patch.go: [scim.Endpoint.Create]
//     and [scim.Endpoint.Patch] encode
//     the request; client_do.go sends it.
//  7. internal/httpx: the request is repeated if that cannot double its effect,
//     and waits as long as Retry-After asks, within bounds.
//  8. scim/client_transport.go: each attempt gets its token from
//     [zohoauth.TokenSource.TokenContext], refuses another origin, and goes to
//     net/http. A 401 spends the token and is tried once more with the next.
//  9. journal.go: keep takes the link as soon as the answer is there, and
//     flush writes it with others, so that a program that ends in the middle
//     of a cycle goes on where it was. What failed goes to escrow.go.
//  10. deprovision.go: stage notes who is to be disabled or deleted, guard
//     counts them, and above the limit touches no one. A source that is broken
//     or suddenly empty ends the cycle before that.
//  11. cycle.go: readGroups takes the groups, with the same steps.
//     Memberships are the difference to those that were sent, up to 200 in a
//     request (members.go). late in reference.go sets what referred to someone
//     without an id.
//  12. status.go: finish moves the watermark last, not past an object that is
//     neither done nor in escrow. The [provision.Report] says what was done.
//
// # Compatibility
//
// Before version 1 the API may change with any release; CHANGELOG.md says
// what did. The two newest releases of Go are supported.
//
// [datacenter]: https://pkg.go.dev/github.com/zohoscim/zohoscim/datacenter
// [zohoauth]: https://pkg.go.dev/github.com/zohoscim/zohoscim/zohoauth
// [zohoauthtest]: https://pkg.go.dev/github.com/zohoscim/zohoscim/zohoauth/zohoauthtest
// [mapping]: https://pkg.go.dev/github.com/zohoscim/zohoscim/mapping
// [scim]: https://pkg.go.dev/github.com/zohoscim/zohoscim/scim
// [filter]: https://pkg.go.dev/github.com/zohoscim/zohoscim/scim/filter
// [provision]: https://pkg.go.dev/github.com/zohoscim/zohoscim/scim/provision
// [scimtest]: https://pkg.go.dev/github.com/zohoscim/zohoscim/scim/scimtest
// [sqlstore]: https://pkg.go.dev/github.com/zohoscim/zohoscim/scim/sqlstore
// [directory]: https://pkg.go.dev/github.com/zohoscim/zohoscim/scim/directory
// [elimity]: https://pkg.go.dev/github.com/zohoscim/zohoscim/scim/elimity
// [source]: https://pkg.go.dev/github.com/zohoscim/zohoscim/scim/provision/source
// [zohoauth.TokenSource]: https://pkg.go.dev/github.com/zohoscim/zohoscim/zohoauth#TokenSource
// [zohoauth.TokenSource.TokenContext]: https://pkg.go.dev/github.com/zohoscim/zohoscim/zohoauth#TokenSource.TokenContext
// [scim.OAuth]: https://pkg.go.dev/github.com/zohoscim/zohoscim/scim#OAuth
// [scim.Server.ServeHTTP]: https://pkg.go.dev/github.com/zohoscim/zohoscim/scim#Server.ServeHTTP
// [scim.Authenticator]: https://pkg.go.dev/github.com/zohoscim/zohoscim/scim#Authenticator
// [scim.Scope]: https://pkg.go.dev/github.com/zohoscim/zohoscim/scim#Scope
// [scim.Limits]: https://pkg.go.dev/github.com/zohoscim/zohoscim/scim#Limits
// [scim.Store.Update]: https://pkg.go.dev/github.com/zohoscim/zohoscim/scim#Store
// [scim.Links]: https://pkg.go.dev/github.com/zohoscim/zohoscim/scim#Links
// [scim.MemoryStore.Update]: https://pkg.go.dev/github.com/zohoscim/zohoscim/scim#MemoryStore.Update
// [scim.Endpoint.Create]: https://pkg.go.dev/github.com/zohoscim/zohoscim/scim#Endpoint.Create
// [scim.Endpoint.Patch]: https://pkg.go.dev/github.com/zohoscim/zohoscim/scim#Endpoint.Patch
// [provision.Engine.Run]: https://pkg.go.dev/github.com/zohoscim/zohoscim/scim/provision#Engine.Run
// [provision.Engine.Cycle]: https://pkg.go.dev/github.com/zohoscim/zohoscim/scim/provision#Engine.Cycle
// [provision.State]: https://pkg.go.dev/github.com/zohoscim/zohoscim/scim/provision#State
// [provision.Source.Changes]: https://pkg.go.dev/github.com/zohoscim/zohoscim/scim/provision#Source
// [provision.Job]: https://pkg.go.dev/github.com/zohoscim/zohoscim/scim/provision#Job
// [provision.Report]: https://pkg.go.dev/github.com/zohoscim/zohoscim/scim/provision#Report
// [mapping.Compiled.Contains]: https://pkg.go.dev/github.com/zohoscim/zohoscim/mapping#Compiled.Contains
// [mapping.Compiled.Map]: https://pkg.go.dev/github.com/zohoscim/zohoscim/mapping#Compiled.Map
// [mapping.Compiled.Diff]: https://pkg.go.dev/github.com/zohoscim/zohoscim/mapping#Compiled.Diff
package zohoscim
