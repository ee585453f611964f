package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/workflow"

	"firebreak/internal/incident"
)

func TestCancelInEveryPhase(t *testing.T) {
	t.Parallel()
	// A first try that fails leaves the cancellation the time to arrive.
	during := func(activity string) func(w *world) {
		return func(w *world) {
			w.before[activity] = func(n int) {
				if n == 1 {
					w.env.CancelWorkflow()
				}
			}
			w.fails[activity] = func(n int) error {
				if n == 1 {
					return broken(n)
				}
				return nil
			}
		}
	}
	for name, c := range map[string]struct {
		when    func(w *world)
		starts  int
		attempt incident.RemediationStatus // empty: it did not come to an attempt
	}{
		"settling":             {func(w *world) { w.settle = 3 * time.Minute; w.at(30*time.Second, w.env.CancelWorkflow) }, 0, ""},
		"opening":              {during(incident.ActivityPinCatalog), 0, ""},
		"analysing":            {during(incident.ActivityGatherEvidence), 0, ""},
		"diagnosing":           {during(incident.ActivityDiagnose), 0, ""},
		"planning":             {during(incident.ActivityCompilePlan), 0, ""},
		"waiting":              {func(w *world) { w.at(30*time.Second, w.env.CancelWorkflow) }, 0, ""},
		"verifying a decision": {during(incident.ActivityVerifyDecision), 0, ""},
		"publishing":           {during(incident.ActivityPublishDocument), 0, incident.RemediationCancelled},
		"reading the symptom":  {during(incident.ActivityReadSymptom), 0, incident.RemediationCancelled},
		"rechecking":           {during(incident.ActivityRecheck), 0, incident.RemediationCancelled},
		"starting":             {func(w *world) { w.before[incident.ActivityStartAutomation] = func(int) { w.env.CancelWorkflow() } }, 1, incident.RemediationCancelled},
		"watching":             {during(incident.ActivityWatchAutomation), 1, incident.RemediationCancelled},
		"verifying":            {during(incident.ActivityVerifyRecovery), 1, incident.RemediationCancelled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.undo = &incident.UndoPlan{Runbook: "roll-forward", ContentSHA256: "bb"}
			w.signalAt(time.Minute, yes("ana", 1))
			c.when(w)
			s := w.run(input())
			require.Error(t, w.env.GetWorkflowError(), "Temporal has to show it as cancelled")
			require.Equal(t, incident.StatusCancelled, s.Status)
			require.Equal(t, incident.OutcomeNone, s.Outcome)
			require.Equal(t, c.starts, w.count(incident.ActivityStartAutomation), "nothing is started after the cancellation, not even an undo")
			if c.attempt == "" {
				require.Empty(t, s.Attempts)
			} else {
				require.Len(t, s.Attempts, 1, "the remediation is waited for")
				res := s.Attempts[0].Result
				require.Equal(t, c.attempt, res.Status)
				if c.starts > 0 {
					require.True(t, res.Execution.Done, "no automation runs on behind a closed incident")
				}
			}
			require.Equal(t, w.count(incident.ActivityAskApproval), w.count(incident.ActivityCloseApproval), "a card never keeps its buttons")
			replies := w.inputs(incident.ActivityPostReply)
			require.Contains(t, replies[len(replies)-1].(incident.PostReplyInput).Text.String(), "cancelled")
			comments := w.inputs(incident.ActivityCommentTicket)
			require.Contains(t, comments[len(comments)-1].(incident.CommentTicketInput).Text.String(), "cancelled")
			closed := told[incident.Closed](w, incident.SignalClosed)
			require.Len(t, closed, 1)
			require.Equal(t, incident.StatusCancelled, closed[0].Status)
		})
	}
}

func TestCancelInTheReopenWindowClosesEarly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := input()
	in.Settings.ReopenWindow = incident.Seconds(time.Hour)
	w.signalAt(time.Minute, yes("ana", 1))
	w.at(10*time.Minute, w.env.CancelWorkflow)
	s := w.run(in)
	require.NoError(t, w.env.GetWorkflowError())
	require.Equal(t, incident.StatusResolved, s.Status, "what is fixed stays fixed")
	require.Equal(t, incident.OutcomeFixed, s.Outcome)
	require.Equal(t, start.Add(10*time.Minute), w.env.Now().UTC())
}

func TestCancelThatComesAfterTheFixChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.rule.Count = 0
	in := input()
	in.Settings.ReopenWindow = incident.Seconds(time.Hour)
	w.env.OnWorkflow(incident.WorkflowRemediation, mock.Anything, mock.Anything).Return(
		func(ctx workflow.Context, _ incident.RemediationInput) (incident.RemediationResult, error) {
			w.env.CancelWorkflow()
			_ = workflow.Sleep(ctx, time.Hour) // until the cancellation comes
			return incident.RemediationResult{Status: incident.RemediationVerified}, nil
		})
	s := w.run(in)
	require.NoError(t, w.env.GetWorkflowError())
	require.Equal(t, incident.StatusResolved, s.Status, "the automation ran and helped before it could be stopped")
	require.Equal(t, incident.OutcomeFixed, s.Outcome)
	require.Equal(t, "Done", s.TicketStatus)
}

// A cancellation does not wait for a watch to be there: it comes during the
// start, whose answer the workflow must not give up, or between two watches.
func TestCancelStopsAnAutomationThatNobodyWatches(t *testing.T) {
	t.Parallel()
	for name, when := range map[string]string{"during the start": incident.ActivityStartAutomation, "during a watch": incident.ActivityWatchAutomation} {
		for stop, fails := range map[string]func(int) error{"": nil, ", which cannot be stopped": refused} {
			t.Run(name+stop, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				w.before[when] = func(int) { w.env.CancelWorkflow() }
				w.fails[incident.ActivityStopAutomation] = fails
				res := w.attempt()
				require.Equal(t, incident.RemediationCancelled, res.Status)
				require.Equal(t, 1, w.count(incident.ActivityStopAutomation))
				require.Equal(t, "exec-run", res.Execution.ID, "the start's answer is waited for")
				if fails != nil {
					require.Contains(t, res.Reasons[0].String(), "could not be stopped and may still run", "which nobody may be left to guess")
				} else {
					require.Equal(t, "Cancelled", res.Execution.Status)
				}
			})
		}
	}
}
