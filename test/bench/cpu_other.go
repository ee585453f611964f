//go:build !unix

package main

import "time"

// cpuTime is the time on the wall, where nothing better is to be had.
func cpuTime() time.Duration { return time.Since(processStart) }

var processStart = time.Now()
