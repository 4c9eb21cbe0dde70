package provision

import (
	"context"
	"io/fs"
	"sync"
)

// journal writes rows to the state in batches, each one transaction. What was
// put and is not written yet is read back from here. All methods may be
// called concurrently.
type journal struct {
	state State
	job   string
	lease string
	token uint64

	mu      sync.Mutex
	wake    sync.Cond // something was written, or cannot be
	pending map[rowName][]byte
	writing map[rowName][]byte
	put     uint64 // number of the last change
	written uint64 // number of the last change that is written
	busy    bool
	err     error // of the first batch that failed: nothing is written after it
	counts  managed
}

type rowName struct{ table, key string }

// managed is how many accounts a job looks after.
type managed struct {
	Users  int `json:"users"`
	Groups int `json:"groups"`
}

// batchRows is how many rows wait until they are written without being
// asked for.
const batchRows = 96

// change is a set of rows that are written together.
type change struct {
	rows    map[rowName][]byte
	managed managed // what is added to the counts
}

func (c *change) put(table, key string, value []byte) {
	if c.rows == nil {
		c.rows = map[rowName][]byte{}
	}
	c.rows[rowName{table, key}] = value
}

func (c *change) remove(table, key string) { c.put(table, key, nil) }

// row keeps a value in its encoded form.
func (c *change) row(table, key string, v any) error {
	row, err := encodeRow(v)
	if err != nil {
		return err
	}
	c.put(table, key, row)
	return nil
}

func newJournal(state State, job string) *journal {
	j := &journal{state: state, job: job, pending: map[rowName][]byte{}}
	j.wake.L = &j.mu
	return j
}

// load reads what the journal counts.
func (j *journal) load(ctx context.Context) error {
	row, err := j.state.Get(ctx, tableJob+j.job, rowCounts)
	if isMiss(err) {
		return nil
	}
	if err != nil {
		return stateError(err)
	}
	return decodeRow(row, &j.counts)
}

func (j *journal) managed() managed {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.counts
}

// get returns a row, nil if there is none. The table is one of this job.
func (j *journal) get(ctx context.Context, table, key string) ([]byte, error) {
	name := rowName{table, key}
	j.mu.Lock()
	row, ok := j.pending[name]
	if !ok {
		row, ok = j.writing[name]
	}
	j.mu.Unlock()
	if ok {
		return row, nil
	}
	row, err := j.state.Get(ctx, table+j.job, key)
	if isMiss(err) {
		return nil, nil
	}
	return row, stateError(err)
}

// keep takes a change into the next batch. A crash can lose it until
// [journal.sync] has returned.
func (j *journal) keep(ctx context.Context, c change) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	for name, row := range c.rows {
		j.pending[name] = row
	}
	j.counts.Users += c.managed.Users
	j.counts.Groups += c.managed.Groups
	j.put++
	if len(j.pending) < batchRows {
		return j.err
	}
	return j.flush(ctx, j.put)
}

// sync returns when all that was kept before is written.
func (j *journal) sync(ctx context.Context) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.flush(ctx, j.put)
}

// flush writes until a change is written. Whoever finds no one writing writes
// for all who wait: the slower the state, the larger its batches. The lock is
// held when it is called and when it returns.
func (j *journal) flush(ctx context.Context, number uint64) error {
	for j.err == nil && j.written < number {
		if j.busy {
			j.wake.Wait()
			continue
		}
		j.busy, j.writing, j.pending = true, j.pending, map[rowName][]byte{}
		upto, rows, err := j.put, map[string]map[string][]byte{}, error(nil)
		rows[tableJob+j.job] = map[string][]byte{}
		for name, row := range j.writing {
			table := name.table + j.job
			if rows[table] == nil {
				rows[table] = map[string][]byte{}
			}
			rows[table][name.key] = row
		}
		rows[tableJob+j.job][rowCounts], err = encodeRow(j.counts)
		j.mu.Unlock()
		if err == nil { // what was done must be kept, also when the run is canceled
			err = stateError(j.state.Write(context.WithoutCancel(ctx), j.lease, j.token, rows))
		}
		j.mu.Lock()
		j.busy, j.writing, j.err = false, nil, err
		if err == nil {
			j.written = upto
		}
		j.wake.Broadcast()
	}
	return j.err
}

// scan calls fn with the rows of a table. Rows that are put meanwhile may be
// missing.
func (j *journal) scan(ctx context.Context, table, prefix string, fn func(key string, value []byte) error) error {
	if err := j.sync(ctx); err != nil {
		return err
	}
	var stop error
	err := j.state.Scan(ctx, table+j.job, prefix, func(key string, value []byte) error {
		stop = fn(key, value)
		return stop
	})
	if stop != nil {
		return stop
	}
	return stateError(err)
}

// errStop ends a scan without being an error.
var errStop = fs.SkipAll

// clear removes all rows of a table.
func (j *journal) clear(ctx context.Context, table, prefix string) error {
	return j.scan(ctx, table, prefix, func(key string, _ []byte) error {
		var c change
		c.remove(table, key)
		return j.keep(ctx, c)
	})
}

// link returns the link of an object; one that there is none of is empty.
func (j *journal) link(ctx context.Context, typ, key string) (*link, error) {
	row, err := j.get(ctx, tableLinks, linkKey(typ, key))
	if err != nil || row == nil {
		return &link{}, err
	}
	return decodeLink(row)
}

func decodeLink(row []byte) (*link, error) {
	var l link
	return &l, decodeRow(row, &l)
}

// setLink puts an object's link into a change. before says whether it was
// managed until then.
func (c *change) setLink(typ, key string, l *link, before bool) error {
	if n := btoi(l.managed()) - btoi(before); typ == Group {
		c.managed.Groups += n
	} else {
		c.managed.Users += n
	}
	if l.empty() {
		c.remove(tableLinks, linkKey(typ, key))
		return nil
	}
	return c.row(tableLinks, linkKey(typ, key), l)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
