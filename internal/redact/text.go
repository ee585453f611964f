// Package redact holds Text, the only kind of free text that may leave the
// process: in a Temporal payload, a chat message, a ticket, a model prompt or
// a log line. Adapters take Text where they would otherwise take a string, so
// the compiler finds the place where somebody forgot to redact.
//
// The rules that find secrets and personal data are in redact/rules; this
// package stays a leaf so that the vocabulary can use the type without linking
// them into workflow code.
package redact

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Text is text that has been through a Redactor or was written in our own
// source. The zero value is the empty text.
type Text struct{ s string }

// Redactor replaces secrets and personal data by placeholders. Implementations
// are safe for concurrent use and idempotent: redacting twice changes nothing.
type Redactor interface {
	Redact(raw string) string
}

// literal can only be made from an untyped constant by code outside this
// package, which is what makes Literal and Format safe.
type literal string

// Clean is the way in for text that somebody else wrote: log lines, alarm
// descriptions, chat messages, model output.
func Clean(r Redactor, raw string) Text { return Text{r.Redact(raw)} }

// Literal makes a Text from a constant in our own source.
func Literal(s literal) Text { return Text{string(s)} }

// maxName bounds a Name, in bytes. The longest identifiers that pass through
// are workflow ids and CloudWatch series keys.
const maxName = 512

// guard takes secrets and personal data out of names; see GuardNames.
var guard = func(name string) string { return name }

// GuardNames sets what Name puts every name through: names of alarms, log groups
// and users are written by others as well. The rules set it when a program that has
// them begins; it has to give the same for the same name on every worker, as
// workflows make names. It must not be called later.
func GuardNames(f func(name string) string) { guard = f }

// Name makes a Text from an identifier: a service, a metric, an ARN, a commit.
// What has the form of a secret in it goes. Anything that is no letter, digit,
// space or one of the marks that identifiers use becomes "_", and it is cut at 512
// bytes, so that a hostile name can neither carry prose over several lines nor
// markup.
func Name(s string) Text {
	s = guard(s)
	if len(s) > maxName {
		s = s[:maxName]
		for !utf8.ValidString(s) {
			s = s[:len(s)-1]
		}
	}
	return Text{strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(" ._:/@=,+-#%{}[]()", r) {
			return r
		}
		return '_'
	}, s)}
}

// Format is fmt.Sprintf with a constant format. Arguments may be Text, numbers,
// booleans, durations and times; a value of any other type is printed as
// "(withheld)" rather than leaked.
func Format(format literal, args ...any) Text {
	safe := make([]any, len(args))
	for i, a := range args {
		switch v := a.(type) {
		case Text:
			safe[i] = v.s
		case bool, int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64,
			float32, float64, time.Duration, time.Time:
			safe[i] = v
		default:
			safe[i] = "(withheld)"
		}
	}
	return Text{fmt.Sprintf(string(format), safe...)}
}

// Join joins texts with a constant separator.
func Join(parts []Text, sep literal) Text {
	raw := make([]string, len(parts))
	for i, p := range parts {
		raw[i] = p.s
	}
	return Text{strings.Join(raw, string(sep))}
}

// Cut shortens the text to at most limit bytes, at a rune boundary, and marks
// the cut with "…". Limits below 3 give the empty text.
func (t Text) Cut(limit int) Text {
	const mark = "…"
	if len(t.s) <= limit {
		return t
	}
	if limit < len(mark) {
		return Text{}
	}
	s := t.s[:limit-len(mark)]
	for !utf8.ValidString(s) && s != "" {
		s = s[:len(s)-1]
	}
	return Text{s + mark}
}

// FirstLine is the text up to its first line break.
func (t Text) FirstLine() Text {
	line, _, _ := strings.Cut(t.s, "\n")
	return Text{strings.TrimRight(line, "\r")}
}

// String returns the redacted text.
func (t Text) String() string { return t.s }

// IsEmpty tells whether there is no text.
func (t Text) IsEmpty() bool { return t.s == "" }

// IsZero lets encoding/json's omitzero leave an empty text out.
func (t Text) IsZero() bool { return t.s == "" }

// MarshalJSON writes the text as a JSON string.
func (t Text) MarshalJSON() ([]byte, error) { return json.Marshal(t.s) }

// UnmarshalJSON reads a JSON string. It trusts its input: whatever wrote the
// payload had to redact before it could make a Text.
func (t *Text) UnmarshalJSON(b []byte) error { return json.Unmarshal(b, &t.s) }

// MarshalBinary writes the bytes of the text, for state that has to come back
// exactly as it was: JSON replaces bytes that are no UTF-8.
func (t Text) MarshalBinary() ([]byte, error) { return []byte(t.s), nil }

// UnmarshalBinary reads what MarshalBinary wrote. It trusts its input as
// UnmarshalJSON does.
func (t *Text) UnmarshalBinary(b []byte) error {
	t.s = string(b)
	return nil
}
