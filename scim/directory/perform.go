package directory

import (
	"context"
	"errors"

	"github.com/zohoscim/zohoscim/scim"
)

// outcome is what the service made of a plan.
type outcome struct {
	key     string
	adopted bool
	former  *binding // of an earlier user of the source, whose account it was
	action  string   // for the activity log, if the plan alone does not say it
}

// perform calls the service, inside the context's transaction or without one.
func (d *Directory) perform(ctx context.Context, b *binding, p *plan) (outcome, error) {
	a := &p.Account
	out := outcome{key: b.key, adopted: b.adopted}
	if p.Op == opCreate {
		return d.make(ctx, b, p)
	}
	if err := d.mayTouch(ctx, b, p); err != nil {
		return out, err
	}
	if p.Op == opDelete {
		out.key, out.adopted = "", false
		return out, d.accounts.Delete(ctx, a)
	}
	err := d.accounts.Update(ctx, a)
	switch {
	case !errors.Is(err, scim.ErrNotFound):
		return out, err
	case p.State == active && a.UserName != "":
		a.Key = ""
		return d.make(ctx, b, p)
	}
	p.State = absent // the service has removed it, and the source does not need it
	return outcome{}, nil
}

// mayTouch refuses a change of an account that is protected, or that would
// get the identity of another.
func (d *Directory) mayTouch(ctx context.Context, b *binding, p *plan) error {
	a := &p.Account
	renamed := p.Renamed && a.UserName != ""
	if !renamed && len(d.rules.protected) == 0 && d.o.Protect == nil {
		return nil
	}
	wanted := Account{ID: a.ID, Key: b.key, scope: b.scope}
	if renamed {
		wanted.UserName, wanted.Email = a.UserName, a.Email
		if b.adopted && !d.rules.verified(a.Email) {
			return forbidden("the account was adopted: its e-mail address stays in a verified domain")
		}
	}
	found, err := d.accounts.Find(ctx, &wanted)
	if err != nil {
		return err
	}
	for _, e := range found {
		if d.isProtected(e) {
			return forbidden("the account is protected from provisioning")
		}
		if e.Key == b.key {
			continue
		}
		other, err := d.holder(ctx, e)
		if err != nil {
			return err
		}
		if other == nil || sameName(a, e) {
			return taken("another account has the user name or e-mail address")
		}
	}
	if renamed && d.isProtected(Existing{Key: b.key, UserName: a.UserName, Email: a.Email}) {
		return forbidden("the user name or e-mail address is protected from provisioning")
	}
	return nil
}

func (d *Directory) isProtected(e Existing) bool {
	if d.o.Protect != nil && d.o.Protect(e) {
		return true
	}
	return e.UserName != "" && d.rules.protected[scim.Canonical(e.UserName)] || e.Email != "" && d.rules.protected[scim.Canonical(e.Email)]
}

// make creates the account of a user, or finds the one that it already has.
func (d *Directory) make(ctx context.Context, b *binding, p *plan) (outcome, error) {
	a := &p.Account
	if d.isProtected(Existing{UserName: a.UserName, Email: a.Email}) {
		return outcome{}, taken("the account is protected from provisioning: see protected in the settings of the directory")
	}
	found, err := d.accounts.Find(ctx, a)
	if err != nil {
		return outcome{}, err
	}
	var rival *Existing
	var former *binding
	for _, e := range found {
		if e.ID == a.ID && e.ID != "" {
			continue // an earlier call of Create made it
		}
		if d.isProtected(e) {
			return outcome{}, taken("the account is protected from provisioning: see protected in the settings of the directory")
		}
		holder, err := d.holder(ctx, e)
		switch {
		case err != nil:
			return outcome{}, err
		case holder != nil && !sameName(a, e):
			continue // two users may have one e-mail address
		case holder != nil && (!holder.released || holder.scope != b.scope):
			return outcome{}, taken("another user of a connected source has the account")
		case rival != nil:
			return outcome{}, taken("several accounts have the user name or the e-mail address")
		}
		rival, former = &e, holder
	}
	if rival != nil {
		return d.takeOver(ctx, p, *rival, former)
	}
	key, err := d.accounts.Create(ctx, a)
	if err == nil && key == "" {
		err = scim.NewError(scim.KindInternal, "Accounts.Create returned no key", nil)
	}
	return outcome{key: key, action: Created}, err
}

// holder returns the binding of an account, nil if provisioning has none.
func (d *Directory) holder(ctx context.Context, e Existing) (b *binding, err error) {
	err = d.inTx(ctx, func(ctx context.Context, q *sidecar) error {
		b, err = q.byKey(ctx, e.Key)
		return err
	})
	return b, err
}

// sameName reports whether two accounts cannot both be there: they have the
// same user name, or are known by nothing but an e-mail address.
func sameName(a *Account, e Existing) bool {
	return e.UserName == "" || scim.Canonical(a.UserName) == scim.Canonical(e.UserName)
}

// takeOver makes an account that is there the user's: without asking if an
// earlier user of the same source had made or adopted it, else if the
// settings allow it.
func (d *Directory) takeOver(ctx context.Context, p *plan, e Existing, former *binding) (outcome, error) {
	a := &p.Account
	out := outcome{key: e.Key, former: former, action: Resumed}
	if former != nil {
		out.adopted = former.adopted
	} else {
		adopt, err := d.mayAdopt(ctx, a, e)
		if err != nil {
			return out, err
		}
		if !adopt {
			return out, taken("there is an account with this user name or e-mail address that provisioning did not make; adopt in the settings of the directory would allow to take it over")
		}
		out.adopted, out.action = true, Adopted
	}
	update := *a
	if out.adopted {
		update = d.withoutIdentity(update)
	}
	update.Key = e.Key
	return out, d.accounts.Update(ctx, &update)
}

func (d *Directory) mayAdopt(ctx context.Context, a *Account, e Existing) (bool, error) {
	if d.o.Adopt != nil {
		return d.o.Adopt(ctx, a, e)
	}
	return d.rules.Adopt == AdoptEmail && a.Email != "" && d.rules.verified(a.Email) &&
		scim.Canonical(a.Email) == scim.Canonical(e.Email), nil
}

// record keeps what a plan has become.
func (d *Directory) record(ctx context.Context, q *sidecar, b *binding, p *plan, out outcome) error {
	before := b.state
	if p.Op != opNone {
		if before == active && p.State != active && d.o.Deactivated != nil {
			b.ending = b.key
		}
		b.key, b.state, b.adopted = out.key, p.State, out.adopted
		b.told = b.told || out.action == Adopted || out.action == Resumed
	}
	if out.former != nil {
		if err := q.drop(ctx, out.former); err != nil {
			return err
		}
	}
	if err := d.story(ctx, q, b, p, out, before); err != nil {
		return err
	}
	if err := d.announce(ctx, q, b, p, out); err != nil {
		return err
	}
	if p.Gone {
		b.released = true
		if b.state == absent && b.ending == "" {
			return q.drop(ctx, b)
		}
	}
	err := q.keep(ctx, b)
	if isUnique(err) {
		return taken("the account belongs to another user of the source")
	}
	return err
}

// story writes what was done into the activity log.
func (d *Directory) story(ctx context.Context, q *sidecar, b *binding, p *plan, out outcome, before state) error {
	note := func(action, reason string) error { return q.note(ctx, b.id, action, reason, "") }
	switch p.Op {
	case opNone:
		if p.Reason == "" {
			return nil
		}
		return note(Skipped, p.Reason)
	case opDelete:
		return note(Deleted, p.Reason)
	case opCreate:
		if err := note(out.action, p.Reason); err != nil {
			return err
		}
		if before == absent && b.state == active {
			return nil
		}
	}
	action := Mapped
	switch {
	case before != inactive && b.state == inactive:
		action = Deactivated
	case before == inactive && b.state == active:
		action = Activated
	}
	if action == Mapped && p.Op == opCreate {
		return nil
	}
	return note(action, p.Reason)
}
