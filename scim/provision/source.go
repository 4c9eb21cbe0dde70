package provision

import (
	"context"
	"iter"

	"github.com/zohoscim/zohoscim/mapping"
)

// Source is the directory that is provisioned from.
type Source interface {
	// Changes returns what changed since a cursor of an earlier call; ""
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

// Changes is one read of a source.
type Changes struct {
	// Full says that Objects are all there are, so that what is linked and
	// missing has left the source.
	Full bool

	// Objects are the changed objects in any order. An error ends them, and
	// then none counts as missing.
	Objects iter.Seq2[Object, error]

	// Cursor is where the next read begins. It is asked for after Objects
	// ended without an error; nil means that every read is a full one.
	Cursor func() string
}

// Object is a user or group of the source.
type Object struct {
	Type    string         // "User" or "Group"
	Key     string         // what the source knows it by and never changes, such as Entra's objectId
	Record  mapping.Record // its attributes
	Members []string       // keys of a group's members
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
// list. A user that is no longer there is disabled, never deleted.
func Snapshot(objects func(ctx context.Context) iter.Seq2[Object, error]) Source {
	return snapshot(objects)
}

type snapshot func(context.Context) iter.Seq2[Object, error]

func (s snapshot) Changes(ctx context.Context, _ string) (*Changes, error) {
	return &Changes{Full: true, Objects: s(ctx)}, nil
}
