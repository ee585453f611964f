package chat

import (
	"net/url"
	"strings"
	"unicode/utf16"

	"github.com/slack-go/slack"

	"firebreak/internal/redact"
)

// Slack's limits, in characters as Slack counts them (UTF-16 units): 150 a
// header, 2000 a field, 3000 a section, 75 a button's text, 2000 its value, 50
// blocks and about 13,000 characters in all. Ours stay below.
const (
	limitHeader   = 140
	limitField    = 200
	limitSmall    = 120 // a fact in small print
	limitSection  = 2900
	limitFallback = 600
	limitValue    = 2000
	limitURL      = 600
)

// Slack reads these three as markup, in plain_text as well.
var escape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// escaped is text as Slack wants it, at most limit characters after escaping;
// a cut is marked with "…" and told.
func escaped(text string, limit int) (out string, cut bool) {
	text = strings.ToValidUTF8(text, "\uFFFD")
	out = escape.Replace(text)
	if units(out) <= limit {
		return out, false
	}
	var b strings.Builder
	left := limit - 1 // for the mark
	for _, r := range text {
		piece := escape.Replace(string(r))
		if units(piece) > left {
			break
		}
		left -= units(piece)
		b.WriteString(piece)
	}
	return b.String() + "…", true
}

// units counts as Slack does, a character outside the basic plane twice.
func units(s string) int {
	n := 0
	for _, r := range s {
		n += max(utf16.RuneLen(r), 1)
	}
	return n
}

// plainText is text that Slack shows as it is: no markup, no mentions, no emoji
// names. Everything that was written by somebody else goes out this way.
func plainText(text string, limit int) *slack.TextBlockObject {
	out, _ := escaped(text, limit)
	if strings.TrimSpace(out) == "" {
		out = "-" // Slack refuses an empty text.
	}
	return slack.NewTextBlockObject(slack.PlainTextType, out, false, false)
}

// markup is text of our own in Slack's markup.
func markup(text string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.MarkdownType, text, false, false)
}

// heading is a header block.
func heading(text string) slack.Block {
	return slack.NewHeaderBlock(plainText(oneLine(text), limitHeader))
}

// titled is a label of ours over text of somebody else's.
func titled(label string, text string, limit int) []slack.Block {
	return []slack.Block{
		slack.NewSectionBlock(markup("*"+label+"*"), nil, nil),
		slack.NewSectionBlock(plainText(text, limit), nil, nil),
	}
}

// facts is a section of short "label: value" pairs, two a row, at most ten.
func facts(pairs ...[2]string) slack.Block {
	fields := make([]*slack.TextBlockObject, 0, len(pairs))
	for _, p := range pairs {
		if p[1] != "" && len(fields) < 10 {
			fields = append(fields, plainText(p[0]+": "+oneLine(p[1]), limitField))
		}
	}
	return slack.NewSectionBlock(nil, fields, nil)
}

// link is an address in Slack's markup, or nothing when it is not an http(s)
// address that a person could follow.
func link(address, label string) string {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return ""
	}
	// String escapes "<" and ">"; "|" would end the address.
	target := strings.ReplaceAll(escape.Replace(u.String()), "|", "%7C")
	if units(target) > limitURL {
		return ""
	}
	text, _ := escaped(oneLine(name(label)), 100)
	return "<" + target + "|" + text + ">"
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// fallback is the text that notifications show; Slack does read markup in it.
func fallback(parts ...string) string {
	out, _ := escaped(oneLine(strings.Join(parts, " ")), limitFallback)
	return out
}

// name is an identifier made fit to be shown.
func name(s string) string { return redact.Name(s).String() }
