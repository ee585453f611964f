package detect_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/detect"
	"firebreak/internal/incident"
	"firebreak/internal/telemetry"
)

// steady writes lines that all is well, and one known error every half minute.
func steady(e detect.Engine, from, to int) []incident.Anomaly {
	var found []incident.Anomaly
	for s := from; s < to; s++ {
		at := secondsIn(float64(s))
		for i := range 5 {
			found = append(found, e.Observe(logLine(at, telemetry.LevelInfo, fmt.Sprintf("served %d", i)))...)
		}
		if s%30 == 10 {
			found = append(found, e.Observe(logLine(at, telemetry.LevelError, fmt.Sprintf("cache miss took %d ms", s)))...)
		}
		found = append(found, e.Advance(at.Add(-3*time.Second))...)
	}
	return found
}

func TestSomethingNewAtLevelErrorIsFound(t *testing.T) {
	t.Parallel()
	e := engine(detect.Balanced)
	require.Empty(t, steady(e, 0, 1200))
	var found []incident.Anomaly
	for i := range 8 {
		at := secondsIn(1200 + 3*float64(i))
		found = append(found, e.Observe(logLine(at, telemetry.LevelError, fmt.Sprintf("disk %d is read-only", i)))...)
		found = append(found, e.Advance(at.Add(-3*time.Second))...)
	}
	require.NotEmpty(t, found)
	a := found[0]
	require.Equal(t, incident.KindLog, a.Kind)
	require.True(t, strings.HasPrefix(a.Rule, detect.RuleLogNew+"/"))
	require.Equal(t, group, a.LogGroup)
	require.Equal(t, secondsIn(1200), a.Opened)
	require.Contains(t, a.Samples[0].String(), "is read-only")
	require.False(t, a.Unsure)
	// It is back to normal two minutes after the last line, and over when it stays so.
	back := e.Advance(secondsIn(1500))
	require.Len(t, back, 1)
	require.Equal(t, incident.EpisodeGrowing, back[0].State)
	require.True(t, back[0].Over())
	closed := e.Advance(secondsIn(1900))
	require.Len(t, closed, 1)
	require.Equal(t, incident.EpisodeClosed, closed[0].State)
	require.Equal(t, a.ID, closed[0].ID)
	// From now on it is known.
	found = nil
	for i := range 6 {
		found = append(found, e.Observe(logLine(secondsIn(2000+3*float64(i)), telemetry.LevelError, "disk 7 is read-only"))...)
	}
	require.Empty(t, found)
}

func TestASeldomNewLineIsNoTrouble(t *testing.T) {
	t.Parallel()
	e := engine(detect.Balanced)
	require.Empty(t, steady(e, 0, 600))
	for i := range 20 {
		s := 600 + 60*i
		require.Empty(t, e.Observe(logLine(secondsIn(float64(s)), telemetry.LevelError, "certificate expires soon")))
		require.Empty(t, steady(e, s+1, s+60))
	}
}

func TestAStormOfErrorLinesIsOneEpisode(t *testing.T) {
	t.Parallel()
	e := engine(detect.Balanced)
	require.Empty(t, steady(e, 0, 60))
	var found []incident.Anomaly
	for s := 60; s < 120; s++ {
		for i := range 20 {
			found = append(found, e.Observe(logLine(secondsIn(float64(s)), telemetry.LevelError, fmt.Sprintf("cache miss took %d ms", i)))...)
		}
		found = append(found, e.Advance(secondsIn(float64(s-3)))...)
	}
	found = append(found, steady(e, 120, 600)...)
	require.Equal(t, incident.EpisodeOpen, found[0].State)
	require.Equal(t, detect.RuleLogRate, found[0].Rule)
	require.WithinRange(t, found[0].LastSeen, secondsIn(60), secondsIn(62))
	last := found[len(found)-1]
	require.Equal(t, incident.EpisodeClosed, last.State)
	require.Equal(t, found[0].ID, last.ID)
	require.InDelta(t, 60*20, last.Count, 1, "every line counts once")
	for _, a := range found {
		require.Equal(t, found[0].ID, a.ID)
		require.LessOrEqual(t, len(a.Samples), 2)
	}
}

func TestSamplesAreRedacted(t *testing.T) {
	t.Parallel()
	e := detect.New(detect.Options{Inventory: inventory(), Redactor: replace{"hunter2", "[secret]"}})
	require.Empty(t, steady(e, 0, 60))
	for i := range 60 {
		for _, a := range e.Observe(logLine(secondsIn(60), telemetry.LevelError, fmt.Sprintf("login %d with hunter2 failed", i))) {
			require.NotEmpty(t, a.Samples)
			for _, s := range a.Samples {
				require.NotContains(t, s.String(), "hunter2")
			}
		}
	}
	require.NotContains(t, string(snapshotOf(t, e)), "hunter2", "a snapshot is a file")
}

type replace struct{ old, by string }

func (r replace) Redact(raw string) string { return strings.ReplaceAll(raw, r.old, r.by) }

func TestTemplatesAreBounded(t *testing.T) {
	t.Parallel()
	e := engine(detect.Balanced)
	require.Empty(t, steady(e, 0, 60))
	for i := range 5000 {
		word := strings.Map(func(r rune) rune { return 'a' + r - '0' }, fmt.Sprint(i))
		e.Observe(logLine(secondsIn(60), telemetry.LevelError, "never said: "+word))
	}
	require.Less(t, len(snapshotOf(t, e)), 200_000)
}
