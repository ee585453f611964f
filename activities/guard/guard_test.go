package guard_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/temporal"

	"firebreak/activities/guard"
	"firebreak/internal/correlate"
	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

var (
	now   = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	scope = incident.Scope{Account: "123456789012", Region: "eu-central-1"}
)

const (
	closedState = enums.WORKFLOW_EXECUTION_STATUS_COMPLETED
	terminated  = enums.WORKFLOW_EXECUTION_STATUS_TERMINATED
	running     = enums.WORKFLOW_EXECUTION_STATUS_RUNNING
)

// shout redacts by writing in capitals.
type shout struct{}

func (shout) Redact(raw string) string { return strings.ToUpper(raw) }

func activities(t *testing.T, s *server) *guard.Activities {
	t.Helper()
	a, err := guard.New(guard.Options{Temporal: s, Redactor: shout{}, Now: func() time.Time { return now }})
	require.NoError(t, err)
	return a
}

func kind(t *testing.T, err error) (string, bool) {
	t.Helper()
	var app *temporal.ApplicationError
	require.ErrorAs(t, err, &app)
	return app.Type(), app.NonRetryable()
}

func TestNewNeedsItsParts(t *testing.T) {
	t.Parallel()
	_, err := guard.New(guard.Options{})
	require.ErrorContains(t, err, "a client of Temporal")
}

func id(n int) string { return fmt.Sprintf("inc-%012d", n) }

// held is a correlator that holds incidents of checkout open.
func held(n int) execution {
	state := correlate.State{}
	for i := range n {
		state.Open = append(state.Open, correlate.Open{IncidentID: id(i), Service: "checkout", Started: true})
	}
	return execution{id: scope.CorrelatorWorkflowID(), run: "c", status: running, state: state}
}

func incidentRun(n int, status enums.WorkflowExecutionStatus, ago time.Duration) execution {
	return execution{
		id: scope.IncidentWorkflowID("checkout", id(n)), run: fmt.Sprintf("run-%d", n), kind: incident.WorkflowIncident, status: status, closed: now.Add(-ago),
		state: incident.State{ID: id(n), Status: incident.StatusRejected, Outcome: incident.OutcomeDeclined, Thread: incident.ThreadRef{TS: "1"}, Ticket: incident.TicketRef{Key: "OPS-1"}},
	}
}

func TestFindEnded(t *testing.T) {
	t.Parallel()
	in := incident.FindEndedInput{Scope: scope, Grace: 60}
	s := &server{executions: []execution{
		held(8),
		incidentRun(0, running, 0),
		incidentRun(1, terminated, time.Hour),
		incidentRun(2, enums.WORKFLOW_EXECUTION_STATUS_TIMED_OUT, time.Hour),
		incidentRun(3, closedState, time.Hour),
		incidentRun(4, terminated, time.Second), // may still be settling its affairs
		incidentRun(5, enums.WORKFLOW_EXECUTION_STATUS_PAUSED, time.Hour),
		incidentRun(6, enums.WORKFLOW_EXECUTION_STATUS_CANCELED, time.Hour),
		// 7 is not known: the correlator names an incident before it has started.
	}}
	got, err := activities(t, s).FindEnded(t.Context(), in)
	require.NoError(t, err)
	at := now.Add(-time.Hour)
	require.Equal(t, incident.FindEndedResult{Open: 8, Ended: []incident.Closed{
		{IncidentID: id(1), Status: incident.StatusCancelled, Outcome: incident.OutcomeNone, At: at},
		{IncidentID: id(2), Status: incident.StatusFailed, Outcome: incident.OutcomeNone, At: at},
		{IncidentID: id(3), Status: incident.StatusRejected, Outcome: incident.OutcomeDeclined, At: at, Thread: incident.ThreadRef{TS: "1"}, Ticket: incident.TicketRef{Key: "OPS-1"}},
		{IncidentID: id(6), Status: incident.StatusCancelled, Outcome: incident.OutcomeNone, At: at},
	}}, got)
}

func TestFindEndedLeavesAloneWhatItCannotTell(t *testing.T) {
	t.Parallel()
	in := incident.FindEndedInput{Scope: scope}
	for name, fails := range map[string]string{"describe": "describe", "result": "result"} {
		s := &server{executions: []execution{held(1), incidentRun(0, closedState, time.Hour)}, fails: map[string]error{fails: serviceerror.NewUnavailable("no route")}}
		got, err := activities(t, s).FindEnded(t.Context(), in)
		require.NoError(t, err, name)
		require.Equal(t, incident.FindEndedResult{Open: 1, Unsure: 1}, got, name)
	}

	s := &server{executions: []execution{held(1)}, fails: map[string]error{"query": serviceerror.NewUnavailable("no worker")}}
	_, err := activities(t, s).FindEnded(t.Context(), in)
	class, final := kind(t, err)
	require.Equal(t, incident.ErrorUnavailable, class)
	require.False(t, final)
	s.fails["query"] = serviceerror.NewPermissionDenied("no", "")
	_, err = activities(t, s).FindEnded(t.Context(), in)
	class, final = kind(t, err)
	require.Equal(t, incident.ErrorPermission, class)
	require.True(t, final)

	_, err = activities(t, &server{}).FindEnded(t.Context(), incident.FindEndedInput{Scope: incident.Scope{Account: "'", Region: "x"}})
	class, _ = kind(t, err)
	require.Equal(t, incident.ErrorValidation, class)
}

func TestFindEndedWithoutACorrelator(t *testing.T) {
	t.Parallel()
	over := held(1)
	over.status = terminated // which would still answer
	for name, s := range map[string]*server{
		"never started": {executions: []execution{incidentRun(0, terminated, time.Hour)}},
		"terminated":    {executions: []execution{over, incidentRun(0, terminated, time.Hour)}},
	} {
		got, err := activities(t, s).FindEnded(t.Context(), incident.FindEndedInput{Scope: scope})
		require.NoError(t, err, name)
		require.Zero(t, got, name)
	}
	waiting := held(1)
	state := waiting.state.(correlate.State)
	state.Open[0].Started = false
	got, err := activities(t, &server{executions: []execution{waiting, incidentRun(0, terminated, time.Hour)}}).FindEnded(t.Context(), incident.FindEndedInput{Scope: scope})
	require.NoError(t, err)
	require.Zero(t, got, "one that has not started cannot have ended")
}

func TestFindTerminated(t *testing.T) {
	t.Parallel()
	in := incident.FindTerminatedInput{Scope: scope, Grace: 60, Since: incident.Seconds(24 * time.Hour), Limit: 3}
	again := incidentRun(3, running, 0)
	again.run = "reset"
	told := execution{id: incident.EpilogueWorkflowID(scope.IncidentWorkflowID("checkout", id(1))), run: "e", kind: incident.WorkflowEpilogue, status: closedState}
	s := &server{executions: []execution{
		incidentRun(0, terminated, 2*time.Hour),
		incidentRun(1, terminated, time.Hour), told,
		incidentRun(2, enums.WORKFLOW_EXECUTION_STATUS_TIMED_OUT, time.Hour),
		incidentRun(3, terminated, time.Hour), again, // somebody has reset it
		incidentRun(4, terminated, time.Second),
		incidentRun(5, closedState, time.Hour),
		incidentRun(6, enums.WORKFLOW_EXECUTION_STATUS_FAILED, 3*time.Hour),
		incidentRun(7, terminated, 4*time.Hour), // more than is asked for
	}}
	got, err := activities(t, s).FindTerminated(t.Context(), in)
	require.NoError(t, err)
	cut := func(n int, how string, ago time.Duration) incident.Terminated {
		return incident.Terminated{WorkflowID: scope.IncidentWorkflowID("checkout", id(n)), RunID: fmt.Sprintf("run-%d", n), How: how, At: now.Add(-ago)}
	}
	require.Equal(t, []incident.Terminated{cut(2, "timed_out", time.Hour), cut(0, "terminated", 2*time.Hour), cut(6, "failed", 3*time.Hour)}, got.Terminated)
	require.Len(t, s.queries, 2)
	for _, q := range s.queries {
		require.Contains(t, q, "WorkflowId STARTS_WITH 'incident/123456789012/eu-central-1/'", "neither a backfill's nor another account's")
		require.Contains(t, q, "> '2026-02-28T12:00:00Z'")
	}
	require.Contains(t, s.queries[0], "ExecutionStatus IN ('Terminated', 'TimedOut', 'Failed')")

	for _, fails := range []string{"list", "describe"} {
		s.fails = map[string]error{fails: serviceerror.NewUnavailable("no route")}
		_, err = activities(t, s).FindTerminated(t.Context(), in)
		class, final := kind(t, err)
		require.Equal(t, incident.ErrorUnavailable, class)
		require.False(t, final)
	}
	none := &server{}
	got, err = activities(t, none).FindTerminated(t.Context(), in)
	require.NoError(t, err)
	require.Empty(t, got.Terminated)
	require.Len(t, none.queries, 1, "without any there is nothing more to ask")
}

// TestFindTerminatedBeyondOnePage lists more executions than a page holds, as
// after somebody terminated hundreds at once, all but two of them told already.
func TestFindTerminatedBeyondOnePage(t *testing.T) {
	t.Parallel()
	s := &server{}
	for n := range 450 {
		e := incidentRun(n, terminated, time.Hour+time.Duration(n)*time.Second)
		s.executions = append(s.executions, e)
		if n < 448 {
			s.executions = append(s.executions, execution{id: incident.EpilogueWorkflowID(e.id), run: "e", kind: incident.WorkflowEpilogue, status: closedState})
		}
	}
	got, err := activities(t, s).FindTerminated(t.Context(), incident.FindTerminatedInput{Scope: scope, Grace: 60, Since: incident.Seconds(24 * time.Hour), Limit: 20})
	require.NoError(t, err)
	require.Len(t, got.Terminated, 2)
	require.Equal(t, "run-448", got.Terminated[0].RunID)
}

func TestReadTerminated(t *testing.T) {
	t.Parallel()
	e := incidentRun(0, terminated, time.Hour)
	e.reason = "wrong alarm"
	state := e.state.(incident.State)
	for i := range 40 {
		state.Anomalies = append(state.Anomalies, incident.Anomaly{
			ID: fmt.Sprint(i), Samples: []redact.Text{redact.Literal("sample")}, Witnesses: make([]incident.Witness, i%3), MoreWitnesses: i % 2,
		})
		state.Timeline = append(state.Timeline, incident.Entry{Text: redact.Literal("entry")})
		state.Evidence = append(state.Evidence, incident.Evidence{ID: fmt.Sprintf("ev-%d", i)})
	}
	state.Joined = len(state.Anomalies) + 2
	state.Diagnosis = &incident.Diagnosis{Hypotheses: []incident.Hypothesis{{Runbook: "x", Citations: []string{"ev-7"}}}}
	state.Attempts = []incident.AttemptRecord{{Runbook: "x", Result: incident.RemediationResult{Status: incident.RemediationFailed, Reasons: []redact.Text{redact.Literal("long")}}}}
	e.state = state
	s := &server{executions: []execution{e}}
	in := incident.ReadTerminatedInput{Terminated: incident.Terminated{WorkflowID: e.id, RunID: e.run}}
	got, err := activities(t, s).ReadTerminated(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, "WRONG ALARM", got.Reason.String(), "what a person wrote is redacted")
	require.Len(t, got.State.Anomalies, 5)
	require.Empty(t, got.State.Anomalies[0].Samples)
	require.Equal(t, state.Joined, got.State.Joined)
	require.Equal(t, state.Series(), got.State.Series(), "what is cut is counted")
	require.Len(t, got.State.Timeline, 3)
	require.Equal(t, []incident.Evidence{{ID: "ev-7"}}, got.State.Evidence, "what is cited")
	require.Equal(t, incident.RemediationResult{Status: incident.RemediationFailed}, got.State.Attempts[0].Result)
	require.Equal(t, incident.ThreadRef{TS: "1"}, got.State.Thread)

	s.fails = map[string]error{"history": errors.New("gone")}
	got, err = activities(t, s).ReadTerminated(t.Context(), in)
	require.NoError(t, err, "the reason is not worth waiting for")
	require.True(t, got.Reason.IsEmpty())
	s.fails = map[string]error{"query": serviceerror.NewUnavailable("no worker")}
	_, err = activities(t, s).ReadTerminated(t.Context(), in)
	class, final := kind(t, err)
	require.Equal(t, incident.ErrorUnavailable, class)
	require.False(t, final)
}
