package workflows

import (
	"errors"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// Bounds of what waits to be said.
const (
	maxLetters    = 60    // letters that wait for an outside system to come back
	maxLetterText = 2_500 // bytes of replies that were put together into one

	// Pauses between two tries during an outage double from the first to the
	// longest. A try and its pause are about eleven events in history, so that a
	// day of outage makes some 3,200 of the 51,200 that Temporal allows.
	firstPause   = 5 * time.Second
	longestPause = 5 * time.Minute

	// refusalPatience is how long one letter that is refused for want of rights
	// holds up the others: a token is mended within minutes, or it is not the
	// token.
	refusalPatience = 15 * time.Minute
)

// outbox delivers, in order and beside the story, what one outside system is to
// be told. The story never waits for it: while the system is down letters wait
// in the outbox, and the first of them is tried again after growing pauses.
type outbox struct {
	system  redact.Text
	enabled bool
	queue   []*letter
	sending *letter   // the one that is being delivered right now
	down    time.Time // since when the system cannot be told; zero when it can
	tries   int       // that failed since then
	paused  bool      // waiting to try again
	hurry   bool      // cuts the pause short
	letters int       // counts letters, for their keys
	lost    int       // letters that were given up
}

// letter is one thing to be told. Its key and, once it has been tried, its text
// never change, so that trying again cannot say it twice.
type letter struct {
	kind    letterKind
	key     string
	text    redact.Text
	tried   bool
	refused time.Time // first refusal for want of rights
	deliver func(ctx workflow.Context, l *letter) error
}

type letterKind string

// Kinds of letters.
const (
	letterRoot  letterKind = "root message"
	letterReply letterKind = "reply"
	letterCard  letterKind = "approval card"
	letterIssue letterKind = "ticket"
	letterMove  letterKind = "transition"
)

// newOutbox starts an outbox. Its context is detached: what people are to know
// is delivered even when the incident is cancelled.
func newOutbox(ctx workflow.Context, r *incidentRun, system redact.Text, enabled bool) *outbox {
	o := &outbox{system: system, enabled: enabled}
	if enabled {
		detached, _ := workflow.NewDisconnectedContext(ctx)
		workflow.Go(detached, func(ctx workflow.Context) { o.run(ctx, r) })
	}
	return o
}

// run delivers letters for as long as the workflow runs.
func (o *outbox) run(ctx workflow.Context, r *incidentRun) {
	for {
		if err := workflow.Await(ctx, func() bool { return len(o.queue) > 0 }); err != nil {
			return
		}
		l := o.queue[0]
		l.tried, o.sending = true, l
		err := l.deliver(ctx, l)
		o.sending = nil
		switch {
		case err == nil:
			o.drop(l)
			o.answers(ctx, r)
		case l.isToBlame(workflow.Now(ctx), err):
			o.lost++
			o.drop(l)
			r.aside(ctx, redact.Format("%s refused a message (%s): %s.", o.system, redact.Name(string(l.kind)), failure(err)))
		default:
			o.pause(ctx, r, l, err)
		}
	}
}

// pause waits before the next try, longer every time.
func (o *outbox) pause(ctx workflow.Context, r *incidentRun, l *letter, err error) {
	if o.down.IsZero() {
		o.down = workflow.Now(ctx)
		r.aside(ctx, redact.Format("%s could not be told (%s): %s. It is tried again until it answers.", o.system, redact.Name(string(l.kind)), failure(err)))
	}
	wait := longestPause
	if o.tries < 10 { // beyond that the shift alone would be longer
		wait = min(firstPause<<o.tries, longestPause)
	}
	o.tries++
	o.paused = true
	r.show(ctx)
	_, _ = await(ctx, wait, redact.Format("%s is tried again", o.system), func() bool { return o.hurry })
	o.paused, o.hurry = false, false
}

// answers notes the end of an outage.
func (o *outbox) answers(ctx workflow.Context, r *incidentRun) {
	if o.down.IsZero() {
		return
	}
	r.aside(ctx, redact.Format("%s answers again after %s; it is told what it missed.", o.system, workflow.Now(ctx).Sub(o.down).Round(time.Second)))
	o.down, o.tries = time.Time{}, 0
}

// isToBlame tells whether the letter itself was refused for good. Where
// something that it needs is missing, the letter waits for that; where rights
// are, it waits for a while.
func (l *letter) isToBlame(now time.Time, err error) bool {
	var missing *blockedError
	if !hopelessError(err) || errors.As(err, &missing) || l.kind == letterIssue {
		return false
	}
	var app *temporal.ApplicationError
	if errors.As(err, &app) && app.Type() == incident.ErrorPermission {
		if l.refused.IsZero() {
			l.refused = now
		}
		return now.Sub(l.refused) >= refusalPatience
	}
	return true
}

// blockedError says that a letter cannot be delivered for want of a thread or a
// ticket to put it into.
type blockedError struct{ by error }

func (e *blockedError) Error() string { return "nothing to put it into: " + e.by.Error() }

func (e *blockedError) Unwrap() error { return e.by }

// post puts a letter into the queue: into one that waits where that says the
// same, else at the end.
func (o *outbox) post(l *letter) {
	if !o.enabled || o.takes(l) {
		return
	}
	if len(o.queue) >= maxLetters {
		o.lost++ // the timeline has it; the root message and the report tell the end
		return
	}
	o.queue = append(o.queue, l)
}

// takes puts a letter into one that waits already. A root message tells what is
// known when it is delivered, so that one of them is enough wherever it stands.
// Replies become one, in their order: across root messages, which are edits
// elsewhere, but across nothing that stands in the thread between them.
func (o *outbox) takes(l *letter) bool {
	for _, waits := range slices.Backward(o.queue) {
		switch {
		case waits == o.sending:
			return false
		case waits.kind == letterRoot && l.kind == letterRoot:
			return true
		case waits.kind == letterReply && l.kind == letterReply:
			return waits.append(l.text)
		case l.kind == letterReply && waits.kind != letterRoot, l.kind != letterReply && l.kind != letterRoot:
			return false
		}
	}
	return false
}

// append adds a line to a reply that has not been tried and has room for it.
func (l *letter) append(text redact.Text) bool {
	both := redact.Join([]redact.Text{l.text, text}, "\n")
	if l.tried || len(both.String()) > maxLetterText {
		return false
	}
	l.text = both
	return true
}

func (o *outbox) drop(l *letter) {
	for i := range o.queue {
		if o.queue[i] == l {
			o.queue = append(o.queue[:i], o.queue[i+1:]...)
			return
		}
	}
}

// flush tries everything that is left once more, without waiting for the end of
// a pause, and returns when it is delivered or has failed again.
func (o *outbox) flush(ctx workflow.Context) {
	o.hurry = o.paused
	_ = workflow.Await(ctx, func() bool { return o.idle() && !o.hurry })
}

// idle tells whether nothing is being delivered right now.
func (o *outbox) idle() bool { return o.sending == nil && (len(o.queue) == 0 || o.paused) }
