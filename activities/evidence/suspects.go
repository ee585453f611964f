package evidence

import (
	"context"
	"math"
	"slices"
	"time"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/internal/rootcause"
)

// Limits of what a ranking is told by.
const (
	maxSuspects  = 5
	leastSuspect = 0.05 // a score below it is none
	likelyOut    = 0.5  // from here on a cause elsewhere is worth a piece of its own
	maxReasons   = 4
)

// suspects ranks who may be behind the trouble by all that was found. As a
// source it has its time and may fail like any other.
type suspects struct {
	a     *Activities
	found answer
}

func (suspects) name() redact.Text { return redact.Literal("ranking of suspects") }

func (suspects) needs() []string { return nil }

// gather ranks. It asks nobody.
func (s suspects) gather(_ context.Context, q *question) (answer, error) {
	var out answer
	if len(s.found.series)+len(s.found.logs)+len(s.found.changes) == 0 {
		return out, nil // nothing but the graph: every order would be a guess
	}
	c := caseOf(s.found, q)
	ranking := rootcause.Rank(c)
	whole := wholeRanking{Symptom: c.Symptom, Calls: c.Calls, Outside: significant(ranking.Outside), Notes: ranking.Notes}
	for _, one := range ranking.Suspects {
		whole.Suspects = append(whole.Suspects, wholeOfSuspect(one))
	}
	for i, one := range ranking.Suspects {
		if i == maxSuspects || one.Score < leastSuspect {
			break
		}
		out.addWhole(s.suspect(i+1, one, ranking, c, q), weightSuspect-float64(i), whole)
	}
	// Where nothing moved that could be compared, nothing is known, and that is no
	// sign of a cause elsewhere: the symptom itself moves when there is a past.
	moved := slices.ContainsFunc(ranking.Suspects, func(one rootcause.Suspect) bool { return one.Deviation != 0 })
	if moved && ranking.Outside >= likelyOut {
		out.addWhole(s.outside(ranking, c, q), weightSuspect-maxSuspects, whole)
	}
	return out, nil
}

// caseOf is what the ranking looks at.
func caseOf(found answer, q *question) rootcause.Case {
	c := rootcause.Case{
		Symptom: rootcause.Symptom{Service: q.service().Name, Start: q.onset, End: ended(q.anomalies)},
		Changes: found.changes,
	}
	for _, an := range q.anomalies {
		if an.Metric != nil && an.Service == c.Symptom.Service {
			c.Symptom.Metric = an.Metric.Namespace + "/" + an.Metric.Name
			break
		}
	}
	for _, s := range q.services {
		c.Nodes = append(c.Nodes, s.Name)
	}
	for _, call := range slices.Concat(q.calls, found.calls) {
		if !slices.Contains(c.Calls, call) {
			c.Calls = append(c.Calls, call)
		}
	}
	named := map[[2]string]bool{}
	for _, s := range found.series {
		// Two series of one name differ in their dimensions or statistics.
		if named[[2]string{s.Service, s.Metric}] {
			s.Metric = s.ref.SourceKey() + " " + s.ref.Stat
		}
		named[[2]string{s.Service, s.Metric}] = true
		c.Series = append(c.Series, s.Series)
	}
	for _, l := range found.logs {
		c.Logs = append(c.Logs, l.LogPattern)
	}
	return c
}

// ended is when the last episode closed; zero while one is open.
func ended(all []incident.Anomaly) time.Time {
	var last time.Time
	for _, an := range all {
		if an.Closed.IsZero() {
			return time.Time{}
		}
		if an.Closed.After(last) {
			last = an.Closed
		}
	}
	return last
}

// suspect is the piece about one service.
func (s suspects) suspect(rank int, one rootcause.Suspect, r rootcause.Ranking, c rootcause.Case, q *question) incident.Evidence {
	e := incident.Evidence{
		Kind: incident.EvidenceSuspect, Service: one.Service, From: q.from, To: q.until,
		Title:  redact.Format("suspect %d: %s, %.0f%% likely the cause", rank, redact.Name(one.Service), 100*one.Score),
		Detail: detailOf(one),
		Query:  s.query(one, c, q),
		Facts: map[string]float64{
			incident.FactRank: float64(rank), incident.FactScore: one.Score, incident.FactOutside: r.Outside,
		},
	}
	if len(one.Series) > 0 {
		of := s.found.series[one.Series[0]]
		ref := of.ref
		e.Metric, e.Role = &ref, of.Role
		if one.Deviation != 0 { // else it came or went, which has no size
			e.Facts[incident.FactDeviations] = clamp(one.Deviation)
			e.Title = redact.Format("%s, %s %.1f deviations off", e.Title, redact.Name(of.ref.Name), clamp(one.Deviation))
		}
	}
	if !one.Onset.IsZero() {
		after := one.Onset.Sub(q.onset).Seconds()
		e.Facts[incident.FactSecondsAfter] = after
		e.Title = redact.Format("%s %s", e.Title, sinceWhen(after))
	}
	if len(one.Path) > 0 {
		e.Facts[incident.FactHops] = float64(len(one.Path) - 1)
	}
	return e
}

// sinceWhen puts a time beside the symptom's.
func sinceWhen(after float64) redact.Text {
	switch {
	case after <= -1:
		return redact.Format("since %.0f s before the symptom", -after)
	case after >= 1:
		return redact.Format("since %.0f s after the symptom", after)
	default:
		return redact.Literal("since the symptom began")
	}
}

func detailOf(one rootcause.Suspect) redact.Text {
	detail := redact.Join(one.Why[:min(len(one.Why), maxReasons)], "; ")
	if detail.IsEmpty() {
		detail = redact.Literal("nothing of its own speaks for it")
	}
	if len(one.Against) > 0 {
		detail = redact.Format("%s. Against it: %s", detail.Cut(maxDetail*6/10), redact.Join(one.Against[:min(len(one.Against), maxReasons)], "; "))
	}
	if len(one.Path) > 1 {
		detail = redact.Format("%s. Way to the symptom: %s", detail.Cut(maxDetail*5/6), way(one.Path))
	}
	return detail
}

func way(path []string) redact.Text {
	names := make([]redact.Text, len(path))
	for i, n := range path {
		names[i] = redact.Name(n)
	}
	return redact.Join(names, " <- ")
}

// outside says that none of the services is likely the cause.
func (s suspects) outside(r rootcause.Ranking, c rootcause.Case, q *question) incident.Evidence {
	notes := redact.Join(r.Notes[:min(len(r.Notes), maxReasons)], "; ")
	return incident.Evidence{
		Kind: incident.EvidenceSuspect, From: q.from, To: q.until,
		Title:  redact.Format("suspect outside: %.0f%% speak for a cause that is in none of the services looked at", 100*r.Outside),
		Detail: redact.Format("%d services with %d series, %d log patterns and %d changes were looked at. %s", len(c.Nodes), len(c.Series), len(c.Logs), len(c.Changes), notes),
		Query:  s.query(rootcause.Suspect{Service: c.Symptom.Service}, c, q),
		Facts:  map[string]float64{incident.FactOutside: r.Outside},
	}
}

// query shows again what speaks most for a suspect.
func (s suspects) query(one rootcause.Suspect, c rootcause.Case, q *question) string {
	switch {
	case len(one.Series) > 0:
		return metricQuery(s.found.series[one.Series[0]].ref, q.from, q.until, q.region)
	case len(one.Logs) > 0:
		return s.found.logs[one.Logs[0]].query
	case len(one.Changes) > 0:
		ch := c.Changes[one.Changes[0]]
		return s.a.changeQuery(incident.Change{At: ch.At, Service: ch.Service, Kind: ch.Kind}, q.region)
	default:
		return command(q.region, "cloudwatch", "describe-alarms", "--state-value", "ALARM")
	}
}

// wholeRanking is all that the ranking says, for the store.
type wholeRanking struct {
	Symptom  rootcause.Symptom `json:"symptom"`
	Calls    []rootcause.Call  `json:"calls"`
	Suspects []wholeSuspect    `json:"suspects"`
	Outside  float64           `json:"outside"`
	Notes    []redact.Text     `json:"notes,omitempty"`
}

type wholeSuspect struct {
	Service    string        `json:"service"`
	Metric     string        `json:"metric,omitempty"`
	Score      float64       `json:"score"`
	Onset      time.Time     `json:"onset,omitzero"`
	Deviations float64       `json:"deviations"`
	Path       []string      `json:"path,omitempty"`
	Why        []redact.Text `json:"why,omitempty"`
	Against    []redact.Text `json:"against,omitempty"`
}

func wholeOfSuspect(s rootcause.Suspect) wholeSuspect {
	out := wholeSuspect{
		Service: s.Service, Metric: s.Metric, Score: significant(s.Score), Onset: s.Onset, Path: s.Path, Why: s.Why, Against: s.Against,
	}
	if !math.IsNaN(s.Deviation) { // JSON has no such number
		out.Deviations = significant(clamp(s.Deviation))
	}
	return out
}
