package planning

import (
	"context"
	"slices"
	"time"

	"firebreak/internal/incident"
	"firebreak/internal/runbook"
)

// verifySpec says when the trouble counts as gone. What was seen at the
// incident's own service comes first: a fix of something that it depends on has
// helped when the incident's symptoms are gone, all of those that the runbook
// knows how to check. Errors that come now and then are gone for some seconds
// by chance, while every answer is still slow.
func verifySpec(c *runbook.Catalog, r runbook.Runbook, acted incident.Service, in incident.CompilePlanInput) (incident.VerifySpec, error) {
	spec, err := ruleSpec(c, r, acted, in)
	if err != nil {
		return spec, err
	}
	spec.Also = append(spec.Also, coming(spec, in, acted.Name)...)
	return spec, nil
}

// ruleSpec is the check by the runbook's own rules.
func ruleSpec(c *runbook.Catalog, r runbook.Runbook, acted incident.Service, in incident.CompilePlanInput) (incident.VerifySpec, error) {
	symptom, ok := c.Services[in.Service]
	if !ok {
		symptom = acted
	}
	for _, s := range []incident.Service{symptom, acted} {
		rules, fits := r.RulesFor(seenAt(s, in.Anomalies))
		if !fits {
			continue
		}
		var specs []incident.VerifySpec
		for _, rule := range rules {
			if spec, err := rule.Resolve(s); err == nil {
				specs = append(specs, below(spec, in.Anomalies))
			}
		}
		if len(specs) > 0 {
			specs[0].Also = specs[1:]
			return specs[0], nil
		}
	}
	// Nothing that was seen tells, such as an alarm on an unknown series.
	rules, _ := r.RulesFor(nil)
	if spec, err := rules[0].Resolve(symptom); err == nil {
		return spec, nil
	}
	return rules[0].Resolve(acted)
}

// mostComing bounds the series that have to come again one by one.
const mostComing = 5

// coming are checks that the series of the incident's service, and of the one
// that is acted on, come again which have stopped: no rule of a runbook holds that against them, and one that is
// about another series can be content while they are gone. A series whose points
// are too far apart for the time that a verification has is left out.
func coming(first incident.VerifySpec, in incident.CompilePlanInput, acted string) []incident.VerifySpec {
	var specs []incident.VerifySpec
	seen := map[string]bool{}
	for _, a := range in.Anomalies {
		for _, w := range a.Sightings() {
			if a.Service != in.Service && a.Service != acted || w.Rule != incident.RuleSilent || w.Metric == nil || seen[w.Series] || len(specs) == mostComing {
				continue
			}
			seen[w.Series] = true
			period := time.Duration(w.Metric.Period) * time.Second
			if fit := int(first.Timeout.Std() / (2 * max(period, time.Second))); fit > 0 {
				specs = append(specs, incident.VerifySpec{
					Metric: *w.Metric, Comparison: ">=", Threshold: w.Low, Samples: min(first.Samples, fit), Timeout: first.Timeout,
				})
			}
		}
	}
	return specs
}

// below makes sure that the check is not passed by the very trouble. A forecast
// opens while its series is still below every threshold; it has come down when
// more than half of its climb is gone.
func below(spec incident.VerifySpec, anomalies []incident.Anomaly) incident.VerifySpec {
	for _, a := range anomalies {
		if a.Kind == incident.KindForecast && a.Metric != nil && a.Metric.SourceKey() == spec.Metric.SourceKey() &&
			spec.Comparison == "<=" && a.Observed > a.High {
			spec.Threshold = min(spec.Threshold, (a.High+a.Observed)/2)
		}
	}
	return spec
}

// seenAt lists the series of a service in which anomalies were found, as their
// own or as a witness. An anomaly in log lines stands for the service's errors.
func seenAt(s incident.Service, anomalies []incident.Anomaly) []incident.WatchedMetric {
	var seen []incident.WatchedMetric
	for _, a := range anomalies {
		if a.Service != s.Name {
			continue
		}
		for _, m := range s.Metrics {
			if shows(a, m.MetricRef) || (a.Kind == incident.KindLog && m.Role == incident.RoleErrors) {
				seen = append(seen, m)
			}
		}
	}
	return seen
}

// shows tells whether a series is one of those in which an anomaly was found.
func shows(a incident.Anomaly, m incident.MetricRef) bool {
	return slices.ContainsFunc(a.Sightings(), func(w incident.Witness) bool { return isOf(w, m) })
}

// isOf tells whether a sighting is of a metric, by whatever statistic.
func isOf(w incident.Witness, m incident.MetricRef) bool {
	return w.Metric != nil && w.Metric.SourceKey() == m.SourceKey()
}

// before is the reading of the watched series at the time of planning: the live
// one where it can be had, else what the detector saw last. The points of a series
// that has stopped are no reading of another statistic. It only informs people, so
// a failure to read it does not keep a plan from being made.
func (a *Activities) before(ctx context.Context, in incident.CompilePlanInput, m incident.MetricRef) float64 {
	if a.o.Metrics != nil {
		value, known, err := a.o.Metrics.ReadMetric(ctx, m)
		if err == nil && known {
			return value
		}
		if err != nil {
			a.o.Log.Warn("read the metric before the fix", "incident", in.IncidentID, "metric", m.SourceKey(), "error", err)
		}
	}
	var latest time.Time
	observed := 0.0
	for _, x := range in.Anomalies {
		for _, w := range x.Sightings() {
			if !isOf(w, m) || w.Rule == incident.RuleSilent && w.Metric.Stat != m.Stat || x.LastSeen.Before(latest) {
				continue
			}
			latest, observed = x.LastSeen, w.Observed
		}
	}
	return observed
}
