package sqlstore

import (
	"context"
	"database/sql"
	"sync"
	"sync/atomic"

	"github.com/zohoscim/zohoscim/scim"
)

// Options are the optional parts of a [Store].
type Options struct {
	// Changes is how many changes of each scope the change feed keeps; an
	// older one is removed when new ones are written. 0 is 100,000; a
	// negative number records none, and [Store.Changes] is then an error.
	Changes int

	// MaxScan is how many resources a query may read to answer what SQL
	// alone cannot, such as a filter on an attribute without a column. A
	// query that would need more is [scim.ErrTooMany]. 0 is 10,000.
	MaxScan int

	// Types are the resource types that have links, such as groups, beside
	// those of the package scim: to delete what they refer to changes them,
	// and a process that has just started has not met them yet.
	Types []*scim.ResourceType
}

const (
	defaultChanges = 100_000
	defaultMaxScan = 10_000
)

// Store is a [scim.Store] in a database. It also is a [scim.OwnerStore] and a
// [scim.ChangeFeed]. It is safe for concurrent use, also by several processes
// on one database; it keeps nothing in memory but prepared statements, so
// that each sees at once what another wrote.
type Store struct {
	db      *sql.DB
	dialect Dialect
	opts    Options
	writer  chan struct{} // SQLite has one writer at a time; nil for PostgreSQL

	texts   sync.Map     // statement as it is written here to *statement
	wanted  sync.Map     // statements to prepare when no transaction is open
	layouts sync.Map     // *scim.ResourceType to *layout
	shapes  atomic.Int32 // of queries in texts
	types   sync.Map     // name to *scim.ResourceType
}

var (
	_ scim.Store      = (*Store)(nil)
	_ scim.OwnerStore = (*Store)(nil)
	_ scim.ChangeFeed = (*Store)(nil)
)

// New returns a store over a database whose tables [Migrate] has made. It
// sends nothing to the database. The caller keeps db, sets its limits on
// connections and closes it after the last use of the store. For SQLite open
// it with [SQLiteDSN].
func New(db *sql.DB, d Dialect, o *Options) (*Store, error) {
	if db == nil {
		return nil, &Error{Kind: KindOption, Place: "db", Detail: "a database is required"}
	}
	if err := d.valid(); err != nil {
		return nil, err
	}
	s := &Store{db: db, dialect: d}
	if o != nil {
		s.opts = *o
	}
	if s.opts.Changes == 0 {
		s.opts.Changes = defaultChanges
	}
	if s.opts.MaxScan < 0 {
		return nil, &Error{Kind: KindOption, Place: "MaxScan", Detail: "a bound below zero lets nothing be read: leave it 0 for the default"}
	}
	if s.opts.MaxScan == 0 {
		s.opts.MaxScan = defaultMaxScan
	}
	for _, t := range append([]*scim.ResourceType{scim.UserType(), scim.GroupType()}, s.opts.Types...) {
		s.types.Store(t.Name(), t)
	}
	s.opts.Types = nil
	if d == SQLite {
		s.writer = make(chan struct{}, 1)
	}
	return s, nil
}

// layout returns what the tables hold of a resource type.
func (s *Store) layout(t *scim.ResourceType) *layout {
	if l, ok := s.layouts.Load(t); ok {
		return l.(*layout)
	}
	s.types.Store(t.Name(), t)
	l, _ := s.layouts.LoadOrStore(t, newLayout(t))
	return l.(*layout)
}

// scope is the tenant and connection of a call, as columns hold them. Every
// statement has both, in its first two arguments.
type scope struct{ tenant, connection []byte }

func scopeOf(ctx context.Context) scope {
	s := scim.ScopeFrom(ctx)
	return scope{[]byte(s.Tenant), []byte(s.Connection)}
}

// args returns the arguments of a statement in this scope.
func (s scope) args(more ...any) []any {
	return append([]any{s.tenant, s.connection}, more...)
}
