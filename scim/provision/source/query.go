package source

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/zohoscim/zohoscim/mapping"
	"github.com/zohoscim/zohoscim/scim/provision"
)

// Query is what a database answers, as a [provision.Source]. Make one with
// [NewQuery].
type Query struct {
	db    *sql.DB
	users string
	o     QueryOptions
}

// QueryOptions sets what else a [Query] reads.
type QueryOptions struct {
	// Groups is a statement with a row for each membership, ordered by the
	// key, and one row without a member for a group that has none; "" reads
	// no groups:
	//
	//	SELECT g.id AS "objectId", g.name AS "displayName", m.user_id AS members
	//	FROM groups g LEFT JOIN memberships m ON m.group_id = g.id ORDER BY g.id
	Groups string

	// Key is the column of [provision.Object.Key]; "" is the first of objectId,
	// id, employeeId and userPrincipalName that a statement has.
	Key string

	// Members is the column of Groups that names a member; "" is members.
	Members string
}

// NewQuery returns the answers of two statements as a source, read in one
// transaction that only reads. The names of the users' columns are those of
// attributes; NULL is no value, and times are as in RFC 3339.
func NewQuery(db *sql.DB, users string, o *QueryOptions) (*Query, error) {
	q := &Query{db: db, users: users}
	if o != nil {
		q.o = *o
	}
	if q.o.Members == "" {
		q.o.Members = "members"
	}
	if db == nil || users == "" {
		return nil, &Error{Kind: KindInvalidOption, Name: "query", Detail: "give a database and a statement that selects the users"}
	}
	return q, nil
}

// Changes implements [provision.Source]: it runs the statements.
func (q *Query) Changes(ctx context.Context, _ string) (*provision.Changes, error) {
	return &provision.Changes{Full: true, Objects: q.read(ctx)}, nil
}

func (q *Query) read(ctx context.Context) iter.Seq2[provision.Object, error] {
	return func(yield func(provision.Object, error) bool) {
		if err := q.readAll(ctx, yield); err != nil && !errors.Is(err, errStopped) {
			yield(provision.Object{}, err)
		}
	}
}

func (q *Query) readAll(ctx context.Context, yield func(provision.Object, error) bool) error {
	tx, err := q.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return unreadable(err)
	}
	defer tx.Rollback() //nolint:errcheck // nothing was written
	if err := q.statement(ctx, tx, provision.User, yield); err != nil {
		return err
	}
	if q.o.Groups == "" {
		return nil
	}
	return q.statement(ctx, tx, provision.Group, yield)
}

// statement reads the objects of one type.
func (q *Query) statement(ctx context.Context, tx *sql.Tx, typ string, yield func(provision.Object, error) bool) error {
	text := q.users
	if typ == provision.Group {
		text = q.o.Groups
	}
	rows, err := tx.QueryContext(ctx, text)
	if err != nil {
		return unreadable(err)
	}
	defer rows.Close()
	r, err := q.newRow(rows, typ)
	if err != nil {
		return err
	}
	group := &grouping{typ: typ, yield: yield}
	for rows.Next() {
		obj, err := r.object(rows)
		if err == nil {
			err = group.add(obj)
		}
		if err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return unreadable(err)
	}
	return group.end()
}

// queryRow reads the rows of one statement.
type queryRow struct {
	typ          string
	columns      []string
	key, members int // positions; -1 if there is no such column
	values       []any
	targets      []any
	line         int
}

func (q *Query) newRow(rows *sql.Rows, typ string) (*queryRow, error) {
	columns, err := rows.Columns()
	if err != nil {
		return nil, unreadable(err)
	}
	r := &queryRow{typ: typ, columns: columns, key: -1, members: -1, values: make([]any, len(columns)), targets: make([]any, len(columns))}
	for i := range r.values {
		r.targets[i] = &r.values[i]
	}
	for _, name := range keys(q.o.Key) {
		if r.key = slices.Index(columns, name); r.key >= 0 {
			break
		}
	}
	if r.key < 0 {
		return nil, &Error{Kind: KindMalformed, Name: "query", Detail: "no column of the " + typ + " statement identifies a row; name the key's column"}
	}
	if typ == provision.Group {
		if r.members = slices.Index(columns, q.o.Members); r.members < 0 {
			return nil, &Error{Kind: KindMalformed, Name: "query", Column: q.o.Members, Detail: "the Group statement has no such column"}
		}
	}
	return r, nil
}

func (r *queryRow) object(rows *sql.Rows) (provision.Object, error) {
	r.line++
	obj := provision.Object{Type: r.typ, Record: make(mapping.Record, len(r.columns))}
	if err := rows.Scan(r.targets...); err != nil {
		return obj, unreadable(err)
	}
	obj.Key = text(r.values[r.key])
	if obj.Key == "" {
		return obj, r.invalid(r.key, "the row has no key")
	}
	if r.typ == provision.Group {
		obj.Members = []string{}
	}
	for i, v := range r.values {
		if i == r.members {
			if member := text(v); member != "" {
				obj.Members = append(obj.Members, member)
			}
			continue
		}
		v, ok := plain(v)
		if ok && v != nil && r.columns[i] == enabled {
			b, err := truth(text(v))
			if v, ok = b, err == nil; !ok {
				return obj, r.invalid(i, err.Error())
			}
		}
		if !ok {
			return obj, r.invalid(i, "the column's type is not text, a number, a truth value or a time")
		}
		if v != nil {
			obj.Record[r.columns[i]] = v
		}
	}
	return obj, nil
}

func (r *queryRow) invalid(column int, detail string) error {
	return &Error{Kind: KindInvalidValue, Name: "query", Line: r.line, Column: r.columns[column], Detail: detail}
}

// plain returns a database's value in the types of a [mapping.Record].
func plain(v any) (any, bool) {
	switch v := v.(type) {
	case nil, string, bool, int64, float64:
		return v, true
	case []byte:
		return string(v), true
	case time.Time:
		return v.Format(time.RFC3339Nano), true
	}
	return nil, false
}

func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case []byte:
		return string(v)
	}
	return fmt.Sprint(v)
}

// grouping puts the rows of one group together.
type grouping struct {
	typ   string
	yield func(provision.Object, error) bool
	open  *provision.Object
}

func (g *grouping) add(obj provision.Object) error {
	switch {
	case g.typ != provision.Group:
		return g.give(obj)
	case g.open != nil && g.open.Key == obj.Key:
		g.open.Members = append(g.open.Members, obj.Members...)
		return nil
	}
	if err := g.end(); err != nil {
		return err
	}
	g.open = &obj
	return nil
}

func (g *grouping) end() error {
	if g.open == nil {
		return nil
	}
	obj := *g.open
	g.open = nil
	return g.give(obj)
}

func (g *grouping) give(obj provision.Object) error {
	if !g.yield(obj, nil) {
		return errStopped
	}
	return nil
}

func unreadable(err error) error {
	return &Error{Kind: KindUnreadable, Name: "query", Detail: "the statement cannot be read to its end", Err: err}
}
