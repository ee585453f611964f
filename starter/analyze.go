package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
)

// analyzeOptions are what `analyze` was asked for.
type analyzeOptions struct {
	dirs   []string // case folders given one by one
	cases  string   // folder of case folders, or empty
	out    string   // folder for one JSON document a case, or empty
	top    int      // suspects shown; 0 for all
	strict bool
	json   bool
}

// several tells whether a summary of many cases is asked for.
func (o analyzeOptions) several() bool { return o.cases != "" || len(o.dirs) > 1 }

// shownSuspects is how many suspects a table has when nobody says.
const shownSuspects = 10

// newAnalyzeCommand ranks the suspects of recorded cases.
func newAnalyzeCommand() *cobra.Command {
	var o analyzeOptions
	cmd := &cobra.Command{
		Use:   "analyze --case DIR",
		Short: "Rank the suspects of a recorded incident: which service is behind the symptom, and why",
		Long: "analyze reads a case folder and ranks the services by how likely each is the cause of the symptom, with reasons in\n" +
			"numbers and with what speaks against each, by the same code as the worker. It needs no configuration, no\n" +
			"Temporal and no model, and changes nothing.\n\n" +
			"  metrics.csv   timestamp,service,metric,value: times as YYYY-MM-DD HH:MM:SS in UTC, RFC 3339 or seconds since\n" +
			"                1970; an empty value is missing. From before the trouble, too: an hour helps, a day helps more\n" +
			"  symptom.json  {\"service\", \"metric\", \"start\", \"end\"}: where and when it shows; metric and end may be absent\n" +
			"  graph.json    {\"nodes\": [...], \"edges\": [[caller, callee], ...]}, where known\n" +
			"  logs.csv      timestamp,service,template_id,count, where known; a column template or level is read, too\n" +
			"  changes.json  [{\"at\", \"service\", \"kind\", \"text\"}], where known\n\n" +
			"A row that cannot be used is counted and told on standard error with its line; with --strict it is a failure.\n" +
			"Files may be packed with gzip. With --cases every folder in DIR that holds a symptom.json is a case; --out then\n" +
			"gets one JSON document a case, <case>.json.",
		Example: "  starter analyze --case recordings/monday\n" +
			"  starter analyze --case recordings/monday --json\n" +
			"  starter analyze --cases recordings --out rankings",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.json = wantsJSON(cmd)
			if err := o.check(cmd.Flags().Changed("top")); err != nil {
				return err
			}
			if o.several() {
				return runAnalyzeSeveral(cmd, o)
			}
			return runAnalyze(cmd, o)
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&o.dirs, "case", nil, "case `folder`; may be given more than once")
	f.StringVar(&o.cases, "cases", "", "`folder` of case folders")
	f.StringVar(&o.out, "out", "", "`folder` for one JSON document a case")
	f.IntVar(&o.top, "top", shownSuspects, "suspects that are shown; 0 for all, which --json has without it")
	f.BoolVar(&o.strict, "strict", false, "fail when a row cannot be used")
	return cmd
}

// check finds mistakes in the call.
func (o *analyzeOptions) check(limited bool) error {
	if len(o.dirs) == 0 && o.cases == "" {
		return usagef("which case? Give --case DIR, or --cases DIR for a folder of them")
	}
	if len(o.dirs) > 0 && o.cases != "" {
		return usagef("give --case or --cases, not both")
	}
	if o.several() && o.out == "" {
		return usagef("several cases need a folder for their rankings: give --out DIR")
	}
	if o.top < 0 {
		return usagef("--top is %d; give a number of suspects, or 0 for all", o.top)
	}
	if o.json && !limited {
		o.top = 0
	}
	for _, dir := range o.dirs {
		if err := checkFolder("--case", dir); err != nil {
			return err
		}
	}
	if o.cases != "" {
		if err := checkFolder("--cases", o.cases); err != nil {
			return err
		}
	}
	return o.checkOut()
}

// checkOut refuses an --out that is a file.
func (o *analyzeOptions) checkOut() error {
	if o.out == "" {
		return nil
	}
	if o.out == stdStream {
		return usagef("--out is a folder; --json prints a single case on standard output")
	}
	if info, err := os.Stat(o.out); err == nil && !info.IsDir() {
		return usagef("--out %s is a file; give a folder", o.out)
	}
	return nil
}

// checkFolder refuses what is no folder.
func checkFolder(flag, dir string) error {
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return usagef("%s %s: there is no such folder", flag, dir)
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", flag, err)
	}
	if !info.IsDir() {
		return usagef("%s %s is a file; give the folder that holds %s and %s", flag, dir, metricsFile, symptomFile)
	}
	return nil
}

// caseName is what a case is called: its folder.
func caseName(dir string) string { return filepath.Base(absolute(dir)) }

// runAnalyze ranks the suspects of one case.
func runAnalyze(cmd *cobra.Command, o analyzeOptions) error {
	dir := o.dirs[0]
	track := newTracker(cmd.ErrOrStderr(), "row", "rows", filepath.Join(dir, metricsFile))
	read, err := readCase(cmd.Context(), dir, track)
	track.finish()
	tellProblems(cmd.ErrOrStderr(), []seriesReport{read.rows})
	if err == nil {
		err = read.checkStrict(o.strict)
	}
	if err != nil {
		return fmt.Errorf("read case %s: %w", dir, err)
	}
	report := newAnalysis(read, o.top)
	if o.out != "" {
		if err := report.write(o.out); err != nil {
			return err
		}
	}
	if o.json {
		return printJSON(cmd.OutOrStdout(), report)
	}
	return report.print(cmd.OutOrStdout())
}
