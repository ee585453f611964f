package main

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/sdk/client"

	"firebreak/internal/correlate"
	"firebreak/internal/incident"
)

// decision answers the plan of an attempt.
func decision(approved bool, approver string, attempt int) incident.Decision {
	return incident.Decision{Approved: approved, Approver: approver, Via: "cli", PlanDigest: fmt.Sprintf("v1:%064d", attempt)}
}

func (p *player) pending(ctx context.Context, attempt int) error {
	return p.state(ctx, "the question", func(s incident.State) bool { return s.Pending && s.Plan.Attempt == attempt })
}

// approve approves an attempt's plan by update.
func (p *player) approve(attempt int) func(context.Context) error {
	return func(ctx context.Context) error {
		if err := p.pending(ctx, attempt); err != nil {
			return err
		}
		handle, err := p.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
			WorkflowID: p.id(), UpdateID: fmt.Sprintf("approve/%d", attempt), UpdateName: incident.UpdateDecide,
			WaitForStage: client.WorkflowUpdateStageCompleted, Args: []any{decision(true, "ana", attempt)},
		})
		if err != nil {
			return fmt.Errorf("approve: %w", err)
		}
		var receipt incident.DecisionReceipt
		if err := handle.Get(ctx, &receipt); err != nil || !receipt.Accepted {
			return fmt.Errorf("approve: accepted %v: %w", receipt.Accepted, err)
		}
		return nil
	}
}

// reject rejects by signal, twice, after somebody whose answer does not count.
func (p *player) reject(ctx context.Context) error {
	if err := p.pending(ctx, 1); err != nil {
		return err
	}
	for _, d := range []incident.Decision{decision(true, "mallory", 1), decision(false, "ana", 1), decision(false, "ana", 1)} {
		if err := p.SignalWorkflow(ctx, p.id(), "", incident.SignalApproval, d); err != nil {
			return fmt.Errorf("send a decision: %w", err)
		}
	}
	return nil
}

// cancelWaiting cancels the incident while its question stands.
func (p *player) cancelWaiting(ctx context.Context) error {
	if err := p.pending(ctx, 1); err != nil {
		return err
	}
	return p.CancelWorkflow(ctx, p.id(), "")
}

// cancelOnce cancels the incident when something has happened.
func (p *player) cancelOnce(happened <-chan struct{}) func(context.Context) error {
	return func(ctx context.Context) error {
		select {
		case <-happened:
			return p.CancelWorkflow(ctx, p.id(), "")
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (p *player) join(ctx context.Context, a incident.Anomaly) error {
	return p.SignalWorkflow(ctx, p.id(), "", incident.SignalAnomaly, incident.Join{Anomaly: a})
}

// closeEpisode reports the incident's anomaly as over.
func (p *player) closeEpisode(ctx context.Context) error {
	if err := p.pending(ctx, 1); err != nil {
		return err
	}
	return p.join(ctx, p.anomaly(0, incident.EpisodeClosed))
}

// comeBack has another anomaly open after the incident was resolved.
func (p *player) comeBack(ctx context.Context) error {
	if err := p.state(ctx, "the resolution", func(s incident.State) bool { return s.Status == incident.StatusResolved }); err != nil {
		return err
	}
	again := p.anomaly(1, incident.EpisodeOpen)
	again.Opened = time.Now().UTC().Add(time.Second)
	again.LastSeen = again.Opened
	return p.join(ctx, again)
}

// afterOutage waits until the outage is told in the timeline.
func (p *player) afterOutage(ctx context.Context) error {
	return p.state(ctx, "the outage", func(s incident.State) bool {
		return s.Pending && s.Thread.IsZero() && s.Messages == 0 && len(s.Timeline) > 5
	})
}

// observe sends a batch to the correlator, which is started if need be.
func (p *player) observe(ctx context.Context, effects incident.Effects, b incident.Batch) (client.WorkflowRun, error) {
	b.Shard, b.Fence, b.Watermark = "shard-0", 1, time.Now().UTC()
	return p.SignalWithStartWorkflow(ctx, p.scope.CorrelatorWorkflowID(), incident.SignalObserved, b,
		client.StartWorkflowOptions{TaskQueue: incident.QueueWorkflows}, incident.WorkflowCorrelator,
		correlate.Input{Scope: p.scope, Mode: correlate.Group, Effects: effects, Settings: p.settings(time.Second), State: correlate.Begin(p.scope)})
}

// correlated plays an incident that the correlator starts and that a second
// anomaly joins.
func (p *player) correlated(ctx context.Context) ([]run, error) {
	correlator, err := p.observe(ctx, incident.AllEffects(), incident.Batch{Anomalies: []incident.Anomaly{p.anomaly(0, incident.EpisodeOpen)}})
	if err != nil {
		return nil, fmt.Errorf("start the correlator: %w", err)
	}
	if err := p.pending(ctx, 1); err != nil {
		return nil, err
	}
	second := incident.Batch{Anomalies: []incident.Anomaly{p.anomaly(1, incident.EpisodeOpen)}}
	for range 2 { // batches come at least once
		if _, err := p.observe(ctx, incident.AllEffects(), second); err != nil {
			return nil, fmt.Errorf("send the second anomaly: %w", err)
		}
	}
	if err := p.state(ctx, "the join", func(s incident.State) bool { return s.Joined == 2 }); err != nil {
		return nil, err
	}
	if err := p.approve(1)(ctx); err != nil {
		return nil, err
	}
	if err := p.ended(ctx, p.id()); err != nil {
		return nil, err
	}
	err = until(ctx, "the correlator to hear of the end", func() bool {
		answer, err := p.QueryWorkflow(ctx, correlator.GetID(), "", incident.QueryOpen)
		var s correlate.State
		return err == nil && answer.Get(&s) == nil && len(s.Open) == 0 && len(s.Recent) == 1 && len(s.Unacked) == 0
	})
	if err != nil {
		return nil, err
	}
	if err := p.CancelWorkflow(ctx, correlator.GetID(), ""); err != nil {
		return nil, fmt.Errorf("cancel the correlator: %w", err)
	}
	return []run{{p.id(), ""}, {correlator.GetID(), correlator.GetRunID()}}, p.ended(ctx, correlator.GetID())
}

// backfilled plays an incident of the past.
func (p *player) backfilled(ctx context.Context) ([]run, error) {
	p.scope = incident.BackfillScope("march", p.scope.Account, p.scope.Region)
	correlator, err := p.observe(ctx, incident.Effects{}, incident.Batch{
		Anomalies: []incident.Anomaly{p.anomaly(0, incident.EpisodeOpen), p.anomaly(0, incident.EpisodeClosed)}, Flush: true,
	})
	if err != nil {
		return nil, fmt.Errorf("start the correlator: %w", err)
	}
	return []run{{p.id(), ""}, {correlator.GetID(), correlator.GetRunID()}}, p.ended(ctx, correlator.GetID())
}
