package directory

import (
	"context"
	"sync"

	"github.com/zohoscim/zohoscim/scim"
)

// place names one resource.
type place struct {
	scope scim.Scope
	id    string
}

// queue lets the changes of one resource in this process wait for each other,
// so that none has to finish what another is about to. Other processes are
// kept right by what is in the tables.
type queue struct {
	mu    sync.Mutex
	lines map[place]*line
}

type line struct {
	turn    chan struct{} // holds one element while somebody's turn is on
	waiting int
}

// enter waits for its turn, which ends with a call of done.
func (q *queue) enter(ctx context.Context, p place) (done func(), err error) {
	q.mu.Lock()
	if q.lines == nil {
		q.lines = map[place]*line{}
	}
	l := q.lines[p]
	if l == nil {
		l = &line{turn: make(chan struct{}, 1)}
		q.lines[p] = l
	}
	l.waiting++
	q.mu.Unlock()
	leave := func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		if l.waiting--; l.waiting == 0 {
			delete(q.lines, p)
		}
	}
	select {
	case l.turn <- struct{}{}:
		return func() { <-l.turn; leave() }, nil
	case <-ctx.Done():
		leave()
		return nil, scim.NewError(scim.KindUnavailable, "the request was not finished in time", ctx.Err())
	}
}
