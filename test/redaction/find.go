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

// Finding is a planted value that was found, or a part of it.
type Finding struct {
	Name string // of the secret
	Form string // as it is, base64, hex, ...
	Part string // what stands in the text, in small letters
	At   int    // where, in bytes
}

// String says what was found, and shows the part.
func (f Finding) String() string { return fmt.Sprintf("%s (%s): %q", f.Name, f.Form, f.Part) }

// Finder looks for planted values in texts: for a run of 60% of a value's
// characters as it is, backwards, URL-encoded, JSON-escaped, in base64 at any of
// the three alignments and with either alphabet, or in hex, all of them in
// capital and small letters. It reads a text once, however many values there are.
type Finder struct {
	windows map[uint32][]window // by their first four bytes
	begins  [1 << 16 / 64]uint64
}

// window is a run of one form of a value.
type window struct {
	text, name, form string
}

// NewFinder makes a finder of some values. Values of fewer than eight characters
// would be found everywhere; they are refused with a panic, as a mistake of the test.
func NewFinder(secrets ...Secret) *Finder {
	f := &Finder{windows: map[uint32][]window{}}
	for _, s := range secrets {
		if len(s.Value) < 8 {
			panic(fmt.Sprintf("redaction: %s is too short to be looked for", s.Name))
		}
		f.add(s)
	}
	return f
}

func (f *Finder) add(s Secret) {
	reversed := []rune(s.Value)
	slices.Reverse(reversed)
	forms := []struct{ name, value string }{
		{"as it is", s.Value},
		{"backwards", string(reversed)},
		{"URL-encoded", url.QueryEscape(s.Value)},
		{"path-encoded", url.PathEscape(s.Value)},
		{"JSON-escaped", jsonEscape(s.Value)},
		{"unicode escapes", unicodeEscape(s.Value)},
		{"hex", hex.EncodeToString([]byte(s.Value))},
	}
	for shift := range 3 {
		for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			forms = append(forms, struct{ name, value string }{fmt.Sprintf("base64, %d", shift), inBase64(e, s.Value, shift)})
		}
	}
	known := map[string]bool{}
	for _, form := range forms {
		value := lowerASCII(form.value)
		n := partOf(value)
		for i := 0; i+n <= len(value); i++ {
			part := value[i : i+n]
			if known[part] {
				continue
			}
			known[part] = true
			key := begin(part, 0)
			f.windows[key] = append(f.windows[key], window{part, s.Name, form.name})
			bit := key * 0x9e3779b1 >> 16
			f.begins[bit/64] |= 1 << (bit % 64)
		}
	}
}

// begin is the four bytes at a place of a text.
func begin(s string, at int) uint32 {
	return uint32(s[at]) | uint32(s[at+1])<<8 | uint32(s[at+2])<<16 | uint32(s[at+3])<<24
}

// In looks through a text, and reports each value once.
func (f *Finder) In(text string) []Finding {
	text = lowerASCII(text)
	var found []Finding
	for i := 0; i+4 <= len(text); i++ {
		key := begin(text, i)
		bit := key * 0x9e3779b1 >> 16
		if f.begins[bit/64]&(1<<(bit%64)) == 0 {
			continue
		}
		for _, w := range f.windows[key] {
			if strings.HasPrefix(text[i:], w.text) && !slices.ContainsFunc(found, func(f Finding) bool { return f.Name == w.name }) {
				found = append(found, Finding{w.name, w.form, w.text, i})
			}
		}
	}
	return found
}

// lowerASCII makes small letters of capital ones, and leaves everything in its
// place.
func lowerASCII(text string) string {
	b := []byte(text)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// inBase64 is what a value becomes after shift other bytes, without the
// characters that it shares with its neighbours.
func inBase64(e *base64.Encoding, value string, shift int) string {
	coded := e.EncodeToString([]byte(strings.Repeat("\x00", shift) + value))
	first := (shift*8 + 5) / 6
	last := (shift + len(value)) * 8 / 6
	return coded[first:max(first, last)]
}

// partOf is how many characters of a value are a leak.
func partOf(value string) int { return int(math.Ceil(partLeft * float64(len(value)))) }

// holdsPart tells whether a text holds a run of 60% of the value's characters.
func holdsPart(text, value string) bool {
	n := partOf(value)
	for i := 0; n > 0 && i+n <= len(value); i++ {
		if strings.Contains(text, value[i:i+n]) {
			return true
		}
	}
	return false
}
