package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"slices"
	"strings"

	"firebreak/internal/detect"
)

// checkSensitivity refuses a --sensitivity that is none.
func checkSensitivity(s detect.Sensitivity) error {
	if !slices.Contains(detect.Sensitivities(), string(s)) {
		return usagef("--sensitivity is %q, none of %s", s, strings.Join(detect.Sensitivities(), ", "))
	}
	return nil
}

// checkMetricLimit refuses a --limit that no series can reach from below.
func checkMetricLimit(limit float64) error {
	if math.IsNaN(limit) || limit <= 0 || limit > maxMetricValue {
		return usagef("--limit is %v, give a positive number in the unit of the values", limit)
	}
	return nil
}

// checkFiles refuses output files, by flag, that are folders, that would take
// the place of --in, or that are the same. Empty paths and stdStream are none.
func checkFiles(in string, files map[string]string) error {
	taken := map[string]string{}
	for _, flag := range slices.Sorted(maps.Keys(files)) {
		path := files[flag]
		if path == "" || path == stdStream {
			continue
		}
		if isFolder(path) {
			return usagef("--%s %s is a folder; give a file", flag, path)
		}
		if in != stdStream && sameFile(in, path) {
			return usagef("--%s would overwrite --in %s", flag, in)
		}
		if other, ok := taken[absolute(path)]; ok {
			return usagef("--%s and --%s name the same file", other, flag)
		}
		taken[absolute(path)] = flag
	}
	return nil
}

// inputIsFolder tells whether --in is a folder; it refuses what is not there.
func inputIsFolder(in string) (bool, error) {
	if in == stdStream {
		return false, nil
	}
	info, err := os.Stat(in)
	if errors.Is(err, fs.ErrNotExist) {
		return false, usagef("--in %s: there is no such file or folder", in)
	}
	if err != nil {
		return false, fmt.Errorf("read --in: %w", err)
	}
	return info.IsDir(), nil
}
