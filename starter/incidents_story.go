package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"firebreak/internal/incident"
)

// story writes an incident for a person to read. Everything that is not our own
// goes through safe or text.
type story struct{ w io.Writer }

func (s story) printf(format string, args ...any) { fmt.Fprintf(s.w, format+"\n", args...) }

// tell writes the whole story.
func (s story) tell(st incident.State) {
	s.printf("%s  %s  %s  %s", safe(st.ID), safe(st.Service), safe(string(st.Severity)), safe(string(st.Status)))
	s.field("outcome", string(st.Outcome))
	s.field("opened", stamp(st.Opened))
	if !st.Ended.IsZero() {
		s.field("ended", fmt.Sprintf("%s, after %s", stamp(st.Ended), elapsed(st.Ended.Sub(st.Opened))))
	}
	s.field("origin", string(st.Origin))
	s.field("team", st.Team)
	s.field("workflow", st.WorkflowID+" run "+st.RunID)
	s.field("catalogue", st.Catalog)
	if !st.Thread.IsZero() {
		s.field("thread", fmt.Sprintf("%s %s, %d messages", st.Thread.Channel, st.Thread.TS, st.Messages))
	}
	if !st.Ticket.IsZero() {
		s.field("ticket", strings.TrimSpace(st.Ticket.Key+" "+st.TicketStatus+" "+st.Ticket.URL))
	}
	s.anomalies(st)
	s.evidence(st)
	s.diagnosis(st)
	if st.Plan != nil {
		s.plan(*st.Plan)
	}
	s.decisions(st)
	s.attempts(st)
	s.timeline(st)
	if st.Pending && st.Plan != nil {
		s.question(st)
	}
}

func (s story) field(name, value string) {
	if value = strings.TrimSpace(value); value != "" {
		s.printf("  %-10s %s", name, safe(value))
	}
}

func (s story) heading(name string) { s.printf("\n%s", name) }

func (s story) anomalies(st incident.State) {
	s.heading(fmt.Sprintf("Anomalies (%d)", max(st.Joined, len(st.Anomalies))))
	for _, a := range st.Anomalies {
		s.printf("  %s  %s  %s %s  %s", stamp(a.Opened), safe(a.Service), safe(string(a.Kind)), safe(string(a.State)), text(a.Why))
	}
}

func (s story) evidence(st incident.State) {
	if len(st.Evidence)+len(st.Gaps) == 0 {
		return
	}
	s.heading(fmt.Sprintf("Evidence (%d)", len(st.Evidence)))
	for _, e := range st.Evidence {
		s.printf("  %s  %s  %s: %s", safe(e.ID), safe(e.Service), text(e.Title), text(e.Detail))
		for _, sample := range e.Samples {
			s.printf("      | %s", text(sample))
		}
		s.printf("      $ %s", safe(e.Query))
	}
	for _, g := range st.Gaps {
		s.printf("  missing: %s: %s", text(g.What), text(g.Reason))
	}
}

func (s story) diagnosis(st incident.State) {
	if st.Diagnosis == nil {
		return
	}
	s.heading("Diagnosis by " + safe(st.Diagnosis.Model))
	titles := map[string]string{}
	for _, e := range st.Evidence {
		titles[e.ID] = text(e.Title)
	}
	for i, h := range st.Diagnosis.Hypotheses {
		s.printf("  %d. %s (%s, confidence %.2f, runbook %s)", i+1, text(h.Cause), safe(h.Service), h.Confidence, orDash(h.Runbook))
		if !h.Reasoning.IsEmpty() {
			s.printf("     %s", text(h.Reasoning))
		}
		for _, id := range h.Citations {
			s.printf("     [%s] %s", safe(id), titles[id])
		}
	}
	for _, n := range st.Diagnosis.Notes {
		s.printf("  corrected: %s", safe(n))
	}
}

// plan writes what would run, resolved, as an approver has to see it.
func (s story) plan(p incident.Plan) {
	s.heading(fmt.Sprintf("Plan, attempt %d", p.Attempt))
	s.field("runbook", p.Runbook)
	s.field("commit", p.Commit)
	s.field("service", p.Service)
	s.field("targets", strings.Join(p.Targets, ", "))
	for _, k := range slices.Sorted(maps.Keys(p.Parameters)) {
		s.field("parameter", k+" = "+strings.Join(p.Parameters[k], ", "))
	}
	for i, step := range p.Steps {
		s.field("step", fmt.Sprintf("%d. %s (%s)", i+1, step.Name, step.Action))
	}
	s.field("impact", p.Impact.String())
	if p.Undo != nil {
		s.field("undo", p.Undo.Runbook)
	}
	s.field("verify", fmt.Sprintf("%s %s %g, %d datapoints in a row within %s; %g when planned", p.Verify.Metric.SourceKey(),
		p.Verify.Comparison, p.Verify.Threshold, p.Verify.Samples, elapsed(p.Verify.Timeout.Std()), p.Verify.Before))
	s.field("approval", approvalRule(p.Approval))
	s.field("content", p.ContentSHA256)
	s.field("digest", p.Digest)
}

func approvalRule(r incident.ApprovalRule) string {
	who := "anyone"
	if len(r.Approvers) > 0 {
		who = strings.Join(r.Approvers, ", ")
	}
	signed := "signed"
	if r.AllowUnverified {
		signed = "signed or not"
	}
	return fmt.Sprintf("%d of %s, %s, within %s", r.Count, who, signed, elapsed(r.Expires.Std()))
}

func (s story) decisions(st incident.State) {
	if len(st.Decisions) == 0 && st.Refused == 0 {
		return
	}
	s.heading("Decisions")
	for _, d := range st.Decisions {
		verified := "unverified"
		if d.Verified {
			verified = "verified"
		}
		s.printf("  %s  %s by %s via %s, %s %s", stamp(d.At), answer(d.Decision.Approved), safe(d.Decision.Approver), safe(d.Decision.Via), verified, text(d.Note))
	}
	if st.Refused > 0 {
		s.printf("  %d refused", st.Refused)
	}
}

func answer(approved bool) string {
	if approved {
		return "approved"
	}
	return "rejected"
}

func (s story) attempts(st incident.State) {
	for i, a := range st.Attempts {
		s.heading(fmt.Sprintf("Attempt %d: %s, %s", i+1, safe(a.Runbook), safe(string(a.Result.Status))))
		for _, r := range a.Result.Reasons {
			s.field("reason", r.String())
		}
		if d := a.Result.Document; d.Name != "" {
			s.field("document", fmt.Sprintf("%s version %s (%s)", d.Name, d.Version, d.VersionName))
		}
		s.execution("execution", a.Result.Execution)
		if v := a.Result.Verification; v != nil {
			s.field("verified", fmt.Sprintf("%t: %s %g before, %g after, %d datapoints. %s", v.OK, v.Metric, v.Before, v.After, v.Samples, v.Detail.String()))
		}
		if a.Result.Undo != nil {
			s.execution("undo", *a.Result.Undo)
		}
	}
}

func (s story) execution(name string, e incident.Execution) {
	if e.ID == "" {
		return
	}
	s.field(name, fmt.Sprintf("%s %s %s", e.ID, e.Status, e.Failure.String()))
	for _, step := range e.Steps {
		s.printf("      %s (%s) %s %s", safe(step.Name), safe(step.Action), safe(step.Status), text(step.Failure))
	}
}

func (s story) timeline(st incident.State) {
	s.heading("Timeline")
	for _, e := range st.Timeline {
		s.printf("%s", line(st.Opened, e))
	}
}

// line is one entry of the timeline with the time since the incident opened.
func line(opened time.Time, e incident.Entry) string {
	return fmt.Sprintf("  %8s  %-9s  %s", "+"+elapsed(e.At.Sub(opened)), safe(string(e.Phase)), text(e.Text))
}

// question says how to answer the pending question.
func (s story) question(st incident.State) {
	s.printf("\nWaits for a decision until %s:", stamp(st.Expires))
	s.printf("  go run ./starter approve %s --digest %s", safe(st.ID), safe(st.Plan.Digest))
	s.printf("  go run ./starter reject %s", safe(st.ID))
}

// end is the last line of a story that was followed.
func (s story) end(st incident.State) {
	s.printf("%s ended %s, %s, after %s", safe(st.ID), safe(string(st.Status)), orDash(string(st.Outcome)), elapsed(st.Ended.Sub(st.Opened)))
}
