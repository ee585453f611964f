package logline

import "strings"

// readLogger reads what loggers write between the level, which ends at i, and
// the message. It returns where the message begins: right after the level
// unless the rest of the header has a form that messages do not have.
func readLogger(s string, i int, l *Line) int {
	if i < len(s) && s[i] == '\t' {
		return readColumns(s, i+1, l)
	}
	for i < len(s) && s[i] == '[' {
		// "[info][main] text": no blank, no doubt.
		closed := closing(s, i, min(len(s), i+headerBytes))
		if closed < 0 {
			break
		}
		l.Logger = trimBlanks(s[i+1 : closed])
		i = closed + 1
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
	if p+2 < limit && s[p] == '(' && isDigit(s[p+1]) {
		// "(123): text".
		if n := digits(s, p+1); p+n+3 < limit && s[p+n+1] == ')' && s[p+n+2] == ':' && isBlank(s[p+n+3]) {
			l.Thread = s[p+1 : p+n+1]
			return skipBlanks(s, p+n+3)
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
	if brackets == 1 && p < limit && s[p] == '(' && strings.IndexByte(thread, '.') > 0 && strings.IndexByte(thread, ' ') < 0 {
		// "[org.shop.cart] (worker 5) text".
		if closed := closing(s, p, limit); closed > 0 && closed+1 < len(s) && s[closed+1] == ' ' {
			l.Logger, l.Thread = thread, trimBlanks(s[p+1:closed])
			return skipBlanks(s, closed+1)
		}
	}
	sure = sure || brackets > 0
	end, name := loggerName(s, p, sure)
	if end == p && strings.IndexByte(s[i:start], '|') >= 0 {
		// "| shop.cart:add:12 - text".
		if next := wordEnd(s, p); strings.HasPrefix(s[next:], " - ") && strings.IndexByte(s[p:next], ':') > 0 {
			end, name = next+3, s[p:next]
		}
	}
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
	if n := digits(s, end+1); s[end] == ':' && n > 0 && strings.HasPrefix(s[end+1+n:], " - ") {
		// "Cart:110 - text".
		return end + n + 4, s[i : end+1+n]
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
