package guard

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

const (
	listPage  = 200
	listPages = 50  // of executions that ended within a day; what is beyond waits
	maxReason = 300 // bytes of the reason that a person gave

	// Kept of a state that is read for an epilogue.
	keptAnomalies = 5
	keptTimeline  = 3
)

// FindTerminated lists incidents of the scope that were cut off and have no
// epilogue yet, the latest first.
//
// Visibility lags, so that an epilogue may have been started that is not listed:
// starting it again is refused, because its id is used once. An incident that a
// person has reset runs on under the same id and is left alone.
func (a *Activities) FindTerminated(ctx context.Context, in incident.FindTerminatedInput) (incident.FindTerminatedResult, error) {
	var out incident.FindTerminatedResult
	if err := checkScope(in.Scope); err != nil {
		return out, err
	}
	now := a.o.Now()
	since := now.Add(-in.Since.Std()).UTC().Format(time.RFC3339Nano)
	cut, err := a.list(ctx, fmt.Sprintf("WorkflowType = '%s' AND ExecutionStatus IN ('Terminated', 'TimedOut', 'Failed') AND CloseTime > '%s' AND WorkflowId STARTS_WITH '%s'",
		incident.WorkflowIncident, since, in.Scope.IncidentPrefix()))
	if err != nil || len(cut) == 0 {
		return out, err
	}
	// An epilogue starts after its incident has ended.
	epilogues, err := a.list(ctx, fmt.Sprintf("WorkflowType = '%s' AND StartTime > '%s' AND WorkflowId STARTS_WITH '%s'",
		incident.WorkflowEpilogue, since, in.Scope.IncidentPrefix()))
	if err != nil {
		return out, err
	}
	told := map[string]bool{}
	for _, e := range epilogues {
		told[e.GetExecution().GetWorkflowId()] = true
	}
	for _, e := range cut {
		id, at := e.GetExecution().GetWorkflowId(), e.GetCloseTime().AsTime()
		if told[incident.EpilogueWorkflowID(id)] || now.Sub(at) < in.Grace.Std() || len(out.Terminated) >= in.Limit {
			continue
		}
		current, err := a.o.Temporal.DescribeWorkflowExecution(ctx, id, "")
		if gone := new(serviceerror.NotFound); errors.As(err, &gone) {
			continue // nothing is left to read
		}
		if err != nil {
			return out, unavailable("describe "+id, err)
		}
		info := current.GetWorkflowExecutionInfo()
		if info.GetExecution().GetRunId() != e.GetExecution().GetRunId() || incident.HowCutOff(info.GetStatus()) == "" {
			continue
		}
		out.Terminated = append(out.Terminated, incident.Terminated{
			WorkflowID: id, RunID: info.GetExecution().GetRunId(), How: incident.HowCutOff(info.GetStatus()), At: at,
		})
	}
	return out, nil
}

// list reads all that match, the latest to end first.
func (a *Activities) list(ctx context.Context, query string) ([]*workflowpb.WorkflowExecutionInfo, error) {
	var found []*workflowpb.WorkflowExecutionInfo
	in := &workflowservice.ListWorkflowExecutionsRequest{PageSize: listPage, Query: query}
	for range listPages {
		page, err := a.o.Temporal.ListWorkflow(ctx, in)
		if err != nil {
			return nil, unavailable("list workflows", err)
		}
		found = append(found, page.GetExecutions()...)
		if in.NextPageToken = page.GetNextPageToken(); len(in.NextPageToken) == 0 {
			break
		}
	}
	slices.SortStableFunc(found, func(x, y *workflowpb.WorkflowExecutionInfo) int {
		return y.GetCloseTime().AsTime().Compare(x.GetCloseTime().AsTime())
	})
	return found, nil
}

// ReadTerminated asks an incident that was cut off for its last state, which a
// worker works out from its history, and for the reason that was given.
func (a *Activities) ReadTerminated(ctx context.Context, in incident.ReadTerminatedInput) (incident.ReadTerminatedResult, error) {
	var out incident.ReadTerminatedResult
	t := in.Terminated
	answer, err := a.o.Temporal.QueryWorkflowWithOptions(ctx, &client.QueryWorkflowWithOptionsRequest{
		WorkflowID: t.WorkflowID, RunID: t.RunID, QueryType: incident.QueryState,
	})
	if err == nil {
		err = answer.QueryResult.Get(&out.State)
	}
	if err != nil {
		return out, unavailable("ask "+t.WorkflowID+" for its state", err)
	}
	out.State = shortened(out.State)
	out.Reason = a.reason(ctx, t)
	return out, nil
}

// reason is what the person wrote who terminated the workflow. Not to have it is
// no reason to say nothing.
func (a *Activities) reason(ctx context.Context, t incident.Terminated) redact.Text {
	last := a.o.Temporal.GetWorkflowHistory(ctx, t.WorkflowID, t.RunID, false, enums.HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT)
	for last.HasNext() {
		event, err := last.Next()
		if err != nil {
			a.o.Log.Warn("the reason of a termination could not be read", "workflow", t.WorkflowID, "error", err)
			break
		}
		if why := event.GetWorkflowExecutionTerminatedEventAttributes().GetReason(); why != "" {
			return redact.Clean(a.o.Redactor, why).Cut(maxReason)
		}
	}
	return redact.Text{}
}

// shortened keeps what an epilogue tells, so that the state fits a payload.
func shortened(s incident.State) incident.State {
	series := s.Series()
	s.Anomalies = slices.Clone(s.Anomalies[:min(len(s.Anomalies), keptAnomalies)])
	if last := len(s.Anomalies) - 1; last >= 0 {
		// In how many series the trouble was seen is told after the end too.
		s.Anomalies[last].MoreWitnesses += series - s.Series()
	}
	for i := range s.Anomalies {
		s.Anomalies[i].Samples, s.Anomalies[i].Changes = nil, nil
	}
	var cited []incident.Evidence
	if s.Diagnosis != nil {
		best := s.Diagnosis.Best()
		for _, e := range s.Evidence {
			if slices.Contains(best.Citations, e.ID) {
				cited = append(cited, e)
			}
		}
	}
	s.Evidence, s.Gaps = cited, nil
	s.Timeline = s.Timeline[max(0, len(s.Timeline)-keptTimeline):]
	for i := range s.Attempts {
		s.Attempts[i].Result = incident.RemediationResult{Status: s.Attempts[i].Result.Status}
	}
	return s
}
