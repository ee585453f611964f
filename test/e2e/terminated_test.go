//go:build e2e && unix

package e2e

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
	"firebreak/test/sandbox/scenario"
	"firebreak/test/stack"
	"firebreak/test/stack/jira"
	"firebreak/test/stack/temporal"
	"firebreak/test/stack/victim"
)

// TestIncidentIsTerminated terminates an incident as a person does in the
// Temporal UI, while its automation runs and a worker is there: its remediation
// is cancelled and stops the automation, the correlator forgets it, its thread
// and its ticket are told once, and the next anomaly opens a new incident with a
// thread of its own.
func TestIncidentIsTerminated(t *testing.T) {
	t.Parallel()
	g := startGuarded(t)
	g.engage()
	g.warm(0)
	require.NoError(t, g.Shop.Inject(t.Context(), victim.BadReload()))
	first := g.approved(1)[0]
	t.Logf("opened by rule %s: %s", first.Anomalies[0].Rule, first.Anomalies[0].Why)
	remediation := incident.RemediationWorkflowID(first.WorkflowID, 1)
	require.True(t, g.runs(remediation))

	cut := time.Now()
	require.NoError(t, g.client.TerminateWorkflow(t.Context(), first.WorkflowID, "", "wrong alarm, password=hunter2"))
	execution := g.automation(first.ID)
	g.eventually("the automation is cancelled", 2*time.Minute, func() bool { return g.status(execution) == types.AutomationExecutionStatusCancelled })
	t.Logf("%s after the incident was terminated", time.Since(cut))
	g.eventually("the remediation has ended", 2*time.Minute, func() bool { return !g.runs(remediation) })
	g.eventually("the correlator forgets the incident", 2*time.Minute, func() bool {
		open, ended := g.held()
		return !slices.Contains(open, first.ID) && slices.Contains(ended, first.ID)
	})
	t.Logf("%s after the incident was terminated", time.Since(cut))

	g.eventually("the thread is told", 2*time.Minute, func() bool { return g.farewells(first) > 0 })
	g.eventually("the ticket is told", 2*time.Minute, func() bool { return g.comments(first) > 0 })
	since := time.Now()
	g.eventually("two more rounds pass", 2*time.Minute, func() bool { return len(g.rounds(since)) >= 2 })
	require.Equal(t, 1, g.farewells(first), "it is told once")
	require.Equal(t, 1, g.comments(first))
	for _, report := range g.rounds(since) {
		require.Empty(t, report.Told)
		require.Empty(t, report.Stopped)
	}
	root, err := json.Marshal(g.Slack.Messages(stack.SlackChannel)[0])
	require.NoError(t, err)
	require.Contains(t, strings.ToLower(string(root)), "cancelled", "the root message still says that it is open")
	issue, ok := g.Jira.Issue(first.Ticket.Key)
	require.True(t, ok)
	require.NotEqual(t, jira.CategoryDone, issue.Status.Category, "terminating it does not make the trouble go away")

	// The same trouble once more, as an episode of its own.
	require.NoError(t, g.Shop.Mend(t.Context()))
	g.quiet()
	require.NoError(t, g.Shop.Inject(t.Context(), victim.BadReload()))
	var next incident.State
	g.eventually("another incident has a thread", 4*time.Minute, func() bool {
		for _, next = range g.incidents() {
			if next.ID != first.ID && !next.Thread.IsZero() && !next.Ticket.IsZero() {
				return true
			}
		}
		return false
	})
	require.NotEqual(t, first.Thread.TS, next.Thread.TS, "it goes on in the thread of one that was terminated")
	require.NotEqual(t, first.Ticket.Key, next.Ticket.Key)
}

// farewells counts the messages in an incident's thread that say that it was
// terminated.
func (g *guarded) farewells(s incident.State) int {
	g.t.Helper()
	n := 0
	for _, m := range g.Slack.Thread(stack.SlackChannel, s.Thread.TS)[1:] {
		raw, err := json.Marshal(m)
		require.NoError(g.t, err)
		require.NotContains(g.t, string(raw), "hunter2")
		if strings.Contains(m.Text, "was terminated in Temporal") {
			n++
		}
	}
	return n
}

// comments counts the ticket's comments that say so.
func (g *guarded) comments(s incident.State) int {
	g.t.Helper()
	n := 0
	for _, c := range g.Jira.Comments(s.Ticket.Key) {
		if strings.Contains(c.Body, "was terminated in Temporal") {
			n++
		}
	}
	return n
}

// TestOrphanIsReaped terminates an incident and its remediation while no worker
// runs, so that nothing but the guard can stop the automation. Those beside it
// go on: of an incident that is well, of somebody else, and of a namesake of our
// namespace in another cluster.
func TestOrphanIsReaped(t *testing.T) {
	t.Parallel()
	g := startGuarded(t)
	g.eachForItself()
	g.engage()
	g.warm(scenario.Baseline)
	require.NoError(t, g.Shop.Inject(t.Context(), victim.BadReload()))
	both := g.approved(2)
	lost, well := both[0], both[1]
	orphan, healthy := g.automation(lost.ID), g.automation(well.ID)
	require.NotEqual(t, orphan, healthy)
	remediation := incident.RemediationWorkflowID(lost.WorkflowID, 1)
	untagged := g.stranger(orphan, nil)
	namesake := g.stranger(orphan, map[string]string{
		"ManagedBy": "firebreak", "FirebreakWorkflow": remediation, "FirebreakNamespace": temporal.Namespace + "/00000000-0000-4000-8000-000000000000",
	})
	others := []string{healthy, untagged, namesake}

	g.dismiss()
	require.Equal(t, types.AutomationExecutionStatusInprogress, g.status(orphan), "a worker that stops leaves automations running")
	require.NoError(t, g.client.TerminateWorkflow(t.Context(), remediation, "", "all of it"))
	require.NoError(t, g.client.TerminateWorkflow(t.Context(), lost.WorkflowID, "", "all of it"))
	require.Equal(t, types.AutomationExecutionStatusInprogress, g.status(orphan), "without a worker nothing stops it")

	back := time.Now()
	g.engage()
	g.eventually("the orphan is cancelled", 2*time.Minute, func() bool { return g.status(orphan) == types.AutomationExecutionStatusCancelled })
	t.Logf("%s after a worker was back", time.Since(back))
	g.eventually("the correlator forgets the incident", 2*time.Minute, func() bool {
		open, ended := g.held()
		return !slices.Contains(open, lost.ID) && slices.Contains(ended, lost.ID) && slices.Contains(open, well.ID)
	})
	var stopped []incident.Orphan
	g.eventually("the guard reports it", 2*time.Minute, func() bool {
		for _, r := range g.rounds(back.Add(-time.Minute)) {
			stopped = append(stopped, r.Stopped...)
		}
		return len(stopped) > 0
	})
	require.Len(t, stopped, 1)
	require.Equal(t, orphan, stopped[0].ExecutionID)
	require.Equal(t, remediation, stopped[0].WorkflowID)
	require.Equal(t, "Cancelled", stopped[0].Status)

	since := time.Now()
	g.eventually("three more rounds pass", 2*time.Minute, func() bool { return len(g.rounds(since)) >= 3 })
	for _, r := range g.rounds(since) {
		require.Empty(t, r.Stopped)
		require.GreaterOrEqual(t, r.Running, len(others))
	}
	for _, id := range others {
		require.Equal(t, types.AutomationExecutionStatusInprogress, g.status(id), "it is not ours to stop")
	}
	require.True(t, g.runs(incident.RemediationWorkflowID(well.WorkflowID, 1)))

	require.NoError(t, g.client.CancelWorkflow(t.Context(), well.WorkflowID, ""))
	g.eventually("a cancelled incident stops its own", 2*time.Minute, func() bool { return g.status(healthy) == types.AutomationExecutionStatusCancelled })
}
