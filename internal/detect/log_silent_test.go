package detect_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/detect"
	"firebreak/internal/incident"
	"firebreak/internal/telemetry"
)

// batchLine is a line of a group of no service, of which everything is told as it is.
func batchLine(second int) telemetry.Signal {
	s := logLine(secondsIn(float64(second)), telemetry.LevelInfo, "served it")
	s.Series, s.Service, s.Log.Group = account+"/"+region+"/log//batch", "", "/batch"
	return s
}

// TestASilenceOfLogsIsToldAtItsEndInFull: how long it was, in multiples of what is
// waited for and in beats that did not come, counts to its end and from the latest
// line, which is not the latest beat.
func TestASilenceOfLogsIsToldAtItsEndInFull(t *testing.T) {
	t.Parallel()
	e := engine(detect.Balanced)
	hear := func(from, to int, both bool) []incident.Anomaly {
		var found []incident.Anomaly
		for s := from; s < to; s++ {
			at := secondsIn(float64(s))
			found = append(found, e.Observe(logLine(at, telemetry.LevelInfo, "it goes on"))...)
			if both {
				found = append(found, e.Observe(batchLine(s))...)
			}
			found = append(found, e.Advance(at.Add(-3*time.Second))...)
		}
		var silent []incident.Anomaly
		for _, a := range found {
			if a.Rule == detect.RuleLogSilent {
				silent = append(silent, a)
			}
		}
		return silent
	}
	const last = 7203 // beats are five seconds apart, the latest is at 7200
	require.Empty(t, hear(0, last+1, true))
	opened := hear(last+1, last+600, false)
	require.Len(t, opened, 1)
	require.Equal(t, incident.EpisodeOpen, opened[0].State)
	require.Empty(t, e.Observe(batchLine(last-2)), "it is from before the silence")
	closed := hear(last+600, last+620, true)
	require.Len(t, closed, 1)
	a := closed[0]
	require.Equal(t, incident.EpisodeClosed, a.State)
	require.Equal(t, opened[0].ID, a.ID)
	require.Equal(t, secondsIn(last+600), a.Closed)
	require.InDelta(t, 600/5, a.Count, 3)
	known := opened[0].LastSeen.Sub(secondsIn(last)).Seconds()
	require.InDelta(t, opened[0].Reached*600/known, a.Reached, 1e-9)
}
