package victim

import "time"

// LimitLedger gives payments a ledger that takes so many writes in every window
// and refuses the rest: orders fail at the end of each window and succeed again
// at the beginning of the next, for as long as the configuration stands.
func LimitLedger(writes int, window time.Duration) Fault {
	return changeSettings(Payments, "reload", func(p *paymentsSettings) {
		p.LedgerQuota, p.LedgerWindowSeconds = writes, window.Seconds()
	})
}

// DetailedMetrics has checkout publish metrics of every one of its Shops beside
// its own, or stop to. It is a setting and no fault: the configuration that is
// known to be good has it, too.
func DetailedMetrics(on bool) Fault {
	return changeForGood(Checkout, func(c *checkoutSettings) { c.DetailedMetrics = on })
}
