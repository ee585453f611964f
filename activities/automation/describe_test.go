package automation

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// answer is what Temporal says about a workflow.
type answer struct {
	status enums.WorkflowExecutionStatus
	err    error
}

var closedAt = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func (a answer) DescribeWorkflowExecution(_ context.Context, _, run string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	if run != "" { // after a reset, a try's own run has ended while the workflow goes on
		return nil, errors.New("another run than the current one is asked about")
	}
	return &workflowservice.DescribeWorkflowExecutionResponse{
		WorkflowExecutionInfo: &workflowpb.WorkflowExecutionInfo{Status: a.status, CloseTime: timestamppb.New(closedAt)},
	}, a.err
}

// Only what is known to be an end is one: everything else may still want its
// automation.
func TestWhatIsAnEnd(t *testing.T) {
	t.Parallel()
	at := End{Ended: true, At: closedAt}
	for status := range enums.WorkflowExecutionStatus_name {
		s := enums.WorkflowExecutionStatus(status)
		end, err := describe(t.Context(), answer{status: s}, "w")
		switch s {
		case enums.WORKFLOW_EXECUTION_STATUS_COMPLETED, enums.WORKFLOW_EXECUTION_STATUS_FAILED, enums.WORKFLOW_EXECUTION_STATUS_CANCELED,
			enums.WORKFLOW_EXECUTION_STATUS_TERMINATED, enums.WORKFLOW_EXECUTION_STATUS_TIMED_OUT:
			require.NoError(t, err)
			require.Equal(t, at, end, s)
		case enums.WORKFLOW_EXECUTION_STATUS_RUNNING, enums.WORKFLOW_EXECUTION_STATUS_PAUSED, enums.WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW:
			require.NoError(t, err)
			require.Equal(t, End{}, end, s)
		default:
			require.Error(t, err, s)
		}
	}
	_, err := describe(t.Context(), answer{status: 99}, "w")
	require.Error(t, err, "a status of a newer server")

	end, err := describe(t.Context(), answer{err: serviceerror.NewNotFound("workflow not found")}, "w")
	require.NoError(t, err)
	require.Equal(t, End{Ended: true}, end)
	for _, cannotTell := range []error{
		serviceerror.NewUnavailable("no route"), serviceerror.NewNamespaceNotFound("default"), serviceerror.NewPermissionDenied("no", ""), context.DeadlineExceeded,
	} {
		_, err := describe(t.Context(), answer{err: cannotTell}, "w")
		require.Error(t, err, "%T is no proof", cannotTell)
	}
}
