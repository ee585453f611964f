package incident_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
	"firebreak/internal/redact"
)

func TestCutOff(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.FixedZone("x", 3600))
	cut := incident.Terminated{How: "terminated", At: at}
	words := cut.Words(redact.Literal("wrong alarm"))
	require.Contains(t, words.String(), "The incident was terminated in Temporal (reason: wrong alarm) at 2026-03-01 11:00:00 UTC.")
	require.Contains(t, incident.Terminated{How: "timed_out"}.Words(redact.Text{}).String(), "ran out of time at")
	require.Contains(t, incident.Terminated{How: "failed"}.Words(redact.Text{}).String(), "failed at")

	asked := incident.State{
		Status: incident.StatusAwaitingApproval, Pending: true, Card: incident.CardRef{TS: "1"},
		Timeline: make([]incident.Entry, 1, 8),
	}
	over := asked.CutOff(cut, words)
	require.Equal(t, incident.StatusCancelled, over.Status)
	require.Equal(t, at, over.Ended)
	require.False(t, over.Pending)
	require.Zero(t, over.Card)
	require.Len(t, over.Timeline, 2)
	require.Empty(t, asked.Timeline[:2][1].Text, "the state that it was made from stays as it is")
	require.Equal(t, incident.State{Status: incident.StatusResolved}, incident.State{Status: incident.StatusResolved}.CutOff(cut, words))
}
