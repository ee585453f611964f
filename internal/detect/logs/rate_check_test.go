package logs

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestARateIsNeverRefused: whatever is counted, it can be read back.
func TestARateIsNeverRefused(t *testing.T) {
	t.Parallel()
	for name, count := range map[string]func(random *rand.Rand, m int64) float64{
		"nothing":   func(*rand.Rand, int64) float64 { return 0 },
		"usual":     func(random *rand.Rand, _ int64) float64 { return chance(random, 4) },
		"very many": func(random *rand.Rand, _ int64) float64 { return random.Float64() * math.MaxUint32 },
		"in turn":   func(_ *rand.Rand, m int64) float64 { return math.MaxUint32 * float64(m/300%2) },
		"hours":     func(random *rand.Rand, m int64) float64 { return 1000 * float64(m/60%3) * chance(random, 1) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(3, 3))
			ask := asks(quiet, &sensitiveBars, 1)
			var r Rate
			for m := range int64(3 * dayMinutes) {
				r.Minute(m, count(random, m), chance(random, 20), ask)
				require.NoError(t, r.check(), "%+v", r)
			}
		})
	}
}

// TestOddRatesAreRefused: what makes what is expected no number.
func TestOddRatesAreRefused(t *testing.T) {
	t.Parallel()
	nan, huge := math.NaN(), math.Inf(1)
	for name, r := range map[string]Rate{
		"an hour that is none":        {Hours: &hours{Now: -1}},
		"a mean of an hour":           {Hours: &hours{Mean: [24]float32{3: float32(nan)}}},
		"a negative mean of an hour":  {Hours: &hours{Mean: [24]float32{3: -1}}},
		"a sum of an hour":            {Hours: &hours{Sum: float32(huge)}},
		"minutes of an hour":          {Hours: &hours{N: -1}},
		"a negative level":            {Hour: level{Own: -1}},
		"a level that is too high":    {Day: level{Rest: 1e14}},
		"a share of minutes":          {Busy: float32(nan)},
		"the last minutes":            {Lately: nan},
		"a burst":                     {Bursts: [2]burst{{Nats: float32(huge)}}},
		"a burst that is held":        {Held: burst{Short: float32(nan)}},
		"a stretch of no minutes":     {Runs: [turns]run{{Sum: 1}}},
		"a stretch of all minutes":    {Runs: [turns]run{{Sum: 1, Minutes: math.MaxInt64}}},
		"fewer than no events":        {Runs: [turns]run{{Sum: 1, Minutes: 1, Due: -1}}},
		"the last of a stretch":       {Runs: [turns]run{{Window: nan}}},
		"the most of a stretch":       {Runs: [turns]run{{Most: nan}}},
		"how a stretch bursts":        {Runs: [turns]run{{Burst: burst{Top: float32(nan)}}}},
		"more than one minute has":    {Waits: lesson{Minutes: 1, Own: 1e14}},
		"fewer lines than none":       {Waits: lesson{Minutes: 1, Rest: -1}},
		"the mean of an episode":      {Episode: &rateEpisode{Mean: nan}},
		"the end of an episode":       {Episode: &rateEpisode{Back: huge}},
		"evidence of an episode":      {Episode: &rateEpisode{Reached: nan}},
		"what was before an episode":  {Episode: &rateEpisode{Usual: [2]level{{}, {Own: -1}}}},
		"an episode of no way":        {Episode: &rateEpisode{Turn: turns}},
		"more minutes than there are": {Minutes: math.MaxInt64},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.ErrorIs(t, r.check(), errOdd)
		})
	}
	require.NoError(t, (&Rate{Hours: &hours{}, Episode: &rateEpisode{}}).check())
}
