package hypothesis

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/internal/rootcause"
)

// finding is what one piece of evidence says about one topic.
type finding struct {
	evidence *incident.Evidence
	topic    topic
	strength float64 // in (0,1]
	why      redact.Text
}

// source is the kind of evidence that a finding counts as: an anomaly of the
// detector and the metric of CloudWatch speak of one series.
func (f finding) source() incident.EvidenceKind {
	if f.evidence.Kind == incident.EvidenceAnomaly {
		return incident.EvidenceMetric
	}
	return f.evidence.Kind
}

// reading is all that the evidence says about one service.
type reading struct {
	service   string
	findings  []finding
	said      map[string]bool // words of its logs and changes
	anomalous bool            // an anomaly is its own
	alone     bool            // no other service has one
	lag       time.Duration   // from the first anomaly of all to its own first
}

// leastStrength is what a finding needs to count: what is weaker is noise.
const leastStrength = 0.1

// readAll reads the evidence by the service that it is about, the incident's own
// first and the others by name.
func readAll(c incident.DiagnoseInput) []*reading {
	first, onset := onsets(c.Anomalies)
	names := []string{c.Service.Name}
	for _, e := range c.Evidence {
		if e.Service != "" && !slices.Contains(names, e.Service) {
			names = append(names, e.Service)
		}
	}
	slices.Sort(names[1:])
	var out []*reading
	for _, name := range names {
		r := &reading{service: name, said: map[string]bool{}, alone: len(first) < 2}
		if opened, ok := first[name]; ok {
			r.anomalous, r.lag = true, opened.Sub(onset)
		}
		for i := range c.Evidence {
			if c.Evidence[i].Service == name {
				r.read(&c.Evidence[i], onset)
			}
		}
		slices.SortStableFunc(r.findings, func(a, b finding) int {
			return cmp.Or(cmp.Compare(b.strength, a.strength), cmp.Compare(a.evidence.ID, b.evidence.ID), cmp.Compare(a.topic, b.topic))
		})
		out = append(out, r)
	}
	return out
}

// onsets are when the first anomaly of each service opened, and of all.
func onsets(anomalies []incident.Anomaly) (first map[string]time.Time, onset time.Time) {
	first = map[string]time.Time{}
	for _, a := range anomalies {
		opened := a.Onset()
		if at, ok := first[a.Service]; !ok || opened.Before(at) {
			first[a.Service] = opened
		}
		if onset.IsZero() || opened.Before(onset) {
			onset = opened
		}
	}
	return first, onset
}

func (r *reading) find(e *incident.Evidence, t topic, strength float64, why redact.Text) {
	if strength = round(min(strength, 1)); strength >= leastStrength {
		r.findings = append(r.findings, finding{e, t, strength, why})
	}
}

// read takes in one piece of evidence.
func (r *reading) read(e *incident.Evidence, onset time.Time) {
	_, counted := e.Facts[incident.FactCountAfter]
	switch {
	case e.Facts[incident.FactInAlarm] > 0:
		r.find(e, alarm, 0.3, redact.Format("in ALARM: %s", e.Title.Cut(120)))
	case e.Kind == incident.EvidenceChange:
		r.readChange(e)
	case e.Kind == incident.EvidenceLogs, e.Kind == incident.EvidenceAnomaly && counted:
		r.readLogs(e, onset)
	case e.Kind == incident.EvidenceMetric, e.Kind == incident.EvidenceAnomaly:
		r.readSeries(e)
	case e.Kind == incident.EvidenceTrace:
		r.readTraces(e)
	}
}

// readSeries weighs how far a series moved in the direction that is trouble for
// what it measures: three deviations are worth one half.
func (r *reading) readSeries(e *incident.Evidence) {
	d := deviations(e.Facts)
	up, down := rising(d, 3), rising(-d, 3)
	why := redact.Format("%s went from %.4g to %.4g, %.1f deviations", seriesName(e), e.Facts[incident.FactBefore], e.Facts[incident.FactAfter], d)
	switch e.Role {
	case incident.RoleErrors:
		r.find(e, errors, up, why)
	case incident.RoleLatency:
		r.find(e, latency, up, why)
	case incident.RoleHealth:
		r.find(e, health, down, why)
	case incident.RoleRequests:
		r.find(e, traffic, up, why)
	case incident.RoleSaturation:
		r.find(e, saturation, up, why)
		slope := e.Facts[incident.FactSlope]
		r.find(e, growth, up*rising(slope, 1), redact.Format("%s keeps climbing, %.1f deviations a minute", seriesName(e), slope))
		if e.Metric != nil {
			for _, w := range rootcause.Words(e.Metric.Name) { // which resource it is, its name may tell
				if t, ok := topicOf(w); ok {
					r.find(e, t, up, why)
				}
			}
		}
	default:
		// Something moved, and nobody says what it measures.
		r.find(e, errors, 0.3*max(up, down), why)
	}
}

// readTraces weighs what traces tell of a service: how much slower its median
// became, and which share of its requests fails that did not.
func (r *reading) readTraces(e *incident.Evidence) {
	before, after := e.Facts[incident.FactBefore], e.Facts[incident.FactAfter]
	if before > 0 {
		r.find(e, latency, rising(after/before-1, 1), redact.Format("traces: the median went from %.3g to %.3g s", before, after))
	}
	was, ok := e.Facts[incident.FactShareBefore]
	if !ok {
		return // a share of the traces with trouble, not of all requests
	}
	failed := e.Facts[incident.FactShareAfter] - was
	r.find(e, errors, rising(failed, 0.1), redact.Format("traces: %.1f%% of the requests fail, %.1f%% before", 100*e.Facts[incident.FactShareAfter], 100*was))
}

func seriesName(e *incident.Evidence) redact.Text {
	if e.Metric != nil {
		return redact.Name(e.Metric.Name)
	}
	return e.Title.Cut(120)
}

// deviations is how far a series moved since the onset. Where the evidence does
// not say, the band does: half its width counts as two deviations. A band without
// width says that it is far, not how far.
func deviations(facts map[string]float64) float64 {
	if d, ok := facts[incident.FactDeviations]; ok {
		return d
	}
	after, low, high := facts[incident.FactAfter], facts[incident.FactLow], facts[incident.FactHigh]
	unit := max((high-low)/4, 0.05*math.Abs(high), 1e-9)
	switch {
	case after > high:
		return min(2+(after-high)/unit, furthest)
	case after < low:
		return max(-2-(low-after)/unit, -furthest)
	default:
		return 0
	}
}

const furthest = 100 // deviations

// readLogs weighs a pattern by how new it is, or how much more frequent than
// before. Lines that speak of errors are a symptom; what else the words are
// about counts for less.
func (r *reading) readLogs(e *incident.Evidence, onset time.Time) {
	before, after := e.Facts[incident.FactCountBefore], e.Facts[incident.FactCountAfter]
	var base float64
	var why redact.Text
	switch {
	case after <= 0:
		return
	case e.Facts[incident.FactNew] > 0:
		base, why = rising(after, 0.5), redact.Format("a log pattern that was never seen before, %.0f lines: %s", after, e.Title.Cut(160))
	case e.Kind == incident.EvidenceAnomaly:
		base, why = rising(deviations(e.Facts), 2), e.Detail.Cut(160)
	default:
		// One more than was counted, so that one line before makes no flood of ten.
		times := after / ((before + 1) * windows(e, onset))
		base, why = rising(times-1, 3), redact.Format("a log pattern %.1f times as frequent as before: %s", times, e.Title.Cut(160))
	}
	topics := r.hear(e)
	if slices.Contains(topics, errors) || len(topics) == 0 && e.Facts[incident.FactShareAfter] > 0.2 {
		r.find(e, errors, 0.9*base, why)
	}
	for _, t := range topics {
		if t != errors {
			r.find(e, t, 0.6*base, why)
		}
	}
}

// windows is the length of the time since the onset in lengths of the time
// before it; 1 when it cannot be told.
func windows(e *incident.Evidence, onset time.Time) float64 {
	before, since := onset.Sub(e.From).Seconds(), e.To.Sub(onset).Seconds()
	if onset.IsZero() || before <= 0 || since <= 0 {
		return 1
	}
	return since / before
}

// readChange weighs a change by how shortly before the onset it was: a third of
// its weight is gone after two minutes. What came after the onset caused
// nothing; clocks may differ by some seconds.
func (r *reading) readChange(e *incident.Evidence) {
	ahead, ok := e.Facts[incident.FactSecondsBefore]
	if !ok || ahead < -5 {
		return
	}
	w := math.Exp(-max(0, ahead) / 300)
	why := e.Detail.Cut(200) // which says when it was, and what
	r.find(e, change, w, why)
	for _, t := range r.hear(e) {
		if t != change {
			r.find(e, t, w, why)
		}
	}
}

// hear returns the topics that the words of a log pattern or a change are about.
func (r *reading) hear(e *incident.Evidence) []topic {
	var texts []string
	for _, s := range e.Samples {
		texts = append(texts, s.String())
	}
	texts = append(texts, e.Title.String())
	if e.Kind == incident.EvidenceChange {
		texts = append(texts, e.Detail.String())
	}
	own := rootcause.Words(r.service)
	var out []topic
	for _, w := range rootcause.Words(strings.Join(texts, "\n")) {
		if slices.Contains(own, w) || w == "log" || w == "pattern" {
			continue
		}
		if e.Kind == incident.EvidenceChange && strings.ContainsFunc(w, func(r rune) bool { return r >= '0' && r <= '9' }) {
			continue // times and revisions, none of them a status code
		}
		r.said[w] = true
		if t, ok := topicOf(w); ok && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	slices.Sort(out)
	return out
}
