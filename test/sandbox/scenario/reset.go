package scenario

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"firebreak/internal/incident"
	"firebreak/test/stack"
)

// Reset makes a stack fit for the next scenario: no rule of the fault switch
// left, the shop in order, no incident open, and a correlator that remembers
// none. Otherwise the next fault would be a recurrence of the last one, with its
// thread and its ticket.
func Reset(ctx context.Context, st *stack.Stack, c client.Client) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	st.Faults.Clear()
	if err := st.Shop.Mend(ctx); err != nil {
		return err
	}
	return forget(ctx, c)
}

// forget ends the open incidents and the correlator. The incidents go first:
// what they have to tell the correlator would start it again.
func forget(ctx context.Context, c client.Client) error {
	listed, err := c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
		Query: fmt.Sprintf("WorkflowType = '%s' AND ExecutionStatus = 'Running'", incident.WorkflowIncident),
	})
	if err != nil {
		return fmt.Errorf("list open incidents: %w", err)
	}
	for _, e := range listed.GetExecutions() {
		id := e.GetExecution().GetWorkflowId()
		if err := c.CancelWorkflow(ctx, id, ""); err != nil && !notFound(err) {
			return fmt.Errorf("cancel %s: %w", id, err)
		}
		if err := c.GetWorkflow(ctx, id, "").Get(ctx, nil); err != nil && ctx.Err() != nil {
			return fmt.Errorf("wait for the end of %s: %w", id, context.Cause(ctx))
		}
	}
	correlator := stack.Scope().CorrelatorWorkflowID()
	if err := c.TerminateWorkflow(ctx, correlator, "", "the next scenario begins"); err != nil && !notFound(err) {
		return fmt.Errorf("end the correlator: %w", err)
	}
	return nil
}

func notFound(err error) bool {
	gone := (*serviceerror.NotFound)(nil)
	return errors.As(err, &gone)
}
