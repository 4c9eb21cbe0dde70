package scim

import (
	"bytes"
	"errors"
	"io"
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

// profile says how exact a client's JSON has to be.
type profile struct {
	tolerant  bool // take what provisioning clients send although the RFC does not have it
	refuse    bool // an attribute that no schema names is an error
	canonical bool // a value that is none of its attribute's canonical ones is an error
}

// decoder reads JSON straight into the tree and validates in the same pass.
type decoder struct {
	typ  *ResourceType
	mode decodeMode
	profile
	depth int
	named bool // "schemas" names the core schema

	src string // texts are parts of it, so reading makes no copies
	in  *jsontext.Decoder
}

// DecodeResource reads the JSON of a resource, as a service provider answers
// it. What no schema of the type names is kept and written again by
// [Resource.AppendJSON]. An error names the attribute.
func DecodeResource(t *ResourceType, data []byte) (*Resource, error) {
	r := NewResource(t)
	d := decoder{typ: t, mode: decodeAnswer, profile: profile{tolerant: true}, depth: defaultLimits.JSONDepth}
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
	if _, err := d.in.ReadToken(); err != nil && !errors.Is(err, io.EOF) {
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
	var seen memberSet
	n.members = make([]member, 0, min(len(parent.SubAttributes), 8))
	for d.in.PeekKind() == '"' {
		raw, err := d.in.ReadValue()
		if err != nil {
			return d.failure(err)
		}
		a := d.attribute(parent, raw)
		switch {
		case !seen.add(a, raw):
			return twice(unquoted(raw))
		case a == nil:
			err = d.unknown(parent, n, raw)
		default:
			err = d.member(a, n, r)
		}
		if err != nil {
			return err
		}
	}
	if _, err := d.in.ReadToken(); err != nil {
		return d.failure(err)
	}
	return nil
}

// memberSet holds the names of the members of one object that were there,
// with a value or without.
type memberSet struct {
	slots [4]uint64       // of attributes
	names map[string]bool // of what has no slot in there, in lower case
}

// add reports whether a member is the first of its name.
func (s *memberSet) add(a *Attribute, quoted []byte) bool {
	if a != nil && a.slot < 64*len(s.slots) {
		bit, at := uint64(1)<<(a.slot%64), &s.slots[a.slot/64]
		first := *at&bit == 0
		*at |= bit
		return first
	}
	name := foldASCII(unquoted(quoted))
	if s.names[name] {
		return false
	}
	if s.names == nil {
		s.names = map[string]bool{}
	}
	s.names[name] = true
	return true
}

func unquoted(quoted []byte) string {
	b, _ := jsontext.AppendUnquote(nil, quoted)
	return string(b)
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
	name := unquoted(quoted)
	if d.refuse {
		path := shown(name)
		if parent.path != "" {
			path = parent.path + "." + path
		}
		return invalidValue(path, "no schema of %s has this attribute", d.typ.name)
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
		if d.mode == decodePatch && !(d.tolerant && (a.role == roleID || a.role == roleMeta || a.parent != d.typ.root && a.parent.role != roleExtension)) {
			return false, &Error{Kind: KindMutability, Path: a.path, Detail: "the attribute is read-only"}
		}
		return true, nil
	}
	return false, nil
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
	if err != nil {
		return err
	}
	in := jsontext.NewDecoder(strings.NewReader(raw))
	for {
		token, err := in.ReadToken()
		if err != nil {
			return nil // it was read to its end once before
		}
		if token.Kind() != '"' {
			continue
		}
		uri := token.String()
		d.named = d.named || foldASCII(uri) == d.typ.byURI[0].uri
		if (d.mode == decodeAnswer || d.mode == decodeStored) && !d.typ.knows(uri) {
			r.extra = append(r.extra, uri)
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
		return invalidSyntax("the JSON object has the member %q twice, at byte %d", shown(syntax.JSONPointer.LastToken()), syntax.ByteOffset)
	case strings.Contains(err.Error(), "UTF-8") || strings.Contains(err.Error(), "surrogate"):
		return invalidSyntax("the JSON is not valid UTF-8 at byte %d", syntax.ByteOffset)
	}
	return invalidSyntax("the JSON is malformed at byte %d", syntax.ByteOffset)
}
