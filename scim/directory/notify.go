package directory

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/zohoscim/zohoscim/scim"
)

// Notifier tells somebody of a new account: by mail, for example. It is
// called by [Directory.Deliver] and [Directory.Run], never by a request.
type Notifier interface {
	// Notify returns nil when the notification is safe with whoever delivers
	// it. Any error is an invitation to try again later, with another
	// password. A notification can come twice, with the same ID, if the
	// process ended between Notify's return and the record of it; the later
	// one has the password that counts.
	Notify(ctx context.Context, n Notification) error
}

// Notification is one message about a new account.
type Notification struct {
	ID        string      // the same when it is sent again
	Recipient Recipient   // [User] or [Administrator]
	Address   string      // e-mail address of the recipient
	UserName  string      // of the new account
	Password  scim.Secret // one-time password, which nobody else has
}

// String shows neither the password nor whose it is.
func (n Notification) String() string { return "notification " + n.ID }

// GoString is String.
func (n Notification) GoString() string { return n.String() }

// Reasons why nobody is told of a new account.
const (
	skipNobody   = "nobody is notified, as the settings say"
	skipDomain   = "the domain of the user's e-mail address is not verified"
	skipNoMail   = "the user has no e-mail address"
	skipInactive = "the account cannot be used"
	skipGone     = "the source has deleted the user"
)

// skipReason says why nobody is told of an account with this address, ""
// if somebody is.
func (r *rules) skipReason(email string) string {
	switch {
	case r.PasswordNotification.To == Nobody:
		return skipNobody
	case email == "":
		return skipNoMail
	case !r.verified(email):
		return skipDomain
	}
	return ""
}

// announce writes a notification into the outbox for an account that was made
// and can be used for the first time.
func (d *Directory) announce(ctx context.Context, q *sidecar, b *binding, p *plan, out outcome) error {
	if out.action == Created {
		b.told = false
	}
	if b.told || p.Op == opNone || b.state != active {
		return nil
	}
	b.told = true
	if reason := d.rules.skipReason(p.Account.Email); reason != "" {
		return q.note(ctx, b.id, Skipped, reason, "")
	}
	return q.exec(ctx, `INSERT INTO scim_directory_outbox (notification, tenant, connection, id, attempts, due)
	VALUES (?, ?, ?, ?, 0, ?)`, rand.Text(), []byte(b.scope.Tenant), []byte(b.scope.Connection), []byte(b.id), time.Now().UnixNano())
}

// letter is a row of the outbox.
type letter struct {
	notification, id string
	scope            scim.Scope
	attempts         int
}

// Deliver hands the notifications that are due to the [Notifier] and returns
// how many it took. An error says that some were not taken; each will be due
// again, later each time, up to an hour.
func (d *Directory) Deliver(ctx context.Context) (sent int, err error) {
	if d.o.Notifier == nil {
		return 0, nil
	}
	var failures []error
	for ctx.Err() == nil {
		l, err := d.claim(ctx)
		if err != nil || l == nil {
			return sent, errors.Join(append(failures, err)...)
		}
		taken, err := d.deliver(scim.WithScope(ctx, l.scope), l)
		if err != nil {
			failures = append(failures, &Error{Kind: KindDelivery, Place: "notification " + l.notification, Detail: "it will be tried again", cause: err})
		}
		if taken {
			sent++
		}
	}
	return sent, errors.Join(append(failures, ctx.Err())...)
}

// claim takes the letter that has been due longest, for as long as a call may
// take: a process that ends meanwhile leaves it to others.
func (d *Directory) claim(ctx context.Context) (l *letter, err error) {
	err = d.inTx(ctx, func(ctx context.Context, q *sidecar) error {
		l = nil
		now := time.Now()
		text := `SELECT notification, id, tenant, connection, attempts FROM scim_directory_outbox WHERE due <= ? ORDER BY due LIMIT 1`
		if q.locks() {
			text += ` FOR UPDATE SKIP LOCKED`
		}
		var found letter
		err := q.one(ctx, text, []any{now.UnixNano()}, &found.notification, &found.id, &found.scope.Tenant, &found.scope.Connection, &found.attempts)
		if err != nil || found.notification == "" {
			return err
		}
		l = &found
		l.attempts++
		return q.exec(ctx, `UPDATE scim_directory_outbox SET due = ?, attempts = ? WHERE notification = ?`,
			now.Add(d.o.CallTimeout).UnixNano(), l.attempts, l.notification)
	})
	return l, err
}

// deliver sets a new password and hands it over.
func (d *Directory) deliver(ctx context.Context, l *letter) (bool, error) {
	a, skip, err := d.addressee(ctx, l)
	if err != nil {
		return false, err
	}
	if skip != "" {
		return false, d.close(ctx, l, Skipped, skip)
	}
	calling, cancel := context.WithTimeout(ctx, d.o.CallTimeout)
	defer cancel()
	password := newPassword(d.rules.PasswordNotification.Length)
	n := Notification{ID: l.notification, Recipient: d.rules.PasswordNotification.To, Address: a.Email, UserName: a.UserName, Password: password}
	if n.Recipient == Administrator {
		n.Address = d.rules.PasswordNotification.Administrator
	}
	if err = d.setPassword(calling, a, password); err == nil {
		err = d.o.Notifier.Notify(calling, n)
	}
	if err != nil {
		return false, errors.Join(err, d.postpone(context.WithoutCancel(ctx), l))
	}
	// The notifier has it: that is recorded whatever becomes of ctx.
	return true, d.close(context.WithoutCancel(ctx), l, Notified, "")
}

func (d *Directory) setPassword(ctx context.Context, a *Account, password scim.Secret) error {
	if !d.shared {
		return d.accounts.(Passwords).SetPassword(ctx, a, password)
	}
	return d.inTx(ctx, func(ctx context.Context, _ *sidecar) error {
		return d.accounts.(Passwords).SetPassword(ctx, a, password)
	})
}

// addressee returns the account that a letter is about, or why it is not
// written to any more.
func (d *Directory) addressee(ctx context.Context, l *letter) (a *Account, skip string, err error) {
	err = d.inTx(ctx, func(ctx context.Context, q *sidecar) error {
		b, err := q.find(ctx, l.id)
		if err != nil {
			return err
		}
		if b.key == "" || b.state != active || b.released {
			skip = skipInactive
			return nil
		}
		return d.store.View(ctx, scim.Ref{Type: d.rules.user, ID: l.id}, func(e *scim.Entry) error {
			made := d.account(b, nil, e.Resource)
			a, skip = &made, d.rules.skipReason(made.Email)
			a.Active, a.Version = true, b.version
			return nil
		})
	})
	if errors.Is(err, scim.ErrNotFound) {
		return nil, skipGone, nil
	}
	return a, skip, err
}

// close removes a letter and says what became of it.
func (d *Directory) close(ctx context.Context, l *letter, action, reason string) error {
	return d.inTx(ctx, func(ctx context.Context, q *sidecar) error {
		n, err := q.changed(ctx, `DELETE FROM scim_directory_outbox WHERE notification = ?`, l.notification)
		if err != nil || n == 0 {
			return err
		}
		return q.note(ctx, l.id, action, reason, l.notification)
	})
}

// postpone makes a letter due again, later each time.
func (d *Directory) postpone(ctx context.Context, l *letter) error {
	wait := min(time.Second<<min(l.attempts, 12), time.Hour)
	return d.inTx(ctx, func(ctx context.Context, q *sidecar) error {
		return q.exec(ctx, `UPDATE scim_directory_outbox SET due = ? WHERE notification = ?`,
			time.Now().Add(wait).UnixNano(), l.notification)
	})
}
