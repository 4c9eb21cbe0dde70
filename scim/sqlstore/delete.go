package sqlstore

import (
	"context"
	"database/sql"
	"slices"

	"github.com/zohoscim/zohoscim/scim"
)

const (
	selectOwnerRows = `SELECT o.seq, o.type, o.id, o.body FROM scim_links l JOIN scim_resources o ON o.seq = l.owner
	WHERE l.tenant = ? AND l.connection = ? AND l.value = ? AND o.seq <> ? ORDER BY o.seq`
	selectOwnerRowsForUpdate = selectOwnerRows + ` FOR UPDATE OF o`

	deleteLinksTo   = `DELETE FROM scim_links WHERE tenant = ? AND connection = ? AND value = ? RETURNING owner`
	deleteLinksFrom = `DELETE FROM scim_links WHERE tenant = ? AND connection = ? AND owner = ?`
	deleteResource  = `DELETE FROM scim_resources WHERE tenant = ? AND connection = ? AND seq = ?`

	liteTouch = `UPDATE scim_resources SET revision = revision + 1, modified = ?, body = ? WHERE tenant = ? AND connection = ? AND seq = ?`
	pgTouch   = `UPDATE scim_resources SET revision = revision + 1, modified = x.modified, body = x.body
	FROM unnest(CAST(? AS bigint[]), CAST(? AS bigint[]), CAST(? AS bytea[])) AS x (seq, modified, body)
	WHERE tenant = ? AND connection = ? AND scim_resources.seq = x.seq`
)

// Delete implements [scim.Store]. The number of statements does not depend
// on how many resources lose a link.
func (s *Store) Delete(ctx context.Context, ref scim.Ref, fn func(*scim.Entry) error) error {
	return storeError(s.transact(ctx, func(inner context.Context, tx *sql.Tx) error {
		text := selectForUpdate
		if s.dialect == SQLite {
			text = selectResource
		}
		row, err := s.find(ctx, tx, ref, text)
		if err != nil {
			return err
		}
		if fn != nil {
			if err := fn(&scim.Entry{Resource: row.resource(), Links: &links{store: s, tx: tx, row: row, write: true}}); err != nil {
				return err
			}
		}
		return s.remove(inner, tx, row)
	}))
}

// remove deletes a row that is locked, and all that belongs to it.
func (s *Store) remove(ctx context.Context, tx *sql.Tx, row *row) error {
	owners, err := s.unlink(ctx, tx, row)
	if err != nil {
		return err
	}
	changes, err := s.touch(ctx, tx, owners)
	if err != nil {
		return err
	}
	for _, text := range []string{deleteLinksFrom, deleteValues, deleteResource} {
		if err := s.exec(ctx, tx, text, row.scope.args(row.seq)...); err != nil {
			return err
		}
	}
	change, err := s.payload(row.resource(), nil, false)
	if err != nil || change == nil {
		return err
	}
	return s.record(ctx, tx, row.scope, append(changes, change))
}

// unlink removes the links to a resource and returns the rows, locked, of
// those that had one.
func (s *Store) unlink(ctx context.Context, tx *sql.Tx, gone *row) ([]*row, error) {
	owners, err := s.lockOwners(ctx, tx, gone)
	if err != nil {
		return nil, err
	}
	rows, err := s.query(ctx, tx, deleteLinksTo, gone.scope.args([]byte(gone.id))...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	had := map[int64]bool{}
	for rows.Next() {
		var seq int64
		if err := rows.Scan(&seq); err != nil {
			return nil, fromDriver(err)
		}
		had[seq] = true
	}
	if err := rows.Err(); err != nil {
		return nil, fromDriver(err)
	}
	delete(had, gone.seq) // a link to itself
	// One may have lost its link while it was waited for.
	owners = slices.DeleteFunc(owners, func(o *row) bool { return !had[o.seq] })
	if len(owners) < len(had) {
		return nil, fromDriver(errLost) // one that was not there a moment ago, and is not locked
	}
	return owners, nil
}

func (s *Store) lockOwners(ctx context.Context, tx *sql.Tx, gone *row) ([]*row, error) {
	text := selectOwnerRows
	if s.dialect == PostgreSQL {
		text = selectOwnerRowsForUpdate
	}
	rows, err := s.query(ctx, tx, text, gone.scope.args([]byte(gone.id), gone.seq)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var owners []*row
	for rows.Next() {
		o := &row{scope: gone.scope}
		var name string
		var id []byte
		if err := rows.Scan(&o.seq, &name, &id, &o.body); err != nil {
			return nil, fromDriver(err)
		}
		o.id = string(id)
		t, ok := s.types.Load(name)
		if !ok {
			return nil, scim.NewError(scim.KindInternal, "Options.Types does not have the resource type "+name+", which has a link to the resource", nil)
		}
		o.typ = t.(*scim.ResourceType)
		owners = append(owners, o)
	}
	return owners, fromDriver(rows.Err())
}

// touch gives rows that lost a link their next version, and returns the
// changes for the feed.
func (s *Store) touch(ctx context.Context, tx *sql.Tx, owners []*row) (changes [][]byte, err error) {
	for some := range slices.Chunk(owners, pageSize) {
		var seqs, times, bodies array
		for _, o := range some {
			r := o.resource()
			r.Touch()
			body, err := r.AppendStored(nil)
			if err != nil {
				return nil, err
			}
			modified, _ := nanos(r.LastModified())
			if s.dialect == PostgreSQL {
				seqs.int(o.seq)
				times.int(modified)
				bodies.bytes(body)
			} else if err := s.exec(ctx, tx, liteTouch, append([]any{modified, body}, o.scope.args(o.seq)...)...); err != nil {
				return nil, err
			}
			change, err := s.payload(o.resource(), r, true)
			if err != nil {
				return nil, err
			}
			changes = append(changes, change)
		}
		if s.dialect == PostgreSQL {
			args := append([]any{seqs.String(), times.String(), bodies.String()}, some[0].scope.args()...)
			if err := s.exec(ctx, tx, pgTouch, args...); err != nil {
				return nil, err
			}
		}
	}
	return changes, nil
}

// record adds changes to the feed, in this order.
func (s *Store) record(ctx context.Context, tx *sql.Tx, sc scope, changes [][]byte) error {
	for some := range slices.Chunk(changes, pageSize) {
		if s.dialect == PostgreSQL {
			if err := s.pgAppend(ctx, tx, sc, some); err != nil {
				return err
			}
			continue
		}
		for _, change := range some {
			if err := s.liteChange(ctx, tx, sc, change); err != nil {
				return err
			}
		}
	}
	return nil
}
