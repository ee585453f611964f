package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/mocks"
	"google.golang.org/protobuf/types/known/timestamppb"

	"firebreak/internal/correlate"
	"firebreak/internal/incident"
)

// server is what Temporal knows in these tests: which workflows exist, and that
// a correlator that was signalled starts the incidents and ends.
type server struct {
	exists  map[string]enums.WorkflowExecutionStatus
	batches []incident.Batch
	input   correlate.Input
	starts  []string // incidents that the correlator will start
	looks   int      // at the correlator, while it runs
}

func (s *server) client(t *testing.T) *mocks.Client {
	c := &mocks.Client{}
	c.On("DescribeWorkflowExecution", mock.Anything, mock.Anything, "").Return(
		func(_ context.Context, id, _ string) *workflowservice.DescribeWorkflowExecutionResponse {
			status, ok := s.exists[id]
			if !ok {
				return nil
			}
			info := &workflowpb.WorkflowExecutionInfo{Status: status}
			if s.looks--; status == enums.WORKFLOW_EXECUTION_STATUS_RUNNING && s.looks < 0 {
				info.CloseTime = timestamppb.New(time.Unix(1, 0))
			}
			if status != enums.WORKFLOW_EXECUTION_STATUS_RUNNING {
				info.CloseTime = timestamppb.New(time.Unix(1, 0))
			}
			return &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: info}
		},
		func(_ context.Context, id, _ string) error {
			if _, ok := s.exists[id]; !ok {
				return serviceerror.NewNotFound(id)
			}
			return nil
		})
	c.On("SignalWithStartWorkflow", mock.Anything, mock.Anything, incident.SignalObserved, mock.Anything, mock.Anything,
		incident.WorkflowCorrelator, mock.Anything).Run(func(args mock.Arguments) {
		s.batches = append(s.batches, args.Get(3).(incident.Batch))
		s.input = args.Get(6).(correlate.Input)
		s.exists[args.String(1)] = enums.WORKFLOW_EXECUTION_STATUS_RUNNING
		for _, id := range s.starts {
			s.exists[id] = enums.WORKFLOW_EXECUTION_STATUS_COMPLETED
		}
	}).Return(nil, nil)
	return c
}

func backfillOf(t *testing.T, s *server) (backfillRun, *replayed) {
	t.Helper()
	o := backfillOptions{folder: record(t), name: "monday", mode: correlate.Group, account: "000000000000", region: "local"}
	services, err := loadServices("")
	require.NoError(t, err)
	bar := newProgress(io.Discard)
	rec, err := readRecording(o, services, bar)
	require.NoError(t, err)
	r := replay(o, rec, bar)
	require.Len(t, r.incidents, 2)
	return backfillRun{client: s.client(t), name: o.name, found: &r, bar: bar, every: time.Millisecond}, &r
}

func states(r *replayed) []string {
	var out []string
	for _, f := range r.incidents {
		out = append(out, f.State)
	}
	return out
}

func TestBackfillStartsOnceAndASecondRunStartsNothing(t *testing.T) {
	t.Parallel()
	s := &server{exists: map[string]enums.WorkflowExecutionStatus{}, looks: 3}
	run, r := backfillOf(t, s)
	for _, f := range r.incidents {
		s.starts = append(s.starts, f.WorkflowID)
	}
	input := correlate.Input{Scope: r.scope, Mode: correlate.Group, Effects: incident.Effects{Chat: true}}
	require.NoError(t, run.run(t.Context(), input))
	require.Equal(t, []string{stateStarted, stateStarted}, states(r))
	require.Equal(t, r.batches, s.batches, "the correlator is sent what the dry run was decided on")
	require.True(t, s.batches[len(s.batches)-1].Flush)
	require.Equal(t, incident.Effects{Chat: true}, s.input.Effects)
	require.True(t, s.input.State.EventTime)

	sent := len(s.batches)
	again, r := backfillOf(t, s)
	require.NoError(t, again.run(t.Context(), input))
	require.Equal(t, []string{stateThere, stateThere}, states(r))
	require.Len(t, s.batches, sent, "nothing was sent")
}

func TestBackfillSaysWhatWasNotStarted(t *testing.T) {
	t.Parallel()
	s := &server{exists: map[string]enums.WorkflowExecutionStatus{}}
	run, r := backfillOf(t, s)
	s.starts = []string{r.incidents[0].WorkflowID}
	require.ErrorContains(t, run.run(t.Context(), correlate.Input{Scope: r.scope}), r.incidents[1].ID+" was not started")
	require.Equal(t, []string{stateStarted, stateMissing}, states(r))
}

func TestBackfillGoesOnAfterItWasCutOff(t *testing.T) {
	t.Parallel()
	s := &server{exists: map[string]enums.WorkflowExecutionStatus{}}
	run, r := backfillOf(t, s)
	s.exists[r.incidents[0].WorkflowID] = enums.WORKFLOW_EXECUTION_STATUS_COMPLETED
	s.starts = []string{r.incidents[1].WorkflowID}
	require.NoError(t, run.run(t.Context(), correlate.Input{Scope: r.scope}))
	require.Equal(t, []string{stateThere, stateStarted}, states(r))
}

// A command that is killed after its last incident began has not yet told the
// correlator that nothing more comes, and without that it never ends.
func TestBackfillEndsACorrelatorThatWasLeftOpen(t *testing.T) {
	t.Parallel()
	s := &server{exists: map[string]enums.WorkflowExecutionStatus{}, looks: 5}
	run, r := backfillOf(t, s)
	for _, f := range r.incidents {
		s.exists[f.WorkflowID] = enums.WORKFLOW_EXECUTION_STATUS_COMPLETED
	}
	s.exists[r.scope.CorrelatorWorkflowID()] = enums.WORKFLOW_EXECUTION_STATUS_RUNNING
	require.NoError(t, run.run(t.Context(), correlate.Input{Scope: r.scope}))
	require.Equal(t, []string{stateThere, stateThere}, states(r))
	require.Equal(t, r.batches, s.batches)
}

func TestBackfillTellsThatTemporalIsGone(t *testing.T) {
	t.Parallel()
	run, r := backfillOf(t, &server{})
	gone := &mocks.Client{}
	gone.On("DescribeWorkflowExecution", mock.Anything, mock.Anything, "").Return(nil, errors.New("connection refused"))
	run.client = gone
	require.ErrorContains(t, run.run(t.Context(), correlate.Input{Scope: r.scope}), "connection refused")
}

func TestBackfillSaysWhatItWaitsFor(t *testing.T) {
	t.Parallel()
	task := func(queue string, lies time.Duration) *workflowservice.DescribeWorkflowExecutionResponse {
		return &workflowservice.DescribeWorkflowExecutionResponse{
			WorkflowExecutionInfo: &workflowpb.WorkflowExecutionInfo{Execution: &commonpb.WorkflowExecution{WorkflowId: "wf"}},
			ExecutionConfig:       &workflowpb.WorkflowExecutionConfig{TaskQueue: &taskqueuepb.TaskQueue{Name: queue}},
			PendingWorkflowTask: &workflowpb.PendingWorkflowTaskInfo{
				State: enums.PENDING_WORKFLOW_TASK_STATE_SCHEDULED, ScheduledTime: timestamppb.New(time.Now().Add(-lies)),
			},
		}
	}
	children := func(n int) *workflowservice.DescribeWorkflowExecutionResponse {
		r := &workflowservice.DescribeWorkflowExecutionResponse{}
		for i := range n {
			r.PendingChildren = append(r.PendingChildren, &workflowpb.PendingChildExecutionInfo{WorkflowId: fmt.Sprintf("backfill/x/incident/a/r/s/inc-%d", i)})
		}
		return r
	}
	for name, c := range map[string]struct {
		correlator, child *workflowservice.DescribeWorkflowExecutionResponse
		want              string
	}{
		"nobody has taken the correlator up":  {task("queue", time.Minute), nil, "a worker: no worker takes up wf from task queue queue"},
		"its task was only just put there":    {task("queue", -time.Hour), nil, "backfill/monday/correlator/000000000000/local"},
		"nobody has taken an incident up":     {children(2), task("queue", time.Minute), "no worker takes up wf"},
		"two incidents are being worked upon": {children(2), children(0), "2 incidents to end (see `incidents list --origin backfill`), first inc-0"},
		"one is":                              {children(1), nil, "1 incident to end"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := &mocks.Client{}
			var err error
			if c.child == nil {
				err = errors.New("gone")
			}
			m.On("DescribeWorkflowExecution", mock.Anything, mock.Anything, "").Return(c.child, err)
			b := backfillRun{client: m, found: &replayed{scope: incident.BackfillScope("monday", "000000000000", "local")}}
			require.Contains(t, b.awaited(t.Context(), c.correlator), c.want)
		})
	}
}
