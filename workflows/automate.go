package workflows

import (
	"fmt"
	"strings"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// automate starts a document and follows it to its end, telling every step that
// ends. Whatever keeps it from following to the end, a cancellation above all,
// stops the automation: none runs on that nobody watches.
//
// The start is not cancelled but waited for, because one that was given up
// might have started all the same.
func (r *remediationRun) automate(ctx workflow.Context, step string, doc incident.Document, parameters map[string][]string) (incident.Execution, error) {
	detached, _ := workflow.NewDisconnectedContext(ctx)
	exec, err := startAutomation(detached, incident.StartAutomationInput{
		IncidentID: r.in.IncidentID, Step: step, Attempt: r.in.Plan.Attempt, Document: doc, Parameters: parameters,
	})
	if err != nil {
		return exec, err
	}
	r.progress(ctx, incident.PhaseRemediate, redact.Format("Automation %s started: %s version %s.", redact.Name(exec.ID), redact.Name(doc.Name), redact.Name(exec.DocumentVersion)))
	r.tellSteps(ctx, incident.Execution{}, exec) // those that ended before a start was answered at last
	if exec, err = r.follow(ctx, exec); exec.Done {
		return exec, nil
	}
	stopped, stopErr := stopAutomation(detached, incident.StopAutomationInput{ExecutionID: exec.ID})
	if stopErr != nil {
		r.reason(redact.Format("automation %s could not be stopped and may still run: %s", redact.Name(exec.ID), failure(stopErr)))
		return exec, err
	}
	r.progress(ctx, incident.PhaseRemediate, redact.Format("The automation was stopped: %s.", redact.Name(stopped.Status)))
	return stopped, err
}

// follow watches an execution until it is done. An error says why it was left
// before.
func (r *remediationRun) follow(ctx workflow.Context, exec incident.Execution) (incident.Execution, error) {
	watching, stop := workflow.WithCancel(ctx)
	defer stop()
	late := r.stopWhenLate(watching, stop)
	for watches := 0; !exec.Done; watches++ {
		if watches == maxWatches {
			return exec, temporal.NewApplicationError("the automation does not get on", "Stuck")
		}
		next, err := watchAutomation(watching, incident.WatchAutomationInput{ExecutionID: exec.ID, SeenSteps: exec.EndedSteps()})
		if err != nil {
			if *late && ctx.Err() == nil {
				err = temporal.NewApplicationError(fmt.Sprintf("the automation ran for more than %s", watchLimit), "Late")
			}
			return exec, err
		}
		r.tellSteps(ctx, exec, next)
		exec = next
	}
	return exec, nil
}

// stopWhenLate cancels the watch, which stops the automation, once it has run
// for too long.
func (r *remediationRun) stopWhenLate(ctx workflow.Context, stop workflow.CancelFunc) *bool {
	late := false
	workflow.Go(ctx, func(ctx workflow.Context) {
		timer := workflow.NewTimerWithOptions(ctx, watchLimit, workflow.TimerOptions{Summary: "The automation is stopped if it runs this long"})
		if timer.Get(ctx, nil) == nil {
			late = true
			stop()
		}
	})
	return &late
}

// tellSteps tells the incident which steps have ended since the last look.
func (r *remediationRun) tellSteps(ctx workflow.Context, before, after incident.Execution) {
	for i, step := range after.Steps {
		if !step.Ended || (i < len(before.Steps) && before.Steps[i].Ended) {
			continue
		}
		text := redact.Format("Step %s (%s): %s.", redact.Name(step.Name), redact.Name(step.Action), redact.Name(step.Status))
		if !step.Failure.IsEmpty() {
			text = redact.Format("%s %s", text, step.Failure)
		}
		r.progress(ctx, incident.PhaseRemediate, text)
	}
}

// progress tells the incident how far the attempt has come. An incident that is
// gone cannot be told, and need not be.
func (r *remediationRun) progress(ctx workflow.Context, phase incident.Phase, text redact.Text) {
	workflow.SetCurrentDetails(ctx, r.details()+"\n"+plain(text)+"\n")
	if r.in.ParentID == "" {
		return
	}
	detached, _ := workflow.NewDisconnectedContext(ctx)
	told := workflow.SignalExternalWorkflow(detached, r.in.ParentID, "", incident.SignalProgress,
		incident.Progress{Phase: phase, Text: text, At: workflow.Now(ctx)})
	if err := told.Get(detached, nil); err != nil {
		workflow.GetLogger(ctx).Warn("the incident could not be told of progress", "incident", r.in.IncidentID, "error", err)
	}
}

// details is the page that the Temporal UI shows for the attempt.
func (r *remediationRun) details() string {
	status := string(r.result.Status)
	if status == "" {
		status = "running"
	}
	var page strings.Builder
	page.WriteString("## " + plain(redact.Name(status)) + "\n\n" + planDetails(r.in.Plan))
	for _, reason := range r.result.Reasons {
		page.WriteString("- " + plain(reason) + "\n")
	}
	return page.String()
}
