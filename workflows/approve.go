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
	q := r.ask(ctx)
	err := r.awaitAnswer(ctx, q)
	r.answered(q)
	switch {
	case err != nil:
		r.cancelled(ctx, incident.PhaseApprove)
	case q.ballot.answer == answerRejected:
		r.settle(ctx, incident.StatusRejected, incident.OutcomeDeclined, incident.PhaseApprove, redact.Literal("The plan was rejected; nothing was run."))
	case q.ballot.answer == answerExpired:
		r.settle(ctx, incident.StatusExpired, incident.OutcomeTimedOut, incident.PhaseApprove, redact.Literal("Nobody answered in time; nothing was run."))
	case q.ballot.answer == answerWithdrawn:
		r.settle(ctx, incident.StatusResolved, incident.OutcomeSelfHealed, incident.PhaseApprove,
			redact.Format("The trouble went away by itself: %s is good again. Nothing was run.", metricName(q.plan.Verify.Metric)))
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
	r.tell(ctx, incident.PhaseApprove, redact.Format("Waiting for %d approval(s) of plan %s until %s.",
		q.ballot.needed(), redact.Name(q.plan.Digest).Cut(20), clock(q.expires)))
	r.move(ctx, incident.StatusAwaitingApproval)
	return q
}

// awaitAnswer returns when the question is closed one way or another; an error
// means that the incident was cancelled.
func (r *incidentRun) awaitAnswer(ctx workflow.Context, q *question) error {
	looked := 0 // how many times it had gone quiet when the metric was last read
	for q.ballot.open() {
		left := q.expires.Sub(workflow.Now(ctx))
		if left <= 0 {
			q.ballot.answer = answerExpired
			return nil
		}
		_, err := await(ctx, left, redact.Format("The question about %s expires", redact.Name(q.plan.Runbook)),
			func() bool { return !q.ballot.open() || r.closings > looked })
		if err != nil {
			q.ballot.answer = answerWithdrawn
			return err
		}
		if q.ballot.open() && r.closings > looked {
			looked = r.closings
			r.lookWhetherHealed(ctx, q)
		}
	}
	return nil
}

// lookWhetherHealed reads the live metric once every episode has closed. Quiet
// detectors alone prove nothing: only a metric that is known to be good
// withdraws the question.
func (r *incidentRun) lookWhetherHealed(ctx workflow.Context, q *question) {
	reading, err := readSymptom(ctx, incident.ReadSymptomInput{Verify: q.plan.Verify, Since: r.lastSeen()})
	switch {
	case !q.ballot.open():
		// Somebody answered meanwhile; the remediation looks again by itself.
	case err != nil:
		r.note(ctx, incident.PhaseApprove, redact.Format("All anomalies have closed, but the metric could not be read: %s. The question stands.", failure(err)))
	case reading.Present || !reading.Known:
		r.note(ctx, incident.PhaseApprove, redact.Literal("All anomalies have closed, but the metric is not known to be good again. The question stands."))
	default:
		q.ballot.answer = answerWithdrawn
	}
}

// answered takes the question off the table.
func (r *incidentRun) answered(q *question) {
	r.state.Pending, r.state.Expires, r.state.Card = false, time.Time{}, incident.CardRef{}
	r.chat.closeCard(q, outcomeOf(q.ballot))
}
