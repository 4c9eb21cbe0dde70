package scimtest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/zohoscim/zohoscim/scim"
)

// TestStore holds a [scim.Store] against its contract, a subtest for each
// promise; what a store offers beside it ([scim.OwnerStore], [scim.ChangeFeed])
// is asked if it is there. Each subtest gets an empty store from newStore,
// which also ends what has to end, with t.Cleanup. The store is asked in several
// scopes at once: a newStore that gives out views of one store has to be right
// about all of them.
//
// A failure says what was promised. See [TestStoreConcurrent] for writers at
// the same time and [TestStoreIsolation] for tenants.
func TestStore(t *testing.T, newStore func(t *testing.T) scim.Store) {
	t.Helper()
	for _, c := range []struct {
		name string
		test func(*storeTest)
	}{
		{"create and view", (*storeTest).createAndView},
		{"copies", (*storeTest).copies},
		{"update", (*storeTest).update},
		{"delete", (*storeTest).remove},
		{"uniqueness", (*storeTest).uniqueness},
		{"uniqueness by type", (*storeTest).uniquenessByType},
		{"links", (*storeTest).links},
		{"links in steps", (*storeTest).linksInSteps},
		{"owners", (*storeTest).owners},
		{"owners of many", (*storeTest).ownersOfMany},
		{"many links", (*storeTest).manyLinks},
		{"pages by index", (*storeTest).pages},
		{"pages by cursor", (*storeTest).cursors},
		{"cursors of others", (*storeTest).wrongCursors},
		{"orders", (*storeTest).orders},
		{"filters", (*storeTest).filters},
		{"items", (*storeTest).items},
		{"scopes", (*storeTest).scopes},
		{"contexts", (*storeTest).contexts},
		{"changes", (*storeTest).changes},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(newStoreTest(t, newStore)) })
	}
}

// storeTest is one subtest with a store of its own.
type storeTest struct {
	*testing.T
	scim.Store
	ctx context.Context
}

func newStoreTest(t *testing.T, newStore func(t *testing.T) scim.Store) *storeTest {
	t.Helper()
	store := newStore(t)
	if store == nil {
		t.Fatal("newStore returned nil")
	}
	return &storeTest{T: t, Store: store, ctx: t.Context()}
}

var errVeto = errors.New("scimtest: the function said no")

func userRef(id string) scim.Ref  { return scim.Ref{Type: scim.UserType(), ID: id} }
func groupRef(id string) scim.Ref { return scim.Ref{Type: scim.GroupType(), ID: id} }

func link(values ...string) []scim.Link {
	var out []scim.Link
	for _, v := range values {
		out = append(out, scim.Link{Value: v})
	}
	return out
}

// storable returns a resource as a server gives it to a store. pairs are paths
// and values.
func storable(t testing.TB, typ *scim.ResourceType, id string, pairs ...any) *scim.Resource {
	t.Helper()
	r := scim.NewResource(typ)
	pairs = append([]any{"id", id}, pairs...)
	for i := 0; i < len(pairs); i += 2 {
		v, ok := pairs[i+1].(scim.Value)
		if !ok {
			v = scim.String(pairs[i+1].(string))
		}
		if err := r.Set(pairs[i].(string), v); err != nil {
			t.Fatal(err)
		}
	}
	r.Touch()
	if err := r.Set("meta.created", scim.String(r.LastModified().Format("2006-01-02T15:04:05.000Z"))); err != nil {
		t.Fatal(err)
	}
	return r
}

// try makes a user.
func (s *storeTest) try(id, name string) error {
	s.Helper()
	return s.Create(s.ctx, storable(s, scim.UserType(), id, "userName", name), nil)
}

func (s *storeTest) user(id, name string) {
	s.Helper()
	s.ok(s.try(id, name), "a new user is kept")
}

func (s *storeTest) group(id, name string, links ...scim.Link) {
	s.Helper()
	s.ok(s.Create(s.ctx, storable(s, scim.GroupType(), id, "displayName", name), slices.Values(links)), "a new group is kept")
}

// ok ends the test unless err is nil.
func (s *storeTest) ok(err error, reason string) {
	s.Helper()
	if err != nil {
		s.Fatalf("%v: %s", err, reason)
	}
}

// is reports an error that is not the one wanted.
func (s *storeTest) is(err, want error, reason string) {
	s.Helper()
	if !errors.Is(err, want) {
		s.Errorf("got the error %v, want %v: %s", err, want, reason)
	}
}

// same reports a difference between two states.
func (s *storeTest) same(got, want any, reason string) {
	s.Helper()
	if g, w := fmt.Sprintf("%v", got), fmt.Sprintf("%v", want); g != w {
		s.Errorf("got  %s\nwant %s\n%s", cut(g), cut(w), reason)
	}
}

// state is all that a store says of a resource: its text and its links, or the
// error.
func (s *storeTest) state(ref scim.Ref) (text string) {
	s.Helper()
	err := s.View(s.ctx, ref, func(e *scim.Entry) error {
		b, err := e.Resource.AppendStored(nil)
		text = string(b)
		links, linksErr := gather(e.Links.All(s.ctx, ""))
		for _, l := range links {
			text += fmt.Sprintf(" [%s %s %s]", l.Value, l.Type, l.Display)
		}
		return errors.Join(err, linksErr)
	})
	if err != nil {
		return err.Error()
	}
	return text
}

// set changes attributes of a user as a server does, and ends with err.
func (s *storeTest) set(id string, err error, pairs ...string) error {
	s.Helper()
	return s.Update(s.ctx, userRef(id), func(e *scim.Entry) error {
		for i := 0; i < len(pairs); i += 2 {
			if err := e.Resource.Set(pairs[i], scim.String(pairs[i+1])); err != nil {
				return err
			}
		}
		e.Resource.Touch()
		return err
	})
}

// gather collects what a sequence yields until an error.
func gather(seq iter.Seq2[scim.Link, error]) (out []scim.Link, err error) {
	for l, err := range seq {
		if err != nil {
			return out, err
		}
		out = append(out, l)
	}
	return out, nil
}

func valuesOf(links []scim.Link) string {
	var out []string
	for _, l := range links {
		out = append(out, l.Value)
	}
	return strings.Join(out, " ")
}

// linksIn returns the values of a resource's links or, with owners, of those
// that refer to it, in the order of their values.
func (s *storeTest) linksIn(ref scim.Ref, owners bool) (values string) {
	s.Helper()
	s.ok(s.View(s.ctx, ref, func(e *scim.Entry) error {
		seq := e.Links.All(s.ctx, "")
		if owners {
			seq = e.Links.Owners(s.ctx, "")
		}
		links, err := gather(seq)
		slices.SortFunc(links, func(a, b scim.Link) int { return strings.Compare(a.Value, b.Value) })
		values = valuesOf(links)
		return err
	}), "a resource that is there can be viewed")
	return values
}

func (s *storeTest) filter(typ *scim.ResourceType, text string) *scim.Filter {
	s.Helper()
	f, err := typ.ParseFilter(text)
	if err != nil {
		s.Fatal(err)
	}
	return f
}

// found returns the ids that a filter selects.
func (s *storeTest) found(typ *scim.ResourceType, text string) string {
	s.Helper()
	page, err := s.List(s.ctx, &scim.Query{Type: typ, Filter: s.filter(typ, text), Start: 1, Count: 100})
	if err != nil {
		return err.Error()
	}
	ids := idsOf(page)
	slices.Sort(ids)
	return strings.Join(ids, " ")
}

func idsOf(p *scim.Page) []string {
	ids := make([]string, 0, len(p.Items))
	for _, item := range p.Items {
		ids = append(ids, item.Resource.ID())
	}
	return ids
}
