package rules

import (
	"encoding/base64"
	"slices"
	"strings"
	"unicode"
)

// Kinds of what headers of HTTP carry.
const (
	kindAuthorization = "authorization"
	kindBasic         = "basic"
	kindBearer        = "bearer"
	kindCookie        = "cookie"
)

func (t *table) headers() {
	t.on("authorization", (*scan).authorization)
	t.on("cookie", (*scan).cookie)
	t.on("basic", (*scan).basic)
	for _, scheme := range []string{"bearer", "digest", "negotiate", "apikey", "token", "ssws", "geniekey", "splunk", "sso-key"} {
		t.on(scheme, (*scan).bearer)
	}
}

// schemes are those of RFC 9110 that people use, and how much of what follows is
// the credential: a word, or the rest of the header.
var schemes = map[string]bool{
	"basic": false, "bearer": false, "token": false, "apikey": false, "api-key": false, "key": false, "negotiate": false, "ntlm": false, "splunk": false, "genie-key": false, "geniekey": false, "ssws": false, "sso-key": false, "bot": false,
	"digest": true, "hawk": true, "oauth": true, "aws4-hmac-sha256": true, "aws": false, "sharedkey": false, "mac": true,
}

// authorization marks the credential of an Authorization header and leaves its
// scheme.
func (c *scan) authorization(_, to int) {
	i, quoted, ok := c.header(to)
	if !ok || i < c.valueEnd {
		return
	}
	end := endsWord.head(c.text, i)
	first := c.text[i:end]
	if first == "" || harmless(first) || !quoted && prose(first) {
		return
	}
	rest, known := schemes[strings.ToLower(first)]
	next := skipSpaces(c.text, end)
	switch {
	case known && rest:
		last := c.rest(next, endsHeader)
		c.valueEnd = last
		c.add(next, last, kindAuthorization, weightKeyed)
	case known && next > end:
		if v := c.text[next:endsWord.head(c.text, next)]; v != "" && !prose(v) {
			c.add(next, c.rest(next+len(v), endsWord), kindAuthorization, weightKeyed)
		}
	case !known && next > end: // some scheme of their own, or no scheme and another word
		c.add(i, c.rest(next, endsWord), kindAuthorization, weightKeyed)
	case !known:
		c.add(i, c.rest(end, endsWord), kindAuthorization, weightKeyed)
	}
}

// header is where the value of a header begins whose name ends at a place.
func (c *scan) header(to int) (value int, quoted, ok bool) {
	i := skipQuote(c.text, to)
	quoted = i > to
	i = skipSpaces(c.text, i)
	sep := separator(c.text, i)
	if sep == 0 {
		return 0, false, false
	}
	i = skipSpaces(c.text, i+sep)
	for i < len(c.text) && (c.text[i] == '\\' || c.text[i] == '[') {
		i++
	}
	if i < len(c.text) && (c.text[i] == '"' || c.text[i] == '\'') {
		quoted = true
		i++
	}
	return i, quoted, true
}

// basic marks what follows the word, when it is base64 of "user:password".
func (c *scan) basic(from, to int) {
	if from > 0 && in(c.text[from-1], isWordByte) || !at(c.text, to, isSpaceByte) {
		return
	}
	i := skipSpaces(c.text, to)
	end := run(c.text, i, isBase64Byte)
	if end-i < 6 || !basicAuth(c.text[i:end]) {
		return
	}
	for end < len(c.text) && c.text[end] == '=' {
		end++
	}
	c.add(i, end, kindBasic, weightShape)
}

// basicAuth tells whether v is base64 of "user:password".
func basicAuth(v string) bool {
	for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if b, err := enc.DecodeString(v); err == nil && strings.Contains(string(b), ":") && readable(b) {
			return true
		}
	}
	return false
}

// bearer marks what follows the name of a scheme, unless it is a word.
func (c *scan) bearer(from, to int) {
	if from > 0 && in(c.text[from-1], isWordByte) || !at(c.text, to, isSpaceByte) {
		return
	}
	i := skipSpaces(c.text, to)
	if i < len(c.text) && (c.text[i] == '"' || c.text[i] == '\'') {
		i++
	}
	end := i
	for end < len(c.text) && (in(c.text[end], isBase64Byte) || c.text[end] == '.' || c.text[end] == '~') {
		end++
	}
	for end > i && end < len(c.text) && c.text[end] == '=' {
		end++
	}
	if at(c.text, end, isAlnumByte) { // the name of a field
		return
	}
	for end > i && c.text[end-1] == '.' {
		end--
	}
	least := 8
	if word := c.text[from:to]; strings.EqualFold(word, "token") || strings.EqualFold(word, "digest") {
		least = 16 // words that much else is called by
	}
	if v := c.text[i:end]; len(v) >= least && notAWord(v) && (least == 8 || random(v)) {
		c.add(i, end, kindBearer, weightKeyed)
	}
}

// notAWord keeps prose such as "bearer authentication" readable.
func notAWord(v string) bool {
	return len(v) >= 20 && !only(v, isLowerByte) || strings.ContainsFunc(v, func(r rune) bool { return !unicode.IsLetter(r) && r != '.' && r != '-' && r != '_' && r != '/' })
}

// cookie marks the values of a Cookie or Set-Cookie header. Their names and what
// says how a cookie is kept stay.
func (c *scan) cookie(from, to int) {
	if at(c.text, from-1, isLetterByte) {
		return
	}
	if to < len(c.text) && c.text[to]|0x20 == 's' {
		to++
	}
	i, quoted, ok := c.header(to)
	if !ok {
		return
	}
	for first := true; i < len(c.text); first = false {
		end := endsWord.head(c.text, i)
		name, value, pair := strings.Cut(c.text[i:end], "=")
		start := end - len(value)
		end = c.rest(end, endsWord)
		switch {
		case pair && slices.Contains(cookieAttributes, strings.ToLower(name)):
			if strings.EqualFold(name, "expires") { // has blanks and a comma in it
				if stop := strings.IndexAny(c.text[end:min(len(c.text), end+40)], ";\"'\\\n"); stop >= 0 {
					end += stop
				}
			}
		case pair:
			if value != "" && !harmless(value) {
				c.add(start, end, kindCookie, weightKeyed)
			}
		case first && (quoted || isKey(name)) && name != "" && !harmless(name) && !strings.HasSuffix(name, ":"):
			c.add(i, end, kindCookie, weightKeyed)
		}
		if end >= len(c.text) || c.text[end] != ';' {
			return
		}
		if i = skipSpaces(c.text, end+1); i == end {
			return
		}
	}
}

// cookieAttributes are those of RFC 6265 that have a value.
var cookieAttributes = []string{"path", "domain", "expires", "max-age", "samesite", "version", "priority", "size"}
