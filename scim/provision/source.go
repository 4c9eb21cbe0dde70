package provision

import (
	"context"
	"iter"

	"github.com/zohoscim/zohoscim/mapping"
)

// Source is the directory that is provisioned from.
type Source interface {
	// Changes returns what changed since a cursor of an earlier read; ""
	// asks for everything. A cursor that the source no longer has is
	// answered with everything.
	Changes(ctx context.Context, cursor string) (*Changes, error)
}

// Finder is a [Source] that can fetch one object. Without it an on-demand
// run reads the source until it finds the object.
type Finder interface {
	// Find returns the object of a type by its key. One that is not there is
	// [ErrNotFound].
	Find(ctx context.Context, typ, key string) (Object, error)
}

// Changes is one read of a source. It is used by one goroutine.
type Changes struct {
	// Full says that Objects are all there are, so that what is linked and
	// missing has left the source. It then counts as disabled, not as
	// deleted: only [HardDeleted] deletes.
	Full bool

	// Repeats says that an object may be there more than once, and that the
	// last one counts, as in a delta query of Microsoft Graph. Without it
	// the second object of one key in a full read is reported as
	// DuplicateSourceEntries. A read that is not full may always repeat.
	Repeats bool

	// Total is how many objects there will be, for who shows progress; 0 is
	// not known.
	Total int

	// Objects are the changed objects in any order; users and groups may be
	// mixed. They are read once. An error ends them, and then none counts as
	// missing and the next read begins where this one did.
	Objects iter.Seq2[Object, error]

	// End is called once, after Objects ended without an error. It returns
	// where the next read begins ("": at everything), or an error if what
	// was read was not all there was: a file that changed meanwhile, a
	// missing end mark. An error counts as one of Objects. Nil is a read
	// that is complete and without a cursor.
	End func() (cursor string, err error)
}

// Object is a user or group of the source.
type Object struct {
	Type string // "User" or "Group"

	// Key is what the source knows the object by and never changes or gives
	// to another, such as Entra's objectId: UTF-8 without control
	// characters, 1 to 256 bytes. It is unique within its type.
	Key string

	// Record has all attributes of the object, not only those that changed.
	// A group of which only memberships changed may have none, and a deleted
	// object too.
	Record mapping.Record

	// Members are the keys of all members of a group; an empty list is a
	// group without any, nil says nothing about them.
	Members []string

	// Joined and Left are the members that came and went since the cursor,
	// if Members is nil. A list may go on in further objects of the same
	// group. In a full read the Joined of a group are together all of its
	// members.
	Joined, Left []string

	// Deleted says whether the source has deleted the object.
	Deleted Deletion
}

// Deletion says whether an object is deleted in the source.
type Deletion uint8

// The values of [Deletion].
const (
	NotDeleted  Deletion = iota
	SoftDeleted          // can be restored: the account is disabled
	HardDeleted          // gone for good: the account is deleted
)

// The types of [Object].
const (
	User  = "User"
	Group = "Group"
)

// Snapshot returns a source that reads everything each time: a table, a
// list. A user that is no longer there is disabled, never deleted. The
// sequence must end with an error if it could not be read to its end.
func Snapshot(objects func(ctx context.Context) iter.Seq2[Object, error]) Source {
	return snapshot(objects)
}

type snapshot func(context.Context) iter.Seq2[Object, error]

func (s snapshot) Changes(ctx context.Context, _ string) (*Changes, error) {
	return &Changes{Full: true, Objects: s(ctx)}, nil
}
