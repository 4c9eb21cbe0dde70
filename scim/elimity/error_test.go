package elimity_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	theirs "github.com/elimity-com/scim"
	theirerrors "github.com/elimity-com/scim/errors"
)

// broken is a handler whose every call fails in its own way.
type broken struct{ fail func() error }

func (b broken) Create(*http.Request, theirs.ResourceAttributes) (theirs.Resource, error) {
	return theirs.Resource{}, b.fail()
}
func (b broken) Get(*http.Request, string) (theirs.Resource, error) {
	return theirs.Resource{}, b.fail()
}
func (b broken) GetAll(*http.Request, theirs.ListRequestParams) (theirs.Page, error) {
	return theirs.Page{}, b.fail()
}
func (b broken) Replace(*http.Request, string, theirs.ResourceAttributes) (theirs.Resource, error) {
	return theirs.Resource{}, b.fail()
}
func (b broken) Delete(*http.Request, string) error { return b.fail() }
func (b broken) Patch(*http.Request, string, []theirs.PatchOperation) (theirs.Resource, error) {
	return theirs.Resource{}, b.fail()
}

func TestErrorsOfHandlers(t *testing.T) {
	for _, test := range []struct {
		fail     func() error
		status   int
		scimType any
		reason   string
	}{
		{func() error { return theirerrors.ScimErrorUniqueness }, 409, "uniqueness", "their kind is ours"},
		{func() error { return theirerrors.ScimErrorMutability }, 400, "mutability", "their kind is ours"},
		{func() error { return theirerrors.ScimErrorResourceNotFound("x") }, 404, nil, "their status is ours"},
		{func() error { return &theirerrors.ScimError{Status: 403, Detail: "no"} }, 403, nil, "a pointer is one too"},
		{func() error { return theirerrors.ScimError{Status: 429} }, 429, nil, "their status is ours"},
		{func() error { return errors.New("secret of the database") }, 500, nil, "a fault stays on this side"},
		{func() error { panic("secret of the database") }, 500, nil, "so does a panic"},
	} {
		h := mounted(t, nil, users(broken{test.fail}))
		for _, a := range []answer{
			send(h, "GET", "/Users/1", ""), send(h, "DELETE", "/Users/1", ""), send(h, "GET", "/Users", ""), send(h, "POST", "/Users", userJSON("a", "")),
		} {
			if a.status != test.status || a.body["scimType"] != test.scimType || strings.Contains(a.text, "secret") {
				t.Errorf("%d %s (%s)", a.status, a.text, test.reason)
			}
		}
	}
}
