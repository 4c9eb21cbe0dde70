package scim

import (
	"strings"
)

// decodeMode says whose JSON is read.
type decodeMode uint8

const (
	decodeRequest decodeMode = iota // from a provisioning client: read-only and write-only members are dropped
	decodePatch                     // the value of a PATCH operation: read-only members are refused
	decodeAnswer                    // from a service provider: all is kept, also what no schema names
	decodeStored                    // our own form
)

// profile says how exact a client's JSON has to be.
type profile struct {
	tolerant  bool // take what provisioning clients send although the RFC does not have it
	refuse    bool // an attribute that no schema names is an error
	canonical bool // a value that is none of its attribute's canonical ones is an error
}

// decoder reads JSON straight into the tree and validates in the same pass.
// Texts are parts of the source, so reading makes no copies.
type decoder struct {
	typ  *ResourceType
	mode decodeMode
	profile
	depth int
	named bool     // "schemas" names the core schema
	only  *slotSet // attributes to read at the top; nil is all

	scanner
	arena
	open []member // of the objects that are not read to their end
	list []Value  // of the arrays
}

// DecodeResource reads the JSON of a resource, as a service provider answers
// it. What no schema of the type names is kept and written again by
// [Resource.AppendJSON]. An error names the attribute.
func DecodeResource(t *ResourceType, data []byte) (*Resource, error) {
	r := &Resource{typ: t}
	d := decoder{typ: t, mode: decodeAnswer, profile: profile{tolerant: true}, depth: defaultLimits.JSONDepth}
	if err := d.resource(data, r); err != nil {
		return nil, err
	}
	return r, nil
}

// StoredResource returns the resource that [Resource.AppendStored] encoded.
// It is read when it is first looked at.
func StoredResource(t *ResourceType, data []byte) *Resource {
	if len(data) == 0 {
		return &Resource{typ: t, stored: " "} // not JSON either, and not the "" of a resource without a stored form
	}
	return &Resource{typ: t, stored: string(data)}
}

// resource reads JSON that comes from outside.
func (d *decoder) resource(data []byte, r *Resource) error {
	if err := checkJSON(data, d.depth); err != nil {
		return err
	}
	return d.checked(string(data), r)
}

// checked reads JSON that was checked before.
func (d *decoder) checked(src string, r *Resource) error {
	d.reset(src)
	if d.peek() != '{' {
		return invalidSyntax("the request needs a JSON object")
	}
	scratch := &struct {
		open [32]member
		list [8]Value
	}{}
	d.open, d.list = scratch.open[:0], scratch.list[:0]
	r.top = d.node()
	return d.object(d.typ.root, r.top, r)
}

// reset begins to read JSON that was checked before.
func (d *decoder) reset(src string) {
	d.scanner = scanner{src: src}
	d.hint = len(src)
}

// malformed is the error of a stored form that is none; of what was checked
// before, the scanner finds no mistake.
func (d *decoder) malformed() error {
	return invalidSyntax("the JSON is malformed at byte %d", d.pos)
}

// object reads an object into n, the members of which belong to parent. The
// resource is given for its top level only.
func (d *decoder) object(parent *Attribute, n *node, r *Resource) error {
	d.pos++
	var seen memberSet
	start := len(d.open)
	for {
		name, more, ok := d.name()
		if !ok || more && d.peek() == 0 {
			return d.malformed()
		}
		if !more {
			break
		}
		a := parent.sub(name)
		var err error
		switch {
		case r != nil && d.only != nil && !d.only.has(a):
			_, err = d.pass()
		case !seen.add(a, name):
			return twice(name)
		case a == nil:
			err = d.unknown(parent, name)
		default:
			err = d.member(a, start, r)
		}
		if err != nil {
			return err
		}
	}
	room := 0
	if r != nil {
		room = 3 // what the server adds: id, active, meta
	}
	n.members = d.keepMembers(d.open[start:], room)
	d.open = d.open[:start]
	return nil
}

// put appends a member of the object that begins at start, in schema order.
func (d *decoder) put(start int, a *Attribute, v Value) {
	if v.kind == KindNone {
		return
	}
	d.open = append(d.open, member{a, v})
	for i := len(d.open) - 1; i > start && d.open[i-1].attr.slot > a.slot; i-- {
		d.open[i-1], d.open[i] = d.open[i], d.open[i-1]
	}
}

// memberSet holds the names of the members of one object that were there,
// with a value or without.
type memberSet struct {
	slots [4]uint64       // of attributes
	names map[string]bool // of what has no slot in there, in lower case
}

// add reports whether a member is the first of its name.
func (s *memberSet) add(a *Attribute, name string) bool {
	if a != nil && a.slot < 64*len(s.slots) {
		bit, at := uint64(1)<<(a.slot%64), &s.slots[a.slot/64]
		first := *at&bit == 0
		*at |= bit
		return first
	}
	return s.addName(foldASCII(name))
}

// addName is add for a name in lower case.
func (s *memberSet) addName(name string) bool {
	if s.names[name] {
		return false
	}
	if s.names == nil {
		s.names = map[string]bool{}
	}
	s.names[name] = true
	return true
}

func twice(name string) error {
	return invalidSyntax("the member %q is there twice (names compare without regard to case)", shown(name))
}

// shown returns as much of a name from outside as an error may repeat.
func shown(name string) string {
	if len(name) > 64 {
		return strings.ToValidUTF8(name[:64], "") + "…"
	}
	return name
}

// unknown keeps, drops or refuses a member that no schema names.
func (d *decoder) unknown(parent *Attribute, name string) error {
	if d.refuse {
		path := shown(name)
		if parent.path != "" {
			path = parent.path + "." + path
		}
		return invalidValue(path, "no schema of %s has this attribute", d.typ.name)
	}
	raw, err := d.pass()
	if err != nil {
		return err
	}
	if d.mode == decodeAnswer || d.mode == decodeStored {
		a := &Attribute{Name: name, path: name, parent: parent, slot: 1 << 30, role: roleUnknown, number: -1}
		d.open = append(d.open, member{a, Value{kind: KindRaw, text: raw}})
	}
	return nil
}

func (d *decoder) member(a *Attribute, start int, r *Resource) error {
	if a.role == roleSchemas {
		return d.schemas(r)
	}
	if drop, err := d.readOnly(a); err != nil {
		return err
	} else if drop {
		_, err := d.pass()
		return err
	}
	v, err := d.value(a)
	if err != nil {
		return err
	}
	if a.role == roleLinks {
		r.linksGiven = true
	}
	d.put(start, a, v)
	return nil
}

// readOnly reports whether the attribute's value is to be passed over
// (RFC 7644 sections 3.3 and 3.5.1: read-only values are ignored).
func (d *decoder) readOnly(a *Attribute) (drop bool, err error) {
	if d.mode == decodeAnswer || d.mode == decodeStored {
		return false, nil
	}
	switch a.Mutability {
	case WriteOnly:
		return true, nil
	case ReadOnly:
		// Okta's PATCH repeats the id inside the value.
		if d.mode == decodePatch && !(d.tolerant && (a.role == roleID || a.role == roleMeta || a.parent != d.typ.root && a.parent.role != roleExtension)) {
			return false, &Error{Kind: KindMutability, Path: a.path, Detail: "the attribute is read-only"}
		}
		return true, nil
	}
	return false, nil
}

// schemas reads the "schemas" of a resource. The service provider does not
// need them: what is present says which schemas are used, and provisioning
// clients leave them out, misspell them or add their own.
func (d *decoder) schemas(r *Resource) error {
	raw, err := d.pass()
	if err != nil {
		return err
	}
	for in := (scanner{src: raw}); ; {
		switch in.peek() {
		case 0:
			return nil
		case '"':
			text, escaped := in.text()
			if text == "" {
				return d.malformed()
			}
			uri := unquote(text, escaped)
			known := d.typ.knows(uri)
			d.named = d.named || known && foldASCII(uri) == d.typ.byURI[0].uri
			if (d.mode == decodeAnswer || d.mode == decodeStored) && !known {
				r.extra = append(r.extra, uri)
			}
		default:
			in.pos++
		}
	}
}

func (t *ResourceType) knows(uri string) bool {
	for _, root := range t.byURI {
		if len(root.uri) == len(uri) && (root.attr.Name == uri || root.attr == t.root && t.schema.ID == uri || root.uri == foldASCII(uri)) {
			return true
		}
	}
	return false
}

// pass passes over a value and returns its text.
func (d *decoder) pass() (string, error) {
	raw, ok := d.skip()
	if !ok {
		return "", d.malformed()
	}
	return raw, nil
}
