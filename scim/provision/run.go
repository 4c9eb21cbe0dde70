package provision

import (
	"context"
	"crypto/rand"
	"errors"
	"hash/maphash"
	"iter"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zohoscim/zohoscim/mapping"
)

// run is one cycle, plan or on-demand run.
type run struct {
	*Engine
	*session
	target  *target
	sides   map[string]*side
	rec     *recorder
	now     time.Time // of the begin: all objects see one time
	full    bool      // the source is read in full, so that who is not seen is missing
	repeats bool      // an object may come again
	empty   map[string]bool
	traced  bool   // steps are kept
	before  []Step // of an on-demand run, when its object turns out to be one to deprovision
	force   bool   // any number may be disabled and deleted

	seen    map[uint64]struct{} // hashes of the objects of a full read
	pieces  int                 // of groups
	staged  atomic.Int64        // accounts to be disabled or deleted that nobody allowed yet
	created atomic.Int64
	again   atomic.Bool  // an account was made anew
	deletes atomic.Int64 // accounts disabled and deleted in this run

	triedMu sync.Mutex
	tried   map[uint64]struct{} // values of matching attributes that were sent to an empty service
}

// newRun returns a run all of whose objects see one time.
func (e *Engine) newRun(s *session, report *Report) *run {
	r := &run{
		Engine: e, session: s, sides: map[string]*side{}, now: time.Now(),
		target: &target{gate: e.gate}, rec: &recorder{engine: e, report: report},
		empty: map[string]bool{}, traced: len(e.opts.Observers) > 0,
	}
	env := mapping.Env{Now: r.now, Rand: rand.Reader}
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

// task is the work on one object.
type task struct {
	obj     Object
	side    *side
	link    *link
	managed bool // what the state has of the link counts as managed
	escrow  *escrowRow
	fresh   bool // the account was made or found now

	members    []string // keys that a group is to have, if hasMembers
	hasMembers bool
	reference  bool // what is under way is about references only
	staged     bool // it is to be disabled or deleted later: nothing is settled yet

	began  time.Time
	steps  []Step
	traced bool
}

func (t *task) step(name string, status Status, detail string) {
	if t.traced {
		t.steps = append(t.steps, Step{Name: name, Status: status, Detail: detail, Time: time.Now()})
	}
}

// done records what was done to the object of a task.
func (r *run) done(t *task, e Event) {
	e.Type, e.Key, e.Began, e.Ended = t.obj.Type, t.obj.Key, t.began, time.Now()
	if e.ID == "" && t.link != nil {
		e.ID = t.link.ID
	}
	switch e.Action {
	case Skipped:
		t.step(StepAction, StatusSkipped, e.Reason)
	case Failed:
		t.step(StepAction, StatusFailure, e.Err.Error())
	default:
		t.step(StepAction, StatusSuccess, string(e.Action)+" "+e.ID)
	}
	e.Steps = t.steps
	r.rec.add(&e)
}

func (r *run) skip(t *task, why string) { r.done(t, Event{Action: Skipped, Reason: why}) }

// save keeps the task's link, and what else is to change with it.
func (r *run) save(ctx context.Context, t *task, more change) error {
	if err := more.setLink(t.obj.Type, t.obj.Key, t.link, t.managed); err != nil {
		return err
	}
	t.managed = t.link.managed()
	return r.keep(ctx, more)
}

// perWorker is how many objects are in work for each request under way: the
// others wait for the state.
const perWorker = 4

// each runs work on the items of a sequence, several at once, but those of one
// key in their order. It ends at an error of the sequence or of work.
func each[T any](ctx context.Context, r *run, items iter.Seq2[T, error], key func(T) string, work func(context.Context, T) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	queues := make([]chan T, perWorker*r.job.workers())
	var wg sync.WaitGroup
	for i := range queues {
		queue := make(chan T, 4)
		queues[i] = queue
		wg.Go(func() {
			for item := range queue {
				if ctx.Err() != nil {
					continue
				}
				if err := work(ctx, item); err != nil {
					cancel(err)
				}
			}
		})
	}
	err := feed(ctx, items, func(item T) chan<- T {
		return queues[maphash.String(r.seed, key(item))%uint64(len(queues))]
	})
	for _, queue := range queues {
		close(queue)
	}
	wg.Wait()
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return runError(err)
}

func feed[T any](ctx context.Context, items iter.Seq2[T, error], queue func(T) chan<- T) error {
	for item, err := range items {
		if err != nil {
			return err
		}
		select {
		case queue(item) <- item:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// runError gives the end of a context its code.
func runError(err error) error {
	var e *Error
	if err == nil || errors.As(err, &e) {
		return err
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return &Error{Code: CodeCanceled, Err: err}
	}
	return err
}
