package logline

import "strings"

// readLogger reads what loggers write between the level, which ends at i, and
// the message. It returns where the message begins: right after the level
// unless the rest of the header has a form that messages do not have.
func readLogger(s string, i int, l *Line) int {
	if i < len(s) && s[i] == '\t' {
		return readColumns(s, i+1, l)
	}
	start := separators(s, i)
	p := start
	limit := min(len(s), start+headerBytes)
	thread, sure := "", false
	if n := digits(s, p); n > 0 {
		rest := s[p+n:]
		if m := strings.IndexByte(rest[:min(len(rest), 12)], ':'); m > 1 && rest[0] == '#' && digits(rest, 1) == m-1 {
			// nginx: "12#0: *1 it broke".
			l.Thread = s[p : p+n+m]
			return skipBlanks(s, p+n+m+1)
		}
		if strings.HasPrefix(rest, " --- ") {
			thread, sure = s[p:p+n], true
			p += n + 5
		}
	}
	brackets := 0
	for p < limit && s[p] == '[' && brackets < 3 {
		closed := closing(s, p, limit)
		if closed < 0 {
			break
		}
		inner := trimBlanks(s[p+1 : closed])
		p = skipBlanks(s, closed+1)
		if strings.HasPrefix(inner, "pid ") {
			// Apache.
			l.Thread, start = inner, p
			continue
		}
		thread = inner
		brackets++
	}
	sure = sure || brackets > 0
	end, name := loggerName(s, p, sure)
	switch {
	case end > p:
		l.Logger = name
	case brackets > 0 && p < len(s) && (s[p] == '-' || s[p] == ':'):
		// Only a thread: "[main] - it broke".
		if end = separators(s, p); end == p {
			return start
		}
	default:
		if start < len(s) && s[start] != '[' {
			rest := afterCaller(s[start:], l)
			return len(s) - len(rest)
		}
		return start
	}
	if thread != "" {
		l.Thread = thread
	}
	return end
}

// loggerName reads the name of a logger at i and returns where the message
// begins; i when there is none. sure says that what came before was a header.
func loggerName(s string, i int, sure bool) (int, string) {
	end := i
	dots, scopes, last := 0, 0, i
	for end < len(s) && end < i+headerBytes {
		c := s[end]
		if c == ':' && end+2 < len(s) && s[end+1] == ':' && isWord(s[end+2]) {
			scopes++
			end += 2
			continue
		}
		if c == '.' && end > i {
			dots++
			last = end + 1
		} else if c != '.' && classes[c]&nameByte == 0 {
			break
		}
		end++
	}
	if end == i || end+1 >= len(s) {
		return i, ""
	}
	name := s[i:end]
	class := dots > 0 && last < end && s[last]-'A' < 26
	if strings.HasSuffix(name, "Exception") || strings.HasSuffix(name, "Error") || strings.HasSuffix(name, "Throwable") {
		// "java.lang.IllegalStateException: x" is the message.
		return i, ""
	}
	if s[end] == ':' && isBlank(s[end+1]) {
		if class || scopes > 0 {
			return skipBlanks(s, end+1), name
		}
		return i, ""
	}
	if !isBlank(s[end]) {
		return i, ""
	}
	if next := separators(s, end); next > skipBlanks(s, end) {
		if sure || dots > 0 || scopes > 0 {
			return next, name
		}
		return i, ""
	}
	if sure && class && dots >= 2 {
		return skipBlanks(s, end), name
	}
	return i, ""
}

// readColumns reads the columns that zap and AWS Lambda put between tabs.
func readColumns(s string, i int, l *Line) int {
	first := column(s, i)
	if first < len(s) && isCaller(s[i:first]) {
		l.Logger = s[i:first]
		return first + 1
	}
	if first < len(s) {
		if second := column(s, first+1); second < len(s) && isCaller(s[first+1:second]) {
			l.Logger = s[i:first]
			return second + 1
		}
	}
	return i
}

// column returns where the column at i ends.
func column(s string, i int) int {
	if n := strings.IndexByte(s[i:], '\t'); n >= 0 {
		return i + n
	}
	return len(s)
}

// afterCaller takes the source file that Go's log writes from the beginning of
// a message: "main.go:12: it broke".
func afterCaller(s string, l *Line) string {
	end := wordEnd(s, 0)
	if end < 5 || end+1 >= len(s) || s[end-1] != ':' || s[end] != ' ' || !isCaller(s[:end-1]) {
		return s
	}
	l.Logger = s[:end-1]
	return s[end+1:]
}
