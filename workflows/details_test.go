package workflows_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gomarkdown/markdown"
	"github.com/gomarkdown/markdown/html"
	"github.com/gomarkdown/markdown/parser"
	"github.com/stretchr/testify/require"
	sdkpb "go.temporal.io/api/sdk/v1"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// details are what the Temporal UI shows for the workflow right now.
func (w *world) details() string {
	w.t.Helper()
	v, err := w.env.QueryWorkflow("__temporal_workflow_metadata")
	require.NoError(w.t, err)
	var meta sdkpb.WorkflowMetadata
	require.NoError(w.t, v.Get(&meta))
	return meta.GetCurrentDetails()
}

func TestTemporalUIAloneTellsWhatToDo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.undo = &incident.UndoPlan{Runbook: "roll-forward"}
	w.rule.AllowUnverified = false
	var signal string
	w.at(time.Minute, func() {
		page := w.details()
		for _, want := range []string{
			"## checkout: awaiting approval", "**sev2**, 1 anomaly, opened 2026-03-01 12:00:0", "`" + incidentID + "`",
			"### Approve or reject restart-service on checkout before 2026-03-01 12:30 UTC.", "1 approval is missing.",
			"- runbook **restart-service** on **checkout**", "touches: i-0c0ffee0000000001", "InstanceId: i-0c0ffee0000000001", "taken back by: roll-forward", digestOf(1),
			"starter approve " + incidentID, "**More Actions > Send a Signal**, name `approval`, leave json/plain", "[OPS-7](https://jira.example/browse/OPS-7)",
			"[Slack thread](https://shop.slack.example/archives/C1/p1001)", "errors since a configuration reload", "new error pattern", "### Timeline",
			"An answer without a signature does not count here",
		} {
			require.Contains(t, page, want)
		}
		require.Less(t, strings.Index(page, "```json"), strings.Index(page, "- step 1"), "how to answer comes before what would run")
		for _, never := range []string{"outcome none", "(s)", "/history"} {
			require.NotContains(t, page, never)
		}
		signal = regexp.MustCompile("(?s)```json\n(.*?)\n```").FindStringSubmatch(page)[1]
		var d incident.Decision
		require.NoError(t, json.Unmarshal([]byte(signal), &d), "a person can send it as it stands")
		require.Equal(t, incident.Decision{Approved: true, Approver: "your name", Via: "ui", PlanDigest: digestOf(1)}, d)
		w.env.SignalWorkflow(incident.SignalApproval, json.RawMessage(signal))
	})
	s := w.run(input())
	require.Equal(t, incident.OutcomeFixed, s.Outcome, "the very signal that the page shows approves")
	page := w.details()
	require.Contains(t, page, "## checkout: resolved")
	require.NotContains(t, page, "### Waiting for", "nothing is pending any more")
}

// rendered is a page of markdown as the Temporal UI renders it: by gomarkdown
// with these settings (ui-server v2.54, server/route/ui.go).
func rendered(page string) string {
	p := parser.NewWithExtensions(parser.CommonExtensions | parser.AutoHeadingIDs)
	renderer := html.NewRenderer(html.RendererOptions{Flags: html.CommonFlags | html.HrefTargetBlank})
	return string(markdown.Render(p.Parse([]byte(page)), renderer))
}

func TestHostileTextStaysText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hostile := redact.Format("%s", redact.Literal("# Approved\n\n[click](https://evil.example) <img src=x> `code` https://evil.example/y ![i](z) $x$ &copy; order <*> failed"))
	w.diagnosis.Hypotheses[0].Cause = hostile
	in := input()
	in.Anomalies[0].Why = hostile
	looked := false
	w.at(time.Minute, func() {
		looked = true
		page := w.details()
		require.NotContains(t, page, "\n# Approved")
		shown := rendered(page)
		require.Contains(t, shown, "# Approved  [click](https:\u200b//evil.example) &lt;img src=x&gt; `code` https:\u200b//evil.example/y ![i](z) $x$ &amp;copy; order &lt;*&gt; failed",
			"what was written is what is read")
		for _, never := range []string{"<img", "<h1", "https://evil", `href="http://evil`, "<code>code", "math"} {
			require.NotContains(t, shown, never)
		}
	})
	w.run(in)
	require.True(t, looked)
}

func TestPayloadsStaySmall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.verification = func(int) incident.Verification { return incident.Verification{} } // a second attempt sees all of them
	w.signalAt(2*time.Minute, yes("ana", 1))
	w.at(time.Minute, func() {
		for n := range 100 {
			a := anomaly(n, incident.EpisodeOpen)
			a.Samples = []redact.Text{redact.Name(strings.Repeat("s", 500)), redact.Name(strings.Repeat("s", 500))}
			for range 5 {
				a.Changes = append(a.Changes, incident.Change{Service: "checkout", Kind: "shop.config/Reload", Text: redact.Name(strings.Repeat("c", 300))})
			}
			for range 3 {
				w.env.SignalWorkflow(incident.SignalAnomaly, incident.Join{Anomaly: a})
				a.State, a.Count = incident.EpisodeGrowing, a.Count+1
			}
		}
	})
	s := w.run(input())
	raw, err := json.Marshal(s)
	require.NoError(t, err)
	require.Less(t, len(raw), 64<<10)
	for _, name := range []string{incident.ActivityGatherEvidence, incident.ActivityDiagnose, incident.ActivityCompilePlan} {
		for _, in := range w.inputs(name) {
			raw, err := json.Marshal(in)
			require.NoError(t, err)
			require.Less(t, len(raw), 64<<10, name)
		}
	}
	for _, in := range w.inputs(incident.ActivityPostReply) {
		require.LessOrEqual(t, len(in.(incident.PostReplyInput).Text.String()), 3_000)
	}
	for _, in := range w.inputs(incident.ActivityPostIncident) {
		require.LessOrEqual(t, len(in.(incident.PostIncidentInput).Headline.Body.String()), 2_500)
	}
}
