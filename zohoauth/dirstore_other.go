//go:build !unix

package zohoauth

import (
	"errors"
	"io/fs"
	"os"
	"time"
)

// checkPrivate has nothing to check: this system's files have no such modes.
func checkPrivate(string, fs.FileInfo, string) error { return nil }

// openNoFollow opens a file for reading, but no symbolic link.
func openNoFollow(path string) (*os.File, error) {
	fi, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if err := checkFile(path, fi); err != nil {
		return nil, err
	}
	return os.Open(path)
}

// syncDir does nothing: this system cannot open a folder to sync it.
func syncDir(string) error { return nil }

// renameTries bounds the repetitions of rename, about a second of them.
const renameTries = 30

// rename puts a file in the place of another one at once. Windows refuses while
// somebody has the other one open, which takes a reader a moment.
func rename(from, to string) error {
	for n := 1; ; n++ {
		err := os.Rename(from, to)
		if err == nil || n == renameTries || !errors.Is(err, fs.ErrPermission) && !busy(err) {
			return err
		}
		time.Sleep(time.Duration(n) * 2 * time.Millisecond)
	}
}
