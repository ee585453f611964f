package logs

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// chance draws a count.
func chance(r *rand.Rand, mean float64) float64 {
	n, p, limit := 0.0, r.Float64(), math.Exp(-mean)
	for p > limit {
		p *= r.Float64()
		n++
	}
	return n
}

// sensitiveBars are those of the readiest sensitivity, at which evidence that
// comes to nothing is often there.
var sensitiveBars = Bars{Evidence: 10.7, Effect: 0.6, Rate: 1, Ratio: 1, Template: 1}

func TestARateIsLearnedAtAnySensitivity(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		mean  float64 // a minute
		share bool
		most  int // episodes in six days
	}{
		"rare errors":         {0.05, false, 8},
		"errors":              {0.2, false, 8},
		"share of errors":     {0.1, true, 8},
		"frequent errors":     {4, false, 3},
		"share of many":       {2, true, 3},
		"one in half an hour": {1.0 / 30, false, 8},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(7, 7))
			ask := asks(failing, &sensitiveBars, 1)
			ask.Rises, ask.Share, ask.Bar = true, tc.share, errorBar*ask.Bar
			var r Rate
			opened := 0
			for m := range int64(6 * dayMinutes) {
				if r.Minute(m, chance(random, tc.mean), 20+chance(random, 5), ask).State == Opens {
					opened++
				}
			}
			require.InEpsilon(t, tc.mean, r.Day.Own, 0.5, "by the last day")
			require.LessOrEqual(t, opened, tc.most)
		})
	}
}

func TestWhatComesByChanceIsMissedWhenItStops(t *testing.T) {
	t.Parallel()
	bars := Bars{Evidence: 16, Effect: 1, Template: 1}
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 8))
		ask := asks(unranked, &bars, 1)
		var r Rate
		const mean, stopped = 2.0, 3 * dayMinutes
		for m := range int64(stopped) {
			require.NotEqual(t, Opens, r.Minute(m, chance(random, mean), 30+chance(random, 9), ask).State, "minute %d", m)
		}
		took := 0
		for m := int64(stopped); r.Minute(m, 0, 30+chance(random, 9), ask).State != Opens; m++ {
			took++
			require.Less(t, took, 14, "16 nats are 8 minutes of the usual")
		}
	}
}
