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

// lineAt tells one thing: how long after the fault, in which phase, what.
func (s *story) lineAt(at time.Time, phase, format string, args ...any) {
	s.printf("%7.1f s  %-10s %s\n", at.Sub(s.fault).Seconds(), phase, wrap(fmt.Sprintf(format, args...), s.width(), indent))
}

func (s *story) below(format string, args ...any) {
	s.printf("%s%s\n", indent, wrap(fmt.Sprintf(format, args...), s.width()-2, indent+"  "))
}

// Baseline implements scenario.Narrator.
func (s *story) Baseline(d time.Duration) {
	s.printf("Scenario %s: %s.\n", s.sc.Name, s.sc.Summary)
	s.printf("Healthy telemetry flows for %.0f seconds, so that the detectors learn what is usual ...\n", d.Seconds())
}

// Traffic implements scenario.Narrator.
func (s *story) Traffic(seen victim.Traffic) {
	s.printf("  checkout: %d requests in 5 s, %d failed, slowest %d ms\n", seen.Requests, seen.Errors, seen.Slowest.Milliseconds())
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
	s.line("stream", "%d records have arrived on the Kinesis stream since the fault", n)
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
	case e.Phase == incident.PhaseDiagnose && now.Diagnosis != nil:
		s.diagnosis(e.At, now)
	case e.Phase == incident.PhasePlan && now.Plan != nil:
		s.plan(e.At, *now.Plan)
	default:
		s.lineAt(e.At, string(e.Phase), "%s", e.Text)
	}
}

func (s *story) opened(now incident.State) {
	for _, a := range now.Anomalies {
		s.lineAt(now.Opened, "anomaly", "%s (rule %s, event time %.1f s after the fault)", a.Why, a.Rule, a.Opened.Sub(s.fault).Seconds())
	}
	s.lineAt(now.Opened, "incident", "%s for %s, %s", now.ID, now.Service, now.Severity)
	s.below("Temporal UI: %s", workflowURL(s.st, now.WorkflowID, now.RunID))
}

func (s *story) evidence(at time.Time, now incident.State) {
	s.lineAt(at, "evidence", "%d pieces, %d gaps", len(now.Evidence), len(now.Gaps))
	for _, e := range now.Evidence[:min(5, len(now.Evidence))] {
		s.below("%s  %s: %s", e.ID, e.Title, e.Detail.Cut(200))
	}
	for _, g := range now.Gaps {
		s.below("gap: %s: %s", g.What, g.Reason)
	}
}

func (s *story) diagnosis(at time.Time, now incident.State) {
	best := now.Diagnosis.Best()
	s.lineAt(at, "diagnosis", "%s (confidence %.2f, model %s)", best.Cause, best.Confidence, now.Diagnosis.Model)
	titles := map[string]string{}
	for _, e := range now.Evidence {
		titles[e.ID] = e.Title.String()
	}
	for _, id := range best.Citations {
		s.below("cites %s  %s", id, titles[id])
	}
}

func (s *story) plan(at time.Time, p incident.Plan) {
	s.lineAt(at, "plan", "run %s on %s (%s). %s", p.Runbook, p.Service, strings.Join(p.Targets, ", "), p.Impact)
	for _, step := range p.Steps {
		s.below("step %s (%s)", step.Name, step.Action)
	}
	s.below("catalogue %s", p.Commit)
	s.below("digest %s", p.Digest)
}

func (s *story) question(now incident.State) {
	s.line("approve", "waits for a person, for %s", time.Until(now.Expires).Round(time.Second))
	if s.auto {
		s.below("the scenario prescribes: %s", s.sc.Answer)
		return
	}
	if s.keys {
		s.below("press a to approve or r to reject, or:")
	}
	s.below("%sgo run ./starter approve %s   (or reject)", starterEnv(s.st), now.ID)
	s.below("Slack: %s", s.st.Slack.PageURL())
	s.below("Temporal UI: %s shows the payload for the signal %q", workflowURL(s.st, now.WorkflowID, now.RunID), incident.SignalApproval)
}

// Decided implements scenario.Narrator.
func (s *story) Decided(d incident.Decision, receipt incident.DecisionReceipt) {
	answer := "rejected"
	if d.Approved {
		answer = "approved"
	}
	if !receipt.Accepted {
		s.line("decision", "%s by %s does not count: %s", answer, d.Approver, receipt.Reason)
		return
	}
	s.line("decision", "%s by %s", answer, d.Approver)
}

// starterEnv is what the starter needs in front of it to find the server.
func starterEnv(st *stack.Stack) string {
	if st.Temporal.Address() == fmt.Sprintf("127.0.0.1:%d", temporal.DefaultFrontendPort) {
		return ""
	}
	return "TEMPORAL_ADDRESS=" + st.Temporal.Address() + " "
}
