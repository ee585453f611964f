package workflows

import (
	"errors"

	"go.temporal.io/sdk/workflow"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// Bounds of what waits to be said.
const (
	maxLetters    = 60    // letters that wait for an outside system to come back
	maxLetterText = 2_500 // bytes of replies that were put together into one
)

// outbox delivers, in order and beside the story, what one outside system is to
// be told. The story never waits for it: while the system is down letters wait
// in the outbox and are tried again with the next one, and once more at the end.
type outbox struct {
	system  redact.Text
	enabled bool
	queue   []*letter
	sending bool
	stalled bool // the first letter could not be delivered; waits for the next
	failing bool // since the last delivery; said once in the timeline
	letters int  // counts letters, for their keys
	lost    int  // letters that were given up
}

// letter is one thing to be told. Its key and, once it has been tried, its text
// never change, so that trying again cannot say it twice.
type letter struct {
	kind    letterKind
	key     string
	text    redact.Text
	tried   bool
	deliver func(ctx workflow.Context, l *letter) error
}

type letterKind string

// Kinds of letters. Root messages and replies that have not been tried yet are
// put together with later ones of their kind.
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
		if err := workflow.Await(ctx, func() bool { return len(o.queue) > 0 && !o.stalled }); err != nil {
			return
		}
		l := o.queue[0]
		l.tried, o.sending = true, true
		err := l.deliver(ctx, l)
		o.sending = false
		switch {
		case err == nil:
			o.failing = false
			o.drop(l)
		case l.isToBlame(err):
			o.lost++
			o.drop(l)
			r.note(ctx, r.phase(), redact.Format("%s refused a message (%s): %s.", o.system, redact.Name(string(l.kind)), failure(err)))
		default:
			o.stalled = true
			if !o.failing {
				r.note(ctx, r.phase(), redact.Format("%s could not be told (%s): %s. It is tried again with the next message.", o.system, redact.Name(string(l.kind)), failure(err)))
			}
			o.failing = true
		}
	}
}

// isToBlame tells whether the letter itself was refused for good. Where
// something that it needs is missing, the letter waits for that.
func (l *letter) isToBlame(err error) bool {
	var missing *blockedError
	return hopelessError(err) && !errors.As(err, &missing) && l.kind != letterIssue
}

// blockedError says that a letter cannot be delivered for want of a thread or a
// ticket to put it into.
type blockedError struct{ by error }

func (e *blockedError) Error() string { return "nothing to put it into: " + e.by.Error() }

func (e *blockedError) Unwrap() error { return e.by }

// post puts a letter at the end of the queue and wakes the outbox.
func (o *outbox) post(l *letter) {
	if !o.enabled {
		return
	}
	o.stalled = false
	if n := len(o.queue); n > 0 && o.queue[n-1].takes(l) {
		return
	}
	if len(o.queue) >= maxLetters {
		o.lost++ // the timeline has it; the root message and the report tell the end
		return
	}
	o.queue = append(o.queue, l)
}

// takes puts a later letter into this one where that says the same.
func (l *letter) takes(later *letter) bool {
	if l.tried || l.kind != later.kind {
		return false
	}
	switch l.kind {
	case letterRoot:
		return true // it tells what is known when it is delivered
	case letterReply:
		text := redact.Join([]redact.Text{l.text, later.text}, "\n")
		if len(text.String()) > maxLetterText {
			return false
		}
		l.text = text
		return true
	default:
		return false
	}
}

func (o *outbox) drop(l *letter) {
	for i := range o.queue {
		if o.queue[i] == l {
			o.queue = append(o.queue[:i], o.queue[i+1:]...)
			return
		}
	}
}

// flush tries everything that is left once more and waits until it is delivered
// or failed again.
func (o *outbox) flush(ctx workflow.Context) {
	o.stalled = false
	_ = workflow.Await(ctx, func() bool { return !o.sending && (len(o.queue) == 0 || o.stalled) })
}

// idle tells whether nothing is being delivered right now.
func (o *outbox) idle() bool { return !o.sending && (len(o.queue) == 0 || o.stalled) }

// phase is where the story is, for lines that belong to none.
func (r *incidentRun) phase() incident.Phase {
	if n := len(r.state.Timeline); n > 0 {
		return r.state.Timeline[n-1].Phase
	}
	return incident.PhaseOpen
}
