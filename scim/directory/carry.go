package directory

import (
	"context"
	"errors"

	"github.com/go-json-experiment/json"

	"github.com/zohoscim/zohoscim/scim"
)

// work is one change inside its transaction.
type work struct {
	*sidecar
	*binding
	resumed bool     // an earlier try of this change was finished a moment ago
	later   []string // ids of others with something to do after the transaction
}

// deletedBefore returns nil for a deletion that was only not finished.
func (w *work) deletedBefore(err error) error {
	if w.resumed && errors.Is(err, scim.ErrNotFound) {
		return nil
	}
	return err
}

// unfinishedError names a binding whose pending work comes first.
type unfinishedError struct{ id string }

func (e *unfinishedError) Error() string { return "directory: an earlier change is not finished" }

// change runs fn in a transaction, after what an earlier change of the same
// resource left to do, and then does what this one leaves.
func (d *Directory) change(ctx context.Context, id string, fn func(context.Context, *work) error) error {
	const attempts = 20
	if !d.shared {
		done, err := d.queue.enter(ctx, place{scopeOf(ctx), id})
		if err != nil {
			return err
		}
		defer done()
	}
	resumed := false
	for range attempts {
		var w *work
		err := d.inTx(ctx, func(ctx context.Context, q *sidecar) error {
			b, err := q.find(ctx, id)
			if err != nil {
				return err
			}
			if b.unfinished() {
				return &unfinishedError{id}
			}
			w = &work{sidecar: q, binding: b, resumed: resumed}
			return fn(ctx, w)
		})
		var first *unfinishedError
		if errors.As(err, &first) {
			if err := d.finish(ctx, first.id); err != nil {
				return err
			}
			resumed = true
			continue
		}
		if err != nil {
			return err
		}
		if w.unfinished() {
			w.later = append(w.later, id)
		}
		for _, id := range w.later {
			if err := d.finish(ctx, id); err != nil {
				return err
			}
		}
		return nil
	}
	return scim.NewError(scim.KindUnavailable, "the resource is being changed", nil)
}

// settle carries a plan out: at once where the accounts share the
// transaction, else after it, from what is kept in the binding.
func (d *Directory) settle(ctx context.Context, w *work, p *plan) error {
	return d.settleOne(ctx, w, w.binding, p)
}

func (d *Directory) settleOne(ctx context.Context, w *work, b *binding, p *plan) error {
	if p.Op == opNone {
		return d.record(ctx, w.sidecar, b, p, outcome{key: b.key, adopted: b.adopted})
	}
	b.version++
	p.Account.Version = b.version
	if d.shared {
		out, err := d.perform(ctx, b, p)
		if err != nil {
			return err
		}
		return d.record(ctx, w.sidecar, b, p, out)
	}
	var err error
	if b.pending, err = json.Marshal(p); err != nil {
		return err
	}
	return w.keep(ctx, b)
}

// finish carries out what is pending for an id, and tells
// [Options.Deactivated]. What the service refuses is taken back.
func (d *Directory) finish(ctx context.Context, id string) error {
	var b *binding
	err := d.inTx(ctx, func(ctx context.Context, q *sidecar) (err error) {
		b, err = q.find(ctx, id)
		return err
	})
	if err != nil {
		return err
	}
	if b.pending != nil {
		if b, err = d.resume(ctx, b); err != nil {
			return err
		}
	}
	if b.ending == "" {
		return nil
	}
	if d.o.Deactivated != nil {
		if err := d.o.Deactivated(ctx, &Account{ID: b.id, Key: b.ending, scope: b.scope}); err != nil {
			return scim.NewError(scim.KindUnavailable, "the account cannot be used any more, but what has to follow failed: send the request again", err)
		}
	}
	ended := b.ending
	return d.inTx(ctx, func(ctx context.Context, q *sidecar) error {
		b, err := q.find(ctx, id)
		if err != nil || b.ending != ended {
			return err
		}
		b.ending = ""
		if b.released && b.state == absent {
			return q.drop(ctx, b)
		}
		return q.keep(ctx, b)
	})
}

// resume calls the service for a pending plan.
func (d *Directory) resume(ctx context.Context, b *binding) (*binding, error) {
	var p plan
	if err := json.Unmarshal(b.pending, &p); err != nil {
		return nil, scim.NewError(scim.KindInternal, "a plan in scim_directory_accounts cannot be read", err)
	}
	p.Account.scope = b.scope
	var out outcome
	var err error
	if p.Op == opGroup {
		err = d.performGroup(ctx, b.id, p.Group)
	} else {
		out, err = d.perform(ctx, b, &p)
		if err == nil && p.Op == opCreate {
			err = d.rejoin(ctx, b.id, out.key)
		}
	}
	if err != nil && !refused(err) {
		var own *scim.Error
		if errors.As(err, &own) && own.Kind == scim.KindUnavailable {
			return nil, err
		}
		return nil, scim.NewError(scim.KindUnavailable, "the service did not answer: the change will be finished later", err)
	}
	refusal := err
	var now *binding
	err = d.inTx(ctx, func(ctx context.Context, q *sidecar) (err error) {
		if now, err = q.find(ctx, b.id); err != nil || now.version != b.version || now.pending == nil {
			return err // somebody else has finished it
		}
		now.pending = nil
		switch {
		case refusal != nil:
			return d.undo(ctx, q, now, &p)
		case p.Op == opGroup:
			return d.recordGroup(ctx, q, now, &p)
		case p.Gone:
			err := d.store.Delete(ctx, scim.Ref{Type: d.rules.user, ID: b.id}, nil)
			if err != nil && !errors.Is(err, scim.ErrNotFound) {
				return err
			}
		}
		return d.record(ctx, q, now, &p, out)
	})
	if refusal == nil && errors.Is(err, scim.ErrUniqueness) { // another user has got the account in between
		return nil, d.takeBack(ctx, b, &p)
	}
	if err == nil {
		err = refusal
	}
	return now, err
}

// takeBack undoes a plan that lost against another user's.
func (d *Directory) takeBack(ctx context.Context, b *binding, p *plan) error {
	err := d.inTx(ctx, func(ctx context.Context, q *sidecar) error {
		now, err := q.find(ctx, b.id)
		if err != nil || now.version != b.version || now.pending == nil {
			return err
		}
		now.pending = nil
		return d.undo(ctx, q, now, p)
	})
	if err != nil {
		return err
	}
	return taken("the account belongs to another user of the source")
}

// undo takes back what a refused plan was made for.
func (d *Directory) undo(ctx context.Context, q *sidecar, b *binding, p *plan) error {
	ref := scim.Ref{Type: d.rules.user, ID: b.id}
	var err error
	switch {
	case p.New:
		if err = d.store.Delete(ctx, ref, nil); err == nil {
			err = q.drop(ctx, b)
		}
	case p.Before != nil:
		err = d.store.Update(ctx, ref, func(e *scim.Entry) error {
			version := e.Resource.Version()
			e.Resource = scim.StoredResource(d.rules.user, p.Before)
			if err := e.Resource.Set("meta.version", scim.String(version)); err != nil {
				return err
			}
			e.Resource.Touch()
			return nil
		})
		fallthrough
	default:
		if err == nil {
			err = q.keep(ctx, b)
		}
	}
	if err != nil && !errors.Is(err, scim.ErrNotFound) {
		return err
	}
	return q.note(ctx, b.id, Undone, "the service refused the change", "")
}
