package sqlstore

import (
	"context"
	"database/sql"
)

const (
	liteInsert = `INSERT INTO scim_resources (tenant, connection, type, id, revision, user_name, external_id, display_name,
	user_unique, display_unique, created, modified, cut, display, body)
	VALUES (?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING seq`
	liteUpdate = `UPDATE scim_resources SET revision = revision + 1, user_name = ?, external_id = ?, display_name = ?,
	user_unique = ?, display_unique = ?, created = ?, modified = ?, cut = ?, display = ?, body = ?
	WHERE tenant = ? AND connection = ? AND seq = ?`
	liteInsertValue = `INSERT INTO scim_values (tenant, connection, type, seq, path, pos, key, kind, is_unique)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`
	liteFeed = `INSERT INTO scim_feeds (tenant, connection, last) VALUES (?, ?, 1)
	ON CONFLICT (tenant, connection) DO UPDATE SET last = last + 1 RETURNING last`
	liteChange = `INSERT INTO scim_changes (tenant, connection, seq, payload) VALUES (?, ?, ?, ?)`

	deleteValues = `DELETE FROM scim_values WHERE tenant = ? AND connection = ? AND seq = ?`
)

// columnArgs are the arguments of the columns user_name to body.
func (w *write) columnArgs() []any {
	c := w.cols
	return []any{
		c.userName, c.externalID, c.displayName, bit(c.uniqueUserName), bit(c.uniqueDisplayName),
		c.created, c.modified, number(c.cut), w.display, w.body,
	}
}

// bit is 1 or NULL: rows with NULL are no rivals in a unique index.
func bit(b bool) any {
	if b {
		return int64(1)
	}
	return nil
}

func number(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// liteWrite writes a resource in SQLite, where a statement is a function call.
func (s *Store) liteWrite(ctx context.Context, tx *sql.Tx, w *write) error {
	seq := w.seq
	var err error
	switch {
	case seq == 0:
		err = s.row(ctx, tx, liteInsert, append(w.scope.args(w.typ, w.cols.id), w.columnArgs()...), &seq)
	case w.kept:
		err = s.exec(ctx, tx, liteTouch, append([]any{w.cols.modified, w.body}, w.scope.args(seq)...)...)
	default:
		err = s.exec(ctx, tx, liteUpdate, append(w.columnArgs(), w.scope.args(seq)...)...)
	}
	if err != nil {
		return err
	}
	if w.values && w.seq != 0 {
		if err := s.exec(ctx, tx, deleteValues, w.scope.args(seq)...); err != nil {
			return err
		}
	}
	if w.values {
		for i, v := range w.cols.values {
			args := w.scope.args(w.typ, seq, v.path, i, v.key, v.kind, number(v.unique))
			if err := s.exec(ctx, tx, liteInsertValue, args...); err != nil {
				return err
			}
		}
	}
	for _, l := range w.put {
		args := w.scope.args(seq, []byte(l.Value), []byte(l.Type), []byte(l.Display))
		if err := s.exec(ctx, tx, putLink, args...); err != nil {
			return err
		}
	}
	if w.change == nil {
		return nil
	}
	return s.liteChange(ctx, tx, w.scope, w.change)
}

// liteChange adds one change to the feed.
func (s *Store) liteChange(ctx context.Context, tx *sql.Tx, sc scope, payload []byte) error {
	var last int64
	if err := s.row(ctx, tx, liteFeed, sc.args(), &last); err != nil {
		return err
	}
	if err := s.exec(ctx, tx, liteChange, sc.args(last, payload)...); err != nil {
		return err
	}
	return s.prune(ctx, tx, sc, last, 1)
}
