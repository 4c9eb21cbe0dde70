package zohoauth

import (
	"errors"
	"os"
	"syscall"
)

// sharingViolation is what Windows answers when another handle does not share.
const sharingViolation = syscall.Errno(32)

// tryLock opens the lock file at path in a way that lets others read it and not
// write it, or returns errLocked. The lock lasts until the file is closed.
func tryLock(path string) (*os.File, error) {
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return nil, err
	}
	h, err := syscall.CreateFile(name, syscall.GENERIC_READ|syscall.GENERIC_WRITE, syscall.FILE_SHARE_READ, nil,
		syscall.OPEN_ALWAYS, syscall.FILE_ATTRIBUTE_NORMAL|syscall.FILE_FLAG_OPEN_REPARSE_POINT, 0)
	if errors.Is(err, sharingViolation) {
		return nil, errLocked
	}
	if err != nil {
		return nil, &os.PathError{Op: "lock", Path: path, Err: err}
	}
	f := os.NewFile(uintptr(h), path)
	fi, err := f.Stat()
	if err == nil {
		err = checkFile(path, fi)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// busy reports whether err means that somebody has the file open.
func busy(err error) bool { return errors.Is(err, sharingViolation) }
