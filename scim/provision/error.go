package provision

import (
	"context"
	"errors"
	"strings"

	"github.com/zohoscim/zohoscim/mapping"
	"github.com/zohoscim/zohoscim/scim"
)

// Code is the class of an error, spelled as Entra's provisioning log has it.
type Code string

// The codes. The first group ends a cycle, the second is about one object.
const (
	CodeInvalidJob         Code = "InvalidJob"
	CodeSourceFailed       Code = "SourceFailed"
	CodeStateFailed        Code = "StateFailed"
	CodeInvalidCredentials Code = "SystemForCrossDomainIdentityManagementInvalidCredentials"
	CodeIncompatible       Code = "SystemForCrossDomainIdentityManagementServiceIncompatible"
	CodeUnavailable        Code = "ServiceUnavailable"
	CodeTooManyDeletes     Code = "TooManyDeletes"
	CodeTooManyCreates     Code = "TooManyCreates"
	CodeRunning            Code = "CycleRunning"
	CodePaused             Code = "Paused"
	CodeDisabled           Code = "Disabled"
	CodeCanceled           Code = "Canceled"

	CodeInsufficientRights Code = "InsufficientRights"
	CodeImportSkipped      Code = "ImportSkipped" // the matching attribute is empty
	CodeDuplicateSource    Code = "DuplicateSourceEntries"
	CodeDuplicateTarget    Code = "DuplicateTargetEntries"
	CodeConflict           Code = "EntryConflict" // the account is there and was not made by this job
	CodeInvalidAnchor      Code = "InvalidAnchor" // what is referred to is gone in the target
	CodeMapping            Code = "SchemaAttributeNotFound"
	CodeTooManyRequests    Code = "TooManyRequests"
	CodeTimeout            Code = "Timeout"
	CodeInternalServer     Code = "InternalServerError"
	CodeUnprocessable      Code = "UnprocessableEntity"
	CodeNotFound           Code = "EntryNotFound" // no such object in the source
)

// Error is the error type of this package. Its text names the object by its
// key in the source and never holds an attribute value or a credential.
type Error struct {
	Code   Code
	Object string // "User KEY" or "Group KEY"; "" if it is about the whole job
	Detail string // what happened and what to do
	Err    error  // the cause, or nil
}

// Sentinels for errors.Is.
var (
	ErrInvalidJob         error = &Error{Code: CodeInvalidJob}
	ErrSourceFailed       error = &Error{Code: CodeSourceFailed}
	ErrInvalidCredentials error = &Error{Code: CodeInvalidCredentials}
	ErrTooManyDeletes     error = &Error{Code: CodeTooManyDeletes}
	ErrStateFailed        error = &Error{Code: CodeStateFailed}
	ErrRunning            error = &Error{Code: CodeRunning}
	ErrPaused             error = &Error{Code: CodePaused}
	ErrDisabled           error = &Error{Code: CodeDisabled}
	ErrNotFound           error = &Error{Code: CodeNotFound}
	ErrConflict           error = &Error{Code: CodeConflict}
)

// Error returns the text.
func (e *Error) Error() string {
	parts := []string{"provision"}
	if e.Object != "" {
		parts = append(parts, e.Object)
	}
	parts = append(parts, string(e.Code))
	if e.Detail != "" {
		parts = append(parts, e.Detail)
	}
	if e.Err != nil {
		parts = append(parts, e.Err.Error())
	}
	return strings.Join(parts, ": ")
}

// Is reports whether target is the sentinel of e's code.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code && t.Object == "" && t.Detail == ""
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// consentAdvice is what a refused credential needs (the help page's roles).
const consentAdvice = "the service refused the credential: an organization owner or an organization admin has to give the consent again, or the SCIM token has to be renewed"

// objectError gives an error of one object its code.
func objectError(object string, err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		if e.Object == "" {
			c := *e
			c.Object = object
			return &c
		}
		return e
	}
	out := &Error{Code: CodeInternalServer, Object: object, Err: err}
	switch {
	case errors.Is(err, context.Canceled):
		out.Code = CodeCanceled
	case errors.Is(err, context.DeadlineExceeded):
		out.Code = CodeTimeout
	case errors.Is(err, scim.ErrUnauthorized), errors.Is(err, scim.ErrForbidden):
		out.Code, out.Detail = CodeInvalidCredentials, consentAdvice
	case errors.Is(err, scim.ErrRateLimited):
		out.Code = CodeTooManyRequests
	case errors.Is(err, scim.ErrUniqueness):
		out.Code, out.Detail = CodeConflict, "a value that must be unique is in use by another account"
	case errors.Is(err, mapping.ErrNoMatchingAttribute):
		out.Code, out.Detail = CodeImportSkipped, "the object has no value for a matching attribute"
	case errors.Is(err, mapping.ErrValue):
		out.Code, out.Detail = CodeMapping, "the mapping gives a value that the attribute does not take"
	case scim.IsRemote(err):
		out.Code = CodeUnprocessable
	}
	return out
}

// endsCycle reports whether an error of one object is one of all: going on
// would fail for each of them.
func endsCycle(err error) bool {
	var e *Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code {
	case CodeInvalidCredentials, CodeCanceled, CodeStateFailed, CodeTooManyCreates, CodePaused:
		return true
	}
	return false
}

// Advice returns a sentence on what to do about an error of this code, "" if
// there is nothing to do.
func (c Code) Advice() string {
	switch c {
	case CodeInvalidJob:
		return "Correct the job's settings."
	case CodeSourceFailed:
		return "Look at the source: it could not be read, or not to its end. No one is disabled or deleted meanwhile."
	case CodeStateFailed:
		return "Look at the database that keeps the job's state."
	case CodeInvalidCredentials:
		return "Have an organization owner or an organization admin give the consent again, or renew the SCIM token."
	case CodeInsufficientRights:
		return "Give the credential the right to change this account, or take the account out of the scope: it can be a protected one."
	case CodeIncompatible:
		return "Check the sync URL: what answers there is not a SCIM service."
	case CodeUnavailable, CodeTimeout, CodeInternalServer:
		return "Nothing, if it passes: it is tried again. If it stays, ask who runs the service."
	case CodeTooManyRequests:
		return "Nothing: it is tried again. If it stays, give the job fewer workers."
	case CodeTooManyDeletes:
		return "Look at the list. If it is right, allow the deletes; if not, correct the source or the scope, or reject them."
	case CodeTooManyCreates:
		return "Look at the source and its scope. If they are right, raise maxCreates."
	case CodeImportSkipped:
		return "Give the object a value for the attribute that it is matched by."
	case CodeDuplicateSource:
		return "Give each object of the source a key, and matching attributes, of its own."
	case CodeDuplicateTarget:
		return "Remove all but one of the accounts that have this value, or match by another attribute."
	case CodeConflict:
		return "If the account is the same person's, let the job adopt matching accounts; otherwise change the value on one side."
	case CodeInvalidAnchor:
		return "Nothing, if the account is made anew in the next cycle; otherwise restart the job."
	case CodeMapping:
		return "Correct the attribute mapping, or the value in the source."
	case CodeUnprocessable:
		return "Read what the service said: it refuses a value or an operation. Correct the mapping or the value in the source."
	case CodeNotFound:
		return "Check the key: the source has no such object."
	case CodePaused:
		return "Resume the job."
	case CodeDisabled:
		return "Repair what the job's status says and restart it."
	}
	return ""
}
