package main

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/rootcause"
	"firebreak/test/faultsim/cases"
)

func TestWithoutRecordedFaultsItSaysWhereToGetThem(t *testing.T) {
	t.Parallel()
	left := missingForRootcause(t.TempDir())
	require.Contains(t, left[len(left)-1], faultFrom)
	require.Contains(t, left[len(left)-2], faultHistory)
	require.Contains(t, left[len(left)-3], faultScorer)
}

// TestRecallCountsServicesOnce ranks cases whose ranking is known to have the
// cause at a place.
func TestRecallCountsServicesOnce(t *testing.T) {
	t.Parallel()
	all := []judged{{rank: 1}, {rank: 3}, {rank: 5}, {rank: 0}, {rank: 9}, {rank: 1}}
	require.Equal(t, recall{0.3333, 0.5, 0.6667}, recallOf(all))
	require.Equal(t, recall{0.5, 0.75, 1}, meanRecall([]recall{{0, 0.5, 1}, {1, 1, 1}}))
}

// TestWhatIsWrongIsWrong checks each change of a case, and that the case itself
// stays as it is.
func TestWhatIsWrongIsWrong(t *testing.T) {
	t.Parallel()
	given := cases.Make(1, cases.Both, cases.CPUHog).Case
	points := func(c rootcause.Case) int {
		n := 0
		for _, s := range c.Series {
			n += len(s.Points)
		}
		return n
	}
	whole, series, calls := points(given), len(given.Series), len(given.Calls)
	r := rand.New(rand.NewPCG(1, 2))

	require.InDelta(t, 0.9, float64(points(dropPoints(r, given, 0.1)))/float64(whole), 0.02)
	require.Equal(t, given.Symptom.Start.Add(-5*time.Minute), moveStart(given, -5*time.Minute).Symptom.Start)
	require.Less(t, len(dropCalls(r, given).Calls), calls)
	for _, others := range []bool{true, false} {
		noisy := addNoise(r, given, others)
		require.Len(t, noisy.Series, series+noisySeries)
		added := servicesOf(rootcause.Case{Series: noisy.Series[series:]})
		if others {
			require.Len(t, added, 40)
			require.NotContains(t, servicesOf(given), added[0])
		} else {
			require.Subset(t, servicesOf(given), added)
		}
		require.Len(t, noisy.Series[series].Points, len(stampsOf(given)))
	}
	require.Equal(t, whole, points(given))
	require.Len(t, given.Series, series)
	require.Len(t, given.Calls, calls)

	names := map[string]bool{}
	for _, w := range wrongs() {
		require.False(t, names[w.name])
		names[w.name] = true
		require.NotPanics(t, func() { judge(labelled{given: w.make(r, given)}) })
	}
}

func TestBucketsHoldEveryScoreOnce(t *testing.T) {
	t.Parallel()
	group := []judged{{scored: []scoredService{{1, true}, {0.65, false}, {0.7, true}, {0, false}}}}
	require.Equal(t, []string{"1", "1.00", "1.00"}, bucketCells(group, 0.8, buckets[len(buckets)-1]))
	require.Equal(t, []string{"2", "0.68", "0.50"}, bucketCells(group, 0.6, 0.8))
	require.Equal(t, []string{"0", "-", "-"}, bucketCells(group, 0.2, 0.4))
	require.Equal(t, []string{"1", "0.00", "0.00"}, bucketCells(group, 0, 0.02))
}

func TestPlainMethodRanksByDeviation(t *testing.T) {
	t.Parallel()
	series := func(service string, last float64) rootcause.Series {
		s := rootcause.Series{Service: service, Metric: "m"}
		for k := range 20 {
			s.Points = append(s.Points, rootcause.Point{At: time.Unix(int64(60*k), 0), Value: float64(k % 2)})
		}
		s.Points[19].Value = last
		return s
	}
	c := labelled{services: []string{"far"}, given: rootcause.Case{
		Symptom: rootcause.Symptom{Start: time.Unix(19*60, 0)}, Series: []rootcause.Series{series("still", 1), series("far", 9), series("farther", 12)},
	}}
	require.Equal(t, 2, judgeSigma(c).rank)
}

func TestRecordedFaultsAreReadAsTheyAre(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	dir := filepath.Join(folder, "one")
	require.NoError(t, os.Mkdir(dir, 0o755))
	for name, text := range map[string]string{
		"truth.json":   `{"service": "b", "metric": null, "fault": "delay"}`,
		"symptom.json": `{"service": "a", "metric": "latency", "start": 600, "end": 900}`,
		"graph.json":   `{"nodes": ["a", "b"], "edges": [["a", "b"]]}`,
		"metrics.csv":  "timestamp,service,metric,value\n600,a,latency,2\n300,a,latency,1\n300,b,latency,5\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	found, err := readFaults(folder)
	require.NoError(t, err)
	require.Len(t, found, 1)
	c := found[0]
	require.Equal(t, "delay", c.fault)
	require.Equal(t, []string{"b"}, c.services)
	require.Equal(t, []rootcause.Call{{Caller: "a", Callee: "b"}}, c.given.Calls)
	require.Len(t, c.given.Series, 2)
	require.InDelta(t, 1, c.given.Series[0].Points[0].Value, 0, "sorted by time")
	require.NoError(t, os.Remove(filepath.Join(dir, "graph.json")))
	_, err = readFaults(folder)
	require.ErrorContains(t, err, "one")
}
