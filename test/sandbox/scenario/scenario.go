// Package scenario plays incidents on a stack: it lets a fault happen in the
// running shop, follows what Firebreak makes of it, answers where the scenario
// prescribes it, and says whether it ended as it should. The sandbox's command
// and the end-to-end tests are shells over it.
package scenario

import (
	"fmt"
	"strings"
	"time"

	"firebreak/internal/incident"
	"firebreak/test/stack/victim"
)

// Answer is what a scenario prescribes for the question whether the plan may run.
type Answer string

// Answers.
const (
	Approve Answer = "approve"
	Reject  Answer = "reject"
	Silence Answer = "silence" // nobody answers; the question expires
)

// Scenario is one incident from fault to end. Adding one is adding a row to All.
type Scenario struct {
	Name    string
	Summary string       // one line, for --list
	Fault   victim.Fault // what goes wrong
	What    string       // the same in words, in the past tense
	Expiry  time.Duration
	Answer  Answer
	Status  incident.Status  // expected at the end
	Outcome incident.Outcome // likewise
	Heals   string           // service whose process the runbook has to replace; empty when nothing may be touched
}

// Baseline is how long healthy telemetry flows before the fault.
const Baseline = 40 * time.Second

const day = 24 * time.Hour

// All returns every scenario, the default first.
func All() []Scenario {
	const reload = "a bad configuration was reloaded by checkout; every order fails from now on"
	return []Scenario{
		{
			Name:    "error-spike",
			Summary: "a bad configuration reload makes checkout answer 500s; approved, the runbook restores and restarts it",
			Fault:   victim.BadReload(), What: reload, Expiry: day, Answer: Approve,
			Status: incident.StatusResolved, Outcome: incident.OutcomeFixed, Heals: victim.Checkout,
		},
		{
			Name:    "rejected",
			Summary: "the same fault, but the person says no; nothing is touched and the ticket stays open",
			Fault:   victim.BadReload(), What: reload, Expiry: day, Answer: Reject,
			Status: incident.StatusRejected, Outcome: incident.OutcomeDeclined,
		},
		{
			Name:    "expired",
			Summary: "the same fault, but nobody answers in time; nothing is touched and the ticket stays open",
			Fault:   victim.BadReload(), What: reload, Expiry: 20 * time.Second, Answer: Silence,
			Status: incident.StatusExpired, Outcome: incident.OutcomeTimedOut,
		},
	}
}

// Find returns the scenario of a name; the error lists the known ones.
func Find(name string) (Scenario, error) {
	var names []string
	for _, s := range All() {
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	return Scenario{}, fmt.Errorf("there is no scenario %q; known are %s", name, strings.Join(names, ", "))
}
