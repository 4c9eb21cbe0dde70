package provision

import (
	"context"
	"crypto/rand"
	"io/fs"
	"slices"
	"time"
)

// Plan runs a cycle without a write: fn is told of each object that would be
// created, updated, disabled, deleted or left out, and why;
// [Event.Properties] has the old and new values. The target is only read, the
// state stays as it is. Deletes above the limit are Staged, and the error is
// then [ErrTooManyDeletes]. fn is called one at a time. A plan of a first
// cycle needs memory for each new object.
func (e *Engine) Plan(ctx context.Context, fn func(*Event)) (*Report, error) {
	report := &Report{ID: rand.Text(), Job: e.job.Name, Began: time.Now()}
	s := &session{journal: newJournal(&overlay{under: e.state}, e.job.Name)}
	r := e.newRun(s, report)
	r.traced, r.target.dry, r.rec.plan = true, true, fn
	err := s.load(ctx)
	if err == nil {
		err = runError(r.cycleOnce(ctx))
	}
	report.Ended = time.Now()
	if err != nil {
		f := newFailure("", "", err)
		report.Error = &f
	}
	return report, err
}

// overlay is a state whose changes are kept in memory over another one, which
// stays as it is.
type overlay struct {
	under State
	over  MemoryState
}

// A row over another one begins with a mark: it is there, or it is removed.
const (
	overThere = 1
	overGone  = 0
)

func (o *overlay) Get(ctx context.Context, table, key string) ([]byte, error) {
	row, err := o.over.Get(ctx, table, key)
	switch {
	case isMiss(err):
		return o.under.Get(ctx, table, key)
	case err != nil:
		return nil, err
	case row[0] == overGone:
		return nil, fs.ErrNotExist
	}
	return row[1:], nil
}

// Scan yields the rows of both in their order.
func (o *overlay) Scan(ctx context.Context, table, prefix string, fn func(key string, value []byte) error) error {
	var keys []string // of the rows above: they are few
	var rows [][]byte
	err := o.over.Scan(ctx, table, prefix, func(key string, row []byte) error {
		keys, rows = append(keys, key), append(rows, row)
		return nil
	})
	if err != nil {
		return err
	}
	above := func() error {
		row := rows[0]
		key := keys[0]
		keys, rows = keys[1:], rows[1:]
		if row[0] == overGone {
			return nil
		}
		return fn(key, row[1:])
	}
	err = o.under.Scan(ctx, table, prefix, func(key string, row []byte) error {
		for len(keys) > 0 && keys[0] < key {
			if err := above(); err != nil {
				return err
			}
		}
		if len(keys) > 0 && keys[0] == key {
			return above()
		}
		return fn(key, row)
	})
	for err == nil && len(keys) > 0 {
		err = above()
	}
	return err
}

func (o *overlay) Write(ctx context.Context, _ string, _ uint64, rows map[string]map[string][]byte) error {
	marked := map[string]map[string][]byte{}
	for table, changes := range rows {
		marked[table] = map[string][]byte{}
		for key, value := range changes {
			if value == nil {
				marked[table][key] = []byte{overGone}
			} else {
				marked[table][key] = slices.Concat([]byte{overThere}, value)
			}
		}
	}
	return o.over.Write(ctx, "", 0, marked)
}

func (o *overlay) Lease(context.Context, string, uint64, time.Duration) (uint64, bool, error) {
	return 0, false, nil // a plan holds none
}
