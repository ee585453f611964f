package automation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"firebreak/activities/awserror"
	"firebreak/internal/incident"
)

const (
	// maxMisses is how many looks in a row may fail before the try is given up and
	// Temporal makes the next one.
	maxMisses = 5
	// waitingReport is how long an execution that waits for a person is watched
	// before that is reported again.
	waitingReport = time.Minute
)

// WatchAutomation follows an execution. It returns when more steps have ended
// than the caller has seen, when the execution is over, when it begins to wait
// for a person, and every minute while it does.
//
// It stops the execution when the activity is cancelled or its workflow is gone.
// Everything else that ends this try (the worker stops, somebody pauses or
// resets the activity, heartbeats do not get through) leaves the execution
// running, and the error is retryable, so that the next try takes over.
func (a *Activities) WatchAutomation(ctx context.Context, in incident.WatchAutomationInput) (incident.Execution, error) {
	if in.ExecutionID == "" {
		return incident.Execution{}, awserror.Refuse(incident.ErrorValidation, "watch an automation: the execution's id is missing")
	}
	activity.RecordHeartbeat(ctx, in.ExecutionID) // which the worker repeats, and shows a person
	tick := time.NewTicker(a.opts.Poll)
	defer tick.Stop()
	stopping := activity.GetWorkerStopChannel(ctx)
	began := time.Now()
	looks, misses, waited := 0, 0, false
	for {
		exec, err := a.look(ctx, in.ExecutionID)
		switch {
		case ctx.Err() != nil:
			return a.interrupted(ctx, in.ExecutionID)
		case err == nil:
			looks++
			misses = 0
			waits := slices.Contains(waiting, types.AutomationExecutionStatus(exec.Status))
			report := waits && (looks > 1 && !waited || time.Since(began) >= waitingReport)
			if exec.Done || exec.EndedSteps() > in.SeenSteps || report {
				return exec, nil
			}
			waited = waits
		default:
			if misses++; misses >= maxMisses || !awserror.Retryable(err) && !notYet(err) {
				return incident.Execution{}, awserror.Classify("watch execution "+in.ExecutionID, err)
			}
		}
		select {
		case <-ctx.Done():
			return a.interrupted(ctx, in.ExecutionID)
		case <-stopping:
			return incident.Execution{}, leftRunning(in.ExecutionID, "this worker stops")
		case <-tick.C:
		}
	}
}

// notYet tells that the service does not know the execution, which can be
// because it was started just now.
func notYet(err error) bool {
	var unknown *types.AutomationExecutionNotFoundException
	return errors.As(err, &unknown)
}

// interrupted decides what the end of the context means for the execution.
func (a *Activities) interrupted(ctx context.Context, id string) (incident.Execution, error) {
	cause := context.Cause(ctx)
	// Temporal asks the activity to cancel, because its workflow does.
	if temporal.IsCanceledError(cause) {
		return a.cancelled(ctx, id, cause)
	}
	// Temporal does not know this try any more: the workflow is gone (terminated,
	// say) or was reset, or the try counts as timed out and another has taken
	// over. Only in the first case is nobody left to want the execution. A reset
	// ends the run of this try, and the workflow goes on in another one, which is
	// why the current run is asked about and not this try's.
	if _, ok := errors.AsType[*serviceerror.NotFound](cause); ok {
		asking, done := a.fresh(ctx)
		defer done()
		end, err := a.opts.Ended(asking, activity.GetInfo(ctx).WorkflowExecution.ID)
		switch {
		case err != nil:
			return incident.Execution{}, leftRunning(id, "it is not known whether its workflow still runs: "+err.Error())
		case end.Ended:
			return a.cancelled(ctx, id, cause)
		}
	}
	return incident.Execution{}, leftRunning(id, fmt.Sprint(cause))
}

// leftRunning is the retryable error of a try that ends while its execution
// goes on.
func leftRunning(id, why string) error {
	return awserror.Unavailablef("watch execution %s: it was left running: %s", id, why)
}

// cancelled stops the execution and returns the cancellation, with what became
// of the execution in its details.
func (a *Activities) cancelled(ctx context.Context, id string, cause error) (incident.Execution, error) {
	activity.GetLogger(ctx).Info("stopping an automation", "execution", id, "cause", cause)
	if err := a.stop(ctx, id); err != nil {
		return incident.Execution{}, err
	}
	exec, err := a.settled(ctx, id)
	if err != nil {
		activity.GetLogger(ctx).Warn("the automation was stopped, but its end was not seen", "execution", id, "error", err)
	}
	return exec, temporal.NewCanceledError(exec)
}

// StopAutomation stops an execution that no watch follows at the moment: one
// whose workflow was cancelled between two watches. It returns the execution as
// it ended; one that was over already is left as it is.
func (a *Activities) StopAutomation(ctx context.Context, in incident.StopAutomationInput) (incident.Execution, error) {
	if in.ExecutionID == "" {
		return incident.Execution{}, awserror.Refuse(incident.ErrorValidation, "stop an automation: the execution's id is missing")
	}
	activity.RecordHeartbeat(ctx, in.ExecutionID) // which the worker repeats, and shows a person
	if err := a.stop(ctx, in.ExecutionID); err != nil {
		return incident.Execution{}, err
	}
	exec, err := a.settled(ctx, in.ExecutionID)
	if err != nil {
		return incident.Execution{}, awserror.Unavailablef("stop execution %s: it was told to stop, but its end was not seen: %v", in.ExecutionID, err)
	}
	return exec, nil
}

// fresh is a context for what still has to be done after ctx has ended.
func (a *Activities) fresh(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), a.opts.Stop)
}

// stop stops an execution, trying again while that may help. One that is over
// already cannot be stopped, which is what was wanted.
func (a *Activities) stop(ctx context.Context, id string) error {
	ctx, done := a.fresh(ctx)
	defer done()
	for {
		_, err := a.opts.Systems.StopAutomationExecution(ctx, &ssm.StopAutomationExecutionInput{
			AutomationExecutionId: &id, Type: types.StopTypeCancel, // Cancel runs the steps of onCancel
		})
		var over *types.InvalidAutomationStatusUpdateException
		if err == nil || errors.As(err, &over) {
			return nil
		}
		if !awserror.Retryable(err) || sleep(ctx, a.opts.Poll) != nil {
			return awserror.Classify("stop execution "+id, err)
		}
	}
}

// settled waits for a stopped execution to be over.
func (a *Activities) settled(ctx context.Context, id string) (incident.Execution, error) {
	ctx, done := a.fresh(ctx)
	defer done()
	for {
		exec, err := a.look(ctx, id)
		if err == nil && exec.Done {
			return exec, nil
		}
		if waitErr := sleep(ctx, a.opts.Poll); waitErr != nil {
			return exec, errors.Join(err, waitErr)
		}
	}
}
