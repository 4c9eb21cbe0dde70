//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package zohoauth

import (
	"errors"
	"os"
	"syscall"
)

// tryLock opens the lock file at path and locks it, or returns errLocked. The
// lock lasts until the file is closed.
func tryLock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0o600)
	if errors.Is(err, syscall.ELOOP) || errors.Is(err, syscall.EMLINK) {
		return nil, insecure(path, "is a symbolic link")
	}
	if err != nil {
		return nil, err
	}
	if err := lockOpen(path, f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// lockOpen locks f, which was opened at path.
func lockOpen(path string, f *os.File) error {
	fi, err := f.Stat()
	if err != nil {
		return err
	}
	if err := checkFile(path, fi); err != nil {
		return err
	}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return errLocked
	}
	if err != nil {
		return &os.PathError{Op: "lock", Path: path, Err: err}
	}
	// A file that was deleted meanwhile locks nobody out.
	if now, err := os.Lstat(path); err != nil || !os.SameFile(fi, now) {
		return errLocked
	}
	return nil
}
