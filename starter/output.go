package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"

	"firebreak/internal/redact"
)

// printJSON writes v as one indented JSON document. Runes that a terminal would
// act on are escaped, also those that JSON allows as they are (C1 controls,
// changes of writing direction); <, > and & are not.
func printJSON(w io.Writer, v any) error {
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	var b strings.Builder
	b.Grow(len(raw) + 1)
	for _, r := range asTyped.Replace(string(raw)) {
		switch {
		case r == '\n' || unicode.IsPrint(r):
			b.WriteRune(r)
		case r > 0xFFFF:
			hi, lo := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, hi, lo)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	b.WriteByte('\n')
	_, err = io.WriteString(w, b.String())
	return err
}

// asTyped undoes what encoding/json does for the sake of HTML. An escaped
// backslash is passed over, so that what follows it stays text.
var asTyped = strings.NewReplacer(`\\`, `\\`, `\u003c`, "<", `\u003e`, ">", `\u0026`, "&")

// safe shows text of unknown origin on one line: every rune that is not
// printable, line ends included, appears as an escape such as \n or \x1b, so
// that a log line can neither move the cursor nor forge a line of ours.
func safe(s string) string {
	// A lone byte such as 0x9b is a control to some terminals.
	s = strings.ToValidUTF8(s, "\uFFFD")
	if !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
			continue
		}
		quoted := strconv.QuoteRuneToASCII(r)
		b.WriteString(quoted[1 : len(quoted)-1])
	}
	return b.String()
}

// safeLines is safe for text of our own that may have several lines.
func safeLines(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = safe(l)
	}
	return strings.Join(lines, "\n")
}

// text is safe for redacted text.
func text(t redact.Text) string { return safe(t.String()) }
