package logtraffic

import "firebreak/internal/telemetry"

// rules are those of which one must have found a trouble, without what follows
// their "/". What is new can also be told by what it does to the number of error
// lines, and a ratio by the number of those that fail.
var rules = map[Kind][]string{
	NewError:    {"log-new", "log-rate"},
	NewTrace:    {"log-new", "log-rate", "log-template"},
	Crash:       {"log-new"},
	RateUp:      {"log-template", "log-rate"},
	RateClimbs:  {"log-template", "log-rate"},
	ErrorsUp:    {"log-rate", "log-template", "log-ratio"},
	ErrorsClimb: {"log-rate", "log-template", "log-ratio"},
	Stopped:     {"log-stopped", "log-template"},
	Silent:      {"log-silent", "log-stopped", "log-template", "log-rate"},
	RatioMoved:  {"log-ratio", "log-rate", "log-template"},
	Slow:        {"log-value"},
	NewPeer:     {"log-value", "log-new"},
}

var candidates = map[Kind][]candidate{
	NewError: {
		{service: "storefront", times: 0.15, line: shape{text: "session store refused the connection", fields: "status=503 request_id={uuid}"}},
		{service: "orders", times: 0.1, line: shape{from: "c.e.orders.db.Repository", text: "Could not acquire a connection within {int 30000 30010} ms"}},
		{service: "stock", times: 0.2, line: shape{text: "level could not be written", fields: "sku={sku} error=\"disk full\""}},
		{service: "ledger", times: 0.08, line: shape{from: "ledger.bank", text: "signature of bank answer {uuid} is not valid"}},
		{service: "notifier", times: 0.1, line: shape{from: "n.Mailer", text: "Relay access denied for {email}"}},
	},
	NewTrace: {
		{service: "orders", times: 0.08, line: shape{from: "c.e.orders.OrderService", text: "Order {id} could not be placed", trace: []string{
			"java.lang.NullPointerException: Cannot invoke \"com.example.orders.Address.country()\" because the return value of \"com.example.orders.Customer.address()\" is null",
			"\tat com.example.orders.tax.TaxRules.of(TaxRules.java:52)",
			"\tat com.example.orders.OrderService.place(OrderService.java:69)",
			"\tat com.example.orders.api.OrderController.post(OrderController.java:41)",
			"\tat java.base/java.lang.reflect.Method.invoke(Method.java:580)",
		}}},
		{service: "ledger", times: 0.06, line: shape{from: "ledger.bank", text: "charge of order {id} failed", trace: []string{
			"Traceback (most recent call last):",
			"  File \"/srv/ledger/bank.py\", line {int 80 120}, in charge",
			"    amount = Decimal(body[\"amount\"])",
			"  File \"/srv/ledger/money.py\", line 31, in parse",
			"    raise InvalidAmount(text)",
			"ledger.money.InvalidAmount: '{int 1 900},{int 10 99}'",
		}}},
		{service: "storefront", times: 0.1, line: shape{text: "template error in /products/{id}: price is undefined", trace: []string{
			"TypeError: Cannot read properties of undefined (reading 'price')", "    at card (/app/dist/product.js:{int 20 900}:{int 3 60})", "    at async page (/app/dist/product.js:{int 20 900}:{int 3 60})",
		}}},
		{service: "notifier", times: 0.06, line: shape{from: "n.Push", text: "Push service refused token {hex 24}", trace: []string{
			"n.push.CredentialsException: the signing key has expired",
			"\tat n.push.Signer.sign(Signer.java:44)",
			"\tat n.push.Client.send(Client.java:81)",
			"Caused by: java.security.SignatureException: key is not valid any more",
			"\t... 9 more",
		}}},
	},
	Crash: {
		{service: "stock", line: shape{raw: true, text: "panic: runtime error: index out of range [{int 4 9}] with length {int 1 3}", trace: []string{
			"", "goroutine {int 100 999} [running]:", "firebreak.example/stock/levels.(*Book).take(0xc000{hex 6}, {int 1 9})",
			"\t/src/levels/book.go:{int 100 300} +0x{hex 3}", "firebreak.example/stock/api.reserve(0xc000{hex 6})", "\t/src/api/reserve.go:{int 30 90} +0x{hex 3}",
		}}},
		{service: "orders", line: shape{from: "o.a.c.c.C.[.[.[/].[dispatcherServlet]", text: "Handler dispatch failed: java.lang.OutOfMemoryError: Java heap space", trace: []string{
			"java.lang.OutOfMemoryError: Java heap space", "\tat java.base/java.util.Arrays.copyOf(Arrays.java:3537)", "\tat com.example.orders.export.Csv.append(Csv.java:88)",
		}}},
		{service: "ledger", line: shape{raw: true, text: "Out of memory: Killed process {int 100 9999} (python3) total-vm:{int 2000000 2900000}kB, anon-rss:{int 900000 990000}kB"}},
		{service: "storefront", line: shape{raw: true, text: "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory"}},
		{service: "notifier", line: shape{level: telemetry.LevelFatal, from: "n.Main", text: "Uncaught exception in thread main, shutting down: java.lang.StackOverflowError"}},
	},
	RateUp: {
		{service: "storefront", what: "slow", times: 20},
		{service: "orders", what: "retry", times: 25},
		{service: "stock", what: "released", times: 10},
		{service: "ledger", what: "refund", times: 20},
		{service: "notifier", what: "rendered", times: 10},
		{service: "orders", what: "query", times: 8},
	},
	RateClimbs: {
		{service: "orders", what: "retry", times: 40},
		{service: "storefront", what: "login", times: 12},
		{service: "stock", what: "released", times: 12},
		{service: "ledger", what: "balance", times: 12},
	},
	ErrorsUp: {
		{service: "storefront", times: 50},
		{service: "orders", times: 50},
		{service: "stock", times: 60},
		{service: "ledger", times: 80},
		{service: "notifier", times: 80},
	},
	ErrorsClimb: {
		{service: "storefront", times: 60}, {service: "orders", times: 60}, {service: "stock", times: 80}, {service: "ledger", times: 100},
	},
	Stopped: {
		{service: "storefront", what: "health"},
		{service: "orders", what: "lease"},
		{service: "orders", what: "confirmed"},
		{service: "stock", what: "sync"},
		{service: "ledger", what: "charged"},
		{service: "notifier", what: "poll"},
	},
	Silent: {
		{service: "storefront"}, {service: "orders"}, {service: "stock"}, {service: "ledger"}, {service: "notifier"},
	},
	RatioMoved: {
		{service: "storefront", what: "failed", times: 0.3},
		{service: "orders", what: "failed", times: 0.35},
		{service: "stock", what: "rejected", times: 0.35},
		{service: "ledger", what: "dispute", times: 0.35},
		{service: "notifier", what: "senderr", times: 0.4},
	},
	Slow: {
		{service: "storefront", what: "served", times: 50},
		{service: "orders", what: "query", times: 50},
		{service: "stock", what: "query", times: 50},
		{service: "ledger", what: "charged", times: 50},
		{service: "notifier", what: "sent", times: 50},
	},
	NewPeer: {
		{service: "storefront", what: "upstream", times: 0.35, peer: "orders-test.internal"},
		{service: "orders", what: "reserved", times: 0.35, peer: "stock-9.backup.internal"},
		{service: "stock", what: "query", times: 0.35, peer: "10.66.3.9"},
		{service: "ledger", what: "charged", times: 0.5, peer: "sandbox.bank-a.example"},
		{service: "notifier", what: "sent", times: 0.5, peer: "relay.mailbox.example"},
	},
}
