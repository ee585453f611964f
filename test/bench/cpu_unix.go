//go:build unix

package main

import (
	"syscall"
	"time"
)

// cpuTime is what this process has used of its processors. On a machine that
// does other things as well, the time on the wall says nothing.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return time.Since(processStart)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

var processStart = time.Now()
