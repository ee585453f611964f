package victim

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Fault is something that goes wrong with the shop. It returns when it has been
// done, not when it shows.
type Fault func(ctx context.Context, s *Shop) error

// Inject lets a fault happen.
func (s *Shop) Inject(ctx context.Context, f Fault) error { return f(ctx, s) }

// BadReload gives checkout a configuration that is well-formed but names an
// operation that payments does not serve, and has it reloaded: every order fails
// from then on, until the configuration is put back and checkout restarted or
// reloaded.
func BadReload() Fault { return BadReloadTo("/v2/charges") }

// BadReloadTo is BadReload with a path of the caller's, which checkout names in
// its log, in its announcement of the change and in its traces.
func BadReloadTo(path string) Fault {
	return changeSettings(Checkout, "reload", func(c *checkoutSettings) {
		c.PaymentsURL = c.PaymentsURL[:len(c.PaymentsURL)-len(chargePath)] + path
	})
}

// Leak places one order whose shopper asks to be remembered. Checkout clears old
// sessions up to the first that is to be kept, and so none from then on: memory
// grows with every order, and so does the time that an order takes, because
// each looks through all open sessions. Only a new process forgets that
// session; configuration and release are as they should be.
func Leak() Fault {
	return func(ctx context.Context, s *Shop) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.checkoutURL+"/orders", strings.NewReader(orderBody(true)))
		if err != nil {
			return fmt.Errorf("place the order to remember: %w", err)
		}
		req.Header.Set("X-Request-Id", uuid.NewString())
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return fmt.Errorf("place the order to remember: %w", err)
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("place the order to remember: checkout answered %s", resp.Status)
		}
		return nil
	}
}

// SlowPayments makes every write to payments' ledger take the given time on
// average. Above checkout's timeout, orders fail.
func SlowPayments(ledger time.Duration) Fault {
	return changeSettings(Payments, "reload", func(p *paymentsSettings) {
		p.LedgerMillis = float64(ledger) / float64(time.Millisecond)
	})
}

// BadRelease deploys a release of checkout that panics on every order. The
// release before stays reachable through the link "previous".
func BadRelease() Fault {
	none := 0
	return deploy(release{Version: "1.5.0", Instalments: &none})
}

// Mend undoes every fault: configuration as it was known to be good, the
// release of the beginning, and both services restarted. Checkout is down while
// payments restarts, so that no order fails for want of it: callers are turned
// away for a moment, and neither service has anything to tell.
func (s *Shop) Mend(ctx context.Context) error {
	if _, err := s.supervisor.do(ctx, "stop", Checkout); err != nil {
		return fmt.Errorf("mend %s: %w", Checkout, err)
	}
	for _, in := range s.instances { // payments comes first
		config := filepath.Join(in.Dir, "config")
		good, err := os.ReadFile(filepath.Join(config, in.Service+".last-good.json"))
		if err != nil {
			return fmt.Errorf("mend %s: %w", in.Service, err)
		}
		if err := os.WriteFile(filepath.Join(config, in.Service+".json"), good, 0o600); err != nil {
			return fmt.Errorf("mend %s: %w", in.Service, err)
		}
		releases := filepath.Join(in.Dir, "releases")
		if err := errors.Join(relink(releases, "current", "1.4.2"), relink(releases, "previous", "1.4.1")); err != nil {
			return fmt.Errorf("mend %s: %w", in.Service, err)
		}
		if _, err := s.supervisor.do(ctx, "restart", in.Service); err != nil {
			return fmt.Errorf("mend %s: %w", in.Service, err)
		}
	}
	return nil
}

func relink(dir, name, to string) error {
	tmp := filepath.Join(dir, name+".new")
	if err := os.Symlink(to, tmp); err != nil {
		return err
	}
	return os.Rename(tmp, filepath.Join(dir, name))
}

// changeSettings edits a service's configuration file and lets systemctl have it taken up.
func changeSettings[S any](service, command string, edit func(*S)) Fault {
	return func(ctx context.Context, s *Shop) error {
		in, err := s.instance(service)
		if err != nil {
			return err
		}
		if err := editSettings(in, service+".json", edit); err != nil {
			return err
		}
		_, err = s.supervisor.do(ctx, command, service)
		return err
	}
}

// changeForGood edits the configuration that runs and the one that is known to be
// good, so that nothing which puts that back undoes it, and restarts the service:
// a restart announces no change of configuration, a reload would.
func changeForGood[S any](service string, edit func(*S)) Fault {
	return func(ctx context.Context, s *Shop) error {
		in, err := s.instance(service)
		if err != nil {
			return err
		}
		if err := editSettings(in, service+".last-good.json", edit); err != nil {
			return err
		}
		return changeSettings(service, "restart", edit)(ctx, s)
	}
}

func editSettings[S any](in Instance, file string, edit func(*S)) error {
	path := filepath.Join(in.Dir, "config", file)
	var settings S
	if err := readJSON(path, &settings); err != nil {
		return err
	}
	edit(&settings)
	return writeJSON(path, settings)
}
