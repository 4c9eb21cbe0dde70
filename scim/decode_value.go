package scim

import (
	"net/url"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

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
	case a.MultiValued && (d.tolerant || kind == 0 || d.mode == decodePatch && kind == '{'):
		// RFC 7644 section 3.5.2.1 has one object for add, too.
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
		if foldASCII(string(raw)) != `"value"` {
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
			if d.mode == decodeRequest || d.mode == decodePatch {
				out.items = distinct(a, out.items)
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

// distinct drops values that are there already (RFC 7643 section 2.4).
func distinct(a *Attribute, items []Value) []Value {
	if len(items) < 2 || a.role == roleLinks { // links are a set
		return items
	}
	if len(items) <= 8 {
		kept := items[:1]
		for _, item := range items[1:] {
			if !slices.ContainsFunc(kept, item.Equal) {
				kept = append(kept, item)
			}
		}
		return kept
	}
	seen := make(map[string]bool, len(items)) // a long list must not cost its square
	return slices.DeleteFunc(items, func(item Value) bool {
		key := string(item.AppendJSON(nil))
		twice := seen[key]
		seen[key] = true
		return twice
	})
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
	if d.mode == decodeRequest || d.mode == decodePatch {
		if err := d.restricted(a, v.text); err != nil {
			return Value{}, err
		}
	}
	return convertSingle(a, v)
}

// restricted refuses a text that is none of the attribute's canonical values
// or no URI where one is meant (RFC 7643 sections 7 and 2.3.7), if the
// profile wants it.
func (d *decoder) restricted(a *Attribute, text string) error {
	if d.canonical && len(a.CanonicalValues) > 0 && text != "" {
		same := func(canonical string) bool {
			return canonical == text || !a.CaseExact && Canonical(canonical) == Canonical(text)
		}
		if !slices.ContainsFunc(a.CanonicalValues, same) {
			return invalidValue(a.path, "the attribute takes one of %s", strings.Join(a.CanonicalValues, ", "))
		}
	}
	if !d.tolerant && a.Type == TypeReference {
		if _, err := url.Parse(text); err != nil || strings.ContainsAny(text, " <>\"\\^`{|}") {
			return invalidValue(a.path, "the attribute takes a URI")
		}
	}
	return nil
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
