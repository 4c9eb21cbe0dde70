package scim

import (
	"iter"
	"slices"
	"strconv"
	"strings"
)

// ValueKind says which form a [Value] has.
type ValueKind uint8

// The forms of a value.
const (
	KindNone    ValueKind = iota // no value: the attribute is not present
	KindText                     // string, dateTime, binary and reference attributes
	KindBool                     // boolean attributes
	KindNumber                   // integer and decimal attributes, as exact text
	KindComplex                  // an object of sub-attributes
	KindMulti                    // the values of a multi-valued attribute
	KindRaw                      // the JSON of an attribute that no schema names
)

// Value is one value of an attribute. The zero Value is "not present". A
// Value is read-only; it is valid as long as its resource is not changed.
type Value struct {
	text string
	node *node
	kind ValueKind
	flag bool
}

// node holds the parts of a complex or multi-valued value. A node belongs to
// one resource.
type node struct {
	members []member // in schema order
	items   []Value
}

type member struct {
	attr *Attribute
	val  Value
}

// String returns the value of a string, dateTime, binary or reference
// attribute. The text is kept as it is given.
func String(s string) Value { return Value{kind: KindText, text: s} }

// Bool returns the value of a boolean attribute.
func Bool(b bool) Value { return Value{kind: KindBool, flag: b} }

// Int returns the value of an integer attribute.
func Int(i int64) Value { return Value{kind: KindNumber, text: strconv.FormatInt(i, 10)} }

// Multi returns the values of a multi-valued attribute.
func Multi(values ...Value) Value {
	if len(values) == 0 {
		return Value{}
	}
	return Value{kind: KindMulti, node: &node{items: slices.Clone(values)}}
}

// Kind returns the form of the value.
func (v Value) Kind() ValueKind { return v.kind }

// IsZero reports whether there is no value.
func (v Value) IsZero() bool { return v.kind == KindNone }

// Text returns the text of a string or number, the JSON of an attribute that
// no schema names, and "" for every other kind.
func (v Value) Text() string { return v.text }

// Bool returns the value of a boolean, and false for every other kind.
func (v Value) Bool() bool { return v.flag }

// Get returns the sub-attribute of a complex value by name, without regard
// to case. It is the zero Value if there is none.
func (v Value) Get(name string) Value {
	if v.kind != KindComplex {
		return Value{}
	}
	for _, m := range v.node.members {
		if m.attr.Name == name || len(m.attr.Name) == len(name) && foldASCII(m.attr.Name) == foldASCII(name) {
			return m.val
		}
	}
	return Value{}
}

// Len returns the number of values of a multi-valued attribute, and 0 for
// every other kind.
func (v Value) Len() int {
	if v.kind != KindMulti {
		return 0
	}
	return len(v.node.items)
}

// All returns the values of a multi-valued attribute in order; a single
// value yields itself.
func (v Value) All() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		switch v.kind {
		case KindNone:
		case KindMulti:
			for _, item := range v.node.items {
				if !yield(item) {
					return
				}
			}
		default:
			yield(v)
		}
	}
}

// AppendJSON appends the value's JSON to b; null for the zero Value.
func (v Value) AppendJSON(b []byte) []byte {
	if v.kind == KindNone {
		return append(b, "null"...)
	}
	w := writer{b: b}
	if w.value(v); len(w.b) == len(b) {
		return append(b, "null"...) // an object or a list without a value
	}
	return w.b
}

// Equal reports whether two values are the same, compared exactly and in
// order.
func (v Value) Equal(w Value) bool {
	if v.kind != w.kind || v.text != w.text || v.flag != w.flag {
		return false
	}
	if v.node == w.node {
		return true
	}
	return v.node != nil && w.node != nil && v.node.equal(w.node)
}

func (n *node) equal(m *node) bool {
	return slices.EqualFunc(n.items, m.items, Value.Equal) &&
		slices.EqualFunc(n.members, m.members, func(a, b member) bool {
			return a.attr.Name == b.attr.Name && a.val.Equal(b.val)
		})
}

func (v Value) clone() Value {
	if v.node != nil {
		v.node = v.node.clone()
	}
	return v
}

// newNode returns a node with room for some members: most are filled one by
// one.
func newNode(room int) *node { return &node{members: make([]member, 0, room)} }

// find returns a pointer into the node, or nil.
func (n *node) find(a *Attribute) *Value {
	for i := range n.members {
		if n.members[i].attr == a {
			return &n.members[i].val
		}
	}
	return nil
}

func (n *node) get(a *Attribute) Value {
	if v := n.find(a); v != nil {
		return *v
	}
	return Value{}
}

// set puts a value in schema order; no value removes the member.
func (n *node) set(a *Attribute, v Value) {
	if v.kind == KindNone {
		n.remove(a)
		return
	}
	if at := n.find(a); at != nil {
		*at = v
		return
	}
	i := len(n.members)
	for i > 0 && n.members[i-1].attr.slot > a.slot {
		i--
	}
	n.members = slices.Insert(n.members, i, member{a, v})
}

func (n *node) remove(a *Attribute) bool {
	for i := range n.members {
		if n.members[i].attr == a {
			n.members = slices.Delete(n.members, i, i+1)
			return true
		}
	}
	return false
}

// child returns the node of a complex member, made if it is not there.
func (n *node) child(a *Attribute) *node {
	if v := n.find(a); v != nil && v.node != nil {
		return v.node
	}
	c := newNode(4)
	n.set(a, Value{kind: KindComplex, node: c})
	return c
}

// convert gives v the form that attribute a has, with the conversions that
// provisioning clients need: text for a boolean or number, a bare value for
// a complex attribute's "value", one value for a list.
func convert(a *Attribute, v Value) (Value, error) {
	if v.kind == KindNone || a.role == roleUnknown {
		return v, nil
	}
	if a.MultiValued {
		return convertMulti(a, v)
	}
	return convertSingle(a, v)
}

func convertMulti(a *Attribute, v Value) (Value, error) {
	out := &node{}
	for item := range v.All() {
		c, err := convertSingle(a, item)
		if err != nil {
			return Value{}, err
		}
		if c.kind != KindNone {
			out.items = append(out.items, c)
		}
	}
	if len(out.items) == 0 {
		return Value{}, nil
	}
	return Value{kind: KindMulti, node: out}, nil
}

func convertSingle(a *Attribute, v Value) (Value, error) {
	switch a.Type {
	case TypeComplex:
		return convertComplex(a, v)
	case TypeBoolean:
		if v.kind == KindText {
			return parseBool(a, v.text)
		}
		if v.kind != KindBool {
			return Value{}, invalidValue(a.path, "the attribute takes true or false")
		}
		return v, nil
	case TypeInteger, TypeDecimal:
		if v.kind == KindText || v.kind == KindNumber {
			return parseNumber(a, v.text)
		}
		return Value{}, invalidValue(a.path, "the attribute takes a number of type %s", a.Type)
	default:
		return checkText(a, v)
	}
}

func convertComplex(a *Attribute, v Value) (Value, error) {
	if v.kind == KindComplex {
		for _, m := range v.node.members {
			if m.attr.parent != a {
				return Value{}, invalidValue(a.path, "the value is that of another attribute")
			}
		}
		return v, nil
	}
	sub := a.names["value"]
	if sub == nil || v.kind == KindMulti {
		return Value{}, invalidValue(a.path, "the attribute takes an object of sub-attributes")
	}
	if v.text == "" && v.kind == KindText {
		return Value{}, nil
	}
	inner, err := convertSingle(sub, v)
	if err != nil {
		return Value{}, err
	}
	return Value{kind: KindComplex, node: &node{members: []member{{sub, inner}}}}, nil
}

func parseBool(a *Attribute, s string) (Value, error) {
	switch {
	case s == "":
		return Value{}, nil
	case strings.EqualFold(s, "true"):
		return Bool(true), nil
	case strings.EqualFold(s, "false"):
		return Bool(false), nil
	}
	return Value{}, invalidValue(a.path, "the attribute takes true or false")
}

func parseNumber(a *Attribute, s string) (Value, error) {
	if s == "" {
		return Value{}, nil
	}
	if !isJSONNumber(s) { // it is written as it is: "+1" and "01" are none
		return Value{}, invalidValue(a.path, "the attribute takes a number")
	}
	if a.Type == TypeInteger {
		if _, err := strconv.ParseInt(s, 10, 64); err != nil {
			return Value{}, invalidValue(a.path, "the attribute takes a whole number of at most 64 bits")
		}
	}
	return Value{kind: KindNumber, text: s}, nil
}
