package detect_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/detect"
	"firebreak/internal/incident"
	"firebreak/internal/telemetry"
)

// fleet is an inventory of so many series of one service.
func fleet(n int) *incident.Inventory {
	s := incident.Service{Name: "checkout", Severity: incident.Sev2}
	for i := range n {
		s.Metrics = append(s.Metrics, incident.WatchedMetric{Role: incident.RoleLatency, MetricRef: incident.MetricRef{
			Namespace: "Fleet", Name: "Latency", Dimensions: map[string]string{"host": fmt.Sprint(i)}, Stat: "Average", Period: 1,
		}})
	}
	return incident.NewInventory([]incident.Service{s})
}

func fleetKey(i int) string {
	return fmt.Sprintf("%s/%s/metric/Fleet/Latency{host=%d}", account, region, i)
}

func fleetPoint(i int, at, value float64) telemetry.Signal {
	return telemetry.Signal{
		Kind: telemetry.KindMetric, Series: fleetKey(i), Service: "checkout", Time: secondsIn(at), Account: account, Region: region,
		Metric: &telemetry.MetricPoint{
			Namespace: "Fleet", Name: "Latency", Dimensions: map[string]string{"host": fmt.Sprint(i)}, Count: 1, Sum: value, Min: value, Max: value,
		},
	}
}

func fleetEngine(n, limit int) *detect.Detector {
	return detect.New(detect.Options{Inventory: fleet(n), Redactor: mask{}, MaxSeries: limit})
}

// A hundred thousand series that come once and within a second push each other
// out, and none of those that have been watched for long.
func TestAFloodOfNewSeriesTakesNothingFromOldOnes(t *testing.T) {
	t.Parallel()
	const old, flood, limit = 800, 100_000, 1000
	e := fleetEngine(old+flood, limit)
	rng := rand.New(rand.NewPCG(1, 1))
	at, began := 0.0, time.Now()
	for ; at < 300; at++ {
		for i := range old {
			e.Observe(fleetPoint(i, at, 20+rng.NormFloat64()))
		}
		e.Advance(secondsIn(at - 2))
	}
	usual := time.Since(began) // of 240,000 points
	require.Zero(t, e.Stats().Evicted)
	began = time.Now()
	for i := range flood {
		e.Observe(fleetPoint(old+i, at, 5))
	}
	took := time.Since(began)
	for i := range old {
		_, ok := e.Reading(fleetKey(i))
		require.True(t, ok, "series %d was there before the flood", i)
	}
	s := e.Stats()
	require.Zero(t, s.Refused)
	require.GreaterOrEqual(t, s.Evicted, int64(flood-(limit-old)))
	require.LessOrEqual(t, s.Evicted, int64(flood))
	// It is twice as long; a look at every series for each new one would be dozens
	// of times. How busy the machine is, both feel.
	require.Less(t, took, 15*usual)
	// Those that stay and come regularly do find a place.
	for ; at < 600; at++ {
		for i := range 50 {
			e.Observe(fleetPoint(old+flood-1-i, at+1, 5))
		}
	}
	held := 0
	for i := range 50 {
		if _, ok := e.Reading(fleetKey(old + flood - 1 - i)); ok {
			held++
		}
	}
	require.Equal(t, 50, held)
}

// What is gone goes first, then what is young, of the young what never moved.
func TestTheLeastInterestingGoFirst(t *testing.T) {
	t.Parallel()
	const limit = 64
	e := fleetEngine(1000, limit)
	feed := func(i, points int, from float64, value func(n int) float64) {
		for n := range points {
			e.Observe(fleetPoint(i, from+float64(n), value(n)))
		}
	}
	moving := func(n int) float64 { return 10 + float64(n%3) }
	still := func(int) float64 { return 0 }
	const now = 100_000.0
	for i := range 8 { // gone, though they were there for long
		feed(i, 500, 0, moving)
	}
	for i := 8; i < 40; i++ { // established
		feed(i, 400, now-400, moving)
	}
	for i := 40; i < 52; i++ { // young
		feed(i, 30, now-30, moving)
	}
	for i := 52; i < 64; i++ { // young and always the same
		feed(i, 30, now-30, still)
	}
	e.Advance(secondsIn(now))
	lost := func() (ids []int) {
		for i := range 64 {
			if _, ok := e.Reading(fleetKey(i)); !ok {
				ids = append(ids, i)
			}
		}
		return ids
	}
	require.Empty(t, lost())
	next := 64
	more := func(n int) {
		for range n {
			feed(next, 60, now+1, moving)
			next++
		}
	}
	more(8)
	require.Len(t, lost(), 8)
	require.Equal(t, []int{0, 1, 2, 3, 4, 5, 6, 7}, lost())
	more(12)
	require.Len(t, lost(), 20)
	require.Equal(t, []int{52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63}, lost()[8:])
	more(12)
	require.Equal(t, []int{40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51}, lost()[8:20])
	more(200)
	require.Len(t, lost(), 32, "the established ones stay")
	require.Zero(t, e.Stats().Refused)
}

func TestSeriesInTroubleOrWithFeedbackStay(t *testing.T) {
	t.Parallel()
	e := fleetEngine(10_000, 16)
	for at := range 200 {
		for i := range 4 {
			value := 20 + float64(at%5)
			if at > 180 && i == 2 {
				value = 500
			}
			e.Observe(fleetPoint(i, float64(at), value))
		}
	}
	r, _ := e.Reading(fleetKey(2))
	require.True(t, r.Anomalous)
	e.Observe(telemetry.Signal{Kind: telemetry.KindFeedback, Time: secondsIn(200), Feedback: &telemetry.Feedback{
		ID: "1", Series: fleetKey(3), Verdict: telemetry.FalseAlarm, By: "kim", At: secondsIn(190),
	}})
	require.True(t, e.HasFeedback(fleetKey(3)))
	for i := 4; i < 10_000; i++ {
		for n := range 3 {
			e.Observe(fleetPoint(i, 200+float64(n), 1))
		}
	}
	for _, i := range []int{2, 3} {
		_, ok := e.Reading(fleetKey(i))
		require.True(t, ok)
	}
	require.Positive(t, e.Stats().Evicted)
}

// When nothing may go, new ones are refused, and that costs no look at all the
// others each time.
func TestSeriesAreRefusedWhenNoneMayGo(t *testing.T) {
	t.Parallel()
	e := detect.New(detect.Options{Inventory: inventory(), Redactor: mask{}, MaxSeries: 100})
	alarm := func(i int) telemetry.Signal {
		s := alarmAt(float64(i), telemetry.AlarmALARM)
		s.Series = fmt.Sprintf("a/r/alarm/%d", i)
		return s
	}
	for i := range 100 {
		require.Len(t, e.Observe(alarm(i)), 1)
	}
	for i := range 1000 {
		require.Empty(t, e.Observe(alarm(100+i)))
	}
	require.Equal(t, int64(1000), e.Stats().Refused)
	require.Zero(t, e.Stats().Evicted)
}

// The same signals in the same order leave the same series, whatever order Go
// walks its maps in.
func TestEvictionIsDeterministic(t *testing.T) {
	t.Parallel()
	run := func() []byte {
		e := fleetEngine(3000, 200)
		rng := rand.New(rand.NewPCG(9, 9))
		for n := range 8_000 {
			i := rng.IntN(3000)
			if n%2 == 0 {
				i = rng.IntN(150)
			}
			e.Observe(fleetPoint(i, float64(n), float64(rng.IntN(3))))
			for _, kind := range []string{"log", "alarm"} {
				s := logLine(secondsIn(float64(n)), telemetry.LevelInfo, "x")
				if kind == "alarm" {
					s = alarmAt(float64(n), telemetry.AlarmOK)
				}
				s.Series = fmt.Sprintf("a/r/%s/%d", kind, i)
				e.Observe(s)
			}
			e.Advance(secondsIn(float64(n) - 2))
		}
		require.Positive(t, e.Stats().Evicted)
		return snapshotOf(t, e)
	}
	first := run()
	require.Equal(t, first, run())
}

// An engine that may hold fewer than a snapshot does keeps the more interesting.
func TestRestoringIntoASmallerEngineEvicts(t *testing.T) {
	t.Parallel()
	big := fleetEngine(100, 100)
	for i := range 100 {
		for n := range 10 + i {
			big.Observe(fleetPoint(i, float64(1000+n), float64(n)))
		}
	}
	raw := snapshotOf(t, big)
	small := fleetEngine(100, 40)
	require.NoError(t, small.Restore(raw))
	require.Equal(t, int64(60), small.Stats().Evicted)
	_, first := small.Reading(fleetKey(0))
	_, last := small.Reading(fleetKey(99))
	require.False(t, first)
	require.True(t, last)
	require.ErrorContains(t, fleetEngine(100, 10).Restore(raw), "start without it, or allow for more series")
}

func TestNamesOfTenKilobytesAreBounded(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ä", 5<<10)
	ref := incident.MetricRef{Namespace: "Shop", Name: "Latency", Dimensions: map[string]string{"path": long}, Stat: "Average"}
	e := detect.New(detect.Options{Redactor: mask{}, Inventory: incident.NewInventory([]incident.Service{{
		Name: "checkout", Metrics: []incident.WatchedMetric{{Role: incident.RoleLatency, MetricRef: ref}},
	}})})
	key := account + "/" + region + "/metric/" + ref.SourceKey()
	for _, other := range []string{"", "x"} {
		for at := range 20 {
			e.Observe(telemetry.Signal{
				Kind: telemetry.KindMetric, Series: key + other, Service: "checkout", Time: secondsIn(float64(at)), Account: account, Region: region,
				Metric: &telemetry.MetricPoint{Namespace: "Shop", Name: "Latency", Dimensions: ref.Dimensions, Count: 1, Sum: 1},
			})
		}
	}
	_, ok := e.Reading(key)
	require.True(t, ok, "it is found by its whole name")
	_, ok = e.Reading(key + "x")
	require.True(t, ok, "and told apart from one that begins the same")
	_, ok = e.Reading(key + "y")
	require.False(t, ok)
	require.Less(t, len(snapshotOf(t, e)), 4<<10)
	for i := range 1000 {
		s := logLine(start, telemetry.LevelError, "boom")
		s.Series = fmt.Sprint(account, "/", region, "/log/", long, i)
		e.Observe(s)
	}
	raw := snapshotOf(t, e)
	require.Less(t, len(raw), 200<<10)
	require.NoError(t, e.Restore(raw))
}
