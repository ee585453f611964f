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

func ofDay(at int64) float64 { return math.Sin(2 * math.Pi * float64(at%86_400) / 86_400) }

// healthySeries are shapes that series of cloud services have when nothing is
// wrong, each from a seed.
var healthySeries = map[string]func(r *rand.Rand) func(at int64) float64{
	"noise": func(r *rand.Rand) func(int64) float64 {
		return func(int64) float64 { return 50 + 3*r.NormFloat64() }
	},
	"noise with a memory": func(r *rand.Rand) func(int64) float64 {
		noise := 0.0
		return func(int64) float64 { noise = 0.9*noise + r.NormFloat64(); return 40 + 2*noise }
	},
	"latency": func(r *rand.Rand) func(int64) float64 {
		return func(int64) float64 { return 45 * math.Exp(0.5*r.NormFloat64()) }
	},
	"requests by day": func(r *rand.Rand) func(int64) float64 {
		return func(at int64) float64 { return float64(poisson(r, 30*(1+0.7*ofDay(at)))) }
	},
	"requests by day with a memory": func(r *rand.Rand) func(int64) float64 {
		noise := 0.0
		return func(at int64) float64 {
			noise = 0.95*noise + 0.03*r.NormFloat64()
			return 200 * max(0, (1+0.6*ofDay(at)+0.2*ofDay(3*at))*(1+noise)+0.08*r.NormFloat64())
		}
	},
	"an error now and then": func(r *rand.Rand) func(int64) float64 {
		return func(int64) float64 { return float64(poisson(r, 0.05)) }
	},
	"bursts of writes": func(r *rand.Rand) func(int64) float64 {
		return func(int64) float64 {
			if r.Float64() < 0.05 {
				return math.Exp(13 + r.NormFloat64())
			}
			return 0
		}
	},
	"memory that is collected": func(r *rand.Rand) func(int64) float64 {
		used := 300.0
		return func(int64) float64 {
			if used += 0.5 * (1 + 0.3*r.NormFloat64()); used > 400 {
				used = 280 + 20*r.Float64()
			}
			return used
		}
	},
	"an idle processor with odd moments": func(r *rand.Rand) func(int64) float64 {
		return func(int64) float64 {
			v := []float64{0.130, 0.132, 0.134, 0.134, 0.066}[r.IntN(5)]
			if r.Float64() < 0.004 {
				v *= 2 + 10*r.Float64()
			}
			return v
		}
	},
	"a batch every night": func(r *rand.Rand) func(int64) float64 {
		return func(at int64) float64 {
			v := 5 + 0.5*r.NormFloat64()
			if s := at % 86_400; s > 7200 && s < 9000 {
				v += 60 + 5*r.NormFloat64()
			}
			return v
		}
	},
	"a constant": func(*rand.Rand) func(int64) float64 { return func(int64) float64 { return 1 } },
	"a walk": func(r *rand.Rand) func(int64) float64 {
		at := 100.0
		return func(int64) float64 { at += r.NormFloat64(); return at }
	},
}

// alertsPerWeek plays healthy series of one shape through an engine.
func alertsPerWeek(sensitivity detect.Sensitivity, shape func(*rand.Rand) func(int64) float64, period time.Duration, weeks, seeds int) float64 {
	alerts := 0
	for seed := range seeds {
		value := shape(rand.New(rand.NewPCG(uint64(seed), 3)))
		e := detect.New(detect.Options{Inventory: oneMetric(""), Redactor: mask{}, Sensitivity: sensitivity})
		for at := start; at.Before(start.Add(time.Duration(weeks) * 7 * 24 * time.Hour)); at = at.Add(period) {
			for _, a := range append(e.Observe(anyPoint(at, value(at.Unix()))), e.Advance(at)...) {
				if a.State == incident.EpisodeOpen {
					alerts++
				}
			}
		}
	}
	return float64(alerts) / float64(weeks*seeds)
}

// TestQuietAlertsAtMostAboutOnceAWeek is what the worker's default promises of a
// healthy series whose role nobody has named, whatever its period is.
func TestQuietAlertsAtMostAboutOnceAWeek(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		period       time.Duration
		weeks, seeds int
	}{{time.Minute, 4, max(1, 2/fewer)}, {5 * time.Minute, 4, 2}, {time.Hour, 12, 4}} {
		t.Run(tc.period.String(), func(t *testing.T) {
			t.Parallel()
			all := 0.0
			for name, shape := range healthySeries {
				rate := alertsPerWeek(detect.Quiet, shape, tc.period, tc.weeks, tc.seeds)
				t.Logf("%-36s %.2f a week", name, rate)
				require.LessOrEqual(t, rate, 2.5, name)
				all += rate
			}
			require.LessOrEqual(t, all/float64(len(healthySeries)), 1.0)
		})
	}
}
