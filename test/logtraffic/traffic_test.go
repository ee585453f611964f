package logtraffic_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/telemetry"
	"firebreak/test/logtraffic"
)

// A Monday.
var monday = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

func digest(t *testing.T, traffic logtraffic.Traffic) (string, map[string]int) {
	t.Helper()
	sum, lines := sha256.New(), map[string]int{}
	var last time.Time
	inv := logtraffic.Inventory()
	for s := range traffic.Signals() {
		if s.Time.Before(last) {
			require.Failf(t, "out of order", "%s comes after %s", s.Time, last)
		}
		last = s.Time
		service := s.Service
		if telemetry.Assign(inv, &s); s.Service != service {
			require.Equal(t, service, s.Service)
		}
		if s.Kind == telemetry.KindLog {
			lines[s.Service]++
			fmt.Fprintln(sum, s.Time, s.Log.Stream, s.Log.Message)
		}
	}
	require.WithinRange(t, last, traffic.Begin, traffic.Begin.AddDate(0, 0, traffic.Days))
	return hex.EncodeToString(sum.Sum(nil)), lines
}

func TestTheSameSeedIsTheSameTraffic(t *testing.T) {
	t.Parallel()
	traffic := logtraffic.Traffic{Seed: 5, Begin: monday, Days: 1, Troubles: logtraffic.Day(5, monday)}
	first, lines := digest(t, traffic)
	again, _ := digest(t, traffic)
	require.Equal(t, first, again)
	traffic.Seed++
	other, _ := digest(t, traffic)
	require.NotEqual(t, first, other)
	require.Len(t, lines, len(logtraffic.Inventory().Services()))
	for service, n := range lines {
		require.Greater(t, n, 10_000, service)
		require.Less(t, n, 200_000, service)
	}
}

// TestADayOfTrouble looks at what Day promises.
func TestADayOfTrouble(t *testing.T) {
	t.Parallel()
	for seed := range uint64(50) {
		day := logtraffic.Day(seed, monday)
		require.Len(t, day, 3*len(logtraffic.Kinds()))
		kinds, last := map[logtraffic.Kind]int{}, map[string]time.Time{}
		for _, one := range day {
			kinds[one.Kind]++
			require.WithinRange(t, one.Visible, one.From, one.To, "%s of %s", one.Kind, one.Service)
			require.WithinRange(t, one.To, monday, monday.AddDate(0, 0, 1), "%s of %s", one.Kind, one.Service)
			require.GreaterOrEqual(t, one.From.Sub(last[one.Service]), 30*time.Minute, "%s of %s", one.Kind, one.Service)
			last[one.Service] = one.To
			require.NotEmpty(t, one.Rules)
		}
		for _, kind := range logtraffic.Kinds() {
			require.Equal(t, 3, kinds[kind], kind)
		}
	}
}

func BenchmarkSignals(b *testing.B) {
	lines := 0
	for b.Loop() {
		for range (logtraffic.Traffic{Seed: 1, Begin: monday, Days: 1}).Signals() {
			lines++
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(lines), "ns/line")
	b.ReportMetric(float64(lines)/float64(b.N), "lines/day")
}
