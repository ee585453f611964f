// Package gate replays the workflows that are open in a Temporal namespace on
// the code at hand, before that code is deployed. A workflow whose history the
// new code does not follow to the letter stops at its next event and stays there
// until somebody mends the code; the recorded histories of test/replay show that
// for the cases somebody thought of, the open workflows for those that are there.
//
// It reads and never writes: nothing of it reaches the namespace.
package gate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"golang.org/x/sync/errgroup"
)

// Register makes the workflows of the code at hand known.
type Register func(worker.WorkflowRegistry)

// Client is the part of Temporal's client that is used.
type Client interface {
	CountWorkflow(ctx context.Context, in *workflowservice.CountWorkflowExecutionsRequest) (*workflowservice.CountWorkflowExecutionsResponse, error)
	ListWorkflow(ctx context.Context, in *workflowservice.ListWorkflowExecutionsRequest) (*workflowservice.ListWorkflowExecutionsResponse, error)
	GetWorkflowHistory(ctx context.Context, workflowID, runID string, isLongPoll bool, filter enums.HistoryEventFilterType) client.HistoryEventIterator
}

// Verdict says how the replay of one workflow ended.
type Verdict string

// Verdicts.
const (
	Replays Verdict = "ok"    // the code at hand carries on where it is
	Breaks  Verdict = "FAILS" // it does not
	New     Verdict = "new"   // it has not decided anything yet, so any code may
	Gone    Verdict = "gone"  // it ended and was deleted while the gate ran
)

// Result is what became of one workflow.
type Result struct {
	WorkflowID, RunID, Type string
	Events                  int
	Verdict                 Verdict
	Err                     error              // why it breaks
	History                 *historypb.History // as it was fetched; nil for Gone
}

// Options of a run.
type Options struct {
	Register Register
	Parallel int // histories that are fetched and replayed at once; 0: 4
}

// pageSize is how many executions one page of the listing holds; 1,000 is the
// server's most.
const pageSize = 500

// Count is how many workflows of the registered types are open, as visibility
// has it, which lags behind by about a second.
func Count(ctx context.Context, c Client, o Options) (int, error) {
	counted, err := c.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Query: query(o.Register)})
	if err != nil {
		return 0, fmt.Errorf("count the open workflows: %w", err)
	}
	return int(counted.GetCount()), nil
}

// Open replays every open workflow and tells each result, one at a time. It
// fails when the namespace cannot be read to its end; workflows that break are
// results. tell's error ends it.
func Open(ctx context.Context, c Client, o Options, tell func(Result) error) error {
	if o.Parallel <= 0 {
		o.Parallel = 4
	}
	group, ctx := errgroup.WithContext(ctx)
	found, results := make(chan *commonpb.WorkflowExecution), make(chan Result)
	group.Go(func() error {
		defer close(found)
		return list(ctx, c, query(o.Register), found)
	})
	var replaying sync.WaitGroup
	for range o.Parallel {
		replaying.Add(1)
		group.Go(func() error {
			defer replaying.Done()
			return replay(ctx, c, o, found, results)
		})
	}
	group.Go(func() error {
		replaying.Wait()
		close(results)
		return nil
	})
	group.Go(func() error {
		for r := range results {
			if err := tell(r); err != nil {
				return err
			}
		}
		return nil
	})
	return group.Wait()
}

// replay takes what was found until there is no more.
func replay(ctx context.Context, c Client, o Options, found <-chan *commonpb.WorkflowExecution, results chan<- Result) error {
	for e := range found {
		r, err := one(ctx, c, o, e)
		if err != nil {
			return err
		}
		select {
		case results <- r:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// query is Temporal's list filter for what is open of the registered types.
// Their names are constants of the code.
func query(register Register) string {
	var names []string
	for _, name := range types(register) {
		names = append(names, "'"+name+"'")
	}
	return fmt.Sprintf("ExecutionStatus = 'Running' AND WorkflowType IN (%s)", strings.Join(names, ", "))
}

func list(ctx context.Context, c Client, query string, found chan<- *commonpb.WorkflowExecution) error {
	req := &workflowservice.ListWorkflowExecutionsRequest{PageSize: pageSize, Query: query}
	for {
		page, err := c.ListWorkflow(ctx, req)
		if err != nil {
			return fmt.Errorf("list the open workflows: %w", err)
		}
		for _, e := range page.GetExecutions() {
			select {
			case found <- e.GetExecution():
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		if req.NextPageToken = page.GetNextPageToken(); len(req.NextPageToken) == 0 {
			return nil
		}
	}
}

// one fetches and replays one workflow. Its error says that the history could
// not be read.
func one(ctx context.Context, c Client, o Options, e *commonpb.WorkflowExecution) (Result, error) {
	var h historypb.History
	events := c.GetWorkflowHistory(ctx, e.GetWorkflowId(), e.GetRunId(), false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		if missing := (*serviceerror.NotFound)(nil); errors.As(err, &missing) {
			return Result{WorkflowID: e.GetWorkflowId(), RunID: e.GetRunId(), Verdict: Gone}, nil
		}
		if err != nil {
			return Result{}, fmt.Errorf("read the history of %s, run %s: %w", e.GetWorkflowId(), e.GetRunId(), err)
		}
		h.Events = append(h.Events, event)
	}
	return Replay(o, e.GetWorkflowId(), e.GetRunId(), &h), nil
}

// Replay replays one history under the ids of its own execution, from which a
// workflow derives those of its children.
func Replay(o Options, workflowID, runID string, h *historypb.History) Result {
	r := Result{WorkflowID: workflowID, RunID: runID, Events: len(h.GetEvents()), History: h, Verdict: Replays}
	if r.Events > 0 {
		r.Type = h.GetEvents()[0].GetWorkflowExecutionStartedEventAttributes().GetWorkflowType().GetName()
	}
	decided := Decided(h)
	if decided == nil {
		r.Verdict = New
		return r
	}
	replayer, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{})
	if err == nil {
		o.Register(replayer)
		err = replayer.ReplayWorkflowHistoryWithOptions(slog.New(slog.DiscardHandler), decided, worker.ReplayWorkflowHistoryOptions{
			OriginalExecution: workflow.Execution{ID: workflowID, RunID: runID},
		})
	}
	if err != nil {
		r.Verdict, r.Err = Breaks, err
	}
	return r
}

// Decided is a history up to the last thing that its workflow asked for; nil
// when it has not asked for anything yet. What has come to an open workflow since
// then (a signal, the result of an activity, a task that has begun) is cut off:
// the replayer takes all that it is given for done, and would complain that
// history lacks what the workflow asks for next, although any code may.
func Decided(h *historypb.History) *historypb.History {
	events := h.GetEvents()
	for last, event := range slices.Backward(events) {
		if event.GetEventType() != enums.EVENT_TYPE_WORKFLOW_TASK_COMPLETED {
			continue
		}
		end := last + 1
		for end < len(events) && Asked(events[end]) {
			end++
		}
		return &historypb.History{Events: events[:end]}
	}
	return nil
}

// Asked tells the events by which a workflow asked for something. They follow
// the task in which it did, before anything that came from elsewhere.
func Asked(e *historypb.HistoryEvent) bool {
	if e.GetEventType() == enums.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED || e.GetEventType() == enums.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED {
		return true
	}
	message := e.ProtoReflect()
	attributes := message.WhichOneof(message.Descriptor().Oneofs().ByName("attributes"))
	if attributes == nil {
		return false
	}
	// Only events that a task's completion wrote name that task.
	return attributes.Message().Fields().ByName("workflow_task_completed_event_id") != nil
}

// recorder notes the names under which workflows are registered.
type recorder struct{ names []string }

// RegisterWorkflow implements worker.WorkflowRegistry. Firebreak's workflows are
// registered by explicit names only.
func (r *recorder) RegisterWorkflow(any) { panic("a workflow is registered without a name of its own") }

// RegisterWorkflowWithOptions implements worker.WorkflowRegistry.
func (r *recorder) RegisterWorkflowWithOptions(_ any, o workflow.RegisterOptions) {
	r.names = append(r.names, o.Name)
}

// RegisterDynamicWorkflow implements worker.WorkflowRegistry.
func (r *recorder) RegisterDynamicWorkflow(any, workflow.DynamicRegisterOptions) {}

// types are the names of the registered workflows, so that a new one cannot be
// forgotten here.
func types(register Register) []string {
	var r recorder
	register(&r)
	return r.names
}

// connectTimeout bounds the connection to the server.
const connectTimeout = 15 * time.Second
