package provision

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"

	"github.com/zohoscim/zohoscim/scim"
	"github.com/zohoscim/zohoscim/scim/filter"
)

// maxMembers is how many members one PATCH adds or removes.
const maxMembers = 200

// doubt is before the id in a row of tableMembers while a PATCH may be under
// way: the member is sent again, which does nothing if it arrived.
const doubt = "?"

// member is a member of a group by its key in the source and its id in the
// target.
type member struct{ key, id string }

// setMembers gives a group the members that it is to have, by the difference
// to those that it was given, and reports whether there was one.
func (r *run) setMembers(ctx context.Context, t *task) (changed bool, err error) {
	if t.side.members == nil || t.link.ID == "" {
		return false, nil
	}
	t.reference = true
	defer func() { t.reference = err != nil }()
	var diff memberDiff
	switch {
	case t.hasMembers:
		keys := slices.Compact(slices.Sorted(slices.Values(t.members)))
		if diff.print = membersPrint(keys); diff.print == t.link.Print {
			return false, nil
		}
		err = r.compareMembers(ctx, t, keys, &diff)
	case len(t.obj.Joined)+len(t.obj.Left) > 0:
		err = r.changeMembers(ctx, t, &diff)
	default:
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return r.sendMembers(ctx, t, &diff)
}

// memberDiff is what is to be done to the members of a group.
type memberDiff struct {
	print   string // of the list that it leads to, "" if that is not known
	added   []member
	removed []member
	rows    change // members that have no account yet, or do not have to wait for one any more
}

func membersPrint(keys []string) string {
	h := sha256.New()
	for _, key := range keys {
		h.Write([]byte(key))
		h.Write([]byte{'\t'})
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// compareMembers compares a complete list, sorted, with what the group was
// given. Nothing is read from the target.
func (r *run) compareMembers(ctx context.Context, t *task, keys []string, diff *memberDiff) error {
	if !t.fresh {
		err := r.scan(ctx, tableMembers, pairKey(t.obj.Key, ""), func(row string, value []byte) error {
			_, key := splitPair(row)
			for len(keys) > 0 && keys[0] < key {
				if err := r.addMember(ctx, t, keys[0], diff); err != nil {
					return err
				}
				keys = keys[1:]
			}
			if len(keys) == 0 || keys[0] != key {
				diff.removeMember(t, key, string(value))
				return nil
			}
			keys = keys[1:]
			if len(value) == 0 || strings.HasPrefix(string(value), doubt) {
				return r.addMember(ctx, t, key, diff)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	for _, key := range keys {
		if err := r.addMember(ctx, t, key, diff); err != nil {
			return err
		}
	}
	return nil
}

// changeMembers takes up what a delta says: who joined and who left.
func (r *run) changeMembers(ctx context.Context, t *task, diff *memberDiff) error {
	for _, key := range t.obj.Joined {
		row, err := r.get(ctx, tableMembers, pairKey(t.obj.Key, key))
		if err != nil {
			return err
		}
		if len(row) == 0 || strings.HasPrefix(string(row), doubt) {
			if err := r.addMember(ctx, t, key, diff); err != nil {
				return err
			}
		}
	}
	for _, key := range t.obj.Left {
		row, err := r.get(ctx, tableMembers, pairKey(t.obj.Key, key))
		if err != nil {
			return err
		}
		if row != nil {
			diff.removeMember(t, key, string(row))
		}
	}
	return nil
}

// lateMembers adds members that got their accounts since, or new ones.
func (r *run) lateMembers(ctx context.Context, t *task, keys []string) error {
	diff := &memberDiff{print: t.link.Print}
	for _, key := range keys {
		row, err := r.get(ctx, tableMembers, pairKey(t.obj.Key, key))
		if err != nil {
			return err
		}
		if row == nil {
			continue // no member any more
		}
		id, err := r.idOf(ctx, key)
		if err != nil {
			return err
		}
		if id != "" && id != string(row) {
			diff.added = append(diff.added, member{key, id})
		}
	}
	_, err := r.sendMembers(ctx, t, diff)
	return err
}

// staleMembers finds the members whose accounts were made anew and puts them
// among the late ones.
func (r *run) staleMembers(ctx context.Context) error {
	return r.scan(ctx, tableMembers, "", func(row string, value []byte) error {
		group, key := splitPair(row)
		given := strings.TrimPrefix(string(value), doubt)
		if given == "" {
			return nil
		}
		id, err := r.idOf(ctx, key)
		if err != nil || id == "" || id == given {
			return err
		}
		var c change
		c.put(tableLate, pairKey(linkKey(Group, group), key), []byte{})
		return r.keep(ctx, c)
	})
}

// addMember adds a member, or lets the group wait for its account.
func (r *run) addMember(ctx context.Context, t *task, key string, diff *memberDiff) error {
	id, err := r.idOf(ctx, key)
	if err != nil {
		return err
	}
	if id != "" {
		diff.added = append(diff.added, member{key, id})
		return nil
	}
	diff.rows.put(tableMembers, pairKey(t.obj.Key, key), []byte{})
	diff.rows.put(tableWaits, pairKey(key, linkKey(Group, t.obj.Key)), []byte{})
	return nil
}

func (diff *memberDiff) removeMember(t *task, key, value string) {
	if value == "" {
		diff.rows.remove(tableMembers, pairKey(t.obj.Key, key))
		diff.rows.remove(tableWaits, pairKey(key, linkKey(Group, t.obj.Key)))
		return
	}
	diff.removed = append(diff.removed, member{key, strings.TrimPrefix(value, doubt)})
}

// sendMembers sends a difference in parts, each of which is noted before and
// after it is sent.
func (r *run) sendMembers(ctx context.Context, t *task, diff *memberDiff) (changed bool, err error) {
	if len(diff.added)+len(diff.removed) > 0 {
		t.link.Print = ""
	}
	if err := r.save(ctx, t, diff.rows); err != nil {
		return false, err
	}
	for part := range slices.Chunk(diff.added, maxMembers) {
		err = errors.Join(err, r.sendPart(ctx, t, part, true))
		if ends(ctx, err) {
			return true, err
		}
	}
	for part := range slices.Chunk(diff.removed, maxMembers) {
		err = errors.Join(err, r.sendPart(ctx, t, part, false))
		if ends(ctx, err) {
			return true, err
		}
	}
	if err != nil {
		return true, err
	}
	changed = len(diff.added)+len(diff.removed) > 0
	if t.link.Print != diff.print {
		t.link.Print = diff.print
		err = r.save(ctx, t, change{})
	}
	if changed && err == nil {
		r.done(t, Event{Action: References, Paths: []string{t.side.members.String()}, Joined: len(diff.added), Left: len(diff.removed)})
	}
	return changed, err
}

// ends reports whether it makes no sense to send the next part.
func ends(ctx context.Context, err error) bool {
	return ctx.Err() != nil || err != nil && (endsCycle(objectError("", err)) || errors.Is(err, scim.ErrNotFound) || transient(err))
}

// sendPart adds or removes some members. If the service refuses them together,
// halves are tried, so that one of them does not keep the others out.
func (r *run) sendPart(ctx context.Context, t *task, part []member, add bool) error {
	var c change
	for _, m := range part {
		c.put(tableMembers, pairKey(t.obj.Key, m.key), []byte(doubt+m.id))
	}
	if err := r.keep(ctx, c); err != nil {
		return err
	}
	if err := r.sync(ctx); err != nil {
		return err
	}
	patch := removeMembers(t.side.members, part)
	if add {
		patch = addMembers(t.side.members, part)
	}
	err := r.target.patch(ctx, t.side, t.link.ID, patch)
	switch {
	case err == nil, !add && len(part) == 1 && errors.Is(err, scim.ErrNoTarget): // gone is what was wanted
	case !refused(err) || ends(ctx, err):
		return err
	case len(part) > 1:
		half := len(part) / 2
		return errors.Join(r.sendPart(ctx, t, part[:half], add), r.sendPart(ctx, t, part[half:], add))
	default:
		return &Error{Code: CodeInvalidAnchor, Detail: "the service refused the member " + part[0].key + "; the others were set", Err: err}
	}
	var after change
	for _, m := range part {
		if add {
			after.put(tableMembers, pairKey(t.obj.Key, m.key), []byte(m.id))
		} else {
			after.remove(tableMembers, pairKey(t.obj.Key, m.key))
		}
		after.remove(tableWaits, pairKey(m.key, linkKey(Group, t.obj.Key)))
	}
	return r.keep(ctx, after)
}

func addMembers(path *scim.Path, part []member) *scim.Patch {
	b := []byte{'['}
	for i, m := range part {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"value":`...)
		b = scim.String(m.id).AppendJSON(b)
		b = append(b, '}')
	}
	return &scim.Patch{Operations: []scim.Operation{{Op: scim.OpAdd, Path: path.String(), Value: append(b, ']')}}}
}

func removeMembers(path *scim.Path, part []member) *scim.Patch {
	p := &scim.Patch{}
	for _, m := range part {
		id := filter.Literal{Kind: filter.String, Text: m.id}.String()
		p.Operations = append(p.Operations, scim.Operation{Op: scim.OpRemove, Path: path.String() + "[value eq " + id + "]"})
	}
	return p
}
