// Package scenario plays incidents on a stack: it lets a fault happen in the
// running shop, follows what Firebreak makes of it, answers where the scenario
// prescribes it, and says whether it ended as it should. The sandbox's command
// and the end-to-end tests are shells over it.
//
// A scenario is a row: what goes wrong (Fault), what else happens and when
// (Steps), what the catalogue says (Edits), what a person answers (Answer), and
// what has to come of it (Status, Outcome, Runbooks, Names, ... and Check).
// Adding one takes a row in one of the files of rows (causes.go, decisions.go,
// outages.go, sources.go, trends.go) and its name in order; nothing else knows the names.
//
// Play judges nothing by what Firebreak says of itself where a stand-in can
// tell: Result.Seen holds the automations that Systems Manager was asked to
// start, the threads and tickets that Slack and Jira keep, and the incidents that
// Temporal lists, each since the scenario began.
package scenario

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"firebreak/internal/incident"
	"firebreak/test/stack"
	"firebreak/test/stack/victim"
)

// Answer is what a scenario prescribes for every question whether a plan may run.
type Answer string

// Answers.
const (
	Approve   Answer = "approve"
	Reject    Answer = "reject"
	Silence   Answer = "silence"   // nobody answers; the question expires, or the trouble goes away first
	Elsewhere Answer = "elsewhere" // a step answers, over a channel of its own
)

// Scenario is one incident from fault to end. The zero value of a field that
// says no more expects the usual.
type Scenario struct {
	Name    string
	Summary string // a few words for --list: at most MaxSummary characters

	Fault  victim.Fault  // what goes wrong in the shop; nil when a step does it
	What   string        // the same in words, in the past tense
	Steps  []Step        // what else happens, in the order of the play
	Edits  []stack.Edit  // of the catalogue, for this scenario only
	Expiry time.Duration // how long a question stands; a day when 0
	Answer Answer
	Limits Limits

	Status     incident.Status  // at the end
	Outcome    incident.Outcome // likewise
	Runbooks   []string         // tried, in this order; empty: nothing may run or be touched
	Started    int              // automations that Systems Manager was asked for, undos included; 0: one for each of Runbooks
	Heals      string           // service whose process the last runbook has to replace, verified on the live metric
	Names      string           // service that the diagnosis has to name; that of Heals when empty, else checkout
	Restarts   bool             // steps restart processes themselves
	Says       []string         // what the Slack thread has to say somewhere, whatever the case
	TicketSays []string         // likewise the ticket, its comments included
	Check      func(Result) error
}

// Limits are how long the parts of a play may take. The zero value of each
// takes the default.
type Limits struct {
	Baseline time.Duration // healthy telemetry before the fault, on detectors that know nothing; Baseline
	Warm     time.Duration // the same on a stack on which a scenario was played before; WarmBaseline
	Detect   time.Duration // from the fault to an open incident; 60 s
	Thinking time.Duration // from a question to the prescribed answer; 12 s
	End      time.Duration // from the fault to the end, while nobody has to be waited for; 4 min
	Settle   time.Duration // from the end's status to the end of the workflow; 1 min
}

const (
	// Baseline is how long healthy telemetry flows before the first fault.
	Baseline = 40 * time.Second
	// WarmBaseline is the same where the detectors know the shop already: an
	// episode closes when its series has been calm for 15 s, and for another 20
	// datapoints no new one opens in it.
	WarmBaseline = 36 * time.Second
	// MaxSummary is how long a summary may be for --list to fit 80 columns.
	MaxSummary = 41

	day = 24 * time.Hour
)

func (l Limits) withDefaults() Limits {
	set := func(d *time.Duration, usual time.Duration) { *d = cmp.Or(*d, usual) }
	set(&l.Baseline, Baseline)
	set(&l.Warm, WarmBaseline)
	set(&l.Detect, time.Minute)
	// A person would read, and in the meantime what else the fault sets off joins
	// the incident: an alarm over ten seconds takes eleven.
	set(&l.Thinking, 12*time.Second)
	set(&l.End, 4*time.Minute)
	set(&l.Settle, time.Minute)
	return l
}

// QuestionStands is how long a question stands.
func (s Scenario) QuestionStands() time.Duration {
	return cmp.Or(s.Expiry, day)
}

// unit is the service whose process is watched.
func (s Scenario) unit() string {
	return cmp.Or(s.Heals, victim.Checkout)
}

// End tells in one word or two how the scenario has to end, for --list.
func (s Scenario) End() string { return End(s.Status, s.Outcome) }

// End tells in one word or two how an incident has ended.
func End(status incident.Status, outcome incident.Outcome) string {
	if status == "" {
		return "nothing opened"
	}
	return strings.ReplaceAll(fmt.Sprintf("%s, %s", status, outcome), "_", " ")
}

// order is the order in which All returns the scenarios, the default first.
var order = []string{
	"error-spike", "logs-only", "metrics-only", "memory-leak", "bad-dependency", "bad-deploy", "self-healed", "fix-fails",
	"flapping", "storm", "model-down", "slack-down", "jira-down", "rejected", "expired",
}

// All returns every scenario, the default first.
func All() []Scenario {
	all := slices.Concat(decisions(), sources(), causes(), outages(), trends())
	slices.SortStableFunc(all, func(a, b Scenario) int { return slices.Index(order, a.Name) - slices.Index(order, b.Name) })
	return all
}

// Find returns the scenario of a name, the default for none; the error lists
// the known ones.
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

// Do is what a step does: to the stack, while the incident stands as
// Incident(ctx) tells.
type Do func(ctx context.Context, st *stack.Stack) error
