//go:build !unix

package pgtest

import (
	"errors"
	"os/exec"
)

// detach refuses: the guard needs a shell.
func detach(*exec.Cmd, string) error {
	return errors.New("a server is started on Unix only")
}
