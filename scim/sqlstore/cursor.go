package sqlstore

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"

	"github.com/zohoscim/zohoscim/scim"
)

// order is how the database orders resources: by a column and then by seq.
type order struct {
	column     string // "" is the order in which the resources were made
	time       bool   // the column holds nanoseconds, and not a key
	descending bool
}

// orderOf returns the order of a query, false if no column has it.
func (t *table) orderOf(s *scim.Sort) (order, bool) {
	if s == nil {
		return order{}, true
	}
	column := t.layout.columnOf(s.Attribute())
	return order{column, s.Attribute().Type == scim.TypeDateTime, s.Descending()}, column != ""
}

// The forms of a position.
const (
	positionSeq  = 's' // behind a resource, in the order they were made
	positionNone = 'n' // behind one without a value
	positionKey  = 'k' // behind one with a key
	positionTime = 't' // behind one with a time
	positionSort = 'g' // behind a scim.SortKey, when Go orders
)

// position is where a page begins: behind a resource as it was. The zero
// position is the beginning.
type position struct {
	form byte
	seq  int64
	key  []byte // key, eight bytes of a time, or a scim.SortKey
}

const positionVersion = 1

// digest names the type and order that a position is good for.
func digest(q *scim.Query) []byte {
	text := q.Type.Name() + "\x00"
	if q.Sort != nil {
		text += q.Sort.Attribute().Path() + "\x00" + oneOf(q.Sort.Descending(), "descending", "ascending")
	}
	sum := sha256.Sum256([]byte(text))
	return sum[:8]
}

// text writes a position for a query of its type and order.
func (p *position) text(q *scim.Query) string {
	b := append([]byte{positionVersion}, digest(q)...)
	b = append(b, p.form)
	b = binary.AppendUvarint(b, uint64(p.seq))
	return base64.RawURLEncoding.EncodeToString(append(b, p.key...))
}

// positionOf reads where a query's page begins.
func positionOf(q *scim.Query) (*position, error) {
	bad := scim.NewError(scim.KindInvalidCursor, "the cursor was not made for this type and order", nil)
	if !q.Cursor || q.After == "" {
		return &position{}, nil
	}
	const most = 4096 // an id is not cut
	if len(q.After) > most {
		return nil, bad
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(q.After)
	head := append([]byte{positionVersion}, digest(q)...)
	if err != nil || len(b) <= len(head) || !bytes.HasPrefix(b, head) {
		return nil, bad
	}
	p := &position{form: b[len(head)]}
	seq, n := binary.Uvarint(b[len(head)+1:])
	if n <= 0 || seq == 0 || seq > 1<<62 {
		return nil, bad
	}
	p.seq, p.key = int64(seq), b[len(head)+1+n:]
	// One position has one text: base64 lets line ends pass, for example.
	if !p.fits(q) || p.text(q) != q.After {
		return nil, bad
	}
	return p, nil
}

// fits reports whether a position has a form that the query's order gives.
func (p *position) fits(q *scim.Query) bool {
	if q.Sort == nil || p.form == positionSeq {
		return q.Sort == nil && p.form == positionSeq && len(p.key) == 0
	}
	isTime := q.Sort.Attribute().Type == scim.TypeDateTime
	switch p.form {
	case positionNone:
		return len(p.key) == 0
	case positionKey:
		return !isTime
	case positionTime:
		return isTime && len(p.key) == 8
	case positionSort:
		_, err := p.sortKey()
		return err == nil
	}
	return false
}

// time returns the time of a position.
func (p *position) time() int64 { return int64(binary.BigEndian.Uint64(p.key)) }

// sortKey returns the place of a position that Go made.
func (p *position) sortKey() (k scim.SortKey, err error) { return k, k.UnmarshalBinary(p.key) }

// behind returns the position behind a resource that the database ordered.
func (o order) behind(row *pageRow) *position {
	switch {
	case o.column == "":
		return &position{form: positionSeq, seq: row.seq}
	case o.time && row.time.Valid:
		return &position{form: positionTime, seq: row.seq, key: binary.BigEndian.AppendUint64(nil, uint64(row.time.Int64))}
	case !o.time && row.key.Valid:
		return &position{form: positionKey, seq: row.seq, key: row.key.V}
	}
	return &position{form: positionNone, seq: row.seq}
}
