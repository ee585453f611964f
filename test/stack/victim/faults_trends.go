package victim

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"
)

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
	return func(ctx context.Context, s *Shop) error {
		in, err := s.instance(Checkout)
		if err != nil {
			return err
		}
		for _, name := range []string{Checkout + ".json", Checkout + ".last-good.json"} {
			var settings checkoutSettings
			path := filepath.Join(in.Dir, "config", name)
			if err := readJSON(path, &settings); err != nil {
				return fmt.Errorf("set detailed metrics: %w", err)
			}
			settings.DetailedMetrics = on
			if err := writeJSON(path, settings); err != nil {
				return fmt.Errorf("set detailed metrics: %w", err)
			}
		}
		// A restart announces no change of configuration, a reload would.
		_, err = s.supervisor.do(ctx, "restart", Checkout)
		if err != nil {
			return errors.Join(errors.New("set detailed metrics"), err)
		}
		return nil
	}
}
