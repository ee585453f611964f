package detect_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/detect"
	"firebreak/internal/incident"
	"firebreak/internal/telemetry"
)

// errorsAt is a point of the shop's errors.
func errorsAt(second int, n float64) telemetry.Signal {
	return shopPoint("Errors", secondsIn(float64(second)), n)
}

const healthyFor = 600 // seconds

// knowing is the snapshot of an engine that has watched the errors while they
// were healthy.
func knowing(t *testing.T) []byte {
	t.Helper()
	e, rng := engine(detect.Balanced), rand.New(rand.NewPCG(5, 5))
	for i := range healthyFor {
		require.Empty(t, e.Observe(errorsAt(i, float64(poisson(rng, 5)))))
	}
	e.Advance(secondsIn(healthyFor - 2))
	return snapshotOf(t, e)
}

// trouble plays half a minute of so many errors a second and a healthy minute
// and a half after it, and returns the episode as it was last told.
func trouble(e *detect.Detector, from int, n float64) (last incident.Anomaly, opened bool) {
	rng := rand.New(rand.NewPCG(uint64(from), 9))
	for i := range 120 {
		value := float64(poisson(rng, 5))
		if i < 30 {
			value = n
		}
		for _, a := range e.Observe(errorsAt(from+i, value)) {
			last, opened = a, true
		}
	}
	return last, opened
}

// least is the smallest trouble that opens an episode after what prepare did.
func least(t *testing.T, snapshot []byte, from int, prepare func(*detect.Detector)) (float64, incident.Anomaly) {
	t.Helper()
	for n := 6.0; n < 1e6; n = math.Ceil(n * 1.1) {
		e := restored(t, snapshot)
		prepare(e)
		if a, opened := trouble(e, from, n); opened {
			return n, a
		}
	}
	require.Fail(t, "no trouble opens an episode")
	return 0, incident.Anomaly{}
}

var nothing = func(*detect.Detector) {}

// said makes feedback that is given at a second.
func said(second float64, f telemetry.Feedback) telemetry.Signal {
	if f.ID == "" {
		f.ID = fmt.Sprintf("%v/%s/%s/%s/%v", second, f.Verdict, f.By, f.Anomaly, f.At)
	}
	if f.Series == "" {
		f.Series = series("Errors")
	}
	return telemetry.Signal{
		Kind: telemetry.KindFeedback, Series: account + "/" + region + "/feedback/" + f.Series, Time: secondsIn(second), Account: account, Region: region,
		Key: "feedback\x00" + f.ID, Feedback: &f,
	}
}

// falseAlarm is what somebody says of an episode.
func falseAlarm(second float64, a incident.Anomaly, by string) telemetry.Signal {
	return said(second, telemetry.Feedback{
		Series: a.Series, Rule: a.Rule, Verdict: telemetry.FalseAlarm, Anomaly: a.ID, Reached: a.Reached, At: a.Opened, By: by,
	})
}

// missed says that there was trouble so many minutes before.
func missed(second float64, ago time.Duration, by string) telemetry.Signal {
	return said(second, telemetry.Feedback{Verdict: telemetry.Missed, At: secondsIn(second).Add(-ago), By: by})
}

func TestAFalseAlarmIsNotRaisedAgain(t *testing.T) {
	t.Parallel()
	snapshot := knowing(t)
	n, a := least(t, snapshot, healthyFor, nothing)
	require.GreaterOrEqual(t, a.Reached, 1.0)
	require.Less(t, a.Reached, 2/1.1, "the smallest one that opens is near the threshold")
	require.Empty(t, a.Feedback)

	e := restored(t, snapshot)
	require.Empty(t, e.Observe(falseAlarm(healthyFor, a, "ana@example.com")), "feedback opens nothing")
	require.InDelta(t, a.Reached*1.1, factor(t, e), 1e-9)
	_, opened := trouble(e, healthyFor+1, n)
	require.False(t, opened, "%v errors a second, factor %v", n, factor(t, e))

	worse, opened := trouble(restoredWith(t, snapshot, falseAlarm(healthyFor, a, "ana@example.com")), healthyFor+1, 4*n)
	require.True(t, opened)
	require.Contains(t, worse.Why.String(), "times the usual since 2026-03-01: 1 false alarm, the latest by ana@example.com")
	require.Contains(t, worse.Why.String(), worse.Feedback.String())

	// The band that is shown is the one that is meant.
	reading, ok := e.Reading(series("Errors"))
	require.True(t, ok)
	before, ok := restored(t, snapshot).Reading(series("Errors"))
	require.True(t, ok)
	require.Greater(t, reading.High, before.High)
	require.InDelta(t, 1, before.Factor, 0)
	require.InDelta(t, a.Reached*1.1, reading.Factor, 1e-9)
}

func restoredWith(t *testing.T, snapshot []byte, signals ...telemetry.Signal) *detect.Detector {
	t.Helper()
	e := restored(t, snapshot)
	for _, s := range signals {
		e.Observe(s)
	}
	return e
}

// factor is that of the first adjustment, or 1.
func factor(t *testing.T, e *detect.Detector) float64 {
	t.Helper()
	for _, a := range e.Adjustments(1) {
		return a.Factor
	}
	return 1
}

func TestAMissMakesASeriesSpeakSooner(t *testing.T) {
	t.Parallel()
	snapshot := knowing(t)
	before, _ := least(t, snapshot, healthyFor+5, nothing)
	after, a := least(t, snapshot, healthyFor+5, func(e *detect.Detector) {
		for i := range 4 {
			e.Observe(missed(healthyFor+float64(i), time.Duration(i)*24*time.Hour, "ben"))
		}
		require.InDelta(t, 0.5, factor(t, e), 1e-9)
	})
	require.Less(t, after, before)
	require.Contains(t, a.Why.String(), "0.5 times the usual since 2026-03-01: 4 missed, the latest by ben")
}

// A verdict counts from the event time at which it was given, so that a replay,
// in which it may be read earlier or later, judges as the live engine did.
func TestFeedbackCountsFromTheTimeItWasGiven(t *testing.T) {
	t.Parallel()
	snapshot := knowing(t)
	n, a := least(t, snapshot, healthyFor, nothing)
	e := restoredWith(t, snapshot, falseAlarm(healthyFor+300, a, "ana"))
	early, opened := trouble(e, healthyFor, n)
	require.True(t, opened)
	require.Empty(t, early.Feedback)
	rng := rand.New(rand.NewPCG(6, 6))
	for i := 120; i < 300; i++ {
		e.Observe(errorsAt(healthyFor+i, float64(poisson(rng, 5))))
	}
	_, opened = trouble(e, healthyFor+300, n)
	require.False(t, opened)
}

func TestHowVerdictsAddUp(t *testing.T) {
	t.Parallel()
	snapshot := knowing(t)
	alarm := func(at float64, reached float64, by string) telemetry.Signal {
		return said(at, telemetry.Feedback{Verdict: telemetry.FalseAlarm, Anomaly: fmt.Sprint("a-", at), Reached: reached, At: start, By: by})
	}
	miss := func(at float64) telemetry.Signal { return missed(at, time.Duration(at)*100*time.Hour, "ana") }
	reset := said(50, telemetry.Feedback{Verdict: telemetry.Reset, At: start, By: "ana"})
	type signals = []telemetry.Signal
	tests := map[string]struct {
		said   signals
		factor float64
	}{
		"just above what it reached":         {signals{alarm(1, 1.2, "ana")}, 1.32},
		"at most doubled":                    {signals{alarm(1, 50, "ana")}, 2},
		"a second one doubles again":         {signals{alarm(1, 50, "ana"), alarm(2, 50, "ana")}, 4},
		"never beyond four times":            {signals{alarm(1, 50, "ana"), alarm(2, 50, "ana"), alarm(3, 1e300, "ana"), alarm(4, 50, "ben")}, 4},
		"a quarter when nobody knows":        {signals{alarm(1, 0, "ana")}, 1.25},
		"never lowered by a small one":       {signals{alarm(1, 1.5, "ana"), alarm(2, 1.1, "ana")}, 1.65},
		"a fifth lower":                      {signals{miss(1)}, 0.8},
		"never below half":                   {signals{miss(1), miss(2), miss(3), miss(4), miss(5), miss(6)}, 0.5},
		"a miss halves what was raised":      {signals{alarm(1, 50, "ana"), alarm(2, 50, "ana"), miss(3)}, 2},
		"and not below the usual":            {signals{alarm(1, 1.2, "ana"), miss(3)}, 1},
		"a false alarm after a miss":         {signals{miss(1), alarm(2, 1, "ana")}, 1.1},
		"a reset":                            {signals{alarm(1, 50, "ana"), alarm(2, 50, "ana"), reset}, 1},
		"counts anew after a reset":          {signals{alarm(1, 50, "ana"), reset, miss(60)}, 0.8},
		"delivered again":                    {signals{alarm(1, 50, "ana"), alarm(1, 50, "ana"), alarm(1, 50, "ana")}, 2},
		"the same person on the same alarm":  {signals{alarm(1, 50, "ana"), again(alarm(1, 50, "ana"), 9)}, 2},
		"another person on the same alarm":   {signals{alarm(1, 50, "ana"), again(alarm(1, 50, "ben"), 9)}, 4},
		"who agree that it reached so far":   {signals{alarm(1, 1.2, "ana"), again(alarm(1, 1.2, "ben"), 9)}, 1.32},
		"the same person on the same misses": {signals{miss(1), missed(9, 100*time.Hour, "ana")}, 0.8},
		"the same one again after a reset":   {signals{alarm(1, 50, "ana"), reset, again(alarm(1, 50, "ana"), 60)}, 2},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.InDelta(t, tt.factor, factor(t, restoredWith(t, snapshot, tt.said...)), 0.01)
			// The order in which they arrive does not matter.
			for i := range 5 {
				shuffled := append(signals{}, tt.said...)
				rand.New(rand.NewPCG(uint64(i), 1)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
				require.InDelta(t, tt.factor, factor(t, restoredWith(t, snapshot, shuffled...)), 0.01, "%d", i)
			}
		})
	}
}

// again is the same feedback, given once more later in an event of its own.
func again(s telemetry.Signal, second float64) telemetry.Signal {
	f := *s.Feedback
	f.ID += "/again"
	s.Feedback, s.Time = &f, secondsIn(second)
	return s
}

func TestFeedbackFades(t *testing.T) {
	t.Parallel()
	e := restoredWith(t, knowing(t), said(healthyFor, telemetry.Feedback{
		Verdict: telemetry.FalseAlarm, Anomaly: "a", Reached: 50, At: start, By: "ana",
	}))
	for days, want := range map[int]float64{0: 2, 90: math.Sqrt2, 180: math.Pow(2, 0.25), 700: 1} {
		later := restored(t, snapshotOf(t, e))
		now := secondsIn(healthyFor).Add(time.Duration(days) * 24 * time.Hour)
		later.Advance(now)
		require.InDelta(t, want, factor(t, later), 0.01, "after %d days", days)
		later.Observe(shopPoint("Errors", now.Add(time.Second), 5))
		reading, ok := later.Reading(series("Errors"))
		require.True(t, ok)
		require.InDelta(t, want, reading.Factor, 0.01, "after %d days", days)
	}
}
