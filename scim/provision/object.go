package provision

import (
	"context"
	"errors"
	"maps"

	"github.com/zohoscim/zohoscim/mapping"
	"github.com/zohoscim/zohoscim/scim"
	"github.com/zohoscim/zohoscim/scim/filter"
)

// object brings one object of the source to the target: scope, match,
// perform.
func (r *run) object(ctx context.Context, obj Object) error {
	defer r.lock(obj.Type, obj.Key)()
	s := r.side(obj.Type)
	l, err := r.links.get(ctx, obj.Type, obj.Key)
	if err != nil {
		return err
	}
	active, reason := r.scope(s, obj)
	r.trace.scope(active, reason)
	if !active {
		return r.inactive(obj, l, reason)
	}
	obj.Record = record(obj, false)
	if l != nil && l.ID != "" {
		r.trace.step(StepMatch, StatusSuccess, "linked to "+l.ID)
		err = r.update(ctx, s, obj, l)
		if !errors.Is(err, scim.ErrNotFound) {
			return err
		}
		// Gone in the target: it is matched or made again.
		if err := r.links.part(ctx, obj.Type, obj.Key, l); err != nil {
			return err
		}
		l = nil
	}
	return r.join(ctx, s, obj, l)
}

// scope says whether an object is to be active in the target.
func (r *run) scope(s *side, obj Object) (active bool, reason string) {
	switch enabled, there := obj.Record["accountEnabled"]; {
	case obj.Deleted == HardDeleted:
		return false, "deleted in the source"
	case obj.Deleted == SoftDeleted:
		return false, "soft-deleted in the source"
	case there && !truth(enabled):
		return false, "disabled in the source"
	case !s.mapping.Contains(obj.Record):
		return false, reasonScope
	}
	return true, ""
}

const reasonScope = "out of scope"

func truth(v any) bool {
	switch v := v.(type) {
	case bool:
		return v
	case string:
		return v == "" || foldTrue(v)
	case nil:
		return true
	}
	return false
}

func foldTrue(s string) bool { return s == "True" || s == "true" || s == "TRUE" || s == "1" }

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

// inactive notes an object that is linked for deprovisioning. One that is
// not was never created and is not now.
func (r *run) inactive(obj Object, l *link, reason string) error {
	skip := func(why string) error {
		r.rec.add(Event{Type: obj.Type, Key: obj.Key, Action: Skipped, Reason: why})
		r.trace.step(StepAction, StatusSkipped, why)
		return nil
	}
	switch {
	case l == nil || l.ID == "":
		return skip(reason + ", not provisioned")
	case l.Disabled && obj.Deleted != HardDeleted:
		return skip(reason + ", disabled before")
	case reason == reasonScope && r.job.SkipOutOfScopeDeletions:
		return skip(reason + ", left alone")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.leave = append(r.leave, leaver{obj, reason, obj.Deleted == HardDeleted})
	return nil
}

// join links an object: to an account that the matching attributes find, or
// to a new one.
func (r *run) join(ctx context.Context, s *side, obj Object, l *link) error {
	want, err := s.mapping.Map(obj.Record, mapping.Create)
	if err != nil {
		return err
	}
	members, err := r.resolve(ctx, obj, want)
	if err != nil {
		return err
	}
	found, err := r.match(ctx, s, obj)
	if err != nil {
		return err
	}
	next := &link{Sent: want.Resource.AppendJSON(nil)}
	switch {
	case found != nil:
		err = r.adopt(ctx, s, obj, l, next, found, want)
	case !s.mapping.Allows(mapping.Create):
		r.skip(obj, "", "creating is switched off")
		return nil
	default:
		if err = r.choose(ctx, s, want); err == nil {
			next.Sent = want.Resource.AppendJSON(nil)
			err = r.create(ctx, s, obj, next, want)
		}
	}
	if err != nil || next.ID == "" {
		return err
	}
	_, err = r.members(ctx, s, obj, next, members)
	return err
}

// choose gives attributes with several candidates the first value that no
// account has (SelectUniqueValue).
func (r *run) choose(ctx context.Context, s *side, want *mapping.Result) error {
	for _, c := range want.Candidates {
		taken := true
		for _, v := range c.Values {
			page, err := s.endpoint.List(ctx, &scim.ListOptions{Filter: scim.FilterEq(c.Path.String(), v.Text())})
			if err != nil {
				return err
			}
			if taken = len(page.Resources) > 0; !taken {
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

func (r *run) skip(obj Object, id, why string) {
	r.rec.add(Event{Type: obj.Type, Key: obj.Key, ID: id, Action: Skipped, Reason: why})
	r.trace.step(StepAction, StatusSkipped, why)
}

// match looks an object up by the matching attributes in their order.
func (r *run) match(ctx context.Context, s *side, obj Object) (*scim.Resource, error) {
	for _, m := range s.mapping.Matching() {
		v, err := m.Value(obj.Record)
		if err != nil {
			return nil, err
		}
		if v.IsZero() {
			continue
		}
		o := &scim.ListOptions{Filter: scim.FilterEq(m.Path.String(), v.Text())}
		if s.name == Group {
			o.ExcludedAttributes = []string{"members"}
		}
		page, err := s.endpoint.List(ctx, o)
		if err != nil {
			return nil, err
		}
		switch len(page.Resources) {
		case 0:
		case 1:
			r.trace.step(StepMatch, StatusSuccess, "found by "+m.Path.String())
			return page.Resources[0], nil
		default:
			return nil, &Error{Code: CodeDuplicateTarget, Detail: "more than one account has this " + m.Path.String() + "; remove all but one"}
		}
	}
	r.trace.step(StepMatch, StatusSuccess, "not in the target")
	return nil, nil
}

// create makes the account. The intent is kept first: if the answer is lost,
// a look-up finds an account that is known to be ours.
func (r *run) create(ctx context.Context, s *side, obj Object, next *link, want *mapping.Result) error {
	if err := r.links.put(ctx, obj.Type, obj.Key, &link{}); err != nil {
		return err
	}
	made, err := s.endpoint.Create(ctx, want.Resource)
	if err != nil && ctx.Err() == nil && lost(err) {
		found, matchErr := r.match(ctx, s, obj)
		if matchErr == nil && found != nil {
			made, err = found, nil
		}
	}
	if err != nil {
		if refused(err) { // nothing was made: the intent is over
			if err := r.links.remove(ctx, obj.Type, obj.Key); err != nil {
				return err
			}
		}
		return err
	}
	next.ID = made.ID()
	if err := r.links.join(ctx, obj.Type, obj.Key, next); err != nil {
		return err
	}
	r.done(obj, Event{ID: next.ID, Action: Created, Paths: pathNames(want.Flowed)})
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
func (r *run) adopt(ctx context.Context, s *side, obj Object, l, next *link, found *scim.Resource, want *mapping.Result) error {
	ours := l != nil // the intent to create it was kept
	if !ours && r.job.Adopt != AdoptMatching {
		return &Error{Code: CodeConflict, Detail: `an account with these matching attributes is in the target and this job does not know it as its own: it was made by someone else, or the job's state was lost; set adopt to "matching" to take it over`}
	}
	owner, err := r.links.owner(ctx, found.ID())
	if err != nil {
		return err
	}
	if owner != "" && owner != linkKey(obj.Type, obj.Key) {
		return &Error{Code: CodeDuplicateSource, Detail: "the account is linked to another object of the source, " + owner}
	}
	patch := s.mapping.Diff(found, want)
	if patch != nil {
		if _, err := s.endpoint.Patch(ctx, found.ID(), patch, nil); err != nil {
			return err
		}
	}
	next.ID = found.ID()
	if err := r.links.join(ctx, obj.Type, obj.Key, next); err != nil {
		return err
	}
	r.done(obj, Event{ID: next.ID, Action: Updated, Reason: "matched", Paths: patchPaths(patch)})
	return nil
}

// update sends the difference to what was sent last.
func (r *run) update(ctx context.Context, s *side, obj Object, l *link) error {
	want, err := s.mapping.Map(obj.Record, mapping.Update)
	if err != nil {
		return err
	}
	members, err := r.resolve(ctx, obj, want)
	if err != nil {
		return err
	}
	last, err := scim.DecodeResource(s.mapping.Type(), l.Sent)
	if err != nil {
		return stateError(err)
	}
	patch := s.mapping.Diff(last, want)
	if patch != nil || members != nil {
		if !s.mapping.Allows(mapping.Update) {
			r.skip(obj, l.ID, "updating is switched off")
			return nil
		}
	}
	if patch != nil {
		if err := r.send(ctx, s, obj, l, last, patch); err != nil {
			return err
		}
		r.done(obj, Event{ID: l.ID, Action: Updated, Paths: patchPaths(patch)})
	}
	changed, err := r.members(ctx, s, obj, l, members)
	if err == nil && !changed && patch == nil && !r.again {
		r.skip(obj, l.ID, "RedundantExport")
	}
	return err
}

// send sends a PATCH and remembers what the target then has.
func (r *run) send(ctx context.Context, s *side, obj Object, l *link, last *scim.Resource, patch *scim.Patch) error {
	if _, err := s.endpoint.Patch(ctx, l.ID, patch, nil); err != nil {
		return err
	}
	if _, err := patch.Apply(last); err != nil {
		return err
	}
	l.Sent, l.Disabled = last.AppendJSON(nil), false
	return r.links.put(ctx, obj.Type, obj.Key, l)
}

// goodbye disables or deletes an object's account.
func (r *run) goodbye(ctx context.Context, leaving leaver) error {
	obj := leaving.obj
	defer r.lock(obj.Type, obj.Key)()
	s := r.side(obj.Type)
	l, err := r.links.get(ctx, obj.Type, obj.Key)
	if err != nil || l == nil || l.ID == "" {
		return err
	}
	switch {
	case leaving.delete && s.mapping.Allows(mapping.Delete):
		err = s.endpoint.Delete(ctx, l.ID, nil)
		if err == nil || errors.Is(err, scim.ErrNotFound) { // gone is what was wanted
			r.done(obj, Event{ID: l.ID, Action: Deleted, Reason: leaving.reason})
			return r.links.part(ctx, obj.Type, obj.Key, l)
		}
		return err
	case leaving.delete:
		r.skip(obj, l.ID, "deleting is switched off")
		return nil
	case s.active == nil:
		r.skip(obj, l.ID, leaving.reason+", and the mapping has no rule for active")
		return nil
	}
	return r.disable(ctx, s, obj, l, leaving.reason)
}

func (r *run) disable(ctx context.Context, s *side, obj Object, l *link, reason string) error {
	last, err := scim.DecodeResource(s.mapping.Type(), l.Sent)
	if err != nil {
		return stateError(err)
	}
	patch := s.disabling(obj, last)
	if patch != nil {
		err = r.send(ctx, s, obj, l, last, patch)
	}
	if errors.Is(err, scim.ErrNotFound) {
		r.skip(obj, l.ID, "gone in the target")
		return r.links.part(ctx, obj.Type, obj.Key, l)
	}
	if err != nil {
		return err
	}
	l.Disabled = true
	if err := r.links.put(ctx, obj.Type, obj.Key, l); err != nil {
		return err
	}
	r.done(obj, Event{ID: l.ID, Action: Disabled, Reason: reason, Paths: patchPaths(patch)})
	return nil
}

// disabling returns the PATCH that disables an account: what the mapping
// makes of a soft-deleted object, or active alone if the source no longer has
// the object.
func (s *side) disabling(obj Object, last *scim.Resource) *scim.Patch {
	if obj.Record != nil {
		// A record that cannot be mapped must not keep its account active.
		want, err := s.mapping.Map(record(obj, true), mapping.Update)
		if err == nil && isFalse(s.active.Get(want.Resource)) {
			return s.mapping.Diff(last, want)
		}
	}
	if isFalse(s.active.Get(last)) {
		return nil
	}
	return &scim.Patch{Operations: []scim.Operation{{Op: scim.OpReplace, Path: s.active.String(), Value: []byte("false")}}}
}

func isFalse(v scim.Value) bool { return v.Kind() == scim.KindBool && !v.Bool() }

func (r *run) done(obj Object, e Event) {
	e.Type, e.Key = obj.Type, obj.Key
	r.rec.add(e)
	r.trace.step(StepAction, StatusSuccess, string(e.Action)+" "+e.ID)
}

func pathNames(paths []*scim.Path) []string {
	out := make([]string, len(paths))
	for i, p := range paths {
		out[i] = p.String()
	}
	return out
}

func patchPaths(p *scim.Patch) []string {
	if p == nil {
		return nil
	}
	out := make([]string, len(p.Operations))
	for i, op := range p.Operations {
		out[i] = op.Path
	}
	return out
}

// quoted returns a text as a filter has it.
func quoted(s string) string { return filter.Literal{Kind: filter.String, Text: s}.String() }
