package guard_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	querypb "go.temporal.io/api/query/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/timestamppb"

	"firebreak/internal/incident"
)

// execution is a run that Temporal knows.
type execution struct {
	id, run string
	kind    string // its workflow's type
	status  enums.WorkflowExecutionStatus
	closed  time.Time
	state   any    // what its query answers, and its result
	reason  string // of its termination
}

func (e execution) info() *workflowpb.WorkflowExecutionInfo {
	return &workflowpb.WorkflowExecutionInfo{
		Execution: &commonpb.WorkflowExecution{WorkflowId: e.id, RunId: e.run}, Status: e.status, CloseTime: timestamppb.New(e.closed),
	}
}

// server is a Temporal of a few executions; the last one of an id is current.
type server struct {
	executions []execution
	fails      map[string]error // by method
	queries    []string         // list filters
}

func (s *server) find(id, run string) (execution, error) {
	for _, e := range slices.Backward(s.executions) {
		if e.id == id && (run == "" || e.run == run) {
			return e, nil
		}
	}
	return execution{}, serviceerror.NewNotFound("workflow not found for ID: " + id)
}

func (s *server) DescribeWorkflowExecution(_ context.Context, id, run string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	if err := s.fails["describe"]; err != nil {
		return nil, err
	}
	e, err := s.find(id, run)
	return &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: e.info()}, err
}

func (s *server) ListWorkflow(_ context.Context, in *workflowservice.ListWorkflowExecutionsRequest) (*workflowservice.ListWorkflowExecutionsResponse, error) {
	if len(in.GetNextPageToken()) == 0 {
		s.queries = append(s.queries, in.GetQuery())
	}
	if err := s.fails["list"]; err != nil {
		return nil, err
	}
	out := &workflowservice.ListWorkflowExecutionsResponse{}
	for _, e := range s.executions {
		cut := e.status == terminated || e.status == enums.WORKFLOW_EXECUTION_STATUS_TIMED_OUT || e.status == enums.WORKFLOW_EXECUTION_STATUS_FAILED
		if strings.Contains(in.GetQuery(), "'"+e.kind+"'") && (e.kind == incident.WorkflowEpilogue || cut) {
			out.Executions = append(out.Executions, e.info())
		}
	}
	from, _ := strconv.Atoi(string(in.GetNextPageToken()))
	to := min(from+int(in.GetPageSize()), len(out.Executions))
	if to < len(out.Executions) {
		out.NextPageToken = []byte(strconv.Itoa(to))
	}
	out.Executions = out.Executions[from:to]
	return out, nil
}

func (s *server) QueryWorkflowWithOptions(_ context.Context, in *client.QueryWorkflowWithOptionsRequest) (*client.QueryWorkflowWithOptionsResponse, error) {
	if err := s.fails["query"]; err != nil {
		return nil, err
	}
	e, err := s.find(in.WorkflowID, in.RunID)
	if err != nil {
		return nil, err
	}
	if e.status != running && in.QueryRejectCondition == enums.QUERY_REJECT_CONDITION_NOT_OPEN {
		return &client.QueryWorkflowWithOptionsResponse{QueryRejected: &querypb.QueryRejected{Status: e.status}}, nil
	}
	return &client.QueryWorkflowWithOptionsResponse{QueryResult: value{e.state}}, nil
}

func (s *server) GetWorkflow(_ context.Context, id, run string) client.WorkflowRun {
	e, err := s.find(id, run)
	if s.fails["result"] != nil {
		err = s.fails["result"]
	}
	return &result{id: id, run: run, value: value{e.state}, err: err}
}

func (s *server) GetWorkflowHistory(_ context.Context, id, run string, _ bool, filter enums.HistoryEventFilterType) client.HistoryEventIterator {
	e, err := s.find(id, run)
	if filter != enums.HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT {
		err = errors.New("the whole history was asked for")
	}
	if s.fails["history"] != nil {
		err = s.fails["history"]
	}
	return &last{err: err, event: &historypb.HistoryEvent{Attributes: &historypb.HistoryEvent_WorkflowExecutionTerminatedEventAttributes{
		WorkflowExecutionTerminatedEventAttributes: &historypb.WorkflowExecutionTerminatedEventAttributes{Reason: e.reason},
	}}}
}

// value is a payload.
type value struct{ v any }

func (v value) HasValue() bool { return v.v != nil }

func (v value) Get(to any) error {
	raw, err := json.Marshal(v.v)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, to)
}

// result is an execution's.
type result struct {
	id, run string
	value   value
	err     error
}

func (r *result) GetID() string    { return r.id }
func (r *result) GetRunID() string { return r.run }

func (r *result) GetFirstExecutionRunID() string { return r.run }

func (r *result) Get(_ context.Context, to any) error {
	if r.err != nil {
		return r.err
	}
	return r.value.Get(to)
}

func (r *result) GetWithOptions(ctx context.Context, to any, _ client.WorkflowRunGetOptions) error {
	return r.Get(ctx, to)
}

// last is a history of one event.
type last struct {
	event *historypb.HistoryEvent
	err   error
}

func (l *last) HasNext() bool { return l.event != nil }

func (l *last) Next() (*historypb.HistoryEvent, error) {
	e := l.event
	l.event = nil
	return e, l.err
}
