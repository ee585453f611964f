package rules

import (
	"strings"

	"firebreak/internal/redact"
)

// identifiers redacts names of things: redact.Name asks it. Only what has the form
// or the name of a secret or a personal value goes, as identifiers are long and
// drawn by chance themselves, and addresses and hosts stay. Marks have no hash, so
// that a workflow that is replayed makes the same texts whatever key its worker has.
var identifiers = &set{options: Options{Addresses: AddressesKeep, Hosts: HostsKeep}, counts: &shared.counts, names: true}

func init() { redact.GuardNames(identifiers.redact) }

// unhashed is a mark without a hash.
func unhashed(kind string) string { return markHead + kind + "]" }

// certain tells whether a span is one even of an identifier.
func (s span) certain() bool { return s.weight > weightGuess }

// plainName tells whether nothing in a name can begin a rule, which is so of most.
func plainName(s string) bool { return len(s) < 8 || strings.IndexFunc(s, notLetter) < 0 }

func notLetter(r rune) bool { return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != ' ' }
