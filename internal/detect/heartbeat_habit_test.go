package detect_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/detect"
	"firebreak/internal/incident"
)

func TestWhatComesAndGoesIsNotMissed(t *testing.T) {
	t.Parallel()
	const hour, day = 3600.0, 86400.0
	rng := func() *rand.Rand { return rand.New(rand.NewPCG(4, 2)) }
	// at decides once for each time whether something comes, with a chance.
	at := func(chance func(at float64) float64) comes {
		r := rng()
		return func(at float64) bool { return r.Float64() < chance(at) }
	}
	wait := func(next func(r *rand.Rand) float64) comes {
		due, r := 0.0, rng()
		return func(at float64) bool {
			if at < due {
				return false
			}
			due = at + next(r)
			return true
		}
	}
	for name, c := range map[string]struct {
		on    comes
		tick  float64
		until float64
		most  int // silences told while it is learned
	}{
		"a restart of ten seconds": {every(1).but(900, 910).but(2000, 2010).but(2500, 2510), 1, hour, 0},
		"a young one restarts":     {every(1).but(70, 81), 1, 600, 0},
		"fewer points than enough": {every(1).until(50), 1, hour, 0},
		"at random, often":         {at(func(float64) float64 { return 0.3 }), 1, 6 * hour, 0},
		"at random, seldom":        {at(func(float64) float64 { return 0.01 }), 1, 12 * hour, 0},
		"at random, in minutes":    {at(func(float64) float64 { return 0.1 }), 60, 30 * day, 0},
		"errors by day and night":  {at(func(s float64) float64 { return 0.02 * (1.05 + math.Sin(2*math.Pi*s/day)) }), 5, 4 * day, 0},
		"pauses of any length": {wait(func(r *rand.Rand) float64 {
			return math.Ceil(5 / math.Pow(1-r.Float64(), 1/1.5))
		}), 5, 2 * day, 2},
		"a batch job each hour":      {func(s float64) bool { return math.Mod(s, hour) < 600 }, 60, 10 * day, 0},
		"a batch job each day":       {func(s float64) bool { return math.Mod(s, day) < 600 }, 60, 30 * day, 0},
		"closed at night":            {func(s float64) bool { return math.Mod(s, day) < 16.3*hour }, 60, 14 * day, 1},
		"closed at night, in 5 min":  {func(s float64) bool { return math.Mod(s, day) < 16.3*hour }, 300, 14 * day, 1},
		"closed at night, each hour": {func(s float64) bool { return math.Mod(s, day) < 16*hour }, hour, 30 * day, 1},
		"closed at the weekend":      {func(s float64) bool { return math.Mod(s, 7*day) < 5*day }, 60, 35 * day, 1},
		"on for two days of seven":   {func(s float64) bool { return math.Mod(s, 7*day) < 2*day }, 60, 35 * day, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := engine(detect.Balanced)
			opened := 0
			for _, a := range rhythm(e, func(float64) bool { return true }, c.on, 0, c.until, c.tick) {
				if a.State == incident.EpisodeOpen {
					opened++
					t.Log(a.LastSeen.Sub(start), a.Why)
				}
			}
			require.LessOrEqual(t, opened, c.most)
		})
	}
}

// What is open only by day is missed by day, and at night it is not.
func TestASeriesWithPausesIsMissedOutsideOfThem(t *testing.T) {
	t.Parallel()
	const hour, day = 3600.0, 86400.0
	byDay := comes(func(s float64) bool { return math.Mod(s, day) < 16.3*hour })
	always := func(float64) bool { return true }
	e := engine(detect.Balanced)
	require.LessOrEqual(t, len(rhythm(e, always, byDay, 0, 5*day+8*hour, 60)), 2)
	found := rhythm(e, always, func(float64) bool { return false }, 5*day+8*hour, 5*day+9*hour, 60)
	require.Len(t, found, 1)
	require.Less(t, found[0].LastSeen.Sub(secondsIn(5*day+8*hour)), 10*time.Minute)
}
