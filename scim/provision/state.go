package provision

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"slices"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// State is what an engine remembers: rows of opaque bytes in named tables.
// What Put has returned from must survive a crash. All methods may be called
// concurrently.
type State interface {
	// Get returns a row; one that is not there is [fs.ErrNotExist].
	Get(ctx context.Context, table, key string) ([]byte, error)

	// Put writes a row.
	Put(ctx context.Context, table, key string, row []byte) error

	// Delete removes a row; one that is not there is no error.
	Delete(ctx context.Context, table, key string) error

	// Scan yields the keys and rows of a table in the order of the keys.
	// Rows may be written and removed meanwhile.
	Scan(ctx context.Context, table string) iter.Seq2[Row, error]
}

// Row is one row of a [State].
type Row struct {
	Key   string
	Value []byte
}

// The tables. Those of objects and accounts belong to one job and have its
// name behind theirs.
const (
	tableLinks   = "links:"   // one row an object: what it is linked to and what was sent
	tableTargets = "targets:" // one row an account: the object it is linked to
	tableJob     = "job"      // one row a job: the watermark and the fingerprint of the settings
)

// MemoryState is a [State] that is gone with the process. What an engine made
// with it, the next one does not know as its own: it reports those accounts
// as conflicts unless [Job.Adopt] lets it take them over. Its zero value is
// empty and ready.
type MemoryState struct {
	mu     sync.RWMutex
	tables map[string]map[string][]byte
}

// NewMemoryState returns an empty state.
func NewMemoryState() *MemoryState { return &MemoryState{} }

// Get implements [State].
func (m *MemoryState) Get(_ context.Context, table, key string) ([]byte, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	row, ok := m.tables[table][key]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return row, nil
}

// Put implements [State].
func (m *MemoryState) Put(_ context.Context, table, key string, row []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.tables == nil {
		m.tables = map[string]map[string][]byte{}
	}
	if m.tables[table] == nil {
		m.tables[table] = map[string][]byte{}
	}
	m.tables[table][key] = slices.Clone(row)
	return nil
}

// Delete implements [State].
func (m *MemoryState) Delete(_ context.Context, table, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.tables[table], key)
	return nil
}

// Scan implements [State].
func (m *MemoryState) Scan(_ context.Context, table string) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		m.mu.RLock()
		keys := make([]string, 0, len(m.tables[table]))
		for key := range m.tables[table] {
			keys = append(keys, key)
		}
		m.mu.RUnlock()
		slices.Sort(keys)
		for _, key := range keys {
			m.mu.RLock()
			row, ok := m.tables[table][key]
			m.mu.RUnlock()
			if ok && !yield(Row{key, row}, nil) {
				return
			}
		}
	}
}

// link is what is remembered of one object.
type link struct {
	ID       string         `json:"id,omitzero"`       // in the target; "" while a create is under way
	Sent     jsontext.Value `json:"sent,omitzero"`     // what the target has on the mapping's paths, as a resource
	Members  []string       `json:"members,omitzero"`  // ids in the target that a group was given
	Disabled bool           `json:"disabled,omitzero"` // deprovisioned: left alone until it comes back
	Refs     []string       `json:"refs,omitzero"`     // paths of references that could not be set yet
}

// jobState is what is remembered of the whole job.
type jobState struct {
	Version     int    `json:"version"` // of this format
	Cursor      string `json:"cursor,omitzero"`
	Fingerprint string `json:"fingerprint,omitzero"` // of the mappings: another one makes the next cycle a full one
}

const stateVersion = 1

// links reads and writes the links of one job.
type links struct {
	state State
	job   string
}

func linkKey(typ, key string) string { return typ + "/" + key }

func (l links) get(ctx context.Context, typ, key string) (*link, error) {
	row, err := l.state.Get(ctx, tableLinks+l.job, linkKey(typ, key))
	if isMiss(err) {
		return nil, nil
	}
	if err != nil {
		return nil, stateError(err)
	}
	return decodeLink(row)
}

func decodeLink(row []byte) (*link, error) {
	var out link
	if err := json.Unmarshal(row, &out); err != nil {
		return nil, &Error{Code: CodeStateFailed, Detail: "a link in the state cannot be read", Err: err}
	}
	return &out, nil
}

func (l links) put(ctx context.Context, typ, key string, v *link) error {
	row, err := json.Marshal(v)
	if err != nil {
		return stateError(err)
	}
	return stateError(l.state.Put(ctx, tableLinks+l.job, linkKey(typ, key), row))
}

func (l links) scan(ctx context.Context) iter.Seq2[Row, error] {
	return l.state.Scan(ctx, tableLinks+l.job)
}

// owner returns the object that an account is linked to, "" if none is.
func (l links) owner(ctx context.Context, id string) (string, error) {
	row, err := l.state.Get(ctx, tableTargets+l.job, id)
	if isMiss(err) {
		return "", nil
	}
	return string(row), stateError(err)
}

// join keeps a link and whose account it is.
func (l links) join(ctx context.Context, typ, key string, v *link) error {
	if err := stateError(l.state.Put(ctx, tableTargets+l.job, v.ID, []byte(linkKey(typ, key)))); err != nil {
		return err
	}
	return l.put(ctx, typ, key, v)
}

// part removes a link for good.
func (l links) part(ctx context.Context, typ, key string, v *link) error {
	if err := stateError(l.state.Delete(ctx, tableTargets+l.job, v.ID)); err != nil {
		return err
	}
	return l.remove(ctx, typ, key)
}

func (l links) remove(ctx context.Context, typ, key string) error {
	return stateError(l.state.Delete(ctx, tableLinks+l.job, linkKey(typ, key)))
}

func isMiss(err error) bool { return errors.Is(err, fs.ErrNotExist) }

func stateError(err error) error {
	if err == nil {
		return nil
	}
	return &Error{Code: CodeStateFailed, Detail: "the state could not be read or written", Err: err}
}
