package workflows

import (
	"fmt"
	"net/url"
	"slices"
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
	detailCauses   = 3   // hypotheses
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
// going on and what to do. What to do comes first.
func (r *incidentRun) details() string {
	var b page
	s := r.state
	b.linef("## %s: %s\n\n", plain(redact.Name(s.Service)), plain(ending(s)))
	b.linef("**%s**, %s, opened %s, `%s`\n\n", plain(redact.Name(string(s.Severity))), s.Extent(), clock(s.Opened), code(s.ID))
	b.linef("%s\n\n", plain(s.Anomalies[0].Why))
	b.linef("### %s\n\n", plain(s.Advice()))
	r.detailOutages(&b)
	if s.Pending && r.question != nil {
		r.detailQuestion(&b)
	}
	r.detailLinks(&b)
	r.detailTried(&b)
	r.detailKnown(&b)
	r.detailTimeline(&b)
	return b.String()
}

// detailQuestion tells what is pending and the exact signal that answers it.
func (r *incidentRun) detailQuestion(b *page) {
	q := r.question
	if d := r.state.Diagnosis; d != nil {
		b.linef("Cause: %s\n\n", plain(cause(*d)))
	}
	b.linef("%s missing. Press a button in Slack, or in a terminal:\n\n```\nstarter approve %s\n```\n\n",
		incident.Count(q.ballot.needed(), "approval is", "approvals are"), code(r.in.ID))
	b.linef("Or right here: **More Actions > Send a Signal**, name `%s`, leave json/plain, paste this with your own name (`false` rejects):\n\n```json\n%s\n```\n\n",
		incident.SignalApproval, signalExample(q.plan.Digest))
	if !q.plan.Approval.AllowUnverified {
		b.WriteString("**An answer without a signature does not count here: use Slack or the starter.**\n\n")
	}
	b.WriteString("### What an approval runs\n\n" + planDetails(q.plan) + "\n")
}

// signalExample is the payload of an approval. The digest has a line of its own,
// because the UI cuts longer ones. The digest consists of a version
// and hexadecimal digits, and is filtered in case it does not.
func signalExample(digest string) string {
	return fmt.Sprintf("{\n  \"approved\": true,\n  \"approver\": \"your name\",\n  \"via\": \"ui\",\n  \"plan_digest\":\n\"%s\"\n}", code(digest))
}

// planDetails is a plan in markdown.
func planDetails(p incident.Plan) string {
	var b page
	b.linef("- runbook **%s** on **%s**, attempt %d\n", plain(redact.Name(p.Runbook)), plain(redact.Name(p.Service)), p.Attempt)
	b.linef("- touches: %s\n- impact: %s\n", plain(redact.Name(strings.Join(p.Targets, ", "))), plain(p.Impact))
	for _, name := range workflow.DeterministicKeys(p.Parameters) {
		b.linef("- %s: %s\n", plain(redact.Name(name)), plain(redact.Name(strings.Join(p.Parameters[name], ", "))))
	}
	for i, step := range p.Steps[:min(len(p.Steps), 20)] {
		b.linef("- step %d: %s (%s)\n", i+1, plain(redact.Name(step.Name)), plain(redact.Name(step.Action)))
	}
	b.linef("- helped when: %s\n", plain(helped(p.Verify)))
	if p.Undo != nil {
		b.linef("- taken back by: %s\n", plain(redact.Name(p.Undo.Runbook)))
	}
	b.linef("- from commit `%s` of the catalogue\n", code(short(p.Commit)))
	return b.String()
}

// detailLinks points to where else the incident can be seen.
func (r *incidentRun) detailLinks(b *page) {
	var links []string
	if t := r.state.Thread; !t.IsZero() {
		if link, ok := safeURL(t.URL); ok {
			links = append(links, fmt.Sprintf("[Slack thread](%s)", link))
		} else {
			links = append(links, fmt.Sprintf("Slack channel `%s`, thread `%s`", code(t.Channel), code(t.TS)))
		}
	}
	if t := r.state.Ticket; !t.IsZero() {
		if link, ok := safeURL(t.URL); ok {
			links = append(links, fmt.Sprintf("[%s](%s)", plain(redact.Name(t.Key)), link))
		} else {
			links = append(links, plain(redact.Name(t.Key)))
		}
	}
	if r.state.TicketStatus != "" {
		links = append(links, fmt.Sprintf("ticket is %s", plain(redact.Name(r.state.TicketStatus))))
	}
	if len(links) > 0 {
		b.WriteString(strings.Join(links, ", ") + "\n\n")
	}
}

// detailKnown tells the hypotheses and the evidence in short, what the best
// hypothesis cites first.
func (r *incidentRun) detailKnown(b *page) {
	s := r.state
	var cited []string
	if s.Diagnosis != nil {
		b.linef("### Hypotheses, %s\n\n", plain(diagnoser(*s.Diagnosis)))
		for _, h := range s.Diagnosis.Hypotheses[:min(len(s.Diagnosis.Hypotheses), detailCauses)] {
			b.linef("- %.0f%%: %s (runbook: %s)\n", 100*h.Confidence, plain(h.Cause), plain(orNone(h.Runbook)))
		}
		b.WriteString("\n")
		cited = s.Diagnosis.Best().Citations
	}
	if len(s.Evidence) == 0 {
		return
	}
	b.linef("### Evidence: %s, %d cited, %s\n\n", incident.Count(len(s.Evidence), "piece", "pieces"), len(cited), incident.Count(len(s.Gaps), "gap", "gaps"))
	pieces := slices.Clone(s.Evidence)
	slices.SortStableFunc(pieces, func(x, y incident.Evidence) int {
		return place(cited, x.ID) - place(cited, y.ID)
	})
	for _, e := range pieces[:min(len(pieces), detailEvidence)] {
		b.linef("- %s: %s\n", plain(e.Title), plain(e.Detail))
	}
	b.WriteString("\n")
}

// place is where an id stands in a list, or behind all of it.
func place(ids []string, id string) int {
	if i := slices.Index(ids, id); i >= 0 {
		return i
	}
	return len(ids)
}

// detailTimeline is the end of the timeline, the first line of each entry: what
// follows in an entry stands above in parts.
func (r *incidentRun) detailTimeline(b *page) {
	s := r.state
	if len(s.Timeline) == 0 {
		return
	}
	b.WriteString("### Timeline\n\n")
	for _, e := range s.Timeline[max(len(s.Timeline)-detailLines, 0):] {
		b.linef("- %s %s: %s\n", e.At.UTC().Format("15:04:05"), e.Phase, plain(e.Text.FirstLine()))
	}
}

// uiURL is where the Temporal UI shows the incident's details, the tab User
// Metadata; empty when nobody said where the UI is.
func (r *incidentRun) uiURL() string {
	if r.in.Settings.UIURL == "" {
		return ""
	}
	return fmt.Sprintf("%s/namespaces/%s/workflows/%s/%s/user-metadata", strings.TrimSuffix(r.in.Settings.UIURL, "/"),
		url.PathEscape(r.in.Settings.Namespace), url.PathEscape(r.state.WorkflowID), url.PathEscape(r.state.RunID))
}

// markdown takes away what makes a text more than text. Log lines and model
// output are hostile: they could otherwise bring links and headings of their own.
// The Temporal UI renders by gomarkdown, which takes a backslash before each of
// these and shows an entity such as &lt; as it stands.
var markdown = strings.NewReplacer(
	"\\", "\\\\", "`", "\\`", "*", "\\*", "_", "\\_", "[", "\\[", "]", "\\]", "(", "\\(", ")", "\\)", "{", "\\{", "}", "\\}",
	"<", "\\<", ">", "\\>", "#", "\\#", "|", "\\|", "!", "\\!", "~", "\\~", "$", "\\$", "&", "\\&", "\n", " ", "\r", " ", "\t", " ",
)

// plain writes a text into markdown as nothing but text. A bare address would
// still be made into a link, so that its scheme is broken up.
func plain(t redact.Text) string { return plainUpTo(t, detailText) }

// plainUpTo does the same for a text that may be longer or has to be shorter.
func plainUpTo(t redact.Text, limit int) string {
	return strings.ReplaceAll(markdown.Replace(t.Cut(limit).String()), "://", ":\u200b//")
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
	b.linef("## %s\n\n", incident.Count(len(s.Open), "open incident", "open incidents"))
	for _, o := range s.Open {
		b.linef("- %s on %s: %s\n", code(o.IncidentID), plain(redact.Name(o.Service)), incident.Count(len(o.Episodes), "anomaly", "anomalies"))
	}
	c := s.Counters
	b.linef("\n%d batches (%d fenced off), %d emissions (%d duplicates), %d incidents started, %d joins (%d unacknowledged, %d lost), %d entries pushed out\n",
		c.Batches, c.Fenced, c.Anomalies, c.Duplicates, c.Started, c.Joined, len(s.Unacked), c.Lost, c.Evicted)
	return b.String()
}
