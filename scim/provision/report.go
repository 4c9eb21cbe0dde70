package provision

import (
	"fmt"
	"strings"
	"sync"
	"time"
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
	Type   string // "User" or "Group"
	Key    string // in the source
	ID     string // in the target, if it is known
	Action Action
	Reason string   // why, in a few words, such as "RedundantExport"
	Paths  []string // target attributes that were written
	Err    error    // for Failed
}

// String returns the event as a line without values.
func (e Event) String() string {
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

// Counts counts what was done to the objects of one type.
type Counts struct {
	Read, Created, Updated, Disabled, Deleted, Staged, Skipped, Failed, References int
}

// Report is the result of one cycle.
type Report struct {
	Initial      bool // no cycle had ended before
	Full         bool // the whole source was read
	Began, Ended time.Time
	Users        Counts
	Groups       Counts
	Failures     []Event // the first 100
}

const maxFailures = 100

// recorder counts events and hands them on, one at a time.
type recorder struct {
	mu      sync.Mutex
	report  *Report
	observe func(Event)
}

func (r *recorder) counts(typ string) *Counts {
	if typ == Group {
		return &r.report.Groups
	}
	return &r.report.Users
}

func (r *recorder) read(typ string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts(typ).Read++
}

func (r *recorder) add(e Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.counts(e.Type)
	switch e.Action {
	case Created:
		c.Created++
	case Updated:
		c.Updated++
	case Disabled:
		c.Disabled++
	case Deleted:
		c.Deleted++
	case Staged:
		c.Staged++
	case Skipped:
		c.Skipped++
	case References:
		c.References++
	case Failed:
		c.Failed++
		if len(r.report.Failures) < maxFailures {
			r.report.Failures = append(r.report.Failures, e)
		}
	}
	if r.observe != nil {
		r.observe(e)
	}
}
