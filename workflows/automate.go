package workflows

import (
	"fmt"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// automate starts a document and follows it to its end, telling every step that
// ends. A cancellation stops the automation: the watch is told, and waited for.
func (r *remediationRun) automate(ctx workflow.Context, step string, doc incident.Document, parameters map[string][]string) (incident.Execution, error) {
	exec, err := startAutomation(ctx, incident.StartAutomationInput{
		IncidentID: r.in.IncidentID, Step: step, Attempt: r.in.Plan.Attempt, Document: doc, Parameters: parameters,
	})
	if err != nil {
		return exec, err
	}
	r.progress(ctx, incident.PhaseRemediate, redact.Format("Automation %s started: %s version %s.", redact.Name(exec.ID), redact.Name(doc.Name), redact.Name(exec.DocumentVersion)))

	watching, stop := workflow.WithCancel(ctx)
	defer stop()
	late := r.stopWhenLate(watching, stop)
	for watches := 0; !exec.Done; watches++ {
		if watches == maxWatches {
			stop() // the next watch finds itself cancelled and stops the automation
		}
		next, err := watchAutomation(watching, incident.WatchAutomationInput{ExecutionID: exec.ID, SeenSteps: exec.EndedSteps()})
		if err != nil {
			if *late && temporal.IsCanceledError(err) {
				err = temporal.NewApplicationError(fmt.Sprintf("the automation ran for more than %s and was stopped", watchLimit), "Timeout")
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
	page := fmt.Sprintf("## %s\n\n%s", plain(redact.Name(status)), planDetails(r.in.Plan))
	for _, reason := range r.result.Reasons {
		page += "- " + plain(reason) + "\n"
	}
	return page
}
