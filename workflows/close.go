package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// close tells everybody how it ended. It only puts letters into the outboxes,
// so that it works the same for a cancelled incident.
func (r *incidentRun) close(ctx workflow.Context) {
	r.show(ctx)
	if r.shadow() {
		return
	}
	r.chat.root(r)
	report := r.report()
	r.chat.reply(r, report)
	if r.state.Status == incident.StatusResolved {
		r.tickets.done(r, report)
		return
	}
	// Whoever takes over finds the ticket open, with everything that is known.
	r.tickets.comment(r, report)
}

// lingers tells whether an incident whose work has ended stays open for its
// reopen window. Resolved it waits for the trouble to come back. Left to people
// it takes the rest of the same trouble, which would otherwise ask them again
// seconds after they have answered. A backfill's time does not pass, so it waits
// for nothing.
func (r *incidentRun) lingers() bool {
	if r.in.Settings.ReopenWindow <= 0 || r.state.Origin == incident.OriginBackfill {
		return false
	}
	switch r.state.Status {
	case incident.StatusResolved:
		return r.rounds < maxRounds
	case incident.StatusRejected, incident.StatusExpired, incident.StatusEscalated:
		return true
	default:
		return false
	}
}

// recurs keeps the incident open for its reopen window and tells whether the
// trouble came back in it. Cancelled now it just closes early.
func (r *incidentRun) recurs(ctx workflow.Context) bool {
	if !r.taking {
		return false
	}
	r.recurrence = ""
	summary := redact.Literal("Left to people; the rest of the same trouble still joins")
	if r.state.Status == incident.StatusResolved {
		summary = redact.Literal("Resolved; closes if the trouble does not come back")
	}
	until := workflow.Now(ctx).Add(r.in.Settings.ReopenWindow.Std())
	for {
		back, err := await(ctx, until.Sub(workflow.Now(ctx)), summary, func() bool { return r.recurrence != "" })
		if err != nil || !back {
			r.taking = false
			return false
		}
		late := r.lateAlarm(ctx)
		if ctx.Err() != nil { // cancelled during the look
			r.taking = false
			return false
		}
		if !late {
			break
		}
	}
	r.reopen(ctx)
	return true
}

// watchForRecurrence looks at an anomaly of a resolved incident. Only one with
// signals from after the resolution is the trouble coming back; others are the
// tail of what has been fixed.
func (r *incidentRun) watchForRecurrence(a incident.Anomaly) {
	if r.state.Status == incident.StatusResolved && a.State != incident.EpisodeClosed &&
		(a.Opened.After(r.state.Ended) || a.LastSeen.After(r.state.Ended)) {
		r.recurrence = a.ID
	}
}

// reopen starts another round. What had helped is told to the model and to
// policy: it did not last.
func (r *incidentRun) reopen(ctx workflow.Context) {
	if n := len(r.state.Attempts); n > 0 && r.state.Outcome == incident.OutcomeFixed {
		r.tried = append(r.tried, incident.Tried{
			Runbook: r.state.Attempts[n-1].Runbook, Service: r.state.Attempts[n-1].Service,
			Result: redact.Format("helped, but the trouble came back after %s", workflow.Now(ctx).Sub(r.state.Ended).Round(time.Second)),
		})
	}
	r.state.Status, r.state.Outcome, r.state.Ended = incident.StatusAnalysing, incident.OutcomeNone, time.Time{}
	r.state.Plan, r.state.Diagnosis = nil, nil
	r.tell(ctx, incident.PhaseOpen, redact.Literal("The trouble is back within the reopen window; the incident is open again."))
}

// leave is how a workflow takes its leave: everything said, the correlator told,
// every message read and every handler done.
func (r *incidentRun) leave(ctx workflow.Context) {
	r.taking = false
	detached, _ := workflow.NewDisconnectedContext(ctx)
	r.chat.flush(detached)
	r.tickets.flush(detached)
	r.chat.flush(detached) // a ticket that was opened only now changes the root message
	// Acknowledgements come before the report of the end, by which the
	// correlator knows that a join it still misses one for was not taken.
	_ = workflow.Await(detached, func() bool { return r.acking == 0 })
	r.reportClosed(detached)
	r.catchUp(ctx)
	_ = workflow.Await(detached, func() bool { return r.quiet(detached) })
}

// reportClosed tells the correlator that this incident takes no more.
func (r *incidentRun) reportClosed(ctx workflow.Context) {
	if r.in.Correlator == "" {
		return
	}
	report := incident.Closed{
		IncidentID: r.in.ID, Status: r.state.Status, Outcome: r.state.Outcome, At: r.state.Ended,
		Thread: r.state.Thread, Ticket: r.state.Ticket,
	}
	if err := workflow.SignalExternalWorkflow(ctx, r.in.Correlator, "", incident.SignalClosed, report).Get(ctx, nil); err != nil {
		workflow.GetLogger(ctx).Warn("the correlator could not be told of the end", "incident", r.in.ID, "error", err)
	}
}

// quiet tells whether no message is unread and nothing is being handled.
func (r *incidentRun) quiet(ctx workflow.Context) bool {
	return workflow.AllHandlersFinished(ctx) && r.deciding == 0 && r.acking == 0 && r.chat.idle() && r.tickets.idle() &&
		workflow.GetSignalChannel(ctx, incident.SignalApproval).Len() == 0 &&
		workflow.GetSignalChannel(ctx, incident.SignalAnomaly).Len() == 0 &&
		workflow.GetSignalChannel(ctx, incident.SignalProgress).Len() == 0
}
