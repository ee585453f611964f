package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"firebreak/internal/correlate"
	"firebreak/internal/detect"
	"firebreak/internal/incident"
)

// backfillReport is the JSON document of a backfill.
type backfillReport struct {
	Name      string             `json:"name"`
	Source    string             `json:"source"`
	DryRun    bool               `json:"dry_run"`
	Mode      correlate.Mode     `json:"mode"`
	Effects   incident.Effects   `json:"effects"`
	First     time.Time          `json:"first"` // event time of the earliest signal
	Last      time.Time          `json:"last"`
	Rows      int                `json:"rows"` // rows and records read
	Signals   int                `json:"signals"`
	Missing   int                `json:"missing"`  // rows without a value
	Repeated  int                `json:"repeated"` // signals delivered again
	Bad       int                `json:"bad"`      // rows and records that could not be used, or not all of it
	Problems  []badRow           `json:"problems"` // of them, at most 100
	Anomalies int                `json:"anomalies"`
	Incidents []foundIncident    `json:"incidents"`
	Started   int                `json:"started"`
	There     int                `json:"already_there"`
	Detector  detect.Stats       `json:"detector"`
	Correlate correlate.Counters `json:"correlator"`
}

// maxShown bounds the problems that a report lists.
const maxShown = 100

func (r replayed) print(cmd *cobra.Command, o backfillOptions, rec recording) error {
	report := backfillReport{
		Name: o.name, Source: "file:" + o.folder, DryRun: o.dryRun, Mode: o.mode, Effects: o.effects, First: r.first, Last: r.last,
		Rows: rec.rows, Signals: len(rec.signals), Missing: rec.missing, Repeated: rec.repeated,
		Bad: len(rec.problems), Problems: append([]badRow{}, rec.problems[:min(len(rec.problems), maxShown)]...),
		Anomalies: r.anomalies, Incidents: append([]foundIncident{}, r.incidents...), Detector: r.stats, Correlate: r.counters,
	}
	for _, f := range r.incidents {
		switch f.State {
		case stateStarted:
			report.Started++
		case stateThere:
			report.There++
		}
	}
	for i, p := range rec.problems {
		if i == 20 {
			fmt.Fprintf(cmd.ErrOrStderr(), "... and %d rows more; --json lists %d\n", len(rec.problems)-i, maxShown)
			break
		}
		fmt.Fprintln(cmd.ErrOrStderr(), safe(p.String()))
	}
	if wantsJSON(cmd) {
		return printJSON(cmd.OutOrStdout(), report)
	}
	return report.table(cmd.OutOrStdout())
}

// table writes one incident on two lines, what and why, and a last line of sums.
func (r backfillReport) table(w io.Writer) error {
	var rows bytes.Buffer
	tw := tabwriter.NewWriter(&rows, 0, 4, 2, ' ', 0)
	fmt.Fprintln(tw, "INCIDENT\tSERVICE\tSEVERITY\tOPENED\tLASTED\tANOMALIES\tSTATE")
	for _, f := range r.Incidents {
		lasted := "open at the end"
		if !f.Ended.IsZero() {
			lasted = f.Ended.Sub(f.Opened).Round(time.Second).String()
		}
		state := f.State
		if f.Status != "" {
			state += ", " + string(f.Status)
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%d\t%s\n", f.ID, safe(f.Service), f.Severity, stamp(f.Opened), lasted, f.Anomalies, safe(state))
	}
	if err := tw.Flush(); err != nil {
		return fmt.Errorf("lay out the table: %w", err)
	}
	var b strings.Builder
	if len(r.Incidents) > 0 {
		lines := strings.SplitAfter(rows.String(), "\n")
		b.WriteString(lines[0])
		for i, f := range r.Incidents {
			b.WriteString(lines[i+1])
			fmt.Fprintf(&b, "    %s\n", shorten(safe(f.Why), maxWidth-4))
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "backfill %s: %s from %s to %s gave %s\n(%d bad, %d missing, %d repeated), %s, %s; ", r.Name,
		incident.Count(r.Rows, "row or record", "rows and records"), stamp(r.First), stamp(r.Last), incident.Count(r.Signals, "signal", "signals"),
		r.Bad, r.Missing, r.Repeated, incident.Count(r.Anomalies, "anomaly", "anomalies"), incident.Count(len(r.Incidents), "incident", "incidents"))
	if r.DryRun {
		b.WriteString("dry run, nothing was started\n")
	} else {
		fmt.Fprintf(&b, "%d started, %d already there\n", r.Started, r.There)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// shorten cuts text to so many runes, the last of which says that it was cut.
func shorten(s string, limit int) string {
	runes := []rune(s)
	if len(runes) <= limit {
		return s
	}
	return string(runes[:max(limit-1, 0)]) + "…"
}
