package mapping

import (
	"errors"
	"slices"
	"strings"

	"github.com/zohoscim/zohoscim/scim"
	"github.com/zohoscim/zohoscim/scim/filter"
)

// target compiles the path and checks that a rule may set it.
func (c *checker) target(r *rule) {
	parsed, err := filter.ParsePath(c.rule.Target, nil)
	if err != nil {
		c.report(&Error{Kind: KindTarget, cause: err})
		return
	}
	path, err := c.typ.ParsePath(c.rule.Target)
	if err != nil {
		c.unknown(parsed, err)
		return
	}
	r.path, r.compare = path, path
	c.shape(r, parsed)
	c.conflict(r, parsed)
}

// unknown reports a path that the resource type does not have, and the
// nearest one that it has.
func (c *checker) unknown(parsed filter.Path, err error) {
	known := new(scim.Error)
	named := errors.As(err, &known) && known.Path != ""
	if named {
		_, other := c.typ.ParsePath(known.Path)
		named = other != nil
	}
	if !named { // the names are right and something else is wrong
		c.report(&Error{Kind: KindTarget, cause: err})
		return
	}
	if c.names == nil {
		c.names = attributeNames(c.typ)
	}
	near := suggestion(known.Path, c.names)
	if near == "" && parsed.Filter != nil { // a name inside the filter
		near = suggestion(parsed.Attr.String()+"."+known.Path, c.names)
	}
	c.fail(KindTarget, "%s has no attribute %q%s", c.typ.Name(), known.Path, near)
}

// conflict refuses a second rule for a target, and rules for a list and for
// elements of it, of which the later one would undo the first.
func (c *checker) conflict(r *rule, parsed filter.Path) {
	key := strings.ToLower(r.path.Attribute().Path())
	list := key
	if parsed.Filter != nil {
		if whole, err := c.typ.ParsePath(parsed.Attr.String()); err == nil {
			list = strings.ToLower(whole.Attribute().Path())
		}
		key += "[" + strings.ToLower(parsed.Filter.String())
	}
	if first := c.seen[key]; first > 0 {
		c.fail(KindConflict, "rule %d has the same target; remove one of them", first)
		return
	}
	c.seen[key] = c.number
	if parsed.Filter == nil {
		if first := c.above[list]; first > 0 {
			c.fail(KindConflict, "rule %d sets an element of this attribute; remove one of them", first)
		}
		return
	}
	if first := c.seen[list]; first > 0 {
		c.fail(KindConflict, "rule %d sets the whole attribute; remove one of them", first)
	}
	c.above[list] = c.number
}

// shape finds out what kind of value the target takes.
func (c *checker) shape(r *rule, parsed filter.Path) {
	a := r.path.Attribute()
	r.boolean = a.Type == scim.TypeBoolean
	r.text = a.Type == scim.TypeString || a.Type == scim.TypeBinary
	r.dateTime = a.Type == scim.TypeDateTime
	r.list = a.MultiValued && parsed.Filter == nil
	switch {
	case a.Mutability == scim.ReadOnly || a.Path() == "schemas":
		c.fail(KindTarget, "the service provider sets this attribute itself")
	case c.reference(r, parsed):
	case a.Type == scim.TypeComplex && (!r.list || !hasSub(a, "value")):
		c.fail(KindTarget, "the attribute has sub-attributes; map one of them, such as %q", c.rule.Target+"."+a.SubAttributes[0].Name)
	case parsed.Filter == nil && parsed.Attr.Sub != "" && c.parentIsList(parsed.Attr):
		c.fail(KindTarget, "the attribute has several values; say which one is meant, such as %s", parsed.Attr.Name+`[type eq "work"].`+parsed.Attr.Sub)
	case parsed.Filter != nil && setsFilter(parsed.Filter, parsed.Sub):
		c.fail(KindTarget, "the filter in brackets already says what this sub-attribute is")
	}
}

// reference finds the targets that refer to other objects: the attributes
// that have a "$ref", such as manager and members.
func (c *checker) reference(r *rule, parsed filter.Path) bool {
	a := r.path.Attribute()
	if strings.EqualFold(parsed.Attr.Sub, "value") {
		parent := parsed.Attr
		parent.Sub = ""
		if p, err := c.typ.ParsePath(parent.String()); err == nil && hasSub(p.Attribute(), "$ref") {
			r.path, a = p, p.Attribute()
		}
	}
	if a.Type != scim.TypeComplex || !hasSub(a, "$ref") || parsed.Filter != nil {
		return false
	}
	r.reference, r.list = true, a.MultiValued
	if !r.list {
		// A service provider adds the manager's name and $ref: whom it
		// points to is in the value.
		if p, err := c.typ.ParsePath(r.path.String() + ".value"); err == nil {
			r.compare = p
		}
	}
	return true
}

func (c *checker) parentIsList(attr filter.AttrPath) bool {
	attr.Sub = ""
	p, err := c.typ.ParsePath(attr.String())
	return err == nil && p.Attribute().MultiValued
}

func hasSub(a *scim.Attribute, name string) bool {
	return slices.ContainsFunc(a.SubAttributes, func(sub *scim.Attribute) bool { return sub.Name == name })
}

// setsFilter reports whether a filter compares the sub-attribute itself.
func setsFilter(e filter.Expr, sub string) bool {
	switch e := e.(type) {
	case *filter.And:
		return slices.ContainsFunc(e.Terms, func(term filter.Expr) bool { return setsFilter(term, sub) })
	case *filter.Compare:
		return strings.EqualFold(e.Attr.Name, sub)
	}
	return false
}

// tryConstants sets the target of an empty resource, so that a path that can
// create nothing and constants of the wrong type are found here and not when
// the first user is sent.
func (c *checker) tryConstants(r *rule) {
	if r.reference {
		return
	}
	if c.rule.Fixed != nil {
		v, _ := r.eval(input{}) // a constant has no error
		c.try(r, "the fixed value", v)
	} else {
		c.try(r, "", sample(r.path.Attribute()))
	}
	if !r.fallback.null() {
		c.try(r, "the default", r.fallback)
	}
}

// try sets the target of an empty resource; what names a constant of the rule.
func (c *checker) try(r *rule, what string, v value) {
	sv, _ := r.convert(v) // one value has no error
	err := r.path.Set(scim.NewResource(c.typ), sv)
	switch {
	case err == nil:
	case errors.Is(err, scim.ErrNoTarget):
		c.fail(KindTarget, `the filter in brackets must say what a new element holds, such as [type eq "work"]`)
	case what != "":
		c.fail(KindSource, "%s is not of the target's type %s", what, r.path.Attribute().Type)
	default:
		c.report(&Error{Kind: KindTarget, Detail: "the attribute cannot be set", cause: err})
	}
}

// sample returns a value that the attribute takes.
func sample(a *scim.Attribute) value {
	switch a.Type {
	case scim.TypeBoolean:
		return boolValue(true)
	case scim.TypeInteger, scim.TypeDecimal:
		return value{kind: kindNumber, text: "1"}
	case scim.TypeDateTime:
		return textValue("2008-01-23T04:56:22Z")
	case scim.TypeBinary:
		return textValue("AAAA")
	}
	return textValue("x")
}
