package main

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"firebreak/activities/guard"
	"firebreak/internal/incident"
	"firebreak/internal/redact/rules"
)

// registerGuard answers the guard: of terminated incidents with the real
// activities, since all that they ask is Temporal, of automations with one that
// nobody watches, where the script has it.
func (w *world) registerGuard(r worker.Worker, c client.Client) error {
	acts, err := guard.New(guard.Options{Temporal: c, Redactor: rules.Default()})
	if err != nil {
		return fmt.Errorf("make the guard's activities: %w", err)
	}
	r.RegisterActivity(acts)
	named(r, incident.ActivityFindOrphans, func(incident.FindOrphansInput) incident.FindOrphansResult {
		if w.orphan == "" {
			return incident.FindOrphansResult{}
		}
		return incident.FindOrphansResult{Running: 1, Orphans: []incident.Orphan{{
			ExecutionID: w.orphan, Document: "Firebreak-restart-service", WorkflowID: "incident/123456789012/eu-central-1/guard/inc-0/remediation/1",
		}}}
	})
	named(r, incident.ActivityReapOrphan, func(in incident.ReapOrphanInput) incident.ReapOrphanResult {
		e := execution(in.Orphan.ExecutionID, 0)
		e.Status, e.Done = "Cancelled", true
		return incident.ReapOrphanResult{Stopped: true, Execution: e}
	})
	return nil
}

// guarded plays an incident that is terminated while its question stands, and the
// round of the guard that finds it.
func (p *player) guarded(ctx context.Context) ([]run, error) {
	if _, err := p.observe(ctx, incident.AllEffects(), incident.Batch{Anomalies: []incident.Anomaly{p.anomaly(0, incident.EpisodeOpen)}}); err != nil {
		return nil, fmt.Errorf("start the correlator: %w", err)
	}
	err := p.state(ctx, "the card", func(s incident.State) bool { return s.Pending && s.Card != incident.CardRef{} && !s.Ticket.IsZero() })
	if err != nil {
		return nil, err
	}
	if err := p.TerminateWorkflow(ctx, p.id(), "", "wrong alarm"); err != nil {
		return nil, fmt.Errorf("terminate the incident: %w", err)
	}
	err = until(ctx, "the list to show it", func() bool {
		listed, err := p.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
			Query: "WorkflowId = '" + p.id() + "' AND ExecutionStatus = 'Terminated'",
		})
		return err == nil && len(listed.GetExecutions()) == 1
	})
	if err != nil {
		return nil, err
	}
	round, err := p.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: p.scope.GuardID(), TaskQueue: incident.QueueWorkflows}, incident.WorkflowGuard,
		incident.GuardInput{Scope: p.scope, Settings: p.settings(time.Second)})
	if err != nil {
		return nil, fmt.Errorf("start the guard: %w", err)
	}
	var report incident.GuardReport
	if err := round.Get(ctx, &report); err != nil {
		return nil, fmt.Errorf("wait for the guard: %w", err)
	}
	epilogue := incident.EpilogueWorkflowID(p.id())
	if len(report.Stopped) != 1 || len(report.Forgotten) != 1 || len(report.Told) != 1 {
		return nil, fmt.Errorf("the guard did not do its work: %+v", report)
	}
	if err := p.ended(ctx, epilogue); err != nil {
		return nil, err
	}
	return []run{{p.scope.GuardID(), round.GetRunID()}, {epilogue, ""}}, p.CancelWorkflow(ctx, p.scope.CorrelatorWorkflowID(), "")
}
