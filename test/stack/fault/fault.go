// Package fault is the one fault switch of all stand-ins. A test or a scenario
// sets rules; a stand-in asks Decide once for every request and does what the
// verdict says. It knows nothing of AWS, Slack, Jira or git: names of services
// and operations are whatever the stand-in calls them.
//
// Stand-ins that are plain http.Handlers wrap themselves with Faults.Wrap.
package fault

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// Kind says what goes wrong.
type Kind string

// The kinds of fault.
const (
	// Error answers with the rule's code and status; the effect does not happen.
	Error Kind = "error"
	// Throttle answers as the service does when it is asked too often; the
	// effect does not happen.
	Throttle Kind = "throttle"
	// Latency delays the request by the rule's latency, then serves it.
	Latency Kind = "latency"
	// LoseResponse does the effect, then cuts the connection without an answer.
	LoseResponse Kind = "lose-response"
	// Duplicate does the effect twice and answers once, as a delivery that is
	// at least once does.
	Duplicate Kind = "duplicate"
)

// Forever as a rule's Times makes it fire until it is removed.
const Forever = -1

// Rule describes one fault and where it strikes. The zero value of a matching
// field matches everything.
type Rule struct {
	Service   string        // Stand-in, such as "ssm" or "jira"; empty matches all.
	Operation string        // Operation, such as "StartAutomationExecution"; empty matches all.
	Kind      Kind          // What goes wrong; required.
	Code      string        // Error code of Error and Throttle; empty takes the stand-in's own default.
	Message   string        // Error message; empty takes a default that names the rule.
	Status    int           // HTTP status of Error and Throttle; 0 takes the stand-in's default.
	Latency   time.Duration // How long a Latency rule delays, and Throttle's Retry-After where one is sent.
	// Times is how often the rule fires; 0 counts as 1, Forever never runs out.
	Times int
	// Skip lets this many matching requests pass before the rule first fires.
	Skip int
	// Probability in (0,1) makes the rule fire for that share of matching
	// requests; 0 and 1 mean every one.
	Probability float64
}

// Verdict is what happens to one request. The zero value is no fault.
type Verdict struct {
	Delay     time.Duration // Sleep this long before anything else.
	Refuse    *Rule         // Answer with this error and do nothing; nil serves the request.
	Lose      bool          // Do the effect, then cut the connection.
	Duplicate bool          // Do the effect twice.
}

// Faults is the switch. It is safe for concurrent use, and a nil *Faults never
// makes a fault, so that a stand-in need not check.
type Faults struct {
	mu    sync.Mutex
	next  int
	rules []*armed
	fired map[firedKey]int
	draw  func() float64
}

type armed struct {
	Rule
	id   int
	left int // Times still to fire; Forever never runs out.
	skip int
}

type firedKey struct {
	service, operation string
	kind               Kind
}

// New makes a switch without rules.
func New() *Faults {
	return &Faults{fired: map[firedKey]int{}, draw: rand.Float64}
}

// Set arms a rule and returns the function that removes it again. Rules are
// tried in the order in which they were set. It panics when the rule cannot
// mean anything, because that is a mistake in the test that sets it.
func (f *Faults) Set(r Rule) (remove func()) {
	if !slices.Contains([]Kind{Error, Throttle, Latency, LoseResponse, Duplicate}, r.Kind) {
		panic(fmt.Sprintf("fault: unknown kind %q", r.Kind))
	}
	if r.Times < Forever || r.Skip < 0 || r.Probability < 0 || r.Probability > 1 || r.Latency < 0 {
		panic(fmt.Sprintf("fault: rule out of range: %+v", r))
	}
	left := r.Times
	if left == 0 {
		left = 1
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.next++
	id := f.next
	f.rules = append(f.rules, &armed{Rule: r, id: id, left: left, skip: r.Skip})
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.rules = slices.DeleteFunc(f.rules, func(a *armed) bool { return a.id == id })
	}
}

// Clear removes every rule; the counts of Fired stay.
func (f *Faults) Clear() {
	if f == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rules = nil
}

// Decide uses up the matching rules for one request. Delays add up; of the
// other kinds the first matching rule wins, so that two rules of one fault
// each strike two requests rather than one.
func (f *Faults) Decide(service, operation string) Verdict {
	var v Verdict
	if f == nil {
		return v
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	decided := false
	for _, a := range f.rules {
		if !a.matches(service, operation) || (decided && a.Kind != Latency) {
			continue
		}
		if a.skip > 0 {
			a.skip--
			continue
		}
		if a.left == 0 || (a.Probability > 0 && a.Probability < 1 && f.draw() >= a.Probability) {
			continue
		}
		if a.left > 0 {
			a.left--
		}
		f.fired[firedKey{service, operation, a.Kind}]++
		switch a.Kind {
		case Latency:
			v.Delay += a.Latency
			continue
		case Error, Throttle:
			rule := a.Rule
			v.Refuse = &rule
		case LoseResponse:
			v.Lose = true
		case Duplicate:
			v.Duplicate = true
		}
		decided = true
	}
	f.rules = slices.DeleteFunc(f.rules, func(a *armed) bool { return a.left == 0 })
	return v
}

// Fired counts how often rules of this kind struck the operation, so that a
// test can tell that its fault really happened.
func (f *Faults) Fired(service, operation string, kind Kind) int {
	if f == nil {
		return 0
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.fired[firedKey{service, operation, kind}]
}

func (a *armed) matches(service, operation string) bool {
	return (a.Service == "" || a.Service == service) && (a.Operation == "" || a.Operation == operation)
}
