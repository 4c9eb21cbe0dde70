package sqlstore

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zohoscim/zohoscim/zohoauth"
)

var (
	_ zohoauth.TokenStore = (*KV)(nil)
	_ zohoauth.Locker     = (*KV)(nil)
)

func newKV(t testing.TB, db *sql.DB, d Dialect, o *KVOptions) *KV {
	t.Helper()
	kv, err := NewKV(db, d, o)
	if err != nil {
		t.Fatal(err)
	}
	return kv
}

// content returns what is kept under a key, or that nothing is.
func content(t testing.TB, kv *KV, key string) string {
	t.Helper()
	b, err := kv.Get(t.Context(), key)
	if errors.Is(err, fs.ErrNotExist) {
		return "nothing"
	}
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%q", b)
}

func put(t testing.TB, kv *KV, key, value string) {
	t.Helper()
	if err := kv.Put(t.Context(), key, []byte(value)); err != nil {
		t.Fatal(err)
	}
}

func TestKV(t *testing.T) {
	onEach(t, func(t *testing.T, db *sql.DB, d Dialect) {
		kv := newKV(t, db, d, nil)
		for _, key := range []string{"k", "K", "requests/k", "\u672c\u793e", "\x00\xff", "'; --", strings.Repeat("k", maxKey)} {
			if got := content(t, kv, key); got != "nothing" {
				t.Errorf("%q: %s before it is kept", key, got)
			}
			for _, value := range []string{"one", "", "\x00\xff", strings.Repeat("long", 1<<18)} {
				put(t, kv, key, value)
				if got := content(t, kv, key); got != fmt.Sprintf("%q", value) {
					t.Errorf("%q: %.50s, want %.50q", key, got, value)
				}
			}
			for range 2 {
				if err := kv.Delete(t.Context(), key); err != nil {
					t.Errorf("%q: %v: nothing to delete is no error", key, err)
				}
			}
			if got := content(t, kv, key); got != "nothing" {
				t.Errorf("%q: %s after it was deleted", key, got)
			}
		}
		if err := kv.Put(t.Context(), "nil", nil); err != nil || content(t, kv, "nil") != `""` {
			t.Errorf("%v, %s: nil is kept as nothing but not as no content", err, content(t, kv, "nil"))
		}
	})
}

func TestKVApart(t *testing.T) {
	onEach(t, func(t *testing.T, db *sql.DB, d Dialect) {
		base := newKV(t, db, d, nil)
		other := newKV(t, db, d, &KVOptions{Namespace: "other"})
		all := []*KV{base, base.Table("t"), base.Table("other"), other, other.Table("t"), other.Table("T")}
		for i, kv := range all {
			put(t, kv, "k", fmt.Sprint(i))
		}
		for i, kv := range all {
			if got := content(t, kv, "k"); got != fmt.Sprintf(`"%d"`, i) {
				t.Errorf("KV %d has the content of another: %s", i, got)
			}
			if _, err := kv.TryLease(t.Context(), "k", minTTL*1000); err != nil {
				t.Errorf("KV %d shares a lease with another: %v", i, err)
			}
		}
		if err := base.Delete(t.Context(), "k"); err != nil || content(t, other, "k") != `"3"` {
			t.Errorf("a deletion reached another namespace: %v", err)
		}
	})
}

func TestKVRefused(t *testing.T) {
	onEach(t, func(t *testing.T, db *sql.DB, d Dialect) {
		kv := newKV(t, db, d, nil)
		for _, tt := range []struct {
			kv          *KV
			key, reason string
		}{
			{kv, "", "a key that was forgotten"},
			{kv, strings.Repeat("k", maxKey+1), "an index does not hold it"},
			{kv.Table(strings.Repeat("t", maxName+1)), "k", "an index does not hold it"},
		} {
			_, getErr := tt.kv.Get(t.Context(), tt.key)
			_, swapErr := tt.kv.CompareAndSwap(t.Context(), tt.key, nil, []byte("x"))
			_, leaseErr := tt.kv.TryLease(t.Context(), tt.key, minTTL)
			for _, err := range []error{getErr, swapErr, leaseErr, tt.kv.Put(t.Context(), tt.key, nil), tt.kv.Delete(t.Context(), tt.key)} {
				var place *fs.PathError
				var own *Error
				if !errors.As(err, &place) || !errors.As(err, &own) || own.Kind != KindOption || len(err.Error()) > 1000 {
					t.Errorf("%v: %s", err, tt.reason)
				}
			}
		}
		if _, err := kv.TryLease(t.Context(), "k", minTTL-1); err == nil {
			t.Error("a lease without time")
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, getErr := kv.Get(ctx, "k")
		_, leaseErr := kv.Lease(ctx, "k", minTTL)
		for _, err := range []error{getErr, leaseErr, kv.Put(ctx, "k", nil)} {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%v: the caller has gone", err)
			}
		}
	})
	for _, tt := range []struct {
		db     *sql.DB
		d      Dialect
		o      *KVOptions
		reason string
	}{
		{nil, SQLite, nil, "no database"},
		{new(sql.DB), 0, nil, "no dialect"},
		{new(sql.DB), SQLite, &KVOptions{Namespace: strings.Repeat("n", maxName+1)}, "an index does not hold it"},
	} {
		if _, err := NewKV(tt.db, tt.d, tt.o); err == nil {
			t.Errorf("no error: %s", tt.reason)
		}
	}
}

func TestCompareAndSwap(t *testing.T) {
	none, empty, a, b := []byte(nil), []byte{}, []byte("a"), []byte("b")
	onEach(t, func(t *testing.T, db *sql.DB, d Dialect) {
		kv := newKV(t, db, d, nil)
		for _, tt := range []struct {
			have, old, value []byte
			swapped          bool
			reason           string
		}{
			{none, none, a, true, "nothing is there, as was said"},
			{a, none, b, false, "something is there"},
			{empty, none, b, false, "an empty content is content"},
			{a, a, b, true, "it is the content"},
			{a, b, b, false, "it is another content"},
			{none, a, b, false, "nothing is there"},
			{none, empty, b, false, "an empty content is content"},
			{empty, empty, b, true, "it is the content"},
			{a, a, empty, true, "an empty content is content"},
			{a, a, none, true, "the content is removed"},
			{b, a, none, false, "another content is not removed"},
			{none, none, none, true, "nothing is there and nothing shall be"},
			{a, none, none, false, "something is there"},
			{a, a, a, true, "it may stay the same"},
		} {
			if err := kv.Delete(t.Context(), "k"); err != nil {
				t.Fatal(err)
			}
			if tt.have != nil {
				put(t, kv, "k", string(tt.have))
			}
			swapped, err := kv.CompareAndSwap(t.Context(), "k", tt.old, tt.value)
			want := tt.have
			if tt.swapped {
				want = tt.value
			}
			wantText := "nothing"
			if want != nil {
				wantText = fmt.Sprintf("%q", want)
			}
			if got := content(t, kv, "k"); err != nil || swapped != tt.swapped || got != wantText {
				t.Errorf("from %q to %q on %q: %v, %v, then %s: %s", tt.old, tt.value, tt.have, swapped, err, got, tt.reason)
			}
		}
	})
}

// TestSwapStorm: of those who read the same content one replaces it, so that
// nothing that was counted is lost.
func TestSwapStorm(t *testing.T) {
	const writers, counts = 16, 12
	onEach(t, func(t *testing.T, db *sql.DB, d Dialect) {
		var wg sync.WaitGroup
		for range writers {
			kv := newKV(t, db, d, nil) // as processes have it: nothing is shared but the database
			wg.Go(func() {
				for range counts {
					if err := increment(t.Context(), kv); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		b, err := newKV(t, db, d, nil).Get(t.Context(), "n")
		if err != nil || binary.BigEndian.Uint64(b) != writers*counts {
			t.Errorf("%d counted, %v, want %d", binary.BigEndian.Uint64(b), err, writers*counts)
		}
	})
}

func increment(ctx context.Context, kv *KV) error {
	for {
		old, err := kv.Get(ctx, "n")
		n := uint64(0)
		switch {
		case err == nil:
			n = binary.BigEndian.Uint64(old)
		case !errors.Is(err, fs.ErrNotExist):
			return err
		}
		if swapped, err := kv.CompareAndSwap(ctx, "n", old, binary.BigEndian.AppendUint64(nil, n+1)); swapped || err != nil {
			return err
		}
	}
}

func TestScan(t *testing.T) {
	onEach(t, func(t *testing.T, db *sql.DB, d Dialect) {
		kv := newKV(t, db, d, nil)
		var want []string
		for i := range 2*scanRows + 10 { // more than a page has
			key := fmt.Sprintf("a/%05d", i)
			want = append(want, key)
			put(t, kv, key, key)
		}
		for _, key := range []string{"a", "a.", "a0", "B", "a/\xff\xff"} {
			put(t, kv, key, key)
		}
		var got []string
		for row, err := range kv.Scan(t.Context(), "a/") {
			if err != nil {
				t.Fatal(err)
			}
			if string(row.Value) != row.Key {
				t.Errorf("%q has the content %q", row.Key, row.Value)
			}
			got = append(got, row.Key)
			switch i := len(got) - 1; { // the body may write, before and behind its place
			case i%7 == 3:
				put(t, kv, row.Key, row.Key)
				put(t, kv, row.Key+"+", row.Key+"+")
			case i%7 == 4:
				if err := kv.Delete(t.Context(), got[i-1]); err != nil {
					t.Fatal(err)
				}
			}
		}
		var stayed []string
		for _, key := range got {
			if !strings.HasSuffix(key, "+") {
				stayed = append(stayed, key)
			}
		}
		if diff := cmp.Diff(append(want, "a/\xff\xff"), stayed); diff != "" {
			t.Error(diff)
		}
		first := ""
		for row := range kv.Scan(t.Context(), "") {
			first = row.Key
			break // ends the sequence
		}
		if first != "B" {
			t.Errorf("the first key is %q: keys are in the order of their bytes", first)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for _, err := range kv.Scan(ctx, "") {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%v: the caller has gone", err)
			}
		}
	})
}
