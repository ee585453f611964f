//go:build e2e && unix

package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"

	"firebreak/internal/incident"
	"firebreak/test/stack"
	"firebreak/test/stack/temporal"
	"firebreak/test/stack/victim"
)

// found is what these tests read of a backfill's report.
type found struct {
	Name      string `json:"name"`
	Rows      int    `json:"rows"`
	Bad       int    `json:"bad"`
	Started   int    `json:"started"`
	There     int    `json:"already_there"`
	Incidents []struct {
		ID         string          `json:"id"`
		WorkflowID string          `json:"workflow_id"`
		Service    string          `json:"service"`
		Opened     time.Time       `json:"opened"`
		State      string          `json:"state"`
		Status     incident.Status `json:"status"`
	} `json:"incidents"`
}

func (f found) workflows() []string {
	var ids []string
	for _, i := range f.Incidents {
		ids = append(ids, i.WorkflowID)
	}
	slices.Sort(ids)
	return ids
}

// backfill runs the command over a recording and reads its report.
func (w world) backfill(t *testing.T, r *recording, more ...string) (found, call) {
	t.Helper()
	c := w.starter(t, append(backfillArgs(r, "--json"), more...)...)
	require.Equal(t, 0, c.code, c.stderr)
	var f found
	require.NoError(t, json.Unmarshal([]byte(c.stdout), &f))
	return f, c
}

func backfillArgs(r *recording, more ...string) []string {
	return append([]string{"backfill", "--source", "file:" + r.folder, "--account", stack.Account, "--region", stack.Region}, more...)
}

// started lists the IncidentWorkflows of backfills, open or not.
func (w world) started(t *testing.T, name string) []string {
	t.Helper()
	list, err := w.client.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{
		Namespace: temporal.Namespace, PageSize: 1000,
		Query: fmt.Sprintf("WorkflowType = '%s' AND WorkflowId STARTS_WITH 'backfill/%s'", incident.WorkflowIncident, name),
	})
	require.NoError(t, err)
	var ids []string
	for _, e := range list.GetExecutions() {
		ids = append(ids, e.GetExecution().GetWorkflowId())
	}
	slices.Sort(ids)
	return ids
}

// untouched fails when anything outside Temporal was touched.
func (w world) untouched(t *testing.T) {
	t.Helper()
	require.Empty(t, w.Slack.Messages(stack.SlackChannel), "a message was posted")
	require.Empty(t, w.Jira.Issues(), "a ticket was opened")
	runs, err := ssm.NewFromConfig(w.AWS()).DescribeAutomationExecutions(t.Context(), &ssm.DescribeAutomationExecutionsInput{})
	require.NoError(t, err)
	require.Empty(t, runs.AutomationExecutionMetadataList, "an automation was started")
}

// TestBackfill is a recorded month with one incident in it, from the dry run to
// effects that were asked for.
func TestBackfill(t *testing.T) {
	r := record(t, 1)
	places := r.litter()
	w := start(t)

	dry := w.starter(t, backfillArgs(r, "--dry-run", "--address", "127.0.0.1:1")...)
	require.Equal(t, 0, dry.code, dry.stderr)
	require.Contains(t, dry.stdout, "would start")
	require.Contains(t, dry.stdout, "1 incident; dry run, nothing was started")
	for _, place := range places {
		require.Contains(t, dry.stderr, place)
	}
	require.NotContains(t, dry.stderr, "\x1b", "what is in a file acts on the terminal")
	require.Empty(t, w.started(t, ""))

	expected, _ := w.backfill(t, r, "--dry-run")
	require.Len(t, expected.Incidents, 1)
	one := expected.Incidents[0]
	require.Equal(t, victim.Checkout, one.Service)
	require.WithinRange(t, one.Opened, r.onset(0), r.onset(0).Add(2*time.Minute))
	require.Equal(t, "backfill/"+expected.Name+"/incident/"+stack.Account+"/"+stack.Region+"/checkout/"+one.ID, one.WorkflowID)
	require.Equal(t, r.rows+r.lines+7, expected.Rows, "of the rubbish, too") //nolint:testifylint // the recording says what to expect
	require.Len(t, places, expected.Bad)

	shadow, _ := w.backfill(t, r)
	require.Equal(t, 1, shadow.Started)
	require.Equal(t, incident.StatusShadowed, shadow.Incidents[0].Status)
	require.Equal(t, expected.workflows(), shadow.workflows())
	require.Eventually(t, func() bool { return slices.Equal(expected.workflows(), w.started(t, expected.Name)) }, time.Minute, 100*time.Millisecond)
	w.untouched(t)

	again := w.starter(t, backfillArgs(r)...)
	require.Equal(t, 0, again.code, again.stderr)
	require.Contains(t, again.stdout, "0 started, 1 already there")
	require.Contains(t, again.stdout, "shadowed")
	for line := range strings.SplitSeq(again.stdout, "\n") {
		require.LessOrEqual(t, len([]rune(line)), 120, line)
	}
	require.Equal(t, expected.workflows(), w.started(t, ""))

	require.Eventually(t, func() bool { // lists lag behind
		return strings.Contains(w.starter(t, "incidents", "list", "--all", "--origin", "backfill", "--status", "shadowed").stdout, one.ID)
	}, time.Minute, 200*time.Millisecond)
	shown := w.starter(t, "incidents", "show", one.ID)
	require.Equal(t, 0, shown.code, shown.stderr)
	require.Contains(t, shown.stdout, "backfill")

	each, _ := w.backfill(t, r, "--mode", "each", "--name", "each")
	require.Greater(t, each.Started, 1, "the trouble showed in several ways")
	require.Len(t, each.Incidents, each.Started)
	w.untouched(t)

	loud, _ := w.backfill(t, r, "--effects", "chat,tickets")
	require.NotEqual(t, expected.Name, loud.Name, "what it may touch is part of what a backfill is")
	require.Equal(t, 1, loud.Started)
	require.Len(t, w.Slack.Messages(stack.SlackChannel), 1)
	require.Len(t, w.Jira.Issues(), 1)
	require.Equal(t, incident.StatusShadowed, loud.Incidents[0].Status, "nothing may be run, so nobody is asked")
	runs, err := ssm.NewFromConfig(w.AWS()).DescribeAutomationExecutions(t.Context(), &ssm.DescribeAutomationExecutionsInput{})
	require.NoError(t, err)
	require.Empty(t, runs.AutomationExecutionMetadataList)
}

// TestBackfillIsKilled kills the command at different moments. The next run has
// to end with the incidents that one that was left alone finds.
func TestBackfillIsKilled(t *testing.T) {
	const troubles = 30
	r := record(t, troubles)
	w := start(t)
	whole, _ := w.backfill(t, r, "--name", "whole")
	require.Len(t, whole.Incidents, troubles)
	require.Equal(t, troubles, whole.Started)
	want := idsOf(whole)

	for _, share := range []int{1, troubles / 3, troubles - 1} {
		name := fmt.Sprintf("killed-%d", share)
		p := w.begin(t, backfillArgs(r, "--name", name)...)
		require.Eventually(t, func() bool { return len(w.started(t, name+"/")) >= share || p.ended() }, 2*time.Minute, time.Millisecond)
		require.False(t, p.ended(), "it was too quick to be killed: %s", p.out)
		p.kill()
		there := len(w.started(t, name+"/"))
		t.Logf("killed with %d of %d incidents", there, troubles)
		rest, c := w.backfill(t, r, "--name", name)
		t.Logf("%d were there when the next run looked, %d were left to it", rest.There, rest.Started)
		require.Equal(t, want, idsOf(rest))
		require.Equal(t, troubles, rest.Started+rest.There, c.stderr)
		for _, i := range rest.Incidents {
			require.Equal(t, incident.StatusShadowed, i.Status, i.ID)
		}
		require.Eventually(t, func() bool { return slices.Equal(rest.workflows(), w.started(t, name+"/")) }, time.Minute, 100*time.Millisecond,
			"workflows were started that nobody knows of, or are missing")
	}
	w.untouched(t)
}

func idsOf(f found) []string {
	var ids []string
	for _, i := range f.Incidents {
		ids = append(ids, i.ID)
	}
	return ids
}

// TestBackfillWithoutAWorker runs against a server whose queues nobody reads.
func TestBackfillWithoutAWorker(t *testing.T) {
	r := record(t, 1)
	w := startWithoutWorker(t)
	p := w.begin(t, backfillArgs(r)...)
	require.Eventually(t, func() bool { return strings.Contains(p.out.String(), "no worker") }, 2*time.Minute, 50*time.Millisecond, p.out)
	require.Contains(t, p.out.String(), incident.QueueWorkflows, "which queue is it that nobody reads?")
	require.False(t, p.ended(), "a worker may come yet")
	p.interrupt(t)
	require.Equal(t, 1, p.wait(t), p.out)
	require.Contains(t, p.out.String(), "interrupted")
}
