package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// epilogueWithin is for how long an epilogue tries to tell.
const epilogueWithin = 24 * time.Hour

// EpilogueWorkflow tells the thread and the ticket of an incident that it was
// cut off: nobody watches it, its question can no longer be answered, and the
// ticket is left to people. An incident that had settled before has told its end
// itself, and nothing is added. Everything is keyed by the incident, so that a
// second try says nothing twice.
func EpilogueWorkflow(ctx workflow.Context, in incident.EpilogueInput) (incident.EpilogueResult, error) {
	last, err := perform[incident.ReadTerminatedResult](ctx, epilogueOptions(guardOptions(incident.QueueWorkflows)), incident.ActivityReadTerminated,
		redact.Format("How far had %s come", redact.Name(incident.IncidentIDOf(in.Terminated.WorkflowID))),
		incident.ReadTerminatedInput{Terminated: in.Terminated})
	if err != nil {
		return incident.EpilogueResult{}, err
	}
	if last.State.Status.Terminal() {
		return incident.EpilogueResult{}, nil
	}
	e := &epilogue{in: in, last: last.State, text: in.Terminated.Words(last.Reason)}
	// Slack being down is no reason not to tell Jira, and the other way round.
	inChat := e.tellThread(ctx)
	inTicket := e.tellTicket(ctx)
	workflow.SetCurrentDetails(ctx, plain(e.text))
	for _, err := range []error{inChat, inTicket} {
		if err != nil {
			return e.result, temporal.NewApplicationErrorWithOptions("not everybody could be told: "+failure(err).String(), "Epilogue",
				temporal.ApplicationErrorOptions{NonRetryable: true, Details: []any{e.result}})
		}
	}
	return e.result, nil
}

// epilogue is one run of an EpilogueWorkflow.
type epilogue struct {
	in     incident.EpilogueInput
	last   incident.State // of the incident
	text   redact.Text
	result incident.EpilogueResult
}

// tellThread adds the last message, edits the root message and takes the buttons
// of a question away.
func (e *epilogue) tellThread(ctx workflow.Context) error {
	if e.last.Thread.IsZero() {
		return nil
	}
	options := epilogueOptions(chatOptions())
	err := performOnly(ctx, options, incident.ActivityPostReply, redact.Literal("Tell the thread"),
		incident.PostReplyInput{Thread: e.last.Thread, Key: e.last.ID + "/terminated", Text: e.text})
	if err != nil {
		return err
	}
	_, err = perform[incident.ThreadRef](ctx, options, incident.ActivityPostIncident, redact.Literal("Root message: terminated"),
		incident.PostIncidentInput{Thread: e.last.Thread, Headline: e.headline()})
	if err != nil {
		return err
	}
	e.result.Thread = e.last.Thread
	if e.last.Card == (incident.CardRef{}) || e.last.Plan == nil {
		return nil
	}
	return performOnly(ctx, options, incident.ActivityCloseApproval, redact.Literal("Take the buttons away"),
		incident.CloseApprovalInput{Card: e.last.Card, Plan: *e.last.Plan, Result: redact.Literal("Withdrawn: the incident was terminated, and nothing was run for this answer.")})
}

// tellTicket adds a comment. The ticket stays where it is: that it was
// terminated does not make the trouble go away.
func (e *epilogue) tellTicket(ctx workflow.Context) error {
	if e.last.Ticket.IsZero() {
		return nil
	}
	err := performOnly(ctx, epilogueOptions(ticketOptions()), incident.ActivityCommentTicket, redact.Literal("Tell the ticket"),
		incident.CommentTicketInput{Ticket: e.last.Ticket, Key: e.last.ID + "/terminated", Text: redact.Format("%s Close this ticket once the trouble is gone.", e.text)})
	if err == nil {
		e.result.Ticket = e.last.Ticket
	}
	return err
}

// headline is the incident's own, with its end.
func (e *epilogue) headline() incident.Headline {
	s := e.last.CutOff(e.in.Terminated, e.text)
	r := &incidentRun{state: s, in: incident.IncidentInput{ID: s.ID, Settings: e.in.Settings}}
	return r.headline()
}

// epilogueOptions try for much longer than an incident would: nobody waits.
func epilogueOptions(o workflow.ActivityOptions) workflow.ActivityOptions {
	o.RetryPolicy = persistent()
	o.RetryPolicy.MaximumInterval = 5 * time.Minute
	o.ScheduleToCloseTimeout = epilogueWithin
	return o
}
