//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package zohoauth

import (
	"errors"
	"os"
)

// tryLock has no lock that ends with its process.
func tryLock(string) (*os.File, error) { return nil, errors.ErrUnsupported }
