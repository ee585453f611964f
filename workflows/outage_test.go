package workflows_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
)

// chatActivities and ticketActivities are what an outage of either takes away.
var (
	chatActivities   = []string{incident.ActivityPostIncident, incident.ActivityPostReply, incident.ActivityAskApproval, incident.ActivityCloseApproval}
	ticketActivities = []string{incident.ActivityOpenTicket, incident.ActivityCommentTicket, incident.ActivityTransitionTicket}
)

// downBetween has activities fail in a stretch of the test's time.
func (w *world) downBetween(activities []string, from, to time.Duration) {
	for _, name := range activities {
		w.fails[name] = func(n int) error {
			if at := w.env.Now().Sub(start); at >= from && at < to {
				return broken(n)
			}
			return nil
		}
	}
}

// posted are the texts that got through, by key, in their order, each once: a
// call that failed is none.
func (w *world) posted(t *testing.T, name string) []string {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	var texts []string
	seen := map[string]bool{}
	for _, c := range w.done {
		if c.name != name {
			continue
		}
		var key, text string
		switch in := c.in.(type) {
		case incident.PostReplyInput:
			key, text = in.Key, in.Text.String()
		case incident.CommentTicketInput:
			key, text = in.Key, in.Text.String()
		default:
			require.FailNow(t, "no text", "%T", c.in)
		}
		require.False(t, seen[key], "%s got through twice", key)
		seen[key] = true
		texts = append(texts, text)
	}
	return texts
}

var wholeStory = []string{"opened by", "Evidence:", "Diagnosis:", "Waiting for", "approved the plan", "Automation exec-run started", "step2", "resolved, fixed"}

func inOrder(t *testing.T, text string, want []string) {
	t.Helper()
	for _, w := range want {
		_, rest, found := strings.Cut(text, w)
		require.True(t, found, "%q is missing or out of order in: %s", w, text)
		text = rest
	}
}

// Slack is down from the beginning until long after the end. The incident goes
// on, is decided on the command line, and closes; then the thread catches up,
// once, in order, in a few messages.
func TestSlackIsDownUntilAfterTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.downBetween(chatActivities, 0, 3*time.Hour)
	in := input()
	in.Settings.CatchUp, in.Settings.ReopenWindow = incident.Seconds(24*time.Hour), incident.Seconds(30*time.Minute)
	var page string
	var closedBy time.Duration
	w.at(2*time.Hour, func() {
		page = w.details()
		if len(told[incident.Closed](w, incident.SignalClosed)) == 1 {
			closedBy = 2 * time.Hour
		}
	})
	got := w.updateAt(10*time.Minute, "cli/1", yes("ana", 1))
	s := w.run(in)

	require.NoError(t, got.rejected)
	require.True(t, got.receipt.Accepted)
	require.Equal(t, incident.OutcomeFixed, s.Outcome)
	require.Equal(t, "Done", s.TicketStatus)
	require.Equal(t, 2*time.Hour, closedBy, "the correlator is told of the end while Slack is still down")
	require.Contains(t, page, "Slack cannot be told since 2026-03-01 12:00:")
	require.Less(t, w.env.Now().Sub(start), 3*time.Hour+10*time.Minute, "it is noticed within minutes that Slack is back")
	require.Equal(t, 1, strings.Count(linesOf(s), "Slack could not be told"))
	require.Equal(t, 1, strings.Count(linesOf(s), "Slack answers again after 3h"))
	require.NotContains(t, linesOf(s), "are lost")

	thread := w.posted(t, incident.ActivityPostReply)
	require.LessOrEqual(t, len(thread), 5, "many lines are a few messages and no burst")
	inOrder(t, strings.Join(thread, "\n"), wholeStory)
	require.Equal(t, "100.1", s.Thread.TS)
	roots := w.inputs(incident.ActivityPostIncident)
	last := roots[len(roots)-1].(incident.PostIncidentInput)
	require.Equal(t, incident.StatusResolved, last.Headline.Status)
	require.Equal(t, "OPS-7", last.Headline.TicketKey)
	for _, c := range w.done {
		if card, ok := c.in.(incident.AskApprovalInput); ok {
			require.Contains(t, card.Result.String(), "ana approved the plan", "a question that was answered never shows buttons")
			require.Equal(t, "errors since a configuration reload", card.Cause.String())
		}
	}
	require.Less(t, w.count(incident.ActivityPostIncident), 400, "the longer it lasts the seldomer it is tried")
}

// The card of a question that still stands comes late, and is closed when it is
// answered.
func TestCardComesLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.downBetween(chatActivities, 0, 3*time.Minute)
	w.signalAt(20*time.Minute, yes("ana", 1))
	var early []any
	w.at(19*time.Minute, func() { early = w.inputs(incident.ActivityAskApproval) })
	s := w.run(input())
	require.Equal(t, incident.OutcomeFixed, s.Outcome)
	require.NotEmpty(t, early)
	require.True(t, early[len(early)-1].(incident.AskApprovalInput).Result.IsEmpty())
	closed := w.inputs(incident.ActivityCloseApproval)
	require.Len(t, closed, 1)
	require.Contains(t, closed[0].(incident.CloseApprovalInput).Result.String(), "ana approved")
}

func TestJiraIsDownUntilAfterTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.downBetween(ticketActivities, 0, time.Hour)
	in := input()
	in.Settings.CatchUp = incident.Seconds(24 * time.Hour)
	w.signalAt(10*time.Minute, yes("ana", 1))
	s := w.run(in)
	require.Equal(t, incident.OutcomeFixed, s.Outcome)
	require.Equal(t, "OPS-7", s.Ticket.Key)
	require.Equal(t, "Done", s.TicketStatus)
	inOrder(t, strings.Join(w.posted(t, incident.ActivityCommentTicket), "\n"), []string{"Diagnosis:", "Waiting for", "approved the plan"})
	require.Contains(t, lastResolution(w), "resolved, fixed")
	roots := w.inputs(incident.ActivityPostIncident)
	require.Equal(t, "OPS-7", roots[len(roots)-1].(incident.PostIncidentInput).Headline.TicketKey, "the thread learns of the ticket")
	require.Equal(t, 1, strings.Count(linesOf(s), "Jira answers again after"))
}

// An outage in the middle: what was told stays, what comes after it follows.
func TestOutageInTheMiddle(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.downBetween(append(chatActivities, ticketActivities...), time.Minute, 25*time.Minute)
	in := input()
	in.Settings.CatchUp, in.Settings.ReopenWindow = incident.Seconds(time.Hour), incident.Seconds(30*time.Minute)
	w.signalAt(5*time.Minute, yes("ana", 1))
	s := w.run(in)
	require.Equal(t, "Done", s.TicketStatus)
	inOrder(t, strings.Join(w.posted(t, incident.ActivityPostReply), "\n"), wholeStory)
	require.Equal(t, 1, w.count(incident.ActivityOpenTicket))
	closed := w.inputs(incident.ActivityCloseApproval)
	require.Contains(t, closed[len(closed)-1].(incident.CloseApprovalInput).Result.String(), "ana approved", "the buttons go as soon as Slack can be told")
}

// What cannot be told in time is given up, and said.
func TestWhatIsLostIsSaid(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		catchUp time.Duration
		cancel  time.Duration // when somebody cancels the rest; 0: nobody
		ends    time.Duration // about when
	}{
		"after the time for it":     {24 * time.Hour, 0, 24 * time.Hour},
		"at the end, without time":  {0, 0, 10 * time.Minute},
		"when somebody cancels it":  {24 * time.Hour, 2 * time.Hour, 2 * time.Hour},
		"after the end of a cancel": {time.Hour, 5 * time.Minute, 65 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.downBetween(chatActivities, 0, 1000*time.Hour)
			in := input()
			in.Settings.CatchUp = incident.Seconds(c.catchUp)
			w.signalAt(10*time.Minute, yes("ana", 1))
			if c.cancel > 0 {
				w.at(c.cancel, w.env.CancelWorkflow)
			}
			s := w.run(in)
			require.Contains(t, linesOf(s), "is no longer tried:")
			require.Contains(t, linesOf(s), "are lost there. This timeline has everything.")
			require.Contains(t, w.details(), " lost to Slack**")
			require.Empty(t, w.posted(t, incident.ActivityPostReply))
			require.InDelta(t, c.ends.Minutes(), w.env.Now().Sub(start).Minutes(), 12)
			require.Len(t, told[incident.Closed](w, incident.SignalClosed), 1)
		})
	}
}

// One letter that is refused for want of rights does not hold up the others for
// ever, and a token that is mended in time loses nothing.
func TestRefusedForWantOfRights(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		mended time.Duration
		lost   int
	}{"mended": {5 * time.Minute, 0}, "never": {1000 * time.Hour, 1}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.fails[incident.ActivityAskApproval] = func(n int) error {
				if w.env.Now().Sub(start) < c.mended {
					return refused(n)
				}
				return nil
			}
			in := input()
			in.Settings.CatchUp = incident.Seconds(24 * time.Hour)
			w.signalAt(10*time.Minute, yes("ana", 1))
			s := w.run(in)
			require.Equal(t, incident.OutcomeFixed, s.Outcome)
			require.Equal(t, c.lost, strings.Count(linesOf(s), "Slack refused a message (approval card): permission was denied."))
			inOrder(t, strings.Join(w.posted(t, incident.ActivityPostReply), "\n"), wholeStory)
		})
	}
}
