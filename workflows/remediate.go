package workflows

import (
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/workflow"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// remediate has a child workflow run the plan and check whether it helped. The
// child's progress moves the incident on to verifying.
func (r *incidentRun) remediate(ctx workflow.Context) {
	r.move(ctx, incident.StatusRemediating)
	result, err := r.attempt(ctx)
	r.hearOut(ctx)
	if err != nil {
		r.stuck(ctx, incident.PhaseRemediate, redact.Literal("The remediation did not come to an end of its own"), err)
		return
	}
	r.attempts++
	r.state.Attempts = append(r.state.Attempts, incident.AttemptRecord{Runbook: r.state.Plan.Runbook, Service: r.state.Plan.Service, Digest: r.state.Plan.Digest, Result: result})
	good := result.Status == incident.RemediationVerified || result.Status == incident.RemediationHealed
	if ctx.Err() != nil && !good { // a cancellation that comes too late does not make a fix undone
		r.tell(ctx, incident.PhaseRemediate, ended(result))
		r.cancelled(ctx, incident.PhaseRemediate)
		return
	}
	switch result.Status {
	case incident.RemediationVerified:
		r.settle(ctx, incident.StatusResolved, incident.OutcomeFixed, incident.PhaseVerify, ended(result))
	case incident.RemediationHealed:
		r.settle(ctx, incident.StatusResolved, incident.OutcomeSelfHealed, incident.PhaseRemediate, ended(result))
	case incident.RemediationUndone, incident.RemediationFailed:
		r.tryAgain(ctx, result)
	default: // denied, or the child alone was cancelled
		r.handOver(ctx, incident.PhaseRemediate, ended(result))
	}
}

// attempt runs the child to its end. A cancelled incident cancels the child and
// waits for it, so that no automation runs on behind a closed incident.
func (r *incidentRun) attempt(ctx workflow.Context) (incident.RemediationResult, error) {
	plan := *r.state.Plan
	ctx = workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID:            incident.RemediationWorkflowID(r.state.WorkflowID, plan.Attempt),
		ParentClosePolicy:     enumspb.PARENT_CLOSE_POLICY_REQUEST_CANCEL,
		WaitForCancellation:   true,
		WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		StaticSummary:         redact.Format("%s on %s, attempt %d", redact.Name(plan.Runbook), redact.Name(plan.Service), plan.Attempt).Cut(maxSummary).String(),
		StaticDetails:         planDetails(plan),
	})
	var result incident.RemediationResult
	err := workflow.ExecuteChildWorkflow(ctx, incident.WorkflowRemediation, incident.RemediationInput{
		IncidentID: r.in.ID, ParentID: r.state.WorkflowID, Scope: r.in.Scope, Severity: r.state.Severity,
		Plan: plan, Decisions: r.approvals(plan.Digest), LastSeen: r.lastSeen(), Quiet: r.quietTime(),
		LostAfter: r.in.Settings.LostAfter, Inside: r.inside(),
	}).Get(ctx, &result)
	return result, err
}

// approvals are the decisions on the plan with the digest, of the latest
// question only: what was answered before the trouble went away and came back
// answers nothing now, even where the plan is the same.
func (r *incidentRun) approvals(digest string) []incident.Accepted {
	if b := r.ballot(); b != nil && b.digest == digest {
		return b.accepted
	}
	return nil
}

// tryAgain goes round once more with what was learned, or hands over when all
// attempts are used up.
func (r *incidentRun) tryAgain(ctx workflow.Context, result incident.RemediationResult) {
	why := ended(result)
	r.tried = append(r.tried, incident.Tried{Runbook: r.state.Plan.Runbook, Service: r.state.Plan.Service, Result: why})
	if r.attempts >= r.in.Settings.MaxAttempts {
		r.handOver(ctx, incident.PhaseVerify, redact.Format("%s That was attempt %d of %d.", why, r.attempts, r.in.Settings.MaxAttempts))
		return
	}
	r.tell(ctx, incident.PhaseVerify, redact.Format("%s Another diagnosis is made, attempt %d of %d.", why, r.attempts+1, r.in.Settings.MaxAttempts))
}
