package provision

import (
	"context"
	"errors"
	"hash/maphash"
	"slices"

	"github.com/zohoscim/zohoscim/mapping"
	"github.com/zohoscim/zohoscim/scim"
)

// join links an object: to an account that the matching attributes find, or
// to a new one.
func (r *run) join(ctx context.Context, t *task) error {
	if t.obj.Record == nil {
		return &Error{Code: CodeImportSkipped, Detail: "the group is not provisioned and the source gave only its memberships; a full cycle repairs it"}
	}
	want, err := t.side.mapping.Map(record(t.obj, false), mapping.Create)
	if err != nil {
		return err
	}
	refs, err := r.resolve(ctx, t, want)
	if err != nil {
		return err
	}
	found, err := r.match(ctx, t)
	switch {
	case err != nil:
		return err
	case found != nil:
		err = r.adopt(ctx, t, found, want, refs)
	case !t.side.mapping.Allows(mapping.Create):
		r.skip(t, "creating is switched off")
		return nil
	default:
		err = r.create(ctx, t, want, refs)
	}
	if err != nil {
		return err
	}
	_, err = r.setMembers(ctx, t)
	return err
}

// match looks an object up by the matching attributes in their order, unless
// nothing can be there.
func (r *run) match(ctx context.Context, t *task) (*scim.Resource, error) {
	seek, err := t.seek()
	if err != nil {
		return nil, err
	}
	if r.mustBeNew(t, seek) {
		t.step(StepMatch, StatusSuccess, "the target was empty")
		return nil, nil
	}
	return r.lookUp(ctx, t, seek)
}

// seek returns the values of an object's matching attributes.
func (t *task) seek() ([]sought, error) {
	var out []sought
	for _, m := range t.side.mapping.Matching() {
		v, err := m.Value(t.obj.Record)
		if err != nil {
			return nil, err
		}
		if !v.IsZero() {
			out = append(out, sought{m.Path.String(), v.Text()})
		}
	}
	return out, nil
}

// lookUp asks the target for one value after the other, until there is an
// account that has it.
func (r *run) lookUp(ctx context.Context, t *task, seek []sought) (*scim.Resource, error) {
	for _, s := range seek {
		resources, err := r.target.find(ctx, t.side, s.Path, s.Value)
		if err != nil {
			return nil, err
		}
		switch len(resources) {
		case 0:
		case 1:
			t.step(StepMatch, StatusSuccess, "found by "+s.Path)
			return resources[0], nil
		default:
			return nil, &Error{Code: CodeDuplicateTarget, Detail: "more than one account has this " + s.Path + "; remove all but one"}
		}
	}
	t.step(StepMatch, StatusSuccess, "not in the target")
	return nil, nil
}

// mustBeNew reports whether the target cannot have an account for the object:
// it was empty when the cycle began, and no account was made since for an
// object with the same values.
func (r *run) mustBeNew(t *task, seek []sought) bool {
	if !r.empty[t.obj.Type] {
		return false
	}
	r.triedMu.Lock()
	defer r.triedMu.Unlock()
	isNew := true
	for _, s := range seek {
		h := maphash.String(r.seed, t.obj.Type+"\t"+s.Path+"\t"+scim.Canonical(s.Value))
		_, there := r.tried[h]
		isNew = isNew && !there
		r.tried[h] = struct{}{}
	}
	return isNew && !t.link.Intent && t.link.ID == ""
}

// choose gives attributes with several candidates the first value that no
// account has (SelectUniqueValue).
func (r *run) choose(ctx context.Context, t *task, want *mapping.Result) error {
	for _, c := range want.Candidates {
		taken := true
		for _, v := range c.Values {
			resources, err := r.target.find(ctx, t.side, c.Path.String(), v.Text())
			if err != nil {
				return err
			}
			if taken = len(resources) > 0; !taken {
				if err := c.Path.Set(want.Resource, v); err != nil {
					return err
				}
				break
			}
		}
		if taken {
			return &Error{Code: CodeConflict, Detail: "none of the candidates for " + c.Path.String() + " is free"}
		}
	}
	return nil
}

// create makes the account. The intent is written first: if the answer is
// lost, or this process, a look-up finds an account that is known to be ours.
func (r *run) create(ctx context.Context, t *task, want *mapping.Result, refs []pending) error {
	if limit := int64(r.job.MaxCreates); limit > 0 && r.created.Add(1) > limit {
		return &Error{Code: CodeTooManyCreates, Detail: "the job's limit of new accounts in one cycle is reached; look at the source and its scope, or raise maxCreates"}
	}
	if len(want.Candidates) > 0 { // a value is free until the account that takes it is made
		r.unique.Lock()
		defer r.unique.Unlock()
		if err := r.choose(ctx, t, want); err != nil {
			return err
		}
	}
	before := t.link.Intent
	if err := r.intend(ctx, t); err != nil {
		return err
	}
	id, err := r.target.create(ctx, t.side, want.Resource, t.obj.Key)
	if err != nil && ctx.Err() == nil && (lost(err) || errors.Is(err, scim.ErrUniqueness)) {
		found, matchErr := r.lookUp(ctx, t, t.link.Seek)
		switch {
		case matchErr != nil || found == nil:
		case lost(err):
			id, err = found.ID(), nil
		default: // made meanwhile: by an earlier request of ours, or by someone else
			t.link.Intent = before
			if err := r.save(ctx, t, change{}); err != nil {
				return err
			}
			return r.adopt(ctx, t, found, want, refs)
		}
	}
	if err != nil {
		if refused(err) && !before { // nothing was made: the intent is over
			t.link.Intent, t.link.Seek = false, nil
			return errors.Join(err, r.save(ctx, t, change{}))
		}
		return err
	}
	if err := r.linkTo(ctx, t, id, want, refs); err != nil {
		return err
	}
	r.done(t, Event{Action: Created, Paths: pathNames(want.Flowed), made: want})
	return nil
}

// intend writes that an account may be made now, and returns when that cannot
// be lost. An account that the object had is forgotten with it.
func (r *run) intend(ctx context.Context, t *task) error {
	var c change
	if t.link.ID != "" {
		if err := r.forget(ctx, t, &c); err != nil {
			return err
		}
	}
	seek, err := t.seek()
	if err != nil {
		return err
	}
	t.link.Intent, t.link.Seek = true, seek
	if err := r.save(ctx, t, c); err != nil {
		return err
	}
	return r.sync(ctx)
}

// forget takes the account from an object's link. Who refers to it is looked
// at again.
func (r *run) forget(ctx context.Context, t *task, c *change) error {
	c.remove(tableTargets, linkKey(t.obj.Type, t.link.ID))
	r.again.Store(true)
	t.link.ID, t.link.Sent, t.link.Print, t.link.Disabled, t.link.Kept = "", nil, "", false, false
	if t.obj.Type == Group {
		return r.clear(ctx, tableMembers, pairKey(t.obj.Key, ""))
	}
	return nil
}

// linkTo keeps that an account is the object's, and what it has.
func (r *run) linkTo(ctx context.Context, t *task, id string, want *mapping.Result, refs []pending) error {
	var c change
	c.put(tableTargets, linkKey(t.obj.Type, id), []byte(linkKey(t.obj.Type, t.obj.Key)))
	c.setRefs(t, refs)
	t.link.ID, t.link.Intent, t.link.Seek, t.link.Doubt, t.link.Sent = id, false, nil, false, want.Resource.AppendJSON(nil)
	if err := r.save(ctx, t, c); err != nil {
		return err
	}
	r.joined(t.obj.Key)
	return nil
}

// lost reports whether an account may have been made although the request
// failed; refused reports that it was not.
func lost(err error) bool { return !scim.SafeToRetry(err) && !refused(err) }

func refused(err error) bool {
	var e *scim.Error
	return errors.As(err, &e) && scim.IsRemote(err) && e.Status >= 400 && e.Status < 500
}

// adopt links an account that is there already, if it is ours or may be
// taken over.
func (r *run) adopt(ctx context.Context, t *task, found *scim.Resource, want *mapping.Result, refs []pending) error {
	if !t.link.Intent && r.job.Adopt != AdoptMatching && found.ID() != t.link.ID {
		return &Error{Code: CodeConflict, Detail: `an account with these matching attributes is in the target and this job does not know it as its own: it was made by someone else, or the job's state was lost; set adopt to "matching" to take it over`}
	}
	self := linkKey(t.obj.Type, t.obj.Key)
	owner, err := r.get(ctx, tableTargets, linkKey(t.obj.Type, found.ID()))
	if err != nil {
		return err
	}
	if owner != nil && string(owner) != self {
		return &Error{Code: CodeDuplicateSource, Detail: "the account is linked to another object of the source, " + string(owner)}
	}
	before := found.AppendJSON(nil)
	patch := t.side.mapping.Diff(found, want)
	if patch != nil {
		if err := r.target.patch(ctx, t.side, found.ID(), patch); err != nil {
			return err
		}
	}
	if t.link.ID != "" && t.link.ID != found.ID() {
		var c change
		if err := r.forget(ctx, t, &c); err != nil {
			return err
		}
		if err := r.save(ctx, t, c); err != nil {
			return err
		}
	}
	if err := r.linkTo(ctx, t, found.ID(), want, refs); err != nil {
		return err
	}
	r.done(t, Event{Action: Updated, Reason: "matched", Paths: patchPaths(patch), typ: t.side.mapping.Type(), sent: slices.Clone(before), patch: patch})
	return nil
}
