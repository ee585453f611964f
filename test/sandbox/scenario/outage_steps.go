package scenario

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	slackgo "github.com/slack-go/slack"

	"firebreak/internal/incident"
	"firebreak/test/stack"
	"firebreak/test/stack/fault"
)

// outage takes a system away right before the fault, until the incident's work
// has come to an end and at least for the given time.
func outage(name, service string, least time.Duration) []Step {
	began, lift := make(chan time.Time, 1), func() {}
	return []Step{
		{
			At: BeforeFault, What: name + " answers 503 to everything from now on",
			Do: func(_ context.Context, st *stack.Stack) error {
				lift = st.Faults.Set(fault.Rule{Service: service, Kind: fault.Error, Status: http.StatusServiceUnavailable, Times: fault.Forever})
				began <- time.Now()
				return nil
			},
		},
		{
			At: Throughout,
			Do: func(ctx context.Context, _ *stack.Stack) error {
				select {
				case <-ctx.Done():
					return context.Cause(ctx)
				case at := <-began:
					if err := sleep(ctx, time.Until(at.Add(least))); err != nil {
						return err
					}
				}
				for !Incident(ctx).Status.Terminal() {
					if err := sleep(ctx, pollEvery); err != nil {
						return err
					}
				}
				lift()
				return nil
			},
		},
	}
}

// longestCatchUp is how many messages an outage may leave to be told.
const longestCatchUp = 8

// caughtUpInSlack checks that the thread has the story once, in its order and in
// a few messages, and that the decision came from the command line meanwhile.
func caughtUpInSlack(r Result) error {
	var e expectations
	st := r.State
	e.that(len(st.Decisions) == 1 && st.Decisions[0].Decision.Via == "cli", "the decision did not come from the command line")
	e.that(st.Ended.Before(lastEntry(st, "Slack answers again")), "Slack was back before the incident's work had ended")
	for _, thread := range r.Seen.Threads {
		e.that(len(thread.Messages) <= longestCatchUp, "the catch-up took %d messages", len(thread.Messages))
		e.inOrder(thread.Text(), "opened by", "Evidence", "Diagnosis:", "Plan 1", "approved the plan", "Automation", "resolved, fixed")
		e.once(thread.Messages, "opened by", "Plan 1: runbook", "The automation succeeded. Waiting")
	}
	return errors.Join(e.errs...)
}

// caughtUpInJira checks that there is a ticket with the story once and in its
// order, and that the thread learned of it.
func caughtUpInJira(r Result) error {
	var e expectations
	st := r.State
	e.that(st.Ended.Before(lastEntry(st, "Jira answers again")), "Jira was back before the incident's work had ended")
	for _, is := range r.Seen.Tickets {
		e.that(len(is.Comments) <= longestCatchUp, "the catch-up took %d comments", len(is.Comments))
		e.inOrder(ticketText(is), "Diagnosis:", "Waiting for", "approved the plan", "Fixed and verified")
		var comments []string
		for _, c := range is.Comments {
			comments = append(comments, c.Body)
		}
		e.once(comments, "Waiting for", "approved the plan")
		for _, thread := range r.Seen.Threads {
			e.that(strings.Contains(thread.Text(), is.Key), "the thread does not name ticket %s", is.Key)
		}
	}
	return errors.Join(e.errs...)
}

// lastEntry is when the timeline last said something; the zero time when it did not.
func lastEntry(st incident.State, text string) (at time.Time) {
	for _, entry := range st.Timeline {
		if strings.Contains(entry.Text.String(), text) {
			at = entry.At
		}
	}
	return at
}

// inOrder expects a text to say all that, in that order.
func (e *expectations) inOrder(text string, all ...string) {
	for _, part := range all {
		_, rest, found := strings.Cut(text, part)
		e.that(found, "%q is missing, or out of its order", part)
		if found {
			text = rest
		}
	}
}

// once expects each of that to be said by exactly one message.
func (e *expectations) once(messages []string, all ...string) {
	for _, part := range all {
		n := 0
		for _, m := range messages {
			if strings.Contains(m, part) {
				n++
			}
		}
		e.that(n == 1, "%q is said by %d messages", part, n)
	}
}

// cardSays waits for the approval card and checks what it says while the
// question stands: once it is decided, it shows the decision.
func cardSays(text string) Do {
	return func(ctx context.Context, st *stack.Stack) error {
		ctx, cancel := context.WithTimeoutCause(ctx, time.Minute, fmt.Errorf("no approval card says %q", text))
		defer cancel()
		for {
			for _, root := range st.Slack.Messages(stack.SlackChannel) {
				for _, m := range st.Slack.Thread(stack.SlackChannel, root.Timestamp) {
					if hasButtons(m) && strings.Contains(messageText(m), text) {
						return nil
					}
				}
			}
			if err := sleep(ctx, pollEvery); err != nil {
				return err
			}
		}
	}
}

func hasButtons(m slackgo.Message) bool {
	return slices.ContainsFunc(m.Blocks.BlockSet, func(b slackgo.Block) bool { return b.BlockType() == slackgo.MBTAction })
}

// noLiveButtons checks that no message of the thread asks for an answer any more.
func noLiveButtons(ctx context.Context, st *stack.Stack) error {
	thread := Incident(ctx).Thread
	cards := 0
	for _, m := range st.Slack.Thread(thread.Channel, thread.TS) {
		if hasButtons(m) {
			return fmt.Errorf("message %s still has buttons", m.Timestamp)
		}
		if strings.Contains(messageText(m), "Decision") {
			cards++
		}
	}
	if cards != 1 {
		return fmt.Errorf("%d messages show how the question was decided, expected 1", cards)
	}
	return nil
}
