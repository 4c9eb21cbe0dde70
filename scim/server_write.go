package scim

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// create answers POST (RFC 7644 section 3.3).
func (c *call) create(t *ResourceType) error {
	q, r, err := c.incoming(t)
	if err != nil {
		return err
	}
	if a := t.root.names["active"]; a != nil && a.Type == TypeBoolean && r.tree().find(a) == nil {
		// A sender that never sees "active" would add it in every cycle.
		r.changed().set(a, Bool(true))
	}
	if err := r.checkRequired(); err != nil {
		return err
	}
	links := r.takeLinks()
	if err := c.completeLinks(t, links); err != nil {
		return err
	}
	r.setID(newID())
	now := timeNow()
	r.setMeta(now, now, nextVersion(""))
	if err := c.store.Create(c.r.Context(), r, slices.Values(links)); err != nil {
		return err
	}
	location := c.location(t, r.ID())
	w := writer{}
	w.resource(r, c.maskFor(t, q), &surroundings{location: location, ref: c.reference, links: links})
	c.w.Header().Set("Location", location)
	c.etag(r.Version())
	c.answer(http.StatusCreated, w.b)
	return nil
}

// incoming reads the query and the body of a POST or PUT.
func (c *call) incoming(t *ResourceType) (q url.Values, r *Resource, err error) {
	if q, err = c.query(); err != nil {
		return nil, nil, err
	}
	data, err := c.body()
	if err != nil {
		return nil, nil, err
	}
	r = NewResource(t)
	d := decoder{typ: t, mode: decodeRequest, profile: c.profile, depth: c.limits.JSONDepth}
	if err := d.resource(data, r); err != nil {
		return nil, nil, err
	}
	if !c.tolerant && !d.named {
		return nil, nil, invalidSyntax("schemas: the resource names %s", t.schema.ID)
	}
	return q, r, nil
}

func (c *call) maskFor(t *ResourceType, q url.Values) *mask {
	return t.newMask(names(q, "attributes"), names(q, "excludedAttributes"))
}

// completeLinks says of what type the resources are that links refer to. A
// link to an id that this service provider does not have is kept as it is.
func (c *call) completeLinks(t *ResourceType, links []Link) error {
	for i := range links {
		l := &links[i]
		if l.Value == "" {
			return invalidValue(t.links.path+".value", "a link needs the id of a resource")
		}
		name, err := c.typeOf(c.r.Context(), l.Value)
		if err != nil {
			return err
		}
		if name != "" {
			l.Type = name
		}
	}
	return nil
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
func (c *call) checkMatch(e *Entry) error {
	h := c.r.Header.Get("If-Match")
	if h != "" && !matchesVersion(h, e.Resource.Version()) {
		return &Error{Kind: KindPreconditionFailed, Detail: "the resource has another version: read it again"}
	}
	if h := c.r.Header.Get("If-None-Match"); h != "" && matchesVersion(h, e.Resource.Version()) {
		return &Error{Kind: KindPreconditionFailed, Detail: "the resource has the version that If-None-Match excludes"}
	}
	return nil
}

// replace answers PUT (RFC 7644 section 3.5.1).
func (c *call) replace(ref Ref) error {
	q, given, err := c.incoming(ref.Type)
	if err != nil {
		return err
	}
	if err := given.checkRequired(); err != nil {
		return err
	}
	links := given.takeLinks()
	if err := c.completeLinks(ref.Type, links); err != nil {
		return err
	}
	return c.update(ref, c.maskFor(ref.Type, q), http.StatusOK, func(e *Entry) (bool, error) {
		old, r := e.Resource, given.Clone()
		r.keep(old)
		if err := r.checkImmutable(old); err != nil {
			return false, err
		}
		changed := !r.tree().equal(old.tree())
		e.Resource = r
		if !given.linksGiven {
			return changed, nil
		}
		pa := patcher{ctx: c.r.Context(), r: r, links: e.Links}
		err := pa.replaceLinks(links)
		return changed || pa.linked > 0, err
	})
}

// patch answers PATCH (RFC 7644 section 3.5.2).
func (c *call) patch(ref Ref) error {
	q, err := c.query()
	if err != nil {
		return err
	}
	data, err := c.body()
	if err != nil {
		return err
	}
	reader := patchReader{typ: ref.Type, limits: c.limits, profile: c.profile}
	ops, err := reader.read(data)
	if err != nil {
		return err
	}
	types, err := c.linkTypes(ref.Type, ops)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if ref.Type.links != nil && !q.Has("attributes") {
		status = http.StatusNoContent // a group's answer would be as long as its list of members
	}
	return c.update(ref, c.maskFor(ref.Type, q), status, func(e *Entry) (bool, error) {
		old := e.Resource.Clone()
		pa := patcher{ctx: c.r.Context(), r: e.Resource, links: e.Links, types: types, profile: c.profile}
		if err := pa.apply(ops); err != nil {
			return false, err
		}
		if err := e.Resource.checkImmutable(old); err != nil {
			return false, err
		}
		return pa.linked > 0 || !e.Resource.tree().equal(old.tree()), nil
	})
}

// linkTypes looks up, before the transaction, of what type the resources are
// that the operations refer to.
func (c *call) linkTypes(t *ResourceType, ops []operation) (map[string]string, error) {
	types := map[string]string{}
	for _, op := range ops {
		if op.path.attr.role != roleLinks || op.op == OpRemove || op.value == nil {
			continue
		}
		pa := patcher{r: NewResource(t), profile: c.profile}
		v, err := pa.decode(op)
		if err != nil {
			return nil, (&patchReader{}).at(op.place, err)
		}
		for _, l := range linksOf(v) {
			if types[l.Value] == "" && l.Value != "" {
				if types[l.Value], err = c.typeOf(c.r.Context(), l.Value); err != nil {
					return nil, err
				}
			}
		}
	}
	return types, nil
}

// update runs a change in one transaction and answers with the result.
func (c *call) update(ref Ref, m *mask, status int, change func(*Entry) (changed bool, err error)) error {
	var body []byte
	var version string
	err := c.store.Update(c.r.Context(), ref, func(e *Entry) error {
		if err := c.checkMatch(e); err != nil {
			return err
		}
		version = e.Resource.Version()
		if e.Resource.err != nil {
			return e.Resource.err // what cannot be read must not be written over
		}
		changed, err := change(e)
		if err != nil {
			return err
		}
		if changed {
			e.Resource.Touch()
			version = e.Resource.Version()
		}
		if status != http.StatusNoContent {
			if body, err = c.render(e, m); err != nil {
				return err
			}
		}
		if !changed {
			return ErrUnchanged
		}
		return nil
	})
	if err != nil {
		return err
	}
	c.etag(version)
	if status == http.StatusNoContent {
		c.noContent()
		return nil
	}
	c.w.Header().Set("Content-Location", c.location(ref.Type, ref.ID))
	c.answer(status, body)
	return nil
}

// remove answers DELETE (RFC 7644 section 3.6).
func (c *call) remove(ref Ref) error {
	if err := c.store.Delete(c.r.Context(), ref, c.checkMatch); err != nil {
		return err
	}
	c.noContent()
	return nil
}
