package logline

import "strings"

// readHeader reads the header of a plain line. It reports false when the line
// begins with nothing that is one; then no word of it is taken away.
func readHeader(s string, l *Line) bool {
	if len(s) < 10 {
		return false
	}
	switch c := s[0]; {
	case c == '<':
		return readPriority(s, l)
	case c == '[':
		return readBracketed(s, l)
	case isLetter(c) && isDigit(s[1]):
		return readKlog(s, l)
	case isLetter(c) && s[1] == ',':
		return readRuby(s, l)
	}
	if t, ok := readTime(s); ok {
		return afterTime(s, t, t.end, l)
	}
	return readLevelFirst(s, l) || readAccess(s, l)
}

// readBracketed reads what begins with a bracket: a time in brackets, a time
// and a level in one pair of brackets as Rust's env_logger writes them, or the
// level of a Python function on AWS Lambda.
func readBracketed(s string, l *Line) bool {
	if t, ok := readTime(s[1:]); ok {
		i := 1 + t.end
		if i < len(s) && s[i] == ']' {
			return afterTime(s, t, i+1, l)
		}
		return readInBracket(s, t, separators(s, i), l)
	}
	closed := strings.IndexByte(s[:min(len(s), maxWord+3)], ']')
	if closed < 0 || closed+1 >= len(s) || s[closed+1] != '\t' {
		return readLevelFirst(s, l)
	}
	level := levelOf(s[1:closed])
	t, ok := readTime(s[closed+2:])
	if level == "" || !ok || t.kind != stampFull {
		return false
	}
	i := closed + 2 + t.end
	if i+1 >= len(s) || s[i] != '\t' {
		return false
	}
	*l = Line{Level: level, Time: t.time, Message: s[i+1:]}
	if tab := strings.IndexByte(l.Message, '\t'); tab >= 0 && isRequest(l.Message[:tab]) {
		l.Thread, l.Message = l.Message[:tab], l.Message[tab+1:]
	}
	return true
}

// readInBracket reads the level and the logger that follow the time t inside of
// its bracket: "[2026-01-02T12:00:00Z INFO  shop::cart] text", or ": INFO/worker]".
func readInBracket(s string, t stamp, i int, l *Line) bool {
	closed := strings.IndexByte(s[:min(len(s), plainHead)], ']')
	end := i
	for end < closed && isLetter(s[end]) {
		end++
	}
	if end == i || closed < end {
		return false
	}
	level := levelOf(s[i:end])
	if level == "" || !isBlank(s[end]) && s[end] != '/' && s[end] != ']' {
		return false
	}
	text := skipBlanks(s, closed+1)
	if text >= len(s) {
		return false
	}
	*l = Line{Level: level, Time: t.time, Logger: trimBlanks(strings.TrimPrefix(s[end:closed], "/")), Message: s[text:]}
	return true
}

// readLevelFirst reads headers with the level before the time, and perhaps the
// thread: "INFO  [main] 2026-01-02 12:00:00,000 Cart.java:12 - text".
func readLevelFirst(s string, l *Line) bool {
	begin := 0
	if s[0] == '[' {
		begin = 1
	}
	if s[begin]-'A' >= 26 || s[begin+1]-'A' >= 26 {
		return false
	}
	end := begin
	for end < len(s) && s[end]-'A' < 26 {
		end++
	}
	level := levelOf(s[begin:end])
	if level == "" || end >= len(s) {
		return false
	}
	if begin == 1 {
		if end = skipBlanks(s, end); end >= len(s) || s[end] != ']' {
			return false
		}
		end++
	}
	i := separators(s, end)
	thread := ""
	if i < len(s) && s[i] == '[' {
		if _, ok := readTime(s[i+1:]); !ok {
			closed := closing(s, i, min(len(s), i+headerBytes))
			if closed < 0 {
				return false
			}
			thread = trimBlanks(s[i+1 : closed])
			i = separators(s, closed+1)
		}
	}
	bracket := i < len(s) && s[i] == '['
	if bracket {
		i++
	}
	t, ok := readTime(s[min(i, len(s)):])
	i += t.end
	if !ok || t.kind != stampFull || bracket && (i >= len(s) || s[i] != ']') {
		return false
	}
	if bracket {
		i++
	}
	*l = Line{Level: level, Time: t.time, Thread: thread}
	i = readLogger(s, i, l)
	if i >= len(s) || blank(s[i:]) {
		return false
	}
	l.Message = s[i:]
	return true
}

// readKlog reads "E0102 15:04:05.000000 1 main.go:5] it broke".
func readKlog(s string, l *Line) bool {
	level := levelLetter(s[0])
	if level == "" || digits(s, 1) != 4 || s[5] != ' ' {
		return false
	}
	var w when
	w.month, _ = two(s, 1)
	w.day, _ = two(s, 3)
	i, ok := w.clock(s, 6)
	closed := strings.IndexByte(s[:min(len(s), plainHead)], ']')
	if !ok || !w.valid() {
		return false
	}
	*l = Line{Level: level, Time: w.time(), Message: s}
	if closed < i {
		return true
	}
	i = skipBlanks(s, i)
	if n := digits(s, i); n > 0 && i+n < closed && s[i+n] == ' ' {
		l.Thread = s[i : i+n]
		l.Logger = trimBlanks(s[i+n : closed])
		if isCaller(l.Logger) {
			l.Message = s[skipBlanks(s, closed+1):]
		}
	}
	return true
}

// readRuby reads "E, [2026-01-02T15:04:05.000000 #12]  ERROR -- app: it broke".
func readRuby(s string, l *Line) bool {
	level := levelLetter(s[0])
	if level == "" && s[0] != 'A' || s[2] != ' ' || s[3] != '[' {
		return false
	}
	t, ok := readTime(s[4:])
	if !ok || t.kind != stampFull {
		return false
	}
	*l = Line{Level: level, Time: t.time, Message: s}
	head := s[:min(len(s), plainHead)]
	closed := strings.IndexByte(head, ']')
	mark := strings.Index(head, " -- ")
	if closed < 0 || mark < closed {
		return true
	}
	l.Thread = strings.TrimPrefix(trimBlanks(s[4+t.end:closed]), "#")
	rest := s[mark+4:]
	if name, text, ok := strings.Cut(rest, ": "); ok && strings.IndexByte(name, ' ') < 0 {
		l.Logger, rest = name, text
	}
	l.Message = rest
	return true
}

// readAccess finds the time of a line of a web server's access log. All of the
// line is message: who asked for what.
func readAccess(s string, l *Line) bool {
	i := strings.IndexByte(s[:min(len(s), 256)], '[')
	if i < 6 || s[i-1] != ' ' {
		return false
	}
	words := 0
	for k := 0; k < i; words++ {
		end := wordEnd(s, k)
		if end == k || s[end] != ' ' {
			return false
		}
		k = end + 1
	}
	t, ok := readTime(s[i+1:])
	if words != 3 || !ok || t.kind != stampFull {
		return false
	}
	l.Time, l.Message = t.time, s
	return true
}

// closing finds the bracket that closes the one at i, before limit; -1 for
// none.
func closing(s string, i, limit int) int {
	open, depth := s[i], 0
	shut := open + 2 // '[' and ']'
	if open == '(' {
		shut = ')'
	}
	for k := i; k < min(len(s), limit); k++ {
		switch s[k] {
		case open:
			depth++
		case shut:
			if depth--; depth == 0 {
				return k
			}
		case '\n':
			return -1
		}
	}
	return -1
}

// isRequest tells whether a word is a request's id as AWS Lambda writes it.
func isRequest(s string) bool {
	if s == "undefined" {
		return true
	}
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case !isDigit(c) && c|0x20-'a' > 5:
			return false
		}
	}
	return true
}

// isCaller tells whether a word is a place in a source file, as in main.go:12.
func isCaller(s string) bool {
	colon := strings.LastIndexByte(s, ':')
	if colon < 3 || digits(s, colon+1) == 0 || colon+1+digits(s, colon+1) != len(s) {
		return false
	}
	name := s[:colon]
	dot := strings.LastIndexByte(name, '.')
	if dot < 1 || strings.IndexByte(name, ' ') >= 0 {
		return false
	}
	switch name[dot+1:] {
	case "go", "py", "js", "ts", "java", "kt", "rb", "rs", "c", "cc", "cpp", "h", "cs", "php", "scala", "ex", "erl", "swift":
		return true
	}
	return false
}
