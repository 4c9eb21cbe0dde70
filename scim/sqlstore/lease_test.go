package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// expire ends all leases, as time does.
func expire(t *testing.T, db *sql.DB) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), "UPDATE scim_leases SET expires = 1 WHERE expires > 0"); err != nil {
		t.Fatal(err)
	}
}

func lease(t *testing.T, kv *KV, ttl time.Duration) *Lease {
	t.Helper()
	l, err := kv.Lease(t.Context(), "l", ttl)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func wantError(t *testing.T, err, want error, reason string) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("got the error %v, want %v: %s", err, want, reason)
	}
}

func TestLease(t *testing.T) {
	onEach(t, func(t *testing.T, db *sql.DB, d Dialect) {
		ctx := t.Context()
		mine := newKV(t, db, d, &KVOptions{Holder: "the first holder"})
		other := newKV(t, db, d, nil)
		first := lease(t, mine, time.Hour)
		_, err := other.TryLease(ctx, "l", time.Hour)
		wantError(t, err, ErrLeaseHeld, "it is held")
		if err == nil || !strings.Contains(err.Error(), "the first holder") {
			t.Errorf("%v: an error names the holder", err)
		}
		wantError(t, first.Renew(ctx), nil, "the holder renews it")
		wantError(t, first.Release(ctx), nil, "the holder gives it up")
		wantError(t, first.Release(ctx), ErrLeaseLost, "it was given up before")
		wantError(t, first.Renew(ctx), ErrLeaseLost, "it was given up before")

		second := lease(t, other, time.Hour)
		if second.Token() <= first.Token() {
			t.Errorf("token %d after %d: it grows with each grant", second.Token(), first.Token())
		}
		expire(t, db)
		wantError(t, second.Renew(ctx), ErrLeaseLost, "it ran out")
		third := lease(t, mine, time.Hour)
		if third.Token() <= second.Token() {
			t.Errorf("token %d after %d: it grows with each grant", third.Token(), second.Token())
		}
		wantError(t, second.Release(ctx), ErrLeaseLost, "another one holds it")
		wantError(t, third.Renew(ctx), nil, "who lost it cannot take it away")

		waiting, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		_, err = other.Lease(waiting, "l", time.Hour)
		wantError(t, err, context.DeadlineExceeded, "the end of the context ends the waiting")
		if err == nil || !strings.Contains(err.Error(), "the first holder") {
			t.Errorf("%v: an error names the holder", err)
		}
	})
}

// TestLeaseWaits: who waits has the lease when it is given up, and when its
// holder is silent for ttl.
func TestLeaseWaits(t *testing.T) {
	onEach(t, func(t *testing.T, db *sql.DB, d Dialect) {
		mine, other := newKV(t, db, d, nil), newKV(t, db, d, nil)
		l := lease(t, mine, time.Hour)
		granted := make(chan *Lease)
		go func() {
			l, err := other.Lease(t.Context(), "l", 50*time.Millisecond)
			if err != nil {
				t.Error(err)
			}
			granted <- l
		}()
		if err := l.Release(t.Context()); err != nil {
			t.Fatal(err)
		}
		if silent := <-granted; silent != nil {
			next := lease(t, mine, time.Hour) // after 50 ms by the database's clock
			wantError(t, silent.Renew(t.Context()), ErrLeaseLost, "it ran out")
			if next.Token() <= silent.Token() {
				t.Errorf("token %d after %d", next.Token(), silent.Token())
			}
		}
	})
}

// TestFencing: who has lost a lease writes nothing more, though it does not
// know that it has.
func TestFencing(t *testing.T) {
	onEach(t, func(t *testing.T, db *sql.DB, d Dialect) {
		ctx := t.Context()
		kv := newKV(t, db, d, nil)
		zombie := lease(t, kv.Table("leases"), time.Hour) // leases of one table fence others
		old := kv.Under(zombie)
		put(t, old, "k", "mine")
		if swapped, err := old.CompareAndSwap(ctx, "k", []byte("mine"), []byte("still mine")); !swapped || err != nil {
			t.Errorf("%v, %v: the lease is held", swapped, err)
		}
		refused := func(reason string) {
			t.Helper()
			_, swapErr := old.CompareAndSwap(ctx, "k", []byte("still mine"), []byte("zombie"))
			_, createErr := old.CompareAndSwap(ctx, "new", nil, []byte("zombie"))
			for _, err := range []error{
				old.Put(ctx, "k", []byte("zombie")), old.Put(ctx, "new", []byte("zombie")), old.Delete(ctx, "k"), old.Delete(ctx, "nothing"),
				swapErr, createErr, old.Table("t").Put(ctx, "k", []byte("zombie")),
			} {
				wantError(t, err, ErrLeaseLost, reason)
			}
			if content(t, old, "k") != `"still mine"` || content(t, old, "new") != "nothing" || content(t, kv.Table("t"), "k") != "nothing" {
				t.Errorf("a refused write has written: %s", reason)
			}
		}
		expire(t, db)
		refused("the lease ran out")
		next := lease(t, kv.Table("leases"), time.Hour)
		refused("another one holds the lease")
		put(t, kv.Under(next), "k", "next")
		if got := content(t, kv, "k"); got != `"next"` {
			t.Errorf("%s: the holder writes", got)
		}
		put(t, kv, "k", "anyone") // without a lease nothing is asked
	})
}

// TestNeverTwoHolders has many ask for one lease, some of whom are dead before
// it ends, and looks at what each wrote under it: tokens only grow.
func TestNeverTwoHolders(t *testing.T) {
	const processes, grants = 8, 12
	onEach(t, func(t *testing.T, db *sql.DB, d Dialect) {
		var holders, lost atomic.Int32
		var mu sync.Mutex
		seen := map[uint64]bool{}
		var wg sync.WaitGroup
		for p := range processes {
			kv := newKV(t, db, d, nil)
			wg.Go(func() {
				for i := range grants {
					const ttl = 10 * time.Second // long enough for the slowest machine to write once
					l, err := kv.Lease(t.Context(), "l", ttl)
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					if seen[l.Token()] {
						t.Errorf("token %d was granted twice", l.Token())
					}
					seen[l.Token()] = true
					mu.Unlock()
					if holders.Add(1) != 1 {
						t.Error("two hold the lease")
					}
					if err := kv.Under(l).Put(t.Context(), "k", []byte{byte(p)}); err != nil {
						t.Error(err)
					}
					holders.Add(-1)
					if (p+i)%4 == 0 { // dies; the clock of the database goes on
						if _, err := db.ExecContext(t.Context(), d.rebind("UPDATE scim_leases SET expires = 1 WHERE token = ?"), int64(l.Token())); err != nil {
							t.Error(err)
						}
						wantError(t, kv.Under(l).Put(t.Context(), "k", nil), ErrLeaseLost, "it ran out")
						lost.Add(1)
						continue
					}
					wantError(t, l.Release(t.Context()), nil, "the holder gives it up")
				}
			})
		}
		wg.Wait()
		if len(seen) != processes*grants || lost.Load() == 0 {
			t.Errorf("%d grants, %d of them lost", len(seen), lost.Load())
		}
	})
}

// TestRun: a lease is held as long as its function runs, and a lost one ends it.
func TestRun(t *testing.T) {
	errWork := errors.New("work")
	onEach(t, func(t *testing.T, db *sql.DB, d Dialect) {
		ctx := t.Context()
		kv := newKV(t, db, d, nil)
		l := lease(t, kv, 10*time.Second)
		wantError(t, l.Run(ctx, func(ctx context.Context) error { return errors.Join(ctx.Err(), errWork) }), errWork, "the function's error comes back")
		wantError(t, l.Renew(ctx), ErrLeaseLost, "it was given up at the end")

		l = lease(t, kv, 1500*time.Millisecond)
		err := l.Run(ctx, func(ctx context.Context) error {
			for was := l.end(); l.end().Sub(was) <= l.ttl; { // renewed, and more than ttl has passed
				if err := waitFor(ctx, 10*time.Millisecond); err != nil {
					return err
				}
			}
			return kv.Under(l).Put(ctx, "k", []byte("x"))
		})
		wantError(t, err, nil, "the lease is renewed")

		l = lease(t, kv, 300*time.Millisecond)
		err = l.Run(ctx, func(ctx context.Context) error {
			if _, err := db.ExecContext(ctx, "UPDATE scim_leases SET token = token + 1"); err != nil {
				return err
			}
			<-ctx.Done()
			return errWork
		})
		wantError(t, err, ErrLeaseLost, "another one holds it")
		wantError(t, err, errWork, "the function's error comes back as well")
		expire(t, db)

		ended, cancel := context.WithCancel(ctx)
		l = lease(t, kv, 10*time.Second)
		err = l.Run(ended, func(ctx context.Context) error { cancel(); <-ctx.Done(); return nil })
		wantError(t, err, nil, "the caller has ended it and the function says that all is done")
		wantError(t, l.Renew(ctx), ErrLeaseLost, "it was given up though the context had ended")
	})
}

// TestRunWithoutDatabase: a holder that cannot reach the database must not go on
// for longer than the lease lasts.
func TestRunWithoutDatabase(t *testing.T) {
	db := openSQLite(t, t.TempDir()+"/kv.db")
	l := lease(t, newKV(t, db, SQLite, nil), 200*time.Millisecond)
	err := l.Run(t.Context(), func(ctx context.Context) error {
		if err := db.Close(); err != nil {
			return err
		}
		<-ctx.Done()
		return nil
	})
	wantError(t, err, ErrLeaseLost, "another one may hold it")
}

func TestLock(t *testing.T) {
	onEach(t, func(t *testing.T, db *sql.DB, d Dialect) {
		kv := newKV(t, db, d, nil)
		unlock, err := kv.Lock(t.Context(), "l", time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		_, err = newKV(t, db, d, nil).TryLease(t.Context(), "l", time.Hour)
		wantError(t, err, ErrLeaseHeld, "a lock is the lease of its key")
		wantError(t, unlock(), nil, "it is given up")
		ctx, cancel := context.WithCancel(t.Context())
		if unlock, err = kv.Lock(ctx, "l", time.Hour); err != nil {
			t.Fatal(err)
		}
		cancel()
		wantError(t, unlock(), nil, "it is given up though the caller has gone")
		if unlock, err = kv.Lock(t.Context(), "l", time.Hour); err != nil {
			t.Fatal(err)
		}
		expire(t, db)
		wantError(t, unlock(), ErrLeaseLost, "who was too late is told")
	})
}
