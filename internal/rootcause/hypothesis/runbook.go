package hypothesis

import (
	"slices"

	"firebreak/internal/incident"
	"firebreak/internal/rootcause"
)

// leastFit is how well what a runbook fixes must describe what is seen.
const leastFit = 0.45

// choose picks the allowed runbook whose declared symptoms describe best what
// is seen at the service. One that was tried at this incident is not chosen.
func choose(c incident.DiagnoseInput, r *reading, m *mechanism) (runbook, symptom string) {
	best, topics := 0.0, 0
	for _, option := range c.Runbooks {
		if option.Service != r.service || slices.ContainsFunc(c.Tried, func(t incident.Tried) bool {
			return t.Runbook == option.Name && (t.Service == "" || t.Service == option.Service)
		}) {
			continue
		}
		for _, fixes := range option.Fixes {
			fit, n := fits(fixes, r, m)
			// Of two that fit alike the one that says more is the more specific.
			better := fit > best || fit == best && (n > topics || n == topics && option.Name < runbook)
			if fit >= leastFit && better {
				best, topics, runbook, symptom = fit, n, option.Name, fixes
			}
		}
	}
	return runbook, symptom
}

// fits is how well a symptom describes a reading: as well as the weakest of its
// topics is supported. "Errors after a deployment" needs both, and "errors
// without a deployment" needs the one and not the other. A word that means
// nothing here and that the evidence never says takes a third each. It also
// returns how many topics the symptom has.
func fits(text string, r *reading, m *mechanism) (float64, int) {
	fit, topics, meant, negated := 1.0, 0, false, false
	for _, w := range rootcause.Words(text) {
		t, known := topicOf(w)
		switch {
		case negations[w]:
			negated = true
		case fillers[w]:
		case !known && negated: // what is not there cannot be heard
			negated = false
		case !known && !r.said[w]:
			fit *= 2.0 / 3
		case !known:
		case negated:
			fit, topics, negated = min(fit, 1-r.about(t)), topics+1, false
		default:
			fit, topics = min(fit, r.about(t)), topics+1
			meant = meant || slices.Contains(m.topics, t)
		}
	}
	if topics == 0 || !meant {
		return 0, topics
	}
	return round(fit), topics
}
