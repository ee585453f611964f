package detect_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/detect"
	"firebreak/internal/telemetry"
)

// shopLines are lines as a shop writes them, in turn: eight templates with
// parameters of several kinds.
func shopLines(n int) []telemetry.Signal {
	out := make([]telemetry.Signal, n)
	for i := range out {
		level, text := telemetry.LevelInfo, ""
		switch i % 8 {
		case 0, 1, 2:
			text = fmt.Sprintf("GET /products/%d answered 200 in %d.%d ms", 1000+i*7%900, 3+i%40, i%10)
		case 3:
			text = fmt.Sprintf("cart of user%d@example.com has %d items", i%700, i%9)
		case 4:
			text = fmt.Sprintf("connected to 10.0.%d.%d:5432 after %d ms", i%3, i%5, 2+i%9)
		case 5:
			text = fmt.Sprintf("cache hit for fragment %s", []string{"header", "footer", "menu"}[i%3])
		case 6:
			text = fmt.Sprintf("order %d placed, total %d.%02d EUR", 100000+i, i%300, i%100)
		default:
			level, text = telemetry.LevelWarn, fmt.Sprintf("slow query took %d ms on db-%d", 900+i%300, i%2)
		}
		out[i] = logLine(start, level, text)
		out[i].Log.Stream = "web-1"
	}
	return out
}

// knownShop is an engine that has heard such lines for an hour.
func knownShop(lines []telemetry.Signal) (*detect.Detector, time.Time) {
	e := engine(detect.Quiet)
	at := start
	for i := range 60 * 60 * 10 {
		s := lines[i%len(lines)]
		at = at.Add(100 * time.Millisecond)
		s.Time = at
		e.Observe(s)
		if i%10 == 0 {
			e.Advance(at.Add(-2 * time.Second))
		}
	}
	return e, at
}

// BenchmarkObserveLog is the whole way of a log line through the engine: folded,
// mined, counted, its parameters judged, with a watermark every 50,000 lines.
func BenchmarkObserveLog(b *testing.B) {
	lines := shopLines(4096)
	e, at := knownShop(lines)
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		s := &lines[i%len(lines)]
		at = at.Add(20 * time.Microsecond)
		s.Time = at
		e.Observe(*s)
		if i%50_000 == 0 {
			e.Advance(at.Add(-2 * time.Second))
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}

// A line of a known kind allocates nothing. The test is not parallel: all
// allocations of the process count.
func TestALogLineAllocatesNothing(t *testing.T) {
	lines := shopLines(512)
	e, at := knownShop(lines)
	i := 0
	require.Zero(t, testing.AllocsPerRun(2000, func() {
		s := &lines[i%len(lines)]
		i++
		at = at.Add(time.Millisecond)
		s.Time = at
		e.Observe(*s)
	}))
}
