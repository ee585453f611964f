package correlate

import (
	"slices"

	"firebreak/internal/incident"
)

// spend remembers an episode as taken by the incident that has its id from it,
// though it never acknowledged it. That id is used up: should the episode go on,
// a start would only be refused again.
func (r *reducer) spend(a incident.Anomaly, incidentID string) {
	if a.IncidentID() != incidentID {
		return
	}
	for i := range r.Recent {
		if e := &r.Recent[i]; e.IncidentID == incidentID && !slices.Contains(e.Episodes, a.ID) {
			e.Episodes = append(e.Episodes, a.ID)
		}
	}
}

// over tells whether an episode ended with an incident that took it. One that came
// again after that is a new trouble.
func (r *reducer) over(a incident.Anomaly) bool {
	return slices.ContainsFunc(r.Recent, func(e Ended) bool {
		return slices.Contains(e.Episodes, a.ID) && !a.Again.After(e.At)
	})
}
