package backtest

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/detect"
)

var start = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

type plain struct{}

func (plain) Redact(raw string) string { return raw }

func options() Options {
	return Options{Limit: 100, Sensitivity: detect.Balanced, Redactor: plain{}}
}

// play replays a function of the second.
func play(from, to int, value func(second float64) float64) Result {
	r := New("orders", "queue", options())
	for i := from; i < to; i++ {
		r.Observe(start.Add(time.Duration(i)*time.Second), value(float64(i)))
	}
	return r.Result()
}

// wobble is noise that is the same every time.
func wobble(at float64) float64 { return 0.5 * math.Sin(at*1.7) * math.Sin(at*0.31) }

func TestACrossingCountsOnceUntilTheSeriesIsBack(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		values []float64
		want   []int
	}{
		"never":                   {[]float64{1, 99.9, 50}, nil},
		"reached":                 {[]float64{1, 99, 100, 101, 102}, []int{2}},
		"begins above":            {[]float64{101, 102, 50, 60, 70, 101}, []int{5}},
		"begins near":             {[]float64{98, 100}, []int{1}},
		"wavers":                  {[]float64{1, 100, 99, 100, 94, 94, 100, 94, 99, 94, 94, 101}, []int{1}},
		"comes back and again":    {[]float64{1, 100, 94, 94, 94, 100}, []int{1, 5}},
		"a long time in the dark": {[]float64{1, 100, 94, 94, 94, 99, 99, 99, 100}, []int{1, 8}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := watch{limit: 100}
			var got []int
			for i, v := range tc.values {
				if w.reached(v) {
					got = append(got, i)
				}
			}
			require.Equal(t, tc.want, got)
		})
	}
}

func TestALeakIsForeseenInTime(t *testing.T) {
	t.Parallel()
	r := play(0, 420, func(at float64) float64 { return 30 + wobble(at) + 0.25*max(0, at-120) })
	s := Summarise(r)
	require.Len(t, r.Crossings, 1)
	require.Equal(t, Foreseen, r.Crossings[0].Outcome)
	require.Len(t, r.Forecasts, 1)
	f := r.Forecasts[0]
	require.Equal(t, True, f.Outcome)
	require.Equal(t, r.Crossings[0].Forecast, f.ID)
	require.InDelta(t, r.Crossings[0].At.Sub(f.Told).Seconds(), r.Crossings[0].Lead, 1e-9)
	require.Equal(t, 1, s.Crossings)
	require.Equal(t, 1, s.Foreseen)
	require.Zero(t, s.False)
	require.Greater(t, *s.LeadMedian, 100.0)
	require.Less(t, *s.ErrorMedian, 0.3)
	require.Contains(t, f.Why, "reaches its limit of 100")
}

func TestAClimbThatIsFixedIsFalse(t *testing.T) {
	t.Parallel()
	climb := func(at float64) float64 { return 30 + wobble(at) + 0.25*max(0, at-120) }
	fixed := func(at float64) float64 {
		if at > 330 {
			return 30 + wobble(at)
		}
		return climb(at)
	}
	require.Equal(t, False, play(0, 2000, fixed).Forecasts[0].Outcome)
	short := play(0, 345, fixed)
	require.Equal(t, Undecided, short.Forecasts[0].Outcome, "its time is not over")
	require.Equal(t, 1, Summarise(short).Undecided)
}

func TestAJumpIsMissedAndAPlateauSaysNothing(t *testing.T) {
	t.Parallel()
	jump := play(0, 600, func(at float64) float64 { return 40 + wobble(at) + 70*math.Floor(min(1, at/300)) })
	require.Equal(t, []Crossing{{At: start.Add(300 * time.Second), Value: jump.Crossings[0].Value, Outcome: Missed}}, jump.Crossings)
	require.Empty(t, jump.Forecasts)
	require.Nil(t, Summarise(jump).LeadMedian)
}

func TestTheSameTroubleCrossesOnce(t *testing.T) {
	t.Parallel()
	// At the limit it is cut to ninety and climbs again, in the same episode.
	value := func(at float64) float64 {
		climb := 30 + 0.25*max(0, at-120)
		return wobble(at) + climb - 12*math.Floor(max(0, climb-90)/12)
	}
	r := play(0, 600, value)
	s := Summarise(r)
	require.Positive(t, s.Repeated)
	require.Equal(t, len(r.Crossings), s.Crossings+s.Repeated)
}

func TestLateValuesHaveNoEffect(t *testing.T) {
	t.Parallel()
	r := New("orders", "queue", options())
	require.True(t, r.Observe(start, 1))
	require.False(t, r.Observe(start, 200))
	require.False(t, r.Observe(start.Add(-time.Second), 200))
	got := r.Result()
	require.Equal(t, 1, got.Points)
	require.Equal(t, 2, got.Late)
	require.Empty(t, got.Crossings)
}
