package directory

import (
	"context"
	"errors"
	"iter"
	"maps"
	"slices"

	"github.com/go-json-experiment/json"

	"github.com/zohoscim/zohoscim/scim"
)

// groupPlan is what a group of the service is to become.
type groupPlan struct {
	Name  string   `json:"name"`
	Save  bool     `json:"save,omitzero"`
	Join  []string `json:"join,omitzero"`  // ids of users
	Leave []string `json:"leave,omitzero"` // ids of users
	Gone  bool     `json:"gone,omitzero"`
}

// createGroup keeps a group.
func (d *Directory) createGroup(ctx context.Context, r *scim.Resource, links iter.Seq[scim.Link]) error {
	return d.change(ctx, r.ID(), func(ctx context.Context, w *work) error {
		g := &groupPlan{Name: r.Get("displayName").Text(), Save: true}
		if links != nil {
			for l := range links {
				g.Join = append(g.Join, l.Value)
			}
		}
		if err := d.store.Create(ctx, r, links); err != nil {
			return err
		}
		return d.membersChanged(ctx, w, g, nil)
	})
}

func (d *Directory) updateGroup(ctx context.Context, ref scim.Ref, fn func(*scim.Entry) error) error {
	return d.change(ctx, ref.ID, func(ctx context.Context, w *work) error {
		var g *groupPlan
		var seen *watched
		err := d.store.Update(ctx, ref, func(e *scim.Entry) error {
			was := e.Resource.Get("displayName").Text()
			seen = &watched{Links: e.Links, asked: map[string]bool{}, left: map[string]bool{}}
			seen.departures = d.rules.StatusSync.OnLeaveGroup != Nothing
			e.Links = seen
			err := fn(e)
			e.Links = seen.Links
			name := e.Resource.Get("displayName").Text()
			g = &groupPlan{Name: name, Save: name != was}
			g.Join, g.Leave = seen.named()
			return err
		})
		if err != nil {
			return err
		}
		return d.membersChanged(ctx, w, g, slices.Sorted(maps.Keys(seen.left)))
	})
}

func (d *Directory) deleteGroup(ctx context.Context, ref scim.Ref, fn func(*scim.Entry) error) error {
	return d.change(ctx, ref.ID, func(ctx context.Context, w *work) error {
		var left []string
		g := &groupPlan{Gone: true}
		err := d.store.Delete(ctx, ref, func(e *scim.Entry) error {
			left, g.Name = nil, e.Resource.Get("displayName").Text()
			for l, err := range e.Links.All(ctx, "") {
				if err != nil {
					return err
				}
				left = append(left, l.Value)
			}
			if fn == nil {
				return nil
			}
			return fn(e)
		})
		if err != nil {
			return w.deletedBefore(err)
		}
		return d.membersChanged(ctx, w, g, left)
	})
}

// watched are links that remember who was named, and who left.
type watched struct {
	scim.Links
	departures bool            // left is asked for
	asked      map[string]bool // true: to join
	left       map[string]bool // was a member and is none
}

// Put implements [scim.Links].
func (l *watched) Put(ctx context.Context, links ...scim.Link) (int, error) {
	for _, link := range links {
		delete(l.left, link.Value)
		l.asked[link.Value] = true
	}
	return l.Links.Put(ctx, links...)
}

// Remove implements [scim.Links].
func (l *watched) Remove(ctx context.Context, values ...string) (int, error) {
	for _, value := range values {
		l.asked[value] = false
		if !l.departures {
			continue
		}
		if _, member, err := l.Links.Get(ctx, value); err != nil {
			return 0, err
		} else if member {
			l.left[value] = true
		}
	}
	return l.Links.Remove(ctx, values...)
}

// named returns who was to join and who to leave, in one order for all
// transactions.
func (l *watched) named() (join, leave []string) {
	for value, joins := range l.asked {
		if joins {
			join = append(join, value)
		} else {
			leave = append(leave, value)
		}
	}
	slices.Sort(join)
	slices.Sort(leave)
	return join, leave
}

// membersChanged follows a change of a group: for users that left their last
// group or joined one again, and in the service if it has groups.
func (d *Directory) membersChanged(ctx context.Context, w *work, g *groupPlan, left []string) error {
	if d.rules.StatusSync.OnLeaveGroup != Nothing {
		for _, id := range left {
			if err := d.depart(ctx, w, id, true); err != nil {
				return err
			}
		}
		for _, id := range g.Join {
			if err := d.depart(ctx, w, id, false); err != nil {
				return err
			}
		}
	}
	if _, ok := d.accounts.(Memberships); !ok || !g.Save && !g.Gone && len(g.Join)+len(g.Leave) == 0 {
		return nil
	}
	return d.enlist(ctx, w, w.binding, g)
}

// depart notes that a user has left its last group, or joined one again.
func (d *Directory) depart(ctx context.Context, w *work, id string, leaves bool) error {
	b, err := w.find(ctx, id)
	if err != nil || b.version == 0 || b.departed == leaves || b.released {
		return err
	}
	if b.unfinished() {
		return &unfinishedError{id}
	}
	var user *scim.Resource
	member := false
	err = d.store.View(ctx, scim.Ref{Type: d.rules.user, ID: id}, func(e *scim.Entry) error {
		user = e.Resource.Clone()
		for _, err := range e.Links.Owners(ctx, "") {
			member = true
			return err
		}
		return nil
	})
	switch {
	case errors.Is(err, scim.ErrNotFound) || err == nil && member == leaves:
		return nil
	case err != nil:
		return err
	}
	p := d.decide(b, user, user, leaves)
	b.departed = leaves
	if err := d.settleOne(ctx, w, b, p); errors.Is(err, scim.ErrForbidden) {
		// A protected account is no reason to refuse a change of a group.
		return w.note(ctx, id, Skipped, "the account is protected from provisioning", "")
	} else if err != nil {
		return err
	}
	if b.unfinished() {
		w.later = append(w.later, id)
	}
	return nil
}

// enlist writes down what the service has to be told of a group.
func (d *Directory) enlist(ctx context.Context, w *work, b *binding, g *groupPlan) error {
	b.version++
	var err error
	if b.pending, err = json.Marshal(&plan{Op: opGroup, Group: g}); err != nil {
		return err
	}
	return w.keep(ctx, b)
}

// performGroup tells the service of a group. Users without an account are
// told of when they get one.
func (d *Directory) performGroup(ctx context.Context, id string, g *groupPlan) error {
	m, ok := d.accounts.(Memberships)
	if !ok {
		return nil
	}
	group := Group{ID: id, Name: g.Name}
	if g.Gone {
		return m.DeleteGroup(ctx, group)
	}
	if g.Save {
		if err := m.SaveGroup(ctx, group); err != nil {
			return err
		}
	}
	join, err := d.keys(ctx, g.Join)
	if err != nil {
		return err
	}
	leave, err := d.keys(ctx, g.Leave)
	if err != nil || len(join)+len(leave) == 0 {
		return err
	}
	return m.ChangeMembers(ctx, group, join, leave)
}

// keys returns the keys of the accounts of users that have one.
func (d *Directory) keys(ctx context.Context, ids []string) (out []string, err error) {
	err = d.inTx(ctx, func(ctx context.Context, q *sidecar) error {
		out = nil
		for _, id := range ids {
			b, err := q.find(ctx, id)
			if err != nil {
				return err
			}
			if b.key != "" {
				out = append(out, b.key)
			}
		}
		return nil
	})
	return out, err
}

// recordGroup keeps that the service has been told.
func (d *Directory) recordGroup(ctx context.Context, q *sidecar, b *binding, p *plan) error {
	if err := q.note(ctx, b.id, GroupSaved, "", ""); err != nil {
		return err
	}
	if p.Group.Gone {
		return q.drop(ctx, b)
	}
	return q.keep(ctx, b)
}

// rejoin tells the service of the groups of a user that has got an account.
func (d *Directory) rejoin(ctx context.Context, id, key string) error {
	m, ok := d.accounts.(Memberships)
	if !ok {
		return nil
	}
	owners, err := d.store.Owners(ctx, []string{id})
	if err != nil {
		return err
	}
	for _, o := range owners[id] {
		if err := m.ChangeMembers(ctx, Group{ID: o.Value, Name: o.Display}, []string{key}, nil); err != nil {
			return err
		}
	}
	return nil
}
