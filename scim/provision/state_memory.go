package provision

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"time"
)

// MemoryState is a [State] that is gone with the process. What an engine made
// with it, the next one does not know as its own: it reports those accounts
// as conflicts unless [Job.Adopt] lets it take them over. Its zero value is
// empty and ready.
type MemoryState struct {
	mu     sync.Mutex
	tables map[string]*memoryTable
	leases map[string]memoryLease
}

type memoryLease struct {
	token uint64 // of the last holder; it only grows
	until time.Time
}

// memoryTable keeps its keys sorted for scans. New keys are sorted in when
// the next scan begins.
type memoryTable struct {
	rows   map[string][]byte
	sorted []string // may have keys whose row is gone
	fresh  []string // keys that are not in sorted, or were gone from it
}

// NewMemoryState returns an empty state.
func NewMemoryState() *MemoryState { return &MemoryState{} }

// Get implements [State].
func (m *MemoryState) Get(_ context.Context, table, key string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if t := m.tables[table]; t != nil {
		if row, ok := t.rows[key]; ok {
			return row, nil
		}
	}
	return nil, fs.ErrNotExist
}

// Scan implements [State].
func (m *MemoryState) Scan(ctx context.Context, table, prefix string, fn func(key string, value []byte) error) error {
	keys, values := m.page(table, prefix, "")
	for len(keys) > 0 {
		for i, key := range keys {
			if err := fn(key, values[i]); err != nil {
				return err
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		keys, values = m.page(table, prefix, keys[len(keys)-1])
	}
	return nil
}

// page returns the next rows of a scan.
func (m *MemoryState) page(table, prefix, after string) (keys []string, values [][]byte) {
	const size = 256
	m.mu.Lock()
	defer m.mu.Unlock()
	t := m.tables[table]
	if t == nil {
		return nil, nil
	}
	t.sort()
	from, found := slices.BinarySearch(t.sorted, max(prefix, after))
	if found && after != "" && t.sorted[from] == after {
		from++
	}
	for _, key := range t.sorted[from:] {
		if !strings.HasPrefix(key, prefix) || len(keys) == size {
			break
		}
		if row, ok := t.rows[key]; ok {
			keys, values = append(keys, key), append(values, row)
		}
	}
	return keys, values
}

// sort brings the new keys among the sorted ones and drops those without a
// row.
func (t *memoryTable) sort() {
	if len(t.fresh) == 0 && len(t.sorted) <= 2*len(t.rows)+64 {
		return
	}
	slices.Sort(t.fresh)
	all := make([]string, 0, len(t.rows))
	old, fresh := t.sorted, t.fresh
	for len(old)+len(fresh) > 0 {
		var key string
		if len(fresh) == 0 || len(old) > 0 && old[0] <= fresh[0] {
			key, old = old[0], old[1:]
		} else {
			key, fresh = fresh[0], fresh[1:]
		}
		if _, ok := t.rows[key]; ok && (len(all) == 0 || all[len(all)-1] != key) {
			all = append(all, key)
		}
	}
	t.sorted, t.fresh = all, nil
}

// Write implements [State].
func (m *MemoryState) Write(_ context.Context, lease string, token uint64, rows map[string]map[string][]byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if l := m.leases[lease]; token != 0 && (l.token != token || !time.Now().Before(l.until)) {
		return fmt.Errorf("the lease %q is another's by now", lease)
	}
	if m.tables == nil {
		m.tables = map[string]*memoryTable{}
	}
	for table, changes := range rows {
		t := m.tables[table]
		if t == nil {
			t = &memoryTable{rows: map[string][]byte{}}
			m.tables[table] = t
		}
		for key, value := range changes {
			if value == nil {
				delete(t.rows, key)
				continue
			}
			if _, ok := t.rows[key]; !ok {
				t.fresh = append(t.fresh, key)
			}
			t.rows[key] = slices.Clone(value)
		}
	}
	return nil
}

// Lease implements [State].
func (m *MemoryState) Lease(_ context.Context, name string, token uint64, ttl time.Duration) (now uint64, held bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.leases[name]
	free := !time.Now().Before(l.until)
	switch {
	case token == 0 && free:
		l.token++
	case token == 0 || token != l.token || free:
		return 0, false, nil
	}
	if m.leases == nil {
		m.leases = map[string]memoryLease{}
	}
	l.until = time.Now().Add(ttl)
	m.leases[name] = l
	return l.token, ttl > 0, nil
}
