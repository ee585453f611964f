package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strings"
)

// machine describes what was measured on.
func machine() string {
	return fmt.Sprintf("%s, %d cores, %s/%s, %s.", processor(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version())
}

// load says how busy the machine was in the last minute, where the system tells
// it: caches and cores are shared, so that processor time is not free of it.
func load() string {
	raw, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return ""
	}
	last, _, _ := strings.Cut(string(raw), " ")
	return fmt.Sprintf("Processes that ran or waited for a core in the last minute of it, this one included: %s.", last)
}

// processor is the processor's name where the system tells it.
func processor() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return "processor unknown"
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if key, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "processor unknown"
}
