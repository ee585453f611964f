package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"firebreak/internal/detect"
	"firebreak/internal/detect/backtest"
)

// forecastReport is the JSON document of `detect forecast`.
type forecastReport struct {
	Sensitivity detect.Sensitivity `json:"sensitivity"`
	Limit       float64            `json:"limit"`
	Series      []forecastSeries   `json:"series"` // sorted by file
	Total       backtest.Summary   `json:"total"`  // of the series without an error
	Failed      int                `json:"failed"` // series with an error
}

// forecastSeries is what was found in one file.
type forecastSeries struct {
	File     string   `json:"file"`
	Rows     int      `json:"rows"`     // read
	Missing  int      `json:"missing"`  // without a value
	Bad      int      `json:"bad"`      // that cannot be used
	Problems []badRow `json:"problems"` // of bad rows and of the header, at most 100
	Untold   int      `json:"problems_not_listed,omitempty"`
	Error    string   `json:"error,omitempty"`

	backtest.Result

	Summary backtest.Summary `json:"summary"`

	rows seriesReport // what is wrong with rows, as for `detect metrics`
}

func newForecastReport(o forecastOptions, series []forecastSeries) forecastReport {
	r := forecastReport{Sensitivity: o.sensitivity, Limit: o.limit, Series: series}
	var good []backtest.Result
	for _, s := range series {
		if s.Error != "" {
			r.Failed++
			continue
		}
		good = append(good, s.Result)
	}
	r.Total = backtest.Summarise(good...)
	return r
}

// print tells what was wrong with rows on standard error and the result on
// standard output. It fails when a series did.
func (r forecastReport) print(cmd *cobra.Command, o forecastOptions) error {
	var rows []seriesReport
	var failed []error
	for _, s := range r.Series {
		rows = append(rows, s.rows)
		if s.Error != "" {
			failed = append(failed, fmt.Errorf("test %s: %s", inputName(s.File), s.Error))
		}
	}
	tellProblems(cmd.ErrOrStderr(), rows)
	var err error
	switch {
	case o.out == stdStream:
		err = errors.Join(r.events(cmd.OutOrStdout()), r.table(cmd.ErrOrStderr()))
	case o.out != "":
		err = writeWhole(o.out, r.events)
		fallthrough
	default:
		if o.json {
			err = errors.Join(err, printJSON(cmd.OutOrStdout(), r))
		} else {
			err = errors.Join(err, r.table(cmd.OutOrStdout()))
		}
	}
	return errors.Join(err, errors.Join(failed...))
}

// table is for people: a line a series, one of all, and for a single series
// what happened when.
func (r forecastReport) table(w io.Writer) error {
	if r.Failed == len(r.Series) {
		return nil // what failed is told, and there is nothing else
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "SERIES\tREACHED\tFORESEEN\tLEAD\tLEAST\tWRONG BY\tFORECASTS\tFALSE\tOPEN\tA WEEK")
	line := func(name string, s backtest.Summary) {
		week := "-"
		if s.PerWeek != nil {
			week = strconv.FormatFloat(*s.PerWeek, 'g', 2, 64)
		}
		fmt.Fprintf(tw, "%s\t%d\t%d\t%s\t%s\t%s\t%d\t%d\t%d\t%s\n", safe(name), s.Crossings, s.Foreseen, spell(s.LeadMedian), spell(s.LeadLeast),
			percent(s.ErrorMedian), s.Forecasts, s.False, s.Undecided, week)
	}
	for _, s := range r.Series {
		if s.Error == "" {
			line(s.name(), s.Summary)
		}
	}
	if len(r.Series) > 1 {
		line("all", r.Total)
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	if len(r.Series) > 1 || r.Failed > 0 {
		return nil
	}
	listed := r.Series[0].happened()
	for _, e := range listed[:min(len(listed), maxToldOnError)] {
		if _, err := fmt.Fprintf(w, "  %s\n", shorten(e.line(), maxWidth)); err != nil {
			return err
		}
	}
	if more := len(listed) - maxToldOnError; more > 0 {
		if _, err := fmt.Fprintf(w, "  ... and %d more; --json or --out lists them\n", more); err != nil {
			return err
		}
	}
	return nil
}

// name is the series as its metric and service, else as its file.
func (s *forecastSeries) name() string {
	name := inputName(filepath.Base(s.File))
	if s.Metric != "value" {
		name = s.Metric + " of " + s.Service
	}
	return shorten(name, 40)
}

// happening is a forecast or a crossing; the other is nil.
type happening struct {
	at       time.Time
	forecast *backtest.Forecast
	crossing *backtest.Crossing
}

// happened puts forecasts and crossings in the order of time.
func (s *forecastSeries) happened() []happening {
	var out []happening
	for i := range s.Forecasts {
		out = append(out, happening{at: s.Forecasts[i].Told, forecast: &s.Forecasts[i]})
	}
	for i := range s.Crossings {
		out = append(out, happening{at: s.Crossings[i].At, crossing: &s.Crossings[i]})
	}
	slices.SortStableFunc(out, func(a, b happening) int { return a.at.Compare(b.at) })
	return out
}

func (e happening) line() string {
	if f := e.forecast; f != nil {
		told := fmt.Sprintf("%s  forecast, %s: in %s (%s to %s), from %.4g", stamp(e.at), f.Outcome, spell(&f.Seconds), spell(&f.Soonest), spell(&f.Latest), f.Value)
		if f.Reached != nil {
			took := f.Reached.Sub(f.Told).Seconds()
			told += "; it took " + spell(&took)
		}
		return told
	}
	c := e.crossing
	if c.Outcome != backtest.Foreseen {
		return fmt.Sprintf("%s  reached, %s: %.4g", stamp(e.at), c.Outcome, c.Value)
	}
	return fmt.Sprintf("%s  reached, %s %s before: %.4g", stamp(e.at), c.Outcome, spell(&c.Lead), c.Value)
}

// eventsHeader begins a file of events.
const eventsHeader = "file,timestamp,event,outcome,value,seconds,soonest_seconds,latest_seconds,reached,lead_seconds,forecast"

// holdsEvents tells whether a file is one of events.
func holdsEvents(file string) (bool, error) {
	f, err := os.Open(file)
	if err != nil {
		return false, err
	}
	defer f.Close()
	head, err := io.ReadAll(io.LimitReader(f, int64(len(eventsHeader))))
	return string(head) == eventsHeader, err
}

// events writes one CSV row for every forecast and every crossing.
func (r forecastReport) events(w io.Writer) error {
	rows := csv.NewWriter(w)
	_ = rows.Write(strings.Split(eventsHeader, ","))
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	for _, s := range r.Series {
		for _, e := range s.happened() {
			at := e.at.UTC().Format(time.RFC3339Nano)
			if f := e.forecast; f != nil {
				reached := ""
				if f.Reached != nil {
					reached = f.Reached.UTC().Format(time.RFC3339Nano)
				}
				_ = rows.Write([]string{
					s.File, at, "forecast", string(f.Outcome), number(f.Value), number(f.Seconds), number(f.Soonest), number(f.Latest), reached, "", f.ID,
				})
				continue
			}
			c, lead := e.crossing, ""
			if c.Outcome == backtest.Foreseen {
				lead = number(c.Lead)
			}
			_ = rows.Write([]string{s.File, at, "reached", string(c.Outcome), number(c.Value), "", "", "", "", lead, c.Forecast})
		}
	}
	rows.Flush()
	if err := rows.Error(); err != nil {
		return fmt.Errorf("write events: %w", err)
	}
	return nil
}

// spell writes seconds for people; nil is none.
func spell(seconds *float64) string {
	if seconds == nil {
		return "-"
	}
	d := time.Duration(*seconds * float64(time.Second))
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < 2*time.Hour:
		return fmt.Sprintf("%.0f min", d.Minutes())
	case d < 48*time.Hour:
		return fmt.Sprintf("%.1f h", d.Hours())
	default:
		return fmt.Sprintf("%.1f days", d.Hours()/24)
	}
}

func percent(share *float64) string {
	if share == nil {
		return "-"
	}
	return fmt.Sprintf("%.0f %%", 100**share)
}
