package config

import (
	"bytes"
	"fmt"
	"os"
)

// Redaction says what is taken out of texts before they leave the process, beside
// secrets and personal data, which always are.
type Redaction struct {
	// Key makes the hashes of marks, so that equal values have equal marks wherever
	// they were redacted. Without one each process has its own.
	Key       string `yaml:"-" env:"KEY"`               // secret, at least 16 bytes
	KeyFile   string `yaml:"key_file" env:"KEY_FILE"`   // file with the key, instead
	Addresses string `yaml:"addresses" env:"ADDRESSES"` // which IP addresses go: keep (none), public or all
	Hosts     string `yaml:"hosts" env:"HOSTS"`         // whether names of hosts go: keep or redact
}

// leastKey is how many bytes a key of marks has at least: a shorter one could be
// found by trying.
const leastKey = 16

// MarkKey is the key of marks, from the environment or its file; nil when there is
// none. The error never has the key in it.
func (r Redaction) MarkKey() ([]byte, error) {
	key := []byte(r.Key)
	if r.KeyFile != "" {
		raw, err := os.ReadFile(r.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("read redaction.key_file: %w", err)
		}
		key = bytes.TrimSpace(raw)
		if len(key) < leastKey {
			return nil, fmt.Errorf("redaction.key_file: %s has a key of %d bytes where %d are the least; `openssl rand -hex 32` makes one", r.KeyFile, len(key), leastKey)
		}
	}
	if len(key) == 0 {
		return nil, nil
	}
	return key, nil
}
