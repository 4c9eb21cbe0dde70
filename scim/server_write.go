package scim

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// task is one write that a client asks for, as a request of its own or as an
// operation of a bulk request. It knows nothing of how it came.
type task struct {
	method    string // POST, PUT, PATCH or DELETE
	ref       Ref    // for POST without an id, unless it is already decided
	data      []byte // JSON; none for DELETE
	match     string // the version that the resource must have, as If-Match
	noneMatch string // the version that it must not have, as If-None-Match
	query     url.Values
	types     map[string]string // types of resources by id, so far as they are known
	bare      bool              // the outcome has no body
}

// outcome is what became of a task. Its body is in the call.
type outcome struct {
	status  int
	id      string
	version string
}

// write carries out a task that came as a request of its own.
func (c *call) write(ref Ref) error {
	in := &c.in
	*in = task{method: c.r.Method, ref: ref, match: c.r.Header.Get("If-Match"), noneMatch: c.r.Header.Get("If-None-Match")}
	var err error
	if in.method != http.MethodDelete {
		if in.query, err = c.query(); err != nil {
			return err
		}
		if in.data, err = c.body(); err != nil {
			return err
		}
	}
	out, err := c.carryOut(c.r.Context(), in)
	if err != nil {
		return err
	}
	switch out.status {
	case http.StatusNoContent:
		c.etag(out.version)
		c.noContent()
		return nil
	case http.StatusCreated:
		return c.answerResource(out.status, "Location")
	}
	return c.answerResource(out.status, "Content-Location")
}

// carryOut does what a task asks for.
func (c *call) carryOut(ctx context.Context, in *task) (outcome, error) {
	switch in.method {
	case http.MethodPost:
		return c.create(ctx, in)
	case http.MethodPut:
		return c.replace(ctx, in)
	case http.MethodPatch:
		return c.patch(ctx, in)
	}
	return c.remove(ctx, in)
}

// create makes a resource (RFC 7644 section 3.3).
func (c *call) create(ctx context.Context, in *task) (outcome, error) {
	t := in.ref.Type
	r, err := c.incoming(in)
	if err != nil {
		return outcome{}, err
	}
	if a := t.active(); a != nil && r.tree().find(a) == nil {
		// A sender that never sees "active" would add it in every cycle.
		r.changed().set(a, Bool(true))
	}
	if err := r.checkRequired(); err != nil {
		return outcome{}, err
	}
	links := r.takeLinks()
	if err := c.completeLinks(ctx, in, links); err != nil {
		return outcome{}, err
	}
	if in.ref.ID == "" {
		in.ref.ID = newID()
	}
	r.setID(in.ref.ID)
	now := timeNow()
	r.setMeta(now, now, nextVersion(""))
	w := c.creation(r, links)
	if err := c.before(ctx, w); err != nil {
		return outcome{}, err
	}
	if _, err := r.encoded(); err != nil { // once, for the store and the answer
		return outcome{}, err
	}
	var seq iter.Seq[Link]
	var all iter.Seq2[Link, error]
	if len(links) > 0 {
		seq, all = slices.Values(links), linkSeq(links)
	}
	if err := c.store.Create(ctx, r, seq); err != nil {
		return outcome{}, err
	}
	out := outcome{status: http.StatusCreated, id: r.ID(), version: r.Version()}
	if w != nil {
		w.Ref.ID = out.id
	}
	if err := c.after(ctx, w); err != nil || in.bare {
		return out, err
	}
	c.mask = in.mask()
	return out, c.renderWith(r, all, nil)
}

// active returns the attribute that says whether an account may be used, nil
// if the type has none.
func (t *ResourceType) active() *Attribute {
	if a := t.root.names["active"]; a != nil && a.Type == TypeBoolean && !a.MultiValued {
		return a
	}
	return nil
}

// incoming reads the resource of a POST or PUT.
func (c *call) incoming(in *task) (*Resource, error) {
	t := in.ref.Type
	r := &Resource{typ: t}
	d := decoder{typ: t, mode: decodeRequest, profile: c.profile, depth: c.limits.JSONDepth}
	if err := d.resource(in.data, r); err != nil {
		return nil, err
	}
	if !c.tolerant && !d.named {
		return nil, invalidSyntax("schemas: the resource names %s", t.schema.ID)
	}
	return r, nil
}

func (in *task) mask() *mask {
	return in.ref.Type.newMask(names(in.query, "attributes"), names(in.query, "excludedAttributes"))
}

// completeLinks says of what type the resources are that links refer to. A
// link to an id that this service provider does not have is kept as it is.
func (c *call) completeLinks(ctx context.Context, in *task, links []Link) error {
	for i := range links {
		l := &links[i]
		if l.Value == "" {
			return invalidValue(in.ref.Type.links.path+".value", "a link needs the id of a resource")
		}
		name, err := c.typeOf(ctx, in, l.Value)
		if err != nil {
			return err
		}
		if name != "" {
			l.Type = name
		}
	}
	return nil
}

// typeOf returns the name of the resource type that has an id, "" if none.
func (s *Server) typeOf(ctx context.Context, in *task, id string) (string, error) {
	if name := in.types[id]; name != "" {
		return name, nil
	}
	for _, t := range s.types {
		err := s.store.View(ctx, Ref{t, id}, func(*Entry) error { return nil })
		switch {
		case err == nil:
			return t.name, nil
		case asError(err).Kind != KindNotFound:
			return "", err
		}
	}
	return "", nil
}

// newID returns a random identifier (RFC 9562 version 4): no text of a
// client ever becomes one.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	s := hex.EncodeToString(b[:])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

// nextVersion counts: W/"1", W/"2", …
func nextVersion(old string) string {
	n, _ := strconv.ParseUint(strings.Trim(strings.TrimPrefix(old, "W/"), `"`), 10, 64)
	return `W/"` + strconv.FormatUint(n+1, 10) + `"`
}

// checkMatch decides If-Match where the write happens, so that no other
// write can come between.
func (in *task) checkMatch(e *Entry) error {
	if in.match != "" && !matchesVersion(in.match, e.Resource.Version()) {
		return &Error{Kind: KindPreconditionFailed, Detail: "the resource has another version: read it again"}
	}
	if in.noneMatch != "" && matchesVersion(in.noneMatch, e.Resource.Version()) {
		return &Error{Kind: KindPreconditionFailed, Detail: "the resource has the version that If-None-Match excludes"}
	}
	return nil
}

// replace makes a resource what the client sends (RFC 7644 section 3.5.1).
func (c *call) replace(ctx context.Context, in *task) (outcome, error) {
	given, err := c.incoming(in)
	if err != nil {
		return outcome{}, err
	}
	if err := given.checkRequired(); err != nil {
		return outcome{}, err
	}
	links := given.takeLinks()
	if err := c.completeLinks(ctx, in, links); err != nil {
		return outcome{}, err
	}
	linksGiven := given.linksGiven
	return c.update(ctx, in, http.StatusOK, func(e *Entry, old *Resource) (bool, error) {
		r := given
		if given = nil; r == nil { // this function runs again
			if r, err = c.incoming(in); err != nil {
				return false, err
			}
			r.takeLinks()
		}
		r.keep(old)
		if err := r.checkImmutable(old); err != nil {
			return false, err
		}
		e.Resource = r
		if !linksGiven {
			return false, nil
		}
		pa := patcher{ctx: ctx, r: r, links: e.Links}
		err := pa.replaceLinks(links)
		return pa.linked > 0, err
	})
}

// patch applies operations to a resource (RFC 7644 section 3.5.2).
func (c *call) patch(ctx context.Context, in *task) (outcome, error) {
	reader := patchReader{typ: in.ref.Type, limits: c.limits, profile: c.profile}
	ops, err := reader.read(in.data)
	if err != nil {
		return outcome{}, err
	}
	types, err := c.linkTypes(ctx, in, ops)
	if err != nil {
		return outcome{}, err
	}
	status := http.StatusOK
	if in.ref.Type.links != nil && !in.query.Has("attributes") {
		status = http.StatusNoContent // a group's answer would be as long as its list of members
	}
	return c.update(ctx, in, status, func(e *Entry, old *Resource) (bool, error) {
		pa := patcher{ctx: ctx, r: e.Resource, links: e.Links, types: types, profile: c.profile}
		if err := pa.apply(ops); err != nil {
			return false, err
		}
		return pa.linked > 0, e.Resource.checkImmutable(old)
	})
}

// linkTypes looks up, before the transaction, of what type the resources are
// that the operations refer to.
func (c *call) linkTypes(ctx context.Context, in *task, ops []operation) (map[string]string, error) {
	var types map[string]string
	for _, op := range ops {
		if op.path.attr.role != roleLinks || op.op == OpRemove || op.value == "" {
			continue
		}
		pa := patcher{r: &Resource{typ: in.ref.Type}, profile: c.profile}
		v, err := pa.decode(op)
		if err != nil {
			return nil, (&patchReader{}).at(op.place, err)
		}
		if types == nil {
			types = map[string]string{}
		}
		for _, l := range linksOf(v) {
			if types[l.Value] == "" && l.Value != "" {
				if types[l.Value], err = c.typeOf(ctx, in, l.Value); err != nil {
					return nil, err
				}
			}
		}
	}
	return types, nil
}

// update runs a change in one transaction. The change is given the resource as
// it was, and reports whether it changed links.
func (c *call) update(ctx context.Context, in *task, status int, change func(e *Entry, old *Resource) (linked bool, err error)) (outcome, error) {
	var made struct { // what the last run came to
		outcome
		w *Write
	}
	made.outcome = outcome{status: status, id: in.ref.ID}
	answers := status != http.StatusNoContent && !in.bare
	if answers {
		c.mask = in.mask()
	}
	err := c.store.Update(ctx, in.ref, func(e *Entry) error {
		if err := in.checkMatch(e); err != nil {
			return err
		}
		if e.Resource.tree(); e.Resource.err != nil {
			return e.Resource.err // what cannot be read must not be written over
		}
		old := e.Resource.before()
		var links *watchedLinks
		made.w, links = c.watch(in, e)
		linked, err := change(e, old)
		links.release(e)
		if err != nil {
			return err
		}
		changed := linked || !e.Resource.same(old)
		if changed {
			e.Resource.Touch()
			if _, err := e.Resource.encoded(); err != nil { // once, for the store and the answer
				return err
			}
		}
		made.version = e.Resource.Version()
		made.w.complete(e, links, changed)
		if err := c.before(ctx, made.w); err != nil {
			return err
		}
		if answers {
			if err := c.render(e); err != nil {
				return err
			}
		}
		if !changed {
			return ErrUnchanged
		}
		return nil
	})
	if err != nil {
		return outcome{}, err
	}
	if err := c.after(ctx, made.w); err != nil || !answers {
		return made.outcome, err
	}
	return made.outcome, c.complete(&c.out)
}
