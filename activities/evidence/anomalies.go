package evidence

import (
	"math"
	"strings"
	"time"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/internal/rootcause"
)

// Weights order the result: what a detector saw, who is suspected, what was changed, then signals
// by how far they left their normal, and last what stayed calm, which tells, too.
const (
	weightAnomaly = 1000
	weightSuspect = 950 // less for each further one
	weightChange  = 900
	weightAlarm   = 800 // in ALARM
	weightSignal  = 500 // plus up to 200 for its strength
	weightCalm    = 100
)

// maxAnomalies bounds how many series of anomalies are evidence of their own; an
// incident may have 50 anomalies, most of them alike.
const maxAnomalies = 12

// anomaliesSeen turns what the detectors saw into evidence, each series a piece of
// its own: the anomalies in their order, and then the witnesses of each.
func (a *Activities) anomaliesSeen(q *question) answer {
	var out answer
	c, all, region := &out, q.anomalies, q.region
	inventory := incident.NewInventory(q.services)
	series := 0
	for _, an := range all {
		series += an.Breadth()
	}
	shown := min(len(all), maxAnomalies)
	for i, an := range all[:shown] {
		a.anomaly(an, i, inventory, region, c)
	}
	for _, an := range all {
		for _, w := range an.Witnesses {
			if shown == maxAnomalies {
				break
			}
			a.witness(an, w, shown, inventory, region, c)
			shown++
		}
	}
	if more := series - shown; more > 0 {
		c.gap(incident.GapCut, redact.Literal("further anomalies"), redact.Format("seen in %d series, of which %d are shown", series, shown))
	}
	return out
}

// anomaly is the evidence of an anomaly's own series. The i-th is the less
// telling, the greater i is.
func (a *Activities) anomaly(an incident.Anomaly, i int, inventory *incident.Inventory, region string, c *answer) {
	until := an.LastSeen
	if until.Before(an.Opened) {
		until = an.Opened
	}
	from, to := an.Opened.Add(-a.opts.Before), until.Add(time.Minute)
	what := an.Why
	if an.Breadth() > 1 { // then Why can be about another series
		what = an.Own().Words()
	}
	e := incident.Evidence{
		Kind: incident.EvidenceAnomaly, Service: an.Service, From: from, To: to, Samples: an.Samples,
		Title: redact.Format("%s anomaly of %s: %s", redact.Name(string(an.Kind)), redact.Name(an.Service), redact.Name(sourceOf(an))),
		Detail: redact.Format("%s. Opened %s by rule %s, %s, %d signals.", what, redact.Name(stamp(an.Opened)),
			redact.Name(an.Rule), redact.Name(string(an.State)), an.Count),
		Query: a.anomalyQuery(an, from, to, region),
		Facts: map[string]float64{incident.FactAfter: an.Observed, incident.FactLow: an.Low, incident.FactHigh: an.High},
	}
	switch an.Kind {
	case incident.KindMetric, incident.KindForecast:
		e.Facts[incident.FactBefore] = an.Previous
		e.Metric, e.Role = an.Metric, roleOf(an.Metric, inventory)
		if f := an.Forecast; f != nil {
			e.Title = redact.Format("%s of %s is about to reach its limit", redact.Name(sourceOf(an)), redact.Name(an.Service))
			e.Facts[incident.FactLimit], e.Facts[incident.FactSecondsToIt] = f.Limit, f.Seconds
			// A band of nothing but one value still has a deviation.
			deviation := max((an.High-an.Low)/(2*bandWidth), 0.01*math.Abs(an.Previous), 1e-9)
			e.Facts[incident.FactDeviations] = clamp((an.Observed - an.Previous) / deviation)
			e.Facts[incident.FactSlope] = clamp(60 * f.Slope / deviation)
		}
	case incident.KindAlarm:
		// An alarm has no band of its own; DescribeAlarms tells its threshold.
		e.Facts = map[string]float64{incident.FactInAlarm: 1, incident.FactAfter: an.Observed}
	case incident.KindLog:
		e.Facts[incident.FactCountAfter] = float64(an.Count)
	}
	c.add(e, weightAnomaly-float64(i))
}

// witness is the evidence of a further series of an anomaly.
func (a *Activities) witness(an incident.Anomaly, w incident.Witness, i int, inventory *incident.Inventory, region string, c *answer) {
	own := an
	own.Series, own.Metric, own.LogGroup, own.Opened = w.Series, w.Metric, w.Group, w.Opened
	from, to := w.Opened.Add(-a.opts.Before), an.LastSeen.Add(time.Minute)
	if to.Before(w.Opened) {
		to = w.Opened.Add(time.Minute)
	}
	standing := redact.Literal("still out when it was last heard of")
	if !w.Closed.IsZero() {
		standing = redact.Format("back since %s", redact.Name(stamp(w.Closed)))
	}
	c.add(incident.Evidence{
		Kind: incident.EvidenceAnomaly, Service: an.Service, From: from, To: to, Metric: w.Metric, Role: roleOf(w.Metric, inventory),
		Title: redact.Format("%s anomaly of %s: %s", redact.Name(string(an.Kind)), redact.Name(an.Service), redact.Name(sourceOf(own))),
		Detail: redact.Format("%s. Opened %s by rule %s together with %s, %s.", w.Words(), redact.Name(stamp(w.Opened)),
			redact.Name(w.Rule), redact.Name(sourceOf(an)), standing),
		Query: a.anomalyQuery(own, from, to, region),
		Facts: map[string]float64{
			incident.FactBefore: w.Previous, incident.FactAfter: w.Observed, incident.FactLow: w.Low, incident.FactHigh: w.High,
		},
	}, weightAnomaly-float64(i))
}

// roleOf is what a series measures, as far as the service files say.
func roleOf(m *incident.MetricRef, inventory *incident.Inventory) incident.MetricRole {
	if m == nil {
		return ""
	}
	w, _ := inventory.Watched(*m)
	return w.Role
}

func (a *Activities) anomalyQuery(an incident.Anomaly, from, to time.Time, region string) string {
	switch {
	case an.Metric != nil:
		return metricQuery(*an.Metric, from, to, region)
	case an.LogGroup != "":
		return logQuery(an.LogGroup, nil, from, to, region)
	case an.Alarm != "":
		return command(region, "cloudwatch", "describe-alarm-history", "--alarm-name", an.Alarm, "--history-item-type", "StateUpdate",
			"--start-date", rfc(from), "--end-date", rfc(to))
	default:
		return a.changeQuery(incident.Change{At: an.Opened, Kind: strings.TrimPrefix(an.Series, "event/")}, region)
	}
}

func sourceOf(an incident.Anomaly) string {
	switch {
	case an.Metric != nil:
		return an.Metric.Namespace + "/" + an.Metric.Name
	case an.LogGroup != "":
		return an.LogGroup
	case an.Alarm != "":
		return an.Alarm
	default:
		return an.Series
	}
}

// changesSeen turns the events that the engines saw before the episodes into
// evidence, each once.
func (a *Activities) changesSeen(q *question) answer {
	var out answer
	seen := map[incident.Change]bool{}
	for _, an := range q.anomalies {
		for _, ch := range an.Changes {
			ch.At = ch.At.UTC()
			if seen[ch] {
				continue
			}
			seen[ch] = true
			ahead := q.onset.Sub(ch.At)
			out.changes = append(out.changes, rootcause.Change{At: ch.At, Service: ch.Service, Kind: ch.Kind, Text: ch.Text})
			out.add(incident.Evidence{
				Kind: incident.EvidenceChange, Service: ch.Service, From: ch.At, To: ch.At,
				Title:  redact.Format("change of %s: %s", redact.Name(ch.Service), redact.Name(ch.Kind)),
				Detail: redact.Format("%s, at %s: %s", beside(ahead), redact.Name(stamp(ch.At)), ch.Text),
				Query:  a.changeQuery(ch, q.region),
				Facts:  map[string]float64{incident.FactSecondsBefore: ahead.Seconds()},
			}, weightChange-min(99, max(-ahead.Seconds(), ahead.Seconds())/60))
		}
	}
	return out
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }
