package logtraffic

import (
	"time"

	"firebreak/internal/incident"
	"firebreak/internal/telemetry"
)

// notifier sends mail and messages: Java, little traffic, a digest in the
// morning.
func notifier() *service {
	info, warn, fail := telemetry.LevelInfo, telemetry.LevelWarn, telemetry.LevelError
	return &service{
		name: "notifier", layout: javaLayout, severity: incident.Sev3, hosts: 2, trough: 0.3, weekend: 0.9, peak: 20,
		batch: 6*time.Hour + 30*time.Minute, lasts: 20 * time.Minute, announce: true, major: 1, deploys: 0.3,
		shapes: []shape{
			{name: "sent", rate: 0.09, level: info, from: "n.Mailer", text: "Sent {pick confirmation|invoice|shipping|reminder} {hex 10} to {email} via {peer smtp-1.mail.internal|smtp-2.mail.internal} in {whole 90 0.6} ms"},
			{name: "pushed", rate: 0.08, level: info, from: "n.Push", text: "Pushed message {id} to {int 1 4} devices"},
			{name: "rendered", rate: 0.07, level: telemetry.LevelDebug, from: "n.Render", text: "Rendered {pick confirmation.html|invoice.html|shipping.html|reminder.html} in {ms 6 0.6} ms"},
			{name: "bounced", rate: 0.006, level: warn, from: "n.Bounces", text: "Mail to {email} bounced: {pick 550 5.1.1|552 5.2.2|554 5.7.1}", bursts: 4},
			{name: "greylisted", rate: 0.004, level: warn, from: "n.Mailer", text: "Deferred by {ip}: 451 4.7.1 try again later", bursts: 2},
			{name: "senderr", rate: 0.0012, level: fail, from: "n.Mailer", text: "Giving up on mail {hex 10} after {int 5 5} attempts", bursts: 2},
			{name: "pusherr", rate: 0.0008, level: fail, from: "n.Push", text: "Push service refused token {hex 24}"},
			{name: "digest", rate: 0.8, drive: inBatch, level: info, from: "n.Digest", text: "Digest for {email} with {int 1 20} items"},
			{rate: 0.6, drive: onSundays, level: info, from: "n.Weekly", text: "Week in pictures for {email}, {int 3 12} pictures"},
			{name: "poll", rate: 0.1, drive: steadily, level: telemetry.LevelDebug, from: "n.Queue", text: "Polled {int 0 10} messages"},
			{name: "purge", rate: 0.0033, drive: steadily, level: info, from: "n.Outbox", text: "Purged {int 0 90} sent messages"},
			{name: "quota", rate: 0.0166, drive: steadily, level: info, from: "n.Quota", text: "Used {int 1 70} percent of the hourly quota"},
			{rate: 0.00028, drive: steadily, level: info, from: "n.Keys", text: "DKIM key {hex 8} loaded"},
			{rate: 4e-6, level: fail, from: "n.Render", text: "Translation of {pick subject|greeting} to {pick fi|pt|ro} is missing"},
		},
		begin: []shape{
			{level: info, from: "n.Main", text: "notifier {version} on {host}"},
			{level: info, from: "n.Mailer", text: "Connected to {peer smtp-1.mail.internal|smtp-2.mail.internal}:587"},
			{level: info, from: "n.Queue", text: "Subscribed to queue notifications"},
			{level: info, from: "n.Main", text: "Ready after {int 2 6}.{int 100 999} s"},
		},
		end: []shape{
			{level: info, from: "n.Main", text: "Stopping"},
			{level: info, from: "n.Queue", text: "Unsubscribed"},
		},
	}
}
