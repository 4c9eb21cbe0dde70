package provision

import (
	"context"
	"crypto/rand"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/zohoscim/zohoscim/mapping"
)

// run is one cycle or on-demand run.
type run struct {
	*Engine
	sides map[string]*side
	rec   *recorder
	trace *trace // nil in a cycle

	mu     sync.Mutex
	seen   map[string]bool // keys of the source's objects, by linkKey
	again  bool            // the pass for late references: what has none new is not reported twice
	groups []Object
	late   []Object // objects with a reference to one that had no id yet
	leave  []leaver
}

// leaver is an object that is to be disabled or deleted.
type leaver struct {
	obj    Object // only Type and Key if it is no longer in the source
	reason string
	delete bool
}

// newRun returns a run all of whose objects see one time.
func (e *Engine) newRun(report *Report, observe func(Event)) *run {
	env := mapping.Env{Now: time.Now(), Rand: rand.Reader}
	r := &run{Engine: e, sides: map[string]*side{}, rec: &recorder{report: report, observe: observe}}
	for _, s := range []*side{e.users, e.groups} {
		if s != nil {
			c := *s
			c.mapping = s.mapping.WithEnv(env)
			r.sides[s.name] = &c
		}
	}
	return r
}

// side returns what is done with the objects of a type, nil if nothing is.
func (r *run) side(typ string) *side { return r.sides[typ] }

// Cycle runs one cycle. The first one, and one after a change of the
// mappings, reads the whole source. The report is never nil. The error says
// why the cycle ended early, that the limit of disables and deletes was
// reached, or that objects failed; each of them is in the report.
func (e *Engine) Cycle(ctx context.Context) (*Report, error) {
	report := &Report{Began: time.Now()}
	if !e.cycle.TryLock() {
		report.Ended = report.Began
		return report, &Error{Code: CodeRunning, Detail: "a cycle of this engine is running"}
	}
	defer e.cycle.Unlock()
	r := e.newRun(report, e.opts.Observe)
	r.seen = map[string]bool{}
	err := r.all(ctx)
	report.Ended = time.Now()
	if failed := report.Users.Failed + report.Groups.Failed; err == nil && failed > 0 {
		err = fmt.Errorf("provision: %d of %d objects failed, the first: %w", failed, report.Users.Read+report.Groups.Read, report.Failures[0].Err)
	}
	return report, err
}

func (r *run) all(ctx context.Context) error {
	job, err := r.loadJob(ctx)
	if err != nil {
		return err
	}
	r.rec.report.Initial = job.Fingerprint == ""
	cursor := job.Cursor
	if job.Fingerprint != r.print {
		cursor = "" // a new fixed value has to reach everyone
	}
	changes, err := r.source.Changes(ctx, cursor)
	if err != nil {
		return sourceError(ctx, err)
	}
	r.rec.report.Full = changes.Full
	if err := r.users(ctx, changes); err != nil {
		return err
	}
	if err := r.deprovision(ctx, changes.Full); err != nil {
		return err
	}
	if err := r.groupsAndReferences(ctx); err != nil {
		return err
	}
	// The watermark moves last, and not past an object that failed.
	if r.rec.report.Users.Failed+r.rec.report.Groups.Failed > 0 {
		return nil
	}
	next := &jobState{Version: stateVersion, Fingerprint: r.print}
	if changes.Cursor != nil {
		next.Cursor = changes.Cursor()
	}
	return r.saveJob(ctx, next)
}

func sourceError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return &Error{Code: CodeCanceled, Err: ctx.Err()}
	}
	return &Error{Code: CodeSourceFailed, Detail: "the source could not be read to its end; no one was disabled or deleted", Err: err}
}

// users provisions the users of the source and keeps its groups for later.
func (r *run) users(ctx context.Context, changes *Changes) error {
	return r.each(ctx, func(yield func(Object, error) bool) {
		for obj, err := range changes.Objects {
			if err != nil {
				yield(obj, sourceError(ctx, err))
				return
			}
			take, err := r.take(obj)
			if err != nil {
				r.fail(obj, err)
			}
			if take && !yield(obj, nil) {
				return
			}
		}
	}, r.object)
}

// take notes an object as seen and reports whether it is a user to be
// provisioned now.
func (r *run) take(obj Object) (bool, error) {
	if obj.Key == "" || r.side(obj.Type) == nil {
		if obj.Type == Group {
			return false, nil // the job has no groups
		}
		return false, &Error{Code: CodeImportSkipped, Object: linkKey(obj.Type, obj.Key), Detail: "an object needs a key and the type User or Group"}
	}
	r.rec.read(obj.Type)
	r.mu.Lock()
	defer r.mu.Unlock()
	key := linkKey(obj.Type, obj.Key)
	if r.seen[key] {
		return false, &Error{Code: CodeDuplicateSource, Object: key, Detail: "the source has two objects of this key; the first one counts"}
	}
	r.seen[key] = true
	if obj.Type == Group {
		if obj.Deleted != NotDeleted {
			r.leave = append(r.leave, leaver{obj, "deleted in the source", obj.Deleted == HardDeleted})
			return false, nil
		}
		r.groups = append(r.groups, obj)
		return false, nil
	}
	return true, nil
}

// groupsAndReferences sets what needs the ids of other objects.
func (r *run) groupsAndReferences(ctx context.Context) error {
	for _, pass := range []func() []Object{
		func() []Object { return r.groups },
		func() []Object { r.again = true; return r.late },
	} {
		objects := pass()
		err := r.each(ctx, func(yield func(Object, error) bool) {
			for _, obj := range objects {
				if !yield(obj, nil) {
					return
				}
			}
		}, r.object)
		if err != nil {
			return err
		}
	}
	return nil
}

// each runs work on the objects of a sequence with the job's workers. It
// ends at an error of the sequence, at one that would meet every object, and
// with the context; an error of one object is reported and passed over.
func (r *run) each(ctx context.Context, objects iter.Seq2[Object, error], work func(context.Context, Object) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	queue := make(chan Object)
	var wg sync.WaitGroup
	for range r.job.workers() {
		wg.Go(func() {
			for obj := range queue {
				if ctx.Err() != nil {
					continue
				}
				if err := work(ctx, obj); err != nil && ctx.Err() == nil {
					failure := objectError(linkKey(obj.Type, obj.Key), err)
					r.fail(obj, failure)
					if endsCycle(failure) {
						cancel(failure)
					}
				}
			}
		})
	}
	err := feed(ctx, objects, queue)
	close(queue)
	wg.Wait()
	if err == nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil && ctx.Err() != nil && context.Cause(ctx) == ctx.Err() { //nolint:errorlint // the very value
		err = &Error{Code: CodeCanceled, Err: ctx.Err()}
	}
	return err
}

func feed(ctx context.Context, objects iter.Seq2[Object, error], queue chan<- Object) error {
	for obj, err := range objects {
		if err != nil {
			return err
		}
		select {
		case queue <- obj:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// fail records the failure of one object.
func (r *run) fail(obj Object, err error) {
	r.rec.add(Event{Type: obj.Type, Key: obj.Key, Action: Failed, Err: objectError(linkKey(obj.Type, obj.Key), err)})
}

// deprovision disables and deletes what has left, if that is not more than
// the limit.
func (r *run) deprovision(ctx context.Context, full bool) error {
	linked, err := r.missing(ctx, full)
	if err != nil {
		return err
	}
	slices.SortFunc(r.leave, func(a, b leaver) int {
		return strings.Compare(linkKey(a.obj.Type, a.obj.Key), linkKey(b.obj.Type, b.obj.Key))
	})
	if limit := r.job.deleteLimit(linked); len(r.leave) > limit {
		for _, l := range r.leave {
			r.rec.add(Event{Type: l.obj.Type, Key: l.obj.Key, Action: Staged, Reason: l.reason})
		}
		return &Error{Code: CodeTooManyDeletes, Detail: fmt.Sprintf("%d of %d linked objects would be disabled or deleted and the limit is %d: none was; look at the source and the scope, or raise maxDeletes", len(r.leave), linked, limit)}
	}
	leaving := make(map[string]leaver, len(r.leave))
	for _, l := range r.leave {
		leaving[linkKey(l.obj.Type, l.obj.Key)] = l
	}
	return r.each(ctx, func(yield func(Object, error) bool) {
		for _, l := range r.leave {
			if !yield(l.obj, nil) {
				return
			}
		}
	}, func(ctx context.Context, obj Object) error {
		return r.goodbye(ctx, leaving[linkKey(obj.Type, obj.Key)])
	})
}

// missing adds the linked users that a full read did not have, and counts
// what is linked.
func (r *run) missing(ctx context.Context, full bool) (linked int, err error) {
	users := 0
	for row, err := range r.links.scan(ctx) {
		if err != nil {
			return 0, stateError(err)
		}
		l, err := decodeLink(row.Value)
		if err != nil {
			return 0, err
		}
		if l.ID == "" || l.Disabled {
			continue
		}
		linked++
		typ, key, _ := strings.Cut(row.Key, "/")
		if typ == User {
			users++
		}
		if full && typ == User && !r.seen[row.Key] {
			r.leave = append(r.leave, leaver{obj: Object{Type: typ, Key: key}, reason: "no longer in the source"})
		}
	}
	if full && users > 0 && r.rec.report.Users.Read == 0 {
		return 0, &Error{Code: CodeSourceFailed, Detail: fmt.Sprintf("the source has no users and %d are linked: an empty source is taken for a broken one and disables no one", users)}
	}
	return linked, nil
}
