package workers

import (
	"fmt"
	"log/slog"

	"firebreak/internal/config"
	"firebreak/internal/redact/rules"
)

// redaction sets the process's redactor up as configured.
func redaction(cfg config.Redaction, log *slog.Logger) error {
	key, err := cfg.MarkKey()
	if err != nil {
		return err
	}
	if key == nil {
		log.Warn("redaction marks have a random key: equal values have equal marks within this process only, until its end; set redaction.key_file or FIREBREAK_REDACTION_KEY, the same for all workers")
	}
	if err := rules.Configure(rules.Options{Key: key, Addresses: rules.Addresses(cfg.Addresses), Hosts: rules.Hosts(cfg.Hosts)}); err != nil {
		return fmt.Errorf("set up redaction: %w", err)
	}
	return nil
}
