package logline

import (
	"strings"
	"time"
)

// Between the time and the level come at most so many words of a header, and so
// many bytes.
const (
	headerWords = 8
	headerBytes = 300
)

// afterTime reads what follows the time t, which ends at i: thread, level,
// logger, in the orders that the common loggers use. Only when a level is
// found among them is it sure that they are no part of the message.
func afterTime(s string, t stamp, i int, l *Line) bool {
	l.Time = t.time
	if i >= len(s) {
		l.Message = s
		return true
	}
	base := separators(s, i)
	if t.kind != stampShort && t.kind != stampClock {
		if readTag(s, base, t.kind, l) {
			l.Level = plainLevel(l.Message)
			return true
		}
		if rest, ok := containerStream(s[base:]); ok {
			frame := *l
			parse(rest, false, l)
			frame.around(l)
			return true
		}
	}
	if end, ok := readLevel(s, i, base, l); ok {
		end = readLogger(s, end, l)
		if end < len(s) && !blank(s[end:]) {
			l.Message = s[end:]
			return true
		}
	}
	l.Thread, l.Logger = "", ""
	if t.kind == stampShort && i == 10 && l.Level == "" && base < len(s) && s[base]-'a' < 26 {
		// "1234567890 bytes written": a number.
		l.Time = time.Time{}
		return false
	}
	if t.kind != stampFull {
		l.Message = s
	} else {
		l.Message = s[base:]
		if blank(l.Message) {
			l.Message = s
		}
		l.Message = afterCaller(l.Message, l)
	}
	if l.Level == "" {
		l.Level = plainLevel(s[base:])
	}
	if l.Level == "" {
		readRuntime(l)
	}
	return t.kind != stampClock || l.Level != ""
}

// separators goes over blanks and over the signs that loggers put between the
// parts of a header, which stand alone.
func separators(s string, i int) int {
	if i < len(s) && (s[i] == ':' || s[i] == ',' || s[i] == ';' || s[i] == '|') {
		i++
	}
	for {
		i = skipBlanks(s, i)
		end := i
		for end < len(s) && end < i+3 && (s[end] == '-' || s[end] == '|' || s[end] == ':') {
			end++
		}
		if end == i || end >= len(s) || !isBlank(s[end]) {
			return i
		}
		i = end
	}
}

// containerStream reads the frame that container runtimes write after the time:
// stdout or stderr, and whether the line is full or a part.
func containerStream(s string) (string, bool) {
	if len(s) < 9 || s[:3] != "std" || s[6] != ' ' || s[8] != ' ' || s[7] != 'F' && s[7] != 'P' {
		return s, false
	}
	if s[3:6] != "out" && s[3:6] != "err" {
		return s, false
	}
	return s[9:], true
}

// readLevel looks for the level behind threads and loggers. It returns where
// it ends.
func readLevel(s string, from, i int, l *Line) (int, bool) {
	limit := min(len(s), i+headerBytes)
	for range headerWords {
		if i >= limit || s[i] == '\n' {
			return 0, false
		}
		var end int
		switch s[i] {
		case '[', '(':
			closed := closing(s, i, limit)
			if closed < 0 {
				return 0, false
			}
			inner := trimBlanks(s[i+1 : closed])
			end = closed + 1
			module, word, _ := strings.Cut(inner, ":")
			if word == "" {
				word, module = module, ""
			}
			level := levelOf(word)
			if level == "" && len(inner) == 1 {
				level = levelLetter(inner[0])
			}
			if level != "" {
				l.Level = level
				if module != "" {
					l.Logger = module
				}
				if end < len(s) && s[end] == ':' {
					end++
				}
				return end, true
			}
			l.name(inner)
		default:
			end = wordEnd(s, i)
			level, form := wordLevel(s, i, end)
			if level == "" && s[end-1] == '|' {
				level, form = wordLevel(s, i, end-1)
			}
			if level == "" && end < len(s) && s[end] == '\t' && i > 0 && s[i-1] == '\t' {
				// A column of its own may have it in any case.
				level = levelOf(s[i:end])
			}
			if level != "" {
				l.Level = level
				// "Error: x" is what JavaScript calls an error: it is message too.
				if s[end-1] == ':' && s[i]&0x20 == 0 && s[i+1]&0x20 != 0 {
					return i, true
				}
				return end, true
			}
			if level, name := dottedLevel(s[i:end]); level != "" {
				l.Level, l.Logger = level, name
				return end, true
			}
			word := s[i:end]
			next := separators(s, end)
			apart := next > skipBlanks(s, end) || end < len(s) && s[end] == '\t' && s[from] == '\t'
			if !apart && digits(word, 0) != len(word) || form && !apart {
				return 0, false
			}
			l.name(word)
		}
		i = separators(s, end)
	}
	return 0, false
}

// dottedLevel reads "production.ERROR:", as Monolog writes it.
func dottedLevel(word string) (Level, string) {
	dot := strings.LastIndexByte(word, '.')
	if dot < 1 || word[len(word)-1] != ':' || word[dot+1]-'A' >= 26 {
		return "", ""
	}
	if level, _ := wordLevel(word, dot+1, len(word)); level != "" {
		return level, word[:dot]
	}
	return "", ""
}

// name keeps a word of the header that is no level: the first is taken for the
// thread unless it looks like a logger.
func (l *Line) name(word string) {
	if l.Thread == "" && (l.Logger != "" || strings.IndexByte(word, '.') < 0) {
		l.Thread = word
		return
	}
	if l.Logger == "" {
		l.Logger = word
	}
}
