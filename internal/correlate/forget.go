package correlate

import (
	"slices"

	"firebreak/internal/incident"
)

// spend remembers an episode as taken by the incident that has its id from it,
// though it never acknowledged it. That id is used up: should the episode go on,
// a start would only be refused again.
func (r *reducer) spend(anomalyID, incidentID string) {
	if incident.IDFromAnomaly(anomalyID) != incidentID {
		return
	}
	for i := range r.Recent {
		if e := &r.Recent[i]; e.IncidentID == incidentID && !slices.Contains(e.Episodes, anomalyID) {
			e.Episodes = append(e.Episodes, anomalyID)
		}
	}
}
