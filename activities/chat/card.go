package chat

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// Action ids of the card's buttons.
const (
	ActionApprove = "firebreak_approve"
	ActionReject  = "firebreak_reject"
)

const blockDecision = "firebreak_decision"

// question is what a button's value carries: which plan of which run is meant.
type question struct {
	WorkflowID string `json:"w"`
	RunID      string `json:"r"`
	Digest     string `json:"d"`
}

// encode is the value of the card's buttons, at most 2000 characters.
func (q question) encode() (string, error) {
	b, err := json.Marshal(q)
	if err != nil {
		return "", fmt.Errorf("encode the question: %w", err)
	}
	if units(string(b)) > limitValue {
		return "", fmt.Errorf("workflow id, run id and digest take %d characters, a Slack button holds %d", units(string(b)), limitValue)
	}
	return string(b), nil
}

func decodeQuestion(value string) (question, error) {
	var q question
	if err := json.Unmarshal([]byte(value), &q); err != nil {
		return q, fmt.Errorf("decode the button's value: %w", err)
	}
	if q.WorkflowID == "" || q.RunID == "" || q.Digest == "" {
		return q, fmt.Errorf("the button's value names no workflow, run or digest")
	}
	return q, nil
}

// cardBlocks is the approval card. The limits of its parts add up to about
// 12,200 characters, below Slack's 13,000.
func cardBlocks(in incident.AskApprovalInput, value string) []slack.Block {
	p := in.Plan
	blocks := []slack.Block{
		heading("Approve " + name(p.Runbook) + " on " + name(p.Service) + "?"),
		facts(
			[2]string{"Severity", string(in.Headline.Severity)},
			[2]string{"Attempt", strconv.Itoa(p.Attempt)},
			[2]string{"Approvals needed", strconv.Itoa(p.Approval.Count)},
			[2]string{"Answer before", clock(in.Expires)},
		),
	}
	blocks = append(blocks, titled("Suspected cause", in.Cause.String(), 1000)...)
	acts, whole := whatItDoes(p)
	blocks = append(blocks, acts...)
	if len(in.Citations) > 0 {
		blocks = append(blocks, titled("Evidence", bullets(in.Citations, 200), 1200)...)
	}
	blocks = append(blocks, contextOf([][2]string{
		{"Digest", shortDigest(p.Digest)}, {"Commit", shortHex(p.Commit)}, {"Document", shortHex(p.ContentSHA256)}, {"Incident", in.Headline.IncidentID},
	}, link(in.Headline.UIURL, "Whole plan in the Temporal UI")))

	approve := slack.NewButtonBlockElement(ActionApprove, value, slack.NewTextBlockObject(slack.PlainTextType, "Approve", false, false)).WithStyle(slack.StylePrimary)
	reject := slack.NewButtonBlockElement(ActionReject, value, slack.NewTextBlockObject(slack.PlainTextType, "Reject", false, false)).WithStyle(slack.StyleDanger)
	if !whole {
		// Nobody is asked to approve what the card does not show.
		note := "This plan is too long for a Slack message and cannot be approved here. Read it in the workflow and approve with `starter approve " + name(in.Headline.IncidentID) + "`."
		return append(blocks, slack.NewSectionBlock(markup(note), nil, nil), slack.NewActionBlock(blockDecision, reject))
	}
	return append(blocks, slack.NewActionBlock(blockDecision, approve, reject))
}

// whatItDoes shows what an approval would set going, and tells whether all of
// it could be shown.
func whatItDoes(p incident.Plan) (blocks []slack.Block, whole bool) {
	whole = true
	add := func(label, text string, limit int) {
		_, cut := escaped(text, limit)
		whole = whole && !cut
		blocks = append(blocks, titled(label, text, limit)...)
	}
	blocks = append(blocks, titled("Impact", orNone(p.Impact.String()), 700)...)
	steps := make([]string, len(p.Steps))
	for i, s := range p.Steps {
		steps[i] = fmt.Sprintf("%d. %s (%s)", i+1, s.Name, s.Action)
	}
	add("Steps", orNone(strings.Join(steps, "\n")), 1500)
	add("Targets", orNone(strings.Join(p.Targets, ", ")), 1200)
	if len(p.Parameters) > 0 {
		add("Parameters", parameters(p.Parameters), 2500)
	}
	if p.Undo != nil {
		add("Undo, if it does not help", p.Undo.Runbook+"\n"+parameters(p.Undo.Parameters), 1000)
	}
	return append(blocks, titled("Counts as fixed when", verifyRules(p.Verify), 500)...), whole
}

func parameters(values map[string][]string) string {
	lines := make([]string, 0, len(values))
	for _, k := range slices.Sorted(maps.Keys(values)) {
		lines = append(lines, k+" = "+strings.Join(values[k], ", "))
	}
	return orNone(strings.Join(lines, "\n"))
}

// verifyRules say in words when the trouble counts as gone.
func verifyRules(v incident.VerifySpec) string {
	if v.Metric.IsZero() {
		return "none"
	}
	var rules []string
	for _, one := range v.All() {
		rules = append(rules, verifyRule(one))
	}
	return strings.Join(rules, "; and ")
}

func verifyRule(v incident.VerifySpec) string {
	rule := fmt.Sprintf("%s %s/%s %s %s for %d datapoints of %d s in a row, within %s",
		v.Metric.Stat, v.Metric.Namespace, v.Metric.Name, v.Comparison, strconv.FormatFloat(v.Threshold, 'g', 6, 64),
		v.Samples, v.Metric.Period, incident.Span(v.Timeout.Std()))
	if v.Traffic != nil {
		rule += ", counted only while there is traffic"
	}
	return rule + fmt.Sprintf(" (now %s)", strconv.FormatFloat(v.Before, 'g', 6, 64))
}

func bullets(texts []redact.Text, each int) string {
	lines := make([]string, len(texts))
	for i, t := range texts {
		lines[i] = "• " + oneLine(t.Cut(each).String())
	}
	return strings.Join(lines, "\n")
}

func orNone(s string) string {
	if strings.TrimSpace(s) == "" {
		return "none"
	}
	return s
}

// shortDigest is "v1:" and the first 12 digits of the plan's digest.
func shortDigest(d string) string {
	version, hex, ok := strings.Cut(d, ":")
	if !ok {
		return shortHex(d)
	}
	return version + ":" + shortHex(hex)
}

func shortHex(s string) string { return s[:min(len(s), 12)] }

// clock shows an RFC 3339 time as people read it, and anything else as it is.
func clock(at string) string {
	t, err := time.Parse(time.RFC3339, at)
	if err != nil {
		return at
	}
	return t.UTC().Format("2006-01-02 15:04 UTC")
}
