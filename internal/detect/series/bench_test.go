package series_test

import (
	"testing"

	"firebreak/internal/detect/series"
)

// BenchmarkObserve is the model alone: one operation is one point.
func BenchmarkObserve(b *testing.B) {
	value := noisy(1)
	values := make([]float64, 4096)
	for i := range values {
		values[i] = value(i)
	}
	var m series.Model
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		m.Observe(int64(i)*period, values[i%len(values)])
		i++
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "points/s")
}
