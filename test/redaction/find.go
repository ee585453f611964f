package redaction

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strings"
)

// Secret is a value that was planted and must not be found again.
type Secret struct {
	Name, Value string
}

// Planted is what one looks for.
type Planted []Secret

// Finding is a planted value that was found, or a part of it.
type Finding struct {
	Name string // of the secret
	Form string // as it is, base64, hex, ...
	Part string // what stands in the text
}

// String says what was found, and shows the part.
func (f Finding) String() string { return fmt.Sprintf("%s (%s): %q", f.Name, f.Form, f.Part) }

// In looks for every value in a text: a run of 60% of its characters as it is,
// in another case, backwards, URL-encoded, JSON-escaped, in base64 at any of
// the three alignments with either alphabet, or in hex. Each value is reported
// once.
func (p Planted) In(text string) []Finding {
	h := haystack{text: text, folded: strings.ToLower(text)}
	var found []Finding
	for _, s := range p {
		if f, ok := h.look(s); ok {
			found = append(found, f)
		}
	}
	return found
}

type haystack struct{ text, folded string }

func (h haystack) look(s Secret) (Finding, bool) {
	value := strings.ToLower(s.Value)
	reversed := []rune(value)
	slices.Reverse(reversed)
	for _, form := range []struct{ name, value string }{
		{"as it is", value},
		{"backwards", string(reversed)},
		{"URL-encoded", strings.ToLower(url.QueryEscape(s.Value))},
		{"path-encoded", strings.ToLower(url.PathEscape(s.Value))},
		{"JSON-escaped", strings.ToLower(jsonEscape(s.Value))},
		{"unicode escapes", unicodeEscape(value)},
		{"hex", hex.EncodeToString([]byte(s.Value))},
	} {
		if part, ok := heldPart(h.folded, form.value); ok {
			return Finding{s.Name, form.name, part}, true
		}
	}
	for shift := range 3 {
		for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			if part, ok := heldPart(h.text, inBase64(e, s.Value, shift)); ok {
				return Finding{s.Name, fmt.Sprintf("base64, %d", shift), part}, true
			}
		}
	}
	return Finding{}, false
}

// inBase64 is what a value becomes after shift other bytes, without the
// characters that it shares with its neighbours.
func inBase64(e *base64.Encoding, value string, shift int) string {
	coded := e.EncodeToString([]byte(strings.Repeat("\x00", shift) + value))
	first := (shift*8 + 5) / 6
	last := (shift + len(value)) * 8 / 6
	return coded[first:max(first, last)]
}

// holdsPart tells whether a text holds a run of 60% of the value's characters.
func holdsPart(text, value string) bool {
	_, ok := heldPart(text, value)
	return ok
}

func heldPart(text, value string) (string, bool) {
	n := int(math.Ceil(partLeft * float64(len(value))))
	if n == 0 || n > len(text) {
		return "", false
	}
	for i := 0; i+n <= len(value); i++ {
		if strings.Contains(text, value[i:i+n]) {
			return value[i : i+n], true
		}
	}
	return "", false
}
