package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// ward is a world with what a guard asks about.
type ward struct {
	*world

	orphans    incident.FindOrphansResult
	reap       func(incident.ReapOrphanInput) incident.ReapOrphanResult
	ended      incident.FindEndedResult
	terminated []incident.Terminated

	epilogues []incident.EpilogueInput
}

const graceful = 30 // seconds

var orphan = incident.Orphan{
	ExecutionID: "4105a4fc-f944-11e6-9d32-8fb2db27a909", Document: "Firebreak-restart-service",
	WorkflowID: incident.RemediationWorkflowID(workflowID, 1), Started: start.Add(-time.Hour), Ended: start.Add(-10 * time.Minute),
}

func newWard(t *testing.T) *ward {
	t.Helper()
	w := &ward{world: newWorld(t)}
	w.env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: scope.GuardID() + "-2026-03-01T12:00:00Z", TaskQueue: incident.QueueWorkflows})
	w.env.SetDetachedChildWait(true)
	w.reap = func(in incident.ReapOrphanInput) incident.ReapOrphanResult {
		return incident.ReapOrphanResult{Stopped: true, Execution: incident.Execution{ID: in.Orphan.ExecutionID, Status: "Cancelled", Done: true}}
	}
	serve(w.world, incident.ActivityFindOrphans, func(int, incident.FindOrphansInput) incident.FindOrphansResult { return w.orphans })
	serve(w.world, incident.ActivityReapOrphan, func(_ int, in incident.ReapOrphanInput) incident.ReapOrphanResult { return w.reap(in) })
	serve(w.world, incident.ActivityFindEnded, func(int, incident.FindEndedInput) incident.FindEndedResult { return w.ended })
	serve(w.world, incident.ActivityFindTerminated, func(int, incident.FindTerminatedInput) incident.FindTerminatedResult {
		return incident.FindTerminatedResult{Terminated: w.terminated}
	})
	return w
}

// round runs one round.
func (w *ward) round() (incident.GuardReport, error) {
	w.t.Helper()
	w.env.OnWorkflow(incident.WorkflowEpilogue, mock.Anything, mock.Anything).Return(
		func(_ workflow.Context, in incident.EpilogueInput) (incident.EpilogueResult, error) {
			w.epilogues = append(w.epilogues, in)
			return incident.EpilogueResult{}, nil
		}).Maybe()
	w.env.ExecuteWorkflow(incident.WorkflowGuard, incident.GuardInput{
		Scope: scope, Grace: graceful, Settings: incident.Settings{UIURL: "http://127.0.0.1:8233", Namespace: "default"},
	})
	require.True(w.t, w.env.IsWorkflowCompleted())
	var report incident.GuardReport
	err := w.env.GetWorkflowError()
	if err == nil {
		require.NoError(w.t, w.env.GetWorkflowResult(&report))
		return report, nil
	}
	var failed *temporal.ApplicationError
	require.ErrorAs(w.t, err, &failed)
	require.NoError(w.t, failed.Details(&report), "a round that fails tells what it did all the same")
	return report, err
}

func TestGuardWithNothingToDo(t *testing.T) {
	t.Parallel()
	w := newWard(t)
	w.orphans, w.ended = incident.FindOrphansResult{Running: 3, Unsure: 1}, incident.FindEndedResult{Open: 2}
	report, err := w.round()
	require.NoError(t, err)
	require.Equal(t, incident.GuardReport{Running: 3, Unsure: 1, Open: 2}, report)
	page := w.details()
	for _, want := range []string{"## Nothing was left behind", "3 automations ran, and the correlator held 2 incidents open.", "Of 1 automation it could not be told"} {
		require.Contains(t, page, want)
	}
	require.Zero(t, w.count(incident.ActivityReapOrphan))
	require.Equal(t, incident.FindOrphansInput{Scope: scope, Grace: graceful}, w.inputs(incident.ActivityFindOrphans)[0])
	require.Equal(t, incident.FindEndedInput{Scope: scope, Grace: graceful}, w.inputs(incident.ActivityFindEnded)[0])
	require.Equal(t, 24*time.Hour, w.inputs(incident.ActivityFindTerminated)[0].(incident.FindTerminatedInput).Since.Std())
}

func TestGuardStopsOrphans(t *testing.T) {
	t.Parallel()
	w := newWard(t)
	second, third := orphan, orphan
	second.ExecutionID, third.ExecutionID = "second", "third"
	w.orphans = incident.FindOrphansResult{Running: 4, Orphans: []incident.Orphan{orphan, second, third}}
	w.reap = func(in incident.ReapOrphanInput) incident.ReapOrphanResult {
		return incident.ReapOrphanResult{Stopped: in.Orphan.ExecutionID != "second", Execution: incident.Execution{Status: "Cancelled"}}
	}
	report, err := w.round()
	require.NoError(t, err, "one that is watched again is no problem")
	stopped, last := orphan, third
	stopped.Status, last.Status = "Cancelled", "Cancelled"
	require.ElementsMatch(t, []incident.Orphan{stopped, last}, report.Stopped)
	require.Contains(t, w.details(), "stopped automation `"+orphan.ExecutionID+"` (Firebreak-restart-service), whose workflow `"+orphan.WorkflowID+"` had ended: Cancelled")
}

func TestGuardTellsOfWhatItCouldNotAskAbout(t *testing.T) {
	t.Parallel()
	w := newWard(t)
	w.ended = incident.FindEndedResult{Open: 3, Unsure: 2}
	report, err := w.round()
	require.NoError(t, err)
	require.Equal(t, incident.GuardReport{Open: 3, OpenUnsure: 2}, report)
	require.Contains(t, w.details(), "Of 2 incidents it could not be told whether they still run")
}

func TestGuardStopsTheOthersWhenOneCannotBeStopped(t *testing.T) {
	t.Parallel()
	w := newWard(t)
	second := orphan
	second.ExecutionID = "second"
	w.orphans = incident.FindOrphansResult{Running: 2, Orphans: []incident.Orphan{orphan, second}}
	w.fails[incident.ActivityReapOrphan] = func(n int) error {
		if n == 1 {
			return refused(n)
		}
		return nil
	}
	report, err := w.round()
	require.Error(t, err)
	require.Len(t, report.Stopped, 1)
	require.Len(t, report.Problems, 1)
}

func TestGuardHasTheCorrelatorForget(t *testing.T) {
	t.Parallel()
	w := newWard(t)
	end := incident.Closed{IncidentID: incidentID, Status: incident.StatusCancelled, Outcome: incident.OutcomeNone, At: start.Add(-time.Hour)}
	w.ended = incident.FindEndedResult{Open: 1, Ended: []incident.Closed{end}}
	report, err := w.round()
	require.NoError(t, err)
	require.Equal(t, []string{incidentID}, report.Forgotten)
	require.Equal(t, []incident.Closed{end}, told[incident.Closed](w.world, incident.SignalClosed))
}

// Visibility lags, so that an incident may be listed although it was told.
func TestGuardStartsEpiloguesOnce(t *testing.T) {
	t.Parallel()
	w := newWard(t)
	cut := incident.Terminated{WorkflowID: workflowID, RunID: "r", How: "terminated", At: start.Add(-time.Minute)}
	w.terminated = []incident.Terminated{cut, cut}
	report, err := w.round()
	require.NoError(t, err, "that it was told before is no problem")
	require.Equal(t, []string{incidentID}, report.Told)
	require.Len(t, w.epilogues, 1)
	require.Equal(t, cut, w.epilogues[0].Terminated)
	require.Equal(t, "http://127.0.0.1:8233", w.epilogues[0].Settings.UIURL)
}

// Whatever fails keeps nothing else from being done, and the round shows as
// failed.
func TestGuardGoesOnAndFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prepare func(w *ward)
		problem string
		tries   map[string]int
		stopped bool
		forgot  bool
		told    bool
	}{
		"automations cannot be listed": {
			prepare: func(w *ward) { w.fails[incident.ActivityFindOrphans] = refused },
			problem: "Running automations could not be looked at: permission was denied.", forgot: true, told: true,
			tries: map[string]int{incident.ActivityFindOrphans: 1},
		},
		"an automation cannot be stopped": {
			prepare: func(w *ward) { w.fails[incident.ActivityReapOrphan] = broken },
			problem: "could not be stopped and may still run: the service stayed unavailable.", forgot: true, told: true,
			tries: map[string]int{incident.ActivityReapOrphan: 4},
		},
		"the correlator does not answer": {
			prepare: func(w *ward) { w.fails[incident.ActivityFindEnded] = broken },
			problem: "The correlator could not be asked", stopped: true, told: true,
		},
		"the correlator cannot be told": {
			prepare: func(w *ward) { w.deaf = true },
			problem: "The correlator could not be told of the end of " + incidentID, stopped: true, told: true,
		},
		"incidents cannot be listed": {
			prepare: func(w *ward) { w.fails[incident.ActivityFindTerminated] = broken },
			problem: "Terminated incidents could not be listed", stopped: true, forgot: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWard(t)
			w.orphans = incident.FindOrphansResult{Running: 1, Orphans: []incident.Orphan{orphan}}
			w.ended = incident.FindEndedResult{Open: 1, Ended: []incident.Closed{{IncidentID: incidentID}}}
			w.terminated = []incident.Terminated{{WorkflowID: workflowID, RunID: "r"}}
			c.prepare(w)
			report, err := w.round()
			require.Error(t, err)
			require.Len(t, report.Problems, 1)
			require.Contains(t, report.Problems[0].String(), c.problem)
			require.Contains(t, w.details(), "## Not everything could be done")
			require.Equal(t, c.stopped, len(report.Stopped) == 1)
			require.Equal(t, c.forgot, len(report.Forgotten) == 1)
			require.Equal(t, c.told, len(report.Told) == 1)
			for activity, n := range c.tries {
				require.Equal(t, n, w.count(activity), activity)
			}
		})
	}
}

// waiting is the last state of an incident whose question stood.
func waiting() incident.State {
	return incident.State{
		ID: incidentID, WorkflowID: workflowID, RunID: "r", Service: "checkout", Severity: incident.Sev2, Status: incident.StatusAwaitingApproval,
		Outcome: incident.OutcomeNone, Opened: start.Add(-time.Hour), Anomalies: []incident.Anomaly{anomaly(0, incident.EpisodeOpen)}, Joined: 1,
		Pending: true, Plan: &incident.Plan{Attempt: 1, Runbook: "restart-service", Service: "checkout", Digest: digest, Verify: verifySpec},
		Card:   incident.CardRef{Channel: "C1", TS: "200.1"},
		Thread: incident.ThreadRef{Channel: "C1", TS: "100.1"}, Ticket: incident.TicketRef{Key: "OPS-7"},
	}
}

func (w *ward) epilogue(last incident.State, how string, reason string) (incident.EpilogueResult, error) {
	w.t.Helper()
	serve(w.world, incident.ActivityReadTerminated, func(int, incident.ReadTerminatedInput) incident.ReadTerminatedResult {
		return incident.ReadTerminatedResult{State: last, Reason: redact.Name(reason)}
	})
	w.env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: incident.EpilogueWorkflowID(workflowID)})
	w.env.ExecuteWorkflow(incident.WorkflowEpilogue, incident.EpilogueInput{
		Terminated: incident.Terminated{WorkflowID: workflowID, RunID: "r", How: how, At: start.Add(-time.Minute)},
		Settings:   incident.Settings{UIURL: "http://127.0.0.1:8233", Namespace: "default"},
	})
	require.True(w.t, w.env.IsWorkflowCompleted())
	var result incident.EpilogueResult
	err := w.env.GetWorkflowError()
	if err == nil {
		require.NoError(w.t, w.env.GetWorkflowResult(&result))
	}
	return result, err
}

func TestEpilogueTellsThreadAndTicket(t *testing.T) {
	t.Parallel()
	w := newWard(t)
	result, err := w.epilogue(waiting(), "terminated", "wrong alarm")
	require.NoError(t, err)
	require.Equal(t, incident.EpilogueResult{Thread: waiting().Thread, Ticket: waiting().Ticket}, result)

	require.Equal(t, 1, w.count(incident.ActivityPostReply))
	reply := w.inputs(incident.ActivityPostReply)[0].(incident.PostReplyInput)
	require.Equal(t, incidentID+"/terminated", reply.Key, "a second try says nothing twice")
	require.Equal(t, waiting().Thread, reply.Thread)
	for _, part := range []string{"was terminated in Temporal (reason: wrong alarm)", "2026-03-01 11:59:00 UTC", "Nothing is watched any more", "not known", "The next anomaly opens a new incident"} {
		require.Contains(t, reply.Text.String(), part)
	}
	root := w.inputs(incident.ActivityPostIncident)[0].(incident.PostIncidentInput)
	require.Equal(t, waiting().Thread, root.Thread)
	require.Equal(t, incident.StatusCancelled, root.Headline.Status)
	require.Equal(t, workflowID, root.Headline.WorkflowID)
	require.Contains(t, root.Headline.UIURL, "http://127.0.0.1:8233/namespaces/default/workflows/")
	card := w.inputs(incident.ActivityCloseApproval)[0].(incident.CloseApprovalInput)
	require.Equal(t, waiting().Card, card.Card, "nobody answers the buttons any more")
	comment := w.inputs(incident.ActivityCommentTicket)[0].(incident.CommentTicketInput)
	require.Equal(t, incidentID+"/terminated", comment.Key)
	require.Contains(t, comment.Text.String(), "Close this ticket once the trouble is gone.")
	require.Zero(t, w.count(incident.ActivityTransitionTicket), "that it was terminated does not make it done")
}

func TestEpilogueTellsOnlyWhatThereIsToTell(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*incident.State)
		how    string
		says   string
		posts  int // replies, comments
		cards  int
	}{
		"settled before: it told its end itself": {change: func(s *incident.State) { s.Status = incident.StatusResolved }},
		"nobody was ever told":                   {change: func(s *incident.State) { s.Thread, s.Ticket = incident.ThreadRef{}, incident.TicketRef{} }},
		"no question":                            {change: func(s *incident.State) { s.Card, s.Plan = incident.CardRef{}, nil }, how: "terminated", posts: 1},
		"out of time":                            {how: "timed_out", says: "ran out of time", posts: 1, cards: 1},
		"failed":                                 {how: "failed", says: "failed", posts: 1, cards: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWard(t)
			s := waiting()
			if c.change != nil {
				c.change(&s)
			}
			_, err := w.epilogue(s, c.how, "")
			require.NoError(t, err)
			require.Equal(t, c.posts, w.count(incident.ActivityPostReply))
			require.Equal(t, c.posts, w.count(incident.ActivityPostIncident))
			require.Equal(t, c.posts, w.count(incident.ActivityCommentTicket))
			require.Equal(t, c.cards, w.count(incident.ActivityCloseApproval))
			for _, in := range w.inputs(incident.ActivityPostReply) {
				require.Contains(t, in.(incident.PostReplyInput).Text.String(), c.says)
				require.NotContains(t, in.(incident.PostReplyInput).Text.String(), "reason")
			}
		})
	}
}

// An outage delays an epilogue and loses nothing; one system that is
// down for good keeps the other from nothing.
func TestEpilogueThroughOutages(t *testing.T) {
	t.Parallel()
	w := newWard(t)
	w.fails[incident.ActivityPostReply] = func(n int) error {
		if n <= 8 { // an incident would have given up; the environment itself gives up after ten
			return broken(n)
		}
		return nil
	}
	_, err := w.epilogue(waiting(), "terminated", "")
	require.NoError(t, err)
	require.Equal(t, 1, w.count(incident.ActivityPostIncident))

	w = newWard(t)
	w.fails[incident.ActivityPostReply] = refused
	_, err = w.epilogue(waiting(), "terminated", "")
	require.ErrorContains(t, err, "permission was denied")
	require.Equal(t, 1, w.count(incident.ActivityCommentTicket), "Jira hears of it although Slack refuses")

	w = newWard(t)
	w.fails[incident.ActivityReadTerminated] = refused
	_, err = w.epilogue(waiting(), "terminated", "")
	var app *temporal.ApplicationError
	require.ErrorAs(t, err, &app)
	require.Zero(t, w.count(incident.ActivityPostReply))
}
