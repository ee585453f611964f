package guard

import (
	"context"
	"errors"
	"fmt"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"firebreak/internal/correlate"
	"firebreak/internal/incident"
)

// FindEnded asks the scope's correlator which incidents it holds open, and
// Temporal which of these have ended. Those reported nothing, or the correlator
// would not hold them any more. No correlator holds nothing.
//
// A workflow that Temporal does not know is left alone: the correlator names an
// incident before its workflow has started. Should it really be gone, the next
// join finds that out.
func (a *Activities) FindEnded(ctx context.Context, in incident.FindEndedInput) (incident.FindEndedResult, error) {
	var out incident.FindEndedResult
	if err := checkScope(in.Scope); err != nil {
		return out, err
	}
	held, err := a.held(ctx, in.Scope.CorrelatorWorkflowID())
	if err != nil {
		return out, err
	}
	for _, o := range held.Open {
		if !o.Started {
			continue
		}
		out.Open++
		report, err := a.ended(ctx, in, o)
		switch {
		case err != nil:
			out.Unsure++
			a.o.Log.Warn("it cannot be told whether an incident still runs", "incident", o.IncidentID, "service", o.Service, "error", err)
		case report != nil:
			out.Ended = append(out.Ended, *report)
		}
	}
	return out, nil
}

// held is what the correlator of an id holds; nothing when none runs.
func (a *Activities) held(ctx context.Context, id string) (correlate.State, error) {
	var state correlate.State
	answer, err := a.o.Temporal.QueryWorkflowWithOptions(ctx, &client.QueryWorkflowWithOptionsRequest{
		WorkflowID: id, QueryType: incident.QueryOpen,
		// One that was terminated would still tell what it held.
		QueryRejectCondition: enums.QUERY_REJECT_CONDITION_NOT_OPEN,
	})
	if none := new(serviceerror.NotFound); errors.As(err, &none) {
		return state, nil
	}
	if err != nil {
		return state, unavailable("ask "+id+" for its open incidents", err)
	}
	if answer.QueryRejected != nil {
		return state, nil
	}
	if err := answer.QueryResult.Get(&state); err != nil {
		return state, unavailable("read the open incidents of "+id, err)
	}
	return state, nil
}

// ended is the report that an incident owes the correlator; nil while it owes
// none.
func (a *Activities) ended(ctx context.Context, in incident.FindEndedInput, o correlate.Open) (*incident.Closed, error) {
	id := in.Scope.IncidentWorkflowID(o.Service, o.IncidentID)
	described, err := a.o.Temporal.DescribeWorkflowExecution(ctx, id, "")
	if unknown := new(serviceerror.NotFound); errors.As(err, &unknown) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("describe %s: %w", id, err)
	}
	info := described.GetWorkflowExecutionInfo()
	at := info.GetCloseTime().AsTime()
	if !incident.HasEnded(info.GetStatus()) || a.o.Now().Sub(at) < in.Grace.Std() {
		return nil, nil
	}
	// Without its thread and its ticket: what was cut off is over, and what comes
	// after it begins anew.
	report := &incident.Closed{IncidentID: o.IncidentID, Status: incident.StatusFailed, Outcome: incident.OutcomeNone, At: at}
	switch info.GetStatus() {
	case enums.WORKFLOW_EXECUTION_STATUS_TERMINATED, enums.WORKFLOW_EXECUTION_STATUS_CANCELED:
		report.Status = incident.StatusCancelled
	case enums.WORKFLOW_EXECUTION_STATUS_COMPLETED:
		var last incident.State
		if err := a.o.Temporal.GetWorkflow(ctx, id, info.GetExecution().GetRunId()).Get(ctx, &last); err != nil {
			return nil, fmt.Errorf("read the result of %s: %w", id, err)
		}
		report.Status, report.Outcome, report.Thread, report.Ticket = last.Status, last.Outcome, last.Thread, last.Ticket
	}
	return report, nil
}
