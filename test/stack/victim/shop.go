// Package victim runs the shop that the sandbox breaks: the services checkout
// and payments, each a process of its own on an instance of its own, with a
// supervisor that keeps them running, real traffic, and real ways to go wrong.
//
// The processes are the calling program, executed again: its main function, or
// TestMain in a test binary, calls Hijack first.
package victim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"
)

// Names of the two services, which are also their units' names.
const (
	Checkout = "checkout"
	Payments = "payments"
)

// Instance ids, as the shipped catalogue names them.
const (
	CheckoutInstance = "i-0c0ffee0000000001"
	PaymentsInstance = "i-0c0ffee0000000002"
)

// Options say how a shop runs.
type Options struct {
	Dir    string   // an existing folder of the shop's own; absolute
	Env    []string // "KEY=value" for the services: AWS endpoints, credentials and region
	Rate   float64  // requests a second to checkout; 0 takes 30
	Logger *slog.Logger
}

// Instance is a machine as Systems Manager sees it: a folder in which shell
// scripts run, with config/, releases/ and a systemctl of its own.
type Instance struct {
	ID      string
	Service string
	Dir     string // absolute
	Path    string // PATH of scripts, systemctl first
}

// Shop is a running shop. Stop it with Stop.
type Shop struct {
	supervisor  *supervisor
	load        *load
	instances   []Instance
	checkoutURL string
}

// Start lays out both instances, starts both services, payments first, and
// begins the traffic. It returns when both services have answered.
func Start(ctx context.Context, o Options) (*Shop, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Rate == 0 {
		o.Rate = 30
	}
	paymentsAddr, checkoutAddr, err := twoAddresses()
	if err != nil {
		return nil, err
	}
	sup, err := newSupervisor(o.Logger)
	if err != nil {
		return nil, err
	}
	s := &Shop{supervisor: sup, checkoutURL: "http://" + checkoutAddr}
	plans := []struct {
		id, service, addr string
		settings          any
	}{
		{PaymentsInstance, Payments, paymentsAddr, paymentsSettings{Currencies: []string{"EUR", "USD", "GBP"}, LedgerMillis: 4}},
		{CheckoutInstance, Checkout, checkoutAddr, checkoutSettings{
			PaymentsURL: "http://" + paymentsAddr + chargePath, Currency: "EUR", TimeoutMillis: 1500, SessionLimit: 512,
		}},
	}
	for _, p := range plans {
		in, err := layOut(o.Dir, p.id, p.service, p.settings)
		if err == nil {
			err = sup.install(in)
		}
		if err == nil {
			err = sup.add(ctx, in, p.addr, o.Env)
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("start service %s: %w", p.service, err), s.Stop())
		}
		s.instances = append(s.instances, in)
	}
	s.load = startLoad(s.checkoutURL, o.Rate)
	return s, nil
}

// Instances returns both machines.
func (s *Shop) Instances() []Instance { return s.instances }

// Unit tells how a service's process is.
func (s *Shop) Unit(name string) (UnitStatus, error) { return s.supervisor.status(name) }

// Traffic tells what the callers of checkout have seen in the last seconds.
func (s *Shop) Traffic(last time.Duration) Traffic { return s.load.seen(last) }

// SetRate makes the callers of checkout send so many requests a second from the
// next one on; it must be above 0.
func (s *Shop) SetRate(rate float64) { s.load.setRate(rate) }

// Stop ends the traffic and every process of the shop, and returns when they
// are gone. Stopping twice is harmless.
func (s *Shop) Stop() error {
	if s.load != nil {
		s.load.stop()
	}
	return s.supervisor.stop()
}

func (s *Shop) instance(service string) (Instance, error) {
	for _, in := range s.instances {
		if in.Service == service {
			return in, nil
		}
	}
	return Instance{}, fmt.Errorf("the shop has no service %q", service)
}

// layOut creates an instance's folder: its configuration and the copy of it
// that is known to be good, and two releases with a link to the current one.
func layOut(dir, id, service string, settings any) (Instance, error) {
	in := Instance{ID: id, Service: service, Dir: filepath.Join(dir, id)}
	in.Path = filepath.Join(in.Dir, "bin") + ":/usr/bin:/bin"
	for _, sub := range []string{"bin", "config", "log", "releases/1.4.1", "releases/1.4.2"} {
		if err := os.MkdirAll(filepath.Join(in.Dir, sub), 0o700); err != nil {
			return in, fmt.Errorf("lay out instance %s: %w", id, err)
		}
	}
	for _, name := range []string{service + ".json", service + ".last-good.json"} {
		if err := writeJSON(filepath.Join(in.Dir, "config", name), settings); err != nil {
			return in, err
		}
	}
	for _, version := range []string{"1.4.1", "1.4.2"} {
		if err := writeJSON(filepath.Join(in.Dir, "releases", version, "release.json"), release{Version: version}); err != nil {
			return in, err
		}
	}
	return in, errors.Join(
		os.Symlink("1.4.2", filepath.Join(in.Dir, "releases", "current")),
		os.Symlink("1.4.1", filepath.Join(in.Dir, "releases", "previous")))
}

// writeJSON replaces a file at once, so that a service that reads it just then
// sees the old or the new one.
func writeJSON(path string, v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	tmp := path + ".new"
	if err := os.WriteFile(tmp, append(data, '\n'), 0o600); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return os.Rename(tmp, path)
}

func readJSON(path string, v any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}

// twoAddresses returns two free addresses on loopback. A service listens on the
// same one over all its restarts.
func twoAddresses() (string, string, error) {
	a, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return "", "", fmt.Errorf("find a free port for the shop: %w", err)
	}
	defer a.Close()
	b, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return "", "", fmt.Errorf("find a free port for the shop: %w", err)
	}
	defer b.Close()
	return a.Addr().String(), b.Addr().String(), nil
}

func milliseconds(n float64) time.Duration { return time.Duration(n * float64(time.Millisecond)) }
