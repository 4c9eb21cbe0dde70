package scim

// checkRequired refuses a resource without a value that its schemas require
// (RFC 7643 section 2.2), and with more than one primary value.
func (r *Resource) checkRequired() error {
	return checkRequiredIn(r.typ.root, r.tree())
}

func checkRequiredIn(a *Attribute, n *node) error {
	for _, sub := range a.SubAttributes {
		v := n.find(sub)
		switch {
		case sub.Mutability == ReadOnly || sub.role == roleSchemas:
		case v == nil || v.kind == KindText && v.text == "" && sub.Required:
			if sub.Required {
				return invalidValue(sub.path, "the attribute is required")
			}
		case v.kind == KindComplex:
			if err := checkRequiredIn(sub, v.node); err != nil {
				return err
			}
		case v.kind == KindMulti && sub.Type == TypeComplex:
			if err := checkItems(sub, v.node.items); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkItems(a *Attribute, items []Value) error {
	primary := a.names["primary"]
	count := 0
	for _, item := range items {
		if primary != nil && item.node.get(primary).flag {
			count++
		}
		if err := checkRequiredIn(a, item.node); err != nil {
			return err
		}
	}
	if count > 1 {
		return invalidValue(a.path, "only one value can be primary")
	}
	return nil
}

// checkImmutable refuses a change of an immutable value (RFC 7644 sections
// 3.5.1 and 3.5.2).
func (r *Resource) checkImmutable(old *Resource) error {
	if !r.typ.immutable {
		return nil
	}
	return checkImmutableIn(r.typ.root, r.tree(), old.tree())
}

func checkImmutableIn(a *Attribute, n, old *node) error {
	for _, was := range old.members {
		now := n.get(was.attr)
		switch {
		case was.attr.parent != a || was.attr.role == roleLinks || was.attr.Mutability == ReadOnly:
		case was.attr.Mutability == Immutable:
			if !now.Equal(was.val) {
				return immutable(was.attr)
			}
		case was.val.kind == KindComplex:
			if now.node == nil {
				now.node = &node{}
			}
			if err := checkImmutableIn(was.attr, now.node, was.val.node); err != nil {
				return err
			}
		}
	}
	return nil
}

func immutable(a *Attribute) error {
	return &Error{Kind: KindMutability, Path: a.path, Detail: "the attribute cannot be changed once it has a value"}
}

// keep takes over from the old resource what a replacement cannot take away:
// read-only values, immutable ones that it does not name, and "active" if it
// does not name it, because a replacement must not reactivate an account.
func (r *Resource) keep(old *Resource) {
	keepIn(r.typ.root, r.changed(), old.tree())
}

func keepIn(a *Attribute, n, old *node) {
	for _, was := range old.members {
		sub := was.attr
		given := n.find(sub)
		switch {
		case sub.parent != a || sub.role == roleLinks:
		case sub.Mutability == ReadOnly:
			n.set(sub, was.val.clone())
		case given == nil && (sub.Mutability == Immutable || sub.role == roleNone && sub.path == "active"):
			n.set(sub, was.val.clone())
		case was.val.kind != KindComplex:
		case given == nil && sub.role == roleExtension:
			kept := &node{}
			if keepIn(sub, kept, was.val.node); len(kept.members) > 0 {
				n.set(sub, Value{kind: KindComplex, node: kept})
			}
		case given != nil && given.Get("value").Equal(was.val.Get("value")):
			// Another value is another object: what was said about the old
			// manager is not true of the new one.
			keepIn(sub, given.node, was.val.node)
		}
	}
}
