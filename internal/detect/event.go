package detect

import (
	"time"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/internal/telemetry"
)

// RuleEvent is the rule of events that are trouble by themselves.
const RuleEvent = "event"

// eventSilence closes the episode of an event that does not come again. The
// same trouble within it is one episode.
const eventSilence = 10 * time.Minute

// eventState is one thing that an event named, while it is in trouble.
type eventState struct {
	Episode *episode `json:"episode"`
}

func (d *Detector) event(s telemetry.Signal) []incident.Anomaly {
	switch s.Event.Class {
	case telemetry.ClassChange:
		d.remember(s)
		return nil
	case telemetry.ClassTrouble:
	default:
		return nil
	}
	if s.Service == incident.Unassigned || s.Service == "" {
		// Tasks and instances of an account come and go. Only those that a
		// service file counts on are trouble when they do.
		d.stats.Unwatched++
		return nil
	}
	if st, ok := d.state.Events[s.Series]; ok {
		a := &st.Episode.Anomaly
		a.Count++
		a.Observed = float64(a.Count)
		a.LastSeen = later(a.LastSeen, s.Time)
		if !st.Episode.grow(float64(a.Count), a.Severity, 10*time.Second) {
			return nil
		}
		return []incident.Anomaly{st.Episode.tell(d, incident.EpisodeGrowing, float64(a.Count))}
	}
	if len(d.state.Events) >= d.limit {
		d.stats.Refused++
		return nil
	}
	service, _ := d.inv.Service(s.Service)
	severity := service.Severity
	if severity == "" {
		severity = incident.Sev3
	}
	e := d.begin(incident.Anomaly{
		Account: s.Account, Region: s.Region, Service: s.Service, Kind: incident.KindEvent, Rule: RuleEvent, Series: s.Series,
		Severity: severity, Opened: s.Time, LastSeen: s.Time, Count: 1, Observed: 1,
		Why: redact.Clean(d.redactor, s.Event.Summary).Cut(400),
	}, 1)
	d.state.Events[s.Series] = &eventState{Episode: e}
	return []incident.Anomaly{e.Anomaly}
}

// advanceEvents closes the episodes of events that did not come again.
func (d *Detector) advanceEvents(watermark time.Time) []incident.Anomaly {
	var found []incident.Anomaly
	over := func(st *eventState) bool { return watermark.Sub(st.Episode.Anomaly.LastSeen) >= eventSilence }
	for _, key := range dueKeys(d.state.Events, over) {
		e := d.state.Events[key].Episode
		found = append(found, e.end(d, e.Anomaly.LastSeen))
		delete(d.state.Events, key)
	}
	return found
}
