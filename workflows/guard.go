package workflows

import (
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// Bounds of a round.
const (
	toldWithin = 24 * time.Hour // an incident that was cut off longer ago is not told any more
	toldAtOnce = 20             // epilogues that one round starts
)

// GuardWorkflow is one round of looking for what terminated workflows left
// behind. Terminating runs no workflow code: an automation may go on that nobody
// watches, the correlator waits for a report that never comes, and a thread asks
// a question that nobody can answer any more.
//
// A schedule starts the rounds, rather than one workflow that sleeps between
// them: whoever terminates all that runs would hit that one as well, a person
// can pause, trigger and look through a schedule in the Temporal UI, and no
// history grows. A round that could not do everything fails, with its report as
// the error's details, so that it shows; the next one tries again.
func GuardWorkflow(ctx workflow.Context, in incident.GuardInput) (incident.GuardReport, error) {
	r := &guardRun{in: in}
	r.run(ctx)
	workflow.SetCurrentDetails(ctx, r.details())
	if len(r.report.Problems) > 0 {
		return r.report, temporal.NewApplicationErrorWithOptions(redact.Join(r.report.Problems, " ").Cut(maxEntry).String(), "Guard",
			temporal.ApplicationErrorOptions{NonRetryable: true, Details: []any{r.report}})
	}
	return r.report, nil
}

// run does what there is to do, the most urgent first. What one part cannot do
// keeps no other from being done.
func (r *guardRun) run(ctx workflow.Context) {
	r.reap(ctx)
	r.forget(ctx)
	r.tell(ctx)
}

// guardRun is one run of a GuardWorkflow.
type guardRun struct {
	in     incident.GuardInput
	report incident.GuardReport
}

// reap stops automations whose workflow has ended.
func (r *guardRun) reap(ctx workflow.Context) {
	found, err := perform[incident.FindOrphansResult](ctx, guardOptions(incident.QueueAutomation), incident.ActivityFindOrphans,
		redact.Literal("Automations whose workflow has ended"), incident.FindOrphansInput{Scope: r.in.Scope, Grace: r.in.Grace})
	if err != nil {
		r.problem(ctx, redact.Literal("Running automations could not be looked at"), err)
		return
	}
	r.report.Running, r.report.Unsure = found.Running, found.Unsure
	// Side by side: one that cannot be stopped must not keep the others running.
	stopping := workflow.NewWaitGroup(ctx)
	for _, o := range found.Orphans {
		stopping.Add(1)
		workflow.Go(ctx, func(ctx workflow.Context) {
			defer stopping.Done()
			r.stop(ctx, o)
		})
	}
	stopping.Wait(ctx)
}

// stop stops one automation, unless its workflow turns out to run again.
func (r *guardRun) stop(ctx workflow.Context, o incident.Orphan) {
	reaped, err := perform[incident.ReapOrphanResult](ctx, guardOptions(incident.QueueAutomation), incident.ActivityReapOrphan,
		redact.Format("Stop %s, started by %s", redact.Name(o.ExecutionID), redact.Name(o.WorkflowID)), incident.ReapOrphanInput{Orphan: o})
	switch {
	case err != nil:
		r.problem(ctx, redact.Format("Automation %s of %s could not be stopped and may still run", redact.Name(o.ExecutionID), redact.Name(o.WorkflowID)), err)
	case reaped.Stopped:
		o.Status = reaped.Execution.Status
		r.report.Stopped = append(r.report.Stopped, o)
		workflow.GetLogger(ctx).Warn("an automation that nobody watched was stopped", "execution", o.ExecutionID, "workflow", o.WorkflowID, "status", o.Status)
	}
}

// forget reports to the correlator the ends of incidents that could not do so.
func (r *guardRun) forget(ctx workflow.Context) {
	found, err := perform[incident.FindEndedResult](ctx, guardOptions(incident.QueueWorkflows), incident.ActivityFindEnded,
		redact.Literal("Incidents that the correlator still waits for"), incident.FindEndedInput{Scope: r.in.Scope, Grace: r.in.Grace})
	if err != nil {
		r.problem(ctx, redact.Literal("The correlator could not be asked for its open incidents"), err)
		return
	}
	r.report.Open, r.report.OpenUnsure = found.Open, found.Unsure
	for _, end := range found.Ended {
		err := workflow.SignalExternalWorkflow(ctx, r.in.Scope.CorrelatorWorkflowID(), "", incident.SignalClosed, end).Get(ctx, nil)
		if err != nil {
			r.problem(ctx, redact.Format("The correlator could not be told of the end of %s", redact.Name(end.IncidentID)), err)
			continue
		}
		r.report.Forgotten = append(r.report.Forgotten, end.IncidentID)
	}
}

// tell starts an epilogue for every incident that was cut off. It outlives this
// round, because Slack or Jira may be down; that its id is used once makes it
// the only one.
func (r *guardRun) tell(ctx workflow.Context) {
	found, err := perform[incident.FindTerminatedResult](ctx, guardOptions(incident.QueueWorkflows), incident.ActivityFindTerminated,
		redact.Literal("Terminated incidents whose thread and ticket do not know"),
		incident.FindTerminatedInput{Scope: r.in.Scope, Grace: r.in.Grace, Since: incident.Seconds(toldWithin), Limit: toldAtOnce})
	if err != nil {
		r.problem(ctx, redact.Literal("Terminated incidents could not be listed"), err)
		return
	}
	for _, t := range found.Terminated {
		id := incident.IncidentIDOf(t.WorkflowID)
		child := workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
			WorkflowID:            incident.EpilogueWorkflowID(t.WorkflowID),
			TaskQueue:             incident.QueueWorkflows,
			ParentClosePolicy:     enumspb.PARENT_CLOSE_POLICY_ABANDON,
			WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
			StaticSummary:         redact.Format("Tell that incident %s was terminated", redact.Name(id)).Cut(maxSummary).String(),
		}), incident.WorkflowEpilogue, incident.EpilogueInput{Terminated: t, Settings: r.in.Settings})
		switch err := child.GetChildWorkflowExecution().Get(ctx, nil); {
		case err == nil:
			r.report.Told = append(r.report.Told, id)
		case !temporal.IsWorkflowExecutionAlreadyStartedError(err):
			r.problem(ctx, redact.Format("The end of %s could not be told", redact.Name(id)), err)
		}
	}
}

func (r *guardRun) problem(ctx workflow.Context, what redact.Text, err error) {
	workflow.GetLogger(ctx).Error("the guard could not do its work", "what", what.String(), "error", err)
	r.report.Problems = append(r.report.Problems, redact.Format("%s: %s.", what, failure(err)))
}

// details is the page that the Temporal UI shows for a round.
func (r *guardRun) details() string {
	var b page
	rep := r.report
	switch {
	case len(rep.Problems) > 0:
		b.linef("## Not everything could be done\n\n")
	case len(rep.Stopped)+len(rep.Forgotten)+len(rep.Told) == 0:
		b.linef("## Nothing was left behind\n\n")
	default:
		b.linef("## What terminated incidents left behind\n\n")
	}
	for _, text := range rep.Problems {
		b.linef("- **Problem:** %s\n", plain(text))
	}
	for _, o := range rep.Stopped {
		b.linef("- stopped automation `%s` (%s), whose workflow `%s` had ended: %s\n",
			code(o.ExecutionID), plain(redact.Name(o.Document)), code(o.WorkflowID), plain(redact.Name(o.Status)))
	}
	for _, id := range rep.Forgotten {
		b.linef("- the correlator forgets `%s`, whose workflow ended without a report\n", code(id))
	}
	for _, id := range rep.Told {
		b.linef("- thread and ticket of `%s` are told that it was terminated\n", code(id))
	}
	b.linef("\n%s ran, and the correlator held %s open.\n", incident.Count(rep.Running, "automation", "automations"), incident.Count(rep.Open, "incident", "incidents"))
	if rep.Unsure > 0 {
		b.linef("\nOf %s it could not be told whose they are, or whether somebody watches them; they were left alone.\n",
			incident.Count(rep.Unsure, "automation", "automations"))
	}
	if rep.OpenUnsure > 0 {
		b.linef("\nOf %s it could not be told whether they still run; the next round asks again.\n", incident.Count(rep.OpenUnsure, "incident", "incidents"))
	}
	return b.String()
}

// guardOptions look and stop. A round that takes long only delays the next one,
// which would find the same.
func guardOptions(queue string) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		TaskQueue: queue, RetryPolicy: brief(),
		StartToCloseTimeout: time.Minute, ScheduleToCloseTimeout: 2 * time.Minute,
	}
}
