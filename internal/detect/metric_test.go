package detect_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/detect"
	"firebreak/internal/incident"
	"firebreak/internal/telemetry"
)

// of keeps the anomalies of one series.
func of(found []incident.Anomaly, series string) []incident.Anomaly {
	var out []incident.Anomaly
	for _, a := range found {
		if a.Series == series {
			out = append(out, a)
		}
	}
	return out
}

func TestAnEpisodeOpensGrowsAndCloses(t *testing.T) {
	t.Parallel()
	// Of one series alone: an anomaly is also told again for a witness.
	checkout, _ := inventory().Service("checkout")
	checkout.Metrics = slices.DeleteFunc(checkout.Metrics, func(m incident.WatchedMetric) bool { return m.Name != "Errors" })
	w := newWorld(1, 20)
	e := detect.New(detect.Options{Inventory: incident.NewInventory([]incident.Service{checkout}), Redactor: mask{}})
	require.Empty(t, w.run(e, 300))
	w.errorShare = 0.25
	found := w.run(e, 30)
	w.errorShare = 1
	found = append(found, w.run(e, 30)...)
	w.errorShare = 0.001
	recovered := w.now()
	found = of(append(found, w.run(e, 60)...), series("Errors"))
	last := found[len(found)-1]
	require.Equal(t, incident.EpisodeOpen, found[0].State)
	require.Equal(t, incident.EpisodeClosed, last.State)
	require.GreaterOrEqual(t, len(found), 3)
	require.LessOrEqual(t, len(found), 5, "growing is told when it has doubled, not all the time")
	for i := 1; i < len(found)-1; i++ {
		require.Equal(t, incident.EpisodeGrowing, found[i].State)
		require.Greater(t, found[i].Observed, 1.8*found[i-1].Observed)
		require.Equal(t, found[0].ID, found[i].ID)
	}
	require.Equal(t, found[0].ID, last.ID)
	require.WithinRange(t, last.Closed, recovered, recovered.Add(10*time.Second))
	require.Greater(t, last.Count, 50)
	require.Equal(t, 1, found[0].Metric.Period)
	require.Equal(t, "Sum", found[0].Metric.Stat)
	require.Less(t, found[0].Previous, 1.0)
	require.Contains(t, found[0].Why.String(), "Errors of checkout is")
}

func TestAFlappingMetricIsOneEpisode(t *testing.T) {
	t.Parallel()
	w, e := newWorld(2, 20), engine(detect.Balanced)
	require.Empty(t, w.run(e, 120))
	var found []incident.Anomaly
	for range 10 {
		w.errorShare = 0.8
		found = append(found, w.run(e, 8)...)
		w.errorShare = 0.001
		found = append(found, w.run(e, 8)...)
	}
	opened := 0
	for _, a := range of(found, series("Errors")) {
		if a.State == incident.EpisodeOpen {
			opened++
		}
	}
	require.Equal(t, 1, opened)
}

func TestASeriesThatFallsSilentCloses(t *testing.T) {
	t.Parallel()
	w, e := newWorld(2, 20), engine(detect.Balanced)
	w.run(e, 120)
	w.errorShare = 0.8
	require.NotEmpty(t, of(w.run(e, 10), series("Errors")))
	require.Empty(t, of(e.Advance(w.now().Add(29*time.Minute)), series("Errors")))
	closed := of(e.Advance(w.now().Add(31*time.Minute)), series("Errors"))
	require.Len(t, closed, 1)
	require.Equal(t, incident.EpisodeClosed, closed[0].State)
}

func TestNothingIsSaidOfAYoungSeries(t *testing.T) {
	t.Parallel()
	w, e := newWorld(1, 20), engine(detect.Sensitive)
	w.run(e, 15)
	w.errorShare = 0.9
	require.Empty(t, of(w.run(e, 5), series("Errors")))
	r, ok := e.Reading(series("Errors"))
	require.True(t, ok)
	require.True(t, r.Unsure)
}

func TestGoodNewsIsNoTrouble(t *testing.T) {
	t.Parallel()
	w, e := newWorld(4, 20), engine(detect.Sensitive)
	w.errorShare, w.slow = 0.5, 20
	w.run(e, 300)
	w.errorShare, w.slow = 0, 1
	found := w.run(e, 120)
	require.Empty(t, of(found, series("Errors")))
	require.Empty(t, of(found, series("Latency")))
	require.Empty(t, of(found, series("Success")))
}

func TestMetricsThatNoServiceFileNamesAreNotJudged(t *testing.T) {
	t.Parallel()
	e := engine(detect.Sensitive)
	for i := range 200 {
		s := telemetry.Signal{
			Kind: telemetry.KindMetric, Series: "x", Time: secondsIn(float64(i)),
			Metric: &telemetry.MetricPoint{Namespace: "AWS/EC2", Name: "CPUUtilization", Count: 1, Sum: float64(i / 150 * 1e6)},
		}
		require.Empty(t, e.Observe(s))
	}
	require.Equal(t, int64(200), e.Stats().Unwatched)
	_, ok := e.Reading("x")
	require.False(t, ok)
}

func TestLatePointsHaveNoEffect(t *testing.T) {
	t.Parallel()
	w, e := newWorld(1, 20), engine(detect.Balanced)
	w.run(e, 60)
	before := snapshotOf(t, e)
	w.seconds = 30
	for _, s := range w.second() {
		if s.Kind == telemetry.KindMetric {
			require.Empty(t, e.Observe(s))
		}
	}
	after := snapshotOf(t, e)
	require.Equal(t, before, after)
	require.Positive(t, e.Stats().Late)
}

func TestSensitivitiesAreOrdered(t *testing.T) {
	t.Parallel()
	delay := map[detect.Sensitivity]int{}
	for _, s := range []detect.Sensitivity{detect.Sensitive, detect.Balanced, detect.Quiet} {
		for seed := range uint64(5) {
			w, e := newWorld(seed, 20), engine(s)
			w.run(e, 300)
			for i := range 60 { // errors creep up
				w.errorShare = 0.001 + float64(i)*0.01
				delay[s]++
				if len(of(w.run(e, 1), series("Errors"))) > 0 {
					break
				}
			}
		}
	}
	require.Less(t, delay[detect.Sensitive], delay[detect.Balanced])
	require.Less(t, delay[detect.Balanced], delay[detect.Quiet])
}
