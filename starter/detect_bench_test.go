package main

import (
	"io"
	"strings"
	"testing"

	"firebreak/internal/detect"
)

// BenchmarkDetectMetrics reads, scores and writes a series of minutes. One
// operation is one row.
func BenchmarkDetectMetrics(b *testing.B) {
	body := sick(b.N, b.N/2)
	s := newScorer("x.csv", detectOptions{sensitivity: detect.Sensitive})
	b.ReportAllocs()
	b.SetBytes(int64(len(body) / max(b.N, 1)))
	b.ResetTimer()
	if err := s.scoreRows(b.Context(), strings.NewReader(body), io.Discard, func(int) {}); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkDetectLogs reads and mines a log of a few templates and writes its
// rows. One operation is one line.
func BenchmarkDetectLogs(b *testing.B) {
	body := shopLog(b.N)
	r := newLogRun("x.log", logOptions{out: "x.csv"})
	b.ReportAllocs()
	b.SetBytes(int64(len(body) / max(b.N, 1)))
	b.ResetTimer()
	if err := r.read(b.Context(), strings.NewReader(body), io.Discard, func(int) {}); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}
