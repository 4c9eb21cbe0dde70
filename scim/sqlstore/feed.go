package sqlstore

import (
	"context"
	"database/sql"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/zohoscim/zohoscim/scim"
)

// change is a [scim.Change] as its row holds it.
type change struct {
	Time       int64    `json:"time"` // nanoseconds since 1970
	Events     []string `json:"events"`
	Type       string   `json:"type"`
	ID         string   `json:"id"`
	ExternalID string   `json:"externalId,omitzero"`
	Version    string   `json:"version,omitzero"`
	Attributes []string `json:"attributes,omitempty"`
}

// payload returns the change that a write is, nil if none is recorded.
func (s *Store) payload(before, after *scim.Resource, links bool) ([]byte, error) {
	if s.opts.Changes < 0 {
		return nil, nil
	}
	c := scim.NewChange(before, after, links)
	return json.Marshal(change{
		Time: c.Time.UnixNano(), Events: c.Events, Type: c.Type, ID: c.ID, ExternalID: c.ExternalID,
		Version: c.Version, Attributes: c.Attributes,
	})
}

const selectChanges = `SELECT f.last, (SELECT MIN(seq) FROM scim_changes WHERE tenant = ? AND connection = ?), c.seq, c.payload FROM scim_feeds f
	LEFT JOIN (SELECT seq, payload FROM scim_changes WHERE tenant = ? AND connection = ? AND seq > ? ORDER BY seq LIMIT ?) c ON TRUE
	WHERE f.tenant = ? AND f.connection = ? ORDER BY c.seq`

// Changes implements [scim.ChangeFeed].
func (s *Store) Changes(ctx context.Context, after uint64, limit int) ([]scim.Change, error) {
	if s.opts.Changes < 0 {
		return nil, scim.NewError(scim.KindInternal, "the store records no changes: Options.Changes is negative", nil)
	}
	out, err := s.changes(ctx, int64(min(after, 1<<62)), limit)
	return out, storeError(err)
}

func (s *Store) changes(ctx context.Context, after int64, limit int) ([]scim.Change, error) {
	scope := scopeOf(ctx)
	ctx, err := s.patient(ctx)
	if err != nil {
		return nil, err
	}
	args := append(append(scope.args(), scope.args(after, limit)...), scope.args()...)
	rows, err := s.query(ctx, nil, selectChanges, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []scim.Change
	var last, first int64
	for rows.Next() {
		var seq *int64
		var payload []byte
		if err := rows.Scan(&last, &first, &seq, &payload); err != nil {
			return nil, fromDriver(err)
		}
		if seq == nil {
			continue
		}
		c, err := readChange(*seq, payload)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	if err := rows.Err(); err != nil {
		return nil, fromDriver(err)
	}
	if after > last || first > 0 && after+1 < first {
		return []scim.Change{{Seq: uint64(last)}}, scim.NewError(scim.KindExpiredCursor, "changes after this number are no longer kept: read everything anew", nil)
	}
	return out, nil
}

func readChange(seq int64, payload []byte) (scim.Change, error) {
	var c change
	if err := json.Unmarshal(payload, &c); err != nil {
		return scim.Change{}, scim.NewError(scim.KindInternal, "a row of scim_changes cannot be read", nil)
	}
	return scim.Change{
		Seq: uint64(seq), Time: time.Unix(0, c.Time).UTC(), Events: c.Events, Type: c.Type, ID: c.ID,
		ExternalID: c.ExternalID, Version: c.Version, Attributes: c.Attributes,
	}, nil
}

// pruneEvery is how many changes are written between two removals of those
// that are too old.
const pruneEvery = 64

const deleteChanges = `DELETE FROM scim_changes WHERE tenant = ? AND connection = ? AND seq <= ?`

// prune removes the changes that are too old, if the newest one's number
// says that it is time to. It is part of the write's transaction.
func (s *Store) prune(ctx context.Context, tx *sql.Tx, sc scope, last int64, added int) error {
	if last/pruneEvery == (last-int64(added))/pruneEvery || last <= int64(s.opts.Changes) {
		return nil
	}
	return s.exec(ctx, tx, deleteChanges, sc.args(last-int64(s.opts.Changes))...)
}
