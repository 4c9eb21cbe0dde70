package scim

import (
	"bytes"
	"errors"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// decodeMode says whose JSON is read.
type decodeMode uint8

const (
	decodeRequest decodeMode = iota // from a provisioning client: read-only and write-only members are dropped
	decodePatch                     // the value of a PATCH operation: read-only members are refused
	decodeAnswer                    // from a service provider: all is kept, also what no schema names
	decodeStored                    // our own form
)

// decoder reads JSON straight into the tree and validates in the same pass.
type decoder struct {
	typ      *ResourceType
	mode     decodeMode
	tolerant bool // take what provisioning clients send although the RFC does not have it
	refuse   bool // an attribute that no schema names is an error
	depth    int

	src string // texts are parts of it, so reading makes no copies
	in  *jsontext.Decoder
}

// DecodeResource reads the JSON of a resource, as a service provider answers
// it. What no schema of the type names is kept and written again by
// [Resource.AppendJSON]. An error names the attribute.
func DecodeResource(t *ResourceType, data []byte) (*Resource, error) {
	r := NewResource(t)
	d := decoder{typ: t, mode: decodeAnswer, tolerant: true, depth: defaultLimits.JSONDepth}
	if err := d.resource(data, r); err != nil {
		return nil, err
	}
	return r, nil
}

// StoredResource returns the resource that [Resource.AppendStored] encoded.
// It is read when it is first looked at; data must not change.
func StoredResource(t *ResourceType, data []byte) *Resource {
	return &Resource{typ: t, stored: data}
}

func (d *decoder) resource(data []byte, r *Resource) error {
	d.reset(data)
	if d.in.PeekKind() != '{' {
		return d.syntax("a JSON object")
	}
	if err := d.object(d.typ.root, r.top, r); err != nil {
		return err
	}
	return d.end()
}

func (d *decoder) reset(data []byte) {
	d.src = string(data)
	d.in = jsontext.NewDecoder(bytes.NewBuffer(data))
}

// end checks that nothing follows the value.
func (d *decoder) end() error {
	if kind := d.in.PeekKind(); kind != 0 {
		return invalidSyntax("there is more after the end of the JSON value, at byte %d", d.in.InputOffset())
	}
	if _, err := d.in.ReadToken(); err != nil && err.Error() != "EOF" {
		return d.failure(err)
	}
	return nil
}

// object reads an object into n, the members of which belong to parent. The
// resource is given for its top level only.
func (d *decoder) object(parent *Attribute, n *node, r *Resource) error {
	if _, err := d.in.ReadToken(); err != nil {
		return d.failure(err)
	}
	if d.in.StackDepth() > d.depth {
		return invalidSyntax("the JSON is nested deeper than %d levels", d.depth)
	}
	var seen [4]uint64 // members that were there but left no value
	for d.in.PeekKind() == '"' {
		raw, err := d.in.ReadValue()
		if err != nil {
			return d.failure(err)
		}
		a := d.attribute(parent, raw)
		if a == nil {
			if err := d.unknown(parent, n, raw); err != nil {
				return err
			}
			continue
		}
		if bit := uint64(1) << (a.slot % 64); a.slot < 256 {
			if seen[a.slot/64]&bit != 0 {
				return invalidSyntax("the member %q is there twice (names compare without regard to case)", a.path)
			}
			seen[a.slot/64] |= bit
		}
		if err := d.member(a, n, r); err != nil {
			return err
		}
	}
	if _, err := d.in.ReadToken(); err != nil {
		return d.failure(err)
	}
	return nil
}

// attribute resolves a member name that is still in quotes.
func (d *decoder) attribute(parent *Attribute, quoted []byte) *Attribute {
	name := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(name, '\\') >= 0 {
		name, _ = jsontext.AppendUnquote(nil, quoted)
	}
	if a, ok := parent.names[string(name)]; ok {
		return a
	}
	return parent.names[foldASCII(string(name))]
}

// unknown keeps, drops or refuses a member that no schema names.
func (d *decoder) unknown(parent *Attribute, n *node, quoted []byte) error {
	unquoted, _ := jsontext.AppendUnquote(nil, quoted)
	name := string(unquoted)
	if d.refuse {
		return invalidValue(name, "no schema of %s has this attribute", d.typ.name)
	}
	raw, err := d.skip()
	if err != nil {
		return err
	}
	if d.mode == decodeAnswer || d.mode == decodeStored {
		a := &Attribute{Name: name, path: name, parent: parent, slot: 1 << 30, role: roleUnknown, number: -1}
		n.members = append(n.members, member{a, Value{kind: KindRaw, text: raw}})
	}
	return nil
}

func (d *decoder) member(a *Attribute, n *node, r *Resource) error {
	if a.role == roleSchemas {
		return d.schemas(r)
	}
	if drop, err := d.readOnly(a); err != nil {
		return err
	} else if drop {
		_, err := d.skip()
		return err
	}
	v, err := d.value(a)
	if err != nil {
		return err
	}
	if a.role == roleLinks {
		r.linksGiven = true
	}
	n.set(a, v)
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
		if d.mode == decodePatch && !(d.tolerant && (a.role == roleID || a.role == roleMeta || a.parent != d.typ.root)) {
			return false, &Error{Kind: KindMutability, Path: a.path, Detail: "the attribute is read-only"}
		}
		return true, nil
	}
	return false, nil
}

// value reads the value of an attribute. Null, an empty list and an empty
// object are no value (RFC 7643 section 2.5).
func (d *decoder) value(a *Attribute) (Value, error) {
	kind := d.in.PeekKind()
	switch {
	case kind == 'n':
		_, err := d.skip()
		return Value{}, err
	case a.MultiValued && kind == '[':
		return d.list(a)
	case a.MultiValued && (d.tolerant || kind == 0):
		v, err := d.single(a)
		if err != nil || v.kind == KindNone {
			return v, err
		}
		return Multi(v), nil
	case a.MultiValued:
		return Value{}, invalidValue(a.path, "the attribute takes a JSON array")
	case kind == '[' && d.tolerant:
		return d.unwrap(a)
	}
	return d.single(a)
}

// unwrap takes the one value of an array for a single-valued attribute, as
// older Entra connectors send it.
func (d *decoder) unwrap(a *Attribute) (Value, error) {
	if _, err := d.in.ReadToken(); err != nil {
		return Value{}, d.failure(err)
	}
	var v Value
	for count := 0; ; count++ {
		switch kind := d.in.PeekKind(); {
		case kind == ']':
			_, err := d.in.ReadToken()
			return v, err
		case kind == 0:
			return Value{}, d.syntax("a JSON value")
		case count > 0 || kind == '[':
			return Value{}, invalidValue(a.path, "the attribute takes one value")
		}
		var err error
		if a.Type != TypeComplex && d.in.PeekKind() == '{' {
			v, err = d.wrapped(a)
		} else {
			v, err = d.single(a)
		}
		if err != nil {
			return Value{}, err
		}
	}
}

// wrapped reads {"value": x} for an attribute that takes x.
func (d *decoder) wrapped(a *Attribute) (Value, error) {
	if _, err := d.in.ReadToken(); err != nil {
		return Value{}, d.failure(err)
	}
	var v Value
	for d.in.PeekKind() == '"' {
		raw, err := d.in.ReadValue()
		if err != nil {
			return Value{}, d.failure(err)
		}
		if string(raw) != `"value"` {
			if _, err := d.skip(); err != nil {
				return Value{}, err
			}
			continue
		}
		if v, err = d.single(a); err != nil {
			return Value{}, err
		}
	}
	if _, err := d.in.ReadToken(); err != nil {
		return Value{}, d.failure(err)
	}
	return v, nil
}

func (d *decoder) list(a *Attribute) (Value, error) {
	if _, err := d.in.ReadToken(); err != nil {
		return Value{}, d.failure(err)
	}
	if d.in.StackDepth() > d.depth {
		return Value{}, invalidSyntax("the JSON is nested deeper than %d levels", d.depth)
	}
	out := &node{}
	for {
		switch d.in.PeekKind() {
		case ']':
			if _, err := d.in.ReadToken(); err != nil {
				return Value{}, d.failure(err)
			}
			if len(out.items) == 0 {
				return Value{}, nil
			}
			return Value{kind: KindMulti, node: out}, nil
		case 0:
			return Value{}, d.syntax("a JSON value")
		case 'n':
			if _, err := d.skip(); err != nil {
				return Value{}, err
			}
			continue
		}
		v, err := d.single(a)
		if err != nil {
			return Value{}, err
		}
		if v.kind != KindNone {
			out.items = append(out.items, v)
		}
	}
}

func (d *decoder) single(a *Attribute) (Value, error) {
	switch kind := d.in.PeekKind(); kind {
	case 'n':
		_, err := d.skip()
		return Value{}, err
	case '{':
		if a.Type != TypeComplex {
			return Value{}, invalidValue(a.path, "the attribute takes a value of type %s, not an object", a.Type)
		}
		n := &node{}
		if err := d.object(a, n, nil); err != nil {
			return Value{}, err
		}
		if d.tolerant && !a.MultiValued {
			// {"value": ""} is how Entra clears a manager.
			if sub := a.names["value"]; sub != nil && n.get(sub).Equal(String("")) {
				n.remove(sub)
			}
		}
		if len(n.members) == 0 {
			return Value{}, nil
		}
		return Value{kind: KindComplex, node: n}, nil
	case '"', 't', 'f', '0':
		return d.scalar(a, kind)
	case '[':
		return Value{}, invalidValue(a.path, "the attribute takes one value, not an array")
	default:
		return Value{}, d.syntax("a JSON value")
	}
}

func (d *decoder) scalar(a *Attribute, kind jsontext.Kind) (Value, error) {
	raw, err := d.in.ReadValue()
	if err != nil {
		return Value{}, d.failure(err)
	}
	var v Value
	switch kind {
	case 't', 'f':
		v = Bool(kind == 't')
	case '0':
		v = Value{kind: KindNumber, text: d.text(len(raw))}
	default:
		v = String(d.unquote(raw))
	}
	if v.kind == KindText && v.text == "" && a.MultiValued {
		return Value{}, nil
	}
	if !d.tolerant && !sameType(a, v) {
		return Value{}, invalidValue(a.path, "the attribute takes a value of type %s", a.Type)
	}
	if v.kind != KindText && d.tolerant && a.Type == TypeString {
		return Value{}, invalidValue(a.path, "the attribute takes a JSON string")
	}
	return convertSingle(a, v)
}

// sameType reports whether a value needs no conversion.
func sameType(a *Attribute, v Value) bool {
	switch a.Type {
	case TypeBoolean:
		return v.kind == KindBool
	case TypeInteger, TypeDecimal:
		return v.kind == KindNumber
	case TypeComplex:
		return false
	}
	return v.kind == KindText
}

// text returns the last n bytes that were read as part of the source.
func (d *decoder) text(n int) string {
	end := int(d.in.InputOffset())
	return d.src[end-n : end]
}

func (d *decoder) unquote(raw []byte) string {
	if bytes.IndexByte(raw, '\\') < 0 {
		s := d.text(len(raw))
		return s[1 : len(s)-1]
	}
	b, _ := jsontext.AppendUnquote(nil, raw)
	return string(b)
}

// schemas reads the "schemas" of a resource. The service provider does not
// need them: what is present says which schemas are used, and provisioning
// clients leave them out, misspell them or add their own.
func (d *decoder) schemas(r *Resource) error {
	raw, err := d.skip()
	if err != nil || d.mode != decodeAnswer && d.mode != decodeStored {
		return err
	}
	in := jsontext.NewDecoder(strings.NewReader(raw))
	for {
		token, err := in.ReadToken()
		if err != nil {
			return nil
		}
		if token.Kind() == '"' && !d.typ.knows(token.String()) {
			r.extra = append(r.extra, token.String())
		}
	}
}

func (t *ResourceType) knows(uri string) bool {
	for _, root := range t.byURI {
		if root.uri == foldASCII(uri) {
			return true
		}
	}
	return false
}

// skip passes over a value and returns its text.
func (d *decoder) skip() (string, error) {
	raw, err := d.in.ReadValue()
	if err != nil {
		return "", d.failure(err)
	}
	if d.in.StackDepth()+nesting(raw) > d.depth {
		return "", invalidSyntax("the JSON is nested deeper than %d levels", d.depth)
	}
	return d.text(len(raw)), nil
}

// nesting returns how deep arrays and objects lie in valid JSON.
func nesting(raw []byte) int {
	depth, deepest := 0, 0
	quoted := false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
			deepest = max(deepest, depth)
		case c == '}' || c == ']':
			depth--
		}
	}
	return deepest
}

// syntax explains why the next value is not what is wanted.
func (d *decoder) syntax(want string) error {
	if _, err := d.in.ReadValue(); err != nil {
		return d.failure(err)
	}
	return invalidSyntax("the request needs %s", want)
}

// failure turns a JSON error into ours. Its text could hold a part of the
// input, so only the place and the class are kept.
func (d *decoder) failure(err error) error {
	var syntax *jsontext.SyntacticError
	if !errors.As(err, &syntax) {
		return invalidSyntax("the JSON ends early")
	}
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		return invalidSyntax("the JSON object has the member %q twice, at byte %d", syntax.JSONPointer.LastToken(), syntax.ByteOffset)
	case strings.Contains(err.Error(), "UTF-8") || strings.Contains(err.Error(), "surrogate"):
		return invalidSyntax("the JSON is not valid UTF-8 at byte %d", syntax.ByteOffset)
	}
	return invalidSyntax("the JSON is malformed at byte %d", syntax.ByteOffset)
}
