package directory

import (
	"context"
	"database/sql"
	"time"
)

// What the directory did, as [Activity.Action] says it.
const (
	Created     = "created"     // an account was made
	Adopted     = "adopted"     // an account that was there became the user's
	Resumed     = "resumed"     // an account that an earlier user of the source had made became the user's
	Mapped      = "mapped"      // an account got the user's attributes
	Activated   = "activated"   // an account may be used again
	Deactivated = "deactivated" // an account must not be used
	Deleted     = "deleted"     // an account was removed
	Notified    = "notified"    // the notifier took the one-time password
	Skipped     = "skipped"     // something was not done, for the reason
	Undone      = "undone"      // a change was taken back, as the service refused it
	GroupSaved  = "group saved" // a group was made, changed or removed in the service
)

// Activity is one record of what the directory did and why. It holds no value
// of a user.
type Activity struct {
	Seq          int64 // grows
	At           time.Time
	ID           string // of the SCIM resource
	Action       string
	Reason       string
	Notification string // id of the notification, if it is about one
}

// Activity returns the records of the context's scope after one with the
// number after, oldest first, at most limit.
func (d *Directory) Activity(ctx context.Context, after int64, limit int) ([]Activity, error) {
	var out []Activity
	sc := scopeOf(ctx)
	err := d.inTx(ctx, func(ctx context.Context, q *sidecar) error {
		out = nil
		return q.each(ctx, `SELECT seq, at, id, action, reason, notification FROM scim_directory_activity
		WHERE tenant = ? AND connection = ? AND seq > ? ORDER BY seq LIMIT ?`, []any{[]byte(sc.Tenant), []byte(sc.Connection), after, max(limit, 0)},
			func(rows *sql.Rows) error {
				var a Activity
				var at int64
				if err := rows.Scan(&a.Seq, &at, &a.ID, &a.Action, &a.Reason, &a.Notification); err != nil {
					return err
				}
				a.At = time.Unix(0, at).UTC()
				out = append(out, a)
				return nil
			})
	})
	return out, err
}

// note adds a record, and tells the log when it is sure to stay.
func (q *sidecar) note(ctx context.Context, id, action, reason, notification string) error {
	sc := scopeOf(ctx)
	return q.exec(ctx, `INSERT INTO scim_directory_activity (at, tenant, connection, id, action, reason, notification)
	VALUES (?, ?, ?, ?, ?, ?, ?)`, time.Now().UnixNano(), []byte(sc.Tenant), []byte(sc.Connection), []byte(id), action, reason, notification)
}

// prune removes the oldest records of all scopes.
func (q *sidecar) prune(ctx context.Context, keep int64) error {
	return q.exec(ctx, `DELETE FROM scim_directory_activity
	WHERE seq <= (SELECT COALESCE(MAX(seq), 0) FROM scim_directory_activity) - ?`, keep)
}
