package zohoauth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// errLocked is the answer of tryLock while somebody holds the lock.
var errLocked = errors.New("the lock is held")

// maxHolder bounds what is read of a lock file, in bytes.
const maxHolder = 200

// Lock implements [Locker] with a file beside the one of key. The operating
// system holds the lock: it ends with its process, however that dies, so ttl is
// not needed and no lock is ever taken from a holder that lives. The file stays;
// it names the latest holder, for the error of whoever waited in vain. Deleting
// it by hand while it is held would let a second holder in.
//
// On systems that have no such locks the error is [errors.ErrUnsupported].
func (d *DirStore) Lock(ctx context.Context, key string, _ time.Duration) (unlock func() error, err error) {
	path, err := d.begin(ctx, key)
	if err != nil {
		return nil, err
	}
	path = strings.TrimSuffix(path, tokenSuffix) + ".lock"
	for pause := time.Millisecond; ; pause = min(2*pause, 100*time.Millisecond) {
		f, err := tryLock(path)
		if err == nil {
			sign(f)
			return f.Close, nil
		}
		if !errors.Is(err, errLocked) {
			return nil, err
		}
		t := time.NewTimer(pause)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return nil, &Error{Kind: KindStore, Op: "lock", Detail: path + " is held by " + holder(path), Err: ctx.Err()}
		}
	}
}

// sign writes who holds the lock. It helps people only, so it may fail, and a
// crash may lose it.
func sign(f *os.File) {
	host, err := os.Hostname()
	if err != nil {
		host = "this machine"
	}
	line := fmt.Sprintf("process %d on %.100s", os.Getpid(), host)
	if f.Truncate(0) == nil {
		_, _ = f.WriteAt([]byte(line), 0)
	}
}

// holder returns who signed the lock file at path.
func holder(path string) string {
	const unknown = "an unknown process"
	f, err := openNoFollow(path)
	if err != nil {
		return unknown
	}
	defer func() { _ = f.Close() }() // it was only read
	b, err := io.ReadAll(io.LimitReader(f, maxHolder))
	if err != nil || len(b) == 0 || strings.ContainsFunc(string(b), func(r rune) bool { return r < ' ' || r > '~' }) {
		return unknown
	}
	return string(b)
}
