package logline

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
	gap := 0 // words since the last one that had a level's form
	i := 0
	for word := 0; word < plainWords; word++ {
		i = skipBlanks(line, i)
		if i >= len(line) || line[i] == '\n' {
			break
		}
		end := wordEnd(line, i)
		level, form := wordLevel(line, i, end)
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
	for i := 3; i < len(line); i++ {
		switch line[i] {
		case '\n':
			return ""
		case '=':
			if line[i-1]|0x20 != 'l' && line[i-1]|0x20 != 'y' {
				continue
			}
			begin := i
			for begin > 0 && i-begin < len("loglevel")+1 && !isBlank(line[begin-1]) {
				begin--
			}
			switch line[begin:i] {
			case "level", "lvl", "severity", "loglevel":
				value := i + 1
				if value < len(line) && line[value] == '"' {
					value++
				}
				end := value
				for end < len(line) && isLetter(line[end]) {
					end++
				}
				if level := levelOf(line[value:end]); level != "" {
					return level
				}
			}
		}
	}
	return ""
}

func isBlank(c byte) bool  { return c == ' ' || c == '\t' || c == '\r' }
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
	for i < len(s) && !isBlank(s[i]) && s[i] != '\n' {
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

// cut shortens s to at most limit bytes at a rune boundary.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && s[limit]&0xC0 == 0x80 {
		limit--
	}
	return s[:limit]
}
