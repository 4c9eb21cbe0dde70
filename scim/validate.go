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

// checkImmutable refuses a replacement that changes an immutable value
// (RFC 7644 section 3.5.1).
func (r *Resource) checkImmutable(old *Resource) error {
	for _, a := range r.typ.root.SubAttributes {
		if a.Mutability == Immutable && a.role == roleNone {
			was := old.tree().get(a)
			if !was.IsZero() && !r.tree().get(a).Equal(was) {
				return &Error{Kind: KindMutability, Path: a.path, Detail: "the attribute cannot be changed once it has a value"}
			}
		}
	}
	return nil
}
