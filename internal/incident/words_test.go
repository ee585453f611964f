package incident_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
)

func TestSpanReadsLikeSpeech(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "0 s", 4200 * time.Millisecond: "4.2 s", 9 * time.Second: "9 s", 42*time.Second + 300*time.Millisecond: "42 s",
		59*time.Second + 900*time.Millisecond: "1 min", 90 * time.Second: "1 min 30 s", 24 * time.Hour: "24 h", 25*time.Hour + 31*time.Second: "25 h 1 min",
		time.Hour + 5*time.Second: "1 h", 3*24*time.Hour + 2*time.Hour + 3*time.Minute: "3 days 2 h", -30 * time.Second: "-30 s",
		9*time.Second + 990*time.Millisecond: "10 s",
	} {
		require.Equal(t, want, incident.Span(d).String(), d.String())
	}
}

func TestCountsHaveAPlural(t *testing.T) {
	t.Parallel()
	require.Equal(t, "1 anomaly", incident.Count(1, "anomaly", "anomalies").String())
	require.Equal(t, "0 anomalies", incident.Count(0, "anomaly", "anomalies").String())
	require.Equal(t, "awaiting approval", incident.StatusAwaitingApproval.Words().String())
	require.Equal(t, "self healed", incident.OutcomeSelfHealed.Words().String())
}

func TestANameStandsInForAVerifiedIdentityOnly(t *testing.T) {
	t.Parallel()
	a := incident.Accepted{Decision: incident.Decision{Approver: "slack:T1:U1", Name: "Dana"}}
	require.Equal(t, "slack:T1:U1", a.Who().String())
	a.Verified = true
	require.Equal(t, "Dana", a.Who().String())
	a.Decision.Name = ""
	require.Equal(t, "slack:T1:U1", a.Who().String())
}

func TestEveryStatusHasAdvice(t *testing.T) {
	t.Parallel()
	for status, want := range map[incident.Status]string{
		incident.StatusAnalysing: "Nothing to do yet", incident.StatusDiagnosing: "Nothing to do yet", incident.StatusAwaitingApproval: "before 2026-03-02 12:30 UTC",
		incident.StatusRemediating: "runbook is running", incident.StatusVerifying: "being watched", incident.StatusResolved: "fixed",
		incident.StatusEscalated: "Take over", incident.StatusRejected: "Take over", incident.StatusExpired: "Take over", incident.StatusSuppressed: "silence",
		incident.StatusCancelled: "cancelled", incident.StatusHalted: "halted", incident.StatusShadowed: "record", incident.StatusFailed: "failed",
	} {
		s := incident.State{
			Status: status, Outcome: incident.OutcomeFixed, Pending: true, Expires: time.Date(2026, 3, 2, 12, 30, 0, 0, time.UTC),
			Plan: &incident.Plan{Runbook: "restart-service", Service: "checkout"},
		}
		require.Contains(t, s.Advice().String(), want, status)
		require.NotContains(t, s.Advice().String(), "Status ", "no status is left to its bare name")
	}
	for _, o := range []incident.Outcome{incident.OutcomeSelfHealed, incident.OutcomeFixedByPerson, incident.OutcomeFalseAlarm, incident.OutcomeNone} {
		require.NotContains(t, incident.State{Status: incident.StatusResolved, Outcome: o}.Advice().String(), "it was fixed")
	}
}
