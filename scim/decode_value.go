package scim

import (
	"net/url"
	"slices"
	"strings"
)

// value reads the value of an attribute. Null, an empty list and an empty
// object are no value (RFC 7643 section 2.5).
func (d *decoder) value(a *Attribute) (Value, error) {
	kind := d.peek()
	switch {
	case kind == 'n':
		_, err := d.pass()
		return Value{}, err
	case a.MultiValued && kind == '[':
		return d.array(a)
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
	d.pos++
	var v Value
	for count := 0; ; count++ {
		kind := d.peek()
		switch {
		case kind == ']':
			d.pos++
			return v, nil
		case kind == 0:
			return Value{}, d.malformed()
		case count > 0 || kind == '[':
			return Value{}, invalidValue(a.path, "the attribute takes one value")
		}
		var err error
		if a.Type != TypeComplex && kind == '{' {
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
	d.pos++
	var v Value
	for {
		name, more, ok := d.name()
		switch {
		case !ok || more && d.peek() == 0:
			return Value{}, d.malformed()
		case !more:
			return v, nil
		}
		var err error
		if foldASCII(name) == "value" {
			v, err = d.single(a)
		} else {
			_, err = d.pass()
		}
		if err != nil {
			return Value{}, err
		}
	}
}

func (d *decoder) array(a *Attribute) (Value, error) {
	d.pos++
	start := len(d.list)
	for {
		switch d.peek() {
		case ']':
			d.pos++
			items := d.list[start:]
			if d.mode == decodeRequest || d.mode == decodePatch {
				items = distinct(a, items)
			}
			var v Value
			if len(items) > 0 {
				v = Value{kind: KindMulti, node: d.node()}
				v.node.items = d.keepItems(items)
			}
			d.list = d.list[:start]
			return v, nil
		case 0:
			return Value{}, d.malformed()
		case 'n':
			if _, err := d.pass(); err != nil {
				return Value{}, err
			}
			continue
		}
		v, err := d.single(a)
		if err != nil {
			return Value{}, err
		}
		if v.kind != KindNone {
			d.list = append(d.list, v)
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
	switch kind := d.peek(); {
	case kind == 'n':
		_, err := d.pass()
		return Value{}, err
	case kind == '{':
		return d.complex(a)
	case kind == '"' || kind == 't' || kind == 'f' || isNumberStart(kind):
		return d.scalar(a, kind)
	case kind == '[':
		return Value{}, invalidValue(a.path, "the attribute takes one value, not an array")
	default:
		return Value{}, d.malformed()
	}
}

func (d *decoder) complex(a *Attribute) (Value, error) {
	if a.Type != TypeComplex {
		return Value{}, invalidValue(a.path, "the attribute takes a value of type %s, not an object", a.Type)
	}
	n := d.node()
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
}

func (d *decoder) scalar(a *Attribute, kind byte) (Value, error) {
	var v Value
	if kind == '"' {
		raw, escaped := d.text()
		if raw == "" {
			return Value{}, d.malformed()
		}
		v = String(unquote(raw, escaped))
	} else {
		raw, err := d.pass()
		if err != nil {
			return Value{}, err
		}
		if v = Bool(kind == 't'); isNumberStart(kind) {
			v = Value{kind: KindNumber, text: raw}
		}
	}
	if d.mode == decodeStored && v.kind == KindText && a.Type != TypeComplex && sameType(a, v) {
		return v, nil // it was checked before it was stored
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
