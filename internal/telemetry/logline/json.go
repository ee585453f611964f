package logline

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// readJSON reads a line that is one JSON object. It reports false for
// anything else; of an object that was cut off, as collectors do with long
// lines, it finds the level and the time if they come early enough.
//
// The scanner is our own because it flattens, mines and bounds in one pass
// over the line and allocates once for the fields; the tokens of a general
// decoder, each a string of its own, take several times as long.
func readJSON(s string, outer bool, l *Line) bool {
	r := jsonReader{s: s}
	if !r.object("", 1) {
		if r.cut || r.i >= len(s) {
			l.Level, l.Time = r.level, r.time
		}
		return false
	}
	if r.space(); r.i < len(s) {
		return false
	}
	r.line(outer, l)
	return true
}

type jsonReader struct {
	s   string
	i   int
	cut bool // in a string
	mined
}

func (r *jsonReader) space() {
	for r.i < len(r.s) && (r.s[r.i] == ' ' || r.s[r.i] == '\n' || r.s[r.i] == '\t' || r.s[r.i] == '\r') {
		r.i++
	}
}

// next goes over c after white space.
func (r *jsonReader) next(c byte) bool {
	r.space()
	if r.i < len(r.s) && r.s[r.i] == c {
		r.i++
		return true
	}
	return false
}

// object reads an object whose fields' names begin with prefix.
func (r *jsonReader) object(prefix string, depth int) bool {
	if !r.next('{') {
		return false
	}
	if r.next('}') {
		return true
	}
	for {
		r.space()
		name, ok := r.text()
		if !ok || !r.next(':') {
			return false
		}
		if prefix != "" {
			name = join(prefix, name)
		}
		if !r.value(Cut(name, MaxName), depth) {
			return false
		}
		if r.next(',') {
			continue
		}
		return r.next('}')
	}
}

func join(prefix, name string) string {
	if len(prefix) >= MaxName {
		return prefix
	}
	return prefix + "." + Cut(name, MaxName-len(prefix))
}

func (r *jsonReader) value(name string, depth int) bool {
	r.space()
	if r.i >= len(r.s) {
		return false
	}
	begin := r.i
	switch c := r.s[r.i]; {
	case c == '"':
		text, ok := r.text()
		if ok {
			r.add(name, text, isText)
		}
		return ok
	case c == '{' && depth < MaxDepth:
		return r.object(name, depth+1)
	case c == '{' || c == '[':
		if !r.skip() {
			return false
		}
		raw := r.s[begin:r.i]
		if c == '[' && isTraceName(name) {
			if trace := arrayLines(raw); trace != "" {
				r.add(name, trace, isText)
				return true
			}
		}
		r.add(name, raw, isRaw)
		return true
	case c == '-' || isDigit(c):
		for r.i++; r.i < len(r.s) && (isDigit(r.s[r.i]) || strings.IndexByte("+-.eE", r.s[r.i]) >= 0); {
			r.i++
		}
		r.add(name, r.s[begin:r.i], isNumber)
		return true
	}
	for _, word := range [3]string{"null", "true", "false"} {
		if strings.HasPrefix(r.s[r.i:], word) {
			r.i += len(word)
			if word != "null" {
				r.add(name, word, isRaw)
			}
			return true
		}
	}
	return false
}

// skip goes over an array or an object without a look at its grammar, and
// without a stack, so that no depth of nesting can do harm.
func (r *jsonReader) skip() bool {
	depth := 0
	for r.i < len(r.s) {
		switch r.s[r.i] {
		case '[', '{':
			depth++
		case ']', '}':
			depth--
			if depth == 0 {
				r.i++
				return true
			}
		case '"':
			if _, _, ok := r.quoted(); !ok {
				return false
			}
			continue
		}
		r.i++
	}
	return false
}

// quoted goes over a string and returns what is between its quotes.
func (r *jsonReader) quoted() (raw string, escaped, ok bool) {
	if r.i >= len(r.s) || r.s[r.i] != '"' {
		return "", false, false
	}
	begin := r.i + 1
	for i := begin; i < len(r.s); i++ {
		switch r.s[i] {
		case '"':
			r.i = i + 1
			return r.s[begin:i], escaped, true
		case '\\':
			escaped = true
			i++
		}
	}
	r.cut = true
	return "", false, false
}

func (r *jsonReader) text() (string, bool) {
	raw, escaped, ok := r.quoted()
	if !ok || !escaped {
		return raw, ok
	}
	return unescape(raw), true
}

// arrayLines joins the strings of an array of strings, as AWS Lambda writes
// stack traces; empty for any other array.
func arrayLines(raw string) string {
	r := jsonReader{s: raw}
	if !r.next('[') {
		return ""
	}
	var b strings.Builder
	for b.Len() < maxTrace {
		r.space()
		text, ok := r.text()
		if !ok {
			return ""
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(strings.TrimRight(text, "\r\n"))
		if !r.next(',') {
			break
		}
	}
	return b.String()
}

// unescape undoes the escapes of JSON. What is no escape stays as it is; half
// a surrogate pair becomes U+FFFD.
func unescape(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for {
		i := strings.IndexByte(s, '\\')
		if i < 0 || i+1 >= len(s) {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:i])
		c := s[i+1]
		s = s[i+2:]
		switch c {
		case 'n':
			b.WriteByte('\n')
		case 't':
			b.WriteByte('\t')
		case 'r':
			b.WriteByte('\r')
		case 'b':
			b.WriteByte('\b')
		case 'f':
			b.WriteByte('\f')
		case '"', '\\', '/':
			b.WriteByte(c)
		case 'u':
			r, ok := hex4(s)
			if !ok {
				b.WriteString(`\u`)
				continue
			}
			s = s[4:]
			if utf16.IsSurrogate(r) {
				r2 := rune(utf8.RuneError)
				if len(s) >= 6 && s[0] == '\\' && s[1] == 'u' {
					r2, _ = hex4(s[2:])
				}
				if r = utf16.DecodeRune(r, r2); r != utf8.RuneError {
					s = s[6:]
				}
			}
			b.WriteRune(r)
		default:
			b.WriteByte('\\')
			b.WriteByte(c)
		}
	}
}

// hex4 reads four hexadecimal digits. strconv would allocate an error for each
// wrong escape, and a hostile line may hold nothing else.
func hex4(s string) (rune, bool) {
	if len(s) < 4 {
		return 0, false
	}
	var r rune
	for i := range 4 {
		c := rune(s[i])
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | c
	}
	return r, true
}
