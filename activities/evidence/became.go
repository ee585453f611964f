package evidence

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/internal/rootcause"
)

// Thresholds for what became of a pattern.
const (
	grownBy = 3 // times the rate from before
	fewest  = 5 // lines below which a rate says nothing
)

// became compares rates, since the windows differ in length. Strength orders
// patterns of the same kind.
func (p found) became(before, after window) (what string, strength float64) {
	expected := 0.0
	if before.covered > 0 {
		expected = float64(p.before) * after.covered.Seconds() / before.covered.Seconds()
	}
	switch {
	case before.lines == 0 && p.isError:
		return "unmatched", float64(p.after) // nothing to compare with: new cannot be told
	case before.lines == 0:
		return "", 0
	case p.before == 0 && p.after > 0 && (p.isError || p.after >= fewest || after.lines < 100):
		return "new", float64(p.after)
	case p.after >= fewest && float64(p.after) >= grownBy*expected:
		return "grown", float64(p.after) - expected
	case p.after == 0 && expected >= fewest:
		return "gone", expected
	case p.isError && p.after > 0:
		return "steady", float64(p.after) - expected
	default:
		return "", 0
	}
}

// change is a pattern that tells something, with what became of it.
type change struct {
	found
	clean    redact.Text // the text
	shown    []redact.Text
	became   string
	strength float64
}

// rank orders what became of patterns: errors first, and what is steady last.
func (c *change) rank() float64 {
	r := c.strength
	if c.isError {
		r += 1e6
	}
	if c.became == "steady" {
		r -= 2e6
	}
	return r
}

// weight is what a piece about the pattern is worth.
func (c *change) weight() float64 {
	switch {
	case c.became == "steady":
		return weightCalm
	case c.isError:
		return weightSignal + 100 + min(100, c.strength)
	default:
		return weightSignal + min(100, c.strength)
	}
}

// ranked is the pattern for the ranking of suspects.
func (c *change) ranked(l logSource) rootcause.LogPattern {
	out := rootcause.LogPattern{Service: l.service, ID: c.id, Text: c.clean, Severe: c.isError}
	for at, n := range c.times {
		out.Points = append(out.Points, rootcause.Point{At: time.Unix(at, 0).UTC(), Value: float64(n)})
	}
	slices.SortFunc(out.Points, func(x, y rootcause.Point) int { return x.At.Compare(y.At) })
	return out
}

// wholeLogs is every pattern of a group around the onset, for the store.
type wholeLogs struct {
	Group    string         `json:"group"`
	Onset    time.Time      `json:"onset"`
	Before   wholeWindow    `json:"before"`
	After    wholeWindow    `json:"after"`
	Patterns []wholePattern `json:"patterns"`       // what tells most first
	More     int            `json:"more,omitempty"` // patterns that are left out
}

type wholeWindow struct {
	Lines   int     `json:"lines"`
	Errors  int     `json:"errors"`
	Seconds float64 `json:"seconds"`
}

type wholePattern struct {
	ID      string        `json:"id"`
	Text    redact.Text   `json:"text"`
	Error   bool          `json:"error,omitempty"`
	Became  string        `json:"became,omitempty"`
	Before  int           `json:"before"`
	After   int           `json:"after"`
	Samples []redact.Text `json:"samples,omitempty"`
}

// told are the patterns that tell something, the most telling first, and all of
// them for the store.
func (l logSource) told(all []found, before, after window, q *question) ([]change, wholeLogs) {
	whole := wholeLogs{
		Group: l.group, Onset: q.onset.UTC(), Patterns: []wholePattern{},
		Before: wholeWindow{before.lines, before.errors, before.covered.Seconds()}, After: wholeWindow{after.lines, after.errors, after.covered.Seconds()},
	}
	changes := make([]change, len(all))
	for i, f := range all {
		c := change{found: f}
		c.became, c.strength = f.became(before, after)
		changes[i] = c
	}
	slices.SortStableFunc(changes, func(x, y change) int {
		if (x.became == "") != (y.became == "") {
			return strings.Compare(y.became, x.became)
		}
		return cmp.Compare(y.rank(), x.rank())
	})
	telling := 0
	for i := range changes {
		c := &changes[i]
		if i == maxWhole {
			whole.More = len(changes) - maxWhole
			break
		}
		c.clean = l.a.clean(c.text)
		for _, raw := range c.samples {
			c.shown = append(c.shown, l.a.clean(raw).Cut(maxSample))
		}
		if c.became != "" {
			telling++
		}
		whole.Patterns = append(whole.Patterns, wholePattern{c.id, c.clean.Cut(maxDetail), c.isError, c.became, c.before, c.after, c.shown})
	}
	return changes[:telling], whole
}

// pieces are the patterns of a group that became more, less or other. Only when
// all was read it can be said that there are none.
func (l logSource) pieces(all []found, before, after window, q *question, complete bool) answer {
	var out answer
	share := 0.0
	if after.lines > 0 {
		share = float64(after.errors) / float64(after.lines)
	}
	told, whole := l.told(all, before, after, q)
	for i := range told {
		if p := &told[i]; i < maxRanked {
			out.logs = append(out.logs, logPattern{p.ranked(l), logQuery(l.group, searchWords(p.clean.String()), q.from, q.until, q.region)})
		}
	}
	if more := len(told) - maxPattern; more > 0 {
		if l.a.opts.Store == nil {
			out.gap(incident.GapCut, l.name(), redact.Format("%d patterns became more, fewer or are errors; the first %d are shown, and without evidence.store nothing keeps the rest", len(told), maxPattern))
		}
		told = told[:maxPattern]
	}
	for i := range told {
		p := &told[i]
		e := incident.Evidence{
			Kind: incident.EvidenceLogs, Service: l.service, From: q.from, To: q.until, Samples: p.shown,
			Title: redact.Format("%s log pattern of %s: %s", redact.Name(p.became), redact.Name(l.service), p.clean.Cut(90)),
			Detail: redact.Format("In %s: %d lines in %.0f s before the onset, %d in %.0f s since; %.0f%% of all lines since are errors. Pattern: %s",
				redact.Name(l.group), p.before, before.covered.Seconds(), p.after, after.covered.Seconds(), 100*share, p.clean.Cut(300)),
			Query: logQuery(l.group, searchWords(p.clean.String()), q.from, q.until, q.region),
			Facts: map[string]float64{
				incident.FactCountBefore: float64(p.before), incident.FactCountAfter: float64(p.after), incident.FactShareAfter: share,
			},
		}
		if p.became == "new" {
			e.Facts[incident.FactNew] = 1
		}
		out.addWhole(e, p.weight(), whole)
	}
	if len(told) == 0 && complete {
		out.addWhole(incident.Evidence{
			Kind: incident.EvidenceLogs, Service: l.service, From: q.from, To: q.until,
			Title:  redact.Format("no new, grown or gone log pattern of %s", redact.Name(l.service)),
			Detail: redact.Format("In %s: %d lines before the onset, %d since, of which %.0f%% are errors.", redact.Name(l.group), before.lines, after.lines, 100*share),
			Query:  logQuery(l.group, nil, q.from, q.until, q.region),
			Facts: map[string]float64{
				incident.FactCountBefore: float64(before.errors), incident.FactCountAfter: float64(after.errors), incident.FactShareAfter: share,
			},
		}, weightCalm-1, whole)
	}
	return out
}
