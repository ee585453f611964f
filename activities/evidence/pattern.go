package evidence

import (
	"regexp"
	"slices"
	"strings"
)

const (
	// wildcard stands for what differs between lines of one pattern.
	wildcard = "<*>"
	// maxMasked bounds how much of a line makes its pattern, in bytes.
	maxMasked = 400
	// maxQuoted is how far apart two quotation marks may be to quote something.
	maxQuoted = 200
)

// mask turns a log line into its pattern: numbers, ids, times, addresses and
// whatever stands in quotation marks become wildcards. Lines that one statement
// in a program printed then are equal. It looks at each byte a bounded number
// of times.
func mask(line string) string {
	if len(line) > maxMasked {
		line = strings.ToValidUTF8(line[:maxMasked], "")
	}
	var b strings.Builder
	b.Grow(len(line))
	for i := 0; i < len(line); {
		ch := line[i]
		switch {
		case ch == '"' || ch == '`' || ch == '\'' && (i == 0 || !wordByte(line[i-1])):
			end := closing(line, i)
			if end < 0 {
				b.WriteByte(ch)
				i++
				continue
			}
			wild(&b)
			i = end + 1
		case (ch == '-' || ch == '+') && i+1 < len(line) && line[i+1] >= '0' && line[i+1] <= '9':
			i++ // a sign belongs to its number
		case wordByte(ch):
			end, digits := word(line, i)
			if digits {
				wild(&b)
			} else {
				b.WriteString(line[i:end])
			}
			i = end
		case ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r':
			for i < len(line) && strings.IndexByte(" \t\r\n", line[i]) >= 0 {
				i++
			}
			b.WriteByte(' ')
		default:
			b.WriteByte(ch)
			i++
		}
	}
	return strings.TrimSpace(b.String())
}

// wild writes a wildcard unless the pattern ends in one, so that "<*>-<*>" and
// lists of any length are one pattern.
func wild(b *strings.Builder) {
	if s := b.String(); !strings.HasSuffix(s, wildcard) {
		b.WriteString(wildcard)
	}
}

func closing(line string, open int) int {
	for i := open + 1; i < len(line) && i-open <= maxQuoted; i++ {
		switch line[i] {
		case '\\':
			i++
		case line[open]:
			return i
		}
	}
	return -1
}

func wordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c >= 0x80
}

// word finds the end of a token: letters, digits, and marks that join them in
// ids, times, addresses and host names. It tells whether a digit is in it.
func word(line string, from int) (end int, digits bool) {
	for end = from; end < len(line); end++ {
		c := line[end]
		joins := strings.IndexByte("-.:+@", c) >= 0 && end+1 < len(line) && wordByte(line[end+1])
		if !wordByte(c) && !joins {
			break
		}
		digits = digits || c >= '0' && c <= '9'
	}
	return end, digits
}

// placeholder is what masking and redaction put in, which no line has.
var placeholder = regexp.MustCompile(`<\*>|\[redacted:[a-z0-9-]{1,32}(?::[0-9a-f]{8})?\]`)

// searchWords are up to four plain words of a pattern, the longest first, to
// find its lines again. Only letters pass: they go into a command line.
func searchWords(pattern string) []string {
	const most = 4
	var out []string
	fields := strings.FieldsFunc(placeholder.ReplaceAllLiteralString(pattern, " "), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
	for len(out) < most {
		best := ""
		for _, f := range fields {
			if len(f) >= 4 && len(f) > len(best) && !slices.Contains(out, f) {
				best = f
			}
		}
		if best == "" {
			break
		}
		out = append(out, best)
	}
	return out
}
