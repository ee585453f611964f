package main

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"path/filepath"

	"firebreak/internal/incident"
)

//go:embed detect_page.html
var detectPage string

// pageName is the page of small multiples in the output folder.
const pageName = "index.html"

// maxPageEpisodes bounds the alerts that the page lists of one series.
const maxPageEpisodes = 50

// smallMultiples is what the page shows. Every text in it is escaped by the
// template; names of files and what is said of them are written by others.
type smallMultiples struct {
	Title   string
	Summary string
	Limit   bool
	Due     bool // 0.5 is the edge of the band
	Series  []smallSeries
}

type smallSeries struct {
	Name     string
	Summary  string
	Alerts   string
	Error    string
	Picture  *smallPicture
	Listed   string
	Episodes []string
}

// writePage writes one picture a series, in the order of the reports, into a
// page that needs no other file and runs no script.
func writePage(w io.Writer, o detectOptions, reports []seriesReport, pictures []*smallPicture) error {
	page, err := template.New(pageName).Parse(detectPage)
	if err != nil {
		return fmt.Errorf("read the page's template: %w", err)
	}
	rows, alerts := 0, 0
	m := smallMultiples{Limit: o.limit > 0, Due: o.dueByScore()}
	for i, r := range reports {
		rows, alerts = rows+r.Rows, alerts+r.Alerts
		s := smallSeries{Name: safe(relative(o.in, r.File)), Error: safe(r.Error), Picture: pictures[i]}
		s.Summary = incident.Count(r.Rows, "row", "rows").String()
		if r.Scored > 0 {
			s.Summary += fmt.Sprintf(", %s to %s", stamp(r.First), stamp(r.Last))
		}
		for _, left := range []struct {
			n    int
			what string
		}{{r.Missing, "missing"}, {r.Late, "late"}, {r.Bad, "bad"}} {
			if left.n > 0 {
				s.Summary += fmt.Sprintf(", %d %s", left.n, left.what)
			}
		}
		if r.Alerts > 0 {
			s.Alerts = incident.Count(r.Alerts, "alert", "alerts").String()
			s.Listed = "what was found"
			if r.Alerts > maxPageEpisodes {
				s.Listed = fmt.Sprintf("the first %d", maxPageEpisodes)
			}
		}
		for _, e := range r.Episodes[:min(len(r.Episodes), maxPageEpisodes)] {
			s.Episodes = append(s.Episodes, e.line())
		}
		m.Series = append(m.Series, s)
	}
	m.Title = "Anomalies in " + safe(filepath.Base(absolute(o.in)))
	m.Summary = fmt.Sprintf("%s, %s, %s, sensitivity %s", incident.Count(len(reports), "series", "series"),
		incident.Count(rows, "row", "rows"), incident.Count(alerts, "alert", "alerts"), o.sensitivity)
	if o.role != "" {
		m.Summary += ", role " + string(o.role)
	}
	return page.Execute(w, m)
}

// line says an episode on one line, safe to show.
func (e episodeReport) line() string {
	return stamp(e.Alerted) + "  " + string(e.Severity) + "  " + text(e.Why)
}

// relative is a file's path below a folder.
func relative(folder, file string) string {
	if name, err := filepath.Rel(folder, file); err == nil {
		return name
	}
	return file
}
