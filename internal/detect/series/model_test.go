package series_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/internal/detect/series"
)

const period = 300 // seconds

// noisy is a healthy series: a daily shape and noise.
func noisy(seed uint64) func(i int) float64 {
	r := rand.New(rand.NewPCG(seed, 1))
	return func(i int) float64 {
		return 100 + 20*math.Sin(2*math.Pi*float64(i*period)/86400) + 3*r.NormFloat64()
	}
}

// run feeds points and returns the evidence in multiples of the bar, 0 before
// the model is mature.
func run(m *series.Model, from, n int, value func(i int) float64) []float64 {
	out := make([]float64, n)
	for i := range n {
		e := m.Observe(int64(from+i)*period, value(from+i))
		if m.N >= series.Mature {
			out[i] = e / m.Bar(0)
		}
	}
	return out
}

func most(of []float64) float64 {
	high := 0.0
	for _, v := range of {
		high = max(high, v)
	}
	return high
}

const days10 = 10 * 86400 / period

func TestWaysOfBeingUnusual(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		trouble func(usual func(int) float64, i int) float64 // i counts from its beginning
		points  int                                          // in which it has to be found
		channel series.Channel
	}{
		"a spike":                   {func(u func(int) float64, i int) float64 { return u(i) + 80 }, 1, series.Step},
		"a level that has shifted":  {func(u func(int) float64, i int) float64 { return u(i) + 40 }, 12, -1},
		"a value that got stuck":    {func(func(int) float64, int) float64 { return 100 }, 60, series.Stuck},
		"more noise":                {func(u func(int) float64, i int) float64 { return u(i) + 25*float64(i%2*2-1) }, 12, -1},
		"nothing comes in":          {func(func(int) float64, int) float64 { return 0 }, 2, -1},
		"the night shape at noon":   {func(u func(int) float64, i int) float64 { return 200 - u(i) }, 36, -1},
		"a slow drift of a few day": {func(u func(int) float64, i int) float64 { return u(i) + 0.15*float64(i) }, 400, -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(5) {
				var m series.Model
				usual := noisy(seed)
				run(&m, 0, days10, usual)
				found := run(&m, days10, tc.points, func(i int) float64 {
					return tc.trouble(func(int) float64 { return usual(i) }, i-days10)
				})
				require.GreaterOrEqual(t, most(found), 1.0, "seed %d", seed)
				if tc.points == 1 {
					require.Equal(t, tc.channel, m.Strongest())
				}
			}
		})
	}
}

func TestAHealthySeriesHasLittleEvidence(t *testing.T) {
	t.Parallel()
	over := 0
	for seed := range uint64(20) {
		var m series.Model
		for _, v := range run(&m, 0, days10, noisy(seed)) {
			if v >= 2 {
				over++
			}
		}
	}
	require.LessOrEqual(t, over, 20*days10/500, "of %d points", 20*days10)
}

func TestANewLevelIsAdopted(t *testing.T) {
	t.Parallel()
	var m series.Model
	usual := noisy(1)
	run(&m, 0, days10, usual)
	shifted := func(i int) float64 { return usual(i) + 60 }
	require.GreaterOrEqual(t, most(run(&m, days10, 12, shifted)), 1.0)
	later := run(&m, days10+12, days10, shifted)
	require.Less(t, most(later[days10/2:]), 1.5, "after five days it is how the series is")
}

func TestAConstantSeriesIsSilentAndItsFirstTremorIsNot(t *testing.T) {
	t.Parallel()
	for _, value := range []float64{0, 1, 1e-300, -7, 1e100} {
		var m series.Model
		require.Zero(t, most(run(&m, 0, days10, func(int) float64 { return value })))
		require.GreaterOrEqual(t, most(run(&m, days10, 1, func(int) float64 { return value/2 + 1 })), 1.0)
	}
}

func TestTheUnitOfASeriesDoesNotMatter(t *testing.T) {
	t.Parallel()
	for _, unit := range []float64{0x1p-40, 0x1p-10, 0x1p20, 0x1p60} {
		var a, b series.Model
		one, other := noisy(3), noisy(3)
		first := run(&a, 0, days10, one)
		second := run(&b, 0, days10, func(i int) float64 { return unit * other(i) })
		for i := range first {
			require.InDelta(t, first[i], second[i], 1e-3, "point %d in units of %g", i, unit)
		}
	}
}

func TestNoInputMakesAModelSayNonsense(t *testing.T) {
	t.Parallel()
	values := []float64{0, math.Copysign(0, -1), 1e100, -1e100, 1e-308, 5e-324, 1, -1, 1e99, math.Pi}
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 4))
		var m series.Model
		at := int64(r.IntN(1e9)) - 5e8
		for range 2000 {
			at += int64(r.ExpFloat64() * 4000)
			m.Observe(at, values[r.IntN(len(values))])
			level, reach := m.Expected(at)
			for _, v := range []float64{m.Evidence, m.Bar(1e5), m.Most(), m.Score(), m.Chance(), level, reach} {
				require.False(t, math.IsNaN(v) || math.IsInf(v, 0), "%+v", m)
			}
			require.True(t, m.Score() >= 0 && m.Score() < 1)
			require.True(t, m.Chance() > 0 && m.Chance() <= 1)
		}
		raw, err := m.MarshalBinary()
		require.NoError(t, err)
		var again series.Model
		require.NoError(t, again.UnmarshalBinary(raw), "what a model wrote can be read")
	}
}

func TestAYoungSeriesNeedsMore(t *testing.T) {
	t.Parallel()
	bar := func(n int64) float64 { return (&series.Model{N: n}).Bar(0) }
	require.Greater(t, bar(30), bar(60))
	require.Greater(t, bar(60), bar(300))
	require.Greater(t, bar(5000), bar(2000), "and one that chance has had long to play with")
	require.InEpsilon(t, bar(20000)/(1+20.0/20000), bar(1_000_000)/(1+20.0/1_000_000), 1e-12, "up to a limit")
}
