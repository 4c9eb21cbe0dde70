package zohoauth_test

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zohoscim/zohoscim/datacenter"
	"github.com/zohoscim/zohoscim/zohoauth"
)

// lockers are the stores that can exclude others; each function returns two
// handles of one store.
func lockers(t *testing.T) map[string]func(t *testing.T) (a, b zohoauth.Locker) {
	t.Helper()
	return map[string]func(t *testing.T) (a, b zohoauth.Locker){
		"memory": func(*testing.T) (a, b zohoauth.Locker) {
			m := zohoauth.NewMemoryStore()
			return m, m
		},
		"dir": func(t *testing.T) (a, b zohoauth.Locker) {
			dir := t.TempDir() + "/d"
			return newDirStore(t, dir), newDirStore(t, dir)
		},
	}
}

const ttl = 30 * time.Second

// TestLockContract is what every Locker has to do.
func TestLockContract(t *testing.T) {
	for name, open := range lockers(t) {
		t.Run(name, func(t *testing.T) {
			a, b := open(t)
			lock := func(l zohoauth.Locker, key string, wait time.Duration) (func() error, error) {
				ctx, cancel := context.WithTimeout(t.Context(), wait)
				defer cancel()
				return l.Lock(ctx, key, ttl)
			}
			unlock, err := lock(a, "k", time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := lock(b, "k", 20*time.Millisecond); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("a second holder: %v", err)
			}
			other, err := lock(b, "k2", time.Minute)
			if err != nil {
				t.Errorf("another key: %v", err)
			} else if err := other(); err != nil {
				t.Error(err)
			}
			if err := unlock(); err != nil {
				t.Error(err)
			}
			unlock, err = lock(b, "k", time.Minute)
			if err != nil {
				t.Fatalf("after it came free: %v", err)
			}
			if err := unlock(); err != nil {
				t.Error(err)
			}
			ended, cancel := context.WithCancel(t.Context())
			cancel()
			if _, err := a.Lock(ended, "k", ttl); !errors.Is(err, context.Canceled) {
				t.Errorf("an ended context: %v", err)
			}

			var wg sync.WaitGroup
			var n, inside atomic.Int32
			for i := range 40 {
				wg.Go(func() {
					l := a
					if i%2 == 0 {
						l = b
					}
					unlock, err := lock(l, "k", time.Minute)
					if err != nil {
						t.Error(err)
						return
					}
					if inside.Add(1) != 1 {
						t.Error("two holders")
					}
					runtime.Gosched()
					inside.Add(-1)
					n.Add(1)
					if err := unlock(); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			if n.Load() != 40 {
				t.Errorf("%d of 40 held the lock", n.Load())
			}
		})
	}
}

// TestLockHolder: whoever waits in vain learns who holds the lock.
func TestLockHolder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir() + "/d"
		a := newDirStore(t, dir)
		unlock, err := a.Lock(t.Context(), "k", ttl)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err = a.Lock(ctx, "k", ttl)
		if e := wantError(t, err, zohoauth.ErrStore); !strings.Contains(e.Detail, "process ") || !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if err := unlock(); err != nil {
			t.Error(err)
		}
	})
}

// TestHeldLock: a holder that never ends is an error for those who need a token,
// and nothing to those who have one.
func TestHeldLock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, jp)
		store := zohoauth.NewMemoryStore()
		src := newSource(t, s, newConfig(t, s, nil), store, nil)
		need(t, s, src)
		unlock, err := store.Lock(t.Context(), "org", ttl)
		if err != nil {
			t.Fatal(err)
		}
		before := s.TokenRequests()
		for range 58 {
			need(t, s, src)
			time.Sleep(time.Minute)
		}
		time.Sleep(10 * time.Minute)
		_, err = src.TokenContext(t.Context())
		wantError(t, err, zohoauth.ErrStore)
		if n := refreshes(s, before); n != 0 {
			t.Errorf("%d requests without the lock", n)
		}
		if err := unlock(); err != nil {
			t.Error(err)
		}
		time.Sleep(10 * time.Minute)
		need(t, s, src)
	})
}

func TestLockFileModes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("files have no such modes there")
	}
	dir := t.TempDir() + "/d"
	d := newDirStore(t, dir)
	unlock, err := d.Lock(t.Context(), "k", ttl)
	if err != nil {
		t.Fatal(err)
	}
	if err := unlock(); err != nil {
		t.Error(err)
	}
	path := dir + "/key-k.lock"
	fi, err := os.Stat(path)
	if err != nil || fi.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", fi.Mode(), err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err = d.Lock(t.Context(), "k", ttl)
	wantError(t, err, zohoauth.ErrInsecureStore)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	target := t.TempDir() + "/elsewhere"
	if err := os.WriteFile(target, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
	_, err = d.Lock(t.Context(), "k", ttl)
	wantError(t, err, zohoauth.ErrInsecureStore)
	if b, err := os.ReadFile(target); err != nil || string(b) != "mine" {
		t.Errorf("the link's target was changed: %q, %v", b, err)
	}
}

// TestSourcesShare: two sources of one store refresh once between them.
func TestSourcesShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, jp)
		store := zohoauth.NewMemoryStore()
		if err := zohoauth.SaveToken(t.Context(), store, "org", grant(t, s, newConfig(t, s, nil), datacenter.JP)); err != nil {
			t.Fatal(err)
		}
		var sources []*zohoauth.TokenSource
		for range 20 {
			src, err := zohoauth.NewTokenSource(newConfig(t, s, nil), store, "org", nil)
			if err != nil {
				t.Fatal(err)
			}
			sources = append(sources, src)
		}
		s.SetLatency(time.Second)
		for range 20 {
			time.Sleep(2 * time.Hour)
			before := s.TokenRequests()
			var wg sync.WaitGroup
			for _, src := range sources {
				wg.Go(func() { need(t, s, src) })
			}
			wg.Wait()
			if n := refreshes(s, before); n != 1 {
				t.Fatalf("%d requests for 20 sources", n)
			}
		}
	})
}
