package provision

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/zohoscim/zohoscim/mapping"
	"github.com/zohoscim/zohoscim/scim"
)

// side is what the engine does with the objects of one type.
type side struct {
	name     string
	mapping  *mapping.Compiled
	endpoint *scim.Endpoint[*scim.Resource]
	probe    string     // the attribute by which is asked whether the service answers at all
	active   *scim.Path // nil if the mapping does not own it
	members  *scim.Path // nil if the mapping does not own it
}

// target sends the requests of one run.
type target struct {
	*gate
	dry bool // no write is sent

	looked, wrote atomic.Int64
}

// gate bounds the requests that are under way, and lets fewer through when
// the service says that there are too many.
type gate struct {
	slots chan struct{}

	mu     sync.Mutex
	parked int // slots that are out of use
	good   int // answers since the last slot was parked or came back
}

// goodAnswers is how many answers bring a parked slot back.
const goodAnswers = 64

func newGate(n int) *gate {
	g := &gate{slots: make(chan struct{}, n)}
	for range n {
		g.slots <- struct{}{}
	}
	return g
}

// do sends one request when its turn comes.
func (g *gate) do(ctx context.Context, send func() error) error {
	select {
	case <-g.slots:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	err := send()
	g.leave(errors.Is(err, scim.ErrRateLimited) || errors.Is(err, scim.ErrUnavailable))
	return err
}

// leave gives a slot back, or parks it if the service has too much to do. One
// always stays.
func (g *gate) leave(busy bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if busy {
		g.good = 0
		if g.parked < cap(g.slots)-1 {
			g.parked++
			return
		}
	} else if g.good++; g.parked > 0 && g.good >= goodAnswers {
		g.parked--
		g.good = 0
		g.slots <- struct{}{}
	}
	g.slots <- struct{}{}
}

// find returns the resources that have a value at a path; two are enough to
// know that there is more than one.
func (t *target) find(ctx context.Context, s *side, path, value string) ([]*scim.Resource, error) {
	o := &scim.ListOptions{Filter: scim.FilterEq(path, value)}
	if s.name == Group {
		o.ExcludedAttributes = []string{"members"}
	}
	var page *scim.ListPage[*scim.Resource]
	t.looked.Add(1)
	err := t.do(ctx, func() (err error) {
		page, err = s.endpoint.List(ctx, o)
		return err
	})
	if err != nil {
		return nil, err
	}
	return page.Resources, nil
}

// isEmpty reports whether the service has no resource of a type. One that does
// not say is not empty.
func (t *target) isEmpty(ctx context.Context, s *side) bool {
	var page *scim.ListPage[*scim.Resource]
	t.looked.Add(1)
	err := t.do(ctx, func() (err error) {
		page, err = s.endpoint.List(ctx, &scim.ListOptions{Count: 1, Attributes: []string{"id"}})
		return err
	})
	return err == nil && page.TotalResults == 0 && len(page.Resources) == 0
}

func (t *target) get(ctx context.Context, s *side, id string) (*scim.Resource, error) {
	var o *scim.GetOptions
	if s.name == Group {
		o = &scim.GetOptions{ExcludedAttributes: []string{"members"}}
	}
	var out *scim.Resource
	t.looked.Add(1)
	err := t.do(ctx, func() (err error) {
		out, err = s.endpoint.Get(ctx, id, o)
		return err
	})
	return out, err
}

// create returns the id of the new resource. In a dry run it is one that
// tells what it stands for.
func (t *target) create(ctx context.Context, s *side, r *scim.Resource, key string) (id string, err error) {
	if t.dry {
		return "new:" + linkKey(s.name, key), nil
	}
	t.wrote.Add(1)
	err = t.do(ctx, func() error {
		made, err := s.endpoint.Create(ctx, r)
		if err == nil {
			id = made.ID()
		}
		return err
	})
	if err == nil && id == "" {
		err = &Error{Code: CodeIncompatible, Detail: "the answer to a create has no id"}
	}
	return id, err
}

func (t *target) patch(ctx context.Context, s *side, id string, p *scim.Patch) error {
	if t.dry {
		return nil
	}
	t.wrote.Add(1)
	return t.do(ctx, func() error {
		_, err := s.endpoint.Patch(ctx, id, p, nil)
		return err
	})
}

func (t *target) delete(ctx context.Context, s *side, id string) error {
	if t.dry {
		return nil
	}
	t.wrote.Add(1)
	return t.do(ctx, func() error { return s.endpoint.Delete(ctx, id, nil) })
}
