package workflows_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

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
			"## checkout: awaiting\\_approval", "Severity **sev2**", "### Waiting for 1 approval(s) until 2026-03-01 12:30:00 UTC",
			"Runbook **restart-service** on **checkout**", "touches: i-0c0ffee0000000001", "InstanceId: i-0c0ffee0000000001", "taken back by: roll-forward", digestOf(1),
			"`starter approve " + incidentID + "`", "send signal `approval`", "[OPS-7](https://jira.example/browse/OPS-7)", "channel `C1`, thread `100.1`",
			"[history](http://127.0.0.1:8233/namespaces/default/workflows/", "errors since a configuration reload", "new error pattern", "### Timeline",
			"An answer without a signature does not count here",
		} {
			require.Contains(t, page, want)
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

func TestHostileTextStaysText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hostile := redact.Format("%s", redact.Literal("# Approved\n\n[click](https://evil.example) <img src=x> `code` https://evil.example/y ![i](z)"))
	w.diagnosis.Hypotheses[0].Cause = hostile
	in := input()
	in.Anomalies[0].Why = hostile
	w.at(time.Minute, func() {
		page := w.details()
		require.NotContains(t, page, "\n# Approved")
		require.NotContains(t, page, "](https://evil")
		require.NotContains(t, page, "https://evil")
		require.NotContains(t, page, "<img")
		require.NotContains(t, page, "`code`")
	})
	w.run(in)
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
