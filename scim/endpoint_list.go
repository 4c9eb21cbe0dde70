package scim

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/zohoscim/zohoscim/scim/filter"
)

// ListOptions are the optional parts of a query (RFC 7644 section 3.4.2).
type ListOptions struct {
	// Filter selects resources; "" selects all. It is not sent if it is
	// malformed. Quote what comes from elsewhere: [FilterEq] and
	// [filter.Where] do. A [Filter], a [filter.Condition] and a [filter.Expr]
	// give their text with String.
	Filter string

	// StartIndex is the 1-based index of the first resource; 0 is 1.
	StartIndex int

	// Count is the most resources that a page has; 0 leaves it to the
	// service provider, and a negative one asks for the total only.
	Count int

	// Cursor asks for pages by cursor (RFC 9865): "" for the first one, then
	// [ListPage.NextCursor], with all else unchanged. Nil: by index.
	Cursor *string

	Attributes         []string // return only these, and those that are always returned
	ExcludedAttributes []string // do not return these; not together with Attributes

	SortBy     string // attribute path; not every service provider sorts
	Descending bool   // sort downwards
}

// ListPage is one page of the result of a query (RFC 7644 section 3.4.2).
type ListPage[T any] struct {
	TotalResults int // resources that the query selects altogether; -1: not said, with a cursor only
	StartIndex   int // 1-based index of the first of Resources
	Resources    []T

	// Cursors of the pages around this one, "" where there is none (RFC 9865
	// section 2).
	NextCursor, PreviousCursor string
}

// What a URL may be long before its query is sent as the body of a search,
// and the bounds of a filter on this side.
const (
	clientURLBytes    = 4000
	clientFilterBytes = 1 << 20
)

// FilterEq returns the filter `path eq "value"` with the value quoted, so
// that no value can change what the filter says. [filter.Where] makes others.
func FilterEq(path, value string) string {
	return path + " eq " + filter.Literal{Kind: filter.String, Text: value}.String()
}

// List returns one page of a query's result. An answer that is not a list
// with a total is [ErrTransport]: an empty result is never read out of
// something else. A query that makes the URL longer than 4,000 bytes is sent
// as [Endpoint.Search] sends it, if the service provider has that.
func (e *Endpoint[T]) List(ctx context.Context, o *ListOptions) (*ListPage[T], error) {
	return e.list(ctx, o, e.page)
}

// Search is [Endpoint.List] with the query in the body of a POST to /.search
// (RFC 7644 section 3.4.3), where it is in no log of URLs.
func (e *Endpoint[T]) Search(ctx context.Context, o *ListOptions) (*ListPage[T], error) {
	return e.list(ctx, o, e.search)
}

func (e *Endpoint[T]) list(ctx context.Context, o *ListOptions, ask func(context.Context, *ListOptions) (*clientList, error)) (*ListPage[T], error) {
	if err := e.ready(); err != nil {
		return nil, err
	}
	var opts ListOptions
	if o != nil {
		opts = *o
	}
	if err := opts.check(); err != nil {
		return nil, err
	}
	if opts.Filter != "" && e.client.profile.NoFilter {
		ask = e.selectHere
	}
	answer, err := ask(ctx, &opts)
	if err != nil {
		return nil, err
	}
	page := &ListPage[T]{
		TotalResults: answer.total, StartIndex: answer.start, Resources: make([]T, len(answer.resources)),
		NextCursor: answer.next, PreviousCursor: answer.previous,
	}
	for i, r := range answer.resources {
		if page.Resources[i], err = e.view(r); err != nil {
			return nil, &Error{Kind: KindTransport, Detail: fmt.Sprintf("resource %d of the list is not a %s", i+1, e.typ.name), cause: endpointText(err)}
		}
	}
	return page, nil
}

// check returns why the query cannot be sent.
func (o *ListOptions) check() error {
	if o.Cursor != nil && o.StartIndex > 1 {
		return &Error{Kind: KindInvalidValue, Path: "StartIndex", Detail: "an index does not go with a cursor", unsent: true}
	}
	if o.Filter == "" {
		return nil
	}
	_, err := filter.Parse(o.Filter, &filter.Options{MaxBytes: clientFilterBytes, MaxDepth: 1000, MaxTerms: clientFilterBytes, Tolerant: true})
	if err != nil {
		return &Error{Kind: KindInvalidFilter, Detail: "the filter is malformed", unsent: true, cause: err}
	}
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
	ask := e.page
	if e.client.profile.NoFilter {
		ask = e.selectHere
	}
	page, err := ask(ctx, &ListOptions{Filter: filter, Count: 2})
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

// page asks for one page, by GET where the URL is not too long for it.
func (e *Endpoint[T]) page(ctx context.Context, o *ListOptions) (*clientList, error) {
	req := &clientRequest{method: http.MethodGet, path: e.path, query: o.query()}
	long := len(e.client.base)+len(req.path)+len(req.query) > clientURLBytes
	if long {
		answer, err := e.search(ctx, o)
		if !errors.Is(err, ErrNotFound) && !isKind(err, KindMethodNotAllowed) {
			return answer, err
		}
	}
	resp, err := e.client.do(ctx, req)
	var refused *Error
	switch {
	case err == nil:
		return clientReadList(resp, req, e.typ, o)
	case !long && errors.As(err, &refused) && refused.Status == http.StatusRequestURITooLong:
		return e.search(ctx, o)
	}
	return nil, err
}

func isKind(err error, k Kind) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == k
}

// search asks for one page by POST.
func (e *Endpoint[T]) search(ctx context.Context, o *ListOptions) (*clientList, error) {
	req := &clientRequest{method: http.MethodPost, path: e.path + "/.search", body: o.searchRequest(), again: true}
	resp, err := e.client.do(ctx, req)
	if err != nil {
		return nil, err
	}
	return clientReadList(resp, req, e.typ, o)
}

// searchRequest returns the message of RFC 7644 section 3.4.3.
func (o *ListOptions) searchRequest() []byte {
	m := struct {
		Schemas            []string `json:"schemas"`
		Attributes         []string `json:"attributes,omitempty"`
		ExcludedAttributes []string `json:"excludedAttributes,omitempty"`
		Filter             string   `json:"filter,omitempty"`
		SortBy             string   `json:"sortBy,omitempty"`
		SortOrder          string   `json:"sortOrder,omitempty"`
		StartIndex         int      `json:"startIndex,omitzero"`
		Count              *int     `json:"count,omitzero"`
		Cursor             *string  `json:"cursor,omitzero"`
	}{
		Schemas: []string{messageSearch}, Attributes: o.Attributes, ExcludedAttributes: o.ExcludedAttributes,
		Filter: o.Filter, SortBy: o.SortBy, Cursor: o.Cursor,
	}
	if o.StartIndex > 1 {
		m.StartIndex = o.StartIndex
	}
	if o.Count != 0 {
		m.Count = new(max(o.Count, 0))
	}
	if o.SortBy != "" && o.Descending {
		m.SortOrder = "descending"
	}
	b, _ := json.Marshal(m, jsontext.AllowInvalidUTF8(true))
	return b
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
	if o.Cursor != nil {
		query.Set("cursor", *o.Cursor)
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
