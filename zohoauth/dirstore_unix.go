//go:build unix

package zohoauth

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// checkPrivate refuses what group, others or another user can get at.
func checkPrivate(path string, fi fs.FileInfo, remedy string) error {
	if perm := fi.Mode().Perm(); perm&0o077 != 0 {
		return insecure(path, fmt.Sprintf("has mode %04o: %s", perm, remedy))
	}
	if st, ok := fi.Sys().(*syscall.Stat_t); ok && int(st.Uid) != os.Geteuid() {
		return insecure(path, "belongs to another user")
	}
	return nil
}

// openNoFollow opens a file for reading, but no symbolic link; a pipe in its
// place does not block.
func openNoFollow(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if errors.Is(err, syscall.ELOOP) || errors.Is(err, syscall.EMLINK) {
		return nil, insecure(path, "is a symbolic link")
	}
	return f, err
}

// syncDir makes a rename or a removal in dir last.
func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// rename puts a file in the place of another one at once.
func rename(from, to string) error { return os.Rename(from, to) }
