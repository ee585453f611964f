package logline

import "strings"

// A level is looked for among the first words of a plain line only, and only
// in a form that prose does not have: "[error]", "<err>", "ERROR" or "error:".
const (
	plainWords = 12
	plainHead  = 512 // bytes
)

// plainLevel finds the level of a line without structure: "2024-01-01 10:00:00
// ERROR x", "[error] x", "app ERROR: x", or "level=error" further on. Capitals,
// brackets or a colon are needed, since "no error found" is prose.
func plainLevel(line string) Level {
	line = line[:min(len(line), plainHead)]
	if end := strings.IndexByte(line, '\n'); end >= 0 {
		line = line[:end]
	}
	gap := 0 // words since the last one that had a level's form
	i := 0
	for range plainWords {
		i = skipBlanks(line, i)
		if i >= len(line) {
			break
		}
		end := wordEnd(line, i)
		level, form := wordLevel(line, i, end)
		switch {
		case gap == 0 && level == "":
			level = firstLevel(line[i:end])
		case gap > 0 && (level == Debug || level == Info) && line[i]-'a' < 26 && isNoun(line[i:end]):
			level = ""
		}
		if level != "" {
			return level
		}
		if gap++; form {
			gap = 0
		}
		if gap > 5 {
			break
		}
		i = end
	}
	return keyedLevel(line)
}

// isNoun tells of a level's name before a colon whether it is a common word
// too, as in "stack trace:" and "the config:".
func isNoun(word string) bool {
	switch word {
	case "trace:", "fine:", "finer:", "finest:", "config:", "notice:", "information:":
		return true
	}
	return false
}

// firstLevel reads what only a line's first word can be: "ERROR:root:text", as
// Python writes it, or "[INFO" of "[INFO  shop::cart]".
func firstLevel(word string) Level {
	rest := word
	if rest[0] == '[' {
		rest = rest[1:]
	}
	n := 0
	for n < len(rest) && rest[n]-'A' < 26 {
		n++
	}
	if n < 3 || (n < len(rest)) != (len(rest) == len(word)) || n < len(rest) && rest[n] != ':' {
		return ""
	}
	return levelOf(rest[:n])
}

// wordLevel reads the word line[i:end]; form tells whether it looks like a
// level, as a host's or a method's name in capitals also does.
func wordLevel(line string, i, end int) (level Level, form bool) {
	switch line[i] {
	case '[':
		// "[ error ]" is three words.
		close := i + 1
		for close < len(line) && close < i+maxWord+8 && line[close] != ']' {
			close++
		}
		if close >= len(line) || line[close] != ']' {
			return "", false
		}
		return levelOf(trimBlanks(line[i+1 : close])), true
	case '<':
		if end-i < 4 || line[end-1] != '>' && (line[end-1] != ':' || line[end-2] != '>') {
			return "", false
		}
		if line[end-1] == ':' {
			end--
		}
		return levelOf(line[i+1 : end-1]), true
	}
	colon := line[end-1] == ':'
	if !colon && line[i]-'A' >= 26 {
		return "", false
	}
	if colon {
		end--
	}
	if end-i < 3 || end-i > maxWord {
		return "", false
	}
	capitals := true
	for k := i; k < end; k++ {
		if c := line[k]; c < 'A' || c > 'Z' {
			if c < 'a' || c > 'z' {
				return "", false
			}
			capitals = false
		}
	}
	if !capitals && !colon {
		return "", false
	}
	return levelOf(line[i:end]), true
}

// keyedLevel finds level=error, or one of its kin, among the words of a line.
func keyedLevel(line string) Level {
	for i := 0; ; {
		next := strings.IndexByte(line[i:], '=')
		if next < 0 {
			return ""
		}
		end := i + next
		if i = end + 1; end < 3 || line[end-1] != 'l' && line[end-1] != 'y' {
			continue
		}
		begin := end
		for begin > 0 && end-begin <= len("loglevel") && classes[line[begin-1]]&endsWord == 0 {
			begin--
		}
		switch line[begin:end] {
		case "level", "lvl", "severity", "loglevel":
			if i < len(line) && line[i] == '"' {
				i++
			}
			begin = i
			for i < len(line) && isLetter(line[i]) {
				i++
			}
			if level := levelOf(line[begin:i]); level != "" {
				return level
			}
		}
	}
}

// Classes of bytes.
const (
	blankByte  = 1 << iota
	endsWord   // blanks and the line's end
	digitByte  //
	letterByte //
	keyByte    // of a logfmt key
	tagByte    // of a syslog tag
	nameByte   // of a logger's name, but for dots and colons
)

var classes = func() (t [256]uint8) {
	for _, set := range []struct {
		class uint8
		bytes string
	}{
		{blankByte | endsWord, " \t\r"},
		{endsWord, "\n"},
		{digitByte, "0123456789"},
		{letterByte, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"},
		{keyByte | tagByte | nameByte, "_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"},
		{keyByte, ".-/@"},
		{tagByte, "./-()@*"},
		{nameByte, "$@-/<>*"},
	} {
		for _, c := range []byte(set.bytes) {
			t[c] |= set.class
		}
	}
	return t
}()

func isBlank(c byte) bool  { return classes[c]&blankByte != 0 }
func isDigit(c byte) bool  { return c-'0' < 10 }
func isLetter(c byte) bool { return c|0x20-'a' < 26 }
func isWord(c byte) bool   { return isLetter(c) || isDigit(c) || c == '_' }

// skipBlanks returns the first place from i on that is no blank.
func skipBlanks(s string, i int) int {
	for i < len(s) && isBlank(s[i]) {
		i++
	}
	return i
}

// wordEnd returns where the word at i ends.
func wordEnd(s string, i int) int {
	for i < len(s) && classes[s[i]]&endsWord == 0 {
		i++
	}
	return i
}

func trimBlanks(s string) string {
	s = s[skipBlanks(s, 0):]
	for s != "" && isBlank(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

// Cut shortens s to at most limit bytes at a rune boundary.
func Cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && s[limit]&0xC0 == 0x80 {
		limit--
	}
	return s[:limit]
}
