package template

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// offered is how many templates a benchmark offers to a miner that keeps a
// tenth of them. The test offers as many of the usual kind, and of the others
// some more than fit, after which memory does not grow any more.
const (
	offered = 100_000
	some    = 15_000
)

// floods are sources of lines every one of which is a template of its own.
var floods = []struct {
	name  string
	count int // lines in the test
	line  func(r *rand.Rand, i int) string
}{
	{"short", some, func(r *rand.Rand, _ int) string { return sentence(r, 4) }},
	{"usual", offered, func(r *rand.Rand, i int) string {
		return fmt.Sprintf("%s for user %d at 10.0.0.%d took %dms", sentence(r, 9), i, i%200, i%977)
	}},
	{"long", some, func(r *rand.Rand, i int) string {
		return fmt.Sprintf("%s id=%d path=/var/lib/%d/data %s", sentence(r, 20), i, i, sentence(r, 12))
	}},
	{"as long as can be", some / 5, func(r *rand.Rand, _ int) string { return sentence(r, 400) }},
	{"one word differs", some, func(r *rand.Rand, _ int) string { return "open " + sentence(r, 1) }},
	{"words alone", some, func(r *rand.Rand, _ int) string { return sentence(r, 1) }},
	{"only marks", some, func(r *rand.Rand, _ int) string {
		return strings.Map(func(c rune) rune { return rune("(){}[]=,;"[r.IntN(9)]) }, strings.Repeat(".", 60))
	}},
	{"parameters", some / 5, func(r *rand.Rand, i int) string {
		return sentence(r, 2) + strings.Repeat(fmt.Sprintf(" %d", i), 300) + sentence(r, 1)
	}},
	{"fields", some, func(r *rand.Rand, i int) string {
		var b strings.Builder
		for range 20 {
			fmt.Fprintf(&b, "%s=%s ", sentence(r, 1), sentence(r, 1))
		}
		return b.String()
	}},
	{"lists", some, func(r *rand.Rand, _ int) string {
		return "members [" + strings.ReplaceAll(sentence(r, 1+r.IntN(60)), " ", ", ") + "] of " + sentence(r, 2)
	}},
	{"nested", some, func(r *rand.Rand, _ int) string {
		n := 1 + r.IntN(400)
		return strings.Repeat("{[(", n) + sentence(r, 2) + strings.Repeat(")]}", n)
	}},
}

// sentence makes so many words of letters.
func sentence(r *rand.Rand, words int) string {
	var b strings.Builder
	for i := range words {
		if i > 0 {
			b.WriteByte(' ')
		}
		for range 3 + r.IntN(7) {
			b.WriteByte(byte('a' + r.IntN(26)))
		}
	}
	return b.String()
}

// heapOf is how much memory a miner takes after it was offered so many lines,
// in bytes.
func heapOf(count int, line func(*rand.Rand, int) string) (uint64, *Miner[tally]) {
	r := rand.New(rand.NewPCG(1, 1))
	at := time.Date(2031, 3, 1, 0, 0, 0, 0, time.UTC)
	before := heap()
	m := New(tallied)
	for i := range count {
		m.Add(line(r, i), at.Add(time.Duration(i)*time.Second))
	}
	after := heap()
	return after - min(before, after), m
}

func heap() uint64 {
	var s runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&s)
	return s.HeapAlloc
}

// TestMemoryIsBounded is not parallel: it measures the heap.
func TestMemoryIsBounded(t *testing.T) {
	for _, flood := range floods {
		used, m := heapOf(flood.count/fewer, flood.line)
		stats := m.Stats()
		t.Logf("%-18s %5.1f MiB for %d templates, %d shapes, %d aliases; %d evicted, %d joined", flood.name, float64(used)/(1<<20), stats.Templates, stats.Shapes,
			stats.Aliases, stats.Evicted, stats.Joined)
		require.Less(t, used, uint64(64<<20), flood.name)
		require.LessOrEqual(t, stats.Templates, DefaultLimit)
		require.EqualValues(t, flood.count/fewer, stats.Lines)
		runtime.KeepAlive(m)
	}
}

// BenchmarkFlood offers a miner nothing but new templates, and reports what it
// holds at the end.
func BenchmarkFlood(b *testing.B) {
	for _, flood := range floods {
		b.Run(strings.ReplaceAll(flood.name, " ", "-"), func(b *testing.B) {
			b.ReportAllocs()
			used := uint64(0)
			for b.Loop() {
				held, m := heapOf(offered, flood.line)
				used = max(used, held)
				runtime.KeepAlive(m)
			}
			b.ReportMetric(float64(used)/(1<<20), "MiB")
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/offered, "ns/line")
		})
	}
}
