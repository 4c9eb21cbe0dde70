package directory

import (
	"context"
	"log/slog"

	"github.com/zohoscim/zohoscim/scim"
)

// Accounts are the accounts of a service: what an integrator implements, or
// [Table] over a table of users. Methods may be called concurrently.
//
// A call may come again with the same [Account.ID] and [Account.Version],
// after a crash or when its answer was lost, and must then have the effect of
// one call; one with a lower version than the service has seen for the ID is
// late and must be ignored. An error made by [scim.NewError] with
// [scim.KindUniqueness], KindMutability, KindInvalidValue, KindForbidden or
// KindTooLarge says that nothing was done nor ever will be: the sender is
// answered with it and the change is taken back. Any other error leaves open
// what happened: the sender is asked to come again, and the call is repeated.
type Accounts interface {
	// Find returns the accounts that have a's Key, UserName or Email, the
	// last two in any letter case. What is "" is not looked for.
	Find(ctx context.Context, a *Account) ([]Existing, error)

	// Create makes the account and returns its key, under which the service
	// knows it. The key of an ID never changes.
	Create(ctx context.Context, a *Account) (key string, err error)

	// Update changes the account with a's Key: UserName and Email unless they
	// are "", Active, and the fields that are named. [scim.ErrNotFound] says
	// that the service has removed the account; it is made again if the
	// source has the user active.
	Update(ctx context.Context, a *Account) error

	// Delete removes the account with a's Key. One that is not there is no error.
	Delete(ctx context.Context, a *Account) error
}

// Passwords is what [Accounts] offer too if new users are to get a one-time
// password.
type Passwords interface {
	// SetPassword makes password the one that the account's next sign-in
	// needs, and should demand that it is changed there. An earlier one ends.
	SetPassword(ctx context.Context, a *Account, password scim.Secret) error
}

// Memberships is what [Accounts] may offer too: the groups of the service.
// Without it groups are kept in the directory's own tables only. A call may
// come again, and must then have the effect of one.
type Memberships interface {
	// SaveGroup makes or renames the group with g's ID.
	SaveGroup(ctx context.Context, g Group) error

	// DeleteGroup removes the group. One that is not there is no error.
	DeleteGroup(ctx context.Context, g Group) error

	// ChangeMembers adds accounts to a group and removes others, by their
	// keys. Who is a member already, or is none, stays so.
	ChangeMembers(ctx context.Context, g Group, join, leave []string) error
}

// Group is a group of the source.
type Group struct {
	ID   string // of the SCIM resource
	Name string // displayName
}

// Account is what one user of the source is to be in the service. Its
// LogValue shows no value of the user.
type Account struct {
	ID       string // of the SCIM resource: never changes, and never comes again
	Key      string // the service's own, "" before Create
	Version  int64  // grows with each change of the account
	UserName string // "" in an update: stays as it is
	Email    string // "" if there is none, or in an update: stays as it is
	Active   bool

	// Fields are what [Settings.Attributes] names. "" clears a field; one
	// that is not here stays as it is.
	Fields map[string]string

	scope scim.Scope
}

// Scope returns the tenant and connection whose account it is.
func (a *Account) Scope() scim.Scope { return a.scope }

// LogValue shows the id only.
func (a *Account) LogValue() slog.Value { return slog.GroupValue(slog.String("id", a.ID)) }

// Existing is an account that the service has.
type Existing struct {
	Key, UserName, Email string
	Active               bool

	// ID is the [Account.ID] that Create made it for, "" if it did not: so
	// that a creation whose answer was lost finds its own account.
	ID string
}

// LogValue shows nothing of the account but its key.
func (e Existing) LogValue() slog.Value { return slog.GroupValue(slog.String("key", e.Key)) }
