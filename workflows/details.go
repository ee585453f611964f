package workflows

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"

	"go.temporal.io/sdk/workflow"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// Bounds of the details page.
const (
	detailLines    = 12  // of the timeline
	detailEvidence = 6   // pieces
	detailText     = 300 // bytes of any one text
)

// page is a page of markdown. Its linef stands in for fmt.Fprintf, which
// workflowcheck refuses because it cannot know what is written to.
type page struct{ strings.Builder }

func (p *page) linef(format string, args ...any) {
	p.WriteString(fmt.Sprintf(format, args...)) //nolint:staticcheck // workflowcheck refuses fmt.Fprintf
}

// details is the page that the Temporal UI shows for the incident, in markdown:
// an on-call engineer who has nothing else open has to know from it what is
// going on and what to do.
func (r *incidentRun) details() string {
	var b page
	s := r.state
	b.linef("## %s: %s\n\n", plain(redact.Name(s.Service)), plain(redact.Name(string(s.Status))))
	b.linef("Severity **%s**, outcome **%s**, %d anomaly(s), %s\n\n", s.Severity, s.Outcome, s.Joined, plain(redact.Name(s.ID)))
	r.detailQuestion(&b)
	r.detailLinks(&b)
	r.detailKnown(&b)
	r.detailTimeline(&b)
	return b.String()
}

// detailQuestion tells what is pending and the exact signal that answers it.
func (r *incidentRun) detailQuestion(b *page) {
	q := r.question
	if q == nil || !r.state.Pending {
		return
	}
	b.linef("### Waiting for %d approval(s) until %s\n\n%s", q.ballot.needed(), clock(q.expires), planDetails(q.plan))
	b.linef("\nAnswer in Slack, with `starter approve %s` or `starter reject %s`, or send signal `%s` with:\n\n```json\n%s\n```\n\n",
		code(r.in.ID), code(r.in.ID), incident.SignalApproval, signalExample(q.plan.Digest))
	if !q.plan.Approval.AllowUnverified {
		b.WriteString("An answer without a signature does not count here: use Slack or the starter.\n\n")
	}
}

// signalExample is the payload of an approval. The digest consists of a version
// and hexadecimal digits, and is filtered in case it does not.
func signalExample(digest string) string {
	return fmt.Sprintf(`{"approved": true, "approver": "your name", "via": "ui", "plan_digest": "%s"}`, code(digest))
}

// planDetails is a plan in markdown.
func planDetails(p incident.Plan) string {
	var b page
	b.linef("Runbook **%s** on **%s**, attempt %d\n\n", plain(redact.Name(p.Runbook)), plain(redact.Name(p.Service)), p.Attempt)
	b.linef("- touches: %s\n- impact: %s\n", plain(redact.Name(strings.Join(p.Targets, ", "))), plain(p.Impact))
	for _, name := range workflow.DeterministicKeys(p.Parameters) {
		b.linef("- %s: %s\n", plain(redact.Name(name)), plain(redact.Name(strings.Join(p.Parameters[name], ", "))))
	}
	for i, step := range p.Steps[:min(len(p.Steps), 20)] {
		b.linef("- step %d: %s (%s)\n", i+1, plain(redact.Name(step.Name)), plain(redact.Name(step.Action)))
	}
	b.linef("- helped when: %s is %s %.4g for %d samples\n", plain(metricName(p.Verify.Metric)), comparison(p.Verify.Comparison), p.Verify.Threshold, p.Verify.Samples)
	if p.Undo != nil {
		b.linef("- taken back by: %s\n", plain(redact.Name(p.Undo.Runbook)))
	}
	b.linef("- plan digest: `%s`\n- catalogue commit: `%s`\n", code(p.Digest), code(p.Commit))
	return b.String()
}

// detailLinks points to where else the incident can be seen.
func (r *incidentRun) detailLinks(b *page) {
	if t := r.state.Ticket; !t.IsZero() {
		if link, ok := safeURL(t.URL); ok {
			b.linef("- ticket: [%s](%s)\n", plain(redact.Name(t.Key)), link)
		} else {
			b.linef("- ticket: %s\n", plain(redact.Name(t.Key)))
		}
	}
	if t := r.state.Thread; !t.IsZero() {
		b.linef("- Slack: channel `%s`, thread `%s`\n", code(t.Channel), code(t.TS))
	}
	if link, ok := safeURL(r.uiURL()); ok {
		b.linef("- Temporal: [history](%s)\n", link)
	}
	b.WriteString("\n")
}

// detailKnown tells the evidence and the hypotheses in short.
func (r *incidentRun) detailKnown(b *page) {
	s := r.state
	if s.Diagnosis != nil {
		b.WriteString("### Hypotheses\n\n")
		for _, h := range s.Diagnosis.Hypotheses[:min(len(s.Diagnosis.Hypotheses), 5)] {
			b.linef("- %.0f%% %s (cites %s; runbook: %s)\n", 100*h.Confidence, plain(h.Cause), plain(redact.Name(strings.Join(h.Citations, ", "))), plain(orNone(h.Runbook)))
		}
		b.WriteString("\n")
	}
	if len(s.Evidence) > 0 {
		b.linef("### Evidence (%d pieces, %d gaps)\n\n", len(s.Evidence), len(s.Gaps))
		for _, e := range s.Evidence[:min(len(s.Evidence), detailEvidence)] {
			b.linef("- %s: %s (%s)\n", plain(e.Title), plain(e.Detail), plain(redact.Name(e.ID)))
		}
		b.WriteString("\n")
	}
}

// detailTimeline is the end of the timeline.
func (r *incidentRun) detailTimeline(b *page) {
	s := r.state
	if len(s.Timeline) == 0 {
		return
	}
	b.WriteString("### Timeline\n\n")
	for _, e := range s.Timeline[max(len(s.Timeline)-detailLines, 0):] {
		b.linef("- %s %s: %s\n", e.At.UTC().Format("15:04:05"), e.Phase, plain(e.Text))
	}
}

// uiURL is where the incident is in the Temporal UI, empty when nobody said
// where that is.
func (r *incidentRun) uiURL() string {
	if r.in.Settings.UIURL == "" {
		return ""
	}
	return fmt.Sprintf("%s/namespaces/%s/workflows/%s/%s/history", strings.TrimSuffix(r.in.Settings.UIURL, "/"),
		url.PathEscape(r.in.Settings.Namespace), url.PathEscape(r.state.WorkflowID), url.PathEscape(r.state.RunID))
}

// markdown takes away what makes a text more than text. Log lines and model
// output are hostile: they could otherwise bring links and headings of their own.
var markdown = strings.NewReplacer(
	"\\", "\\\\", "`", "\\`", "*", "\\*", "_", "\\_", "[", "\\[", "]", "\\]", "(", "\\(", ")", "\\)",
	"<", "&lt;", ">", "&gt;", "#", "\\#", "|", "\\|", "!", "\\!", "~", "\\~", "\n", " ", "\r", " ", "\t", " ",
)

// plain writes a text into markdown as nothing but text. A bare address would
// still be made into a link, so that its scheme is broken up.
func plain(t redact.Text) string {
	return strings.ReplaceAll(markdown.Replace(t.Cut(detailText).String()), "://", ":\u200b//")
}

// code writes an identifier between back quotes or into JSON.
func code(id string) string {
	return strings.NewReplacer("`", "", "\"", "", "\\", "", "[", "", "]", "", "<", "", ">", "").Replace(redact.Name(id).String())
}

// safeURL lets web addresses through and nothing else. It does not parse them:
// workflowcheck refuses net/url's parser.
func safeURL(raw string) (string, bool) {
	_, host, ok := strings.Cut(raw, "://")
	web := strings.HasPrefix(raw, "https://") || strings.HasPrefix(raw, "http://")
	if !ok || !web || host == "" || strings.ContainsFunc(raw, unicode.IsControl) || strings.ContainsAny(raw, "()<>[] \"`\\") {
		return "", false
	}
	return raw, true
}

// details is the page that the Temporal UI shows for a correlator.
func (r *correlatorRun) details() string {
	var b page
	s := r.in.State
	b.linef("## %d open incident(s)\n\n", len(s.Open))
	for _, o := range s.Open {
		b.linef("- %s on %s: %d anomaly(s)\n", code(o.IncidentID), plain(redact.Name(o.Service)), len(o.Episodes))
	}
	c := s.Counters
	b.linef("\n%d batches (%d fenced off), %d emissions (%d duplicates), %d incidents started, %d joins (%d unacknowledged, %d lost), %d entries pushed out\n",
		c.Batches, c.Fenced, c.Anomalies, c.Duplicates, c.Started, c.Joined, len(s.Unacked), c.Lost, c.Evicted)
	return b.String()
}
