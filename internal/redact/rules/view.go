package rules

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// view is a text with escapes taken off, and where its bytes come from.
type view struct {
	text string
	from []int32 // by byte, and the end: where in the raw text; nil: the same place
}

func (v view) raw(i int) int {
	if v.from == nil {
		return i
	}
	return int(v.from[i])
}

// unescaped takes one layer off: of percent signs (RFC 3986), of backslashes as
// in JSON and most languages, and of HTML's references. It tells whether there was
// one.
func (v view) unescaped() (view, bool) {
	first := strings.IndexAny(v.text, `%\&`)
	for first >= 0 {
		if _, n := escape(v.text[first:]); n > 0 {
			break
		}
		next := strings.IndexAny(v.text[first+1:], `%\&`)
		if next < 0 {
			return v, false
		}
		first += 1 + next
	}
	if first < 0 {
		return v, false
	}
	out := make([]byte, first, len(v.text))
	copy(out, v.text)
	from := make([]int32, first, len(v.text)+1)
	for i := range from {
		from[i] = int32(v.raw(i))
	}
	form := false // in text that is encoded as forms are, a plus is a blank
	for i := first; i < len(v.text); {
		c := v.text[i]
		switch {
		case c == '%':
			form = true
		case in(c, isSpaceByte):
			form = false
		case c == '+' && form:
			c = ' '
		}
		if c == '%' || c == '\\' || c == '&' {
			if r, n := escape(v.text[i:]); n > 0 {
				if c == '%' || r < utf8.RuneSelf {
					out = append(out, byte(r))
				} else {
					out = utf8.AppendRune(out, r)
				}
				for len(from) < len(out) {
					from = append(from, int32(v.raw(i)))
				}
				i += n
				continue
			}
		}
		out, from = append(out, c), append(from, int32(v.raw(i)))
		i++
	}
	return view{text: string(out), from: append(from, int32(v.raw(len(v.text))))}, true
}

// named are the references of HTML that stand in logs.
var named = []struct {
	name string
	is   rune
}{{"&amp;", '&'}, {"&quot;", '"'}, {"&apos;", '\''}, {"&lt;", '<'}, {"&gt;", '>'}, {"&commat;", '@'}, {"&equals;", '='}, {"&colon;", ':'}}

// escape is what an escape at the beginning of a text stands for, and how long it
// is; 0 when there is none. After a percent sign that is a byte, else a rune.
func escape(s string) (rune, int) {
	if len(s) < 2 {
		return 0, 0
	}
	switch s[0] {
	case '%':
		return hexEscape(s, 1, 2)
	case '\\':
		return backslash(s)
	}
	if s[1] == '#' {
		return reference(s)
	}
	for _, n := range named {
		if strings.HasPrefix(s, n.name) {
			return n.is, len(n.name)
		}
	}
	return 0, 0
}

func backslash(s string) (rune, int) {
	switch s[1] {
	case '"', '\'', '\\', '/', '=', '&', '@', ':', '`':
		return rune(s[1]), 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'x':
		return hexEscape(s, 2, 2)
	case 'u', 'U':
		r, n := hexEscape(s, 2, 4)
		if n == 0 && strings.HasPrefix(s[2:], "{") { // \u{41}, as in JavaScript and Rust
			end := strings.IndexByte(s[:min(len(s), 11)], '}')
			if end < 4 {
				return 0, 0
			}
			r, n = hexEscape(s, 3, end-3)
			if n > 0 {
				n++
			}
		}
		if n > 0 && utf16.IsSurrogate(r) && strings.HasPrefix(s[n:], `\u`) {
			low, m := hexEscape(s[n:], 2, 4)
			if both := utf16.DecodeRune(r, low); m > 0 && both != utf8.RuneError {
				return both, n + m
			}
		}
		return r, n
	}
	return 0, 0
}

// reference reads &#64; and &#x40;.
func reference(s string) (rune, int) {
	end := strings.IndexByte(s[:min(len(s), 10)], ';')
	if end < 3 {
		return 0, 0
	}
	if s[2]|0x20 == 'x' {
		r, n := hexEscape(s, 3, end-3)
		if n > 0 {
			n++
		}
		return r, n
	}
	r := rune(0)
	for _, d := range []byte(s[2:end]) {
		if !in(d, isDigitByte) {
			return 0, 0
		}
		r = r*10 + rune(d-'0')
	}
	return r, end + 1
}

// hexEscape reads so many hexadecimal digits, and tells how long the escape is
// with what stands before them.
func hexEscape(s string, at, digits int) (rune, int) {
	if digits < 1 || at+digits > len(s) {
		return 0, 0
	}
	r := rune(0)
	for _, c := range []byte(s[at : at+digits]) {
		d := hexValue(c)
		if d < 0 {
			return 0, 0
		}
		r = r<<4 | d
	}
	return r, at + digits
}

func hexValue(c byte) rune {
	switch {
	case c >= '0' && c <= '9':
		return rune(c - '0')
	case c >= 'a' && c <= 'f':
		return rune(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return rune(c-'A') + 10
	}
	return -1
}
