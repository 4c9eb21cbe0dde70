package scim

import (
	"context"
	"net/http"
	"time"
)

// Hooks are functions of the service that a [Server] calls around each write:
// a request of its own, or one operation of a bulk request. Both may be nil,
// and both are called concurrently for different requests. The context says
// who is asking ([SubjectFrom]).
type Hooks struct {
	// Before may refuse a write. It is called inside the store's transaction
	// when all is known and nothing is kept (for a creation, just before it),
	// and may be called more than once for one write, so it must have no
	// effect of its own. Its error ends the write and chooses the answer as
	// a [Store]'s error does: NewError(KindForbidden, …) is answered with
	// 403, an error that is not of this package with 500.
	Before func(ctx context.Context, w *Write) error

	// After does what must have happened when the sender hears of success,
	// such as ending the sessions of an account that is disabled. It is called
	// after the change is kept and before it is answered. If it fails the
	// change stands and the answer is a 5xx: 500, or that of an [Error] with a
	// status of its own there.
	//
	// A sender repeats such a request, and After is called again. So it is
	// called for each write that succeeds, also where there was nothing left
	// to change, and must bear being called twice. What it is to do should
	// follow from what is true now ([Write.Disabled]) and not from what
	// changed. Two things a repetition cannot tell: whom a replacement of all
	// members removed, and a creation, which is refused as a duplicate. A
	// service that depends on them keeps them when After fails.
	//
	// DELETE of a type with the boolean attribute "active" is done in three
	// steps: the account is made inactive under its old version, After is
	// called, the account is deleted. So a repetition finds it, and nobody
	// signs in meanwhile. Without such an attribute After is called before the
	// deletion and again after it.
	After func(ctx context.Context, w *Write) error
}

// Write is one write as [Hooks] see it. Its resources are copies.
type Write struct {
	Method  string    // POST, PUT, PATCH or DELETE
	Ref     Ref       // what is written, by the type and the id that the service provider has
	Old     *Resource // as it was, without links; nil for a creation
	New     *Resource // as it is, without links; nil for a deletion
	Changed bool      // false if there was nothing to change

	// Added and Removed are the links, such as the members of a group, that
	// the write put there and took away: those that it names, whether they
	// were there before or not, and all that a replacement or the deletion of
	// the group removed. Links that end because a member was deleted are not
	// named.
	Added   []Link
	Removed []string // values, which are ids
}

// Disabled reports whether the account cannot be used after the write: it was
// deleted, or "active" is false.
func (w *Write) Disabled() bool {
	if w.New == nil {
		return true
	}
	a := w.New.typ.active()
	return a != nil && w.New.tree().get(a).Equal(Bool(false))
}

func (h *Hooks) none() bool { return h.Before == nil && h.After == nil }

// copyForHook returns a copy that outlives the store's transaction.
func copyForHook(r *Resource) *Resource {
	r.tree()
	c := r.Clone()
	c.stored = ""
	return c
}

// creation describes a creation to the hooks; nil if there are none.
func (s *Server) creation(r *Resource, links []Link) *Write {
	if s.hooks.none() {
		return nil
	}
	return &Write{Method: http.MethodPost, Ref: Ref{r.typ, r.ID()}, New: copyForHook(r), Changed: true, Added: links}
}

// watchedLinks are links that remember what was asked of them. The zero
// value watches nothing.
type watchedLinks struct {
	Links
	at    map[string]int
	asked []askedLink
}

type askedLink struct {
	Link
	gone bool
}

// watch lets the hooks see the change of an entry; the write is nil if there
// are none.
func (s *Server) watch(in *task, e *Entry) (*Write, *watchedLinks) {
	if s.hooks.none() {
		return nil, nil
	}
	l := &watchedLinks{Links: e.Links, at: map[string]int{}}
	e.Links = l
	return &Write{Method: in.method, Ref: in.ref, Old: copyForHook(e.Resource)}, l
}

// release gives the entry the store's own links again.
func (l *watchedLinks) release(e *Entry) {
	if l != nil {
		e.Links = l.Links
	}
}

// complete says how the change ended.
func (w *Write) complete(e *Entry, l *watchedLinks, changed bool) {
	if w == nil {
		return
	}
	w.New, w.Changed = copyForHook(e.Resource), changed
	for _, a := range l.asked {
		if a.gone {
			w.Removed = append(w.Removed, a.Value)
		} else {
			w.Added = append(w.Added, a.Link)
		}
	}
}

func (l *watchedLinks) note(link Link, gone bool) {
	a := askedLink{link, gone}
	if i, ok := l.at[link.Value]; ok {
		l.asked[i] = a
		return
	}
	l.at[link.Value] = len(l.asked)
	l.asked = append(l.asked, a)
}

// Put implements [Links].
func (l *watchedLinks) Put(ctx context.Context, links ...Link) (changed int, err error) {
	for _, link := range links {
		l.note(link, false)
	}
	return l.Links.Put(ctx, links...)
}

// Remove implements [Links].
func (l *watchedLinks) Remove(ctx context.Context, values ...string) (changed int, err error) {
	for _, value := range values {
		l.note(Link{Value: value}, true)
	}
	return l.Links.Remove(ctx, values...)
}

func (s *Server) before(ctx context.Context, w *Write) error {
	if w == nil || s.hooks.Before == nil {
		return nil
	}
	return s.hooks.Before(ctx, w)
}

// after calls the hook. Whatever it says of a failure, the change stands, so
// the answer is no refusal.
func (s *Server) after(ctx context.Context, w *Write) error {
	if w == nil || s.hooks.After == nil {
		return nil
	}
	err := s.hooks.After(ctx, w)
	if err == nil || asError(err).status() >= http.StatusInternalServerError {
		return err
	}
	return &Error{Kind: KindInternal, cause: err}
}

// remove deletes a resource (RFC 7644 section 3.6).
func (c *call) remove(ctx context.Context, in *task) (outcome, error) {
	out := outcome{status: http.StatusNoContent, id: in.ref.ID}
	if c.hooks.After == nil {
		return out, c.store.Delete(ctx, in.ref, func(e *Entry) error {
			_, err := c.deletion(ctx, in, e)
			return err
		})
	}
	const attempts = 3
	for range attempts {
		if again, err := c.removeInSteps(ctx, in); !again {
			return out, err
		}
	}
	return out, &Error{Kind: KindUnavailable, RetryAfter: time.Second, Detail: "the resource is being changed"}
}

// deletion asks whether an entry may be deleted, and describes it.
func (c *call) deletion(ctx context.Context, in *task, e *Entry) (*Write, error) {
	if err := in.checkMatch(e); err != nil || c.hooks.none() {
		return nil, err
	}
	w := &Write{Method: in.method, Ref: in.ref, Old: copyForHook(e.Resource), Changed: true}
	if in.ref.Type.links != nil {
		for l, err := range e.Links.All(ctx, "") {
			if err != nil {
				return nil, err
			}
			w.Removed = append(w.Removed, l.Value)
		}
	}
	return w, c.before(ctx, w)
}

// removeInSteps deletes a resource so that the hook has been called before it
// is gone. It reports whether another write came between the steps.
func (c *call) removeInSteps(ctx context.Context, in *task) (again bool, err error) {
	var w *Write
	active := in.ref.Type.active()
	err = c.store.Update(ctx, in.ref, func(e *Entry) (err error) {
		if w, err = c.deletion(ctx, in, e); err != nil {
			return err
		}
		if !usable(e.Resource, active) {
			return ErrUnchanged
		}
		// No new version: If-Match of the repeated request has to hold.
		e.Resource.changed().set(active, Bool(false))
		return nil
	})
	if err != nil {
		return false, err
	}
	if err := c.after(ctx, w); err != nil {
		return false, err
	}
	version := w.Old.Version()
	err = c.store.Delete(ctx, in.ref, func(e *Entry) error {
		if again = e.Resource.Version() != version || usable(e.Resource, active); again {
			return &Error{Kind: KindPreconditionFailed}
		}
		_, err := c.deletion(ctx, in, e)
		return err
	})
	if err != nil || active != nil {
		return again, err
	}
	return false, c.after(ctx, w)
}

// usable reports whether a resource has to be made inactive before it is
// deleted. One that cannot be read must not be written over.
func usable(r *Resource, active *Attribute) bool {
	return active != nil && !r.tree().get(active).Equal(Bool(false)) && r.err == nil
}
