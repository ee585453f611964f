package tickets

import (
	"net/url"
	"strings"
	"unicode/utf8"
)

// Jira's limits, in characters; the descriptions' and comments' is 32,767.
const (
	limitSummary = 240
	limitText    = 30_000
)

// REST v2 reads wiki markup. These characters start macros, links, mentions,
// images, tables and styles; text of others goes out with every one escaped,
// so that a log line can neither notify people nor load a picture.
var wikiMarks = strings.NewReplacer(
	`\`, `\\`, `{`, `\{`, `}`, `\}`, `[`, `\[`, `]`, `\]`, `!`, `\!`,
	`|`, `\|`, `~`, `\~`, `*`, `\*`, `_`, `\_`, `^`, `\^`,
)

// wiki is text as wiki markup shows it unchanged, at most limit characters.
func wiki(text string, limit int) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "")
	out := wikiMarks.Replace(text)
	if utf8.RuneCountInString(out) <= limit {
		return out
	}
	var b strings.Builder
	left := limit - 1 // for the mark
	for _, r := range text {
		piece := wikiMarks.Replace(string(r))
		if utf8.RuneCountInString(piece) > left {
			break
		}
		left -= utf8.RuneCountInString(piece)
		b.WriteString(piece)
	}
	return b.String() + "…"
}

// summary is text as one line of at most 240 characters; a summary knows no markup.
func summary(text string) string {
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "\uFFFD")), " ")
	if utf8.RuneCountInString(text) <= limitSummary {
		return text
	}
	return string([]rune(text)[:limitSummary-1]) + "…"
}

// link is an address in wiki markup with a label of ours, or nothing when it is
// no plain http(s) address.
func link(label, address string) string {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return ""
	}
	target := u.String()
	if len(target) > 2000 || strings.ContainsAny(target, "[]|{}\\ \t\r\n") {
		return ""
	}
	return "[" + label + "|" + target + "]\n"
}
