package automation_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"

	"firebreak/activities/automation"
	"firebreak/internal/incident"
	"firebreak/test/stack/fault"
)

func TestSuccessWithAFailedStepIsNone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	exec := b.watch(t, b.start(t, "hidden", nil).ID)
	require.Equal(t, "Success", exec.Status)
	require.False(t, exec.Succeeded)
	require.Contains(t, exec.Failure.String(), "step broken is Failed")
	require.NotContains(t, exec.Failure.String()+exec.Steps[0].Failure.String(), "hunter2")
	require.False(t, exec.Ended.Before(exec.Started))
}

func TestWaitingForAPersonIsReported(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	exec := b.start(t, "person", nil)
	got, err := do[incident.Execution](t, b, 1, incident.ActivityWatchAutomation, incident.WatchAutomationInput{ExecutionID: exec.ID, SeenSteps: 1})
	require.NoError(t, err)
	require.Equal(t, "Waiting", got.Status, "the caller hears of it although no further step has ended")
	require.False(t, got.Done)

	_, err = do[incident.Execution](t, b, 1, incident.ActivityWatchAutomation, incident.WatchAutomationInput{})
	require.Equal(t, "Validation", kind(err))
}

func TestWatchSurvivesPassingFailures(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	exec := b.start(t, "touch", map[string][]string{"Name": {"file"}})
	b.faults.Set(fault.Rule{Service: "ssm", Operation: "GetAutomationExecution", Kind: fault.Throttle, Times: 3})
	b.faults.Set(fault.Rule{Service: "ssm", Operation: "GetAutomationExecution", Kind: fault.LoseResponse, Times: 1})
	got, err := do[incident.Execution](t, b, 1, incident.ActivityWatchAutomation, incident.WatchAutomationInput{ExecutionID: exec.ID})
	require.NoError(t, err, "four failures in a row are passed over")
	require.NotZero(t, got.EndedSteps())

	b.faults.Set(fault.Rule{Service: "ssm", Operation: "GetAutomationExecution", Kind: fault.Throttle, Times: fault.Forever})
	_, err = do[incident.Execution](t, b, 1, incident.ActivityWatchAutomation, incident.WatchAutomationInput{ExecutionID: exec.ID, SeenSteps: 9})
	require.Equal(t, "Throttled", kind(err))
	require.False(t, final(err))

	b = newBench(t)
	_, err = do[incident.Execution](t, b, 1, incident.ActivityWatchAutomation, incident.WatchAutomationInput{ExecutionID: "00000000-0000-4000-8000-000000000000"})
	require.Equal(t, "NotFound", kind(err))
}

// What ends a watch, and whether the execution may go on.
func TestStopRules(t *testing.T) {
	t.Parallel()
	ended := func(yes bool, err error) func(context.Context, string) (automation.End, error) {
		return func(context.Context, string) (automation.End, error) { return automation.End{Ended: yes}, err }
	}
	for _, c := range []struct {
		name  string
		cause error
		ended func(context.Context, string) (automation.End, error) // its current run
		stops bool
	}{
		{name: "cancelled by its workflow", cause: temporal.NewCanceledError(), stops: true},
		{name: "workflow terminated", cause: serviceerror.NewNotFound("workflow execution already completed"), ended: ended(true, nil), stops: true},
		{
			name: "workflow reset", cause: serviceerror.NewNotFound("workflow execution already completed"),
			ended: ended(false, nil), // its run has ended, the current one goes on
		},
		{name: "another try has taken over", cause: serviceerror.NewNotFound("activity task timed out"), ended: ended(false, nil)},
		{name: "not known whether the workflow runs", cause: serviceerror.NewNotFound("?"), ended: ended(false, errors.New("unreachable"))},
		{name: "worker shutdown", cause: worker.ErrWorkerShutdown},
		{name: "paused", cause: activity.ErrActivityPaused},
		{name: "reset", cause: activity.ErrActivityReset},
		{name: "heartbeats do not get through", cause: serviceerror.NewUnavailable("no route")},
		{name: "plain end of the context", cause: nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			if c.ended != nil {
				b.opts.Ended = c.ended
			}
			exec := b.start(t, "long", nil)
			if c.stops { // stopping must survive a lost answer, too
				b.faults.Set(fault.Rule{Service: "ssm", Operation: "StopAutomationExecution", Kind: fault.LoseResponse})
			}
			ctx, end := context.WithCancelCause(t.Context())
			defer end(nil)
			env := b.env(ctx, t)
			result := make(chan error, 1)
			go func() {
				_, err := env.ExecuteActivity(incident.ActivityWatchAutomation, incident.WatchAutomationInput{ExecutionID: exec.ID})
				result <- err
			}()
			require.Eventually(t, func() bool { return b.status(t, exec.ID) == types.AutomationExecutionStatusInprogress }, time.Minute, 2*time.Millisecond)
			end(c.cause)
			err := <-result
			require.Error(t, err)
			if c.stops {
				require.True(t, temporal.IsCanceledError(err), err)
				require.Equal(t, types.AutomationExecutionStatusCancelled, b.status(t, exec.ID))
				return
			}
			require.Equal(t, "Unavailable", kind(err), err)
			require.False(t, final(err))
			require.Equal(t, types.AutomationExecutionStatusInprogress, b.status(t, exec.ID), "it must be left running")
		})
	}
}

func TestStoppingWorkerHandsOver(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	exec := b.start(t, "long", nil)
	env := b.env(t.Context(), t)
	stop := make(chan struct{})
	close(stop)
	env.SetWorkerStopChannel(stop)
	_, err := env.ExecuteActivity(incident.ActivityWatchAutomation, incident.WatchAutomationInput{ExecutionID: exec.ID})
	require.Equal(t, "Unavailable", kind(err))
	require.ErrorContains(t, err, "left running")
	require.Equal(t, types.AutomationExecutionStatusInprogress, b.status(t, exec.ID))
}

func TestStopEndsAnExecutionThatNobodyWatches(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.start(t, "long", nil).ID
	b.faults.Set(fault.Rule{Service: "ssm", Operation: "StopAutomationExecution", Kind: fault.LoseResponse, Times: 1})
	stop := func(in incident.StopAutomationInput) (incident.Execution, error) {
		return do[incident.Execution](t, b, 1, incident.ActivityStopAutomation, in)
	}
	exec, err := stop(incident.StopAutomationInput{ExecutionID: id})
	require.NoError(t, err)
	require.Equal(t, "Cancelled", exec.Status)
	require.True(t, exec.Done)

	again, err := stop(incident.StopAutomationInput{ExecutionID: id})
	require.NoError(t, err, "stopping twice is stopping once")
	require.Equal(t, exec, again)

	_, err = stop(incident.StopAutomationInput{})
	require.Equal(t, "Validation", kind(err))
}
