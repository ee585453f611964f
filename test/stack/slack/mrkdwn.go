package slack

import (
	"html"
	"html/template"
	"regexp"
	"strings"
)

// Slack keeps "&", "<" and ">" of a text as entities; the page turns them back.
var entities = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")

// plain is what a person reads of a plain_text object.
func plain(text string) string { return entities.Replace(text) }

var (
	angled = regexp.MustCompile(`<([^<>\n]+)>`)
	bold   = regexp.MustCompile(`\*([^*\n]+)\*`)
	italic = regexp.MustCompile(`\b_([^_\n]+)_\b`)
	quoted = regexp.MustCompile("`([^`\n]+)`")
)

// mrkdwn renders the part of Slack's markup that the app uses: links, mentions,
// bold, italics and code. Everything else is text.
func mrkdwn(text string) template.HTML {
	var b strings.Builder
	for {
		at := angled.FindStringSubmatchIndex(text)
		if at == nil {
			b.WriteString(styled(text))
			return template.HTML(b.String()) //nolint:gosec // every part went through html.EscapeString
		}
		b.WriteString(styled(text[:at[0]]))
		b.WriteString(link(text[at[2]:at[3]]))
		text = text[at[1]:]
	}
}

func styled(text string) string {
	s := html.EscapeString(plain(text))
	s = bold.ReplaceAllString(s, "<strong>$1</strong>")
	s = italic.ReplaceAllString(s, "<em>$1</em>")
	return quoted.ReplaceAllString(s, "<code>$1</code>")
}

// link renders what stood between < and >: an address with or without a label,
// or a mention.
func link(inner string) string {
	target, label, labelled := strings.Cut(inner, "|")
	if !labelled {
		label = target
	}
	label = html.EscapeString(plain(label))
	if strings.HasPrefix(target, "http://") || strings.HasPrefix(target, "https://") {
		return `<a rel="noreferrer noopener" target="_blank" href="` + html.EscapeString(plain(target)) + `">` + label + `</a>`
	}
	return `<span class="mention">` + label + `</span>`
}
