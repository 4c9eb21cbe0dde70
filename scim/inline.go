package scim

import (
	"cmp"
	"context"
	"encoding/base64"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

// InlineLinks are [Links] for a simple store that keeps a resource's links as
// a list beside it: such a store gives them to the function of a View or an
// Update and, if that succeeds, keeps [InlineLinks.Links]. Each costs as much as
// the list is long, which is right for groups of hundreds, not of
// thousands.
type InlineLinks struct {
	set    linkSet
	owners []Link
}

// NewInlineLinks returns links that begin as the given ones, with the resources
// that refer to this one. It keeps neither slice.
func NewInlineLinks(links, owners []Link) *InlineLinks {
	l := &InlineLinks{owners: slices.Clone(owners)}
	for _, link := range links {
		l.set.put(link)
	}
	return l
}

// Links returns the links as they are now. The caller may keep the slice.
func (l *InlineLinks) Links() []Link { return slices.Collect(l.set.all("")) }

// Put implements [Links].
func (l *InlineLinks) Put(_ context.Context, links ...Link) (changed int, err error) {
	for _, link := range links {
		if have, found := l.set.get(link.Value); found && have == link {
			continue
		}
		l.set.put(link)
		changed++
	}
	return changed, nil
}

// Remove implements [Links].
func (l *InlineLinks) Remove(_ context.Context, values ...string) (changed int, err error) {
	for _, value := range values {
		if _, found := l.set.get(value); found {
			l.set.remove(value)
			changed++
		}
	}
	return changed, nil
}

// Get implements [Links].
func (l *InlineLinks) Get(_ context.Context, value string) (Link, bool, error) {
	link, found := l.set.get(value)
	return link, found, nil
}

// All implements [Links].
func (l *InlineLinks) All(_ context.Context, after string) iter.Seq2[Link, error] {
	return withoutError(l.set.all(after))
}

// Owners implements [Links].
func (l *InlineLinks) Owners(_ context.Context, after string) iter.Seq2[Link, error] {
	rest := l.owners
	if after != "" {
		at := slices.IndexFunc(rest, func(o Link) bool { return o.Value == after })
		rest = rest[at+1:]
	}
	return withoutError(slices.Values(rest))
}

func withoutError(seq iter.Seq[Link]) iter.Seq2[Link, error] {
	return func(yield func(Link, error) bool) {
		for l := range seq {
			if !yield(l, nil) {
				return
			}
		}
	}
}

// Select returns the page of a query, for a simple store that cannot do so by
// itself: items are all resources of the query's type and scope, each with its
// links and owners, in any order. The page's order is that of [Query.Sort] and
// then of the ids; both kinds of pages are stable. The page carries the items
// that were given, without what the query does not ask for.
func (q *Query) Select(ctx context.Context, items iter.Seq[Item]) (*Page, error) {
	var found []placed
	for item := range items {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if q.Filter == nil || q.Filter.Match(item.Resource, itemLinks(item)) {
			found = append(found, q.place(item))
		}
	}
	slices.SortFunc(found, q.compare)
	start, err := q.start(found)
	if err != nil {
		return nil, err
	}
	page, rest := &Page{Total: len(found)}, found[min(start, len(found)):]
	for _, p := range rest[:min(max(q.Count, 0), len(rest))] {
		page.Items = append(page.Items, q.asked(p.item))
	}
	if n := len(page.Items); q.Cursor && 0 < n && n < len(rest) {
		page.Next = q.cursor(rest[n-1])
	}
	return page, nil
}

// start returns the index of the page's first item.
func (q *Query) start(found []placed) (int, error) {
	if !q.Cursor {
		return max(q.Start, 1) - 1, nil
	}
	at, err := q.position()
	if err != nil || at.id == "" {
		return 0, err
	}
	i, here := slices.BinarySearchFunc(found, at, q.compare)
	if here {
		i++
	}
	return i, nil
}

// asked returns an item without what the query does not ask for.
func (q *Query) asked(item Item) Item {
	if !q.Links {
		item.Links = nil
	}
	if !q.Owners {
		item.Owners = nil
	}
	return item
}

// placed is an item with its place in the order.
type placed struct {
	key  SortKey
	id   string
	item Item
}

func (q *Query) place(item Item) placed {
	p := placed{id: item.Resource.ID(), item: item}
	if q.Sort != nil {
		p.key = q.Sort.Key(item.Resource)
	}
	return p
}

func (q *Query) compare(a, b placed) int {
	c := 0
	if q.Sort != nil {
		c = q.Sort.Compare(a.key, b.key)
	}
	return cmp.Or(c, strings.Compare(a.id, b.id))
}

// inlinePosition is a cursor of Select before it is encoded.
type inlinePosition struct {
	Query  string // type and order that it is for
	ID     string
	None   bool
	Text   []byte
	Number float64
	Time   time.Time
}

func (q *Query) order() string {
	if q.Sort == nil {
		return q.Type.name
	}
	return q.Type.name + " by " + q.Sort.String()
}

// cursor returns the position behind an item.
func (q *Query) cursor(p placed) string {
	b, err := json.Marshal(inlinePosition{q.order(), p.id, p.key.none, []byte(p.key.text), p.key.number, p.key.time})
	if err != nil {
		return "" // none of its fields can fail
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// position returns the position that [Query.After] names, without an id for the
// beginning.
func (q *Query) position() (placed, error) {
	if q.After == "" {
		return placed{}, nil
	}
	var at inlinePosition
	b, err := base64.RawURLEncoding.DecodeString(q.After)
	if err != nil || json.Unmarshal(b, &at) != nil || at.ID == "" || at.Query != q.order() {
		return placed{}, &Error{Kind: KindInvalidCursor}
	}
	return placed{key: SortKey{none: at.None, text: string(at.Text), number: at.Number, time: at.Time}, id: at.ID}, nil
}

// itemLinks answers what a filter asks about links and owners.
type itemLinks Item

func (i itemLinks) HasLink(value string) bool  { return hasLink(i.Links, value) }
func (i itemLinks) HasOwner(value string) bool { return hasLink(i.Owners, value) }

func hasLink(links []Link, value string) bool {
	return slices.ContainsFunc(links, func(l Link) bool { return value == "" || l.Value == value })
}
