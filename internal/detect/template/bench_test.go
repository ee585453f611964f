package template

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// benchmarkLines are the lines of all formats of the corpus, one after another.
func benchmarkLines(tb testing.TB) (lines []string, bytes int) {
	tb.Helper()
	for _, format := range corpusFormats(tb) {
		for _, l := range format.lines(corpusLines / 2) {
			lines = append(lines, l.text)
			bytes += len(l.text)
		}
	}
	return lines, bytes
}

// BenchmarkKnown is the steady state: lines whose shapes have all been seen.
func BenchmarkKnown(b *testing.B) {
	lines, bytes := benchmarkLines(b)
	m := New(Options[int]{})
	at := time.Unix(1e9, 0)
	for range 2 {
		for _, l := range lines {
			m.Add(l, at)
		}
	}
	b.ReportAllocs()
	b.SetBytes(int64(bytes / len(lines)))
	i := 0
	for b.Loop() {
		m.Add(lines[i], at)
		if i++; i == len(lines) {
			i = 0
		}
	}
}

// BenchmarkCold mines all lines with a new miner each time.
func BenchmarkCold(b *testing.B) {
	lines, bytes := benchmarkLines(b)
	at := time.Unix(1e9, 0)
	b.ReportAllocs()
	b.SetBytes(int64(bytes))
	for b.Loop() {
		m := New(Options[int]{})
		for _, l := range lines {
			m.Add(l, at)
		}
	}
	b.ReportMetric(float64(len(lines))*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}

// BenchmarkNewWords is the worst usual case: a word that was never seen in every
// line, so that no masked line comes again.
func BenchmarkNewWords(b *testing.B) {
	m := New(Options[int]{})
	at := time.Unix(1e9, 0)
	line := []byte("session of xxxxxx was closed by the gateway after 17 ms")
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		for k, v := 0, n; k < 6; k, v = k+1, v/26 {
			line[11+k] = byte('a' + v%26)
		}
		n++
		m.Add(string(line), at)
	}
}

func TestKnownLinesTakeNoMemory(t *testing.T) {
	m := New(Options[int]{})
	at := time.Unix(1e9, 0)
	lines := []string{
		"Failed password for invalid user admin from 10.0.0.1 port 38926 ssh2 after 1.5 s at 2031-03-01 10:11:12",
		`"GET /a/b?c=d HTTP/1.1" 200 17.7 GB "https://shop.example/x" "curl/8.1"`, "interface eth1 is down", "partitions [1, 2, 3] revoked",
	}
	for _, l := range append(fill("interface eth{} is down", "0", "1"), fill("partitions [{}] revoked", "1", "1, 2", "1, 2, 3")...) {
		m.Add(l, at)
	}
	for _, l := range lines {
		m.Add(l, at)
	}
	for _, l := range lines {
		require.Zero(t, testing.AllocsPerRun(100, func() { m.Add(l, at) }), l)
	}
}
