package fold_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"firebreak/internal/detect/fold"
	"firebreak/internal/telemetry/logline"
)

// BenchmarkHead is what every plain line costs.
func BenchmarkHead(b *testing.B) {
	text := "Received block blk_-4875138366845786590 of size 67108864 from /10.251.71.193"
	for name, level := range map[string]logline.Level{"info": logline.Info, "error": logline.Error, "no level": ""} {
		for _, streams := range []int{1, 64} {
			b.Run(fmt.Sprintf("%s/%d streams", name, streams), func(b *testing.B) {
				var f fold.Folder
				names := make([]string, streams)
				for i := range names {
					names[i] = fmt.Sprintf("web/shop-%02d/0123456789abcdef0123456789abcdef", i)
				}
				at, i := start, 0
				b.ReportAllocs()
				for b.Loop() {
					at = at.Add(time.Millisecond)
					f.Add(fold.Line{Stream: names[i], Text: text, Level: level, At: at})
					if i++; i == streams {
						i = 0
					}
				}
			})
		}
	}
}

// BenchmarkTrace is a line of a stack trace.
func BenchmarkTrace(b *testing.B) {
	for name, sample := range samples {
		b.Run(name, func(b *testing.B) {
			var lines []fold.Line
			for raw := range strings.SplitSeq(sample.text, "\n") {
				l := logline.Parse(raw)
				lines = append(lines, fold.Line{Stream: "s", Text: l.Message, Level: l.Level, At: start})
			}
			var f fold.Folder
			b.ReportAllocs()
			for b.Loop() {
				for _, l := range lines {
					f.Add(l)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(lines)), "ns/line")
		})
	}
}
