package provision

import (
	"context"
	"slices"

	"github.com/zohoscim/zohoscim/mapping"
	"github.com/zohoscim/zohoscim/scim"
)

// maxMembers is how many members one PATCH adds or removes.
const maxMembers = 200

// membership is what a group's members are to be.
type membership struct {
	path *scim.Path
	ids  []string
}

// resolve gives the references of a mapped object the ids that they have in
// the target. One that has none yet is left out, and the object comes again
// when all have been made. Members are returned: they are a set beside the
// resource.
func (r *run) resolve(ctx context.Context, obj Object, want *mapping.Result) (*membership, error) {
	var members *membership
	missing := false
	for _, ref := range want.References {
		ids := make([]string, 0, len(ref.Keys))
		for _, key := range ref.Keys {
			id, err := r.idOf(ctx, key)
			if err != nil {
				return nil, err
			}
			if id == "" {
				missing = true
				continue
			}
			ids = append(ids, id)
		}
		if obj.Type == Group && ref.Path.Attribute().Path() == "members" {
			members = &membership{ref.Path, ids}
			continue
		}
		if len(ids) > 0 {
			if err := ref.Path.Set(want.Resource, scim.String(ids[0])); err != nil {
				return nil, err
			}
		}
	}
	if missing && r.seen != nil {
		r.comeAgain(obj)
	}
	return members, nil
}

// comeAgain puts an object into the pass for late references.
func (r *run) comeAgain(obj Object) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.late = append(r.late, obj)
}

// idOf returns the id in the target of the object of a key, "" if it is not
// linked.
func (r *run) idOf(ctx context.Context, key string) (string, error) {
	for _, typ := range []string{User, Group} {
		l, err := r.links.get(ctx, typ, key)
		if err != nil {
			return "", err
		}
		if l != nil && l.ID != "" {
			return l.ID, nil
		}
	}
	return "", nil
}

// members gives a group the members it is to have, by the difference to
// those it was given last, and reports whether there was one.
func (r *run) members(ctx context.Context, s *side, obj Object, l *link, want *membership) (changed bool, err error) {
	if want == nil {
		return false, nil
	}
	added, removed := want.difference(l.Members)
	if len(added)+len(removed) == 0 {
		return false, nil
	}
	for part := range slices.Chunk(added, maxMembers) {
		if err := r.sendMembers(ctx, s, obj, l, addMembers(want.path, part), append(l.Members, part...)); err != nil {
			return false, err
		}
	}
	for part := range slices.Chunk(removed, maxMembers) {
		left := slices.DeleteFunc(slices.Clone(l.Members), func(id string) bool { return slices.Contains(part, id) })
		if err := r.sendMembers(ctx, s, obj, l, removeMembers(want.path, part), left); err != nil {
			return false, err
		}
	}
	r.done(obj, Event{ID: l.ID, Action: References, Paths: []string{want.path.String()}})
	return true, nil
}

// difference returns what is to be added to a set of ids and removed from it.
func (want *membership) difference(given []string) (added, removed []string) {
	have := make(map[string]bool, len(given))
	for _, id := range given {
		have[id] = true
	}
	wanted := make(map[string]bool, len(want.ids))
	for _, id := range want.ids {
		if !have[id] && !wanted[id] {
			added = append(added, id)
		}
		wanted[id] = true
	}
	for _, id := range given {
		if !wanted[id] {
			removed = append(removed, id)
		}
	}
	return added, removed
}

// sendMembers sends a part of the difference and remembers what the group
// then has.
func (r *run) sendMembers(ctx context.Context, s *side, obj Object, l *link, p *scim.Patch, then []string) error {
	if _, err := s.endpoint.Patch(ctx, l.ID, p, nil); err != nil {
		return err
	}
	l.Members = then
	return r.links.put(ctx, obj.Type, obj.Key, l)
}

func addMembers(path *scim.Path, ids []string) *scim.Patch {
	b := []byte{'['}
	for i, id := range ids {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"value":`...)
		b = scim.String(id).AppendJSON(b)
		b = append(b, '}')
	}
	return &scim.Patch{Operations: []scim.Operation{{Op: scim.OpAdd, Path: path.String(), Value: append(b, ']')}}}
}

func removeMembers(path *scim.Path, ids []string) *scim.Patch {
	p := &scim.Patch{}
	for _, id := range ids {
		p.Operations = append(p.Operations, scim.Operation{Op: scim.OpRemove, Path: path.String() + "[value eq " + quoted(id) + "]"})
	}
	return p
}
