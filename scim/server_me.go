package scim

import (
	"net/http"
)

// me answers requests to the alias of the subject's own resource (RFC 7644
// section 3.11). A subject that the authenticator gave no resource does not
// have the alias, so the answer is 501; one whose resource is gone has a
// location where nothing is, and the answer is 404.
func (c *call) me() error {
	ref, ok := c.own()
	if !ok {
		return &Error{Kind: KindUnknown, Status: http.StatusNotImplemented, Detail: "no resource belongs to the authenticated subject"}
	}
	c.w.Header().Set("Location", c.location(ref.Type, ref.ID))
	return c.resource(ref)
}

// own returns the resource of the authenticated subject.
func (c *call) own() (Ref, bool) {
	ref := SubjectFrom(c.r.Context()).Resource
	if ref.Type == nil || ref.ID == "" {
		return Ref{}, false
	}
	for _, t := range c.types {
		if t.name == ref.Type.name {
			return Ref{t, ref.ID}, true
		}
	}
	return Ref{}, false
}
