package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"firebreak/internal/incident"
)

// maxToldTemplates is how many templates of one log are shown, the most frequent
// ones.
const maxToldTemplates = 20

// print writes the result to standard output, unless that is where something
// else went. It fails when a log did.
func (r logReport) print(cmd *cobra.Command, o logOptions) error {
	var err error
	switch {
	case o.json:
		err = printJSON(cmd.OutOrStdout(), r)
	case o.out == stdStream, o.anomalies == stdStream:
		err = r.table(cmd.ErrOrStderr())
	default:
		err = r.table(cmd.OutOrStdout())
	}
	if err != nil {
		return err
	}
	return r.failure()
}

// failure tells how many logs failed, and the first of them.
func (r logReport) failure() error {
	for _, l := range r.Logs {
		if l.Error != "" {
			return fmt.Errorf("%s of %d failed, the first: %s: %s", incident.Count(r.Failed, "log", "logs"), len(r.Logs), l.File, l.Error)
		}
	}
	return nil
}

// table writes a line for each log, and the templates and alerts of a single
// one.
func (r logReport) table(w io.Writer) error {
	var b strings.Builder
	lines, alerts := 0, 0
	for _, l := range r.Logs {
		if l.Error != "" {
			continue
		}
		lines += l.Lines
		fmt.Fprintf(&b, "%s: %s\n", safe(inputName(l.File)), l.summary())
		if l.Anomalies != nil {
			alerts += l.Anomalies.Alerts
		}
		if len(r.Logs) == 1 {
			l.list(&b, widthOf(w))
		}
	}
	if len(r.Logs) > 1 {
		fmt.Fprintf(&b, "%s: %s", incident.Count(len(r.Logs), "log", "logs"), incident.Count(lines, "line", "lines"))
		if r.Sensitivity != "" {
			fmt.Fprintf(&b, ", %s", incident.Count(alerts, "alert", "alerts"))
		}
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// summary is the log in numbers.
func (l logFileReport) summary() string {
	parts := []string{incident.Count(l.Lines, "line", "lines").String()}
	if l.Shortened > 0 {
		parts = append(parts, incident.Count(l.Shortened, "line longer than 16 MiB", "lines longer than 16 MiB").String())
	}
	if m := l.Mined; m != nil {
		parts = append(parts, incident.Count(m.Templates, "template", "templates").String())
		if m.GivenUp > 0 {
			parts = append(parts, fmt.Sprintf("%d given up for others", m.GivenUp))
		}
	}
	if a := l.Anomalies; a != nil {
		if a.Timed > 0 {
			parts = append(parts, fmt.Sprintf("%s to %s", stamp(a.First), stamp(a.Last)))
		}
		if a.Passed > 0 {
			parts = append(parts, fmt.Sprintf("%s before the first time passed over", incident.Count(a.Passed, "line", "lines")))
		}
		if a.Misdated > 0 {
			parts = append(parts, fmt.Sprintf("%s with a wrong time", incident.Count(a.Misdated, "line", "lines")))
		}
		if a.Late > 0 {
			parts = append(parts, fmt.Sprintf("%s late", incident.Count(int(a.Late), "line", "lines")))
		}
		parts = append(parts, incident.Count(a.Alerts, "alert", "alerts").String())
	}
	return strings.Join(parts, ", ")
}

// list shows the most frequent templates and the first alerts.
func (l logFileReport) list(b *strings.Builder, width int) {
	shown := l.Templates[:min(len(l.Templates), maxToldTemplates)]
	column := 0
	if len(shown) > 0 {
		column = len(fmt.Sprint(shown[0].Count))
	}
	for _, t := range shown {
		text := []rune(cmp.Or(safe(t.Text), "(nothing)"))
		if room := max(width-column-4, 20); len(text) > room {
			text = append(text[:room-1], '…')
		}
		fmt.Fprintf(b, "  %*d  %s\n", column, t.Count, string(text))
	}
	if more := len(l.Templates) - len(shown); more > 0 {
		fmt.Fprintf(b, "  ... and %d more; --json lists them\n", more)
	}
	if l.Anomalies == nil {
		return
	}
	for _, e := range l.Anomalies.Episodes[:min(len(l.Anomalies.Episodes), maxToldOnError)] {
		lines := wrap(e.line(), width-4)
		fmt.Fprintf(b, "  %s\n", strings.Join(lines, "\n    "))
	}
	if more := l.Anomalies.Alerts - maxToldOnError; more > 0 {
		fmt.Fprintf(b, "  ... and %d more; --json lists them\n", more)
	}
}
