package detect_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/internal/incident"
)

// TestWhatCameTrueIsForeseenAgain has a queue climb over its limit, be worked
// off as slowly as it came, and climb again: that it has been there once does
// not make it usual.
func TestWhatCameTrueIsForeseenAgain(t *testing.T) {
	t.Parallel()
	const calm, up, down = 300.0, 150.0, 60.0
	queue := func(at float64) float64 {
		switch in := math.Mod(at, calm+up+down) - calm; {
		case in < 0:
			return 20
		case in < up:
			return 20 + 190*in/up
		default:
			return 210 - 190*(in-up)/down
		}
	}
	for seed := range uint64(5) {
		opened := 0
		for _, a := range watch(forecaster(1), steadily(queue, 2), seed, 1, 0, 4*(calm+up+down)) {
			if a.State == incident.EpisodeOpen {
				opened++
				require.Less(t, a.Observed, limit, a.Why)
			}
		}
		require.Equal(t, 4, opened, "seed %d", seed)
	}
}

// TestTheTimeIsThatOfTheFirstValueOverTheLimit has a noisy leak: the alarm goes
// off long before the line itself is there.
func TestTheTimeIsThatOfTheFirstValueOverTheLimit(t *testing.T) {
	t.Parallel()
	for seed := range uint64(5) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			first := 0.0
			noisy := func(at float64, rng *rand.Rand) (float64, bool) {
				v := 80 + 0.05*max(0, at-600) + 6*rng.NormFloat64()
				if v >= limit && first == 0 {
					first = at
				}
				return v, true
			}
			found := watch(forecaster(1), noisy, seed, 1, 0, 3000)
			require.NotEmpty(t, found)
			told := found[0].LastSeen.Sub(start).Seconds()
			require.Less(t, told, first)
			require.InEpsilon(t, first-told, found[0].Forecast.Seconds, 0.3, found[0].Why)
			require.Greater(t, found[0].Forecast.Latest, first-told)
		})
	}
}

// TestTheFirstDayMayBeADay begins at every hour of a day's swing.
func TestTheFirstDayMayBeADay(t *testing.T) {
	t.Parallel()
	for _, step := range []float64{60, 300} {
		for hour := range 24 {
			t.Run(fmt.Sprintf("points of %g s, from hour %d", step, hour), func(t *testing.T) {
				t.Parallel()
				day := func(at float64) float64 { return 120 + 60*math.Sin(2*math.Pi*(at/86400+float64(hour)/24)) }
				for _, a := range watch(forecaster(int(step)), steadily(day, 2), uint64(hour), step, 0, 2*86400) {
					t.Errorf("%s at %s: %s", a.State, a.LastSeen, a.Why)
				}
			})
		}
	}
}
