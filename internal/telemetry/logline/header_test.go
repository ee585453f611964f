package logline_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/telemetry/logline"
)

const request = "e6b3a1d2-1111-2222-3333-444444444444"

// Every header that is certain is kept out of the message, and nothing else.
func TestHeaders(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	for line, want := range map[string]logline.Line{
		// log4j, logback, Spring Boot.
		"2026-01-02 12:00:00,000 ERROR [main] com.shop.Cart it broke":                   {Level: logline.Error, Message: "it broke", Time: noon, Logger: "com.shop.Cart", Thread: "main"},
		"2026-01-02 12:00:00,000 INFO [main] org.shop.cart.Server: listening on 8020":   {Level: logline.Info, Message: "listening on 8020", Time: noon, Logger: "org.shop.cart.Server", Thread: "main"},
		"2026-01-02 12:00:00,000 - WARN  [Worker[id=1]/0:0:Cart@774] - timed out: 3200": {Level: logline.Warn, Message: "timed out: 3200", Time: noon, Thread: "Worker[id=1]/0:0:Cart@774"},
		"2026-01-02 12:00:00.000 [http-nio-8080-exec-1] ERROR c.s.Cart - it broke":      {Level: logline.Error, Message: "it broke", Time: noon, Logger: "c.s.Cart", Thread: "http-nio-8080-exec-1"},
		"2026-01-02T12:00:00.000Z  INFO 12345 --- [app] [main] c.s.Cart : added item":   {Level: logline.Info, Message: "added item", Time: noon, Logger: "c.s.Cart", Thread: "main"},
		"26/01/02 12:00:00 INFO executor.Runner: registered [TERM, HUP]":                {Level: logline.Info, Message: "registered [TERM, HUP]", Time: noon, Logger: "executor.Runner"},
		"260102 120000 148 INFO dfs.Node$Responder: block 5 terminating":                {Level: logline.Info, Message: "block 5 terminating", Time: noon, Logger: "dfs.Node$Responder", Thread: "148"},
		"12:00:00.123 [main] INFO c.s.Cart - hello":                                     {Level: logline.Info, Message: "hello", Logger: "c.s.Cart", Thread: "main"},
		"2026-01-02 12:00:00,000 ERROR java.lang.IllegalStateException: it broke":       {Level: logline.Error, Message: "java.lang.IllegalStateException: it broke", Time: noon},
		"2026-01-02 12:00:00,000 ERROR db01.internal: connection lost":                  {Level: logline.Error, Message: "db01.internal: connection lost", Time: noon},
		"2026-01-02 12:00:00,000 INFO [cart] was emptied":                               {Level: logline.Info, Message: "[cart] was emptied", Time: noon},
		"2026-01-02 12:00:00,000 INFO Retry - giving up":                                {Level: logline.Info, Message: "Retry - giving up", Time: noon},
		// Python, Ruby, Go, Rust, .NET, JavaScript.
		"2026-01-02 12:00:00,000 - shop.cart - ERROR - it broke":                          {Level: logline.Error, Message: "it broke", Time: noon, Logger: "shop.cart"},
		"I, [2026-01-02T12:00:00.000000 #12]  INFO -- shop: it works":                     {Level: logline.Info, Message: "it works", Time: noon, Logger: "shop", Thread: "12"},
		"E, [2026-01-02T12:00:00.000000 #12] ERROR -- : it broke: badly":                  {Level: logline.Error, Message: "it broke: badly", Time: noon, Thread: "12"},
		"2026/01/02 12:00:00 it works":                                                    {Message: "it works", Time: noon},
		"2026/01/02 12:00:00 main.go:12: it works":                                        {Message: "it works", Time: noon, Logger: "main.go:12"},
		"2026/01/02 12:00:00 http: panic serving 10.0.0.1:5: x":                           {Message: "http: panic serving 10.0.0.1:5: x", Time: noon},
		"2026/01/02 12:00:00 ERROR it broke":                                              {Level: logline.Error, Message: "it broke", Time: noon},
		"I0102 12:00:00.000000       1 main.go:5] it works":                               {Level: logline.Info, Message: "it works", Time: time.Date(0, 1, 2, 12, 0, 0, 0, time.UTC), Logger: "main.go:5", Thread: "1"},
		"2026-01-02T12:00:00.000Z\tINFO\tcart\tcart/add.go:12\tadded item\t{\"item\": 5}": {Level: logline.Info, Message: "added item", Time: noon, Logger: "cart", Fields: []logline.Field{{Name: "item", Value: "5"}}},
		"2026-01-02T12:00:00.000Z\tinfo\tcart/add.go:12\tadded item":                      {Level: logline.Info, Message: "added item", Time: noon, Logger: "cart/add.go:12"},
		"[2026-01-02T12:00:00Z WARN  shop::cart] slow":                                    {Level: logline.Warn, Message: "slow", Time: noon, Logger: "shop::cart"},
		"2026-01-02T12:00:00Z  INFO shop::cart: it works":                                 {Level: logline.Info, Message: "it works", Time: noon, Logger: "shop::cart"},
		"2026-01-02 12:00:00.000 +00:00 [WRN] slow":                                       {Level: logline.Warn, Message: "slow", Time: noon},
		"2026-01-02T12:00:00.000Z error: it broke":                                        {Level: logline.Error, Message: "it broke", Time: noon},
		"2026-01-02T12:00:00.000Z Error: it broke":                                        {Level: logline.Error, Message: "Error: it broke", Time: noon},
		"2026-01-02 12:00:00 the job got ERROR from 5":                                    {Level: logline.Error, Message: "the job got ERROR from 5", Time: noon},
		"2026-01-02 12:00:00.000 | ERROR    | shop.cart:add:12 - it broke":                {Level: logline.Error, Message: "it broke", Time: noon, Logger: "shop.cart:add:12"},
		"2026-01-02 12:00:00.000 | ERROR    | Retry - giving up":                          {Level: logline.Error, Message: "Retry - giving up", Time: noon},
		"[2026-01-02 12:00:00,000: WARNING/Worker-1] slow":                                {Level: logline.Warn, Message: "slow", Time: noon, Logger: "Worker-1"},
		"[2026-01-02 12:00:00 +0000] [7] [INFO] Booting worker":                           {Level: logline.Info, Message: "Booting worker", Time: noon, Thread: "7"},
		"[2026-01-02 12:00:00] production.ERROR: it broke":                                {Level: logline.Error, Message: "it broke", Time: noon, Logger: "production"},
		"[2026-01-02T12:00:00,000][INFO ][o.e.n.Node         ] [node-1] started":          {Level: logline.Info, Message: "[node-1] started", Time: noon, Logger: "o.e.n.Node"},
		"INFO  [main] 2026-01-02 12:00:00,000 Server.java:12 - it works":                  {Level: logline.Info, Message: "it works", Time: noon, Logger: "Server.java:12", Thread: "main"},
		"WARN 2026-01-02 12:00:00,000 slow":                                               {Level: logline.Warn, Message: "slow", Time: noon},
		"[ERROR] 2026-01-02 12:00:00 it broke":                                            {Level: logline.Error, Message: "it broke", Time: noon},
		"[ERROR] [2026-01-02 12:00:00] it broke":                                          {Level: logline.Error, Message: "it broke", Time: noon},
		"12:00:00,123 INFO  [org.shop.cart] (worker 5) WFLY1: it works":                   {Level: logline.Info, Message: "WFLY1: it works", Logger: "org.shop.cart", Thread: "worker 5"},
		"[12:00:00.000] INFO (123): it works":                                             {Level: logline.Info, Message: "it works", Thread: "123"},
		"2026-01-02 12:00:00 INFO  Cart:110 - it works":                                   {Level: logline.Info, Message: "it works", Time: noon, Logger: "Cart:110"},
		"\x1b[90m2026-01-02T12:00:00Z\x1b[0m \x1b[31mERR\x1b[0m it \x1b[1mbroke\x1b[0m":   {Level: logline.Error, Message: "it broke", Time: noon},
		"ERROR:root:it broke":                                                             {Level: logline.Error, Message: "ERROR:root:it broke"},
		"[WARN  shop::cart] slow":                                                         {Level: logline.Warn, Message: "[WARN  shop::cart] slow"},
		"ERROR 5 of 7":                                                                    {Level: logline.Error, Message: "ERROR 5 of 7"},
		"ERRORS:x":                                                                        {Message: "ERRORS:x"},
		"INFO":                                                                            {Level: logline.Info, Message: "INFO"},
		// nginx, Apache, access logs, syslog, macOS.
		"2026/01/02 12:00:00 [error] 12#0: *1 connect() failed (111: Connection refused)":   {Level: logline.Error, Message: "*1 connect() failed (111: Connection refused)", Time: noon, Thread: "12#0"},
		"[Fri Jan 02 12:00:00 2026] [notice] workerEnv.init() ok":                           {Level: logline.Info, Message: "workerEnv.init() ok", Time: noon},
		"[Fri Jan 02 12:00:00.000000 2026] [core:error] [pid 5:tid 6] [client 10.0.0.1] no": {Level: logline.Error, Message: "[client 10.0.0.1] no", Time: noon, Logger: "core", Thread: "pid 5:tid 6"},
		`10.0.0.1 - eva [02/Jan/2026:13:00:00 +0100] "GET /x HTTP/1.1" 200 23`:              {Message: `10.0.0.1 - eva [02/Jan/2026:13:00:00 +0100] "GET /x HTTP/1.1" 200 23`, Time: noon},
		"Jan  2 12:00:00 web-1 sshd[24200]: session closed":                                 {Message: "session closed", Time: time.Date(0, 1, 2, 12, 0, 0, 0, time.UTC), Logger: "sshd", Thread: "24200"},
		"Jan  2 12:00:00 web-1 kernel: error: no memory":                                    {Level: logline.Error, Message: "error: no memory", Time: time.Date(0, 1, 2, 12, 0, 0, 0, time.UTC), Logger: "kernel"},
		"2026-01-02T12:00:00.000000+00:00 web-1 app[7]: ready":                              {Message: "ready", Time: noon, Logger: "app", Thread: "7"},
		"2026-01-02T12:00:00Z Connection refused: x":                                        {Message: "Connection refused: x", Time: noon},
		"<34>Jan  2 12:00:00 web-1 su: 'su root' failed":                                    {Level: logline.Fatal, Message: "'su root' failed", Time: time.Date(0, 1, 2, 12, 0, 0, 0, time.UTC), Logger: "su"},
		`<165>1 2026-01-02T12:00:00Z web-1 app 7 ID47 [x@1 a="]"][y b="c"] it works`:        {Level: logline.Info, Message: "it works", Time: noon, Logger: "app", Thread: "7"},
		"<11>it broke": {Level: logline.Error, Message: "it broke"},
		// Containers and AWS Lambda.
		`2026-01-02T12:00:00.000000000Z stderr F {"level":"warn","msg":"slow"}`:       {Level: logline.Warn, Message: "slow", Time: noon, Structured: true},
		"2026-01-02T12:00:00.000000000Z stdout F ERROR it broke":                      {Level: logline.Error, Message: "ERROR it broke", Time: noon},
		"[ERROR]\t2026-01-02T12:00:00.000Z\t" + request + "\tit broke":                {Level: logline.Error, Message: "it broke", Time: noon, Thread: request},
		"2026-01-02T12:00:00.000Z\t" + request + "\tERROR\tit broke":                  {Level: logline.Error, Message: "it broke", Time: noon, Thread: request},
		"2026-01-02T12:00:00.000Z\tundefined\tINFO\tcold start":                       {Level: logline.Info, Message: "cold start", Time: noon, Thread: "undefined"},
		"2026-01-02T12:00:00.000Z " + request + " Task timed out after 3.00 seconds":  {Level: logline.Error, Message: request + " Task timed out after 3.00 seconds", Time: noon},
		"START RequestId: " + request + " Version: $LATEST":                           {Level: logline.Info, Message: "START RequestId: " + request + " Version: $LATEST"},
		"END RequestId: " + request:                                                   {Level: logline.Info, Message: "END RequestId: " + request},
		"RequestId: " + request + " Error: Runtime exited with error: signal: killed": {Level: logline.Error, Message: "RequestId: " + request + " Error: Runtime exited with error: signal: killed"},
		"REPORT RequestId: " + request + "\tDuration: 12.34 ms\tMemory Size: 128 MB\tStatus: timeout": {
			Level: logline.Error, Message: "REPORT RequestId: " + request + "\tDuration: 12.34 ms\tMemory Size: 128 MB\tStatus: timeout",
			Fields: []logline.Field{{Name: "RequestId", Value: request}, {Name: "Duration", Value: "12.34 ms"}, {Name: "Memory Size", Value: "128 MB"}, {Name: "Status", Value: "timeout"}},
		},
		// What runtimes say by themselves.
		"Traceback (most recent call last):":                              {Level: logline.Error, Message: "Traceback (most recent call last):"},
		"thread 'main' panicked at src/main.rs:2:5:":                      {Level: logline.Fatal, Message: "thread 'main' panicked at src/main.rs:2:5:"},
		`Exception in thread "main" java.lang.Error: x`:                   {Level: logline.Error, Message: `Exception in thread "main" java.lang.Error: x`},
		"panic: runtime error: index out of range [5] with length 3":      {Level: logline.Fatal, Message: "panic: runtime error: index out of range [5] with length 3"},
		"Unhandled exception. System.InvalidOperationException: it broke": {Level: logline.Error, Message: "Unhandled exception. System.InvalidOperationException: it broke"},
		// Structure behind a header.
		`Jan  2 12:00:00 web-1 app[7]: {"level":"error","msg":"it broke","code":5}`: {
			Level: logline.Error, Message: "it broke", Time: time.Date(0, 1, 2, 12, 0, 0, 0, time.UTC), Logger: "app", Thread: "7", Fields: []logline.Field{{Name: "code", Value: "5"}}, Structured: true,
		},
		`2026-01-02T12:00:00Z level=warn msg=slow took=5s`:         {Level: logline.Warn, Message: "slow", Time: noon, Fields: []logline.Field{{Name: "took", Value: "5s"}}, Structured: true},
		`web-1 | {"time":"2026-01-02T12:00:00Z","msg":"it works"}`: {Message: "it works", Time: noon, Structured: true},
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, want, logline.Parse(line))
		})
	}
}

// What has no header stays as it is, whatever it looks like.
func TestRawMessagesAreKept(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"10.251.214.130:50010:Got exception while serving block 1 to /10.251.71.193:",
		"authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=10.1.2.3  user=root",
		"Received event {\"id\":1,\"name\":\"x\"}",
		"1234567890 bytes written",
		"[instance: 5] VM started (Lifecycle Event)",
		"(root) CMD (run-parts /etc/cron.hourly)",
		"<_main> started",
		"ERROR IN CONTACTING RM.",
		"error: no route",
		"time=5 s since the last one",
		"state=ready next=done",
		"key = value",
		"level",
		"a=1",
		"{not JSON}",
		"{}",
		"}",
		"[]",
		"12:30 appointment",
		"2026-01-02",
		"2026-01-02T12:00:00Z",
		"2026-13-02 12:00:00 month 13",
		"  indented: yes  ",
		"\tat com.shop.Cart.add(Cart.java:12)",
		"Mon and Tue are days",
		"May 5 be with you",
		"I, Robot",
		"E2E tests passed",
		"über alle Maßen: 语言 \xff",
		"-", " ", "",
	} {
		require.Equal(t, line, logline.Parse(line).Message, "%q", line)
	}
}

func TestSeverityByItself(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]logline.Level{
		`{"severity":3,"msg":"x"}`:                          logline.Error,
		`{"PRIORITY":"4","MESSAGE":"x"}`:                    logline.Warn,
		`{"severity":"0","msg":"x"}`:                        logline.Fatal,
		`{"level":30,"msg":"x"}`:                            logline.Info,
		`{"levelno":40,"message":"x"}`:                      logline.Error,
		`{"level_value":40000,"message":"x"}`:               logline.Error,
		`{"severityNumber":17,"body":"x"}`:                  logline.Error,
		`{"short_message":"x","level":3}`:                   logline.Error,
		`{"level":3,"msg":"x"}`:                             "",
		`{"level":"E","msg":"x"}`:                           logline.Error,
		`{"level":"Warning","msg":"x"}`:                     logline.Warn,
		`{"log":{"level":"error"},"message":"x"}`:           logline.Error,
		`{"log.level":"error","message":"x"}`:               logline.Error,
		`{"@l":"Fatal","@mt":"x {y}"}`:                      logline.Fatal,
		`{"level":"none of these","lvl":"debug","msg":"x"}`: logline.Debug,
		`{"errorType":"E","errorMessage":"no"}`:             logline.Error,
		`{"msg":"x","stack":"E: no\n  at f (/a.js:1:2)"}`:   logline.Error,
		`{"msg":"x","error":"no"}`:                          "",
		`{"level":true,"msg":"x"}`:                          "",
		`{"level":-1e400,"msg":"x"}`:                        "",
		`no level=here at all, but level="error" there`:     logline.Error,
		`request_level=error`:                               "",
		"SEVERE: it broke":                                  logline.Error,
		"[ warn ] slow":                                     logline.Warn,
		"Stack trace:":                                      "",
		"read the config: ok":                               "",
		"trace: x":                                          logline.Debug,
		"app info: x":                                       logline.Info,
		"HOST GET POST ERROR":                               logline.Error,
		"all is well, although the error count is high":     "",
		"first line\nERROR second line":                     "",
	} {
		require.Equal(t, want, logline.Parse(line).Level, line)
	}
}
