package sqlstore

import (
	"encoding/hex"
	"net/url"
	"strconv"
	"strings"
)

// Dialect is the kind of database. The zero Dialect is none.
type Dialect uint8

// The databases that a [Store] and a [KV] work on.
const (
	SQLite     Dialect = iota + 1 // 3.35 or newer, by the driver modernc.org/sqlite
	PostgreSQL                    // 13 or newer, by the driver github.com/jackc/pgx/v5/stdlib
)

// String returns the name of the database.
func (d Dialect) String() string {
	switch d {
	case SQLite:
		return "SQLite"
	case PostgreSQL:
		return "PostgreSQL"
	}
	return "no database"
}

// valid reports an error for what is not one of the dialects.
func (d Dialect) valid() error {
	if d != SQLite && d != PostgreSQL {
		return &Error{Kind: KindOption, Place: "dialect", Detail: "name SQLite or PostgreSQL"}
	}
	return nil
}

// rebind gives a statement, written with ? for each argument, the form that
// the database takes. A ? in a statement is always an argument.
func (d Dialect) rebind(text string) string {
	if d != PostgreSQL {
		return text
	}
	var b strings.Builder
	b.Grow(len(text) + 16)
	for n := 1; ; n++ {
		before, after, found := strings.Cut(text, "?")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(n))
		text = after
	}
}

// SQLiteDSN returns the data source name under which the driver
// modernc.org/sqlite opens a file as a [Store] needs it: with a write-ahead
// log, so that reading goes on while somebody writes; with every commit on
// the disk before it is answered; and waiting for other processes instead of
// failing.
func SQLiteDSN(file string) string {
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: file}).EscapedPath()}
	u.RawQuery = "_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)"
	return u.String()
}

// in returns the condition that a column is one of a list, and the list as
// the condition's one argument: its text does not depend on the list.
func (d Dialect) in(column string, values []string) (condition string, list string) {
	if d == PostgreSQL {
		var a array
		for _, v := range values {
			a.bytes([]byte(v))
		}
		return column + ` = ANY (CAST(? AS bytea[]))`, a.String()
	}
	b := make([]byte, 0, 40*len(values)+2)
	b = append(b, '[')
	for i, v := range values {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '"')
		b = hex.AppendEncode(b, []byte(v))
		b = append(b, '"')
	}
	return column + ` IN (SELECT unhex(value) FROM json_each(?))`, string(append(b, ']'))
}

// array writes a list as a literal of one of PostgreSQL's array types, which
// every driver can send.
type array struct{ b []byte }

// String returns the literal.
func (a *array) String() string {
	if len(a.b) == 0 {
		return "{}"
	}
	return string(a.b) + "}"
}

func (a *array) next() {
	if len(a.b) == 0 {
		a.b = append(a.b, '{')
		return
	}
	a.b = append(a.b, ',')
}

// bytes adds a bytea; nil is NULL.
func (a *array) bytes(v []byte) {
	a.next()
	if v == nil {
		a.b = append(a.b, "NULL"...)
		return
	}
	a.b = append(a.b, `"\\x`...)
	a.b = hex.AppendEncode(a.b, v)
	a.b = append(a.b, '"')
}

// word adds a text.
func (a *array) word(v string) {
	a.next()
	a.b = append(a.b, '"')
	for _, c := range []byte(v) {
		if c == '"' || c == '\\' {
			a.b = append(a.b, '\\')
		}
		a.b = append(a.b, c)
	}
	a.b = append(a.b, '"')
}

// int adds a number.
func (a *array) int(v int64) {
	a.next()
	a.b = strconv.AppendInt(a.b, v, 10)
}
