package automation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
)

// Stop ends an execution. Cancel interrupts the step that runs, kills its
// script and runs its onCancel steps; Complete lets the step finish and starts
// no other.
func (e *Engine) Stop(id string, kind types.StopType) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	x, ok := e.executions[id]
	if !ok {
		return fmt.Errorf("%w: %s", ErrNotFound, id)
	}
	switch x.view.AutomationExecutionStatus {
	case types.AutomationExecutionStatusPending:
		if i := slices.Index(e.pending, x); i >= 0 {
			e.pending = slices.Delete(e.pending, i, i+1)
			x.view.AutomationExecutionStatus = types.AutomationExecutionStatusCancelled
			x.view.ExecutionEndTime = aws.Time(e.opts.Now())
			x.cancel(errCancelled)
			return nil
		}
	case types.AutomationExecutionStatusInprogress, types.AutomationExecutionStatusWaiting:
	case types.AutomationExecutionStatusCancelling:
		return nil // asked for already
	default:
		return fmt.Errorf("%w: %s is %s", ErrStatus, id, x.view.AutomationExecutionStatus)
	}
	if kind == types.StopTypeComplete {
		x.complete = true
		return nil
	}
	x.view.AutomationExecutionStatus = types.AutomationExecutionStatusCancelling
	x.cancel(errCancelled)
	return nil
}

// watchAlarm stops the execution when the alarm of its AlarmConfiguration is in
// ALARM, an alarm that already is so included, and, unless
// IgnorePollAlarmFailure is set, when the alarm's state cannot be told. It looks
// once before the first step; the function that it returns ends the watch.
func (x *execution) watchAlarm() (stop func()) {
	cfg := x.req.Alarm
	if cfg == nil || len(cfg.Alarms) == 0 {
		return func() {}
	}
	name := aws.ToString(cfg.Alarms[0].Name)
	if !x.alarmAllows(name, cfg.IgnorePollAlarmFailure) {
		return func() {}
	}
	done := make(chan struct{})
	quit := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(x.engine.opts.Poll)
		defer tick.Stop()
		for {
			select {
			case <-quit:
				return
			case <-x.ctx.Done():
				return
			case <-tick.C:
				if !x.alarmAllows(name, cfg.IgnorePollAlarmFailure) {
					return
				}
			}
		}
	}()
	return func() { close(quit); <-done }
}

func (x *execution) alarmAllows(name string, ignoreFailure bool) bool {
	state, err := x.alarmState(name)
	switch {
	case x.ctx.Err() != nil:
		return false
	case err != nil && ignoreFailure:
		return true
	case err != nil:
		x.stopForAlarm(name, types.ExternalAlarmStateUnknown, fmt.Errorf("the state of alarm %s cannot be told: %w", name, err))
		return false
	case state == "ALARM":
		x.stopForAlarm(name, types.ExternalAlarmStateAlarm, fmt.Errorf("alarm %s is in state ALARM", name))
		return false
	default:
		return true
	}
}

func (x *execution) alarmState(name string) (string, error) {
	if x.engine.opts.Alarms == nil {
		return "", errors.New("no CloudWatch is connected")
	}
	ctx, cancel := context.WithTimeout(x.ctx, 10*time.Second)
	defer cancel()
	return x.engine.opts.Alarms.AlarmState(ctx, name)
}

func (x *execution) stopForAlarm(name string, state types.ExternalAlarmState, cause error) {
	x.update(func(v *types.AutomationExecution) {
		v.TriggeredAlarms = []types.AlarmStateInformation{{Name: aws.String(name), State: state}}
		v.AutomationExecutionStatus = types.AutomationExecutionStatusCancelling
	})
	x.cancel(cause)
}
