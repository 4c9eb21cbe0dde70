package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// state is what an engine wants, in its own words.
type state interface {
	Get(ctx context.Context, table, key string) ([]byte, error)
	Scan(ctx context.Context, table, prefix string, fn func(key string, value []byte) error) error
	Write(ctx context.Context, lease string, token uint64, rows map[string]map[string][]byte) error
	Lease(ctx context.Context, name string, token uint64, ttl time.Duration) (now uint64, held bool, err error)
}

var _ state = (*Tables)(nil)

// dump returns the rows of a table as text.
func dump(t *testing.T, tables *Tables, table, prefix string) string {
	t.Helper()
	var out []string
	if err := tables.Scan(t.Context(), table, prefix, func(key string, value []byte) error {
		out = append(out, key+"="+string(value))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return strings.Join(out, " ")
}

func TestTables(t *testing.T) {
	onEach(t, func(t *testing.T, db *sql.DB, d Dialect) {
		tables, ctx := newKV(t, db, d, nil).Tables(), t.Context()
		write := func(reason string, rows map[string]map[string][]byte) {
			t.Helper()
			wantError(t, tables.Write(ctx, "", 0, rows), nil, reason)
		}
		write("rows of two tables", map[string]map[string][]byte{
			"a": {"x/1": []byte("1"), "x/2": []byte("2"), "y/1": {}}, "b": {"x/1": []byte("b")},
		})
		write("a change, a removal, and one of nothing", map[string]map[string][]byte{"a": {"x/1": []byte("new"), "x/2": nil, "z": nil}})
		write("nothing", nil)
		if got, want := dump(t, tables, "a", "")+"|"+dump(t, tables, "b", "")+"|"+dump(t, tables, "a", "x/"), "x/1=new y/1=|x/1=b|x/1=new"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if b, err := tables.Get(ctx, "a", "x/1"); err != nil || string(b) != "new" {
			t.Errorf("%q, %v", b, err)
		}
		_, err := tables.Get(ctx, "a", "x/2")
		wantError(t, err, fs.ErrNotExist, "it was removed")
		errEnd := errors.New("end")
		wantError(t, tables.Scan(ctx, "a", "", func(string, []byte) error { return errEnd }), errEnd, "the function's error comes back")

		many := map[string][]byte{}
		for i := range 5*batchRows + 3 {
			many[fmt.Sprintf("k%04d", i)] = []byte("v")
		}
		write("more than a statement takes", map[string]map[string][]byte{"many": many})
		gone := map[string][]byte{}
		for _, key := range slices.Sorted(func(yield func(string) bool) {
			for key := range many {
				if !yield(key) {
					return
				}
			}
		})[1:] {
			gone[key] = nil
		}
		write("more than a statement takes", map[string]map[string][]byte{"many": gone})
		if got := dump(t, tables, "many", ""); got != "k0000=v" {
			t.Errorf("%.100s", got)
		}
	})
}

// TestTablesLease: a lease by its token, and all or none of what is written
// under it.
func TestTablesLease(t *testing.T) {
	onEach(t, func(t *testing.T, db *sql.DB, d Dialect) {
		kv, ctx := newKV(t, db, d, nil), t.Context()
		tables := kv.Tables()
		want := func(token uint64, ttl time.Duration, wantHeld bool, reason string) uint64 {
			t.Helper()
			now, held, err := tables.Lease(ctx, "job", token, ttl)
			if err != nil || held != wantHeld || held && token != 0 && now != token {
				t.Errorf("%d, %v, %v: %s", now, held, err, reason)
			}
			return now
		}
		first := want(0, time.Hour, true, "nobody holds it")
		want(0, time.Hour, false, "it is held")
		want(first, time.Hour, true, "the holder renews it")
		want(first+1, time.Hour, false, "that is not the holder")
		rows := map[string]map[string][]byte{"a": {"k": []byte("1"), "l": []byte("1")}}
		wantError(t, tables.Write(ctx, "job", first, rows), nil, "the holder writes")
		wantError(t, tables.Write(ctx, "other", first, rows), ErrLeaseLost, "that is another lease")
		_, err := kv.TryLease(ctx, "job", time.Hour)
		wantError(t, err, ErrLeaseHeld, "it is the lease of the KV")

		expire(t, db)
		want(first, time.Hour, false, "it ran out")
		second := want(0, time.Hour, true, "it ran out")
		if second <= first {
			t.Errorf("token %d after %d", second, first)
		}
		zombie := map[string]map[string][]byte{"a": {"k": []byte("zombie"), "l": nil, "new": []byte("zombie")}}
		wantError(t, tables.Write(ctx, "job", first, zombie), ErrLeaseLost, "another one holds it")
		wantError(t, tables.Write(ctx, "job", first, nil), ErrLeaseLost, "nothing to write is no way around it")
		if got := dump(t, tables, "a", ""); got != "k=1 l=1" {
			t.Errorf("a refused write has written: %s", got)
		}
		want(first, 0, false, "who lost it gives nothing back")
		want(second, 0, false, "the holder gives it back and has it no more")
		want(second, time.Hour, false, "it was given back")
		if third := want(0, time.Hour, true, "it was given back"); third <= second {
			t.Errorf("token %d after %d", third, second)
		}
	})
}

// TestTablesStorm: writers of the same rows wait for each other, and each leaves
// all of its own rows or none.
func TestTablesStorm(t *testing.T) {
	onEach(t, func(t *testing.T, db *sql.DB, d Dialect) {
		var wg sync.WaitGroup
		for w := range 8 {
			tables := newKV(t, db, d, nil).Tables()
			wg.Go(func() {
				for range 10 {
					rows := map[string]map[string][]byte{"a": {}, "b": {}}
					for i := range 20 {
						rows["a"][fmt.Sprint(i)], rows["b"][fmt.Sprint(i)] = []byte{byte('a' + w)}, []byte{byte('a' + w)}
					}
					wantError(t, tables.Write(t.Context(), "", 0, rows), nil, "writers wait for each other")
				}
			})
		}
		wg.Wait()
		tables := newKV(t, db, d, nil).Tables()
		writers := map[byte]bool{}
		for _, table := range []string{"a", "b"} {
			for row := range strings.FieldsSeq(dump(t, tables, table, "")) {
				writers[row[len(row)-1]] = true
			}
		}
		if len(writers) != 1 {
			t.Errorf("rows of %d writers are mixed", len(writers))
		}
	})
}
