package scim

import (
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// get answers GET of one resource (RFC 7644 section 3.4.1).
func (c *call) get(ref Ref) error {
	q, err := c.query()
	if err != nil {
		return err
	}
	mask := ref.Type.newMask(names(q, "attributes"), names(q, "excludedAttributes"))
	var found rendering
	var version string
	err = c.store.View(c.r.Context(), ref, func(e *Entry) error {
		version = e.Resource.Version()
		if c.r.Header.Get("If-None-Match") != "" && matchesVersion(c.r.Header.Get("If-None-Match"), version) {
			found.b = nil
			return nil
		}
		found, err = c.render(e, mask)
		return err
	})
	if err != nil {
		return err
	}
	if found.b == nil {
		c.etag(version)
		c.w.WriteHeader(http.StatusNotModified)
		return nil
	}
	body, err := c.complete(&found)
	if err != nil {
		return err
	}
	c.etag(version)
	c.w.Header().Set("Content-Location", c.location(ref.Type, ref.ID))
	c.answer(http.StatusOK, body)
	return nil
}

// rendering is an entry as it is answered, but for the owners of its owners:
// a store is not asked for them inside its own function.
type rendering struct {
	writer
	id     string
	typ    *ResourceType
	owners []Link
}

// render encodes an entry.
func (c *call) render(e *Entry, m *mask) (out rendering, err error) {
	t := e.Resource.typ
	s := surroundings{location: c.location(t, e.Resource.ID()), ref: c.reference}
	ctx := c.r.Context()
	if t.links != nil && m.has(t.links) {
		if s.links, err = collect(e.Links.All(ctx, "")); err != nil {
			return out, err
		}
	}
	if t.owners != nil && m.has(t.owners) {
		if s.owners, err = collect(e.Links.Owners(ctx, "")); err != nil {
			return out, err
		}
		s.direct = len(s.owners)
	}
	out = rendering{writer: writer{b: make([]byte, 0, 2048)}, id: e.Resource.ID(), typ: t, owners: s.owners}
	out.resource(e.Resource, m, &s)
	return out, e.Resource.err
}

// complete returns the body of an answer, with the indirect owners in it.
func (c *call) complete(out *rendering) ([]byte, error) {
	if out.ownersEnd == 0 {
		return out.b, nil
	}
	around, err := c.ownersAround([]string{out.id}, [][]Link{out.owners})
	if err != nil || len(around[0]) == 0 {
		return out.b, err
	}
	more := writer{b: []byte{']'}, mask: out.mask} // as behind an element
	more.referenceItems(out.typ.owners, around[0], 0, c.reference)
	return slices.Insert(out.b, out.ownersEnd, more.b[1:]...), nil
}

func collect(seq iter.Seq2[Link, error]) ([]Link, error) {
	var out []Link
	for l, err := range seq {
		if err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, nil
}

// query parses the query string within its limits. Keys that the protocol
// does not have are ignored: Entra's feature flags travel as one.
func (c *call) query() (url.Values, error) {
	raw := c.r.URL.RawQuery
	if len(raw) > c.limits.QueryBytes || strings.Count(raw, "&") >= c.limits.QueryParameters {
		return nil, &Error{Kind: KindTooLarge, Status: http.StatusRequestURITooLong, Detail: fmt.Sprintf("the query string has more than %d bytes or %d parameters: send POST to .search", c.limits.QueryBytes, c.limits.QueryParameters)}
	}
	q, err := url.ParseQuery(raw)
	if err != nil {
		return nil, invalidSyntax("the query string is malformed")
	}
	for _, key := range []string{"filter", "startIndex", "count", "cursor"} {
		if len(q[key]) > 1 {
			return nil, &Error{Kind: KindInvalidSyntax, Path: key, Detail: "the parameter is there twice"}
		}
	}
	return q, nil
}

// names splits a comma-separated list of attribute names.
func names(q url.Values, key string) []string {
	var out []string
	for _, value := range q[key] {
		for name := range strings.SplitSeq(value, ",") {
			if name = strings.TrimSpace(name); name != "" {
				out = append(out, name)
			}
		}
	}
	return out
}

// matchesVersion compares a list of entity tags weakly with one
// (RFC 9110 section 8.8.3.2).
func matchesVersion(header, version string) bool {
	for tag := range strings.SplitSeq(header, ",") {
		tag = strings.TrimSpace(tag)
		if tag == "*" || version != "" && strings.TrimPrefix(tag, "W/") == strings.TrimPrefix(version, "W/") {
			return true
		}
	}
	return false
}
