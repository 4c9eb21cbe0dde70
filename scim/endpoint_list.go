package scim

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/zohoscim/zohoscim/scim/filter"
)

// ListOptions are the optional parts of a query (RFC 7644 section 3.4.2).
type ListOptions struct {
	// Filter selects resources; "" selects all. Quote what comes from
	// elsewhere: see [FilterEq]. A [Filter] and a filter.Expr give their text
	// with String.
	Filter string

	// StartIndex is the 1-based index of the first resource; 0 is 1.
	StartIndex int

	// Count is the most resources that a page has; 0 leaves it to the
	// service provider, and a negative one asks for the total only.
	Count int

	Attributes         []string // return only these, and those that are always returned
	ExcludedAttributes []string // do not return these; not together with Attributes

	SortBy     string // attribute path; not every service provider sorts
	Descending bool   // sort downwards
}

// ListPage is one page of the result of a query (RFC 7644 section 3.4.2).
type ListPage[T any] struct {
	TotalResults int // resources that the query selects altogether
	StartIndex   int // 1-based index of the first of Resources
	Resources    []T
}

// FilterEq returns the filter `path eq "value"` with the value quoted, so
// that no value can change what the filter says.
func FilterEq(path, value string) string {
	return path + " eq " + filter.Literal{Kind: filter.String, Text: value}.String()
}

// List returns one page of a query's result. An answer that is not a list
// with a total is [ErrTransport]: an empty result is never read out of
// something else.
func (e *Endpoint[T]) List(ctx context.Context, o *ListOptions) (*ListPage[T], error) {
	if err := e.ready(); err != nil {
		return nil, err
	}
	var opts ListOptions
	if o != nil {
		opts = *o
	}
	answer, err := e.page(ctx, &opts)
	if err != nil {
		return nil, err
	}
	page := &ListPage[T]{TotalResults: answer.total, StartIndex: answer.start, Resources: make([]T, len(answer.resources))}
	for i, r := range answer.resources {
		if page.Resources[i], err = e.view(r); err != nil {
			return nil, &Error{Kind: KindTransport, Detail: fmt.Sprintf("resource %d of the list is not a %s", i+1, e.typ.name), cause: endpointText(err)}
		}
	}
	return page, nil
}

// All yields every resource that a query selects, from o.StartIndex on, page
// by page; o.Count is the size of a page. After an error it ends, and what it
// yielded is not the whole result: a page that is empty before the end, one
// that comes twice, and a total that runs away are errors too. Resources that
// are made or removed meanwhile can be missed or yielded twice, because the
// pages are found by index.
func (e *Endpoint[T]) All(ctx context.Context, o *ListOptions) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		if err := e.ready(); err != nil {
			yield(zero, err)
			return
		}
		var opts ListOptions
		if o != nil {
			opts = *o
		}
		opts.StartIndex = max(opts.StartIndex, 1)
		opts.Count = max(opts.Count, 0)
		for w := (endpointWalk{}); ; {
			answer, err := e.page(ctx, &opts)
			if err == nil {
				err = w.check(answer, opts.StartIndex)
			}
			if err != nil {
				yield(zero, err)
				return
			}
			for i, r := range answer.resources {
				v, err := e.view(r)
				if err != nil {
					err = &Error{Kind: KindTransport, Detail: fmt.Sprintf("resource %d of the list is not a %s", opts.StartIndex+i, e.typ.name), cause: endpointText(err)}
				}
				if !yield(v, err) || err != nil {
					return
				}
			}
			opts.StartIndex += len(answer.resources)
			if opts.StartIndex > answer.total {
				return
			}
		}
	}
}

// endpointWalk watches the pages of a list go by.
type endpointWalk struct {
	pages int
	first string // id of the first resource of the page before
	most  int    // resources that the list can grow to while it is read
}

// check returns why the page that was asked for at an index cannot be the
// next one.
func (w *endpointWalk) check(p *clientList, start int) error {
	bad := func(format string, args ...any) error {
		return &Error{Kind: KindTransport, Detail: "the list is not complete: " + fmt.Sprintf(format, args...)}
	}
	w.pages++
	if w.pages == 1 {
		w.most = 2*p.total + 1000
	}
	if len(p.resources) == 0 {
		if start <= p.total {
			return bad("page %d is empty, but there should be %d resources from index %d on", w.pages, p.total, start)
		}
		return nil
	}
	first := p.resources[0].ID()
	switch {
	case w.pages > 1 && first == w.first:
		return bad("page %d begins with the same resource as the one before: the service provider ignores startIndex", w.pages)
	case p.total > w.most:
		return bad("its total grew to %d while it was read", p.total)
	}
	w.first = first
	return nil
}

// Find returns the one resource that a filter selects. If there is none the
// error is [ErrNotFound], and if there are several it is [ErrTooMany]; both
// with [IsRemote] false. What the service provider returns must match the
// filter on this side too, so that one that ignores filters cannot pass off
// a wrong resource.
func (e *Endpoint[T]) Find(ctx context.Context, filter string) (T, error) {
	var zero T
	if err := e.ready(); err != nil {
		return zero, err
	}
	f, err := e.typ.ParseFilter(filter)
	if err != nil {
		return zero, endpointUnsent(err)
	}
	page, err := e.page(ctx, &ListOptions{Filter: filter, Count: 2})
	if err != nil {
		return zero, err
	}
	for _, r := range page.resources {
		if !f.Match(r, nil) {
			return zero, &Error{Kind: KindTransport, Detail: "the service provider returned a " + e.typ.name + " that the filter does not select, or without the attributes of the filter"}
		}
	}
	switch {
	case len(page.resources) > 1:
		return zero, &Error{Kind: KindTooMany, Detail: "the filter selects more than one " + e.typ.name}
	case len(page.resources) == 1:
		return e.view(page.resources[0])
	case page.total > 0:
		return zero, &Error{Kind: KindTransport, Detail: "the list is not complete: it is empty, but its total is not 0"}
	}
	return zero, &Error{Kind: KindNotFound, Detail: "the filter selects no " + e.typ.name}
}

func (e *Endpoint[T]) page(ctx context.Context, o *ListOptions) (*clientList, error) {
	req := &clientRequest{method: http.MethodGet, path: e.path, query: o.query()}
	resp, err := e.client.do(ctx, req)
	if err != nil {
		return nil, err
	}
	return clientReadList(resp, req, e.typ, o)
}

func (o *ListOptions) query() string {
	query := make(url.Values)
	if o.Filter != "" {
		query.Set("filter", o.Filter)
	}
	if o.StartIndex > 1 {
		query.Set("startIndex", strconv.Itoa(o.StartIndex))
	}
	if o.Count != 0 {
		query.Set("count", strconv.Itoa(max(o.Count, 0)))
	}
	if o.SortBy != "" {
		query.Set("sortBy", o.SortBy)
		if o.Descending {
			query.Set("sortOrder", "descending")
		}
	}
	endpointAttributes(query, o.Attributes, o.ExcludedAttributes)
	return endpointQuery(query)
}

func endpointAttributes(query url.Values, attributes, excluded []string) {
	if len(attributes) > 0 {
		query.Set("attributes", strings.Join(attributes, ","))
	}
	if len(excluded) > 0 {
		query.Set("excludedAttributes", strings.Join(excluded, ","))
	}
}

// endpointQuery writes a space as %20: not every service provider reads a
// plus sign as one.
func endpointQuery(query url.Values) string {
	return strings.ReplaceAll(query.Encode(), "+", "%20")
}
