package logtraffic

import (
	"time"

	"firebreak/internal/incident"
	"firebreak/internal/telemetry"
)

// ledger keeps the books: Python, tracebacks inside of the message, a long job
// at night, deployments that no event tells of.
func ledger() *service {
	info, warn, fail := telemetry.LevelInfo, telemetry.LevelWarn, telemetry.LevelError
	return &service{
		name: "ledger", layout: pythonLayout, severity: incident.Sev1, hosts: 2, trough: 0.3, weekend: 0.8, peak: 17,
		batch: time.Hour, lasts: 55 * time.Minute, major: 5, deploys: 0.4, callers: "orders",
		shapes: []shape{
			{name: "posted", rate: 0.12, level: info, from: "ledger.book", text: "posted entry {id} to account {int 1000 1999}, {int 1 900}.{int 10 99} EUR"},
			{name: "charged", rate: 0.07, level: info, from: "ledger.bank", text: "bank {peer bank-a.example|bank-b.example} confirmed charge {uuid} in {ms 180 0.6} ms"},
			{name: "balance", rate: 0.05, level: telemetry.LevelDebug, from: "ledger.book", text: "balance of account {int 1000 1999} read in {ms 2.5 0.7} ms"},
			{name: "refund", rate: 0.008, level: info, from: "ledger.book", text: "refunded order {id}"},
			{name: "declined", rate: 0.006, level: warn, from: "ledger.bank", text: "card of order {id} declined: {pick insufficient_funds|expired_card|do_not_honor}", bursts: 3},
			{
				name: "bankerr", rate: 0.001, level: fail, from: "ledger.bank", text: "charge of order {id} failed",
				trace: []string{
					"Traceback (most recent call last):",
					"  File \"/srv/ledger/bank.py\", line {int 80 120}, in charge",
					"    answer = self.session.post(url, json=body, timeout=10)",
					"  File \"/usr/lib/python3.13/site-packages/requests/sessions.py\", line 637, in post",
					"    return self.request(\"POST\", url, data=data, json=json, **kwargs)",
					"requests.exceptions.ReadTimeout: HTTPSConnectionPool(host='bank-a.example', port=443): Read timed out. (read timeout=10)",
				},
			},
			{name: "dispute", rate: 0.0007, level: fail, from: "ledger.book", text: "entry {id} does not balance, put aside", bursts: 2},
			{name: "closing", rate: 0.9, drive: inBatch, level: info, from: "ledger.closing", text: "closed account {int 1000 1999} for {pick EUR|USD|CHF}: {int 0 400} entries in {ms 25 0.5} ms"},
			{name: "carried", rate: 0.2, drive: inBatch, level: info, from: "ledger.closing", text: "carried {int 1 60} open items of account {int 1000 1999} forward"},
			{name: "queue", rate: 0.0333, drive: steadily, level: telemetry.LevelDebug, from: "ledger.queue", text: "queue depth {int 0 12}"},
			{name: "beat", rate: 0.1, drive: steadily, level: telemetry.LevelDebug, from: "ledger.worker", text: "heartbeat of worker {int 1 4}"},
			{name: "vacuum", rate: 0.0033, drive: steadily, level: info, from: "ledger.db", text: "vacuumed table {pick entries|accounts|open_items} in {ms 800 0.5} ms"},
			{rate: 0.00028, drive: steadily, level: info, from: "ledger.rotate", text: "log rotated, {int 2 9} files kept"},
			{rate: 4e-6, drive: steadily, level: fail, from: "ledger.tax", text: "rate of tax code {int 10 40} is outdated"},
			{rate: 4e-6, level: fail, from: "ledger.book", text: "account {int 1000 1999} is frozen"},
		},
		begin: []shape{
			{level: info, from: "ledger.main", text: "ledger {version} starting, python 3.13.1, pid {int 7 900}"},
			{level: info, from: "ledger.db", text: "connected to postgresql://ledger@ledgerdb.internal/ledger"},
			{level: warn, from: "py.warnings", text: "DeprecationWarning: datetime.datetime.utcnow() is deprecated"},
			{level: info, from: "ledger.worker", text: "started {int 4 4} workers"},
		},
		end: []shape{
			{level: info, from: "ledger.main", text: "stopping, {int 0 4} entries in flight"},
			{level: info, from: "ledger.main", text: "bye"},
		},
	}
}
