package main

import (
	"strings"

	"github.com/spf13/cobra"

	"firebreak/internal/detect"
)

// forecastOptions are what `detect forecast` was asked for.
type forecastOptions struct {
	in          string // file, folder or stdStream
	out         string // CSV file, stdStream, or empty
	folder      bool   // in is a folder
	json        bool
	sensitivity detect.Sensitivity
	limit       float64
}

// newForecastCommand back-tests the shipped forecasts on series in files.
func newForecastCommand() *cobra.Command {
	var o forecastOptions
	var sensitivity string
	cmd := &cobra.Command{
		Use:   "forecast --in FILE.csv --limit N",
		Short: "Replay a recorded series and say how early its limit would have been foreseen",
		Long: "detect forecast reads timestamp,value rows as detect metrics does, one engine a series, and asks what the worker's\n" +
			"forecasts would have been worth with this limit: which times the limit was reached were foreseen and how long\n" +
			"before, how far the told time was from the real one, and how many forecasts came to nothing.\n\n" +
			"Reaching the limit is a value at or above it after the series was below; it counts again only after three values\n" +
			"in a row that are 5 % below. Reaching it again in a trouble that was told counts as repeated. A forecast is false\n" +
			"when the limit is reached neither within its own latest time and a half of that more nor later while it is still\n" +
			"open. What somebody acted on in time looks false, too: a recording does not tell.\n\n" +
			"With a folder as --in, every *.csv below it is a series with the same limit. --out gets one CSV row for every\n" +
			"forecast and for every time that the limit was reached.",
		Example: "  starter detect forecast --in queue-depth.csv --limit 5000\n" +
			"  starter detect forecast --in disks --limit 90 --out events.csv\n" +
			"  starter detect forecast --in memory.csv --limit 2e9 --sensitivity sensitive --json",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.sensitivity, o.json = detect.Sensitivity(sensitivity), wantsJSON(cmd)
			if err := o.check(); err != nil {
				return err
			}
			return runForecast(cmd, o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.in, "in", "", "series to read: a CSV file, a folder of them, or - for standard input")
	f.Float64Var(&o.limit, "limit", 0, "value that must not be reached, in the unit of the series")
	f.StringVar(&o.out, "out", "", "CSV `file` for what happened when, or - for standard output")
	f.StringVar(&sensitivity, "sensitivity", string(detect.Quiet), strings.Join(detect.Sensitivities(), ", "))
	_ = cmd.MarkFlagRequired("in")
	_ = cmd.MarkFlagRequired("limit")
	return cmd
}

// check finds mistakes in the call, and whether a folder is meant.
func (o *forecastOptions) check() error {
	if err := checkSensitivity(o.sensitivity); err != nil {
		return err
	}
	if err := checkMetricLimit(o.limit); err != nil {
		return err
	}
	if o.json && o.out == stdStream {
		return usagef("--json and --out - would both write to standard output")
	}
	var err error
	if o.folder, err = inputIsFolder(o.in); err != nil {
		return err
	}
	return checkFiles(o.in, map[string]string{"out": o.out})
}
