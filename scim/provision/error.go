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
	CodeTooManyDeletes     Code = "TooManyDeletes"
	CodeRunning            Code = "CycleRunning"
	CodeCanceled           Code = "Canceled"

	CodeImportSkipped   Code = "ImportSkipped" // the matching attribute is empty
	CodeDuplicateSource Code = "DuplicateSourceEntries"
	CodeDuplicateTarget Code = "DuplicateTargetEntries"
	CodeConflict        Code = "EntryConflict" // the account is there and was not made by this job
	CodeMapping         Code = "SchemaAttributeNotFound"
	CodeTooManyRequests Code = "TooManyRequests"
	CodeTimeout         Code = "Timeout"
	CodeInternalServer  Code = "InternalServerError"
	CodeUnprocessable   Code = "UnprocessableEntity"
	CodeNotFound        Code = "EntryNotFound" // no such object in the source
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
	ErrRunning            error = &Error{Code: CodeRunning}
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
	return errors.As(err, &e) && (e.Code == CodeInvalidCredentials || e.Code == CodeCanceled || e.Code == CodeStateFailed)
}
