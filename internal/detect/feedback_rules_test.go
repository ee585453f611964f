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

// novelty writes lines of a template never seen before until they are an
// anomaly, and returns it with how many lines that took.
func novelty(t *testing.T, e *detect.Detector, from float64) (incident.Anomaly, int) {
	t.Helper()
	for i := range 40 {
		found := e.Observe(logLine(secondsIn(from+float64(i)/2), telemetry.LevelError, fmt.Sprintf("disk %d is read-only", i)))
		for _, a := range found {
			if a.Kind == incident.KindLog {
				return a, i + 1
			}
		}
	}
	require.Fail(t, "forty new lines are no news")
	return incident.Anomaly{}, 0
}

func TestFeedbackOnWhatIsNewInALog(t *testing.T) {
	t.Parallel()
	e := engine(detect.Quiet)
	require.Empty(t, steady(e, 0, 1200))
	snapshot := snapshotOf(t, e)
	a, lines := novelty(t, e, 1200)
	require.Contains(t, a.Rule, detect.RuleLogNew+"/")
	require.GreaterOrEqual(t, a.Reached, 1.0)

	stricter := engine(detect.Quiet)
	require.NoError(t, stricter.Restore(snapshot))
	alarm := falseAlarm(1199, a, "ana")
	alarm.Feedback.Reached = 10
	stricter.Observe(alarm)
	require.Empty(t, stricter.TakeFeedback()[0].Ignored)
	b, more := novelty(t, stricter, 1200)
	require.InDelta(t, 2*lines, more, 1)
	require.Contains(t, b.Why.String(), "2 times the usual")
	// The rate of errors in the same group is another rule.
	require.Empty(t, stricter.Adjustments(5)[1:])
	r, ok := stricter.Reading(a.Series)
	require.True(t, ok)
	require.InDelta(t, 1, r.Factor, 0)
}

// burst writes so many error lines of a known template in a second.
func burst(e *detect.Detector, from float64, lines int) []incident.Anomaly {
	var found []incident.Anomaly
	for i := range lines {
		found = append(found, e.Observe(logLine(secondsIn(from+float64(i)/1000), telemetry.LevelError, fmt.Sprintf("cache miss took %d ms", i)))...)
	}
	return append(found, e.Advance(secondsIn(from+10))...)
}

func TestFeedbackOnTheRateOfErrorLines(t *testing.T) {
	t.Parallel()
	base := engine(detect.Balanced)
	require.Empty(t, steady(base, 0, 1200))
	snapshot := snapshotOf(t, base)
	smallest := func(prepare func(*detect.Detector)) (int, incident.Anomaly) {
		for n := 2; n < 10_000; n++ {
			e := restored(t, snapshot)
			prepare(e)
			if found := burst(e, 1200, n); len(found) > 0 {
				return n, found[0]
			}
		}
		require.Fail(t, "no burst is one")
		return 0, incident.Anomaly{}
	}
	n, a := smallest(nothing)
	require.Equal(t, detect.RuleLogRate, a.Rule)
	require.GreaterOrEqual(t, a.Reached, 1.0)
	more, b := smallest(func(e *detect.Detector) {
		s := falseAlarm(1199, a, "ana")
		s.Feedback.Reached = 100
		e.Observe(s)
	})
	require.Greater(t, more, n)
	require.Contains(t, b.Why.String(), "2 times the usual")
}

func TestFeedbackOnForecasts(t *testing.T) {
	t.Parallel()
	foreseen := func(factorOf telemetry.Verdict) incident.Anomaly {
		e := forecaster(1)
		leaking := steadily(leak(40, 100, 0.8), 0.5)
		require.Empty(t, watch(e, leaking, 3, 1, 0, 90))
		for i := range 3 {
			if factorOf != "" {
				e.Observe(said(90+float64(i), telemetry.Feedback{
					Series: series("MemoryUsed"), Rule: detect.RuleTrend, Verdict: factorOf, Anomaly: fmt.Sprint(i), Reached: 100,
					At: start.Add(time.Duration(i) * 24 * time.Hour), By: "ana",
				}))
			}
		}
		found := watch(e, leaking, 3, 1, 90, 300)
		require.NotEmpty(t, found)
		return found[0]
	}
	usual, late := foreseen(""), foreseen(telemetry.FalseAlarm)
	require.Less(t, late.Forecast.Seconds, usual.Forecast.Seconds, "it speaks when the limit is nearer")
	require.Positive(t, late.Forecast.Seconds)
	require.GreaterOrEqual(t, usual.Reached, 1.0)
	require.Contains(t, late.Why.String(), "4 times the usual")
	early := foreseen(telemetry.Missed)
	require.GreaterOrEqual(t, early.Forecast.Seconds, usual.Forecast.Seconds)
}

// A factor is worked out once a day of event time, not for every point.
func TestFeedbackCostsAPointNothing(t *testing.T) {
	e := restored(t, knowing(t))
	second := healthyFor
	observe := func() {
		e.Observe(errorsAt(second, 5))
		second++
	}
	cost := func() float64 { return testing.AllocsPerRun(200, observe) }
	before := cost()
	for i := range 8 {
		e.Observe(missed(float64(second), time.Duration(i)*24*time.Hour, "ana"))
	}
	require.InDelta(t, before, cost(), 0.5, "allocations a point")
}

func TestFeedbackOnASeriesThatStops(t *testing.T) {
	t.Parallel()
	e := engine(detect.Balanced)
	always, never := every(1), every(1).until(-1)
	require.Empty(t, rhythm(e, always, always, 0, 3600, 1))
	snapshot := snapshotOf(t, e)
	silentFor := func(prepare func(*detect.Detector)) (float64, incident.Anomaly) {
		e := restored(t, snapshot)
		prepare(e)
		for at := 3600.0; at < 7200; at++ {
			if found := rhythm(e, always, never, at, at+1, 1); len(found) > 0 {
				return at - 3600, found[0]
			}
		}
		require.Fail(t, "it is not missed")
		return 0, incident.Anomaly{}
	}
	usual, a := silentFor(nothing)
	require.GreaterOrEqual(t, a.Reached, 0.99)
	longer, b := silentFor(func(e *detect.Detector) {
		s := falseAlarm(3600, a, "ana")
		s.Feedback.Reached = 9
		e.Observe(s)
		require.Empty(t, e.TakeFeedback()[0].Ignored)
	})
	require.InDelta(t, 2*usual, longer, 0.1*usual+5)
	require.Contains(t, b.Why.String(), "2 times the usual")
	require.Contains(t, b.Why.String(), "1 false alarm, the latest by ana")
}

// Values of a metric are judged in more ways than one. For people that is one
// threshold.
func TestFeedbackMovesWhateverJudgesTheValuesOfAMetric(t *testing.T) {
	t.Parallel()
	for _, rule := range []string{"", detect.RuleLevel, detect.RuleEvidence} {
		e := restoredWith(t, knowing(t), said(healthyFor, telemetry.Feedback{Rule: rule, Verdict: telemetry.Missed, At: start, By: "ana"}))
		require.Equal(t, detect.RuleLevel, e.Adjustments(1)[0].Rule)
		e.Observe(errorsAt(healthyFor+1, 5))
		r, ok := e.Reading(series("Errors"))
		require.True(t, ok)
		require.InDelta(t, 0.8, r.Factor, 0.01)
	}
}

// Keys that are too long to keep are cut by the engine; feedback on what an
// anomaly or a producer calls the series means the same.
func TestFeedbackOnASeriesOfALongName(t *testing.T) {
	t.Parallel()
	e := engine(detect.Balanced)
	s := logLine(start, telemetry.LevelInfo, "hello")
	s.Series += strings.Repeat("x", 1500)
	e.Observe(s)
	e.Observe(said(1, telemetry.Feedback{Series: s.Series, Verdict: telemetry.Missed, At: start, By: "ana"}))
	e.Observe(said(2, telemetry.Feedback{Series: e.Adjustments(1)[0].Series, Verdict: telemetry.Missed, At: start, By: "ben"}))
	require.Equal(t, 2, e.Adjustments(1)[0].Missed)
	require.Empty(t, e.Adjustments(5)[1:])
}
