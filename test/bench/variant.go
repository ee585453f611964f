package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// The detector has no switch to leave a part of it out, and its constants are
// constants. A variant is therefore built from edited copies of its sources, which
// `go build -overlay` puts in the places of the shipped ones.

// edit replaces a text in a source file of the module; with number, what its
// group matches.
type edit struct {
	file, old, new string
	number         *regexp.Regexp
}

// apply returns the edited source. A text that is not there exactly once is an
// error: the source has moved on, and what the edit says would no longer be true.
func (e edit) apply(source string) (string, error) {
	if e.number != nil {
		at, err := e.find(source)
		if err != nil {
			return "", err
		}
		return source[:at[0]] + e.new + source[at[1]:], nil
	}
	if n := strings.Count(source, e.old); n != 1 {
		return "", fmt.Errorf("edit %s: %q is there %d times and not once: adapt the edit to the source", e.file, e.old, n)
	}
	return strings.Replace(source, e.old, e.new, 1), nil
}

// edited returns the sources that edits change, by their path in the module.
func edited(module string, edits []edit) (map[string]string, error) {
	sources := map[string]string{}
	for _, e := range edits {
		if _, ok := sources[e.file]; !ok {
			b, err := os.ReadFile(filepath.Join(module, e.file))
			if err != nil {
				return nil, fmt.Errorf("read a source to edit: %w", err)
			}
			sources[e.file] = string(b)
		}
		after, err := e.apply(sources[e.file])
		if err != nil {
			return nil, err
		}
		sources[e.file] = after
	}
	return sources, nil
}

// moduleFolder is where the module's sources are.
func moduleFolder(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "firebreak").Output()
	if err != nil {
		return "", fmt.Errorf("find the module's folder (run it in the checkout): %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// buildVariant builds the detectors with edits into a folder of its own.
func buildVariant(ctx context.Context, module, dir string, edits []edit) (variant, error) {
	d := variant{filepath.Join(dir, "decisions")}
	sources, err := edited(module, edits)
	if err != nil {
		return d, err
	}
	overlay := struct{ Replace map[string]string }{map[string]string{}}
	for file, source := range sources {
		copied := filepath.Join(dir, "sources", file)
		if err := os.MkdirAll(filepath.Dir(copied), 0o755); err != nil {
			return d, err
		}
		if err := os.WriteFile(copied, []byte(source), 0o600); err != nil {
			return d, err
		}
		overlay.Replace[filepath.Join(module, file)] = copied
	}
	list, err := json.Marshal(overlay)
	if err != nil {
		return d, err
	}
	path := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(path, list, 0o600); err != nil {
		return d, err
	}
	// Without symbols the linker takes half of the time.
	build := exec.CommandContext(ctx, "go", "build", "-overlay", path, "-ldflags", "-s -w", "-o", d.binary, "firebreak/test/bench/decisions")
	if out, err := build.CombinedOutput(); err != nil {
		return d, fmt.Errorf("build a variant of the detectors: %w\n%s", err, out)
	}
	return d, nil
}

// factors on the bar that a variant is tried at. The figures of one variant at one
// bar are luck to a part: one false alarm more or less, one window hit a row later.
var factors = []float64{0.9, 1, 1.1}

// factorPresets give a variant all factors in one build: the three presets
// become the preset sensitive at one factor each, in this order.
var factorPresets = []string{"sensitive", "balanced", "quiet"}

const sensitivityFile = "internal/detect/sensitivity.go"

// factorEdits make every preset sensitive, at its factor.
func factorEdits() []edit {
	shipped := []string{
		"Tail: 8, Evidence: 1, Horizon: day, Effect: 0.6, Ahead: 3, Lines: 2",
		"Tail: 12, Evidence: 1.2, Horizon: day, Effect: 1, Ahead: 2, Lines: 4",
		"Tail: 16, Evidence: 1.6, Horizon: week, Effect: 1.5, Ahead: 1.5, Lines: 8",
	}
	// In this order: what the second one becomes is what the first one was.
	var edits []edit
	for i, text := range shipped {
		edits = append(edits, edit{file: sensitivityFile, old: text, new: fmt.Sprintf("Tail: 8, Evidence: %g, Horizon: day, Effect: 0.6, Ahead: 3, Lines: 2", factors[i])})
	}
	return edits
}

// constant is a number in a source file that can be set to another one.
type constant struct {
	name, file string
	before     string // regular expression of what stands right before the number
}

// find is where the number of an edit begins and ends.
func (e edit) find(source string) ([]int, error) {
	found := e.number.FindAllStringSubmatchIndex(source, -1)
	if len(found) != 1 {
		return nil, fmt.Errorf("edit %s: %s is there %d times and not once: adapt the edit to the source", e.file, e.number, len(found))
	}
	return found[0][2:4], nil
}

// set is the edit that gives the constant another value.
func (c constant) set(value float64) edit {
	number := strconv.FormatFloat(value, 'f', -1, 64)
	if !strings.Contains(number, ".") {
		number += ".0"
	}
	return edit{file: c.file, new: number, number: regexp.MustCompile(c.before + `([0-9][0-9._]*)`)}
}

// shipped is the constant's value in the source.
func (c constant) shipped(module string) (float64, error) {
	b, err := os.ReadFile(filepath.Join(module, c.file))
	if err != nil {
		return 0, fmt.Errorf("read the source of %s: %w", c.name, err)
	}
	at, err := c.set(0).find(string(b))
	if err != nil {
		return 0, err
	}
	return strconv.ParseFloat(strings.ReplaceAll(string(b[at[0]:at[1]]), "_", ""), 64)
}
