package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"firebreak/internal/redact"
)

// await waits durably until the condition holds, at most so long, and tells
// whether it does; an error means that ctx was cancelled. The summary is what the
// Temporal UI shows beside the timer.
//
// workflow.AwaitWithOptions would do the same, but in SDK 1.50 it leaves its
// timer running after the condition has come true, where it wakes the workflow
// for nothing and stands in the Temporal UI as pending.
func await(ctx workflow.Context, atMost time.Duration, summary redact.Text, condition func() bool) (bool, error) {
	if condition() {
		return true, nil
	}
	waiting, done := workflow.WithCancel(ctx)
	defer done()
	timer := workflow.NewTimerWithOptions(waiting, atMost, workflow.TimerOptions{Summary: summary.Cut(maxSummary).String()})
	if err := workflow.Await(ctx, func() bool { return condition() || timer.IsReady() }); err != nil {
		return false, err
	}
	if condition() {
		return true, nil
	}
	return false, ctx.Err()
}
