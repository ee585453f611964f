package planning

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/temporal"

	"firebreak/internal/incident"
)

// Counter is the part of Temporal's client that TemporalHistory needs.
type Counter interface {
	CountWorkflow(ctx context.Context, request *workflowservice.CountWorkflowExecutionsRequest) (*workflowservice.CountWorkflowExecutionsResponse, error)
}

// TemporalHistory counts remediations by Temporal's visibility, which lags
// behind by a second or so: two that start at once may both be let through.
type TemporalHistory struct {
	Client    Counter
	Namespace string // empty: the client's own
}

// Remediations implements History.
func (h TemporalHistory) Remediations(ctx context.Context, workflowIDPrefix string, since time.Time, except string) (int, error) {
	if !incident.Queryable(workflowIDPrefix) || (except != "" && !incident.Queryable(except)) {
		return 0, invalid("%q is not a workflow id that can be counted", workflowIDPrefix)
	}
	query := fmt.Sprintf("WorkflowType = '%s' AND WorkflowId STARTS_WITH '%s' AND StartTime >= '%s'",
		incident.WorkflowRemediation, workflowIDPrefix, since.UTC().Format(time.RFC3339Nano))
	if except != "" {
		query += fmt.Sprintf(" AND WorkflowId != '%s'", except)
	}
	resp, err := h.Client.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Namespace: h.Namespace, Query: query})
	if err != nil {
		if wrong := new(serviceerror.InvalidArgument); errors.As(err, &wrong) {
			return 0, temporal.NewNonRetryableApplicationError("count remediations: Temporal does not understand the query", incident.ErrorValidation, err)
		}
		return 0, fmt.Errorf("count remediations of %s: %w", workflowIDPrefix, err)
	}
	return int(resp.GetCount()), nil
}
