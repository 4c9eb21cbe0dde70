package elimity

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"sync"

	elimity "github.com/elimity-com/scim"

	"github.com/zohoscim/zohoscim/scim"
)

// Store is a [scim.Store] over resource handlers that were written for
// elimity's server. Make one with [NewStore]. It is safe for concurrent use,
// also if the handlers are not.
type Store struct {
	kinds map[*scim.ResourceType]*kind
	types []*scim.ResourceType
	mu    sync.RWMutex // one for all handlers: they share tables
	o     StoreOptions

	latest versions
}

// StoreOptions are the optional settings of a [Store].
type StoreOptions struct {
	// MaxScan is how many resources a query or the check of a unique value
	// looks at, since a handler may leave filters to its caller; more is
	// [scim.ErrTooMany]. 0 is 10,000.
	MaxScan int

	// HandlersAreUnique says that the handlers refuse a value that must be
	// unique and is in use. Otherwise the store looks for it before each
	// write.
	HandlersAreUnique bool

	// HandlersHaveScopes says that the handlers keep tenants and connections
	// apart, by [scim.ScopeFrom] of the request's context. Otherwise a scope
	// that is not the zero one is refused.
	HandlersHaveScopes bool
}

// NewStore returns the handlers of these resource types as a store. Serve it
// with [Store.Types] as the server's types.
func NewStore(types []elimity.ResourceType, o *StoreOptions) (*Store, error) {
	s := &Store{kinds: map[*scim.ResourceType]*kind{}}
	if o != nil {
		s.o = *o
	}
	if s.o.MaxScan <= 0 {
		s.o.MaxScan = 10_000
	}
	if len(types) == 0 {
		return nil, &scim.Error{Kind: scim.KindInvalidOption, Path: "types", Detail: "give at least one resource type"}
	}
	for _, t := range types {
		if t.Handler == nil {
			return nil, &scim.Error{Kind: scim.KindInvalidOption, Path: t.Name, Detail: "the resource type has no handler"}
		}
		k, err := newKind(t, handler{t.Handler, &s.mu, nil})
		if err != nil {
			return nil, err
		}
		s.kinds[k.ours] = k
		s.types = append(s.types, k.ours)
	}
	return s, nil
}

// Types returns the resource types of the store, in the order they were given.
func (s *Store) Types() []*scim.ResourceType { return append([]*scim.ResourceType(nil), s.types...) }

// kind returns the resource type of a call.
func (s *Store) kind(ctx context.Context, t *scim.ResourceType) (*kind, error) {
	if scim.ScopeFrom(ctx) != (scim.Scope{}) && !s.o.HandlersHaveScopes {
		return nil, &scim.Error{Kind: scim.KindForbidden, Detail: "the handlers do not keep tenants apart"}
	}
	k := s.kinds[t]
	if k == nil {
		return nil, scim.NewError(scim.KindInternal, "", fmt.Errorf("%s is none of the store's types; serve Store.Types", t.Name()))
	}
	return k, nil
}

// load reads one resource under a lock that the caller holds.
func (s *Store) load(ctx context.Context, k *kind, method, id string) (*scim.Resource, error) {
	res, err := k.get(request(ctx, method, k.ours.Endpoint()+"/"+id), id)
	if err != nil {
		return nil, handlerError(err)
	}
	res.ID = id
	r, err := k.toOurs(res)
	if err != nil {
		return nil, err
	}
	return s.latest.of(k, r)
}

// View implements [scim.Store].
func (s *Store) View(ctx context.Context, ref scim.Ref, fn func(*scim.Entry) error) error {
	k, err := s.kind(ctx, ref.Type)
	if err != nil {
		return err
	}
	s.mu.RLock()
	r, err := s.load(ctx, k, http.MethodGet, ref.ID)
	s.mu.RUnlock()
	if err != nil {
		return err
	}
	return fn(&scim.Entry{Resource: r, Links: noLinks{}})
}

// Create implements [scim.Store]. The handler makes the id: r becomes what it
// answered.
func (s *Store) Create(ctx context.Context, r *scim.Resource, _ iter.Seq[scim.Link]) error {
	k, err := s.kind(ctx, r.Type())
	if err != nil {
		return err
	}
	in, err := k.toTheirs(r)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.checkUnique(ctx, k, r, ""); err != nil {
		return err
	}
	res, err := guardResource(func() (elimity.Resource, error) {
		return k.ResourceHandler.Create(request(ctx, http.MethodPost, k.ours.Endpoint()), in)
	})
	if err != nil {
		return handlerError(err)
	}
	made, err := k.toOurs(res)
	if err == nil && made.ID() == "" {
		err = k.unreadable(errors.New("it has no id"))
	}
	if err != nil {
		return err
	}
	*r = *made
	return nil
}

// Update implements [scim.Store].
func (s *Store) Update(ctx context.Context, ref scim.Ref, fn func(*scim.Entry) error) error {
	k, err := s.kind(ctx, ref.Type)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.load(ctx, k, http.MethodPut, ref.ID)
	if err != nil {
		return err
	}
	e := &scim.Entry{Resource: r, Links: noLinks{}}
	if err := fn(e); err != nil {
		if errors.Is(err, scim.ErrUnchanged) {
			return nil
		}
		return err
	}
	if err := s.checkUnique(ctx, k, e.Resource, ref.ID); err != nil {
		return err
	}
	in, err := k.toTheirs(e.Resource)
	if err != nil {
		return err
	}
	if _, err := k.replace(request(ctx, http.MethodPut, k.ours.Endpoint()+"/"+ref.ID), ref.ID, in); err != nil {
		return handlerError(err)
	}
	return s.remember(ctx, k, ref.ID, e.Resource.Version())
}

// remember keeps the version that the client was told of what it wrote.
func (s *Store) remember(ctx context.Context, k *kind, id, version string) error {
	res, err := k.get(request(ctx, http.MethodGet, k.ours.Endpoint()+"/"+id), id)
	if err != nil {
		return handlerError(err)
	}
	res.ID = id
	r, err := k.toOurs(res)
	if err == nil {
		s.latest.put(k, r, version)
	}
	return err
}

// Delete implements [scim.Store]. Memberships of what is deleted are the
// handlers' to clear.
func (s *Store) Delete(ctx context.Context, ref scim.Ref, fn func(*scim.Entry) error) error {
	k, err := s.kind(ctx, ref.Type)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.load(ctx, k, http.MethodDelete, ref.ID)
	if err != nil {
		return err
	}
	if fn != nil {
		if err := fn(&scim.Entry{Resource: r, Links: noLinks{}}); err != nil {
			return err
		}
	}
	if err := k.delete(request(ctx, http.MethodDelete, k.ours.Endpoint()+"/"+ref.ID), ref.ID); err != nil {
		return handlerError(err)
	}
	return nil
}

// checkUnique looks for another resource with a value that must be unique.
func (s *Store) checkUnique(ctx context.Context, k *kind, r *scim.Resource, id string) error {
	if s.o.HandlersAreUnique {
		return nil
	}
	for path := range r.UniqueKeys() {
		f, err := k.ours.ParseFilter(scim.FilterEq(path, r.Get(path).Text()))
		if err != nil {
			return err
		}
		for found, err := range s.scan(ctx, k, f) {
			if err != nil {
				return err
			}
			if found.ID() != id {
				return &scim.Error{Kind: scim.KindUniqueness, Path: path, Detail: "the value is in use by another " + k.ours.Name()}
			}
		}
	}
	return nil
}

// noLinks are the links of resources whose type has none.
type noLinks struct{}

func (noLinks) Put(_ context.Context, links ...scim.Link) (int, error) {
	if len(links) > 0 {
		return 0, &scim.Error{Kind: scim.KindInternal, Detail: "the resource type has no links"}
	}
	return 0, nil
}
func (noLinks) Remove(context.Context, ...string) (int, error) { return 0, nil }
func (noLinks) Get(context.Context, string) (scim.Link, bool, error) {
	return scim.Link{}, false, nil
}
func (noLinks) All(context.Context, string) iter.Seq2[scim.Link, error]    { return none }
func (noLinks) Owners(context.Context, string) iter.Seq2[scim.Link, error] { return none }

func none(func(scim.Link, error) bool) {}
