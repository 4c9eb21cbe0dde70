package provision

import (
	"errors"
	"io/fs"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// The tables of a job; its name is behind theirs. Where a key names two
// objects, a tab is between them.
const (
	tableJob     = "job:"     // what is remembered of the job itself, by the row names below
	tableControl = "control:" // what an administrator asked for, by the row names below
	tableLinks   = "links:"   // object -> link
	tableTargets = "targets:" // type and id of an account -> the object it is linked to
	tableMembers = "members:" // group key, member key -> the id that the target's group was given, with doubt before it while a change may be under way; "" if there was none yet
	tableWaits   = "waits:"   // key, object -> the object has a reference to the key, which has no account yet
	tableLate    = "late:"    // object, key -> the reference can be set now
	tableGroups  = "groups:"  // group key, number -> what the read of this cycle says of the group
	tableStaged  = "staged:"  // object -> what would be disabled or deleted
	tableAllowed = "allowed:" // object -> an administrator allowed to disable or delete it
	tableEscrow  = "escrow:"  // object -> its failure, and the object itself
)

// Rows of tableJob.
const (
	rowJob    = "state"
	rowCounts = "counts"
)

const stateVersion = 2

// link is what is remembered of one object.
type link struct {
	ID       string         `json:"id,omitzero"`       // in the target; "" if it has no account yet
	Intent   bool           `json:"intent,omitzero"`   // a create may have been sent: an account that is found is ours
	Seek     []sought       `json:"seek,omitempty"`    // how to find it, with Intent
	Sent     jsontext.Value `json:"sent,omitzero"`     // what the target has on the mapping's paths, as a resource
	Print    string         `json:"print,omitzero"`    // of a group's complete member list, "" if it is not known
	Doubt    bool           `json:"doubt,omitzero"`    // an update may have been sent: Sent is not certain
	Disabled bool           `json:"disabled,omitzero"` // deprovisioned: left alone until it comes back
	Kept     bool           `json:"kept,omitzero"`     // an administrator refused to disable it: left alone until it comes back
	Escrowed bool           `json:"escrowed,omitzero"` // tableEscrow has it
	Refs     []pending      `json:"refs,omitzero"`     // references that could not be set yet
}

// pending is a reference of an object to one that has no account yet.
type pending struct {
	Path string `json:"path"`
	Key  string `json:"key"`
}

// sought is a value of a matching attribute.
type sought struct {
	Path  string `json:"path"`
	Value string `json:"value"`
}

// managed reports whether the object has an account that is looked after.
func (l *link) managed() bool { return l.ID != "" && !l.Disabled }

func (l *link) empty() bool {
	return l.ID == "" && !l.Intent && !l.Escrowed && !l.Kept && len(l.Refs) == 0
}

// jobState is what is remembered of the whole job.
type jobState struct {
	Version     int    `json:"version"` // of the tables' format
	Cursor      string `json:"cursor,omitzero"`
	Fingerprint string `json:"fingerprint,omitzero"` // of the mappings: another one makes the next cycle a full one
	Open        bool   `json:"open,omitzero"`        // a cycle began and has not ended
	Relinked    bool   `json:"relinked,omitzero"`    // an account was made anew: who refers to it has the old id

	Began time.Time `json:"began,omitzero"` // of the last cycle
	Ended time.Time `json:"ended,omitzero"`

	Handled map[string]string `json:"handled,omitzero"` // requests of tableControl that were done
	Status  statusRow         `json:"status,omitzero"`
}

// objectRow is an object of the source in the state.
type objectRow struct {
	Type    string         `json:"type"`
	Key     string         `json:"key"`
	Record  jsontext.Value `json:"record,omitzero"`
	Members []string       `json:"members,omitempty"`
	None    bool           `json:"none,omitzero"` // Members is empty, and not nil
	Joined  []string       `json:"joined,omitzero"`
	Left    []string       `json:"left,omitzero"`
	Deleted Deletion       `json:"deleted,omitzero"`
}

func encodeObject(obj Object) ([]byte, error) {
	row := objectRow{
		Type: obj.Type, Key: obj.Key, Members: obj.Members, None: obj.Members != nil && len(obj.Members) == 0,
		Joined: obj.Joined, Left: obj.Left, Deleted: obj.Deleted,
	}
	if obj.Record != nil {
		rec, err := json.Marshal(obj.Record, json.Deterministic(true))
		if err != nil {
			return nil, &Error{Code: CodeImportSkipped, Detail: "the record has a value of a type that a record cannot have"}
		}
		row.Record = rec
	}
	return encodeRow(&row)
}

func decodeObject(data []byte) (Object, error) {
	var row objectRow
	if err := decodeRow(data, &row); err != nil {
		return Object{}, err
	}
	obj := Object{Type: row.Type, Key: row.Key, Members: row.Members, Joined: row.Joined, Left: row.Left, Deleted: row.Deleted}
	if row.None {
		obj.Members = []string{}
	}
	if row.Record != nil {
		if err := obj.Record.UnmarshalJSON(row.Record); err != nil {
			return Object{}, stateError(err)
		}
	}
	return obj, nil
}

func encodeRow(v any) ([]byte, error) {
	row, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		return nil, stateError(err)
	}
	return row, nil
}

func decodeRow(row []byte, v any) error {
	if err := json.Unmarshal(row, v); err != nil {
		return &Error{Code: CodeStateFailed, Detail: "a row of the state cannot be read", Err: err}
	}
	return nil
}

func linkKey(typ, key string) string { return typ + "/" + key }

func splitLinkKey(s string) (typ, key string) {
	typ, key, _ = strings.Cut(s, "/")
	return typ, key
}

func pairKey(a, b string) string { return a + "\t" + b }

func splitPair(s string) (a, b string) {
	a, b, _ = strings.Cut(s, "\t")
	return a, b
}

func isMiss(err error) bool { return errors.Is(err, fs.ErrNotExist) }

func stateError(err error) error {
	var e *Error
	if err == nil || errors.As(err, &e) {
		return err
	}
	return &Error{Code: CodeStateFailed, Detail: "the state could not be read or written", Err: err}
}
