package main

import (
	"fmt"
	"strings"
	"time"

	"firebreak/internal/incident"
	"firebreak/test/sandbox/scenario"
	"firebreak/test/stack"
	"firebreak/test/stack/temporal"
	"firebreak/test/stack/victim"
)

// indent of everything below a line that begins with a time.
const indent = "                     "

// story tells in the terminal what happens, with the time since the fault.
type story struct {
	*screen

	st       *stack.Stack
	sc       scenario.Scenario
	auto     bool // answers come by themselves
	keys     bool // answers may come from the keyboard
	fault    time.Time
	asked    string // digest of the question that was shown
	told     int    // entries of the timeline that were told
	gathered bool   // whether the evidence was shown
}

func newStory(screen *screen, st *stack.Stack, sc scenario.Scenario, auto, keys bool) *story {
	return &story{screen: screen, st: st, sc: sc, auto: auto, keys: keys}
}

// line tells one thing that is happening now.
func (s *story) line(phase, format string, args ...any) { s.lineAt(time.Now(), phase, format, args...) }

// colours of the phases that somebody should not miss.
var colours = map[string]string{
	"fault": red, "anomaly": yellow, "incident": yellow, "diagnose": bold, "plan": bold, "approve": bold, "close": green,
}

// lineAt tells one thing: how long after the fault, in which phase, what.
func (s *story) lineAt(at time.Time, phase, format string, args ...any) {
	s.printf("%s  %s %s\n", s.paint(faint, fmt.Sprintf("%7.1f s", at.Sub(s.fault).Seconds())), s.paint(colours[phase], fmt.Sprintf("%-9s", phase)),
		wrap(fmt.Sprintf(format, args...), s.width(), indent))
}

// below adds to the line before.
func (s *story) below(format string, args ...any) {
	s.printf("%s%s\n", indent, wrap(fmt.Sprintf(format, args...), s.width()-2, indent+"  "))
}

// item adds one line to the line before, cut where the terminal ends.
func (s *story) item(format string, args ...any) {
	s.printf("%s%s\n", indent, s.paint(faint, oneLine("- "+fmt.Sprintf(format, args...), s.width())))
}

// Baseline implements scenario.Narrator.
func (s *story) Baseline(d time.Duration) {
	s.paragraph(fmt.Sprintf("Scenario %s: %s.", s.sc.Name, s.sc.Summary))
	s.paragraph(fmt.Sprintf("\nHealthy telemetry flows for %.0f seconds first, so that the detectors learn what is usual:", d.Seconds()))
}

// Traffic implements scenario.Narrator.
func (s *story) Traffic(seen victim.Traffic) {
	s.printf("  %s\n", s.paint(faint, fmt.Sprintf("checkout: %d requests in 5 s, %d failed, slowest %d ms", seen.Requests, seen.Errors, seen.Slowest.Milliseconds())))
}

// Fault implements scenario.Narrator.
func (s *story) Fault(at time.Time, what string) {
	s.fault = at
	s.printf("\n")
	s.line("fault", "%s", what)
}

// Step implements scenario.Narrator.
func (s *story) Step(what string) {
	if s.fault.IsZero() {
		s.printf("  %s\n", wrap(what, s.width(), "  "))
		return
	}
	s.line("step", "%s", what)
}

// Records implements scenario.Narrator.
func (s *story) Records(n int) {
	s.line("stream", "the first %s since then arrived on Kinesis", incident.Count(n, "record", "records"))
}

// Progress implements scenario.Narrator.
func (s *story) Progress(before, now incident.State) {
	if before.RunID == "" {
		s.opened(now)
	}
	for _, e := range now.Timeline[min(s.told, len(now.Timeline)):] {
		s.entry(e, now)
	}
	s.told = len(now.Timeline)
	if before.Thread.IsZero() && !now.Thread.IsZero() {
		s.line("chat", "Slack thread: %s", s.st.Slack.PageURL())
	}
	if before.Ticket.IsZero() && !now.Ticket.IsZero() {
		s.line("ticket", "Jira ticket %s: %s", now.Ticket.Key, now.Ticket.URL)
	}
	if now.Pending && now.Plan != nil && s.asked != now.Plan.Digest {
		s.asked = now.Plan.Digest
		s.question(now)
	}
	if now.TicketStatus != "" && before.TicketStatus != now.TicketStatus {
		s.line("ticket", "%s is now %q", now.Ticket.Key, now.TicketStatus)
	}
}

// entry tells one entry of the timeline. What the state knows in parts is shown
// in parts rather than as the entry's one paragraph.
func (s *story) entry(e incident.Entry, now incident.State) {
	switch {
	case e.Phase == incident.PhaseAnalyse && !s.gathered && len(now.Evidence) > 0:
		s.gathered = true
		s.evidence(e.At, now)
	case e.Phase == incident.PhaseDiagnose && now.Diagnosis != nil && strings.HasPrefix(e.Text.String(), "Diagnosis"):
		s.diagnosis(e.At, now)
	case e.Phase == incident.PhasePlan && now.Plan != nil && strings.HasPrefix(e.Text.String(), "Plan"):
		s.plan(e.At, *now.Plan)
	case s.toldOtherwise(e):
	default:
		s.lineAt(e.At, string(e.Phase), "%s", e.Text.FirstLine().Cut(180))
	}
}

// toldOtherwise is for entries that have a line of their own: the opening, the
// ticket, and the question that a person at this terminal is asked.
func (s *story) toldOtherwise(e incident.Entry) bool {
	text := e.Text.String()
	switch e.Phase {
	case incident.PhaseOpen:
		return strings.HasPrefix(text, "Incident ") || strings.HasPrefix(text, "Ticket ")
	case incident.PhaseApprove:
		return !s.auto && strings.HasPrefix(text, "Waiting for ")
	default:
		return false
	}
}

func (s *story) opened(now incident.State) {
	for _, a := range now.Anomalies {
		s.lineAt(a.Opened, "anomaly", "%s", a.Why)
	}
	s.lineAt(now.Opened, "incident", "%s on %s, %s", now.ID, now.Service, now.Severity)
}

func (s *story) evidence(at time.Time, now incident.State) {
	s.lineAt(at, "evidence", "%s, %s", incident.Count(len(now.Evidence), "piece", "pieces"), incident.Count(len(now.Gaps), "gap", "gaps"))
	for _, g := range now.Gaps {
		s.item("missing: %s: %s", g.What, g.Reason)
	}
}

// cited is how many pieces of evidence are named below a diagnosis.
const cited = 4

func (s *story) diagnosis(at time.Time, now incident.State) {
	best := now.Diagnosis.Best()
	s.lineAt(at, "diagnose", "%s (%.0f%%, by %s)", best.Cause, 100*best.Confidence, now.Diagnosis.Model)
	titles := map[string]string{}
	for _, e := range now.Evidence {
		titles[e.ID] = e.Title.String()
	}
	for _, id := range best.Citations[:min(len(best.Citations), cited)] {
		s.item("%s", titles[id])
	}
	if more := len(best.Citations) - cited; more > 0 {
		s.item("and %d more", more)
	}
}

func (s *story) plan(at time.Time, p incident.Plan) {
	s.lineAt(at, "plan", "run %s on %s. %s", p.Runbook, p.Service, p.Impact)
	steps := make([]string, len(p.Steps))
	for i, step := range p.Steps {
		steps[i] = step.Name
	}
	s.item("steps: %s", strings.Join(steps, ", "))
	s.item("touches: %s", strings.Join(p.Targets, ", "))
}

func (s *story) question(now incident.State) {
	if s.auto {
		s.line("approve", "the scenario prescribes: %s", s.sc.Answer)
		return
	}
	s.line("approve", "WAITS FOR YOU, for %s at most. Any of these answers:", incident.Span(time.Until(now.Expires)))
	if s.keys {
		s.below("press a to approve or r to reject")
	}
	command := starterEnv(s.st) + "go run ./starter approve " + now.ID
	lead := indent
	if len(command) > s.width() {
		lead = "  " // broken up it could not be copied
	}
	s.printf("%s%s\n", lead, command)
	s.below("the buttons on the Slack page, or the signal in the Temporal UI")
}

// Decided implements scenario.Narrator.
func (s *story) Decided(d incident.Decision, receipt incident.DecisionReceipt) {
	if receipt.Accepted {
		return // the incident's own timeline tells
	}
	s.line("decision", "the answer of %s does not count: %s", d.Approver, receipt.Reason)
}

// starterEnv is what the starter needs in front of it to find the server.
func starterEnv(st *stack.Stack) string {
	if st.Temporal.Address() == fmt.Sprintf("127.0.0.1:%d", temporal.DefaultFrontendPort) {
		return ""
	}
	return "TEMPORAL_ADDRESS=" + st.Temporal.Address() + " "
}
