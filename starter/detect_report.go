package main

import (
	"time"

	"firebreak/internal/detect"
	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// Bounds of what a report lists of one series; what is beyond is counted.
const (
	maxEpisodes    = 2_000
	maxBadRows     = maxShown
	maxToldOnError = 20
)

// detectReport is the JSON document of `detect metrics`.
type detectReport struct {
	Sensitivity detect.Sensitivity  `json:"sensitivity"`
	Role        incident.MetricRole `json:"role,omitempty"`
	Limit       float64             `json:"limit,omitempty"`
	Series      []seriesReport      `json:"series"` // sorted by file
	Failed      int                 `json:"failed"` // series with an error
}

// seriesReport is what was found in one file.
type seriesReport struct {
	File     string          `json:"file"`
	Out      string          `json:"out,omitempty"`
	Rows     int             `json:"rows"`     // read, and written
	Scored   int             `json:"scored"`   // that the engine judged
	Missing  int             `json:"missing"`  // without a value
	Late     int             `json:"late"`     // not later than the one before
	Bad      int             `json:"bad"`      // that cannot be used
	Problems []badRow        `json:"problems"` // of bad rows and of the header, at most 100
	Untold   int             `json:"problems_not_listed,omitempty"`
	LateLine int             `json:"first_late_line,omitempty"`
	First    time.Time       `json:"first,omitzero"` // event time of the earliest scored row
	Last     time.Time       `json:"last,omitzero"`
	Alerts   int             `json:"alerts"`
	Episodes []episodeReport `json:"episodes"` // one an alert, in the order of the alerts, at most 2,000
	Error    string          `json:"error,omitempty"`
}

// episodeReport is one anomaly, from its alert to its end.
type episodeReport struct {
	Alerted  time.Time            `json:"alerted"` // event time of the row at which the alert is sent
	Line     int                  `json:"line"`    // that row's
	Opened   time.Time            `json:"opened"`  // when it began
	Closed   *time.Time           `json:"closed"`  // null while it is open at the end
	LastSeen time.Time            `json:"last_seen"`
	Rule     string               `json:"rule"`
	Kind     incident.AnomalyKind `json:"kind"`
	Severity incident.Severity    `json:"severity"` // the worst until now
	Observed float64              `json:"observed"` // at the alert, as are the rest
	Low      float64              `json:"low"`
	High     float64              `json:"high"`
	Rarity   float64              `json:"rarity"`
	Unsure   bool                 `json:"unsure"`
	Why      redact.Text          `json:"why"`
	Forecast *incident.Forecast   `json:"forecast,omitempty"`
}

func newEpisodeReport(a incident.Anomaly, at time.Time, line int) episodeReport {
	return episodeReport{
		Alerted: at, Line: line, Opened: a.Opened, LastSeen: a.LastSeen, Rule: a.Rule, Kind: a.Kind, Severity: a.Severity,
		Observed: a.Observed, Low: a.Low, High: a.High, Rarity: a.Rarity, Unsure: a.Unsure, Why: a.Why, Forecast: a.Forecast,
	}
}

// follow takes a later word on the same episode.
func (e *episodeReport) follow(a incident.Anomaly) {
	e.LastSeen = a.LastSeen
	if a.Severity.Worse(e.Severity) {
		e.Severity = a.Severity
	}
	if a.State == incident.EpisodeClosed {
		closed := a.Closed
		e.Closed = &closed
	}
}

// note keeps what is wrong with a row or with the file.
func (r *seriesReport) note(line int, reason string) {
	if len(r.Problems) == maxBadRows {
		r.Untold++
		return
	}
	r.Problems = append(r.Problems, badRow{r.File, line, reason})
}

func (r *seriesReport) problem(line int, reason string) {
	r.Bad++
	r.note(line, reason)
}

func (r *seriesReport) late(line int) {
	r.Late++
	if r.LateLine == 0 {
		r.LateLine = line
	}
}

func (r *seriesReport) scored(at time.Time) {
	r.Scored++
	if r.First.IsZero() {
		r.First = at
	}
	r.Last = at
}
