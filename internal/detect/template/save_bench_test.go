package template

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// full is a miner that holds as many templates as may be, of the usual kind.
func full(b *testing.B) *Miner[tally] {
	b.Helper()
	m := New(tallied)
	r := rand.New(rand.NewPCG(1, 1))
	for i := range DefaultLimit {
		tell(m, floods[1].line(r, i), time.Unix(1e9+int64(i), 0))
	}
	return m
}

func BenchmarkSave(b *testing.B) {
	b.ReportAllocs()
	m := full(b)
	size := 0
	for b.Loop() {
		size = len(encode(b, m))
	}
	b.ReportMetric(float64(size)/float64(m.Stats().Templates), "bytes/template")
}

func BenchmarkLoad(b *testing.B) {
	for name, count := range map[string]int{"one": 1, "two": 2} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			saved := make([]Saved[tally], count)
			for i := range saved {
				saved[i] = full(b).Save()
			}
			for b.Loop() {
				require.NoError(b, New(tallied).Load(saved...))
			}
		})
	}
}
