package main

import (
	"context"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
	"firebreak/test/stack/temporal"
)

// script plays one incident and returns the executions whose histories are the
// cases, in their order.
type script struct {
	cases []string
	world *world
	play  func(context.Context, *player) ([]run, error)
}

// scripts are all that are played, each in a world of its own.
func scripts() []script {
	there := func() bool { return true }
	good := func() *world {
		return &world{runbook: "restart-service", expires: 10 * time.Minute, helps: true, present: there}
	}
	with := func(change func(*world)) *world { w := good(); change(w); return w }
	undo := &incident.UndoPlan{Runbook: "roll-forward", ContentSHA256: "bb"}
	endless := make(chan struct{})
	return []script{
		{[]string{"resolved", "remediation"}, good(), func(ctx context.Context, p *player) ([]run, error) {
			return p.incident(ctx, time.Second, p.approve(1))
		}},
		{[]string{"rejected"}, with(func(w *world) { w.refuses = "mallory" }), func(ctx context.Context, p *player) ([]run, error) {
			return p.incident(ctx, 0, p.reject)
		}},
		{[]string{"expired"}, with(func(w *world) { w.expires = 2 * time.Second }), func(ctx context.Context, p *player) ([]run, error) {
			return p.incident(ctx, 0)
		}},
		{[]string{"escalated"}, with(func(w *world) { w.runbook = "" }), func(ctx context.Context, p *player) ([]run, error) {
			return p.incident(ctx, 0)
		}},
		{[]string{"ranked"}, with(func(w *world) { w.noModel = true }), func(ctx context.Context, p *player) ([]run, error) {
			return p.incident(ctx, 0, p.approve(1))
		}},
		{[]string{"undone", "remediation-undone"}, with(func(w *world) { w.helps, w.undo = false, undo }), func(ctx context.Context, p *player) ([]run, error) {
			return p.incident(ctx, 0, p.approve(1), p.approve(2))
		}},
		{[]string{"cancelled", "remediation-cancelled"}, with(func(w *world) { w.endless = endless }), func(ctx context.Context, p *player) ([]run, error) {
			return p.incident(ctx, 0, p.approve(1), p.cancelOnce(endless))
		}},
		{[]string{"cancelled-waiting"}, good(), func(ctx context.Context, p *player) ([]run, error) {
			return p.incident(ctx, 0, p.cancelWaiting)
		}},
		{[]string{"self-healed"}, with(func(w *world) { w.present = func() bool { return false } }), func(ctx context.Context, p *player) ([]run, error) {
			return p.incident(ctx, 0, p.closeEpisode)
		}},
		{[]string{"reopened"}, good(), func(ctx context.Context, p *player) ([]run, error) {
			return p.incident(ctx, 3*time.Second, p.approve(1), p.comeBack, p.approve(2))
		}},
		{[]string{"outage"}, with(func(w *world) { w.chatDown = 4 }), func(ctx context.Context, p *player) ([]run, error) {
			return p.incident(ctx, 0, p.afterOutage, p.approve(1))
		}},
		{[]string{"joined", "correlator"}, good(), func(ctx context.Context, p *player) ([]run, error) { return p.correlated(ctx) }},
		{[]string{"guard", "epilogue"}, with(func(w *world) { w.orphan = "run" }), func(ctx context.Context, p *player) ([]run, error) { return p.guarded(ctx) }},
		{[]string{"shadowed", "correlator-backfill"}, good(), func(ctx context.Context, p *player) ([]run, error) { return p.backfilled(ctx) }},
	}
}

// play plays one script with its own workers.
func play(ctx context.Context, c client.Client, s script) ([]run, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	stop, err := s.world.serve(c)
	if err != nil {
		return nil, err
	}
	defer stop()
	p := &player{Client: c, scope: incident.Scope{Account: "123456789012", Region: "eu-central-1"}, service: s.cases[0]}
	return s.play(ctx, p)
}

// player does what people and stream workers do.
type player struct {
	client.Client

	scope   incident.Scope
	service string // every script has its own, so that ids differ
}

// anomaly is the n-th of the script's service, opened now.
func (p *player) anomaly(n int, state incident.EpisodeState) incident.Anomaly {
	opened := time.Now().UTC().Truncate(time.Second)
	series := fmt.Sprintf("%s/errors/%d", p.service, n)
	a := incident.Anomaly{
		ID: incident.AnomalyID("level", series, time.Unix(0, 0)), Account: p.scope.Account, Region: p.scope.Region, Service: p.service,
		DependsOn: []string{"payments"}, Kind: incident.KindMetric, Rule: "level", Series: series, State: state, Severity: incident.Sev2,
		Opened: opened, LastSeen: opened, Count: 1, Observed: 30, High: 2, Why: redact.Literal("30 errors a second where at most 2 are usual"),
	}
	if state == incident.EpisodeClosed {
		a.Closed = opened.Add(time.Second)
	}
	return a
}

func (p *player) settings(reopen time.Duration) incident.Settings {
	return incident.Settings{ReopenWindow: incident.Seconds(reopen), Settle: incident.Seconds(2 * time.Second), MaxAttempts: 2, UIURL: "http://127.0.0.1:8233", Namespace: temporal.Namespace}
}

// id is the workflow id of the script's incident.
func (p *player) id() string {
	return p.scope.IncidentWorkflowID(p.service, incident.IDFromAnomaly(p.anomaly(0, incident.EpisodeOpen).ID))
}

// incident starts an incident by itself, takes the steps and waits for its end.
// It returns the incident and its first remediation.
func (p *player) incident(ctx context.Context, reopen time.Duration, steps ...func(context.Context) error) ([]run, error) {
	first := p.anomaly(0, incident.EpisodeOpen)
	started, err := p.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: p.id(), TaskQueue: incident.QueueWorkflows}, incident.WorkflowIncident,
		incident.IncidentInput{
			ID: incident.IDFromAnomaly(first.ID), Scope: p.scope, Service: p.service, Anomalies: []incident.Anomaly{first},
			Effects: incident.AllEffects(), Settings: p.settings(reopen),
		})
	if err != nil {
		return nil, fmt.Errorf("start the incident: %w", err)
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return []run{{p.id(), started.GetRunID()}, {incident.RemediationWorkflowID(p.id(), 1), ""}}, p.ended(ctx, p.id())
}

// ended waits until an execution has closed, however.
func (p *player) ended(ctx context.Context, id string) error {
	return until(ctx, "the end of "+id, func() bool {
		d, err := p.DescribeWorkflowExecution(ctx, id, "")
		return err == nil && d.GetWorkflowExecutionInfo().GetStatus() != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING
	})
}

// state waits until the incident's state is as wished.
func (p *player) state(ctx context.Context, what string, ok func(incident.State) bool) error {
	return until(ctx, what, func() bool {
		answer, err := p.QueryWorkflow(ctx, p.id(), "", incident.QueryState)
		var s incident.State
		return err == nil && answer.Get(&s) == nil && ok(s)
	})
}

// until asks again and again until it is so or ctx ends.
func until(ctx context.Context, what string, ok func() bool) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", what, ctx.Err())
		case <-tick.C:
		}
	}
	return nil
}
