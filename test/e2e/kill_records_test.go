//go:build e2e && unix

package e2e

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
	"firebreak/test/stack"
	"firebreak/test/stack/fault"
	"firebreak/test/stack/jira"
)

// check reads the records of the stand-ins and of the machine, none of which is
// Firebreak's own word.
func (w *killWorld) check(t *testing.T, k *killCase) {
	t.Helper()
	require.Equal(t, 1, k.proxy.Struck(), "the strike did not fall")
	switch {
	case strings.HasPrefix(k.strike, "killed"):
		require.Positive(t, k.crew.kills)
		require.Greater(t, k.proxy.Handed(k.activity), 1, "nobody took over")
	case k.writes != onlyReads:
		require.Equal(t, 1, k.world.Faults.Fired(k.writes.service, k.writes.operation, fault.LoseResponse), "no answer was lost")
	}
	if k.in != cancelledUnwatched {
		w.checkFixed(t, &k.machineIncident)
		return
	}
	require.Equal(t, incident.StatusCancelled, k.final.Status, "%v", k.final.Timeline)
	w.checkAutomation(t, &k.machineIncident, types.AutomationExecutionStatusCancelled)
	w.checkThread(t, &k.machineIncident)
	w.checkTicket(t, &k.machineIncident, jira.CategoryInProgress)
}

// checkFixed: resolved and fixed, with everything once.
func (w *killWorld) checkFixed(t *testing.T, k *machineIncident) {
	t.Helper()
	require.Equal(t, incident.StatusResolved, k.final.Status, "%v", k.final.Timeline)
	require.Equal(t, incident.OutcomeFixed, k.final.Outcome)
	require.Equal(t, good, k.read(fileRunning), "the unit still runs with the broken configuration")
	w.checkAutomation(t, k, types.AutomationExecutionStatusSuccess)
	w.checkThread(t, k)
	w.checkTicket(t, k, jira.CategoryDone)
}

// checkAutomation: one version of the document, one execution of it, one restart.
func (w *killWorld) checkAutomation(t *testing.T, k *machineIncident, status types.AutomationExecutionStatus) {
	t.Helper()
	systems := ssm.NewFromConfig(w.AWS())
	document := "Firebreak-" + k.runbook()
	versions, err := systems.ListDocumentVersions(t.Context(), &ssm.ListDocumentVersionsInput{Name: &document})
	require.NoError(t, err)
	require.Len(t, versions.DocumentVersions, 1, "one content is one version")
	runs, err := systems.DescribeAutomationExecutions(t.Context(), &ssm.DescribeAutomationExecutionsInput{
		Filters: []types.AutomationExecutionFilter{{Key: types.AutomationExecutionFilterKeyDocumentNamePrefix, Values: []string{document}}},
	})
	require.NoError(t, err)
	require.Len(t, runs.AutomationExecutionMetadataList, 1, "one attempt is one automation")
	require.Equal(t, status, runs.AutomationExecutionMetadataList[0].AutomationExecutionStatus)
	require.Equal(t, aws.ToString(runs.AutomationExecutionMetadataList[0].AutomationExecutionId), k.final.Attempts[0].Result.Execution.ID)
	require.Len(t, k.final.Attempts, 1)
	require.Equal(t, 1, k.restarts(), "the unit was restarted more than once")
}

// checkThread: one thread with one card, closed, and every reply once.
func (w *killWorld) checkThread(t *testing.T, k *machineIncident) {
	t.Helper()
	var roots []string
	for _, m := range w.Slack.Messages(stack.SlackChannel) {
		if m.Metadata.EventPayload["key"] == k.workflowID+"/thread" {
			roots = append(roots, m.Timestamp)
		}
	}
	require.Len(t, roots, 1, "one incident has one thread")
	require.Equal(t, roots[0], k.final.Thread.TS)
	var cards, replies, keys []string
	for _, m := range w.Slack.Thread(stack.SlackChannel, roots[0])[1:] {
		key, _ := m.Metadata.EventPayload["key"].(string)
		keys = append(keys, key)
		if strings.Contains(key, "/approval/") {
			cards = append(cards, m.Timestamp)
			require.NotNil(t, m.Edited, "the card still has its buttons")
			continue
		}
		replies = append(replies, m.Text)
	}
	require.Len(t, cards, 1, "one question is one card")
	require.Equal(t, distinct(keys), keys, "a message was posted twice")
	require.Len(t, distinct(replies), len(replies), "a reply was made twice")
	require.Equal(t, k.final.Messages, len(keys)+1)
	for _, said := range k.said() {
		require.Equal(t, 1, strings.Count(strings.Join(replies, "\n"), said), "the thread has to say %q once:\n%s", said, strings.Join(replies, "\n"))
	}
}

// said are parts of what has to be in the thread: who decided, which automation
// ran, and each of its steps that ended.
func (k *machineIncident) said() []string {
	said := []string{approver}
	for _, s := range k.final.Attempts[0].Result.Execution.Steps {
		if s.Ended && s.Status == string(types.AutomationExecutionStatusSuccess) {
			said = append(said, "Step "+s.Name)
		}
	}
	return said
}

// checkTicket: one ticket, moved on once, and every comment once.
func (w *killWorld) checkTicket(t *testing.T, k *machineIncident, category string) {
	t.Helper()
	issues := slices.DeleteFunc(w.Jira.Issues(), func(i jira.Issue) bool { return !slices.Contains(i.Labels, k.input.ID) })
	require.Len(t, issues, 1, "one incident has one ticket")
	issue := issues[0]
	require.Equal(t, k.final.Ticket.Key, issue.Key)
	require.Equal(t, category, issue.Status.Category)
	require.Equal(t, distinct(issue.History), issue.History, "the ticket was moved back and forth")
	var bodies, marks []string
	for _, c := range issue.Comments {
		text, mark, ok := strings.Cut(c.Body, "Firebreak ref ")
		require.True(t, ok, "a comment without a mark: %s", c.Body)
		bodies, marks = append(bodies, text), append(marks, mark)
	}
	require.Equal(t, distinct(marks), marks, "a comment was added twice")
	require.Equal(t, distinct(bodies), bodies, "a comment was made twice")
	require.Contains(t, strings.Join(bodies, "\n"), k.input.ID, "the ticket lacks the report of the end")
}

// distinct drops what has occurred before.
func distinct(in []string) []string {
	var out []string
	for _, s := range in {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}
