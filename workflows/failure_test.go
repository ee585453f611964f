package workflows_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

func TestEveryActivityMayFailForGood(t *testing.T) {
	t.Parallel()
	escalated := func(t *testing.T, s incident.State) {
		require.Equal(t, incident.StatusEscalated, s.Status)
		require.Equal(t, incident.OutcomeHandedOver, s.Outcome)
		require.Contains(t, linesOf(s), "A person has to take over.")
	}
	fixed := func(t *testing.T, s incident.State) {
		require.Equal(t, incident.StatusResolved, s.Status)
		require.Equal(t, incident.OutcomeFixed, s.Outcome)
	}
	for activity, want := range map[string]struct {
		check  func(*testing.T, incident.State)
		starts int // automations
	}{
		incident.ActivityPinCatalog:       {escalated, 0},
		incident.ActivityGatherEvidence:   {escalated, 0},
		incident.ActivityDiagnose:         {fixed, 1}, // ranked by rule instead
		incident.ActivityRankSuspects:     {escalated, 0},
		incident.ActivityCompilePlan:      {escalated, 0},
		incident.ActivityPublishDocument:  {escalated, 0},
		incident.ActivityRecheck:          {escalated, 0},
		incident.ActivityStartAutomation:  {escalated, 2}, // the call itself fails, once an attempt
		incident.ActivityWatchAutomation:  {escalated, 2},
		incident.ActivityVerifyRecovery:   {escalated, 2},
		incident.ActivityReadSymptom:      {fixed, 1}, // what cannot be read rules nothing out
		incident.ActivityPostIncident:     {fixed, 1},
		incident.ActivityPostReply:        {fixed, 1},
		incident.ActivityAskApproval:      {fixed, 1},
		incident.ActivityCloseApproval:    {fixed, 1},
		incident.ActivityOpenTicket:       {fixed, 1},
		incident.ActivityCommentTicket:    {fixed, 1},
		incident.ActivityTransitionTicket: {fixed, 1},
		incident.ActivityVerifyDecision: {func(t *testing.T, s incident.State) {
			require.Equal(t, incident.StatusExpired, s.Status)
			require.Equal(t, 1, s.Refused)
		}, 0},
	} {
		for kind, fail := range map[string]func(int) error{"refused": refused, "broken": broken} {
			t.Run(activity+" "+kind, func(t *testing.T) {
				t.Parallel()
				if kind == "broken" && activity == incident.ActivityWatchAutomation {
					return // watched for as long as it takes; see TestAutomationThatRunsTooLongIsStopped
				}
				w := newWorld(t)
				w.fails[activity] = fail
				if activity == incident.ActivityRankSuspects { // asked for only when no model answers
					w.fails[incident.ActivityDiagnose] = fail
				}
				w.signalAt(40*time.Minute, yes("ana", 1)) // after any back-off, which takes at most half an hour
				w.signalAt(90*time.Minute, yes("ana", 2))
				w.rule.Expires = incident.Seconds(80 * time.Minute)
				s := w.run(input())
				want.check(t, s)
				if kind == "refused" {
					require.Equal(t, want.starts, w.count(incident.ActivityStartAutomation))
				}
				require.Len(t, told[incident.Closed](w, incident.SignalClosed), 1)
			})
		}
	}
}

func TestOutageOfChatHoldsUpNothingAndIsMadeUpFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	down := true
	for _, name := range []string{incident.ActivityPostIncident, incident.ActivityPostReply, incident.ActivityAskApproval} {
		w.fails[name] = func(n int) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			if down {
				return broken(n)
			}
			return nil
		}
	}
	w.at(5*time.Minute, func() {
		s := w.query()
		require.Equal(t, incident.StatusAwaitingApproval, s.Status, "the story goes on")
		require.True(t, s.Thread.IsZero())
		require.Equal(t, 1, strings.Count(linesOf(s), "Slack could not be told"), "an outage is told once")
		w.mu.Lock()
		down = false
		w.mu.Unlock()
	})
	w.signalAt(10*time.Minute, yes("ana", 1))
	s := w.run(input())
	require.Equal(t, incident.OutcomeFixed, s.Outcome)
	require.Equal(t, "100.1", s.Thread.TS)
	cards := w.inputs(incident.ActivityAskApproval)
	require.NotEmpty(t, cards)
	require.True(t, cards[len(cards)-1].(incident.AskApprovalInput).Result.IsEmpty(), "the question still stands when Slack is back, so that its card has buttons")
	require.Equal(t, 1, w.count(incident.ActivityCloseApproval))

	keys := map[string]string{}
	var all []string
	for _, in := range w.inputs(incident.ActivityPostReply) {
		r := in.(incident.PostReplyInput)
		if before, ok := keys[r.Key]; ok {
			require.Equal(t, before, r.Text.String(), "what is tried again under a key is the same text")
			continue
		}
		keys[r.Key] = r.Text.String()
		all = append(all, r.Text.String())
	}
	thread := strings.Join(all, "\n")
	for _, want := range []string{"opened by", "Evidence:", "Diagnosis:", "approved the plan", "Fixed and verified"} {
		require.Contains(t, thread, want, "what could not be said is said later")
	}
}

// A refused root message, because the bot is not in the channel yet, say, is not
// the fault of the replies behind it: they wait for a thread and get there.
func TestRepliesWaitForAThreadThatIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	allowed := false
	w.fails[incident.ActivityPostIncident] = func(n int) error {
		w.mu.Lock()
		defer w.mu.Unlock()
		if allowed {
			return nil
		}
		return refused(n)
	}
	w.at(5*time.Minute, func() {
		require.Zero(t, w.count(incident.ActivityPostReply))
		w.mu.Lock()
		allowed = true
		w.mu.Unlock()
	})
	w.signalAt(10*time.Minute, yes("ana", 1))
	w.run(input())
	var thread strings.Builder
	for _, in := range w.inputs(incident.ActivityPostReply) {
		thread.WriteString(in.(incident.PostReplyInput).Text.String() + "\n")
	}
	for _, want := range []string{"opened by", "Evidence:", "Diagnosis:", "approved the plan", "Fixed and verified"} {
		require.Contains(t, thread.String(), want)
	}
}

func TestOutageOfTicketsIsMadeUpForAtTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fails[incident.ActivityOpenTicket] = func(n int) error {
		if n <= 6 { // down for the first try and for half of the second
			return broken(n)
		}
		return nil
	}
	w.signalAt(10*time.Minute, yes("ana", 1))
	s := w.run(input())
	require.Equal(t, "OPS-7", s.Ticket.Key)
	require.Equal(t, "Done", s.TicketStatus)
	roots := w.inputs(incident.ActivityPostIncident)
	require.Equal(t, "OPS-7", roots[len(roots)-1].(incident.PostIncidentInput).Headline.TicketKey, "the root message names the ticket in the end")
}

func TestReasonsToHandOver(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(w *world)
		says   string
	}{
		"no runbook fits": {func(w *world) { w.diagnosis.Hypotheses[0].Runbook, w.diagnosis.Hypotheses[1].Runbook = "", "" }, "No runbook fits the diagnosis."},
		"policy denies":   {func(w *world) { w.denied = []redact.Text{redact.Literal("outside of the change window")} }, "Policy denies runbook restart-service: outside of the change window"},
		"policy denies the start": {func(w *world) {
			w.rule.Count = 0
			w.recheck = incident.RecheckResult{Reasons: []redact.Text{redact.Literal("the latest policy forbids it")}}
		}, "Policy denied the start: the latest policy forbids it."},
		"remediation is cancelled alone": {func(w *world) {
			w.rule.Count = 0
			w.fails[incident.ActivityRecheck] = broken
			w.before[incident.ActivityRecheck] = func(int) {
				w.env.CancelWorkflowByID(incident.RemediationWorkflowID(workflowID, 1), "")
			}
		}, "The remediation was cancelled"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c.change(w)
			s := w.run(input())
			require.Equal(t, incident.StatusEscalated, s.Status)
			require.Equal(t, incident.OutcomeHandedOver, s.Outcome)
			require.Contains(t, linesOf(s), c.says)
			require.Zero(t, w.count(incident.ActivityStartAutomation))
			require.Equal(t, "In Progress", s.TicketStatus, "whoever takes over finds the ticket open")
			comments := w.inputs(incident.ActivityCommentTicket)
			require.Contains(t, comments[len(comments)-1].(incident.CommentTicketInput).Text.String(), "escalated, handed over", "with all that is known")
		})
	}
}

func TestAttemptsAreUsedUp(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		undo    *incident.UndoPlan
		second  func(n int) incident.Verification
		outcome incident.Outcome
		status  incident.Status
	}{
		"neither helps, both undone": {&incident.UndoPlan{Runbook: "roll-forward", ContentSHA256: "bb"}, nil, incident.OutcomeUndone, incident.StatusEscalated},
		"neither helps, no undo":     {nil, nil, incident.OutcomeHandedOver, incident.StatusEscalated},
		"the second helps":           {nil, func(n int) incident.Verification { return incident.Verification{OK: n == 2} }, incident.OutcomeFixed, incident.StatusResolved},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.undo = c.undo
			w.verification = func(n int) incident.Verification {
				if c.second != nil {
					return c.second(n)
				}
				return incident.Verification{Detail: redact.Literal("0 of 60 good")}
			}
			w.signalAt(time.Minute, yes("ana", 1))
			w.signalAt(2*time.Minute, yes("ana", 2))
			s := w.run(input())
			require.Equal(t, c.status, s.Status)
			require.Equal(t, c.outcome, s.Outcome)
			require.Len(t, s.Attempts, 2)
			require.Equal(t, 2, w.count(incident.ActivityGatherEvidence), "the second diagnosis looks anew")
			again := w.inputs(incident.ActivityDiagnose)[1].(incident.DiagnoseInput)
			require.Len(t, again.Tried, 1)
			require.Equal(t, "restart-service", again.Tried[0].Runbook)
			require.Contains(t, again.Tried[0].Result.String(), "did not help")
			require.Equal(t, again.Tried, w.inputs(incident.ActivityCompilePlan)[1].(incident.CompilePlanInput).Tried)
			require.Equal(t, 2, w.inputs(incident.ActivityCompilePlan)[1].(incident.CompilePlanInput).Attempt)
		})
	}
}

func TestInputThatIsNoIncidentIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env.ExecuteWorkflow(incident.WorkflowIncident, incident.IncidentInput{ID: incidentID, Scope: scope, Service: "checkout"})
	require.ErrorContains(t, w.env.GetWorkflowError(), "needs an id, a service and an anomaly")
	require.Empty(t, w.order())
}

func TestErrorTextStaysOut(t *testing.T) {
	t.Parallel()
	const secret = "password=hunter2"
	w := newWorld(t)
	w.fails[incident.ActivityDiagnose] = func(int) error { return errors.New(secret) }
	s := w.run(input())
	require.NotContains(t, linesOf(s), secret, "an error's message was never redacted")
	for _, in := range w.inputs(incident.ActivityPostReply) {
		require.NotContains(t, in.(incident.PostReplyInput).Text.String(), secret)
	}
}

// linesOf is a timeline as one text.
func linesOf(s incident.State) string {
	var b strings.Builder
	for _, e := range s.Timeline {
		b.WriteString(e.Text.String() + "\n")
	}
	return b.String()
}
