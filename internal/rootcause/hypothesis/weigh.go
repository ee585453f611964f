package hypothesis

import (
	"math"
	"slices"

	"firebreak/internal/incident"
)

// rising is 0 for x <= 0 and approaches 1, being one half at half.
func rising(x, half float64) float64 {
	switch {
	case x <= 0 || math.IsNaN(x):
		return 0
	case math.IsInf(x, 1):
		return 1
	default:
		return x / (x + half)
	}
}

// about is how strongly the evidence speaks of a topic: of each kind of evidence
// the strongest, and the chance that at least one of the kinds is right.
func (r *reading) about(t topic) float64 {
	strongest := map[incident.EvidenceKind]float64{}
	for _, f := range r.findings {
		if f.topic == t {
			strongest[f.source()] = max(strongest[f.source()], f.strength)
		}
	}
	wrong := 1.0
	for _, kind := range []incident.EvidenceKind{incident.EvidenceMetric, incident.EvidenceTrace, incident.EvidenceAlarm, incident.EvidenceLogs, incident.EvidenceChange} {
		wrong *= 1 - strongest[kind]
	}
	return round(1 - wrong)
}

// trouble is how strongly anything is wrong with the service.
func (r *reading) trouble() float64 { return r.any(errors, latency, saturation, health, crash) }

// changed is how strongly something was changed: an event says so, or the log
// speaks of it.
func (r *reading) changed() float64 { return r.any(change, configuration, deployment, scaling) }

// any is how strongly the evidence is about one of the topics at least.
func (r *reading) any(topics ...topic) float64 {
	right := 1.0
	for _, t := range topics {
		right *= 1 - r.about(t)
	}
	return round(1 - right)
}

// maxBacking bounds the evidence that a suspect cites.
const maxBacking = 6

// backing are the findings that speak for a mechanism, one for each piece of
// evidence, the strongest first; an alarm backs whatever else is seen.
func (r *reading) backing(m *mechanism) []finding {
	var out []finding
	for _, f := range r.findings {
		cited := slices.ContainsFunc(out, func(o finding) bool { return o.evidence == f.evidence })
		if !cited && len(out) < maxBacking && (f.topic == alarm || slices.Contains(m.topics, f.topic)) {
			out = append(out, f)
		}
	}
	return out
}
