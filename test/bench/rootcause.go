package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Recorded faults are read as <data>/data/petshop/cases/<case>/{metrics.csv,
// symptom.json,graph.json,truth.json}; <data>/tools/petshop_history.py gives them
// more history.
const (
	faultSource  = "petshop"
	faultScorer  = "rcascore.py"
	faultHistory = "petshop_history.py"
	faultFrom    = "github.com/amazon-science/petshop-root-cause-analysis at commit 1c5992d (CC BY 4.0; cite Hardt et al. 2024): the 26 faults under low traffic, a folder each with metrics.csv (timestamp,service,metric,value), symptom.json, graph.json and truth.json, and the normal operation as normal.csv"
)

// rootcauseBlock measures how suspects are ranked: on recorded faults with a
// short and a long history, with what can be wrong with a case, and on made-up
// ones.
func rootcauseBlock(ctx context.Context, o options) (string, error) {
	var text strings.Builder
	made, err := madeUp(ctx)
	if err != nil {
		return "", err
	}
	var recorded []judged
	if left := missingText(missingForRootcause(o.data)); left != "" {
		text.WriteString(left)
	} else {
		said, all, err := recordedFaults(ctx, o)
		if err != nil {
			return "", err
		}
		recorded = all
		text.WriteString(said)
	}
	text.WriteString(made.tables())
	text.WriteString(calibrationTable(recorded, made.judged))
	return text.String(), nil
}

// histories of the recorded faults.
var histories = []string{"1 h of history", "25 to 49 h"}

// recordedFaults measures the command line on both histories, and what changes
// when a case is not what it should be.
func recordedFaults(ctx context.Context, o options) (string, []judged, error) {
	dir, remove, err := rowsFolder(o.keep)
	if err != nil {
		return "", nil, err
	}
	defer remove()
	d, err := buildDetector(ctx, dir)
	if err != nil {
		return "", nil, err
	}
	long := filepath.Join(dir, "long")
	if out, err := exec.CommandContext(ctx, "python3", filepath.Join(o.data, "tools", faultHistory), faultFolder(o.data), long).CombinedOutput(); err != nil {
		return "", nil, fmt.Errorf("run %s: %w\n%s", faultHistory, err, out)
	}
	folders := []string{filepath.Join(faultFolder(o.data), "cases"), filepath.Join(long, "cases")}
	var reports []recallReport
	var times [][]analysedTime
	var all []judged
	sturdy := [][]string{}
	for i, folder := range folders {
		out := filepath.Join(dir, fmt.Sprintf("rankings%d", i))
		took, err := d.analyze(ctx, folder, out)
		if err != nil {
			return "", nil, err
		}
		times = append(times, took)
		var report recallReport
		if err := runPython(ctx, &report, filepath.Join(o.data, "tools", faultScorer), folder, out, "--json"); err != nil {
			return "", nil, fmt.Errorf("run %s: %w", faultScorer, err)
		}
		reports = append(reports, report)
		cases, err := readFaults(folder)
		if err != nil {
			return "", nil, err
		}
		rows, plain, err := sturdiness(ctx, cases, i == 0)
		if err != nil {
			return "", nil, err
		}
		// Two ways to the same figures, or one of them is wrong.
		if got, want := recallOf(plain), report.Total; got != want.Service.recall() {
			return "", nil, fmt.Errorf("%s: the scorer says %v, ranking the same cases directly gives %v", histories[i], want.Service.recall(), got)
		}
		all = append(all, plain...)
		sturdy = append(sturdy, rows...)
	}
	return recordedTables(reports, times, sturdy), all, nil
}

// analysedTime is what the summary of `analyze` says of one case.
type analysedTime struct {
	Reading float64 `json:"reading_seconds"`
	Ranking float64 `json:"ranking_seconds"`
}

// analyze ranks the suspects of all cases in a folder, one after the other.
func (d detector) analyze(ctx context.Context, cases, out string) ([]analysedTime, error) {
	cmd := exec.CommandContext(ctx, d.binary, "analyze", "--cases", cases, "--out", out, "--json")
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	var errs strings.Builder
	cmd.Stderr = &errs
	said, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("analyse %s: %w: %s", cases, err, strings.TrimSpace(errs.String()))
	}
	var report struct{ Cases []analysedTime }
	if err := decode(said, &report); err != nil {
		return nil, fmt.Errorf("read what analyze says of %s: %w", cases, err)
	}
	return report.Cases, nil
}

func faultFolder(data string) string { return filepath.Join(data, "data", faultSource) }

// missingForRootcause says in words what recorded faults cannot be measured
// without.
func missingForRootcause(data string) []string {
	var out []string
	if _, err := exec.LookPath("python3"); err != nil {
		out = append(out, "python3, which the scorer needs, is not installed: no recorded faults")
	}
	for _, tool := range []string{faultScorer, faultHistory} {
		if _, err := os.Stat(filepath.Join(data, "tools", tool)); err != nil {
			out = append(out, fmt.Sprintf("tools/%s is not in the data folder (--data or FIREBREAK_BENCH_DATA): no recorded faults", tool))
		}
	}
	if _, err := os.Stat(filepath.Join(faultFolder(data), "cases")); errors.Is(err, fs.ErrNotExist) {
		out = append(out, fmt.Sprintf("data/%s is not in the data folder (--data or FIREBREAK_BENCH_DATA): get it from %s", faultSource, faultFrom))
	}
	return out
}
