package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"firebreak/internal/correlate"
	"firebreak/internal/incident"
	"firebreak/workers/stream"
)

// backfillSettings are those of incidents that look back: there is nothing to
// reopen, and what failed once is not tried again.
func backfillSettings(namespace string) incident.Settings {
	return incident.Settings{MaxAttempts: 1, Namespace: namespace}
}

// followEvery is how often a running backfill is looked at.
const followEvery = time.Second

// startBackfill has the backfill's correlator start the incidents, and follows
// them to their end.
func startBackfill(cmd *cobra.Command, o backfillOptions, r *replayed) error {
	c, namespace, err := dialTemporal(cmd)
	if err != nil {
		return err
	}
	defer c.Close()
	b := backfillRun{client: c, name: o.name, found: r, bar: newProgress(cmd.ErrOrStderr()), every: followEvery}
	return b.run(cmd.Context(), correlate.Input{Scope: r.scope, Mode: o.mode, Effects: o.effects, Settings: backfillSettings(namespace)})
}

// backfillRun carries a backfill to Temporal.
type backfillRun struct {
	client client.Client
	name   string
	found  *replayed
	bar    *progress
	every  time.Duration
}

func (b *backfillRun) run(ctx context.Context, input correlate.Input) error {
	if len(b.found.incidents) == 0 {
		return nil
	}
	there, err := b.look(ctx, stateThere)
	if err != nil {
		return err
	}
	correlator, err := b.correlator(ctx)
	if err != nil {
		return err
	}
	if there < len(b.found.incidents) || correlator != nil {
		// Incidents that exist refuse to start again; sending everything is
		// safe and makes the correlator decide as it did the first time. One that
		// is open, though all of them are there, waits for the last batch.
		out := stream.NewCorrelator(b.client, input)
		for i, batch := range b.found.batches {
			b.bar.sending(i, len(b.found.batches))
			if err := out.Emit(ctx, batch); err != nil {
				return fmt.Errorf("send backfill %s: %w; run the same command again to go on", b.name, err)
			}
		}
	}
	if err := b.follow(ctx); err != nil {
		return err
	}
	if _, err := b.look(ctx, stateStarted); err != nil {
		return err
	}
	for _, f := range b.found.incidents {
		if f.State == stateMissing {
			return fmt.Errorf("incident %s was not started; look at workflow %s", f.ID, b.found.scope.CorrelatorWorkflowID())
		}
	}
	return nil
}

// look asks for every incident's workflow. One that exists and was not known to
// exist gets the given state; the result is how many exist.
func (b *backfillRun) look(ctx context.Context, state string) (int, error) {
	there := 0
	for i := range b.found.incidents {
		f := &b.found.incidents[i]
		described, err := b.client.DescribeWorkflowExecution(ctx, f.WorkflowID, "")
		if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
			f.State = stateMissing
			continue
		}
		if err != nil {
			return there, fmt.Errorf("look for %s: %w", f.WorkflowID, err)
		}
		there++
		if f.State != stateThere {
			f.State = state
		}
		f.Status = summaryOf(described.GetWorkflowExecutionInfo()).Status
	}
	return there, nil
}

// correlator describes the backfill's correlator; nil when none is open.
func (b *backfillRun) correlator(ctx context.Context) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	described, err := b.client.DescribeWorkflowExecution(ctx, b.found.scope.CorrelatorWorkflowID(), "")
	if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
		return nil, nil // there was none, or it is past its retention
	}
	if err != nil {
		return nil, fmt.Errorf("follow backfill %s: %w", b.name, err)
	}
	if described.GetWorkflowExecutionInfo().GetCloseTime() != nil {
		return nil, nil // it has ended
	}
	return described, nil
}

// follow waits until the backfill's correlator has ended, which it does when
// its incidents have.
func (b *backfillRun) follow(ctx context.Context) error {
	defer b.bar.done()
	for {
		open, err := b.correlator(ctx)
		if err != nil || open == nil {
			return err
		}
		b.bar.waiting(b.awaited(ctx, open))
		t := time.NewTimer(b.every)
		select {
		case <-ctx.Done():
			t.Stop()
			return ctx.Err()
		case <-t.C:
		}
	}
}

// unheard is for how long a task may lie in its queue before it counts as one
// that nobody takes.
const unheard = 3 * time.Second

// awaited says what keeps a running correlator from its end: a worker that takes
// up its task or that of an incident, or the incidents.
func (b *backfillRun) awaited(ctx context.Context, correlator *workflowservice.DescribeWorkflowExecutionResponse) string {
	open := correlator.GetPendingChildren()
	looked := []*workflowservice.DescribeWorkflowExecutionResponse{correlator}
	if len(open) > 0 {
		if first, err := b.client.DescribeWorkflowExecution(ctx, open[0].GetWorkflowId(), ""); err == nil {
			looked = append(looked, first)
		}
	}
	for _, l := range looked {
		task := l.GetPendingWorkflowTask()
		if task.GetState() == enums.PENDING_WORKFLOW_TASK_STATE_SCHEDULED && time.Since(task.GetScheduledTime().AsTime()) > unheard {
			return fmt.Sprintf("a worker: no worker takes up %s from task queue %s",
				l.GetWorkflowExecutionInfo().GetExecution().GetWorkflowId(), l.GetExecutionConfig().GetTaskQueue().GetName())
		}
	}
	if len(open) == 0 {
		return b.found.scope.CorrelatorWorkflowID()
	}
	return incident.Count(len(open), "incident", "incidents").String() + " to end (see `incidents list --origin backfill`), first " + incident.IncidentIDOf(open[0].GetWorkflowId())
}
