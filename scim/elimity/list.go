package elimity

import (
	"cmp"
	"context"
	"iter"
	"net/http"
	"slices"

	elimity "github.com/elimity-com/scim"
	"github.com/elimity-com/scim/filter"
	"github.com/elimity-com/scim/schema"

	"github.com/zohoscim/zohoscim/scim"
)

// List implements [scim.Store]. The handler gets the filter and may use it;
// what it answers is filtered here, so that a handler that does not look at
// filters gives the right answer too. Resources are in the order of their
// ids: that of a handler may change from call to call.
func (s *Store) List(ctx context.Context, q *scim.Query) (*scim.Page, error) {
	k, err := s.kind(ctx, q.Type)
	if err != nil {
		return nil, err
	}
	var found []*scim.Resource
	s.mu.RLock()
	for r, err := range s.scan(ctx, k, q.Filter) {
		if err != nil {
			s.mu.RUnlock()
			return nil, err
		}
		found = append(found, r)
	}
	s.mu.RUnlock()
	slices.SortFunc(found, func(a, b *scim.Resource) int {
		if q.Sort != nil {
			if c := q.Sort.Compare(q.Sort.Key(a), q.Sort.Key(b)); c != 0 {
				return c
			}
		}
		return cmp.Compare(a.ID(), b.ID())
	})
	page := &scim.Page{Total: len(found)}
	start := min(max(q.Start, 1)-1, len(found))
	if q.Cursor {
		if start, err = position(q, found); err != nil {
			return nil, err
		}
	}
	end := min(start+q.Count, len(found))
	for _, r := range found[start:end] {
		if r, err = s.latest.of(k, r); err != nil {
			return nil, err
		}
		page.Items = append(page.Items, scim.Item{Resource: r})
	}
	if q.Cursor && end < len(found) && end > start {
		page.Next = found[end-1].ID()
	}
	return page, nil
}

// position returns where a page by cursor begins: behind the id that the page
// before ended with.
func position(q *scim.Query, found []*scim.Resource) (int, error) {
	if q.After == "" {
		return 0, nil
	}
	if q.Sort == nil {
		at, there := slices.BinarySearchFunc(found, q.After, func(r *scim.Resource, id string) int { return cmp.Compare(r.ID(), id) })
		if there {
			at++
		}
		return at, nil
	}
	at := slices.IndexFunc(found, func(r *scim.Resource) bool { return r.ID() == q.After })
	if at < 0 {
		// What the page ended with is gone, and nothing else says where that was.
		return 0, &scim.Error{Kind: scim.KindExpiredCursor}
	}
	return at + 1, nil
}

// scan yields the resources that a filter selects, under a lock that the
// caller holds.
func (s *Store) scan(ctx context.Context, k *kind, f *scim.Filter) iter.Seq2[*scim.Resource, error] {
	return func(yield func(*scim.Resource, error) bool) {
		seen := map[string]bool{}
		params := elimity.ListRequestParams{StartIndex: 1, Count: s.o.MaxScan + 1, FilterValidator: k.validator(f)}
		for {
			page, err := k.getAll(request(ctx, http.MethodGet, k.ours.Endpoint()), params)
			if panicked(err) && params.FilterValidator != nil {
				params.FilterValidator = nil // elimity's validator panics on some filters
				continue
			}
			if err != nil {
				yield(nil, handlerError(err))
				return
			}
			fresh := 0
			for _, res := range page.Resources {
				if seen[res.ID] {
					continue
				}
				seen[res.ID] = true
				if fresh++; len(seen) > s.o.MaxScan {
					yield(nil, &scim.Error{Kind: scim.KindTooMany, Detail: "the handler's resources cannot be searched: narrow the filter"})
					return
				}
				r, err := k.toOurs(res)
				if err == nil && f != nil && !f.Match(r, nil) {
					continue
				}
				if !yield(r, err) || err != nil {
					return
				}
			}
			if fresh == 0 || len(seen) >= page.TotalResults || ctx.Err() != nil {
				break
			}
			params.StartIndex += len(page.Resources)
		}
		if err := ctx.Err(); err != nil {
			yield(nil, err)
		}
	}
}

// validator returns a filter in elimity's form, or nil if it has none: its
// parser and its validator know less than RFC 7644.
func (k *kind) validator(f *scim.Filter) *filter.Validator {
	if f == nil {
		return nil
	}
	var extensions []schema.Schema
	for _, x := range k.theirs.SchemaExtensions {
		extensions = append(extensions, x.Schema)
	}
	var v filter.Validator
	err := guard(func() (err error) {
		if v, err = filter.NewValidator(f.String(), k.theirs.Schema, extensions...); err == nil {
			err = v.Validate()
		}
		return err
	})
	if err != nil {
		return nil
	}
	return &v
}
