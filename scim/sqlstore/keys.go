package sqlstore

import (
	"crypto/sha256"
	"math"
	"time"

	"github.com/zohoscim/zohoscim/scim"
)

// keyBytes is how much of a text a key column holds. An entry of an index has
// at most about 2,700 bytes in PostgreSQL, and some entries have several keys.
const keyBytes = 512

// keyOf returns the form of a text in a key column: the text, or if it is long
// its beginning and a hash of all of it. Keys are equal when the texts are, and
// their order is that of [scim.Sort], whose places have this form too. It is
// that of the texts unless both are cut and begin alike.
func keyOf(text string) (key []byte, cut bool) {
	if len(text) <= keyBytes {
		return []byte(text), false
	}
	sum := sha256.Sum256([]byte(text))
	return append([]byte(text[:keyBytes]), sum[:]...), true
}

// nanos returns a time as it is in a column. Columns hold the years 1678 to
// 2261; outside lies the nearest of them, cut.
func nanos(t time.Time) (n int64, cut bool) {
	switch {
	case t.Year() < 1678:
		return math.MinInt64, true
	case t.Year() > 2261:
		return math.MaxInt64, true
	}
	return t.UnixNano(), false
}

// columns is what the tables hold of a resource beside its encoded form. A nil
// key is an attribute without a value; an empty one is an empty text.
type columns struct {
	id, userName, externalID, displayName []byte
	created, modified                     *int64 // nanoseconds since 1970
	cut                                   bool   // a key or a time is not the whole value
	uniqueUserName, uniqueDisplayName     bool
	values                                []valueRow
}

// valueRow is one element of a multi-valued attribute, or the value of a
// unique attribute that has no column of its own.
type valueRow struct {
	path      string
	key, kind []byte // the element's "value" and "type"
	unique    bool
}

// columnsOf returns the columns of a resource.
func (l *layout) columnsOf(r *scim.Resource) *columns {
	c := &columns{id: []byte(r.ID())}
	c.userName, c.uniqueUserName = c.text(l.userName, r)
	c.externalID, _ = c.text(l.externalID, r)
	c.displayName, c.uniqueDisplayName = c.text(l.displayName, r)
	c.created = c.time(l.created.Get(r))
	c.modified = c.time(l.modified.Get(r))
	for _, m := range l.lists {
		for item := range m.path.All(r) {
			for element := range item.All() {
				row := valueRow{path: m.path.Attribute().Path()}
				row.key = c.key(m.value, element.Get("value"))
				if m.kind != nil {
					row.kind = c.key(m.kind, element.Get("type"))
				}
				c.values = append(c.values, row)
			}
		}
	}
	for path, text := range r.UniqueKeys() {
		if l.unique[path] {
			key, _ := keyOf(text)
			c.values = append(c.values, valueRow{path: path, key: key, unique: true})
		}
	}
	return c
}

func (c *columns) text(p *scim.Path, r *scim.Resource) (key []byte, unique bool) {
	if p == nil {
		return nil, false
	}
	key = c.key(p.Attribute(), p.Get(r))
	return key, len(key) > 0 && p.Attribute().Uniqueness != scim.UniqueNone
}

func (c *columns) key(a *scim.Attribute, v scim.Value) []byte {
	if v.Kind() != scim.KindText {
		return nil
	}
	text := v.Text()
	if !a.CaseExact {
		text = scim.Canonical(text)
	}
	key, cut := keyOf(text)
	c.cut = c.cut || cut
	return key
}

func (c *columns) time(v scim.Value) *int64 {
	if v.IsZero() {
		return nil
	}
	t, ok := parseTime(v.Text())
	n, cut := nanos(t)
	c.cut = c.cut || cut || !ok
	if !ok {
		return nil
	}
	return &n
}

// parseTime reads an xsd:dateTime as package scim does (RFC 7643 section
// 2.3.5).
func parseTime(s string) (time.Time, bool) {
	for _, form := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
		if t, err := time.Parse(form, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
