// Package directory is the receiving side of Zoho One's page for connecting a
// directory: it lets Microsoft Entra, or any other SCIM client, provision
// into the accounts that a service has already.
//
// A [Directory] is a [scim.Store] for one connected source. What the source
// sends is kept as it was sent, in tables of the directory's own, and is what
// the source sees again. What it means for the accounts of the service is
// decided by [Settings]:
//
//	users, err := directory.NewTable(db, "users", &directory.TableOptions{UserName: "login", Email: "mail"})
//	…
//	settings, err := directory.LoadSettings("directory.json")
//	…
//	d, err := directory.New(db, sqlstore.PostgreSQL, users, settings, nil)
//	…
//	server, err := scim.NewServer(d, auth, &scim.ServerOptions{Types: d.Types()})
//
// [Migrate] makes the tables. The package's Example is a whole service.
//
// # Settings
//
// They are the pages of Zoho One's set-up, and one JSON text:
//
//   - Attribute mapping: a field of the account is a profile field (an
//     attribute path of the SCIM User), a custom attribute, whose letter case
//     counts, or a fixed value for all users. Fixed wins.
//   - Sync criteria: which users have an account.
//   - Resource sync: users, groups or both.
//   - Password notification: a one-time password for new accounts, to the
//     user, to an administrator or to nobody, for users in verified domains.
//   - Status sync: what becomes of the account when the source activates,
//     deactivates or deletes the user, and when it leaves its last group.
//   - Verified domains, adoption and protected accounts.
//
// By default nobody is notified, a user that the source deactivates or
// deletes is deactivated, nothing follows from groups, and no account is
// adopted. The source always sees its own status: a user whose account
// was deleted because it was deactivated is still there for the source, and
// has an account again when the source activates it. An account that stays
// when the source deletes its user is the user's again if the source, by the
// same connection, makes one with the same userName.
//
// # Accounts
//
// [Table] is a table of users in the directory's database: a request changes
// its row and the directory's own in one transaction. Any other service
// implements [Accounts], and [Memberships] if it has groups. It cannot share a
// transaction, so what is to be done is written down first, then the service
// is called, then it is marked as done. A crash in between is followed by the
// same call: by the sender's next request for the resource, or by
// [Directory.Recover]. What the service refuses is taken back, and the sender
// is answered with the refusal; a refused change of a group is not repeated,
// and the directory keeps its own members.
//
// # Existing accounts
//
// An account that provisioning did not make is not touched. A new user with
// its userName or e-mail address is answered with 409, which names the setting
// that would allow more. [Settings.Adopt] lets such a user have the account
// with the same e-mail address in a verified domain; [Options.Adopt] decides in
// its place. Adopting rewrites neither userName nor e-mail address. Later the
// source can change them, within verified domains.
// [Settings.Protected] and [Options.Protect] are above all that: a protected
// account is neither adopted, changed, disabled nor deleted.
//
// # Notifications
//
// The library sends no mail. A new account puts a notification into an outbox
// in the same transaction, and [Directory.Run] or [Directory.Deliver] hands it
// to a [Notifier] with a password made at that moment, which becomes the
// account's ([Passwords]) and is stored and printed nowhere. A notification
// whose delivery failed or was cut off is delivered again with another
// password and the same id, so that none is lost and one comes twice only if
// the process ended between Notify's return and the record of it. Nobody is
// told of an adopted account. An implementation over SMTP is in the folder
// scim/internal/interop.
//
// A password that the source sends is dropped: it would have to be stored.
//
// # Sessions
//
// [Options.Deactivated] is called when an account cannot be used any more,
// whatever the reason, before the sender is answered. It is owed in the
// tables until it has succeeded: the sender's repetition calls it again, and
// so does [Directory.Recover]. Use it in place of the hook of
// [scim.ServerOptions], which knows the source's status and not the account's.
//
// # Activity
//
// [Directory.Activity] lists what was done for each user and why: created,
// mapped, adopted, notified, deactivated, skipped. It holds no value of a user.
//
// # Limits
//
// Changes that the service makes to its accounts are not seen by the source,
// and are overwritten when the source changes the user. Changed settings hold
// for later changes; accounts are not rewritten for them. All texts go
// into accounts as texts; a field is one value. Entra's on-demand
// provisioning and cycles look alike here. PostgreSQL cannot keep a text with a
// NUL character in a user's table and refuses it.
//
// # Concurrency
//
// A Directory may be used by any number of goroutines, and any number of
// processes can serve one database, each with [Directory.Run] in a goroutine
// of its own. No other goroutine outlives a call.
package directory
