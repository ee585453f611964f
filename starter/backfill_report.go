package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

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

func (r backfillReport) table(w io.Writer) error {
	tw := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	if len(r.Incidents) > 0 {
		fmt.Fprintln(tw, "INCIDENT\tSERVICE\tSEVERITY\tOPENED\tLASTED\tANOMALIES\tSTATE\tWHY")
	}
	for _, f := range r.Incidents {
		lasted := "open at the end"
		if !f.Ended.IsZero() {
			lasted = f.Ended.Sub(f.Opened).Round(time.Second).String()
		}
		state := f.State
		if f.Status != "" {
			state += ", " + string(f.Status)
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%d\t%s\t%s\n", f.ID, safe(f.Service), f.Severity, f.Opened.Format(time.RFC3339),
			lasted, f.Anomalies, safe(state), safe(shorten(f.Why, 90)))
	}
	fmt.Fprintf(tw, "\nbackfill %s: %d rows and records from %s to %s gave %d signals (%d bad, %d missing, %d repeated), %d anomalies, %d incidents",
		r.Name, r.Rows, r.First.Format(time.RFC3339), r.Last.Format(time.RFC3339), r.Signals, r.Bad, r.Missing, r.Repeated, r.Anomalies, len(r.Incidents))
	if r.DryRun {
		fmt.Fprintln(tw, "; dry run, nothing was started")
	} else {
		fmt.Fprintf(tw, "; %d started, %d already there\n", r.Started, r.There)
	}
	return tw.Flush()
}

func shorten(s string, limit int) string {
	runes := []rune(s)
	if len(runes) <= limit {
		return s
	}
	return string(runes[:limit-1]) + "…"
}

// progress shows how far a backfill is, on standard error: a bar that is drawn
// over on a terminal, else a line now and then.
type progress struct {
	w     io.Writer
	tty   bool
	told  time.Time
	drawn bool
}

func newProgress(w io.Writer) *progress {
	f, ok := w.(*os.File)
	return &progress{w: w, tty: ok && term.IsTerminal(int(f.Fd()))}
}

func (p *progress) reading(file string, rows int) {
	p.show(fmt.Sprintf("reading %s, %d rows so far", safe(file), rows))
}

func (p *progress) replaying(done, all int, now time.Time) {
	const width = 24
	full := done * width / max(all, 1)
	p.show(fmt.Sprintf("[%s%s] %d of %d signals, %s", strings.Repeat("#", full), strings.Repeat(".", width-full), done, all, now.Format(time.RFC3339)))
}

func (p *progress) following(open int, text string) {
	p.show(fmt.Sprintf("%d incidents are open; %s", open, text))
}

func (p *progress) show(line string) {
	pause := 5 * time.Second
	if p.tty {
		pause = 100 * time.Millisecond
	}
	if time.Since(p.told) < pause {
		return
	}
	p.told = time.Now()
	if p.tty {
		fmt.Fprintf(p.w, "\r\x1b[K%s", line)
		p.drawn = true
		return
	}
	fmt.Fprintln(p.w, line)
}

// done clears the bar.
func (p *progress) done() {
	if p.drawn {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.drawn = false
	}
}
