package logtraffic

import (
	"time"

	"firebreak/internal/incident"
	"firebreak/internal/telemetry"
)

// stock counts what is in the warehouses: Go, logfmt, an import every night.
func stock() *service {
	info, warn, fail := telemetry.LevelInfo, telemetry.LevelWarn, telemetry.LevelError
	return &service{
		name: "stock", layout: logfmtLayout, severity: incident.Sev2, hosts: 3, trough: 0.25, weekend: 1.1, peak: 18.5,
		batch: 2*time.Hour + 10*time.Minute, lasts: 35 * time.Minute, announce: true, major: 2, deploys: 0.6, replaced: true, callers: "orders",
		shapes: []shape{
			{name: "reserved", rate: 0.2, level: info, text: "stock reserved", fields: "sku={sku} qty={int 1 6} warehouse={pick fra1|ham1|lej2} took={dur 3 0.8}"},
			{name: "released", rate: 0.08, level: info, text: "reservation {hex 16} released", fields: "reason={pick paid|cancelled|expired}"},
			{name: "query", rate: 0.14, level: telemetry.LevelDebug, text: "query done", fields: "db={peer stockdb-0.internal|stockdb-1.internal} statement={pick get_level|put_level|list_moves} took={dur 1.4 0.8}"},
			{name: "moved", rate: 0.05, level: info, text: "moved {int 1 80} of {sku} from {pick fra1|ham1|lej2} to {pick lej2|fra1|ham1}"},
			{name: "low", rate: 0.01, level: warn, text: "level of {sku} is low: {int 0 5} left", bursts: 3},
			{name: "notfound", rate: 0.015, level: warn, text: "unknown article", fields: "sku={sku} status=404 client={ip}", bursts: 4},
			{name: "rejected", rate: 0.0025, level: fail, text: "reservation failed", fields: "sku={sku} error=\"not enough in any warehouse\""},
			{name: "dberr", rate: 0.0012, level: fail, text: "query failed", fields: "db={peer stockdb-0.internal|stockdb-1.internal} error=\"connection reset by peer\"", bursts: 2},
			{name: "imported", rate: 1.2, drive: inBatch, level: info, text: "imported shelf {int 1 9999}", fields: "articles={int 3 90} took={dur 40 0.5}"},
			{name: "skipped", rate: 0.03, drive: inBatch, level: warn, text: "import line {int 1 99999} skipped: article {sku} is not for sale"},
			{name: "probe", rate: 0.0666, drive: steadily, level: telemetry.LevelDebug, text: "GET /healthz 200", fields: "took={dur 0.2 0.3}"},
			{name: "sync", rate: 0.0333, drive: steadily, level: info, text: "warehouse levels in step", fields: "warehouse={pick fra1|ham1|lej2} articles={int 12000 12900} took={dur 320 0.3}"},
			{name: "gossip", rate: 0.05, drive: steadily, level: telemetry.LevelDebug, text: "gossip with {ip}:7946 done"},
			{rate: 0.0166, drive: steadily, level: telemetry.LevelDebug, text: "runtime", fields: "goroutines={int 40 180} heap_mb={int 30 90} gc_pause={dur 0.3 0.4}"},
			{rate: 0.00028, drive: steadily, level: info, text: "tls certificate renewed for stock.internal"},
			{rate: 4e-6, level: fail, text: "label printer {pick fra1|ham1|lej2} does not answer"},
			{rate: 3e-6, drive: steadily, level: fail, text: "negative level corrected", fields: "sku={sku} level=-1"},
		},
		begin: []shape{
			{level: info, text: "stock starting", fields: "version={version} go=go1.26.8 host={host}"},
			{level: info, text: "database reached", fields: "db={peer stockdb-0.internal|stockdb-1.internal} took={dur 9 0.4}"},
			{level: info, text: "joined cluster of {int 2 6} members"},
			{level: info, text: "levels loaded", fields: "articles={int 12000 12900} took={dur 900 0.3}"},
			{level: info, text: "serving", fields: "addr=:8443"},
		},
		end: []shape{
			{level: info, text: "shutting down", fields: "signal=terminated"},
			{level: info, text: "left cluster"},
		},
	}
}
