package provision

import (
	"context"
	"slices"

	"github.com/zohoscim/zohoscim/mapping"
	"github.com/zohoscim/zohoscim/scim"
)

// resolve gives the references of a mapped object, but for a group's members,
// the ids that they have in the target. It returns those that have none yet:
// they are set when they have.
func (r *run) resolve(ctx context.Context, t *task, want *mapping.Result) (missing []pending, err error) {
	for _, ref := range want.References {
		if t.side.members != nil && ref.Path.String() == t.side.members.String() {
			t.members, t.hasMembers = ref.Keys, true
			continue
		}
		for _, key := range ref.Keys[:min(1, len(ref.Keys))] {
			id, err := r.idOf(ctx, key)
			if err != nil {
				return nil, err
			}
			if id == "" {
				missing = append(missing, pending{ref.Path.String(), key})
				continue
			}
			if err := ref.Path.Set(want.Resource, scim.String(id)); err != nil {
				return nil, err
			}
		}
	}
	return missing, nil
}

// idOf returns the id in the target of the object of a key, "" if it has no
// account.
func (r *run) idOf(ctx context.Context, key string) (string, error) {
	for _, typ := range []string{User, Group} {
		l, err := r.link(ctx, typ, key)
		if err != nil {
			return "", err
		}
		if l.ID != "" {
			return l.ID, nil
		}
	}
	return "", nil
}

// setRefs puts the references that an object waits for into its link, and
// reports whether they changed.
func (c *change) setRefs(t *task, refs []pending) bool {
	if slices.Equal(t.link.Refs, refs) {
		return false
	}
	self := linkKey(t.obj.Type, t.obj.Key)
	for _, ref := range t.link.Refs {
		c.remove(tableWaits, pairKey(ref.Key, self))
	}
	for _, ref := range refs {
		c.put(tableWaits, pairKey(ref.Key, self), []byte{})
	}
	t.link.Refs = refs
	return true
}

// late sets the references to objects that got their accounts since: in this
// cycle, or in one that was killed. Who waits is first sorted by object, so
// that a group gets all its late members at once.
func (r *run) late(ctx context.Context, all bool) error {
	keys, many := r.takeFresh()
	if all || many {
		keys = []string{""}
	}
	return r.lateFor(ctx, keys)
}

// lateFor does that for those who wait for some keys; "" is all.
func (r *run) lateFor(ctx context.Context, keys []string) error {
	for _, key := range keys {
		prefix := ""
		if key != "" {
			prefix = pairKey(key, "")
		}
		err := r.scan(ctx, tableWaits, prefix, func(row string, _ []byte) error {
			key, waiting := splitPair(row)
			id, err := r.idOf(ctx, key)
			if err != nil || id == "" {
				return err
			}
			var c change
			c.put(tableLate, pairKey(waiting, key), []byte{})
			return r.keep(ctx, c)
		})
		if err != nil {
			return err
		}
	}
	if r.again.Load() {
		if err := r.staleMembers(ctx); err != nil {
			return err
		}
	}
	return each(ctx, r, r.lateObjects(ctx), func(l lateObject) string { return l.object }, r.setLate)
}

// lateObject is an object and the keys of references that it can have now.
type lateObject struct {
	object string
	keys   []string
}

// lateObjects yields what late has sorted; a long list in several parts.
func (r *run) lateObjects(ctx context.Context) func(func(lateObject, error) bool) {
	return func(yield func(lateObject, error) bool) {
		var l lateObject
		err := r.scan(ctx, tableLate, "", func(row string, _ []byte) error {
			object, key := splitPair(row)
			if l.object != "" && (object != l.object || len(l.keys) == 4*maxMembers) {
				if !yield(l, nil) {
					return errStop
				}
				l = lateObject{}
			}
			l.object, l.keys = object, append(l.keys, key)
			return nil
		})
		if err == errStop { //nolint:errorlint // the very value
			return
		}
		if err != nil {
			yield(l, err)
		} else if l.object != "" {
			yield(l, nil)
		}
	}
}

// setLate sets late references of one object.
func (r *run) setLate(ctx context.Context, late lateObject) error {
	typ, key := splitLinkKey(late.object)
	defer r.lock(typ, key)()
	t, err := r.resume(ctx, Object{Type: typ, Key: key})
	if err != nil || t == nil {
		return err
	}
	if typ == Group {
		err = r.lateMembers(ctx, t, late.keys)
	}
	if err == nil {
		err = r.lateReferences(ctx, t)
	}
	if err == nil {
		var c change
		for _, key := range late.keys {
			c.remove(tableLate, pairKey(late.object, key))
			c.remove(tableWaits, pairKey(key, late.object))
		}
		return r.keep(ctx, c)
	}
	return r.failLate(ctx, t, err)
}

// lateReferences sets those references of an object's link that have an
// account now.
func (r *run) lateReferences(ctx context.Context, t *task) error {
	if len(t.link.Refs) == 0 || t.link.ID == "" {
		return nil
	}
	have, err := t.sent()
	if t.link.Doubt {
		have, err = r.target.get(ctx, t.side, t.link.ID)
	}
	if err != nil {
		return err
	}
	want := &mapping.Result{Resource: scim.NewResource(t.side.mapping.Type())}
	var left []pending
	for _, ref := range t.link.Refs {
		id, err := r.idOf(ctx, ref.Key)
		if err != nil {
			return err
		}
		if id == "" {
			left = append(left, ref)
			continue
		}
		for _, path := range t.side.mapping.Owned() {
			if path.String() == ref.Path {
				if err := path.Set(want.Resource, scim.String(id)); err != nil {
					return err
				}
				want.Flowed = append(want.Flowed, path)
			}
		}
	}
	patch := t.side.mapping.Diff(have, want)
	if patch == nil {
		return r.settled(ctx, t, have, left)
	}
	before := t.link.Sent
	if err := r.send(ctx, t, have, patch, left); err != nil {
		return err
	}
	r.done(t, Event{Action: References, Paths: patchPaths(patch), typ: t.side.mapping.Type(), sent: before, patch: patch})
	return nil
}
