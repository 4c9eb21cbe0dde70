package scim

import (
	"context"
	"iter"
)

// Ref names one resource.
type Ref struct {
	Type *ResourceType
	ID   string
}

// Link is one reference from a resource to another: a member of a group.
// Links are a set beside the resource, keyed by Value.
type Link struct {
	Value   string // id of the resource that is referred to
	Type    string // name of its resource type, "" if it is not known
	Display string // what the provisioning client calls it
}

// Store keeps resources. It is what an integrator implements over a
// database; [NewMemoryStore] is one that keeps everything in memory. All
// methods may be called concurrently.
//
// Every call is confined to the scope in its context (see [ScopeFrom]): a
// resource made under one tenant and connection does not exist for another.
// A resource that is not there is [ErrNotFound]; a value that [Resource.UniqueKeys]
// names and another resource of the type has is [ErrUniqueness], decided
// where the write happens and not before it. After an error nothing has
// changed.
type Store interface {
	// View gives fn one consistent snapshot of a resource. fn may run more
	// than once, each time on a newer one.
	View(ctx context.Context, ref Ref, fn func(*Entry) error) error

	// List returns the resources that a query selects, one page of them.
	List(ctx context.Context, q *Query) (*Page, error)

	// Create keeps a new resource, whose id the caller has made, and its links.
	Create(ctx context.Context, r *Resource, links iter.Seq[Link]) error

	// Update lets fn change a resource and its links in one transaction. fn
	// may run more than once, each time on the state as it then is. If fn
	// returns an error nothing is changed and Update returns that error.
	Update(ctx context.Context, ref Ref, fn func(*Entry) error) error

	// Delete removes a resource with the links to and from it, if fn, which
	// may be nil and sees the resource as it is, returns no error. A resource
	// that loses a link has a new version: see [Resource.Touch].
	Delete(ctx context.Context, ref Ref, fn func(*Entry) error) error
}

// Entry is a resource inside a [Store]'s function. It is valid until that
// function returns.
type Entry struct {
	Resource *Resource // without link attributes
	Links    Links
}

// Links are the links of one resource, staged: what Put and Remove change is
// kept only if the function that was given the [Entry] succeeds.
type Links interface {
	// Put adds links or replaces those of the same value, and returns how
	// many were added or differ.
	Put(ctx context.Context, links ...Link) (changed int, err error)

	// Remove removes the links of these values and returns how many there were.
	Remove(ctx context.Context, values ...string) (changed int, err error)

	// Get returns the link of a value.
	Get(ctx context.Context, value string) (Link, bool, error)

	// All yields the links after the one of the value after, or all for "",
	// in an order that does not change while they do not.
	All(ctx context.Context, after string) iter.Seq2[Link, error]

	// Owners yields the resources that have a link to this one: a user's
	// groups, each with its id and name.
	Owners(ctx context.Context, after string) iter.Seq2[Link, error]
}

// Query selects resources of one type.
type Query struct {
	Type   *ResourceType
	Filter *Filter // nil selects all
	Sort   *Sort   // nil is the store's own order
	Start  int     // 1-based index of the first resource of the page
	Count  int     // the most resources on the page; 0 asks for the total only
	Links  bool    // the page's items carry their links
	Owners bool    // the page's items carry their owners

	// Cursor asks for pages by position (RFC 9865) and not by index: the page
	// begins behind After, "" for the first one, and [Page.Next] says where the
	// next begins. Start does not count. A resource that stays unchanged while
	// the pages are read is on exactly one of them. An After that the store did
	// not make for a query of this type and order is [ErrInvalidCursor].
	Cursor bool
	After  string
}

// Page is one page of a query's result, in an order that does not change
// while the resources do not.
type Page struct {
	Total int // resources that the query selects altogether; -1 if a query by cursor did not count them
	Items []Item
	Next  string // with [Query.Cursor], where the next page begins; "" at the end
}

// Item is one resource of a page. It stays valid.
type Item struct {
	Resource *Resource
	Links    []Link
	Owners   []Link
}

// OwnerStore is what a [Store] may offer beside its contract: the owners of
// many resources at once, by the values that were asked for. The [Server]
// walks nested groups with it, one call a level and none from inside a
// function that the store runs; without it, one [Links.Owners] a group. A value
// without owners need not be in the answer.
type OwnerStore interface {
	Owners(ctx context.Context, values []string) (map[string][]Link, error)
}

// Scope confines what a request sees and changes. The zero Scope is one of
// its own: that of a service with one tenant and one sender.
type Scope struct {
	Tenant     string // whose directory it is
	Connection string // which sender's credential: a connection sees what it made
}

type subjectKey struct{}

// WithSubject returns a context that says who is asking. The [Server] gives
// it to its [Store] with every call.
func WithSubject(ctx context.Context, s Subject) context.Context {
	return &subjectContext{ctx, s}
}

// subjectContext is a context with a subject.
type subjectContext struct {
	context.Context
	subject Subject
}

// Value gives the subject by a pointer, which costs nothing.
func (c *subjectContext) Value(key any) any {
	if key == (subjectKey{}) {
		return &c.subject
	}
	return c.Context.Value(key)
}

// SubjectFrom returns who is asking, the zero Subject if the context does not
// say.
func SubjectFrom(ctx context.Context) Subject {
	if s, ok := ctx.Value(subjectKey{}).(*Subject); ok {
		return *s
	}
	return Subject{}
}

// WithScope returns a context for calls to a [Store] in a scope.
func WithScope(ctx context.Context, s Scope) context.Context {
	subject := SubjectFrom(ctx)
	subject.Scope = s
	return WithSubject(ctx, subject)
}

// ScopeFrom returns the scope of a context, the zero Scope if it has none.
func ScopeFrom(ctx context.Context) Scope { return SubjectFrom(ctx).Scope }
