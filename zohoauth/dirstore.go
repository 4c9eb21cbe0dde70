package zohoauth

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	// maxStored bounds a stored file, in bytes.
	maxStored = 1 << 20

	// maxName bounds the readable part of a file name; longer keys are hashed.
	maxName = 180

	// staleTemp is the age at which a temporary file is one that a killed
	// process left. Writing one takes milliseconds.
	staleTemp = time.Minute

	tempPrefix  = ".tmp-"
	tokenSuffix = ".token"
)

// DirStore is a [TokenStore] of one file for each key in a folder that belongs
// to one user. It is safe for concurrent use, by several processes too: a reader
// finds the old content or the new one, never a part.
//
// Files have mode 0600 and the folder 0700. A file or folder that is open to
// group or others, belongs to another user, or is a symbolic link is refused
// with [ErrInsecureStore] and left as it is: someone else may have read it, or
// put it there. On systems without such modes only links are refused, and the
// folder's own protection has to do.
//
// It is a [Locker] on Linux, macOS, the BSDs and Windows.
type DirStore struct {
	dir  string
	disk disk
}

// disk is what a DirStore does to its folder, so that a test can stop or fail
// each step.
type disk interface {
	create(dir string) (tempFile, error) // a new file of mode 0600
	rename(from, to string) error
	remove(name string) error
	syncDir(dir string) error
}

// tempFile is a file that is being written.
type tempFile interface {
	io.WriteCloser
	Name() string
	Sync() error
}

// osDisk is the real one.
type osDisk struct{}

func (osDisk) create(dir string) (tempFile, error) {
	f, err := os.CreateTemp(dir, tempPrefix+"*")
	if err != nil {
		return nil, err // not a nil *os.File in an interface
	}
	return f, nil
}

func (osDisk) rename(from, to string) error { return rename(from, to) }
func (osDisk) remove(name string) error     { return os.Remove(name) }
func (osDisk) syncDir(dir string) error     { return syncDir(dir) }

// NewDirStore returns a store in dir, which is made if it does not exist. It
// also removes temporary files that a killed process left there.
func NewDirStore(dir string) (*DirStore, error) {
	if dir == "" {
		return nil, &Error{Kind: KindConfig, Op: "open", Detail: "a DirStore needs a folder"}
	}
	abs, err := filepath.Abs(dir)
	if err == nil {
		err = os.MkdirAll(abs, 0o700)
	}
	if err != nil {
		return nil, &Error{Kind: KindStore, Op: "open", Err: err}
	}
	d := &DirStore{dir: abs, disk: osDisk{}}
	if err := d.checkDir(); err != nil {
		return nil, storeError("open", "", err)
	}
	if err := d.sweep(); err != nil {
		return nil, storeError("open", "", err)
	}
	return d, nil
}

// Get implements [TokenStore].
func (d *DirStore) Get(ctx context.Context, key string) ([]byte, error) {
	path, err := d.begin(ctx, key)
	if err != nil {
		return nil, err
	}
	f, err := openNoFollow(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	fi, err := f.Stat()              // of what was opened, not of what the name means by now
	if err != nil {
		return nil, err
	}
	if err := checkFile(path, fi); err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(f, maxStored+1))
	if err == nil && len(b) > maxStored {
		err = fmt.Errorf("%s is longer than %d bytes", path, maxStored)
	}
	return b, err
}

// Put implements [TokenStore].
func (d *DirStore) Put(ctx context.Context, key string, data []byte) error {
	path, err := d.begin(ctx, key)
	if err != nil {
		return err
	}
	if len(data) > maxStored {
		return fmt.Errorf("%s would be longer than %d bytes", path, maxStored)
	}
	fi, err := os.Lstat(path)
	switch {
	case err == nil:
		err = checkFile(path, fi)
	case errors.Is(err, fs.ErrNotExist):
		err = nil
	}
	if err != nil {
		return err
	}
	temp, err := d.writeTemp(data)
	if err != nil {
		return err
	}
	if err := d.disk.rename(temp, path); err != nil {
		return errors.Join(err, d.disk.remove(temp))
	}
	return d.disk.syncDir(d.dir)
}

// Delete implements [TokenStore].
func (d *DirStore) Delete(ctx context.Context, key string) error {
	path, err := d.begin(ctx, key)
	if err != nil {
		return err
	}
	if err := d.disk.remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return d.disk.syncDir(d.dir)
}

// begin checks what every operation needs and returns the file of key.
func (d *DirStore) begin(ctx context.Context, key string) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	if err := d.checkDir(); err != nil {
		return "", err
	}
	return filepath.Join(d.dir, fileName(key)), nil
}

// writeTemp writes data to a new file of mode 0600, down to the disk: a rename
// may reach the disk before the content that it names.
func (d *DirStore) writeTemp(data []byte) (name string, err error) {
	f, err := d.disk.create(d.dir)
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err != nil {
		return "", errors.Join(err, d.disk.remove(f.Name()))
	}
	return f.Name(), nil
}

// sweep removes temporary files that nobody is writing any more.
func (d *DirStore) sweep() error {
	entries, err := os.ReadDir(d.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		fi, err := e.Info()
		if err != nil || !strings.HasPrefix(e.Name(), tempPrefix) || time.Since(fi.ModTime()) < staleTemp {
			continue
		}
		if err := os.Remove(filepath.Join(d.dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// checkDir refuses a folder in which others could read or replace files.
func (d *DirStore) checkDir() error {
	fi, err := os.Lstat(d.dir)
	if err != nil {
		return err
	}
	if !fi.IsDir() {
		return insecure(d.dir, "is not a folder")
	}
	return checkPrivate(d.dir, fi, "chmod 700")
}

// checkFile refuses a file that others could have read or put there.
func checkFile(path string, fi fs.FileInfo) error {
	if !fi.Mode().IsRegular() {
		return insecure(path, "is not a regular file")
	}
	return checkPrivate(path, fi, "delete it and consent again, or chmod 600")
}

func insecure(path, why string) error {
	return &Error{Kind: KindInsecureStore, Op: "open", Detail: path + " " + why}
}

// fileName returns the file of key: different keys have different files, also
// where the file system takes upper and lower case for the same.
func fileName(key string) string {
	var b strings.Builder
	for i := range len(key) {
		switch c := key[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '_':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02x", c)
		}
	}
	if b.Len() > maxName {
		sum := sha256.Sum256([]byte(key))
		return "hash-" + hex.EncodeToString(sum[:]) + tokenSuffix
	}
	return "key-" + b.String() + tokenSuffix
}
