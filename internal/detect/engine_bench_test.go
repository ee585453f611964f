package detect_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"firebreak/internal/detect"
	"firebreak/internal/telemetry"
)

// knownFleet is an engine that has seen so many series for some minutes, and one
// point of each of them.
func knownFleet(b *testing.B, n int) (*detect.Detector, []telemetry.Signal) {
	b.Helper()
	e := fleetEngine(n, max(n, 16))
	rng := rand.New(rand.NewPCG(1, 1))
	points := make([]telemetry.Signal, n)
	for i := range points {
		points[i] = fleetPoint(i, 0, 1)
	}
	for at := range 130 {
		for i := range points {
			show(e, &points[i], float64(at), 20+rng.NormFloat64())
		}
		e.Advance(secondsIn(float64(at - 2)))
	}
	return e, points
}

func show(e *detect.Detector, s *telemetry.Signal, at, value float64) {
	s.Time = secondsIn(at)
	s.Metric.Sum, s.Metric.Min, s.Metric.Max = value, value, value
	e.Observe(*s)
}

// BenchmarkObserveSeries is one metric point, of one of so many series in turn.
func BenchmarkObserveSeries(b *testing.B) {
	for _, n := range []int{1, 1000, 20_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			e, points := knownFleet(b, n)
			values := make([]float64, 1024)
			rng := rand.New(rand.NewPCG(2, 2))
			for i := range values {
				values[i] = 20 + rng.NormFloat64()
			}
			b.ReportAllocs()
			b.ResetTimer()
			at, k := 130, 0
			for i := range b.N {
				show(e, &points[k], float64(at), values[i%len(values)])
				if k++; k == n {
					k, at = 0, at+1
					e.Advance(secondsIn(float64(at - 2)))
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "points/s")
		})
	}
}

// BenchmarkObserveUnwatched is a metric point that no service file names.
func BenchmarkObserveUnwatched(b *testing.B) {
	e, points := knownFleet(b, 1000)
	s := points[0]
	s.Series, s.Service = "somebody else's", "unassigned"
	b.ReportAllocs()
	for b.Loop() {
		e.Observe(s)
	}
}

// BenchmarkObserveNew is the first point of a series that comes to a full engine.
func BenchmarkObserveNew(b *testing.B) {
	e, _ := knownFleet(b, 20_000)
	const others = 50_000
	flood := fleetEngine(20_000+others, 20_000)
	raw, err := e.Snapshot()
	if err != nil {
		b.Fatal(err)
	}
	if err := flood.Restore(raw); err != nil {
		b.Fatal(err)
	}
	points := make([]telemetry.Signal, others)
	for i := range points {
		points[i] = fleetPoint(20_000+i, 131, 1)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		flood.Observe(points[i%others])
	}
	b.ReportMetric(float64(flood.Stats().Evicted)/float64(b.N), "evicted/op")
}

// BenchmarkAdvance is a watermark with nothing to do, while so many series are
// waited for.
func BenchmarkAdvance(b *testing.B) {
	for _, n := range []int{1000, 20_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			e, _ := knownFleet(b, n)
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				e.Advance(secondsIn(128).Add(time.Duration(i+1) * time.Nanosecond))
			}
		})
	}
}

// BenchmarkAdvanceLogs is the same with so many log groups, of which a window
// closes every five seconds.
func BenchmarkAdvanceLogs(b *testing.B) {
	e := detect.New(detect.Options{Inventory: inventory(), Redactor: mask{}})
	for i := range 20_000 {
		s := logLine(start, telemetry.LevelError, "boom")
		s.Series = fmt.Sprint(account, "/", region, "/log/", i)
		e.Observe(s)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		e.Advance(start.Add(time.Duration(i+1) * 200 * time.Millisecond))
	}
}

func BenchmarkSnapshot(b *testing.B) {
	e, points := knownFleet(b, 20_000)
	b.ReportAllocs()
	bytes := 0
	for b.Loop() {
		raw, err := e.Snapshot()
		if err != nil {
			b.Fatal(err)
		}
		bytes = len(raw)
	}
	b.ReportMetric(float64(bytes)/float64(len(points)), "bytes/series")
}

func BenchmarkRestore(b *testing.B) {
	e, _ := knownFleet(b, 20_000)
	raw, err := e.Snapshot()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := e.Restore(raw); err != nil {
			b.Fatal(err)
		}
	}
}
