package capacity

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/detect"
	"firebreak/internal/detect/backtest"
)

type plain struct{}

func (plain) Redact(raw string) string { return raw }

// TestForecastsByKind holds what forecasts are worth on every kind of series:
// the least share of the crossings that are foreseen, the least middle lead in
// points, and the most false forecasts, over three seeds of every period.
func TestForecastsByKind(t *testing.T) {
	t.Parallel()
	const seeds = 3
	want := map[string]struct {
		foreseen float64
		lead     float64
		wrong    int
	}{
		"fast leak":                         {foreseen: 1, lead: 40},
		"leak":                              {foreseen: 0.95, lead: 50, wrong: 1},
		"slow leak":                         {foreseen: 0.95, lead: 200, wrong: 1},
		"leak under a collector":            {foreseen: 0.7, lead: 40, wrong: 4},
		"queue that nobody works off":       {foreseen: 0.9, lead: 40, wrong: 4},
		"disk that fills steadily":          {foreseen: 0.6, lead: 40},
		"disk that is not cleaned any more": {foreseen: 1, lead: 50},
		// Their peaks are only a little higher every day: that is not foreseen.
		"days that grow": {wrong: 12},
		// An hour that is busier than the others looks like them until it is over.
		"quota of a busy hour": {wrong: 1},
		"jumps":                {},
		"walk":                 {wrong: 6},
		"queue with bursts":    {wrong: 4},
		"steps":                {wrong: 1},
	}
	for _, k := range Kinds() {
		t.Run(k.Name, func(t *testing.T) {
			t.Parallel()
			var all []backtest.Result
			var leads []float64 // in points
			for _, p := range Periods() {
				results := Run(k, p, seeds, detect.Balanced, plain{})
				for _, r := range results {
					require.NotZero(t, r.Points)
					for _, c := range r.Crossings {
						if c.Outcome == backtest.Foreseen {
							leads = append(leads, c.Lead/p.Step.Seconds())
						}
					}
				}
				all = append(all, results...)
			}
			s := backtest.Summarise(all...)
			t.Logf("%d of %d foreseen, %d of %d forecasts false", s.Foreseen, s.Crossings, s.False, s.Forecasts)
			bound := want[k.Name]
			require.LessOrEqual(t, s.False, bound.wrong, "false forecasts")
			if !k.Reaches {
				require.Zero(t, s.Crossings, "the generator is to stay below its limit")
				return
			}
			require.NotZero(t, s.Crossings, "the generator is to reach its limit")
			require.GreaterOrEqual(t, float64(s.Foreseen), bound.foreseen*float64(s.Crossings), "foreseen")
			if bound.foreseen > 0 {
				slices.Sort(leads)
				require.GreaterOrEqual(t, leads[len(leads)/2], bound.lead, "lead in points")
				require.Less(t, *s.ErrorMedian, 0.25, "told time")
			}
		})
	}
}

func TestSeriesAreTheSameEveryTime(t *testing.T) {
	t.Parallel()
	for _, k := range Kinds() {
		p := Period{Step: time.Minute, Points: 3000}
		var first, second []float64
		k.Each(p, 3, func(_ time.Time, v float64) { first = append(first, v) })
		k.Each(p, 3, func(_ time.Time, v float64) { second = append(second, v) })
		require.Equal(t, first, second, k.Name)
	}
}
