package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/zohoscim/zohoscim/scim"
)

// Kind says what went wrong outside of a store's own methods, whose errors
// are of type [scim.Error].
type Kind uint8

// The kinds of errors.
const (
	KindUnknown   Kind = iota
	KindOption         // a constructor's argument is missing or wrong
	KindMigration      // a migration failed
	KindNewer          // the database was migrated by a newer version of this package
	KindLeaseHeld      // somebody else holds the lease
	KindLeaseLost      // the lease ran out or somebody else holds it now
)

// Error is an error of this package. It names the place and the remedy and
// holds no value of a resource.
type Error struct {
	Kind   Kind
	Place  string // option, or migration
	Detail string
	cause  error
}

// Error returns the text.
func (e *Error) Error() string {
	text := "sqlstore: " + e.Place + ": " + e.Detail
	if e.cause != nil {
		text += ": " + e.cause.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.cause }

// Is reports whether target is the sentinel of e's kind.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Kind == e.Kind && t.Place == "" && t.Detail == ""
}

// ErrNewer is the error of [Migrate] for a database of a newer version.
var ErrNewer error = &Error{Kind: KindNewer}

// fault is what a database's error means for the caller.
type fault uint8

const (
	faultOther  fault = iota
	faultUnique       // a unique index refused the row
	faultRetry        // the transaction lost against another one and can be run again
	faultGone         // the database cannot be reached or cannot write
)

// Primary result codes of SQLite (sqlite.org/rescode.html).
const (
	sqliteBusy       = 5
	sqliteLocked     = 6
	sqliteReadOnly   = 8
	sqliteIOErr      = 10
	sqliteFull       = 13
	sqliteCantOpen   = 14
	sqliteConstraint = 19
)

// faultOf classifies an error of either database by what its driver's type
// offers: no driver is imported.
func faultOf(err error) fault {
	var pg interface{ SQLState() string }
	var lite interface{ Code() int }
	var network net.Error
	switch {
	case err == nil:
		return faultOther
	case errors.As(err, &pg):
		return faultOfState(pg.SQLState())
	case errors.As(err, &lite):
		return faultOfCode(lite.Code())
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return faultOther
	case errors.Is(err, driver.ErrBadConn), errors.Is(err, sql.ErrConnDone), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed), errors.As(err, &network):
		return faultGone
	case notConnected(err), strings.Contains(err.Error(), "conn closed"):
		return faultGone
	}
	return faultOther
}

// faultOfState classifies an SQLSTATE (PostgreSQL's appendix A).
func faultOfState(state string) fault {
	switch state {
	case "23505":
		return faultUnique
	case "40001", "40P01": // serialization failure, deadlock
		return faultRetry
	case "25006": // read-only: a standby
		return faultGone
	}
	if len(state) != 5 {
		return faultOther
	}
	switch state[:2] {
	case "08", "53", "57", "58": // connection, resources, operator's intervention, system
		return faultGone
	}
	return faultOther
}

func faultOfCode(code int) fault {
	switch code & 0xFF {
	case sqliteBusy, sqliteLocked:
		return faultRetry
	case sqliteConstraint:
		const primaryKey, unique = sqliteConstraint | 6<<8, sqliteConstraint | 8<<8
		if code == unique || code == primaryKey {
			return faultUnique
		}
	case sqliteReadOnly, sqliteIOErr, sqliteFull, sqliteCantOpen:
		return faultGone
	}
	return faultOther
}

// retryAfter is how long a client is asked to wait for a database that
// cannot be reached.
const retryAfter = 5 * time.Second

// storeError gives a database's error the form in which a store reports it.
// What did not come from a driver passes: it is an error of this module, or
// of a function that the caller gave.
func storeError(err error) error {
	var own *scim.Error
	var d *driverError
	if errors.As(err, &own) || !errors.As(err, &d) {
		return err
	}
	if errors.Is(d.err, context.Canceled) || errors.Is(d.err, context.DeadlineExceeded) {
		return scim.NewError(scim.KindUnavailable, "the request was not finished in time", d)
	}
	switch faultOf(d.err) {
	case faultRetry:
		return unavailable("the database is busy", d)
	case faultGone:
		if d.unsure {
			return scim.NewError(scim.KindUnavailable, "the database's answer was lost: look whether the change was made", d)
		}
		return unavailable("the database cannot be reached or cannot write", d)
	}
	if errors.Is(d.err, errLost) {
		return unavailable("the database is busy", d)
	}
	return scim.NewError(scim.KindInternal, "the database refused a statement", d)
}

func unavailable(detail string, err error) error {
	e := scim.NewError(scim.KindUnavailable, detail, err)
	e.RetryAfter = retryAfter
	return e
}

// driverError is an error of a driver. It can be looked into with errors.As,
// and prints its code only: a driver's text may hold values of a resource.
type driverError struct {
	err    error
	unsure bool // the change may have been made
}

// fromDriver marks an error as a driver's.
func fromDriver(err error) error {
	var d *driverError
	if err == nil || errors.As(err, &d) {
		return err
	}
	return &driverError{err: err}
}

// committing marks the error of a statement that ends a transaction. If the
// connection broke, nobody knows on which side of the commit; an answer with
// a code, or a connection that was never made, says that nothing was changed.
func committing(err error) error {
	err = fromDriver(err)
	var d *driverError
	var pg interface{ SQLState() string }
	var lite interface{ Code() int }
	var unsent interface{ SafeToRetry() bool } // of pgx
	if !errors.As(err, &d) || faultOf(d.err) != faultGone || errors.As(d.err, &pg) || errors.As(d.err, &lite) ||
		errors.As(d.err, &unsent) && unsent.SafeToRetry() || errors.Is(d.err, driver.ErrBadConn) || notConnected(d.err) {
		return err
	}
	return &driverError{err: d.err, unsure: true}
}

// notConnected tells pgx's errors of connecting, which have no type of their
// own that could be named here.
func notConnected(err error) bool { return strings.Contains(err.Error(), "failed to connect") }

func (e *driverError) Unwrap() error { return e.err }

func (e *driverError) Error() string {
	var pg interface{ SQLState() string }
	var lite interface{ Code() int }
	switch {
	case errors.As(e.err, &pg):
		return "SQLSTATE " + pg.SQLState()
	case errors.As(e.err, &lite):
		return "SQLite result code " + strconv.Itoa(lite.Code())
	case errors.Is(e.err, context.Canceled), errors.Is(e.err, context.DeadlineExceeded), errors.Is(e.err, errLost):
		return e.err.Error()
	}
	return "connection error"
}
