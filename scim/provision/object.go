package provision

import (
	"context"
	"errors"
	"maps"

	"github.com/zohoscim/zohoscim/mapping"
	"github.com/zohoscim/zohoscim/scim"
)

// object brings one object of the source to the target. The error is one that
// ends the run; that of the object alone is recorded, and the object is tried
// again later.
func (r *run) object(ctx context.Context, obj Object, retry bool) error {
	defer r.lock(obj.Type, obj.Key)()
	t, err := r.begin(ctx, obj, retry)
	if err != nil || t == nil {
		return err
	}
	return r.settle(ctx, t, r.perform(ctx, t))
}

// perform does the steps after the import: scope, match, action.
func (r *run) perform(ctx context.Context, t *task) error {
	t.step(StepImport, StatusSuccess, "read from the source")
	active, reason := r.scope(t.side, t.obj)
	if !active {
		t.step(StepScope, StatusSuccess, reason)
		return r.inactive(ctx, t, reason)
	}
	t.step(StepScope, StatusSuccess, "in scope and active")
	if t.link.ID == "" {
		return r.join(ctx, t)
	}
	t.step(StepMatch, StatusSuccess, "linked to "+t.link.ID)
	err := r.update(ctx, t)
	if errors.Is(err, scim.ErrNotFound) { // gone in the target: it is matched or made again
		return r.join(ctx, t)
	}
	return err
}

// scope says whether an object is to be active in the target.
func (r *run) scope(s *side, obj Object) (active bool, reason string) {
	switch enabled, there := obj.Record["accountEnabled"]; {
	case obj.Deleted == HardDeleted:
		return false, "deleted in the source"
	case obj.Deleted == SoftDeleted:
		return false, "soft-deleted in the source"
	case obj.Type == Group && obj.Record == nil: // only memberships changed
		return true, ""
	case there && !truth(enabled):
		return false, "disabled in the source"
	case !s.mapping.Contains(obj.Record):
		return false, reasonScope
	}
	return true, ""
}

const (
	reasonScope     = "out of scope"
	reasonRedundant = "RedundantExport"
)

func truth(v any) bool {
	switch v := v.(type) {
	case bool:
		return v
	case string:
		return v == "" || v == "True" || v == "true" || v == "TRUE" || v == "1"
	case nil:
		return true
	}
	return false
}

// record is the object's record with what the engine computes: IsSoftDeleted
// and, for a group, members.
func record(obj Object, softDeleted bool) mapping.Record {
	rec := maps.Clone(obj.Record)
	if rec == nil {
		rec = mapping.Record{}
	}
	rec["IsSoftDeleted"] = softDeleted
	if obj.Type == Group && obj.Members != nil {
		rec["members"] = obj.Members
	}
	return rec
}

// update sends the difference to what was sent last.
func (r *run) update(ctx context.Context, t *task) error {
	changed, err := r.updateAttributes(ctx, t)
	if err != nil {
		return err
	}
	members := false
	if t.side.mapping.Allows(mapping.Update) {
		if members, err = r.setMembers(ctx, t); err != nil {
			return err
		}
	}
	if !changed && !members {
		r.skip(t, reasonRedundant)
	}
	return nil
}

// updateAttributes reports whether it did or said anything.
func (r *run) updateAttributes(ctx context.Context, t *task) (bool, error) {
	if t.obj.Record == nil && t.obj.Type == Group {
		return false, nil
	}
	want, err := t.side.mapping.Map(record(t.obj, false), mapping.Update)
	if err != nil {
		return false, err
	}
	refs, err := r.resolve(ctx, t, want)
	if err != nil {
		return false, err
	}
	have, patch, err := r.difference(ctx, t, want)
	if err != nil {
		return false, err
	}
	if patch != nil && !t.side.mapping.Allows(mapping.Update) {
		r.skip(t, "updating is switched off")
		return true, nil
	}
	if patch == nil {
		return false, r.settled(ctx, t, have, refs)
	}
	before := t.link.Sent
	if err := r.send(ctx, t, have, patch, refs); err != nil {
		return false, err
	}
	r.done(t, Event{Action: Updated, Paths: patchPaths(patch), typ: t.side.mapping.Type(), sent: before, patch: patch})
	return true, nil
}

// difference returns what the target has, as far as it is known, and the PATCH
// that brings it to what is wanted, nil if it is there.
func (r *run) difference(ctx context.Context, t *task, want *mapping.Result) (*scim.Resource, *scim.Patch, error) {
	if r.job.Reconcile || t.link.Doubt {
		have, err := r.target.get(ctx, t.side, t.link.ID)
		if err != nil {
			return nil, nil, err
		}
		return have, t.side.mapping.Diff(have, want), nil
	}
	if string(want.Resource.AppendJSON(nil)) == string(t.link.Sent) && len(want.Cleared) == 0 {
		return nil, nil, nil
	}
	have, err := t.sent()
	if err != nil {
		return nil, nil, err
	}
	return have, t.side.mapping.Diff(have, want), nil
}

// settled keeps what changed of an object although nothing had to be sent:
// what was found in the target, for one.
func (r *run) settled(ctx context.Context, t *task, have *scim.Resource, refs []pending) error {
	var c change
	changed := c.setRefs(t, refs)
	if t.link.Doubt {
		t.link.Sent = have.AppendJSON(nil)
	}
	if t.link.Disabled || t.link.Kept || t.link.Doubt || changed {
		t.link.Disabled, t.link.Kept, t.link.Doubt = false, false, false
		return r.save(ctx, t, c)
	}
	return nil
}

// send sends a PATCH and remembers what the target then has. That a PATCH may
// have been sent is written first: if its answer is lost, or this process, the
// target is read before the next one.
func (r *run) send(ctx context.Context, t *task, have *scim.Resource, patch *scim.Patch, refs []pending) error {
	t.link.Doubt = true
	if err := r.save(ctx, t, change{}); err != nil {
		return err
	}
	if err := r.sync(ctx); err != nil {
		return err
	}
	if err := r.target.patch(ctx, t.side, t.link.ID, patch); err != nil {
		if refused(err) {
			t.link.Doubt = false
			return errors.Join(err, r.save(ctx, t, change{}))
		}
		return err
	}
	if _, err := patch.Apply(have); err != nil {
		return err
	}
	var c change
	c.setRefs(t, refs)
	t.link.Sent, t.link.Disabled, t.link.Kept, t.link.Doubt = have.AppendJSON(nil), false, false, false
	return r.save(ctx, t, c)
}

// sent returns what the target was last given.
func (t *task) sent() (*scim.Resource, error) {
	have, err := scim.DecodeResource(t.side.mapping.Type(), t.link.Sent)
	return have, stateError(err)
}
