package workflows

import (
	"go.temporal.io/sdk/workflow"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// caughtUp tells whether everything has been told.
func (o *outbox) caughtUp() bool { return len(o.queue) == 0 }

// detail is what the Temporal UI tells of an outage and of what was lost in it.
func (o *outbox) detail(b *page) {
	if !o.down.IsZero() && len(o.queue) > 0 {
		b.linef("- **%s cannot be told since %s**: %s\n", plain(o.system), clock(o.down), incident.Count(len(o.queue), "message waits", "messages wait"))
	}
	if o.lost > 0 {
		b.linef("- **%s to %s**; the timeline has everything\n", incident.Count(o.lost, "message was lost", "messages were lost"), plain(o.system))
	}
}

// catchUp keeps an incident that has ended open for as long as Slack or Jira
// still have to be told, at most for the time of its settings. Nobody waits for
// it: the correlator has been told of the end. A cancellation ends it early.
func (r *incidentRun) catchUp(ctx workflow.Context) {
	detached, _ := workflow.NewDisconnectedContext(ctx)
	if ctx.Err() != nil {
		ctx = detached // cancelled already; its end is told all the same
	}
	done := func() bool { return r.chat.caughtUp() && r.tickets.caughtUp() }
	if limit := r.in.Settings.CatchUp.Std(); limit > 0 && !done() {
		_, _ = await(ctx, limit, redact.Literal("Ended; until Slack and Jira have been told what they missed"), done)
	}
	r.tickets.giveUp(detached, r)
	r.chat.giveUp(detached, r)
}

// giveUp tries once more and says what is lost.
func (o *outbox) giveUp(ctx workflow.Context, r *incidentRun) {
	o.flush(ctx)
	n := len(o.queue)
	if n == 0 {
		return
	}
	o.lost += n
	o.queue = nil
	r.aside(ctx, redact.Format("%s could not be told for %s and is no longer tried: %s there. This timeline has everything.",
		o.system, incident.Span(workflow.Now(ctx).Sub(o.down)), incident.Count(n, "message is lost", "messages are lost")))
}

// detailOutages tells in the Temporal UI what could not be told elsewhere.
func (r *incidentRun) detailOutages(b *page) {
	for _, o := range []*outbox{r.chat, r.tickets} {
		o.detail(b)
	}
}
