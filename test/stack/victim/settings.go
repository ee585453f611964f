package victim

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
)

// checkoutSettings is config/checkout.json. It is read at start and on reload;
// what only shows in use, such as a path that payments does not serve, passes.
type checkoutSettings struct {
	PaymentsURL   string `json:"payments_url"`  // of the charge operation
	Currency      string `json:"currency"`      // ISO 4217
	TimeoutMillis int    `json:"timeout_ms"`    // for one charge
	SessionLimit  int    `json:"session_limit"` // sessions kept in memory; 0 keeps all for ever

	DetailedMetrics bool `json:"detailed_metrics,omitempty"` // publishes metrics of every shop, too; read at start only
}

func (s checkoutSettings) validate() error {
	u, err := url.Parse(s.PaymentsURL)
	switch {
	case err != nil || u.Scheme != "http" || u.Host == "":
		return errors.New("payments_url is no http address")
	case s.Currency == "":
		return errors.New("currency is empty")
	case s.TimeoutMillis <= 0:
		return errors.New("timeout_ms must be above 0")
	case s.SessionLimit < 0:
		return errors.New("session_limit must not be negative")
	default:
		return nil
	}
}

// paymentsSettings is config/payments.json.
type paymentsSettings struct {
	Currencies   []string `json:"currencies"` // that it can charge
	LedgerMillis float64  `json:"ledger_ms"`  // how long a write to the ledger takes on average
	// What the ledger takes in every window of time; no limit when 0.
	LedgerQuota         int     `json:"ledger_quota,omitempty"`
	LedgerWindowSeconds float64 `json:"ledger_window_s,omitempty"`
}

func (s paymentsSettings) validate() error {
	if len(s.Currencies) == 0 || s.LedgerMillis < 0 {
		return errors.New("currencies must not be empty and ledger_ms not negative")
	}
	if s.LedgerQuota < 0 || s.LedgerQuota > 0 && s.LedgerWindowSeconds <= 0 {
		return errors.New("ledger_quota must not be negative, and needs ledger_window_s")
	}
	return nil
}

// release is releases/<version>/release.json: what a deployment brought. It is
// read at start only, as code would be.
type release struct {
	Version string `json:"version"`
	// Instalments divides every total into this many instalments before it
	// charges the first. A release that ships 0 for it divides by zero.
	Instalments *int `json:"instalments,omitempty"`
}

// loadSettings reads and validates a service's configuration file on its instance.
func loadSettings[S interface{ validate() error }](dir, service string) (S, error) {
	var s S
	path := filepath.Join(dir, "config", service+".json")
	if err := readJSON(path, &s); err != nil {
		return s, err
	}
	if err := s.validate(); err != nil {
		return s, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

func loadRelease(dir string) (release, error) {
	var r release
	err := readJSON(filepath.Join(dir, "releases", "current", "release.json"), &r)
	return r, err
}
