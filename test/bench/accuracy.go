package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"firebreak/internal/detect"
)

// accuracyBlock scores the detectors on every source that is there.
func accuracyBlock(ctx context.Context, o options) (string, error) {
	var text strings.Builder
	text.WriteString(missingText(missing(o.data)))
	if !slices.ContainsFunc(sources, func(s source) bool { _, there := s.folder(o.data); return there }) {
		return text.String(), nil
	}
	dir, remove, err := rowsFolder(o.keep)
	if err != nil {
		return "", err
	}
	defer remove()
	d, err := buildDetector(ctx, dir)
	if err != nil {
		return "", err
	}
	head := []string{"series", "preset", "standard", "low FP", "low FN", "windows", "false alarms", "alerts per 1,000 points", "alerts a series and week", "VUS-PR"}
	totals := [][]string{head}
	categories := [][]string{{"category", "preset", "standard", "low FP", "low FN", "windows", "false alarms"}}
	var causal []string
	for _, s := range sources {
		folder, ok := s.folder(o.data)
		if !ok {
			continue
		}
		series, err := s.series(o.data)
		if err != nil {
			return "", err
		}
		for _, sensitivity := range detect.Sensitivities() {
			slog.Info("scoring", "data", s.name, "series", len(series), "sensitivity", sensitivity)
			r, err := score(ctx, d, o.data, folder, series, filepath.Join(dir, "rows", s.name, sensitivity), sensitivity)
			if err != nil {
				return "", err
			}
			totals = append(totals, append([]string{fmt.Sprintf("%s (%d)", s.name, len(series)), sensitivity}, r.cells()...))
			categories = append(categories, r.categories(s.name, sensitivity)...)
		}
		same, differ, err := d.halves(ctx, folder, series, filepath.Join(dir, "rows", s.name, string(detect.Sensitive)), filepath.Join(dir, "halves", s.name), string(detect.Sensitive))
		if err != nil {
			return "", err
		}
		line := fmt.Sprintf("%d of %d series of %s", same, len(series), s.name)
		if len(differ) > 0 {
			line += " (not " + strings.Join(differ, ", ") + ")"
		}
		causal = append(causal, line)
	}
	text.WriteString(table(totals))
	fmt.Fprintf(&text, "\nThe first half of a file, alone, gives byte for byte the rows that it gives with the second half: %s.\n", strings.Join(causal, ", "))
	slices.SortStableFunc(categories[1:], func(a, b []string) int { return strings.Compare(a[0], b[0]) })
	fmt.Fprintf(&text, "\nBy category:\n\n%s", table(categories))
	return text.String(), nil
}

// rowsFolder is where scored rows go, and what deletes it.
func rowsFolder(keep string) (string, func(), error) {
	if keep != "" {
		return keep, func() {}, os.MkdirAll(keep, 0o755)
	}
	dir, err := os.MkdirTemp("", "firebreak-bench-")
	return dir, func() { _ = os.RemoveAll(dir) }, err
}

// result is one detector's output on one source at one sensitivity.
type result struct {
	nab         *nabReport // nil without the scorer
	vus         *float64   // nil without the scorer, or where it is not asked for
	rows, sent  int
	seriesWeeks float64
}

// tally is one line of the scorer's report.
type tally struct {
	Score   *float64 `json:"score"` // absent without windows
	Hit     int      `json:"windows_hit"`
	Windows int      `json:"windows"`
	Alarms  int      `json:"alarms"` // false ones
}

// profile is the report under one of NAB's profiles.
type profile struct {
	Total      tally            `json:"total"`
	ByCategory map[string]tally `json:"by_category"`
}

// nabReport is the part of the scorer's report that is used: decisions as they
// were made.
type nabReport struct {
	Decided struct {
		Standard profile `json:"standard"`
		LowFP    profile `json:"reward_low_FP_rate"`
		LowFN    profile `json:"reward_low_FN_rate"`
	} `json:"decided"`
}

func score(ctx context.Context, d detector, data, folder string, series []string, out, sensitivity string) (result, error) {
	var r result
	if err := d.runAll(ctx, folder, series, out, sensitivity); err != nil {
		return r, err
	}
	for _, name := range series {
		rows, sent, weeks, err := alerts(filepath.Join(out, name))
		if err != nil {
			return r, err
		}
		r.rows, r.sent, r.seriesWeeks = r.rows+rows, r.sent+sent, r.seriesWeeks+weeks
	}
	var nab nabReport
	if ok, err := runScorer(ctx, data, nabScorer, folder, out, &nab); err != nil {
		return r, err
	} else if ok {
		r.nab = &nab
	}
	if sensitivity != string(detect.Sensitive) {
		return r, nil // the graded score is the same for all
	}
	var vus struct {
		VUS float64 `json:"vus_pr"`
	}
	ok, err := runScorer(ctx, data, vusScorer, folder, out, &vus)
	if ok {
		r.vus = &vus.VUS
	}
	return r, err
}

// runScorer reads a scorer's report, or returns false where there is none.
func runScorer(ctx context.Context, data, tool, folder, scores string, report any) (bool, error) {
	script := filepath.Join(data, "tools", tool)
	if _, err := exec.LookPath("python3"); errors.Is(err, exec.ErrNotFound) {
		return false, nil
	} else if err != nil {
		return false, fmt.Errorf("look for python3: %w", err)
	}
	if _, err := os.Stat(script); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err := runPython(ctx, report, script, folder, scores, "--json"); err != nil {
		return false, fmt.Errorf("run %s: %w", tool, err)
	}
	return true, nil
}

// runPython reads the JSON that a Python program prints. An error has what the
// program said of it.
func runPython(ctx context.Context, report any, args ...string) error {
	out, err := exec.CommandContext(ctx, "python3", args...).Output()
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		return fmt.Errorf("%w: %s", err, strings.TrimSpace(string(failed.Stderr)))
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(out, report); err != nil {
		return fmt.Errorf("read its report: %w", err)
	}
	return nil
}

func (r result) cells() []string {
	cells := []string{"-", "-", "-", "-", "-"}
	if r.nab != nil {
		n := r.nab.Decided
		cells = scored(n.Standard.Total, n.LowFP.Total, n.LowFN.Total)
	}
	vus := "-"
	if r.vus != nil {
		vus = fmt.Sprintf("%.3f", *r.vus)
	}
	return append(cells, fmt.Sprintf("%.2f", 1000*float64(r.sent)/float64(r.rows)), fmt.Sprintf("%.2f", float64(r.sent)/r.seriesWeeks), vus)
}

func (r result) categories(name, sensitivity string) [][]string {
	if r.nab == nil {
		return nil
	}
	var rows [][]string
	n := r.nab.Decided
	for _, category := range slices.Sorted(maps.Keys(n.Standard.ByCategory)) {
		rows = append(rows, append([]string{name + ": " + category, sensitivity},
			scored(n.Standard.ByCategory[category], n.LowFP.ByCategory[category], n.LowFN.ByCategory[category])...))
	}
	return rows
}

// scored writes a tally under the three profiles.
func scored(standard, lowFP, lowFN tally) []string {
	cell := func(t tally) string {
		if t.Score == nil {
			return "-"
		}
		return fmt.Sprintf("%.1f", *t.Score)
	}
	return []string{
		cell(standard), cell(lowFP), cell(lowFN), fmt.Sprintf("%d of %d", standard.Hit, standard.Windows), fmt.Sprint(standard.Alarms),
	}
}
