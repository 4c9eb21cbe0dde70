package scim

import (
	"context"
	"errors"
)

// ownersAround returns, for each of some resources, the owners of its direct
// owners, of those and so on: the groups that a user is in through other
// groups (RFC 7643 section 4.1.2), each once and the nearest first. The
// store is asked once for a level of all the resources together. What lies
// beyond the limits is left out.
func (c *call) ownersAround(ids []string, direct [][]Link) ([][]Link, error) {
	out, level := make([][]Link, len(ids)), make([][]Link, len(ids))
	copy(level, direct)
	seen := make([]map[string]bool, len(ids))
	known := map[string][]Link{} // the owners of those that were asked about
	for range c.limits.GroupDepth {
		found, err := c.ownersOf(level, known)
		if err != nil || !found {
			return out, err
		}
		for i := range level {
			if seen[i] == nil {
				seen[i] = map[string]bool{ids[i]: true}
				for _, l := range direct[i] {
					seen[i][l.Value] = true
				}
			}
			level[i] = nextLevel(level[i], known, seen[i], c.limits.IndirectGroups-len(out[i]))
			out[i] = append(out[i], level[i]...)
		}
	}
	return out, nil
}

// nextLevel returns the owners of links that were not seen yet, up to a
// number of them.
func nextLevel(links []Link, known map[string][]Link, seen map[string]bool, most int) []Link {
	var out []Link
	for _, l := range links {
		for _, owner := range known[l.Value] {
			if !seen[owner.Value] && len(out) < most {
				seen[owner.Value] = true
				out = append(out, owner)
			}
		}
	}
	return out
}

// ownersOf adds the owners of what the links refer to, as far as they are not
// known, and reports whether any of the links has one.
func (c *call) ownersOf(level [][]Link, known map[string][]Link) (found bool, err error) {
	var ask []Link
	for _, links := range level {
		for _, l := range links {
			owners, asked := known[l.Value]
			found = found || len(owners) > 0
			if !asked {
				known[l.Value] = nil
				ask = append(ask, l)
			}
		}
	}
	if len(ask) == 0 {
		return found, nil
	}
	ctx := c.r.Context()
	store, batched := c.store.(OwnerStore)
	if !batched {
		return c.viewOwners(ctx, ask, known, found)
	}
	values := make([]string, len(ask))
	for i, l := range ask {
		values[i] = l.Value
	}
	owners, err := store.Owners(ctx, values)
	for value, links := range owners {
		known[value] = links
		found = found || len(links) > 0
	}
	return found, err
}

// viewOwners asks a store that is no [OwnerStore].
func (c *call) viewOwners(ctx context.Context, ask []Link, known map[string][]Link, found bool) (bool, error) {
	for _, l := range ask {
		for _, t := range c.types {
			if t.name != l.Type {
				continue
			}
			err := c.store.View(ctx, Ref{t, l.Value}, func(e *Entry) (err error) {
				known[l.Value], err = collect(e.Links.Owners(ctx, ""))
				return err
			})
			if err != nil && !errors.Is(err, ErrNotFound) { // gone meanwhile
				return false, err
			}
			found = found || len(known[l.Value]) > 0
		}
	}
	return found, nil
}
