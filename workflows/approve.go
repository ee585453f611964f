package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// question is a plan put to people.
type question struct {
	plan    incident.Plan
	ballot  *ballot
	expires time.Time
	card    incident.CardRef // once it is posted
}

// approve puts the plan to people and waits, durably, for an answer, for the
// question's expiry, or for the trouble to go away by itself.
func (r *incidentRun) approve(ctx workflow.Context) {
	if r.state.Plan.Approval.Count <= 0 {
		r.tell(ctx, incident.PhaseApprove, redact.Format("Policy lets runbook %s run without asking.", redact.Name(r.state.Plan.Runbook)))
		return
	}
	look := newLookout(r.state.Plan.Verify)
	if r.healedBeforeAsking(ctx, look) {
		return
	}
	q := r.ask(ctx)
	err := r.awaitAnswer(ctx, q, look)
	r.answered(q)
	switch {
	case err != nil:
		r.cancelled(ctx, incident.PhaseApprove)
	case q.ballot.answer == answerRejected:
		r.settle(ctx, incident.StatusRejected, incident.OutcomeDeclined, incident.PhaseApprove, redact.Literal("The plan was rejected; nothing was run."))
	case q.ballot.answer == answerExpired:
		r.settle(ctx, incident.StatusExpired, incident.OutcomeTimedOut, incident.PhaseApprove, redact.Literal("Nobody answered in time; nothing was run."))
	case q.ballot.answer == answerWithdrawn:
		r.healed(ctx, incident.PhaseApprove, metricName(q.plan.Verify.Metric))
	}
}

// ask opens the question.
func (r *incidentRun) ask(ctx workflow.Context) *question {
	expiry := r.state.Plan.Approval.Expires.Std()
	if expiry <= 0 {
		expiry = defaultExpiry
	}
	q := &question{
		plan:    *r.state.Plan,
		ballot:  &ballot{digest: r.state.Plan.Digest, rule: r.state.Plan.Approval},
		expires: workflow.Now(ctx).Add(expiry),
	}
	r.question = q
	r.state.Pending, r.state.Expires = true, q.expires
	r.chat.card(r, q)
	r.tell(ctx, incident.PhaseApprove, redact.Format("Waiting for %s of %s on %s until %s.",
		incident.Count(q.ballot.needed(), "approval", "approvals"), redact.Name(q.plan.Runbook), redact.Name(q.plan.Service), clock(q.expires)))
	r.move(ctx, incident.StatusAwaitingApproval)
	return q
}

// awaitAnswer returns when the question is closed one way or another; an error
// means that the incident was cancelled.
func (r *incidentRun) awaitAnswer(ctx workflow.Context, q *question, look *lookout) error {
	for q.ballot.open() {
		left := q.expires.Sub(workflow.Now(ctx))
		if left <= 0 {
			q.ballot.answer = answerExpired
			return nil
		}
		wait, summary := look.wait(r, workflow.Now(ctx), left), redact.Format("The question about %s expires", redact.Name(q.plan.Runbook))
		if wait < left {
			summary = redact.Format("Quiet: %s is read again", metricName(q.plan.Verify.Metric))
		}
		_, err := await(ctx, wait, summary, func() bool { return !q.ballot.open() || look.news(r) })
		if err != nil {
			q.ballot.answer = answerWithdrawn
			return err
		}
		if now := workflow.Now(ctx); q.ballot.open() && look.due(r, now) {
			again := look.looked(r, now)
			r.lookWhetherHealed(ctx, q, again)
		}
	}
	return nil
}

// answered takes the question off the table.
func (r *incidentRun) answered(q *question) {
	r.state.Pending, r.state.Expires, r.state.Card = false, time.Time{}, incident.CardRef{}
	r.chat.closeCard(q, outcomeOf(q.ballot))
}
