package detect_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/internal/detect"
	"firebreak/internal/incident"
)

// limit is what the memory of these tests must not reach.
const limit = 200.0

func limited(period int) *incident.Inventory {
	return incident.NewInventory([]incident.Service{{
		Name: "checkout", Severity: incident.Sev2, DependsOn: []string{"payments"},
		Metrics: []incident.WatchedMetric{{
			Role: incident.RoleSaturation, Limit: limit, MetricRef: incident.MetricRef{
				Namespace: "Shop", Name: "MemoryUsed", Dimensions: map[string]string{"service": "checkout"},
				Stat: "Maximum", Period: period, Unit: "Megabytes",
			},
		}},
	}})
}

// memory is a series as a function of the seconds since its beginning; ok is
// false for a point that is missing.
type memory func(at float64, rng *rand.Rand) (value float64, ok bool)

func steadily(f func(at float64) float64, noise float64) memory {
	return func(at float64, rng *rand.Rand) (float64, bool) { return f(at) + noise*rng.NormFloat64(), true }
}

// watch plays a series of one point a step through an engine and returns its
// forecasts. What the other rules say is left out.
func watch(e *detect.Detector, series memory, seed uint64, step, from, to float64) []incident.Anomaly {
	rng := rand.New(rand.NewPCG(seed, 11))
	var found []incident.Anomaly
	for at := from; at < to; at += step {
		value, ok := series(at, rng)
		if !ok {
			continue
		}
		now := secondsIn(at)
		for _, a := range append(e.Observe(shopPoint("MemoryUsed", now, value)), e.Advance(now)...) {
			if a.Rule == detect.RuleTrend {
				found = append(found, a)
			}
		}
	}
	return found
}

func forecaster(step int) *detect.Detector {
	return detect.New(detect.Options{Inventory: limited(step), Redactor: mask{}})
}

// leak is flat, and climbs from a moment on.
func leak(level, from, slope float64) func(at float64) float64 {
	return func(at float64) float64 { return level + slope*max(0, at-from) }
}

func sawtooth(low, high, period float64) func(at float64) float64 {
	return func(at float64) float64 { return low + (high-low)*math.Mod(at, period)/period }
}

func TestLeaksAreForeseen(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name        string
		step, start float64
		slope       float64
		noise       float64
		tooth       float64 // height of a sawtooth of 7 steps on top
		ahead       float64 // least time left when it is found, as a share of the time from start to limit
	}{
		{name: "of a second, fast", step: 1, start: 60, slope: 1.2, noise: 1, ahead: 0.3},
		{name: "of a second", step: 1, start: 60, slope: 0.6, noise: 1, ahead: 0.25},
		{name: "of a second, with a collector", step: 1, start: 300, slope: 0.6, noise: 0.5, tooth: 8, ahead: 0.2},
		{name: "of a second, slow", step: 1, start: 1200, slope: 0.05, noise: 1, ahead: 0.2},
		{name: "of a second, in hours", step: 1, start: 7200, slope: 0.01, noise: 2, ahead: 0.2},
		{name: "of a minute", step: 60, start: 60 * 60, slope: 0.02, noise: 1, ahead: 0.2},
		{name: "of five minutes, in a day", step: 300, start: 12 * 3600, slope: 0.0015, noise: 1, ahead: 0.1},
	} {
		for seed := range uint64(5) {
			t.Run(fmt.Sprintf("%s, seed %d", tc.name, seed), func(t *testing.T) {
				t.Parallel()
				climb := leak(40, tc.start, tc.slope)
				series := steadily(func(at float64) float64 { return climb(at) + sawtooth(0, tc.tooth, 7*tc.step)(at) }, tc.noise)
				end := tc.start + (limit-40)/tc.slope
				found := watch(forecaster(int(tc.step)), series, seed, tc.step, 0, end)
				require.NotEmpty(t, found)
				a := found[0]
				require.Equal(t, incident.EpisodeOpen, a.State)
				require.Equal(t, incident.KindForecast, a.Kind)
				require.Equal(t, incident.AnomalyID(detect.RuleTrend, a.Series, a.Opened), a.ID)
				left := (end - a.LastSeen.Sub(start).Seconds()) / (end - tc.start)
				require.Greater(t, left, tc.ahead, "found at %.0f of %.0f s: %s", a.LastSeen.Sub(start).Seconds(), end, a.Why)
				// It says when: the truth lies in the stretch that it gives, or near it.
				truth := end - a.LastSeen.Sub(start).Seconds()
				require.Greater(t, truth, 0.6*a.Forecast.Soonest, a.Why.String())
				require.Less(t, truth, 1.6*a.Forecast.Latest, a.Why.String())
				require.InEpsilon(t, tc.slope, a.Forecast.Slope, 0.4, a.Why.String())
				require.Less(t, a.Observed, limit)
				for _, later := range found[1:] {
					require.Equal(t, incident.EpisodeGrowing, later.State, "%s", later.Why)
					require.Equal(t, a.ID, later.ID)
				}
				require.LessOrEqual(t, len(found), 10, "one episode speaks now and then")
			})
		}
	}
}

func TestWhatIsNoLeakStaysSilent(t *testing.T) {
	t.Parallel()
	const hour = 3600.0
	day := func(at float64) float64 { return math.Sin(2 * math.Pi * at / (24 * hour)) }
	walk := func() memory {
		v := 120.0
		return func(_ float64, rng *rand.Rand) (float64, bool) {
			v = min(190, max(60, v+0.5*rng.NormFloat64()))
			return v, true
		}
	}
	for name, tc := range map[string]struct {
		series func() memory
		step   float64
		length float64
		allow  int // alarms in all seeds together
	}{
		"constant":                   {series: func() memory { return steadily(leak(190, 0, 0), 0) }, step: 1, length: 6 * hour},
		"noise":                      {series: func() memory { return steadily(leak(150, 0, 0), 8) }, step: 1, length: 6 * hour},
		"noise close to the limit":   {series: func() memory { return steadily(leak(194, 0, 0), 2) }, step: 1, length: 6 * hour},
		"sawtooth of 20 s":           {series: func() memory { return steadily(sawtooth(100, 190, 20), 1) }, step: 1, length: 6 * hour},
		"sawtooth of 100 s":          {series: func() memory { return steadily(sawtooth(100, 195, 100), 1) }, step: 1, length: 6 * hour},
		"sawtooth of 10 min":         {series: func() memory { return steadily(sawtooth(100, 150, 600), 1) }, step: 1, length: 6 * hour},
		"a collector that runs late": {series: func() memory { return steadily(sawtooth(40, 195, 150), 2) }, step: 1, length: 6 * hour},
		"a step":                     {series: func() memory { return steadily(func(at float64) float64 { return 60 + 100*step(at-900) }, 1) }, step: 1, length: hour},
		"a step up and another": {series: func() memory {
			return steadily(func(at float64) float64 { return 60 + 50*step(at-900) + 50*step(at-960) }, 1)
		}, step: 1, length: hour},
		"a start that fills a cache":     {series: func() memory { return steadily(func(at float64) float64 { return 30 + min(at, 25) }, 1) }, step: 1, length: hour},
		"a cache that fills ever slower": {series: func() memory { return steadily(func(at float64) float64 { return 180 - 120*math.Exp(-at/300) }, 1) }, step: 1, length: 2 * hour},
		"a day, in seconds":              {series: func() memory { return steadily(func(at float64) float64 { return 120 + 50*day(at) }, 3) }, step: 1, length: 26 * hour},
		"days, in minutes":               {series: func() memory { return steadily(func(at float64) float64 { return 120 + 50*day(at) }, 3) }, step: 60, length: 6 * 24 * hour},
		"days, in five minutes":          {series: func() memory { return steadily(func(at float64) float64 { return 110 + 40*day(at) }, 3) }, step: 300, length: 14 * 24 * hour},
		"a walk that goes nowhere":       {series: walk, step: 1, length: 6 * hour, allow: 8},
		"a burst of three points": {series: func() memory {
			return steadily(func(at float64) float64 { return 60 + 100*(step(at-900)-step(at-903)) }, 1)
		}, step: 1, length: hour},
		"restarts that begin low and fill": {series: func() memory { return steadily(func(at float64) float64 { return 30 + min(math.Mod(at, 400), 90) }, 1) }, step: 1, length: 3 * hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			alarms, seeds := 0, uint64(5)
			if tc.length/tc.step > 20_000 {
				seeds = 3
			}
			for seed := range seeds {
				for _, a := range watch(forecaster(int(tc.step)), tc.series(), seed, tc.step, 0, tc.length) {
					if a.State == incident.EpisodeOpen {
						alarms++
						t.Logf("seed %d: %s", seed, a.Why)
					}
				}
			}
			require.LessOrEqual(t, alarms, tc.allow)
		})
	}
}

func step(at float64) float64 {
	if at < 0 {
		return 0
	}
	return 1
}
