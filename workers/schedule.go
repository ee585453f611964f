package workers

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"firebreak/internal/config"
	"firebreak/internal/incident"
)

const (
	// guardRound is how long a round may take. While no worker serves the queue
	// one round waits, and no second one is started.
	guardRound = 10 * time.Minute
	// guardCatchUp is how late a round may still be started after an outage of
	// the server, whose own default is a year. Ten seconds are the least that it
	// takes; a round that was missed is made up for by the next one.
	guardCatchUp = time.Minute
)

// guardSchedule is the schedule that starts the guard's rounds.
func guardSchedule(cfg config.Config, namespace string) client.ScheduleOptions {
	scope := incident.Scope{Account: cfg.Account, Region: cfg.Region}
	return client.ScheduleOptions{
		ID:   scope.GuardID(),
		Spec: client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: cfg.Guard.Every}}},
		Action: &client.ScheduleWorkflowAction{
			ID: scope.GuardID(), Workflow: incident.WorkflowGuard, TaskQueue: incident.QueueWorkflows, WorkflowExecutionTimeout: guardRound,
			Args: []any{incident.GuardInput{
				Scope: scope, Grace: incident.Seconds(cfg.Guard.Grace), Settings: incident.Settings{UIURL: cfg.UIURL, Namespace: namespace},
			}},
			StaticSummary: "Looks for what terminated incidents left behind",
		},
		Overlap: enums.SCHEDULE_OVERLAP_POLICY_SKIP, CatchupWindow: guardCatchUp,
	}
}

// ensureGuard creates the schedule, or brings the one that is there up to date.
// A person's pause stays.
func ensureGuard(ctx context.Context, schedules client.ScheduleClient, wanted client.ScheduleOptions) error {
	_, err := schedules.Create(ctx, wanted)
	if err == nil {
		return nil
	}
	if !errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return fmt.Errorf("create schedule %s, which stops automations of terminated incidents (the worker needs the right to write schedules): %w", wanted.ID, err)
	}
	err = schedules.GetHandle(ctx, wanted.ID).Update(ctx, client.ScheduleUpdateOptions{
		DoUpdate: func(now client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
			s := now.Description.Schedule
			s.Spec, s.Action = &wanted.Spec, wanted.Action
			s.Policy = &client.SchedulePolicies{Overlap: wanted.Overlap, CatchupWindow: wanted.CatchupWindow}
			return &client.ScheduleUpdate{Schedule: &s}, nil
		},
	})
	if err != nil {
		return fmt.Errorf("update schedule %s: %w", wanted.ID, err)
	}
	return nil
}
