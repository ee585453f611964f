// Package correlate decides which anomalies make one incident. It is a pure
// reducer, Reduce(state, mode, event) -> (state, effects): no clock, no I/O, no
// order that depends on a map, so that the CorrelatorWorkflow, a backfill and a
// dry run over files are shells around the same decisions.
//
// Two ways of knowing when an incident is over:
//   - Live, an incident takes anomalies for as long as its workflow is open; the
//     workflow reports its closure. New incidents start at once.
//   - In event time (State.EventTime, for a backfill), an incident takes
//     anomalies until its signals have been quiet for QuietAfter of event time,
//     and starts only then, with all of its anomalies. What a recording gives
//     so depends on the recording alone, never on how fast it is replayed, and
//     a second run starts nothing new.
package correlate

import (
	"time"

	"firebreak/internal/incident"
)

// Mode says how anomalies become incidents.
type Mode string

// Modes.
const (
	Group Mode = "group" // later anomalies of the same trouble join the incident
	Each  Mode = "each"  // one incident per anomaly episode
)

// Input starts a CorrelatorWorkflow. The sender leaves State at Begin(Scope);
// continue-as-new carries it over.
type Input struct {
	Scope    incident.Scope    `json:"scope"`
	Mode     Mode              `json:"mode"`
	Effects  incident.Effects  `json:"effects"`  // what the incidents may touch
	Settings incident.Settings `json:"settings"` // of the incidents
	State    State             `json:"state"`
}

// Event is one thing that happened. Exactly one of the pointers is set, or none
// for the mere passing of time, which is what sends unacknowledged joins again.
type Event struct {
	At         time.Time         // when it arrived, by the shell's clock; only the resending of joins looks at it
	Batch      *incident.Batch   // anomalies from a shard
	Closed     *incident.Closed  // an incident is about to end
	Joined     *incident.JoinAck // an incident has taken an anomaly
	JoinFailed *JoinFailed       // a join found no open incident
	Exists     *Exists           // a start found that the incident's workflow exists
}

// JoinFailed tells that a Join could not be delivered.
type JoinFailed struct {
	IncidentID string `json:"incident_id"`
	AnomalyID  string `json:"anomaly_id"`
	// Full is set when the incident is open but takes no more signals. The join
	// is given up then, and no other incident is opened in its stead.
	Full bool `json:"full,omitempty"`
}

// Exists tells that an incident of this id was started before, by a correlator
// that lost its state or by an earlier run of the same backfill.
type Exists struct {
	IncidentID string             `json:"incident_id"`
	Service    string             `json:"service"`
	Anomalies  []incident.Anomaly `json:"anomalies"` // of the Start that was refused
}

// Effect is one thing that the shell has to do. Exactly one field is set.
type Effect struct {
	Start *Start `json:"start,omitempty"`
	Join  *Join  `json:"join,omitempty"`
}

// Start opens an incident.
type Start struct {
	IncidentID string             `json:"incident_id"`
	Service    string             `json:"service"`
	Anomalies  []incident.Anomaly `json:"anomalies"` // 1 to 50, the first one gave the incident its id
	Previous   *incident.Previous `json:"previous,omitempty"`
}

// Join hands an anomaly to an open incident, which answers with a JoinAck.
type Join struct {
	IncidentID string           `json:"incident_id"`
	Service    string           `json:"service"`
	Anomaly    incident.Anomaly `json:"anomaly"`
}
