package detect_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/detect"
	"firebreak/internal/incident"
	"firebreak/internal/telemetry"
)

// comes tells whether a series has a point at a time, in seconds.
type comes func(at float64) bool

func every(period float64) comes {
	return func(at float64) bool { return math.Mod(at, period) == 0 }
}

func (c comes) until(end float64) comes {
	return func(at float64) bool { return at <= end && c(at) }
}

// but leaves out the times between two.
func (c comes) but(from, to float64) comes {
	return func(at float64) bool { return (at < from || at > to) && c(at) }
}

// constant is a point of a series that is always the same.
func constant(name string, at float64) telemetry.Signal {
	return shopPoint(name, secondsIn(at), 7)
}

// rhythm shows an engine the series Success with its own times beside Requests,
// which carries the watermark, and returns what it said of silence.
func rhythm(e *detect.Detector, carrier, subject comes, from, to, tick float64) []incident.Anomaly {
	var found []incident.Anomaly
	for at := from; at < to; at += tick {
		came := false
		for _, s := range []struct {
			name string
			on   comes
		}{{"Requests", carrier}, {"Success", subject}} {
			if s.on(at) {
				found = append(found, e.Observe(constant(s.name, at))...)
				came = true
			}
		}
		if came {
			found = append(found, e.Advance(secondsIn(at-2))...)
		}
	}
	return silences(found)
}

func silences(all []incident.Anomaly) []incident.Anomaly {
	var out []incident.Anomaly
	for _, a := range all {
		if a.Rule == detect.RuleSilent {
			out = append(out, a)
		}
	}
	return out
}

func TestASeriesThatStopsIsMissed(t *testing.T) {
	t.Parallel()
	e := engine(detect.Balanced)
	always := every(1)
	require.Empty(t, rhythm(e, always, always.but(1000, 1003), 0, 7200, 1))
	found := rhythm(e, always, func(float64) bool { return false }, 7200, 7500, 1)
	require.Len(t, found, 1)
	a := found[0]
	require.Equal(t, incident.EpisodeOpen, a.State)
	require.Equal(t, incident.KindMetric, a.Kind)
	require.Equal(t, "checkout", a.Service)
	require.Equal(t, account, a.Account)
	require.Equal(t, []string{"payments"}, a.DependsOn)
	require.Equal(t, series("Success"), a.Series)
	require.Equal(t, "SampleCount", a.Metric.Stat)
	require.Equal(t, 1, a.Metric.Period)
	require.Equal(t, secondsIn(7200), a.Opened, "when the first point was missed")
	require.WithinDuration(t, secondsIn(7200+60), a.LastSeen, 10*time.Second)
	require.Zero(t, a.Observed)
	require.InDelta(t, 1, a.Low, 0)
	require.Equal(t, incident.Sev3, a.Severity)
	require.False(t, a.Unsure)
	require.Regexp(t, `^Success of checkout came every 1 s, at most 1 s but for once 5 s apart in the last 120 min, and has not come for 6\d s$`, a.Why.String())
	r, ok := e.Reading(series("Success"))
	require.True(t, ok)
	require.True(t, r.Anomalous)

	closed := rhythm(e, always, always, 7500, 7700, 1)
	require.Len(t, closed, 1, "it comes again, and is missed no more")
	require.Equal(t, incident.EpisodeClosed, closed[0].State)
	require.Equal(t, a.ID, closed[0].ID)
	require.Equal(t, secondsIn(7500), closed[0].Closed)
	require.Zero(t, closed[0].Observed, "what was anomalous is still told")
}

// How long a series is waited for depends on its own rhythm and its age.
func TestPatienceIsLearned(t *testing.T) {
	t.Parallel()
	missedAfter := func(s detect.Sensitivity, period, points float64) float64 {
		e := engine(s)
		end := period * points
		found := rhythm(e, every(min(period, 10)), every(period).until(end), 0, end+200*period+1000, min(period, 10))
		require.NotEmpty(t, found, "%g points each %g s", points, period)
		return found[0].LastSeen.Sub(secondsIn(end)).Seconds()
	}
	for _, c := range []struct{ period, points, least, most float64 }{
		{1, 61, 150, 200}, // as young as can be
		{1, 600, 60, 80},
		{1, 7200, 60, 65},
		{10, 2000, 60, 70},
		{60, 61, 700, 930},
		{60, 1500, 4 * 60, 6 * 60},
		{300, 1500, 4 * 300, 6 * 300},
		{3600, 200, 4 * 3600, 9 * 3600},
	} {
		got := missedAfter(detect.Balanced, c.period, c.points)
		require.GreaterOrEqual(t, got, c.least, "%g points each %g s", c.points, c.period)
		require.LessOrEqual(t, got, c.most, "%g points each %g s", c.points, c.period)
	}
	require.Less(t, missedAfter(detect.Sensitive, 60, 1000), missedAfter(detect.Balanced, 60, 1000))
	require.Less(t, missedAfter(detect.Balanced, 60, 1000), missedAfter(detect.Quiet, 60, 1000))
}

// When nothing comes at all, it is the stream that has stopped. Afterwards one
// series is the first to come again, and the others are not missed for that.
func TestAStreamThatStopsIsNoSilenceOfItsSeries(t *testing.T) {
	t.Parallel()
	for _, pause := range []float64{100, 600, 86400} {
		e := engine(detect.Balanced)
		require.Empty(t, rhythm(e, every(1), every(1), 0, 1000, 1))
		for range 100 {
			require.Empty(t, e.Advance(secondsIn(997)))
		}
		back := 1000 + pause
		late := every(1).but(0, back+30)
		require.Empty(t, rhythm(e, every(1), late, back, back+500, 1), "after %g s", pause)
		require.Len(t, rhythm(e, every(1), every(1).until(0), back+500, back+1000, 1), 1, "it is missed when the stream goes on without it")
	}
}

// Points of CloudWatch come minutes after the log lines of the same moment. The
// watermark is that of the stream.
func TestASeriesThatAlwaysComesLateIsNotMissed(t *testing.T) {
	t.Parallel()
	e := engine(detect.Balanced)
	var found []incident.Anomaly
	feed := func(from, to int, alive bool) {
		for at := from; at < to; at++ {
			found = append(found, e.Observe(constant("Requests", float64(at)))...)
			if at%60 == 0 && at > 400 && alive { // a point a minute, five minutes behind
				found = append(found, e.Observe(constant("Success", float64(at-300)))...)
			}
			found = append(found, e.Advance(secondsIn(float64(at-2)))...)
		}
	}
	feed(0, 40_000, true)
	require.Empty(t, silences(found))
	feed(40_000, 42_000, false)
	require.Len(t, silences(found), 1)
}

// When all series of a service stop at once, that is one anomaly.
func TestAServiceThatStopsIsOneAnomaly(t *testing.T) {
	t.Parallel()
	e := engine(detect.Balanced)
	names := []string{"Errors", "Success", "MemoryUsed", "Requests"}
	other := func(at float64) telemetry.Signal { return logLine(secondsIn(at), telemetry.LevelInfo, "still here") }
	var found []incident.Anomaly
	for at := 0.0; at < 1300; at++ {
		for _, name := range names {
			if at < 1000 {
				found = append(found, e.Observe(constant(name, at))...)
			}
		}
		found = append(found, e.Observe(other(at))...)
		found = append(found, e.Advance(secondsIn(at-2))...)
	}
	ids := map[string]int{}
	for _, a := range found {
		ids[a.ID] = len(a.Witnesses)
	}
	require.Len(t, ids, 1)
	for _, witnesses := range ids {
		require.Equal(t, 3, witnesses)
	}
}

func TestWhatDoesNotComeBackIsRetired(t *testing.T) {
	t.Parallel()
	e := engine(detect.Balanced)
	require.Empty(t, rhythm(e, every(10), every(10), 0, 5000, 10))
	found := rhythm(e, every(10), every(10).until(0), 5000, 5000+3*86400, 10)
	require.Len(t, found, 2)
	require.Equal(t, incident.EpisodeClosed, found[1].State)
	require.Contains(t, found[1].Why.String(), "is taken as retired")
	require.WithinDuration(t, secondsIn(5000+86400), found[1].Closed, 5*time.Minute)
}

// An engine that was restored at any time misses the same series at the same time.
func TestSilenceSurvivesARestart(t *testing.T) {
	t.Parallel()
	on := every(1).but(700, 900).but(1500, 1512).but(2000, 2300)
	whole := engine(detect.Balanced)
	want := rhythm(whole, every(1), on, 0, 3000, 1)
	require.Len(t, want, 4)
	for cut := 50.0; cut < 3000; cut += 190 {
		first := engine(detect.Balanced)
		found := rhythm(first, every(1), on, 0, cut, 1)
		second := restored(t, snapshotOf(t, first))
		found = append(found, rhythm(second, every(1), on, cut, 3000, 1)...)
		require.Equal(t, want, found, fmt.Sprint(cut))
	}
}

// When a shard cannot be read, what is on it seems to stop. That is heard of
// from whoever reads, and nobody is missed for it.
func TestWhatCannotBeReadIsNotMissed(t *testing.T) {
	t.Parallel()
	e := engine(detect.Balanced)
	always, never := every(1), every(1).until(-1)
	require.Empty(t, rhythm(e, always, always, 0, 3600, 1))
	for at := 3600.0; at < 4200; at++ {
		require.Empty(t, rhythm(e, always, never, at, at+1, 1))
		e.Unheard()
	}
	found := rhythm(e, always, never, 4200, 4400, 1)
	require.Len(t, found, 1, "it is missed when it could be heard again and is not there")
	require.WithinDuration(t, secondsIn(4260), found[0].LastSeen, 10*time.Second)
}
