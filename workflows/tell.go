package workflows

import (
	"fmt"

	"go.temporal.io/sdk/workflow"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// root posts the thread's root message, or edits it in place.
func (o *outbox) root(r *incidentRun) {
	o.post(&letter{kind: letterRoot, deliver: func(ctx workflow.Context, _ *letter) error { return r.postRoot(ctx) }})
}

func (r *incidentRun) postRoot(ctx workflow.Context) error {
	fresh := r.state.Thread.IsZero()
	thread, err := perform[incident.ThreadRef](ctx, chatOptions(), incident.ActivityPostIncident,
		redact.Format("Root message: %s", redact.Name(string(r.state.Status))),
		incident.PostIncidentInput{Thread: r.state.Thread, Headline: r.headline()})
	if err != nil {
		return err
	}
	r.state.Thread = thread
	if fresh {
		r.state.Messages++
	}
	r.show(ctx)
	return nil
}

// thread makes sure that there is a thread before something is put into it.
func (r *incidentRun) thread(ctx workflow.Context) error {
	if !r.state.Thread.IsZero() {
		return nil
	}
	if err := r.postRoot(ctx); err != nil {
		return &blockedError{by: err}
	}
	return nil
}

// reply adds a message to the thread.
func (o *outbox) reply(r *incidentRun, text redact.Text) {
	o.letters++
	o.post(&letter{kind: letterReply, key: fmt.Sprintf("%s/reply/%d", r.in.ID, o.letters), text: text, deliver: r.deliverReply})
}

func (r *incidentRun) deliverReply(ctx workflow.Context, l *letter) error {
	if err := r.thread(ctx); err != nil {
		return err
	}
	err := performOnly(ctx, chatOptions(), incident.ActivityPostReply, redact.Format("Reply: %s", l.text.FirstLine().Cut(120)),
		incident.PostReplyInput{Thread: r.state.Thread, Key: l.key, Text: l.text})
	if err == nil {
		r.state.Messages++
	}
	return err
}

// card puts the question with its two buttons into the thread. What it says of
// the cause is fixed now: during an outage the card may come late, when the
// incident has another diagnosis or none. A question that was answered by then
// is shown as decided and has no buttons.
func (o *outbox) card(r *incidentRun, q *question) {
	cause, citations := r.because(*r.state.Diagnosis)
	o.post(&letter{kind: letterCard, deliver: func(ctx workflow.Context, _ *letter) error {
		if err := r.thread(ctx); err != nil {
			return err
		}
		in := incident.AskApprovalInput{
			Thread: r.state.Thread, Headline: r.headline(), Plan: q.plan, Cause: cause,
			Citations: citations, Expires: q.expires.UTC().Format("2006-01-02T15:04:05Z07:00"),
		}
		summary := redact.Format("Ask about %s", redact.Name(q.plan.Runbook))
		if !q.ballot.open() {
			in.Result = outcomeOf(q.ballot)
			summary = redact.Format("Tell how the question about %s was decided", redact.Name(q.plan.Runbook))
		}
		card, err := perform[incident.CardRef](ctx, chatOptions(), incident.ActivityAskApproval, summary, in)
		if err != nil {
			return err
		}
		q.card = card
		if r.question == q && q.ballot.open() {
			r.state.Card = card
		}
		r.state.Messages++
		return nil
	}})
}

// closeCard replaces the card's buttons by how it was decided. A card that was
// posted as decided is closed all the same: its first try may have gone through
// with buttons although its answer was lost.
func (o *outbox) closeCard(q *question, result redact.Text) {
	o.post(&letter{kind: letterCard, deliver: func(ctx workflow.Context, _ *letter) error {
		if q.card == (incident.CardRef{}) {
			return nil
		}
		err := performOnly(ctx, chatOptions(), incident.ActivityCloseApproval, redact.Format("Close the card: %s", result),
			incident.CloseApprovalInput{Card: q.card, Plan: q.plan, Result: result})
		return err
	}})
}

// open finds or creates the ticket and moves it to where work is being done.
func (o *outbox) open(r *incidentRun) {
	o.post(&letter{kind: letterIssue, deliver: func(ctx workflow.Context, _ *letter) error {
		if err := r.ticket(ctx); err != nil {
			return err
		}
		return r.transition(ctx, incident.TicketInProgress, redact.Text{})
	}})
}

// ticket makes sure that there is a ticket.
func (r *incidentRun) ticket(ctx workflow.Context) error {
	if !r.state.Ticket.IsZero() {
		return nil
	}
	headline := r.headline()
	ticket, err := perform[incident.TicketRef](ctx, ticketOptions(), incident.ActivityOpenTicket,
		redact.Format("Ticket for %s", redact.Name(r.in.ID)), incident.OpenTicketInput{Headline: headline})
	if err != nil {
		return err
	}
	r.state.Ticket, r.linked = ticket, headline.ThreadURL != ""
	r.note(ctx, incident.PhaseOpen, redact.Format("Ticket %s opened.", redact.Name(ticket.Key)))
	r.chat.root(r) // which names the ticket from now on
	return nil
}

// comment adds a comment to the ticket.
func (o *outbox) comment(r *incidentRun, text redact.Text) {
	o.letters++
	o.post(&letter{kind: letterReply, key: fmt.Sprintf("%s/comment/%d", r.in.ID, o.letters), text: text, deliver: r.deliverComment})
}

func (r *incidentRun) deliverComment(ctx workflow.Context, l *letter) error {
	if err := r.ticket(ctx); err != nil {
		return &blockedError{by: err}
	}
	in := incident.CommentTicketInput{Ticket: r.state.Ticket, Key: l.key, Text: l.text}
	if !r.linked {
		// The ticket is opened beside the thread and often before it; its first
		// comment after that leads there.
		in.ThreadURL = r.state.Thread.URL
	}
	err := performOnly(ctx, ticketOptions(), incident.ActivityCommentTicket, redact.Format("Comment: %s", l.text.FirstLine().Cut(120)), in)
	if err == nil {
		r.linked = r.linked || in.ThreadURL != ""
	}
	return err
}

// done moves the ticket to done with the resolution.
func (o *outbox) done(r *incidentRun, resolution redact.Text) {
	o.post(&letter{kind: letterMove, deliver: func(ctx workflow.Context, _ *letter) error {
		if err := r.ticket(ctx); err != nil {
			return &blockedError{by: err}
		}
		return r.transition(ctx, incident.TicketDone, resolution)
	}})
}

func (r *incidentRun) transition(ctx workflow.Context, to incident.TicketState, resolution redact.Text) error {
	status, err := perform[incident.TicketStatus](ctx, ticketOptions(), incident.ActivityTransitionTicket,
		redact.Format("Move %s to %s", redact.Name(r.state.Ticket.Key), redact.Name(string(to))),
		incident.TransitionTicketInput{Ticket: r.state.Ticket, To: to, Resolution: resolution})
	if err != nil {
		return err
	}
	r.state.TicketStatus = status.Status
	r.show(ctx)
	return nil
}
