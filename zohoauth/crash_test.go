package zohoauth

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// inode is a file of a crashDisk: what was written, and how much of it is safe.
type inode struct {
	data   []byte
	synced bool
}

// change is an entry of the folder that is not safe yet.
type change struct {
	name string
	to   *inode // nil: removed
	gone string // the other name of a rename
}

// crashDisk is a disk that loses, tears and reorders whatever was not synced. It
// works on names only; stop is the number of steps after which all fail.
type crashDisk struct {
	t       *testing.T
	stop    int
	fail    bool // the step at stop fails alone, as on a full disk
	steps   int
	serial  int
	safe    map[string]*inode
	entries map[string]*inode // as running programs see it
	pending []change
}

var errCrash = errors.New("the machine stopped")

// step counts, and fails from the crash on.
func (d *crashDisk) step() error {
	d.steps++
	switch {
	case d.fail && d.steps == d.stop:
		return syscall.ENOSPC
	case !d.fail && d.steps > d.stop:
		return errCrash
	}
	return nil
}

func (d *crashDisk) create(dir string) (tempFile, error) {
	if err := d.step(); err != nil {
		return nil, err
	}
	d.serial++
	f := &crashFile{d: d, n: new(inode), name: filepath.Join(dir, tempPrefix+fmt.Sprint(d.serial))}
	d.entries[f.name] = f.n
	d.pending = append(d.pending, change{name: f.name, to: f.n})
	return f, nil
}

func (d *crashDisk) rename(from, to string) error {
	if err := d.step(); err != nil {
		return err
	}
	n := d.entries[from]
	delete(d.entries, from)
	d.entries[to] = n
	d.pending = append(d.pending, change{name: to, to: n, gone: from})
	return nil
}

func (d *crashDisk) remove(name string) error {
	if err := d.step(); err != nil {
		return err
	}
	if d.entries[name] == nil {
		return fs.ErrNotExist
	}
	delete(d.entries, name)
	d.pending = append(d.pending, change{name: name})
	return nil
}

func (d *crashDisk) syncDir(string) error {
	if err := d.step(); err != nil {
		return err
	}
	d.safe, d.pending = maps.Clone(d.entries), nil
	return nil
}

type crashFile struct {
	d    *crashDisk
	n    *inode
	name string
}

func (f *crashFile) Name() string { return f.name }
func (f *crashFile) Close() error { return f.d.step() }

func (f *crashFile) Write(b []byte) (int, error) {
	if err := f.d.step(); err != nil {
		return 0, err
	}
	f.n.data, f.n.synced = append(f.n.data, b...), false
	return len(b), nil
}

func (f *crashFile) Sync() error {
	if err := f.d.step(); err != nil {
		return err
	}
	f.n.synced = true
	return nil
}

// images calls fn with every folder that may be found after the crash: each
// pending change happened or not, and what was not synced is whole, empty or half.
func (d *crashDisk) images(fn func(map[string][]byte)) {
	for happened := range 1 << len(d.pending) {
		entries := maps.Clone(d.safe)
		for i, c := range d.pending {
			if happened>>i&1 == 0 {
				continue
			}
			delete(entries, c.gone)
			if c.to == nil {
				delete(entries, c.name)
			} else {
				entries[c.name] = c.to
			}
		}
		for torn := range 3 {
			image := make(map[string][]byte)
			for name, n := range entries {
				image[name] = n.data
				if !n.synced {
					image[name] = [][]byte{n.data, nil, n.data[:len(n.data)/2]}[torn]
				}
			}
			fn(image)
		}
	}
}

// script is what the store goes through: each step leaves one content behind.
var script = []struct {
	op   string
	data string
}{{"put", "one"}, {"put", "two, longer"}, {"delete", ""}, {"put", "three"}}

// run plays the script until an error and returns the contents that may be found
// now: those of the last step that worked, and of the one that did not.
func (d *crashDisk) run(dir string) (legal []string, err error) {
	store := &DirStore{dir: dir, disk: d}
	last := ""
	for _, s := range script {
		if s.op == "put" {
			err = store.Put(d.t.Context(), "k", []byte(s.data))
		} else {
			err = store.Delete(d.t.Context(), "k")
		}
		if err != nil {
			return []string{last, s.data}, err
		}
		last = s.data
	}
	return []string{last}, nil
}

// TestCrash stops the machine after every step of the script and looks at every
// folder that may be left: the old content or the new one, never a part, and no
// temporary file after the next start.
func TestCrash(t *testing.T) {
	points, images := 0, 0
	for stop := 0; ; stop++ {
		dir := privateDir(t)
		d := &crashDisk{t: t, stop: stop, safe: map[string]*inode{}, entries: map[string]*inode{}}
		legal, err := d.run(dir)
		points++
		d.images(func(image map[string][]byte) {
			images++
			checkImage(t, dir, image, legal, stop)
		})
		if err == nil {
			break
		}
		if !errors.Is(err, errCrash) {
			t.Fatal(err)
		}
	}
	t.Logf("%d crash points, %d images", points, images)
	if points < 20 {
		t.Error("too few crash points: the script did not run")
	}
}

// checkImage writes the image down and opens it as the next process would.
func checkImage(t *testing.T, dir string, image map[string][]byte, legal []string, stop int) {
	t.Helper()
	old := time.Now().Add(-2 * staleTemp)
	for name, data := range image {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(name, old, old); err != nil {
			t.Fatal(err)
		}
	}
	store, err := NewDirStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	b, err := store.Get(t.Context(), "k")
	if errors.Is(err, fs.ErrNotExist) {
		b, err = nil, nil
	}
	ok := err == nil
	if ok {
		ok = false
		for _, l := range legal {
			ok = ok || l == string(b)
		}
	}
	if !ok {
		t.Errorf("crash after step %d: %q, %v; want one of %q", stop, b, err, legal)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), tempPrefix) {
			t.Errorf("crash after step %d: %s is left", stop, e.Name())
		}
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFullDisk fails every step alone: the error is reported, the old content
// stays, and no temporary file is left.
func TestFullDisk(t *testing.T) {
	for stop := 1; ; stop++ {
		dir := privateDir(t)
		d := &crashDisk{t: t, stop: stop, fail: true, safe: map[string]*inode{}, entries: map[string]*inode{}}
		legal, err := d.run(dir)
		if err == nil {
			if stop < 20 {
				t.Errorf("only %d steps", stop)
			}
			return
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("step %d: %v", stop, err)
		}
		for name, n := range d.entries {
			if strings.Contains(name, tempPrefix) {
				t.Errorf("step %d: %s is left", stop, name)
			} else if got := string(n.data); got != legal[0] && got != legal[1] {
				t.Errorf("step %d: %q, want one of %q", stop, got, legal)
			}
		}
	}
}

func privateDir(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "d")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}
