package directory

import (
	"context"
	"database/sql"
	"iter"
	"log/slog"
	"time"

	"github.com/zohoscim/zohoscim/scim"
	"github.com/zohoscim/zohoscim/scim/sqlstore"
)

// Options are the optional parts of a [Directory].
type Options struct {
	// Notifier sends the one-time passwords that
	// [Settings.PasswordNotification] asks for; it is required then.
	Notifier Notifier

	// Deactivated is called when an account cannot be used any more, because
	// it was deactivated or deleted, to end its sessions: after the change is
	// kept, before the sender is answered. a has ID and Key. If it fails the
	// sender's request does with a 5xx, and it is called again when the sender
	// repeats the request, and by [Directory.Recover]; it must bear that.
	Deactivated func(ctx context.Context, a *Account) error

	// Adopt decides in place of [Settings.Adopt] whether the account that is
	// there already becomes the new user's. It is called inside a transaction.
	Adopt func(ctx context.Context, a *Account, e Existing) (bool, error)

	// Protect names further accounts that provisioning never touches, beside
	// [Settings.Protected].
	Protect func(e Existing) bool

	// CallTimeout bounds one delivery of a notification, and is how long a
	// call to [Accounts] or a delivery is left alone before another process
	// takes it for one that a crash has ended. 0 is a minute.
	CallTimeout time.Duration

	// ActivityLimit is how many records of activity are kept; 0 is 100,000.
	ActivityLimit int

	// Logger gets what the activity log gets from [Directory.Run], and
	// failures of deliveries, with ids and without values. Nil is silent.
	Logger *slog.Logger
}

// Directory is one connected source: a [scim.Store] over the accounts of a
// service. Resources of further types are kept and have no accounts. It is safe for concurrent use, also by several processes on one
// database.
type Directory struct {
	store    *sqlstore.Store
	dialect  sqlstore.Dialect
	accounts Accounts
	shared   bool // the accounts are in the transaction
	rules    *rules
	o        Options
	log      *slog.Logger
	queue    queue
}

var (
	_ scim.Store      = (*Directory)(nil)
	_ scim.OwnerStore = (*Directory)(nil)
)

// New returns a directory over accounts. db is where its own tables are, made
// by [Migrate]; a [Table] has to be in the same database, and its rows then
// change in the same transactions. All arguments but the options are required.
func New(db *sql.DB, dialect sqlstore.Dialect, accounts Accounts, settings *Settings, o *Options) (*Directory, error) {
	if accounts == nil || settings == nil {
		return nil, optionError("accounts, settings", "both are required")
	}
	d := &Directory{dialect: dialect, accounts: accounts}
	if o != nil {
		d.o = *o
	}
	var err error
	if d.rules, err = compile(settings); err != nil {
		return nil, err
	}
	if d.store, err = sqlstore.New(db, dialect, &sqlstore.Options{Types: []*scim.ResourceType{d.rules.user}}); err != nil {
		return nil, err
	}
	if t, ok := accounts.(*Table); ok {
		d.shared = true
		if err := t.join(db, dialect, d.rules); err != nil {
			return nil, err
		}
	}
	if d.rules.PasswordNotification.To != Nobody {
		if d.o.Notifier == nil {
			return nil, optionError("Notifier", "the settings ask for password notification: give a notifier")
		}
		if !d.hasPasswords() {
			return nil, optionError("accounts", "the settings ask for password notification: the accounts must have Passwords")
		}
	}
	if d.o.CallTimeout <= 0 {
		d.o.CallTimeout = time.Minute
	}
	if d.o.ActivityLimit <= 0 {
		d.o.ActivityLimit = 100_000
	}
	if d.log = d.o.Logger; d.log == nil {
		d.log = slog.New(slog.DiscardHandler)
	}
	return d, nil
}

func (d *Directory) hasPasswords() bool {
	if t, ok := d.accounts.(*Table); ok {
		return t.o.Password != ""
	}
	_, ok := d.accounts.(Passwords)
	return ok
}

// Types returns the resource types for [scim.ServerOptions.Types]: users,
// with the extension of [Settings.CustomSchema], and groups.
func (d *Directory) Types() []*scim.ResourceType {
	return []*scim.ResourceType{d.rules.user, scim.GroupType()}
}

// View implements [scim.Store].
func (d *Directory) View(ctx context.Context, ref scim.Ref, fn func(*scim.Entry) error) error {
	return d.store.View(ctx, ref, fn)
}

// List implements [scim.Store].
func (d *Directory) List(ctx context.Context, q *scim.Query) (*scim.Page, error) {
	return d.store.List(ctx, q)
}

// Owners implements [scim.OwnerStore].
func (d *Directory) Owners(ctx context.Context, values []string) (map[string][]scim.Link, error) {
	return d.store.Owners(ctx, values)
}

// Create implements [scim.Store]: it makes the user's account, or adopts one.
func (d *Directory) Create(ctx context.Context, r *scim.Resource, links iter.Seq[scim.Link]) error {
	if err := d.writable(r.Type()); err != nil {
		return err
	}
	switch r.Type() {
	case d.rules.user:
	case scim.GroupType():
		return d.createGroup(ctx, r, links)
	default:
		return d.store.Create(ctx, r, links)
	}
	if err := withoutPassword(r); err != nil {
		return err
	}
	return d.change(ctx, r.ID(), func(ctx context.Context, w *work) error {
		if err := d.store.Create(ctx, r, links); err != nil {
			return err
		}
		w.binding = &binding{scope: w.scope, id: w.id, version: w.version}
		return d.settle(ctx, w, d.decide(w.binding, nil, r, false))
	})
}

// Update implements [scim.Store].
func (d *Directory) Update(ctx context.Context, ref scim.Ref, fn func(*scim.Entry) error) error {
	if err := d.writable(ref.Type); err != nil {
		return err
	}
	switch ref.Type {
	case d.rules.user:
	case scim.GroupType():
		return d.updateGroup(ctx, ref, fn)
	default:
		return d.store.Update(ctx, ref, fn)
	}
	return d.change(ctx, ref.ID, func(ctx context.Context, w *work) error {
		var was, is *scim.Resource
		err := d.store.Update(ctx, ref, func(e *scim.Entry) error {
			was, is = e.Resource.Clone(), nil
			if err := fn(e); err != nil {
				return err
			}
			is = e.Resource
			return withoutPassword(is)
		})
		if err != nil || is == nil {
			return err
		}
		return d.settle(ctx, w, d.decide(w.binding, was, is, w.departed))
	})
}

// Delete implements [scim.Store]. A deletion that is repeated because
// [Options.Deactivated] failed succeeds when that does.
func (d *Directory) Delete(ctx context.Context, ref scim.Ref, fn func(*scim.Entry) error) error {
	if err := d.writable(ref.Type); err != nil {
		return err
	}
	switch ref.Type {
	case d.rules.user:
	case scim.GroupType():
		return d.deleteGroup(ctx, ref, fn)
	default:
		return d.store.Delete(ctx, ref, fn)
	}
	return d.change(ctx, ref.ID, func(ctx context.Context, w *work) error {
		var was *scim.Resource
		see := func(e *scim.Entry) error {
			was = e.Resource.Clone()
			if fn != nil {
				return fn(e)
			}
			return nil
		}
		if d.shared {
			if err := d.store.Delete(ctx, ref, see); err != nil {
				return w.deletedBefore(err)
			}
			return d.settle(ctx, w, d.decide(w.binding, was, nil, w.departed))
		}
		// The user goes when the service has let the account go.
		err := d.store.Update(ctx, ref, func(e *scim.Entry) error {
			if err := see(e); err != nil {
				return err
			}
			return scim.ErrUnchanged
		})
		if err != nil {
			return w.deletedBefore(err)
		}
		p := d.decide(w.binding, was, nil, w.departed)
		if p.Op != opNone {
			return d.settle(ctx, w, p)
		}
		if err := d.store.Delete(ctx, ref, nil); err != nil {
			return err
		}
		return d.settle(ctx, w, p)
	})
}

// writable reports whether resources of a type may be written.
func (d *Directory) writable(t *scim.ResourceType) error {
	switch {
	case t == d.rules.user:
		if d.rules.syncs(Users) {
			return nil
		}
		return forbidden("users are not synchronised; see resources in the settings of the directory")
	case t == scim.GroupType():
		if d.rules.syncs(Groups) {
			return nil
		}
		return forbidden("groups are not synchronised; see resources in the settings of the directory")
	case t.Name() == d.rules.user.Name() || t.Name() == scim.GroupType().Name():
		return scim.NewError(scim.KindInternal, "serve the resource types that Directory.Types returns", nil)
	}
	return nil
}

// withoutPassword removes what no table may hold.
func withoutPassword(r *scim.Resource) error {
	_, err := r.Remove("password")
	return err
}
