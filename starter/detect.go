package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"firebreak/internal/detect"
	"firebreak/internal/incident"
)

// newDetectCommand groups the detectors on files.
func newDetectCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "detect",
		Short: "Run the detectors on files, without Temporal and without a configuration",
	}
	cmd.AddCommand(newDetectMetricsCommand(), newForecastCommand(), newDetectLogsCommand())
	return cmd
}

// stdStream is the name of standard input and output among files.
const stdStream = "-"

// detectOptions are what `detect metrics` was asked for.
type detectOptions struct {
	in          string // file, folder or stdStream
	out         string // file, folder, stdStream, or empty for no scores
	plot        string // PNG file, or empty
	folder      bool   // in is a folder
	json        bool
	sensitivity detect.Sensitivity
	role        incident.MetricRole // empty: both directions are trouble
	limit       float64             // 0 for none
}

// metricRoles are what --role takes.
var metricRoles = []string{
	string(incident.RoleErrors), string(incident.RoleLatency), string(incident.RoleSaturation), string(incident.RoleRequests), string(incident.RoleHealth),
}

// newDetectMetricsCommand runs the shipped metric detectors over series in
// files, one engine a series.
func newDetectMetricsCommand() *cobra.Command {
	var o detectOptions
	var sensitivity, role string
	cmd := &cobra.Command{
		Use:   "metrics --in FILE.csv --out SCORES.csv",
		Short: "Score every row of a metric series, and say where an alert would be sent",
		Long: "detect metrics reads timestamp,value rows with a header. A time is YYYY-MM-DD HH:MM:SS in UTC, RFC 3339 or\n" +
			"seconds since 1970; an empty value is missing. It runs them through the engine that the worker runs, one engine a\n" +
			"series, and writes one row for every row read: timestamp,value,anomaly_score,anomaly. The score is in [0,1] and\n" +
			"depends on this row and earlier ones only; anomaly is 1 on the row at which an alert would be sent.\n\n" +
			"A row that cannot be used, that has no value, or that is not later than the one before keeps its place, with the\n" +
			"latest score; what is wrong is told on standard error with its line. Input may be packed with gzip. \"-\" is\n" +
			"standard input or output.\n\n" +
			"With a folder as --in, every *.csv below it is a series; --out is then a folder, which gets the scores under the\n" +
			"same names and a page with a picture of each series, index.html.",
		Example: "  starter detect metrics --in cpu.csv --out scores.csv --plot cpu.png\n" +
			"  starter detect metrics --in disk.csv --out scores.csv --role saturation --limit 90\n" +
			"  starter detect metrics --in recordings --out scores --sensitivity quiet\n" +
			"  gunzip -c cpu.csv.gz | starter detect metrics --in - --out - | grep ',1$'",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.sensitivity, o.role, o.json = detect.Sensitivity(sensitivity), incident.MetricRole(role), wantsJSON(cmd)
			if err := o.check(cmd.Flags().Changed("limit")); err != nil {
				return err
			}
			if o.folder {
				return runDetectFolder(cmd, o)
			}
			return runDetectFile(cmd, o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.in, "in", "", "series to read: a CSV file, a folder of them, or - for standard input")
	f.StringVar(&o.out, "out", "", "where the scores go: a file, a folder when --in is one, or - for standard output")
	f.StringVar(&o.plot, "plot", "", "draw the series with band, score and anomalies into this PNG file")
	f.StringVar(&sensitivity, "sensitivity", string(detect.Sensitive), strings.Join(detect.Sensitivities(), ", "))
	f.StringVar(&role, "role", "", "what is measured, which gives the direction that is trouble: "+strings.Join(metricRoles, ", ")+" (default: both directions)")
	f.Float64Var(&o.limit, "limit", 0, "value that a series of role saturation must not reach; tells early when it will")
	_ = cmd.MarkFlagRequired("in")
	return cmd
}

// check finds mistakes in the call, and whether a folder is meant.
func (o *detectOptions) check(limited bool) error {
	if err := checkSensitivity(o.sensitivity); err != nil {
		return err
	}
	if o.role != "" && !slices.Contains(metricRoles, string(o.role)) {
		return usagef("--role is %q, none of %s", o.role, strings.Join(metricRoles, ", "))
	}
	if limited && o.role != incident.RoleSaturation {
		return usagef("--limit is for --role saturation: a forecast needs something that fills up")
	}
	if limited {
		if err := checkMetricLimit(o.limit); err != nil {
			return err
		}
	}
	if o.out == "" && o.plot == "" && !o.json {
		return usagef("where shall the scores go? Give --out FILE or --out -, or --plot or --json without it")
	}
	if o.json && o.out == stdStream {
		return usagef("--json and --out - would both write to standard output")
	}
	var err error
	if o.folder, err = inputIsFolder(o.in); err != nil {
		return err
	}
	if o.folder {
		return o.checkFolder()
	}
	if o.plot == stdStream {
		return usagef("--plot needs a file")
	}
	return checkFiles(o.in, map[string]string{"out": o.out, "plot": o.plot})
}

// checkFolder is check for what only a folder has.
func (o *detectOptions) checkFolder() error {
	if o.plot != "" {
		return usagef("--plot is for one series; a folder gets a page with all of them, index.html in --out")
	}
	if o.out == "" || o.out == stdStream {
		return usagef("--in %s is a folder; give a folder as --out", o.in)
	}
	if info, err := os.Stat(o.out); err == nil && !info.IsDir() {
		return usagef("--in %s is a folder and --out %s is none", o.in, o.out)
	}
	if sameFile(o.in, o.out) {
		return usagef("--out would overwrite the series in --in %s", o.in)
	}
	return nil
}

// sameFile tells whether two paths lead to the same file or folder.
func sameFile(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y) && x.Mode()&(fs.ModeDevice|fs.ModeNamedPipe) == 0
}

// seriesName takes the service and the metric out of a file's name,
// <service>__<metric>.csv, packed or not; other names are taken as that of the
// service.
func seriesName(file string) (service, metric string) {
	if file == stdStream {
		return "standard input", "value"
	}
	base := strings.TrimSuffix(filepath.Base(file), ".gz")
	base = strings.TrimSuffix(base, filepath.Ext(base))
	if service, metric, ok := strings.Cut(base, "__"); ok && service != "" && metric != "" {
		return service, metric
	}
	return base, "value"
}
