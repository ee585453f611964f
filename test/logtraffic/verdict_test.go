package logtraffic_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/detect"
	"firebreak/internal/incident"
	"firebreak/internal/telemetry"
	"firebreak/test/logtraffic"
)

// deaf is an engine that finds nothing.
type deaf struct{ detect.Engine }

func (deaf) Observe(telemetry.Signal) []incident.Anomaly { return nil }
func (deaf) Advance(time.Time) []incident.Anomaly        { return nil }

// TestEveryPassSeesTroubleAtTheSameTime: lines that show a trouble count once,
// however often they were written before.
func TestEveryPassSeesTroubleAtTheSameTime(t *testing.T) {
	t.Parallel()
	once := logtraffic.Traffic{Seed: 5, Begin: monday, Days: 1, Troubles: logtraffic.Day(5, monday)}
	require.Empty(t, once.Run(monday, deaf{}))
	again := logtraffic.Traffic{Seed: 5, Begin: monday, Days: 1, Troubles: logtraffic.Day(5, monday)}
	lines := 0
	for range again.Signals() {
		lines++
	}
	require.Positive(t, lines)
	require.Empty(t, again.Run(monday, deaf{}))
	for i, one := range once.Troubles {
		require.Equal(t, one.Visible, again.Troubles[i].Visible, "%s of %s", one.Kind, one.Service)
	}
}

// TestJudge: what is told is put down to the trouble that accounts for it.
func TestJudge(t *testing.T) {
	t.Parallel()
	trouble := logtraffic.Trouble{Kind: logtraffic.Crash, Service: "a", From: monday, To: monday.Add(time.Hour), Visible: monday.Add(time.Minute), Rules: []string{"log-new"}}
	told := func(service, id string, at time.Duration, rules ...string) logtraffic.Told {
		return logtraffic.Told{Anomaly: incident.Anomaly{ID: id, Service: service}, At: monday.Add(at), Rules: rules}
	}
	for name, tc := range map[string]struct {
		told    []logtraffic.Told
		mistake string
		alarms  int
	}{
		"right":          {[]logtraffic.Told{told("a", "1", 3*time.Minute, "log-rate", "log-new")}, "", 0},
		"nothing":        {nil, "missed", 0},
		"too early":      {[]logtraffic.Told{told("a", "1", -time.Second, "log-new")}, "missed", 1},
		"elsewhere":      {[]logtraffic.Told{told("b", "1", time.Minute, "log-new")}, "missed", 1},
		"late":           {[]logtraffic.Told{told("a", "1", 3*time.Minute+time.Second, "log-new")}, "late by 1s", 0},
		"by another one": {[]logtraffic.Told{told("a", "1", time.Minute, "log-value")}, "found by log-value", 0},
		"twice":          {[]logtraffic.Told{told("a", "1", time.Minute, "log-new"), told("a", "2", 80*time.Minute, "log-rate")}, "told 2 times", 0},
		"much later":     {[]logtraffic.Told{told("a", "1", time.Minute, "log-new"), told("a", "2", 2*time.Hour, "log-rate")}, "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := logtraffic.Judge([]logtraffic.Trouble{trouble}, tc.told)
			require.Equal(t, tc.mistake, v.Found[0].Mistake())
			require.Len(t, v.Alarms, tc.alarms)
			require.Equal(t, tc.mistake == "", v.Right() == 1)
			require.NotEmpty(t, v.String())
		})
	}
}
