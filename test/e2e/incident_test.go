package e2e

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/stretchr/testify/require"

	"firebreak/test/stack"
	"firebreak/test/stack/jira"
)

// TestFaultBecomesVerifiedFix is the whole way: a bad configuration in a running
// service, and at the end the same service healthy in another process, one
// thread, one ticket that is done, and one automation.
func TestFaultBecomesVerifiedFix(t *testing.T) {
	t.Parallel()
	w := start(t)
	r := w.play(t, find(t, "error-spike"))
	require.NoError(t, r.Check())
	require.Less(t, r.Verified.Sub(r.Fault), 90*time.Second)
	t.Logf("fault to incident %s, to verified fix %s, to the end %s", r.Found.Sub(r.Fault), r.Verified.Sub(r.Fault), r.Ended.Sub(r.Fault))

	require.NotEqual(t, r.Before.PID, r.After.PID)
	require.Equal(t, r.Before.Starts+1, r.After.Starts)
	require.Positive(t, r.Traffic.Requests)
	require.Zero(t, r.Traffic.Errors, "callers still get errors")

	// Since the baseline: a machine that stalls makes a healthy shop slow, which is found.
	require.Len(t, r.Seen.Threads, 1, "one incident has one thread")
	require.Len(t, w.Slack.Thread(stack.SlackChannel, r.State.Thread.TS), r.State.Messages)
	issues := r.Seen.Tickets
	require.Len(t, issues, 1, "one incident has one ticket")
	require.Equal(t, r.State.Ticket.Key, issues[0].Key)
	require.Equal(t, jira.CategoryDone, issues[0].Status.Category)
	runs, err := ssm.NewFromConfig(w.AWS()).DescribeAutomationExecutions(t.Context(), &ssm.DescribeAutomationExecutionsInput{})
	require.NoError(t, err)
	require.Len(t, runs.AutomationExecutionMetadataList, 1, "one approval starts one automation")
	requireFilled(t, r.Report())
}

// requireFilled fails for a field of the report that is null or empty, at any depth.
func requireFilled(t *testing.T, report any) {
	t.Helper()
	data, err := json.Marshal(report)
	require.NoError(t, err)
	var top map[string]any
	require.NoError(t, json.Unmarshal(data, &top))
	want := map[string][]string{
		"incident":     {"workflow_id", "run_id", "id", "status", "outcome", "service", "severity"},
		"diagnosis":    {"cause", "confidence", "citations", "model"},
		"approval":     {"approver", "via", "verified", "plan_digest"},
		"remediation":  {"runbook", "commit", "document_version", "execution_id", "status", "attempts"},
		"verification": {"ok", "metric", "before", "after", "samples"},
		"slack":        {"channel", "thread_ts", "messages"},
		"jira":         {"key", "status"},
	}
	for part, fields := range want {
		require.IsType(t, map[string]any{}, top[part], part)
		got := top[part].(map[string]any)
		require.Len(t, got, len(fields), part)
		for _, field := range fields {
			require.Contains(t, got, field, part)
			require.NotContains(t, []any{nil, ""}, got[field], part+"."+field)
		}
	}
	require.NotEmpty(t, top["scenario"])
	require.NotEmpty(t, top["anomalies"])
	require.NotEmpty(t, top["timeline"])
	require.Len(t, top, len(want)+3)
}
