package workflows

import (
	"slices"

	"go.temporal.io/sdk/workflow"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// RemediationWorkflow is one attempt at one approved plan: publish exactly what
// was approved, look once more whether it is needed and allowed, run it, and
// believe nothing but the live metric. What did not help is taken back where
// the plan knows how. Cancelled, it stops its automation, takes nothing back and
// says so: whoever cancels wants the hands off. It never fails but on panics.
func RemediationWorkflow(ctx workflow.Context, in incident.RemediationInput) (incident.RemediationResult, error) {
	r := &remediationRun{in: in}
	r.run(withLostAfter(ctx, in.LostAfter))
	return r.result, nil
}

// run lists the attempt's steps. Each tells whether to go on.
func (r *remediationRun) run(ctx workflow.Context) {
	for _, step := range []func(workflow.Context) bool{r.publish, r.needed, r.allowed, r.execute, r.verify} {
		if ctx.Err() != nil {
			r.cancelled()
			break
		}
		if !step(ctx) {
			break
		}
	}
	if r.result.Status == incident.RemediationFailed {
		r.takeBack(ctx)
	}
	workflow.SetCurrentDetails(ctx, r.details())
}

// remediationRun is one run of a RemediationWorkflow.
type remediationRun struct {
	in     incident.RemediationInput
	result incident.RemediationResult
	before *float64          // the metric right before the start, where it could be read
	undo   incident.Document // published, when the plan has one
	undos  []undo            // what takes back what may have been done, in that order
}

// undo takes one step back.
type undo func(ctx workflow.Context) incident.Execution

// publish puts the approved document, and the one that would take it back,
// where Systems Manager can run them: an undo that cannot be had is found out
// before there is anything to undo.
func (r *remediationRun) publish(ctx workflow.Context) bool {
	plan := r.in.Plan
	doc, err := publishDocument(ctx, incident.PublishDocumentInput{
		IncidentID: r.in.IncidentID, Runbook: plan.Runbook, Commit: plan.Commit, ContentSHA256: plan.ContentSHA256,
	})
	if err != nil {
		return r.fail(ctx, redact.Format("the document of runbook %s could not be published: %s", redact.Name(plan.Runbook), failure(err)))
	}
	r.result.Document = doc
	if plan.Undo == nil {
		return true
	}
	r.undo, err = publishDocument(ctx, incident.PublishDocumentInput{
		IncidentID: r.in.IncidentID, Runbook: plan.Undo.Runbook, Commit: plan.Commit, ContentSHA256: plan.Undo.ContentSHA256,
	})
	if err != nil {
		return r.fail(ctx, redact.Format("the document of its undo %s could not be published: %s", redact.Name(plan.Undo.Runbook), failure(err)))
	}
	return true
}

// needed looks whether the trouble is still there. A metric that cannot be read
// rules nothing out, nor does one that the trouble never made bad, so the
// approved plan goes on.
func (r *remediationRun) needed(ctx workflow.Context) bool {
	reading, err := readSymptom(ctx, incident.ReadSymptomInput{Verify: patient(r.in.Plan.Verify, r.in.Quiet), Since: r.in.LastSeen})
	switch {
	case ctx.Err() != nil:
		return r.cancelled()
	case err != nil:
		r.progress(ctx, incident.PhaseRemediate, redact.Format("The metric could not be read before the start: %s.", failure(err)))
	case reading.Known && !reading.Present && !r.in.Inside:
		r.result.Status = incident.RemediationHealed
		return false
	case reading.Known:
		r.before = &reading.Value
	}
	return true
}

// allowed has policy look again, the pinned one and the latest, right before
// the start. Without an answer nothing is started.
func (r *remediationRun) allowed(ctx workflow.Context) bool {
	answer, err := recheck(ctx, incident.RecheckInput{
		IncidentID: r.in.IncidentID, WorkflowID: r.in.ParentID, Origin: r.in.Scope.Origin(), Severity: r.in.Severity,
		Plan: r.in.Plan, Decisions: r.in.Decisions, Now: workflow.Now(ctx),
	})
	if err != nil {
		return r.fail(ctx, redact.Format("policy could not be asked again: %s", failure(err)))
	}
	if !answer.Allowed {
		r.result.Status, r.result.Reasons = incident.RemediationDenied, answer.Reasons
		return false
	}
	return true
}

// execute runs the plan's automation to its end.
func (r *remediationRun) execute(ctx workflow.Context) bool {
	plan := r.in.Plan
	if plan.Undo != nil {
		// Registered before the step runs: a start whose answer is lost may
		// have started.
		r.undos = append(r.undos, r.undoPlan)
	}
	exec, err := r.automate(ctx, "run", r.result.Document, plan.Parameters)
	r.result.Execution = exec
	if ctx.Err() != nil {
		return r.cancelled()
	}
	if err != nil {
		if exec.ID == "" && hopelessError(err) {
			r.undos = nil // refused, so that nothing runs
		}
		return r.fail(ctx, redact.Format("the automation could not be run to its end: %s", failure(err)))
	}
	if !exec.Succeeded {
		return r.fail(ctx, redact.Format("the automation ended as %s: %s", redact.Name(exec.Status), exec.Failure))
	}
	return true
}

// verify believes the live metric only, since the end of the fix.
func (r *remediationRun) verify(ctx workflow.Context) bool {
	since := r.result.Execution.Ended
	if since.IsZero() {
		since = workflow.Now(ctx)
	}
	v := patient(r.in.Plan.Verify, r.in.Quiet)
	if r.before != nil {
		v.Before = *r.before
	}
	r.progress(ctx, incident.PhaseVerify, redact.Format("The automation succeeded. Waiting for %s of %s, for at most %s.",
		incident.Count(v.Samples, "good sample", "good samples"), metricName(v.Metric), incident.Span(v.Timeout.Std())))
	seen, err := verifyRecovery(ctx, incident.VerifyRecoveryInput{IncidentID: r.in.IncidentID, Verify: v, Since: since})
	if ctx.Err() != nil {
		return r.cancelled()
	}
	if err != nil {
		// Nothing is known against the fix, so it is left as it is.
		r.undos = nil
		return r.fail(ctx, redact.Format("the automation succeeded, but the recovery could not be verified: %s", failure(err)))
	}
	r.result.Verification = &seen
	if !seen.OK {
		return r.fail(ctx, redact.Format("the automation succeeded, but the metric did not recover: %s", seen.Detail))
	}
	r.result.Status = incident.RemediationVerified
	return false
}

// takeBack runs what was registered, last first. A cancellation no longer stops
// it: half taken back would be worse than either.
func (r *remediationRun) takeBack(ctx workflow.Context) {
	detached, _ := workflow.NewDisconnectedContext(ctx)
	for _, take := range slices.Backward(r.undos) {
		exec := take(detached)
		r.result.Undo = &exec
		if !exec.Succeeded {
			return
		}
		r.result.Status = incident.RemediationUndone
	}
}

// undoPlan takes the plan's automation back.
func (r *remediationRun) undoPlan(ctx workflow.Context) incident.Execution {
	r.progress(ctx, incident.PhaseRemediate, redact.Format("It did not help. %s takes it back.", redact.Name(r.in.Plan.Undo.Runbook)))
	exec, err := r.automate(ctx, "undo", r.undo, r.in.Plan.Undo.Parameters)
	switch {
	case err != nil:
		r.reason(redact.Format("the undo could not be run to its end: %s", failure(err)))
	case !exec.Succeeded:
		r.reason(redact.Format("the undo ended as %s: %s", redact.Name(exec.Status), exec.Failure))
	}
	return exec
}

// fail ends the attempt, or says that it was cancelled if that is why.
func (r *remediationRun) fail(ctx workflow.Context, reason redact.Text) bool {
	if ctx.Err() != nil {
		return r.cancelled()
	}
	r.result.Status = incident.RemediationFailed
	r.reason(reason)
	return false
}

func (r *remediationRun) reason(text redact.Text) {
	r.result.Reasons = append(r.result.Reasons, text)
}

func (r *remediationRun) cancelled() bool {
	r.result.Status = incident.RemediationCancelled
	return false
}
