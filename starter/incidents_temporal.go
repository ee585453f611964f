package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/internal/redact/rules"
)

// pageSize is how many executions one page of a listing holds.
const pageSize = 500

// lookTimeout bounds one look at Temporal. The server itself gives a worker ten
// seconds to answer a query.
const lookTimeout = 12 * time.Second

// temporalIncidents reaches incidents through a Temporal client.
type temporalIncidents struct {
	client    client.Client
	namespace string
}

// openTemporal connects as the command's flags and the environment say.
func openTemporal(cmd *cobra.Command) (incidentClient, error) {
	c, namespace, err := dialTemporal(cmd)
	if err != nil {
		return nil, err
	}
	return &temporalIncidents{client: c, namespace: namespace}, nil
}

// Namespace implements incidentClient.
func (t *temporalIncidents) Namespace() string { return t.namespace }

// Close implements incidentClient.
func (t *temporalIncidents) Close() { t.client.Close() }

// List implements incidentClient by visibility.
func (t *temporalIncidents) List(ctx context.Context, f filter, limit int) ([]summary, error) {
	req := &workflowservice.ListWorkflowExecutionsRequest{Namespace: t.namespace, PageSize: int32(min(pageSize, limit)), Query: f.query()}
	var out []summary
	for {
		ctx, cancel := context.WithTimeout(ctx, lookTimeout)
		page, err := t.client.ListWorkflow(ctx, req)
		cancel()
		if err != nil {
			return nil, fmt.Errorf("list incidents in namespace %s: %w%s", t.namespace, err, adviceOn(err))
		}
		for _, info := range page.GetExecutions() {
			if out = append(out, summaryOf(info)); len(out) == limit {
				return out, nil
			}
		}
		if req.NextPageToken = page.GetNextPageToken(); len(req.NextPageToken) == 0 {
			return out, nil
		}
	}
}

// query is the filter in Temporal's list filter language. Its values come from
// closed sets or were checked to be plain names.
func (f filter) query() string {
	terms := []string{fmt.Sprintf("WorkflowType = '%s'", incident.WorkflowIncident)}
	if !f.Closed {
		terms = append(terms, "ExecutionStatus = 'Running'")
	}
	if f.Status != "" {
		terms = append(terms, fmt.Sprintf("%s = '%s'", incident.AttrStatus, f.Status))
	}
	if f.Service != "" {
		terms = append(terms, fmt.Sprintf("%s = '%s'", incident.AttrService, f.Service))
	}
	if f.Origin != "" {
		terms = append(terms, fmt.Sprintf("%s = '%s'", incident.AttrOrigin, f.Origin))
	}
	return strings.Join(terms, " AND ")
}

func summaryOf(info *workflowpb.WorkflowExecutionInfo) summary {
	fields := info.GetSearchAttributes().GetIndexedFields()
	s := summary{
		ID:         incident.IncidentIDOf(info.GetExecution().GetWorkflowId()),
		WorkflowID: info.GetExecution().GetWorkflowId(),
		RunID:      info.GetExecution().GetRunId(),
		Status:     attribute[incident.Status](fields[incident.AttrStatus]),
		Severity:   attribute[incident.Severity](fields[incident.AttrSeverity]),
		Service:    attribute[string](fields[incident.AttrService]),
		Team:       attribute[string](fields[incident.AttrTeam]),
		Origin:     attribute[incident.Origin](fields[incident.AttrOrigin]),
		Runbook:    attribute[string](fields[incident.AttrRunbook]),
		Anomalies:  attribute[int](fields[incident.AttrAnomalies]),
		Started:    info.GetStartTime().AsTime(),
		CutOff:     incident.HowCutOff(info.GetStatus()),
	}
	if info.GetCloseTime() != nil {
		s.Closed = info.GetCloseTime().AsTime()
	}
	return s
}

// attribute decodes a search attribute; one that is missing or of another type
// is the zero value, since a listing should show what it can.
func attribute[T any](p *commonpb.Payload) T {
	var v T
	if p == nil {
		return v
	}
	if err := converter.GetDefaultDataConverter().FromPayload(p, &v); err != nil {
		var zero T
		return zero
	}
	return v
}

// State implements incidentClient. A workflow that has returned gives its
// result, for which no worker is needed; any other is queried.
func (t *temporalIncidents) State(ctx context.Context, r ref) (incident.State, error) {
	var state incident.State
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	described, err := t.client.DescribeWorkflowExecution(ctx, r.WorkflowID, r.RunID)
	if err != nil {
		return state, fmt.Errorf("describe %s: %w%s", r.WorkflowID, err, adviceOn(err))
	}
	if described.GetWorkflowExecutionInfo().GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_COMPLETED {
		if err := t.client.GetWorkflow(ctx, r.WorkflowID, r.RunID).Get(ctx, &state); err != nil {
			return state, fmt.Errorf("read the result of %s: %w", r.WorkflowID, err)
		}
		return state, nil
	}
	answer, err := t.client.QueryWorkflow(ctx, r.WorkflowID, r.RunID, incident.QueryState)
	if err != nil {
		return state, fmt.Errorf("query the state of %s: %w%s", r.WorkflowID, err, adviceOnAsking(err))
	}
	if err := answer.Get(&state); err != nil {
		return state, fmt.Errorf("decode the state of %s: %w", r.WorkflowID, err)
	}
	return asItStands(state, described.GetWorkflowExecutionInfo()), nil
}

// Decide implements incidentClient by the update "decide". The update validator
// refuses by an application error; VerifyDecision refuses in the receipt.
func (t *temporalIncidents) Decide(ctx context.Context, r ref, updateID string, d incident.Decision) (incident.DecisionReceipt, error) {
	var receipt incident.DecisionReceipt
	handle, err := t.client.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		UpdateID: updateID, WorkflowID: r.WorkflowID, RunID: r.RunID, UpdateName: incident.UpdateDecide,
		Args: []any{d}, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err == nil {
		err = handle.Get(ctx, &receipt)
	}
	if refusal, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return incident.DecisionReceipt{Reason: redact.Clean(rules.Default(), refusal.Message())}, nil
	}
	if err != nil {
		return receipt, fmt.Errorf("send the decision to %s: %w%s", r.WorkflowID, err, adviceOnAsking(err))
	}
	return receipt, nil
}

// adviceOnAsking is adviceOn for what a workflow has to answer itself, which it
// does on a worker.
func adviceOnAsking(err error) string {
	var (
		query   *serviceerror.QueryFailed
		slow    *serviceerror.DeadlineExceeded
		without *serviceerror.WorkflowNotReady
	)
	if errors.As(err, &query) || errors.As(err, &slow) || errors.As(err, &without) || errors.Is(err, context.DeadlineExceeded) {
		return "\nA worker has to run to answer for an open incident"
	}
	return adviceOn(err)
}

// adviceOn says what a person can do about an error of Temporal's.
func adviceOn(err error) string {
	var (
		namespace *serviceerror.NamespaceNotFound
		notFound  *serviceerror.NotFound
		argument  *serviceerror.InvalidArgument
		gone      *serviceerror.Unavailable
		slow      *serviceerror.DeadlineExceeded
	)
	switch {
	case errors.As(err, &namespace):
		return "\nName the namespace that the workers use with --namespace or TEMPORAL_NAMESPACE"
	case errors.As(err, &notFound):
		return "\nIt may have ended: see `incidents list --all`"
	case errors.As(err, &argument):
		return "\nIf a search attribute is unknown, no worker has registered it in this namespace yet"
	case errors.As(err, &gone), errors.As(err, &slow), errors.Is(err, context.DeadlineExceeded):
		return "\nTemporal does not answer; is it still running?"
	default:
		return ""
	}
}
