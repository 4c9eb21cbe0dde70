package scim

import (
	"context"
	"fmt"
	"io"
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
	c.mask = ref.Type.newMask(names(q, "attributes"), names(q, "excludedAttributes"))
	if err := c.store.View(c.r.Context(), ref, c.look); err != nil {
		return err
	}
	if err := c.complete(&c.out); err != nil {
		return err
	}
	return c.answerResource(http.StatusOK, "Content-Location")
}

// look takes from an entry what GET answers.
func (c *call) look(e *Entry) error {
	if h := c.r.Header.Get("If-None-Match"); h != "" && matchesVersion(h, e.Resource.Version()) {
		c.out = rendering{version: e.Resource.Version(), unchanged: true}
		return nil
	}
	return c.render(e)
}

// rendering is a resource as it is answered: encoded, or the stored form,
// which is a text and so stays what it is, with the place for its location.
// The owners of its owners are not in it: a store is not asked for them inside
// its own function.
type rendering struct {
	writer    // the encoded form
	owners    []Link
	typ       *ResourceType
	id        string
	version   string
	number    bool // the version is the number of one made by [nextVersion]
	unchanged bool // the client has this version already
	stored    string
	place     int
}

// render takes an entry as it is answered. It is answered after the store has
// let go of the entry.
func (c *call) render(e *Entry) (err error) {
	t := e.Resource.typ
	var owners []Link
	if t.owners != nil && c.mask.has(t.owners) {
		if owners, err = ownersOf(c.r.Context(), e.Links); err != nil {
			return err
		}
	}
	var links iter.Seq2[Link, error]
	if t.links != nil && c.mask.has(t.links) {
		links = e.Links.All(c.r.Context(), "")
	}
	return c.renderWith(e.Resource, links, owners)
}

func (c *call) renderWith(r *Resource, links iter.Seq2[Link, error], owners []Link) error {
	c.out = rendering{typ: r.typ, id: r.ID()}
	if meta, ok := r.answerable(c.mask); ok && links == nil && len(owners) == 0 {
		c.out.stored, c.out.place = r.stored, meta.end
		c.out.version, c.out.number = meta.version, meta.number
		return nil
	}
	s := c.surroundings(r.typ, links != nil || len(owners) > 0)
	s.id, s.links, s.owners = c.out.id, links, owners
	s.direct = len(owners)
	c.out.owners, c.out.version = owners, r.Version()
	c.out.b = make([]byte, 0, max(1024, len(r.stored)+256))
	c.out.resource(r, c.mask, &s)
	if s.err != nil {
		return s.err
	}
	return r.err
}

// complete puts the indirect owners into an answer.
func (c *call) complete(out *rendering) error {
	if out.ownersEnd == 0 {
		return nil
	}
	around, err := c.ownersAround([]string{out.id}, [][]Link{out.owners})
	if err != nil || len(around[0]) == 0 {
		return err
	}
	s := c.surroundings(out.typ, true)
	more := writer{b: []byte{']'}, mask: out.mask} // as behind an element
	more.referenceItems(out.typ.owners, around[0], 0, s.refs)
	out.b = slices.Insert(out.b, out.ownersEnd, more.b[1:]...)
	return nil
}

// answerResource answers with what render left. Location or Content-Location
// tells its URL.
func (c *call) answerResource(status int, field string) error {
	out := &c.out
	if out.unchanged {
		c.etag(out.version)
		c.w.WriteHeader(http.StatusNotModified)
		return nil
	}
	// One text for the two header fields.
	before, after := "", ""
	if out.number {
		before, after = `W/"`, `"`
	}
	text := c.scheme + c.host + c.basePath + out.typ.endpoint + "/" + url.PathEscape(out.id) + before + out.version + after
	end := len(text) - len(before) - len(out.version) - len(after)
	location := text[:end]
	c.header(field, location)
	c.etag(text[end:])
	if out.stored == "" {
		c.answer(status, out.b)
		return nil
	}
	if !c.begin(status) {
		return nil
	}
	if !isPlain(location) {
		quoted := appendQuoted(nil, location)
		location = string(quoted[1 : len(quoted)-1])
	}
	parts := [...]string{out.stored[:out.place], `,"location":"`, location, `"`, out.stored[out.place:]}
	if len(out.stored)+len(location)+16 <= len(c.small) {
		b := c.small[:0]
		for _, part := range parts {
			b = append(b, part...)
		}
		_, _ = c.w.Write(b) // the client is gone if this fails
		return nil
	}
	for _, part := range parts {
		_, _ = io.WriteString(c.w, part)
	}
	return nil
}

// ownersOf returns the owners of a resource; those of a store of this package
// are there already.
func ownersOf(ctx context.Context, l Links) ([]Link, error) {
	if m, ok := l.(*memLinks); ok {
		return m.scope.ownersOf(m.row.id), nil
	}
	return collect(l.Owners(ctx, ""))
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
	if raw == "" {
		return nil, nil
	}
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
