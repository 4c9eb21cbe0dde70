// Package elimity joins this module and github.com/elimity-com/scim, in both
// directions, for services that have handlers or schemas written for it.
//
// # A handler of theirs under our server
//
// [NewStore] makes a [scim.Store] of elimity's resource handlers, which run
// unchanged:
//
//	store, err := elimity.NewStore([]theirs.ResourceType{users, groups}, nil)
//	server, err := scim.NewServer(store, auth, &scim.ServerOptions{Types: store.Types()})
//	http.Handle("/scim/v2/", elimity.Requests(server))
//
// The rules are then those of [scim.Server]: authentication, limits, strict
// JSON, entity tags, PATCH, filters, sorting, projection. A PATCH reaches the
// handler as Replace with the whole new resource. What a handler makes of a
// filter is checked here, and one that does not look at it is right too.
//
// Memberships are the handlers': "members" and "groups" are attributes like
// others, and deleting a user clears no group. A query reads up to
// [StoreOptions.MaxScan] resources through the handler, because it has no
// other way to sort or to count. A version is made from the content of a
// resource; what the handler says of versions is not used.
//
// # A store of ours under their server
//
// [NewHandler] makes a resource handler of one resource type of a
// [scim.Store], for services that keep elimity's server.
//
// # A guard for their server
//
// Elimity's server authenticates nobody, reads bodies of any length, hands
// out its handlers' own maps, answers with the text of any error, and has
// filters that it panics on. [NewGuard] builds it with each of these put
// right; [NewGuard] and [NewHandler] go together.
//
// # Schemas
//
// [Schema] and [ResourceType] turn their definitions into ours. The core
// schemas of package scim come from elimity's too; where they differ from RFC
// 7643 section 8.7.1 the RFC wins.
//
// # What their server still does differently
//
// Behind a guard, elimity's server refuses filters on externalId, id and meta
// and a sub-attribute behind brackets, says that it has no entity tags and no sorting, and
// lists all schemas of a type in every resource. A test sends random traffic
// to all three and compares the resources.
//
// # Concurrency
//
// All types are safe for concurrent use. Handlers need not be: their writes
// come one at a time, and reads not beside writes. A handler that waits holds
// up the others.
//
// The package is tested with two versions of elimity's module: the one that
// go.mod names and the tip of its development branch.
package elimity
