package logline_test

import (
	"testing"

	"firebreak/internal/telemetry/logline"
)

// benchLines are what the benchmarks read, by what they cost.
var benchLines = map[string]string{
	"raw":     `Received block blk_-4875138366845786590 of size 67108864 from /10.251.71.193`,
	"log4j":   `2015-10-18 18:01:47,978 INFO [main] org.apache.hadoop.mapreduce.v2.app.MRAppMaster: Created MRAppMaster for application appattempt_1445144423722_0020_000001`,
	"go":      `2026/01/01 10:00:00 worker 12 took 15.3ms for order 8812`,
	"syslog":  `Dec 10 06:55:46 web-1 sshd[24200]: reverse mapping checking getaddrinfo for example.com [173.234.31.186] failed`,
	"access":  `127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /cart/12 HTTP/1.1" 200 2326 "-" "curl/8"`,
	"logfmt":  `time=2026-01-01T10:00:00Z level=info msg="cart was closed" cart=12 took=15.3ms user=u-77`,
	"JSON":    `{"time":"2026-01-01T10:00:00.123Z","level":"info","msg":"cart was closed","cart":12,"took_ms":15.3,"user":"u-77","http":{"method":"POST","path":"/cart/12","status":200},"tags":["a","b"]}`,
	"escaped": `{"time":"2026-01-01T10:00:00.123Z","level":"error","msg":"cart \"12\" was closed","err":{"type":"Error","message":"no\troute","stack":"Error: no route\n    at f (/app/x.js:1:2)\n    at g (/app/x.js:3:4)"}}`,
}

func BenchmarkParse(b *testing.B) {
	for name, line := range benchLines {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(line)))
			for b.Loop() {
				logline.Parse(line)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "lines/s")
		})
	}
}
