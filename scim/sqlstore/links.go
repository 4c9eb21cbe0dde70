package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"iter"
	"slices"
	"strings"

	"github.com/zohoscim/zohoscim/scim"
)

// links are the links of one resource, as their rows are. What Put and Remove
// change is written at once, in the transaction of the write.
type links struct {
	store   *Store
	tx      *sql.Tx // nil: statements of their own, that check the resource's revision
	row     *row
	write   bool // tx writes, and has locked the resource's row
	changed bool // Put or Remove has changed a link
	stale   bool // the resource has changed since it was read
}

var errStale = errors.New("the resource has changed while it was read")

// linkBytes bounds the value of a link. It is part of an index, and no id is
// as long.
const linkBytes = 512

// pageSize is how many links are read at once.
const pageSize = 1000

const (
	putLink = `INSERT INTO scim_links (tenant, connection, owner, value, type, display) VALUES (?, ?, ?, ?, ?, ?)
	ON CONFLICT (tenant, connection, owner, value) DO UPDATE SET type = excluded.type, display = excluded.display
	WHERE scim_links.type <> excluded.type OR scim_links.display <> excluded.display`
	pgPutLinks = `INSERT INTO scim_links (tenant, connection, owner, value, type, display)
	SELECT CAST(? AS bytea), CAST(? AS bytea), CAST(? AS bigint), x.value, x.type, x.display FROM unnest(
		CAST(? AS bytea[]), CAST(? AS bytea[]), CAST(? AS bytea[])
	) AS x (value, type, display)
	ON CONFLICT (tenant, connection, owner, value) DO UPDATE SET type = excluded.type, display = excluded.display
	WHERE scim_links.type <> excluded.type OR scim_links.display <> excluded.display`
	deleteLink    = `DELETE FROM scim_links WHERE tenant = ? AND connection = ? AND owner = ? AND value = ?`
	pgDeleteLinks = `DELETE FROM scim_links WHERE tenant = ? AND connection = ? AND owner = ? AND value = ANY (CAST(? AS bytea[]))`
)

// Get implements [scim.Links].
func (l *links) Get(ctx context.Context, value string) (found scim.Link, ok bool, err error) {
	err = l.each(ctx, `value = ?`, []byte(value), func(link scim.Link) { found, ok = link, true })
	return found, ok, storeError(err)
}

// Put implements [scim.Links].
func (l *links) Put(ctx context.Context, put ...scim.Link) (changed int, err error) {
	ctx, err = l.writing(ctx)
	if err != nil {
		return 0, err
	}
	all, err := distinct(slices.Values(put)) // PostgreSQL takes no value twice
	if err != nil {
		return 0, err
	}
	// In one order everywhere, so that two writers wait for each other once.
	slices.SortFunc(all, func(a, b scim.Link) int { return strings.Compare(a.Value, b.Value) })
	for some := range slices.Chunk(all, l.atOnce()) {
		text, args := putLink, []any{[]byte(some[0].Value), []byte(some[0].Type), []byte(some[0].Display)}
		if len(some) > 1 {
			text, args = pgPutLinks, linkArrays(some)
		}
		n, err := l.store.count(ctx, l.tx, text, l.row.scope.args(append([]any{l.row.seq}, args...)...)...)
		if err != nil {
			return 0, storeError(err)
		}
		changed += n
	}
	l.changed = l.changed || changed > 0
	return changed, nil
}

// linkArrays are the arguments of links in PostgreSQL.
func linkArrays(links []scim.Link) []any {
	var value, typ, display array
	for _, l := range links {
		value.bytes([]byte(l.Value))
		typ.bytes([]byte(l.Type))
		display.bytes([]byte(l.Display))
	}
	return []any{value.String(), typ.String(), display.String()}
}

// Remove implements [scim.Links].
func (l *links) Remove(ctx context.Context, values ...string) (changed int, err error) {
	ctx, err = l.writing(ctx)
	if err != nil {
		return 0, err
	}
	for some := range slices.Chunk(slices.Sorted(slices.Values(values)), l.atOnce()) {
		text, gone := deleteLink, any([]byte(some[0]))
		if len(some) > 1 {
			var list array
			for _, value := range some {
				list.bytes([]byte(value))
			}
			text, gone = pgDeleteLinks, list.String()
		}
		n, err := l.store.count(ctx, l.tx, text, l.row.scope.args(l.row.seq, gone)...)
		if err != nil {
			return 0, storeError(err)
		}
		changed += n
	}
	l.changed = l.changed || changed > 0
	return changed, nil
}

// writing returns the context for a change of links.
func (l *links) writing(ctx context.Context) (context.Context, error) {
	if !l.write {
		return ctx, scim.NewError(scim.KindInternal, "links can be changed in the function of an Update only", nil)
	}
	ctx, err := l.store.patient(ctx)
	return ctx, storeError(err)
}

// atOnce is how many links one statement changes: in SQLite a statement is a
// function call, and in PostgreSQL a journey.
func (l *links) atOnce() int {
	if l.store.dialect == PostgreSQL {
		return pageSize
	}
	return 1
}

// each reads up to pageSize links for which a condition holds. The condition
// is a constant with one argument.
func (l *links) each(ctx context.Context, condition string, arg any, fn func(scim.Link)) error {
	if l.write { // nobody else can change it
		return l.read(ctx, condition, arg, fn)
	}
	text := `SELECT r.revision, l.value, l.type, l.display FROM scim_resources r
	LEFT JOIN (SELECT value, type, display FROM scim_links
		WHERE tenant = ? AND connection = ? AND owner = ? AND ` + condition + ` ORDER BY value LIMIT 1000) l ON TRUE
	WHERE r.tenant = ? AND r.connection = ? AND r.seq = ? ORDER BY l.value`
	args := l.row.scope.args(l.row.seq, arg)
	return l.scan(ctx, text, args, func(rows *sql.Rows, revision *int64) error {
		var value, typ, display []byte
		if err := rows.Scan(revision, &value, &typ, &display); err != nil || value == nil {
			return err
		}
		fn(scim.Link{Value: string(value), Type: string(typ), Display: string(display)})
		return nil
	})
}

// read is each in the transaction of a write.
func (l *links) read(ctx context.Context, condition string, arg any, fn func(scim.Link)) error {
	ctx, err := l.store.patient(ctx)
	if err != nil {
		return err
	}
	text := `SELECT value, type, display FROM scim_links
	WHERE tenant = ? AND connection = ? AND owner = ? AND ` + condition + ` ORDER BY value LIMIT 1000`
	rows, err := l.store.query(ctx, l.tx, text, l.row.scope.args(l.row.seq, arg)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var value, typ, display []byte
		if err := rows.Scan(&value, &typ, &display); err != nil {
			return fromDriver(err)
		}
		fn(scim.Link{Value: string(value), Type: string(typ), Display: string(display)})
	}
	return fromDriver(rows.Err())
}

// scan runs a statement whose rows begin with the resource's revision, and
// stops if that is not the one that was read.
func (l *links) scan(ctx context.Context, text string, args []any, each func(*sql.Rows, *int64) error) error {
	ctx, err := l.store.patient(ctx)
	if err != nil {
		return err
	}
	rows, err := l.store.query(ctx, l.tx, text, append(args, l.row.scope.args(l.row.seq)...)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	revision := int64(-1) // the resource is gone
	for rows.Next() {
		if err := each(rows, &revision); err != nil {
			return fromDriver(err)
		}
	}
	if err := rows.Err(); err != nil {
		return fromDriver(err)
	}
	if revision != l.row.revision {
		l.stale = true
		return errStale
	}
	return nil
}

// All implements [scim.Links], in the order of values.
func (l *links) All(ctx context.Context, after string) iter.Seq2[scim.Link, error] {
	return func(yield func(scim.Link, error) bool) {
		for last, more := after, true; more; {
			page := make([]scim.Link, 0, 16)
			err := l.each(ctx, `value > ?`, []byte(last), func(link scim.Link) {
				page = append(page, link)
			})
			if err != nil {
				yield(scim.Link{}, storeError(err))
				return
			}
			for _, link := range page {
				if !yield(link, nil) {
					return
				}
			}
			if more = len(page) == pageSize; more {
				last = page[len(page)-1].Value
			}
		}
	}
}
