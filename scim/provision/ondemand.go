package provision

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"
)

// The steps of an on-demand run, as the portal names them.
const (
	StepConnection = "Test connection"
	StepImport     = "Import"
	StepScope      = "Determine scope"
	StepMatch      = "Match"
	StepAction     = "Perform action"
)

// Status is the outcome of a step.
type Status string

// The outcomes.
const (
	StatusSuccess Status = "success"
	StatusSkipped Status = "skipped"
	StatusFailure Status = "failure"
)

// Step is one step of an on-demand run.
type Step struct {
	Name   string
	Status Status
	Detail string
	Time   time.Time
}

// OnDemand is the result of an on-demand run.
type OnDemand struct {
	Type, Key string
	Steps     []Step
	Events    []Event // what was done to the object
}

// Action returns what was done last, Skipped if nothing was.
func (o *OnDemand) Action() Action {
	if len(o.Events) == 0 {
		return Skipped
	}
	return o.Events[len(o.Events)-1].Action
}

// String returns the steps as lines of text.
func (o *OnDemand) String() string {
	var b strings.Builder
	for _, s := range o.Steps {
		fmt.Fprintf(&b, "%-16s %-8s %s\n", s.Name, s.Status, s.Detail)
	}
	return b.String()
}

// ProvisionOnDemand brings one object of the source to the target now and
// reports the steps. It can run beside a cycle: what the two do to one object
// is done in turn. The object is named by its key. A group is provisioned with
// its members, as far as they have accounts. The error is that of the step
// that failed; the result is never nil.
func (e *Engine) ProvisionOnDemand(ctx context.Context, typ, key string) (*OnDemand, error) {
	out := &OnDemand{Type: typ, Key: key}
	err := e.onDemand(ctx, out)
	if err == nil && len(out.Events) > 0 {
		err = out.Events[len(out.Events)-1].Err
	}
	for _, event := range out.Events {
		out.Steps = append(out.Steps, event.Steps...)
	}
	if err == nil {
		return out, nil
	}
	failure := objectError(linkKey(typ, key), err)
	step := Step{Name: StepImport, Status: StatusFailure, Detail: failure.Error(), Time: time.Now()}
	if failure.Code == CodeInvalidCredentials {
		step.Name = StepConnection
	}
	if n := len(out.Steps); n == 0 {
		out.Steps = []Step{step}
	} else if step.Name == StepConnection {
		out.Steps[n-1] = step
	}
	return out, failure
}

func (e *Engine) onDemand(ctx context.Context, out *OnDemand) error {
	s, ctx, done, err := e.open(ctx, false)
	if err != nil {
		return err
	}
	r := e.newRun(s, &Report{ID: rand.Text(), Job: e.job.Name, Began: time.Now()})
	r.traced, r.rec.events = true, &out.Events
	err = runError(r.oneObject(ctx, out.Type, out.Key))
	if last := done(); err == nil {
		err = last
	}
	return err
}

func (r *run) oneObject(ctx context.Context, typ, key string) error {
	if r.side(typ) == nil {
		return &Error{Code: CodeNotFound, Detail: "the job does not provision this type of object"}
	}
	obj, err := r.find(ctx, typ, key)
	if err != nil {
		return err
	}
	if err := r.object(ctx, obj, false); err != nil {
		return err
	}
	row, err := r.get(ctx, tableStaged, linkKey(typ, key))
	if err != nil {
		return err
	}
	if row != nil {
		return r.goodbye(ctx, row)
	}
	return r.lateFor(ctx, []string{key})
}

// find reads one object from the source.
func (r *run) find(ctx context.Context, typ, key string) (Object, error) {
	if f, ok := r.source.(Finder); ok {
		return f.Find(ctx, typ, key)
	}
	changes, err := r.source.Changes(ctx, "")
	if err != nil {
		return Object{}, sourceError(ctx, err)
	}
	for obj, err := range changes.Objects {
		if err != nil {
			return Object{}, sourceError(ctx, err)
		}
		if obj.Type == typ && obj.Key == key {
			return obj, nil
		}
	}
	return Object{}, &Error{Code: CodeNotFound, Object: linkKey(typ, key), Detail: "the source has no such object"}
}
