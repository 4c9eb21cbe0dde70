package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"iter"

	"github.com/zohoscim/zohoscim/scim"
)

const (
	selectOwnersOfOne = `SELECT r.revision, o.seq, o.id, o.type, o.display FROM scim_resources r
	LEFT JOIN (SELECT o.seq, o.id, o.type, o.display FROM scim_links l JOIN scim_resources o ON o.seq = l.owner
		WHERE l.tenant = ? AND l.connection = ? AND l.value = ? AND l.owner > ? ORDER BY l.owner LIMIT 1000) o ON TRUE
	WHERE r.tenant = ? AND r.connection = ? AND r.seq = ? ORDER BY o.seq`

	selectOwnerSeq = `SELECT l.owner FROM scim_links l JOIN scim_resources o ON o.seq = l.owner
	WHERE l.tenant = ? AND l.connection = ? AND l.value = ? AND o.id = ?`

	selectOwners = `SELECT l.value, o.id, o.type, o.display FROM scim_links l JOIN scim_resources o ON o.seq = l.owner
	WHERE l.tenant = ? AND l.connection = ? AND `
)

// Owners implements [scim.Links], in the order in which the owners were made.
func (l *links) Owners(ctx context.Context, after string) iter.Seq2[scim.Link, error] {
	return func(yield func(scim.Link, error) bool) {
		last, err := l.ownerSeq(ctx, after)
		for more := true; more && err == nil; {
			var page []scim.Link
			args := l.row.scope.args([]byte(l.row.id), last)
			err = l.scan(ctx, selectOwnersOfOne, args, func(rows *sql.Rows, revision *int64) error {
				var seq *int64
				var id, typ, display []byte
				if err := rows.Scan(revision, &seq, &id, &typ, &display); err != nil || seq == nil {
					return err
				}
				last = *seq
				page = append(page, scim.Link{Value: string(id), Type: string(typ), Display: string(display)})
				return nil
			})
			if err != nil {
				break
			}
			for _, link := range page {
				if !yield(link, nil) {
					return
				}
			}
			more = len(page) == pageSize
		}
		if err != nil {
			yield(scim.Link{}, storeError(err))
		}
	}
}

// ownerSeq returns the row behind which the owners after an id begin.
func (l *links) ownerSeq(ctx context.Context, after string) (int64, error) {
	if after == "" {
		return 0, nil
	}
	ctx, err := l.store.patient(ctx)
	if err != nil {
		return 0, err
	}
	var seq int64
	err = l.store.row(ctx, l.tx, selectOwnerSeq, l.row.scope.args([]byte(l.row.id), []byte(after)), &seq)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return seq, err
}

// Owners implements [scim.OwnerStore] with one statement for each 1,000 values.
func (s *Store) Owners(ctx context.Context, values []string) (map[string][]scim.Link, error) {
	out := make(map[string][]scim.Link, len(values))
	for len(values) > 0 {
		some := values[:min(len(values), pageSize)]
		values = values[len(some):]
		if err := s.ownersOf(ctx, some, out); err != nil {
			return nil, storeError(err)
		}
	}
	return out, nil
}

func (s *Store) ownersOf(ctx context.Context, values []string, out map[string][]scim.Link) error {
	scope := scopeOf(ctx)
	ctx, err := s.patient(ctx)
	if err != nil {
		return err
	}
	in, list := s.dialect.in("l.value", values)
	rows, err := s.query(ctx, nil, selectOwners+in+` ORDER BY l.owner`, scope.args(list)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var value, id, display []byte
		var typ string
		if err := rows.Scan(&value, &id, &typ, &display); err != nil {
			return fromDriver(err)
		}
		out[string(value)] = append(out[string(value)], scim.Link{Value: string(id), Type: typ, Display: string(display)})
	}
	return fromDriver(rows.Err())
}
