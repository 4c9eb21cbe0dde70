package scim

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/zohoscim/zohoscim/scim/filter"
)

// get answers GET of one resource (RFC 7644 section 3.4.1).
func (c *call) get(ref Ref) error {
	q, err := c.query()
	if err != nil {
		return err
	}
	mask := ref.Type.newMask(names(q, "attributes"), names(q, "excludedAttributes"))
	var body []byte
	var version string
	err = c.store.View(c.r.Context(), ref, func(e *Entry) error {
		version = e.Resource.Version()
		if c.r.Header.Get("If-None-Match") != "" && matchesVersion(c.r.Header.Get("If-None-Match"), version) {
			body = nil
			return nil
		}
		body, err = c.render(e, mask)
		return err
	})
	if err != nil {
		return err
	}
	c.w.Header().Set("ETag", version)
	if body == nil {
		c.w.WriteHeader(http.StatusNotModified)
		return nil
	}
	c.w.Header().Set("Content-Location", c.location(ref.Type, ref.ID))
	c.answer(http.StatusOK, body)
	return nil
}

// render encodes an entry as it is answered.
func (c *call) render(e *Entry, m *mask) ([]byte, error) {
	t := e.Resource.typ
	s := surroundings{location: c.location(t, e.Resource.ID()), base: c.base}
	ctx := c.r.Context()
	var err error
	if t.links != nil && m.has(t.links) {
		if s.links, err = collect(e.Links.All(ctx, "")); err != nil {
			return nil, err
		}
	}
	if t.owners != nil && m.has(t.owners) {
		if s.owners, err = collect(e.Links.Owners(ctx, "")); err != nil {
			return nil, err
		}
	}
	w := writer{b: make([]byte, 0, 2048)}
	w.resource(e.Resource, m, &s)
	return w.b, e.Resource.err
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
	for _, key := range []string{"filter", "startIndex", "count"} {
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

// searchRequest is a query from either road (RFC 7644 sections 3.4.2 and 3.4.3).
type searchRequest struct {
	Schemas    []string `json:"schemas"`
	Attributes []string `json:"attributes"`
	Excluded   []string `json:"excludedAttributes"`
	Filter     *string  `json:"filter"`
	StartIndex int      `json:"startIndex"`
	Count      *int     `json:"count"`
}

// list answers GET of an endpoint.
func (c *call) list(t *ResourceType) error {
	q, err := c.query()
	if err != nil {
		return err
	}
	req := searchRequest{Attributes: names(q, "attributes"), Excluded: names(q, "excludedAttributes"), StartIndex: 1}
	if q.Has("filter") {
		text := q.Get("filter")
		req.Filter = &text
	}
	if q.Has("startIndex") {
		if req.StartIndex, err = number32(q, "startIndex"); err != nil {
			return err
		}
	}
	if q.Has("count") {
		count, err := number32(q, "count")
		if err != nil {
			return err
		}
		req.Count = &count
	}
	return c.find(t, &req)
}

func number32(q url.Values, key string) (int, error) {
	n, err := strconv.Atoi(q.Get(key))
	if err != nil {
		return 0, &Error{Kind: KindInvalidValue, Path: key, Detail: "the parameter takes a whole number"}
	}
	return n, nil
}

// search answers POST to .search.
func (c *call) search(t *ResourceType) error {
	data, err := c.body()
	if err != nil {
		return err
	}
	d := decoder{typ: t, depth: c.limits.JSONDepth}
	d.reset(data)
	if _, err := d.skip(); err != nil {
		return err
	}
	req := searchRequest{StartIndex: 1}
	if err := json.Unmarshal(data, &req, json.MatchCaseInsensitiveNames(true)); err != nil {
		return invalidSyntax("the body is not a SearchRequest (RFC 7644 section 3.4.3)")
	}
	return c.find(t, &req)
}

// find runs a query and answers with a page (RFC 7644 section 3.4.2).
func (c *call) find(t *ResourceType, req *searchRequest) error {
	q := &Query{Type: t, Start: max(req.StartIndex, 1), Count: c.limits.PageSize}
	if req.Count != nil {
		q.Count = min(max(*req.Count, 0), c.limits.MaxPageSize)
	}
	if req.Filter != nil {
		f, err := c.parseFilter(t, *req.Filter)
		if err != nil {
			return err
		}
		q.Filter = f
	}
	m := t.newMask(req.Attributes, req.Excluded)
	q.Links = t.links != nil && m.has(t.links)
	q.Owners = t.owners != nil && m.has(t.owners)
	page, err := c.store.List(c.r.Context(), q)
	if err != nil {
		return err
	}
	w := writer{b: make([]byte, 0, 512+1024*len(page.Items))}
	w.b = append(w.b, `{"schemas":["`+messageList+`"],"totalResults":`...)
	w.b = strconv.AppendInt(w.b, int64(page.Total), 10)
	w.b = append(w.b, `,"startIndex":`...)
	w.b = strconv.AppendInt(w.b, int64(q.Start), 10)
	w.b = append(w.b, `,"itemsPerPage":`...)
	w.b = strconv.AppendInt(w.b, int64(len(page.Items)), 10)
	w.b = append(w.b, `,"Resources":[`...)
	for i, item := range page.Items {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		w.resource(item.Resource, m, &surroundings{
			location: c.location(t, item.Resource.ID()), base: c.base, links: item.Links, owners: item.Owners,
		})
		if item.Resource.err != nil {
			return item.Resource.err
		}
	}
	w.b = append(w.b, "]}"...)
	c.answer(http.StatusOK, w.b)
	return nil
}

func (c *call) parseFilter(t *ResourceType, text string) (*Filter, error) {
	e, err := filter.Parse(text, &filter.Options{
		MaxBytes: c.limits.FilterBytes, MaxDepth: c.limits.FilterDepth, MaxTerms: c.limits.FilterTerms, Tolerant: c.tolerant,
	})
	if err != nil {
		return nil, &Error{Kind: KindInvalidFilter, cause: err}
	}
	return t.CompileFilter(e)
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

// typeOf returns the name of the resource type that has an id, "" if none.
func (s *Server) typeOf(ctx context.Context, id string) (string, error) {
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
