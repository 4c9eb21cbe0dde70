package sqlstore

import (
	"context"
	"database/sql"
	"strings"
)

// The parts of the one statement that writes a resource in PostgreSQL, where
// a statement is a journey. r is the resource's row; the feed comes last, as
// its row is locked until the commit.
const (
	pgInsert = `WITH r AS (INSERT INTO scim_resources (tenant, connection, type, id, revision, user_name, external_id, display_name,
	user_unique, display_unique, created, modified, cut, display, body)
	VALUES (?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING tenant, connection, type, seq)`
	pgUpdate = `WITH r AS (UPDATE scim_resources SET revision = revision + 1, user_name = ?, external_id = ?, display_name = ?,
	user_unique = ?, display_unique = ?, created = ?, modified = ?, cut = ?, display = ?, body = ?
	WHERE tenant = ? AND connection = ? AND seq = ? RETURNING tenant, connection, type, seq)`
	pgUpdateBody = `WITH r AS (UPDATE scim_resources SET revision = revision + 1, modified = ?, body = ?
	WHERE tenant = ? AND connection = ? AND seq = ? RETURNING tenant, connection, type, seq)`
	pgValues = `, v AS (INSERT INTO scim_values (tenant, connection, type, seq, path, pos, key, kind, is_unique)
	SELECT r.tenant, r.connection, r.type, r.seq, x.path, x.pos - 1, x.key, x.kind, x.is_unique FROM r, unnest(
		CAST(? AS text[]), CAST(? AS bytea[]), CAST(? AS bytea[]), CAST(? AS smallint[])
	) WITH ORDINALITY AS x (path, key, kind, is_unique, pos) RETURNING 1)`
	pgNewLinks = `, l AS (INSERT INTO scim_links (tenant, connection, owner, value, type, display)
	SELECT r.tenant, r.connection, r.seq, x.value, x.type, x.display FROM r, unnest(
		CAST(? AS bytea[]), CAST(? AS bytea[]), CAST(? AS bytea[])
	) AS x (value, type, display) RETURNING 1)`
	pgFeed = `, f AS (INSERT INTO scim_feeds (tenant, connection, last) SELECT r.tenant, r.connection, 1 FROM r`
	// The rows of values are written before the feed is locked: they can wait
	// for a rival, which may itself wait for the feed.
	pgAfterValues = ` WHERE (SELECT COUNT(*) FROM v) >= 0`
	pgChange      = ` ON CONFLICT (tenant, connection) DO UPDATE SET last = scim_feeds.last + 1 RETURNING tenant, connection, last)
	INSERT INTO scim_changes (tenant, connection, seq, payload)
	SELECT f.tenant, f.connection, f.last, CAST(? AS bytea) FROM f RETURNING seq`
	pgNoChange = ` SELECT seq FROM r`
)

// pgWrite writes a resource in PostgreSQL. Without a transaction the
// statement is one.
func (s *Store) pgWrite(ctx context.Context, tx *sql.Tx, w *write) error {
	if w.values && w.seq != 0 {
		if err := s.exec(ctx, tx, deleteValues, w.scope.args(w.seq)...); err != nil {
			return err
		}
	}
	text, args := w.pgStatement()
	var last int64
	if err := s.row(ctx, tx, text, args, &last); err != nil {
		return err
	}
	if w.change == nil {
		return nil
	}
	err := s.prune(ctx, tx, w.scope, last, 1)
	if tx == nil {
		return nil // the write is done, and the next one removes what is too old
	}
	return err
}

// pgStatement joins the parts that the write needs. There are few
// combinations, so that each is prepared once.
func (w *write) pgStatement() (string, []any) {
	var text strings.Builder
	var args []any
	add := func(part string, more ...any) {
		text.WriteString(part)
		args = append(args, more...)
	}
	switch {
	case w.seq == 0:
		add(pgInsert, append(w.scope.args(w.typ, w.cols.id), w.columnArgs()...)...)
	case w.kept:
		add(pgUpdateBody, append([]any{w.cols.modified, w.body}, w.scope.args(w.seq)...)...)
	default:
		add(pgUpdate, append(w.columnArgs(), w.scope.args(w.seq)...)...)
	}
	values := w.values && len(w.cols.values) > 0
	if values {
		var path, key, kind, unique array
		for _, v := range w.cols.values {
			path.word(v.path)
			key.bytes(v.key)
			kind.bytes(v.kind)
			unique.int(number(v.unique))
		}
		add(pgValues, path.String(), key.String(), kind.String(), unique.String())
	}
	if len(w.put) > 0 {
		add(pgNewLinks, linkArrays(w.put)...)
	}
	if w.change == nil {
		add(pgNoChange)
		return text.String(), args
	}
	add(pgFeed)
	if values {
		add(pgAfterValues)
	}
	add(pgChange, w.change)
	return text.String(), args
}

const pgChanges = `WITH f AS (INSERT INTO scim_feeds (tenant, connection, last) VALUES (?, ?, ?)
	ON CONFLICT (tenant, connection) DO UPDATE SET last = scim_feeds.last + EXCLUDED.last RETURNING tenant, connection, last)
	INSERT INTO scim_changes (tenant, connection, seq, payload)
	SELECT f.tenant, f.connection, f.last - CAST(? AS bigint) + x.pos, x.payload
	FROM f, unnest(CAST(? AS bytea[])) WITH ORDINALITY AS x (payload, pos) RETURNING (SELECT last FROM f)`

// pgAppend adds changes to the feed.
func (s *Store) pgAppend(ctx context.Context, tx *sql.Tx, sc scope, payloads [][]byte) error {
	var list array
	for _, p := range payloads {
		list.bytes(p)
	}
	var last int64
	if err := s.row(ctx, tx, pgChanges, sc.args(len(payloads), len(payloads), list.String()), &last); err != nil {
		return err
	}
	return s.prune(ctx, tx, sc, last, len(payloads))
}
