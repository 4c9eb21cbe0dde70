package elimity

import (
	"errors"
	"fmt"
	"net/http"

	elimityerrors "github.com/elimity-com/scim/errors"

	"github.com/zohoscim/zohoscim/scim"
)

// handlerError gives an error of a handler the form of this module. What is
// not a ScimError is a fault, whose text is for logs only.
func handlerError(err error) error {
	var theirs elimityerrors.ScimError
	if pointer := (*elimityerrors.ScimError)(nil); errors.As(err, &pointer) {
		theirs = *pointer
	} else if !errors.As(err, &theirs) {
		return scim.NewError(scim.KindInternal, "", err)
	}
	e := scim.NewError(kindOf(theirs), theirs.Detail, err)
	e.Status = theirs.Status
	return e
}

func kindOf(e elimityerrors.ScimError) scim.Kind {
	for _, kind := range []scim.Kind{
		scim.KindInvalidFilter, scim.KindTooMany, scim.KindUniqueness, scim.KindMutability, scim.KindInvalidSyntax,
		scim.KindInvalidPath, scim.KindNoTarget, scim.KindInvalidValue, scim.KindInvalidVersion, scim.KindSensitive,
	} {
		if e.ScimType != "" && kind.String() == string(e.ScimType) {
			return kind
		}
	}
	switch e.Status {
	case http.StatusBadRequest:
		return scim.KindInvalidValue
	case http.StatusUnauthorized:
		return scim.KindUnauthorized
	case http.StatusForbidden:
		return scim.KindForbidden
	case http.StatusNotFound:
		return scim.KindNotFound
	case http.StatusConflict:
		return scim.KindUniqueness
	case http.StatusPreconditionFailed:
		return scim.KindPreconditionFailed
	case http.StatusRequestEntityTooLarge:
		return scim.KindTooLarge
	case http.StatusTooManyRequests:
		return scim.KindRateLimited
	case http.StatusServiceUnavailable:
		return scim.KindUnavailable
	}
	return scim.KindInternal
}

// panicError is a panic of a handler.
type panicError struct{ value any }

func (e *panicError) Error() string { return fmt.Sprintf("the handler panicked: %v", e.value) }

func panicked(err error) bool {
	var p *panicError
	return errors.As(err, &p)
}

// guard runs a call of code that is not ours: a panic is a fault of that call
// and not the end of the program.
func guard(call func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			if p == http.ErrAbortHandler {
				panic(p) // net/http's own way to end a request
			}
			err = &panicError{p}
		}
	}()
	return call()
}
