package sqlstore

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"iter"
	"slices"

	"github.com/zohoscim/zohoscim/scim"
)

// write is all that a statement changes about one resource.
type write struct {
	scope   scope
	typ     string
	seq     int64 // 0: a new resource
	cols    *columns
	display []byte
	body    []byte
	values  bool        // the rows of scim_values are new or differ
	kept    bool        // the columns are as they were, but for the time of the change
	put     []scim.Link // of a new resource
	change  []byte      // for the feed; nil: none
}

// newWrite prepares the write of a resource.
func (s *Store) newWrite(sc scope, r *scim.Resource) (*write, error) {
	body, err := r.AppendStored(nil)
	if err != nil {
		return nil, err
	}
	return s.writeOf(sc, r, body), nil
}

// writeOf is newWrite of a resource that is encoded already.
func (s *Store) writeOf(sc scope, r *scim.Resource, body []byte) *write {
	l := s.layout(r.Type())
	return &write{scope: sc, typ: r.Type().Name(), body: body, cols: l.columnsOf(r), display: displayOf(l, r)}
}

// displayOf returns the name under which owners are shown.
func displayOf(l *layout, r *scim.Resource) []byte {
	if l.displayName == nil {
		return []byte{}
	}
	return []byte(l.displayName.Get(r).Text())
}

// Create implements [scim.Store].
func (s *Store) Create(ctx context.Context, r *scim.Resource, links iter.Seq[scim.Link]) error {
	if r.ID() == "" || len(r.ID()) > linkBytes {
		return scim.NewError(scim.KindInternal, "the resource has no id, or one of more than 512 bytes", nil)
	}
	w, err := s.newWrite(scopeOf(ctx), r)
	if err != nil {
		return err
	}
	w.values = len(w.cols.values) > 0
	if w.put, err = distinct(links); err != nil {
		return err
	}
	if w.change, err = s.payload(nil, r, len(w.put) > 0); err != nil {
		return err
	}
	return storeError(s.unique(ctx, func() (*write, *scim.Resource, error) {
		if s.dialect == PostgreSQL { // one statement is a transaction of its own
			return w, r, s.retry(ctx, func(ctx context.Context) error { return committing(s.pgWrite(ctx, s.joined(ctx), w)) })
		}
		return w, r, s.transact(ctx, func(ctx context.Context, tx *sql.Tx) error { return s.liteWrite(ctx, tx, w) })
	}))
}

// distinct returns the links of a new resource: of two with one value the
// last.
func distinct(links iter.Seq[scim.Link]) ([]scim.Link, error) {
	if links == nil {
		return nil, nil
	}
	at := map[string]int{}
	var out []scim.Link
	for link := range links {
		if len(link.Value) > linkBytes {
			return nil, scim.NewError(scim.KindInvalidValue, "the value of a link is longer than any id", nil)
		}
		if i, ok := at[link.Value]; ok {
			out[i] = link
			continue
		}
		at[link.Value] = len(out)
		out = append(out, link)
	}
	return out, nil
}

// unique runs a write and gives the refusal by a unique index its name. fn
// also returns what it was writing.
func (s *Store) unique(ctx context.Context, fn func() (*write, *scim.Resource, error)) error {
	for i := 1; ; i++ {
		w, r, err := fn()
		var d *driverError
		if err == nil || !errors.As(err, &d) || faultOf(d.err) != faultUnique {
			return err
		}
		if err := s.rival(ctx, w, r); err != nil {
			return err
		}
		if i == attempts || s.joined(ctx) != nil { // the rival was gone each time that it was looked for
			return scim.NewError(scim.KindUniqueness, "", nil)
		}
	}
}

// The statements that find what a unique index refused.
const (
	selectID       = `SELECT seq FROM scim_resources WHERE tenant = ? AND connection = ? AND type = ? AND seq <> ? AND id = ?`
	selectUserName = `SELECT seq FROM scim_resources WHERE tenant = ? AND connection = ? AND type = ? AND seq <> ?
	AND user_name = ? AND user_unique = 1`
	selectDisplayName = `SELECT seq FROM scim_resources WHERE tenant = ? AND connection = ? AND type = ? AND seq <> ?
	AND display_name = ? AND display_unique = 1`
	selectUnique = `SELECT seq FROM scim_values WHERE tenant = ? AND connection = ? AND type = ? AND seq <> ?
	AND path = ? AND key = ? AND is_unique = 1`
)

// rival returns the error that names the value of r that another resource
// has, nil if there is no such resource any more.
func (s *Store) rival(ctx context.Context, w *write, r *scim.Resource) error {
	ctx, err := s.patient(ctx)
	if err != nil {
		return err
	}
	var tx *sql.Tx
	if s.dialect == SQLite { // its transaction goes on after a refused row
		tx = s.joined(ctx)
	}
	taken := func(text string, args ...any) (bool, error) {
		var seq int64
		err := s.row(ctx, tx, text, w.scope.args(append([]any{w.typ, w.seq}, args...)...), &seq)
		if errors.Is(err, sql.ErrNoRows) {
			return false, nil
		}
		return err == nil, err
	}
	if found, err := taken(selectID, w.cols.id); err != nil {
		return err
	} else if found {
		return inUse("id", "the value is in use by another resource")
	}
	l := s.layout(r.Type())
	for path, text := range r.UniqueKeys() {
		key, _ := keyOf(text)
		find, args := selectUnique, []any{path, key}
		switch {
		case l.userName != nil && l.userName.Attribute().Path() == path:
			find, args = selectUserName, []any{key}
		case l.displayName != nil && l.displayName.Attribute().Path() == path:
			find, args = selectDisplayName, []any{key}
		}
		if found, err := taken(find, args...); err != nil {
			return err
		} else if found {
			return inUse(path, "the value is in use by another "+w.typ)
		}
	}
	return nil
}

func inUse(path, detail string) error {
	e := scim.NewError(scim.KindUniqueness, detail, nil)
	e.Path = path
	return e
}

// Update implements [scim.Store]. The resource's row is locked while fn runs
// (SQLite: the database), so that fn sees what the write replaces.
func (s *Store) Update(ctx context.Context, ref scim.Ref, fn func(*scim.Entry) error) error {
	err := s.unique(ctx, func() (w *write, r *scim.Resource, err error) {
		err = s.transact(ctx, func(inner context.Context, tx *sql.Tx) error {
			w, r, err = s.update(ctx, tx, ref, fn)
			switch {
			case err != nil:
				return err
			case s.dialect == PostgreSQL:
				return s.pgWrite(inner, tx, w)
			}
			return s.liteWrite(inner, tx, w)
		})
		return w, r, err
	})
	if errors.Is(err, scim.ErrUnchanged) {
		return nil // what fn did to the links was rolled back
	}
	return storeError(err)
}

// update runs a function on a resource and returns what it made of it.
func (s *Store) update(ctx context.Context, tx *sql.Tx, ref scim.Ref, fn func(*scim.Entry) error) (*write, *scim.Resource, error) {
	text := selectForUpdate
	if s.dialect == SQLite {
		text = selectResource
	}
	row, err := s.find(ctx, tx, ref, text)
	if err != nil {
		return nil, nil, err
	}
	links := &links{store: s, tx: tx, row: row, write: true}
	entry := &scim.Entry{Resource: row.resource(), Links: links}
	if err := s.apply(ctx, tx, func() error { return fn(entry) }); err != nil {
		return nil, nil, err
	}
	w, err := s.replace(row, entry.Resource, links.changed)
	return w, entry.Resource, err
}

// apply runs what changes links. If it says that nothing is to change, the
// transaction is rolled back; one that others have part in to where it was.
func (s *Store) apply(ctx context.Context, tx *sql.Tx, fn func() error) error {
	if s.joined(ctx) == nil {
		return fn()
	}
	inner, err := s.patient(ctx)
	if err != nil {
		return err
	}
	if err := s.exec(inner, tx, "SAVEPOINT scim_update"); err != nil {
		return err
	}
	err = fn()
	if errors.Is(err, scim.ErrUnchanged) {
		if back := s.exec(inner, tx, "ROLLBACK TO SAVEPOINT scim_update"); back != nil {
			return back
		}
	} else if err != nil {
		return err // the caller's transaction ends with it
	}
	if end := s.exec(inner, tx, "RELEASE SAVEPOINT scim_update"); end != nil {
		return end
	}
	return err
}

// replace prepares the write of a resource in the place of a row.
func (s *Store) replace(row *row, r *scim.Resource, links bool) (*write, error) {
	body, err := r.AppendStored(nil)
	if err != nil {
		return nil, err
	}
	l, before := s.layout(row.typ), r
	w := l.touched(row, r, body)
	if w == nil {
		before = row.resource()
		was := l.columnsOf(before)
		w = s.writeOf(row.scope, r, body)
		w.values = !slices.EqualFunc(w.cols.values, was.values, sameValue)
		w.kept = sameColumns(w.cols, was) && bytes.Equal(w.display, displayOf(l, before))
	}
	w.seq, w.cols.id = row.seq, []byte(row.id)
	w.change, err = s.payload(before, r, links)
	return w, err
}

// touched returns the write of a resource that has a new version and is
// otherwise as it was, as when only links have changed: neither the change nor
// the columns need the resource that it was. It is nil for any other.
func (l *layout) touched(row *row, r *scim.Resource, body []byte) *write {
	if !sameButMeta(row.body, body) {
		return nil
	}
	cols := &columns{}
	if cols.modified = cols.time(l.modified.Get(r)); cols.cut {
		return nil
	}
	return &write{scope: row.scope, typ: row.typ.Name(), cols: cols, body: body, kept: true}
}

// sameButMeta reports whether two encoded resources differ in nothing but
// meta, and not in the time of their creation. If meta is not at the end, or
// not of texts without braces, it says no.
func sameButMeta(a, b []byte) bool {
	restA, metaA, okA := cutMeta(a)
	restB, metaB, okB := cutMeta(b)
	return okA && okB && bytes.Equal(restA, restB) && bytes.Equal(createdIn(metaA), createdIn(metaB))
}

// cutMeta cuts an encoded resource before its meta. Inside a text the
// quotation marks would have a backslash.
func cutMeta(body []byte) (rest, meta []byte, ok bool) {
	const name = `"meta":{`
	i := bytes.LastIndex(body, []byte(name))
	if i < 0 {
		return nil, nil, false
	}
	meta = body[i+len(name):]
	return body[:i], meta, bytes.IndexByte(meta, '{') < 0 && bytes.IndexByte(meta, '}') == len(meta)-2
}

// createdIn returns the beginning of meta that ends with the time of the
// creation, nil if it has none.
func createdIn(meta []byte) []byte {
	const name = `"created":"`
	i := bytes.Index(meta, []byte(name))
	if i < 0 {
		return nil
	}
	length := bytes.IndexByte(meta[i+len(name):], '"')
	return meta[i : i+len(name)+max(length, 0)]
}

func sameValue(a, b valueRow) bool {
	return a.path == b.path && a.unique == b.unique && equalKey(a.key, b.key) && equalKey(a.kind, b.kind)
}

// sameColumns compares the columns whose indexes a write need not touch if
// they are the same.
func sameColumns(a, b *columns) bool {
	return equalKey(a.userName, b.userName) && equalKey(a.externalID, b.externalID) && equalKey(a.displayName, b.displayName) &&
		(a.created == nil) == (b.created == nil) && (a.created == nil || *a.created == *b.created) && a.cut == b.cut
}

// equalKey tells NULL from the empty text.
func equalKey(a, b []byte) bool { return (a == nil) == (b == nil) && bytes.Equal(a, b) }
