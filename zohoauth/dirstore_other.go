//go:build !unix

package zohoauth

import (
	"io/fs"
	"os"
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
