package scenario

import (
	"time"

	"firebreak/internal/incident"
	"firebreak/test/stack/victim"
)

// Narrator hears what happens while a scenario is played, in order and from one
// goroutine.
type Narrator interface {
	Baseline(d time.Duration)                                      // healthy telemetry begins to flow for d
	Traffic(seen victim.Traffic)                                   // how the last five seconds of the baseline were
	Fault(at time.Time, what string)                               // it has been injected
	Records(n int)                                                 // the first records since the fault are on the stream
	Step(what string)                                              // something else happens that the scenario prescribes
	Progress(before, now incident.State)                           // the incident's state, looked at again; before has no RunID the first time
	Decided(d incident.Decision, receipt incident.DecisionReceipt) // an answer was sent from here
}

// Quiet is a Narrator that says nothing.
type Quiet struct{}

// Baseline implements Narrator.
func (Quiet) Baseline(time.Duration) {}

// Traffic implements Narrator.
func (Quiet) Traffic(victim.Traffic) {}

// Fault implements Narrator.
func (Quiet) Fault(time.Time, string) {}

// Records implements Narrator.
func (Quiet) Records(int) {}

// Step implements Narrator.
func (Quiet) Step(string) {}

// Progress implements Narrator.
func (Quiet) Progress(_, _ incident.State) {}

// Decided implements Narrator.
func (Quiet) Decided(incident.Decision, incident.DecisionReceipt) {}
