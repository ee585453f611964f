package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	"firebreak/internal/incident"
	"firebreak/internal/rootcause"
)

// The reasons are shown of so many suspects, and of those behind the first only
// from a score on.
const (
	toldSuspects = 3
	toldScore    = 0.05
)

// print shows the analysis in a terminal: the table, then the reasons of the
// first suspects, what speaks for a cause elsewhere, and what was missing.
func (a analysis) print(out io.Writer) error {
	width := widthOf(out)
	var b bytes.Buffer
	a.head(&b, width)
	if len(a.Suspects) == 0 {
		fmt.Fprintln(&b, "\nNo suspects.")
	} else {
		a.table(&b, width)
	}
	for i, s := range a.Suspects[:min(len(a.Suspects), toldSuspects)] {
		if i == 0 || s.Score >= toldScore {
			a.tell(&b, i, width)
		}
	}
	fmt.Fprintln(&b)
	paragraph(&b, "outside  ", fmt.Sprintf("%.2f: %s", a.Outside, outsideWords(a.Outside)), width)
	for _, n := range a.Notes {
		paragraph(&b, "note     ", text(n), width)
	}
	_, err := out.Write(b.Bytes())
	return err
}

// head says what was looked at.
func (a analysis) head(b *bytes.Buffer, width int) {
	what := safe(a.Symptom.Service)
	if what == "" {
		what = "somewhere"
	}
	if a.Symptom.Metric != "" {
		what += ", " + safe(a.Symptom.Metric)
	}
	until := "still going on"
	if a.Symptom.End != nil {
		until = fmt.Sprintf("until %s", stampAfter(a.Symptom.Start, *a.Symptom.End))
	}
	paragraph(b, "symptom  ", fmt.Sprintf("%s, from %s, %s", what, stamp(a.Symptom.Start), until), width)
	r := a.Read
	parts := []string{
		incident.Count(r.Series, "series", "series").String(), incident.Count(r.Points, "point", "points").String(),
		incident.Count(r.Calls, "call between services", "calls between services").String(),
	}
	if r.Logs > 0 {
		parts = append(parts, incident.Count(r.Logs, "log pattern", "log patterns").String())
	}
	if r.Changes > 0 {
		parts = append(parts, incident.Count(r.Changes, "change", "changes").String())
	}
	paragraph(b, "read     ", strings.Join(parts, ", "), width)
}

// stampAfter leaves the date out where it is the same.
func stampAfter(first, t time.Time) string {
	if t.UTC().Format(time.DateOnly) == first.UTC().Format(time.DateOnly) {
		return t.UTC().Format(time.TimeOnly)
	}
	return stamp(t)
}

// table writes one line a suspect.
func (a analysis) table(b *bytes.Buffer, width int) {
	names, metrics := len("suspect"), len("metric")
	for _, s := range a.Suspects {
		names = max(names, min(runes(safe(s.Service)), width/3))
		metrics = max(metrics, min(runes(safe(s.Metric)), width/6))
	}
	span := a.span(sparkColumns)
	fixed := fmt.Sprintf("\n %3s  %s  %s  %5s  %8s  %9s", "#", pad("suspect", names), pad("metric", metrics), "score", "onset", "deviation")
	b.WriteString(fixed)
	room := width - runes(fixed) + 1
	sparks := room >= span.columns+3
	if sparks {
		fmt.Fprintf(b, "  %s", pad("around it", span.columns+1))
		room -= span.columns + 3
	}
	const leastPath = 14
	if room >= leastPath {
		b.WriteString("  called by")
	}
	trimRight(b)
	b.WriteByte('\n')
	for i, s := range a.Suspects {
		fmt.Fprintf(b, " %3d  %s  %s  %5.2f  %8s  %9s", i+1, pad(safe(s.Service), names), pad(safe(s.Metric), metrics), s.Score, sinceStart(s.After), deviationWords(s))
		if sparks {
			fmt.Fprintf(b, "  %s", pad(span.spark(a.main(i)), span.columns+1))
		}
		if room >= leastPath {
			fmt.Fprintf(b, "  %s", shorten(pathWords(s.Path), room-2))
		}
		trimRight(b)
		b.WriteByte('\n')
	}
}

// tell shows why a suspect is one, what speaks against it and its series.
func (a analysis) tell(b *bytes.Buffer, i, width int) {
	s := a.Suspects[i]
	fmt.Fprintf(b, "\n%d. %s\n", i+1, safe(s.Service))
	for k, why := range s.Reasons {
		paragraph(b, first(k, "   for      "), text(why), width)
	}
	if len(s.Reasons) == 0 {
		paragraph(b, "   for      ", "nothing of its own", width)
	}
	for k, not := range s.Against {
		paragraph(b, first(k, "   against  "), text(not), width)
	}
	if len(s.Path) > 1 {
		paragraph(b, "   path     ", safe(strings.Join(s.Path, " < ")), width)
	}
	if series := a.main(i); len(series.Points) > 0 {
		a.span(min(width-24, chartColumns)).chart(b, series)
	}
}

// first keeps the word in front of the first of several lines.
func first(k int, head string) string {
	if k == 0 {
		return head
	}
	return strings.Repeat(" ", len(head))
}

// main is a suspect's most telling series, empty when it has none.
func (a analysis) main(i int) rootcause.Series {
	s := a.ranking.Suspects[i]
	for _, k := range s.Series {
		if x := a.given.Series[k]; x.Service == s.Service && x.Metric == s.Metric {
			return x
		}
	}
	return rootcause.Series{}
}

// paragraph writes text behind a head, with the further lines below it.
func paragraph(b *bytes.Buffer, head, said string, width int) {
	for k, line := range wrap(said, width-len(head)) {
		fmt.Fprintf(b, "%s%s\n", first(k, head), line)
	}
}

// sinceStart is a time before or after the symptom's start.
func sinceStart(after *float64) string {
	switch {
	case after == nil:
		return "-"
	case *after == 0:
		return "at start"
	}
	sign := "+"
	seconds := *after
	if seconds < 0 {
		sign, seconds = "-", -seconds
	}
	switch d := time.Duration(seconds * float64(time.Second)); {
	case d < 2*time.Minute:
		return fmt.Sprintf("%s%.0f s", sign, d.Seconds())
	case d < 2*time.Hour:
		return fmt.Sprintf("%s%.0f min", sign, d.Minutes())
	default:
		return fmt.Sprintf("%s%.1f h", sign, d.Hours())
	}
}

func deviationWords(s suspect) string {
	switch {
	case s.Deviation == 0:
		return "-"
	case s.Deviation >= 1000 || s.Deviation <= -1000:
		return fmt.Sprintf("%+.0f", s.Deviation)
	}
	return fmt.Sprintf("%+.1f", s.Deviation)
}

// pathWords are the callers between a suspect and the symptom.
func pathWords(path []string) string {
	switch len(path) {
	case 0:
		return "-"
	case 1:
		return "(has the symptom)"
	}
	return safe(strings.Join(path[1:], " < "))
}

// outsideWords says what the figure means.
func outsideWords(x float64) string {
	switch {
	case x >= 0.7:
		return "the cause is probably not in this system"
	case x >= 0.4:
		return "the cause may well be somewhere else than in these services"
	default:
		return "little speaks for a cause that is not among these services"
	}
}

// pad fills text to a width and cuts what is longer.
func pad(s string, width int) string {
	s = shorten(s, width)
	return s + strings.Repeat(" ", width-runes(s))
}

func runes(s string) int { return len([]rune(s)) }

func trimRight(b *bytes.Buffer) { b.Truncate(len(bytes.TrimRight(b.Bytes(), " "))) }
