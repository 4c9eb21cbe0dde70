package mapping

import (
	"slices"

	"github.com/zohoscim/zohoscim/scim"
)

// Diff returns the smallest PATCH that gives an existing resource the values
// that flowed, or nil if it has them. It looks at the paths the mapping owns
// on update ([Compiled.Owned]) and at nothing else: what the target knows
// beyond the mapping stays.
//
// An attribute that have lacks is added, one that differs is replaced, and
// one in want.Cleared is removed. Texts are compared exactly, letter case
// included; the values of a list in any order; a reference by its value.
// A rule whose Apply only adds never replaces or removes. Members are not
// compared: a group's members are a set to be added to and
// removed from, and not a value to be replaced.
func (c *Compiled) Diff(have *scim.Resource, want *Result) *scim.Patch {
	var patch *scim.Patch
	for i := range c.rules {
		r := &c.rules[i]
		if r.createOnly || r.reference && r.list {
			continue
		}
		op, ok := r.diff(have, want)
		if !ok {
			continue
		}
		if patch == nil {
			patch = new(scim.Patch)
		}
		patch.Operations = append(patch.Operations, op)
	}
	return patch
}

func (r *rule) diff(have *scim.Resource, want *Result) (op scim.Operation, differs bool) {
	w := r.compare.Get(want.Resource)
	found, same := r.same(have, w)
	switch {
	case w.IsZero():
		if found && slices.Contains(want.Cleared, r.path) {
			return scim.Operation{Op: scim.OpRemove, Path: r.path.String()}, true
		}
		return op, false
	case same:
		return op, false
	}
	if found && r.apply >= MultiValueAddOnly && (r.list || r.apply != MultiValueAddOnly) {
		return r.added(have, w)
	}
	op = scim.Operation{Op: scim.OpAdd, Path: r.path.String(), Value: r.path.Get(want.Resource).AppendJSON(nil)}
	if found {
		op.Op = scim.OpReplace
	}
	return op, true
}

// added returns what a rule that only adds does to an attribute that has a
// value: values that a list lacks are added to it.
func (r *rule) added(have *scim.Resource, want scim.Value) (op scim.Operation, differs bool) {
	if !r.list || r.apply == AttributeAddOnly {
		return op, false
	}
	held := r.compare.Get(have)
	var missing []scim.Value
	for w := range want.All() {
		if !holdsElement(held, w) {
			missing = append(missing, w)
		}
	}
	if len(missing) == 0 {
		return op, false
	}
	return scim.Operation{Op: scim.OpAdd, Path: r.path.String(), Value: scim.Multi(missing...).AppendJSON(nil)}, true
}

func holdsElement(list, want scim.Value) bool {
	for h := range list.All() {
		if element(h).Equal(element(want)) {
			return true
		}
	}
	return false
}

// same compares everything the path selects with the value that is wanted.
func (r *rule) same(have *scim.Resource, want scim.Value) (found, same bool) {
	same = true
	for v := range r.compare.All(have) {
		found = true
		if r.list {
			same = same && sameList(v, want)
		} else {
			same = same && v.Equal(want)
		}
	}
	return found, found && same
}

// sameList compares two lists in any order. Of elements with sub-attributes
// the value alone counts: the service provider may have added the others.
func sameList(have, want scim.Value) bool {
	if have.Equal(want) {
		return true
	}
	if have.Len() != want.Len() {
		return false
	}
	used := make([]bool, have.Len())
	for w := range want.All() {
		i, found := 0, false
		for h := range have.All() {
			if !used[i] && element(h).Equal(element(w)) {
				used[i], found = true, true
				break
			}
			i++
		}
		if !found {
			return false
		}
	}
	return true
}

func element(v scim.Value) scim.Value {
	if v.Kind() == scim.KindComplex {
		return v.Get("value")
	}
	return v
}
