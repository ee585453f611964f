package main

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/mocks"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/types/known/timestamppb"

	"firebreak/internal/incident"
)

func payload(t *testing.T, v any) *commonpb.Payload {
	t.Helper()
	p, err := converter.GetDefaultDataConverter().ToPayload(v)
	require.NoError(t, err)
	return p
}

func TestListReadsVisibility(t *testing.T) {
	t.Parallel()
	page := func(id, next string) *workflowservice.ListWorkflowExecutionsResponse {
		return &workflowservice.ListWorkflowExecutionsResponse{NextPageToken: []byte(next), Executions: []*workflowpb.WorkflowExecutionInfo{{
			Execution: &commonpb.WorkflowExecution{WorkflowId: "incident/1/eu/checkout/" + id, RunId: "r"}, StartTime: timestamppb.New(opened),
			SearchAttributes: &commonpb.SearchAttributes{IndexedFields: map[string]*commonpb.Payload{
				incident.AttrStatus: payload(t, "verifying"), incident.AttrService: payload(t, "checkout"), incident.AttrAnomalies: payload(t, 3),
				incident.AttrSeverity: payload(t, 7), // of another type: left out
			}},
		}}}
	}
	c := mocks.NewClient(t)
	var queries []string
	answers := []*workflowservice.ListWorkflowExecutionsResponse{page("inc-a", "more"), page("inc-b", ""), page("inc-c", "more")}
	c.On("ListWorkflow", mock.Anything, mock.Anything).Return(func(_ context.Context, in *workflowservice.ListWorkflowExecutionsRequest) *workflowservice.ListWorkflowExecutionsResponse {
		queries = append(queries, in.Query)
		out := answers[0]
		answers = answers[1:]
		return out
	}, nil)
	ti := &temporalIncidents{client: c, namespace: "ns"}
	got, err := ti.List(t.Context(), filter{Status: "verifying", Service: "checkout", Origin: "live"}, 10)
	require.NoError(t, err)
	require.Equal(t, []string{"inc-a", "inc-b"}, []string{got[0].ID, got[1].ID})
	require.Equal(t, incident.StatusVerifying, got[0].Status)
	require.Equal(t, 3, got[0].Anomalies)
	require.Empty(t, got[0].Severity)
	require.Equal(t, opened, got[0].Started)
	require.Equal(t, "WorkflowType = 'IncidentWorkflow' AND ExecutionStatus = 'Running' AND IncidentStatus = 'verifying'"+
		" AND IncidentService = 'checkout' AND IncidentOrigin = 'live'", queries[0])

	got, err = ti.List(t.Context(), filter{Closed: true}, 1)
	require.NoError(t, err)
	require.Len(t, got, 1, "no page more than the limit needs")
	require.Equal(t, "WorkflowType = 'IncidentWorkflow'", queries[2])
}

func TestListExplainsErrors(t *testing.T) {
	t.Parallel()
	c := mocks.NewClient(t)
	c.On("ListWorkflow", mock.Anything, mock.Anything).Return(nil, serviceerror.NewNamespaceNotFound("ns"))
	_, err := (&temporalIncidents{client: c, namespace: "ns"}).List(t.Context(), filter{}, 1)
	require.ErrorContains(t, err, "--namespace or TEMPORAL_NAMESPACE")
}

func described(status enums.WorkflowExecutionStatus) *workflowservice.DescribeWorkflowExecutionResponse {
	return &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: &workflowpb.WorkflowExecutionInfo{Status: status}}
}

func TestStateOfRunningAndEndedWorkflows(t *testing.T) {
	t.Parallel()
	want := pending("inc-aaaaaaaaaaaa")
	value := converter.GetDefaultDataConverter()
	payloads, err := value.ToPayloads(want)
	require.NoError(t, err)

	c := mocks.NewClient(t)
	c.On("DescribeWorkflowExecution", mock.Anything, "wf", "r").Return(described(enums.WORKFLOW_EXECUTION_STATUS_RUNNING), nil)
	c.On("QueryWorkflow", mock.Anything, "wf", "r", incident.QueryState).Return(client.NewValue(payloads), nil)
	got, err := (&temporalIncidents{client: c}).State(t.Context(), ref{"wf", "r"})
	require.NoError(t, err)
	require.Equal(t, want, got)

	c = mocks.NewClient(t)
	run := mocks.NewWorkflowRun(t)
	c.On("DescribeWorkflowExecution", mock.Anything, "wf", "r").Return(described(enums.WORKFLOW_EXECUTION_STATUS_COMPLETED), nil)
	c.On("GetWorkflow", mock.Anything, "wf", "r").Return(run)
	run.On("Get", mock.Anything, mock.Anything).Return(func(_ context.Context, into any) error { return value.FromPayloads(payloads, into) })
	got, err = (&temporalIncidents{client: c}).State(t.Context(), ref{"wf", "r"})
	require.NoError(t, err, "no worker is needed for what has ended")
	require.Equal(t, want, got)

	c = mocks.NewClient(t)
	c.On("DescribeWorkflowExecution", mock.Anything, "wf", "r").Return(described(enums.WORKFLOW_EXECUTION_STATUS_RUNNING), nil)
	c.On("QueryWorkflow", mock.Anything, "wf", "r", incident.QueryState).Return(nil, context.DeadlineExceeded)
	_, err = (&temporalIncidents{client: c}).State(t.Context(), ref{"wf", "r"})
	require.ErrorContains(t, err, "A worker has to run")
}

func TestDecideTellsRefusalFromFailure(t *testing.T) {
	t.Parallel()
	decide := func(sendErr, resultErr error, receipt incident.DecisionReceipt) (incident.DecisionReceipt, error) {
		c := mocks.NewClient(t)
		var handle client.WorkflowUpdateHandle
		if sendErr == nil {
			h := mocks.NewWorkflowUpdateHandle(t)
			h.On("Get", mock.Anything, mock.Anything).Return(func(_ context.Context, into any) error {
				*into.(*incident.DecisionReceipt) = receipt
				return resultErr
			})
			handle = h
		}
		c.On("UpdateWorkflow", mock.Anything, mock.MatchedBy(func(o client.UpdateWorkflowOptions) bool {
			return o.UpdateID == "cli/1" && o.UpdateName == incident.UpdateDecide && o.WorkflowID == "wf" && o.RunID == "r" &&
				o.WaitForStage == client.WorkflowUpdateStageCompleted
		})).Return(handle, sendErr)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		return (&temporalIncidents{client: c}).Decide(ctx, ref{"wf", "r"}, "cli/1", incident.Decision{Approved: true})
	}
	got, err := decide(nil, nil, incident.DecisionReceipt{Accepted: true, Needed: 1})
	require.NoError(t, err)
	require.Equal(t, incident.DecisionReceipt{Accepted: true, Needed: 1}, got)

	got, err = decide(nil, temporal.NewApplicationError("stale digest, password=hunter2", "Stale"), incident.DecisionReceipt{})
	require.NoError(t, err)
	require.False(t, got.Accepted)
	require.Regexp(t, `^stale digest, password=\[redacted:secret:[0-9a-f]{8}\]$`, got.Reason.String())

	_, err = decide(serviceerror.NewNotFound("gone"), nil, incident.DecisionReceipt{})
	require.ErrorContains(t, err, "incidents list --all")
	_, err = decide(errors.New("connection lost"), nil, incident.DecisionReceipt{})
	require.ErrorContains(t, err, "connection lost")
}
