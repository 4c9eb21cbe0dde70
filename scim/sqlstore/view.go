package sqlstore

import (
	"context"
	"database/sql"
	"errors"

	"github.com/zohoscim/zohoscim/scim"
)

const (
	selectResource = `SELECT seq, revision, body FROM scim_resources
	WHERE tenant = ? AND connection = ? AND type = ? AND id = ?`
	selectForUpdate = selectResource + ` FOR UPDATE`
)

// View implements [scim.Store]. The resource is read with one statement; if
// fn asks for links and the resource has meanwhile changed, all is read again
// in a transaction, and fn runs again.
func (s *Store) View(ctx context.Context, ref scim.Ref, fn func(*scim.Entry) error) error {
	view := func(tx *sql.Tx) (stale bool, err error) {
		row, err := s.find(ctx, tx, ref, selectResource)
		if err != nil {
			return false, err
		}
		links := &links{store: s, tx: tx, row: row}
		err = fn(&scim.Entry{Resource: row.resource(), Links: links})
		return links.stale, err
	}
	stale, err := view(s.joined(ctx))
	if stale {
		err = s.snapshot(ctx, func(tx *sql.Tx) error {
			_, err := view(tx)
			return err
		})
	}
	return storeError(err)
}

// row is a resource as it was read.
type row struct {
	scope         scope
	typ           *scim.ResourceType
	id            string
	seq, revision int64
	body          []byte
}

// resource returns the resource. Its bytes are the row's own and are never
// written to.
func (r *row) resource() *scim.Resource { return scim.StoredResource(r.typ, r.body) }

// find reads a resource with one of the statements above.
func (s *Store) find(ctx context.Context, tx *sql.Tx, ref scim.Ref, text string) (*row, error) {
	ctx, err := s.patient(ctx)
	if err != nil {
		return nil, err
	}
	s.layout(ref.Type) // the type is known from now on
	r := &row{scope: scopeOf(ctx), typ: ref.Type, id: ref.ID}
	err = s.row(ctx, tx, text, r.scope.args(ref.Type.Name(), []byte(ref.ID)), &r.seq, &r.revision, &r.body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, scim.NewError(scim.KindNotFound, "there is no such "+ref.Type.Name(), nil)
	}
	return r, err
}
