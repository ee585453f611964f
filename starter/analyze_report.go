package main

import (
	"fmt"
	"io"
	"path/filepath"
	"time"

	"firebreak/internal/redact"
	"firebreak/internal/rootcause"
)

// analysis is the JSON document of `analyze` for one case.
type analysis struct {
	Case     string         `json:"case"` // name of its folder
	Symptom  analysedSign   `json:"symptom"`
	Suspects []suspect      `json:"suspects"` // best first
	Outside  float64        `json:"outside"`  // in [0,1]: how much speaks for a cause that is not among these services
	Notes    []redact.Text  `json:"notes"`
	Read     analysedCounts `json:"read"`

	ranking rootcause.Ranking
	given   rootcause.Case
}

// analysedSign is the symptom as it was understood.
type analysedSign struct {
	Service string     `json:"service"`
	Metric  string     `json:"metric,omitempty"`
	Start   time.Time  `json:"start"`
	End     *time.Time `json:"end"` // null while it goes on
}

// suspect is one suspect of the document. What the command line promises stands
// first.
type suspect struct {
	Service   string        `json:"service"`
	Metric    string        `json:"metric"`    // its most telling one; empty when only logs or changes speak
	Score     float64       `json:"score"`     // in [0,1], read as a probability
	Why       redact.Text   `json:"why"`       // all reasons in one line
	Reasons   []redact.Text `json:"reasons"`   // one by one, weightiest first
	Against   []redact.Text `json:"against"`   // what speaks against it
	Onset     *time.Time    `json:"onset"`     // of its own deviation; null without one
	After     *float64      `json:"after"`     // seconds from the symptom's start to the onset, negative before it
	Deviation float64       `json:"deviation"` // in robust deviations, negative when it fell
	Path      []string      `json:"path"`      // from it to the symptom's service along callers; empty when none is known
	Series    []string      `json:"series"`    // metrics behind it, as service/metric
	Changes   []change      `json:"changes"`
	Logs      []logSaid     `json:"logs"`
}

type change struct {
	At      time.Time   `json:"at"`
	Service string      `json:"service"`
	Kind    string      `json:"kind"`
	Text    redact.Text `json:"text"`
}

type logSaid struct {
	Service string      `json:"service"`
	ID      string      `json:"template_id"`
	Text    redact.Text `json:"text"`
}

// analysedCounts are what was read of a case.
type analysedCounts struct {
	Rows     int      `json:"rows"`
	Missing  int      `json:"missing"` // without a value
	Bad      int      `json:"bad"`     // that cannot be used
	Problems []badRow `json:"problems"`
	Untold   int      `json:"problems_not_listed,omitempty"`
	Series   int      `json:"series"`
	Points   int      `json:"points"`
	Calls    int      `json:"calls"` // edges of the graph
	Logs     int      `json:"log_patterns"`
	Changes  int      `json:"changes"`
}

// newAnalysis ranks a case; top bounds the suspects, 0 does not.
func newAnalysis(c readFolder, top int) analysis {
	ranking := rootcause.Rank(c.given)
	if top > 0 && len(ranking.Suspects) > top {
		ranking.Suspects = ranking.Suspects[:top]
	}
	s := c.given.Symptom
	a := analysis{
		Case:    caseName(c.dir),
		Symptom: analysedSign{Service: s.Service, Metric: s.Metric, Start: s.Start, End: timeOrNull(s.End)},
		Outside: ranking.Outside, Notes: append(append([]redact.Text{}, c.notes...), ranking.Notes...),
		Suspects: make([]suspect, 0, len(ranking.Suspects)),
		Read: analysedCounts{
			Rows: c.rows.Rows, Missing: c.rows.Missing, Bad: c.rows.Bad, Problems: c.rows.Problems, Untold: c.rows.Untold,
			Series: len(c.given.Series), Points: c.points, Calls: len(c.given.Calls), Logs: len(c.given.Logs), Changes: len(c.given.Changes),
		},
		ranking: ranking, given: c.given,
	}
	for _, found := range ranking.Suspects {
		a.Suspects = append(a.Suspects, newSuspect(found, c.given))
	}
	return a
}

func newSuspect(s rootcause.Suspect, given rootcause.Case) suspect {
	out := suspect{
		Service: s.Service, Metric: s.Metric, Score: s.Score, Why: redact.Join(s.Why, "; "),
		Reasons: append([]redact.Text{}, s.Why...), Against: append([]redact.Text{}, s.Against...),
		Onset: timeOrNull(s.Onset), Deviation: s.Deviation, Path: append([]string{}, s.Path...),
		Series: []string{}, Changes: []change{}, Logs: []logSaid{},
	}
	if !s.Onset.IsZero() {
		after := s.Onset.Sub(given.Symptom.Start).Seconds()
		out.After = &after
	}
	for _, i := range s.Series {
		out.Series = append(out.Series, given.Series[i].Service+"/"+given.Series[i].Metric)
	}
	for _, i := range s.Changes {
		c := given.Changes[i]
		out.Changes = append(out.Changes, change{c.At, c.Service, c.Kind, c.Text})
	}
	for _, i := range s.Logs {
		l := given.Logs[i]
		out.Logs = append(out.Logs, logSaid{l.Service, l.ID, l.Text})
	}
	return out
}

func timeOrNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// write puts the document into a folder, <case>.json.
func (a analysis) write(folder string) error {
	path := filepath.Join(folder, a.Case+".json")
	if err := writeWhole(path, func(w io.Writer) error { return printJSON(w, a) }); err != nil {
		return fmt.Errorf("write the ranking of %s: %w", a.Case, err)
	}
	return nil
}
