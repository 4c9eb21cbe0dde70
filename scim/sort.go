package scim

import (
	"bytes"
	"cmp"
	"crypto/sha256"
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

// maxSortText is how many bytes of a text a place in an order holds as they
// are: it has to fit into a URL (RFC 9865).
const maxSortText = 512

// ParseSort compiles an order. A multi-valued attribute is ordered by its
// primary value or else its first one. Texts compare by the bytes of their
// canonical form (see [Canonical]), or as they are if their attribute is
// caseExact. One of more than 512 bytes compares by the first 512 and then by
// a SHA-256 of all of it: places are bounded, and equal only for equal texts.
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
	if len(s) <= maxSortText {
		return strings.Clone(s)
	}
	sum := sha256.Sum256([]byte(s))
	return s[:maxSortText] + string(sum[:])
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

// MarshalBinary encodes the place in at most 545 bytes: what a [Store] keeps
// in the position of a page.
func (k SortKey) MarshalBinary() ([]byte, error) {
	switch {
	case k.none:
		return []byte{'-'}, nil
	case k.number != 0:
		return binary.BigEndian.AppendUint64([]byte{'n'}, math.Float64bits(k.number)), nil
	case !k.time.IsZero():
		b := binary.BigEndian.AppendUint64([]byte{'d'}, uint64(k.time.Unix()))
		return binary.BigEndian.AppendUint32(b, uint32(k.time.Nanosecond())), nil
	}
	return append([]byte{'t'}, k.text...), nil
}

// UnmarshalBinary reads what [SortKey.MarshalBinary] wrote. Anything else is
// [ErrInvalidCursor].
func (k *SortKey) UnmarshalBinary(b []byte) error {
	*k = SortKey{}
	switch form, rest := string(b[:min(len(b), 1)]), b[min(len(b), 1):]; {
	case form == "-":
		k.none = true
	case form == "n" && len(rest) == 8:
		k.number = math.Float64frombits(binary.BigEndian.Uint64(rest))
	case form == "d" && len(rest) == 12:
		k.time = time.Unix(int64(binary.BigEndian.Uint64(rest)), int64(binary.BigEndian.Uint32(rest[8:]))).UTC()
	case form == "t" && len(rest) <= maxSortText+sha256.Size:
		k.text = string(rest)
	}
	if again, _ := k.MarshalBinary(); !bytes.Equal(again, b) || math.IsNaN(k.number) {
		*k = SortKey{}
		return ErrInvalidCursor
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
