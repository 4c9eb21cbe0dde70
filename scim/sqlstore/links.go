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

// links are the links of one resource. What Put and Remove change is staged;
// only rows that somebody asks for are read.
type links struct {
	store *Store
	tx    *sql.Tx // nil: statements of their own, that check the resource's revision
	row   *row
	stale bool // the resource has changed since it was read

	had    map[string]*scim.Link // rows that were read; nil: there is none
	staged map[string]*scim.Link // changes; nil: removed
}

var errStale = errors.New("the resource has changed while it was read")

// linkBytes bounds the value of a link. It is part of an index, and no id is
// as long.
const linkBytes = 512

// pageSize is how many links are read at once.
const pageSize = 1000

// Get implements [scim.Links].
func (l *links) Get(ctx context.Context, value string) (scim.Link, bool, error) {
	if err := l.read(ctx, []string{value}); err != nil {
		return scim.Link{}, false, storeError(err)
	}
	link := l.now(value)
	if link == nil {
		return scim.Link{}, false, nil
	}
	return *link, true, nil
}

// now returns the link of a value that was read or staged, nil if there is none.
func (l *links) now(value string) *scim.Link {
	if link, ok := l.staged[value]; ok {
		return link
	}
	return l.had[value]
}

// Put implements [scim.Links].
func (l *links) Put(ctx context.Context, put ...scim.Link) (changed int, err error) {
	values := make([]string, len(put))
	for i, link := range put {
		if len(link.Value) > linkBytes {
			return 0, scim.NewError(scim.KindInvalidValue, "the value of a link is longer than any id", nil)
		}
		values[i] = link.Value
	}
	if err := l.read(ctx, values); err != nil {
		return 0, storeError(err)
	}
	for _, link := range put {
		if have := l.now(link.Value); have != nil && *have == link {
			continue
		}
		l.stage(link.Value, &link)
		changed++
	}
	return changed, nil
}

// Remove implements [scim.Links].
func (l *links) Remove(ctx context.Context, values ...string) (changed int, err error) {
	if err := l.read(ctx, values); err != nil {
		return 0, storeError(err)
	}
	for _, value := range values {
		if l.now(value) != nil {
			l.stage(value, nil)
			changed++
		}
	}
	return changed, nil
}

func (l *links) stage(value string, link *scim.Link) {
	if l.staged == nil {
		l.staged = map[string]*scim.Link{}
	}
	l.staged[value] = link
}

// changes returns what has to be written: links that are new or differ, and
// values whose links go.
func (l *links) changes() (put []scim.Link, gone []string) {
	for value, link := range l.staged {
		have := l.had[value]
		switch {
		case link == nil && have != nil:
			gone = append(gone, value)
		case link != nil && (have == nil || *have != *link):
			put = append(put, *link)
		}
	}
	// In one order everywhere, so that two writers wait for each other once.
	slices.Sort(gone)
	slices.SortFunc(put, func(a, b scim.Link) int { return strings.Compare(a.Value, b.Value) })
	return put, gone
}

// read makes known the links of these values.
func (l *links) read(ctx context.Context, values []string) error {
	var missing []string
	for _, value := range values {
		_, had := l.had[value]
		_, staged := l.staged[value]
		if !had && !staged {
			missing = append(missing, value)
		}
	}
	if l.had == nil {
		l.had = map[string]*scim.Link{}
	}
	for some := range slices.Chunk(missing, pageSize) {
		for _, value := range some {
			l.had[value] = nil
		}
		in, list := l.store.dialect.in("value", some)
		err := l.each(ctx, in, list, func(link scim.Link) {
			l.had[link.Value] = &link
		})
		if err != nil {
			for _, value := range some {
				delete(l.had, value)
			}
			return err
		}
	}
	return nil
}

// each reads up to pageSize links for which a condition holds. The condition
// is a constant with one argument.
func (l *links) each(ctx context.Context, condition string, arg any, fn func(scim.Link)) error {
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
		fresh := l.stagedAfter(after)
		for last, more := after, true; more; {
			page := make([]scim.Link, 0, 16)
			err := l.each(ctx, `value > ?`, []byte(last), func(link scim.Link) {
				page = append(page, link)
			})
			if err != nil {
				yield(scim.Link{}, storeError(err))
				return
			}
			more = len(page) == pageSize
			for _, link := range page {
				for len(fresh) > 0 && fresh[0].Value < link.Value {
					if !yield(fresh[0], nil) {
						return
					}
					fresh = fresh[1:]
				}
				if len(fresh) > 0 && fresh[0].Value == link.Value {
					link, fresh = fresh[0], fresh[1:]
				}
				if now, ok := l.staged[link.Value]; ok && now == nil {
					continue
				}
				if !yield(link, nil) {
					return
				}
			}
			if more {
				last = page[len(page)-1].Value
			}
		}
		for _, link := range fresh {
			if !yield(link, nil) {
				return
			}
		}
	}
}

// stagedAfter returns the staged links after a value, in order.
func (l *links) stagedAfter(after string) []scim.Link {
	var out []scim.Link
	for value, link := range l.staged {
		if link != nil && (after == "" || value > after) {
			out = append(out, *link)
		}
	}
	slices.SortFunc(out, func(a, b scim.Link) int { return strings.Compare(a.Value, b.Value) })
	return out
}
