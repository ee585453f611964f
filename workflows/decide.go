package workflows

import (
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// validateDecision is the validator of the update "decide": shape, digest and
// duplicates, nothing that would need an activity. What it refuses leaves no
// trace in history; whoever asked has to write that down.
func (r *incidentRun) validateDecision(d incident.Decision) error {
	if o := r.ballot().object(d); o != nil {
		return temporal.NewApplicationError(o.reason.String(), o.kind)
	}
	return nil
}

// handleDecision is the update "decide". Refusals are answers, not errors.
func (r *incidentRun) handleDecision(ctx workflow.Context, d incident.Decision) (incident.DecisionReceipt, error) {
	return r.decide(ctx, d), nil
}

// decide is the one way in for decisions, updates and signals alike.
func (r *incidentRun) decide(ctx workflow.Context, d incident.Decision) incident.DecisionReceipt {
	// Signals have no validator, and while one decision is being verified the
	// question may be answered, expire or be replaced. So everything is looked
	// at before the lock is asked for, under it, and after the verification.
	if o := r.ballot().object(d); o != nil {
		return r.turnAway(ctx, d, o.reason)
	}
	if err := r.voting.Lock(ctx); err != nil {
		return r.turnAway(ctx, d, redact.Literal("the incident was cancelled"))
	}
	defer r.voting.Unlock()
	q := r.question
	if o := r.ballot().object(d); o != nil {
		return r.turnAway(ctx, d, o.reason)
	}
	verdict, err := verifyDecision(ctx, incident.VerifyDecisionInput{
		Namespace: workflow.GetInfo(ctx).Namespace, WorkflowID: r.state.WorkflowID, RunID: r.state.RunID,
		Decision: d, Digest: q.ballot.digest, Rule: q.ballot.rule, Commit: q.plan.Commit, Now: workflow.Now(ctx),
	})
	if err != nil {
		// Not remembered as refused: the same decision may be sent again.
		return r.turnAway(ctx, d, redact.Format("it could not be verified: %s", failure(err)))
	}
	if o := r.ballot().object(d); o != nil {
		return r.turnAway(ctx, d, o.reason)
	}
	if !verdict.Accepted {
		q.ballot.refuse(d)
		return r.turnAway(ctx, d, verdict.Reason)
	}
	if q.ballot.repeats(d, verdict) {
		q.ballot.refuse(d)
		return r.turnAway(ctx, d, alreadyCounted)
	}
	return r.accept(ctx, q, d, verdict)
}

// accept counts a decision.
func (r *incidentRun) accept(ctx workflow.Context, q *question, d incident.Decision, v incident.Verdict) incident.DecisionReceipt {
	counted := q.ballot.count(d, v, workflow.Now(ctx))
	r.state.Decisions = append(r.state.Decisions, counted)
	needed := q.ballot.needed()
	r.tell(ctx, incident.PhaseApprove, decided(counted, needed))
	return incident.DecisionReceipt{Accepted: true, Verified: v.Verified, Needed: needed}
}

// turnAway answers a decision that does not count.
func (r *incidentRun) turnAway(ctx workflow.Context, d incident.Decision, reason redact.Text) incident.DecisionReceipt {
	r.state.Refused++
	if r.state.Refused <= maxRefusals/5 {
		r.note(ctx, incident.PhaseApprove, redact.Format("A decision of %s does not count: %s.", redact.Name(d.Approver).Cut(80), reason))
	}
	needed := 0
	if b := r.ballot(); b.open() {
		needed = b.needed()
	}
	return incident.DecisionReceipt{Reason: reason, Needed: needed}
}

// ballot is the latest question's, or nil when nothing was asked yet.
func (r *incidentRun) ballot() *ballot {
	if r.question == nil {
		return nil
	}
	return r.question.ballot
}
