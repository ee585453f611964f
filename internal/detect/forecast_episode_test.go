package detect_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/detect"
	"firebreak/internal/incident"
)

func TestAForecastSaysWhereItLeads(t *testing.T) {
	t.Parallel()
	e := forecaster(1)
	found := watch(e, steadily(leak(40, 100, 0.8), 0.5), 3, 1, 0, 195)
	require.Len(t, found, 1)
	a := found[0]
	require.Regexp(t, `^MemoryUsed of checkout climbs 0\.\d+ Megabytes/s since 06:01:[345]\d UTC and reaches its limit of 200 in about \d+ s \(\d+ s to \d+ (s|min)\)$`, a.Why.String())
	require.Equal(t, "checkout", a.Service)
	require.Equal(t, []string{"payments"}, a.DependsOn)
	require.Equal(t, incident.Sev3, a.Severity, "a symptom to come is milder than the service's trouble")
	require.WithinDuration(t, secondsIn(100), a.Opened, 10*time.Second, "it opens where the climb began")
	require.Equal(t, "Maximum", a.Metric.Stat)
	require.Equal(t, 1, a.Metric.Period)
	require.InDelta(t, 40, a.Previous, 1)
	require.InDelta(t, 41, a.High, 2)
	require.Greater(t, a.Observed, a.High)
	require.InDelta(t, limit, a.Forecast.Limit, 0)
	require.InEpsilon(t, 0.8, a.Forecast.Slope, 0.15)
	require.LessOrEqual(t, a.Forecast.Soonest, a.Forecast.Seconds)
	require.LessOrEqual(t, a.Forecast.Seconds, a.Forecast.Latest)
	require.False(t, a.Unsure)
	r, ok := e.Reading(series("MemoryUsed"))
	require.True(t, ok)
	require.True(t, r.Anomalous)
}

// What is restarted starts low, fills up for a while as it always does, and
// stays there.
func recycled(at, when float64) float64 {
	if at < when {
		return leak(40, 100, 0.8)(at)
	}
	return 25 + min(at-when, 15)
}

func TestAForecastGrowsAndCloses(t *testing.T) {
	t.Parallel()
	t.Run("recycled", func(t *testing.T) {
		t.Parallel()
		e := forecaster(1)
		found := watch(e, steadily(func(at float64) float64 { return recycled(at, 220) }, 0.5), 3, 1, 0, 2000)
		require.Len(t, found, 2)
		require.Equal(t, incident.EpisodeClosed, found[1].State)
		require.Equal(t, found[0].ID, found[1].ID)
		require.WithinDuration(t, secondsIn(220), found[1].Closed, 2*time.Second)
		// The same leak later is another episode, and found as early.
		second := watch(e, steadily(leak(40, 2100, 0.8), 0.5), 4, 1, 2000, 2200)
		require.NotEmpty(t, second)
		require.NotEqual(t, found[0].ID, second[0].ID)
		require.Less(t, second[0].Observed, found[0].Observed+20)
	})
	t.Run("left alone", func(t *testing.T) {
		t.Parallel()
		found := watch(forecaster(1), steadily(leak(40, 100, 0.8), 0.5), 3, 1, 0, 330)
		require.Greater(t, len(found), 2)
		require.LessOrEqual(t, len(found), 9)
		for i, a := range found[1:] {
			require.Equal(t, incident.EpisodeGrowing, a.State)
			require.Equal(t, found[0].ID, a.ID)
			require.Greater(t, a.Count, found[i].Count)
			require.Less(t, a.Forecast.Seconds, found[i].Forecast.Seconds)
		}
		last := found[len(found)-1]
		require.Contains(t, last.Why.String(), "has reached its limit of 200")
		require.Equal(t, incident.Sev2, last.Severity, "it is no forecast any more")
	})
	t.Run("stays where it is", func(t *testing.T) {
		t.Parallel()
		plateau := func(at float64) float64 { return min(110, leak(40, 100, 0.8)(at)) }
		found := watch(forecaster(1), steadily(plateau, 0.5), 3, 1, 0, 3*3600)
		require.Equal(t, incident.EpisodeClosed, found[len(found)-1].State)
		opened := 0
		for _, a := range found {
			if a.State == incident.EpisodeOpen {
				opened++
			}
		}
		require.Equal(t, 1, opened, "a plateau is usual")
		require.Less(t, found[len(found)-1].Closed, secondsIn(320))
	})
	t.Run("fell silent", func(t *testing.T) {
		t.Parallel()
		e := forecaster(1)
		require.Len(t, watch(e, steadily(leak(40, 100, 0.8), 0.5), 3, 1, 0, 195), 1)
		require.Empty(t, e.Advance(secondsIn(1000)))
		closed := slices.DeleteFunc(e.Advance(secondsIn(2000)), func(a incident.Anomaly) bool { return a.Rule != detect.RuleTrend })
		require.Len(t, closed, 1)
		require.Equal(t, incident.EpisodeClosed, closed[0].State)
		require.Empty(t, e.Advance(secondsIn(9000)))
	})
	t.Run("without a limit", func(t *testing.T) {
		t.Parallel()
		e := forecaster(1)
		require.Len(t, watch(e, steadily(leak(40, 100, 0.8), 0.5), 3, 1, 0, 195), 1)
		e.UseInventory(inventoryWithoutLimit())
		closed := watch(e, steadily(leak(40, 100, 0.8), 0.5), 3, 1, 195, 400)
		require.Len(t, closed, 1)
		require.Equal(t, incident.EpisodeClosed, closed[0].State)
	})
}

func inventoryWithoutLimit() *incident.Inventory {
	s, _ := limited(1).Service("checkout")
	s.Metrics = []incident.WatchedMetric{{Role: incident.RoleSaturation, MetricRef: s.Metrics[0].MetricRef}}
	return incident.NewInventory([]incident.Service{s})
}

// Restarts, holes and delays in the middle of a climb neither alarm by
// themselves nor hide what goes on after them.
func TestLeaksWithHoles(t *testing.T) {
	t.Parallel()
	climb := leak(40, 100, 0.5)
	for name, series := range map[string]memory{
		"every third point is missing": func(at float64, rng *rand.Rand) (float64, bool) {
			return climb(at) + rng.NormFloat64(), int(at)%3 != 0
		},
		"points are missing at random": func(at float64, rng *rand.Rand) (float64, bool) {
			return climb(at) + rng.NormFloat64(), rng.IntN(4) != 0
		},
		"a gap of half a minute": func(at float64, rng *rand.Rand) (float64, bool) {
			return climb(at) + rng.NormFloat64(), at < 130 || at > 160
		},
		"outliers": func(at float64, rng *rand.Rand) (float64, bool) {
			if rng.IntN(25) == 0 {
				return 190, true
			}
			return climb(at) + rng.NormFloat64(), true
		},
		"restarted, and it leaks again": func(at float64, rng *rand.Rand) (float64, bool) {
			if at > 140 {
				return 25 + 0.5*(at-140) + rng.NormFloat64(), true
			}
			return climb(at) + rng.NormFloat64(), true
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(5) {
				found := watch(forecaster(1), series, seed, 1, 0, 480)
				require.NotEmpty(t, found, "seed %d", seed)
				require.Less(t, found[0].Observed, 175.0, "seed %d", seed)
				require.InEpsilon(t, 0.5, found[0].Forecast.Slope, 0.4, "seed %d: %s", seed, found[0].Why)
				for _, a := range found[1:] {
					require.NotEqual(t, incident.EpisodeOpen, a.State, "seed %d: %s", seed, a.Why)
				}
			}
		})
	}
}

// An engine that was restored anywhere on the way says what one says that was
// never interrupted.
func TestForecastsSurviveARestart(t *testing.T) {
	t.Parallel()
	series := steadily(func(at float64) float64 { return recycled(at, 260) }, 0)
	whole := watch(forecaster(1), series, 1, 1, 0, 400)
	require.Greater(t, len(whole), 2)
	for _, cut := range []float64{30, 90, 130, 150, 165, 200, 240, 262, 270, 290} {
		t.Run(fmt.Sprint(cut), func(t *testing.T) {
			t.Parallel()
			e := forecaster(1)
			found := watch(e, series, 1, 1, 0, cut)
			second := forecaster(1)
			require.NoError(t, second.Restore(snapshotOf(t, e)))
			require.Equal(t, whole, append(found, watch(second, series, 1, 1, cut, 400)...))
		})
	}
	t.Run("the state is small", func(t *testing.T) {
		t.Parallel()
		e := forecaster(1)
		watch(e, steadily(leak(40, 1e9, 0), 1), 1, 1, 0, 20_000)
		require.Less(t, len(snapshotOf(t, e)), 12<<10)
	})
}

func TestSensitivitiesLookAhead(t *testing.T) {
	t.Parallel()
	at := map[detect.Sensitivity]time.Time{}
	for _, s := range []detect.Sensitivity{detect.Sensitive, detect.Balanced, detect.Quiet} {
		e := detect.New(detect.Options{Inventory: limited(1), Redactor: mask{}, Sensitivity: s})
		found := watch(e, steadily(leak(40, 100, 0.6), 0.5), 3, 1, 0, 360)
		require.NotEmpty(t, found, s)
		at[s] = found[0].LastSeen
	}
	require.False(t, at[detect.Balanced].Before(at[detect.Sensitive]))
	require.True(t, at[detect.Quiet].After(at[detect.Balanced]))
}
