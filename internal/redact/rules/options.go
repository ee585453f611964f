// Package rules finds secrets and personal data in free text and replaces them
// by marks such as "[redacted:jwt:3fa9c1d2]". Every rule looks at each byte a bounded
// number of times, so the time is linear in the length of the text, however
// hostile it is.
package rules

import (
	"crypto/rand"
	"errors"
	"fmt"
	"sync/atomic"
)

// Addresses says which IP addresses are redacted.
type Addresses string

// Choices of addresses.
const (
	AddressesKeep   Addresses = "keep"   // all stay
	AddressesPublic Addresses = "public" // those of the open internet go: they can point to a person
	AddressesAll    Addresses = "all"    // private ones go as well
)

// Hosts says whether names of hosts are redacted.
type Hosts string

// Choices of hosts.
const (
	HostsKeep   Hosts = "keep"
	HostsRedact Hosts = "redact"
)

// MinKey is the length in bytes below which a key of marks is refused: it would
// be found by trying, and with it every value that can be guessed.
const MinKey = 16

// Options say what is redacted and how it is marked. The zero value is usable.
type Options struct {
	// Key makes the hashes of marks, at least MinKey bytes. Who has it can test
	// whether a mark stands for a value that they guess. Empty: a random key, so
	// that equal values have equal marks within one process only.
	Key       []byte
	Addresses Addresses // empty: public
	Hosts     Hosts     // empty: keep
}

// New makes a redactor. The error says which option is wrong.
func New(o Options) (*Redactor, error) {
	if len(o.Key) == 0 {
		o.Key = make([]byte, 32)
		_, _ = rand.Read(o.Key) // never fails, says its documentation
	} else if len(o.Key) < MinKey {
		return nil, fmt.Errorf("the key of redaction marks has %d bytes where %d are the least", len(o.Key), MinKey)
	}
	switch o.Addresses {
	case "":
		o.Addresses = AddressesPublic
	case AddressesKeep, AddressesPublic, AddressesAll:
	default:
		return nil, fmt.Errorf("addresses are to be kept, public or all redacted, not %q", o.Addresses)
	}
	switch o.Hosts {
	case "":
		o.Hosts = HostsKeep
	case HostsKeep, HostsRedact:
	default:
		return nil, fmt.Errorf("hosts are to be kept or redacted, not %q", o.Hosts)
	}
	r := &Redactor{}
	r.set.Store(&set{options: o, counts: &r.counts})
	return r, nil
}

var shared = func() *Redactor {
	r, err := New(Options{})
	if err != nil {
		panic(errors.Join(errors.New("the default rules are broken"), err))
	}
	return r
}()

// Default is the redactor that the whole process shares, with the shipped rules
// and what Configure has set. It is safe for concurrent use, idempotent, and
// linear in the length of its input, of which at most 64 KiB are kept.
func Default() *Redactor { return shared }

// Configure sets the options of Default, also for those who have it already. Without
// a key the one that it has stays. A process does so once, before anything is
// redacted: marks that were made before have another key.
func Configure(o Options) error {
	if len(o.Key) == 0 {
		o.Key = shared.set.Load().options.Key
	}
	r, err := New(o)
	if err != nil {
		return err
	}
	shared.set.Store(&set{options: r.set.Load().options, counts: &shared.counts})
	return nil
}

// Redactor replaces secrets and personal data by marks. It is safe for
// concurrent use.
type Redactor struct {
	set    atomic.Pointer[set]
	counts counts
}

// Redact implements redact.Redactor. Its result is a fixed point of the rules,
// so redacting twice changes nothing.
func (r *Redactor) Redact(raw string) string { return r.set.Load().redact(raw) }
