package provision

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"hash/maphash"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Cycle runs one cycle. The first one, and one after a change of the
// mappings, reads the whole source. The report is never nil. The error says
// why the cycle ended early, that the limit of disables and deletes was
// reached, or that objects failed; each of them is in the report.
func (e *Engine) Cycle(ctx context.Context) (*Report, error) {
	report := &Report{ID: rand.Text(), Job: e.job.Name, Began: time.Now()}
	err := e.runCycle(ctx, report)
	report.Ended = time.Now()
	if failed := report.Users.Failed + report.Groups.Failed; err == nil && failed > 0 {
		err = fmt.Errorf("provision: %d of %d objects failed, the first: %w", failed, report.Users.Read+report.Groups.Read, report.Failures[0].Err)
	} else if err != nil {
		f := newFailure("", "", err)
		report.Error = &f
	}
	if !errors.Is(err, ErrRunning) && !errors.Is(err, ErrPaused) && !errors.Is(err, ErrDisabled) {
		e.tell(func(o Observer) { o.CycleEnded(report, err) })
	}
	return report, err
}

func (e *Engine) runCycle(ctx context.Context, report *Report) error {
	if !e.cycle.TryLock() {
		return &Error{Code: CodeRunning, Detail: "a cycle of this engine is running"}
	}
	defer e.cycle.Unlock()
	s, ctx, done, err := e.open(ctx, true)
	if err != nil {
		return err
	}
	r := e.newRun(s, report)
	err = runError(r.cycleOnce(ctx))
	if last := done(); err == nil {
		err = last
	}
	return err
}

// cycleOnce reads what is remembered, runs the cycle and remembers how it
// ended.
func (r *run) cycleOnce(ctx context.Context) error {
	job, err := r.loadJob(ctx)
	if err != nil {
		return err
	}
	if err := r.control(ctx, job); err != nil {
		return err
	}
	r.rec.report.Initial = job.Fingerprint == ""
	killed := job.Open
	job.Open, job.Began = true, r.now
	if err := r.saveJob(ctx, job); err != nil {
		return err
	}
	next := *job
	err = r.steps(ctx, &next, killed)
	if r.again.Load() {
		// Who refers to an account that was made anew is repaired by reading
		// everything once more.
		next.Cursor, next.Relinked = "", true
	}
	if err != nil { // the watermark does not move
		next.Cursor, next.Fingerprint, next.Relinked = job.Cursor, job.Fingerprint, next.Relinked || job.Relinked
	}
	return r.finish(ctx, &next, err)
}

// steps are the steps of a cycle.
func (r *run) steps(ctx context.Context, job *jobState, killed bool) error {
	for _, table := range []string{tableGroups, tableStaged} {
		if err := r.clear(ctx, table, ""); err != nil {
			return err
		}
	}
	cursor := job.Cursor
	if job.Fingerprint != r.print || job.Relinked {
		cursor = "" // a new fixed value has to reach everyone
	}
	job.Relinked = false
	changes, err := r.source.Changes(ctx, cursor)
	if err != nil {
		return sourceError(ctx, err)
	}
	if changes == nil || changes.Objects == nil {
		return sourceError(ctx, fmt.Errorf("it returned no objects"))
	}
	r.full, r.repeats = changes.Full, changes.Repeats
	r.rec.report.Full = changes.Full
	if r.rec.plan == nil {
		c := Cycle{ID: r.rec.report.ID, Job: r.job.Name, Began: r.now, Full: changes.Full, Total: changes.Total}
		r.tell(func(o Observer) { o.CycleBegan(c) })
	}
	r.lookForEmpty(ctx, job)
	if cursor, err = r.read(ctx, changes); err != nil {
		return err
	}
	for _, step := range []func() error{
		func() error { return r.retry(ctx, User) },
		func() error { return r.missing(ctx) },
		func() error { return r.guard(ctx, job) },
		func() error { return r.deprovision(ctx) },
		func() error { return r.readGroups(ctx) },
		func() error { return r.retry(ctx, Group) },
		func() error { return r.late(ctx, killed || r.full) },
		func() error { return r.clear(ctx, tableAllowed, "") },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	job.Cursor, job.Fingerprint = cursor, r.print
	return nil
}

// lookForEmpty finds out whether the target is empty, so that the first cycle
// need not look every object up.
func (r *run) lookForEmpty(ctx context.Context, job *jobState) {
	if job.Fingerprint != "" || r.managed() != (managed{}) {
		return
	}
	r.tried = map[uint64]struct{}{}
	for typ, s := range r.sides {
		r.empty[typ] = r.target.isEmpty(ctx, s)
	}
}

func sourceError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return runError(context.Cause(ctx))
	}
	return &Error{Code: CodeSourceFailed, Detail: "the source could not be read to its end; no one was disabled or deleted", Err: err}
}

// read provisions the users of the source and keeps its groups for later. It
// returns where the next read begins.
func (r *run) read(ctx context.Context, changes *Changes) (cursor string, err error) {
	if r.full {
		r.seen = map[uint64]struct{}{}
	}
	err = each(ctx, r, func(yield func(Object, error) bool) {
		for obj, err := range changes.Objects {
			if err != nil {
				yield(obj, sourceError(ctx, err))
				return
			}
			take, err := r.take(ctx, obj)
			if take || err != nil {
				if !yield(obj, err) {
					return
				}
			}
		}
	}, func(obj Object) string { return linkKey(obj.Type, obj.Key) }, func(ctx context.Context, obj Object) error {
		return r.object(ctx, obj, false)
	})
	if err != nil || changes.End == nil {
		return "", err
	}
	if cursor, err = changes.End(); err != nil {
		err = sourceError(ctx, err)
	}
	return cursor, err
}

// take notes an object as seen and reports whether it is to be provisioned
// now: a user, or a group that is to be deprovisioned. The error ends the run.
func (r *run) take(ctx context.Context, obj Object) (bool, error) {
	if obj.Type == Group && r.groups == nil {
		return false, nil // the job has no groups
	}
	if r.side(obj.Type) == nil || !validKey(obj.Key) {
		r.reject(obj, CodeImportSkipped, "an object needs the type User or Group and a key of 1 to 256 bytes without control characters")
		return false, nil
	}
	piece := obj.Type == Group && obj.Members == nil && len(obj.Joined)+len(obj.Left) > 0
	if r.notice(linkKey(obj.Type, obj.Key)) && !r.repeats && !piece {
		r.reject(obj, CodeDuplicateSource, "the source has two objects of this key; the first one counts")
		return false, nil
	}
	r.rec.read(obj.Type)
	if obj.Type == User {
		return true, nil
	}
	if active, _ := r.scope(r.groups, obj); !active {
		return true, nil
	}
	data, err := encodeObject(obj)
	if err != nil {
		r.reject(obj, CodeImportSkipped, "the record has a value of a type that a record cannot have")
		return false, nil
	}
	r.pieces++
	var c change
	c.put(tableGroups, pairKey(obj.Key, fmt.Sprintf("%012d", r.pieces)), data)
	return false, r.keep(ctx, c)
}

func (r *run) reject(obj Object, code Code, detail string) {
	r.rec.read(obj.Type)
	err := &Error{Code: code, Object: linkKey(obj.Type, obj.Key), Detail: detail}
	r.rec.add(&Event{Type: obj.Type, Key: obj.Key, Action: Failed, Err: err, Began: r.now, Ended: r.now})
}

// validKey reports whether a key can be one in every state.
func validKey(key string) bool {
	return key != "" && len(key) <= 256 && utf8.ValidString(key) && !strings.ContainsFunc(key, unicode.IsControl)
}

// notice notes that a full read has an object, and reports whether it was
// noted before. A hash is kept, 8 bytes for each object.
func (r *run) notice(name string) bool {
	if r.seen == nil {
		return false
	}
	h := maphash.String(r.seed, name)
	_, before := r.seen[h]
	r.seen[h] = struct{}{}
	return before
}

func (r *run) wasSeen(name string) bool {
	_, seen := r.seen[maphash.String(r.seed, name)]
	return seen
}

// readGroups provisions the groups that were kept, each with its members.
func (r *run) readGroups(ctx context.Context) error {
	return each(ctx, r, func(yield func(string, error) bool) {
		last := ""
		err := r.scan(ctx, tableGroups, "", func(row string, _ []byte) error {
			key, _ := splitPair(row)
			if key == last {
				return nil
			}
			last = key
			if !yield(key, nil) {
				return errStop
			}
			return nil
		})
		if err != nil && err != errStop { //nolint:errorlint // the very value
			yield("", err)
		}
	}, func(key string) string { return key }, r.readGroup)
}

// readGroup provisions a group as all that was read of it together.
func (r *run) readGroup(ctx context.Context, key string) error {
	var group Object
	first := true
	err := r.scan(ctx, tableGroups, pairKey(key, ""), func(_ string, row []byte) error {
		obj, err := decodeObject(row)
		if first {
			group, first = obj, false
		} else {
			group = merge(group, obj)
		}
		return err
	})
	if err != nil {
		return err
	}
	if r.full && group.Members == nil && group.Joined != nil {
		group.Members, group.Joined = group.Joined, nil
	}
	return r.object(ctx, group, false)
}
