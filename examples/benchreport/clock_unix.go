//go:build unix

package main

import (
	"syscall"
	"time"
)

// cpuTime returns the time that the processors have spent on this process,
// the collector's included.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
