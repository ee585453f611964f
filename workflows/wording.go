package workflows

import (
	"slices"
	"strings"
	"time"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// maxBody is the length of what the root message and the ticket say, in bytes.
const maxBody = 2_500

// clock writes a time for people.
func clock(t time.Time) redact.Text {
	return redact.Name(t.UTC().Format("2006-01-02 15:04:05") + " UTC")
}

func metricName(m incident.MetricRef) redact.Text { return redact.Name(m.Namespace + "/" + m.Name) }

// short is the beginning of a commit or digest by which people know it.
func short(s string) string { return s[:min(len(s), 12)] }

// opening is the first line of the story.
func (r *incidentRun) opening() redact.Text {
	return redact.Format("Incident %s on %s opened by %s: %s",
		redact.Name(r.in.ID), redact.Name(r.in.Service), incident.Count(len(r.in.Anomalies), "anomaly", "anomalies"), r.in.Anomalies[0].Why)
}

// titles lists the first few pieces of evidence, each on a line of its own.
func titles(evidence []incident.Evidence, limit int) redact.Text {
	lines := []redact.Text{{}}
	for _, e := range evidence[:min(len(evidence), limit)] {
		lines = append(lines, redact.Format("- %s: %s", e.Title, e.Detail.Cut(200)))
	}
	return redact.Join(lines, "\n")
}

// findings is the diagnosis in words, with what it rests on.
func (r *incidentRun) findings(d incident.Diagnosis) redact.Text {
	best := d.Best()
	lines := []redact.Text{
		redact.Format("Diagnosis: %s", best.Cause),
		redact.Format("Confidence %.0f%%, %s. Runbook: %s. Evidence:", 100*best.Confidence, diagnoser(d), orNone(best.Runbook)),
	}
	for _, title := range r.cited(best) {
		lines = append(lines, redact.Format("- %s", title))
	}
	return redact.Join(lines, "\n")
}

// cause is the diagnosis in one line, for where the evidence would bury it.
func cause(d incident.Diagnosis) redact.Text {
	best := d.Best()
	return redact.Format("%s (%.0f%%, %s)", best.Cause.Cut(400), 100*best.Confidence, diagnoser(d))
}

// cited are the titles of the evidence that a hypothesis rests on, each once.
// Their ids stay out: they are for looking something up, which the starter does.
func (r *incidentRun) cited(h incident.Hypothesis) []redact.Text {
	var titles []redact.Text
	for _, id := range h.Citations {
		for _, e := range r.state.Evidence {
			if e.ID == id {
				if !slices.Contains(titles, e.Title) {
					titles = append(titles, e.Title)
				}
			}
		}
	}
	return titles
}

func orNone(runbook string) redact.Text {
	if runbook == "" {
		return redact.Literal("none")
	}
	return redact.Name(runbook)
}

// planned is a plan in words.
func planned(p incident.Plan) redact.Text {
	undo := redact.Literal("none")
	if p.Undo != nil {
		undo = redact.Name(p.Undo.Runbook)
	}
	return redact.Format("Plan %d: runbook %s at %s on %s, which touches %s. Helped when %s. Undo: %s. Digest %s.",
		p.Attempt, redact.Name(p.Runbook), redact.Name(short(p.Commit)), redact.Name(p.Service), redact.Name(strings.Join(p.Targets, ", ")),
		helped(p.Verify), undo, redact.Name(short(strings.TrimPrefix(p.Digest, "v1:"))))
}

// helped says when a plan has helped.
func helped(v incident.VerifySpec) redact.Text {
	var checks []redact.Text
	for _, one := range v.All() {
		checks = append(checks, redact.Format("%s is %s %.4g for %s", metricName(one.Metric), comparison(one.Comparison), one.Threshold, samples(one.Samples)))
	}
	return redact.Join(checks, " and ")
}

func samples(n int) redact.Text { return incident.Count(n, "sample", "samples") }

func comparison(c string) redact.Text {
	if c == ">=" {
		return redact.Literal("at least")
	}
	return redact.Literal("at most")
}

// decided is a counted decision in words.
func decided(a incident.Accepted, needed int) redact.Text {
	said := redact.Literal("rejected")
	if a.Decision.Approved {
		said = redact.Literal("approved")
	}
	proof := redact.Literal("unverified")
	if a.Verified {
		proof = redact.Literal("verified")
	}
	line := redact.Format("%s %s the plan (%s, via %s).", a.Who(), said, proof, redact.Name(a.Decision.Via))
	if !a.Note.IsEmpty() {
		line = redact.Format("%s Note: %s", line, a.Note.Cut(maxNote))
	}
	if a.Decision.Approved && needed > 0 {
		line = redact.Format("%s %d more needed.", line, needed)
	}
	return line
}

// outcomeOf is how a question ended, for its card.
func outcomeOf(b *ballot) redact.Text {
	switch b.answer {
	case answerApproved, answerRejected:
		lines := make([]redact.Text, 0, len(b.accepted))
		for _, a := range b.accepted {
			lines = append(lines, decided(a, 0))
		}
		return redact.Join(lines, " ")
	case answerExpired:
		return redact.Literal("Expired: nobody answered in time.")
	default:
		return redact.Literal("Withdrawn: no answer is needed any more.")
	}
}

// ended is the end of an attempt in words.
func ended(res incident.RemediationResult) redact.Text {
	reasons := redact.Join(res.Reasons, "; ")
	switch res.Status {
	case incident.RemediationVerified:
		return redact.Format("Fixed and verified: %s", recovered(res.Verification))
	case incident.RemediationHealed:
		return redact.Literal("The trouble was gone before anything was started. Nothing was run.")
	case incident.RemediationDenied:
		return redact.Format("Policy denied the start: %s.", reasons)
	case incident.RemediationUndone:
		return redact.Format("It did not help and was undone: %s.", reasons)
	case incident.RemediationCancelled:
		if len(res.Reasons) > 0 {
			return redact.Format("The remediation was cancelled, but %s.", reasons)
		}
		return redact.Literal("The remediation was cancelled; no automation of it runs on.")
	default:
		return redact.Format("It did not help: %s.", reasons)
	}
}

func recovered(v *incident.Verification) redact.Text {
	if v == nil {
		return redact.Literal("by the live metric.")
	}
	return redact.Format("%s went from %.4g to %.4g over %s.", redact.Name(v.Metric), v.Before, v.After, samples(v.Samples))
}

// headline is what the root message and the ticket say as things stand.
func (r *incidentRun) headline() incident.Headline {
	s := r.state
	return incident.Headline{
		IncidentID: s.ID, WorkflowID: s.WorkflowID, RunID: s.RunID, Service: s.Service, Team: s.Team, Severity: s.Severity,
		Status: s.Status, Outcome: s.Outcome, Origin: s.Origin, Anomalies: s.Joined, Series: s.Series(),
		Title: redact.Format("%s: %s", redact.Name(s.Service), s.Anomalies[0].Why).Cut(200), Body: r.body(),
		Advice: s.Advice(), UIURL: r.uiURL(), TicketKey: s.Ticket.Key, TicketURL: s.Ticket.URL, ThreadURL: s.Thread.URL,
	}
}

// body is what is known, what matters most first, at most maxBody bytes. What
// the diagnosis rests on stands in the thread.
func (r *incidentRun) body() redact.Text {
	var lines []redact.Text
	if d := r.state.Diagnosis; d != nil {
		lines = append(lines, redact.Format("Cause: %s", cause(*d)))
	}
	if p := r.state.Plan; p != nil {
		lines = append(lines, redact.Format("Plan: %s on %s. %s", redact.Name(p.Runbook), redact.Name(p.Service), p.Impact.Cut(200)))
	}
	if n := len(r.state.Attempts); n > 0 {
		last := r.state.Attempts[n-1]
		lines = append(lines, redact.Format("%s: %s", redact.Name(last.Runbook), ended(last.Result).Cut(400)))
	}
	if first := r.state.Anomalies[0]; first.Breadth() > 1 {
		lines = append(lines, redact.Format("%d series of %s: %s.", first.Breadth(), redact.Name(first.Service), seriesOf(first)))
	}
	const shown = 3
	for _, a := range r.state.Anomalies[1:min(len(r.state.Anomalies), 1+shown)] { // the title tells the first
		lines = append(lines, redact.Format("Also: %s", a.Why.Cut(160)))
	}
	if more := r.state.Joined - 1 - shown; more > 0 {
		lines = append(lines, redact.Format("And %s.", incident.Count(more, "more anomaly", "more anomalies")))
	}
	return redact.Join(lines, "\n").Cut(maxBody)
}

// report is the end of the story for the thread and the ticket.
func (r *incidentRun) report() redact.Text {
	s := r.state
	lines := []redact.Text{redact.Format("Incident %s on %s: %s after %s. %s", redact.Name(s.ID), redact.Name(s.Service),
		ending(s), incident.Span(s.Ended.Sub(s.Opened)), s.Advice())}
	if n := len(s.Timeline); n > 0 {
		lines = append(lines, s.Timeline[n-1].Text.Cut(600))
	}
	if s.Diagnosis != nil {
		lines = append(lines, redact.Format("Cause: %s", cause(*s.Diagnosis)))
	}
	for i, a := range s.Attempts {
		lines = append(lines, attempted(i+1, a).Cut(700))
	}
	for _, g := range s.Gaps[:min(len(s.Gaps), 5)] {
		lines = append(lines, redact.Format("Not known: %s (%s)", g.What, g.Reason))
	}
	return redact.Join(lines, "\n").Cut(maxBody)
}

// ending is status and outcome, where there is one.
func ending(s incident.State) redact.Text {
	if s.Outcome == "" || s.Outcome == incident.OutcomeNone {
		return s.Status.Words()
	}
	return redact.Format("%s, %s", s.Status.Words(), s.Outcome.Words())
}
