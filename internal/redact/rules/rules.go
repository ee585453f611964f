// Package rules finds secrets and personal data in free text and replaces them
// by marks such as "[redacted:jwt:3fa9c1d2]". Every pattern is an RE2 expression
// (or a scan of its own that looks at each byte a bounded number of times), so
// the time is linear in the length of the text, however hostile it is.
package rules

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// maxInput bounds what is looked at, in bytes: as much as any activity's input
// or result may hold.
const maxInput = 64 << 10

// maxPasses bounds how often the rules run over a text. One pass is enough for
// ordinary text; a second proves that nothing is left. Text that still changes
// after so many is made to change, and is withheld as a whole.
const maxPasses = 8

// rule is one kind of secret or personal datum.
type rule struct {
	kind string                 // names the placeholder
	need []string               // lower-case words, one of which is in every match; empty: none is
	also []string               // the same once more
	look func(text string) bool // tells whether there can be a match; nil: there can
	find *regexp.Regexp         // a candidate; group "v" is replaced, or the whole match when there is none
	ok   func(v string) bool
}

// set is the default rules under some options.
type set struct {
	rules []rule
	key   []byte
}

func newSet(o Options) *set {
	return &set{rules: append(secretRules(), personalRules()...), key: o.Key}
}

// placeholder matches what the rules leave behind. It is never looked into
// again, which is what makes redaction converge: every pass that changes
// anything shortens the text between placeholders.
var placeholder = regexp.MustCompile(`\[redacted:[a-z0-9-]{1,32}(?::[0-9a-f]{8})?\]`)

// redact gives a fixed point of the rules.
func (s *set) redact(raw string) string {
	text := strings.ToValidUTF8(raw, "\uFFFD")
	for range maxPasses {
		text = cut(text)
		next := s.pass(text)
		if next == text {
			return text
		}
		text = next
	}
	return markUnstable
}

// cut shortens text to maxInput, at a rune and outside of a placeholder, so
// that the result is not cut again.
func cut(text string) string {
	if len(text) <= maxInput {
		return text
	}
	at := maxInput - len(markCut)
	for at > 0 && !utf8.RuneStart(text[at]) {
		at--
	}
	// A secret that is cut in two may no longer look like one: the last, perhaps
	// incomplete, word goes as well.
	if space := strings.LastIndexAny(text[:at], " \t\r\n"); space > 0 {
		at = space + 1
	} else {
		at = 0
	}
	return text[:at] + markCut
}

// pass applies every rule once to what stands between placeholders.
func (s *set) pass(text string) string {
	// Looking for a word is many times faster than looking for an expression, and
	// most text holds nothing. What a rule replaces adds no word that another needs
	// but those of placeholders, which are never looked into.
	lower := strings.ReplaceAll(strings.ToLower(text), "\u017F", "s") // (?i) takes a long s for one
	var there pairs
	there.of(lower)
	for i := range s.rules {
		if r := &s.rules[i]; r.possible(text, lower, &there) {
			text = outside(text, func(part string) string { return r.apply(part, s.key) })
		}
	}
	return text
}

func (r *rule) possible(text, lower string, there *pairs) bool {
	return hasOne(lower, r.need, there) && hasOne(lower, r.also, there) && (r.look == nil || r.look(text))
}

func hasOne(lower string, words []string, there *pairs) bool {
	for _, word := range words {
		if there.begin(word) && strings.Contains(lower, word) {
			return true
		}
	}
	return len(words) == 0
}

// pairs is which bytes follow each other in a text: a set bit for each pair. Most of
// the words that are looked for begin with one that is not there.
type pairs [1 << 16 / 64]uint64

func (p *pairs) of(text string) {
	for i := 1; i < len(text); i++ {
		at := uint16(text[i-1])<<8 | uint16(text[i])
		p[at/64] |= 1 << (at % 64)
	}
}

// begin tells whether a word can be in the text.
func (p *pairs) begin(word string) bool {
	if len(word) < 2 {
		return true
	}
	at := uint16(word[0])<<8 | uint16(word[1])
	return p[at/64]&(1<<(at%64)) != 0
}

// outside maps the parts of text that are no placeholder.
func outside(text string, f func(string) string) string {
	if !strings.Contains(text, "[redacted:") {
		return f(text)
	}
	marks := placeholder.FindAllStringIndex(text, -1)
	var b strings.Builder
	b.Grow(len(text))
	from := 0
	for _, m := range marks {
		b.WriteString(f(text[from:m[0]]))
		b.WriteString(text[m[0]:m[1]])
		from = m[1]
	}
	b.WriteString(f(text[from:]))
	return b.String()
}

// apply replaces every match that passes the rule's own check.
func (r *rule) apply(text string, key []byte) string {
	group := r.find.SubexpIndex("v")
	matches := r.find.FindAllStringSubmatchIndex(text, -1)
	if len(matches) == 0 {
		return text
	}
	var b strings.Builder
	b.Grow(len(text))
	from := 0
	for _, m := range matches {
		start, end := m[0], m[1]
		if group > 0 {
			start, end = m[2*group], m[2*group+1]
		}
		if start < 0 || start == end || (r.ok != nil && !r.ok(text[start:end])) {
			continue
		}
		b.WriteString(text[from:start])
		b.WriteString(mark(key, r.kind, text[start:end]))
		from = end
	}
	b.WriteString(text[from:])
	return b.String()
}
