package provision

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// Report is the result of one cycle. It has a JSON form and holds no
// attribute values.
type Report struct {
	ID       string    `json:"id"`
	Job      string    `json:"job"`
	Initial  bool      `json:"initial"` // no cycle had ended before
	Full     bool      `json:"full"`    // the whole source was read
	Began    time.Time `json:"began"`
	Ended    time.Time `json:"ended"`
	Users    Counts    `json:"users"`
	Groups   Counts    `json:"groups"`
	Lookups  int       `json:"lookups"`            // requests that read from the target
	Writes   int       `json:"writes"`             // requests that write to it
	Managed  int       `json:"managed"`            // accounts that are looked after when the cycle ends
	Escrowed int       `json:"escrowed"`           // objects that will be tried again
	Pruned   int       `json:"pruned"`             // objects that were given up after 28 days
	Failures []Failure `json:"failures,omitempty"` // the first 100
	Error    *Failure  `json:"error,omitempty"`    // why the cycle ended early
}

// Counts counts what was done to the objects of one type.
type Counts struct {
	Read       int `json:"read"`
	Created    int `json:"created"`
	Updated    int `json:"updated"`
	Disabled   int `json:"disabled"`
	Deleted    int `json:"deleted"`
	Staged     int `json:"staged"`
	Skipped    int `json:"skipped"`
	Failed     int `json:"failed"`
	References int `json:"references"`
}

// Failure is an error as a report keeps it.
type Failure struct {
	Type string `json:"type,omitempty"`
	Key  string `json:"key,omitempty"`
	Code Code   `json:"code"`
	Text string `json:"text"`
	Err  error  `json:"-"`
}

func newFailure(typ, key string, err error) Failure {
	f := Failure{Type: typ, Key: key, Code: CodeInternalServer, Text: err.Error(), Err: err}
	var e *Error
	if errors.As(err, &e) {
		f.Code = e.Code
	}
	return f
}

const maxFailures = 100

// recorder counts what one run does and tells the observers.
type recorder struct {
	engine *Engine
	report *Report
	events *[]Event // of an on-demand run; nil otherwise
	plan   func(*Event)

	mu        sync.Mutex
	streak    atomic.Int32 // failures of the service or the way to it, one after the other
	forbidden atomic.Int32 // objects that the service forbids to change, one after the other
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

func (r *recorder) pruned() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.Pruned++
}

func (r *recorder) add(e *Event) {
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
			r.report.Failures = append(r.report.Failures, newFailure(e.Type, e.Key, e.Err))
		}
	}
	e.Cycle = r.report.ID
	switch {
	case r.events != nil:
		*r.events = append(*r.events, *e)
	case r.plan != nil:
		r.plan(e)
		return
	}
	r.engine.tell(func(o Observer) { o.Done(e) })
}

// tell calls all observers.
func (e *Engine) tell(what func(Observer)) {
	e.tellMu.Lock()
	defer e.tellMu.Unlock()
	for _, o := range e.opts.Observers {
		what(o)
	}
}
