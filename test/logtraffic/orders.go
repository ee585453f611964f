package logtraffic

import (
	"firebreak/internal/incident"
	"firebreak/internal/telemetry"
)

// orders takes orders: Java's plain lines with stack traces, a line each.
func orders() *service {
	info, warn, fail := telemetry.LevelInfo, telemetry.LevelWarn, telemetry.LevelError
	return &service{
		name: "orders", layout: javaLayout, severity: incident.Sev1, hosts: 4, trough: 0.22, weekend: 1.15, peak: 19.5,
		announce: true, major: 8, deploys: 0.7, callers: "storefront",
		shapes: []shape{
			{name: "accepted", rate: 0.2, level: info, from: "c.e.orders.OrderService", text: "Order {id} accepted for customer {int 10000 99999} in {whole 35 0.7} ms"},
			{name: "reserved", rate: 0.18, level: info, from: "c.e.orders.StockClient", text: "Reserved {int 1 6} of {sku} at {peer stock-1.internal|stock-2.internal}"},
			{name: "query", rate: 0.16, level: telemetry.LevelDebug, from: "c.e.orders.db.Repository", text: "select on {pick orders|customers|addresses|vouchers} took {ms 4 0.8} ms, {int 0 50} rows"},
			{name: "priced", rate: 0.08, level: info, from: "c.e.orders.Pricing", text: "Priced order {id}: {int 5 900}.{int 10 99} EUR, voucher {pick none|SPRING10|WELCOME|STAFF}"},
			{name: "confirmed", rate: 0.07, level: info, from: "c.e.orders.mail.Outbox", text: "Queued confirmation for order {id} to {email}"},
			{name: "shipped", rate: 0.04, level: info, from: "c.e.orders.Shipping", text: "Order {id} handed to carrier {pick dhl|ups|gls} as {hex 12}"},
			{name: "retry", rate: 0.006, level: warn, from: "c.e.orders.StockClient", text: "Attempt {int 2 3} for {sku} after {whole 220 0.3} ms"},
			{name: "voucher", rate: 0.012, level: warn, from: "c.e.orders.Pricing", text: "Voucher {hex 8} is not known", bursts: 4},
			{
				name: "failed", rate: 0.004, level: fail, from: "c.e.orders.OrderService", text: "Order {id} could not be placed",
				trace: []string{
					"com.example.orders.StockException: reservation of {sku} timed out",
					"\tat com.example.orders.StockClient.reserve(StockClient.java:118)",
					"\tat com.example.orders.OrderService.place(OrderService.java:74)",
					"\tat com.example.orders.api.OrderController.post(OrderController.java:41)",
					"\tat java.base/java.lang.reflect.Method.invoke(Method.java:580)",
					"Caused by: java.net.SocketTimeoutException: Read timed out",
					"\tat java.base/sun.nio.ch.NioSocketImpl.timedRead(NioSocketImpl.java:288)",
					"\t... 14 more",
				},
			},
			{
				rate: 0.0012, level: warn, from: "c.e.orders.api.OrderController", text: "Client {ip} closed the connection early",
				trace: []string{
					"org.apache.catalina.connector.ClientAbortException: java.io.IOException: Broken pipe",
					"\tat org.apache.catalina.connector.OutputBuffer.realWriteBytes(OutputBuffer.java:342)",
					"\tat com.example.orders.api.OrderController.list(OrderController.java:63)",
					"\t... 31 more",
				},
			},
			{name: "conflict", rate: 0.0015, level: fail, from: "c.e.orders.db.Repository", text: "Version conflict on order {id}, giving up after 3 attempts", bursts: 2},
			{name: "pool", rate: 0.0333, drive: steadily, level: telemetry.LevelDebug, from: "com.zaxxer.hikari.pool.HikariPool", text: "HikariPool-1 - Pool stats (total={int 10 12}, active={int 0 9}, idle={int 1 10}, waiting=0)"},
			{name: "gc", rate: 0.025, level: info, from: "c.e.orders.ops.GcLog", text: "GC({int 100 9999}) Pause Young (Normal) {int 180 420}M->{int 60 120}M(512M) {ms 7 0.5}ms"},
			{name: "sweep", rate: 0.0166, drive: steadily, level: info, from: "c.e.orders.jobs.Sweeper", text: "Swept {int 0 14} abandoned baskets in {whole 60 0.4} ms"},
			{name: "lease", rate: 0.0666, drive: steadily, level: telemetry.LevelDebug, from: "c.e.orders.jobs.Leader", text: "Lease renewed by {host}"},
			{rate: 0.00028, drive: steadily, level: info, from: "c.e.orders.fx.Rates", text: "Loaded {int 31 31} exchange rates of the European Central Bank"},
			{rate: 3e-6, level: fail, from: "c.e.orders.Invoices", text: "Invoice {id} has no tax number"},
			{rate: 4e-6, drive: steadily, level: fail, from: "c.e.orders.fx.Rates", text: "Exchange rates not loaded, keeping those of yesterday"},
		},
		begin: []shape{
			{level: info, from: "c.e.orders.Application", text: "Starting Application {version} using Java 21.0.4 with PID {int 7 40}"},
			{level: info, from: "o.s.b.w.e.tomcat.TomcatWebServer", text: "Tomcat initialized with port 8080 (http)"},
			{level: info, from: "com.zaxxer.hikari.HikariDataSource", text: "HikariPool-1 - Starting..."},
			{level: info, from: "com.zaxxer.hikari.HikariDataSource", text: "HikariPool-1 - Start completed."},
			{level: info, from: "o.f.core.internal.command.DbMigrate", text: "Schema \"orders\" is up to date. No migration necessary."},
			{level: warn, from: "o.s.b.a.orm.jpa.JpaWebConfiguration", text: "spring.jpa.open-in-view is enabled by default"},
			{level: info, from: "c.e.orders.Application", text: "Started Application in {int 6 14}.{int 100 999} seconds (process running for {int 14 19}.{int 100 999})"},
		},
		end: []shape{
			{level: info, from: "o.s.b.w.e.tomcat.GracefulShutdown", text: "Commencing graceful shutdown. Waiting for active requests to complete"},
			{level: info, from: "com.zaxxer.hikari.HikariDataSource", text: "HikariPool-1 - Shutdown completed."},
		},
	}
}
