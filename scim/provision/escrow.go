package provision

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/zohoscim/zohoscim/scim"
)

// escrowRow is an object that failed. It is kept with the object, so that it
// can be tried again when the source does not give it any more because it did
// not change.
type escrowRow struct {
	Object    jsontext.Value `json:"object"`
	Print     string         `json:"print"` // of the object: another one is tried at once
	Code      Code           `json:"code"`
	Reference bool           `json:"reference,omitzero"` // all but its references is done
	First     time.Time      `json:"first"`
	Tries     int            `json:"tries"`
	Next      time.Time      `json:"next"`
	Cycle     string         `json:"cycle"` // that failed last
}

// escrowTime is how long an object is tried again.
const escrowTime = 28 * 24 * time.Hour

// retryTime returns when to try again what failed first at a time: 6, 12 and
// 24 hours after it and then once a day. What the service or the way to it
// failed at is tried once more before, in the next cycle.
func retryTime(first time.Time, tries int, soon bool) time.Time {
	if soon {
		tries--
	}
	switch {
	case tries <= 0:
		return first
	case tries == 1:
		return first.Add(6 * time.Hour)
	case tries == 2:
		return first.Add(12 * time.Hour)
	}
	return first.Add(time.Duration(tries-2) * 24 * time.Hour)
}

// transient reports whether an error says nothing about the object.
func transient(err error) bool {
	for _, kind := range []error{scim.ErrTransport, scim.ErrUnavailable, scim.ErrRateLimited, context.DeadlineExceeded} {
		if errors.Is(err, kind) {
			return true
		}
	}
	var e *scim.Error
	return errors.As(err, &e) && e.Status >= 500 && e.Status != 501
}

// begin starts the work on an object; the task is nil if the object waits in
// escrow.
func (r *run) begin(ctx context.Context, obj Object, retry bool) (*task, error) {
	t := &task{obj: obj, side: r.side(obj.Type), began: time.Now(), traced: r.traced}
	var err error
	if t.link, err = r.link(ctx, obj.Type, obj.Key); err != nil {
		return nil, err
	}
	t.managed = t.link.managed()
	if !t.link.Escrowed {
		return t, nil
	}
	if t.escrow, err = r.escrowed(ctx, linkKey(obj.Type, obj.Key)); err != nil || t.escrow == nil || retry {
		return t, err
	}
	before, err := decodeObject(t.escrow.Object)
	if err != nil {
		return nil, err
	}
	t.obj = merge(before, obj)
	print, _, err := objectPrint(t.obj)
	switch {
	case err != nil:
		return nil, err
	case print != t.escrow.Print:
		t.escrow.First, t.escrow.Tries = r.now, 0
	case r.now.Before(t.escrow.Next) && r.rec.events == nil:
		r.skip(t, "escrowed: it failed before and is tried again later")
		return nil, nil
	}
	return t, nil
}

// resume starts the work on an object that has an account, without what the
// source says of it; the task is nil if it has none.
func (r *run) resume(ctx context.Context, obj Object) (*task, error) {
	t := &task{obj: obj, side: r.side(obj.Type), began: time.Now(), traced: r.traced}
	if t.side == nil {
		return nil, nil
	}
	var err error
	if t.link, err = r.link(ctx, obj.Type, obj.Key); err != nil || t.link.ID == "" {
		return nil, err
	}
	t.managed = t.link.managed()
	if t.steps = r.before; t.steps != nil {
		t.step(StepMatch, StatusSuccess, "linked to "+t.link.ID)
	}
	if t.link.Escrowed {
		t.escrow, err = r.escrowed(ctx, linkKey(obj.Type, obj.Key))
	}
	return t, err
}

func (r *run) escrowed(ctx context.Context, name string) (*escrowRow, error) {
	row, err := r.get(ctx, tableEscrow, name)
	if err != nil || row == nil {
		return nil, err
	}
	var esc escrowRow
	return &esc, decodeRow(row, &esc)
}

// merge returns what is known of an object that was read before and is read
// again.
func merge(before, obj Object) Object {
	if obj.Record == nil && obj.Deleted == NotDeleted {
		obj.Record = before.Record
	}
	if obj.Members != nil || obj.Deleted != NotDeleted {
		return obj
	}
	left := func(key string) bool { return slices.Contains(obj.Left, key) }
	joined := func(key string) bool { return slices.Contains(obj.Joined, key) }
	if before.Members != nil {
		obj.Members = append(slices.DeleteFunc(slices.Clone(before.Members), left), obj.Joined...)
		obj.Joined, obj.Left = nil, nil
		return obj
	}
	was := obj
	obj.Joined = append(slices.DeleteFunc(slices.Clone(before.Joined), left), was.Joined...)
	obj.Left = append(slices.DeleteFunc(slices.Clone(before.Left), joined), was.Left...)
	return obj
}

func objectPrint(obj Object) (print string, data []byte, err error) {
	data, err = encodeObject(obj)
	h := sha256.Sum256(data)
	return hex.EncodeToString(h[:16]), data, err
}

// maxStreak is how many failures of the service, one after the other, end a
// cycle: it is down, and asking it again for each object would not help it.
const maxStreak = 50

// settle ends the work on an object. The error is one that ends the run.
func (r *run) settle(ctx context.Context, t *task, err error) error {
	if err == nil {
		r.rec.streak.Store(0)
		r.rec.forbidden.Store(0)
		return r.release(ctx, t)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	failure := r.failure(ctx, t, err)
	r.fail(t, failure)
	if endsCycle(failure) {
		return failure
	}
	if err := r.keepEscrow(ctx, t, failure, transient(err)); err != nil {
		return err
	}
	return r.down(err)
}

// failure gives an error its code. That the service forbids a request is about
// the credential only if it forbids everything: an account can be protected.
func (r *run) failure(ctx context.Context, t *task, err error) *Error {
	name := linkKey(t.obj.Type, t.obj.Key)
	if errors.Is(err, scim.ErrForbidden) {
		_, probe := r.target.find(ctx, t.side, t.side.probe, rand.Text())
		if probe == nil && r.rec.forbidden.Add(1) < maxForbidden {
			return &Error{Code: CodeInsufficientRights, Object: name, Detail: "the service does not let this credential change the object", Err: err}
		}
	} else {
		r.rec.forbidden.Store(0)
	}
	return objectError(name, err)
}

// maxForbidden is how many objects, one after the other, may be forbidden
// until the credential is taken for one that may not write.
const maxForbidden = 20

// down returns the error that ends a cycle if the service fails at everything.
func (r *run) down(err error) error {
	if !transient(err) {
		r.rec.streak.Store(0)
		return nil
	}
	if r.rec.streak.Add(1) < maxStreak {
		return nil
	}
	return &Error{Code: CodeUnavailable, Detail: "the service fails at every request; the cycle was ended so as not to add to its load", Err: err}
}

// failLate records that references could not be set late. They are tried again
// in the next cycle.
func (r *run) failLate(ctx context.Context, t *task, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	t.reference = true
	failure := r.failure(ctx, t, err)
	r.fail(t, failure)
	if endsCycle(failure) {
		return failure
	}
	return r.down(err)
}

func (r *run) fail(t *task, failure error) {
	r.done(t, Event{Action: Failed, Err: failure, reference: t.reference})
}

// keepEscrow keeps an object that failed, to be tried again.
func (r *run) keepEscrow(ctx context.Context, t *task, failure *Error, soon bool) error {
	print, data, err := objectPrint(t.obj)
	if err != nil {
		return nil // it cannot be kept; the source will give it again
	}
	esc := t.escrow
	if esc == nil {
		esc = &escrowRow{First: r.now}
	}
	esc.Object, esc.Print, esc.Code, esc.Reference, esc.Cycle = data, print, failure.Code, t.reference, r.rec.report.ID
	esc.Tries++
	esc.Next = retryTime(esc.First, esc.Tries, soon)
	t.link.Escrowed = true
	var c change
	if err := c.row(tableEscrow, linkKey(t.obj.Type, t.obj.Key), esc); err != nil {
		return err
	}
	return r.save(ctx, t, c)
}

// release takes an object out of escrow.
func (r *run) release(ctx context.Context, t *task) error {
	if !t.link.Escrowed || t.staged {
		return nil
	}
	t.link.Escrowed = false
	var c change
	c.remove(tableEscrow, linkKey(t.obj.Type, t.obj.Key))
	return r.save(ctx, t, c)
}

// retry tries the objects in escrow whose time has come, and gives up those
// that failed for 28 days.
func (r *run) retry(ctx context.Context, typ string) error {
	type due struct {
		esc   *escrowRow
		name  string
		prune bool
	}
	return each(ctx, r, func(yield func(due, error) bool) {
		err := r.scan(ctx, tableEscrow, linkKey(typ, ""), func(name string, row []byte) error {
			var esc escrowRow
			if err := decodeRow(row, &esc); err != nil {
				return err
			}
			prune := r.now.Sub(esc.First) > escrowTime
			if esc.Cycle == r.rec.report.ID || !prune && (r.now.Before(esc.Next) || r.full && r.wasSeen(name)) {
				return nil
			}
			if !yield(due{&esc, name, prune}, nil) {
				return errStop
			}
			return nil
		})
		if err != nil && err != errStop { //nolint:errorlint // the very value
			yield(due{}, err)
		}
	}, func(d due) string { return d.name }, func(ctx context.Context, d due) error {
		obj, err := decodeObject(d.esc.Object)
		if err != nil {
			return err
		}
		if d.prune || r.full && obj.Deleted == NotDeleted && !r.wasSeen(d.name) {
			return r.giveUp(ctx, obj, d.prune)
		}
		return r.object(ctx, obj, true)
	})
}

// giveUp takes an object out of escrow that is not tried again: its time is
// over, or the source has no such object any more.
func (r *run) giveUp(ctx context.Context, obj Object, pruned bool) error {
	defer r.lock(obj.Type, obj.Key)()
	t, err := r.begin(ctx, obj, true)
	if err != nil || t == nil {
		return err
	}
	if pruned {
		r.rec.pruned()
		r.skip(t, "given up: it failed for 28 days")
	}
	return r.release(ctx, t)
}
