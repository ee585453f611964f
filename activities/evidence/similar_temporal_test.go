package evidence_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/mocks"

	"firebreak/activities/evidence"
	"firebreak/internal/incident"
)

func executions(ids ...string) []*workflowpb.WorkflowExecutionInfo {
	var out []*workflowpb.WorkflowExecutionInfo
	for _, id := range ids {
		e := &workflowpb.WorkflowExecutionInfo{Execution: &commonpb.WorkflowExecution{WorkflowId: id, RunId: "r-" + id}, Status: enums.WORKFLOW_EXECUTION_STATUS_COMPLETED}
		if id == "open" {
			e.Status = enums.WORKFLOW_EXECUTION_STATUS_RUNNING
		}
		out = append(out, e)
	}
	return out
}

func TestIncidentsOfThePastAreListedByVisibility(t *testing.T) {
	t.Parallel()
	c := mocks.NewClient(t)
	var queries []string
	first := true
	c.On("ListWorkflow", mock.Anything, mock.Anything).Return(func(_ context.Context, r *workflowservice.ListWorkflowExecutionsRequest) (*workflowservice.ListWorkflowExecutionsResponse, error) {
		queries = append(queries, r.GetQuery())
		require.Equal(t, "prod", r.GetNamespace())
		if first { // a page may be short of its size and not the last
			first = false
			return &workflowservice.ListWorkflowExecutionsResponse{Executions: executions("open"), NextPageToken: []byte("next")}, nil
		}
		return &workflowservice.ListWorkflowExecutionsResponse{Executions: executions("b", "c", "d")}, nil
	})
	past := evidence.TemporalPast{Client: c, Namespace: "prod"}
	runs, err := past.Over(t.Context(), "incident/123456789012/eu-central-1/", "checkout", onset, 3)
	require.NoError(t, err)
	require.Equal(t, []evidence.PastRun{{"open", "r-open", true}, {"b", "r-b", false}, {"c", "r-c", false}}, runs)
	require.Equal(t, "WorkflowType = 'IncidentWorkflow' AND IncidentService = 'checkout' AND WorkflowId STARTS_WITH 'incident/123456789012/eu-central-1/' AND StartTime > '2026-03-01T12:00:00Z' AND "+
		"(ExecutionStatus = 'Completed' OR (ExecutionStatus = 'Running' AND IncidentStatus IN ('resolved', 'escalated', 'rejected', 'expired', 'halted')))", queries[0])
	for _, hostile := range []string{"a' OR '1'='1", "", "a\nb"} {
		_, err := past.Over(t.Context(), "incident/", hostile, onset, 3)
		require.Error(t, err, hostile)
	}
}

func TestResultsOfThePast(t *testing.T) {
	t.Parallel()
	want := incident.State{ID: "inc-1", Outcome: incident.OutcomeFixed}
	c := mocks.NewClient(t)
	run := mocks.NewWorkflowRun(t)
	run.On("Get", mock.Anything, mock.Anything).Run(func(args mock.Arguments) {
		_, limited := args.Get(0).(context.Context).Deadline()
		require.True(t, limited, "no result is waited for without end")
		*args.Get(1).(*incident.State) = want
	}).Return(nil)
	c.On("GetWorkflow", mock.Anything, "w", "r").Return(run)
	past := evidence.TemporalPast{Client: c}
	st, err := past.Result(t.Context(), evidence.PastRun{WorkflowID: "w", RunID: "r"})
	require.NoError(t, err)
	require.Equal(t, want, st)

	payload, err := converter.GetDefaultDataConverter().ToPayloads(want)
	require.NoError(t, err)
	c.On("QueryWorkflow", mock.Anything, "open", "r", incident.QueryState).Return(encoded{payload}, nil)
	st, err = past.Result(t.Context(), evidence.PastRun{WorkflowID: "open", RunID: "r", Running: true})
	require.NoError(t, err)
	require.Equal(t, want, st)

	c.On("QueryWorkflow", mock.Anything, "mute", "r", incident.QueryState).Return(nil, errors.New("no worker answers"))
	_, err = past.Result(t.Context(), evidence.PastRun{WorkflowID: "mute", RunID: "r", Running: true})
	require.ErrorContains(t, err, "query the state of mute: no worker answers")
}

// encoded is an answer of a query.
type encoded struct{ payloads *commonpb.Payloads }

func (e encoded) HasValue() bool { return true }
func (e encoded) Get(v any) error {
	return converter.GetDefaultDataConverter().FromPayloads(e.payloads, v)
}
