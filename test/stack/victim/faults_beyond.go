package victim

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// orderCurrency is the currency that checkout orders in.
const orderCurrency = "EUR"

// NewRelease deploys a release of checkout that is as good as the one before.
func NewRelease() Fault {
	return deploy(release{Version: "1.5.0"})
}

// WithdrawCurrency takes the currency of every order from payments, as when the
// bank behind it no longer settles it: from the configuration that runs and from
// the one that is known to be good. Orders fail, and nothing that is done to
// checkout or to payments' process mends it; RestoreCurrency does.
func WithdrawCurrency() Fault {
	return changeForGood(Payments, func(p *paymentsSettings) {
		p.Currencies = slices.DeleteFunc(p.Currencies, func(c string) bool { return c == orderCurrency })
	})
}

// RestoreCurrency takes WithdrawCurrency back.
func RestoreCurrency() Fault {
	return changeForGood(Payments, func(p *paymentsSettings) {
		if !slices.Contains(p.Currencies, orderCurrency) {
			p.Currencies = append([]string{orderCurrency}, p.Currencies...)
		}
	})
}

// PutBack gives checkout the configuration that is known to be good and has it
// reloaded, as a colleague would who notices what was wrong with it.
func PutBack() Fault {
	return func(ctx context.Context, s *Shop) error {
		in, err := s.instance(Checkout)
		if err != nil {
			return err
		}
		var good checkoutSettings
		if err := readJSON(filepath.Join(in.Dir, "config", Checkout+".last-good.json"), &good); err != nil {
			return err
		}
		return changeSettings(Checkout, "reload", func(c *checkoutSettings) { *c = good })(ctx, s)
	}
}

// deploy makes a release of checkout the present one. The release before stays
// reachable through the link "previous".
func deploy(rel release) Fault {
	return func(ctx context.Context, s *Shop) error {
		in, err := s.instance(Checkout)
		if err != nil {
			return err
		}
		releases := filepath.Join(in.Dir, "releases")
		if err := os.MkdirAll(filepath.Join(releases, rel.Version), 0o700); err != nil {
			return fmt.Errorf("deploy a release: %w", err)
		}
		if err := writeJSON(filepath.Join(releases, rel.Version, "release.json"), rel); err != nil {
			return err
		}
		now, err := os.Readlink(filepath.Join(releases, "current"))
		if err != nil {
			return fmt.Errorf("deploy a release: %w", err)
		}
		if err := errors.Join(relink(releases, "previous", now), relink(releases, "current", rel.Version)); err != nil {
			return fmt.Errorf("deploy a release: %w", err)
		}
		_, err = s.supervisor.do(ctx, "restart", Checkout)
		return err
	}
}
