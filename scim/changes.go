package scim

import (
	"context"
	"time"
)

// Names of the events in a [Change] (RFC 9967 section 2.4).
const (
	EventCreate     = "urn:ietf:params:scim:event:prov:create:notice"
	EventPatch      = "urn:ietf:params:scim:event:prov:patch:notice" // any change of a resource that was there
	EventDelete     = "urn:ietf:params:scim:event:prov:delete"
	EventActivate   = "urn:ietf:params:scim:event:prov:activate"
	EventDeactivate = "urn:ietf:params:scim:event:prov:deactivate"
)

// Change is what a store recorded of one write.
type Change struct {
	Seq        uint64    // grows with every change of a store; not every number is used
	Time       time.Time // when it was written
	Events     []string  // what happened, by the names above
	Type       string    // name of the resource type
	ID         string
	ExternalID string
	Version    string   // after the change; "" for a deletion
	Attributes []string // names of the attributes that changed, without their values
}

// ChangeFeed is what a [Store] may offer beside its contract: the changes of
// a scope in the order they were written, kept in the same transaction as
// the write, for readers that follow along.
type ChangeFeed interface {
	// Changes returns up to limit changes after the one of the number after.
	// 0 is the beginning. If changes behind it are no longer kept, the error is
	// [ErrExpiredCursor], and with it comes one Change that holds the newest
	// number and nothing else: the reader has to read everything anew, and then
	// goes on after that number.
	Changes(ctx context.Context, after uint64, limit int) ([]Change, error)
}

// NewChange says what a write did, for the store to complete with its number.
// A nil before is a creation, a nil after a deletion; links says that links
// changed.
func NewChange(before, after *Resource, links bool) Change {
	c := Change{Time: timeNow().UTC()}
	r := after
	switch {
	case after == nil:
		r = before
		c.Events = []string{EventDelete}
	case before == nil:
		c.Events = []string{EventCreate}
	default:
		c.Events = []string{EventPatch}
		was, is := before.Get("active"), after.Get("active")
		switch {
		case is.kind != KindBool || was.Equal(is):
		case is.Bool():
			c.Events = append(c.Events, EventActivate)
		default:
			c.Events = append(c.Events, EventDeactivate)
		}
	}
	c.Type, c.ID, c.ExternalID = r.typ.name, r.ID(), r.ExternalID()
	if after != nil {
		c.Version = after.Version()
		c.Attributes = changedNames(before, after)
		if links && r.typ.links != nil {
			c.Attributes = append(c.Attributes, r.typ.links.Name)
		}
	}
	return c
}

// changedNames names the attributes that differ, apart from meta. A nil
// before has none.
func changedNames(before, after *Resource) []string {
	var names []string
	for a, v := range after.Attributes() {
		if a != after.typ.meta && (before == nil || !before.tree().get(a).Equal(v)) {
			names = append(names, a.Name)
		}
	}
	if before == nil {
		return names
	}
	for a := range before.Attributes() {
		if a != after.typ.meta && after.tree().get(a).IsZero() {
			names = append(names, a.Name)
		}
	}
	return names
}
