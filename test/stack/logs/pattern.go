package logs

import (
	"fmt"
	"regexp"
	"strings"
)

// Pattern is a CloudWatch Logs filter pattern: terms (all of them must occur),
// "quoted phrases", -excluded ones, ?optional ones (one of them must occur),
// %regular expressions%, or a condition on a JSON message in braces.
// Space-delimited patterns in brackets are not known here.
type Pattern struct {
	include, exclude, optional []term
	json                       condition
}

// term says whether a message contains something.
type term func(message string) bool

// ParsePattern reads a filter pattern; the empty one matches every message.
func ParsePattern(text string) (Pattern, error) {
	text = strings.TrimSpace(text)
	switch {
	case strings.HasPrefix(text, "{"):
		c, err := parseCondition(text)
		if err != nil {
			return Pattern{}, err
		}
		return Pattern{json: c}, nil
	case strings.HasPrefix(text, "["):
		return Pattern{}, fmt.Errorf("space-delimited filter patterns are not supported: %s", text)
	}
	var p Pattern
	for rest := text; rest != ""; rest = strings.TrimLeft(rest, " \t") {
		list := &p.include
		switch rest[0] {
		case '-':
			list, rest = &p.exclude, rest[1:]
		case '?':
			list, rest = &p.optional, rest[1:]
		}
		var t term
		var err error
		if t, rest, err = parseTerm(rest); err != nil {
			return Pattern{}, err
		}
		*list = append(*list, t)
	}
	return p, nil
}

func parseTerm(s string) (t term, rest string, err error) {
	var text string
	switch {
	case s == "" || s[0] == ' ':
		return nil, "", fmt.Errorf("a filter pattern has a mark without a term")
	case s[0] == '"':
		text, rest, err = quoted(s)
		if err != nil {
			return nil, "", err
		}
	case s[0] == '%':
		expression, rest, ok := strings.Cut(s[1:], "%")
		if !ok {
			return nil, "", fmt.Errorf("a regular expression in a filter pattern does not end: %s", s)
		}
		re, err := regexp.Compile(expression)
		if err != nil {
			return nil, "", fmt.Errorf("a regular expression in a filter pattern: %w", err)
		}
		return re.MatchString, rest, nil
	default:
		text, rest, _ = strings.Cut(s, " ")
		// AWS wants every term with other characters in quotes.
		if i := strings.IndexFunc(text, func(r rune) bool { return !isTermRune(r) }); i >= 0 {
			return nil, "", fmt.Errorf("the term %s of a filter pattern needs double quotes", text)
		}
	}
	return func(m string) bool { return strings.Contains(m, text) }, rest, nil
}

func isTermRune(r rune) bool {
	return r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r > 127
}

// quoted reads a text in double quotes in which a backslash escapes.
func quoted(s string) (text, rest string, err error) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case s[i] == '"':
			return b.String(), s[i+1:], nil
		default:
			b.WriteByte(s[i])
		}
	}
	return "", "", fmt.Errorf("a quoted text in a filter pattern does not end: %s", s)
}

// Match says whether a message matches; letters count as they are written.
func (p Pattern) Match(message string) bool {
	if p.json != nil {
		return matchJSON(p.json, message)
	}
	for _, t := range p.exclude {
		if t(message) {
			return false
		}
	}
	for _, t := range p.include {
		if !t(message) {
			return false
		}
	}
	// AWS ignores optional terms beside included or excluded ones.
	if len(p.optional) == 0 || len(p.include)+len(p.exclude) > 0 {
		return true
	}
	for _, t := range p.optional {
		if t(message) {
			return true
		}
	}
	return false
}
