package scim

import (
	"cmp"
	"encoding/binary"
	"math"
	"strconv"
	"strings"
	"time"
)

// Sort orders resources by one attribute (RFC 7644 section 3.4.2.3). It
// never changes and is safe for concurrent use.
type Sort struct {
	path       *Path
	key        *Attribute // what is compared: path's attribute or its "value"
	descending bool
}

// maxSortText is how many bytes of a text count in an order: a place in it has
// to fit into a URL (RFC 9865).
const maxSortText = 512

// ParseSort compiles an order. A multi-valued attribute is ordered by its
// primary value or else its first one. Texts compare in canonical form (see
// [Canonical]) unless their attribute is caseExact, and by their first 512
// bytes.
func (t *ResourceType) ParseSort(by string, descending bool) (*Sort, error) {
	p, err := t.ParsePath(by)
	if err != nil {
		e := *asError(err)
		e.Path = "sortBy"
		return nil, &e
	}
	key := p.attr
	if key.Type == TypeComplex {
		key = key.names["value"]
	}
	role := p.attr.role
	if key == nil || p.filter != nil || key.Returned == ReturnedNever || role != roleNone && role != roleID && role != roleExternalID {
		return nil, invalidPath("sortBy", "the attribute has no order; name one with a value of its own, or a sub-attribute")
	}
	return &Sort{path: p, key: key, descending: descending}, nil
}

// String returns the order as text.
func (s *Sort) String() string {
	if s.descending {
		return s.path.String() + " descending"
	}
	return s.path.String()
}

// Attribute returns what is compared: the attribute that the order names or
// its "value". It must not be changed.
func (s *Sort) Attribute() *Attribute { return s.key }

// Descending reports whether the order is descending.
func (s *Sort) Descending() bool { return s.descending }

// SortKey is the place of a resource in an order. It stays valid after the
// resource is gone.
type SortKey struct {
	none   bool
	text   string
	number float64
	time   time.Time
}

// Key returns the place of a resource in the order.
func (s *Sort) Key(r *Resource) SortKey {
	switch v := s.value(r); {
	case v.kind == KindNone:
		return SortKey{none: true}
	case v.kind == KindBool && v.flag:
		return SortKey{number: 1}
	case v.kind == KindBool:
		return SortKey{}
	case v.kind == KindNumber:
		x, _ := strconv.ParseFloat(v.text, 64)
		return SortKey{number: x}
	case s.key.Type == TypeDateTime:
		t, _ := parseTime(v.text)
		return SortKey{time: t}
	case s.key.CaseExact:
		return SortKey{text: sortText(v.text)}
	default:
		return SortKey{text: sortText(Canonical(v.text))}
	}
}

func sortText(s string) string {
	if len(s) > maxSortText {
		s = strings.ToValidUTF8(s[:maxSortText], "")
	}
	return strings.Clone(s)
}

// MarshalText returns a form for [Query.After].
func (k SortKey) MarshalText() ([]byte, error) {
	switch {
	case k.none:
		return []byte("-"), nil
	case !k.time.IsZero():
		b := strconv.AppendInt([]byte("d"), k.time.Unix(), 10)
		return strconv.AppendInt(append(b, '.'), int64(k.time.Nanosecond()), 10), nil
	case k.text != "":
		return append([]byte("t"), k.text...), nil
	}
	return strconv.AppendFloat([]byte("n"), k.number, 'g', -1, 64), nil
}

// UnmarshalText reads what MarshalText returned.
func (k *SortKey) UnmarshalText(b []byte) error {
	*k = SortKey{}
	var err error
	switch kind, rest := string(b[:min(len(b), 1)]), string(b[min(len(b), 1):]); kind {
	case "-":
		k.none = true
	case "t":
		k.text = rest
	case "n":
		k.number, err = strconv.ParseFloat(rest, 64)
	case "d":
		seconds, nanos, _ := strings.Cut(rest, ".")
		sec, err1 := strconv.ParseInt(seconds, 10, 64)
		nsec, err2 := strconv.ParseInt(nanos, 10, 64)
		k.time, err = time.Unix(sec, nsec).UTC(), cmp.Or(err1, err2)
	default:
		err = strconv.ErrSyntax
	}
	if err != nil {
		return ErrInvalidCursor // err quotes the value
	}
	return nil
}

// value returns what a resource is ordered by.
func (s *Sort) value(r *Resource) Value {
	n := r.tree()
	for _, a := range chainTo(s.key, r.typ.root) {
		v := n.get(a)
		if v.kind == KindMulti {
			v = primaryOf(a, v)
		}
		if a == s.key || v.kind != KindComplex {
			return v
		}
		n = v.node
	}
	return Value{}
}

func primaryOf(a *Attribute, list Value) Value {
	for _, item := range list.node.items {
		if primary := a.names["primary"]; primary != nil && item.node.get(primary).flag {
			return item
		}
	}
	return list.node.items[0]
}

// MarshalBinary encodes the place: what a [Store] keeps in the position of a
// page.
func (k SortKey) MarshalBinary() ([]byte, error) {
	switch {
	case k.none:
		return []byte{'-'}, nil
	case k.number != 0:
		return binary.BigEndian.AppendUint64([]byte{'n'}, math.Float64bits(k.number)), nil
	case !k.time.IsZero():
		t, err := k.time.UTC().MarshalBinary()
		return append([]byte{'t'}, t...), err
	}
	return append([]byte{'s'}, k.text...), nil
}

// UnmarshalBinary reads what [SortKey.MarshalBinary] wrote. Anything else is
// [ErrInvalidCursor].
func (k *SortKey) UnmarshalBinary(b []byte) error {
	*k = SortKey{}
	bad := &Error{Kind: KindInvalidCursor}
	if len(b) == 0 {
		return bad
	}
	switch form, b := b[0], b[1:]; {
	case form == '-' && len(b) == 0:
		k.none = true
	case form == 'n' && len(b) == 8:
		k.number = math.Float64frombits(binary.BigEndian.Uint64(b))
	case form == 't':
		if err := k.time.UnmarshalBinary(b); err != nil {
			return bad
		}
	case form == 's':
		k.text = string(b)
	default:
		return bad
	}
	return nil
}

// Compare orders two places: negative if a comes first. Resources without a
// value come last in an ascending order and first in a descending one.
func (s *Sort) Compare(a, b SortKey) int {
	c := cmp.Or(rank(a)-rank(b), a.time.Compare(b.time), cmp.Compare(a.number, b.number), strings.Compare(a.text, b.text))
	if s.descending {
		return -c
	}
	return c
}

func rank(k SortKey) int {
	if k.none {
		return 1
	}
	return 0
}
