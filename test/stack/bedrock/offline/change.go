package offline

import (
	"math"

	"firebreak/internal/incident"
)

// weighChange reads a change by how shortly before the onset it happened: a
// third of the weight is gone after two minutes, nearly all after twenty. What
// happened after the onset caused nothing; clocks may differ by some seconds. A
// change that was followed by another one had until then to show: two thirds of
// its weight go with every minute in between.
func weighChange(e *incident.Evidence, latest float64, say func(concept, float64)) float64 {
	s, ok := secondsBefore(e)
	if !ok {
		return 0
	}
	w := math.Exp(-s/300) * math.Exp(-max(0, s-latest)/60)
	say(cChange, w)
	return 0.65 * w
}

// secondsBefore is how long before the onset a change happened, unless it was
// after it.
func secondsBefore(e *incident.Evidence) (float64, bool) {
	s, ok := e.Facts[incident.FactSecondsBefore]
	return max(0, s), ok && s >= -5
}

// latestChange is how long before the onset a service's last change was.
func (c *Case) latestChange(service string) float64 {
	latest := math.Inf(1)
	for i := range c.Evidence {
		if e := &c.Evidence[i]; e.Kind == incident.EvidenceChange && e.Service == service {
			if s, ok := secondsBefore(e); ok {
				latest = min(latest, s)
			}
		}
	}
	return latest
}
