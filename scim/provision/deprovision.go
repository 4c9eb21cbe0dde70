package provision

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/zohoscim/zohoscim/mapping"
	"github.com/zohoscim/zohoscim/scim"
)

// stagedRow is an account that is to be disabled or deleted.
type stagedRow struct {
	Reason string         `json:"reason"`
	Delete bool           `json:"delete,omitzero"`
	Object jsontext.Value `json:"object"` // its record is not there if the source has no such object any more
}

// inactive stages an object that has an account for deprovisioning. One that
// has none was never created and is not now.
func (r *run) inactive(ctx context.Context, t *task, reason string) error {
	l, gone := t.link, t.obj.Deleted == HardDeleted
	switch {
	case l.ID == "" && !l.Intent:
		r.skip(t, reason+", not provisioned")
	case l.ID == "": // a create whose answer was lost: whether there is an account is found out first
		return r.recover(ctx, t, reason)
	case l.Disabled && !gone:
		r.skip(t, reason+", disabled before")
	case l.Kept:
		r.skip(t, reason+", left alone by an administrator")
	case reason == reasonScope && r.job.SkipOutOfScopeDeletions:
		r.skip(t, reason+", left alone")
	case gone && !t.side.mapping.Allows(mapping.Delete):
		r.skip(t, "deleting is switched off")
	case !gone && t.side.active == nil:
		r.skip(t, reason+", and the mapping has no rule for active")
	default:
		if r.rec.events != nil {
			r.before = t.steps
		}
		t.staged = true
		return r.stage(ctx, t.obj, reason, gone)
	}
	return nil
}

// recover links the account that a lost create has made, if there is one, and
// stages it.
func (r *run) recover(ctx context.Context, t *task, reason string) error {
	found, err := r.lookUp(ctx, t, t.link.Seek)
	if err != nil {
		return err
	}
	if found == nil {
		t.link.Intent, t.link.Seek = false, nil
		r.skip(t, reason+", not provisioned")
		return r.save(ctx, t, change{})
	}
	if err := r.linkTo(ctx, t, found.ID(), &mapping.Result{Resource: found}, nil); err != nil {
		return err
	}
	return r.inactive(ctx, t, reason)
}

// stage notes an account that is to be disabled or deleted.
func (r *run) stage(ctx context.Context, obj Object, reason string, gone bool) error {
	data, err := encodeObject(obj)
	if err != nil {
		return err
	}
	name := linkKey(obj.Type, obj.Key)
	before, err := r.get(ctx, tableStaged, name)
	if err != nil {
		return err
	}
	allowed, err := r.get(ctx, tableAllowed, name)
	if err != nil {
		return err
	}
	if before == nil && allowed == nil {
		r.staged.Add(1)
	}
	var c change
	if err := c.row(tableStaged, name, &stagedRow{reason, gone, data}); err != nil {
		return err
	}
	return r.keep(ctx, c)
}

// missing stages the users with an account that a full read did not have. A
// read without any user is taken for a broken one.
func (r *run) missing(ctx context.Context) error {
	if !r.full {
		return nil
	}
	if n := r.managed().Users; n > 0 && r.rec.report.Users.Read == 0 {
		return &Error{Code: CodeSourceFailed, Detail: fmt.Sprintf("the source has no users and %d have accounts: an empty source is taken for a broken one and disables no one", n)}
	}
	return r.scan(ctx, tableLinks, linkKey(User, ""), func(key string, row []byte) error {
		if r.wasSeen(key) {
			return nil
		}
		l, err := decodeLink(row)
		if err != nil {
			return err
		}
		typ, key := splitLinkKey(key)
		obj := Object{Type: typ, Key: key}
		switch {
		case l.ID == "" && l.Intent:
			return r.missed(ctx, obj)
		case !l.managed() || l.Kept || r.side(User).active == nil:
			return nil
		case l.Escrowed:
			if waits, err := r.waits(ctx, linkKey(typ, key)); err != nil || waits {
				return err
			}
		}
		return r.stage(ctx, obj, reasonMissing, false)
	})
}

// waits reports whether disabling an object failed before and is to be tried
// again later.
func (r *run) waits(ctx context.Context, name string) (bool, error) {
	esc, err := r.escrowed(ctx, name)
	if err != nil || esc == nil || !r.now.Before(esc.Next) {
		return false, err
	}
	obj, err := decodeObject(esc.Object)
	return obj.Deleted != NotDeleted, err
}

const reasonMissing = "no longer in the source"

// missed settles a create whose answer was lost and whose object the source
// does not have any more.
func (r *run) missed(ctx context.Context, obj Object) error {
	defer r.lock(obj.Type, obj.Key)()
	t, err := r.begin(ctx, obj, true)
	if err != nil {
		return err
	}
	t.obj = obj // not what escrow has of it
	return r.settle(ctx, t, r.recover(ctx, t, reasonMissing))
}

// guard lets no one be disabled or deleted if there are too many.
func (r *run) guard(ctx context.Context, job *jobState) error {
	staged, all := int(r.staged.Load()), r.managed()
	limit := r.job.deleteLimit(all.Users + all.Groups)
	day := job.Status.today(r.now)
	if r.force || staged <= limit && staged+day <= r.job.dayLimit(limit) {
		return nil
	}
	err := r.scan(ctx, tableStaged, "", func(key string, row []byte) error {
		typ, key := splitLinkKey(key)
		var s stagedRow
		if err := decodeRow(row, &s); err != nil {
			return err
		}
		r.rec.add(&Event{Type: typ, Key: key, Action: Staged, Reason: s.Reason, Began: r.now, Ended: r.now})
		return nil
	})
	if err != nil {
		return err
	}
	return &Error{Code: CodeTooManyDeletes, Detail: fmt.Sprintf(
		"%d of %d accounts would be disabled or deleted, the limit is %d (%d were in the last 24 hours): none was; look at the source and the scope, then allow or reject them",
		staged, all.Users+all.Groups, limit, day)}
}

// deprovision disables and deletes what is staged.
func (r *run) deprovision(ctx context.Context) error {
	type staged struct {
		name string
		row  []byte
	}
	return each(ctx, r, func(yield func(staged, error) bool) {
		err := r.scan(ctx, tableStaged, "", func(name string, row []byte) error {
			if !yield(staged{name, row}, nil) {
				return errStop
			}
			return nil
		})
		if err != nil && err != errStop { //nolint:errorlint // the very value
			yield(staged{}, err)
		}
	}, func(s staged) string { return s.name }, func(ctx context.Context, s staged) error {
		return r.goodbye(ctx, s.row)
	})
}

// goodbye disables or deletes one account.
func (r *run) goodbye(ctx context.Context, data []byte) error {
	var row stagedRow
	if err := decodeRow(data, &row); err != nil {
		return err
	}
	obj, err := decodeObject(row.Object)
	if err != nil {
		return err
	}
	defer r.lock(obj.Type, obj.Key)()
	allowed, err := r.get(ctx, tableAllowed, linkKey(obj.Type, obj.Key))
	if err != nil {
		return err
	}
	var c change
	c.remove(tableStaged, linkKey(obj.Type, obj.Key))
	c.remove(tableAllowed, linkKey(obj.Type, obj.Key))
	if err := r.keep(ctx, c); err != nil {
		return err
	}
	t, err := r.resume(ctx, obj)
	if err != nil || t == nil || t.link.Disabled && !row.Delete {
		return err
	}
	if row.Delete {
		err = r.delete(ctx, t, row.Reason)
	} else {
		err = r.disable(ctx, t, row.Reason)
	}
	if err == nil && allowed == nil && !r.force { // what was allowed does not use up a limit
		r.deletes.Add(1)
	}
	if obj.Record == nil && obj.Deleted == NotDeleted {
		t.obj.Deleted = SoftDeleted // if it is tried again, there is no record to map
	}
	return r.settle(ctx, t, err)
}

func (r *run) delete(ctx context.Context, t *task, reason string) error {
	err := r.target.delete(ctx, t.side, t.link.ID)
	if err != nil && !errors.Is(err, scim.ErrNotFound) { // gone is what was wanted
		return err
	}
	r.done(t, Event{Action: Deleted, Reason: reason})
	return r.part(ctx, t)
}

// part removes a link for good.
func (r *run) part(ctx context.Context, t *task) error {
	var c change
	again := r.again.Load()
	if err := r.forget(ctx, t, &c); err != nil {
		return err
	}
	if !again {
		r.again.Store(false) // no one gets a new id
	}
	c.setRefs(t, nil)
	t.link.Intent, t.link.Doubt = false, false
	return r.save(ctx, t, c)
}

func (r *run) disable(ctx context.Context, t *task, reason string) error {
	have, err := t.sent()
	if err != nil {
		return err
	}
	if t.link.Doubt {
		if have, err = r.target.get(ctx, t.side, t.link.ID); err != nil && !errors.Is(err, scim.ErrNotFound) {
			return err
		}
	}
	var patch *scim.Patch
	before := t.link.Sent
	if err == nil {
		if patch = t.side.disabling(t.obj, have); patch != nil {
			err = r.send(ctx, t, have, patch, t.link.Refs)
		}
	}
	if errors.Is(err, scim.ErrNotFound) {
		r.skip(t, "gone in the target")
		return r.part(ctx, t)
	}
	if err != nil {
		return err
	}
	t.link.Disabled, t.link.Doubt = true, false
	if err := r.save(ctx, t, change{}); err != nil {
		return err
	}
	r.done(t, Event{Action: Disabled, Reason: reason, Paths: patchPaths(patch), typ: t.side.mapping.Type(), sent: before, patch: patch})
	return nil
}

// disabling returns the PATCH that disables an account: what the mapping
// makes of a soft-deleted object, or active alone if the source no longer has
// the object.
func (s *side) disabling(obj Object, have *scim.Resource) *scim.Patch {
	if obj.Record != nil {
		// A record that cannot be mapped must not keep its account active.
		want, err := s.mapping.Map(record(obj, true), mapping.Update)
		if err == nil && isFalse(s.active.Get(want.Resource)) {
			return s.mapping.Diff(have, want)
		}
	}
	if isFalse(s.active.Get(have)) {
		return nil
	}
	return &scim.Patch{Operations: []scim.Operation{{Op: scim.OpReplace, Path: s.active.String(), Value: []byte("false")}}}
}

func isFalse(v scim.Value) bool { return v.Kind() == scim.KindBool && !v.Bool() }
