package detect_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/detect"
	"firebreak/internal/telemetry"
)

// What cannot be counted with is refused, counted, and leaves no trace: the
// engine's state is what it was, byte for byte.
func TestHostilePointsLeaveNoTrace(t *testing.T) {
	t.Parallel()
	point := func(f func(s *telemetry.Signal)) telemetry.Signal {
		s := constant("Requests", 100)
		f(&s)
		return s
	}
	value := func(v float64) func(*telemetry.Signal) {
		return func(s *telemetry.Signal) { s.Metric.Sum = v }
	}
	at := func(t time.Time) func(*telemetry.Signal) {
		return func(s *telemetry.Signal) { s.Time = t }
	}
	for name, c := range map[string]struct {
		s    telemetry.Signal
		want detect.Stats
	}{
		"NaN":               {point(value(math.NaN())), detect.Stats{Invalid: 1}},
		"infinity":          {point(value(math.Inf(1))), detect.Stats{Invalid: 1}},
		"minus infinity":    {point(value(math.Inf(-1))), detect.Stats{Invalid: 1}},
		"1e308":             {point(value(1e308)), detect.Stats{Invalid: 1}},
		"negative count":    {point(func(s *telemetry.Signal) { s.Metric.Count = -1 }), detect.Stats{Invalid: 1}},
		"a count of NaN":    {point(func(s *telemetry.Signal) { s.Metric.Count = math.NaN() }), detect.Stats{Invalid: 1}},
		"no time":           {point(at(time.Time{})), detect.Stats{Invalid: 1}},
		"year 1":            {point(at(time.Date(1, 2, 3, 0, 0, 0, 0, time.UTC))), detect.Stats{Invalid: 1}},
		"year 9999":         {point(at(time.Date(9999, 2, 3, 0, 0, 0, 0, time.UTC))), detect.Stats{Invalid: 1}},
		"year -5000":        {point(at(time.Date(-5000, 2, 3, 0, 0, 0, 0, time.UTC))), detect.Stats{Invalid: 1}},
		"no content":        {point(func(s *telemetry.Signal) { s.Metric = nil }), detect.Stats{Invalid: 1}},
		"a log of nothing":  {telemetry.Signal{Kind: telemetry.KindLog, Time: secondsIn(100)}, detect.Stats{Invalid: 1}},
		"an empty alarm":    {telemetry.Signal{Kind: telemetry.KindAlarm, Time: secondsIn(100)}, detect.Stats{Invalid: 1}},
		"an empty event":    {telemetry.Signal{Kind: telemetry.KindEvent, Time: secondsIn(100)}, detect.Stats{Invalid: 1}},
		"no kind":           {telemetry.Signal{Time: secondsIn(100)}, detect.Stats{}},
		"the same again":    {constant("Requests", 99), detect.Stats{Duplicates: 1}},
		"time backwards":    {constant("Requests", 50), detect.Stats{Late: 1}},
		"of no service":     {point(func(s *telemetry.Signal) { s.Series, s.Service = "x", "unassigned" }), detect.Stats{Unwatched: 1}},
		"empty dimensions":  {point(func(s *telemetry.Signal) { s.Series, s.Metric.Dimensions = "x", map[string]string{"": ""} }), detect.Stats{Unwatched: 1}},
		"no dimensions":     {point(func(s *telemetry.Signal) { s.Series, s.Metric.Dimensions = "x", nil }), detect.Stats{Unwatched: 1}},
		"another time zone": {point(at(secondsIn(99).In(time.FixedZone("", 7200)))), detect.Stats{Duplicates: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := engine(detect.Balanced)
			for at := range 100 {
				e.Observe(constant("Requests", float64(at)))
				e.Advance(secondsIn(float64(at - 2)))
			}
			before := snapshotOf(t, e)
			was := e.Stats()
			require.Empty(t, e.Observe(c.s))
			require.Equal(t, before, snapshotOf(t, e))
			is := e.Stats()
			require.Equal(t, c.want, detect.Stats{
				Invalid: is.Invalid - was.Invalid, Late: is.Late - was.Late, Duplicates: is.Duplicates - was.Duplicates,
				Unwatched: is.Unwatched - was.Unwatched,
			})
			for _, mark := range []time.Time{{}, time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), secondsIn(-1e9)} {
				require.Empty(t, e.Advance(mark))
			}
			require.Equal(t, before, snapshotOf(t, e))
		})
	}
}

// The extremes that can be counted with give numbers, in whatever order.
func TestExtremeValuesGiveNumbers(t *testing.T) {
	t.Parallel()
	extremes := []float64{0, math.Copysign(0, -1), 5e-324, -5e-324, 1e-300, 1e100, -1e100, 1, 1e15, 1e15 + 1}
	for i, first := range extremes {
		for j, second := range extremes {
			t.Run(fmt.Sprint(first, " ", second), func(t *testing.T) {
				t.Parallel()
				for _, s := range []detect.Sensitivity{detect.Sensitive, detect.Quiet} {
					e := engine(s)
					for at := range 400 {
						now, v := secondsIn(float64(at)), first
						if at%(7+i) == 3 || at > 200+j {
							v = second
						}
						for _, name := range fuzzedMetrics {
							for _, a := range e.Observe(shopPoint(name, now, v)) {
								finite(t, a)
							}
							if r, ok := e.Reading(series(name)); ok && at%10 == 0 {
								sound(t, r)
							}
						}
						for _, a := range e.Advance(now) {
							finite(t, a)
						}
					}
					raw := snapshotOf(t, e)
					require.Empty(t, detect.Odd(t, raw))
					require.NoError(t, e.Restore(raw))
				}
			})
		}
	}
}
