// Package guard asks Temporal about incidents that cannot speak for themselves
// any more: their workflows were terminated by a person, ran out of time or
// failed, none of which runs any code of theirs.
package guard

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// Temporal is the part of Temporal's client that is used.
type Temporal interface {
	DescribeWorkflowExecution(ctx context.Context, workflowID, runID string) (*workflowservice.DescribeWorkflowExecutionResponse, error)
	ListWorkflow(ctx context.Context, request *workflowservice.ListWorkflowExecutionsRequest) (*workflowservice.ListWorkflowExecutionsResponse, error)
	QueryWorkflowWithOptions(ctx context.Context, request *client.QueryWorkflowWithOptionsRequest) (*client.QueryWorkflowWithOptionsResponse, error)
	GetWorkflow(ctx context.Context, workflowID, runID string) client.WorkflowRun
	GetWorkflowHistory(ctx context.Context, workflowID, runID string, isLongPoll bool, filterType enums.HistoryEventFilterType) client.HistoryEventIterator
}

// Options are what the activities work with. Temporal and Redactor are needed.
type Options struct {
	Temporal Temporal
	Redactor redact.Redactor  // for the reason that a person gave
	Now      func() time.Time // default: time.Now
	Log      *slog.Logger     // default: slog.Default
}

// Activities are FindEnded, FindTerminated and ReadTerminated.
type Activities struct{ o Options }

// New checks the options and fills in the defaults.
func New(o Options) (*Activities, error) {
	if o.Temporal == nil || o.Redactor == nil {
		return nil, errors.New("guard activities need a client of Temporal and a redactor")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Activities{o: o}, nil
}

// checkScope refuses a scope that could not be asked about.
func checkScope(s incident.Scope) error {
	if s.Account == "" || s.Region == "" || !incident.Queryable(s.IncidentPrefix()) {
		return temporal.NewNonRetryableApplicationError(fmt.Sprintf("guard: %q is no scope of incidents", s.IncidentPrefix()), incident.ErrorValidation, nil)
	}
	return nil
}

// unavailable is an error that another try may mend. What Temporal says goes
// into history as text: its errors are about workflow ids and never about
// their content.
func unavailable(doing string, err error) error {
	if denied := new(serviceerror.PermissionDenied); errors.As(err, &denied) {
		return temporal.NewNonRetryableApplicationError(doing+": "+err.Error(), incident.ErrorPermission, nil)
	}
	return temporal.NewApplicationError(doing+": "+err.Error(), incident.ErrorUnavailable)
}
