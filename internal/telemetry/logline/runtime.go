package logline

import "strings"

// readRuntime reads what language runtimes and AWS Lambda write by themselves,
// which has a level without saying so. It looks at l.Message and leaves it as
// it is.
func readRuntime(l *Line) bool {
	s := l.Message
	if len(s) < 8 {
		return false
	}
	switch s[0] {
	case 'S':
		if strings.HasPrefix(s, "START RequestId: ") {
			l.Level = Info
		}
	case 'I':
		if strings.HasPrefix(s, "INIT_START ") {
			l.Level = Info
		}
	case 'E':
		switch {
		case strings.HasPrefix(s, "END RequestId: "):
			l.Level = Info
		case strings.HasPrefix(s, "Exception in thread "):
			l.Level = Error
		}
	case 'R':
		switch {
		case strings.HasPrefix(s, "REPORT RequestId: "):
			readReport(l)
		case strings.HasPrefix(s, "RequestId: ") && strings.Contains(Cut(s, plainHead), " Error: "):
			l.Level = Error
		}
	case 'T':
		if strings.HasPrefix(s, "Traceback (most recent call last)") {
			l.Level = Error
		}
	case 'U', 'u':
		for _, start := range [...]string{"Unhandled exception", "Unhandled Exception", "Uncaught ", "UnhandledPromiseRejection", "Unhandled promise rejection"} {
			if strings.HasPrefix(s, start) {
				l.Level = Error
			}
		}
	case 't':
		if strings.HasPrefix(s, "thread '") && strings.Contains(Cut(s, plainHead), "' panicked at ") ||
			strings.HasPrefix(s, "thread '") && strings.Contains(Cut(s, plainHead), ") panicked at ") {
			l.Level = Fatal
		}
	default:
		if len(s) > 37 && s[36] == ' ' && isRequest(s[:36]) && strings.HasPrefix(s[37:], "Task timed out after ") {
			l.Level = Error
		}
	}
	return l.Level != ""
}

// readReport reads the figures at the end of an invocation: "REPORT RequestId:
// <id>\tDuration: 3.14 ms\t...".
func readReport(l *Line) {
	l.Level = Info
	rest := Cut(l.Message[len("REPORT "):], 4*plainHead)
	var fields [16]Field
	n := 0
	for rest != "" && n < len(fields) {
		var part string
		part, rest, _ = strings.Cut(rest, "\t")
		name, value, ok := strings.Cut(trimBlanks(part), ": ")
		if !ok {
			continue
		}
		fields[n] = Field{Cut(name, MaxName), trimBlanks(value)}
		if name == "Status" && (value == "timeout" || value == "error") {
			l.Level = Error
		}
		n++
	}
	l.Fields = append([]Field(nil), fields[:n]...)
}
