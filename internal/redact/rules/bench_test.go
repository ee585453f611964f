package rules_test

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"firebreak/internal/redact/rules"
)

// clean are lines as most of them are: there is nothing to be found, but much that
// has to be looked at.
var clean = []string{
	`2026-03-02T08:00:00.123Z INFO  [http-nio-8080-exec-4] c.e.orders.OrderService - Order 5150809 accepted for customer 77aa4c3e-1b2d-4c3e-9e7e-1a2b3c4d5e6f in 31 ms (items=3, total=129.90 EUR)`,
	`{"timestamp":"2026-03-02T08:00:01.400Z","level":"info","service":"checkout","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"00f067aa0ba902b7","message":"charge authorised","duration_ms":182,"amount":4990,"currency":"EUR","retries":0}`,
	`10.250.19.102 - - [02/Mar/2026:08:00:02 +0000] "GET /api/v2/orders/5150809/items?page=2&sort=created_at HTTP/1.1" 200 5312 "https://shop.example.com/orders" "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.6778.86 Safari/537.36"`,
	`2026-03-02 08:00:03.001 WARN  HikariPool-1 - Connection com.zaxxer.hikari.pool.PoolBase@5f2108b5 marked as broken because of SQLSTATE(08006), ErrorCode(0)`,
	`Mar  2 08:00:04 ip-10-0-3-17 kernel: [1234567.890123] TCP: request_sock_TCP: Possible SYN flooding on port 8080. Sending cookies.  Check SNMP counters.`,
	`081109 203615 148 INFO dfs.DataNode$PacketResponder: PacketResponder 1 for block blk_-1608999687919862906 of size 67108864 from /10.250.19.102 terminating`,
	`	at com.example.orders.payment.PaymentGatewayClient.authorise(PaymentGatewayClient.java:187) ~[orders-service-4.12.1.jar!/:4.12.1]`,
	`level=info ts=2026-03-02T08:00:05.918Z caller=compact.go:519 component=tsdb msg="write block" mint=1767225600123 maxt=1767232800000 ulid=01JQ0Z8G6X3V9K1M2N3P4Q5R6S duration=4.218s`,
	`START RequestId: 8f5076e1-3c4d-4b6f-9e0c-5f2d1a7b8c9d Version: $LATEST REPORT Duration: 103.25 ms Billed Duration: 104 ms Memory Size: 512 MB Max Memory Used: 97 MB`,
	`{"eventVersion":"1.08","eventSource":"ec2.amazonaws.com","eventName":"DescribeInstances","awsRegion":"eu-central-1","userAgent":"aws-sdk-go-v2/1.30.3","requestID":"0a1b2c3d-4e5f-6789-abcd-ef0123456789","resources":[{"ARN":"arn:aws:ec2:eu-central-1:123456789012:instance/i-0c0ffee0000000001"}]}`,
}

func secretLines() []string {
	return []string{
		`2026-03-02T08:00:00Z ERROR login failed for ana.lopez@mail.example.com password=hunter2Xy from 8.8.8.8`,
		`{"level":"debug","request":{"headers":{"Authorization":"Bearer ` + jwt + `","Cookie":"sid=9f8e7d6c5b4a; theme=dark"}},"user":"ana@example.com"}`,
		`connecting to postgres://orders:s3cr3tPw9@db-7.internal:5432/orders?sslmode=require with key ` + awsKey,
		`body: email=ana%40example.com&card=4111111111111111&phone=%2B49+151+12345678&iban=DE89370400440532013000`,
		`config dump: SLACK_TOKEN=` + slack + ` GITHUB_TOKEN=` + github + ` AWS_SECRET_ACCESS_KEY=` + awsSecret,
	}
}

func benchmark(b *testing.B, lines []string) {
	r := rules.Default()
	text := int64(0)
	for _, l := range lines {
		text += int64(len(l)) + 1
		r.Redact(l)
	}
	b.SetBytes(text)
	b.ReportAllocs()
	b.ResetTimer()
	began := worked()
	for range b.N {
		for _, l := range lines {
			r.Redact(l)
		}
	}
	b.ReportMetric(float64(text)*float64(b.N)/float64(1<<20)/(worked()-began).Seconds(), "MiB/cpu-s")
}

// worked is the processor time of this process: on a machine that others use too,
// it says more than the clock.
func worked() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkClean is of lines in which there is nothing.
func BenchmarkClean(b *testing.B) { benchmark(b, clean) }

// BenchmarkMixed is of lines of which one in twenty has something.
func BenchmarkMixed(b *testing.B) {
	var lines []string
	for _, s := range secretLines() {
		lines = append(append(append(lines, clean...), clean[:9]...), s)
	}
	benchmark(b, lines)
}

// BenchmarkSecrets is of lines in which there is always something.
func BenchmarkSecrets(b *testing.B) { benchmark(b, secretLines()) }

// BenchmarkHostile is of lines that are made to take long.
func BenchmarkHostile(b *testing.B) {
	for name, line := range hostile(64 << 10) {
		b.Run(strings.ReplaceAll(name, " ", "_"), func(b *testing.B) { benchmark(b, []string{line}) })
	}
}
