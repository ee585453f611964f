package main

import (
	"os"
	"strings"

	"github.com/spf13/cobra"

	"firebreak/internal/detect"
)

// logOptions are what `detect logs` was asked for.
type logOptions struct {
	in          string // file, folder or stdStream
	out         string // file, folder, stdStream, or empty for no rows
	anomalies   string // file, stdStream, or empty
	plot        string // PNG file, or empty
	folder      bool   // in is a folder
	json        bool
	sensitivity detect.Sensitivity
}

// newDetectLogsCommand mines the templates of logs in files, and runs the
// shipped log detectors over them.
func newDetectLogsCommand() *cobra.Command {
	var o logOptions
	var sensitivity string
	cmd := &cobra.Command{
		Use:   "logs --in FILE.log --out FILE.csv",
		Short: "Tell the template of every line of a log, and what was unusual",
		Long: "detect logs reads one message a line; every line is a message of its own, also an empty one. It writes one row for\n" +
			"every line: line,template_id,template, lines counted from 1, what varies as <*>. Templates are found as the worker\n" +
			"finds them. A line's template can grow more general while more lines are read, so the rows are written at the end,\n" +
			"with the ids and texts of then. A line is taken as it stands; of a JSON or logfmt line that has a message, the\n" +
			"message is taken.\n\n" +
			"--anomalies runs the lines through the engine that the worker runs, by the times that they carry, and writes its\n" +
			"episodes as JSON: templates never seen before, rates, templates that stopped, ratios and values out of their bands.\n" +
			"Lines without a time have that of the line before; a stack trace counts as one event with the line above it.\n" +
			"--plot draws them over the lines of each level.\n\n" +
			"Input may be packed with gzip. \"-\" is standard input or output. With a folder as --in, every *.log and *.log.gz\n" +
			"in and below it is a log of its own; --out is then a folder, which gets a CSV for each.",
		Example: "  starter detect logs --in app.log --out templates.csv\n" +
			"  starter detect logs --in app.log.gz --anomalies anomalies.json --plot app.png\n" +
			"  starter detect logs --in logs --out templates --json > summary.json\n" +
			"  kubectl logs checkout-7d9 | starter detect logs --in - --out templates.csv",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.sensitivity, o.json = detect.Sensitivity(sensitivity), wantsJSON(cmd)
			if err := o.check(cmd.Flags().Changed("sensitivity")); err != nil {
				return err
			}
			return runDetectLogs(cmd, o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.in, "in", "", "log to read: a file with one message a line, a folder of *.log files, or - for standard input")
	f.StringVar(&o.out, "out", "", "where the rows go: a CSV file, a folder when --in is one, or - for standard output")
	f.StringVar(&o.anomalies, "anomalies", "", "find anomalies by the times in the lines, and write them as JSON to this file, or - for standard output")
	f.StringVar(&o.plot, "plot", "", "find anomalies as well, and draw lines by level with them into this PNG file")
	f.StringVar(&sensitivity, "sensitivity", string(detect.Sensitive), "of the anomalies: "+strings.Join(detect.Sensitivities(), ", "))
	_ = cmd.MarkFlagRequired("in")
	return cmd
}

// check finds mistakes in the call, and whether a folder is meant.
func (o *logOptions) check(graded bool) error {
	if err := checkSensitivity(o.sensitivity); err != nil {
		return err
	}
	if graded && !o.watches() {
		return usagef("--sensitivity is for --anomalies and --plot; templates know none")
	}
	if o.out == "" && !o.watches() && !o.json {
		return usagef("where shall the rows go? Give --out FILE or --out -, or --anomalies, --plot or --json without it")
	}
	if o.plot == stdStream {
		return usagef("--plot needs a file")
	}
	var toStdout []string
	for _, c := range []struct {
		flag string
		used bool
	}{{"--json", o.json}, {"--out -", o.out == stdStream}, {"--anomalies -", o.anomalies == stdStream}} {
		if c.used {
			toStdout = append(toStdout, c.flag)
		}
	}
	if len(toStdout) > 1 {
		return usagef("%s would all write to standard output", strings.Join(toStdout, " and "))
	}
	var err error
	if o.folder, err = inputIsFolder(o.in); err != nil {
		return err
	}
	files := map[string]string{"anomalies": o.anomalies, "plot": o.plot}
	if o.folder {
		if err := o.checkFolder(); err != nil {
			return err
		}
	} else {
		files["out"] = o.out
	}
	return checkFiles(o.in, files)
}

// watches tells whether the engine is to look at the lines.
func (o *logOptions) watches() bool { return o.anomalies != "" || o.plot != "" }

// checkFolder is check for what only a folder has.
func (o *logOptions) checkFolder() error {
	if o.plot != "" {
		return usagef("--plot is for one log; --in %s is a folder", o.in)
	}
	if o.out == stdStream {
		return usagef("--in %s is a folder; give a folder as --out", o.in)
	}
	if info, err := os.Stat(o.out); o.out != "" && err == nil && !info.IsDir() {
		return usagef("--in %s is a folder and --out %s is none", o.in, o.out)
	}
	return nil
}
