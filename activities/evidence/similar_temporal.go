package evidence

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"firebreak/internal/incident"
)

// TemporalPast finds incidents by Temporal's visibility, for as long as the
// namespace keeps closed workflows.
type TemporalPast struct {
	Client    TemporalClient
	Namespace string // empty: the client's own
}

// TemporalClient is the part of Temporal's client that TemporalPast needs.
type TemporalClient interface {
	ListWorkflow(ctx context.Context, request *workflowservice.ListWorkflowExecutionsRequest) (*workflowservice.ListWorkflowExecutionsResponse, error)
	GetWorkflow(ctx context.Context, workflowID, runID string) client.WorkflowRun
	QueryWorkflow(ctx context.Context, workflowID, runID, queryType string, args ...any) (converter.EncodedValue, error)
}

// pastPages bounds the pages of a listing: a page may come short of its size.
const pastPages = 5

// oneResult is how long one state may take to be read.
const oneResult = 5 * time.Second

// done are the statuses of incidents that have done their work and stay open for
// their reopen window.
func done() string {
	var quoted []string
	for _, s := range []incident.Status{incident.StatusResolved, incident.StatusEscalated, incident.StatusRejected, incident.StatusExpired, incident.StatusHalted} {
		quoted = append(quoted, "'"+string(s)+"'")
	}
	return strings.Join(quoted, ", ")
}

// Over implements Past.
func (t TemporalPast) Over(ctx context.Context, prefix, service string, since time.Time, limit int) ([]PastRun, error) {
	if !incident.Queryable(prefix) || !incident.Queryable(service) {
		return nil, fmt.Errorf("list incidents of %q: the name cannot be asked for", service)
	}
	query := fmt.Sprintf("WorkflowType = '%s' AND %s = '%s' AND WorkflowId STARTS_WITH '%s' AND StartTime > '%s' AND (ExecutionStatus = 'Completed' OR (ExecutionStatus = 'Running' AND %s IN (%s)))",
		incident.WorkflowIncident, incident.AttrService, service, prefix, since.UTC().Format(time.RFC3339), incident.AttrStatus, done())
	req := &workflowservice.ListWorkflowExecutionsRequest{Namespace: t.Namespace, PageSize: int32(limit), Query: query}
	var out []PastRun
	for range pastPages {
		page, err := t.Client.ListWorkflow(ctx, req)
		if err != nil {
			return nil, fmt.Errorf("list incidents of %s that are over: %w", service, err)
		}
		for _, e := range page.GetExecutions() {
			if out = append(out, PastRun{
				WorkflowID: e.GetExecution().GetWorkflowId(), RunID: e.GetExecution().GetRunId(), Running: e.GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_RUNNING,
			}); len(out) == limit {
				return out, nil
			}
		}
		if req.NextPageToken = page.GetNextPageToken(); len(req.NextPageToken) == 0 {
			break
		}
	}
	return out, nil
}

// Result implements Past. A workflow that has returned gives its result, for
// which no worker is needed.
func (t TemporalPast) Result(ctx context.Context, run PastRun) (incident.State, error) {
	ctx, cancel := context.WithTimeout(ctx, oneResult)
	defer cancel()
	var st incident.State
	if !run.Running {
		if err := t.Client.GetWorkflow(ctx, run.WorkflowID, run.RunID).Get(ctx, &st); err != nil {
			return st, fmt.Errorf("read the result of %s: %w", run.WorkflowID, err)
		}
		return st, nil
	}
	answer, err := t.Client.QueryWorkflow(ctx, run.WorkflowID, run.RunID, incident.QueryState)
	if gone := new(serviceerror.NotFound); errors.As(err, &gone) {
		return st, fmt.Errorf("%s is not kept any more: %w", run.WorkflowID, err)
	}
	if err != nil {
		return st, fmt.Errorf("query the state of %s: %w", run.WorkflowID, err)
	}
	if err := answer.Get(&st); err != nil {
		return st, fmt.Errorf("decode the state of %s: %w", run.WorkflowID, err)
	}
	return st, nil
}
