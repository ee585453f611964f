package rules

import (
	"slices"
	"strings"
)

// maxValue bounds how much of a value is looked at to judge it, in bytes. One that
// goes goes as a whole, see rest.
const maxValue = 4 << 10

// value is where a value begins and ends that stands at a place, with or without
// quotation marks. One without is given as far as it is judged.
func value(text string, i int) (from, to int, quoted bool) {
	slashes := i
	for i < len(text) && text[i] == '\\' {
		i++
	}
	slashes = i - slashes
	if i < len(text) && (text[i] == '"' || text[i] == '\'' || text[i] == '`') {
		from = i + 1
		if to = closing(text, from, text[i], slashes); to >= 0 {
			return from, to, true
		}
		return from, len(text), true // cut off: all of it
	}
	to = endsValue.head(text, i)
	if to < len(text) && text[to] == '\\' && slashes == 0 && !at(text, to+1, isSpaceByte) && to+1 < len(text) && !strings.ContainsRune("\"'nrtu", rune(text[to+1])) {
		for to < len(text) && to-i < maxValue && !in(text[to], isSpaceByte) && text[to] != '"' {
			to++
		}
	}
	return i, to, false
}

// stops are the bytes at which a value of some form ends.
type stops [256]bool

var (
	endsValue   = stopsAt(" \t\r\n\"'`\\,;&)}]<>|") // without quotation marks
	endsWord    = stopsAt(" \t\r\n\"'\\,;")         // of a header
	endsHeader  = stopsAt("\r\n'\\")
	endsElement = stopsAt("<")
)

func stopsAt(bytes string) *stops {
	ends := new(stops)
	for i := range len(bytes) {
		ends[bytes[i]] = true
	}
	return ends
}

// head is where a value ends that begins at a place, or as far as it is judged.
func (s *stops) head(text string, i int) int {
	for end := min(len(text), i+maxValue); i < end && !s[text[i]]; i++ {
	}
	return i
}

// rest is where a value ends of which the head ends at a place: a tail that stood
// alone behind the mark would be found by nothing.
func (c *scan) rest(to int, ends *stops) int {
	for _, known := range c.tails { // many words can stand in one value: only the first looks at all of it
		if known.ends == ends && known.from <= to && to <= known.to {
			return known.to
		}
	}
	from := to
	for to < len(c.text) && !ends[c.text[to]] {
		to++
	}
	if to-from >= maxValue {
		c.tails = append(c.tails, tail{from: from, to: to, ends: ends})
	}
	return to
}

// tail is what has been seen of a value behind its head, where that is long.
type tail struct {
	from, to int
	ends     *stops
}

// closing is where the quotation mark stands that ends a value; -1 when none does.
// It stands behind as many backslashes as the one that opened. It is looked
// for without a bound: a value can only open in another one behind more of them, so
// that few look at the same text.
func closing(text string, from int, mark byte, slashes int) int {
	first := -1
	for i := from; i < len(text) && (first < 0 || i-first < 40); i++ {
		if text[i] != '\\' && text[i] != mark {
			continue
		}
		n := 0
		for i+n < len(text) && text[i+n] == '\\' {
			n++
		}
		if i+n >= len(text) {
			break
		}
		if text[i+n] == mark && n <= slashes {
			if !at(text, i+n+1, isAlnumByte) {
				return i
			}
			if first < 0 { // a mark that nobody has escaped, perhaps
				first = i
			}
		}
		i += n
	}
	return first
}

// nothing are values that say that there is no secret.
var nothing = []string{
	"null", "nil", "none", "true", "false", "undefined", "nan", "n/a", "empty", "missing", "required", "optional", "invalid", "expired", "unknown", "hidden", "masked",
	"redacted", "filtered", "removed", "string", "str", "int", "bool", "yes", "no", "ok", "set", "unset", "present", "absent", "default", "disabled", "enabled", "denied", "rejected", "revoked", "incorrect", "wrong",
}

// harmless tells whether a value stands for a secret that is somewhere else.
func harmless(v string) bool {
	if len(v) <= 10 && slices.Contains(nothing, strings.ToLower(strings.Trim(v, ".:!?"))) {
		return true
	}
	switch v[0] {
	case '$':
		return len(v) <= 3 && only(v[1:], isDigitByte) || v[1] == '{' || v[1] == '(' || only(v[1:], isUpperByte|isDigitByte|isNameByte) && strings.ToUpper(v) == v && strings.ContainsFunc(v, func(r rune) bool { return r >= 'A' && r <= 'Z' }) && !strings.ContainsAny(v, "0123456789.-")
	case '{', '[', '(':
		return len(v) == 1 || v == "[]" || v == "{}" || strings.HasPrefix(v, "{{") || shadow(v[1:])
	case '<':
		return strings.HasSuffix(v, ">") || shadow(v[1:])
	case '%':
		return len(v) == 2 && in(v[1], isLetterByte) || len(v) > 2 && v[len(v)-1] == '%'
	}
	return strings.Trim(v, "*") == "" || strings.Trim(v, "xX") == "" || strings.Trim(v, "•") == "" || strings.Trim(v, ".") == "" || strings.Trim(v, "-") == "" || strings.Trim(v, "#") == ""
}

// shadow tells whether a text in brackets says that something was taken out.
func shadow(v string) bool {
	v = strings.ToLower(strings.TrimRight(v, "]>)}"))
	return slices.Contains(nothing, v)
}

// sentence are words that follow "password:" in a sentence.
var sentence = []string{
	"a", "an", "the", "is", "was", "are", "be", "been", "must", "should", "shall", "may", "can", "cannot", "could", "does", "did", "do", "has", "have", "had", "not", "no", "too", "for", "from", "of", "on", "in", "at", "to", "by", "with", "without", "and", "or", "but", "if", "when", "while", "this", "that", "it", "its",
	"user", "users", "account", "access", "permission", "permissions", "failed", "failure", "error", "unexpected", "unable", "unauthorized", "forbidden", "bad", "mismatch", "mismatched", "minimum", "length", "please", "enter", "check", "checking", "using", "use", "used", "new", "old", "same", "request", "response", "got", "expected", "found", "field", "value", "key", "accepted", "changed", "reset", "updated", "refreshed", "rotated", "rotating", "verified", "verification", "validation", "valid", "authentication", "authenticated", "authorization", "successful", "success", "succeeded", "ok", "timeout", "timed", "retry", "retrying", "see", "need", "needs", "will", "would", "already", "only", "signature", "malformed", "end", "eof", "identifier", "you", "your", "we", "they",
}

// prose tells whether a word is one of a sentence.
func prose(v string) bool {
	return slices.Contains(sentence, strings.ToLower(strings.TrimRight(v, ".:!?"))) || slices.Contains(nothing, strings.ToLower(strings.TrimRight(v, ".:!?")))
}

// notCounted keeps "token=7" and the like, which are numbers of something.
func notCounted(v string) bool { return len(v) > 4 || !only(v, isDigitByte) }

// notAPath keeps the working directory, as in PWD=/app.
func notAPath(v string) bool { return v[0] != '/' || strings.Count(v, "/") < 2 && len(v) > 12 }

// isPIN tells whether a value is a short number.
func isPIN(v string) bool { return len(v) >= 3 && len(v) <= 8 && only(v, isDigitByte) }

// isLong tells whether a value can be a signature.
func isLong(v string) bool { return len(v) >= 20 && strings.ContainsAny(v, "0123456789") }

// mixed tells whether a value has what passwords are asked to have: a letter, a
// digit, and a capital or a mark.
func mixed(v string) bool {
	var seen uint8
	marks := false
	for i := range len(v) {
		seen |= byteIs[v[i]]
		marks = marks || strings.IndexByte("!@#$%^*?~+", v[i]) >= 0
	}
	return len(v) >= 6 && seen&isLetterByte != 0 && seen&isDigitByte != 0 && (marks || seen&isUpperByte != 0 && seen&isLowerByte != 0)
}

// isKey tells whether a value that follows words can be a secret: it has a digit
// or a mark in it, or letters of both cases.
func isKey(v string) bool {
	v = strings.TrimRight(v, ".,:;!?)")
	return len(v) >= 6 && !prose(v) && (strings.ContainsAny(v, "0123456789!@#$%^*") || v != strings.ToLower(v) && v[1:] != strings.ToLower(v[1:]))
}
