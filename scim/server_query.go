package scim

import (
	"bytes"
	"errors"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

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
	d := decoder{typ: types[0], depth: c.limits.JSONDepth}
	d.reset(data)
	if d.in.PeekKind() != '{' {
		return d.syntax("a SearchRequest message: a JSON object")
	}
	if _, err := d.skip(); err != nil {
		return err
	}
	if err := d.end(); err != nil {
		return err
	}
	fields, err := objectMembers(data)
	if err != nil {
		return err
	}
	if !c.tolerant && !bytes.Contains(fields.get("schemas"), []byte(`"`+messageSearch+`"`)) {
		return invalidSyntax("schemas: a SearchRequest message names %s", messageSearch)
	}
	req := searchRequest{startIndex: 1}
	for _, f := range fields {
		switch err := req.read(f); {
		case err != nil && f.name == "count" && fields.get("cursor") != nil:
			return errCount
		case err != nil:
			return &Error{Kind: KindInvalidValue, Path: f.name, Detail: "the member does not have the type of RFC 7644 section 3.4.3"}
		}
	}
	return c.find(types, &req)
}

// read takes over one member of a SearchRequest message.
func (r *searchRequest) read(f field) (err error) {
	if string(f.value) == "null" {
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
		r.startIndex, err = wholeNumber(f.name, string(f.value))
	case "count":
		var n int
		n, err = wholeNumber(f.name, string(f.value))
		r.count = &n
	}
	return err
}

func jsonTexts(raw []byte) ([]string, error) {
	if jsontext.Value(raw).Kind() != '[' {
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
	c.answer(http.StatusOK, head.append(nil, w.out.b))
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
	for i, item := range page.Items {
		if w.found > 0 {
			w.out.b = append(w.out.b, ',')
		}
		w.found++
		s := surroundings{
			location: w.call.location(q.Type, item.Resource.ID()), ref: w.call.reference,
			links: item.Links, owners: item.Owners, direct: len(item.Owners),
		}
		if around != nil && len(around[i]) > 0 {
			s.owners = slices.Concat(item.Owners, around[i])
		}
		w.out.resource(item.Resource, m, &s)
		if item.Resource.err != nil {
			return nil, item.Resource.err
		}
	}
	return page, nil
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

// append appends the message around encoded resources.
func (h *listHead) append(b, resources []byte) []byte {
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
	b = append(b, `,"Resources":[`...)
	b = append(b, resources...)
	return append(b, "]}"...)
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
