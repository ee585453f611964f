package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"firebreak/internal/incident"
)

// intent is a plan in short: what runs on what, and when it counts as helpful.
func (s story) intent(p incident.Plan) {
	s.heading(fmt.Sprintf("Plan %d: %s on %s", p.Attempt, safe(p.Runbook), safe(p.Service)))
	s.field("touches", strings.Join(p.Targets, ", "))
	s.field("impact", p.Impact.String())
	steps := make([]string, len(p.Steps))
	for i, step := range p.Steps {
		steps[i] = step.Name
	}
	s.field("steps", strings.Join(steps, ", "))
	s.parameters("with", p.Parameters)
	for _, v := range p.Verify.All() {
		s.field("helped if", fmt.Sprintf("%s/%s %s %g for %s within %s (%g when planned)", v.Metric.Namespace, v.Metric.Name,
			v.Comparison, v.Threshold, incident.Count(v.Samples, "datapoint", "datapoints"), incident.Span(p.Verify.Timeout.Std()), v.Before))
	}
	if p.Undo != nil {
		s.field("undo", p.Undo.Runbook)
	}
	s.field("approval", approvalRule(p.Approval))
	s.field("digest", p.Digest)
}

// plan writes what would run, resolved, as an approver has to see it.
func (s story) plan(p incident.Plan) {
	s.heading(fmt.Sprintf("Plan, attempt %d", p.Attempt))
	s.field("runbook", p.Runbook)
	s.field("commit", p.Commit)
	s.field("service", p.Service)
	s.field("targets", strings.Join(p.Targets, ", "))
	s.parameters("parameter", p.Parameters)
	for i, step := range p.Steps {
		s.field("step", fmt.Sprintf("%d. %s (%s)", i+1, step.Name, step.Action))
	}
	s.field("impact", p.Impact.String())
	if p.Undo != nil {
		s.field("undo", p.Undo.Runbook)
		s.parameters("undo with", p.Undo.Parameters)
	}
	for _, v := range p.Verify.All() {
		s.field("verify", fmt.Sprintf("%s %s %g, %d datapoints in a row within %s; %g when planned", v.Metric.SourceKey(),
			v.Comparison, v.Threshold, v.Samples, incident.Span(p.Verify.Timeout.Std()), v.Before))
	}
	s.field("approval", approvalRule(p.Approval))
	s.field("content", p.ContentSHA256)
	s.field("digest", p.Digest)
}

// parameters writes one resolved parameter a line.
func (s story) parameters(label string, values map[string][]string) {
	for _, k := range slices.Sorted(maps.Keys(values)) {
		s.field(label, k+" = "+strings.Join(values[k], ", "))
	}
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
	return fmt.Sprintf("%d of %s, %s, within %s", r.Count, who, signed, incident.Span(r.Expires.Std()))
}

func (s story) decisions(st incident.State) {
	if len(st.Decisions) == 0 && st.Refused == 0 {
		return
	}
	s.heading("Decided")
	for _, d := range st.Decisions {
		verified := "unverified"
		if d.Verified {
			verified = "verified"
		}
		who := safe(d.Decision.Approver)
		if name := text(d.Who()); name != who {
			who = name + " (" + who + ")"
		}
		s.hang(fmt.Sprintf("  %8s  ", since(st.Opened, d.At)), strings.TrimSpace(fmt.Sprintf("%s by %s via %s, %s. %s",
			answer(d.Decision.Approved), who, safe(d.Decision.Via), verified, text(d.Note))))
	}
	if st.Refused > 0 {
		s.printf("  %s refused", incident.Count(st.Refused, "answer was", "answers were"))
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
			s.field("document", strings.TrimSuffix(fmt.Sprintf("%s version %s (%s)", d.Name, d.Version, d.VersionName), " ()"))
		}
		s.execution("execution", a.Result.Execution)
		if v := a.Result.Verification; v != nil {
			verdict, detail := "not good", v.Detail.String()
			if v.OK {
				verdict = "good"
				if !s.all {
					detail = "" // it says the same
				}
			}
			s.field("verified", fmt.Sprintf("%s: %s %g before, %g after, %s. %s", verdict, v.Metric, v.Before, v.After,
				incident.Count(v.Samples, "datapoint", "datapoints"), detail))
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
	took := ""
	if !e.Ended.IsZero() && !e.Started.IsZero() {
		took = " after " + incident.Span(e.Ended.Sub(e.Started)).String()
	}
	s.field(name, fmt.Sprintf("%s %s%s %s", e.ID, e.Status, took, e.Failure.String()))
	for i, step := range e.Steps {
		if !s.all && step.Failure.IsEmpty() {
			continue
		}
		s.field("step", fmt.Sprintf("%d. %s (%s) %s %s", i+1, step.Name, step.Action, step.Status, step.Failure.String()))
	}
}

// question says how to answer the pending question.
func (s story) question(st incident.State, now time.Time) {
	left := ""
	if st.Expires.After(now) {
		left = fmt.Sprintf(", for another %s", incident.Span(st.Expires.Sub(now)))
	}
	s.printf("\nWaits for a decision until %s%s:", stamp(st.Expires), left)
	s.printf("  go run ./starter approve %s --digest %s", safe(st.ID), safe(st.Plan.Digest))
	s.printf("  go run ./starter reject %s", safe(st.ID))
}

// end is the last line of a story that was followed.
func (s story) end(st incident.State) {
	s.printf("%s ended %s, %s, after %s", safe(st.ID), text(st.Status.Words()), orDash(st.Outcome.Words().String()), incident.Span(st.Ended.Sub(st.Opened)))
	s.hang("  => ", text(st.Advice()))
}
