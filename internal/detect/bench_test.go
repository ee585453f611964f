package detect_test

import (
	"testing"

	"firebreak/internal/detect"
	"firebreak/internal/telemetry"
)

// BenchmarkObserve measures a mixed stream: five metrics and twenty log lines a
// second. One operation is one signal.
func BenchmarkObserve(b *testing.B) {
	benchmark(b, func(telemetry.Signal) bool { return true })
}

// BenchmarkObserveMetric measures metric points alone.
func BenchmarkObserveMetric(b *testing.B) {
	benchmark(b, func(s telemetry.Signal) bool { return s.Kind == telemetry.KindMetric })
}

func benchmark(b *testing.B, keep func(telemetry.Signal) bool) {
	w, e := newWorld(1, 20), engine(detect.Balanced)
	var signals []telemetry.Signal
	var marks []int
	for len(signals) < b.N {
		for _, s := range w.second() {
			if keep(s) {
				signals = append(signals, s)
			}
		}
		marks = append(marks, len(signals))
	}
	b.ReportAllocs()
	b.ResetTimer()
	second := 0
	for i, s := range signals[:b.N] {
		e.Observe(s)
		if i+1 == marks[second] {
			second++
			e.Advance(secondsIn(float64(second - 3)))
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "signals/s")
}
