package logtraffic

import (
	"firebreak/internal/incident"
	"firebreak/internal/telemetry"
)

// storefront serves pages: JSON, the most traffic, the most deployments, and
// all the noise of the internet.
func storefront() *service {
	info, warn, fail := telemetry.LevelInfo, telemetry.LevelWarn, telemetry.LevelError
	return &service{
		name: "storefront", layout: jsonLayout, severity: incident.Sev2, hosts: 5, trough: 0.2, weekend: 1.25, peak: 19,
		announce: true, major: 31, deploys: 1.5, replaced: true,
		shapes: []shape{
			{name: "served", rate: 0.4, level: info, text: "request completed", fields: "method={pick GET|POST} path=/products/{id} status=200 duration_ms={ms 18 0.8} request_id={uuid}"},
			{name: "search", rate: 0.12, level: info, text: "search answered", fields: "hits={int 0 400} duration_ms={ms 42 0.9} request_id={uuid}"},
			{name: "cart", rate: 0.07, level: info, text: "cart {uuid} updated, {int 1 9} items", fields: "user={email}"},
			{name: "cached", rate: 0.1, level: info, text: "cache hit for fragment {pick header|footer|teaser|menu}", fields: "age_s={int 1 600}"},
			{name: "login", rate: 0.05, level: info, text: "user {email} signed in from {ip}"},
			{rate: 0.03, level: info, text: "user {email} signed out"},
			{name: "upstream", rate: 0.08, level: info, text: "connected to {peer orders-a.internal|orders-b.internal|orders-c.internal}:8443 in {ms 3 0.6} ms"},
			{name: "missing", rate: 0.03, level: warn, text: "no route for {pick /wp-login.php|/favicon.png|/.env|/apple-touch-icon.png}", fields: "status=404 client={ip}", bursts: 8},
			{name: "badinput", rate: 0.02, level: warn, text: "request rejected: field {pick quantity|postcode|coupon} is not valid", fields: "status=400 client={ip}", bursts: 3},
			{name: "denied", rate: 0.012, level: warn, text: "sign-in of {email} refused: wrong password", fields: "status=401 client={ip}", bursts: 5},
			{name: "slow", rate: 0.01, level: warn, text: "slow page /categories/{int 1 80}: {whole 1400 0.3} ms"},
			{name: "failed", rate: 0.004, level: fail, text: "request failed", fields: "method={pick GET|POST} path=/products/{id} status=500 duration_ms={ms 30 0.8} request_id={uuid}"},
			{name: "upstreamerr", rate: 0.0015, level: fail, text: "upstream orders answered 503 after {whole 900 0.4} ms", bursts: 2},
			{
				rate: 0.0006, level: fail, text: "template error in /emails/{int 1 40}: undefined is not iterable",
				trace: []string{"TypeError: undefined is not iterable", "    at render (/app/dist/mail.js:{int 20 900}:{int 3 60})", "    at async send (/app/dist/mail.js:{int 20 900}:{int 3 60})"},
			},
			{name: "health", rate: 0.066, drive: steadily, level: info, text: "health check passed", fields: "duration_ms={ms 1 0.3}"},
			{name: "metrics", rate: 0.033, drive: steadily, level: telemetry.LevelDebug, text: "event loop lag {ms 0.8 0.5} ms, heap {int 110 380} MiB"},
			{name: "refresh", rate: 0.0166, drive: steadily, level: info, text: "catalogue refreshed: {int 40100 41900} products in {ms 700 0.25} ms"},
			{rate: 0.0003, drive: steadily, level: info, text: "feature flags reloaded, {int 30 44} active"},
			{rate: 0.00028, drive: steadily, level: warn, text: "certificate of shop.example.com ends in {int 20 80} days"},
			{rate: 4e-6, drive: steadily, level: fail, text: "sitemap not written: disk quota of uploader reached"},
			{rate: 3e-6, level: fail, text: "payment page opened without basket by {email}"},
		},
		begin: []shape{
			{level: info, text: "storefront {version} starting on {host}"},
			{level: info, text: "configuration read from /etc/storefront/app.json ({int 3000 3400} bytes)"},
			{level: info, text: "connected to {peer orders-a.internal|orders-b.internal|orders-c.internal}:8443 in {ms 3 0.6} ms"},
			{level: warn, text: "no warm cache found, starting cold"},
			{level: info, text: "catalogue refreshed: {int 40100 41900} products in {ms 900 0.25} ms"},
			{level: info, text: "listening on 0.0.0.0:8080"},
		},
		end: []shape{
			{level: info, text: "SIGTERM received, draining {int 2 40} connections"},
			{level: info, text: "storefront {version} stopped"},
		},
	}
}
