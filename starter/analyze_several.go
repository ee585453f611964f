package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"firebreak/internal/incident"
)

// analysedSeveral is the JSON document of `analyze` for many cases.
type analysedSeveral struct {
	Cases  []analysedCase `json:"cases"`
	Failed int            `json:"failed"`
}

// analysedCase is what came of one of them.
type analysedCase struct {
	Case    string  `json:"case"`
	Out     string  `json:"out,omitempty"`
	Service string  `json:"service,omitempty"` // of the first suspect
	Metric  string  `json:"metric,omitempty"`
	Score   float64 `json:"score"`
	Outside float64 `json:"outside"`
	Reading float64 `json:"reading_seconds"`
	Ranking float64 `json:"ranking_seconds"`
	Error   string  `json:"error,omitempty"`

	rows seriesReport
}

// runAnalyzeSeveral ranks the suspects of many cases, a JSON document each. A
// case that fails does not keep the others from being analysed.
func runAnalyzeSeveral(cmd *cobra.Command, o analyzeOptions) error {
	dirs, err := o.folders()
	if err != nil {
		return err
	}
	found := make([]analysedCase, len(dirs))
	track := newTracker(cmd.ErrOrStderr(), "row", "rows", metricFilesOf(dirs)...)
	err = track.eachFile(cmd.Context(), func(ctx context.Context, i int) {
		found[i] = analyseOne(ctx, o, dirs[i], track)
	})
	if err != nil {
		return err
	}
	report := analysedSeveral{Cases: found}
	rows := make([]seriesReport, len(found))
	for i, f := range found {
		rows[i] = f.rows
		if f.Error != "" {
			report.Failed++
		}
	}
	tellProblems(cmd.ErrOrStderr(), rows)
	if o.json {
		err = printJSON(cmd.OutOrStdout(), report)
	} else {
		_, err = cmd.OutOrStdout().Write(report.table(widthOf(cmd.OutOrStdout())))
	}
	if err != nil || report.Failed == 0 {
		return err
	}
	failed := found[slices.IndexFunc(found, func(f analysedCase) bool { return f.Error != "" })]
	return fmt.Errorf("%s of %d failed, the first: %s: %s", incident.Count(report.Failed, "case", "cases"), len(found), failed.Case, failed.Error)
}

// folders lists the cases: those named, or all in a folder that hold a symptom.
func (o analyzeOptions) folders() ([]string, error) {
	if o.cases == "" {
		return o.dirs, o.checkNames(o.dirs)
	}
	entries, err := os.ReadDir(o.cases)
	if err != nil {
		return nil, fmt.Errorf("list the cases: %w", err)
	}
	var dirs []string
	for _, e := range entries {
		dir := filepath.Join(o.cases, e.Name())
		if _, err := os.Stat(filepath.Join(dir, symptomFile)); err == nil {
			dirs = append(dirs, dir)
		}
	}
	if len(dirs) == 0 {
		return nil, fmt.Errorf("nothing to analyse: no folder in %s holds a %s", o.cases, symptomFile)
	}
	return dirs, nil
}

// checkNames refuses cases whose documents would take each other's place.
func (o analyzeOptions) checkNames(dirs []string) error {
	taken := map[string]string{}
	for _, dir := range dirs {
		name := caseName(dir)
		if other, twice := taken[name]; twice {
			return usagef("--case %s and --case %s would both write %s.json", other, dir, name)
		}
		taken[name] = dir
	}
	return nil
}

func metricFilesOf(dirs []string) []string {
	files := make([]string, len(dirs))
	for i, dir := range dirs {
		files[i] = filepath.Join(dir, metricsFile)
	}
	return files
}

// analyseOne ranks the suspects of one of several cases.
func analyseOne(ctx context.Context, o analyzeOptions, dir string, track *tracker) analysedCase {
	c := analysedCase{Case: caseName(dir)}
	begin := time.Now()
	read, err := readCase(ctx, dir, track)
	c.rows = read.rows
	err = errors.Join(err, read.checkStrict(o.strict))
	if err != nil {
		c.Error = err.Error()
		return c
	}
	c.Reading = time.Since(begin).Seconds()
	begin = time.Now()
	report := newAnalysis(read, o.top)
	c.Ranking = time.Since(begin).Seconds()
	c.Outside = report.Outside
	if len(report.Suspects) > 0 {
		first := report.Suspects[0]
		c.Service, c.Metric, c.Score = first.Service, first.Metric, first.Score
	}
	if err := report.write(o.out); err != nil {
		c.Error = err.Error()
		return c
	}
	c.Out = filepath.Join(o.out, report.Case+".json")
	return c
}

// table writes one line a case.
func (r analysedSeveral) table(width int) []byte {
	var b bytes.Buffer
	names := len("case")
	for _, c := range r.Cases {
		names = max(names, min(runes(safe(c.Case)), width/3))
	}
	fmt.Fprintf(&b, "%s  score  outside  first suspect\n", pad("case", names))
	for _, c := range r.Cases {
		if c.Error != "" {
			fmt.Fprintf(&b, "%s  failed: %s\n", pad(safe(c.Case), names), safe(c.Error))
			continue
		}
		fmt.Fprintf(&b, "%s  %5.2f  %7.2f  %s  %s\n", pad(safe(c.Case), names), c.Score, c.Outside, safe(c.Service), safe(c.Metric))
	}
	fmt.Fprintf(&b, "%s\n", incident.Count(len(r.Cases), "case", "cases"))
	return b.Bytes()
}
