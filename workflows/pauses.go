package workflows

import (
	"time"

	"firebreak/internal/incident"
)

// Bounds of what is learned of a signal that comes and goes.
const (
	patience     = 1.5              // how much longer than its longest pause it has to be gone to be gone
	longestQuiet = 10 * time.Minute // however long its pauses were
)

// quietTime is for how long the live metric has to be good for the trouble to
// count as gone, when it has gone away and come back in this incident already:
// a few good datapoints are then what every one of its pauses has. It is 0 for
// trouble that has not done so.
func (r *incidentRun) quietTime() incident.Duration {
	var pause time.Duration
	seen := r.sightings()
	for _, w := range seen {
		if !w.Closed.IsZero() {
			pause = max(pause, pauseAfter(w, seen))
		}
	}
	return incident.Seconds(min(time.Duration(patience*float64(pause)), longestQuiet))
}

// sightings are all series in which the trouble was seen, one by one: a witness of
// one anomaly can be what the next one begins with.
func (r *incidentRun) sightings() []incident.Witness {
	var all []incident.Witness
	for _, a := range r.state.Anomalies {
		all = append(all, a.Sightings()...)
	}
	return all
}

// pauseAfter is the time from the end of an episode to the next of the same
// series and rule; 0 when there is none.
func pauseAfter(a incident.Witness, all []incident.Witness) time.Duration {
	var next time.Time
	for _, b := range all {
		if b.Same(a) && b.Opened.After(a.Closed) && (next.IsZero() || b.Opened.Before(next)) {
			next = b.Opened
		}
	}
	if next.IsZero() {
		return 0
	}
	return next.Sub(a.Closed)
}

// patient is a check that knows how long the trouble's pauses are.
func patient(v incident.VerifySpec, quiet incident.Duration) incident.VerifySpec {
	v.Quiet = quiet
	v.Timeout += quiet
	return v
}
