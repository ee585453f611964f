package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"firebreak/internal/incident"
)

func newDetectReport(o detectOptions, series []seriesReport) detectReport {
	r := detectReport{Sensitivity: o.sensitivity, Role: o.role, Limit: o.limit, Series: series}
	for _, s := range series {
		if s.Error != "" {
			r.Failed++
		}
	}
	return r
}

// print tells what was wrong with rows on standard error and the result on
// standard output, unless that is where the scores went. It fails when a series
// did.
func (r detectReport) print(cmd *cobra.Command, o detectOptions) error {
	tellProblems(cmd.ErrOrStderr(), r.Series)
	var err error
	switch {
	case o.json:
		err = printJSON(cmd.OutOrStdout(), r)
	case o.out == stdStream:
		err = r.table(cmd.ErrOrStderr())
	default:
		err = r.table(cmd.OutOrStdout())
	}
	if err != nil {
		return err
	}
	return failures(r.Series)
}

// tellProblems lists the first bad rows of all series and counts the rest.
func tellProblems(w io.Writer, series []seriesReport) {
	told, more := 0, 0
	for _, s := range series {
		for _, p := range s.Problems {
			if told == maxToldOnError {
				more++
				continue
			}
			told++
			p.File = inputName(p.File)
			fmt.Fprintln(w, safe(p.String()))
		}
		more += s.Untold
	}
	if more > 0 {
		fmt.Fprintf(w, "... and %d more of that kind; --json lists %d a series\n", more, maxBadRows)
	}
	for _, s := range series {
		if s.Late > 0 && told < 2*maxToldOnError {
			told++
			fmt.Fprintf(w, "%s:%d: %s not later than the newest before, the first here: late or a duplicate, with no effect\n", safe(inputName(s.File)), s.LateLine, incident.Count(s.Late, "row is", "rows are"))
		}
	}
}

// table writes the alerts of each series, and a last line of sums.
func (r detectReport) table(w io.Writer) error {
	rows, alerts := 0, 0
	for _, s := range r.Series {
		rows, alerts = rows+s.Rows, alerts+s.Alerts
		if s.Error != "" {
			continue
		}
		if _, err := fmt.Fprintf(w, "%s: %s, %s\n", safe(inputName(s.File)), incident.Count(s.Rows, "row", "rows"), incident.Count(s.Alerts, "alert", "alerts")); err != nil {
			return err
		}
		if len(r.Series) > 1 {
			continue
		}
		for _, e := range s.Episodes[:min(len(s.Episodes), maxToldOnError)] {
			lines := wrap(e.line(), widthOf(w)-4)
			if _, err := fmt.Fprintf(w, "  %s\n", strings.Join(lines, "\n    ")); err != nil {
				return err
			}
		}
		if more := s.Alerts - maxToldOnError; more > 0 {
			if _, err := fmt.Fprintf(w, "  ... and %d more; --json lists them\n", more); err != nil {
				return err
			}
		}
	}
	if len(r.Series) < 2 {
		return nil
	}
	_, err := fmt.Fprintf(w, "%s: %s, %s\n", incident.Count(len(r.Series), "series", "series"), incident.Count(rows, "row", "rows"), incident.Count(alerts, "alert", "alerts"))
	return err
}
