package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
)

func TestIncidentIsFixedAndVerified(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	receipt := w.updateAt(time.Minute, "cli/1", yes("ana", 1))
	w.at(30*time.Second, func() {
		s := w.query()
		require.Equal(t, incident.StatusAwaitingApproval, s.Status)
		require.True(t, s.Pending)
		require.Equal(t, start.Add(30*time.Minute), s.Expires.UTC())
		require.Equal(t, digestOf(1), s.Plan.Digest)
		require.Equal(t, "OPS-7", s.Ticket.Key)
		require.Equal(t, "100.1", s.Thread.TS)
	})
	s := w.run(input())

	require.Equal(t, incident.DecisionReceipt{Accepted: true, Verified: true}, receipt.receipt)
	require.Equal(t, incident.StatusResolved, s.Status)
	require.Equal(t, incident.OutcomeFixed, s.Outcome)
	require.Equal(t, incident.Sev2, s.Severity)
	require.Equal(t, "shop", s.Team)
	require.Equal(t, []string{
		incident.ActivityPinCatalog, incident.ActivityGatherEvidence, incident.ActivityDiagnose, incident.ActivityCompilePlan, incident.ActivityVerifyDecision,
		incident.ActivityPublishDocument, incident.ActivityReadSymptom, incident.ActivityRecheck, incident.ActivityStartAutomation,
		incident.ActivityWatchAutomation, incident.ActivityWatchAutomation, incident.ActivityVerifyRecovery,
	}, w.order(), "the symptom and the policy are looked at right before the start")
	require.Len(t, s.Attempts, 1)
	require.Equal(t, incident.RemediationVerified, s.Attempts[0].Result.Status)
	require.Equal(t, "3", s.Attempts[0].Result.Document.Version)
	require.Equal(t, "Done", s.TicketStatus)
	require.Equal(t, 1, w.count(incident.ActivityAskApproval))
	require.Equal(t, 1, w.count(incident.ActivityCloseApproval))
	require.Equal(t, 1, w.count(incident.ActivityOpenTicket))

	closed := told[incident.Closed](w, incident.SignalClosed)
	require.Len(t, closed, 1)
	require.Equal(t, incident.Closed{
		IncidentID: incidentID, Status: incident.StatusResolved, Outcome: incident.OutcomeFixed, At: s.Ended, Thread: s.Thread, Ticket: s.Ticket,
	}, closed[0])

	require.Equal(t, w.count(incident.ActivityPostReply)+2, s.Messages, "the root message and the card count too")
	root := w.inputs(incident.ActivityPostIncident)
	final := root[len(root)-1].(incident.PostIncidentInput)
	require.Equal(t, incident.StatusResolved, final.Headline.Status)
	require.Equal(t, "OPS-7", final.Headline.TicketKey)
	require.Equal(t, "http://127.0.0.1:8233/namespaces/default/workflows/incident%2F123456789012%2Feu-central-1%2Fcheckout%2F"+incidentID+"/"+s.RunID+"/user-metadata", final.Headline.UIURL)
}
