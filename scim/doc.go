// Package scim is SCIM 2.0, the protocol by which a directory creates, changes
// and removes user accounts and groups in a service: resources and schemas of
// RFC 7643, the protocol of RFC 7644, for both sides.
//
// To receive, mount a [Server] over a [Store]:
//
//	token, err := scim.NewStaticToken(scim.NewSecret(os.Getenv("SCIM_TOKEN")), scim.Subject{ID: "entra"}, time.Time{})
//	…
//	auth, err := scim.NewStaticTokens(token)
//	…
//	server, err := scim.NewServer(scim.NewMemoryStore(), auth, &scim.ServerOptions{BaseURL: "https://example.com/scim/v2"})
//	…
//	err = scim.NewHTTPServer(server).ListenAndServeTLS(certFile, keyFile)
//
// To send, use a [Client]:
//
//	client, err := scim.NewClient("https://example.com/scim/v2", scim.BearerToken(secret), nil)
//	…
//	user, err := client.Users().Create(ctx, &scim.User{UserName: "hanako@example.com"})
//
// # Resources and values
//
// A [Resource] is one ordered tree of typed values ([Value]). Each is resolved
// against the schemas of its [ResourceType] when it is read, so that a
// mistake is found there and named by its attribute path, and nothing is
// looked up by name afterwards. [User] and [Group] are views of it for the
// attributes everybody uses; what they do not name is not lost.
//
// A [Path] points into a resource, as in `emails[type eq "work"].value`. A
// [Filter] selects resources, a [Patch] changes one. Text is kept as it came
// and compared, where the schema says that case does not count, in the form
// of [Canonical]: the same relation decides uniqueness, filters and matching.
//
// # Schemas
//
// [UserType] and [GroupType] are the core types of RFC 7643 with the
// enterprise extension. [ParseSchema] reads a schema in the RFC's JSON, and
// [NewResourceType] compiles a type with extensions of one's own; pass it to
// [ServerOptions] or [Client.Resources]. How strictly resources are read is a
// matter of each Server, never of the process.
//
// # Server
//
// A request is authenticated before anything of it but its headers is read.
// The [Authenticator] says whose it is; the [Scope] it returns confines every
// call to the store. Ids and versions are the server's own: no text of a
// client becomes one. What a client may not write is ignored on POST and PUT
// and refused on PATCH; what is never returned is not returned, and cannot
// be filtered on. A password is accepted and dropped.
//
// PATCH is applied here, in one transaction of the store, all of it or
// nothing. A PATCH of a user is answered with the user, that of a group with
// 204 unless "attributes" is given. PUT keeps "active" and the members of a
// group if it does not name them. DELETE removes links to the resource too.
//
// "/Me" is the [Subject]'s own resource if the authenticator names one, or
// else 501. Operations of a bulk request are done in order, each as a request
// of its own; one that refers by bulkId to what a later one makes waits for
// it. Those that refer to each other in a circle are done all or none. What
// refers to a failed operation is 409.
//
// [Hooks] refuse a write, and finish what must have happened when the sender
// hears of success, such as ending sessions. An [Observer] is told of each
// request, without data of persons.
//
// # Store
//
// A [Store] has five methods. It keeps resources in their encoded form
// ([Resource.AppendStored], [StoredResource]) and the members of groups as
// [Links] beside them, so that a member added to a large group costs what it
// costs in a small one. Uniqueness is decided where the write happens, of
// what [Resource.UniqueKeys] yields. [MemoryStore] is the whole contract in
// memory.
//
// # Client
//
// [Client.Users], [Client.Groups] and [Client.Resources] are endpoints with
// Get, List, All, Find, Search, Create, Replace, Patch, Delete and Me;
// [Client.Bulk] does many writes at once. A filter is text; [FilterEq] and
// [filter.Where] quote what goes into it. A patch is made by its methods:
//
//	new(scim.Patch).Replace("active", scim.Bool(false)).AddMembers(id)
//
// The service provider is asked once, when it matters, what it supports: PATCH
// or PUT, Bulk or single requests, pages by cursor or by index. A [Profile]
// says how it deviates from the RFC otherwise, as [ProfileZohoOne] does.
//
// Requests are repeated only where that cannot double an effect. A create
// whose answer is lost is looked for before it is sent again. A budget keeps
// repetitions away from a service that is down, and refusals with 429 teach
// the client a rate. A credential goes to the host it was given for and to no
// other. [ClientOptions.HTTPClient] must not repeat requests by itself.
//
// # Errors
//
// Every error of this package is an [*Error] with a [Kind], the place and the
// remedy. It holds no attribute value, token or secret. Compare with the
// sentinels:
//
//	if errors.Is(err, scim.ErrUniqueness) { … }
//
// [IsRemote] tells whether the service provider said it, [SafeToRetry] whether
// the request may be sent again. A store returns these errors, wrapped or
// not, to choose the answer; any other error is answered with 500, and its
// text goes to the log only.
//
// # Limits
//
// [Limits] bound what one request can cost: bytes, nesting, terms of a filter,
// operations of a PATCH or a bulk request, size of a page. They are checked
// while the input is read, they cannot be switched off, and /ServiceProviderConfig shows those
// that it has a place for.
//
// # Tolerance
//
// By default a server takes what provisioning clients are known to send
// beside the RFC; [ServerOptions].Strict refuses it:
//
//   - "True" and "False", in any case, for a boolean, and digits in quotes for
//     a number.
//   - Operations in any case, a null or empty path, messages and resources
//     without "schemas", paths of a bulk request without their slash.
//   - Filter values without quotes: externalId eq 123 compares with "123".
//   - A bare value for a complex attribute ("manager": "id"), one value for a
//     list, a list around one value.
//   - "" and {"value": ""} to clear a manager, in an add as in a replace.
//   - An add or replace below emails[type eq "work"] where there is no such
//     element makes one. The RFC wants noTarget for replace.
//   - The id of the resource and meta inside the value of a PATCH, and
//     read-only sub-attributes beside writable ones: passed over.
//   - The URI of the core schema as a path.
//
// In both modes, where the RFC leaves room:
//
//   - An attribute that no schema names is dropped; RefuseUnknown refuses it.
//   - JSON is read strictly: a member twice, also by another case, invalid
//     UTF-8, lone surrogates and trailing data are refused.
//   - remove with a value removes the listed values only. What is not there is
//     no error. An element that is left with nothing but its type goes too.
//   - replace of emails[type eq "work"] with an object changes the
//     sub-attributes that it names.
//   - A value that becomes primary takes it from the one that was; a list
//     with two is refused.
//   - ne holds for an attribute without a value, and for a list if one value
//     differs.
//   - Links (members, groups) are filtered by their value with eq, and by
//     presence.
//
// # Lists and groups
//
// A list comes in pages by index, or by cursor (RFC 9865) for a query with the
// parameter "cursor": what does not change while they are read is on exactly
// one of them. A cursor is sealed, good for one query of one scope, and
// expires. A count above maxPageSize is cut to it; totalResults of a later
// page may be that of the first.
//
// User.groups is computed where it is asked for: "direct" groups and the
// "indirect" ones around them, the nearest first and within [Limits]. It does
// not count for the user's version, and filters look at direct groups only.
//
// # Not supported
//
// Changing passwords; /ServiceProviderConfig says so. There is no
// previousCursor, and what a [ChangeFeed] yields is not sent to anyone (RFC
// 9967). Resources of several types, as a query at the root finds them,
// have no common order to sort them by.
//
// # Concurrency
//
// [ResourceType], [Path], [Filter], [Server], [Client] and [MemoryStore] are
// safe for concurrent use. A [Resource] may be read by several goroutines
// only once it has been read in full by one: a stored resource is decoded
// when it is first looked at. No constructor starts a goroutine.
//
// # Cost
//
// Reading, validating and writing a resource are linear in its JSON. What an
// operation costs beside that, with [MemoryStore], in users U, members M of
// the group, groups G of the user and resources P of the page; none depends
// on the number of schemas:
//
//   - GET, PUT, PATCH by id: O(1) in U; O(G) for a user's groups. A resource
//     that was not changed is answered with its stored bytes, undecoded.
//   - POST: O(1) in U. Each unique and indexed value is one look into a map.
//   - Search for id, userName, externalId, displayName, an e-mail address or
//     a member with eq: O(1) in U, and O(found). Any other filter reads, of
//     every resource of its scope, the attributes that the filter names: O(U).
//   - List: O(P) from the front; a page further back costs its distance if
//     resources were removed before it. With sortBy O(U log U).
//   - Members added or removed by PATCH: O(changed), not O(M). An answer
//     with members is O(M); one with 204 is not.
//   - DELETE: O(groups that it is in), and O(M) for a group.
//
// In calls of the store, GET, POST, PUT, PATCH, DELETE and a list of one type
// are one each. A write adds at most one View for each resource type and
// member that it names, and an answer with groups one [OwnerStore] call for
// each level of groups within groups, however many users it has.
package scim
