package detect

import (
	"strings"
	"time"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// episode is a stretch of trouble in one series, from its first anomalous
// signal until it has been normal for a while.
type episode struct {
	Anomaly incident.Anomaly `json:"anomaly"` // as last emitted, or newer
	Told    float64          `json:"told"`    // excess at the latest emission
	ToldAt  time.Time        `json:"told_at"` // event time of it
	Emitted int              `json:"emitted"`
}

// maxGrowth bounds how often an episode says that it grew.
const maxGrowth = 8

// begin makes the anomaly of a new episode, as far as it is the same for every
// detector, and remembers it as told.
func (d *Detector) begin(a incident.Anomaly, excess float64) *episode {
	d.stats.Opened++
	a.ID = incident.AnomalyID(a.Rule, a.Series, a.Opened)
	a.Feedback = d.state.Feedback[a.Series].explain(a.Rule, a.LastSeen)
	d.guardNames(&a)
	a.State = incident.EpisodeOpen
	if s, ok := d.inv.Service(a.Service); ok {
		a.DependsOn = s.DependsOn
	}
	if a.Service == "" {
		a.Service = incident.Unassigned
	}
	a.Changes = d.state.changesBefore(a)
	a.Why = withFeedback(a.Why, a.Feedback)
	return &episode{Anomaly: a, Told: excess, ToldAt: a.LastSeen, Emitted: 1}
}

// grow tells whether the episode has become notably worse since it last spoke:
// twice as far out or a worse severity, and not within gap of the last time.
func (e *episode) grow(excess float64, severity incident.Severity, gap time.Duration) bool {
	worse := severity.Worse(e.Anomaly.Severity)
	if worse {
		e.Anomaly.Severity = severity
	}
	if e.Emitted > maxGrowth || e.Anomaly.LastSeen.Sub(e.ToldAt) < gap {
		return false
	}
	return worse || excess >= 2*e.Told && excess > 0
}

// tell returns the anomaly in a state and remembers that it was told.
func (e *episode) tell(d *Detector, state incident.EpisodeState, excess float64) incident.Anomaly {
	e.Anomaly.State = state
	e.Told, e.ToldAt = max(excess, e.Told), e.Anomaly.LastSeen
	e.Emitted++
	// A change event can come after the trouble that it made: they arrive on
	// ways of different length.
	e.Anomaly.Changes = d.state.changesBefore(e.Anomaly)
	e.Anomaly.Why = withFeedback(e.Anomaly.Why, e.Anomaly.Feedback)
	return e.Anomaly
}

// end returns the anomaly closed at a time.
func (e *episode) end(d *Detector, at time.Time) incident.Anomaly {
	e.Anomaly.Closed = at
	return e.tell(d, incident.EpisodeClosed, 0)
}

// sample is one log line, redacted and short. It is a copy: a message is a part of
// what it was read from, which can be long.
func (d *Detector) sample(line string) redact.Text {
	return redact.Clean(d.redactor, strings.Clone(line)).Cut(500)
}
