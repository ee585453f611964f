package main

import (
	"cmp"
	"slices"
	"time"

	"firebreak/internal/detect"
	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// logReport is the JSON document of `detect logs`, and of its --anomalies
// without the templates.
type logReport struct {
	Sensitivity detect.Sensitivity `json:"sensitivity,omitempty"` // of the anomalies
	Logs        []logFileReport    `json:"logs"`                  // sorted by file
	Failed      int                `json:"failed"`                // logs with an error
}

// logFileReport is what was found in one log.
type logFileReport struct {
	File      string           `json:"file"`
	Out       string           `json:"out,omitempty"`
	Lines     int              `json:"lines"`
	Shortened int              `json:"shortened,omitempty"` // lines longer than 16 MiB, of which the rest was left out
	Mined     *minedReport     `json:"mined,omitempty"`     // null where nobody asked for templates
	Templates []templateReport `json:"templates,omitempty"` // the most frequent first
	Anomalies *anomaliesReport `json:"anomalies,omitempty"` // null where nobody asked for them
	Error     string           `json:"error,omitempty"`
}

// minedReport counts templates at the end of a log.
type minedReport struct {
	Templates int   `json:"templates"`          // known
	Joined    int64 `json:"joined"`             // became a part of others
	GivenUp   int64 `json:"given_up,omitempty"` // for others, because there were too many
}

// templateReport is one template.
type templateReport struct {
	ID      string      `json:"id"`       // 16 hex digits
	Text    string      `json:"template"` // what varies as <*>
	Count   int64       `json:"count"`    // lines
	First   int         `json:"first_line"`
	Last    int         `json:"last_line"`
	Example redact.Text `json:"example"` // the first line of it, redacted, at most 500 bytes
}

// anomaliesReport is what the engine said of one log.
type anomaliesReport struct {
	Timed    int                `json:"timed_lines"`              // that carry a time
	Misdated int                `json:"misdated_lines,omitempty"` // of them, those whose time is far ahead of those around them
	Untimed  int                `json:"untimed_lines"`            // which have that of the line before, where there is one
	Passed   int                `json:"passed_lines,omitempty"`   // of them, before the first time
	Late     int64              `json:"late_lines,omitempty"`     // that came too late to be counted where they belong
	First    time.Time          `json:"first,omitzero"`           // the earliest time
	Last     time.Time          `json:"last,omitzero"`            // the latest
	Alerts   int                `json:"alerts"`                   // one an episode
	Episodes []logEpisodeReport `json:"episodes"`                 // in the order of the alerts, at most 2,000
	Refused  int64              `json:"refused_lines,omitempty"`  // of times that nobody can count with
}

// logEpisodeReport is one anomaly, from its alert to its end.
type logEpisodeReport struct {
	episodeReport

	ID       string        `json:"id"`
	Template redact.Text   `json:"template,omitzero"` // of which it tells, where that is one
	Count    int           `json:"count"`             // anomalous lines until the end
	Samples  []redact.Text `json:"samples"`           // at most two lines, redacted
	Others   []logWitness  `json:"others,omitempty"`  // what else was unusual in the log with it
}

// logWitness is a further rule that found the same trouble.
type logWitness struct {
	incident.Witness

	Template redact.Text `json:"template,omitzero"` // of which it tells, where that is one
}

func newLogReport(o logOptions, logs []logFileReport) logReport {
	r := logReport{Logs: logs}
	if o.watches() {
		r.Sensitivity = o.sensitivity
	}
	for _, l := range logs {
		if l.Error != "" {
			r.Failed++
		}
	}
	return r
}

// withoutTemplates is the report of --anomalies.
func (r logReport) withoutTemplates() logReport {
	r.Logs = slices.Clone(r.Logs)
	for i := range r.Logs {
		r.Logs[i].Mined, r.Logs[i].Templates = nil, nil
	}
	return r
}

// report lists the templates of a log that has been read.
func (m *logMiner) report() (minedReport, []templateReport) {
	stats := m.miner.Stats()
	var list []templateReport
	for t := range m.miner.Templates() {
		list = append(list, templateReport{
			ID: t.ID().String(), Text: t.Text(), Count: t.Count,
			First: t.State.first, Last: t.State.last, Example: t.State.example,
		})
	}
	slices.SortFunc(list, func(a, b templateReport) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.First, b.First))
	})
	return minedReport{Templates: len(list), Joined: stats.Joined, GivenUp: stats.Evicted}, list
}
