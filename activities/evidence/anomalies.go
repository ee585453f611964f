package evidence

import (
	"math"
	"strings"
	"time"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// Weights order the result: what a detector saw, what was changed, then signals
// by how far they left their normal, and last what stayed calm, which tells, too.
const (
	weightAnomaly = 1000
	weightChange  = 900
	weightAlarm   = 800 // in ALARM
	weightSignal  = 500 // plus up to 200 for its strength
	weightCalm    = 100
)

// maxAnomalies bounds how many anomalies are evidence of their own; an incident
// may have 50, most of them alike.
const maxAnomalies = 12

// anomalies turns what the detectors saw into evidence, the earliest first.
func (a *Activities) anomalies(all []incident.Anomaly, services []incident.Service, region string, c *collected) {
	inventory := incident.NewInventory(services)
	for i, an := range all {
		if i == maxAnomalies {
			c.gap(redact.Literal("further anomalies"), redact.Format("%d more joined, the first %d are shown", len(all)-i, i))
			return
		}
		until := an.LastSeen
		if until.Before(an.Opened) {
			until = an.Opened
		}
		from, to := an.Opened.Add(-a.opts.Before), until.Add(time.Minute)
		e := incident.Evidence{
			Kind: incident.EvidenceAnomaly, Service: an.Service, From: from, To: to, Samples: an.Samples,
			Title: redact.Format("%s anomaly of %s: %s", redact.Name(string(an.Kind)), redact.Name(an.Service), redact.Name(sourceOf(an))),
			Detail: redact.Format("%s. Opened %s by rule %s, %s, %d signals.", an.Why, redact.Name(stamp(an.Opened)),
				redact.Name(an.Rule), redact.Name(string(an.State)), an.Count),
			Query: a.anomalyQuery(an, from, to, region),
			Facts: map[string]float64{incident.FactAfter: an.Observed, incident.FactLow: an.Low, incident.FactHigh: an.High},
		}
		switch an.Kind {
		case incident.KindMetric, incident.KindForecast:
			e.Facts[incident.FactBefore] = an.Previous
			e.Metric = an.Metric
			if an.Metric != nil {
				if w, ok := inventory.Watched(*an.Metric); ok {
					e.Role = w.Role
				}
			}
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

// changes turns the events that the engines saw before the episodes into
// evidence, each once.
func (a *Activities) changes(all []incident.Anomaly, s span, region string, c *collected) {
	seen := map[incident.Change]bool{}
	for _, an := range all {
		for _, ch := range an.Changes {
			ch.At = ch.At.UTC()
			if seen[ch] {
				continue
			}
			seen[ch] = true
			ahead := s.onset.Sub(ch.At)
			when := redact.Format("%.0f s before the onset", ahead.Seconds())
			if ahead < 0 {
				when = redact.Format("%.0f s after the onset", -ahead.Seconds())
			}
			c.add(incident.Evidence{
				Kind: incident.EvidenceChange, Service: ch.Service, From: ch.At, To: ch.At,
				Title:  redact.Format("change of %s: %s", redact.Name(ch.Service), redact.Name(ch.Kind)),
				Detail: redact.Format("%s, at %s: %s", when, redact.Name(stamp(ch.At)), ch.Text),
				Query:  a.changeQuery(ch, region),
				Facts:  map[string]float64{incident.FactSecondsBefore: ahead.Seconds()},
			}, weightChange-min(99, max(-ahead.Seconds(), ahead.Seconds())/60))
		}
	}
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }
