package zohoauth_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/zohoscim/zohoscim/zohoauth"
)

// stores are the stores of this package, each new and empty.
func stores(t *testing.T) map[string]zohoauth.TokenStore {
	t.Helper()
	return map[string]zohoauth.TokenStore{
		"memory": zohoauth.NewMemoryStore(),
		"zero":   new(zohoauth.MemoryStore),
		"dir":    newDirStore(t, filepath.Join(t.TempDir(), "tokens")),
	}
}

func newDirStore(t testing.TB, dir string) *zohoauth.DirStore {
	t.Helper()
	s, err := zohoauth.NewDirStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestStoreContract is the contract of TokenStore.
func TestStoreContract(t *testing.T) {
	for name, s := range stores(t) {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			if _, err := s.Get(ctx, "k"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("a miss is %v", err)
			}
			if err := s.Delete(ctx, "k"); err != nil {
				t.Errorf("deleting nothing: %v", err)
			}
			data := []byte("one")
			for range 2 {
				if err := s.Put(ctx, "k", data); err != nil {
					t.Fatal(err)
				}
			}
			data[0] = 'X'
			got, err := s.Get(ctx, "k")
			if err != nil || string(got) != "one" {
				t.Errorf("%q, %v: the store kept the caller's slice", got, err)
			}
			got[0] = 'X'
			if got, err := s.Get(ctx, "k"); err != nil || string(got) != "one" {
				t.Errorf("%q, %v: the store handed out its own slice", got, err)
			}
			if err := s.Delete(ctx, "k"); err != nil {
				t.Error(err)
			}
			if _, err := s.Get(ctx, "k"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("after Delete: %v", err)
			}
			ended, cancel := context.WithCancel(ctx)
			cancel()
			_, err = s.Get(ended, "k")
			for _, err := range []error{err, s.Put(ended, "k", nil), s.Delete(ended, "k")} {
				if !errors.Is(err, context.Canceled) {
					t.Errorf("with an ended context: %v", err)
				}
			}
		})
	}
}

// TestDirStoreKeys: any two keys have two files, also where upper and lower case
// are one, and none leaves the folder.
func TestDirStoreKeys(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	s := newDirStore(t, dir)
	keys := []string{"a", "A", "%41", "..", "../a", "/etc/passwd", "a/b", "a%2fb", "", "CON", "a\x00b", "本社", ".tmp-1",
		strings.Repeat("x", 300), strings.Repeat("x", 301), "hash-" + strings.Repeat("0", 64)}
	for i, k := range keys {
		if err := s.Put(t.Context(), k, []byte(strconv.Itoa(i))); err != nil {
			t.Fatal(err)
		}
	}
	for i, k := range keys {
		if got, err := s.Get(t.Context(), k); err != nil || string(got) != strconv.Itoa(i) {
			t.Errorf("key %q has %q, %v", k, got, err)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	names := make(map[string]bool)
	for _, e := range entries {
		names[strings.ToLower(e.Name())] = true
	}
	if len(names) != len(keys) {
		t.Errorf("%d files for %d keys", len(names), len(keys))
	}
	rapid.Check(t, func(r *rapid.T) {
		a, b := rapid.String().Draw(r, "a"), rapid.String().Draw(r, "b")
		fa, fb := zohoauth.FileName(a), zohoauth.FileName(b)
		if (a == b) != (fa == fb) || strings.EqualFold(fa, fb) != (fa == fb) || filepath.Base(fa) != fa || len(fa) > 255 {
			r.Fatalf("%q -> %q, %q -> %q", a, fa, b, fb)
		}
	})
}

func TestDirStoreModes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no such modes there")
	}
	ctx := t.Context()
	dir := filepath.Join(t.TempDir(), "a", "tokens")
	s := newDirStore(t, dir)
	if err := s.Put(ctx, "k", []byte("one")); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, zohoauth.FileName("k"))
	for path, want := range map[string]fs.FileMode{dir: 0o700, file: 0o600} {
		fi, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if fi.Mode().Perm() != want {
			t.Errorf("%s has mode %v", path, fi.Mode())
		}
	}
	// refused fails unless both directions refuse, and leave the file alone.
	refused := func(reason string) {
		t.Helper()
		_, err := s.Get(ctx, "k")
		wantError(t, err, zohoauth.ErrInsecureStore)
		wantError(t, s.Put(ctx, "k", []byte("two")), zohoauth.ErrInsecureStore)
		_, err = zohoauth.LoadToken(ctx, s, "k")
		wantError(t, err, zohoauth.ErrInsecureStore)
		if b, err := os.ReadFile(file); err == nil && string(b) == "two" {
			t.Errorf("written all the same: %s", reason)
		}
	}
	chmod := func(path string, mode fs.FileMode) {
		t.Helper()
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	for _, mode := range []fs.FileMode{0o644, 0o640, 0o602, 0o610} {
		chmod(file, mode)
		refused("file mode")
	}
	chmod(file, 0o600)
	chmod(dir, 0o755)
	refused("folder mode")
	_, err := zohoauth.NewDirStore(dir)
	wantError(t, err, zohoauth.ErrInsecureStore)
	chmod(dir, 0o700)
	if b, err := s.Get(ctx, "k"); err != nil || string(b) != "one" {
		t.Errorf("after the repair: %q, %v", b, err)
	}

	target := filepath.Join(t.TempDir(), "target")
	if err := os.Rename(file, target); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, file); err != nil {
		t.Fatal(err)
	}
	refused("a link to a good file")
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(file, 0o700); err != nil {
		t.Fatal(err)
	}
	refused("a folder")

	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	_, err = zohoauth.NewDirStore(link)
	wantError(t, err, zohoauth.ErrInsecureStore)
}

// TestDirStoreTemp: temporary files of a killed process go, those of a running
// one stay, and a failed write leaves none.
func TestDirStoreTemp(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tokens")
	s := newDirStore(t, dir)
	old, young := filepath.Join(dir, ".tmp-1"), filepath.Join(dir, ".tmp-2")
	for _, name := range []string{old, young} {
		if err := os.WriteFile(name, []byte("part"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	hourAgo := time.Now().Add(-time.Hour)
	if err := os.Chtimes(old, hourAgo, hourAgo); err != nil {
		t.Fatal(err)
	}
	newDirStore(t, dir)
	if _, err := os.Stat(old); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the old one is still there: %v", err)
	}
	if err := os.Remove(young); err != nil {
		t.Errorf("the young one: %v", err)
	}
	if err := s.Put(t.Context(), "k", make([]byte, 2<<20)); err == nil {
		t.Error("2 MiB were stored")
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("%d files left, %v", len(entries), err)
	}
}

// TestDirStoreConcurrent: a reader never sees a part.
func TestDirStoreConcurrent(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tokens")
	one, two := newDirStore(t, dir), newDirStore(t, dir)
	content := map[string]bool{}
	for i := range 8 {
		content[strings.Repeat(strconv.Itoa(i), 10_000)] = true
	}
	ctx := t.Context()
	if err := one.Put(ctx, "k", []byte(strings.Repeat("0", 10_000))); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for c := range content {
		wg.Go(func() {
			for range 10 {
				if err := two.Put(ctx, "k", []byte(c)); err != nil {
					t.Error(err)
				}
				if b, err := one.Get(ctx, "k"); err != nil || !content[string(b)] {
					t.Errorf("read %d bytes of no content, %v", len(b), err)
				}
			}
		})
	}
	wg.Wait()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 {
		t.Errorf("%d files", len(entries))
	}
}

func TestSaveAndLoad(t *testing.T) {
	s := newServer(t, jp)
	tok := grant(t, s, newConfig(t, s, nil), "jp")
	for name, store := range stores(t) {
		ctx := t.Context()
		_, err := zohoauth.LoadToken(ctx, store, "k")
		wantError(t, err, zohoauth.ErrConsentRequired)
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
		if err := zohoauth.SaveToken(ctx, store, "k", tok); err != nil {
			t.Fatal(err)
		}
		got, err := zohoauth.LoadToken(ctx, store, "k")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tok, got, cmp.Comparer(zohoauth.Secret.Equal)); diff != "" {
			t.Errorf("%s: the token changed:\n%s", name, diff)
		}
		if err := store.Put(ctx, "k", []byte(`{"version":1,"refresh_token":"1000.secret"`)); err != nil {
			t.Fatal(err)
		}
		_, err = zohoauth.LoadToken(ctx, store, "k")
		wantError(t, err, zohoauth.ErrStore)
		if strings.Contains(err.Error(), "1000") {
			t.Errorf("%s: the error quotes the store: %v", name, err)
		}
		wantError(t, zohoauth.SaveToken(ctx, store, "k", &zohoauth.Token{}), zohoauth.ErrNoRefreshToken)
	}
}
