package scim

import (
	"errors"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/zohoscim/zohoscim/scim/filter"
)

// searchRequest is a query from either road (RFC 7644 sections 3.4.2 and 3.4.3).
type searchRequest struct {
	attributes, excluded []string
	filter               *string
	sortBy               string
	descending           bool
	startIndex           int
	count                *int
	cursor               *string // "" asks for the first page (RFC 9865)
	indexed              bool    // a startIndex was given
}

// list answers GET of an endpoint, or of the root with every type.
func (c *call) list(types ...*ResourceType) error {
	q, err := c.query()
	if err != nil {
		return err
	}
	req := searchRequest{attributes: names(q, "attributes"), excluded: names(q, "excludedAttributes"), startIndex: 1}
	if q.Has("filter") {
		text := q.Get("filter")
		req.filter = &text
	}
	if err := req.readPaging(q); err != nil {
		return err
	}
	req.sortBy = strings.TrimSpace(q.Get("sortBy"))
	if err := req.readOrder(q.Get("sortOrder")); err != nil {
		return err
	}
	return c.find(types, &req)
}

func (r *searchRequest) readPaging(q url.Values) (err error) {
	if q.Has("cursor") {
		text := q.Get("cursor")
		r.cursor = &text
	}
	if q.Has("startIndex") {
		r.indexed = true
		if r.startIndex, err = wholeNumber("startIndex", q.Get("startIndex")); err != nil {
			return err
		}
	}
	if q.Has("count") {
		count, err := wholeNumber("count", q.Get("count"))
		if err != nil && r.cursor != nil {
			return errCount
		}
		if err != nil {
			return err
		}
		r.count = &count
	}
	return nil
}

// readOrder reads a sortOrder; without one it is ascending.
func (r *searchRequest) readOrder(word string) error {
	switch {
	case word == "" || strings.EqualFold(word, "ascending"):
	case strings.EqualFold(word, "descending"):
		r.descending = true
	default:
		return &Error{Kind: KindInvalidValue, Path: "sortOrder", Detail: "the parameter takes ascending or descending"}
	}
	return nil
}

// wholeNumber reads a paging parameter. One that is too large for any page
// counts as a large one.
func wholeNumber(name, text string) (int, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, &Error{Kind: KindInvalidValue, Path: name, Detail: "the parameter takes a whole number"}
	}
	return int(max(min(n, math.MaxInt32), math.MinInt32)), nil
}

// search answers POST to .search of an endpoint, or of the root with every
// type.
func (c *call) search(types ...*ResourceType) error {
	data, err := c.body()
	if err != nil {
		return err
	}
	fields, err := messageMembers(data, c.limits.JSONDepth, "a SearchRequest message: a JSON object")
	if err != nil {
		return err
	}
	if !c.tolerant && !strings.Contains(fields.get("schemas"), `"`+messageSearch+`"`) {
		return invalidSyntax("schemas: a SearchRequest message names %s", messageSearch)
	}
	req := searchRequest{startIndex: 1}
	for _, f := range fields {
		switch err := req.read(f); {
		case err != nil && f.name == "count" && fields.get("cursor") != "":
			return errCount
		case err != nil:
			return &Error{Kind: KindInvalidValue, Path: f.name, Detail: "the member does not have the type of RFC 7644 section 3.4.3"}
		}
	}
	return c.find(types, &req)
}

// read takes over one member of a SearchRequest message.
func (r *searchRequest) read(f field) (err error) {
	if f.value == "null" {
		return nil
	}
	switch f.name {
	case "attributes":
		r.attributes, err = jsonTexts(f.value)
	case "excludedattributes":
		r.excluded, err = jsonTexts(f.value)
	case "filter":
		var text string
		text, err = jsonText(f.value)
		r.filter = &text
	case "sortby":
		r.sortBy, err = jsonText(f.value)
	case "sortorder":
		var word string
		if word, err = jsonText(f.value); err == nil {
			err = r.readOrder(word)
		}
	case "cursor":
		var text string
		text, err = jsonText(f.value)
		r.cursor = &text
	case "startindex":
		r.indexed = true
		r.startIndex, err = wholeNumber(f.name, f.value)
	case "count":
		var n int
		n, err = wholeNumber(f.name, f.value)
		r.count = &n
	}
	return err
}

func jsonTexts(raw string) ([]string, error) {
	if !strings.HasPrefix(raw, "[") {
		return nil, invalidSyntax("an array of texts is needed")
	}
	elements, err := arrayElements(raw)
	out := make([]string, len(elements))
	for i := range elements {
		if out[i], err = jsonText(elements[i]); err != nil {
			return nil, err
		}
	}
	return out, err
}

// find runs a query and answers with a page (RFC 7644 section 3.4.2).
func (c *call) find(types []*ResourceType, req *searchRequest) error {
	queries, err := c.queries(types, req)
	if err != nil {
		return err
	}
	if req.cursor != nil {
		return c.findByCursor(queries, req)
	}
	start, size, total := max(req.startIndex, 1), c.pageSize(req), 0
	w := listWriter{call: c, req: req}
	for _, q := range queries {
		q.Start, q.Count = max(start-total, 1), size-w.found
		page, err := w.list(q)
		if err != nil {
			return err
		}
		total += page.Total
	}
	head := listHead{total: total, start: start, found: w.found}
	c.answer(http.StatusOK, head.append(make([]byte, 0, 192)), append(w.out.b, "]}"...))
	return nil
}

// pageSize returns how many resources a page may hold.
func (c *call) pageSize(req *searchRequest) int {
	if req.count == nil {
		return c.limits.PageSize
	}
	return min(max(*req.count, 0), c.limits.MaxPageSize)
}

// listWriter collects the encoded resources of a page.
type listWriter struct {
	call  *call
	req   *searchRequest
	out   writer
	found int
}

// list asks the store and appends what it finds.
func (w *listWriter) list(q *Query) (*Page, error) {
	m := q.Type.newMask(w.req.attributes, w.req.excluded)
	q.Links = q.Type.links != nil && m.has(q.Type.links)
	q.Owners = q.Type.owners != nil && m.has(q.Type.owners)
	page, err := w.call.store.List(w.call.r.Context(), q)
	if err != nil {
		return nil, err
	}
	around, err := w.ownersAround(q, page)
	if err != nil {
		return nil, err
	}
	return page, w.items(q.Type, m, page.Items, around)
}

// items appends the encoded items of a page, with their indirect owners.
func (w *listWriter) items(t *ResourceType, m *mask, items []Item, around [][]Link) error {
	size, linked := 0, false
	for _, item := range items {
		size += len(item.Resource.stored) + 256
		linked = linked || len(item.Links) > 0 || len(item.Owners) > 0
	}
	w.out.b = slices.Grow(w.out.b, size)
	s := w.call.surroundings(t, linked)
	for i, item := range items {
		if w.found > 0 {
			w.out.b = append(w.out.b, ',')
		}
		w.found++
		s.id, s.links, s.owners, s.direct = item.Resource.ID(), nil, item.Owners, len(item.Owners)
		if len(item.Links) > 0 {
			s.links = linkSeq(item.Links)
		}
		if around != nil && len(around[i]) > 0 {
			s.owners = slices.Concat(item.Owners, around[i])
		}
		w.out.resource(item.Resource, m, &s)
		if item.Resource.err != nil {
			return item.Resource.err
		}
	}
	return nil
}

// ownersAround returns the indirect owners of a page's resources, nil if
// there are none.
func (w *listWriter) ownersAround(q *Query, page *Page) ([][]Link, error) {
	if !q.Owners || !slices.ContainsFunc(page.Items, func(i Item) bool { return len(i.Owners) > 0 }) {
		return nil, nil
	}
	ids, direct := make([]string, len(page.Items)), make([][]Link, len(page.Items))
	for i, item := range page.Items {
		ids[i], direct[i] = item.Resource.ID(), item.Owners
	}
	return w.call.ownersAround(ids, direct)
}

// listHead is a ListResponse without its resources.
type listHead struct {
	total int    // -1 if it is not known
	start int    // of a page by index; 0 for one by cursor
	found int    // on this page
	next  string // cursor of the next page
}

// append appends the message up to its resources.
func (h *listHead) append(b []byte) []byte {
	b = append(b, `{"schemas":["`+messageList+`"]`...)
	number := func(name string, n int) {
		b = append(append(b, name...), ':')
		b = strconv.AppendInt(b, int64(n), 10)
	}
	if h.total >= 0 {
		number(`,"totalResults"`, h.total)
	}
	if h.start > 0 {
		number(`,"startIndex"`, h.start)
	}
	number(`,"itemsPerPage"`, h.found)
	if h.next != "" {
		b = append(append(append(b, `,"nextCursor":"`...), h.next...), '"')
	}
	return append(b, `,"Resources":[`...)
}

// queries compiles a request for each of the types. At the root, an attribute
// that a type does not have is one without a value (RFC 7644 section
// 3.4.2.1); one that none of them has is a mistake.
func (c *call) queries(types []*ResourceType, req *searchRequest) ([]*Query, error) {
	if req.sortBy != "" && len(types) > 1 {
		return nil, invalidPath("sortBy", "resources of several types have no common order; ask one endpoint")
	}
	var expr filter.Expr
	if req.filter != nil {
		var err error
		if expr, err = c.parseFilter(*req.filter); err != nil {
			return nil, err
		}
	}
	out := make([]*Query, len(types))
	var refused error
	defined := false
	for i, t := range types {
		q := &Query{Type: t}
		out[i] = q
		var err error
		if req.sortBy != "" {
			if q.Sort, err = t.ParseSort(req.sortBy, req.descending); err != nil {
				return nil, err
			}
		}
		if expr == nil {
			defined = true
			continue
		}
		if q.Filter, err = t.compileFilter(expr, compiler{tolerant: c.tolerant}); err == nil {
			defined = true
			continue
		}
		refused = err
		if q.Filter, err = t.compileFilter(expr, compiler{tolerant: c.tolerant, undefined: true}); err != nil {
			return nil, err
		}
	}
	if !defined {
		return nil, refused
	}
	return out, nil
}

func (c *call) parseFilter(text string) (filter.Expr, error) {
	e, err := filter.Parse(text, &filter.Options{
		MaxBytes: c.limits.FilterBytes, MaxDepth: c.limits.FilterDepth, MaxTerms: c.limits.FilterTerms, Tolerant: c.tolerant,
	})
	if err != nil {
		return nil, &Error{Kind: KindInvalidFilter, cause: err}
	}
	return e, nil
}
