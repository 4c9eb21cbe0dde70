package provision

import (
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/zohoscim/zohoscim/mapping"
	"github.com/zohoscim/zohoscim/scim"
)

// Action is what was done to an object, in the words of Entra's log.
type Action string

// The actions.
const (
	Created    Action = "create"
	Updated    Action = "update"
	Disabled   Action = "disable"
	Deleted    Action = "delete"
	Staged     Action = "stagedDelete" // would have been disabled or deleted; the limit stopped it
	Skipped    Action = "skip"
	Failed     Action = "failure"
	References Action = "references" // manager or members were set
)

// Event is one thing that was done or left undone.
type Event struct {
	Cycle  string // id of the cycle or on-demand run
	Type   string // "User" or "Group"
	Key    string // in the source
	ID     string // in the target, if it is known
	Action Action
	Reason string   // why, in a few words, such as "RedundantExport"
	Paths  []string // target attributes that were written
	Joined int      // members that a group was given
	Left   int      // members that were taken from it
	Err    error    // for Failed
	Steps  []Step   // what led to it
	Began  time.Time
	Ended  time.Time

	reference bool // a failure of references only
	typ       *scim.ResourceType
	sent      []byte // what the target had
	patch     *scim.Patch
	made      *mapping.Result
}

// Property is an attribute of the target that was written.
type Property struct {
	Path string         `json:"path"`
	Old  jsontext.Value `json:"old,omitzero"` // nil if there was none
	New  jsontext.Value `json:"new,omitzero"` // nil if there is none now
}

// Properties returns the attributes that were written, with their values.
// The values are those of people: they are not for a log that others read.
func (e *Event) Properties() []Property {
	var out []Property
	if e.made != nil {
		for _, p := range e.made.Flowed {
			if v := p.Get(e.made.Resource); !v.IsZero() {
				out = append(out, Property{Path: p.String(), New: v.AppendJSON(nil)})
			}
		}
		return out
	}
	if e.patch == nil {
		return nil
	}
	before, err := scim.DecodeResource(e.typ, e.sent)
	for _, op := range e.patch.Operations {
		p := Property{Path: op.Path, New: jsontext.Value(op.Value)}
		if err == nil {
			if v := before.Get(op.Path); !v.IsZero() {
				p.Old = v.AppendJSON(nil)
			}
		}
		out = append(out, p)
	}
	return out
}

// String returns the event as a line without values.
func (e *Event) String() string {
	s := fmt.Sprintf("%s %s %s", e.Type, e.Key, e.Action)
	if e.Reason != "" {
		s += " (" + e.Reason + ")"
	}
	if len(e.Paths) > 0 {
		s += ": " + strings.Join(e.Paths, ", ")
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func pathNames(paths []*scim.Path) []string {
	out := make([]string, len(paths))
	for i, p := range paths {
		out[i] = p.String()
	}
	return out
}

func patchPaths(p *scim.Patch) []string {
	if p == nil {
		return nil
	}
	out := make([]string, len(p.Operations))
	for i, op := range p.Operations {
		out[i] = op.Path
	}
	return out
}
