package rules

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"unicode/utf8"
)

// shortestCode is how many digits of base64 a run has at least that is decoded:
// 12 bytes, fewer than any secret and its name.
const shortestCode = 16

// encoded looks into runs of base64 and of hexadecimal digits. One that says
// something that would go goes as a whole, as it can't be cut.
func (c *scan) encoded(depth int) {
	text := c.text
	for i := shortestCode - 1; i < len(text); {
		if !in(text[i], isBase64Byte) {
			i += shortestCode
			continue
		}
		from, to := before(text, i, isBase64Byte, len(text)), run(text, i, isBase64Byte)
		if to-from < shortestCode {
			i = to + shortestCode
			continue
		}
		c.randomKey(from, to)
		c.code(from, to, depth)
		i = to + shortestCode
	}
}

// code decodes a run, and what stands behind marks in it that base64 uses and
// paths and names use as well.
func (c *scan) code(from, to, depth int) {
	for start := from; to-start >= shortestCode; {
		said, end := c.decoded(start, to)
		if c.budget < 0 {
			c.add(start, to, kindWithheld, weightShape)
			return
		}
		if said != "" {
			if inner := c.set.find(said, depth-1); len(inner) > 0 {
				c.spans = append(c.spans, whole(said, inner, start, end))
			}
			start = end
			continue
		}
		next := strings.IndexAny(c.text[start:to], "/+-_")
		if next < 0 {
			return
		}
		start += next + 1
	}
}

// whole is the span of a run that says something that goes. One that says nothing
// else has the mark that it would have without its encoding.
func whole(said string, inner []span, from, to int) span {
	found := span{from: from, to: to, kind: kindEncoded, value: said, weight: weightShape}
	if one := inner[0]; len(inner) == 1 && strings.TrimSpace(said) == said[one.from:one.to] {
		found.kind, found.value = one.kind, one.value
		if found.value == "" {
			found.value = said[one.from:one.to]
		}
	}
	return found
}

// decoded is what a run says from a place on, when it says something that people
// can read, and where that ends.
func (c *scan) decoded(from, to int) (string, int) {
	if c.budget -= shortestCode; c.budget < 0 {
		return "", to
	}
	if digits := from + hexPrefix(c.text[from:to]); to-digits >= 2*shortestCode && readableHex(c.text[digits:digits+2*shortestCode]) {
		end := run(c.text[:to], digits, isHexByte)
		c.budget -= end - digits
		if b, err := hex.DecodeString(c.text[digits : digits+(end-digits)/2*2]); err == nil && readable(b) {
			return string(b), end
		}
	}
	for _, a := range alphabets {
		// Most runs are names and numbers: their first bytes tell.
		var head [shortestCode]byte
		n, err := a.code.Decode(head[:], []byte(c.text[from:from+shortestCode]))
		if err != nil || !readableHead(head[:n]) {
			continue
		}
		end := to
		if i := strings.IndexAny(c.text[from:to], a.without); i >= 0 {
			end = from + i
		}
		c.budget -= end - from
		code := c.text[from:end]
		if len(code)%4 == 1 {
			code = code[:len(code)-1]
		}
		b, err := a.code.DecodeString(code)
		if err != nil || !readable(b) {
			continue
		}
		for padding := 0; end < len(c.text) && c.text[end] == '=' && padding < 2; padding++ {
			end++
		}
		return string(b), end
	}
	return "", to
}

// alphabets are those of RFC 4648, each without the marks of the other.
var alphabets = []struct {
	code    *base64.Encoding
	without string
}{{base64.RawStdEncoding, "-_"}, {base64.RawURLEncoding, "+/"}}

// hexPrefix is how long what says that hexadecimal digits follow is: 0x, or the x of
// \x, as PostgreSQL writes bytes.
func hexPrefix(code string) int {
	digits := strings.TrimPrefix(code, "0")
	if digits == "" || digits[0]|0x20 != 'x' {
		return 0
	}
	return len(code) - len(digits) + 1
}

// readableHex tells whether hexadecimal digits say text.
func readableHex(code string) bool {
	for i := 0; i+1 < len(code); i += 2 {
		if b := hexValue(code[i])<<4 | hexValue(code[i+1]); b < ' ' && b != '\n' && b != '\t' && b != '\r' || b == 0x7f {
			return false // those that are no digits make it negative
		}
	}
	return true
}

// readable tells whether bytes are text.
func readable(b []byte) bool {
	for _, c := range b {
		if c < ' ' && c != '\n' && c != '\t' && c != '\r' || c == 0x7f {
			return false
		}
	}
	return utf8.Valid(b)
}

// readableHead is readable for bytes that can end within a rune.
func readableHead(b []byte) bool {
	for n := 0; n <= 3 && n < len(b); n++ {
		if readable(b[:len(b)-n]) {
			return true
		}
	}
	return false
}
