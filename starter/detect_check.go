package main

import (
	"errors"
	"fmt"
	"io/fs"
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
