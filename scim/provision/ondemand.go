package provision

import (
	"context"
	"errors"
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

// trace collects steps; a nil trace collects nothing.
type trace struct {
	steps []Step
}

func (t *trace) step(name string, status Status, detail string) {
	if t != nil {
		t.steps = append(t.steps, Step{name, status, detail})
	}
}

func (t *trace) scope(active bool, reason string) {
	if active {
		reason = "in scope and active"
	}
	t.step(StepScope, StatusSuccess, reason)
}

// ProvisionOnDemand brings one object of the source to the target now and
// reports the steps. It can run beside a cycle. The object is named by its
// key. The error is that of the step that failed; the result is never nil.
func (e *Engine) ProvisionOnDemand(ctx context.Context, typ, key string) (*OnDemand, error) {
	out := &OnDemand{Type: typ, Key: key}
	t := &trace{}
	r := e.newRun(&Report{Began: time.Now()}, func(ev Event) {
		out.Events = append(out.Events, ev)
		if e.opts.Observe != nil {
			e.opts.Observe(ev)
		}
	})
	r.trace = t
	err := r.onDemand(ctx, typ, key)
	if err != nil {
		err = objectError(linkKey(typ, key), err)
		name := StepAction
		if len(t.steps) < 2 {
			name = []string{StepImport, StepScope}[len(t.steps)]
		}
		var pe *Error
		if errors.As(err, &pe) && pe.Code == CodeInvalidCredentials {
			name = StepConnection
		}
		t.step(name, StatusFailure, err.Error())
	}
	out.Steps = t.steps
	return out, err
}

func (r *run) onDemand(ctx context.Context, typ, key string) error {
	if r.side(typ) == nil {
		return &Error{Code: CodeNotFound, Detail: "the job does not provision this type of object"}
	}
	obj, err := r.find(ctx, typ, key)
	if err != nil {
		return err
	}
	r.trace.step(StepImport, StatusSuccess, "read from the source")
	if err := r.object(ctx, obj); err != nil {
		return err
	}
	for _, l := range r.leave {
		r.trace.step(StepMatch, StatusSuccess, "linked")
		if err := r.goodbye(ctx, l); err != nil {
			return err
		}
	}
	return nil
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
