package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

// However no model answers, the incident goes on with a ranking by rule, asks
// its question as usual, and says everywhere that no model stands behind it.
func TestNoModelAnswers(t *testing.T) {
	t.Parallel()
	as := func(kind string, final bool) func(int) error {
		return func(int) error {
			if final {
				return temporal.NewNonRetryableApplicationError("prose", kind, nil)
			}
			return temporal.NewApplicationError("later", kind)
		}
	}
	for name, c := range map[string]struct {
		fails  func(int) error
		says   string
		within time.Duration // that it takes at most
	}{
		"throttled":        {as(incident.ErrorThrottled, false), "it was throttled every time", 40 * time.Second},
		"unavailable":      {as(incident.ErrorUnavailable, false), "the service stayed unavailable", 40 * time.Second},
		"nonsense":         {as("Nonsense", false), "its answers could not be used", 40 * time.Second},
		"nonsense, enough": {as("Nonsense", true), "its answers could not be used", 0},
		"no rights":        {as(incident.ErrorPermission, true), "permission was denied", 0},
		"refuses":          {as(incident.ErrorValidation, true), "the request or the answer was not valid", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.fails[incident.ActivityDiagnose] = c.fails
			in := input()
			in.Settings.DiagnoseWithin = incident.Seconds(40 * time.Second)
			var asked time.Duration
			w.before[incident.ActivityCompilePlan] = func(int) { asked = w.env.Now().Sub(start) }
			var page string
			w.at(5*time.Minute, func() { page = w.details() })
			w.signalAt(10*time.Minute, yes("ana", 1))
			s := w.run(in)
			require.Equal(t, incident.OutcomeFixed, s.Outcome)
			require.LessOrEqual(t, asked, c.within, "how long a model is tried is bounded")

			require.Equal(t, incident.ModelRanking, s.Diagnosis.Model)
			require.Contains(t, s.Diagnosis.NoModel.String(), c.says)
			const plainly = "because no model answered: "
			require.Contains(t, linesOf(s), "No model answered: "+c.says)
			require.Contains(t, page, plainly)
			card := w.inputs(incident.ActivityAskApproval)[0].(incident.AskApprovalInput)
			require.Contains(t, card.Cause.String(), "No model answered ("+c.says)
			require.Contains(t, lastReply(w), plainly)
			require.Contains(t, lastResolution(w), plainly)
			roots := w.inputs(incident.ActivityPostIncident)
			require.Contains(t, roots[len(roots)-1].(incident.PostIncidentInput).Headline.Body.String(), plainly)

			given := w.inputs(incident.ActivityRankSuspects)
			require.Len(t, given, 1)
			require.Equal(t, w.inputs(incident.ActivityDiagnose)[0], given[0].(incident.RankSuspectsInput).Case, "ranked by what the model was asked")
		})
	}
}

// A model that answers again is asked at the next diagnosis, and not before.
func TestModelThatAnswersAgainIsAskedInTheNextRound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	answers := false
	w.fails[incident.ActivityDiagnose] = func(int) error {
		w.mu.Lock()
		defer w.mu.Unlock()
		if answers {
			return nil
		}
		return temporal.NewNonRetryableApplicationError("prose", "Nonsense", nil)
	}
	w.verification = func(n int) incident.Verification { return incident.Verification{OK: n == 2} }
	w.at(time.Minute, func() {
		w.mu.Lock()
		answers = true
		w.mu.Unlock()
	})
	w.signalAt(2*time.Minute, yes("ana", 1))
	w.signalAt(5*time.Minute, yes("ana", 2))
	var asked int
	w.at(119*time.Second, func() { asked = w.count(incident.ActivityDiagnose) })
	s := w.run(input())
	require.Equal(t, 1, asked, "the question that stands is not made anew")
	require.Equal(t, incident.OutcomeFixed, s.Outcome)
	require.Equal(t, "offline-rules", s.Diagnosis.Model)
	require.True(t, s.Diagnosis.NoModel.IsEmpty())
	require.Equal(t, "rollback-release", s.Attempts[1].Runbook, "what the ranking had proposed has failed")
}

// A model that proposes again what has failed is not followed: the next
// hypothesis is.
func TestNextHypothesisIsTried(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.undo = &incident.UndoPlan{Runbook: "roll-forward", ContentSHA256: "bb"}
	w.verification = func(int) incident.Verification { return incident.Verification{Detail: redact.Literal("0 of 5 good")} }
	w.signalAt(time.Minute, yes("ana", 1))
	w.signalAt(2*time.Minute, yes("ana", 2))
	s := w.run(input())
	require.Equal(t, incident.StatusEscalated, s.Status)
	require.Equal(t, incident.OutcomeUndone, s.Outcome)
	require.Equal(t, []string{"restart-service", "rollback-release"}, []string{s.Attempts[0].Runbook, s.Attempts[1].Runbook})
	require.Len(t, s.Decisions, 2, "each attempt is asked about")
	require.Equal(t, 2, w.count(incident.ActivityAskApproval))
	require.Contains(t, s.Diagnosis.Notes[0], "proposed runbook restart-service, which did not help")

	comments := w.inputs(incident.ActivityCommentTicket)
	for where, text := range map[string]string{
		"thread": lastReply(w), "ticket": comments[len(comments)-1].(incident.CommentTicketInput).Text.String(), "details": w.details(),
	} {
		for _, want := range []string{"Attempt 1, restart", "Attempt 2, rollback", "on checkout", "ran step1, step2", "did not recover", "0 of 5 good", "The undo ran step1, step2"} {
			require.Contains(t, text, want, where)
		}
	}
	require.Equal(t, "In Progress", s.TicketStatus)
}

// Where the model has nothing else to propose, a person takes over.
func TestNoOtherRunbookFits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.diagnosis.Hypotheses = w.diagnosis.Hypotheses[:1]
	w.verification = func(int) incident.Verification { return incident.Verification{} }
	w.signalAt(time.Minute, yes("ana", 1))
	s := w.run(input())
	require.Equal(t, incident.StatusEscalated, s.Status)
	require.Len(t, s.Attempts, 1)
	require.Contains(t, linesOf(s), "No other runbook fits the diagnosis, after 1 that did not help.")
}
