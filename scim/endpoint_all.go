package scim

import (
	"context"
	"fmt"
	"iter"
)

// clientEmptyPages is how many pages without a resource may follow each other
// where pages are found by cursor.
const clientEmptyPages = 100

// All yields every resource that a query selects, from o.StartIndex on, page
// by page; o.Count is the size of a page. While the caller works on a page
// the next one is being asked for, and no more than that. The pages are found
// by cursor where the service provider has them (RFC 9865), else by index,
// and then resources that are made or removed meanwhile can be missed or
// yielded twice.
//
// After an error it ends, and what it yielded is not the whole result: a page
// that is empty before the end, one that comes twice, and a total that runs
// away are errors too.
func (e *Endpoint[T]) All(ctx context.Context, o *ListOptions) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		n := 0
		for r, err := range e.resources(ctx, o) {
			v := zero
			if n++; err == nil {
				if v, err = e.view(r); err != nil {
					err = &Error{Kind: KindTransport, Detail: fmt.Sprintf("resource %d of the list is not a %s", n, e.typ.name), cause: endpointText(err)}
				}
			}
			if !yield(v, err) || err != nil {
				return
			}
		}
	}
}

// resources yields what All does, before it gets its typed view.
func (e *Endpoint[T]) resources(ctx context.Context, o *ListOptions) iter.Seq2[*Resource, error] {
	return func(yield func(*Resource, error) bool) {
		opts, f, err := e.walkOptions(o)
		if err != nil {
			yield(nil, err)
			return
		}
		for answer, err := range e.pages(ctx, opts) {
			if err != nil {
				yield(nil, err)
				return
			}
			for i, r := range answer.resources {
				answer.resources[i] = nil // what the caller lets go is gone
				if f != nil && !f.Match(r, nil) {
					continue
				}
				if !yield(r, nil) {
					return
				}
			}
		}
	}
}

// walkOptions returns a copy of o, and the filter to apply on this side if
// the service provider has none.
func (e *Endpoint[T]) walkOptions(o *ListOptions) (opts ListOptions, f *Filter, err error) {
	if err := e.ready(); err != nil {
		return opts, nil, err
	}
	if o != nil {
		opts = *o
	}
	if err := opts.check(); err != nil {
		return opts, nil, err
	}
	opts.Count = max(opts.Count, 0)
	if opts.Filter != "" && e.client.profile.NoFilter {
		if f, err = e.typ.ParseFilter(opts.Filter); err != nil {
			return opts, nil, endpointUnsent(err)
		}
		// The filter may need what the caller does not.
		opts.Filter, opts.Attributes, opts.ExcludedAttributes = "", nil, nil
	}
	return opts, f, nil
}

// selectHere answers a query with a filter for a service provider without
// filters.
func (e *Endpoint[T]) selectHere(ctx context.Context, o *ListOptions) (*clientList, error) {
	all := *o
	all.StartIndex, all.Count, all.Cursor = 0, 0, nil
	start := max(o.StartIndex, 1)
	out := &clientList{start: start}
	for r, err := range e.resources(ctx, &all) {
		if err != nil {
			return nil, err
		}
		if out.total++; out.total >= start && o.Count >= 0 && (o.Count == 0 || len(out.resources) < o.Count) {
			out.resources = append(out.resources, r)
		}
	}
	return out, nil
}

// pages yields the pages of a query. The next one is asked for while the
// caller has the one before.
func (e *Endpoint[T]) pages(ctx context.Context, opts ListOptions) iter.Seq2[*clientList, error] {
	type result struct {
		answer *clientList
		err    error
	}
	return func(yield func(*clientList, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		ahead := make(chan result)
		defer func() {
			cancel()
			for range ahead { //nolint:revive // until the goroutine has ended
			}
		}()
		go func() {
			defer close(ahead)
			for answer, err := range e.walk(ctx, opts) {
				ahead <- result{answer, err}
			}
		}()
		for r := range ahead {
			if !yield(r.answer, r.err) || r.err != nil {
				return
			}
		}
	}
}

// walk yields the pages of a query one after the other; it ends with an error
// or with the last page.
func (e *Endpoint[T]) walk(ctx context.Context, opts ListOptions) iter.Seq2[*clientList, error] {
	return func(yield func(*clientList, error) bool) {
		if opts.Cursor == nil && opts.StartIndex <= 1 {
			features, err := e.client.features(ctx)
			if err != nil {
				yield(nil, err)
				return
			}
			if features.cursor {
				opts.Cursor = new("")
			}
		}
		opts.StartIndex = max(opts.StartIndex, 1)
		for w := (endpointWalk{pageTotals: e.client.profile.PageTotals}); ; {
			answer, err := e.page(ctx, &opts)
			if err == nil {
				err = w.check(answer, &opts)
			}
			if !yield(answer, err) || err != nil || !w.next(answer, &opts) {
				return
			}
		}
	}
}

// endpointWalk watches the pages of a list go by.
type endpointWalk struct {
	pages, empty, seen int    // pages, how many of the last ones were empty, resources of all
	first              string // id of the first resource of the page before
	most               int    // resources that the list can grow to while it is read
	pageTotals         bool   // see [Profile.PageTotals]
}

// check returns why the page that was asked for cannot be the next one.
func (w *endpointWalk) check(p *clientList, o *ListOptions) error {
	bad := func(format string, args ...any) error {
		return &Error{Kind: KindTransport, Detail: "the list is not complete: " + fmt.Sprintf(format, args...)}
	}
	cursor := o.Cursor != nil || p.next != ""
	w.pages++
	w.seen += len(p.resources)
	if w.pages == 1 {
		w.most = 2*max(p.total, 0) + 1000
	}
	if len(p.resources) == 0 {
		w.empty++
		switch {
		case cursor && p.next != "" && w.empty > clientEmptyPages:
			return bad("%d pages without a resource followed each other", w.empty)
		case cursor && p.next == "" && w.seen == 0 && p.total > 0:
			return bad("it has no resource, but a total of %d", p.total)
		case !cursor && !w.pageTotals && o.StartIndex <= p.total:
			return bad("page %d is empty, but there should be %d resources from index %d on", w.pages, p.total, o.StartIndex)
		}
		return nil
	}
	w.empty = 0
	first := p.resources[0].ID()
	switch {
	case cursor && p.next != "" && o.Cursor != nil && p.next == *o.Cursor:
		return bad("page %d names itself as the next one", w.pages)
	case w.pages > 1 && first == w.first && cursor:
		return bad("page %d begins with the same resource as the one before: the service provider ignores the cursor", w.pages)
	case w.pages > 1 && first == w.first:
		return bad("page %d begins with the same resource as the one before: the service provider ignores startIndex", w.pages)
	case p.total > w.most && !w.pageTotals:
		return bad("its total grew to %d while it was read", p.total)
	}
	w.first = first
	return nil
}

// next makes o ask for the page after p; false if that was the last one.
func (w *endpointWalk) next(p *clientList, o *ListOptions) bool {
	if p.next != "" { // also of one that has nothing but cursors (RFC 9865 section 2.3)
		o.StartIndex, o.Cursor = 0, new(p.next)
		return true
	}
	if o.Cursor != nil && (w.pages > 1 || p.total <= len(p.resources)) {
		return false
	}
	if o.Cursor != nil { // it does not know cursors after all
		o.Cursor, o.StartIndex = nil, 1
	}
	o.StartIndex += len(p.resources)
	return o.StartIndex <= p.total || w.pageTotals && len(p.resources) > 0
}
