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
	return withCurrencies(func(all []string) []string {
		return slices.DeleteFunc(all, func(c string) bool { return c == orderCurrency })
	})
}

// RestoreCurrency takes WithdrawCurrency back.
func RestoreCurrency() Fault {
	return withCurrencies(func(all []string) []string {
		if slices.Contains(all, orderCurrency) {
			return all
		}
		return append([]string{orderCurrency}, all...)
	})
}

// withCurrencies changes what payments can charge, and restarts it: nothing
// announces what a bank does.
func withCurrencies(edit func([]string) []string) Fault {
	return func(ctx context.Context, s *Shop) error {
		in, err := s.instance(Payments)
		if err != nil {
			return err
		}
		for _, name := range []string{Payments + ".json", Payments + ".last-good.json"} {
			path := filepath.Join(in.Dir, "config", name)
			var settings paymentsSettings
			if err := readJSON(path, &settings); err != nil {
				return err
			}
			settings.Currencies = edit(settings.Currencies)
			if err := writeJSON(path, settings); err != nil {
				return err
			}
		}
		_, err = s.supervisor.do(ctx, "restart", Payments)
		return err
	}
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
