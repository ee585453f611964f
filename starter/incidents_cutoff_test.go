package main

import (
	"testing"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/mocks"
	"google.golang.org/protobuf/types/known/timestamppb"

	"firebreak/internal/incident"
)

// A terminated incident keeps the search attribute that it had, and its query
// answers what was so then. Neither is how things stand.
func TestTerminatedIsShownAsTerminated(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		had    incident.Status
		status enums.WorkflowExecutionStatus
		list   string
		show   incident.Status
	}{
		{incident.StatusAwaitingApproval, enums.WORKFLOW_EXECUTION_STATUS_TERMINATED, "terminated", incident.StatusCancelled},
		{incident.StatusVerifying, enums.WORKFLOW_EXECUTION_STATUS_TIMED_OUT, "timed_out", incident.StatusCancelled},
		{incident.StatusAnalysing, enums.WORKFLOW_EXECUTION_STATUS_FAILED, "failed", incident.StatusCancelled},
		{incident.StatusAwaitingApproval, enums.WORKFLOW_EXECUTION_STATUS_RUNNING, "awaiting_approval", incident.StatusAwaitingApproval},
		{incident.StatusRejected, enums.WORKFLOW_EXECUTION_STATUS_TERMINATED, "rejected", incident.StatusRejected},
	} {
		info := &workflowpb.WorkflowExecutionInfo{
			Execution: &commonpb.WorkflowExecution{WorkflowId: "incident/1/eu/checkout/inc-a", RunId: "r"}, Status: c.status,
			StartTime: timestamppb.New(opened), CloseTime: timestamppb.New(opened),
			SearchAttributes: &commonpb.SearchAttributes{IndexedFields: map[string]*commonpb.Payload{incident.AttrStatus: payload(t, string(c.had))}},
		}
		require.Equal(t, c.list, listTable([]summary{summaryOf(info)}, 80, opened)[1][1])

		client := mocks.NewClient(t)
		client.On("DescribeWorkflowExecution", mock.Anything, mock.Anything, mock.Anything).Return(&workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: info}, nil)
		answer := mocks.NewEncodedValue(t)
		answer.On("Get", mock.Anything).Run(func(args mock.Arguments) {
			*args.Get(0).(*incident.State) = incident.State{Status: c.had, Pending: c.had == incident.StatusAwaitingApproval}
		}).Return(nil)
		client.On("QueryWorkflow", mock.Anything, mock.Anything, mock.Anything, incident.QueryState).Return(answer, nil)
		state, err := (&temporalIncidents{client: client, namespace: "ns"}).State(t.Context(), ref{"w", "r"})
		require.NoError(t, err)
		require.Equal(t, c.show, state.Status)
		require.Equal(t, c.show == incident.StatusAwaitingApproval, state.Pending, "nobody can answer it any more")
	}
}
