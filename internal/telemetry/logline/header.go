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
	return readAccess(s, l)
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
		i = skipBlanks(s, i)
		end := wordEnd(s, i)
		closed := strings.IndexByte(s[:min(len(s), plainHead)], ']')
		if end > i && closed >= end {
			if level := levelOf(s[i:end]); level != "" {
				*l = Line{Level: level, Time: t.time, Logger: trimBlanks(s[end:closed]), Message: s[skipBlanks(s, closed+1):]}
				return true
			}
		}
		return false
	}
	closed := strings.IndexByte(s[:min(len(s), maxWord+3)], ']')
	if closed < 0 || closed+1 >= len(s) || s[closed+1] != '\t' {
		return false
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

// readPriority reads the headers of syslog that begin with <PRI>, whose value is
// eight times the facility plus the severity (RFC 5424 and RFC 3164).
func readPriority(s string, l *Line) bool {
	n := digits(s, 1)
	if n < 1 || n > 3 || s[n+1] != '>' {
		return false
	}
	pri := 0
	for _, c := range s[1 : n+1] {
		pri = pri*10 + int(c-'0')
	}
	if pri > 191 {
		return false
	}
	level := syslogLevel(float64(pri & 7))
	i := n + 2
	if i+2 < len(s) && s[i] == '1' && s[i+1] == ' ' {
		return readSyslog5424(s, i+2, level, l)
	}
	t, ok := readTime(s[i:])
	if !ok {
		*l = Line{Level: level, Message: s[i:]}
		return i < len(s)
	}
	if !afterTime(s, t, i+t.end, l) {
		*l = Line{Time: t.time, Message: s[skipBlanks(s, i+t.end):]}
	}
	l.Level = level
	return true
}

// readSyslog5424 reads what follows <PRI>1: time, host, application, process
// and message id, then structured data.
func readSyslog5424(s string, i int, level Level, l *Line) bool {
	*l = Line{Level: level}
	for column := range 5 {
		end := wordEnd(s, i)
		if end == i || end >= len(s) || s[end] != ' ' {
			return false
		}
		word := s[i:end]
		switch {
		case word == "-":
		case column == 0:
			t, ok := readTime(word)
			if !ok {
				return false
			}
			l.Time = t.time
		case column == 2:
			l.Logger = word
		case column == 3:
			l.Thread = word
		}
		i = end + 1
	}
	switch {
	case i < len(s) && s[i] == '-':
		i++
	case i < len(s) && s[i] == '[':
		for i < len(s) && s[i] == '[' {
			if i = structured(s, i); i < 0 {
				return false
			}
		}
	}
	l.Message = strings.TrimPrefix(s[skipBlanks(s, min(i, len(s))):], "\ufeff")
	return true
}

// structured goes over the element of structured data at i: [id name="value"],
// with brackets and escaped quotes inside of values. -1 when it does not end.
func structured(s string, i int) int {
	quoted := false
	for ; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"':
			quoted = !quoted
		case c == ']' && !quoted:
			return i + 1
		}
	}
	return -1
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
